"""Reductions over axes: `mean prod max min ptp average`, `any all count_nonzero`.

A reduction's params are `axes` (sorted, negative) and `keepdims`. Rules work at the kept rank:
`kept` brings a cotangent or a result back to size-1 axes, so that it broadcasts against the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import describe, function, negative_axes, primitive, reduced_shape, weigh
from gradcli.ops.structure import broadcast_to, reshape, sum_

FAMILY = "reductions"

Axes = tuple[int, ...]


def kept(node: Node, shape: Shape, axes: Axes) -> Node:
    """The result of a reduction of `shape` (or its cotangent) with the reduced axes of size 1."""
    return reshape(node, reduced_shape(shape, axes, True))


def count_over(shape: Shape, axes: Axes) -> int:
    """How many entries go into one result."""
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count


def flattened(x: Array, axes: Axes) -> Array:
    """An array with the named axes moved to the end and made one."""
    rank = len(axes)
    moved = np.moveaxis(x, axes, range(-rank, 0))
    return moved.reshape(*moved.shape[: moved.ndim - rank], count_over(x.shape, axes))


def tied(x: Array, best: Array, axes: Axes | int, allowed: Any = 1) -> Array:
    """The entries equal to `best` (axes kept) where there are more than `allowed` of them."""
    at: Array = x == best
    many: Array = np.sum(at, axis=axes, keepdims=True) > allowed
    return np.logical_and(at, many)


def nonempty_shape(name: str) -> Callable[..., Shape]:
    """The shape rule of a reduction that has no value over no entries."""

    def rule(shape: Shape, axes: Axes, keepdims: bool, **params: Any) -> Shape:
        if count_over(shape, axes) == 0:
            raise GradcliError(
                f"{name}: an array of shape {shape_text(shape)} has no entries to take it of",
                kind="shape",
            )
        return reduced_shape(shape, axes, keepdims)

    return rule


# --- mean ---------------------------------------------------------------------------------------


def mean_of(x: Array, axes: Axes, keepdims: bool, ddof: float = 0) -> Any:
    """The sum over axes divided by the number of entries (less `ddof`); nan where that is 0."""
    x = as_float(x)
    count = max(count_over(x.shape, axes) - ddof, 0)
    total = np.sum(x, axis=axes, keepdims=keepdims)
    if count == 0:
        return np.full(np.shape(total), np.nan)
    result = total / count
    if x.dtype == object or np.all(np.isfinite(result)):
        return result
    # The sum may overflow where the mean does not.
    return np.where(np.isfinite(result), result, np.sum(x / count, axis=axes, keepdims=keepdims))


def _mean_vjp(
    g: Node, out: Node, x: Node, axes: Axes, keepdims: bool, ddof: float = 0
) -> tuple[Node]:
    share = kept(g, x.shape, axes) / float(max(count_over(x.shape, axes) - ddof, 0))
    return (broadcast_to(share, x.shape),)


def _mean_entry(s: Any, out: Any, x: Any, axes: Axes, keepdims: bool, ddof: float = 0) -> Any:
    return s.reduce(x, out, axes, keepdims, s.sum) / (s.size(x, axes) - ddof)


primitive(
    "mean",
    evaluate=mean_of,
    shape=lambda shape, axes, keepdims, ddof=0: reduced_shape(shape, axes, keepdims),
    vjp=_mean_vjp,
    entry=_mean_entry,
    doc="Mean over axes.",
    family=FAMILY,
)


@function(
    "mean",
    "x; axis=None, keepdims=False",
    "Mean over axes (all where none is named).",
    family=FAMILY,
    example="mean(A, axis=0)",
)
def mean(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """Mean over the named axes."""
    axes = negative_axes("mean", axis, x.ndim)
    if not axes and x.dtype.kind == "f":
        return x
    return apply("mean", x, axes=axes, keepdims=bool(keepdims))


# --- max, min -----------------------------------------------------------------------------------


def _tie_shares(x: Array, best: Array, axes: Axes) -> Any:
    at = x == best
    return at / np.sum(at, axis=axes, keepdims=True)


primitive(
    "tie_shares",
    evaluate=_tie_shares,
    shape=lambda x, best, axes: x,
    vjp=None,
    cut="piecewise constant",
    doc="1 at the entry that equals `best`; equal shares where several do.",
    family=FAMILY,
)


def tie_shares(x: Node, best: Node, axes: Axes) -> Node:
    """The derivative of a selected entry: 1 where `x` equals `best` (axes kept), shared at ties."""
    return apply("tie_shares", x, kept(best, x.shape, axes), axes=axes)


def _extreme_vjp(g: Node, out: Node, x: Node, axes: Axes, keepdims: bool) -> tuple[Node]:
    return (weigh(kept(g, x.shape, axes), tie_shares(x, out, axes)),)


def _declare_extreme(name: str, reduce: Callable[..., Any], alias: str, words: str) -> None:
    def kink(x: Array, axes: Axes, keepdims: bool) -> Array:
        return tied(x, reduce(x, axis=axes, keepdims=True), axes)

    primitive(
        name,
        evaluate=lambda x, axes, keepdims: reduce(as_float(x), axis=axes, keepdims=keepdims),
        shape=nonempty_shape(name),
        vjp=_extreme_vjp,
        kink=kink,
        doc=f"{words} over axes; ties share the derivative equally.",
        family=FAMILY,
    )

    def build(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
        if axis is not None and (x.ndim == 0 or not isinstance(axis, (int, tuple, list))):
            raise GradcliError(
                f"{name}: axis must be an axis of the array, not {describe(axis)}",
                kind="shape" if isinstance(axis, int) else "value",
                hint=f"the {words.split()[0].lower()} of two is {name}imum(a, b)",
            )
        axes = negative_axes(name, axis, x.ndim)
        return apply(name, x, axes=axes, keepdims=bool(keepdims)) if axes else x

    function(
        name,
        "x; axis=None, keepdims=False",
        f"{words} over axes (all where none is named); ties share the derivative equally.",
        family=FAMILY,
        aliases=(alias,),
        example=f"{name}(A, axis=0)",
    )(build)


_declare_extreme("max", np.max, "amax", "Largest entry")
_declare_extreme("min", np.min, "amin", "Smallest entry")


@function(
    "ptp",
    "x; axis=None, keepdims=False",
    "Range of the entries, `max - min`, over axes.",
    family=FAMILY,
    example="ptp(A, axis=0)",
)
def ptp(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """`max(x) - min(x)`."""
    axes = negative_axes("ptp", axis, x.ndim)
    largest = apply("max", x, axes=axes, keepdims=bool(keepdims))
    return largest - apply("min", x, axes=axes, keepdims=bool(keepdims))


# --- prod ---------------------------------------------------------------------------------------


def _products_of_others(x: Node, axis: int) -> Node:
    """For each entry the product of all others along the axis: no division, so zeros are right."""
    before = apply("shift", x, axis=axis, by=1, fill=1.0)
    after = apply("shift", x, axis=axis, by=-1, fill=1.0)
    return apply("cumprod", before, axis=axis, reverse=False) * apply(
        "cumprod", after, axis=axis, reverse=True
    )


def _prod_vjp(g: Node, out: Node, x: Node, axes: Axes, keepdims: bool) -> tuple[Node]:
    g = kept(g, x.shape, axes)
    if len(axes) == 1:
        return (weigh(g, _products_of_others(x, axes[0])),)
    order = (*(axis for axis in range(-x.ndim, 0) if axis not in axes), *axes)
    moved = x if order == tuple(sorted(order)) else apply("transpose", x, axes=order)
    rest = moved.shape[: x.ndim - len(axes)]
    flat = reshape(moved, (*rest, count_over(x.shape, axes)))
    others = reshape(_products_of_others(flat, -1), moved.shape)
    if moved is not x:
        back = tuple(order.index(axis) - x.ndim for axis in range(-x.ndim, 0))
        others = apply("transpose", others, axes=back)
    return (weigh(g, others),)


primitive(
    "prod",
    evaluate=lambda x, axes, keepdims: np.prod(as_float(x), axis=axes, keepdims=keepdims),
    shape=lambda shape, axes, keepdims: reduced_shape(shape, axes, keepdims),
    vjp=_prod_vjp,
    doc="Product over axes.",
    family=FAMILY,
)


@function(
    "prod",
    "x; axis=None, keepdims=False",
    "Product over axes (all where none is named).",
    family=FAMILY,
    example="prod(x)",
)
def prod(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """Product over the named axes."""
    axes = negative_axes("prod", axis, x.ndim)
    return apply("prod", x, axes=axes, keepdims=bool(keepdims)) if axes else x


# --- average ------------------------------------------------------------------------------------


@function(
    "average",
    "x; axis=None; weights=None; keepdims=False",
    "Weighted mean over axes, `sum(weights * x) / sum(weights)`.",
    family=FAMILY,
    example="average(x, weights=exp(y))",
)
def average(x: Node, weights: Node | None = None, axis: Any = None, keepdims: bool = False) -> Node:
    """Weights have the shape of `x`, or of its named axes."""
    axes = negative_axes("average", axis, x.ndim)
    if weights is None:
        return mean(x, axis, keepdims)
    if weights.shape != x.shape:
        if axis is None or weights.shape != tuple(x.shape[a] for a in axes):
            raise GradcliError(
                f"average: weights of shape {shape_text(weights.shape)} do not fit "
                f"an array of shape {shape_text(x.shape)}",
                kind="shape",
                hint="weights have the shape of the array, or of the named axes",
            )
        weights = reshape(weights, tuple(x.shape[a] if a in axes else 1 for a in range(-x.ndim, 0)))
    return sum_(x * weights, axes, keepdims) / sum_(broadcast_to(weights, x.shape), axes, keepdims)


# --- counts and truth: cuts ---------------------------------------------------------------------


def _declare_cut(name: str, evaluate: Callable[..., Any], dtype: str, doc: str) -> None:
    primitive(
        name,
        evaluate=evaluate,
        shape=lambda shape, axes, keepdims: reduced_shape(shape, axes, keepdims),
        vjp=None,
        cut="piecewise constant",
        dtype=dtype,
        doc=doc,
        family=FAMILY,
    )

    def build(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
        axes = negative_axes(name, axis, x.ndim)
        return apply(name, x, axes=axes, keepdims=bool(keepdims))

    function(
        name,
        "x; axis=None, keepdims=False",
        doc,
        family=FAMILY,
        example=f"{name}(x > 0)",
    )(build)


def _truth(x: Array) -> Array:
    return np.asarray(x != 0, dtype=bool)


_declare_cut(
    "any",
    lambda x, axes, keepdims: np.any(_truth(x), axis=axes, keepdims=keepdims),
    "bool",
    "Whether at least one entry is not zero; its derivative is 0.",
)
_declare_cut(
    "all",
    lambda x, axes, keepdims: np.all(_truth(x), axis=axes, keepdims=keepdims),
    "bool",
    "Whether no entry is zero; its derivative is 0.",
)
_declare_cut(
    "count_nonzero",
    lambda x, axes, keepdims: np.sum(_truth(x), axis=axes, keepdims=keepdims),
    "index",
    "How many entries are not zero; its derivative is 0.",
)
