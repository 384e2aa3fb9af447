"""Loops of scalar steps: seconds per turn and bytes per turn, traced and differentiated.

Each loop is a program of the language, and the same loop as a Python function of one scalar, which
the tapes of other people run. A time is that of the whole: record the loop, sweep it backwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from benchmarks.measure import Row, paired, processor_seconds, python
from benchmarks.peers import Derivative, Loop, loop_peers
from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.language import parse

SHORT, LONG = 100_000, 1_000_000
PEER = 10_000
"""Turns of the libraries' loops: their time per turn is the same, and 1e6 would take a minute."""

FASTER = 0.2
"""The largest ratio to a library that is fine: five times faster."""

BYTES = 1_000.0


class Case(NamedTuple):
    """A loop, in the language and in Python.

    Attributes:
        name: of the row.
        body: the turn as text, indented by eight.
        loop: the same over any scalars; `sin` is that of the library.
        x: where it is differentiated; no derivative overflows or vanishes there.
    """

    name: str
    body: str
    loop: Loop
    x: float

    def program(self, turns: int) -> str:
        """The source text."""
        return (
            f"def f(x):\n    y = x\n    for i in range({turns}):\n{self.body}\n    return y*x + x\n"
        )


def _product(x: Any, turns: int, sin: Callable[[Any], Any]) -> Any:
    y = x
    for _ in range(turns):
        y = y * x
    return y * x + x


def _newton(x: Any, turns: int, sin: Callable[[Any], Any]) -> Any:
    y = x
    for _ in range(turns):
        y = 0.5 * (y + x / y)
    return y * x + x


def _sine(x: Any, turns: int, sin: Callable[[Any], Any]) -> Any:
    y = x
    for _ in range(turns):
        y = sin(y) + 0.5
    return y * x + x


def _branches(x: Any, turns: int, sin: Callable[[Any], Any]) -> Any:
    y = x
    for _ in range(turns):
        y = y / 2 if y > 1 else y * 1.7
    return y * x + x


CASES = (
    Case("y = y*x", "        y = y*x", _product, 1.0000001),
    Case("y = 0.5*(y + x/y)", "        y = 0.5*(y + x/y)", _newton, 2.0),
    Case("y = sin(y) + 0.5", "        y = sin(y) + 0.5", _sine, 0.7),
    Case(
        "if y > 1: y = y/2 else: y = y*1.7",
        "        if y > 1:\n            y = y/2\n        else:\n            y = y*1.7",
        _branches,
        0.7,
    ),
)

MEMORY = """
import sys
from benchmarks import loops
def peak():
    lines = open('/proc/self/status').read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith('VmHWM'))
case, turns = loops.CASES[int(sys.argv[1])], int(sys.argv[2])
loops.differentiated(case, 1000)
before = peak()
loops.differentiated(case, turns)
print((peak() - before) / turns)
"""


def rows() -> Iterator[Row]:
    """Every loop against every tape; then that time is linear and memory bounded."""
    for number, case in enumerate(CASES):
        yield from against_peers(case)
        short, long = (
            min(processor_seconds(partial(differentiated, case, turns)) for _ in range(3))
            for turns in (SHORT, LONG)
        )
        yield Row("  1e6 turns, processor time", long, "1e5 turns", short, long / short, 12.0)
        yield memory(number, LONG)


def against_peers(case: Case, turns: int = SHORT, peer_turns: int = PEER) -> Iterator[Row]:
    """One row per tape that is installed: seconds per turn.

    Raises:
        AssertionError: where a derivative is not ours.
    """
    ours = partial(differentiated, case, turns)
    for peer in loop_peers():
        check(case, peer.differentiate, min(turns, peer_turns))
        row = paired(
            case.name,
            ours,
            peer.name,
            partial(peer.differentiate, case.loop, case.x, peer_turns),
            rounds=5,
        )
        yield row._replace(
            ours=row.ours / turns,
            peer=row.peer / peer_turns,
            ratio=row.ratio * peer_turns / turns,
            target=FASTER if peer.library else None,
        )


def differentiated(case: Case, turns: int) -> float:
    """The derivative: parse, record, differentiate, run."""
    program = parse(case.program(turns)).compacted()
    graph = program.trace({"x": case.x}).graph
    nodes = [node for node in gradient(graph.output, [graph.inputs["x"]]) if node is not None]
    return float(run([graph.output, *nodes], {"x": case.x})[1])


def check(case: Case, differentiate: Derivative, turns: int) -> None:
    """Nobody is timed on another task."""
    mine, theirs = differentiated(case, turns), differentiate(case.loop, case.x, turns)
    if not math.isclose(mine, theirs, rel_tol=1e-9):
        raise AssertionError(f"{case.name}: {mine!r}, and not {theirs!r}")


def memory(number: int, turns: int) -> Row:
    """Bytes per turn at the peak, in an interpreter of its own; nan where it is not told."""
    try:
        found = float(python(MEMORY, [str(number), str(turns)]))
    except FileNotFoundError:
        found = float("nan")
    return Row("  its peak memory per turn", found, "the bound", BYTES, found / BYTES, 1.0, "B")
