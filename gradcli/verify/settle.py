"""Before the verdict: kinks, and gradients that reverse mode cannot deliver.

Two things go wrong without a wrong rule. At a point that only looks like a kink the parts'
subgradients add up to something else than the derivative. And floating point can lose the digits
of a derivative whose value
is fine: `(x**2 - y**2)/(x - y)` at two close numbers. Where exact numbers are affordable, `settle`
puts the derivative in their place and says so. Where the value is lost as well, nothing is
repaired: `verify` says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcli.execute import run
from gradcli.execute.precise import Cannot
from gradcli.graph import Array, Graph
from gradcli.verify.bench import Bench
from gradcli.verify.kinks import find_kinks
from gradcli.verify.point import Point, entry_name
from gradcli.verify.records import Settled

MOST = 32  # entries that are repaired
TOTAL = 300_000  # scalar operations of all exact passes that repair


def settle(
    program: Any,
    inputs: Mapping[str, Any],
    graph: Graph,
    gradients: Mapping[str, Array],
    *,
    dynamic: bool | None = None,
    seed: int = 0,
) -> Settled:
    """Find kinks, and correct the entries that reverse mode in floating point gets wrong.

    Args:
        program: records the graph at other values (`trace`); may be None.
        inputs: arrays by name.
        graph: the recorded graph.
        gradients: of the sum of its output, by variable, each of its variable's shape.
        dynamic: whether the record depends on values; asked of the program where None.
        seed: for random directions.
    """
    settled = Settled({name: np.asarray(value) for name, value in gradients.items()})
    if any(
        name in graph.inputs and np.shape(value) != graph.inputs[name].shape
        for name, value in gradients.items()
    ):
        return settled
    point = Point(program, inputs, graph, list(gradients), dynamic)
    settled.dynamic = point.dynamic
    if not np.all(np.isfinite(run([graph.output], point.inputs)[0])):
        return settled
    bench = Bench(point, settled.gradients, settled, seed)
    find_kinks(bench)
    settled.noise = bench.measured
    _repair(Bench(point, settled.gradients, settled, seed, bench.judge))
    return settled


def _repair(bench: Bench) -> None:
    for name in bench.point.names:
        suspects = bench.suspects(name, MOST)
        if not suspects:
            continue
        try:
            referee = bench.referee()
            if _value_is_lost(bench):
                return
            done = []
            for index in suspects[: max(1, TOTAL // max(1, 2 * referee.cost))]:
                slopes = bench.slopes(name, index)
                if slopes.smooth and bench.assess(name, index, slopes.value)[0] in (
                    "rounded",
                    "lost",
                ):
                    done.append((index, slopes.value))
        except Cannot:
            return
        if done:
            _write(bench, name, done)


def _write(bench: Bench, name: str, done: list[tuple[tuple[int, ...], float]]) -> None:
    settled = bench.settled
    before = settled.gradients[name]
    after = before.copy()
    mask = settled.repaired.setdefault(name, np.zeros(before.shape, dtype=bool))
    for index, slope in done:
        after[index] = slope
        mask[index] = True
    settled.gradients[name] = after
    index, slope = done[0]
    others = f" (and {len(done) - 1} more)" if len(done) > 1 else ""
    settled.notes.append(
        f"{entry_name(name, index)}{others}: rounding errors of the reverse pass give "
        f"{float(before[index]):.6g}; "
        f"{slope:.6g}, computed with 80 digits, stands in its place"
    )


def _value_is_lost(bench: Bench) -> bool:
    """Whether floating point misses the value by half of the digits (of 1, for a small one)."""
    point = bench.point
    value = np.ravel(run([point.graph.output], point.inputs)[0]).tolist()
    exact = [
        float(entry)
        for entry in np.ravel(bench.referee().values()[point.frozen.output.id]).tolist()
    ]
    scale = max(map(abs, exact), default=1.0)
    error = max((abs(a - b) for a, b in zip(value, exact, strict=True)), default=0.0)
    return not math.isfinite(error) or error > math.sqrt(bench.epsilon) * max(scale, 1.0)
