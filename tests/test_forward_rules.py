"""Every primitive op has a tangent rule that is right, or is listed with the reason why not.

The reference is a central difference in 60 digits (mpmath numbers through the op's own forward),
with a step of 1e-25: its error is far below float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradcli.ops  # noqa: F401  fills the registries
from gradcli.execute.precise import Cannot, Exact
from gradcli.graph import CONSTANT, INPUT, OPS, Node, apply, constant, input_node
from gradcli.ops.tape import Records, rule_of
from gradcli.symbolic.scalars import mpmath_scalars
from gradcli.verify.forward import REFUSED, RULES, push, tangent_rule
from gradcli.verify.forward.linear import FILLED, LINEAR, MULTILINEAR, POSITIONS
from gradcli.verify.forward.scalar import local_derivative

STEP = 25  # digits
SCALARS = mpmath_scalars(60)

NO_DERIVATIVE = {
    ("gammainc_da", 0): "given once, not twice",
    ("betainc_da", 0): "given once, not twice",
    ("betainc_da", 1): "given once, not twice",
    ("betainc_db", 0): "given once, not twice",
    ("betainc_db", 1): "given once, not twice",
}
"""Arguments by which an elementwise op has no local derivative."""

FLOAT_ONLY = {
    *("inverse_gaps", "expm_derivative", "sqrtm_derivative", "logm_derivative"),
    "scalars",  # its records compute on floats
}
"""Ops that have no exact path: float64 differences are their reference."""

ELEMENTWISE_PARAMS: dict[str, dict[str, Any]] = {
    "leaky_relu": {"slope": 0.1},
    "elu": {"alpha": 1.5},
    "celu": {"alpha": 1.5},
    "squareplus": {"b": 4.0},
    "iv": {"n": 2},
    "ive": {"n": 2},
    "jv": {"n": 2},
    "spherical_jn": {"n": 1},
    "polygamma": {"n": 1},
    "nan_to_num": {"nan": 0.0, "posinf": None, "neginf": None},
}


def draw(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def regular(*shape: int) -> np.ndarray:
    return draw(shape) + 3.0 * np.eye(*shape[-2:])


def definite(n: int) -> np.ndarray:
    root = draw((n, n))
    return root @ root.T + np.diag(np.arange(1.0, n + 1))


class Sample(NamedTuple):
    """An op at a point; inputs that hold positions are constants of the graph."""

    name: str
    arrays: list[Any]
    params: Mapping[str, Any] = MappingProxyType({})

    @property
    def id(self) -> str:
        return f"{self.name} {dict(self.params)}"[:60]


RUN = Records(
    [(0, 1), (0, 0), (1, 0)],
    [0.5],
    [rule_of(name) for name in ("multiply", "sin", "divide", "power", "subtract", "maximum")],
    [0, 4, 5, 0, 7, 8],
    [1, -1, 2, 2, 3, 6],
    np.zeros(10),
)
"""Six records on three entries and one constant: a product, its sine, ..."""

A, T, V, W = draw((3, 4)), draw((2, 3, 4)), draw((4,)), draw((5,))
SAMPLES = [
    Sample("sum", [T], {"axes": (-2,), "keepdims": True}),
    Sample("mean", [T], {"axes": (-3, -1), "keepdims": False, "ddof": 1}),
    Sample("center", [T], {"axes": (-1,)}),
    Sample("cumsum", [T], {"axis": -2, "reverse": True}),
    Sample("reshape", [A], {"shape": (2, 6), "rank": 2}),
    Sample("transpose", [T], {"axes": (-1, -3, -2)}),
    Sample("broadcast_to", [V], {"shape": (3, 4)}),
    Sample("getitem", [A], {"index": (slice(None, None, 2), slice(1, 3)), "rank": 2}),
    Sample("getitem", [A], {"index": (np.array([0, 2, 0]), np.array([1, 1, 3])), "rank": 2}),
    Sample("scatter", [draw((3,))], {"index": (np.array([0, 2, 0]),), "shape": (4,), "rank": 1}),
    Sample("take_along", [A, np.array([[2.0, 0.0]] * 3)], {"axis": -1}),
    Sample("put_along", [draw((3, 2)), np.array([[2.0, 2.0]] * 3)], {"axis": -1, "size": 4}),
    Sample("diagonal", [A], {"offset": 1}),
    Sample("embed_diagonal", [V], {"offset": -1, "rows": 6, "columns": 4}),
    Sample("eye", [np.array(1.5)], {"rows": 3, "columns": 2, "offset": -1}),
    Sample("concatenate", [A, draw((2, 4))], {"axis": -2}),
    Sample("pad", [A], {"pairs": ((1, 0), (0, 2)), "value": 3.0}),
    Sample("shift", [A], {"axis": -1, "by": 1, "fill": 1.0}),
    Sample("matmul", [T, draw((4, 2))]),
    Sample("matmul", [V, V]),
    Sample("einsum", [A, draw((4, 2)), draw((2,))], {"subscripts": "ij,jk,k->i"}),
    Sample("cross", [draw((2, 3)), draw((3,))]),
    Sample("convolve", [V, W]),
    Sample("max", [T], {"axes": (-3, -1), "keepdims": True}),
    Sample("min", [T], {"axes": (-1,), "keepdims": False}),
    Sample("sort", [T], {"axis": -2}),
    Sample(
        "quantile", [T], {"axes": (-2, -1), "keepdims": True, "low": 3, "high": 4, "fraction": 0.3}
    ),
    Sample("prod", [np.where(A < -1, 0.0, A)], {"axes": (-1,), "keepdims": True}),
    Sample("norm", [T], {"ord": 2.0, "axes": (-3, -1), "keepdims": True}),
    Sample("norm", [A], {"ord": 3.0, "axes": (-1,), "keepdims": False}),
    Sample("rms", [T], {"axes": (-3, -1), "keepdims": False, "ddof": 1}),
    Sample("logsumexp", [T], {"axes": (-3, -1), "keepdims": True}),
    Sample("softmax", [T], {"axes": (-2,)}),
    Sample("log_softmax", [T], {"axes": (-2, -1)}),
    Sample("cumprod", [np.where(A < -1, 0.0, A)], {"axis": -1, "reverse": True}),
    Sample("cumprod", [T], {"axis": -2, "reverse": False}),
    Sample("logcumsumexp", [T], {"axis": -2, "reverse": True}),
    Sample("recurrence", [T, draw((2, 3, 4), 1)], {"axis": -2, "reverse": True}),
    Sample("inv", [regular(2, 3, 3)]),
    Sample("solve", [regular(3, 3), draw((3, 2))], {"vector": False}),
    Sample("solve", [regular(3, 3), draw((3,))], {"vector": True}),
    Sample("det", [draw((2, 3, 3))]),
    Sample("det", [np.outer([1.0, 2.0, 4.0], [1.0, -1.0, 3.0]) + np.diag([0.0, 0.0, 1.0])]),
    Sample("logabsdet", [draw((3, 3))]),
    Sample("cofactor", [draw((4, 4))]),
    Sample("cofactor_product", [draw((2, 2)), draw((2, 2), 1)]),
    Sample("cofactor_product", [draw((3, 3)), draw((3, 3), 1)]),
    Sample("pinv", [draw((4, 3))], {"rcond": 1e-15}),
    Sample("pinv", [draw((3, 4))], {"rcond": 1e-15}),
    Sample("cholesky", [definite(3)]),
    Sample("qr", [draw((4, 3))], {"part": "q"}),
    Sample("qr", [draw((4, 3))], {"part": "r"}),
    Sample("qr", [draw((3, 4))], {"part": "q"}),
    Sample("qr", [draw((3, 4))], {"part": "r"}),
    Sample("eigvalsh", [definite(3)]),
    Sample("eigenvectors", [definite(3)]),
    Sample("inverse_gaps", [np.array([1.0, 2.5, -3.0])]),
    Sample("svdvals", [draw((4, 3))]),
    Sample("singular_vectors", [draw((4, 3))], {"side": "left"}),
    Sample("singular_vectors", [draw((4, 3))], {"side": "right"}),
    Sample("singular_vectors", [draw((3, 4))], {"side": "right"}),
    Sample("expm", [draw((3, 3))]),
    Sample("sqrtm", [definite(3)]),
    Sample("logm", [definite(3)]),
    *(
        Sample(f"{name}_derivative", [definite(3), draw((3, 3)), draw((3, 3), 1)][:count])
        for name in ("expm", "sqrtm", "logm")
        for count in (2, 3)
    ),
    Sample("scalars", [np.array([0.7, 1.9]), np.array(0.4)], {"records": RUN}),
]


def recorded(sample: Sample) -> tuple[Node, dict[str, np.ndarray]]:
    held = POSITIONS.get(sample.name)
    nodes: list[Node] = []
    inputs: dict[str, np.ndarray] = {}
    for place, array in enumerate(sample.arrays):
        if place == held:
            nodes.append(constant(array))
        else:
            nodes.append(input_node(f"x{place}", np.shape(array)))
            inputs[f"x{place}"] = np.asarray(array, dtype=np.float64)
    return apply(sample.name, *nodes, **sample.params), inputs


def exact_slope(node: Node, inputs: dict[str, Any], lines: dict[str, Any]) -> np.ndarray:
    """A central difference in 60 digits."""
    step = SCALARS.mp.mpf(10) ** -STEP
    ends = []
    for sign in (1, -1):
        exact = Exact([node], inputs, SCALARS)
        for name, line in lines.items():
            moved = exact.inputs[name]
            for index in np.ndindex(line.shape):
                moved[index] += sign * step * SCALARS.mp.mpf(float(line[index]))
        ends.append(np.asarray(exact.base()[node.id], dtype=object))
    return np.asarray((ends[0] - ends[1]) / (2 * step)).astype(np.float64)


def float_slope(node: Node, inputs: dict[str, Any], lines: dict[str, Any]) -> np.ndarray:
    """Central differences of float64, extrapolated."""

    def central(step: float) -> Any:
        ends = [
            node.op.evaluate(
                *(inputs[name] + sign * step * lines[name] for name in inputs), **node.params
            )
            for sign in (1, -1)
        ]
        return (ends[0] - ends[1]) / (2 * step)

    coarse, fine = central(2e-3), central(1e-3)
    return np.asarray((4 * fine - coarse) / 3)


def assert_close(found: Any, reference: Any, relative: float) -> None:
    assert np.shape(found) == np.shape(reference)
    scale = max(1.0, float(np.max(np.abs(reference), initial=0.0)))
    assert np.max(np.abs(found - reference), initial=0.0) <= relative * scale


# --- the table is complete ------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_op_has_a_rule_or_a_reason(name):
    op = OPS[name]
    kinds = [
        op in (CONSTANT, INPUT) or op.cut is not None,
        op.elementwise and op.cut is None,
        name in RULES,
        name in REFUSED,
    ]
    assert kinds.count(True) == 1, f"{name}: a tangent rule, a scalar formula, or a reason"


def test_the_table_names_ops_only():
    assert set(RULES) <= set(OPS)
    assert set(REFUSED) <= set(OPS)
    assert set(RULES) == {sample.name for sample in SAMPLES}


def test_a_cut_is_a_cut_for_reverse_mode_as_well():
    for op in OPS.values():
        assert (op.cut is not None) == (op.vjp is None), op.name


# --- elementwise ----------------------------------------------------------------------------------


DIFFERENTIABLE = [name for name in sorted(OPS) if OPS[name].elementwise and OPS[name].cut is None]


def point_of(name: str, seed: int) -> list[np.ndarray]:
    """Numbers from the op's domain, one array per argument."""
    rng = np.random.default_rng(seed)
    if name == "where":
        return [np.array([1.0, 0.0, 1.0]), rng.normal(size=3), rng.normal(size=3)]
    count = len(SIGNATURES[name])
    domain = OPS[name].domain
    intervals = domain if isinstance(domain[0], (tuple, list)) else [domain] * count
    return [rng.uniform(low, high, 3) for low, high in intervals]


