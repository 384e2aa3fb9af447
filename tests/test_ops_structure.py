"""Shapes, joins, indexing, contractions, creation: values, exact transposes, formulas, errors."""

from __future__ import annotations

import itertools
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from entry_interpreter import check_entries
from structure_cases import CASES, Case

from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import FLOAT32, Node, constant, input_node, topological
from gradcli.ops import ALIASES, FUNCTIONS
from gradcli.ops.creation import as_array, default_dtype


def build(name: str, *tensors: Any, **static: Any) -> Any:
    """Call a function by any of its names."""
    return FUNCTIONS[ALIASES.get(name, name)].build(*tensors, **static)


class Call:
    """A case with input nodes and random arrays for them."""

    def __init__(self, case: Case, dtype: Any = np.float64, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.values: dict[str, Any] = {}
        self.nodes: list[Node] = []
        self.dtype = np.dtype(dtype)
        tensors = [self._tensor(shape) for shape in case.shapes]
        self.arrays = [
            tuple(self.values[n.params["name"]] for n in one)
            if isinstance(one, tuple)
            else self.values[one.params["name"]]
            for one in tensors
        ]
        result = build(case.name, *tensors, **case.static)
        self.outputs: tuple[Node, ...] = result if isinstance(result, tuple) else (result,)

    def _tensor(self, shape: Any) -> Any:
        if isinstance(shape, list):
            return tuple(self._tensor(one) for one in shape)
        node = input_node(f"t{len(self.nodes)}", shape, self.dtype)
        self.nodes.append(node)
        self.values[node.params["name"]] = self.random(shape)
        return node

    def random(self, shape: tuple[int, ...]) -> Any:
        """Normal numbers in the dtype of the call."""
        return self.rng.normal(size=shape).astype(self.dtype)

    def moved(self, node: Node, step: Any) -> dict[str, Any]:
        """The values with one input moved."""
        name = node.params["name"]
        return {**self.values, name: self.values[name] + step}


by_case = pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])


@by_case
def test_value(case: Case) -> None:
    call = Call(case)
    wanted = case.reference(*call.arrays)
    wanted = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    assert len(call.outputs) == len(wanted)
    for node, value, want in zip(call.outputs, run(call.outputs, call.values), wanted, strict=True):
        assert node.shape == value.shape == np.shape(want)
        np.testing.assert_allclose(value, want, rtol=1e-12, atol=1e-13)


@by_case
def test_vjp_is_the_exact_transpose(case: Case) -> None:
    """`<g, f(x + v) - f(x)> = <vjp(g), v>`, for every function here is affine in each tensor."""
    call = Call(case)
    for output in call.outputs:
        g = call.random(output.shape)
        found = gradient(output, call.nodes, constant(g))
        for node, vjp in zip(call.nodes, found, strict=True):
            step = call.random(node.shape)
            (before,) = run([output], call.values)
            (after,) = run([output], call.moved(node, step))
            change = np.sum(g * (after - before))
            if vjp is None:
                assert change == 0.0
                continue
            assert vjp.shape == node.shape
            (value,) = run([vjp], call.values)
            np.testing.assert_allclose(np.sum(value * step), change, rtol=1e-11, atol=1e-12)


@by_case
def test_second_order(case: Case) -> None:
    """The gradient is affine in every other tensor: its derivative is again an exact transpose."""
    call = Call(case)
    if len(call.nodes) < 2:
        return
    output = call.outputs[0]
    g = constant(call.random(output.shape))
    for node, first in zip(call.nodes, gradient(output, call.nodes, g), strict=True):
        if first is None:
            continue
        weight = call.random(node.shape)
        second = gradient(first, call.nodes, constant(weight))
        for other, found in zip(call.nodes, second, strict=True):
            step = call.random(other.shape)
            (before,) = run([first], call.values)
            (after,) = run([first], call.moved(other, step))
            change = np.sum(weight * (after - before))
            value = 0.0 if found is None else np.sum(run([found], call.values)[0] * step)
            np.testing.assert_allclose(value, change, rtol=1e-10, atol=1e-11)


@by_case
def test_float32_stays(case: Case) -> None:
    call = Call(case, np.float32)
    for output, value in zip(call.outputs, run(call.outputs, call.values), strict=True):
        assert output.dtype == value.dtype == FLOAT32
        for vjp in gradient(output, call.nodes):
            assert vjp is None or vjp.dtype == FLOAT32


