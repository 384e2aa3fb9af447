"""Why a gradient is zero, missing or not finite."""

from __future__ import annotations

import numpy as np
import pytest
from verified import Case, call

from gradcli.graph import at
from gradcli.verify import explain

CASES = {
    "cut": (lambda x: call("round", x) * 2.0, 1.3, "`round` cuts the path: piecewise constant"),
    "held": (lambda x: call("stop_gradient", x) ** 2, 1.3, "stop_gradient cuts the path"),
    "comparison": (
        lambda x: call("where", x > 0, 1.0, 2.0),
        1.3,
        "`greater` cuts the path: piecewise constant",
    ),
    "inactive": (
        lambda x: call("relu", x),
        [-1.0, -2.0, -3.0, -4.0, -5.0],
        "`relu` is inactive in 5 of 5 entries",
    ),
    "flat": (lambda x: x**2, 0.0, "`power` has the derivative 0 here"),
    "cancels": (lambda x: x - x, 2.0, "its contributions cancel"),
    "infinite": (lambda x: call("sqrt", x), 0.0, "infinite slope: `sqrt` at 0"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_reason(name):
    build, x, expected = CASES[name]
    case = Case(build, x=x)
    assert explain(case.graph, case.inputs, case.gradients) == {"x": [expected]}


def test_an_input_that_is_not_used():
    case = Case(lambda x, y: x * 2.0, x=1.0, y=[1.0, 2.0])
    assert explain(case.graph, case.inputs, case.gradients) == {"y": ["y is not used"]}


def test_no_reason_for_an_ordinary_gradient():
    case = Case(lambda x: x**2, x=[0.0, 1.0])
    assert explain(case.graph, case.inputs, case.gradients) == {}


def test_a_reason_shows_the_source_text():
    source = "sum(round(x))"

    def build(x):
        with at((4, 12)):
            inner = call("round", x)
        with at((0, 13)):
            return call("sum", inner)

    case = Case(build, x=np.ones(3) * 0.3)
    case.graph.source = source
    (reason,) = explain(case.graph, case.inputs, case.gradients)["x"]
    assert reason == "`round(x)` cuts the path: piecewise constant"
