"""Second derivatives where an op inside has a kink: true where they exist, else said not to.

Reverse mode adds up conventions there. The truths are Taylor coefficients taken by hand.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import gradcli as command
from verified import broken, scaled

import gradcli

ORIGIN = np.zeros(2)
A = np.array([[1.0, 2.0], [3.0, 4.0]])
DROP_WAVE = "-(1 + cos(12*sqrt(x[0]**2 + x[1]**2)))/(0.5*(x[0]**2 + x[1]**2) + 2)"
TWICE = "where(norm(x) > 0, {}, 0)"
SAFE = "where(norm(x) > 0, norm(x)**2, 1)"  # x@x, and no quotient by 0 in the branch not taken


def blocks(expression, **inputs):
    """The Hessian by `row,column`, and the result that it is of."""
    result = gradcli.hessian(expression, **inputs)
    return {key: one.value for key, one in result.gradient.items()}, result


EXISTS = {
    # sqrt(x@x)**2 = x@x
    "square of a norm": ("norm(x)**2", ORIGIN, 2 * np.eye(2)),
    "square of a root": ("sqrt(x[0]**2 + x[1]**2)**2", ORIGIN, 2 * np.eye(2)),
    "square of a distance": ("norm(x - array([1, 2]))**2", [1.0, 2.0], 2 * np.eye(2)),
    # |A x|**2 = x' A'A x
    "square of a residual": ("norm(array([[1, 2], [3, 4]])@x)**2", ORIGIN, 2 * A.T @ A),
    # cos r = 1 - r**2/2 + ...
    "cosine of a norm": ("cos(norm(x))", ORIGIN, -np.eye(2)),
    # -(2 - 72 r**2)/(2 + r**2/2) = -(1 - 36 r**2)(1 - r**2/4) = -1 + 36.25 r**2
    "drop wave": (DROP_WAVE, ORIGIN, 72.5 * np.eye(2)),
    # r tanh r = r**2 - ...
    "norm times its tanh": ("norm(x)*tanh(norm(x))", ORIGIN, 2 * np.eye(2)),
    "cube of a norm": ("norm(x)**3", ORIGIN, np.zeros((2, 2))),
    "cubes of sizes": ("sum(abs(x)**3)", [0.0, -2.0], np.diag([0.0, 12.0])),
    "cube of a rectifier": ("sum(relu(x)**3)", [0.0, 2.0], np.diag([0.0, 12.0])),
    # relu(t) - relu(-t) = t
    "mixed only": ("(relu(x[0]) - relu(-x[0]))*x[1]", ORIGIN, np.array([[0.0, 1.0], [1.0, 0.0]])),
    "straight": ("3*(relu(x[0]) - relu(-x[0])) + x[1]**2", ORIGIN, np.diag([0.0, 2.0])),
    "sum of both extremes": ("max(x)**2 + min(x)**2", [1.0, 1.0], 2 * np.eye(2)),
    "branches that meet": ("sum(where(x > 0, x**2, x**2 + x**3))", ORIGIN, 2 * np.eye(2)),
    "to all orders flat": ("exp(-1/x[0]**2) + x[1]**2", ORIGIN, np.diag([0.0, 2.0])),
}


@pytest.mark.parametrize("name", EXISTS)
def test_the_hessian_of_the_function(name):
    expression, x, expected = EXISTS[name]
    found, result = blocks(expression, x=x)
    np.testing.assert_allclose(found["x,x"], expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(found["x,x"], found["x,x"].T)
    assert result.check.verdict == "agree", result.check.reasons
    heard = {one.witness for one in result.check.comparisons if one.ok}
    assert "entries" in heard


NOT_THERE = {
    "signed square": (
        "sum(abs(x)*x)",
        ORIGIN,
        "x,x[0, 0] is -2 and 2 from different sides (`abs(x)`)",
    ),
    "square of a rectifier": (
        "sum(relu(x)**2)",
        ORIGIN,
        "is 0 and 2 from different sides (`relu(x)`)",
    ),
    "norm": ("norm(x)", ORIGIN, "not differentiable at x[0]: slopes -1 and 1 (`norm(x)`)"),
    "infinite": ("sum(abs(x)**1.5)", ORIGIN, "x,x[0, 0] is inf (`abs(x)`)"),
    "quadrants": ("relu(x[0])*x[1]", ORIGIN, "x,x[0, 1] is 0 and 1 from different sides"),
    "kink of a derivative": ("sum(softsign(x))", [0.0, 1.0], "is -2 and 2 from different sides"),
    "step": ("sum(where(x > 0, 1.0, 2.0))", ORIGIN, "the function jumps at x[0]"),
    # second derivatives by x, then y, and by y, then x, are 1 and -1
    "Peano": (TWICE.format(f"x[0]*x[1]*(x[0]**2 - x[1]**2)/{SAFE}"), ORIGIN, "do not add up"),
    # from all four sides the same quotient, log(2*h**2)
    "logarithm": (TWICE.format(f"x[0]*x[1]*log({SAFE})"), ORIGIN, "x,x[0, 1] is -inf"),
    # every difference at the origin is 0, and by x[0] there is no derivative at (0, h)
    "corner beside": ("abs(x[0])*x[1]**2", ORIGIN, "there is a corner right beside"),
}


@pytest.mark.parametrize("name", NOT_THERE)
def test_no_hessian_is_said_to_be_none(name):
    expression, x, words = NOT_THERE[name]
    _, result = blocks(expression, x=x)
    assert result.check.verdict == "inconclusive"
    assert any(words in reason for reason in result.check.reasons), result.check.reasons
    assert result.exit_code == 3


def test_a_correction_is_noted():
    _, result = blocks("norm(x)**2", x=ORIGIN)
    (note,) = result.notes
    assert note.startswith("x,x[0, 0] (and 1 more): reverse mode has no second derivative")
    assert "`norm(x)` and gives 0" in note
    assert note.endswith("that of the function is 2")


def test_blocks_of_several_variables():
    # |x - y|**2
    found, result = blocks("norm(x - y)**2", x=[1.0, 2.0], y=[1.0, 2.0])
    for key, expected in {"x,x": 2, "x,y": -2, "y,x": -2, "y,y": 2}.items():
        np.testing.assert_array_equal(found[key], expected * np.eye(2))
    assert result.check.verdict == "agree"


def test_single_precision_keeps_its_type():
    result = gradcli.hessian("norm(x)**2", x=ORIGIN, dtype="float32")
    value = result.gradient["x,x"].value
    assert value.dtype == np.float32
    np.testing.assert_array_equal(value, 2 * np.eye(2))


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("x**2 if x > 0 else x**2 + x**3", 2.0),
        ("x**2 if x != 0 else 0.0*x", 2.0),  # the branch taken holds at one point only
        ("x**2 if x > 0 else x**3", None),
        ("x*x if x > 0 else 0.0*x", None),
    ],
)
def test_a_branch_is_seen_from_both_sides(program, expected):
    found, result = blocks(program, x=0.0)
    if expected is None:
        assert result.check.verdict == "inconclusive"
        assert "from different sides" in result.check.reasons[0]
    else:
        assert result.check.verdict == "agree"
        assert found["x,x"] == expected


def test_away_from_the_branch_nothing_is_said():
    _, result = blocks("x**2 if x > 0 else x**3", x=1.0)
    assert result.check.verdict == "agree"
    assert result.notes == []


def test_digits_that_float64_loses():
    # (x**2 - y**2)/(x - y) = x + y
    found, result = blocks("(x**2 - y**2)/(x - y)", x=1.0000001, y=1.0)
    assert all(value == 0.0 for value in found.values())
    assert result.check.verdict == "agree"
    assert "rounding errors of the reverse pass" in result.notes[0]


def test_a_wrong_rule_is_no_kink():
    with broken("tanh", scaled("tanh", 1.5)):
        found, result = blocks("norm(x[:2])**2 + tanh(x[2])", x=[0.0, 0.0, 1.0])
    np.testing.assert_array_equal(found["x,x"][:2, :2], 2 * np.eye(2))
    assert result.check.verdict == "disagree"
    assert result.check.outlier == "reverse"
    assert "x,x[2, 2]" in result.check.reasons[0]


def test_many_entries_are_not_computed_one_by_one():
    _, few = blocks("sum(relu(x)**3)", x=np.arange(200.0))
    assert few.check.verdict == "agree"
    _, result = blocks("norm(x)**2", x=np.zeros(200))
    assert result.check.verdict == "inconclusive"
    assert "too many entries to correct" in result.check.reasons[0]


def test_other_entries_are_corrected_beside_a_kink():
    found, result = blocks("norm(x[:2])**2 + abs(x[2])*x[2]", x=np.zeros(3))
    np.testing.assert_array_equal(found["x,x"][:2, :2], 2 * np.eye(2))
    assert result.check.verdict == "inconclusive"
    assert "x,x[2, 2] is -2 and 2" in result.check.reasons[0]


def test_nothing_is_corrected_where_there_is_no_hessian_at_all():
    # along each axis a median of equal entries stands still
    _, result = blocks("median(x)**2", x=np.ones(3))
    assert result.check.verdict == "inconclusive"
    assert result.notes == []


def test_a_graph_too_large_for_exact_numbers():
    result = gradcli.hessian("norm(x)**2 + sum(sin(A))", "x", x=ORIGIN, A=np.ones((60, 60)))
    assert result.check.verdict == "inconclusive"
    assert result.check.reasons[0].startswith("perhaps not twice differentiable: `norm(x)`")


def test_a_formula_that_is_not_finite_is_not_heard():
    # x[0]*x[1]*x[2] at the origin: the formula divides by the entries
    found, result = blocks("prod(x)", x=np.zeros(3))
    assert not found["x,x"].any()
    assert result.check.verdict == "agree"


def test_a_value_that_is_not_finite():
    _, result = blocks("x*log(x)", x=0.0)
    assert result.check.verdict == "inconclusive"
    assert "not finite" in result.check.reasons[0]


def test_without_a_check_nothing_is_corrected():
    # as for gradients: `grad --no-check` shows what reverse mode gives
    result = gradcli.hessian("norm(x)**2", x=ORIGIN, check=False)
    assert not result.gradient["x,x"].value.any()


# --- products and orders ---


@pytest.mark.parametrize(
    ("expression", "tangent", "expected"),
    [
        ("norm(x)**2", [1.0, 2.0], [2.0, 4.0]),
        ("cos(norm(x))", [1e-3, 0.0], [-1e-3, 0.0]),
        ("(relu(x[0]) - relu(-x[0]))*x[1]", [1.0, 0.0], [0.0, 1.0]),
        ("sum(abs(x)**3)", [1.0, 1.0], [0.0, 0.0]),
    ],
)
def test_hessian_times_tangent(expression, tangent, expected):
    result = gradcli.hessian(expression, x=ORIGIN, tangent={"x": np.array(tangent)})
    np.testing.assert_allclose(result.gradient["x"].value, expected, rtol=1e-12)
    assert result.check.verdict == "agree", result.check.reasons


@pytest.mark.parametrize("expression", ["sum(abs(x)*x)", "norm(x)", "abs(x[0])*x[1]**2"])
def test_no_product_with_a_hessian(expression):
    result = gradcli.hessian(expression, x=ORIGIN, tangent={"x": np.array([1.0, 2.0])})
    assert result.check.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cos(abs(x))", -1.0),
        ("(relu(x) - relu(-x))*x", 2.0),
        ("3*(relu(x) - relu(-x))", 0.0),
        ("abs(x)**3", 0.0),
    ],
)
def test_second_order_of_a_scalar(expression, expected):
    result = gradcli.grad(expression, order=2, x=0.0)
    assert float(result.gradient["x"].value) == expected
    assert result.check.verdict == "agree", result.check.reasons


def test_no_second_order_of_a_scalar():
    result = gradcli.grad("abs(x)*x", order=2, x=0.0)
    assert result.check.verdict == "inconclusive"
    assert "-2 and 2" in result.check.reasons[0]
    assert result.gradient["x"].reasons == []  # it is not true that the slope does not change


def test_a_product_too_large_for_exact_numbers():
    inputs = {"x": ORIGIN, "A": np.ones((60, 60))}
    tangent = {"x": np.array([1.0, 2.0])}
    result = gradcli.hessian("norm(x)**2 + sum(sin(A))", "x", tangent=tangent, **inputs)
    assert result.check.verdict != "agree" or result.gradient["x"].value.tolist() == [2.0, 4.0]
    assert result.check.verdict != "disagree"


# --- on the command line ---


def test_the_command_line_notes_a_correction():
    done = command("hessian", "norm(x)**2", "--x", "0,0")
    assert done.out == "2,0;0,2\n"
    assert "that of the function is 2" in done.err
    assert done.status == 0


def test_a_batch_corrects_too(tmp_path):
    request = {"command": "hessian", "expression": "cos(norm(x))", "inputs": {"x": [0, 0]}}
    path = tmp_path / "requests.jsonl"
    path.write_text(json.dumps(request) + "\n")
    answer = json.loads(command("batch", str(path)).out)
    assert answer["hessian"]["x"]["x"]["value"] == [[-1.0, 0.0], [0.0, -1.0]]
    assert answer["check"]["verdict"] == "agree"