SIGNATURES = {
    name: [
        argument
        for argument in OPS[name].symbolic.__code__.co_varnames[
            1 : OPS[name].symbolic.__code__.co_argcount
        ]
        if argument not in ELEMENTWISE_PARAMS.get(name, {})
    ]
    for name in DIFFERENTIABLE
}


def scalar_difference(name: str, arguments: list[float], position: int) -> float:
    """A central difference of the op's scalar formula in 60 digits."""
    mpf = SCALARS.mp.mpf
    step = mpf(10) ** -STEP
    ends = []
    for sign in (1, -1):
        moved = [mpf(value) for value in arguments]
        moved[position] += sign * step
        ends.append(OPS[name].symbolic(SCALARS, *moved, **ELEMENTWISE_PARAMS.get(name, {})))
    return float((mpf(ends[0]) - mpf(ends[1])) / (2 * step))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_local_derivatives_of_scalars(name):
    params = ELEMENTWISE_PARAMS.get(name, {})
    arrays = point_of(name, 3)
    for position in range(len(arrays)):
        if (name, position) in NO_DERIVATIVE:
            with pytest.raises(Cannot):
                local_derivative(OPS[name], len(arrays), params, position)
            continue
        slope = local_derivative(OPS[name], len(arrays), params, position)
        found = np.broadcast_to(np.asarray(slope(arrays), dtype=np.float64), (3,))
        for k in range(3):
            reference = scalar_difference(name, [float(array[k]) for array in arrays], position)
            assert found[k] == pytest.approx(reference, rel=1e-9, abs=1e-12), (name, position)


