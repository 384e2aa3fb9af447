"""Jacobians and Hessians from batched cotangents, against complex or central differences and closed forms."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from gradcli.autodiff import gradient, hessian, jacobian
from gradcli.execute import run, run_batched
from gradcli.language import parse

EXPRESSIONS = [
    ("A@x", {"A": (3, 4), "x": (4,)}),
    ("x@A", {"A": (4, 3), "x": (4,)}),
    ("A@B", {"A": (2, 3), "B": (3, 4)}),
    ("T@x", {"T": (2, 3, 4), "x": (4,)}),
    ("T@U", {"T": (2, 3, 4), "U": (4, 2)}),
    ("x[1:]*x[:-1]", {"x": (5,)}),
    ("x[[0, 0, 2]]**2", {"x": (3,)}),
    ("softmax(x)", {"x": (4,)}),
    ("cumsum(x)", {"x": (4,)}),
    ("sort(x)**2", {"x": (4,)}),
    ("inv(A)", {"A": (3, 3)}),
    ("solve(A, b)", {"A": (3, 3), "b": (3,)}),
    ("x*sum(x)", {"x": (3, 1)}),
    ("einsum('ij,jk->ik', A, A)", {"A": (3, 3)}),
    ("concatenate([x, x**2])", {"x": (3,)}),
    ("(x - mean(x))/std(x)", {"x": (4,)}),
    ("where(x > 0.9, x**3, -x)", {"x": (2, 2)}),
    ("outer(x, x)", {"x": (3,)}),
    ("sin(s)*x", {"s": (), "x": (3,)}),
    ("cumprod(x)", {"x": (3,)}),
    ("maximum(x, y)", {"x": (3,), "y": (2, 1)}),
    ("norm(A, axis=1)", {"A": (3, 2)}),
]


def made(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(7)
    return {name: generator.uniform(0.4, 1.6, shape) for name, shape in shapes.items()}


def central(expression: str, inputs: dict[str, np.ndarray], name: str) -> np.ndarray:
    """d output / d input by central differences, Richardson-extrapolated once."""
    program = parse(expression)

    def value(array: np.ndarray) -> np.ndarray:
        moved = {**inputs, name: array}
        return run([program.trace(moved).graph.output], moved)[0]

    x = inputs[name]
    columns = []
    for index in np.ndindex(x.shape):
        unit = np.zeros_like(x)
        unit[index] = 1.0
        slopes = [(value(x + h * unit) - value(x - h * unit)) / (2 * h) for h in (1e-3, 5e-4)]
        columns.append((4 * slopes[1] - slopes[0]) / 3)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(*columns[0].shape, *x.shape)


@pytest.mark.parametrize(("expression", "shapes"), EXPRESSIONS)
def test_jacobian(expression: str, shapes: dict[str, tuple[int, ...]]) -> None:
    inputs = made(shapes)
    graph = parse(expression).trace(inputs).graph
    for name, node in graph.inputs.items():
        (found,) = jacobian(graph.output, [node], inputs, run_batched)
        expected = central(expression, inputs, name)
        assert found.shape == expected.shape == (*graph.output.shape, *inputs[name].shape)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("expression", "shapes"), EXPRESSIONS)
def test_hessian_is_the_jacobian_of_the_gradient(
    expression: str, shapes: dict[str, tuple[int, ...]]
) -> None:
    inputs = made(shapes)
    graph = parse(f"sum(({expression})**2)").trace(inputs).graph
    nodes = list(graph.inputs.values())
    blocks = hessian(graph.output, nodes, nodes, inputs, run_batched)
    for row, row_node in enumerate(nodes):
        for column, column_node in enumerate(nodes):
            block = blocks[row][column]
            assert block.shape == (*row_node.shape, *column_node.shape)
            flat = block.reshape(row_node.size, column_node.size)
            other = blocks[column][row].reshape(column_node.size, row_node.size)
            np.testing.assert_allclose(flat, other.T, rtol=1e-9, atol=1e-9)
    # One column by differences of the gradient.
    (name, node), *_ = graph.inputs.items()
    (first,) = gradient(graph.output, [node])
    assert first is not None
    unit = np.zeros_like(inputs[name])
    unit.reshape(-1)[0] = 1e-4
    sides = [run([first], {**inputs, name: inputs[name] + s * unit})[0] for s in (1, -1)]
    np.testing.assert_allclose(
        blocks[0][0].reshape(node.size, -1)[:, 0],
        ((sides[0] - sides[1]) / 2e-4).reshape(-1),
        rtol=1e-5,
        atol=1e-5,
    )


def test_the_batch_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("gradcli.autodiff.jacobian")
    monkeypatch.setattr(module, "BATCH", 8)
    inputs = made({"A": (5, 4), "x": (4,)})
    graph = parse("A@x").trace(inputs).graph
    (found,) = module.jacobian(graph.output, [graph.inputs["x"]], inputs, run_batched)
    np.testing.assert_allclose(found, inputs["A"])
