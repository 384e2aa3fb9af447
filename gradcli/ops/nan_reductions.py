"""Reductions and scans that pass over nan: `nansum`, `nanmean`, `nanstd`, `nanmax` and the like.

Each replaces the nan entries by what changes nothing; the derivative at those entries is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.graph import Node, apply, constant
from gradcli.ops.declare import FUNCTIONS, function, negative_axes
from gradcli.ops.norms import norm_over
from gradcli.ops.reductions import Axes, prod
from gradcli.ops.statistics import checked_ddof
from gradcli.ops.structure import sum_

FAMILY = "reductions over nan"


def _filled(x: Node, value: float) -> Node:
    return apply("where", apply("isnan", x), value, x)


def _counted(x: Node, axes: Axes, keepdims: bool = True) -> Node:
    """How many entries are not nan."""
    return sum_(apply("where", apply("isnan", x), 0.0, constant(1.0, x.dtype)), axes, keepdims)


def _deviations(x: Node, axes: Axes) -> Node:
    """Deviations from the mean of the entries that are not nan; 0 at the others."""
    center = sum_(_filled(x, 0.0), axes, True) / _counted(x, axes)
    return apply("where", apply("isnan", x), 0.0, x - center)


@function(
    "nansum",
    "x; axis=None, keepdims=False",
    "Sum over axes, nan counted as 0.",
    family=FAMILY,
    example="nansum(x)",
)
def nansum(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's `nansum`."""
    return sum_(_filled(x, 0.0), axis, keepdims)


@function(
    "nanprod",
    "x; axis=None, keepdims=False",
    "Product over axes, nan counted as 1.",
    family=FAMILY,
    example="nanprod(x)",
)
def nanprod(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's `nanprod`."""
    return prod(_filled(x, 1.0), axis, keepdims)


@function(
    "nanmean",
    "x; axis=None, keepdims=False",
    "Mean over axes of the entries that are not nan.",
    family=FAMILY,
    example="nanmean(x)",
)
def nanmean(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's `nanmean`."""
    axes = negative_axes("nanmean", axis, x.ndim)
    return sum_(_filled(x, 0.0), axes, keepdims) / _counted(x, axes, keepdims)


@function(
    "nanvar",
    "x; axis=None, ddof=0, keepdims=False",
    "Variance over axes of the entries that are not nan.",
    family=FAMILY,
    example="nanvar(x)",
)
def nanvar(x: Node, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Node:
    """NumPy's `nanvar`."""
    axes = negative_axes("nanvar", axis, x.ndim)
    deviations = _deviations(x, axes)
    freedom = _counted(x, axes, keepdims) - checked_ddof("nanvar", ddof)
    return sum_(deviations * deviations, axes, keepdims) / freedom


@function(
    "nanstd",
    "x; axis=None, ddof=0, keepdims=False",
    "Standard deviation over axes of the entries that are not nan.",
    family=FAMILY,
    example="nanstd(x)",
)
def nanstd(x: Node, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Node:
    """NumPy's `nanstd`."""
    axes = negative_axes("nanstd", axis, x.ndim)
    freedom = apply("sqrt", _counted(x, axes, keepdims) - checked_ddof("nanstd", ddof))
    return norm_over(_deviations(x, axes), axes, bool(keepdims)) / freedom


def _declare_extreme(name: str, plain: str, least: float, words: str) -> None:
    def build(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
        axes = negative_axes(name, axis, x.ndim)
        result = FUNCTIONS[plain].build(_filled(x, least), axis=axes, keepdims=keepdims)
        none = apply("equal", _counted(x, axes, keepdims), 0.0)
        return apply("where", none, np.nan, result)

    function(
        name,
        "x; axis=None, keepdims=False",
        f"{words} over axes of the entries that are not nan.",
        family=FAMILY,
        example=f"{name}(x)",
    )(build)


_declare_extreme("nanmax", "max", -np.inf, "Largest")
_declare_extreme("nanmin", "min", np.inf, "Smallest")


def _declare_scan(name: str, plain: str, neutral: float, words: str) -> None:
    def build(x: Node, axis: Any = None) -> Node:
        return FUNCTIONS[plain].build(_filled(x, neutral), axis=axis)  # type: ignore[no-any-return]

    function(
        name,
        "x; axis=None",
        f"{words} along an axis, nan counted as {neutral:g}.",
        family=FAMILY,
        example=f"{name}(x)",
    )(build)


_declare_scan("nancumsum", "cumsum", 0.0, "Cumulative sum")
_declare_scan("nancumprod", "cumprod", 1.0, "Cumulative product")
