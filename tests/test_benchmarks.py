"""The benchmarks run (small), and tell a miss from a hit. What they measure is not tested here."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from benchmarks import executor, formulas, loops, overhead
from benchmarks.__main__ import quantity
from benchmarks.measure import ROOT, Row, paired
from benchmarks.peers import loop_peers
from benchmarks.tape import Tape


def test_a_pair_is_a_ratio() -> None:
    row = paired("slow", lambda: sum(range(20_000)), "fast", lambda: None, rounds=3, target=1.0)
    assert row.ours > row.peer
    assert row.ratio > 1.0
    assert row.missed
    assert not Row("", 1.0, "", 1.0, 1.0).missed


def test_the_logistic_loss_is_compared_with_every_peer() -> None:
    rows = list(executor.logistic(30, 2, None))
    assert rows[0].peer_name == "NumPy by hand"


def test_a_chain_is_its_gradient() -> None:
    assert len(overhead.chain(5)) == 2


@pytest.mark.parametrize("case", loops.CASES, ids=lambda case: case.name)
def test_every_tape_gives_the_derivative_of_a_loop(case: loops.Case) -> None:
    turns = 20
    mine = loops.differentiated(case, turns)
    step = 1e-6

    def value(x: float) -> float:
        return float(case.loop(x, turns, math.sin))

    difference = (value(case.x + step) - value(case.x - step)) / (2 * step)
    assert mine == pytest.approx(difference, rel=1e-6)
    for peer in loop_peers():
        loops.check(case, peer.differentiate, turns)


def test_a_wrong_derivative_is_not_timed() -> None:
    with pytest.raises(AssertionError, match=r"and not 1\.0"):
        loops.check(loops.CASES[0], lambda loop, x, turns: 1.0, 5)


def test_a_row_is_per_turn_and_only_libraries_have_a_target() -> None:
    first, *others = loops.against_peers(loops.CASES[0], 400, 200)
    assert (first.peer_name, first.target) == ("a tape by hand", None)
    assert first.ours < 1.0
    assert all(row.target == loops.FASTER for row in others)


def test_memory_is_bytes_per_turn() -> None:
    row = loops.memory(0, 20_000)
    assert row.unit == "B"
    assert not row.ours > 20_000  # nan where the system does not tell


def test_the_tape_by_hand() -> None:
    tape = Tape()
    x, y = tape.number(3.0), tape.number(2.0)
    z = x * y / x + x.sin() * 0.5 + 1.0 * x
    assert tape.derivative(z, y) == pytest.approx(1.0)
    assert tape.derivative(z, x) == pytest.approx(0.5 * math.cos(3.0) + 1.0)
    assert z > 2.0


def test_closed_forms_are_timed_against_their_bounds() -> None:
    middle, worst = formulas.rows()
    assert 0 < middle.ours <= worst.ours


def test_wrong_parts_are_refused() -> None:
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "unknown part: nothing" in done.stderr


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1.5, "s", "1.5 s"), (0.012, "s", "12 ms"), (3.2e-5, "s", "32 µs"), (2.0, "x", "2.00 x")],
)
def test_quantities(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text
