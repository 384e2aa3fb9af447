"""The checker itself is checked: planted bugs are found, and blamed on the right party."""

from __future__ import annotations

import numpy as np
import pytest
from verified import Case, broken, call, scaled

from gradcli.graph import OPS, apply
from gradcli.verify import verify

GENERATOR = np.random.default_rng(7)
A = GENERATOR.normal(size=(5, 3))
X = np.array([0.3, -0.7, 1.1])


def least_squares(**nodes):
    return call("sum", (nodes["A"] @ nodes["x"] - 1.0) ** 2)


WITNESSES = [("entries",), ("difference",), ("entries", "difference", "taylor")]
FORMULAS = {"x": "2*A.T@(A@x - 1)", "A": "2*outer(A@x - 1, x)"}


@pytest.mark.parametrize("witnesses", [("formula",), *WITNESSES])
def test_nothing_planted_agrees(witnesses):
    case = Case(least_squares, A=A, x=X)
    verdict = case.verdict(FORMULAS, witnesses)
    assert verdict.verdict == "agree"
    assert verdict.outlier is None
    assert all(one.ok for one in verdict.comparisons)


@pytest.mark.parametrize("witnesses", [("formula",), *WITNESSES])
@pytest.mark.parametrize("name", ["power", "matmul", "subtract", "sum"])
def test_a_rule_off_by_a_twentieth_of_a_percent(name, witnesses):
    with broken(name, scaled(name, 1.0005)):
        case = Case(least_squares, A=A, x=X)
        verdict = case.verdict(FORMULAS, witnesses)
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"


def test_the_remainder_alone_finds_it():
    with broken("power", scaled("power", 1.0005)):
        verdict = Case(least_squares, A=A, x=X).verdict(witnesses=("taylor",))
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"


@pytest.mark.parametrize("witnesses", WITNESSES)
def test_a_missing_transpose(witnesses):
    def vjp(g, out, a, b):
        return apply("matmul", g, b), apply("matmul", a, g)

    square = GENERATOR.normal(size=(3, 3))
    with broken("matmul", vjp):
        case = Case(lambda P, Q: call("sum", call("exp", P @ Q)), P=square, Q=square.T @ square)
    verdict = case.verdict(witnesses=witnesses)
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"


@pytest.mark.parametrize("witnesses", [("formula",), *WITNESSES])
def test_a_gradient_of_the_wrong_shape(witnesses):
    case = Case(least_squares, A=A, x=X)
    for wrong in (case.gradients["x"][:, None], case.gradients["x"].sum(), np.zeros((5, 3, 1))):
        verdict = case.verdict(FORMULAS, witnesses, gradients={**case.gradients, "x": wrong})
        assert verdict.verdict == "disagree"
        assert verdict.outlier == "reverse"
        assert "shape" in verdict.reasons[0]


@pytest.mark.parametrize("witnesses", [("formula",), *WITNESSES])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_number_that_is_not_finite(witnesses, number):
    case = Case(least_squares, A=A, x=X)
    wrong = case.gradients["x"].copy()
    wrong[1] = number
    verdict = case.verdict(FORMULAS, witnesses, gradients={**case.gradients, "x": wrong})
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"


def test_a_rule_that_gives_nan():
    with broken("exp", lambda g, out, x: (g * np.nan,)):
        verdict = Case(lambda x: call("sum", call("exp", x)), x=X).verdict()
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"


@pytest.mark.parametrize("witnesses", [("formula",), ("difference",), ("entries",)])
def test_one_entry_of_a_hundred_thousand(witnesses):
    x = GENERATOR.normal(size=100_000)
    case = Case(lambda x: call("sum", call("exp", -x * x)), x=x)
    wrong = case.gradients["x"].copy()
    place = int(np.argmax(np.abs(x - 0.7) < 0.01))
    wrong[place] *= 1.0005
    verdict = case.verdict({"x": "-2*x*exp(-x**2)"}, witnesses, gradients={"x": wrong})
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"
    assert f"x[{place}]" in verdict.reasons[0]


@pytest.mark.parametrize(
    "text",
    ["A.T@(A@x - 1)", "2*A.T@(A@x + 1)", "2.001*A.T@(A@x - 1)", "(2*A.T@(A@x - 1))[:, None]"],
)
def test_a_planted_formula_is_the_outlier(text):
    verdict = Case(least_squares, A=A, x=X).verdict({**FORMULAS, "x": text})
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "formula"


def test_a_planted_formula_is_the_outlier_when_it_is_the_only_witness():
    case = Case(least_squares, A=A, x=X)
    verdict = case.verdict({**FORMULAS, "x": "A.T@(A@x - 1)"}, ("formula",))
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "formula"


def test_a_wrong_formula_in_one_entry_of_a_large_array():
    x = GENERATOR.normal(size=100_000)
    case = Case(lambda x: call("sum", x * x), x=x)
    verdict = case.verdict({"x": "where(arange(100000) == 4321, 2.01*x, 2*x)"}, ("formula",))
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "formula"
    assert "x[4321]" in verdict.reasons[0]


def test_the_witnesses_read_no_rule():
    """With every rule broken, entries and differences say what they said before."""
    case = Case(least_squares, A=A, x=X)
    before = case.verdict(witnesses=("entries", "difference"))
    rules = {name: op.vjp for name, op in OPS.items()}
    settled = case.settled()
    try:
        for op in OPS.values():
            op.vjp = None
        settled.noise = {name: np.zeros(value.shape) for name, value in case.gradients.items()}
        after = verify(
            None,
            case.inputs,
            case.graph,
            case.gradients,
            {},
            witnesses=("entries", "difference"),
            settled=settled,
        )
    finally:
        for name, rule in rules.items():
            OPS[name].vjp = rule
    assert after.verdict == before.verdict == "agree"
    assert [one.other for one in after.comparisons] == [one.other for one in before.comparisons]
