"""What one operation costs when its arrays are tiny, and that a long program costs its length."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import gradcli.ops  # noqa: F401  (fills the registries)
from benchmarks.measure import Row, paired, seconds
from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.graph import Node, input_node

SHORT, LONG = 100_000, 1_000_000


def chain(length: int) -> list[Node]:
    """`x*1.0000001` so many times, and its gradient."""
    x = y = input_node("x", ())
    for _ in range(length):
        y = y * 1.0000001
    return [y, *(node for node in gradient(y, [x]) if node is not None)]


def python_chain(length: int) -> float:
    """The same value in a Python loop: the floor."""
    y = 1.5
    for _ in range(length):
        y = y * 1.0000001
    return y


def rows() -> Iterator[Row]:
    """Microseconds per op; the time of a chain of 1e6 ops against that of 1e5."""
    outputs = chain(10_000)
    row = paired(
        "a scalar op of a graph, run with its gradient",
        lambda: run(outputs, {"x": 1.5}),
        "a Python loop",
        lambda: python_chain(10_000),
    )
    yield row._replace(ours=row.ours / 10_000, peer=row.peer / 10_000)
    yield _against_autograd(row.ours / 10_000)
    short, long = (seconds(partial(_whole, length)) for length in (SHORT, LONG))
    yield Row("record, differentiate, run 1e6 ops", long, "1e5 ops", short, long / short, 15.0)


def _against_autograd(ours: float) -> Row:
    try:
        import autograd
    except ImportError:
        return Row("  (autograd is not installed)", ours, "-", float("nan"), float("nan"))

    def loop(x: Any) -> Any:
        for _ in range(1000):
            x = x * 1.0000001
        return x

    both = autograd.value_and_grad(loop)
    whole = paired("", lambda: _whole(1000), "", lambda: both(1.5))
    return Row(
        "  recorded and differentiated as well",
        whole.ours / 1000,
        "autograd",
        whole.peer / 1000,
        whole.ratio,
    )


def _whole(length: int) -> None:
    run(chain(length), {"x": 1.5})
