"""The reverse pass: the hazards of a graph, second order, and un-broadcasting in one place."""

from __future__ import annotations

import numpy as np
import pytest

import gradcli.ops  # noqa: F401  (fills the registries)
from gradcli.autodiff import gradient, hessian_vector
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Node, apply, constant, input_node
from gradcli.ops.structure import sum_

X = np.array([1.0, -2.0, 3.0])


def value(node: Node | None, **inputs: np.ndarray) -> np.ndarray:
    assert node is not None
    return run([node], inputs)[0]


def test_fan_out_adds_contributions() -> None:
    x = input_node("x", (3,))
    (g,) = gradient(x * x + 3.0 * x, [x])
    np.testing.assert_array_equal(value(g, x=X), 2 * X + 3)


def test_constant_and_unused_have_no_gradient() -> None:
    x, unused = input_node("x", (3,)), input_node("u", (2,))
    assert gradient(constant(2.0), [x]) == [None]
    assert gradient(x * 2.0, [unused]) == [None]


def test_identity() -> None:
    x = input_node("x", (3,))
    (g,) = gradient(x, [x])
    np.testing.assert_array_equal(value(g, x=X), np.ones(3))


def test_intermediate() -> None:
    x = input_node("x", (3,))
    y = x * x
    z = y * y
    (g,) = gradient(z, [y])
    np.testing.assert_array_equal(value(g, x=X), 2 * X**2)


def test_a_path_around_the_intermediate_does_not_count() -> None:
    x = input_node("x", (3,))
    y = x * x
    (g,) = gradient(y * x, [y])
    np.testing.assert_array_equal(value(g, x=X), X)


def test_cut() -> None:
    x = input_node("x", (3,))
    (g,) = gradient(apply("stop_gradient", x) * x, [x])
    np.testing.assert_array_equal(value(g, x=X), X)


def test_broadcast_inputs_receive_sums() -> None:
    a, b = input_node("a", (2, 1)), input_node("b", (3,))
    ga, gb = gradient(a * b, [a, b])
    av, bv = np.array([[2.0], [5.0]]), X
    np.testing.assert_array_equal(value(ga, a=av, b=bv), np.full((2, 1), bv.sum()))
    np.testing.assert_array_equal(value(gb, a=av, b=bv), np.full(3, av.sum()))


def test_cotangent_has_the_shape_of_the_target() -> None:
    x = input_node("x", (3,))
    (g,) = gradient(x * x, [x], constant(np.array([1.0, 0.0, 2.0])))
    np.testing.assert_array_equal(value(g, x=X), [2.0, 0.0, 12.0])
    with pytest.raises(GradcliError, match=r"\(3,\), not \(2,\)"):
        gradient(x * x, [x], constant(np.ones(2)))


def test_a_branch_not_taken_does_not_poison() -> None:
    x = input_node("x", (2,))
    root = apply("where", x > 0.0, apply("sqrt", x), 0.0)
    (g,) = gradient(root, [x])
    np.testing.assert_array_equal(value(g, x=np.array([-1.0, 4.0])), [0.0, 0.25])


def test_hessian_vector_of_a_quadratic_form() -> None:
    a = np.array([[1.0, 2.0, 0.0], [4.0, 3.0, 1.0], [0.0, -1.0, 2.0]])
    v = np.array([1.0, 0.5, -1.0])
    x = input_node("x", (3,))
    (h,) = hessian_vector(x @ constant(a) @ x, [x], [constant(v)])
    np.testing.assert_allclose(value(h, x=X), (a + a.T) @ v, rtol=1e-15)


def test_hessian_vector_with_mixed_blocks() -> None:
    # f = sum(x**2 * y): d2f = [[2y, 2x], [2x, 0]]
    x, y = input_node("x", (3,)), input_node("y", (3,))
    u, v = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 0.0, 4.0])
    hx, hy = hessian_vector(sum_(x * x * y), [x, y], [constant(u), constant(v)])
    yv = np.array([0.5, 1.5, -2.0])
    np.testing.assert_allclose(value(hx, x=X, y=yv), 2 * yv * u + 2 * X * v)
    np.testing.assert_allclose(value(hy, x=X, y=yv), 2 * X * u)


def test_third_order_by_nesting() -> None:
    x = input_node("x", ())
    first = gradient(x**5.0, [x])[0]
    assert first is not None
    second = gradient(first, [x])[0]
    assert second is not None
    third = gradient(second, [x])[0]
    assert value(third, x=np.array(2.0)) == pytest.approx(60 * 4.0)


def test_float32_stays_float32() -> None:
    x = input_node("x", (3,), np.dtype(np.float32))
    (g,) = gradient(2.0 * x * x, [x])
    assert value(g, x=X.astype(np.float32)).dtype == np.float32


def test_a_long_chain_needs_no_recursion() -> None:
    x = input_node("x", ())
    y = x
    for _ in range(20_000):
        y = y * 1.0001
    (g,) = gradient(y, [x])
    assert value(g, x=np.array(1.0)) == pytest.approx(1.0001**20_000, rel=1e-9)
