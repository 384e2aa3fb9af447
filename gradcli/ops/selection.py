"""Choosing entries: `take`, `take_along_axis`, `compress`, `select`, `choose`, `gather` ...

Positions and masks are static; what is chosen is differentiated along the choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, broadcast_shapes, constant, shape_text
from gradcli.ops.declare import function, integer, one_axis
from gradcli.ops.indexing import along, getitem
from gradcli.ops.shapes import ravel
from gradcli.ops.static import index_array, static_array, word
from gradcli.ops.structure import broadcast_to

FAMILY = "selection"


def _integers(name: str, indices: Any) -> Array:
    array = index_array(indices, name)
    if array.dtype.kind == "b":
        raise GradcliError(f"{name}: positions are integers, not truth values")
    return array


@function(
    "take",
    "x; indices, axis=None, mode='raise'",
    "Entries at the given positions of an axis.",
    family=FAMILY,
    example="take(x, [0, 1])",
)
def take(x: Node, indices: Any, axis: int | None = None, mode: str = "raise") -> Node:
    """Entries of `axis` (of the flat array where None) at `indices`, an integer or nested lists.

    Args:
        x: any shape.
        indices: integers; their shape takes the place of the axis.
        axis: which axis.
        mode: "raise", or "wrap" or "clip" for positions out of range.
    """
    if axis is None:
        x, axis = ravel(x), -1
    axis = one_axis("take", axis, x.ndim)
    array = _integers("take", indices)
    size = x.shape[axis]
    outside = word("take", "mode", mode, ("raise", "wrap", "clip"))
    if outside == "wrap" and size:
        array = array % size
    elif outside == "clip" and size:
        array = np.clip(array, 0, size - 1)
    return getitem(x, along(axis, array))


@function(
    "take_along_axis",
    "x; indices, axis=-1",
    "One entry per position along an axis.",
    family=FAMILY,
    example="take_along_axis(x, argsort(x), 0)",
)
def take_along_axis(x: Node, indices: Any, axis: int | None = -1) -> Node:
    """`out[..., i, ...] = x[..., indices[..., i, ...], ...]`; flat where `axis` is None."""
    array = _integers("take_along_axis", indices)
    if axis is None:
        x, axis, array = ravel(x), -1, array.ravel()
    axis = one_axis("take_along_axis", axis, x.ndim)
    if array.ndim != x.ndim:
        raise GradcliError(
            f"take_along_axis: positions of shape {shape_text(array.shape)} have not as many axes "
            f"as shape {shape_text(x.shape)}",
            kind="shape",
        )
    index: list[Array] = []
    for place, size in enumerate(x.shape):
        column = [1] * x.ndim
        column[place] = size
        index.append(np.arange(size).reshape(column))
    index[axis] = array
    return getitem(x, tuple(index))


@function(
    "gather",
    "x; indices, axis=0",
    "Entries at positions of an axis (TensorFlow).",
    family=FAMILY,
    example="gather(x, [0, 1])",
)
def gather(x: Node, indices: Any, axis: int = 0) -> Node:
    """`take` along the first axis."""
    return take(x, indices, axis)


@function(
    "gather_along",
    "x; axis, indices",
    "One entry per position along an axis (PyTorch's `gather`).",
    family=FAMILY,
    example="gather_along(A, 1, [[0], [1]])",
)
def gather_along(x: Node, axis: int, indices: Any) -> Node:
    """`out[i, j] = x[i, indices[i, j]]`; `indices` may be shorter than `x` along the other axes."""
    array = _integers("gather_along", indices)
    place = one_axis("gather_along", axis, x.ndim) + x.ndim
    if array.ndim == x.ndim:
        shorter = zip(array.shape, x.shape, strict=True)
        x = getitem(
            x,
            tuple(
                slice(None, count) if i != place and count < size else slice(None)
                for i, (count, size) in enumerate(shorter)
            ),
        )
    return take_along_axis(x, array, axis)


@function(
    "gather_nd",
    "x; indices",
    "Entries at positions listed as rows.",
    family=FAMILY,
    example="gather_nd(A, [[0, 1], [1, 0]])",
)
def gather_nd(x: Node, indices: Any) -> Node:
    """`out[i] = x[indices[i, 0], indices[i, 1], ...]`."""
    array = _integers("gather_nd", indices)
    if not array.ndim:
        raise GradcliError("gather_nd: a list of positions is needed", kind="shape")
    return getitem(x, tuple(np.moveaxis(array, -1, 0)))


@function(
    "index_select",
    "x; axis, indices",
    "Entries at positions of an axis (PyTorch).",
    family=FAMILY,
    example="index_select(x, 0, [0, 1])",
)
def index_select(x: Node, axis: int, indices: Any) -> Node:
    """`take` in PyTorch's order of arguments."""
    return take(x, indices, axis)


