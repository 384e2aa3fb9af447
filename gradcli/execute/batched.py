"""One graph at many values of some inputs: those carry a leading batch axis.

What does not depend on them is computed once. Axes of ops are negative, so most ops run on the
batch as they are; a few need to know where the batch axis is, and any other op runs entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.execute.run import evaluate
from gradcli.graph import CONSTANT, INPUT, Array, Node, topological

Batched = tuple[Array, bool]
"""An array, and whether its first axis is the batch."""

AS_THEY_ARE = frozenset(
    ("sum", "mean", "reshape", "transpose", "diagonal", "embed_diagonal", "softmax", "log_softmax")
)
"""Structural ops that take leading axes by themselves."""


def run_batched(
    outputs: Sequence[Node], inputs: Mapping[str, Any], batch: Mapping[str, Array]
) -> list[Array]:
    """The values of some nodes at every entry of a batch.

    Args:
        outputs: nodes of one graph.
        inputs: arrays by name, for the inputs that do not vary.
        batch: arrays by name with a leading batch axis, all of one length b >= 1.

    Returns:
        One array per output, of shape (b, *shape).
    """
    length = len(next(iter(batch.values())))
    values: dict[int, Batched] = {}
    order = topological(outputs)
    last = {parent.id: node.id for node in order for parent in node.inputs}
    kept = {node.id for node in outputs}
    with np.errstate(all="ignore"):
        for node in order:
            values[node.id] = _value(node, values, inputs, batch)
            for parent in node.inputs:
                if last[parent.id] == node.id and parent.id not in kept:
                    values.pop(parent.id, None)
    results = []
    for node in outputs:
        array, varies = values[node.id]
        results.append(array if varies else np.broadcast_to(array, (length, *node.shape)))
    return results


def _value(
    node: Node,
    values: Mapping[int, Batched],
    inputs: Mapping[str, Any],
    batch: Mapping[str, Array],
) -> Batched:
    if node.op is CONSTANT:
        return node.params["value"], False
    if node.op is INPUT:
        name = node.params["name"]
        varies = name in batch
        return np.asarray(batch[name] if varies else inputs[name], dtype=node.dtype), varies
    pairs = [values[parent.id] for parent in node.inputs]
    if not any(varies for _, varies in pairs):
        return evaluate(node, [array for array, _ in pairs]), False
    if node.op.elementwise:
        arrays = [_raised(array, varies, node.ndim) for array, varies in pairs]
        return evaluate(node, arrays), True
    if node.op.name in AS_THEY_ARE:
        return evaluate(node, [array for array, _ in pairs]), True
    rule = RULES.get(node.op.name)
    if rule is not None:
        return np.asarray(rule(node, pairs)).astype(node.dtype, copy=False), True
    return _one_by_one(node, pairs), True


def _raised(array: Array, varies: bool, rank: int) -> Array:
    """The batch axis in front of as many axes as the result has."""
    if not varies:
        return array
    missing = rank - (array.ndim - 1)
    return array.reshape(array.shape[:1] + (1,) * missing + array.shape[1:]) if missing else array


def _one_by_one(node: Node, pairs: Sequence[Batched]) -> Array:
    length = next(len(array) for array, varies in pairs if varies)
    return np.stack(
        [
            evaluate(node, [array[row] if varies else array for array, varies in pairs])
            for row in range(length)
        ]
    )


def _broadcast(node: Node, pairs: Sequence[Batched]) -> Array:
    ((x, _),) = pairs
    return np.broadcast_to(_raised(x, True, node.ndim), (len(x), *node.shape))


def _separated(index: Sequence[Any]) -> bool:
    """Whether NumPy puts the indexed axes first, in front of the batch: `x[i, :, j]`."""
    if not any(isinstance(part, np.ndarray) for part in index):
        return False
    places = [at for at, part in enumerate(index) if isinstance(part, (int, np.ndarray))]
    return places[-1] - places[0] >= len(places)


def _getitem(node: Node, pairs: Sequence[Batched]) -> Array:
    ((x, _),) = pairs
    if _separated(node.params["index"]):
        return _one_by_one(node, pairs)
    index = (slice(None), *node.params["index"])
    return np.asarray(x[index])


def _scatter(node: Node, pairs: Sequence[Batched]) -> Array:
    ((g, _),) = pairs
    if _separated(node.params["index"]):
        return _one_by_one(node, pairs)
    result = np.zeros((len(g), *node.shape), dtype=g.dtype)
    index = (slice(None), *node.params["index"])
    if any(isinstance(part, np.ndarray) for part in index):
        np.add.at(result, index, g)
    else:
        result[index] = g
    return result


def _matmul(node: Node, pairs: Sequence[Batched]) -> Array:
    (a, a_varies), (b, b_varies) = pairs
    a_rank, b_rank = node.inputs[0].ndim, node.inputs[1].ndim
    if b_rank == 1 and not a_varies and a_rank == 2:
        return np.asarray(b @ a.T)  # one product for the whole batch
    if a_rank == 1 and not b_varies and b_rank == 2:
        return np.asarray(a @ b)
    left = a[..., None, :] if a_rank == 1 else a
    right = b[..., :, None] if b_rank == 1 else b
    rank = max(a_rank, b_rank, 2)
    product = np.matmul(_raised(left, a_varies, rank), _raised(right, b_varies, rank))
    if b_rank == 1:
        product = product[..., 0]
    if a_rank == 1:
        product = product[..., 0, :] if b_rank > 1 else product[..., 0]
    return np.asarray(product)


def _einsum(node: Node, pairs: Sequence[Batched]) -> Array:
    left, result = node.params["subscripts"].split("->")
    label = next(letter for letter in "zyxwvutsrqponmlkjihgfedcbaZYX" if letter not in left)
    labels = [
        label + part if varies else part
        for part, (_, varies) in zip(left.split(","), pairs, strict=True)
    ]
    text = ",".join(labels) + "->" + label + result
    return np.asarray(np.einsum(text, *(array for array, _ in pairs), optimize=True))


RULES: dict[str, Callable[[Node, Sequence[Batched]], Array]] = {
    "broadcast_to": _broadcast,
    "getitem": _getitem,
    "scatter": _scatter,
    "matmul": _matmul,
    "einsum": _einsum,
}