@by_case
def test_entry_formulas(case: Case) -> None:
    """The formula that the symbolic side reads gives what `evaluate` gives, also in gradients."""
    call = Call(case)
    gradients = [g for g in gradient(call.outputs[0], call.nodes) if g is not None]
    order = topological([*call.outputs, *gradients])
    values = dict(zip((n.id for n in order), run(order, call.values), strict=True))
    for node in order:
        if node.op.entry is not None:
            check_entries(node, [values[parent.id] for parent in node.inputs], call.rng)


@by_case
def test_object_arrays(case: Case) -> None:
    """Numbers of any kind pass through, as the witness of 30 digits needs."""
    call = Call(case)
    found = [g for g in gradient(call.outputs[0], call.nodes) if g is not None]
    order = topological([*call.outputs, *found])
    values = dict(zip((n.id for n in order), run(order, call.values), strict=True))
    for node in order:
        if node.op.name not in STRUCTURAL or any(n.dtype.kind != "f" for n in node.inputs):
            continue
        floats = [values[parent.id] for parent in node.inputs]
        exact = [np.vectorize(Fraction, otypes=[object])(array) for array in floats]
        got = np.asarray(node.op.evaluate(*exact, **node.params))
        want = node.op.evaluate(*floats, **node.params)
        assert got.shape == want.shape
        assert got.dtype == object
        np.testing.assert_allclose(got.astype(float), want, rtol=1e-12, atol=1e-12)


STRUCTURAL = [
    "sum",
    "reshape",
    "broadcast_to",
    "transpose",
    "getitem",
    "scatter",
    "concatenate",
    "pad",
    "diagonal",
    "embed_diagonal",
    "eye",
    "einsum",
    "cross",
]


@by_case
def test_leading_batch_axes(case: Case) -> None:
    """An op runs over a leading batch axis of all inputs at once."""
    call = Call(case)
    for node in topological(call.outputs):
        if node.op.name not in STRUCTURAL or not node.inputs:
            continue
        batch = [call.rng.normal(size=(2, *parent.shape)) for parent in node.inputs]
        if node.op.name == "cross" and node.inputs[0].ndim != node.inputs[1].ndim:
            continue  # broadcasting: ranks must be equal first, as for elementwise ops
        together = node.op.evaluate(*batch, **node.params)
        for i, row in enumerate(zip(*batch, strict=True)):
            one = node.op.evaluate(*row, **node.params)
            assert one.shape == node.shape
            np.testing.assert_allclose(together[i], one, rtol=1e-12, atol=1e-13)


# --- indexing ------------------------------------------------------------------------------------

CUBE = np.random.default_rng(1).normal(size=(2, 3, 4))
INDICES: list[Any] = [
    0,
    -1,
    slice(None),
    (0, 1),
    (1, -1, 2),
    (slice(None), None),
    (None, Ellipsis, None),
    (Ellipsis, 0),
    (slice(None, None, -1), slice(None, None, 2)),
    (slice(None), slice(5, None)),
    (slice(None), slice(1, 100)),
    (Ellipsis, slice(3, 0, -2)),
    ([0, 1],),
    ([],),
    ([0, 0, 1],),
    ([0, 1], [1, 2]),
    ([0, 1], slice(1, 3)),
    (slice(None), [2, 0]),
    ([[0, 1], [1, 0]],),
    ([[0], [1]], [0, 1, 2]),
    (None, [0, 1], None, slice(None), 0),
    ([0, 1], slice(None), [1, 2]),
    (0, slice(None), [1, 2]),
    (slice(None), 0, [1, 2]),
    (slice(None), [0], None, [1, 2]),
    (CUBE[:, :, 0] > 0,),
    (slice(None), CUBE[0] > 0),
    (Ellipsis, CUBE[0, 0] > 0),
    (CUBE > 0,),
    (CUBE > 9,),
    (CUBE[:, 0, 0] > -9, [0, 1]),
    np.int64(1),
    np.array(1),
    (np.array([True, False]),),
]