@pytest.mark.parametrize(
    ("name", "point", "derivative"),
    [
        ("tanh", 20.0, 4 * np.exp(-40.0)),
        ("sigmoid", -40.0, np.exp(-40.0)),
        ("erfc", 5.0, -2 * np.exp(-25.0) / np.sqrt(np.pi)),
        ("log", 1e-300, 1e300),
    ],
)
def test_tails(name, point, derivative):
    found = local_derivative(OPS[name], 1, {}, 0)([np.array(point)])
    assert float(found) == pytest.approx(derivative, rel=1e-12)


@pytest.mark.parametrize(
    ("base", "exponent", "derivative"),
    [(0.0, 2.0, 0.0), (0.0, 1.0, 1.0), (0.0, 0.0, 0.0), (-3.0, 3.0, 27.0)],
)
def test_powers_at_zero_and_below(base, exponent, derivative):
    slope = local_derivative(OPS["power"], 2, {}, 0)
    with np.errstate(all="ignore"):
        assert slope([np.array(base), np.array(exponent)]) == derivative


# --- structure ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_tangents_against_differences(sample):
    node, inputs = recorded(sample)
    lines = {name: draw(array.shape, 9) for name, array in inputs.items()}
    found = push(node, inputs, {name: line[None] for name, line in lines.items()})[0]
    if sample.name in FLOAT_ONLY:
        assert_close(found, float_slope(node, inputs, lines), 1e-7)
    else:
        assert_close(found, exact_slope(node, inputs, lines), 1e-10)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_one_input_at_a_time_adds_up(sample):
    """A tangent is linear in the directions, and several go at once."""
    node, inputs = recorded(sample)
    lines = {name: draw((2, *array.shape), 9) for name, array in inputs.items()}
    together = push(node, inputs, lines)
    alone = sum(push(node, inputs, {name: line}) for name, line in lines.items())
    assert_close(alone, together, 1e-12)


