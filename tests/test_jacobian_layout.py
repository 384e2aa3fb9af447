"""`jacobian --layout`: numbers and formula turn together, and the layout is named."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import gradcli

from gradcli import api
from gradcli.cli.commands import jacobian
from gradcli.errors import GradcliError
from gradcli.results import LAYOUTS

CASES = [
    ("A@tanh(x)", {"A": (3, 2), "x": (2,)}),
    ("x/sum(x)", {"x": (3,)}),
    ("outer(x, y)", {"x": (2,), "y": (3,)}),
    ("A@B", {"A": (3, 2), "B": (2, 4)}),
    ("A*s", {"A": (3, 2), "s": ()}),
    ("sum(x**2)", {"x": (3,)}),
    ("inv(A)@x", {"A": (2, 2), "x": (2,)}),
    ("x*sum(x)", {"x": (3, 1)}),
]
MATRIX = ("--A", "1,2;3,4;5,6", "--x", "1,2", "--wrt", "x")


@pytest.mark.parametrize(("expression", "shapes"), CASES)
def test_the_denominator_layout_has_the_axes_of_the_variable_first(expression, shapes):
    draw = np.random.default_rng(3)
    inputs = {name: draw.uniform(0.5, 1.5, shape) for name, shape in shapes.items()}
    plain = api.jacobian(expression, **inputs)
    turned = api.jacobian(expression, layout="denominator", **inputs)
    assert (plain.layout, turned.layout) == ("numpy", "denominator")
    assert turned.check.verdict == "agree"
    rank = plain.target.value.ndim
    for name, derivative in turned.gradient.items():
        moved = np.moveaxis(
            plain.gradient[name].value, range(rank), range(-rank, 0) if rank else ()
        )
        np.testing.assert_array_equal(derivative.value, moved)
        value = api.evaluate(derivative.closed.text, **used(derivative.closed.text, inputs))
        assert value.shape == derivative.value.shape
        np.testing.assert_allclose(value, derivative.value, rtol=1e-10, atol=1e-10)


def used(formula, inputs):
    """The inputs that a formula names."""
    return {name: inputs[name] for name in api.parse(formula).names if name in inputs}


def test_the_numerator_layout_is_numpys():
    inputs = {"A": [[1, 2], [3, 4]], "x": [1, 2]}
    plain, numerator = (
        api.jacobian("A@x", layout=layout, **inputs) for layout in ("numpy", "numerator")
    )
    assert numerator.layout == "numerator"
    for name, derivative in plain.gradient.items():
        np.testing.assert_array_equal(derivative.value, numerator.gradient[name].value)
        assert derivative.closed == numerator.gradient[name].closed


def test_a_vector_by_a_vector_is_transposed():
    ran = gradcli("jacobian", "A@x", *MATRIX, "--layout", "denominator")
    assert (ran.status, ran.out) == (0, "1,3,5;2,4,6\n")
    assert gradcli("jacobian", "A@x", *MATRIX).out == "1,2;3,4;5,6\n"


def test_json_names_the_layout():
    ran = gradcli("jacobian", "A@x", *MATRIX, "--layout", "denominator", "--format", "json")
    record = json.loads(ran.out)
    assert record["layout"] == "denominator"
    assert record["jacobian"]["x"]["formula"] == "A.T"
    assert record["jacobian"]["x"]["latex"] == "A^{\\top}"
    assert record["jacobian"]["x"]["shape"] == [2, 3]
    assert record["check"]["verdict"] == "agree"
    plain = json.loads(gradcli("jacobian", "A@x", *MATRIX, "--format", "json").out)
    assert plain["layout"] == "numpy"
    gradient = json.loads(gradcli("grad", "sum(x)", "--x", "1,2", "--format", "json").out)
    assert "layout" not in gradient


def test_the_terminal_names_the_layout():
    ran = gradcli("jacobian", "A@x", *MATRIX, "--layout", "denominator", "--format", "rich")
    assert "∂f/∂x = A.T   (2, 3)" in ran.out
    assert "↳ layout: denominator" in ran.out


def test_batch_knows_layouts():
    request = {"command": "jacobian", "expression": "A@x", "wrt": "x"}
    request["inputs"] = {"A": [[1, 2], [3, 4]], "x": [1, 1]}
    lines = [{**request, "layout": layout} for layout in ("denominator", "sideways")]
    ran = gradcli("batch", stdin="\n".join(map(json.dumps, lines)))
    good, bad = map(json.loads, ran.out.splitlines())
    assert (good["layout"], good["jacobian"]["x"]["formula"]) == ("denominator", "A.T")
    assert bad["error"]["message"] == "unknown layout 'sideways'"
    assert bad["error"]["hint"] == "numpy, numerator, denominator"


def test_an_unknown_layout_is_refused():
    assert gradcli("jacobian", "A@x", *MATRIX, "--layout", "sideways").status == 2
    with pytest.raises(GradcliError, match="unknown layout 'sideways'"):
        api.jacobian("A@x", A=[[1, 2], [3, 4]], x=[1, 1], layout="sideways")


def test_the_option_offers_every_layout():
    (option,) = (option for option in jacobian.command.params if option.name == "layout")
    assert tuple(option.type.choices) == LAYOUTS
