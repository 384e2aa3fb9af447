"""Diagonals: the primitives `diagonal` and `embed_diagonal`, `diag` in both directions, `trace`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, Shape, apply, shape_text
from gradcli.ops.declare import function, integer, one_axis, primitive
from gradcli.ops.shapes import moveaxis, ravel
from gradcli.ops.structure import sum_

FAMILY = "diagonals"


def _diagonal_shape(shape: Shape, offset: int) -> Shape:
    rows, columns = shape[-2:]
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    return (*shape[:-2], length)


def _embed(x: Any, offset: int, rows: int, columns: int) -> Any:
    result = np.zeros((*x.shape[:-1], rows, columns), dtype=x.dtype)
    positions = np.arange(x.shape[-1])
    result[..., positions + max(0, -offset), positions + max(0, offset)] = x
    return result


primitive(
    "diagonal",
    evaluate=lambda x, offset: np.diagonal(x, offset=offset, axis1=-2, axis2=-1),
    shape=_diagonal_shape,
    vjp=lambda g, out, x, offset: (
        apply("embed_diagonal", g, offset=offset, rows=x.shape[-2], columns=x.shape[-1]),
    ),
    entry=lambda s, out, x, offset: x(
        *out[:-1], out[-1] + max(0, -offset), out[-1] + max(0, offset)
    ),
    dtype="same",
    doc="The diagonal of the last two axes.",
    family=FAMILY,
)
primitive(
    "embed_diagonal",
    evaluate=_embed,
    shape=lambda shape, offset, rows, columns: (*shape[:-1], rows, columns),
    vjp=lambda g, out, x, offset, rows, columns: (apply("diagonal", g, offset=offset),),
    entry=lambda s, out, x, offset, rows, columns: (
        s.delta(out[-2] + offset, out[-1]) * x(*out[:-2], out[-2] - max(0, -offset))
    ),
    dtype="same",
    doc="A matrix with the given diagonal.",
    family=FAMILY,
)


# --- functions -----------------------------------------------------------------------------------


def _within(offset: Any, name: str, x: Node) -> int:
    """The offset of a diagonal, pulled to the edge of the matrix where it lies far outside."""
    rows, columns = x.shape[-2:]
    return max(-rows, min(integer(name, "offset", offset), columns))


@function(
    "diag",
    "x; k=0",
    "The diagonal of a matrix, or a matrix with a vector as its diagonal.",
    family=FAMILY,
    example="diag(x)",
)
def diag(x: Node, k: int = 0) -> Node:
    """A vector becomes the diagonal `k` of a square matrix; a matrix gives its diagonal `k`."""
    if x.ndim == 2:
        return apply("diagonal", x, offset=_within(k, "diag", x))
    if x.ndim != 1:
        raise GradcliError(
            f"diag: a vector or a matrix is needed, not shape {shape_text(x.shape)}", kind="shape"
        )
    offset = integer("diag", "k", k)
    size = x.size + abs(offset)
    return apply("embed_diagonal", x, offset=offset, rows=size, columns=size)


@function(
    "diagflat",
    "x; k=0",
    "A matrix with the flat array as its diagonal.",
    family=FAMILY,
    example="diagflat(A)",
)
def diagflat(x: Node, k: int = 0) -> Node:
    """`diag` of the flat array."""
    return diag(ravel(x), k)


@function(
    "diag_embed",
    "x",
    "Matrices with the last axis as their diagonals.",
    family=FAMILY,
    example="diag_embed(A)",
)
def diag_embed(x: Node) -> Node:
    """`(..., n)` becomes `(..., n, n)`."""
    if not x.ndim:
        raise GradcliError("diag_embed: a scalar has no axis", kind="shape")
    return apply("embed_diagonal", x, offset=0, rows=x.shape[-1], columns=x.shape[-1])


@function(
    "diagonal",
    "x; offset=0, axis1=0, axis2=1",
    "The diagonal over two axes, as the last axis.",
    family=FAMILY,
    example="diagonal(A)",
)
def diagonal(x: Node, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """Entries whose `axis2` index is `offset` more than their `axis1` index."""
    return _diagonal("diagonal", x, offset, axis1, axis2)


def _diagonal(name: str, x: Node, offset: Any, axis1: Any, axis2: Any) -> Node:
    if x.ndim < 2:
        raise GradcliError(
            f"{name}: a matrix is needed, not shape {shape_text(x.shape)}", kind="shape"
        )
    pair = one_axis(name, axis1, x.ndim), one_axis(name, axis2, x.ndim)
    if pair[0] == pair[1]:
        raise GradcliError(f"{name}: axis1 and axis2 are both {axis1}", kind="shape")
    x = moveaxis(x, pair, (-2, -1))
    return apply("diagonal", x, offset=_within(offset, name, x))


@function(
    "diag_part", "x", "The diagonals of the last two axes.", family=FAMILY, example="diag_part(A)"
)
def diag_part(x: Node) -> Node:
    """`(..., m, n)` becomes `(..., min(m, n))`."""
    return _diagonal("diag_part", x, 0, -2, -1)


@function(
    "trace",
    "x; offset=0, axis1=0, axis2=1",
    "The sum of the diagonal.",
    family=FAMILY,
    example="trace(A)",
)
def trace(x: Node, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The sum of the diagonal over two axes; the other axes stay."""
    return sum_(_diagonal("trace", x, offset, axis1, axis2), -1)
