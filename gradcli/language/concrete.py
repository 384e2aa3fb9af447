"""Values of nodes while the program is still being recorded: for branches, masks and positions.

Each node runs once per trace; what has been computed is kept, so a loop that asks again and again
costs what it records.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import CONSTANT, INPUT, Array, Node


class Values:
    """The values of nodes at the inputs of one trace.

    Attributes:
        dynamic: whether a value that was asked for depends on an input.
    """

    def __init__(self, inputs: Mapping[str, Array]) -> None:
        self.dynamic = False
        self._inputs = inputs
        self._known: dict[int, tuple[Array, bool]] = {}

    def of(self, node: Node) -> Array:
        """The array of a node; what follows from it depends on the values."""
        value = self.peek(node)
        self.dynamic |= self._known[node.id][1]
        return value

    def peek(self, node: Node) -> Array:
        """The array of a node, to be recorded and not to be decided by."""
        stack = [node]
        with np.errstate(all="ignore"):
            while stack:
                last = stack[-1]
                missing = [parent for parent in last.inputs if parent.id not in self._known]
                if missing and last.id not in self._known:
                    stack.extend(missing)
                    continue
                stack.pop()
                if last.id not in self._known:
                    self._known[last.id] = self._compute(last)
        return self._known[node.id][0]

    def _compute(self, node: Node) -> tuple[Array, bool]:
        if node.op is CONSTANT:
            return node.params["value"], False
        if node.op is INPUT:
            return self._inputs[node.params["name"]], True
        pairs = [self._known[parent.id] for parent in node.inputs]
        depends = any(flag for _, flag in pairs)
        try:
            result = node.op.evaluate(*(array for array, _ in pairs), **node.params)
        except np.linalg.LinAlgError as error:
            text = str(error).lower()
            raise GradcliError(f"{node.op.name}: {text}", span=node.span) from None
        except MemoryError:
            raise GradcliError(
                f"{node.op.name}: out of memory", kind="limit", span=node.span
            ) from None
        return np.asarray(result).astype(node.dtype, copy=False), depends


def plain(array: Array) -> bool | int | float | Array:
    """A scalar as Python's own number, whole floats as integers; positions as integers."""
    if array.ndim == 0:
        value = array.item()
        return int(value) if isinstance(value, float) and value.is_integer() else value
    return array
