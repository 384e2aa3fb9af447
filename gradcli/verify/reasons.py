"""Why a gradient is zero, missing or not finite: one sentence, with the sub-expression to blame.

The cotangents of all nodes are computed once more; a reason is the place where they stop: a cut, a
rule that multiplies by 0, a local derivative that is infinite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.graph import CONSTANT, INPUT, Array, Graph, Node, constant
from gradcli.verify.point import entry_name, text_of, walk

MOST_NODES = 2_000
MOST_ELEMENTS = 5_000_000
SHOWN = 3

INACTIVE = frozenset({"relu", "maximum", "minimum", "where", "clip", "max", "min"})
"""Ops that pass on one of their inputs, or none."""


def explain(
    graph: Graph, inputs: Mapping[str, Any], gradients: Mapping[str, Array]
) -> dict[str, list[str]]:
    """The reasons by variable; no entry for a gradient that is finite and not all zero.

    Args:
        graph: the recorded graph.
        inputs: arrays by name.
        gradients: of the sum of its output, by variable.

    Example:
        >>> import numpy as np, gradcli.ops
        >>> from gradcli.graph import Graph, input_node
        >>> x = input_node("x", (2,))
        >>> explain(Graph({"x": x}, x * 0.0), {"x": np.ones(2)}, {"x": np.zeros(2)})
        {'x': ['`multiply` has the derivative 0 here']}
    """
    wanted = {
        name: np.asarray(value)
        for name, value in gradients.items()
        if np.size(value) and (not np.any(value) or not np.all(np.isfinite(value)))
    }
    if not wanted:
        return {}
    nodes = graph.nodes()
    if len(nodes) > MOST_NODES or sum(node.size for node in nodes) > MOST_ELEMENTS:
        return {}
    inside = {node.id for node in nodes}
    reasons: dict[str, list[str]] = {}
    flows: dict[int, Array] | None = None
    for name, value in wanted.items():
        variable = graph.inputs.get(name)
        if variable is None or variable.id not in inside:
            reasons[name] = [f"{name} is not used"]
            continue
        below = _below(nodes, variable)
        if flows is None:
            flows = _cotangents(graph, nodes, inputs)
        if np.all(np.isfinite(value)):
            reasons[name] = _why_zero(graph, nodes, below, flows, inputs)
        else:
            reasons[name] = _why_not_finite(graph, nodes, below, flows, inputs)
    return {name: texts for name, texts in reasons.items() if texts}


def first_not_finite(graph: Graph, inputs: Mapping[str, Any]) -> str | None:
    """Where the value stops being finite: an input, or the first sub-expression; else None."""
    for name, node in graph.inputs.items():
        array = np.asarray(inputs[name])
        if node.dtype.kind == "f" and not np.all(np.isfinite(array)):
            index = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
            return f"{entry_name(name, index)} is {_number(array[index])}"
    for node, _, value in walk([graph.output], inputs):
        if value.dtype.kind == "f" and not np.all(np.isfinite(value)):
            index = tuple(map(int, np.argwhere(~np.isfinite(value))[0]))
            place = f" at {list(index)}" if index else ""
            return f"`{text_of(node, graph.source)}` is {_number(value[index])}{place}"
    return None


def _below(nodes: Sequence[Node], variable: Node) -> set[int]:
    reached = {variable.id}
    for node in nodes:
        if any(parent.id in reached for parent in node.inputs):
            reached.add(node.id)
    return reached


def _cotangents(graph: Graph, nodes: Sequence[Node], inputs: Mapping[str, Any]) -> dict[int, Array]:
    """The cotangent of each node that receives one."""
    inner = [node for node in nodes if node.op is not CONSTANT and node.dtype.kind == "f"]
    found = [
        (node, pull)
        for node, pull in zip(inner, gradient(graph.output, inner), strict=True)
        if pull is not None
    ]
    arrays = run([pull for _, pull in found], inputs)
    return {node.id: array for (node, _), array in zip(found, arrays, strict=True)}


def _why_zero(
    graph: Graph,
    nodes: Sequence[Node],
    below: set[int],
    flows: Mapping[int, Array],
    inputs: Mapping[str, Any],
) -> list[str]:
    """Nodes that receive something and pass nothing on to the variable."""
    texts = []
    for node in reversed(nodes):
        if node.id not in below or node.op is INPUT:
            continue
        arriving = flows.get(node.id)
        idle = arriving is None or not np.any(arriving)
        if idle and (node.dtype.kind == "f" or not _feeds(node, nodes, flows)):
            continue
        parents = [parent for parent in node.inputs if parent.id in below]
        if any(np.any(flows[parent.id]) for parent in parents if parent.id in flows):
            continue
        text = text_of(node, graph.source)
        if arriving is not None and _passes(node, parents, arriving, inputs):
            texts.append("its contributions cancel")
        elif node.op.vjp is None:
            texts.append(_cut(node, text))
        elif all(parent.dtype.kind != "f" for parent in parents):
            continue
        elif node.op.name in INACTIVE:
            count = 0 if arriving is None else int(np.count_nonzero(arriving))
            entries = "entry" if count == 1 else "entries"
            texts.append(f"`{text}` is inactive in {count} of {count} {entries}")
        else:
            texts.append(f"`{text}` has the derivative 0 here")
    return list(dict.fromkeys(texts))[:SHOWN] or ["every path to it is multiplied by 0"]


def _passes(
    node: Node, parents: Sequence[Node], arriving: Array, inputs: Mapping[str, Any]
) -> bool:
    """Whether a node passes on something by itself, that another contribution then cancels."""
    if node.op.vjp is None:
        return False
    pulls = node.op.vjp(constant(arriving), node, *node.inputs, **node.params)
    wanted = [
        pull
        for pull, parent in zip(pulls, node.inputs, strict=True)
        if pull is not None and parent in parents
    ]
    return any(bool(np.any(array)) for array in run(wanted, inputs))


def _feeds(node: Node, nodes: Sequence[Node], flows: Mapping[int, Array]) -> bool:
    """Whether a truth value or position goes into something that receives a cotangent."""
    return any(
        node in user.inputs and (user.dtype.kind != "f" or np.any(flows.get(user.id, 0.0)))
        for user in nodes
    )


def _cut(node: Node, text: str) -> str:
    if node.op.name == "stop_gradient":
        return "stop_gradient cuts the path"
    return f"{_named(node, text)} cuts the path: {node.op.cut}"


def _named(node: Node, text: str) -> str:
    """The op and the sub-expression, once where the text says both."""
    name = node.op.name
    if node.op.family == "tape":
        return text
    return f"`{text}`" if text == name or f"{name}(" in text else f"`{name}` in `{text}`"


def _why_not_finite(
    graph: Graph,
    nodes: Sequence[Node],
    below: set[int],
    flows: Mapping[int, Array],
    inputs: Mapping[str, Any],
) -> list[str]:
    """Nodes that receive a finite cotangent and pass on one that is not."""
    trouble = first_not_finite(graph, inputs)
    texts = []
    arrays = {node.id: (parts, value) for node, parts, value in walk([graph.output], inputs)}
    for node in reversed(nodes):
        if node.id not in below or node.id not in arrays:
            continue
        arriving = flows.get(node.id)
        if arriving is None or not np.all(np.isfinite(arriving)):
            continue
        parts = arrays[node.id][0]
        for parent, part in zip(node.inputs, parts, strict=True):
            flow = flows.get(parent.id)
            if parent.id not in below or flow is None or np.all(np.isfinite(flow)):
                continue
            index = tuple(map(int, np.argwhere(~np.isfinite(flow))[0]))
            at = _number(np.asarray(part)[index])
            zero = arriving.shape == flow.shape and arriving[index] == 0
            what = "0 × inf" if zero else "infinite slope"
            text = text_of(node, graph.source)
            texts.append(f"{what}: {_named(node, text)} at {at}")
            break
    if not texts and trouble is not None:
        texts.append(f"the value is not finite: {trouble}")
    return list(dict.fromkeys(texts))[:SHOWN]


def _number(value: Any) -> str:
    return f"{float(value):.6g}"
