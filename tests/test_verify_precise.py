"""The exact executor: the same values as NumPy, with more digits."""

from __future__ import annotations

import numpy as np
import pytest
from verified import Case, call

from gradcli.execute.precise import Cannot, Exact, cost, exact_array
from gradcli.symbolic.scalars import mpmath_scalars
from gradcli.verify.lines import extrapolated
from gradcli.verify.point import Point
from gradcli.verify.referee import Referee

DIGITS = mpmath_scalars(40)
POSITIVE = np.array([[2.0, 0.5, 0.1], [0.5, 3.0, 0.2], [0.1, 0.2, 1.5]])

CASES = {
    "arithmetic": lambda A: (A * A - 1.0) / (A + 7.0) ** 2,
    "functions": lambda A: call("tanh", call("exp", -A)) + call("log1p", A),
    "reductions": lambda A: call("mean", A, axis=0) + call("prod", A, axis=1),
    "products": lambda A: A @ A.T @ A,
    "linear algebra": lambda A: call("inv", A) + call("det", A),
    "choices": lambda A: call("where", A > 0.3, A, -A) + call("max", A, axis=0),
    "moves": lambda A: A.T[1:, ::-1] * call("cumsum", A, axis=1)[:2],
    "spectrum": lambda A: call("eigvalsh", A),
    "softmax": lambda A: call("softmax", A, axis=-1),
}


@pytest.mark.parametrize("name", CASES)
def test_exact_values_are_numpys_values(name):
    case = Case(CASES[name], A=POSITIVE)
    output = case.graph.output
    exact = Exact([output], case.inputs, DIGITS).base()[output.id]
    assert exact.shape == output.shape
    point = Point(None, case.inputs, case.graph, ["A"])
    np.testing.assert_allclose(exact.astype(float), point.outputs(case.inputs), rtol=1e-12)


def test_moved_inputs_change_what_depends_on_them():
    case = Case(lambda x, y: call("exp", x) * y, x=1.0, y=2.0)
    exact = Exact([case.graph.output], case.inputs, DIGITS)
    (moved,) = exact.moved({"y": exact_array(3.0, DIGITS)})
    assert moved.item() == 3 * DIGITS.exp(1)
    assert exact.base()[case.graph.output.id].item() == 2 * DIGITS.exp(1)


def test_poles_follow_ieee():
    case = Case(lambda x: call("exp", -1.0 / x**2) + 1.0 / (1.0 / x), x=[0.0, 1.0])
    value = Exact([case.graph.output], case.inputs, DIGITS).base()[case.graph.output.id]
    assert value[0] == 0


def test_numbers_beyond_every_exponent_stay_cheap():
    case = Case(lambda x: call("exp", call("exp", call("exp", x))) ** -3.0, x=[50.0, 1.0])
    value = Exact([case.graph.output], case.inputs, DIGITS).base()[case.graph.output.id]
    assert value[0] == 0


def test_an_op_without_exact_path_is_said_to_have_none():
    case = Case(lambda x: call("exp", x), x=1.0)
    op = case.graph.output.op
    formula, op.symbolic, op.elementwise = op.symbolic, None, False
    try:
        with pytest.raises(Cannot, match="exp has no exact path"):
            Exact([case.graph.output], case.inputs, DIGITS).base()
    finally:
        op.symbolic, op.elementwise = formula, True


def test_a_large_graph_is_refused_before_it_runs():
    case = Case(lambda x: call("exp", x), x=np.ones(100_000))
    point = Point(None, case.inputs, case.graph, ["x"])
    with pytest.raises(Cannot, match="too large"):
        Referee(point)


def test_cost_counts_products():
    case = Case(lambda A: A @ A, A=np.ones((10, 10)))
    assert 1000 <= cost(case.graph.nodes()) <= 1200


@pytest.mark.parametrize(
    ("build", "x", "expected"),
    [
        (lambda x: call("exp", x), 0.3, np.exp(0.3)),
        (lambda x: call("sin", x), 1e6, np.cos(1e6)),
        (lambda x: x**3, 1e-100, 3e-200),
        (lambda x: x * 1e200, 1e100, 1e200),
    ],
)
def test_slopes_of_smooth_functions(build, x, expected):
    case = Case(build, x=x)
    slopes = Referee(Point(None, case.inputs, case.graph, ["x"])).entry("x", ())
    assert slopes.smooth
    assert slopes.value == pytest.approx(expected, rel=1e-14)


def test_the_extrapolation_bounds_its_own_error():
    for noise in (1e-16, 1e-12, 1e-8):
        generator = np.random.default_rng(1)

        def quotient(step, noise=noise, generator=generator):
            ahead, behind = (np.exp(0.3 + s) + noise * generator.normal() for s in (step, -step))
            return (ahead - behind) / (2 * step)

        slope, bound = extrapolated(quotient, noise)
        assert abs(slope - np.exp(0.3)) <= 8 * bound
        assert bound < 1e5 * noise
