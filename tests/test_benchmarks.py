"""The benchmarks run (small), and tell a miss from a hit. What they measure is not tested here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks import executor, formulas, overhead
from benchmarks.__main__ import quantity
from benchmarks.measure import ROOT, Row, paired


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