@pytest.mark.parametrize(
    "sample", [one for one in SAMPLES if one.name in LINEAR], ids=lambda sample: sample.id
)
def test_declared_linear_is_linear(sample):
    op, params = OPS[sample.name], {**sample.params, **FILLED.get(sample.name, {})}
    held = POSITIONS.get(sample.name)
    some, others = (
        [
            np.asarray(one) if place == held else draw(np.shape(one), seed)
            for place, one in enumerate(sample.arrays)
        ]
        for seed in (1, 2)
    )
    mixed = [
        a if place == held else 2.0 * a - 3.0 * b
        for place, (a, b) in enumerate(zip(some, others, strict=True))
    ]
    expected = 2.0 * op.evaluate(*some, **params) - 3.0 * op.evaluate(*others, **params)
    assert_close(op.evaluate(*mixed, **params), expected, 1e-14)


@pytest.mark.parametrize(
    "sample", [one for one in SAMPLES if one.name in MULTILINEAR], ids=lambda sample: sample.id
)
def test_declared_multilinear_is_linear_in_each(sample):
    evaluate, arrays = OPS[sample.name].evaluate, sample.arrays
    for place, array in enumerate(arrays):
        a, b = draw(np.shape(array), 1), draw(np.shape(array), 2)

        def at(one: Any, place: int = place) -> Any:
            return evaluate(*arrays[:place], one, *arrays[place + 1 :], **sample.params)

        assert_close(at(2.0 * a - 3.0 * b), 2.0 * at(a) - 3.0 * at(b), 1e-13)


