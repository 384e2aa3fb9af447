"""Reductions and scans that pass over nan: `nansum`, `nanmean`, `nanstd`, `nanmax` and the like.

Each replaces the nan entries by what changes nothing; the derivative at those entries is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, constant
from gradcli.ops.declare import FUNCTIONS, function, negative_axes, number, reduced_shape
from gradcli.ops.norms import norm_over
from gradcli.ops.reductions import Axes, prod
from gradcli.ops.scans import scan_axis
from gradcli.ops.structure import reshape, sum_

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
    freedom = _counted(x, axes, keepdims) - number("nanvar", "ddof", ddof)
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
    freedom = apply("sqrt", _counted(x, axes, keepdims) - number("nanstd", "ddof", ddof))
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


# --- positions, order statistics ----------------------------------------------------------------


def _declare_position(name: str, plain: str, least: float) -> None:
    def build(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
        filled = _filled(x, least)
        result: Node = FUNCTIONS[plain].build(filled, axis=axis, keepdims=keepdims)
        return result

    function(
        name,
        "x; axis=None, keepdims=False",
        f"`{plain}` of the entries that are not nan; its derivative is 0.",
        family=FAMILY,
        example=f"x[{name}(x)]",
    )(build)


_declare_position("nanargmax", "argmax", -np.inf)
_declare_position("nanargmin", "argmin", np.inf)


def _nan_quantile(name: str, x: Node, q: Any, axis: Any, keepdims: bool) -> Node:
    """Ranks count the entries that are not nan; sorting puts nan last."""
    if not 0.0 <= number(name, "q", q) <= 1.0:
        raise GradcliError(f"{name}: q lies outside its range", kind="value")
    whole = reduced_shape(x.shape, negative_axes(name, axis, x.ndim), bool(keepdims))
    x, slot = scan_axis(name, x, axis)
    rank = apply("maximum", (_counted(x, (slot,)) - 1.0) * float(q), 0.0)
    below, above = apply("floor", rank), apply("ceil", rank)
    ranked = apply("sort", x, axis=slot)
    low, high = (apply("take_along", ranked, place, axis=slot) for place in (below, above))
    return reshape(low + (high - low) * (rank - below), whole)


@function(
    "nanquantile",
    "x; q, axis=None, keepdims=False",
    "`quantile` of the entries that are not nan.",
    family=FAMILY,
    example="nanquantile(x, 0.3)",
)
def nanquantile(x: Node, q: Any = 0.5, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's `nanquantile`."""
    return _nan_quantile("nanquantile", x, q, axis, keepdims)


@function(
    "nanpercentile",
    "x; q, axis=None, keepdims=False",
    "`percentile` of the entries that are not nan.",
    family=FAMILY,
    example="nanpercentile(x, 30)",
)
def nanpercentile(x: Node, q: Any = 50, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's `nanpercentile`."""
    share = q / 100 if isinstance(q, (int, float)) and not isinstance(q, bool) else q
    return _nan_quantile("nanpercentile", x, share, axis, keepdims)


@function(
    "nanmedian",
    "x; axis=None, keepdims=False",
    "`median` of the entries that are not nan.",
    family=FAMILY,
    example="nanmedian(x)",
)
def nanmedian(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's `nanmedian`."""
    return _nan_quantile("nanmedian", x, 0.5, axis, keepdims)
