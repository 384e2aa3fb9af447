"""Closed forms: their text, and that they are right at the size they were made for and at another one.

The text is given back to the language and compared with the reverse-mode numbers, which share no rule
with it. Shapes are named by letters, so every formula is evaluated at two sets of sizes.
"""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.language import parse
from gradcli.symbolic import closed_forms

FIXED = {"1": 1, "2": 2, "3": 3}
SIZES = ({"n": 4, "m": 3, "k": 2, **FIXED}, {"n": 5, "m": 6, "k": 3, **FIXED})

FORMULAS = [
    # expression, shapes, variable, formula
    ("2*x.T@x", {"x": "n"}, "x", "4*x"),
    ("2*x.T@x", {"x": "n1"}, "x", "4*x"),
    ("x.T@A@x", {"x": "n", "A": "nn"}, "x", "(A + A.T)@x"),
    ("x.T@A@x", {"x": "n", "A": "nn"}, "A", "outer(x, x)"),
    ("norm(A@x-y)**2", {"A": "mn", "x": "n", "y": "m"}, "x", "2*A.T@(A@x - y)"),
    ("norm(A@x-y)**2", {"A": "mn", "x": "n1", "y": "m1"}, "x", "2*A.T@(A@x - y)"),
    ("norm(A@x-y)**2", {"A": "mn", "x": "n", "y": "m"}, "A", "2*outer(A@x - y, x)"),
    (
        "sum(log(1+exp(-y*(X@w))))",
        {"X": "mn", "y": "m", "w": "n"},
        "w",
        "-X.T@(y*sigmoid(-y*(X@w)))",
    ),
    ("norm(x)", {"x": "n"}, "x", "x/norm(x)"),
    ("sum(x)", {"x": "n"}, "x", "ones(x.shape)"),
    ("sum(softmax(x))", {"x": "n"}, "x", "zeros(x.shape)"),
    ("mean(x**2)", {"x": "n"}, "x", "2*x/x.size"),
    ("sum(exp(x))", {"x": "mn"}, "x", "exp(x)"),
    ("trace(A@X)", {"A": "nm", "X": "mn"}, "X", "A.T"),
    ("trace(X.T@A@X)", {"A": "nn", "X": "nm"}, "X", "(A + A.T)@X"),
    ("logdet(X)", {"X": "nn"}, "X", "inv(X).T"),
    ("det(X)", {"X": "nn"}, "X", "det(X)*inv(X).T"),
    ("logdet(X.T@X)", {"X": "mk"}, "X", "2*X@inv(X.T@X)"),
    ("a@inv(X)@b", {"a": "n", "X": "nn", "b": "n"}, "X", "-outer(inv(X).T@a, inv(X)@b)"),
    ("b@solve(A,b)", {"A": "nn", "b": "n"}, "b", "solve(A, b) + solve(A.T, b)"),
    ("y@log(softmax(z))", {"y": "n", "z": "n"}, "z", "y - sum(y)*softmax(z)"),
    ("logsumexp(X@w)", {"X": "mn", "w": "n"}, "w", "X.T@softmax(X@w)"),
    ("sum(A@X@B)", {"A": "km", "X": "mn", "B": "nk"}, "X", "outer(sum(A, axis=0), sum(B, axis=1))"),
    ("sum(norm(X, axis=1))", {"X": "mn"}, "X", None),
    ("sum((x[1:]-x[:-1])**2)", {"x": "n"}, "x", None),
    ("x@diag(w)@x", {"x": "n", "w": "n"}, "w", "x**2"),
    ("trace(X)**2", {"X": "nn"}, "X", "2*trace(X)*eye(X.shape[0])"),
    ("sum((x-mean(x))**2)", {"x": "n"}, "x", "2*(x - mean(x))"),
    ("sum(outer(u,v)*M)", {"u": "m", "v": "n", "M": "mn"}, "u", "M@v"),
    ("einsum('ij,jk,k->', A, B, c)", {"A": "mn", "B": "nk", "c": "k"}, "c", None),
    ("sum(relu(X@w))", {"X": "mn", "w": "n"}, "w", "X.T@where(X@w > 0, 1, 0)"),
    ("sum(x*w + b)", {"x": "mn", "w": "n", "b": "1"}, "w", "sum(x, axis=0)"),
    ("sum(A*v)", {"A": "mn", "v": "m1"}, "v", None),
    ("sum(X@Y)", {"X": "mn", "Y": "nk"}, "Y", None),
    ("sum(maximum(x, 0)**2)", {"x": "n"}, "x", "2*maximum(x, 0)"),
    ("max(x)", {"x": "n"}, "x", "where(x == max(x), 1, 0)"),
    ("c@cumsum(x)", {"c": "n", "x": "n"}, "x", "cumsum(c[::-1])[::-1]"),
    ("sum(reshape(x, (-1,))*v)", {"x": "mk", "v": "N"}, "x", None),
    ("sin(s)*exp(s)", {"s": ""}, "s", None),
    ("s*sum(x)", {"s": "", "x": "n"}, "s", "sum(x)"),
    ("sum(x**3)/sum(x)", {"x": "n"}, "x", None),
    ("sum(X.T@y)", {"X": "mn", "y": "m"}, "X", None),
    ("stop_gradient(x)@x", {"x": "n"}, "x", "x"),
    ("sort(x)@w", {"x": "n", "w": "n"}, "x", "w[argsort(argsort(x))]"),
    ("sum(sort(A, axis=0)*W)", {"A": "mn", "W": "mn"}, "A", None),
    ("cumprod(x)@w", {"x": "n", "w": "n"}, "x", None),
    ("cross(x, y)@z", {"x": "3", "y": "3", "z": "3"}, "x", "cross(y, z)"),
    ("eigvalsh((S+S.T)/2)@w", {"S": "nn", "w": "n"}, "S", None),
    ("norm(A, 'nuc')", {"A": "mn"}, "A", None),
    ("sum(cholesky(A@A.T + eye(A.shape[0]))*W)", {"A": "nn", "W": "nn"}, "A", None),
    ("sum(pinv(A)*W)", {"A": "mk", "W": "km"}, "A", None),
    ("sum(expm(A)*W)", {"A": "nn", "W": "nn"}, "A", None),
    ("norm(x, 3)", {"x": "n"}, "x", None),
    ("x**p", {"x": "", "p": ""}, "x", "p*x**(p - 1)"),
    ("log(sum(exp(x)))", {"x": "n"}, "x", "softmax(x)"),
    ("sum(tril(A)*W)", {"A": "nn", "W": "nn"}, "A", None),
    ("100*(x[1]-x[0]**2)**2 + (1-x[0])**2", {"x": "2"}, "x", None),
    ("sum(flip(x)*w)", {"x": "n", "w": "n"}, "x", "w[::-1]"),
    ("sum(log(cosh(X@w - y)))", {"X": "mn", "w": "n", "y": "m"}, "w", "X.T@tanh(X@w - y)"),
    ("sum(max(A, axis=0, keepdims=True)*B)", {"A": "m1", "B": "11"}, "A", None),
    ("sum(x*y)", {"x": "n1", "y": "n"}, "x", None),
    ("sum(x*y)", {"x": "11", "y": "1"}, "x", None),
    ("x**y", {"x": "k11", "y": "1n1"}, "y", None),
    ("sum(x**y)", {"x": "k11", "y": "1n"}, "y", None),
    ("sum(x*y*z)", {"x": "k1n", "y": "1m1", "z": "mn"}, "x", None),
    ("sum((T@U)**2)", {"T": "kmn", "U": "knm"}, "T", None),
    ("sum(where(x > y, x*y, x))", {"x": "n", "y": "n"}, "x", None),
]


