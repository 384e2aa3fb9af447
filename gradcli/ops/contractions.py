"""The primitives of contraction: `matmul` and `einsum`.

`einsum` as a primitive is clean: explicit output, no ellipsis, no label twice in one operand, sizes
that agree, and every label of an operand appears in the output or in another operand. The function
`einsum` (`gradcli.ops.subscripts`) brings any NumPy subscripts into that form.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, broadcast_shapes, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import primitive
from gradcli.ops.structure import reshape

FAMILY = "contractions"


# --- matmul --------------------------------------------------------------------------------------


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
            f"matmul: shapes {shape_text(a)} and {shape_text(b)} do not fit: {inner_a} columns, "
            f"{inner_b} rows",
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
    doc="Matrix product, `a @ b`.",
    family=FAMILY,
)


# --- einsum --------------------------------------------------------------------------------------


def _einsum_shape(*shapes: Shape, subscripts: str) -> Shape:
    left, result = subscripts.split("->")
    sizes: dict[str, int] = {}
    for labels, shape in zip(left.split(","), shapes, strict=True):
        sizes.update(zip(labels, shape, strict=True))
    return tuple(sizes[label] for label in result)


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
    """Pair by pair as matrix products, in an order that NumPy's greedy search finds.

    `np.einsum` itself reaches BLAS for few subscripts only, and never for batched products.
    """
    left, result = subscripts.split("->")
    terms: list[tuple[Array, list[str]]] = []
    batch: list[str] = []
    for text, operand in zip(left.split(","), operands, strict=True):
        array = as_float(operand)
        extra = [f"batch{i}" for i in range(array.ndim - len(text))]
        batch = max(batch, extra, key=len)
        terms.append((array, [*extra, *text]))
    output = [*batch, *result]
    if len(terms) > 2:
        shapes = tuple(
            array.shape[array.ndim - len(text) :]
            for (array, _), text in zip(terms, left.split(","), strict=True)
        )
        order = _contraction_order(subscripts, shapes)
    else:
        order = ((0, 1),) * (len(terms) - 1)
    for pair in order:
        second, first = (terms.pop(place) for place in sorted(pair, reverse=True))
        needed = {*output, *(label for _, labels in terms for label in labels)}
        terms.append(_contract_pair(*first, *second, needed))
    array, labels = terms[0]
    return np.transpose(array, [labels.index(label) for label in output])


@lru_cache(maxsize=512)
def _contraction_order(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[tuple[int, int], ...]:
    probes = [np.broadcast_to(np.zeros(()), shape) for shape in shapes]
    path = np.einsum_path(subscripts, *probes, optimize="greedy")[0][1:]
    order: list[tuple[int, int]] = []
    for step in path:
        # A step may name more than two operands: one after another, the last result stands last.
        places = sorted(step)
        order.append((places[0], places[1]))
        count = len(shapes) - len(order)
        order += [(place - 2 - i, count - 1 - i) for i, place in enumerate(places[2:])]
    return tuple(order)


def _contract_pair(
    a: Array, a_labels: Sequence[str], b: Array, b_labels: Sequence[str], needed: set[str]
) -> tuple[Array, list[str]]:
    """The product of two labelled arrays, summed over shared labels that nobody else needs."""
    shared = [label for label in a_labels if label in b_labels]
    batch = [label for label in shared if label in needed]
    inner = [label for label in shared if label not in needed]
    left = [label for label in a_labels if label not in shared]
    right = [label for label in b_labels if label not in shared]
    labels = [*batch, *left, *right]
    a = np.transpose(a, [a_labels.index(label) for label in (*batch, *left, *inner)])
    b = np.transpose(b, [b_labels.index(label) for label in (*batch, *inner, *right)])
    batch_shape, left_shape = a.shape[: len(batch)], a.shape[len(batch) : len(batch) + len(left)]
    right_shape = b.shape[len(batch) + len(inner) :]
    if not inner:
        spread = batch_shape + left_shape + (1,) * len(right)
        return np.reshape(a, spread) * np.reshape(
            b, batch_shape + (1,) * len(left) + right_shape
        ), labels
    rows, columns = _count(left_shape), _count(right_shape)
    depth = _count(b.shape[len(batch) : len(batch) + len(inner)])
    product = np.matmul(
        a.reshape(*batch_shape, rows, depth), b.reshape(*batch_shape, depth, columns)
    )
    return product.reshape(batch_shape + left_shape + right_shape), labels


def _count(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


primitive(
    "einsum",
    evaluate=_einsum_evaluate,
    shape=_einsum_shape,
    vjp=_einsum_vjp,
    entry=_einsum_entry,
    doc="Sum of products over labelled axes.",
    family=FAMILY,
)
