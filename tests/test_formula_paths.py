"""Closed forms of programs and of Jacobians through functions of matrices: what has one, what has a
reason, and that the one does not take the other along.

Formulas are held by central differences of NumPy values at two sizes, not by our own rules.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import sympy

from gradcli.execute import run
from gradcli.language import parse
from gradcli.limits import LIMITS
from gradcli.symbolic import closed_forms, closed_jacobians, length
from gradcli.symbolic.indices import Dim, NoFormError, contract, fresh, indices_of, replace_index
from gradcli.symbolic.length import MOST_WEIGHT, Scale
from gradcli.symbolic.simplify import candidates


def made(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, n)) / 2
    return {
        "A": a,
        "S": a @ a.T + 2 * np.eye(n) + np.diag(np.arange(n)),
        "B": rng.normal(size=(n, n + 1)),
        "x": rng.permutation(n) + rng.uniform(0, 0.5, n),
        "s": np.array(0.7),
    }


def value(text: str, inputs: dict[str, Any]) -> np.ndarray:
    return np.asarray(run([parse(text).trace(inputs).graph.output], inputs)[0])


def slopes(text: str, inputs: dict[str, Any], name: str) -> np.ndarray:
    """The Jacobian by central differences, extrapolated once."""
    columns = []
    for entry in np.ndindex(inputs[name].shape):
        unit = np.zeros_like(inputs[name])
        unit[entry] = 1.0
        first, second = (
            (
                value(text, {**inputs, name: inputs[name] + h * unit})
                - value(text, {**inputs, name: inputs[name] - h * unit})
            )
            / (2 * h)
            for h in (2e-3, 1e-3)
        )
        columns.append((4 * second - first) / 3)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(*stacked.shape[:-1], *inputs[name].shape)


JACOBIANS = [
    ("expm(A)", "A"),
    ("expm(A)@x", "A"),
    ("expm(2*A)[0]", "A"),
    ("expm(s*A)@x", "s"),
    ("expm(A.T@A)@x", "A"),
    ("sqrtm(S)", "S"),
    ("diag(sqrtm(S))", "S"),
    ("logm(S)@x", "S"),
    ("sort(x)", "x"),
    ("sort(x)*expm(A)[0]", "x"),
    ("sort(x)*expm(A)[0]", "A"),
    ("solve(A, B)", "A"),
    ("solve(A, B)", "B"),
    ("cholesky(S)", "S"),
    ("cholesky(S)@x", "S"),
    ("eigvalsh(S)", "S"),
    ("eigh(S)[1]", "S"),
    ("qr(A)[0]", "A"),
    ("qr(A)[1]", "A"),
]


@pytest.mark.parametrize(("text", "name"), JACOBIANS)
def test_a_jacobian_has_a_formula_that_holds_at_other_sizes(text: str, name: str) -> None:
    used = parse(text).trace(made(3)).graph
    closed = closed_jacobians(used, [name])[name]
    assert closed.text is not None, closed.reason
    assert closed.latex
    assert closed.unicode
    for size in (3, 4):
        inputs = {key: array for key, array in made(size).items() if key in used.inputs}
        want, got = slopes(text, inputs, name), value(closed.text, inputs)
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7 * max(1.0, np.abs(want).max()))


def test_an_op_without_a_formula_takes_those_only_that_are_behind_it() -> None:
    inputs = {"x": np.array([1.0, 2.0, 3.0]), "y": np.ones((3, 3))}
    graph = parse("sum(x**2) + sum(cross(y, y[0]))").trace(inputs).graph
    found = closed_forms(graph, ["x", "y"])
    assert found["x"].text == "2*x"
    assert found["y"].text is None
    assert found["y"].reason


def test_a_rule_that_fails_leaves_the_other_variables_theirs() -> None:
    inputs = {"x": np.array([1.0, 2.0, 3.0]), "A": np.eye(3)}
    found = closed_jacobians(parse("x**2 + cross(A[0], A[1])").trace(inputs).graph, ["x", "A"])
    assert found["x"].text == "2*diag(x)"
    assert found["A"].text is None
    assert found["A"].reason is not None
    assert "matrix of adjoints" in found["A"].reason


# --- programs


def test_what_is_too_long_takes_only_its_own_variables() -> None:
    text = "for i in range(6):\n  f = 3.5*f*(1 - f)\nf + a**2"
    found = closed_forms(parse(text).trace({"f": 0.3, "a": 2.0}).graph, ["f", "a"])
    assert found["a"].text == "2*a"
    assert found["f"].text is None
    assert found["f"].reason is not None
    assert "too long to mean anything" in found["f"].reason


def test_a_kalman_step_has_its_six_formulas() -> None:
    rng = np.random.default_rng(0)
    inputs = {"F": rng.normal(size=(3, 3)), "H": rng.normal(size=(2, 3)), "R": np.eye(2)}
    inputs |= {"P": np.diag([2.0, 1.0, 3.0]), "x": rng.normal(size=3), "z": np.array([1.0, -1.0])}
    lines = "p = F@x; Q = F@P@F.T; K = Q@H.T@inv(H@Q@H.T + R); sum((p + K@(z - H@p))**2)"
    with LIMITS.raised(formula=60.0):  # what has a formula is asked here, not how fast
        found = closed_forms(parse(lines).trace(inputs).graph, list(inputs))
    for name, closed in found.items():
        assert closed.text is not None, closed.reason
        want = slopes(lines, inputs, name)
        np.testing.assert_allclose(value(closed.text, inputs), want, rtol=1e-5, atol=1e-7)


def test_a_continued_fraction_has_the_derivative_of_the_fibonacci_numbers() -> None:
    text = "for i in range(20):\n  f = 1 + 1/f\nf"
    started = time.process_time()
    closed = closed_forms(parse(text).trace({"f": 1.3}).graph, ["f"])["f"]
    assert time.process_time() - started < 2  # multiplied out it takes minutes
    assert closed.text is not None
    # f_20 = (F21 f + F20)/(F20 f + F19), and its derivative is 1/(F20 f + F19)**2
    want = 1 / (6765 * 1.3 + 4181) ** 2
    np.testing.assert_allclose(value(closed.text, {"f": np.array(1.3)}), want, rtol=1e-10)


def test_a_product_of_many_sums_is_not_multiplied_out() -> None:
    letters = sympy.symbols("a0:40", positive=True)
    product = sympy.Mul(*(letters[k] + letters[k + 1] for k in range(0, 40, 2)))
    assert list(candidates(product)) == [product]


def test_the_weight_counts_what_is_written_twice() -> None:
    a = sympy.Symbol("a")
    expr = a
    for _ in range(40):
        expr = sympy.sin(expr) + sympy.cos(expr)
    assert Scale().weight(expr) > 2**40
    with pytest.raises(NoFormError, match="too long to mean anything"):
        Scale().check(expr)
    Scale().check(sympy.Add(*sympy.symbols(f"a0:{MOST_WEIGHT - 1}")))
    assert length.MOST_WEIGHT < length.MOST_TEXT


def test_renaming_keeps_what_it_does_not_touch() -> None:
    dim = Dim(3)
    i, j, k = fresh(dim), fresh(dim), fresh(dim)
    inner = sympy.exp(j)
    total = contract(i * inner * k, [k])
    assert indices_of(total) == {i, j}
    renamed = replace_index(total, {i: j})
    assert indices_of(renamed) == {j}
    assert any(piece is inner for piece in sympy.preorder_traversal(replace_index(total, {i: k})))
