"""A graph with other nodes in the place of some: functions composed, or restricted to a line."""

from __future__ import annotations

from collections.abc import Mapping

from gradcli.graph import Graph, Node, apply, topological


def substituted(output: Node, replacements: Mapping[int, Node]) -> Node:
    """The output as it is made from other nodes.

    Args:
        output: any shape.
        replacements: by the id of a node what stands in its place, of its shape and dtype.

    Returns:
        A copy of what depends on a replaced node; everything else is shared with the original.
    """
    made: dict[int, Node] = {}
    for node in topological([output]):
        if node.id in replacements:
            made[node.id] = replacements[node.id]
            continue
        inputs = tuple(made[parent.id] for parent in node.inputs)
        if all(new is old for new, old in zip(inputs, node.inputs, strict=True)):
            made[node.id] = node
            continue
        made[node.id] = copy = Node(node.op, inputs, node.params, node.shape, node.dtype)
        copy.span = node.span
    return made[output.id]


def along(graph: Graph, tangents: Mapping[str, Node], step: Node) -> Graph:
    """The function on a line through its point: every variable is `variable + step*tangent`.

    Args:
        graph: a traced graph.
        tangents: input nodes by the name of their variable, of its shape.
        step: an input node, shape ().

    Returns:
        A graph with the tangents and the step among its inputs, under their own names.

    Example:
        >>> import numpy as np, gradcli.ops
        >>> from gradcli.execute import run
        >>> from gradcli.graph import input_node
        >>> x, v, t = input_node("x", (2,)), input_node("v", (2,)), input_node("t", ())
        >>> line = along(Graph({"x": x}, x * x), {"x": v}, t)
        >>> inputs = {"x": np.array([1.0, 2.0]), "v": np.array([1.0, 0.0]), "t": np.array(2.0)}
        >>> run([line.output], inputs)[0]
        array([9., 4.])
    """
    moved = {
        graph.inputs[name].id: graph.inputs[name] + apply("multiply", step, tangent)
        for name, tangent in tangents.items()
    }
    added = {str(node.params["name"]): node for node in (*tangents.values(), step)}
    return Graph({**graph.inputs, **added}, substituted(graph.output, moved), source=graph.source)