def made(shapes: dict[str, str], sizes: dict[str, int], seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    sizes = {**sizes, "N": sizes["m"] * sizes["k"]}
    return {
        name: generator.uniform(0.3, 1.7, tuple(sizes[letter] for letter in letters))
        for name, letters in shapes.items()
    }


def reverse(expression: str, inputs: dict[str, np.ndarray], name: str) -> np.ndarray:
    graph = parse(expression).trace(inputs).graph
    (node,) = gradient(graph.output, [graph.inputs[name]])
    return np.zeros_like(inputs[name]) if node is None else run([node], inputs)[0]


def evaluated(text: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return run([parse(text).trace(inputs).graph.output], inputs)[0]


@pytest.mark.parametrize(("expression", "shapes", "name", "formula"), FORMULAS)
def test_formula(expression: str, shapes: dict[str, str], name: str, formula: str | None) -> None:
    inputs = made(shapes, SIZES[0], 1)
    closed = closed_forms(parse(expression).trace(inputs).graph, [name])[name]
    assert closed.text is not None, closed.reason
    if formula is not None:
        assert closed.text == formula
    assert closed.latex
    assert closed.unicode
    for sizes in SIZES:
        inputs = made(shapes, sizes, 2)
        expected = reverse(expression, inputs, name)
        found = evaluated(closed.text, inputs)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_a_missing_formula_says_why() -> None:
    inputs = {"x": np.ones(30)}
    closed = closed_forms(parse("sum(x*sin(arange(30)))").trace(inputs).graph, ["x"])["x"]
    assert closed.text is None
    assert closed.reason == "a constant array of shape (30,) has no short text"


def test_a_formula_that_takes_too_long_is_given_up() -> None:
    from gradcli.limits import LIMITS

    inputs = {"x": np.arange(3.0)}
    graph = parse("sum(exp(x))").trace(inputs).graph
    with LIMITS.raised(formula=0.0):
        closed = closed_forms(graph, ["x"])["x"]
    assert closed.text is None
    assert closed.reason == "the closed form would take too long"


def test_sigmoid_is_recognised_so_that_nothing_overflows() -> None:
    inputs = {"x": np.array([-800.0, 0.0, 800.0])}
    text = closed_forms(parse("sum(log(1 + exp(x)))").trace(inputs).graph, ["x"])["x"].text
    assert text == "sigmoid(x)"
    np.testing.assert_allclose(evaluated(text, inputs), [0.0, 0.5, 1.0])
