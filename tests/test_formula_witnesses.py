"""Closed forms of known identities, held in four ways: at the sizes of the inputs, at other sizes,
at 30 digits against explicit SymPy entries, and in length against a reference text.

`data/identities.json` has an expression, a variable, inputs, and the form that a textbook gives.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
import sympy

import gradcli.ops  # noqa: F401  (fills the registries)
from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.execute.precise import Cannot, Exact
from gradcli.graph import Graph
from gradcli.language import parse
from gradcli.results import Closed
from gradcli.road.answering import closed_forms_of
from gradcli.symbolic.scalars import mpmath_scalars, sympy_scalars
from gradcli.symbolic.sympy_functions import own

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent / "data" / "identities.json").read_text())
}
TOKEN = re.compile(r"[A-Za-z_]\w*|\d+\.?\d*(?:e[+-]?\d+)?|\.T\b|\*\*|[<>=]=|\S")

A_NUMBER = "a size that the program asks for is a number when it is traced"
FIXED_SIZES = {
    "geno-elastic-net": A_NUMBER,
    "geometric-mean": A_NUMBER,
    "attention-values": A_NUMBER,
    "attention-queries": A_NUMBER,
    "kron-vector-form": "the vector has as many entries as the product has columns",
}
"""Expressions whose formula, or whose inputs, are of these sizes only."""

LONGER = {"layer-norm-vector"}
"""More than twice as long as the reference when written out; less with its `where` lines."""


def inputs_of(case: dict[str, Any]) -> dict[str, Any]:
    return {name: np.array(value, dtype=float) for name, value in case["inputs"].items()}


def traced(text: str, inputs: dict[str, Any]) -> Graph:
    return parse(text).trace(inputs, dtype="float64").graph


def evaluated(text: str, inputs: dict[str, Any]) -> Any:
    return run([traced(text, inputs).output], inputs)[0]


def reverse(case: dict[str, Any], inputs: dict[str, Any]) -> Any:
    graph = traced(case["expr"], inputs)
    (node,) = gradient(graph.output, [graph.inputs[case["wrt"]]])
    return run([node], inputs)[0]


@cache
def closed_form(name: str) -> Closed:
    case = CASES[name]
    graph = traced(case["expr"], inputs_of(case))
    return closed_forms_of(graph, [case["wrt"]])[case["wrt"]]


def formula(name: str) -> str:
    closed = closed_form(name)
    assert closed.text is not None, closed.reason
    return closed.text


def length(text: str) -> int:
    return len(TOKEN.findall(text))


def resized(case: dict[str, Any]) -> dict[str, Any]:
    """Inputs of the same kind, every axis longer by two (an axis of size 1 stays)."""
    rng = np.random.default_rng(7)
    made = {}
    for name, old in inputs_of(case).items():
        shape = tuple(size + 2 if size > 1 else 1 for size in old.shape)
        new = rng.normal(size=shape)
        if set(np.unique(old)) <= {-1.0, 1.0}:
            new = np.sign(new)
        elif np.all(old >= 0) and np.allclose(old.sum(axis=-1), 1.0) and old.ndim:
            new = rng.uniform(0.5, 1.5, shape)
            new /= new.sum(axis=-1, keepdims=True)
        elif np.all(old > 0) and np.all(old < 1):
            new = rng.uniform(0.2, 0.8, shape)
        elif np.all(old > 0):
            new = rng.uniform(0.5, 1.5, shape)
        if old.ndim == 2 and old.shape[0] == old.shape[1] and np.allclose(old, old.T):
            new = (new + new.T) / 2
            if np.all(np.linalg.eigvalsh(old) > 0):
                new = new @ new.T + shape[0] * np.eye(shape[0])
        made[name] = new
    return made


@pytest.mark.parametrize("name", CASES)
def test_it_has_the_numbers_of_reverse_mode(name: str) -> None:
    inputs = inputs_of(CASES[name])
    got, want = evaluated(formula(name), inputs), reverse(CASES[name], inputs)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", [name for name in CASES if name not in FIXED_SIZES])
def test_it_holds_at_other_sizes(name: str) -> None:
    inputs = resized(CASES[name])
    want = reverse(CASES[name], inputs)
    assert np.all(np.isfinite(want))
    got = evaluated(formula(name), inputs)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-9 * max(1.0, np.abs(want).max()))


@pytest.mark.parametrize("name", CASES)
def test_it_has_30_digits_of_explicit_entries(name: str) -> None:
    case = CASES[name]
    inputs = inputs_of(case)
    output = traced(formula(name), inputs).output
    found = Exact([output], inputs, mpmath_scalars(50)).base()[output.id]
    entry = np.unravel_index(inputs[case["wrt"]].size // 2, inputs[case["wrt"]].shape)
    got = np.asarray(found, dtype=object)[entry]
    want = explicit_slope(name, entry) or slope_by_differences(case, inputs, entry)
    assert abs(sympy.Float(str(got), 45) - want) < 1e-29 * max(1.0, abs(float(want)))


def test_most_entries_are_explicit() -> None:
    explicit = [name for name in CASES if explicit_slope(name, first_entry(name)) is not None]
    assert len(explicit) >= 40


def first_entry(name: str) -> Any:
    return (0,) * np.ndim(CASES[name]["inputs"][CASES[name]["wrt"]])


def explicit_slope(name: str, entry: Any) -> Any:
    """The derivative of the target by one entry, a SymPy symbol among numbers; None where an op
    does not work on symbols."""
    case = CASES[name]
    inputs = inputs_of(case)
    output = traced(case["expr"], inputs).output
    exact = Exact([output], inputs, mpmath_scalars(50), sympy_scalars())
    symbol = sympy.Symbol("e", real=True)
    value = sympy.sympify(exact.inputs[case["wrt"]][entry], strict=True)
    exact.inputs[case["wrt"]][entry] = symbol
    try:
        total = exact.base()[output.id]
    except Cannot:
        return None
    total = np.ravel(np.asarray(total, dtype=object))[0]
    return own(sympy.diff(total, symbol)).evalf(40, subs={symbol: value})


def slope_by_differences(case: dict[str, Any], inputs: dict[str, Any], entry: Any) -> Any:
    """The same from two values with 120 digits, 2e-40 apart."""
    output = traced(case["expr"], inputs).output
    scalars = mpmath_scalars(120)
    step = scalars.mp.mpf(10) ** -40
    values = []
    for sign in (1, -1):
        exact = Exact([output], inputs, scalars)
        exact.inputs[case["wrt"]][entry] += sign * step
        values.append(np.ravel(np.asarray(exact.base()[output.id], dtype=object))[0])
    return sympy.Float(str((values[0] - values[1]) / (2 * step)), 60)


@pytest.mark.parametrize("name", [name for name in CASES if name not in LONGER])
def test_it_is_at_most_twice_as_long_as_the_reference(name: str) -> None:
    assert length(formula(name)) <= 2 * length(CASES[name]["closed"]), formula(name)


@pytest.mark.parametrize("name", sorted(LONGER))
def test_a_long_one_is_short_as_it_is_shown(name: str) -> None:
    closed = closed_form(name)
    shown = f"{closed.short} " + " ".join(f", {t} = {text}" for t, text in closed.shared)
    assert length(shown) <= 1.2 * length(CASES[name]["closed"]), shown
    assert length(formula(name)) > 2 * length(CASES[name]["closed"]), "take it off the list"


def test_the_median_is_at_most_a_fifth_longer() -> None:
    ratios = [length(formula(name)) / length(case["closed"]) for name, case in CASES.items()]
    assert len(ratios) >= 60
    assert median(ratios) <= 1.2


def test_the_reference_texts_are_right() -> None:
    for case in CASES.values():
        inputs = inputs_of(case)
        got = np.broadcast_to(evaluated(case["closed"], inputs), inputs[case["wrt"]].shape)
        np.testing.assert_allclose(got, reverse(case, inputs), rtol=1e-6, atol=1e-8)
