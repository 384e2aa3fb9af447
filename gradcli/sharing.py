"""When two nodes are one: keys of params, and the representative of equal nodes.

The executor and the symbolic side both compute a common subexpression once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.graph import INPUT, Node, topological

KEYED_BYTES = 4096
"""Constants up to this size are one step when their values are equal; larger ones when they are one
object.
"""


def frozen(value: Any) -> Any:
    """A hashable stand-in for a param; equal stand-ins mean equal params."""
    if isinstance(value, np.ndarray):
        if value.nbytes <= KEYED_BYTES and value.dtype != object:
            return value.shape, value.dtype.str, value.tobytes()
        return "array", id(value)
    if isinstance(value, Mapping):
        return tuple((name, frozen(each)) for name, each in value.items())
    if isinstance(value, (tuple, list)):
        return type(value).__name__, *(frozen(each) for each in value)
    if isinstance(value, slice):
        return "slice", value.start, value.stop, value.step
    if isinstance(value, float):
        return "float", value.hex()  # tells -0.0 from 0.0 and lets nan equal itself
    if isinstance(value, (str, int, bool)) or value is None or value is Ellipsis:
        return type(value).__name__, value
    return "object", id(value)


def shared(outputs: Sequence[Node]) -> dict[int, Node]:
    """For every node the outputs need, by id, the node that stands for all nodes of its value.

    Nodes are equal that apply one op to equal inputs with equal params; equal constants are one.
    """
    found: dict[Any, Node] = {}
    result: dict[int, Node] = {}
    for node in topological(outputs):
        inputs = tuple(result[parent.id] for parent in node.inputs)
        if node.op is INPUT:
            result[node.id] = node
            continue
        key = (
            node.op.name,
            tuple(parent.id for parent in inputs),
            node.dtype.char,
            frozen(node.params),
        )
        if key not in found:
            same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
            found[key] = (
                node if same else Node(node.op, inputs, node.params, node.shape, node.dtype)
            )
        result[node.id] = found[key]
    return result
