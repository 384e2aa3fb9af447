"""Contractions: `matmul` and `einsum`, and what is written with them.

`einsum` as a primitive is clean: explicit output, no ellipsis, no label twice in one operand, and every
label of an operand appears in the output or in another operand. The `einsum` function brings any NumPy
subscripts into that form with `diagonal` and `sum`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, Shape, apply, broadcast_shapes, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import declare_function, Function, primitive
from gradcli.ops.structure import reshape

FAMILY = "contractions"


# --- matmul ----------------------------------------------------------------------------------------


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    if not a or not b:
        raise GradcliError(
            f"matmul: shapes {shape_text(a)} and {shape_text(b)}: a scalar has no matrix product",
            kind="shape",
            hint="use * for a product with a scalar",
        )
    inner_a, inner_b = a[-1], b[-2] if len(b) > 1 else b[0]
    if inner_a != inner_b:
        hint = None
        if len(b) > 1 and b[-1] == inner_a:
            hint = "transpose the second factor with .T"
        elif len(a) > 1 and a[-2] == inner_b:
            hint = "transpose the first factor with .T"
        raise GradcliError(
            f"matmul: shapes {shape_text(a)} and {shape_text(b)} do not fit: {inner_a} columns, {inner_b} rows",
            kind="shape",
            hint=hint,
        )
    batch = broadcast_shapes("matmul", a[:-2], b[:-2])
    return batch + a[-2:-1] + (b[-1:] if len(b) > 1 else ())


def _matmul_vjp(g: Node, out: Node, a: Node, b: Node) -> tuple[Node, Node]:
    if a.ndim == 1 and b.ndim == 1:
        return g * b, g * a
    rows = reshape(a, (1, *a.shape)) if a.ndim == 1 else a
    columns = reshape(b, (*b.shape, 1)) if b.ndim == 1 else b
    batch = broadcast_shapes("matmul", rows.shape[:-2], columns.shape[:-2])
    full = reshape(g, (*batch, rows.shape[-2], columns.shape[-1]))
    ga = _product(full, columns.mT)
    gb = _product(rows.mT, full)
    if a.ndim == 1:
        ga = reshape(ga, (*ga.shape[:-2], ga.shape[-1]))
    if b.ndim == 1:
        gb = reshape(gb, gb.shape[:-1])
    return ga, gb


def _product(a: Node, b: Node) -> Node:
    """`a @ b` for matrices; an outer product is a broadcast product (inner size 1)."""
    return a * b if a.shape[-1] == 1 else apply("matmul", a, b)


def _matmul_entry(s: Any, out: Any, a: Any, b: Any) -> Any:
    k = s.index(a.dims[-1])
    row = () if a.ndim == 1 else (out[-1 - (b.ndim > 1)],)
    column = () if b.ndim == 1 else (out[-1],)
    batch = out[: len(out) - len(row) - len(column)]
    left = (*s.align(batch, a.ndim - 2), *row, k)
    right = (*s.align(batch, b.ndim - 2), k, *column)
    return s.sum(a(*left) * b(*right), k)


primitive(
    "matmul",
    evaluate=lambda a, b: np.matmul(as_float(a), as_float(b)),
    shape=_matmul_shape,
    vjp=_matmul_vjp,
    entry=_matmul_entry,
    signature="a, b",
    doc="Matrix product, `a @ b`.",
    family=FAMILY,
    aliases=("mm", "bmm", "mv"),
    example="A @ x",
)


# --- einsum ----------------------------------------------------------------------------------------


def _einsum_sizes(subscripts: str, shapes: tuple[Shape, ...]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for labels, shape in zip(subscripts.split("->")[0].split(","), shapes, strict=True):
        for label, size in zip(labels, shape, strict=True):
            if sizes.setdefault(label, size) != size:
                raise GradcliError(
                    f"einsum: label '{label}' has the sizes {sizes[label]} and {size}", kind="shape"
                )
    return sizes


def _einsum_shape(*shapes: Shape, subscripts: str) -> Shape:
    sizes = _einsum_sizes(subscripts, shapes)
    return tuple(sizes[label] for label in subscripts.split("->")[1])


def _einsum_vjp(g: Node, out: Node, *operands: Node, subscripts: str) -> list[Node]:
    left, result = subscripts.split("->")
    labels = left.split(",")
    gradients = []
    for position in range(len(operands)):
        others = [*labels[:position], *labels[position + 1 :]]
        nodes = [*operands[:position], *operands[position + 1 :]]
        text = ",".join([result, *others]) + "->" + labels[position]
        gradients.append(apply("einsum", g, *nodes, subscripts=text))
    return gradients


def _einsum_entry(s: Any, out: Any, *operands: Any, subscripts: str) -> Any:
    left, result = subscripts.split("->")
    indices = dict(zip(result, out, strict=True))
    summed = []
    for labels, operand in zip(left.split(","), operands, strict=True):
        for label, dim in zip(labels, operand.dims, strict=True):
            if label not in indices:
                indices[label] = s.index(dim)
                summed.append(indices[label])
    product = 1
    for labels, operand in zip(left.split(","), operands, strict=True):
        product = product * operand(*(indices[label] for label in labels))
    return s.sum(product, *summed)


def _einsum_evaluate(*operands: Any, subscripts: str) -> Any:
    arrays = [as_float(operand) for operand in operands]
    optimize = len(arrays) > 1 and all(array.dtype != object for array in arrays)
    return np.einsum(subscripts, *arrays, optimize=optimize)


primitive(
    "einsum",
    evaluate=_einsum_evaluate,
    shape=_einsum_shape,
    vjp=_einsum_vjp,
    entry=_einsum_entry,
    doc="Sum of products over labelled axes.",
    family=FAMILY,
)


# --- diagonal --------------------------------------------------------------------------------------


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
    entry=lambda s, out, x, offset: x(*out[:-1], out[-1] + max(0, -offset), out[-1] + max(0, offset)),
    dtype="same",
    doc="The diagonal of the last two axes.",
    family=FAMILY,
)
primitive(
    "embed_diagonal",
    evaluate=_embed,
    shape=lambda shape, offset, rows, columns: (*shape[:-1], rows, columns),
    vjp=lambda g, out, x, offset, rows, columns: (apply("diagonal", g, offset=offset),),
    entry=lambda s, out, x, offset, rows, columns: s.delta(out[-2] + offset, out[-1])
    * x(*out[:-2], out[-2] - max(0, -offset)),
    dtype="same",
    doc="A matrix with the given diagonal.",
    family=FAMILY,
)
