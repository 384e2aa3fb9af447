"""Reductions, scans, sorting, statistics, losses: reference numbers and special points.

`tests/data/reductions.json` holds values, gradients and Hessian-vector products (of the weighted
sum of the output) from JAX in float64; nothing in it was computed with gradcli.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli.autodiff import gradient, hessian_vector
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import FLOAT32, FLOAT64, OPS, Node, apply, constant, input_node, topological
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


PRIMITIVES = [
    "mean",
    "max",
    "min",
    "prod",
    "center",
    "rms",
    "norm",
    "quantile",
    "logsumexp",
    "softmax",
    "log_softmax",
    "cumsum",
    "cumprod",
    "logcumsumexp",
    "sort",
    "convolve",
]


@pytest.mark.parametrize("case", CASES[::2], ids=label)
def test_a_batch_axis_in_front(case: dict[str, Any]) -> None:
    """The forward of a primitive takes extra leading axes."""
    output, _, inputs = build(case["function"], *case["arrays"], **static_of(case))
    nodes = [node for node in topological([output]) if node.op.name in PRIMITIVES]
    for node in nodes:
        arrays = run(node.inputs, inputs)
        batches = [np.stack([array, -array, array + 1]) for array in arrays]
        with np.errstate(all="ignore"):
            together = node.op.evaluate(*batches, **node.params)
            one_by_one = [
                node.op.evaluate(*parts, **node.params) for parts in zip(*batches, strict=True)
            ]
        np.testing.assert_allclose(together, np.stack(one_by_one), rtol=1e-12)


# --- special points ------------------------------------------------------------------------------

SPECIAL: list[tuple[str, Any, dict[str, Any], Any, Any]] = [
    # function, x, static, value, gradient
    ("mean", [1e308, 1.5e308], {}, 1.25e308, [0.5, 0.5]),
    ("max", [1.0, 3.0, 3.0], {}, 3.0, [0.0, 0.5, 0.5]),
    ("min", [inf, 2.0], {}, 2.0, [0.0, 1.0]),
    ("ptp", [2.0, 2.0], {}, 0.0, [0.0, 0.0]),
    ("median", [1.0, 2.0, 2.0], {}, 2.0, [0.0, 0.5, 0.5]),
    ("median", [2.0, 2.0], {}, 2.0, [0.5, 0.5]),
    ("median", [-inf, inf, inf, inf], {}, inf, [0.0, 1 / 3, 1 / 3, 1 / 3]),
    ("prod", [0.0, 0.0, 3.0], {}, 0.0, [0.0, 0.0, 0.0]),
    ("prod", [2.0, 0.0, 3.0], {}, 0.0, [0.0, 6.0, 0.0]),
    ("prod", [1e10, 1e10], {}, 1e20, [1e10, 1e10]),
    ("cumprod", [2.0, 0.0, 3.0], {}, [2.0, 0.0, 0.0], [1.0, 8.0, 0.0]),
    ("var", [5.0], {}, 0.0, [0.0]),
    ("var", [1e8 + 1, 1e8 + 2, 1e8 + 3], {}, 2 / 3, [-2 / 3, 0.0, 2 / 3]),
    ("std", [2.0, 2.0, 2.0], {}, 0.0, [0.0, 0.0, 0.0]),
    ("std", [0.1, 0.1, 0.1], {}, 0.0, [0.0, 0.0, 0.0]),
    ("std", [1e200, 2e200], {}, 5e199, [-0.5, 0.5]),
    ("norm", [0.0, 0.0], {}, 0.0, [0.0, 0.0]),
    ("norm", [3e200, 4e200], {}, 5e200, [0.6, 0.8]),
    ("norm", [3e-200, 4e-200], {}, 5e-200, [0.6, 0.8]),
    ("norm", [1e-320, 0.0], {}, 1e-320, [1.0, 0.0]),
    ("norm", [[3e200, 4e200], [3.0, 4.0]], {"axis": 1}, [5e200, 5.0], [[0.6, 0.8], [0.6, 0.8]]),
    ("norm", [1e200, 1e200], {"ord": 4}, 2**0.25 * 1e200, [2**-0.75, 2**-0.75]),
    ("norm", [1e-200, 1e-200], {"ord": 0.5}, 4e-200, [2.0, 2.0]),
    ("norm", [0.0, 1.0, 2.0], {"ord": 3}, 9 ** (1 / 3), [0.0, 9 ** (-2 / 3), 4 * 9 ** (-2 / 3)]),
    ("norm", [0.0, 1.0, 2.0], {"ord": -1}, 0.0, [0.0, 0.0, 0.0]),
    ("norm", [0.0, 1.0, 2.0], {"ord": 0}, 2.0, [0.0, 0.0, 0.0]),
    ("norm", [0.0, -1.0, 2.0], {"ord": 1}, 3.0, [0.0, -1.0, 1.0]),
    ("norm", -3.0, {}, 3.0, -1.0),
    ("logsumexp", [1e300, 0.0], {}, 1e300, [1.0, 0.0]),
    ("logsumexp", [-inf, 0.0, 0.0], {}, np.log(2), [0.0, 0.5, 0.5]),
    ("logsumexp", [0.0, -40.0], {}, np.exp(-40), [1.0, np.exp(-40)]),
    ("softmax", [0.0], {}, [1.0], [0.0]),
    ("log_softmax", [-inf, 0.0], {}, [-inf, 0.0], [1.0, -1.0]),
    ("logcumsumexp", [-inf, 0.0, 800.0], {}, [-inf, 0.0, 800.0], [0.0, 1.0, 1.0]),
    ("nansum", [1.0, nan, 2.0], {}, 3.0, [1.0, 0.0, 1.0]),
    ("nanmean", [1.0, nan, 2.0], {}, 1.5, [0.5, 0.0, 0.5]),
    ("nanprod", [5.0, nan, 2.0], {}, 10.0, [2.0, 0.0, 5.0]),
    ("nanvar", [1.0, nan, 3.0], {}, 1.0, [-1.0, 0.0, 1.0]),
    ("nanstd", [1.0, nan, 3.0], {}, 1.0, [-0.5, 0.0, 0.5]),
    ("nanmax", [1.0, nan, 3.0], {}, 3.0, [0.0, 0.0, 1.0]),
    ("nanmin", [nan, nan], {}, nan, [0.0, 0.0]),
    ("nancumsum", [1.0, nan, 3.0], {}, [1.0, 1.0, 4.0], [3.0, 0.0, 1.0]),
    ("logcosh", [0.0, 1e-8, 800.0], {}, [0.0, 5e-17, 800 - np.log(2)], [0.0, 1e-8, 1.0]),
    ("sum", np.zeros(0), {}, 0.0, np.zeros(0)),
    ("prod", np.zeros(0), {}, 1.0, np.zeros(0)),
    ("norm", np.zeros(0), {}, 0.0, np.zeros(0)),
    ("cumsum", np.zeros(0), {}, np.zeros(0), np.zeros(0)),
    ("softmax", np.zeros(0), {}, np.zeros(0), np.zeros(0)),
    ("sort", np.zeros(0), {}, np.zeros(0), np.zeros(0)),
    ("prod", np.zeros((0, 3)), {"axis": 1}, np.zeros(0), np.zeros((0, 3))),
    ("mean", 3.0, {}, 3.0, 1.0),
    ("cumsum", 3.0, {}, [3.0], 1.0),
    ("unwrap", [0.0, np.pi, 0.0, -np.pi], {}, [0.0, np.pi, 0.0, -np.pi], [1.0] * 4),
]


@pytest.mark.parametrize(("name", "x", "static", "value", "slope"), SPECIAL)
def test_special_point(name: str, x: Any, static: dict[str, Any], value: Any, slope: Any) -> None:
    got, number = value_and_gradients(name, x, **static)
    assert_same(got, value, 1e-14)
    assert_same(number, slope, 1e-14)


@pytest.mark.parametrize(
    ("name", "x", "place", "slope"),
    [
        ("softmax", [30.0, 0.0], 0, 9.357622968838423e-14),
        ("log_softmax", [30.0, 0.0], 0, 9.357622968839299e-14),
        ("log_softmax", [700.0, 0.0], 0, 9.8596765e-305),
        ("softmax", [2.0, -40.0, 2.0], 0, 0.25),
    ],
)
def test_the_tail_survives(name: str, x: list[float], place: int, slope: float) -> None:
    cotangent = np.zeros(len(x))
    cotangent[place] = 1.0
    number = value_and_gradients(name, x, cotangent=cotangent)[1][place]
    assert number == pytest.approx(slope, rel=1e-7)


def test_a_masked_branch_stays_out() -> None:
    """The double-`where` trap: what is not taken sends back 0, not nan."""
    x = input_node("x", (2,))
    for name in ("norm", "std", "logsumexp", "prod", "max"):
        output = apply("where", apply("greater", x, 5.0), FUNCTIONS[name].build(x), x)
        (slope,) = run(present(gradient(output, [x]), [x]), {"x": np.array([nan, 0.0])})
        assert_same(slope, [1.0, 1.0])


# --- kinks ---------------------------------------------------------------------------------------

KINKS: list[tuple[str, Any, dict[str, Any], Any]] = [
    # primitive, x, params, where it is not differentiable
    ("max", [1.0, 3.0, 3.0], {"axes": (-1,), "keepdims": False}, [0, 1, 1]),
    ("min", [1.0, 3.0, 3.0], {"axes": (-1,), "keepdims": False}, [0, 0, 0]),
    ("max", [[1.0, 5.0], [1.0, 2.0]], {"axes": (-2,), "keepdims": True}, [[1, 0], [1, 0]]),
    ("sort", [2.0, 1.0, 2.0], {"axis": -1}, [1, 0, 1]),
    ("argsort", [2.0, 1.0, 3.0], {"axis": -1}, [0, 0, 0]),
    ("argmax", [3.0, 3.0, 1.0], {"axis": -1, "keepdims": False}, [1, 1, 0]),
    ("norm", [0.0, 0.0], {"ord": 2.0, "axes": (-1,), "keepdims": False}, [1, 1]),
    ("norm", [0.0, 1.0], {"ord": 2.0, "axes": (-1,), "keepdims": False}, [0, 0]),
    ("norm", [0.0, 1.0], {"ord": 0.5, "axes": (-1,), "keepdims": False}, [1, 0]),
    (
        "norm",
        [[0.0, 1.0], [0.0, 0.0]],
        {"ord": 2.0, "axes": (-1,), "keepdims": False},
        [[0, 0], [1, 1]],
    ),
    ("rms", [0.0, 0.0], {"axes": (-1,), "keepdims": False, "ddof": 0}, [1, 1]),
]


@pytest.mark.parametrize(("name", "x", "params", "where"), KINKS)
def test_kink(name: str, x: Any, params: dict[str, Any], where: Any) -> None:
    kink = OPS[name].kink
    assert kink is not None
    np.testing.assert_array_equal(kink(np.asarray(x), **params), np.asarray(where, dtype=bool))


@pytest.mark.parametrize(
    ("x", "q", "where"),
    [
        ([1.0, 2.0, 2.0], 0.5, [0, 1, 1]),
        ([1.0, 1.0, 2.0, 3.0, 4.0], 0.5, [0, 0, 0, 0, 0]),  # a tie elsewhere is no kink
        ([1.0, 2.0, 2.0, 3.0], 0.5, [0, 0, 0, 0]),  # both of the two middle ones: their mean
        ([1.0, 2.0, 2.0, 3.0], 0.4, [0, 1, 1, 0]),
        ([2.0, 2.0, 2.0, 3.0], 0.5, [1, 1, 1, 0]),
    ],
)
def test_kink_of_a_quantile(x: list[float], q: float, where: list[int]) -> None:
    output, _, inputs = build("quantile", x, q=q)
    kink = output.op.kink
    assert kink is not None
    found = kink(*inputs.values(), **output.params)
    np.testing.assert_array_equal(found, np.asarray(where, dtype=bool))


# --- cuts, errors --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arrays", "static", "value"),
    [
        ("any", [[0.0, 1.0]], {}, True),
        ("all", [[[0.0, 1.0], [2.0, 3.0]]], {"axis": 1}, [False, True]),
        ("count_nonzero", [[[0.0, 1.0], [2.0, 3.0]]], {"axis": 0}, [1, 2]),
        ("argmax", [[[1.0, 5.0], [7.0, 2.0]]], {}, 2),
        ("argmax", [[[1.0, 5.0], [7.0, 2.0]]], {"keepdims": True}, [[2]]),
        ("argmin", [[[1.0, 5.0], [7.0, 2.0]]], {"axis": -1, "keepdims": True}, [[0], [1]]),
        ("argsort", [[3.0, 1.0, 2.0]], {}, [1, 2, 0]),
        ("argsort", [[3.0, 1.0, 2.0]], {"descending": True}, [0, 2, 1]),
        ("cumargmax", [[1.0, 3.0, 3.0, 0.0]], {}, [0, 1, 2, 2]),
        ("cumargmin", [[[1.0, 3.0], [0.0, 4.0]]], {"axis": 0}, [[0, 0], [1, 0]]),
        ("searchsorted", [[0.0, 0.4, 0.9], [0.4, 0.5]], {}, [1, 2]),
        ("searchsorted", [[0.0, 0.4, 0.9], [0.4, 0.5]], {"side": "right"}, [2, 2]),
        ("digitize", [[0.4, 0.5], [0.0, 0.4, 0.9]], {}, [2, 2]),
    ],
)
def test_cut(name: str, arrays: list[Any], static: dict[str, Any], value: Any) -> None:
    output, nodes, inputs = build(name, *arrays, **static)
    assert gradient(output, nodes) == [None] * len(nodes)
    (got,) = run([output], inputs)
    assert got.shape == output.shape
    np.testing.assert_array_equal(got, value)


NUMPY: list[tuple[str, list[Any], dict[str, Any], Callable[..., Any]]] = [
    ("nanmedian", [[3.0, nan, 1.0, 2.0, 7.0]], {}, np.nanmedian),
    ("nanmedian", [[[3.0, nan, 1.0], [4.0, 5.0, 0.5]]], {"axis": 0}, np.nanmedian),
    ("nanquantile", [[3.0, nan, 1.0, 2.0, 7.0]], {"q": 0.3}, np.nanquantile),
    ("nanpercentile", [[[3.0, nan, 1.0], [4.0, 5.0, 0.5]]], {"q": 30, "axis": 1}, np.nanpercentile),
    ("nanargmax", [[3.0, nan, 5.0]], {}, np.nanargmax),
    ("nanargmin", [[[3.0, nan], [1.0, 5.0]]], {"axis": 1}, np.nanargmin),
    ("nancumprod", [[3.0, nan, 5.0]], {}, np.nancumprod),
    ("cummax", [[1.0, 3.0, 2.0, 4.0, 0.0]], {}, np.maximum.accumulate),
    ("cummin", [[[1.0, 3.0, 2.0], [4.0, 0.0, 5.0]]], {"axis": 1}, np.minimum.accumulate),
    ("polyval", [np.linspace(-1.0, 1.0, 90), [[0.5, -0.9]]], {}, np.polyval),
    ("polyadd", [[1.0, 2.0, 3.0], [4.0, 5.0]], {}, np.polyadd),
    ("polysub", [[1.0, 2.0], [4.0, 5.0, 6.0]], {}, np.polysub),
    ("gradient", [[1.0, 4.0, 9.0, 25.0], [0.0, 1.0, 2.5, 4.0]], {"edge_order": 2}, np.gradient),
    ("correlate", [[1.0, 4.0, 9.0], [0.5, 2.0, 1.0, 3.0]], {"mode": "same"}, np.correlate),
    ("percentile", [[3.0, 1.0, 2.0, 7.0]], {"q": (10, 80)}, np.percentile),
    ("vector_norm", [[[1.0, 4.0], [2.0, 3.0]]], {"ord": 3}, np.linalg.vector_norm),
    ("norm", [[[1.0, 4.0], [2.0, 3.0]]], {"ord": "nuc"}, np.linalg.norm),
    ("norm", [[[1.0, 4.0], [2.0, 3.0]]], {"ord": 2, "keepdims": True}, np.linalg.norm),
    ("matrix_norm", [np.arange(24.0).reshape(2, 3, 4) ** 2], {"ord": -2}, np.linalg.matrix_norm),
    ("norm", [np.arange(24.0).reshape(2, 3, 4)], {"ord": 2, "axis": (0, 2)}, np.linalg.norm),
    (
        "average",
        [[[1.0, 4.0], [2.0, 3.0]], [0.5, 2.0]],
        {"axis": 0},
        lambda x, w, axis: w @ x / 2.5,
    ),
    ("l2_loss", [[3.0, 4.0]], {}, lambda x: 12.5),
    ("standardize", [[3.0, 4.0, 8.0]], {}, lambda x: (x - x.mean()) / np.sqrt(x.var() + 1e-5)),
    ("cumulative_trapezoid", [[3.0, 4.0, 8.0]], {}, lambda y: np.array([3.5, 9.5])),
    ("pairwise_distance", [[3.0, 4.0], [0.0, 0.0]], {"eps": 0.0}, lambda x, y, eps: 5.0),
]


@pytest.mark.parametrize(("name", "arrays", "static", "reference"), NUMPY)
def test_numpy(
    name: str, arrays: list[Any], static: dict[str, Any], reference: Callable[..., Any]
) -> None:
    """The value is NumPy's, and the gradient follows it along a random direction."""
    output, nodes, inputs = build(name, *arrays, **static)
    weights = np.random.default_rng(1).normal(size=output.shape)
    gradients = present(gradient(output, nodes, constant(weights)), nodes)
    value, *slopes = run([output, *gradients], inputs)
    given = [np.asarray(array, dtype=float) for array in arrays]
    assert_same(value, reference(*given, **static), 1e-12)
    step = 1e-6
    for place, (array, slope) in enumerate(zip(given, slopes, strict=True)):
        direction = np.random.default_rng(place).normal(size=array.shape)
        ends = []
        for sign in (1, -1):
            moved = {**inputs, f"x{place}": array + sign * step * direction}
            ends.append(np.sum(weights * run([output], moved)[0]))
        assert np.nansum(slope * direction) == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-6
        )


