"""The rules of a second derivative, executed with exact numbers.

Where they give what second differences of the function give, and floating point does not, digits
are lost; where they do not, a rule is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradcli.autodiff import directional, gradient
from gradcli.execute.precise import Cannot, Exact, cost
from gradcli.graph import Array, Node, constant, topological
from gradcli.ops.structure import sum_
from gradcli.verify.referee import Referee

PASS = 20_000  # scalar operations
DIGITS = 160


def executed(referee: Referee, row: Mapping[str, Array], unit: float) -> Array | None:
    """The second derivatives along a line and every entry of the variables, as the rules have them.

    Args:
        referee: of the function.
        row: the line, by variable; `unit` is what its derivative is by.

    Returns:
        One number per entry of the variables of the referee's point; None where it takes too long.
    """
    point = referee.point
    wrt = [point.frozen.inputs[name] for name in point.names]
    vectors = [
        constant(row.get(name, np.zeros(node.shape)) / unit)
        for name, node in zip(point.names, wrt, strict=True)
    ]
    total = directional(point.frozen.output, wrt, vectors)
    pulls = [None] * len(wrt) if total is None else gradient(total, wrt)
    nodes = [pull for pull in pulls if pull is not None]
    if cost(topological(nodes)) > PASS:
        return None
    try:
        exact = Exact(nodes, point.inputs, referee.scalars(DIGITS)).base()
    except Cannot:
        return None
    return np.concatenate(
        [
            np.zeros(node.size)
            if pull is None
            else np.array([float(entry) for entry in np.ravel(exact[pull.id]).tolist()])
            for pull, node in zip(pulls, wrt, strict=True)
        ]
    )


def added(nodes: Sequence[Node]) -> Node:
    """The sum of all entries of some nodes."""
    total = sum_(nodes[0])
    for node in nodes[1:]:
        total = total + sum_(node)
    return total
