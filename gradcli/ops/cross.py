"""The cross product, a primitive: its derivatives are cross products again."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, broadcast_shapes
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import function, one_axis, primitive
from gradcli.ops.shapes import moveaxis

FAMILY = "products"
CYCLES = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


def _cross(a: Array, b: Array) -> Array:
    a, b = np.broadcast_arrays(as_float(a), as_float(b))
    result = np.empty(a.shape, dtype=np.result_type(a, b))
    for i, j, k in CYCLES:
        result[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return result


def _cross_entry(s: Any, out: Any, a: Any, b: Any) -> Any:
    left, right = s.align(out[:-1], a.ndim - 1), s.align(out[:-1], b.ndim - 1)
    return sum(
        s.delta(out[-1], i) * (a(*left, j) * b(*right, k) - a(*left, k) * b(*right, j))
        for i, j, k in CYCLES
    )


primitive(
    "cross",
    evaluate=_cross,
    shape=lambda a, b: broadcast_shapes("cross", a, b),
    vjp=lambda g, out, a, b: (apply("cross", b, g), apply("cross", g, a)),
    entry=_cross_entry,
    doc="Cross products of vectors of three entries along the last axis.",
    family=FAMILY,
)


@function(
    "cross",
    "a, b; axis=-1",
    "Cross product of vectors of three (or two) entries.",
    family=FAMILY,
    example="cross(x[:2], y[:2])",
)
def cross(a: Node, b: Node, axis: int = -1) -> Node:
    """The cross products along `axis`; of two vectors of two entries only the third component."""
    for x in (a, b):
        if not x.ndim:
            raise GradcliError("cross: a scalar has no cross product", kind="shape")
    a = moveaxis(a, one_axis("cross", axis, a.ndim), -1)
    b = moveaxis(b, one_axis("cross", axis, b.ndim), -1)
    sizes = a.shape[-1], b.shape[-1]
    if not {*sizes} <= {2, 3}:
        raise GradcliError(
            f"cross: vectors of 2 or 3 entries are needed, not {sizes[0]} and {sizes[1]}",
            kind="shape",
        )
    if sizes == (2, 2):
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = (x if x.shape[-1] == 3 else _in_space(x) for x in (a, b))
    return moveaxis(apply("cross", a, b), -1, axis)


def _in_space(x: Node) -> Node:
    """A vector of two entries with 0 as its third."""
    return apply("pad", x, pairs=((0, 0),) * (x.ndim - 1) + ((0, 1),), value=0.0)
