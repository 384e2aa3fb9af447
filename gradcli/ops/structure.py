"""The structural primitives of all other families: sum, reshape, transpose, broadcast.

Axes are negative throughout, so each forward also works with extra leading batch axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, broadcast_shapes, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import function, negative_axes, primitive, reduced_shape

FAMILY = "structure"


# --- sum ----------------------------------------------------------------------------------------


def _sum_vjp(g: Node, out: Node, x: Node, axes: tuple[int, ...], keepdims: bool) -> tuple[Node]:
    if not keepdims:
        g = reshape(g, reduced_shape(x.shape, axes, True))
    return (broadcast_to(g, x.shape),)


def _sum_entry(s: Any, out: Any, x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return s.reduce(x, out, axes, keepdims, s.sum)


primitive(
    "sum",
    evaluate=lambda x, axes, keepdims: np.sum(as_float(x), axis=axes, keepdims=keepdims),
    shape=lambda shape, axes, keepdims: reduced_shape(shape, axes, keepdims),
    vjp=_sum_vjp,
    entry=_sum_entry,
    doc="Sum over axes.",
    family=FAMILY,
)


@function(
    "sum",
    "x; axis=None, keepdims=False",
    "Sum over axes (all where none is named).",
    family="reductions",
    example="sum(A, axis=0)",
)
def sum_(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """Sum over the named axes."""
    axes = negative_axes("sum", axis, x.ndim)
    if not axes and x.dtype.kind == "f":
        return x
    return apply("sum", x, axes=axes, keepdims=bool(keepdims))


# --- reshape ------------------------------------------------------------------------------------


def _reshape(x: Array, shape: Shape, rank: int) -> Array:
    return np.reshape(x, x.shape[: np.ndim(x) - rank] + shape)


def _reshape_vjp(g: Node, out: Node, x: Node, shape: Shape, rank: int) -> tuple[Node]:
    return (reshape(g, x.shape),)


primitive(
    "reshape",
    evaluate=_reshape,
    shape=lambda old, shape, rank: shape,
    vjp=_reshape_vjp,
    entry=lambda s, out, x, shape, rank: s.reshaped(x, out, shape),
    dtype="same",
    doc="The same entries in another shape (row-major).",
    family=FAMILY,
)


def reshape(x: Node, shape: Shape) -> Node:
    """`x` in another shape; at most one size may be -1."""
    known = 1
    for size in shape:
        if size != -1:
            known *= size
    target = shape
    if -1 in shape:
        if shape.count(-1) > 1:
            raise GradcliError(
                f"reshape: only one size may be -1, not {shape.count(-1)} in {shape_text(shape)}",
                kind="shape",
            )
        if known and x.size % known == 0:
            target = tuple(x.size // known if size == -1 else size for size in shape)
            known = x.size
    if known != x.size or any(size < 0 for size in target):
        raise GradcliError(
            f"reshape: {x.size} {'entry' if x.size == 1 else 'entries'} of shape "
            f"{shape_text(x.shape)} do not fit {shape_text(shape)}",
            kind="shape",
        )
    if target == x.shape:
        return x
    return apply("reshape", x, shape=target, rank=x.ndim)


# --- broadcast ----------------------------------------------------------------------------------


def _broadcast(x: Array, shape: Shape, rank: int | None = None) -> Array:
    extra = 0 if rank is None else np.ndim(x) - rank
    if extra:
        x = np.reshape(x, x.shape[:extra] + (1,) * (len(shape) + extra - x.ndim) + x.shape[extra:])
        shape = x.shape[:extra] + shape
    return np.broadcast_to(x, shape)


def _broadcast_vjp(
    g: Node, out: Node, x: Node, shape: Shape, rank: int | None = None
) -> tuple[Node]:
    return (unbroadcast(g, x.shape),)


primitive(
    "broadcast_to",
    evaluate=_broadcast,
    shape=lambda old, shape, rank=None: shape,
    vjp=_broadcast_vjp,
    entry=lambda s, out, x, shape, rank=None: x(*out[len(out) - x.ndim :]),
    dtype="same",
    doc="Repeat along missing and size-1 axes.",
    family=FAMILY,
)


def broadcast_to(x: Node, shape: Shape) -> Node:
    """`x` repeated along missing and size-1 axes."""
    if x.shape == shape:
        return x
    if x.ndim > len(shape) or any(
        size not in (1, target)
        for size, target in zip(x.shape, shape[len(shape) - x.ndim :], strict=True)
    ):
        raise GradcliError(
            f"broadcast_to: {shape_text(x.shape)} does not fit {shape_text(shape)}", kind="shape"
        )
    return apply("broadcast_to", x, shape=tuple(shape), rank=x.ndim)


def unbroadcast(g: Node, shape: Shape) -> Node:
    """Sum a cotangent back to the shape that was broadcast (called by the reverse walker)."""
    if g.shape == shape:
        return g
    if len(g.shape) < len(shape) or g.size < int(np.prod(shape, dtype=object)):
        g = broadcast_to(g, broadcast_shapes("unbroadcast", g.shape, shape))
    extra = g.ndim - len(shape)
    axes = [axis - g.ndim for axis in range(extra)]
    axes += [axis for axis in range(-len(shape), 0) if shape[axis] == 1 and g.shape[axis] != 1]
    if axes:
        g = apply("sum", g, axes=tuple(sorted(axes)), keepdims=True)
    return reshape(g, shape)


# --- transpose ----------------------------------------------------------------------------------


def _transpose(x: Array, axes: tuple[int, ...]) -> Array:
    batch = range(np.ndim(x) - len(axes))
    return np.transpose(x, (*batch, *axes))


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    rank = len(axes)
    result = [0] * rank
    for position, axis in enumerate(axes):
        result[axis + rank] = position - rank
    return tuple(result)


def _transpose_entry(s: Any, out: Any, x: Any, axes: tuple[int, ...]) -> Any:
    return x(*(out[axis] for axis in _inverse(axes)))


primitive(
    "transpose",
    evaluate=_transpose,
    shape=lambda shape, axes: tuple(shape[axis] for axis in axes),
    vjp=lambda g, out, x, axes: (apply("transpose", g, axes=_inverse(axes)),),
    entry=_transpose_entry,
    dtype="same",
    doc="Axes in another order.",
    family=FAMILY,
)