@pytest.mark.parametrize("index", INDICES, ids=[str(i) for i in range(len(INDICES))])
def test_getitem_and_its_transpose(index: Any) -> None:
    x = input_node("x", CUBE.shape)
    y = x[index]
    want = CUBE[tuple(index) if isinstance(index, tuple) else index]
    rng = np.random.default_rng(2)
    (value,) = run([y], {"x": CUBE})
    assert y.shape == value.shape == want.shape
    assert np.array_equal(value, want)
    g = rng.normal(size=y.shape)
    (vjp,) = gradient(y, [x], constant(g))
    assert vjp is not None
    expected = np.zeros(CUBE.shape)
    np.add.at(expected, tuple(index) if isinstance(index, tuple) else index, g)
    (back,) = run([vjp], {"x": CUBE})
    np.testing.assert_allclose(back, expected, rtol=1e-13, atol=1e-13)
    for node in topological([y, vjp]):
        if node.op.name == "getitem":
            check_entries(node, [CUBE], rng)
        if node.op.name == "scatter":
            check_entries(node, [g], rng)
            many = rng.normal(size=(2, *g.shape))
            together = node.op.evaluate(many, **node.params)
            for one, row in zip(many, together, strict=True):
                np.testing.assert_allclose(row, node.op.evaluate(one, **node.params))
    many = rng.normal(size=(2, *CUBE.shape))
    together = y.op.evaluate(many, **y.params)
    for one, row in zip(many, together, strict=True):
        assert np.array_equal(row, y.op.evaluate(one, **y.params))


def test_random_slices_follow_numpy() -> None:
    rng = np.random.default_rng(3)
    x = input_node("x", (7,))
    value = rng.normal(size=7)
    bounds = [None, *range(-9, 10)]
    for _ in range(300):
        start, stop = (bounds[i] for i in rng.integers(len(bounds), size=2))
        step = [None, 1, 2, 3, -1, -2, -4][rng.integers(7)]
        part = slice(start, stop, step)
        assert x[part].shape == value[part].shape
        assert np.array_equal(run([x[part]], {"x": value})[0], value[part])


def test_entries_taken_in_a_loop_are_scattered_once() -> None:
    """Otherwise the gradient of a loop over n entries would cost n * n."""
    n = 200
    x = input_node("x", (n,))
    value = np.random.default_rng(6).normal(size=n)
    chain = x[0] * x[1:3][0]
    for i in range(1, n):
        chain = chain + x[i] * x[i - 1]
    (first,) = gradient(chain, [x])
    assert first is not None
    assert sum(node.op.name == "scatter" for node in topological([first])) < 4
    want = np.zeros(n)
    want[1:] += value[:-1]
    want[:-1] += value[1:]
    want[:2] += value[1::-1]
    np.testing.assert_allclose(run([first], {"x": value})[0], want, rtol=1e-13)
    (second,) = gradient(first, [x], constant(np.eye(n)[5]))
    assert second is not None
    row = np.zeros(n)
    row[[4, 6]] = 1.0
    np.testing.assert_allclose(run([second], {"x": value})[0], row)


# --- contractions --------------------------------------------------------------------------------


def test_random_einsums_follow_numpy() -> None:
    rng = np.random.default_rng(4)
    sizes = dict(zip("abcde", (2, 3, 1, 4, 2), strict=True))
    for _ in range(150):
        count = rng.integers(1, 5)
        terms = ["".join(rng.choice(list(sizes), size=rng.integers(0, 4))) for _ in range(count)]
        used = sorted(set("".join(terms)))
        output = "".join(rng.permutation(used)[: rng.integers(0, len(used) + 1)]) if used else ""
        text = ",".join(terms) + "->" + output
        arrays = [rng.normal(size=[sizes[label] for label in term]) for term in terms]
        nodes = [input_node(f"x{i}", array.shape) for i, array in enumerate(arrays)]
        result = build("einsum", *nodes, subscripts=text)
        (value,) = run([result], {f"x{i}": array for i, array in enumerate(arrays)})
        want = np.einsum(text, *arrays)
        assert result.shape == value.shape == want.shape, text
        np.testing.assert_allclose(value, want, rtol=1e-11, atol=1e-12, err_msg=text)


def test_multi_dot_takes_the_cheap_order() -> None:
    row, square = input_node("r", (1, 50)), input_node("A", (50, 50))
    product = build("multi_dot", (row, square, square, square))
    shapes = {node.shape for node in topological([product]) if node.op.name == "matmul"}
    assert shapes == {(1, 50)}


# --- creation ------------------------------------------------------------------------------------

