"""Stage: Graph + arrays -> arrays. Runs a plan: every needed node once, buffers freed when dead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import CONSTANT, INPUT, Array, Node, topological


def run(outputs: Sequence[Node], inputs: Mapping[str, Any]) -> list[Array]:
    """The values of some nodes.

    Args:
        outputs: nodes of one graph.
        inputs: arrays by input name, each of its input node's shape.

    Returns:
        One array per output, of its shape and dtype. Floating point problems give inf or nan, as in
        IEEE arithmetic; nothing is printed.
    """
    order = topological(outputs)
    last: dict[int, int] = {}
    for node in order:
        for parent in node.inputs:
            last[parent.id] = node.id
    kept = {node.id for node in outputs}
    values: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        for node in order:
            if node.op is CONSTANT:
                values[node.id] = node.params["value"]
            elif node.op is INPUT:
                values[node.id] = np.asarray(inputs[node.params["name"]], dtype=node.dtype)
            else:
                values[node.id] = evaluate(node, [values[parent.id] for parent in node.inputs])
            for parent in node.inputs:
                if last[parent.id] == node.id and parent.id not in kept:
                    values.pop(parent.id, None)
    return [values[node.id] for node in outputs]


def evaluate(node: Node, arrays: Sequence[Array]) -> Array:
    """One op on arrays; a failure inside NumPy is an error that points at the node's source."""
    try:
        result = np.asarray(node.op.evaluate(*arrays, **node.params))
    except np.linalg.LinAlgError as error:
        raise GradcliError(f"{node.op.name}: {str(error).lower()}", kind="value", span=node.span) from None
    except MemoryError:
        raise GradcliError(f"{node.op.name}: out of memory", kind="limit", span=node.span) from None
    except GradcliError as error:
        raise error.located(node.span) from None
    return result.astype(node.dtype, copy=False)
