"""The witness "local": derivatives op by op along a path too long for a formula."""

from __future__ import annotations

import time

import numpy as np
import pytest
from verified import Case, broken, call, scaled

from gradcli.graph import OPS, apply
from gradcli.language import parse
from gradcli.verify import verdict as stage
from gradcli.verify import verify
from gradcli.verify.bench import Bench
from gradcli.verify.forward import RULES
from gradcli.verify.local import local
from gradcli.verify.point import Point
from gradcli.verify.records import Settled

LONG = 1_500


def chain(x, length=LONG):
    """x times cos(x) times 1.0001 again and again: d/dx has the closed form below."""
    y = apply("multiply", x, apply("cos", x))
    for _ in range(length):
        y = apply("multiply", y, 1.0001)
    return call("sum", y)


def of_chain(x, length=LONG):
    return (np.cos(x) - x * np.sin(x)) * 1.0001**length


def loop(x, length=LONG):
    """Newton's square root, turn by turn: it ends at sqrt(x)."""
    y = x
    for _ in range(length // 3):
        y = apply("multiply", 0.5, apply("add", y, apply("divide", x, y)))
    return call("sum", y)


def heard(verdict, witness="local"):
    (one,) = [one for one in verdict.comparisons if one.witness == witness]
    return one


def alone(build, gradients=None, **inputs):
    """What the witness says for the first variable."""
    case = Case(build, **inputs)
    numbers = gradients or case.gradients
    point = Point(None, case.inputs, case.graph, list(numbers), False)
    return local(Bench(point, numbers, Settled(dict(numbers))), next(iter(numbers)))


# --- right gradients ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "slope"), [(chain, of_chain), (loop, lambda x: 0.5 / np.sqrt(x))]
)
@pytest.mark.parametrize("x", [1.3, [0.4, 1.3, 2.2], np.linspace(0.5, 3.0, 40)])
def test_a_long_path_agrees_with_calculus(build, slope, x):
    one = alone(build, x=x)
    assert one.ok
    assert one.compared == one.of == np.size(x)
    assert one.other == pytest.approx(slope(np.asarray(x, dtype=float)[one.index]), rel=1e-11)


def test_few_entries_are_all_looked_at_and_many_along_directions():
    few, many = alone(chain, x=np.linspace(1, 2, 8)), alone(chain, x=np.linspace(1, 2, 9))
    assert few.note == "local derivatives, 1,503 operations"
    assert many.note == "local derivatives, 1,503 operations, in random directions"


def test_a_path_that_follows_the_values_is_named():
    program = parse("x*sin(x) if x > 0 else x")
    inputs = {"x": np.array(1.3)}
    trace = program.trace(inputs)
    slope = np.sin(1.3) + 1.3 * np.cos(1.3)
    verdict = verify(program, inputs, trace.graph, {"x": np.array(slope)}, {}, witnesses=("local",))
    assert heard(verdict).ok
    assert heard(verdict).note == "local derivatives along the path taken, 2 operations"


def test_matrices_in_a_long_loop():
    """x after n turns of x <- x/2 + A x/4, whose derivative is a matrix power."""
    a = np.array([[0.3, -0.8], [0.9, 0.1]])

    def build(x, A):
        for _ in range(1_500):
            x = apply("add", apply("multiply", x, 0.5), apply("multiply", A @ x, 0.6))
        return call("sum", x)

    case = Case(build, x=[1.0, 2.0], A=a)
    one = heard(case.verdict(witnesses=("local",), gradients={"x": case.gradients["x"]}))
    power = np.linalg.matrix_power(0.5 * np.eye(2) + 0.6 * a, 1_500)
    assert one.ok
    assert one.other == pytest.approx(power.sum(axis=0)[one.index], rel=1e-9, abs=1e-300)


def test_a_hundred_thousand_steps_take_seconds():
    case = Case(lambda x: chain(x, 100_000), x=1.3)
    start = time.perf_counter()
    verdict = case.verdict(witnesses=("local",))
    assert time.perf_counter() - start < 20.0  # 3 on an idle machine
    assert verdict.verdict == "agree"
    assert heard(verdict).other == pytest.approx(of_chain(1.3, 100_000), rel=1e-10)


# --- wrong ones -----------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [1.3, [0.4, 1.3, 2.2], np.linspace(0.5, 1.2, 400)])
@pytest.mark.parametrize(
    ("build", "name", "factor"),
    [
        (chain, "cos", 1.0005),
        (chain, "multiply", 1.0 + 1e-8),
        (loop, "divide", 1.0005),
        (loop, "add", 1.0 - 1e-5),
    ],
)
def test_a_wrong_rule_is_caught_on_a_long_path(build, name, factor, x):
    with broken(name, scaled(name, factor)):
        verdict = Case(build, x=x).verdict(witnesses=("local",))
    assert heard(verdict).ok is False
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"


def test_a_swapped_product_rule_is_caught():
    def build(x, y):
        z = x
        for _ in range(1_000):
            z = apply("add", apply("multiply", z, 0.999), apply("multiply", x, y))
        return z

    with broken("multiply", lambda g, out, a, b: (g * a, g * b)):
        verdict = Case(build, x=0.3, y=0.0005).verdict(witnesses=("local",))
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "reverse"


