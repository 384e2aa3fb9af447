"""The library behind the commands: `gradcli.grad` and its siblings."""

import numpy as np
import pytest

import gradcli
from gradcli import GradcliError


def test_grad_returns_what_the_command_renders():
    result = gradcli.grad("2*x.T@x", x=[0, 1, 2, 3])
    assert result.target.value == 28.0
    assert np.array_equal(result.gradient["x"].value, [0, 4, 8, 12])
    assert result.gradient["x"].closed.text == "4*x"
    assert result.check.verdict == "agree"
    assert result.exit_code == 0


def test_shapes_are_kept():
    column = np.arange(4.0).reshape(4, 1)
    assert gradcli.grad("2*x.T@x", x=column).gradient["x"].value.shape == (4, 1)
    assert gradcli.evaluate("2*x.T@x", x=column).shape == (1, 1)


def test_inputs_may_be_texts_lists_and_arrays():
    value = gradcli.evaluate("A@x + b", A="1,2;3,4", x=[1, -1], b=np.float32(0.5))
    assert np.array_equal(value, [-0.5, -0.5])
    first = gradcli.evaluate("a - b", a="randn(3)", b="randn(3)", seed=1)
    assert np.all(first != 0)
    assert np.array_equal(first, gradcli.evaluate("a - b", a="randn(3)", b="randn(3)", seed=1))


def test_wrt_and_const():
    inputs = {"w": [1.0, 2.0], "x": [3.0, 4.0]}
    assert list(gradcli.grad("w@x", check=False, **inputs).gradient) == ["w", "x"]
    assert list(gradcli.grad("w@x", "x", check=False, **inputs).gradient) == ["x"]
    assert list(gradcli.grad("w@x", ["x", "w"], check=False, **inputs).gradient) == ["x", "w"]
    assert list(gradcli.grad("w@x", const="x", check=False, **inputs).gradient) == ["w"]


def test_nothing_is_checked_where_nothing_is_asked():
    result = gradcli.grad("sum(x**2)", x=[1, 2], check=False)
    assert result.check is None
    assert result.gradient["x"].closed is None


def test_check_hears_every_witness():
    verdict = gradcli.check("sum(x**3)", x=[1, 2]).check
    assert verdict.verdict == "agree"
    heard = {one.witness for one in verdict.comparisons}
    assert heard == {"formula", "entries", "difference", "taylor"}


def test_float32():
    result = gradcli.grad("sum(x**2)", x=[0.1, 2], dtype="float32")
    assert result.gradient["x"].value.dtype == np.float32
    assert result.check.verdict == "agree"


def test_a_notebook_shows_latex():
    latex = gradcli.grad("2*x.T@x", x=[0, 1, 2, 3])._repr_latex_()
    assert latex.startswith("\\begin{align*}")
    assert "\\frac{\\partial f}{\\partial x} &= 4 x" in latex


def test_hessian_vector_product():
    A = np.array([[1.0, 2.0], [4.0, 3.0]])
    product = gradcli.hvp("x.T @ A @ x", "x", [1, 0], A=A, x=[1, 1])
    assert np.allclose(product, (A + A.T)[:, 0], rtol=1e-15)
    assert product.shape == (2,)
    assert np.array_equal(gradcli.hvp("sum(x)", "x", [1, 0], x=[1, 1]), [0, 0])
    assert np.array_equal(gradcli.hvp("y**2", "x", [1, 0], x=[1, 1], y=3), [0, 0])
    with pytest.raises(GradcliError, match=r"\(2,\), not \(3,\)"):
        gradcli.hvp("sum(x)", "x", [1, 0, 2], x=[1, 1])


@pytest.mark.parametrize(
    ("expression", "inputs", "kind", "message"),
    [
        ("x + y", {"x": 1}, "name", "no value for 'y'"),
        ("x", {"x": 1, "y": 2}, "name", "the expression does not use 'y'"),
        ("x", {"x": [[1], [1, 2]]}, "shape", "input 'x': the rows do not have the same length"),
        ("x", {"x": [1j]}, "value", "input 'x' must hold real numbers, not complex128"),
        ("x", {"x": {}}, "value", "input 'x' must hold real numbers, not object"),
        ("x", {"x": 1, "dtype": "int8"}, "value", "unknown dtype 'int8'"),
        ("x", {"x": 1, "wrt": "z"}, "name", "there is no input 'z' to differentiate by"),
        ("x", {"x": [True, False], "wrt": "x"}, "value", "'x' holds truth values; there is no derivative by them"),
    ],
)  # fmt: skip
def test_errors(expression, inputs, kind, message):
    with pytest.raises(GradcliError) as caught:
        gradcli.grad(expression, **inputs)
    assert (caught.value.kind, caught.value.message) == (kind, message)


def test_masks_are_constant_by_themselves():
    result = gradcli.grad("sum(where(m, x, 0))", m=[True, False], x=[1.0, 2.0], check=False)
    assert list(result.gradient) == ["x"]
    assert np.array_equal(result.gradient["x"].value, [1, 0])


def test_the_formula_may_not_take_longer_than_allowed(monkeypatch):
    from gradcli import symbolic
    from gradcli.limits import LIMITS
    from gradcli.road import forms

    def forever(*arguments):
        while True:
            pass

    monkeypatch.setattr(symbolic, "closed_forms", forever)
    monkeypatch.setattr(forms, "GRACE", 0.05)
    with LIMITS.raised(formula=0.05):
        result = gradcli.grad("x**2", x=3)
    assert result.gradient["x"].closed.reason == "it would take more than 0.1 s"
    assert result.check.verdict == "agree"


def test_unknown_attributes():
    with pytest.raises(AttributeError, match="no attribute 'gard'"):
        gradcli.gard
