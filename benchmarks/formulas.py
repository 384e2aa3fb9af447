"""How long closed forms take, over known identities of matrix calculus: median and worst."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measure import ROOT, Row, seconds
from gradcli.language import parse
from gradcli.symbolic import closed_forms

MEDIAN, WORST = 0.15, 3.0
"""Seconds that are fine; no other system gives such formulas, so these bounds are the peer."""


def rows() -> Iterator[Row]:
    """The median and the worst, each against its bound."""
    cases = json.loads((ROOT / "tests" / "data" / "identities.json").read_text())
    seconds(partial(form, cases[0]))  # the imports
    times = {case["id"]: seconds(partial(form, case)) for case in cases}
    middle = median(times.values())
    worst = max(times, key=lambda name: times[name])
    name = f"closed form, median of {len(times)}"
    yield Row(name, middle, "the bound", MEDIAN, middle / MEDIAN, 1.0)
    name = f"  the worst: {worst}"
    yield Row(name, times[worst], "the bound", WORST, times[worst] / WORST, 1.0)


def form(case: dict[str, Any]) -> None:
    """Trace one expression and derive its closed form."""
    inputs = {name: np.array(value, dtype=float) for name, value in case["inputs"].items()}
    graph = parse(case["expr"]).trace(inputs, dtype="float64").graph
    closed_forms(graph, [case["wrt"]])
