"""Reductions, scans, sorting, statistics, losses: reference numbers and special points.

`tests/data/reductions.json` holds values, gradients and Hessian-vector products (of the weighted
sum of the output) from JAX in float64; nothing in it was computed with gradcli.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli.autodiff import gradient, hessian_vector
from gradcli.execute import run
from gradcli.graph import FLOAT32, FLOAT64, Node, constant, input_node
from gradcli.ops import ALIASES, FUNCTIONS

CASES = json.loads((Path(__file__).parent / "data" / "reductions.json").read_text())
inf, nan = np.inf, np.nan


def static_of(case: dict[str, Any]) -> dict[str, Any]:
    words = {"inf": inf, "-inf": -inf}
    return {
        key: tuple(value) if isinstance(value, list) else words.get(value, value)
        for key, value in case["static"].items()
    }


def build(
    name: str, *arrays: Any, dtype: Any = FLOAT64, **static: Any
) -> tuple[Node, list[Node], dict[str, Any]]:
    """The function on inputs `x0, x1, ...`: output, input nodes, input arrays."""
    inputs = {f"x{k}": np.asarray(array, dtype=dtype) for k, array in enumerate(arrays)}
    nodes = [input_node(key, array.shape, dtype) for key, array in inputs.items()]
    return FUNCTIONS[ALIASES.get(name, name)].build(*nodes, **static), nodes, inputs


def present(nodes: list[Node | None], like: list[Node]) -> list[Node]:
    """Zeros where nothing depends on an input."""
    return [
        constant(np.zeros(model.shape)) if node is None else node
        for node, model in zip(nodes, like, strict=True)
    ]


def value_and_gradients(
    name: str, *arrays: Any, cotangent: Any = None, **static: Any
) -> tuple[Any, ...]:
    output, nodes, inputs = build(name, *arrays, **static)
    weights = None if cotangent is None else constant(np.asarray(cotangent, dtype=float))
    value, *numbers = run([output, *present(gradient(output, nodes, weights), nodes)], inputs)
    return value, *numbers


def assert_same(got: Any, wanted: Any, tolerance: float = 1e-10) -> None:
    got, wanted = np.asarray(got, dtype=float), np.asarray(wanted, dtype=float)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance)


def label(case: dict[str, Any]) -> str:
    shapes = [str(np.shape(array)) for array in case["arrays"]]
    return f"{case['function']}{','.join(shapes)}{case['static'] or ''}"


@pytest.mark.parametrize("case", CASES, ids=label)
def test_reference(case: dict[str, Any]) -> None:
    output, nodes, inputs = build(case["function"], *case["arrays"], **static_of(case))
    weights = constant(np.asarray(case["weights"], dtype=float))
    assert output.shape == np.shape(case["value"])
    value, *first = run([output, *present(gradient(output, nodes, weights), nodes)], inputs)
    assert_same(value, case["value"])
    for got, reference in zip(first, case["gradients"], strict=True):
        assert_same(got, reference)
    if "direction" not in case:
        return
    directions = [constant(np.asarray(array, dtype=float)) for array in case["direction"]]
    second = hessian_vector(output * weights, nodes, directions)
    products = run(present(second, nodes), inputs)
    for got, reference in zip(products, case["hessian_vector"], strict=True):
        assert_same(got, reference, 1e-9)


@pytest.mark.parametrize("case", CASES[::3], ids=label)
def test_float32_stays(case: dict[str, Any]) -> None:
    output, nodes, inputs = build(
        case["function"], *case["arrays"], dtype=FLOAT32, **static_of(case)
    )
    gradients = [g for g in gradient(output, nodes) if g is not None]
    for array in run([output, *gradients], inputs):
        assert array.dtype == FLOAT32


@pytest.mark.parametrize("case", CASES[::4], ids=label)
def test_a_batch_axis_in_front(case: dict[str, Any]) -> None:
    """Each primitive's forward takes extra leading axes."""
    output, nodes, inputs = build(case["function"], *case["arrays"], **static_of(case))
    if len(nodes) > 1 or len(output.inputs) != 1 or output.inputs[0] is not nodes[0]:
        pytest.skip("not one primitive of one array")
    (array,) = inputs.values()
    batch = np.stack([array, -array, array + 1])
    with np.errstate(all="ignore"):
        together = output.op.evaluate(batch, **output.params)
        one_by_one = [output.op.evaluate(part, **output.params) for part in batch]
    np.testing.assert_allclose(together, np.stack(one_by_one), rtol=1e-12)
