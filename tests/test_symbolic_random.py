"""Closed forms of random expressions over arrays of random shapes, axes of size 1 among them.

Read back by the language, each formula must give the numbers of reverse mode, shape first.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from gradcli.autodiff import gradient, jacobian
from gradcli.errors import GradcliError
from gradcli.execute import run, run_batched
from gradcli.graph import Graph
from gradcli.language import parse
from gradcli.symbolic import closed_forms, closed_jacobians

UNARY = [
    "exp({})",
    "sin({})",
    "({})**2",
    "tanh({})",
    "sqrt({})",
    "-{}",
    "2*({})",
    "log({})",
    "abs({})",
    "1/({})",
]
BINARY = ["({} + {})", "({} - {})", "{}*{}", "{}/{}", "maximum({}, {})", "where({} > 1, {}, 0.5)"]
REDUCE = [
    "sum({})", "mean({})", "norm({})", "max({})", "logsumexp({})", "sum({}, axis=0)", "mean({}, axis=-1)",
    "sum({}, axis=-1, keepdims=True)", "max({}, axis=0)", "norm({}, axis=-1)", "softmax({})",
    "cumsum({}, axis=0)", "({}).T", "({})[0]", "({})[..., 1:]", "prod({})", "logsumexp({}, axis=0)",
]  # fmt: skip


def expression(draw: random.Random, depth: int) -> str:
    if depth <= 0:
        return draw.choice("xyAv")
    kind = draw.random()
    if kind < 0.3:
        return draw.choice(UNARY).format(expression(draw, depth - 1))
    if kind < 0.65:
        return draw.choice(BINARY).format(expression(draw, depth - 1), expression(draw, depth - 2))
    if kind < 0.85:
        return draw.choice(REDUCE).format(expression(draw, depth - 1))
    return f"({expression(draw, depth - 1)}@{expression(draw, depth - 1)})"


def cases(seed: int, count: int) -> Iterator[tuple[str, Graph, dict[str, np.ndarray]]]:
    """Expressions that fit their shapes and are smooth and finite at the point."""
    draw, numbers = random.Random(seed), np.random.default_rng(seed)
    found = 0
    while found < count:
        sizes = [draw.choice([1, 1, 2, 3]) for _ in range(3)]
        shapes = {
            "x": tuple(sizes[: draw.choice([0, 1, 1, 2])]),
            "y": tuple(sizes[: draw.choice([1, 2])]),
            "A": tuple(sizes[:2]),
            "v": tuple(sizes[-draw.choice([1, 2, 3]) :]),
        }
        text = expression(draw, draw.choice([1, 2, 3]))
        inputs = {name: numbers.uniform(0.3, 1.7, shape) for name, shape in shapes.items()}
        try:
            graph = parse(text).trace(inputs).graph
            value = run([graph.output], inputs)[0]
        except GradcliError:
            continue
        if graph.inputs and np.all(np.isfinite(value)) and not tied(graph, inputs):
            found += 1
            yield text, graph, inputs


def tied(graph: Graph, inputs: dict[str, np.ndarray]) -> bool:
    """Whether a kink is met (a `maximum` of equal numbers): formula and rule may choose differently."""
    for node in graph.nodes():
        if node.op.kink is not None:
            arrays = run(list(node.inputs), inputs)
            with np.errstate(all="ignore"):
                if np.any(node.op.kink(*arrays, **node.params)):
                    return True
    return False


def evaluated(text: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return run([parse(text).trace(inputs).graph.output], inputs)[0]


def compare(found: np.ndarray, expected: np.ndarray, words: str) -> None:
    assert found.shape == expected.shape, words
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9, err_msg=words)


@pytest.mark.parametrize("seed", range(6))
def test_gradients(seed: int) -> None:
    compared = 0
    for text, graph, inputs in cases(seed, 40):
        closed = closed_forms(graph, list(graph.inputs))
        for name, node in graph.inputs.items():
            (found,) = gradient(graph.output, [node])
            expected = np.zeros(node.shape) if found is None else run([found], inputs)[0]
            if closed[name].text is not None and np.all(np.isfinite(expected)):
                words = f"{text}: d/d{name} = {closed[name].text}"
                compare(evaluated(closed[name].text, inputs), expected, words)
                compared += 1
    assert compared > 40


@pytest.mark.parametrize("seed", range(6, 9))
def test_jacobians(seed: int) -> None:
    compared = 0
    for text, graph, inputs in cases(seed, 30):
        names = list(graph.inputs)
        closed = closed_jacobians(graph, names)
        arrays = jacobian(graph.output, [graph.inputs[name] for name in names], inputs, run_batched)
        for name, expected in zip(names, arrays, strict=True):
            if closed[name].text is not None and np.all(np.isfinite(expected)):
                words = f"{text}: J by {name} = {closed[name].text}"
                compare(evaluated(closed[name].text, inputs), expected, words)
                compared += 1
    assert compared > 20
