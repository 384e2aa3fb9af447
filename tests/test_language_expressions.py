"""What expressions mean: every kind of syntax against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.language import parse

X = np.array([0.5, -1.25, 2.0])
Y = np.array([3.0, 1.0, -2.0])
A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
S = np.array(1.5)
INPUTS = {"x": X, "y": Y, "A": A, "s": S}


def value(text: str, inputs: dict[str, Any] | None = None, dtype: str = "float64") -> np.ndarray:
    inputs = INPUTS if inputs is None else inputs
    return run([parse(text).trace(inputs, dtype=dtype).graph.output], inputs)[0]


ROWS = [
    ("1 + 1", 2.0),
    ("2*x.T@x", 2 * X @ X),
    ("-x**2", -(X**2)),
    ("2**-s", 2**-S),
    ("+x - -y", X + Y),
    ("x/y", X / Y),
    ("x//y", X // Y),
    ("x % y", X % Y),
    ("7 // 2 + 7 % 4", 6.0),
    ("1e3*.5 + 0x10 + 1_000", 1516.0),
    ("A@x", A @ X),
    ("x@A.T", X @ A.T),
    ("A.T.shape[0]*s", 3 * S),
    ("x.size + x.ndim + len(A)", 6.0),
    ("(x > 0)*x", (X > 0) * X),
    ("(-1 < x < 1) & (y > 0)", (X > -1) & (X < 1) & (Y > 0)),
    ("~(x > 0) | (y == 1)", ~(X > 0) | (Y == 1)),
    ("x if s > 1 else y", X),
    ("x if s > 1 and not s > 2 else y", X),
    ("s or 3", S),
    ("0 or s", S),
    ("x[0]", X[0]),
    ("x[-1]", X[-1]),
    ("x[1:]", X[1:]),
    ("x[::-1]", X[::-1]),
    ("x[::2]", X[::2]),
    ("A[1, ::2]", A[1, ::2]),
    ("A[:, None, 1]", A[:, None, 1]),
    ("A[..., 0]", A[..., 0]),
    ("A[[0, 1, 0]]", A[[0, 1, 0]]),
    ("A[[0, 1], [2, 0]]", A[[0, 1], [2, 0]]),
    ("x[x > 0]", X[X > 0]),
    ("x[argsort(y)]", X[np.argsort(Y)]),
    ("x[argmax(y)]", X[np.argmax(Y)]),
    ("A[A > 2].sum()", A[A > 2].sum()),
    ("x[x.size - 1]", X[-1]),
    ("[s, 2*s, 1]", np.array([S, 2 * S, 1])),
    ("[[1, 2], [3, s]]", np.array([[1, 2], [3, S]])),
    ("array([1, 2, 3]) + x", np.array([1, 2, 3]) + X),
    ("sum([i*s for i in range(4) if i != 1])", 5 * S),
    ("[v**2 for v in x]", X**2),
    ("sum([i*j for i, j in [(1, 2), (3, 4)]])", 14.0),
    ("sum(A, axis=0)", A.sum(0)),
    ("sum(A, 1, keepdims=True)", A.sum(1, keepdims=True)),
    ("A.sum(axis=1)", A.sum(1)),
    ("A.reshape(3, 2)", A.reshape(3, 2)),
    ("A.reshape((3, -1))", A.reshape(3, 2)),
    ("x.dot(y)", X @ Y),
    ("(x**2).sum().sqrt()", np.sqrt((X**2).sum())),
    ("concatenate([x, y])[2:4]", np.concatenate([X, Y])[2:4]),
    ("where(x > 0, x, 0)", np.where(X > 0, X, 0)),
    ("maximum(x, y)", np.maximum(X, Y)),
    ("max(x)", X.max()),
    ("max(s, 2)", 2.0),
    ("norm(A, axis=1)", np.linalg.norm(A, axis=1)),
    ("einsum('ij,j->i', A, x)", A @ X),
    ("slogdet(A[:, :2])[1]", np.linalg.slogdet(A[:, :2])[1]),
    ("pi + e", np.pi + np.e),
    ("x\n  ", X),
    ("(x\n + y)", X + Y),
    ("x  # a comment", X),
    ("x if True else nowhere", X),
    ("stop_gradient(x)", X),
    ("np.float64(2)*x", 2 * X),
    ("x*True", X),
    ("None is None" if False else "x.T", X),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_value(text: str, expected: Any) -> None:
    inputs = dict(INPUTS)
    if "nowhere" in text:
        inputs["nowhere"] = np.zeros(3)
    found = value(text, inputs)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("2*x.T@x", ["x"]),
        ("sum(y*log(x)) + x@y", ["y", "x"]),
        ("np.sum(x)*pi", ["x"]),
        ("gamma*x", ["x"]),
        ("[i*x for i in range(3)]", ["x"]),
        ("x if s > 0 else y", ["x", "s", "y"]),
        ("1 + 1", []),
        ("F.T@F", ["F"]),
        ("F.relu(x)", ["x"]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert [name for name in parse(text).names if name != "gamma"] == names


def test_inputs_shadow_constants_and_functions() -> None:
    assert value("e*s", {"e": np.array(2.0), "s": S}) == 3.0
    assert value("gamma*s", {"gamma": np.array(2.0), "s": S}) == 3.0
    assert value("F*s", {"F": np.array(2.0), "s": S}) == 3.0
    with pytest.raises(GradcliError, match="'sum' is a value and cannot be called"):
        value("sum(s)", {"sum": np.array(2.0), "s": S})


@pytest.mark.parametrize(
    ("text", "dynamic"),
    [
        ("2*x", False),
        ("where(x > 0, x, 0)", False),
        ("x if s > 0 else y", True),
        ("x[argmax(y)]", True),
        ("x[x > 0]", True),
        ("x[[0, 2]]", False),
    ],
)
def test_what_depends_on_values_is_said(text: str, dynamic: bool) -> None:
    assert parse(text).trace(INPUTS).dynamic is dynamic


def test_float32_stays_float32() -> None:
    found = value("2*x + ones(3) + [1, 2, 3] + sum(x)/3", dtype="float32")
    assert found.dtype == np.float32


def test_nodes_know_where_they_come_from() -> None:
    text = "exp(x) + sum(x*y)"
    graph = parse(text).trace(INPUTS).graph
    places = {node.op.name: text[slice(*node.span)] for node in graph.nodes() if node.span}
    assert places["exp"] == "exp(x)"
    assert places["multiply"] == "x*y"
    assert places["sum"] == "sum(x*y)"
    assert places["add"] == text


def test_a_long_sum_is_not_deep() -> None:
    assert value("+".join(["s"] * 1000), {"s": S}) == pytest.approx(1500.0)
