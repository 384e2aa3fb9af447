"""Functions that put entries elsewhere: flip, roll, rot90, tril, triu, pad.

Compositions where possible; `pad` is a primitive because its formula is a shifted index, and `tri`
because a mask that knows it is a triangle has a formula at every size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, constant, shape_text
from gradcli.limits import check_elements
from gradcli.ops.declare import describe, function, integer, negative_axes, primitive
from gradcli.ops.indexing import along, getitem
from gradcli.ops.joins import joined
from gradcli.ops.shapes import static_axes, swapaxes
from gradcli.ops.static import static_shape, whole, word
from gradcli.ops.structure import broadcast_to, reshape

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


# --- padding -------------------------------------------------------------------------------------

Pairs = tuple[tuple[int, int], ...]
MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def _pad(x: Array, pairs: Pairs, value: float) -> Array:
    extra = np.ndim(x) - len(pairs)
    sizes = tuple(
        size + before + after for size, (before, after) in zip(x.shape[extra:], pairs, strict=True)
    )
    result = np.full(x.shape[:extra] + sizes, value, dtype=x.dtype)
    inside: Any = (Ellipsis, *_inside(x.shape[extra:], pairs))
    result[inside] = x
    return result


def _inside(shape: Shape, pairs: Pairs) -> tuple[slice, ...]:
    """Where the original entries are in the padded array."""
    return tuple(slice(first, first + size) for size, (first, _) in zip(shape, pairs, strict=True))


def _pad_entry(s: Any, out: Any, x: Any, pairs: Pairs, value: float) -> Any:
    place, deltas, summed = [], 1, []
    for position, size, (before, after) in zip(out, x.dims, pairs, strict=True):
        if not before and not after:
            place.append(position)
            continue
        summed.append(s.index(size))
        place.append(summed[-1])
        deltas = deltas * s.delta(position, summed[-1] + before)
    return s.sum(deltas * (x(*place) - value), *summed) + value


primitive(
    "pad",
    evaluate=_pad,
    shape=lambda shape, pairs, value: tuple(
        size + before + after for size, (before, after) in zip(shape, pairs, strict=True)
    ),
    vjp=lambda g, out, x, pairs, value: (getitem(g, _inside(x.shape, pairs)),),
    entry=_pad_entry,
    dtype="same",
    doc="A constant around the array.",
    family=FAMILY,
)


@function(
    "pad",
    "x; pad_width, mode='constant'; constant_values=0.0",
    "More entries at the ends of axes.",
    family=FAMILY,
    example="pad(x, 1)",
)
def pad(x: Node, constant_values: Any = 0.0, *, pad_width: Any, mode: str = "constant") -> Node:
    """`x` with `pad_width` more entries before and after each axis.

    Args:
        x: any shape.
        pad_width: one count, a pair (before, after), or a pair for each axis.
        mode: "constant", or "edge", "reflect", "symmetric", "wrap" as in NumPy.
        constant_values: the number around it (a node may depend on inputs).
    """
    pairs = _pairs(x, pad_width)
    shape = tuple(size + sum(pair) for size, pair in zip(x.shape, pairs, strict=True))
    check_elements(shape, "the result of pad")
    if word("pad", "mode", mode, MODES) != "constant":
        return _pad_by_index(x, pairs, mode)
    if not isinstance(constant_values, Node):
        return apply("pad", x, pairs=pairs, value=constant_values)
    if constant_values.shape != ():
        raise GradcliError("pad: constant_values must be one number", kind="shape")
    if constant_values.op.name == "constant":
        return apply("pad", x, pairs=pairs, value=float(constant_values.params["value"]))
    ones = broadcast_to(constant(1.0, x.dtype), x.shape)
    inside = apply("equal", apply("pad", ones, pairs=pairs, value=0.0), 1.0)
    return apply("where", inside, apply("pad", x, pairs=pairs, value=0.0), constant_values)


def _pairs(x: Node, width: Any) -> Pairs:
    """`pad_width` as one pair of counts for each axis."""
    if isinstance(width, np.ndarray):
        width = width.tolist()
    single = whole(width)
    if single is not None:
        width = ((single, single),) * x.ndim
    elif not isinstance(width, (tuple, list)):
        raise GradcliError(f"pad: pad_width must be made of integers, not {describe(width)}")
    elif width and not isinstance(width[0], (tuple, list)):
        width = (tuple(width) * (3 - len(width)),) * x.ndim if len(width) < 3 else (tuple(width),)
    elif len(width) == 1:
        width = tuple(width) * x.ndim
    pairs = []
    for pair in width:
        counts = static_shape("pad", pair)
        if len(counts) > 2:
            raise GradcliError(
                f"pad: a pair (before, after) for each axis is needed, not {len(counts)} numbers",
                kind="shape",
            )
        pairs.append((counts[0], counts[-1]) if counts else (0, 0))
    if len(pairs) != x.ndim:
        raise GradcliError(
            f"pad: {len(pairs)} pairs for the {x.ndim} axes of shape {shape_text(x.shape)}",
            kind="shape",
        )
    return tuple(pairs)


def _pad_by_index(x: Node, pairs: Pairs, mode: str) -> Node:
    """Padding whose new entries are copies of old ones."""
    for axis, pair in enumerate(pairs):
        if pair == (0, 0):
            continue
        if not x.shape[axis]:
            raise GradcliError(f"pad: an empty axis has no entries for mode '{mode}'", kind="shape")
        source = np.pad(np.arange(x.shape[axis]), pair, mode=mode)  # type: ignore[call-overload]
        x = getitem(x, along(axis - x.ndim, source))
    return x
