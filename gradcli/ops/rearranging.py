"""Functions that put entries elsewhere: flip, roll, rot90, tril, triu.

Compositions; the one primitive is `tri`, for a mask that knows it is a triangle has a formula at
every size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, shape_text
from gradcli.limits import check_elements
from gradcli.ops.declare import describe, function, integer, negative_axes, primitive
from gradcli.ops.indexing import along, getitem
from gradcli.ops.joins import joined
from gradcli.ops.shapes import static_axes, swapaxes
from gradcli.ops.static import whole
from gradcli.ops.structure import reshape

FAMILY = "rearranging"

# --- order of entries ----------------------------------------------------------------------------


@function("flip", "x; axis=None", "Entries in reverse order.", family=FAMILY, example="flip(x)")
def flip(x: Node, axis: Any = None) -> Node:
    """Entries reversed along the named axes (all where None)."""
    axes = negative_axes("flip", axis, x.ndim)
    if not axes:
        return x
    backwards = slice(None, None, -1)
    return getitem(
        x, tuple(backwards if place in axes else slice(None) for place in range(-x.ndim, 0))
    )


def needs_axes(name: str, x: Node, rank: int) -> None:
    if x.ndim < rank:
        raise GradcliError(
            f"{name}: an array of at least {rank} {'axis' if rank == 1 else 'axes'} is needed, "
            f"not shape {shape_text(x.shape)}",
            kind="shape",
        )


@function("fliplr", "x", "Columns in reverse order.", family=FAMILY, example="fliplr(A)")
def fliplr(x: Node) -> Node:
    """Entries reversed along axis 1."""
    needs_axes("fliplr", x, 2)
    return flip(x, 1)


@function("flipud", "x", "Rows in reverse order.", family=FAMILY, example="flipud(A)")
def flipud(x: Node) -> Node:
    """Entries reversed along axis 0."""
    needs_axes("flipud", x, 1)
    return flip(x, 0)


@function(
    "rot90",
    "x; k=1, axes=(0, 1)",
    "Rotated by 90 degrees, k times.",
    family=FAMILY,
    example="rot90(A)",
)
def rot90(x: Node, k: int = 1, axes: Any = (0, 1)) -> Node:
    """Rotated from the first axis of `axes` towards the second, `k` times 90 degrees."""
    needs_axes("rot90", x, 2)
    plane = static_axes("rot90", axes, x.ndim)
    if len(plane) != 2 or plane[0] == plane[1]:
        raise GradcliError(
            f"rot90: two different axes are needed, not {describe(axes)}", kind="shape"
        )
    turns = integer("rot90", "k", k) % 4
    if turns == 2:
        return flip(x, plane)
    if turns == 1:
        return swapaxes(flip(x, plane[1]), *plane)
    return flip(swapaxes(x, *plane), plane[1]) if turns else x


@function(
    "roll",
    "x; shift, axis=None",
    "Entries moved on, those that fall off at the front.",
    family=FAMILY,
    example="roll(x, 1)",
)
def roll(x: Node, shift: Any, axis: Any = None) -> Node:
    """Entries moved by `shift` places along `axis` (the flat array where None), in a circle."""
    if axis is None:
        flat = reshape(x, (x.size,))
        for step in _shifts(shift):
            flat = _rolled(flat, step, -1)
        return reshape(flat, x.shape)
    steps, axes = _shifts(shift), static_axes("roll", axis, x.ndim)
    if len(steps) == 1:
        steps *= len(axes)
    elif len(axes) == 1:
        axes *= len(steps)
    if len(steps) != len(axes):
        raise GradcliError(f"roll: {len(steps)} shifts for {len(axes)} axes", kind="shape")
    for step, one in zip(steps, axes, strict=True):
        x = _rolled(x, step, one)
    return x


def _shifts(shift: Any) -> tuple[int, ...]:
    listed = shift.tolist() if isinstance(shift, np.ndarray) else shift
    listed = listed if isinstance(listed, (tuple, list)) else (listed,)
    steps = [whole(step) for step in listed]
    if not steps or None in steps:
        raise GradcliError(f"roll: shift must be an integer, not {describe(shift)}")
    return tuple(step for step in steps if step is not None)


def _rolled(x: Node, step: int, axis: int) -> Node:
    size = x.shape[axis]
    cut = -step % size if size else 0
    if not cut:
        return x
    late, early = along(axis, slice(cut, None)), along(axis, slice(None, cut))
    return joined([getitem(x, late), getitem(x, early)], axis)


# --- triangles -----------------------------------------------------------------------------------

primitive(
    "tri",
    evaluate=lambda rows, columns, offset: np.tri(rows, columns, offset, dtype=bool),
    shape=lambda rows, columns, offset: (rows, columns),
    vjp=None,
    cut="a constant",
    entry=lambda s, out, rows, columns, offset: s.less_equal(out[-1], out[-2] + offset),
    dtype="bool",
    doc="True at and below a diagonal.",
    family=FAMILY,
)


def triangle(rows: int, columns: int, offset: int) -> Node:
    """A mask: true where `column <= row + offset`."""
    check_elements((max(rows, 1), max(columns, 1)), "the mask of a triangle")
    return apply("tri", rows=rows, columns=columns, offset=max(-rows, min(offset, columns)))


@function("tril", "x; k=0", "The lower triangle, zeros above.", family=FAMILY, example="tril(A)")
def tril(x: Node, k: int = 0) -> Node:
    """`x` where `column <= row + k` in its last two axes, else 0."""
    needs_axes("tril", x, 2)
    rows, columns = x.shape[-2:]
    return apply("where", triangle(rows, columns, integer("tril", "k", k)), x, 0.0)


@function("triu", "x; k=0", "The upper triangle, zeros below.", family=FAMILY, example="triu(A)")
def triu(x: Node, k: int = 0) -> Node:
    """`x` where `column >= row + k` in its last two axes, else 0."""
    needs_axes("triu", x, 2)
    rows, columns = x.shape[-2:]
    return apply("where", triangle(rows, columns, integer("triu", "k", k) - 1), 0.0, x)


@function(
    "band_part",
    "x; lower, upper",
    "A band around the diagonal, zeros elsewhere (TensorFlow).",
    family=FAMILY,
    example="band_part(A, 0, 0)",
)
def band_part(x: Node, lower: int, upper: int) -> Node:
    """`x` within `lower` diagonals below and `upper` above the main one; -1 keeps that side."""
    below, above = (
        integer("band_part", what, n) for what, n in (("lower", lower), ("upper", upper))
    )
    x = triu(x, -below) if below >= 0 else x
    return tril(x, above) if above >= 0 else x
