"""Functions of shape: transpose, reshape, ravel, squeeze, expand_dims, broadcast_to, tile, repeat.

All are compositions of `reshape`, `transpose`, `broadcast_to` and `getitem`, so their gradients of
every order and their formulas come for free.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, broadcast_shapes, shape_text
from gradcli.limits import check_elements
from gradcli.ops import structure
from gradcli.ops.declare import describe, function, integer, negative_axes, one_axis
from gradcli.ops.indexing import along, getitem
from gradcli.ops.static import static_shape, word

FAMILY = "shapes"


# --- order of axes -------------------------------------------------------------------------------


@function(
    "transpose",
    "x; axes=None",
    "Axes reversed, or in the given order.",
    family=FAMILY,
    aliases=("permute", "permute_dims"),
    example="transpose(A)",
)
def transpose(x: Node, axes: Any = None) -> Node:
    """The axes of `x` in the order `axes` (reversed where None)."""
    if axes is None:
        return x.T
    order = static_axes("transpose", axes, x.ndim)
    if sorted(order) != list(range(-x.ndim, 0)):
        raise GradcliError(
            f"transpose: axes {describe(axes)} are not a permutation of the {x.ndim} axes of shape "
            f"{shape_text(x.shape)}",
            kind="shape",
        )
    return x if order == tuple(range(-x.ndim, 0)) else apply("transpose", x, axes=order)


def static_axes(name: str, axes: Any, rank: int) -> tuple[int, ...]:
    """A list of axes in the order given, as negative integers."""
    if isinstance(axes, np.ndarray):
        axes = axes.tolist()
    listed = axes if isinstance(axes, (tuple, list)) else (axes,)
    return tuple(one_axis(name, axis, rank) for axis in listed if axis is not None)


@function(
    "matrix_transpose",
    "x",
    "The last two axes exchanged.",
    family=FAMILY,
    aliases=("mT",),
    example="matrix_transpose(A)",
)
def matrix_transpose(x: Node) -> Node:
    """The last two axes exchanged."""
    if x.ndim < 2:
        raise GradcliError(
            f"matrix_transpose: shape {shape_text(x.shape)} has fewer than two axes", kind="shape"
        )
    return x.mT


@function(
    "swapaxes", "x; axis1, axis2", "Two axes exchanged.", family=FAMILY, example="swapaxes(A, 0, 1)"
)
def swapaxes(x: Node, axis1: int, axis2: int) -> Node:
    """Two axes exchanged."""
    first = one_axis("swapaxes", axis1, x.ndim)
    second = one_axis("swapaxes", axis2, x.ndim)
    order = list(range(-x.ndim, 0))
    order[first], order[second] = order[second], order[first]
    return transpose(x, tuple(order))


@function(
    "moveaxis",
    "x; source, destination",
    "Axes moved to other places.",
    family=FAMILY,
    example="moveaxis(A, 0, -1)",
)
def moveaxis(x: Node, source: Any, destination: Any) -> Node:
    """The axes `source` moved to the positions `destination`, the others in their order."""
    sources = static_axes("moveaxis", source, x.ndim)
    places = static_axes("moveaxis", destination, x.ndim)
    if len(sources) != len(places):
        raise GradcliError(
            f"moveaxis: {len(sources)} axes cannot move to {len(places)} places", kind="shape"
        )
    if len(set(sources)) < len(sources) or len(set(places)) < len(places):
        raise GradcliError("moveaxis: an axis is named twice", kind="shape")
    order = [axis for axis in range(-x.ndim, 0) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place + x.ndim, axis)
    return transpose(x, tuple(order))


@function(
    "rollaxis",
    "x; axis, start=0",
    "One axis moved before another.",
    family=FAMILY,
    example="rollaxis(A, 1)",
)
def rollaxis(x: Node, axis: int, start: int = 0) -> Node:
    """The axis `axis` put where the axis `start` is."""
    place = one_axis("rollaxis", axis, x.ndim) + x.ndim
    target = integer("rollaxis", "start", start)
    target = target + x.ndim if target < 0 else target
    return moveaxis(x, place, target - 1 if target > place else target)


# --- shape ---------------------------------------------------------------------------------------


@function(
    "reshape",
    "x; shape, order='C'",
    "The same entries in another shape; one size may be -1.",
    family=FAMILY,
    aliases=("view",),
    example="reshape(A, (-1,))",
)
def reshape(x: Node, shape: Any, order: str = "C") -> Node:
    """`x` in another shape, row by row (`order="F"`: column by column)."""
    sizes = static_shape("reshape", shape, least=-1)
    if _by_columns("reshape", order):
        return structure.reshape(x.T, sizes[::-1]).T
    return structure.reshape(x, sizes)


def _by_columns(name: str, order: Any) -> bool:
    return word(name, "order", order, ("C", "F", "A", "K")) == "F"


@function(
    "ravel",
    "x; order='C'",
    "All entries in one axis.",
    family=FAMILY,
    aliases=("flatten",),
    example="ravel(A)",
)
def ravel(x: Node, order: str = "C") -> Node:
    """All entries in one axis, row by row (`order="F"`: column by column)."""
    return structure.reshape(x.T if _by_columns("ravel", order) else x, (x.size,))


@function(
    "squeeze",
    "x; axis=None",
    "Without its axes of size 1.",
    family=FAMILY,
    example="squeeze(A[:, :1])",
)
def squeeze(x: Node, axis: Any = None) -> Node:
    """`x` without the named axes (all of size 1 where None)."""
    if axis is None:
        return structure.reshape(x, tuple(size for size in x.shape if size != 1))
    axes = negative_axes("squeeze", axis, x.ndim)
    for one in axes:
        if x.shape[one] != 1:
            raise GradcliError(
                f"squeeze: axis {axis} of shape {shape_text(x.shape)} has size {x.shape[one]}, "
                "not 1",
                kind="shape",
            )
    kept = [size for i, size in enumerate(x.shape) if i - x.ndim not in axes]
    return structure.reshape(x, tuple(kept))


@function(
    "expand_dims",
    "x; axis",
    "With new axes of size 1.",
    family=FAMILY,
    aliases=("unsqueeze",),
    example="expand_dims(x, 0)",
)
def expand_dims(x: Node, axis: Any) -> Node:
    """`x` with an axis of size 1 at each of the positions `axis` of the result."""
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    if axis is None:
        raise GradcliError("expand_dims: axis must be an integer, not None")
    rank = x.ndim + count
    check_elements((1,) * rank, "the result of expand_dims")
    axes = negative_axes("expand_dims", axis, rank)
    sizes = iter(x.shape)
    shape = tuple(1 if place in axes else next(sizes) for place in range(-rank, 0))
    return structure.reshape(x, shape)


@function("atleast_1d", "x", "At least one axis.", family=FAMILY, example="atleast_1d(x[0])")
def atleast_1d(x: Node) -> Node:
    """`x` with at least one axis."""
    return x if x.ndim else structure.reshape(x, (1,))


@function(
    "atleast_2d",
    "x",
    "At least two axes; a vector is a row.",
    family=FAMILY,
    example="atleast_2d(x)",
)
def atleast_2d(x: Node) -> Node:
    """`x` with at least two axes, new ones in front."""
    return x if x.ndim > 1 else structure.reshape(x, (1,) * (2 - x.ndim) + x.shape)


@function(
    "atleast_3d", "x", "At least three axes, as in NumPy.", family=FAMILY, example="atleast_3d(A)"
)
def atleast_3d(x: Node) -> Node:
    """`x` with at least three axes: `(n,)` becomes `(1, n, 1)`, `(m, n)` becomes `(m, n, 1)`."""
    if x.ndim > 2:
        return x
    return structure.reshape(x, (1, *x.shape, 1) if x.ndim == 1 else (*x.shape, 1, 1, 1)[:3])


# --- repetition ----------------------------------------------------------------------------------


@function(
    "broadcast_to",
    "x; shape",
    "Repeated along missing and size-1 axes.",
    family=FAMILY,
    example="broadcast_to(x[:1], (2, 4))",
)
def broadcast_to(x: Node, shape: Any) -> Node:
    """`x` repeated to `shape`."""
    return structure.broadcast_to(x, static_shape("broadcast_to", shape))


@function(
    "expand",
    "x; shape",
    "Repeated to a shape in which -1 keeps a size.",
    family=FAMILY,
    example="expand(A[:, :1], (-1, 3))",
)
def expand(x: Node, shape: Any) -> Node:
    """`x` repeated to `shape`; a size of -1 stays as it is."""
    sizes = list(static_shape("expand", shape, least=-1))
    for axis in range(-min(x.ndim, len(sizes)), 0):
        if sizes[axis] == -1:
            sizes[axis] = x.shape[axis]
    return structure.broadcast_to(x, static_shape("expand", sizes))


@function(
    "broadcast_arrays",
    "*xs",
    "All repeated to one common shape.",
    family=FAMILY,
    example="broadcast_arrays(x, x[0])[1]",
)
def broadcast_arrays(*xs: Node) -> tuple[Node, ...]:
    """Every array repeated to the shape that all broadcast to."""
    shape = broadcast_shapes("broadcast_arrays", *(x.shape for x in xs))
    return tuple(structure.broadcast_to(x, shape) for x in xs)


@function(
    "tile",
    "x; reps",
    "Whole copies side by side.",
    family=FAMILY,
    example="tile(x, 2)",
)
def tile(x: Node, reps: Any) -> Node:
    """`x` copied `reps[i]` times along axis i, axes aligned at the end."""
    counts = static_shape("tile", reps)
    rank = max(len(counts), x.ndim)
    counts = (1,) * (rank - len(counts)) + counts
    sizes = (1,) * (rank - x.ndim) + x.shape
    result = tuple(count * size for count, size in zip(counts, sizes, strict=True))
    check_elements(result, "the result of tile")
    single: list[int] = []
    copies: list[int] = []
    for count, size in zip(counts, sizes, strict=True):
        single += [1, size] if count != 1 else [size]
        copies += [count, size] if count != 1 else [size]
    spread = structure.broadcast_to(structure.reshape(x, tuple(single)), tuple(copies))
    return structure.reshape(spread, result)


@function(
    "repeat",
    "x; repeats, axis=None",
    "Each entry repeated.",
    family=FAMILY,
    aliases=("repeat_interleave",),
    example="repeat(x, 2)",
)
def repeat(x: Node, repeats: Any, axis: int | None = None) -> Node:
    """Each entry along `axis` (the flat array where None) repeated, by one count or a list."""
    if axis is None:
        x, axis = structure.reshape(x, (x.size,)), -1
    axis = one_axis("repeat", axis, x.ndim)
    size = x.shape[axis]
    counts = static_shape("repeat", repeats)
    if len(counts) == 1:
        before, after = x.shape[: axis + x.ndim], x.shape[axis + x.ndim + 1 :]
        check_elements((*before, size * counts[0], *after), "the result of repeat")
        single = structure.reshape(x, (*before, size, 1, *after))
        copies = structure.broadcast_to(single, (*before, size, counts[0], *after))
        return structure.reshape(copies, (*before, size * counts[0], *after))
    if len(counts) != size:
        raise GradcliError(
            f"repeat: {len(counts)} counts for an axis of size {size} in shape "
            f"{shape_text(x.shape)}",
            kind="shape",
        )
    check_elements((sum(counts),), "the result of repeat")
    return getitem(x, along(axis, np.repeat(np.arange(size), counts)))