def test_topk() -> None:
    x = input_node("x", (2, 4))
    values, places = FUNCTIONS["topk"].build(x, k=2)
    array = np.array([[3.0, 1.0, 4.0, 1.5], [5.0, 9.0, 2.0, 6.0]])
    top, where, slope = run([values, places, *present(gradient(values, [x]), [x])], {"x": array})
    assert_same(top, [[4.0, 3.0], [9.0, 6.0]])
    assert_same(where, [[2, 0], [1, 3]])
    assert_same(slope, [[1, 0, 1, 0], [0, 1, 0, 1]])


def test_classes_by_number() -> None:
    """`cross_entropy` with class numbers is the probabilities' loss of the one-hot rows."""
    rng = np.random.default_rng(3)
    logits, classes = rng.normal(size=(3, 4)), np.array([2.0, 0.0, 3.0])
    by_number = value_and_gradients("cross_entropy", logits, classes)
    by_row = value_and_gradients("cross_entropy", logits, np.eye(4)[classes.astype(int)])
    assert_same(by_number[0], by_row[0])
    assert_same(by_number[1], by_row[1])
    sparse = value_and_gradients("sparse_softmax_cross_entropy_with_logits", classes, logits)
    assert_same(np.mean(sparse[0]), by_row[0])
    with pytest.raises(GradcliError, match="does not exist"):
        value_and_gradients("cross_entropy", logits, [0.0, 1.0, 4.0])