CONSTANTS = [
    ("zeros", {"shape": 3}, np.zeros(3)),
    ("ones", {"shape": (2, 3)}, np.ones((2, 3))),
    ("eye", {"N": 3}, np.eye(3)),
    ("eye", {"N": 3, "M": 2, "k": -1}, np.eye(3, 2, -1)),
    ("eye", {"N": 2, "M": 4, "k": 9}, np.eye(2, 4, 9)),
    ("eye", {"N": 0}, np.eye(0)),
    ("identity", {"n": 2}, np.eye(2)),
    ("tri", {"N": 3, "M": 4, "k": 1}, np.tri(3, 4, 1)),
    ("arange", {"start": 4}, np.arange(4.0)),
    ("arange", {"start": 0, "stop": 1, "step": 0.25}, np.arange(0, 1, 0.25)),
    ("arange", {"start": 3, "stop": 0, "step": -1}, np.arange(3.0, 0, -1)),
    ("arange", {"start": 3, "stop": 1}, np.zeros(0)),
]


@pytest.mark.parametrize(("name", "static", "want"), CONSTANTS)
def test_constants(name: str, static: dict[str, Any], want: Any) -> None:
    node = build(name, **static)
    (value,) = run([node], {})
    assert node.shape == want.shape
    assert value.dtype == np.float64
    assert np.array_equal(value, want)
    for part in topological([node]):
        if part.op.entry is not None:
            arrays = run(part.inputs, {})
            check_entries(part, arrays, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("name", "ends", "static"),
    [
        ("linspace", (0.0, 1.0), {"num": 4}),
        ("linspace", (-0.3, 1.7), {"num": 7, "endpoint": False}),
        ("linspace", (2.0, 3.0), {"num": 1}),
        ("logspace", (0.0, 1.0), {"num": 3}),
        ("logspace", (0.5, 2.0), {"num": 4, "base": 2.0}),
        ("geomspace", (1.0, 8.0), {"num": 4}),
    ],
)
def test_sequences_are_differentiable_in_their_ends(
    name: str, ends: tuple[float, float], static: dict[str, Any]
) -> None:
    want = getattr(np, name)(*ends, **static)
    (value,) = run([build(name, *map(constant, ends), **static)], {})
    assert np.array_equal(value, want)
    a, b = input_node("a", ()), input_node("b", ())
    node = build(name, a, b, **static)
    values = {"a": np.array(ends[0]), "b": np.array(ends[1])}
    np.testing.assert_allclose(run([node], values)[0], want, rtol=1e-14, atol=1e-15)
    g = np.random.default_rng(0).normal(size=want.shape)
    found = gradient(node, [a, b], constant(g))
    for number, vjp in enumerate(found):
        assert vjp is not None
        shifts = []
        for h in (1e-4, -1e-4):
            moved = list(ends)
            moved[number] += h
            shifts.append(np.sum(g * getattr(np, name)(*moved, **static)))
        slope = (shifts[0] - shifts[1]) / 2e-4
        np.testing.assert_allclose(run([vjp], values)[0], slope, rtol=1e-6, atol=1e-7)


def test_full_and_array_are_differentiable_in_their_parts() -> None:
    s, t = input_node("s", ()), input_node("t", ())
    values = {"s": np.array(2.0), "t": np.array(3.0)}
    filled = build("full", s, shape=(2, 2))
    assert np.array_equal(run([filled], values)[0], np.full((2, 2), 2.0))
    (g,) = gradient(filled, [s])
    assert g is not None
    assert run([g], values)[0] == 4.0
    made = as_array([[s, 0], [t, s]])
    assert np.array_equal(run([made], values)[0], [[2.0, 0.0], [3.0, 2.0]])
    found = gradient(made, [s, t], constant(np.array([[1.0, 10.0], [100.0, 1000.0]])))
    assert [run([one], values)[0] for one in found if one is not None] == [1001.0, 100.0]


def test_a_constant_array_stays_one_number() -> None:
    for node in (build("zeros", shape=(1000, 1000)), build("full", constant(2.0), shape=(9, 9))):
        held = [n.params["value"].size for n in topological([node]) if n.op.name == "constant"]
        assert held == [1]


def test_nested_lists() -> None:
    assert np.array_equal(run([as_array([[1, 2], [3, 4]])], {})[0], [[1.0, 2.0], [3.0, 4.0]])
    assert as_array([True, False]).dtype == np.bool_
    assert as_array([]).shape == (0,)
    assert as_array([[], []]).shape == (2, 0)
    x = input_node("x", (3,), FLOAT32)
    assert as_array([x, x * 2.0]).dtype == FLOAT32
    assert as_array([x, [1, 2, 3]]).dtype == FLOAT32


