"""Arrays with some entries replaced: `index_update`, `masked_fill`, `set_diag`, `segment_sum` ...

Nothing is changed in place: each gives a new array, differentiable in the old one and the values.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, constant, shape_text
from gradcli.limits import check_elements
from gradcli.ops.declare import function, integer
from gradcli.ops.indexing import getitem, index_shape, positions, static_index
from gradcli.ops.static import index_array
from gradcli.ops.structure import broadcast_to, reshape

FAMILY = "updates"


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


@function(
    "masked_fill",
    "x, mask, value",
    "With a value where a mask is true.",
    family=FAMILY,
    example="masked_fill(x, x > 0, 5.0)",
)
def masked_fill(x: Node, mask: Node, value: Node) -> Node:
    """`where(mask, value, x)`."""
    return apply("where", mask, value, x)


@function(
    "set_diag",
    "x, diagonal",
    "With another diagonal in the last two axes.",
    family=FAMILY,
    aliases=("fill_diagonal",),
    example="set_diag(A, 0.0)",
)
def set_diag(x: Node, diagonal: Node) -> Node:
    """`x` with `diagonal` (one number, or one per place) on the diagonal of its last two axes."""
    if x.ndim < 2:
        raise GradcliError(
            f"set_diag: a matrix is needed, not shape {shape_text(x.shape)}", kind="shape"
        )
    rows, columns = x.shape[-2:]
    full = broadcast_to(diagonal, (*x.shape[:-2], min(rows, columns)))
    matrix = apply("embed_diagonal", full, offset=0, rows=rows, columns=columns)
    ones = broadcast_to(constant(1.0), (min(rows, columns),))
    mask = apply("embed_diagonal", ones, offset=0, rows=rows, columns=columns)
    return apply("where", apply("equal", mask, 1.0), matrix, x)


@function(
    "segment_sum",
    "x; segment_ids, num_segments=None",
    "Sums of the rows that share a number.",
    family=FAMILY,
    aliases=("unsorted_segment_sum",),
    example="segment_sum(x[:2], [0, 0])",
)
def segment_sum(x: Node, segment_ids: Any, num_segments: Any = None) -> Node:
    """`out[k]` is the sum of the `x[i]` with `segment_ids[i] == k`."""
    ids = index_array(segment_ids, "segment_sum")
    if not x.ndim or ids.dtype.kind == "b" or ids.shape != x.shape[:1]:
        raise GradcliError(
            f"segment_sum: numbers of shape {shape_text(ids.shape)} for rows of shape "
            f"{shape_text(x.shape)}",
            kind="shape",
        )
    least = int(ids.max()) + 1 if ids.size else 0
    count = least if num_segments is None else integer("segment_sum", "num_segments", num_segments)
    if ids.size and (int(ids.min()) < 0 or least > count):
        raise GradcliError(f"segment_sum: a number is not between 0 and {count - 1}")
    shape = (count, *x.shape[1:])
    check_elements((count,), "the result of segment_sum")
    return apply("scatter", x, index=(ids,), shape=shape, rank=x.ndim)
