"""Products with derivatives and higher derivatives: numbers from closed forms and differences,
formulas that evaluate to them, verdicts that notice a wrong rule.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from commands import gradcli as command
from verified import broken, scaled

import gradcli
from gradcli.errors import GradcliError
from gradcli.graph import apply
from gradcli.limits import LIMITS

A = np.array([[1.0, 2.0, -0.5], [3.0, 4.0, 1.5]])
S = np.array([[2.0, 0.5, 0.25], [0.5, 3.0, 0.75], [0.25, 0.75, 2.5]])
X = np.array([0.3, -0.7, 1.1])
Y = np.array([0.5, 1.5, 2.0])
V = np.array([1.0, -2.0, 0.5])
W = np.array([0.25, 1.0, -1.5])
C = np.array([0.75, -1.25])


def evaluated(closed, **inputs):
    """A formula read back, its names given."""
    used = gradcli.api.parse(closed.text).names
    return gradcli.evaluate(closed.text, **{name: inputs[name] for name in used})


def softmax(z):
    shifted = np.exp(z - z.max())
    return shifted / shifted.sum()


def assert_agrees(result, witnesses=("formula",)):
    """The verdict is agreement, and these witnesses were heard."""
    assert result.check.verdict == "agree", result.check.reasons
    heard = {one.witness for one in result.check.comparisons if one.ok}
    assert heard >= set(witnesses)


# --- jvp ---


@pytest.mark.parametrize(
    ("expression", "inputs", "tangent", "expected"),
    [
        ("A@x", {"A": A, "x": X}, {"x": V}, A @ V),
        ("A@x", {"A": A, "x": X}, {"A": 2 * A, "x": V}, A @ V + 2 * A @ X),
        ("tanh(x)", {"x": X}, {"x": V}, V / np.cosh(X) ** 2),
        ("x.T@S@x", {"S": S, "x": X}, {"x": V}, 2 * X @ S @ V),
        ("norm(x)", {"x": X}, {"x": V}, X @ V / np.linalg.norm(X)),
        ("x*sum(x)", {"x": X}, {"x": V}, V * X.sum() + X * V.sum()),
        ("sum(x)*ones(4)", {"x": X}, {"x": V}, np.full(4, V.sum())),
        ("softmax(x)", {"x": X}, {"x": V}, softmax(X) * (V - softmax(X) @ V)),
        ("inv(S)", {"S": S}, {"S": S @ S}, -np.eye(3)),
        ("logdet(S)", {"S": S}, {"S": S}, np.array(3.0)),
        ("cumsum(x)", {"x": X}, {"x": V}, np.cumsum(V)),
        ("x**2 if sum(x) > 0 else x", {"x": X}, {"x": V}, 2 * X * V),
    ],
)
def test_jacobian_times_tangent(expression, inputs, tangent, expected):
    result = gradcli.jvp(expression, tangent, **inputs)
    product = result.gradient["jvp"]
    assert product.value.shape == expected.shape
    np.testing.assert_allclose(product.value, expected, rtol=1e-13, atol=1e-15)
    assert_agrees(result, ("formula", "entries"))
    tangents = {f"tangent_{name}": array for name, array in tangent.items()}
    again = evaluated(product.closed, **inputs, **tangents)
    assert again.shape == expected.shape
    np.testing.assert_allclose(again, expected, rtol=1e-13, atol=1e-15)


def test_the_formula_of_a_linear_map_is_the_map():
    assert gradcli.jvp("A@x", {"x": V}, A=A, x=X).gradient["jvp"].closed.text == "A@tangent_x"
    assert gradcli.jvp("cumsum(x)", V, x=X).gradient["jvp"].closed.text == "cumsum(tangent_x)"


def test_a_tangent_against_differences():
    def f(x):
        return np.sin(A @ x) * np.sum(x**2) / (1 + np.exp(-x[0]))

    product = gradcli.jvp("sin(A@x)*sum(x**2)*sigmoid(x[0])", {"x": V}, A=A, x=X)
    step = 1e-5
    slope = (f(X + step * V) - f(X - step * V)) / (2 * step)
    np.testing.assert_allclose(product.gradient["jvp"].value, slope, rtol=1e-8)


def test_what_has_no_tangent_is_held_fixed():
    result = gradcli.jvp("x*y", {"x": V}, x=X, y=Y)
    np.testing.assert_allclose(result.gradient["jvp"].value, Y * V)
    assert "y is held fixed: no tangent is given" in result.notes
    assert gradcli.jvp("x*y", V, "x", x=X, y=Y).notes == []


def test_jvp_and_vjp_are_adjoint():
    expression = "softmax(A@tanh(x))"
    forward = gradcli.jvp(expression, {"x": V}, A=A, x=X, check=False).gradient["jvp"].value
    back = gradcli.vjp(expression, C, "x", A=A, x=X, check=False).gradient["x"].value
    assert math.isclose(C @ forward, back @ V, rel_tol=1e-13)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("sum(x)", [1, 2]), "shape", r"tangent of 'x' has the shape of 'x' \(3,\), not \(2,\)"),
        (("sum(x)", {"y": [1, 2]}), "name", "no variable 'y' to have a tangent"),
        (("sum(x)", {}), "value", "needs a tangent"),
        (("sum(x)", None), "value", "needs a tangent"),
        (("sum(x)", [[1], [2, 3]]), "shape", "'tangent_': the rows do not have the same length"),
    ],
)
def test_a_tangent_that_does_not_fit(arguments, kind, message):
    with pytest.raises(GradcliError, match=message) as caught:
        gradcli.jvp(*arguments, x=X)
    assert caught.value.kind == kind


def test_a_tangent_without_a_name_needs_one_variable():
    with pytest.raises(GradcliError, match="The variables are x, y"):
        gradcli.jvp("x*y", V, x=X, y=Y)


def test_a_kink_along_the_tangent_only():
    crossed = gradcli.jvp("sum(abs(x))", [1.0, 0.0], x=[0.0, 2.0])
    assert crossed.check.verdict == "inconclusive"
    assert "not differentiable at the point along the tangent" in crossed.check.reasons[0]
    touched = gradcli.jvp("sum(abs(x))", [0.0, 1.0], x=[0.0, 2.0])
    assert touched.gradient["jvp"].value == 1.0
    assert touched.check.verdict == "agree"


def test_why_a_product_is_zero_or_not_finite():
    def reasons(expression, tangent, **inputs):
        return gradcli.jvp(expression, {"x": tangent}, "x", **inputs).gradient["jvp"].reasons

    assert reasons("y**2", 1, x=1, y=2) == ["the target does not depend on x"]
    assert reasons("floor(x)", 1, x=1.5) == ["`floor(x)` cuts the path: piecewise constant"]
    assert reasons("sqrt(x)", 1, x=0) == ["infinite slope: `sqrt(x)` at 0"]
    assert reasons("x*2", math.nan, x=1) == ["tangent_x is not finite"]


# --- vjp ---


@pytest.mark.parametrize(
    ("expression", "inputs", "cotangent", "expected"),
    [
        ("A@x", {"A": A, "x": X}, C, {"A": np.outer(C, X), "x": A.T @ C}),
        ("tanh(x)", {"x": X}, V, {"x": V / np.cosh(X) ** 2}),
        ("x*sum(x)", {"x": X}, V, {"x": V * X.sum() + V @ X}),
        ("outer(x, y)", {"x": X, "y": Y}, S, {"x": S @ Y, "y": S.T @ X}),
        ("max(x)*x", {"x": X}, V, {"x": V * X.max() + (V @ X) * (X.max() == X)}),
        ("sum(x**2)", {"x": X}, 3.0, {"x": 6 * X}),
    ],
)
def test_cotangent_times_jacobian(expression, inputs, cotangent, expected):
    result = gradcli.vjp(expression, cotangent, **inputs)
    assert_agrees(result, ("formula", "entries"))
    assert list(result.gradient) == list(expected)
    for name, array in expected.items():
        product = result.gradient[name]
        assert product.value.shape == array.shape
        np.testing.assert_allclose(product.value, array, rtol=1e-13, atol=1e-15)
        again = evaluated(product.closed, cotangent=cotangent, **inputs)
        np.testing.assert_allclose(again, array, rtol=1e-13, atol=1e-15)


def test_the_formula_names_the_cotangent():
    result = gradcli.vjp("A@x", C, "x", A=A, x=X)
    assert result.gradient["x"].closed.text == "A.T@cotangent"


def test_an_input_may_be_called_cotangent():
    result = gradcli.vjp("cotangent*x", V, cotangent=2.0, x=X)
    assert result.gradient["x"].closed.text == "cotangent*cotangent_"
    assert "formulas call cotangent 'cotangent_'" in result.notes
    again = evaluated(result.gradient["cotangent"].closed, cotangent=2.0, x=X, cotangent_=V)
    assert math.isclose(again, V @ X)


def test_a_cotangent_is_needed_except_of_a_scalar():
    np.testing.assert_allclose(
        gradcli.vjp("sum(x**2)", None, x=X).gradient["x"].value, 2 * X, rtol=1e-15
    )
    with pytest.raises(GradcliError, match="needs a cotangent") as caught:
        gradcli.vjp("x**2", None, x=X)
    assert "(3,)" in caught.value.hint
    with pytest.raises(GradcliError, match=r"the target \(3,\), not \(2,\)"):
        gradcli.vjp("x**2", C, x=X)


# --- order ---


@pytest.mark.parametrize(
    ("expression", "x", "order", "expected", "formula"),
    [
        ("x**5", 2.0, 1, 80.0, "5*x**4"),
        ("x**5", 2.0, 3, 240.0, "60*x**2"),
        ("exp(2*x)", 0.5, 4, 16 * math.e, "16*exp(2*x)"),
        ("sin(x)", 0.3, 5, math.cos(0.3), "cos(x)"),
        ("log(x)", 2.0, 6, -120 / 64, "-120/x**6"),
        ("tanh(x)", 0.0, 3, -2.0, None),
        ("1/x", -0.5, 10, math.factorial(10) * (-2.0) ** 11, None),
        ("x**2", 3.0, 3, 0.0, "0"),
        ("y*x", 3.0, 2, 0.0, "0"),
    ],
)
def test_derivatives_of_higher_order(expression, x, order, expected, formula):
    inputs = {"y": 2.0} if "y" in expression else {}
    result = gradcli.grad(expression, "x", order=order, x=x, **inputs)
    assert result.order == order
    found = result.gradient["x"]
    assert math.isclose(found.value, expected, rel_tol=1e-12, abs_tol=1e-14)
    assert result.check.verdict == "agree"
    assert formula is None or found.closed.text == formula
    again = evaluated(found.closed, x=x, **inputs)
    assert math.isclose(again, expected, rel_tol=1e-10, abs_tol=1e-12)


def test_float32_of_higher_order():
    result = gradcli.grad("sin(x)", order=3, x=0.3, dtype="float32")
    assert result.gradient["x"].value.dtype == np.float32
    assert math.isclose(result.gradient["x"].value, -math.cos(0.3), rel_tol=1e-6)
    assert result.check.verdict == "agree"


def test_without_a_formula_every_order_is_checked(monkeypatch):
    monkeypatch.setattr(LIMITS, "formula", 1e-9)
    result = gradcli.grad("x**5", order=3, x=2.0)
    assert result.gradient["x"].closed.text is None
    heard = {one.variable for one in result.check.comparisons if one.ok}
    assert heard == {"x", "x (order 1)", "x (order 2)"}
    with broken("sin", scaled("sin", 1.0005)):
        wrong = gradcli.grad("sin(x)", order=2, x=0.7)
    assert wrong.check.verdict == "disagree"
    assert any(reason.startswith("order 1: ") for reason in wrong.check.reasons)


@pytest.mark.parametrize(
    ("expression", "inputs", "order", "kind", "message", "hint"),
    [
        ("x**2", {"x": X}, 2, "shape", r"the target has shape \(3,\)", "hessian"),
        ("sum(x**2)", {"x": X}, 2, "shape", r"x has shape \(3,\)", "hessian"),
        ("x*y", {"x": 1, "y": 2}, 2, "value", "by one variable, and there are x, y", "--wrt x"),
        ("x", {"x": 1}, 0, "value", "no derivative of order 0", "1, 2"),
        ("x", {"x": 1}, 11, "limit", "order 11 is asked for; the limit is 10", "--limit order"),
    ],
)
def test_an_order_that_there_is_not(expression, inputs, order, kind, message, hint):
    with pytest.raises(GradcliError, match=message) as caught:
        gradcli.grad(expression, order=order, **inputs)
    assert caught.value.kind == kind
    assert hint in caught.value.hint


def test_a_graph_that_outgrows_the_limit():
    with LIMITS.raised(ops=200), pytest.raises(GradcliError, match="of order 4 takes more") as e:
        gradcli.grad("sin(x)*exp(x**2)/(1+x**2)", order=5, x=0.5)
    assert e.value.kind == "limit"


def test_where_a_higher_derivative_does_not_exist():
    kink = gradcli.grad("x*abs(x)", order=2, x=0.0)
    assert kink.check.verdict == "inconclusive"
    edge = gradcli.grad("sqrt(x)", order=2, x=0.0)
    assert edge.check.reasons == ["the derivative of order 1 is not finite: `sqrt(x)` is inf"]
    pole = gradcli.grad("log(x)", order=2, x=0.0)
    assert pole.check.reasons == ["the value is not finite: `log(x)` is -inf"]


# --- hvp ---


@pytest.mark.parametrize(
    ("expression", "inputs", "tangent", "expected"),
    [
        ("x@S@x", {"S": S, "x": X}, {"x": V}, {"x": (S + S.T) @ V}),
        ("sum(x**3)", {"x": X}, {"x": V}, {"x": 6 * X * V}),
        ("sum(x**2*y)", {"x": X, "y": Y}, {"x": V}, {"x": 2 * Y * V}),
        (
            "sum(x**2*y)",
            {"x": X, "y": Y},
            {"x": V, "y": W},
            {"x": 2 * Y * V + 2 * X * W, "y": 2 * X * V},
        ),
        ("x**3", {"x": X}, {"x": V}, {"x": 6 * X * V}),
        ("exp(sum(x))", {"x": X}, {"x": V}, {"x": np.full(3, math.exp(X.sum()) * V.sum())}),
    ],
)
def test_hessian_times_tangent(expression, inputs, tangent, expected):
    result = gradcli.hessian(expression, tangent=tangent, **inputs)
    assert result.product == "hvp"
    assert_agrees(result, ("formula", "entries"))
    assert list(result.gradient) == list(expected)
    tangents = {f"tangent_{name}": array for name, array in tangent.items()}
    for name, array in expected.items():
        product = result.gradient[name]
        np.testing.assert_allclose(product.value, array, rtol=1e-13, atol=1e-15)
        again = evaluated(product.closed, **inputs, **tangents)
        np.testing.assert_allclose(again, array, rtol=1e-13, atol=1e-15)
    (first,) = list(expected)[:1]
    if list(expected) == [first]:
        product = gradcli.hvp(expression, first, tangent[first], **inputs)
        np.testing.assert_allclose(product, expected[first], rtol=1e-13)


def test_named_variables_have_a_row_without_a_tangent():
    result = gradcli.hessian("sum(x**2*y)", ["x", "y"], tangent={"x": V}, x=X, y=Y)
    np.testing.assert_allclose(result.gradient["y"].value, 2 * X * V)


def test_a_million_entries():
    draw = np.random.default_rng(0)
    x, v = draw.normal(size=10**6), draw.normal(size=10**6)
    result = gradcli.hessian("sum(x**3) + sum(x)**2", tangent={"x": v}, x=x)
    np.testing.assert_allclose(result.gradient["x"].value, 6 * x * v + 2 * v.sum(), rtol=1e-9)
    assert_agrees(result)


# --- wrong rules ---


def doubled_tail(g, out, x):
    """The rule of tanh, wrong in its second derivative alone: the factor is cut off."""
    return (apply("multiply", g, apply("stop_gradient", 1.0 - out * out)),)


@pytest.mark.parametrize("factor", [1.0005, -1.0])
def test_a_wrong_rule_is_found(factor):
    with broken("tanh", scaled("tanh", factor)):
        results = [
            gradcli.jvp("A@tanh(x)", {"x": V}, A=A, x=X),
            gradcli.vjp("A@tanh(x)", C, "x", A=A, x=X),
            gradcli.hessian("sum(tanh(x)**2)", tangent={"x": V}, x=X),
            gradcli.grad("tanh(x)", order=2, x=0.7),
        ]
    assert [result.check.verdict for result in results] == ["disagree"] * 4


def test_a_rule_that_is_wrong_in_second_order_only():
    with broken("tanh", doubled_tail):
        assert gradcli.grad("sum(tanh(x))", x=X).check.verdict == "agree"
        assert gradcli.hessian("sum(tanh(x))", tangent=V, x=X).check.verdict == "disagree"
        assert gradcli.grad("tanh(x)", order=2, x=0.7).check.verdict == "disagree"


# --- the command line ---


def test_a_pipe_gets_the_bare_value():
    values = ("--A", "1,2;3,4", "--x", "1,1")
    ran = command("jvp", "A@x", *values, "--tangent", "x=-1,0")
    assert (ran.out, ran.status) == ("-1,-3\n", 0)
    assert ran.err == "note: A is held fixed: no tangent is given\n"
    ran = command("vjp", "A@x", *values, "--cotangent", "-1,0", "--wrt", "x")
    assert (ran.out, ran.err, ran.status) == ("-1,-2\n", "", 0)
    ran = command("vjp", "A@x", *values, "--cotangent", "1,0")
    assert ran.out == "A=1,1;0,0\nx=1,2\n"


def test_tangents_come_from_standard_input_and_from_the_seed():
    ran = command("jvp", "x**2", "--x", "1,2", "--tangent", "-", stdin="3,4\n")
    assert ran.out == "6,16\n"
    ran = command("jvp", "x**2", "--x", "randn(2)", "--tangent", "randn(2)")
    draw = np.random.default_rng(0)
    x, v = draw.standard_normal(2), draw.standard_normal(2)
    assert ran.out == ",".join(map(repr, (2 * x * v).tolist())) + "\n"
    ran = command("jvp", "x*y", "--x", "-", "--y", "1", "--tangent", "x=-", stdin="1")
    assert ran.status == 2
    assert "cannot all come from standard input" in ran.err


@pytest.mark.parametrize(
    ("tangents", "message"),
    [
        (["x=1", "x=2"], "the tangent of 'x' is given twice"),
        (["1", "x=2"], "'x' has two tangents"),
        (["x=1,,2"], "--tangent x: an empty entry"),
        (["x=1,2"], "the tangent of 'x' has the shape of 'x' (), not (2,)"),
    ],
)
def test_tangents_that_mean_nothing(tangents, message):
    options = [word for text in tangents for word in ("--tangent", text)]
    ran = command("jvp", "x**2", "--x", "1", *options)
    assert ran.status == 2
    assert ran.err.startswith("error: ")
    assert message in ran.err


def answers(*requests):
    lines = "\n".join(map(json.dumps, requests))
    return [json.loads(line) for line in command("batch", "-", stdin=lines).out.splitlines()]


def test_batch():
    inputs = {"A": [[1, 2], [3, 4]], "x": [1, 1]}
    jvp, bare, vjp, order, hvp = answers(
        {"command": "jvp", "expression": "A@x", "inputs": inputs, "tangent": {"x": [1, 0]}},
        {"command": "jvp", "expression": "x**2", "inputs": {"x": [1, 2]}, "tangent": [1, 0]},
        {"command": "vjp", "expression": "A@x", "inputs": inputs, "cotangent": "1,0"},
        {"command": "grad", "expression": "x**4", "inputs": {"x": 2}, "order": 3},
        {
            "command": "hessian",
            "expression": "sum(x**3)",
            "inputs": {"x": [1, 2]},
            "tangent": {"x": {"shape": [2], "data": [1, 0]}},
        },
    )
    assert jvp["jvp"]["value"] == [1.0, 3.0]
    assert jvp["jvp"]["formula"] == "A@tangent_x"
    assert jvp["jvp"]["shape"] == [2]
    assert jvp["check"]["verdict"] == "agree"
    assert bare["jvp"]["value"] == [2.0, 0.0]
    assert vjp["vjp"]["x"]["value"] == [1.0, 2.0]
    assert vjp["vjp"]["A"]["value"] == [[1.0, 1.0], [0.0, 0.0]]
    assert (order["order"], order["gradient"]["x"]["value"]) == (3, 48.0)
    assert hvp["hvp"]["x"]["value"] == [6.0, 0.0]
    assert "hessian" not in hvp


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"command": "jvp"}, "value"),
        ({"command": "jvp", "tangent": {"x": [1, [2]]}}, "shape"),
        ({"command": "jvp", "tangent": {"z": 1}}, "name"),
        ({"command": "jvp", "tangent": {"a b": 1}}, "value"),
        ({"command": "vjp"}, "value"),
        ({"command": "vjp", "cotangent": [1]}, "shape"),
        ({"command": "vjp", "cotangent": True, "tangent": 1}, "value"),
        ({"command": "grad", "order": 0}, "value"),
        ({"command": "grad", "order": 2.5}, "value"),
        ({"command": "grad", "order": 99}, "limit"),
    ],
)
def test_requests_that_mean_nothing(fields, kind):
    (answer,) = answers({"expression": "x**2", "inputs": {"x": [1, 2]}, **fields})
    assert answer["error"]["kind"] == kind
