"""Sorting and positions: `sort argsort topk argmax argmin searchsorted digitize`.

The derivative of `sort` goes back through the permutation. Positions are cuts: int64 arrays that
do not vary with the values, except where they jump.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, broadcast_shapes, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import function, integer, primitive
from gradcli.ops.indexing import along
from gradcli.ops.reductions import tied
from gradcli.ops.scans import scan_axis
from gradcli.ops.structure import reshape

FAMILY = "sorting"
_JUMP = "a position is piecewise constant"


# --- take along an axis, and its transpose ------------------------------------------------------


def _positions(index: Array, size: int) -> Array:
    whole = np.asarray(index, dtype=np.int64)
    if np.any(whole != index):
        raise GradcliError("take_along: a position must be a whole number", kind="value")
    if np.any(whole < -size) or np.any(whole >= size):
        raise GradcliError(
            f"take_along: a position does not exist in an axis of {size} entries", kind="shape"
        )
    return whole


def _taken_shape(x: Shape, index: Shape, axis: int) -> Shape:
    if len(x) != len(index):
        raise GradcliError(
            f"take_along: shapes {shape_text(x)} and {shape_text(index)} differ in rank",
            kind="shape",
        )
    slot = len(x) + axis
    common = broadcast_shapes(
        "take_along", (*x[:slot], 1, *x[slot + 1 :]), (*index[:slot], 1, *index[slot + 1 :])
    )
    return (*common[:slot], index[slot], *common[slot + 1 :])


def _put_along(g: Array, index: Array, axis: int, size: int) -> Array:
    """Zeros of `size` along the axis, with the entries of `g` added at their positions."""
    result = np.zeros((*g.shape[:axis], size, *g.shape[g.ndim + axis + 1 :]), dtype=g.dtype)
    places = list(np.ogrid[tuple(slice(length) for length in g.shape)])
    places[axis] = np.broadcast_to(_positions(index, size), g.shape)
    np.add.at(result, tuple(places), g)
    return result


primitive(
    "take_along",
    evaluate=lambda x, index, axis: np.take_along_axis(
        x, _positions(index, x.shape[axis]), axis=axis
    ),
    shape=_taken_shape,
    vjp=lambda g, out, x, index, axis: (
        apply("put_along", g, index, axis=axis, size=x.shape[axis]),
        None,
    ),
    dtype="same",
    doc="Entries by their positions along an axis.",
    family=FAMILY,
)
primitive(
    "put_along",
    evaluate=_put_along,
    shape=lambda g, index, axis, size: (*g[:axis], size, *g[len(g) + axis + 1 :]),
    vjp=lambda g, out, x, index, axis, size: (apply("take_along", g, index, axis=axis), None),
    dtype="same",
    doc="Zeros with the given entries added at their positions along an axis.",
    family=FAMILY,
)


# --- sort ---------------------------------------------------------------------------------------


def _neighbours_tie(x: Array, axis: int) -> Array:
    order = np.argsort(x, axis=axis, kind="stable")
    ranked = np.take_along_axis(x, order, axis=axis)
    same = ranked[along(axis, slice(1, None))] == ranked[along(axis, slice(None, -1))]
    tied = np.zeros(x.shape, dtype=bool)
    tied[along(axis, slice(1, None))] |= same
    tied[along(axis, slice(None, -1))] |= same
    result = np.empty_like(tied)
    np.put_along_axis(result, order, tied, axis=axis)
    return result


primitive(
    "argsort",
    evaluate=lambda x, axis: np.argsort(x, axis=axis, kind="stable"),
    shape=lambda shape, axis: shape,
    vjp=None,
    cut=_JUMP,
    dtype="index",
    kink=_neighbours_tie,
    doc="The positions that sort an axis.",
    family=FAMILY,
)
primitive(
    "sort",
    evaluate=lambda x, axis: np.sort(as_float(x), axis=axis, kind="stable"),
    shape=lambda shape, axis: shape,
    vjp=lambda g, out, x, axis: (
        apply("put_along", g, apply("argsort", x, axis=axis), axis=axis, size=x.shape[axis]),
    ),
    kink=_neighbours_tie,
    doc="Entries in increasing order along an axis.",
    family=FAMILY,
)


def _sorted(name: str, x: Node, axis: Any, descending: bool) -> tuple[Node, int]:
    x, axis = scan_axis(name, x, axis)
    result = apply(name, x, axis=axis)
    return (result[along(axis, slice(None, None, -1))] if descending else result), axis


def _declare(name: str, words: str) -> None:
    def build(
        x: Node,
        axis: Any = -1,
        kind: Any = None,
        order: Any = None,
        descending: bool = False,
        stable: Any = True,
    ) -> Node:
        return _sorted(name, x, axis, descending)[0]  # always stable, whatever `kind`, `stable`

    function(
        name,
        "x; axis=-1, kind=None, order=None, descending=False, stable=True",
        words,
        family=FAMILY,
        example=f"{name}(x)",
    )(build)


_declare("sort", "Entries in increasing order along an axis (of the flattened array for None).")
_declare("argsort", "The positions that sort an axis; its derivative is 0.")


@function(
    "topk",
    "x; k, axis=-1, largest=True",
    "The k largest entries of an axis in decreasing order, and their positions.",
    family=FAMILY,
    aliases=("top_k",),
    example="topk(x, 2)[0]",
)
def topk(x: Node, k: Any = 1, axis: Any = -1, largest: bool = True) -> tuple[Node, Node]:
    """`(values, positions)`, as in torch and TensorFlow."""
    values, slot = _sorted("sort", x, axis, largest)
    places, _ = _sorted("argsort", x, axis, largest)
    count = integer("topk", "k", k, least=0)
    if count > values.shape[slot]:
        raise GradcliError(
            f"topk: an axis of {values.shape[slot]} entries has no {count} largest", kind="shape"
        )
    return values[along(slot, slice(count))], places[along(slot, slice(count))]


# --- argmax, argmin -----------------------------------------------------------------------------


def _declare_position(name: str, find: Callable[..., Any], best: Callable[..., Any]) -> None:
    def shape(old: Shape, axis: int, keepdims: bool) -> Shape:
        slot = len(old) + axis
        if old[slot] == 0:
            raise GradcliError(
                f"{name}: an array of shape {shape_text(old)} has no entries", kind="shape"
            )
        return (*old[:slot], *((1,) if keepdims else ()), *old[slot + 1 :])

    def kink(x: Array, axis: int, keepdims: bool) -> Array:
        return tied(x, best(x, axis=axis, keepdims=True), axis)

    primitive(
        name,
        evaluate=lambda x, axis, keepdims: find(x, axis=axis, keepdims=keepdims),
        shape=shape,
        vjp=None,
        cut=_JUMP,
        dtype="index",
        kink=kink,
        doc=f"Position of the {name[3:]}imum along an axis.",
        family=FAMILY,
    )

    def build(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
        rank = x.ndim
        x, slot = scan_axis(name, x, axis)
        result = apply(name, x, axis=slot, keepdims=bool(keepdims))
        return reshape(result, (1,) * rank) if keepdims and axis is None else result

    function(
        name,
        "x; axis=None, keepdims=False",
        f"Position of the {name[3:]}imum along an axis (in the flattened array where none is "
        "named); its derivative is 0.",
        family=FAMILY,
        example=f"x[{name}(x)]",
    )(build)


_declare_position("argmax", np.argmax, np.max)
_declare_position("argmin", np.argmin, np.min)


# --- search -------------------------------------------------------------------------------------


primitive(
    "searchsorted",
    evaluate=lambda a, v, side: np.searchsorted(a, v, side=side),
    shape=lambda a, v, side: v,
    vjp=None,
    cut=_JUMP,
    dtype="index",
    kink=lambda a, v, side: np.isin(v, a),
    doc="Where values belong in a sorted vector.",
    family=FAMILY,
)


@function(
    "searchsorted",
    "a, v; side='left'",
    "Where values belong in a sorted vector; its derivative is 0.",
    family=FAMILY,
    example="searchsorted(sort(x), y)",
)
def searchsorted(a: Node, v: Node, side: Any = "left") -> Node:
    """NumPy's `searchsorted`."""
    if a.ndim != 1:
        raise GradcliError(
            f"searchsorted: the sorted array is a vector, not of shape {shape_text(a.shape)}",
            kind="shape",
        )
    if side not in ("left", "right"):
        raise GradcliError("searchsorted: side must be 'left' or 'right'", kind="value")
    return apply("searchsorted", a, v, side=side)


@function(
    "digitize",
    "x, bins; right=False",
    "The bin of each value, between increasing bounds; its derivative is 0.",
    family=FAMILY,
    example="digitize(x, sort(y))",
)
def digitize(x: Node, bins: Node, right: bool = False) -> Node:
    """NumPy's `digitize`, for increasing bounds."""
    return searchsorted(bins, x, "left" if right else "right")