def test_one_entry_of_many_is_named():
    x = np.linspace(0.5, 1.2, 20_000)
    case = Case(lambda x: chain(x, 200), x=x)
    wrong = case.gradients["x"].copy()
    wrong[12_345] *= 1.0005
    verdict = case.verdict(witnesses=("local",), gradients={"x": wrong})
    assert heard(verdict).index == (12_345,)
    assert heard(verdict).other == pytest.approx(of_chain(x[12_345], 200), rel=1e-11)
    assert verdict.outlier == "reverse"
    assert "x[12345]" in verdict.reasons[0]


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("count", [3, 50])
def test_a_number_that_is_not_finite(number, count):
    x = np.linspace(0.5, 1.2, count)
    wrong = Case(chain, x=x).gradients["x"].copy()
    wrong[1] = number
    one = alone(chain, {"x": wrong}, x=x)
    assert one.ok is False
    assert one.index == (1,)


def test_a_wrong_shape():
    case = Case(chain, x=[1.0, 2.0])
    verdict = case.verdict(witnesses=("local",), gradients={"x": case.gradients["x"][:, None]})
    assert verdict.verdict == "disagree"
    assert "shape" in verdict.reasons[0]


def test_a_wrong_witness_is_the_outlier(monkeypatch):
    """The referee, not the majority, decides."""

    def lying(bench, name):
        one = local(bench, name)
        one.ok, one.other = False, 2.0 * one.other
        return one

    monkeypatch.setattr(stage, "local", lying)
    verdict = Case(lambda x: chain(x, 50), x=1.3).verdict(witnesses=("local",))
    assert verdict.verdict == "disagree"
    assert verdict.outlier == "local"


def test_it_reads_no_rule():
    case = Case(loop, x=[0.5, 1.5])
    before = alone(loop, case.gradients, x=[0.5, 1.5])
    rules = {name: op.vjp for name, op in OPS.items()}
    settled = case.settled()
    settled.noise = {"x": np.zeros(2)}
    try:
        for op in OPS.values():
            op.vjp = None
        verdict = verify(
            None,
            case.inputs,
            case.graph,
            case.gradients,
            {},
            witnesses=("local",),
            settled=settled,
        )
    finally:
        for name, rule in rules.items():
            OPS[name].vjp = rule
    assert verdict.verdict == "agree"
    assert heard(verdict).other == before.other


def test_an_error_in_many_entries_that_no_sample_shows():
    """Two entries of 3,000 exchanged: only directions see it, and one of the two is named."""
    x = np.linspace(0.5, 1.2, 3_000)
    wrong = Case(lambda x: chain(x, 50), x=x).gradients["x"].copy()
    wrong[[17, 2_001]] = wrong[[2_001, 17]]
    one = alone(lambda x: chain(x, 50), {"x": wrong}, x=x)
    assert one.ok is False
    assert one.index in [(17,), (2_001,)]


# --- when it says nothing -------------------------------------------------------------------------


def test_an_op_without_a_rule_makes_it_silent(monkeypatch):
    monkeypatch.delitem(RULES, "cumsum")
    verdict = Case(lambda x: call("sum", call("cumsum", x)), x=[1.0, 2.0]).verdict(
        witnesses=("local",)
    )
    assert heard(verdict).ok is None
    assert heard(verdict).note == "no local derivative of cumsum"
    assert verdict.verdict == "agree"  # another witness was heard
    assert {one.witness for one in verdict.comparisons} == {"local", "entries"}


def test_a_path_that_would_take_too_long_is_left_alone(monkeypatch):
    monkeypatch.setattr("gradcli.verify.local.SECONDS", 0.01)
    one = alone(chain, x=1.3)
    assert one.ok is None
    assert one.note == "1,502 operations are too many for local derivatives"


def test_entries_at_a_corner_are_left_out():
    one = alone(lambda x: call("sum", call("abs", x)), x=[-1.0, 0.0, 2.0])
    assert one.ok
    assert one.compared == 2


def test_a_corner_everywhere():
    one = alone(lambda x: call("sum", call("abs", x)), x=[0.0, 0.0])
    assert one.ok is None
    assert "not finite" in one.note


# --- the order of the witnesses -------------------------------------------------------------------


def test_formula_then_entries_then_local():
    short = Case(lambda x: chain(x, 20), x=1.3)
    slope = "(cos(x) - x*sin(x))*1.0001**20"
    witnesses = ("formula",)
    names = [one.witness for one in short.verdict({"x": slope}, witnesses).comparisons]
    assert names == ["formula"]
    names = [one.witness for one in short.verdict(witnesses=witnesses).comparisons]
    assert names == ["formula", "entries"]
    long = Case(lambda x: chain(x, 60_000), x=np.linspace(0.5, 1.2, 4))
    names = [one.witness for one in long.verdict(witnesses=witnesses).comparisons]
    assert names == ["formula", "entries", "local"]


def test_local_speaks_only_where_the_formula_is_silent():
    case = Case(lambda x: chain(x, 20), x=1.3)
    every = ("formula", "entries", "local", "difference", "taylor")
    spoken = case.verdict({"x": "(cos(x) - x*sin(x))*1.0001**20"}, every)
    assert [one.witness for one in spoken.comparisons] == [
        "formula",
        "entries",
        "difference",
        "taylor",
    ]
    assert [one.witness for one in case.verdict(witnesses=every).comparisons] == list(every)
