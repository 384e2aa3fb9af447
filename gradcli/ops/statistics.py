"""Statistics: `var std median quantile percentile cov corrcoef`.

Deviations come from one primitive, `center`, which is exact for a constant vector: `std`, a
norm of the deviations, has the norm's scaling and its derivative 0 at a constant vector.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import describe, function, negative_axes, number, primitive, turns, weigh
from gradcli.ops.joins import joined, stack
from gradcli.ops.norms import norm_over
from gradcli.ops.reductions import (
    Axes,
    count_over,
    flattened,
    kept,
    mean_of,
    nonempty_shape,
    tie_shares,
    tied,
)
from gradcli.ops.structure import reshape

FAMILY = "statistics"


# --- deviations ---------------------------------------------------------------------------------


def _center(x: Array, axes: Axes) -> Any:
    x = as_float(x)
    for _ in range(2):  # the second pass removes what rounding of the first mean left
        x = x - mean_of(x, axes, keepdims=True)
    return x


def _center_entry(s: Any, out: Any, x: Any, axes: Axes) -> Any:
    total = s.reduce(x, out, axes, True, s.sum)
    return x(*out) - total / s.size(x, axes)


primitive(
    "center",
    evaluate=_center,
    shape=lambda shape, axes: shape,
    vjp=lambda g, out, x, axes: (apply("center", g, axes=axes),),
    entry=_center_entry,
    doc="Deviations from the mean over axes.",
    family=FAMILY,
)


@function(
    "var",
    "x; axis=None, ddof=0, keepdims=False",
    "Variance over axes: the mean square of the deviations, divided by `n - ddof`.",
    family=FAMILY,
    example="var(x)",
)
def var(x: Node, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Node:
    """Two passes: deviations first, so nothing cancels."""
    axes = negative_axes("var", axis, x.ndim)
    deviations = apply("center", x, axes=axes)
    return apply(
        "mean",
        deviations * deviations,
        axes=axes,
        keepdims=bool(keepdims),
        ddof=number("var", "ddof", ddof),
    )


@function(
    "std",
    "x; axis=None, ddof=0, keepdims=False",
    "Standard deviation over axes, the root of `var`.",
    family=FAMILY,
    example="std(x)",
)
def std(x: Node, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Node:
    """The root mean square of the deviations."""
    axes = negative_axes("std", axis, x.ndim)
    deviations = apply("center", x, axes=axes)
    ddof = number("std", "ddof", ddof)
    return apply("rms", deviations, axes=axes, keepdims=bool(keepdims), ddof=ddof)


# --- order statistics ---------------------------------------------------------------------------


def _quantile(x: Array, low: int, high: int, fraction: float, axes: Axes, keepdims: bool) -> Any:
    x = as_float(x)
    flat = flattened(x, axes)
    if x.dtype == object:
        ranked = np.sort(flat, axis=-1)
        result = ranked[..., low] + (ranked[..., high] - ranked[..., low]) * fraction
    else:
        ranked = np.partition(flat, (low, high, -1), axis=-1)
        a, b = ranked[..., low], ranked[..., high]
        result = np.where(a == b, a, a + (b - a) * fraction)
        result = np.where(np.isnan(ranked[..., -1]), np.nan, result)
    return np.expand_dims(result, axes) if keepdims else result


def _quantile_vjp(
    g: Node, out: Node, x: Node, low: int, high: int, fraction: float, axes: Axes, keepdims: bool
) -> tuple[Node]:
    def share(position: int) -> Node:
        entry = apply(
            "quantile", x, low=position, high=position, fraction=0.0, axes=axes, keepdims=True
        )
        return tie_shares(x, entry, axes)

    if low == high:
        return (weigh(kept(g, x.shape, axes), tie_shares(x, out, axes)),)
    return (weigh(kept(g, x.shape, axes), (1.0 - fraction) * share(low) + fraction * share(high)),)


def _quantile_kink(
    x: Array, low: int, high: int, fraction: float, axes: Axes, keepdims: bool
) -> Array:
    """Where more entries tie with a selected one than are selected with equal weights."""
    ranked = np.sort(flattened(x, axes), axis=-1)
    first, last = (np.expand_dims(ranked[..., place], axes) for place in (low, high))
    allowed = np.where((first == last) & (low != high) & (fraction == 0.5), 2, 1)
    return np.logical_or(tied(x, first, axes, allowed), tied(x, last, axes, allowed))


primitive(
    "quantile",
    evaluate=_quantile,
    shape=nonempty_shape("quantile"),
    vjp=_quantile_vjp,
    kink=_quantile_kink,
    doc="An entry by its rank, or between two ranks; ties share the derivative equally.",
    family=FAMILY,
)

_METHODS: dict[str, Callable[[float], tuple[int, int, float]]] = {
    "linear": lambda rank: (floor(rank), ceil(rank), rank - floor(rank)),
    "lower": lambda rank: (floor(rank), floor(rank), 0.0),
    "higher": lambda rank: (ceil(rank), ceil(rank), 0.0),
    "nearest": lambda rank: (round(rank), round(rank), 0.0),
    "midpoint": lambda rank: (floor(rank), ceil(rank), 0.5),
}


def _quantile_of(name: str, x: Node, q: Any, axis: Any, method: Any, keepdims: bool) -> Node:
    """`q` is a number in [0, 1], or a list of them (results are stacked along a new first axis)."""
    if isinstance(q, (list, tuple, np.ndarray)) and np.ndim(q) == 1:
        turns(name, "the number of q", len(q))
        each = [_quantile_of(name, x, one, axis, method, keepdims) for one in q]
        return stack(tuple(each), axis=0)
    if isinstance(q, np.ndarray) and q.ndim == 0:
        q = q.item()
    if not 0.0 <= number(name, "q", q) <= 1.0:
        span = "0 and 100" if name == "percentile" else "0 and 1"
        raise GradcliError(f"{name}: q must lie between {span}", kind="value")
    if method not in _METHODS:
        raise GradcliError(
            f"{name}: unknown method {describe(method)}",
            kind="value",
            hint=f"one of {', '.join(_METHODS)}",
        )
    axes = negative_axes(name, axis, x.ndim)
    count = count_over(x.shape, axes)
    low, high, fraction = _METHODS[method](float(q) * max(count - 1, 0))
    nonempty_shape(name)(x.shape, axes, False)
    if not axes:
        return x
    return apply(
        "quantile",
        x,
        low=low,
        high=high,
        fraction=0.0 if low == high else fraction,
        axes=axes,
        keepdims=bool(keepdims),
    )


@function(
    "quantile",
    "x; q, axis=None, method='linear', keepdims=False",
    "The value below which a share `q` of the entries lies, over axes.",
    family=FAMILY,
    example="quantile(x, 0.3)",
)
def quantile(
    x: Node, q: Any = 0.5, axis: Any = None, method: Any = "linear", keepdims: bool = False
) -> Node:
    """NumPy's `quantile`."""
    return _quantile_of("quantile", x, q, axis, method, keepdims)


