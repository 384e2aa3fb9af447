"""Kinks are found where the function has one, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from verified import Case, call

from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.graph import FLOAT64, Graph, input_node
from gradcli.verify import settle, verify

ZERO = np.zeros(2)


def relu(x):
    return call("relu", x)


KINKED = {
    "abs": (lambda x: call("abs", x), {"x": [0.0, -1.0]}, "x[0]: slopes -1 and 1"),
    "norm": (lambda x: call("norm", x), {"x": ZERO}, "x[0]: slopes -1 and 1"),
    "hypot": (lambda x, y: call("hypot", x, y), {"x": 0.0, "y": 0.0}, "x: slopes -1 and 1"),
    "root of a square": (lambda x: call("sqrt", x**2), {"x": 0.0}, "x: slopes -1 and 1"),
    "relu": (relu, {"x": 0.0}, "x: slopes 0 and 1"),
    "clip": (lambda x: call("clip", x, -1.0, 1.0), {"x": 1.0}, "x: slopes 1 and 0"),
    "tie": (lambda x: call("max", x), {"x": [1.0, 3.0, 3.0]}, "x[1]: slopes 0 and 1"),
    "branch": (lambda x: call("where", x > 0, x, 0.0), {"x": 0.0}, "x: slopes 0 and 1"),
    "infinite": (lambda x: call("cbrt", x), {"x": 0.0}, "x: slopes inf and inf"),
    "edge": (lambda x: call("sqrt", x), {"x": [0.0, 4.0]}, "edge of the domain of sqrt"),
    "edge with a slope": (lambda x: x**1.5, {"x": 0.0}, "edge of the domain of power"),
    "arccos": (lambda x: call("arccos", x), {"x": 1.0}, "edge of the domain of arccos"),
    "jump": (lambda x: call("floor", x), {"x": 2.0}, "jumps at x"),
    "jump of a choice": (lambda x: call("where", x > 1, x, 0.0), {"x": 1.0}, "jumps at x"),
    "mixed": (lambda x: call("abs", call("abs", x) - 1.0), {"x": 0.0}, "x: slopes 1 and -1"),
    "slopes that do not add up": (
        lambda x: call("where", x[0] * x[1] > 0, x[0], 0.0),
        {"x": ZERO},
        "the slopes along the axes do not add up",
    ),
}

SMOOTH = {
    "square of a norm": (lambda x: call("norm", x) ** 2, {"x": ZERO}, ZERO),
    "times a norm": (lambda x: x * call("norm", x), {"x": ZERO}, ZERO),
    "root of a fourth power": (lambda x: call("sqrt", x**4), {"x": 0.0}, 0.0),
    "difference of relus": (lambda x: relu(x) - relu(-x), {"x": 0.0}, 1.0),
    "product of relus": (lambda x: relu(x) * relu(-x), {"x": 0.0}, 0.0),
    "cube of a cube root": (lambda x: call("cbrt", x) ** 3, {"x": 0.0}, 1.0),
    "absolute power": (lambda x: call("abs", x) ** 1.5, {"x": 0.0}, 0.0),
    "both extremes": (lambda x: call("max", x) + call("min", x), {"x": [2.0, 2.0]}, [1.0, 1.0]),
    "the same twice": (lambda x: call("maximum", x, x), {"x": 2.0}, 1.0),
    "sorted sum": (lambda x: call("sum", call("sort", x)), {"x": [2.0, 1.0, 2.0]}, [1, 1, 1]),
    "smooth branches": (lambda x: call("where", x > 0, call("sin", x), x), {"x": 0.0}, 1.0),
    "slow limit": (
        lambda x: call("where", x > 0, x * x * call("log", x), 0.0),
        {"x": 0.0},
        0.0,
    ),
    "limit through infinity": (lambda x: call("exp", -1.0 / x**2), {"x": 0.0}, 0.0),
    "at infinity": (lambda x: call("exp", -x), {"x": np.inf}, 0.0),
    "no jump here": (lambda x: call("trunc", x), {"x": 0.0}, 0.0),
    "sign times size": (lambda x: call("abs", x) * call("sign", x), {"x": 0.0}, 1.0),
    "a branch not taken": (
        lambda x: call("where", x > 0, call("sqrt", x), 0.0),
        {"x": -1.0},
        0.0,
    ),
    "held": (lambda x: call("abs", call("stop_gradient", x)) * x, {"x": 0.0}, 0.0),
    "far from one": (lambda x: call("norm", x), {"x": [3e-200, 4e-200]}, [0.6, 0.8]),
}


@pytest.mark.parametrize("name", KINKED)
def test_a_kink_is_found_and_named(name):
    build, inputs, words = KINKED[name]
    verdict = Case(build, **inputs).verdict()
    assert verdict.verdict == "inconclusive"
    assert any(words in reason for reason in verdict.reasons), verdict.reasons


@pytest.mark.parametrize("name", SMOOTH)
def test_a_smooth_point_is_not_taken_for_a_kink(name):
    build, inputs, expected = SMOOTH[name]
    case = Case(build, **inputs)
    assert case.verdict().verdict == "agree"
    np.testing.assert_allclose(case.settled().gradients["x"], expected, rtol=1e-12)


def test_a_corrected_entry_is_noted():
    settled = Case(lambda x: relu(x) - relu(-x), x=0.0).settled()
    assert "reverse mode" in settled.notes[0]
    assert "1 is its derivative" in settled.notes[0]
    assert settled.special["x"].all()


def test_every_entry_at_a_candidate_is_corrected():
    settled = Case(lambda x: relu(x) - relu(-x), x=[0.0, 1.0, 0.0, 0.0]).settled()
    assert settled.gradients["x"].tolist() == [1.0] * 4
    assert len(settled.notes) == 1
    assert "(and 2 more)" in settled.notes[0]


def test_many_kinks_are_summed_up():
    reasons = Case(lambda x: call("norm", x), x=np.zeros(20)).verdict().reasons
    assert len(reasons) == 4
    assert reasons[-1] == "the same in 17 more entries of x"


def test_a_nan_of_reverse_mode_at_a_false_kink_is_corrected():
    case = Case(lambda x: call("sqrt", 1.0 - call("minimum", x, 1.0) @ [1.0]), x=[2.0])
    assert not np.isfinite(case.gradients["x"]).all() or case.gradients["x"] == 0
    assert case.verdict().verdict == "agree"


def test_other_entries_are_still_compared_beside_a_kink():
    case = Case(lambda x: call("abs", x), x=[0.0, -1.0, 2.0])
    wrong = {"x": np.array([0.0, -1.0, 1.01])}
    assert case.verdict(witnesses=("entries",)).verdict == "inconclusive"
    verdict = case.verdict(witnesses=("entries",), gradients=wrong)
    assert verdict.verdict == "disagree"
    assert "x[2]" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("build", "x"),
    [
        (lambda x: call("log", x), 0.0),
        (lambda x: x / x, 0.0),
        (lambda x: call("exp", x), 1000.0),
        (lambda x: call("sum", x), np.nan),
    ],
)
def test_a_value_that_is_not_finite_is_inconclusive(build, x):
    verdict = Case(build, x=x).verdict()
    assert verdict.verdict == "inconclusive"
    assert "not finite" in verdict.reasons[0]


def test_a_derivative_too_large_for_floats():
    verdict = Case(lambda x: 1.0 / x, x=1e-200).verdict()
    assert verdict.verdict == "inconclusive"
    assert "too large for float64" in verdict.reasons[0]


@pytest.mark.parametrize(("power", "expected"), [(1.0, "inconclusive"), (2.0, "agree")])
def test_a_kink_in_one_of_many_entries(power, expected):
    x = np.random.default_rng(3).normal(size=200_000)
    x[77] = 0.0
    case = Case(lambda x: call("sum", relu(x) ** power), x=x)
    assert case.verdict(witnesses=("difference",)).verdict == expected


class Recorded:
    """A program whose record follows the value of `x`."""

    def __init__(self, build):
        self.build = build

    def trace(self, inputs, dtype="float64"):
        x = np.asarray(inputs["x"], dtype)
        node = input_node("x", x.shape, FLOAT64)
        return SimpleNamespace(graph=Graph({"x": node}, self.build(node, x)), dynamic=True)


RECORDED = {
    "corner": (lambda n, x: n**2 if x > 0 else n * 1.0, 0.0, "inconclusive"),
    "smooth": (lambda n, x: n**2 if x > 0 else n**3, 0.0, "agree"),
    "elsewhere": (lambda n, x: n**2 if x > 0 else n * 1.0, 0.5, "agree"),
    "index": (lambda n, x: n[int(np.argmax(x))], [3.0, 3.0], "inconclusive"),
    "index elsewhere": (lambda n, x: n[int(np.argmax(x))], [3.0, 2.0], "agree"),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_program_is_recorded_anew_on_both_sides(name):
    build, x, expected = RECORDED[name]
    inputs = {"x": np.asarray(x)}
    program = Recorded(build)
    graph = program.trace(inputs).graph
    (pull,) = gradient(graph.output, [graph.inputs["x"]])
    gradients = {"x": run([pull], inputs)[0]}
    settled = settle(program, inputs, graph, gradients)
    for witnesses in (("entries",), ("difference", "taylor")):
        verdict = verify(
            program, inputs, graph, settled.gradients, {}, witnesses=witnesses, settled=settled
        )
        assert verdict.verdict == expected
