"""Choosing entries: `take`, `take_along_axis`, `compress`, `select`, `choose`; functional updates.

Positions and masks are static; what is chosen is differentiated along the choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, broadcast_shapes, constant, shape_text
from gradcli.ops.declare import function, one_axis
from gradcli.ops.indexing import (
    along,
    getitem,
    index_shape,
    positions,
    static_index,
)
from gradcli.ops.shapes import ravel
from gradcli.ops.static import index_array, static_array, whole, word
from gradcli.ops.structure import broadcast_to, reshape

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
    "Entries at positions of an axis.",
    family=FAMILY,
    example="gather(x, [0, 1])",
)
def gather(x: Node, indices: Any, axis: Any = 0) -> Node:
    """`take` along axis 0 (TensorFlow); PyTorch's `gather(x, axis, indices)` along an axis."""
    if whole(axis) is None:
        return take_along_axis(x, axis, indices)
    return take(x, indices, axis)


@function(
    "index_select",
    "x; axis, indices",
    "Entries at positions of an axis.",
    family=FAMILY,
    example="index_select(x, 0, [0, 1])",
)
def index_select(x: Node, axis: int, indices: Any) -> Node:
    """`take` in PyTorch's order of arguments."""
    return take(x, indices, axis)


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


# --- functional updates --------------------------------------------------------------------------


@function(
    "index_update",
    "x; index; values",
    "With other values at an index.",
    family=FAMILY,
    example="index_update(x, 0, 5.0)",
)
def index_update(x: Node, values: Node, *, index: Any) -> Node:
    """`x` with `x[index] = values`; where a position is named twice, the last value stays."""
    part, shape = static_index(index), x.shape
    target = broadcast_to(values, index_shape(shape, part))
    places = positions(shape, part).ravel()
    owner = np.zeros(x.size, dtype=np.int64)
    written = np.zeros(x.size, dtype=bool)
    owner[places] = np.arange(places.size)
    written[places] = True
    if not places.size:
        return x
    source = getitem(reshape(target, (target.size,)), owner.reshape(shape))
    return apply("where", constant(written.reshape(shape)), source, x)


@function(
    "index_add",
    "x; index; values",
    "With values added at an index.",
    family=FAMILY,
    example="index_add(x, 0, 5.0)",
)
def index_add(x: Node, values: Node, *, index: Any) -> Node:
    """`x` with `values` added at `index`; where a position is named twice, both are added."""
    part = static_index(index)
    target = broadcast_to(values, index_shape(x.shape, part))
    return x + apply("scatter", target, index=part, shape=x.shape, rank=target.ndim)
