"""Joining: the primitive `concatenate`, and with it `stack`, `hstack`, `block` ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import BOOL, Array, Node, Shape, apply, shape_text
from gradcli.ops.declare import function, one_axis, primitive
from gradcli.ops.indexing import along, getitem
from gradcli.ops.shapes import atleast_1d, atleast_2d, atleast_3d, expand_dims, ravel
from gradcli.ops.structure import reshape

FAMILY = "joins"


# --- concatenate ---------------------------------------------------------------------------------


def _concatenate(*arrays: Array, axis: int) -> Array:
    rank = min(array.ndim for array in arrays)
    batch = max((array.shape[: array.ndim - rank] for array in arrays), key=len)
    if batch:
        arrays = tuple(
            np.broadcast_to(array, batch + array.shape[array.ndim - rank :]) for array in arrays
        )
    return np.concatenate(arrays, axis=axis)


def _concatenate_shape(*shapes: Shape, axis: int) -> Shape:
    first = shapes[0]
    place = len(first) + axis
    for shape in shapes[1:]:
        if len(shape) != len(first):
            raise GradcliError(
                f"concatenate: shapes {shape_text(first)} and {shape_text(shape)} differ in their "
                "number of axes",
                kind="shape",
            )
        if shape[:place] != first[:place] or shape[place + 1 :] != first[place + 1 :]:
            raise GradcliError(
                f"concatenate: shapes {shape_text(first)} and {shape_text(shape)} differ outside "
                f"axis {place}",
                kind="shape",
            )
    total = sum(shape[place] for shape in shapes)
    return (*first[:place], total, *first[place + 1 :])


def _concatenate_vjp(g: Node, out: Node, *pieces: Node, axis: int) -> list[Node]:
    result, start = [], 0
    for piece in pieces:
        stop = start + piece.shape[axis]
        result.append(getitem(g, along(axis, slice(start, stop))))
        start = stop
    return result


primitive(
    "concatenate",
    evaluate=_concatenate,
    shape=_concatenate_shape,
    vjp=_concatenate_vjp,
    doc="Arrays one after another along an axis.",
    family=FAMILY,
)


def joined(pieces: Sequence[Node], axis: int) -> Node:
    """Nodes of one rank one after another along a negative axis; truth values stay truth values."""
    if len(pieces) == 1:
        return pieces[0]
    result = apply("concatenate", *pieces, axis=axis)
    if all(piece.dtype == BOOL for piece in pieces):
        return apply("not_equal", result, 0.0)
    return result


def _some(name: str, xs: Sequence[Node] | Node) -> tuple[Node, ...]:
    """The arrays to join: a list of them, or one array whose rows they are."""
    if isinstance(xs, Node):
        if xs.ndim == 0:
            raise GradcliError(f"{name}: a list of arrays is needed, not a scalar", kind="shape")
        xs = [getitem(xs, row) for row in range(xs.shape[0])]
    if not xs:
        raise GradcliError(f"{name}: at least one array is needed", kind="shape")
    return tuple(xs)


@function(
    "concatenate",
    "xs; axis=0",
    "Arrays one after another along an axis.",
    family=FAMILY,
    aliases=("concat", "cat"),
    example="concatenate([x, y])",
)
def concatenate(xs: Sequence[Node], axis: int | None = 0) -> Node:
    """Arrays one after another along `axis`; all raveled where None."""
    pieces = _some("concatenate", xs)
    if axis is None:
        return joined([ravel(piece) for piece in pieces], -1)
    if any(piece.ndim == 0 for piece in pieces):
        raise GradcliError(
            "concatenate: a scalar has no axis to join along",
            kind="shape",
            hint="stack([a, b]) makes a vector of scalars",
        )
    return joined(pieces, one_axis("concatenate", axis, pieces[0].ndim))


@function(
    "stack",
    "xs; axis=0",
    "Arrays of one shape along a new axis.",
    family=FAMILY,
    example="stack([x, y])",
)
def stack(xs: Sequence[Node], axis: int = 0) -> Node:
    """Arrays of one shape along a new axis at position `axis` of the result."""
    pieces = _some("stack", xs)
    for piece in pieces:
        if piece.shape != pieces[0].shape:
            raise GradcliError(
                f"stack: shapes {shape_text(pieces[0].shape)} and {shape_text(piece.shape)} differ",
                kind="shape",
            )
    place = one_axis("stack", axis, pieces[0].ndim + 1)
    return joined([expand_dims(piece, place) for piece in pieces], place)


@function("hstack", "xs", "Side by side.", family=FAMILY, example="hstack([x, y])")
def hstack(xs: Sequence[Node]) -> Node:
    """Arrays joined along axis 1, vectors along axis 0."""
    pieces = [atleast_1d(piece) for piece in _some("hstack", xs)]
    return joined(pieces, -1 if pieces[0].ndim == 1 else 1 - pieces[0].ndim)


@function(
    "vstack",
    "xs",
    "One below the other; a vector is a row.",
    family=FAMILY,
    aliases=("row_stack",),
    example="vstack([x, y])",
)
def vstack(xs: Sequence[Node]) -> Node:
    """Arrays joined along axis 0, vectors as rows."""
    pieces = [atleast_2d(piece) for piece in _some("vstack", xs)]
    return joined(pieces, -pieces[0].ndim)


@function(
    "dstack", "xs", "One behind the other, along axis 2.", family=FAMILY, example="dstack([x, y])"
)
def dstack(xs: Sequence[Node]) -> Node:
    """Arrays joined along axis 2."""
    pieces = [atleast_3d(piece) for piece in _some("dstack", xs)]
    return joined(pieces, 2 - pieces[0].ndim)


@function(
    "column_stack",
    "xs",
    "Vectors as the columns of a matrix.",
    family=FAMILY,
    example="column_stack([x, y])",
)
def column_stack(xs: Sequence[Node]) -> Node:
    """Arrays joined along axis 1, vectors as columns."""
    pieces = [
        piece if piece.ndim > 1 else reshape(piece, (piece.size, 1))
        for piece in _some("column_stack", xs)
    ]
    return joined(pieces, 1 - pieces[0].ndim)


@function(
    "append",
    "x, values; axis=None",
    "Further entries at the end.",
    family=FAMILY,
    example="append(x, 1.0)",
)
def append(x: Node, values: Node, axis: int | None = None) -> Node:
    """`values` behind `x` along `axis`; both raveled where None."""
    return concatenate((x, values), axis)


@function(
    "block",
    "[[arrays]]",
    "A matrix from nested lists of blocks.",
    family=FAMILY,
    example="block([[A, A], [A, A]])",
)
def block(arrays: Any) -> Node:
    """Nested lists of blocks: the innermost joined along the last axis, the next one before it.

    As in NumPy, blocks with fewer axes get new ones in front.
    """
    depth, leaves = 0, [arrays]
    while leaves and isinstance(leaves[0], (tuple, list)):
        depth += 1
        if not all(isinstance(leaf, (tuple, list)) and leaf for leaf in leaves):
            raise GradcliError("block: the lists are not all nested equally deep", kind="shape")
        leaves = [part for leaf in leaves for part in leaf]
    if not leaves or any(isinstance(leaf, (tuple, list)) for leaf in leaves):
        raise GradcliError("block: the lists are not all nested equally deep", kind="shape")
    rank = max(depth, *(leaf.ndim for leaf in leaves))

    def assemble(part: Any, axis: int) -> Node:
        if isinstance(part, Node):
            return reshape(part, (1,) * (rank - part.ndim) + part.shape)
        return joined([assemble(inner, axis + 1) for inner in part], axis)

    return assemble(arrays, -depth)


def merged_scatters(parts: Sequence[Node]) -> Node:
    """The sum of scatters into arrays of one shape, as one scatter."""
    shape = parts[0].shape
    size = parts[0].size
    flat = np.arange(size).reshape(shape)
    places = [flat[part.params["index"]].ravel() for part in parts]
    values = [reshape(part.inputs[0], (part.inputs[0].size,)) for part in parts]
    index = (np.concatenate(places),)
    summed = apply("scatter", joined(values, -1), index=index, shape=(size,), rank=1)
    return reshape(summed, shape)
