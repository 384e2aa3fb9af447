"""Stage: Graph -> gradient Graph. The one reverse pass; everything else is built on it.

Walks the nodes from the output back, calls each op's `vjp` (written in the graph's own ops), sums
the contributions at a fan-out, and un-broadcasts here and nowhere else. The result is a graph
again, so a gradient of a gradient is the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add

from gradcli.errors import GradcliError
from gradcli.graph import Node, at, constant, shape_text, topological
from gradcli.ops.arithmetic import full_like
from gradcli.ops.joins import merged_scatters
from gradcli.ops.structure import broadcast_to, unbroadcast

FEW = 16
"""Up to so many scatters into one array are summed as they are."""


Record = Callable[[Node, int, Node], object]
"""Is told a node, the position of one of its inputs, and what the node sends back there."""


def gradient(
    output: Node,
    wrt: Sequence[Node],
    cotangent: Node | None = None,
    record: Record | None = None,
) -> list[Node | None]:
    """The gradient of `sum(output * cotangent)` with respect to each of `wrt`.

    Args:
        output: any shape.
        wrt: inputs or intermediates of the graph.
        cotangent: shape of `output`; ones where None (the sum of the output's entries, as on a
        tape).
        record: is told every contribution to an adjoint, the last user first.

    Returns:
        One node per `wrt`, of its shape; None where the output does not depend on it, or only
        through cuts.

    Raises:
        GradcliError: `shape` where the cotangent does not have the output's shape.

    Example:
        >>> import numpy as np, gradcli.ops
        >>> from gradcli.execute import run
        >>> from gradcli.graph import input_node
        >>> x = input_node("x", (3,))
        >>> (g,) = gradient(x * x, [x])
        >>> run([g], {"x": np.array([1.0, 2.0, 3.0])})[0]
        array([2., 4., 6.])
    """
    if cotangent is None:
        cotangent = constant(1.0, output.dtype) if output.shape == () else full_like(output, 1.0)
    if cotangent.shape != output.shape:
        raise GradcliError(
            f"a cotangent has the shape of the target {shape_text(output.shape)}, "
            f"not {shape_text(cotangent.shape)}",
            kind="shape",
        )
    order = topological([output])
    wanted = {node.id for node in wrt}
    active = set(wanted)
    for node in order:
        if any(parent.id in active for parent in node.inputs):
            active.add(node.id)
    adjoints: dict[int, list[Node]] = {output.id: [cotangent]}
    for node in reversed(order):
        if node.id not in adjoints or node.id not in active or not node.inputs:
            continue
        g = total(adjoints[node.id])
        if node.id in wanted:
            adjoints[node.id] = [g]
        else:
            del adjoints[node.id]
        with at(node.span):
            for position, contribution in enumerate(pulled(node, g)):
                parent = node.inputs[position]
                if contribution is None or parent.id not in active or parent.dtype.kind != "f":
                    continue
                contribution = unbroadcast(contribution, parent.shape)
                assert contribution.shape == parent.shape, (
                    node.op.name,
                    contribution.shape,
                    parent.shape,
                )
                adjoints.setdefault(parent.id, []).append(contribution)
                if record is not None:
                    record(node, position, contribution)
    results: list[Node | None] = []
    for node in wrt:
        found = adjoints.get(node.id)
        results.append(None if found is None else broadcast_to(total(found), node.shape))
    return results


def pulled(node: Node, g: Node) -> Sequence[Node | None]:
    """What an operation makes of the adjoint of its output, one entry per input; None is a cut.

    Args:
        node: any operation.
        g: shape of the node.

    Returns:
        Nodes of the node's shape for an elementwise operation: an input that was repeated along an
        axis is not summed over it yet (see `unbroadcast`).
    """
    if node.op.vjp is None:
        return [None] * len(node.inputs)
    contributions = node.op.vjp(g, node, *node.inputs, **node.params)
    assert len(contributions) == len(node.inputs), node.op.name
    return contributions


def total(contributions: list[Node]) -> Node:
    """The sum of the cotangents that reach a node.

    Many entries taken one by one (`x[i]` in a loop) give many scatters: one scatter of all of them
    keeps the cost linear in the length of the program.
    """
    scattered = [node for node in contributions if node.op.name == "scatter"]
    if len(scattered) > FEW:
        others = [node for node in contributions if node.op.name != "scatter"]
        contributions = [*others, merged_scatters(scattered)]
    return reduce(add, contributions)
