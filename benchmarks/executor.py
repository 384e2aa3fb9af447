"""Values and gradients of whole expressions against hand-written NumPy and the autodiff
libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measure import Row, paired, python
from benchmarks.peers import Peer, logistic_peers
from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.language import parse

LARGE = 10_000_000
LOGISTIC = "sum(log(1+exp(-y*(X@w))))"

MEMORY = """
import sys
import numpy as np
def peak():
    lines = open('/proc/self/status').read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith('VmHWM'))
import benchmarks.executor as executor
work = executor.prepared('2*x.T@x', {'x': np.ones(4)}, ['x'])
before = peak()
x = np.linspace(0.0, 1.0, executor.LARGE)
work = executor.prepared('2*x.T@x', {'x': x}, ['x'])
result = work()
print((peak() - before) / x.nbytes)
"""


def prepared(expression: str, inputs: Mapping[str, Any], wrt: list[str]) -> Callable[[], list[Any]]:
    """A function that computes value and gradients, traced and differentiated beforehand."""
    graph = parse(expression).trace(dict(inputs), dtype="float64").graph
    found = gradient(graph.output, [graph.inputs[name] for name in wrt])
    outputs = [graph.output, *(node for node in found if node is not None)]
    return lambda: run(outputs, inputs)


def rows() -> Iterator[Row]:
    """The large quadratic form in time and memory; the logistic loss small and large."""
    yield quadratic()
    try:
        arrays = float(python(MEMORY))
    except FileNotFoundError:
        arrays = float("nan")
    yield Row("  its peak memory", arrays, "arrays of that size", 1.0, arrays, 4.0, "x")
    for rows_, columns, target in ((569, 30, None), (1_000_000, 10, 1.2)):
        yield from logistic(rows_, columns, target)


def quadratic() -> Row:
    """The first example, large."""
    x = np.linspace(0.0, 1.0, LARGE)

    def by_hand() -> tuple[Any, Any]:
        return 2 * (x @ x), 4 * x

    ours = prepared("2*x.T@x", {"x": x}, ["x"])
    return paired("2*x.T@x, n = 1e7", ours, "v = 2*(x@x); g = 4*x", by_hand, target=1.5)


def logistic(rows_: int, columns: int, target: float | None) -> Iterator[Row]:
    """Value and gradient of the logistic loss, against each peer that is installed."""
    rng = np.random.default_rng(0)
    inputs = {
        "X": rng.normal(size=(rows_, columns)),
        "y": np.sign(rng.normal(size=rows_)),
        "w": rng.normal(size=columns) / columns,
    }
    ours = prepared(LOGISTIC, inputs, ["w"])
    want = logistic_by_hand(**inputs)
    by_hand: Peer = ("NumPy by hand", partial(logistic_by_hand, **inputs))
    for name, peer in (by_hand, *logistic_peers(inputs)):
        for got, wanted in zip(peer(), want, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-8, atol=1e-8)
        yield paired(
            f"logistic loss, {rows_} x {columns}",
            ours,
            name,
            peer,
            target=target if name == by_hand[0] else None,
        )


def logistic_by_hand(X: Any, y: Any, w: Any) -> tuple[Any, Any]:
    """What one writes without a tool."""
    e = np.exp(-y * (X @ w))
    return np.sum(np.log(1 + e)), X.T @ (-y * e / (1 + e))