@function(
    "percentile",
    "x; q, axis=None, method='linear', keepdims=False",
    "The value below which `q` percent of the entries lie, over axes.",
    family=FAMILY,
    example="percentile(x, 30)",
)
def percentile(
    x: Node, q: Any = 50, axis: Any = None, method: Any = "linear", keepdims: bool = False
) -> Node:
    """NumPy's `percentile`."""
    share = [one / 100 for one in q] if isinstance(q, (list, tuple, np.ndarray)) else q
    if isinstance(q, (int, float)) and not isinstance(q, bool):
        share = q / 100
    return _quantile_of("percentile", x, share, axis, method, keepdims)


@function(
    "median",
    "x; axis=None, keepdims=False",
    "Middle entry over axes (the mean of the two middle ones); ties share the derivative equally.",
    family=FAMILY,
    example="median(x)",
)
def median(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """The quantile at one half."""
    return _quantile_of("median", x, 0.5, axis, "linear", keepdims)


# --- covariance ---------------------------------------------------------------------------------


def _observations(name: str, m: Node, y: Node | None, rowvar: bool) -> Node:
    """One row per variable."""
    rows = []
    for part in (m, y):
        if part is None:
            continue
        if part.ndim > 2:
            raise GradcliError(
                f"{name}: takes vectors and matrices, not shape {shape_text(part.shape)}",
                kind="shape",
            )
        rows.append(reshape(part, (1, part.size)) if part.ndim < 2 else part if rowvar else part.T)
    if len(rows) == 1:
        return rows[0]
    return joined(rows, -2)


@function(
    "cov",
    "m, y=None; rowvar=True, bias=False, ddof=None",
    "Covariance matrix of variables (rows; columns for `rowvar=False`) over observations.",
    family=FAMILY,
    example="cov(A)",
)
def cov(
    m: Node, y: Node | None = None, rowvar: bool = True, bias: bool = False, ddof: Any = None
) -> Node:
    """NumPy's `cov`."""
    x = _observations("cov", m, y, rowvar)
    taken = number("cov", "ddof", ddof if ddof is not None else 0 if bias else 1)
    deviations = apply("center", x, axes=(-1,))
    result = apply("matmul", deviations, deviations.mT) / float(max(x.shape[1] - taken, 0))
    return reshape(result, ()) if x.shape[0] == 1 else result


@function(
    "corrcoef",
    "x, y=None; rowvar=True",
    "Correlation matrix of variables (rows; columns for `rowvar=False`).",
    family=FAMILY,
    example="corrcoef(x, y)[0, 1]",
)
def corrcoef(x: Node, y: Node | None = None, rowvar: bool = True) -> Node:
    """The inner products of the deviations, each of length 1."""
    deviations = apply("center", _observations("corrcoef", x, y, rowvar), axes=(-1,))
    unit = deviations / norm_over(deviations, (-1,), True)
    result = apply("matmul", unit, unit.mT)
    return reshape(result, ()) if unit.shape[0] == 1 else result