def test_default_dtype_of_constants() -> None:
    with default_dtype(FLOAT32):
        for node in (
            build("eye", N=2),
            build("ones", shape=2),
            build("tri", N=2),
            build("arange", start=3),
            as_array([1, 2]),
        ):
            assert node.dtype == FLOAT32
    assert build("ones", shape=2).dtype == np.float64


def test_dtype_arguments() -> None:
    assert build("zeros", shape=2, dtype="bool").dtype == np.bool_
    assert build("ones", shape=2, dtype=np.dtype("float32")).dtype == np.float64
    assert build("array", [True, False], dtype=float).dtype == np.float64
    assert build("array", [0.0, 2.0], dtype=bool).dtype == np.bool_
    whole = build("linspace", constant(0.0), constant(1.0), num=3, dtype=int)
    assert np.array_equal(run([whole], {})[0], [0.0, 0.0, 1.0])


def test_one_hot_and_masked_fill() -> None:
    (hot,) = run([build("one_hot", indices=[0, 2, -1], depth=3)], {})
    assert np.array_equal(hot, [[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    x = input_node("x", (3,))
    node = build("masked_fill", x, x > 0.0, constant(7.0))
    value = np.array([1.0, -1.0, 2.0])
    assert np.array_equal(run([node], {"x": value})[0], [7.0, -1.0, 7.0])
    (g,) = gradient(node, [x])
    assert g is not None
    assert np.array_equal(run([g], {"x": value})[0], [0.0, 1.0, 0.0])


def test_static_positions() -> None:
    for name, arguments in [
        ("tril_indices", (3,)),
        ("tril_indices", (3, -1, 4)),
        ("triu_indices", (3, 1)),
        ("triu_indices", (2, -1, 4)),
        ("diag_indices", (3,)),
    ]:
        keys = ("n", "k", "m")
        got = build(name, **dict(zip(keys, arguments, strict=False)))
        want = getattr(np, name)(*arguments)
        assert all(np.array_equal(a, b) for a, b in zip(got, want, strict=True))
    assert [int(i) for i in build("unravel_index", indices=7, shape=(3, 4))] == [1, 3]
    grid = build("ix_", [0, 2], [1])
    assert np.eye(3)[grid].shape == (2, 1)


def test_select_takes_the_first_that_holds() -> None:
    x = input_node("x", (5,))
    value = np.array([-2.0, -1.0, 0.5, 1.0, 3.0])
    node = build("select", (x < -1.0, x < 1.0), (x * x, 2.0 * x), constant(7.0))
    want = np.select([value < -1, value < 1], [value**2, 2 * value], 7)
    assert np.array_equal(run([node], {"x": value})[0], want)
    (g,) = gradient(node, [x])
    assert g is not None
    assert np.array_equal(run([g], {"x": value})[0], [-4.0, 2.0, 2.0, 0.0, 0.0])


def test_block_follows_numpy() -> None:
    rng = np.random.default_rng(5)
    shapes = [(1, 2), (1, 3), (2, 5), (2,), (), (5,)]
    arrays = [rng.normal(size=shape) for shape in shapes]
    nodes = [input_node(f"x{i}", shape) for i, shape in enumerate(shapes)]
    values = {f"x{i}": array for i, array in enumerate(arrays)}
    for layout in (
        lambda x: [[x[0], x[1]], [x[2]]],
        lambda x: [x[3], x[4], x[5]],
        lambda x: [[x[0]], [x[3]]],
        lambda x: [[[x[4], x[3]]], [[x[4], x[3]]]],
    ):
        want = np.block(layout(arrays))
        got = run([build("block", layout(nodes))], values)[0]
        assert got.shape == want.shape
        assert np.array_equal(got, want)


# --- errors --------------------------------------------------------------------------------------

V3, A23, S = input_node("x", (3,)), input_node("A", (2, 3)), input_node("s", ())
Y2 = input_node("y", (2,))

ERRORS: list[tuple[str, list[Any], dict[str, Any], str, str]] = [
    ("reshape", [V3], {"shape": (-1, -1)}, "shape", "only one size may be -1"),
    ("reshape", [V3], {"shape": (-1, 2)}, "shape", "3 entries of shape (3,) do not fit (-1, 2)"),
    ("reshape", [V3], {"shape": "a"}, "value", "'a'"),
    ("reshape", [V3], {"shape": (3, 1.5)}, "value", "1.5"),
    ("reshape", [V3], {"shape": (3,), "order": "X"}, "value", "order"),
    ("transpose", [A23], {"axes": (0, 0)}, "shape", "not a permutation"),
    ("transpose", [A23], {"axes": (0,)}, "shape", "not a permutation"),
    ("swapaxes", [A23], {"axis1": 0, "axis2": 2}, "shape", "axis 2"),
    ("moveaxis", [A23], {"source": (0, 1), "destination": 0}, "shape", "2 axes"),
    ("squeeze", [A23], {"axis": 0}, "shape", "size 2, not 1"),
    ("expand_dims", [A23], {"axis": 5}, "shape", "axis 5"),
    ("broadcast_to", [V3], {"shape": (2,)}, "shape", "(3,) does not fit (2,)"),
    ("broadcast_to", [A23], {"shape": (3,)}, "shape", "(2, 3) does not fit (3,)"),
    ("repeat", [A23], {"repeats": 2, "axis": 2}, "shape", "axis 2"),
    ("repeat", [V3], {"repeats": [1, 2]}, "shape", "2 counts"),
    ("repeat", [V3], {"repeats": -1}, "value", "negative"),
    ("flip", [A23], {"axis": 2}, "shape", "axis 2"),
    ("fliplr", [V3], {}, "shape", "at least 2 axes"),
    ("rot90", [A23], {"axes": (0, 0)}, "shape", "different axes"),
    ("roll", [A23], {"shift": (1, 2, 3), "axis": (0, 1)}, "shape", "3 shifts"),
    ("roll", [A23], {"shift": 0.5}, "value", "0.5"),
    ("tril", [S], {}, "shape", "at least 2 axes"),
    ("pad", [V3], {"pad_width": (1, 2, 3)}, "shape", "not 3 numbers"),
    ("pad", [A23], {"pad_width": ((1, 1), (1, 1), (1, 1))}, "shape", "3 pairs"),
    ("pad", [V3], {"pad_width": -1}, "value", "negative"),
    ("pad", [V3], {"pad_width": 1, "mode": "magic"}, "value", "mode cannot be 'magic'"),
    ("pad", [input_node("e", (0,))], {"pad_width": 1, "mode": "edge"}, "shape", "empty axis"),
    ("diag", [S], {}, "shape", "vector or a matrix"),
    ("trace", [V3], {}, "shape", "matrix is needed"),
    ("trace", [A23], {"axis1": 0, "axis2": 0}, "shape", "both 0"),
    ("concatenate", [()], {}, "shape", "at least one array"),
    ("concatenate", [(S, S)], {}, "shape", "scalar has no axis"),
    ("concatenate", [(A23, V3)], {}, "shape", "(2, 3) and (3,)"),
    ("concatenate", [(A23, A23.T)], {}, "shape", "(2, 3) and (3, 2)"),
    ("concatenate", [(A23, A23)], {"axis": 2}, "shape", "axis 2"),
    ("stack", [()], {}, "shape", "at least one array"),
    ("stack", [(V3, Y2)], {}, "shape", "(3,) and (2,)"),
    ("stack", [(A23, A23)], {"axis": 4}, "shape", "axis 4"),
    ("hstack", [(A23, V3)], {}, "shape", "number of axes"),
    ("vstack", [(A23, Y2)], {}, "shape", "(2, 3) and (1, 2)"),
    ("block", [[[A23], A23]], {}, "shape", "nested equally deep"),
    ("split", [V3], {"indices_or_sections": 0}, "value", "at least one section"),
    ("split", [V3], {"indices_or_sections": 2}, "shape", "no 2 equal"),
    ("split", [V3], {"indices_or_sections": "a"}, "value", "'a'"),
    ("insert", [V3, S], {"obj": 7}, "shape", "place 7"),
    ("delete", [V3], {"obj": [0, 3]}, "shape", "place 3"),
    ("take", [V3], {"indices": [0, 3]}, "shape", "index 3 is out of range for axis 0 of size 3"),
    ("take", [V3], {"indices": [0.5]}, "value", "integers"),
    ("take_along_axis", [A23], {"indices": [0], "axis": 0}, "shape", "as many axes"),
    ("narrow", [V3], {"axis": 0, "start": 2, "length": 2}, "shape", "2 to 4"),
    ("pad_last", [V3], {"pad_width": (1, 2, 3)}, "shape", "3 counts"),
    ("set_diag", [V3, S], {}, "shape", "matrix is needed"),
    ("segment_sum", [V3], {"segment_ids": [0, 1]}, "shape", "(2,)"),
    ("segment_sum", [V3], {"segment_ids": [0, 1, 5], "num_segments": 2}, "value", "between"),
    ("choose", [(V3, V3)], {"index": [0, 2, 0]}, "value", "out of range"),
    ("einsum", [V3], {"subscripts": "i->j"}, "value", "'j' of 'i->j' is in no operand"),
    ("einsum", [], {"subscripts": "ij"}, "value", "0 are given"),
    ("einsum", [V3], {"subscripts": V3}, "value", "text such as"),
    ("einsum", [V3], {"subscripts": "i1"}, "value", "letters"),
    ("einsum", [V3], {"subscripts": "i->ii"}, "value", "twice"),
    ("einsum", [V3], {"subscripts": "ij"}, "shape", "labels 2 axes"),
    ("einsum", [V3], {"subscripts": "...i...->"}, "value", "more than one"),
    ("einsum", [A23], {"subscripts": "ii->"}, "shape", "sizes 2 and 3"),
    ("einsum", [A23, A23], {"subscripts": "ij,jk"}, "shape", "'j' the sizes 3 and 2"),
    ("einsum", [A23], {"subscripts": "...i->i"}, "shape", "lacks the '...'"),
    ("tensordot", [V3, V3], {"axes": 2}, "shape", "2 axes of shapes (3,) and (3,)"),
    ("tensordot", [V3, Y2], {"axes": 1}, "shape", "(3,) and (2,) do not fit"),
    ("tensordot", [V3, V3], {"axes": ([0], [0, 0])}, "shape", "one to one"),
    ("tensordot", [V3, V3], {"axes": "a"}, "value", "'a'"),
    ("dot", [V3, Y2], {}, "shape", "dot: shapes (3,) and (2,) do not fit"),
    ("inner", [V3, Y2], {}, "shape", "inner: shapes (3,) and (2,)"),
    ("vdot", [V3, Y2], {}, "shape", "vdot: shapes (3,) and (2,)"),
    ("matmul", [V3, S], {}, "shape", "scalar has no matrix product"),
    ("matmul", [A23, A23], {}, "shape", "(2, 3) and (2, 3) do not fit"),
    ("multi_dot", [(A23, A23)], {}, "shape", "(2, 3) and (2, 3) do not fit"),
    ("cross", [S, S], {}, "shape", "scalar"),
    ("cross", [V3, input_node("z", (4,))], {}, "shape", "3 and 4"),
    ("meshgrid", [A23], {}, "shape", "vectors"),
    ("zeros", [], {"shape": -1}, "value", "negative"),
    ("ones", [], {"shape": "a"}, "value", "'a'"),
    ("zeros", [], {"shape": 3, "dtype": "O"}, "value", "'O'"),
    ("arange", [], {"start": 0, "stop": 1, "step": 0}, "value", "step cannot be 0"),
    ("arange", [], {"start": float("nan")}, "limit", "no end"),
    ("linspace", [constant(0.0), constant(1.0)], {"num": -1}, "value", "num"),
    ("geomspace", [constant(0.0), constant(1.0)], {"num": 3}, "value", "one sign"),
    ("array", [[[1, 2], [3]]], {}, "shape", "(2,) and (1,)"),
    ("array", [[None]], {}, "value", "None"),
    ("array", [["a"]], {}, "value", "'a'"),
    ("index_update", [V3, Y2], {"index": slice(None)}, "shape", "(2,) does not fit (3,)"),
]


@pytest.mark.parametrize(
    ("name", "tensors", "static", "kind", "fragment"),
    ERRORS,
    ids=[f"{row[0]}-{i}" for i, row in enumerate(ERRORS)],
)
def test_errors(
    name: str, tensors: list[Any], static: dict[str, Any], kind: str, fragment: str
) -> None:
    with pytest.raises(GradcliError) as caught:
        build(name, *tensors, **static)
    assert caught.value.kind == kind
    assert fragment in caught.value.message
    assert caught.value.message.startswith(f"{name}: ") or kind == "shape"


@pytest.mark.parametrize(
    ("index", "kind", "fragment"),
    [
        (3, "shape", "index 3 is out of range for axis 0 of size 2 in shape (2, 3)"),
        ((0, -4), "shape", "index -4 is out of range for axis 1"),
        ((0, 0, 0), "shape", "3 indices for the 2 axes"),
        (1.0, "value", "1.0"),
        ("a", "value", "'a'"),
        (True, "value", "True"),
        (slice(1, 2.5), "value", "2.5"),
        (slice(None, None, 0), "value", "step of a slice"),
        (([0, 5],), "shape", "index 5"),
        (([0.5],), "value", "integers"),
        ((Ellipsis, Ellipsis), "shape", "at most one"),
        ((np.array([True, False, True]),), "shape", "mask of shape (3,)"),
        (([0, 1], [0, 1, 2]), "shape", "do not broadcast"),
    ],
)
def test_index_errors(index: Any, kind: str, fragment: str) -> None:
    with pytest.raises(GradcliError) as caught:
        A23[index]
    assert caught.value.kind == kind
    assert fragment in caught.value.message


HUGE: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("zeros", [], {"shape": (10**6, 10**6)}),
    ("ones", [], {"shape": 1e12}),
    ("ones", [], {"shape": (10,) * 20}),
    ("ones", [], {"shape": (1,) * 70}),
    ("zeros", [], {"shape": 2**62}),
    ("zeros", [], {"shape": (10**200, 10**200)}),
    ("full", [constant(1.0)], {"shape": (10**5, 10**6)}),
    ("arange", [], {"start": 1e15}),
    ("arange", [], {"start": 0, "stop": 1, "step": 1e-15}),
    ("linspace", [constant(0.0), constant(1.0)], {"num": 10**12}),
    ("eye", [], {"N": 10**7}),
    ("identity", [], {"n": 10**7}),
    ("tri", [], {"N": 10**7}),
    ("tril_indices", [], {"n": 10**7}),
    ("repeat", [V3], {"repeats": 10**12}),
    ("repeat", [V3], {"repeats": 2**63}),
    ("tile", [V3], {"reps": 10**12}),
    ("pad", [V3], {"pad_width": 10**11}),
    ("pad", [V3], {"pad_width": 10**11, "mode": "edge"}),
    ("diag", [V3], {"k": 10**7}),
    ("array_split", [V3], {"indices_or_sections": 10**9}),
    ("expand_dims", [V3], {"axis": tuple(range(60))}),
    ("outer", [input_node("b", (10**5,)), input_node("c", (10**5,))], {}),
    ("kron", [input_node("d", (10**5,)), input_node("e", (10**5,))], {}),
    ("tensordot", [input_node("f", (10**5,)), input_node("g", (10**5,))], {"axes": 0}),
    ("einsum", [input_node("h", (10**5,)), input_node("k", (10**5,))], {"subscripts": "i,j->ij"}),
    ("meshgrid", [input_node("m", (10**6,)), input_node("n", (10**6,))], {}),
    ("take", [input_node("p", (2, 10**8))], {"indices": [0] * 100, "axis": 0}),
]


@pytest.mark.parametrize(
    ("name", "tensors", "static"), HUGE, ids=[f"{row[0]}-{i}" for i, row in enumerate(HUGE)]
)
def test_what_would_be_huge_is_refused_at_once(
    name: str, tensors: list[Any], static: dict[str, Any]
) -> None:
    begin = time.perf_counter()
    with pytest.raises(GradcliError) as caught:
        build(name, *tensors, **static)
    assert caught.value.kind == "limit"
    assert time.perf_counter() - begin < 0.5


def test_far_offsets_are_empty_not_errors() -> None:
    for name, k in itertools.product(("tril", "triu", "diag", "tri", "eye"), (10**30, -(10**30))):
        node = build(name, N=2, k=k) if name in ("tri", "eye") else build(name, A23, k=k)
        run([node], {"A": np.ones((2, 3))})


def test_aliases_of_other_libraries() -> None:
    for name in [
        "permute",
        "permute_dims",
        "unsqueeze",
        "cat",
        "concat",
        "flatten",
        "view",
        "row_stack",
        "unbind",
        "mm",
        "mv",
        "bmm",
        "asarray",
        "tensor",
        "identity",
        "repeat_interleave",
    ]:
        assert name in FUNCTIONS or name in ALIASES
