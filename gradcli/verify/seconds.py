"""Before the verdict on second derivatives: kinks, and numbers that reverse mode cannot deliver.

What `settle` does for a gradient, for a Hessian and for its product with a tangent. The gradient of
a gradient graph is right where that graph is; at a point where an op inside has a kink it adds up
conventions: `norm(x)**2` has 0 at the origin instead of 2. There, and where all digits are lost,
second differences of the function (see `curvature`) say what is true. Without a kink nothing is
computed but the gradient once more, in floating point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.execute.precise import Cannot, cost
from gradcli.graph import Array, Graph
from gradcli.verify.kinks import candidates
from gradcli.verify.point import Point, random_signs, text_of
from gradcli.verify.records import Candidate, Seconds
from gradcli.verify.referee import Referee
from gradcli.verify.second_entries import Desk
from gradcli.verify.second_rules import added

PASS = 20_000  # scalar operations of one exact pass, at most
LOOKS = 4  # lines along which a program is recorded anew on both sides
SECONDS = 0.5  # for that


def settle_seconds(
    program: Any,
    inputs: Mapping[str, Any],
    graph: Graph,
    names: Sequence[str],
    matrix: Array,
    *,
    along: Mapping[str, Array] | None = None,
    dynamic: bool | None = None,
    seed: int = 0,
    lost: bool = False,
) -> Seconds | None:
    """Correct second derivatives that reverse mode gets wrong; None where nothing speaks for it.

    Args:
        program: records the graph at other values (`trace`); may be None.
        inputs: arrays by name.
        graph: the function, whose sum is differentiated.
        names: variables of the columns.
        matrix: of float64, a row per entry of the variables, or one row where there is a tangent;
            a column per entry.
        along: the tangent by variable, where `matrix` is the product with it.
        dynamic: whether the record depends on values.
        seed: for random directions.
        lost: whether to look though there is no kink, because digits seem to be lost.
    """
    large = cost(graph.nodes()) > PASS
    if large and not lost:
        return None
    point = Point(program, inputs, graph, names, dynamic)
    if not np.all(np.isfinite(run([point.frozen.output], point.inputs)[0])):
        return None
    found = _candidates(point)
    if large:
        return _unknown(point, matrix, found) if found else None
    try:
        referee = Referee(point, PASS)
        turns = point.dynamic and _turns(referee)
        if not (found or turns or lost or not np.all(np.isfinite(matrix))):
            return None
        return Desk(point, referee, found, turns, matrix, along, seed).settled(lost and not found)
    except Cannot:
        return None


def _unknown(point: Point, matrix: Array, found: Sequence[Candidate]) -> Seconds:
    """Where witnesses differ at a kink, and exact numbers are too dear to tell who is right."""
    text = text_of(found[0].node, point.graph.source)
    sentence = (
        f"perhaps not twice differentiable: `{text}` is at a kink, and the graph is too large for "
        "exact numbers"
    )
    nowhere = np.zeros(matrix.shape, dtype=bool)
    exact = np.full(matrix.shape, np.nan)
    return Seconds(matrix, exact, nowhere, kinks=[sentence], whole=False)


def _candidates(point: Point) -> list[Candidate]:
    """Kinks of the function and of its gradient: `softsign` has one in its derivative only."""
    function = candidates(point)
    mine = {node.id for node in point.frozen.nodes()}
    wrt = [point.frozen.inputs[name] for name in point.names]
    slopes = [node for node in gradient(point.frozen.output, wrt) if node is not None]
    if function or not slopes:
        return function
    total = slopes[0] if len(slopes) == 1 else added(slopes)
    below = Point(None, point.inputs, Graph(point.frozen.inputs, total), point.names, False)
    return [one for one in candidates(below) if one.node.id not in mine]


def _turns(referee: Referee) -> bool:
    """Whether the program takes another course right beside the point."""
    point = referee.point
    if 2 * LOOKS * point.seconds > SECONDS:
        return False
    rng = np.random.default_rng(0)
    for _ in range(LOOKS):
        directions = {
            name: point.natural(name) * random_signs(rng, point.inputs[name].shape)
            for name in point.names
        }
        if referee.branches(directions):
            return True
    return False
