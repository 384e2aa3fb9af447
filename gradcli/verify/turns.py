"""Branches that turn beside the point, in programs that are too large for exact numbers.

The program is recorded anew on both sides, a rounding error or so away. Where it takes another
course there, and its value jumps or its gradient is another one, there is no derivative to agree
on. Nothing is decided here about a gradient; it only throws doubt on the point.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Array, Graph
from gradcli.verify.point import Point
from gradcli.verify.records import Kink

STEP = 2.0**-40  # relative to the natural size of an entry
LONGEST = 3.0  # seconds of one evaluation, from which on no side is looked at
CLOSER = 2.0**-8  # a second look: what is smooth comes closer by as much, a corner does not
APART = 1e-3  # relative difference of gradients that are two


def turning(point: Point, gradients: Mapping[str, Array], rng: np.random.Generator) -> list[Kink]:
    """What is known of branches next to the point: at most one sentence.

    Args:
        point: the function; `point.program` records it elsewhere.
        gradients: at the point, by variable.
    """
    if not point.dynamic or point.seconds > LONGEST:
        return []
    directions = {
        name: point.natural(name) * rng.choice([-1.0, 1.0], point.inputs[name].shape)
        for name in point.names
    }
    try:
        text = _trouble(point, gradients, directions)
    except GradcliError:
        text = "perhaps not differentiable: the program fails beside this point"
    return [Kink("", (), text)] if text else []


def _trouble(
    point: Point, gradients: Mapping[str, Array], directions: Mapping[str, Array]
) -> str | None:
    """What happens on one of the sides, in a sentence; None where nothing does."""
    here = point.program.trace(dict(point.inputs))
    value = _sum(here.graph, point.inputs)
    slope = sum(float(np.sum(gradients[name] * directions[name])) for name in point.names)
    rounding = 1e3 * np.finfo(np.float64).eps * (1.0 + abs(value))
    for sign in (-1.0, 1.0):
        inputs = point.moved(directions, sign * STEP)
        there = point.program.trace(inputs)
        if there.path.course() == here.path.course():
            continue
        where = f"{there.path.difference(here.path, point.graph.source)} beside this point"
        change = abs(_sum(there.graph, inputs) - value)
        if not change <= 10 * abs(slope) * STEP + rounding:
            return f"the function jumps: {where}"
        gap = _gap(point, gradients, there.graph, inputs)
        if gap > APART:
            closer = point.moved(directions, sign * STEP * CLOSER)
            graph = point.program.trace(closer).graph
            if _gap(point, gradients, graph, closer) > 0.1 * gap:
                return f"not differentiable: {where}"
    return None


def _sum(graph: Graph, inputs: Mapping[str, Array]) -> float:
    return float(np.sum(run([graph.output], inputs)[0]))


def _gap(
    point: Point, gradients: Mapping[str, Array], graph: Graph, inputs: Mapping[str, Array]
) -> float:
    """How far the gradient on one side is from the one at the point, relative to the larger."""
    nodes = [graph.inputs[name] for name in point.names]
    worst = 0.0
    for name, node in zip(point.names, gradient(graph.output, nodes), strict=True):
        mine = np.asarray(gradients[name], dtype=np.float64)
        theirs = np.zeros(mine.shape) if node is None else run([node], inputs)[0]
        size = max(float(np.max(np.abs(each), initial=0.0)) for each in (mine, theirs, 1e-8))
        gap = float(np.max(np.abs(theirs - mine), initial=0.0)) / size
        worst = max(worst, gap if gap == gap else np.inf)
    return worst