@function(
    "narrow",
    "x; axis, start, length",
    "A run of entries of an axis (PyTorch).",
    family=FAMILY,
    example="narrow(x, 0, 1, 1)",
)
def narrow(x: Node, axis: int, start: int, length: int) -> Node:
    """`x[..., start : start + length, ...]`, which must exist."""
    place = one_axis("narrow", axis, x.ndim)
    first, count = integer("narrow", "start", start), integer("narrow", "length", length, least=0)
    size = x.shape[place]
    first = first + size if first < 0 else first
    if not 0 <= first <= first + count <= size:
        raise GradcliError(
            f"narrow: entries {first} to {first + count} of an axis of size {size}", kind="shape"
        )
    return getitem(x, along(place, slice(first, first + count)))


@function(
    "compress",
    "; condition; x; axis=None",
    "Entries of an axis where a condition holds.",
    family=FAMILY,
    aliases=("extract",),
    example="compress([True, False], x[:2])",
)
def compress(x: Node, condition: Any, axis: int | None = None) -> Node:
    """Entries of `axis` (of the flat array where None) where the vector `condition` is true."""
    if axis is None:
        x, axis = ravel(x), -1
    axis = one_axis("compress", axis, x.ndim)
    kept = np.flatnonzero(static_array("compress", condition))
    return getitem(x, along(axis, kept))


@function(
    "boolean_mask",
    "x; mask, axis=0",
    "Entries where a mask is true.",
    family=FAMILY,
    example="boolean_mask(x, x > 0)",
)
def boolean_mask(x: Node, mask: Any, axis: int = 0) -> Node:
    """`x[mask]` with the mask laid on the axes from `axis` on."""
    place = one_axis("boolean_mask", axis, x.ndim) + x.ndim
    return getitem(x, (*(slice(None),) * place, static_array("boolean_mask", mask).astype(bool)))


@function(
    "select",
    "[condlist], [choicelist], default=0.0",
    "The first choice whose condition holds.",
    family=FAMILY,
    example="select([x < 0, x < 1], [-x, x**2], 1)",
)
def select(condlist: Sequence[Node], choicelist: Sequence[Node], default: Any = 0.0) -> Node:
    """Entry by entry the first choice whose condition is true, else `default`."""
    if len(condlist) != len(choicelist) or not condlist:
        raise GradcliError(
            f"select: {len(condlist)} conditions for {len(choicelist)} choices", kind="shape"
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = apply("where", condition, choice, result)
    return result  # type: ignore[no-any-return]


@function(
    "choose",
    "; index; [choices]",
    "From the choice that an index names.",
    family=FAMILY,
    example="choose([0, 1], [x[:2], y[:2]])",
)
def choose(choices: Sequence[Node], index: Any) -> Node:
    """Entry by entry the entry of `choices[index]`."""
    array = _integers("choose", index)
    if not choices or (array.size and not 0 <= array.min() <= array.max() < len(choices)):
        raise GradcliError(f"choose: an index is out of range for {len(choices)} choices")
    shape = broadcast_shapes("choose", array.shape, *(choice.shape for choice in choices))
    result = broadcast_to(choices[-1], shape)
    for number in range(len(choices) - 2, -1, -1):
        result = apply("where", constant(array == number), choices[number], result)
    return result
