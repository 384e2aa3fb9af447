"""Closed forms as code: NumPy, JAX and PyTorch text is run, Julia text is checked by structure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from commands import gradcli
from test_symbolic_formulas import FORMULAS, SIZES, made, reverse

from gradcli.api import grad
from gradcli.autodiff import jacobian
from gradcli.execute import run_batched
from gradcli.language import parse
from gradcli.render import View, render
from gradcli.symbolic import closed_forms, closed_jacobians, code_of

MORE = [
    # Functions, each where a target has no word of its own or another convention.
    ("sum(softplus(x)*tanh(x))", {"x": "n"}, "x"),
    ("sum(gelu(x) + silu(x))", {"x": "n"}, "x"),
    ("sum(erf(x)*log1p(x))", {"x": "n"}, "x"),
    ("sum(gammaln(x) + digamma(x))", {"x": "n"}, "x"),
    ("sum(log_softmax(A, axis=1)*W)", {"A": "mn", "W": "mn"}, "A"),
    ("sum(logsumexp(A, axis=0)**2)", {"A": "mn"}, "A"),
    ("sum(prod(A, axis=1))", {"A": "mn"}, "A"),
    ("sum(clip(x, 0.5, 1))", {"x": "n"}, "x"),
    ("sum(arctan2(x, y) + hypot(x, y))", {"x": "n", "y": "n"}, "x"),
    ("sum(abs(x - 1) + cbrt(x))", {"x": "n"}, "x"),
    ("sum(concatenate([x, y])**2 * concatenate([y, x]))", {"x": "n", "y": "m"}, "x"),
    ("sum(cumsum(A, axis=1)*W)", {"A": "mn", "W": "mn"}, "A"),
    ("sum(A.T.reshape(-1)*v)", {"A": "mk", "v": "N"}, "A"),
    ("sum(x[1:]*3) + x[0]**2", {"x": "n"}, "x"),
    ("logdet(A@A.T + eye(A.shape[0]))", {"A": "nn"}, "A"),
    ("sum((A - mean(A, axis=0))**2)", {"A": "mn"}, "A"),
    ("sum(np**2*torch)", {"np": "n", "torch": "n"}, "np"),
]
CASES = [(*case[:3],) for case in FORMULAS] + MORE
ROWS = [
    ("A@x", {"A": "mn", "x": "n"}, "x"),
    ("A@x", {"A": "mn", "x": "n"}, "A"),
    ("softmax(x)", {"x": "n"}, "x"),
    ("outer(x, y)", {"x": "n", "y": "m"}, "x"),
    ("A@B", {"A": "mn", "B": "nk"}, "A"),
    ("x/norm(x)", {"x": "n"}, "x"),
    ("inv(A)", {"A": "nn"}, "A"),
    ("exp(x)*2", {"x": "mn"}, "x"),
]


def called(code: str, inputs: dict[str, np.ndarray], convert: Callable[[np.ndarray], Any]) -> Any:
    """The value of an exported function at the inputs."""
    assert not code.startswith("#"), code
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    function = namespace["derivative"]
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return np.asarray(function(*(convert(inputs[name.rstrip("_")]) for name in names)))


def holds(case: tuple[Any, ...], target: str, convert: Callable[[np.ndarray], Any]) -> None:
    """The code, made at the first sizes, equals the reverse-mode numbers at both sizes."""
    expression, shapes, name = case
    closed = closed_forms(parse(expression).trace(made(shapes, SIZES[0], 1)).graph, [name])[name]
    for sizes in SIZES:
        inputs = made(shapes, sizes, 2)
        expected = reverse(expression, inputs, name)
        found = called(closed.code[target], inputs, convert)
        assert found.shape == expected.shape
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} by {case[2]}")
def test_numpy(case: tuple[Any, ...]) -> None:
    holds(case, "numpy", np.asarray)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} by {case[2]}")
def test_jax(case: tuple[Any, ...]) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    holds(case, "jax", jax.numpy.asarray)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} by {case[2]}")
def test_torch(case: tuple[Any, ...]) -> None:
    torch = pytest.importorskip("torch")
    holds(case, "torch", torch.tensor)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case[0]} by {case[2]}")
def test_numpy_jacobians(case: tuple[Any, ...]) -> None:
    expression, shapes, name = case
    for sizes in SIZES:
        inputs = made(shapes, sizes, 3)
        graph = parse(expression).trace(inputs).graph
        closed = closed_jacobians(graph, [name])[name]
        (expected,) = jacobian(graph.output, [graph.inputs[name]], inputs, run_batched)
        found = called(closed.code["numpy"], inputs, np.asarray)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("case", [*CASES, *ROWS], ids=lambda case: f"{case[0]} by {case[2]}")
def test_julia_has_the_structure_of_julia(case: tuple[Any, ...]) -> None:
    expression, shapes, name = case
    graph = parse(expression).trace(made(shapes, SIZES[0], 1)).graph
    derive = closed_jacobians if case in ROWS else closed_forms
    text = derive(graph, [name])[name].code["julia"]
    assert not text.startswith("#"), text
    for left, right in ("()", "[]"):
        assert text.count(left) == text.count(right)
    blocks = re.findall(r"^(?:function .*|end)$", text, re.MULTILINE)
    assert [block == "end" for block in blocks] == [False, True] * (len(blocks) // 2)
    assert "**" not in text
    assert "@" not in text
    assert not re.search(r"\bnp\.|\.T\b|\.shape|\.size|None|axis=|\[0[\],:]|\[:\s*,?\s*0\b", text)


JULIA = [
    # text, ranks, Julia
    ("(A + A.T)@x", {"A": 2, "x": 1}, "(A .+ A') * x"),
    ("x@A", {"A": 2, "x": 1}, "A' * x"),
    ("2*x@y", {"x": 1, "y": 1}, "dot(2 * x, y)"),
    ("A*v", {"A": 2, "v": 1}, "A .* v'"),
    ("A*v[:, None]", {"A": 2, "v": 1}, "A .* reshape(v, :, 1)"),
    ("x[1:-1] - x[:-2]", {"x": 1}, "x[2:end - 1] .- x[1:end - 2]"),
    ("x[::-1]", {"x": 1}, "x[end:-1:1]"),
    ("X[:, 0]", {"X": 2}, "X[:, 1]"),
    ("X[0]", {"X": 2}, "X[1, :]"),
    ("x[y.size:]", {"x": 1, "y": 1}, "x[length(y) + 1:end]"),
    ("2/x**2", {"x": 1}, "2 ./ x .^ 2"),
    ("s**2/2", {"s": 0}, "s^2 / 2"),
    ("sum(A, axis=0)", {"A": 2}, "vec(sum(A; dims=1))"),
    ("where(x > 0, 1, 0)", {"x": 1}, "ifelse.(x .> 0, 1, 0)"),
    ("solve(A, b)", {"A": 2, "b": 1}, "A \\ b"),
    ("einsum('ij,jk->ik', A, B)", {"A": 2, "B": 2}, 'ein"ij,jk->ik"(A, B)'),
    ("end*2", {"end": 1}, "end_ * 2"),
]


@pytest.mark.parametrize(("text", "ranks", "expected"), JULIA)
def test_julia_text(text: str, ranks: dict[str, int], expected: str) -> None:
    assert code_of(text, ranks)["julia"].splitlines()[-2].strip() == expected


def test_names_of_repeated_parts_become_assignments() -> None:
    code = code_of("t0 = A@x\nt0*exp(t0)", {"A": 2, "x": 1})
    assert code["numpy"].endswith("    t0 = A @ x\n    return t0 * np.exp(t0)")
    assert code["julia"].endswith("    t0 = A * x\n    t0 .* exp.(t0)\nend")


def test_tails_survive_in_numpy() -> None:
    x = np.array([-800.0, 0.0, 800.0])
    for text in ("sigmoid(x)", "sigmoid(-x)", "softmax(x)", "softplus(-x)"):
        with np.errstate(over="raise", invalid="raise"):
            assert np.all(np.isfinite(called(code_of(text, {"x": 1})["numpy"], {"x": x}, np.array)))


def test_what_a_target_lacks_is_said_in_a_comment() -> None:
    code = code_of("iv(2, x)", {"x": 1})
    assert code["torch"] == "# no PyTorch code: PyTorch has no 'iv'"
    assert "from scipy import special  # NumPy has no special functions" in code["numpy"]


def test_one_import_for_several_functions() -> None:
    answer = grad("sum(exp(A@x))", A=[[1.0, 2.0], [3.0, 4.0]], x=[0.1, 0.2])
    text = "".join(map(str, render(answer, "numpy", View())))
    assert text == (
        "import numpy as np\n\n\n"
        "def grad_A(A, x):\n    return np.outer(np.exp(A @ x), x)\n\n\n"
        "def grad_x(A, x):\n    return A.T @ np.exp(A @ x)\n"
    )
    assert "∂f/∂x = Aᵀ exp(A x)\n" in "".join(map(str, render(answer, "unicode", View())))


def test_a_value_has_no_code() -> None:
    found = gradcli("eval", "1+1", "--format", "jax")
    assert found.status == 2
    assert "--format jax holds formulas, and eval has none" in found.err


def test_no_closed_form_is_a_comment() -> None:
    found = gradcli("grad", "sum(x**2)", "--x", "1,2", "--no-check", "--format", "julia")
    assert found.status == 0
    assert found.out == "# grad_x: no closed form was asked for\n"
