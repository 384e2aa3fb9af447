"""Floating point: digits that are lost are said to be lost, digits that are there are accepted."""

from __future__ import annotations

import numpy as np
import pytest
from verified import ALL, Case, call

from gradcli.graph import FLOAT32
from gradcli.verify.noise import rounding_noise


def one(x):
    return (1.0 - call("cos", x)) / x**2


LOST = {
    "1 - cos": (one, 1e-8),
    "exp - 1": (lambda x: (call("exp", x) - 1.0) / x, 1e-12),
    "exp - 1 - x": (lambda x: (call("exp", x) - 1.0 - x) / x**2, 1e-7),
}


@pytest.mark.parametrize("witnesses", [(), ("entries",), ("difference",), ALL])
@pytest.mark.parametrize("name", LOST)
def test_cancellation_is_inconclusive(name, witnesses):
    build, x = LOST[name]
    verdict = Case(build, x=x).verdict(witnesses=witnesses)
    assert verdict.verdict == "inconclusive"
    assert "lost in floating point" in verdict.reasons[0]


def test_lost_digits_blame_the_sub_expression():
    verdict = Case(one, x=1e-8).verdict()
    assert "`subtract` cancels" in verdict.reasons[0]


def test_a_gradient_is_repaired_where_the_value_is_fine():
    case = Case(lambda x, y: (x**2 - y**2) / (x - y), x=1.0, y=0.99999999)
    assert abs(case.gradients["x"] - 1.0) > 0.01
    settled = case.settled()
    assert settled.gradients["x"] == pytest.approx(1.0, rel=1e-12)
    assert settled.gradients["y"] == pytest.approx(1.0, rel=1e-12)
    assert "80 digits" in settled.notes[0]
    assert case.verdict().verdict == "agree"


@pytest.mark.parametrize(
    ("build", "x"),
    [
        (lambda x: call("exp", x) - 1.0, 1e-20),
        (lambda x: 1.0 / (1.0 - x) - 1.0 / (1.0 + x), 1e-17),
        (lambda x: call("log", x) - call("log", x - 1e-8), 1.0),
        (lambda x: x * x, 1e-200),
        (lambda x: call("log", 1.0 + call("exp", x)), -1000.0),
        (lambda x: call("tanh", x), 20.0),
        (lambda x: call("mean", x**2) - call("mean", x) ** 2, [1e4 + 1, 1e4 + 2, 1e4 + 3]),
    ],
)
def test_digits_that_do_not_matter_are_not_missed(build, x):
    assert Case(build, x=x).verdict().verdict == "agree"


def test_a_minimum_is_not_taken_for_cancellation():
    """At a minimiser the gradient is nothing but rounding of the inputs."""
    generator = np.random.default_rng(5)
    A = generator.normal(size=(6, 3))
    y = generator.normal(size=6)
    x = np.linalg.lstsq(A, y, rcond=None)[0]
    case = Case(lambda x: call("sum", (A @ x - y) ** 2), x=x)
    assert np.max(np.abs(case.gradients["x"])) < 1e-12
    assert case.verdict().verdict == "agree"


def network(x, W):
    return call("sum", call("tanh", W @ call("softplus", x)) ** 2)


@pytest.mark.parametrize("size", [3, 40])
def test_a_right_float32_gradient_agrees(size):
    generator = np.random.default_rng(2)
    inputs = {"x": generator.normal(size=size), "W": generator.normal(size=(size, size))}
    case = Case(network, dtype=FLOAT32, **inputs)
    assert case.gradients["x"].dtype == np.float32
    assert case.verdict().verdict == "agree"
    wrong = case.gradients["x"] * np.float32(1.0005)
    for witnesses in (("entries",), ("difference",)):
        verdict = case.verdict(witnesses=witnesses, gradients={**case.gradients, "x": wrong})
        assert verdict.verdict == "disagree"


def test_the_tolerance_follows_conditioning():
    inputs = {"x": np.array([1e6, 1.0, -1e6])}
    steep = Case(lambda x: call("sum", x) ** 2, **inputs).verdict(witnesses=("entries",))
    plain = Case(lambda x: call("sum", x**2), **inputs).verdict(witnesses=("entries",))
    assert steep.verdict == plain.verdict == "agree"
    assert all(one.tolerance > 0 for one in (*steep.comparisons, *plain.comparisons))
    assert steep.comparisons[0].tolerance > 1e-10


def test_noise_sees_cancellation_and_keeps_to_the_branch():
    case = Case(one, x=1e-4)
    (noise,) = rounding_noise([case.graph.output], case.inputs)
    assert 1e-9 < noise < 1e-7
    case = Case(lambda x: call("where", x * 3.0 > x * 3.0, 0.0, x), x=[1.0, 2.0])
    (noise,) = rounding_noise([case.graph.output], case.inputs)
    assert np.max(noise) < 1e-15


@pytest.mark.parametrize(
    "build",
    [
        lambda x: call("sum", call("sin", x) ** 2 + call("cos", x) ** 2),
        lambda x: call("exp", x[0]) * call("exp", -x[0]),
        lambda x: call("sum", (x * 3.0) / x),
        lambda x: call("logsumexp", call("softmax", x * 30.0)),
    ],
)
def test_a_gradient_that_cancels_to_nothing_agrees(build):
    case = Case(build, x=[1.1, 2.3, -0.7])
    for witnesses in (ALL, ("entries",), ("difference",)):
        assert case.verdict(witnesses=witnesses).verdict == "agree"
