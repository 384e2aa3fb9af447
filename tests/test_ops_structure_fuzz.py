"""Random arguments, most of them nonsense: a structural function answers or raises a GradcliError."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Node, input_node
from gradcli.language.arguments import parameters
from gradcli.ops import FUNCTIONS
from gradcli.ops.declare import Function

FAMILIES = {
    "contractions",
    "creation",
    "diagonals",
    "joins",
    "pieces",
    "positions",
    "products",
    "rearranging",
    "selection",
    "shapes",
    "updates",
}
STRUCTURAL = [entry for entry in FUNCTIONS.values() if entry.family in FAMILIES]
SHAPES = [(), (0,), (1,), (3,), (2, 3), (3, 3), (2, 0), (2, 3, 4), (1, 1), (3, 1)]
STATIC: list[Any] = [
    *(None, True, "a", "C", "F", "wrap", "edge", "ij", "i->i", "ij,jk", "...i...->...", "ii"),
    *(-3, -2, -1, 0, 1, 2, 3, 1.5, 2.0, float("nan"), float("inf"), 10**12, 10**30, -(10**30)),
    *([], [1], [0, 1], [-1, 2], [[1, 2], [3]], [None], ["a"], (1, 2), (0, 1, 2), (2, -1), {}),
    *(((1, 1), (0, 2)), slice(0, 1), (slice(None), 0), Ellipsis, np.int64(2), np.float64(2.0)),
    *(np.array([1, 0]), np.array(1), np.array([True, False, True]), np.array([0.5])),
]


def arguments(entry: Function, rng: random.Random, nodes: list[Node]) -> tuple[list[Any], Any]:
    """Random arguments of the right kinds; optional ones are sometimes left out."""
    tensors: list[Any] = []
    static: dict[str, Any] = {}
    for parameter in parameters(entry.signature):
        optional = parameter.default is None or isinstance(parameter.default, (int, float, str))
        if parameter.variadic:
            pool = STATIC if parameter.kind == "static" else nodes
            tensors += [rng.choice(pool) for _ in range(rng.randint(0, 3))]
        elif parameter.kind == "static":
            if not optional or rng.random() < 0.7:
                static[parameter.name] = rng.choice(STATIC)
        elif parameter.kind == "list":
            tensors.append(tuple(rng.choice(nodes) for _ in range(rng.randint(0, 3))))
        elif parameter.kind == "nested":
            x, y = rng.choice(nodes), rng.choice(nodes)
            tensors.append(rng.choice([x, (x,), ((x, y), (y,)), (), ((),), (x, (y,))]))
        else:
            tensors.append(rng.choice(nodes))
    return tensors, static


@pytest.mark.parametrize("entry", STRUCTURAL, ids=[entry.name for entry in STRUCTURAL])
def test_nonsense_is_an_error_of_ours(entry: Function) -> None:
    rng = random.Random(entry.name)
    nodes = [input_node(f"x{i}", shape) for i, shape in enumerate(SHAPES)]
    values = {f"x{i}": np.ones(shape) for i, shape in enumerate(SHAPES)}
    for _ in range(60):
        tensors, static = arguments(entry, rng, nodes)
        try:
            result = entry.build(*tensors, **static)
            parts = result if isinstance(result, tuple) else (result,)
            outputs = [part for part in parts if isinstance(part, Node)]
            if sum(node.size for node in outputs) > 10**5:
                continue
            for node, value in zip(outputs, run(outputs, values), strict=True):
                assert node.shape == value.shape
            if outputs:
                run([g for g in gradient(outputs[0], nodes) if g is not None], values)
        except GradcliError:
            continue