# --- corners and refusals -------------------------------------------------------------------------


def test_a_corner_gives_no_number_and_leaves_the_other_directions():
    x = input_node("x", (2,))
    found = push(apply("abs", x), {"x": np.array([0.0, -2.0])}, {"x": np.eye(2)})
    assert np.isnan(found[0, 0])
    assert found[1].tolist() == [0.0, -1.0]


def test_a_tie_gives_no_number():
    x = input_node("x", (3,))
    node = apply("max", x, axes=(-1,), keepdims=False)
    found = push(node, {"x": np.array([2.0, 2.0, 1.0])}, {"x": np.eye(3)})
    assert np.isnan(found[:2]).all()


@pytest.mark.parametrize("name", ["fmax", "fmin"])
def test_a_nan_that_is_passed_over_gives_no_number(name):
    x = input_node("x", (2,))
    node = apply(name, x, constant(np.array([np.nan, 0.5])))
    found = push(node, {"x": np.array([1.0, 2.0])}, {"x": np.ones((1, 2))})
    assert np.isnan(found[0, 0])
    assert found[0, 1] == (name == "fmax")


def test_the_branch_not_taken_may_be_infinite():
    x = input_node("x", ())
    node = apply("where", apply("greater", x, 0.0), apply("sqrt", x), apply("multiply", x, 3.0))
    assert push(node, {"x": np.array(0.0)}, {"x": np.ones(1)}).tolist() == [3.0]
    assert push(node, {"x": np.array(4.0)}, {"x": np.ones(1)}).tolist() == [0.25]


def test_cuts_have_no_tangent():
    x = input_node("x", (2,))
    node = apply("multiply", apply("stop_gradient", x), apply("add", x, apply("floor", x)))
    found = push(node, {"x": np.array([1.5, 2.5])}, {"x": np.ones((1, 2))})
    assert found.tolist() == [[1.5, 2.5]]


def test_what_does_not_depend_is_zero():
    x, y = input_node("x", (2,)), input_node("y", (3,))
    found = push(apply("exp", x), {"x": np.ones(2), "y": np.ones(3)}, {"y": np.ones((4, 3))})
    assert found.shape == (4, 2)
    assert not found.any()
    assert y.size == 3


def test_broadcasting_aligns_behind_the_directions():
    a, x = input_node("a", (2, 3)), input_node("x", (3,))
    inputs = {"a": np.arange(6.0).reshape(2, 3), "x": np.array([1.0, -1.0, 2.0])}
    found = push(apply("multiply", a, x), inputs, {"x": np.eye(3)})
    expected = np.stack([inputs["a"] * unit for unit in np.eye(3)])
    assert np.array_equal(found, expected)


def test_a_refused_op_says_why():
    x = input_node("x", (3, 2))
    node = apply("full_singular_vectors", x, side="left")
    with pytest.raises(Cannot, match="arbitrary"):
        push(node, {"x": draw((3, 2))}, {"x": np.ones((1, 3, 2))})


def test_a_rule_is_registered_once_by_one_function():
    with pytest.raises(ValueError, match="twice"):
        tangent_rule("matmul")(lambda node, values, tangents: None)