ERRORS: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("mean", [np.ones(3)], {"axis": 1}, "shape"),
    ("max", [np.ones(3)], {"axis": 0.5}, "value"),
    ("max", [np.ones(())], {"axis": 0}, "shape"),
    ("prod", [np.ones((2, 3))], {"axis": (0, 0)}, "shape"),
    ("max", [np.zeros(0)], {}, "shape"),
    ("min", [np.zeros((0, 3))], {"axis": 0}, "shape"),
    ("median", [np.zeros(0)], {}, "shape"),
    ("argmax", [np.zeros(0)], {}, "shape"),
    ("logsumexp", [np.zeros(0)], {}, "shape"),
    ("average", [np.ones(3), np.ones(2)], {}, "shape"),
    ("norm", [np.ones((2, 3))], {"ord": 3}, "shape"),
    ("norm", [np.ones(3)], {"ord": "fro"}, "shape"),
    ("norm", [np.ones(3)], {"ord": "abc"}, "value"),
    ("norm", [np.ones(3)], {"ord": ""}, "value"),
    ("norm", [np.ones(3)], {"ord": nan}, "value"),
    ("norm", [np.ones((2, 2, 2))], {"ord": 2}, "shape"),
    ("norm", [np.ones((2, 2, 2))], {"axis": (0, 1, 2)}, "shape"),
    ("matrix_norm", [np.ones(3)], {}, "shape"),
    ("quantile", [np.ones(3)], {"q": 2}, "value"),
    ("quantile", [np.ones(3)], {"q": "half"}, "value"),
    ("quantile", [np.ones(3)], {"q": 0.5, "method": "guess"}, "value"),
    ("percentile", [np.ones(3)], {"q": -5}, "value"),
    ("var", [np.ones(3)], {"ddof": "x"}, "value"),
    ("sort", [np.ones(3)], {"axis": 1}, "shape"),
    ("diff", [np.ones(3)], {"n": -1}, "value"),
    ("diff", [np.ones(())], {}, "shape"),
    ("gradient", [np.ones(1)], {}, "shape"),
    ("gradient", [np.ones(())], {}, "shape"),
    ("gradient", [np.ones(4), np.ones(3)], {}, "shape"),
    ("trapezoid", [np.ones(4), np.ones(3)], {}, "shape"),
    ("interp", [np.ones(3), np.ones(2), np.ones(3)], {}, "shape"),
    ("convolve", [np.ones((2, 2)), np.ones(2)], {}, "shape"),
    ("convolve", [np.ones(2), np.zeros(0)], {}, "shape"),
    ("convolve", [np.ones(2), np.ones(2)], {"mode": "most"}, "value"),
    ("polyval", [np.ones((2, 2)), np.ones(2)], {}, "shape"),
    ("vander", [np.ones(3)], {"N": 10**10}, "limit"),
    ("vander", [np.zeros(0)], {"N": 10**10}, "limit"),
    ("polyint", [np.ones(3)], {"m": 10**12}, "limit"),
    ("diff", [np.ones(3)], {"n": 10**7}, "limit"),
    ("l2_normalize", [np.ones(3)], {"epsilon": "x"}, "value"),
    ("standardize", [np.ones(3)], {"epsilon": None}, "value"),
    ("layer_norm", [np.ones(3)], {"normalized_shape": (2,)}, "shape"),
    ("searchsorted", [np.ones((2, 2)), np.ones(2)], {}, "shape"),
    ("searchsorted", [np.ones(2), np.ones(2)], {"side": "top"}, "value"),
    ("topk", [np.ones(3)], {"k": 4}, "shape"),
    ("mse_loss", [np.ones(3), np.ones(3)], {"reduction": "all"}, "value"),
    ("huber_loss", [np.ones(3), np.ones(3)], {"delta": 0}, "value"),
    ("cross_entropy", [np.ones((3, 4)), np.ones(2)], {}, "shape"),
    ("cov", [np.ones((2, 2, 2))], {}, "shape"),
    ("softmax", [np.ones(3)], {"axis": 2}, "shape"),
    ("cumsum", [np.ones(3)], {"axis": 3}, "shape"),
    ("unwrap", [np.ones(3)], {"period": "x"}, "value"),
]


@pytest.mark.parametrize(("name", "arrays", "static", "kind"), ERRORS)
def test_error(name: str, arrays: list[Any], static: dict[str, Any], kind: str) -> None:
    with pytest.raises(GradcliError) as caught:
        build(name, *arrays, **static)
    assert caught.value.kind == kind
    assert name in str(caught.value)


def test_a_long_convolution_is_refused() -> None:
    nodes = [input_node(name, (10**7,)) for name in "xy"]
    with pytest.raises(GradcliError) as caught:
        FUNCTIONS["convolve"].build(*nodes)
    assert caught.value.kind == "limit"


# --- thirty digits -------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES[1::5], ids=label)
def test_object_arrays(case: dict[str, Any]) -> None:
    """Every forward also runs on exact numbers."""
    from gradcli.execute.precise import Exact
    from gradcli.symbolic.scalars import mpmath_scalars

    output, _, inputs = build(case["function"], *case["arrays"], **static_of(case))
    exact = Exact([output], inputs, mpmath_scalars(30)).base()[output.id]
    assert_same(np.vectorize(float, otypes=[float])(exact), case["value"], 1e-13)
