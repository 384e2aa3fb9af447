"""The executor: a planned run gives what a plain run gives, in less time and memory."""

from __future__ import annotations

import tracemalloc
from itertools import product

import numpy as np
import pytest

import gradcli.ops  # noqa: F401  (fills the registries)
from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run, run_batched
from gradcli.execute.blocks import blocks
from gradcli.execute.groups import LARGE, grouped
from gradcli.execute.kernels import kernel
from gradcli.execute.plan import build, frozen
from gradcli.execute.run import _run_plainly, _run_planned
from gradcli.graph import OPS, Op, apply, constant, input_node, topological
from gradcli.ops.structure import broadcast_to, reshape, sum_

N = LARGE + 1234


def plainly(outputs, inputs):
    with np.errstate(all="ignore"):
        return _run_plainly(topological(outputs), outputs, inputs)


def planned(outputs, inputs):
    with np.errstate(all="ignore"):
        return _run_planned(topological(outputs), outputs, inputs)


def steps_of(*outputs):
    steps, slots = build(topological(outputs), outputs)
    return [step.op.name for step in steps], [steps[slot] for slot in slots]


def assert_same(outputs, inputs, tolerance=1e-15):
    before = {name: np.array(value) for name, value in inputs.items()}
    for got, want, node in zip(
        planned(outputs, inputs), plainly(outputs, inputs), outputs, strict=True
    ):
        assert got.shape == want.shape == node.shape
        assert got.dtype == want.dtype == node.dtype
        scale = np.max(np.abs(want[np.isfinite(want)]), initial=0.0)
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale)
    for name, value in before.items():
        np.testing.assert_array_equal(inputs[name], value)


def logistic(shape):
    t, y = input_node("t", shape), input_node("y", shape)
    loss = sum_(apply("log", 1.0 + apply("exp", -y * t)))
    return [loss, *gradient(loss, [t, y])]


@pytest.mark.parametrize("shape", [(5,), (N,), (3, N), (N, 3), (200, 300), (40, 1, 1000)])
def test_planned_equals_plain(shape):
    rng = np.random.default_rng(0)
    inputs = {"t": rng.normal(size=shape), "y": rng.normal(size=shape)}
    assert_same(logistic(shape), inputs, 1e-13)  # a sum of all entries is added up in blocks


@pytest.mark.parametrize("c", [2.0, -1.0, 0.3, 1e9])
def test_a_scaled_sum_in_blocks(c):
    x = input_node("x", (N,))
    out = sum_(c * apply("exp", x))
    names, _ = steps_of(out)
    assert names == ["input", "exp", "sum"]
    assert_same([out], {"x": np.linspace(-1, 1, N)}, 1e-14)
    assert_same([out], {"x": np.linspace(-500, 500, N)}, 1e-14)
    assert_same([out], {"x": np.linspace(-900, -700, N)}, 1e-14)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((N,), ()),
        ((300, 200), (200,)),
        ((300, 200), (300, 1)),
        ((300, 1), (1, 200)),
        ((7, N), (7, 1)),
    ],
)
def test_broadcasting_in_blocks(left, right):
    x, y = input_node("x", left), input_node("y", right)
    out = apply("exp", -(x * y)) / (1.5 + x) - y
    grads = gradient(out, [x, y])
    rng = np.random.default_rng(1)
    inputs = {"x": rng.uniform(0, 1, left), "y": rng.uniform(0, 1, right)}
    assert_same([out], inputs)
    assert_same(grads, inputs, 1e-13)


def test_strided_operands():
    x = input_node("x", (300, 200))
    out = apply("exp", x.T) * x.T + apply("log", x).T
    base = np.random.default_rng(2).uniform(1, 2, (200, 300))
    assert_same([out, *gradient(out, [x])], {"x": base.T})


def test_float32_stays_float32():
    x = input_node("x", (N,), np.dtype(np.float32))
    out = sum_(3.0 * apply("exp", -(2.0 * x)) * x)
    inputs = {"x": np.linspace(0, 1, N, dtype=np.float32)}
    assert_same([out, *gradient(out, [x])], inputs, 1e-5)


def test_masks_and_choices_in_blocks():
    x = input_node("x", (N,))
    out = apply(
        "where", apply("logical_and", x > 0.0, x < 1.0), apply("sqrt", x), apply("maximum", x, -1.0)
    )
    assert_same([out, x > 0.0, *gradient(out, [x])], {"x": np.linspace(-2, 2, N)})


def test_common_subexpressions_once():
    x = input_node("x", (N,))
    index = np.array([1, 2])
    out = (
        apply("exp", x * 2.0)
        + apply("exp", 2.0 * x)
        + apply("getitem", x, index=(index,))[0]
        + apply("getitem", x, index=(index.copy(),))[0]
        + apply("getitem", x, index=(slice(0, 2),))[0]
    )
    names, _ = steps_of(out)
    assert names.count("exp") == 1
    assert names.count("getitem") == 4  # by array, by slice, and [0] of either


def test_params_that_look_alike_differ():
    looks = [1, 1.0, True, "1", None, (1,), [1], slice(1), 0.0, -0.0, float("nan"), Ellipsis]
    looks += [np.array([1]), np.array([1.0]), np.array([[1]])]
    assert len({frozen(value) for value in looks}) == len(looks)
    assert frozen(float("nan")) == frozen(float("nan"))
    assert frozen((slice(1), np.arange(3))) == frozen((slice(1), np.arange(3)))


def test_scale_leaves_the_product():
    x = input_node("x", (N,))
    value = 2.0 * x.T @ x
    (g,) = gradient(value, [x])
    names, (value_step, gradient_step) = steps_of(value, g)
    assert names == ["input", "matmul", "constant", "multiply"]
    assert value_step.factors == (2.0, 1.0)
    assert gradient_step.op.name == "multiply"
    assert_same([value, g], {"x": np.linspace(-1, 2, N)})


@pytest.mark.parametrize(
    ("build_it", "kinds"),
    [
        (lambda x: 3.0 * (2.0 * x), ["multiply"]),
        (lambda x: x + x, ["multiply"]),
        (lambda x: 2.0 * x + 3.0 * x, ["multiply"]),
        (lambda x: apply("negative", -x), []),
        (lambda x: 1.0 * x, []),
        (lambda x: x / 4.0, ["multiply"]),
        (lambda x: x / 3.0, ["divide"]),
        (lambda x: broadcast_to(constant(1.0), x.shape) * x, []),
        (lambda x: apply("weigh", broadcast_to(constant(1.0), x.shape), x), []),
        (lambda x: x * float("inf"), ["multiply"]),
        (lambda x: 0.0 * x, ["multiply"]),
        (lambda x: 3.0 * x - 2.0 * x, ["multiply", "multiply", "subtract"]),
        (lambda x: sum_(-x), ["sum"]),
        (lambda x: reshape(2.0 * x, (N, 1)), ["reshape", "multiply"]),
    ],
)
def test_algebra_of_scales(build_it, kinds):
    x = input_node("x", (N,))
    out = build_it(x)
    names, _ = steps_of(out)
    assert [name for name in names if name not in ("input", "constant")] == kinds
    assert_same([out], {"x": np.linspace(-1, 2, N)})


def test_a_long_chain_of_scales_stays_accurate():
    x = input_node("x", (N,))
    out = x
    for c in (1.1, 0.3, 3.7, 1.9, 0.7):
        out = out * c
    assert_same([out], {"x": np.linspace(-1, 2, N)})


@pytest.mark.parametrize(
    ("c", "x", "y"),
    [
        (1e-9, 1e200, 1e112),  # the bare product overflows
        (1e9, 1e-200, 1e-122),  # the bare product is subnormal
        (1e9, 1e-200, 1e-130),  # the bare product is zero
        (2.0, 0.0, 1.0),
        (2.0, np.inf, 0.0),
        (2.0, np.nan, 1.0),
    ],
)
def test_scales_out_of_products_at_the_ends_of_the_range(c, x, y):
    left, right = input_node("x", (N,)), input_node("y", (N,))
    inputs = {"x": np.zeros(N), "y": np.zeros(N)}
    inputs["x"][3], inputs["y"][3] = x, y
    assert_same([(c * left) @ right], inputs)


def test_results_belong_to_the_caller():
    x = input_node("x", (N,))
    c = constant(np.ones(N))
    doubled = x * 2.0
    outputs = [
        x,
        reshape(x, (N, 1)),
        c,
        doubled,
        doubled,
        reshape(doubled, (1, N)),
        broadcast_to(x, (2, N)),
        x[:2],
    ]
    array = np.arange(float(N))
    for results in (planned(outputs, {"x": array}), plainly(outputs, {"x": array})):
        for result in results:
            assert result.flags.writeable
        for one, other in product(range(len(results)), repeat=2):
            assert one == other or not np.shares_memory(results[one], results[other])
        for result in results:
            assert not np.shares_memory(result, array)
            result[...] = -1.0
        np.testing.assert_array_equal(array, np.arange(float(N)))
        np.testing.assert_array_equal(c.params["value"], 1.0)


def test_dead_buffers_are_written_over_and_live_ones_are_not():
    x, a = input_node("x", (N,)), input_node("A", (N, 2))
    product_ = a @ constant(np.array([1.0, 2.0]))
    view = reshape(product_, (N, 1))
    out = apply("exp", product_) + x
    later = view @ constant(np.ones((1, 2)))
    rng = np.random.default_rng(3)
    assert_same([out, sum_(later)], {"x": rng.normal(size=N), "A": rng.normal(size=(N, 2))}, 1e-14)


ROWS, COLUMNS = np.array([0, 1, 1]), np.array([2, 0, 1])


@pytest.mark.parametrize(
    "index",
    [
        (0,),
        (slice(1, None), None, 1),
        (ROWS,),
        (ROWS, COLUMNS),
        (ROWS, slice(None), ROWS),
        (0, slice(None), ROWS),
        (slice(None), COLUMNS, ROWS),
        (ROWS, None, COLUMNS),
        (np.array([[True, False, True], [False, True, False]]),),
        (..., ROWS),
    ],
)
def test_indices_over_a_batch(index):
    x = input_node("x", (2, 3, 2))
    out = apply("getitem", x * x, index=index)
    (back,) = gradient(out, [x])
    points = np.random.default_rng(5).normal(size=(4, 2, 3, 2))
    batched = run_batched([out, back], {}, {"x": points})
    for row, point in enumerate(points):
        for got, want in zip(batched, run([out, back], {"x": point}), strict=True):
            np.testing.assert_array_equal(got[row], want)


def test_an_op_may_return_its_input():
    same = Op(
        "same_for_test",
        evaluate=lambda x: x,
        shape=lambda shape: shape,
        vjp=None,
        cut="a test",
        elementwise=True,
    )
    x = input_node("x", (N,))
    first = apply("exp", x)
    out = apply(same, first)
    later = apply("exp", -first) + apply("sqrt", apply("exp", first) + 1.0)
    assert_same([out * later + out], {"x": np.linspace(-1, 1, N)})
    assert_same([out, later], {"x": np.linspace(-1, 1, N)})


def test_groups_cannot_wait_for_each_other():
    x = input_node("x", (N,))
    first = apply("exp", x)
    total = sum_(first, axis=0, keepdims=True)
    normal = first / total
    out = sum_(normal * apply("log", normal)) + sum_(first)
    outputs = [out, *gradient(out, [x])]
    steps, _ = build(topological(outputs), outputs)
    done = {slot for slot, step in enumerate(steps) if step.op.name in ("input", "constant")}
    for group in grouped(steps):
        members = set(group)
        assert all(each in done | members for slot in group for each in steps[slot].inputs)
        done |= members
    assert len(done) == len(steps)
    assert_same(outputs, {"x": np.linspace(-1, 1, N)}, 1e-13)


def test_memory_of_a_gradient():
    size = 1_000_000
    x = input_node("x", (size,))
    value = 2.0 * x.T @ x
    outputs = [value, *gradient(value, [x])]
    array = np.linspace(0, 1, size)
    tracemalloc.start()
    run(outputs, {"x": array})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.2 * array.nbytes  # the gradient itself


def test_memory_of_a_long_elementwise_chain():
    size = 1_000_000
    x = input_node("x", (size,))
    out = x
    for _ in range(50):
        out = apply("exp", -out)
    array = np.linspace(0, 1, size)
    tracemalloc.start()
    run([out], {"x": array})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * array.nbytes


def test_a_long_chain_needs_no_recursion():
    x = input_node("x", ())
    y = x
    for _ in range(50_000):
        y = y * 1.0000001
    value, slope = run([y, *gradient(y, [x])], {"x": 1.5})
    assert value == pytest.approx(1.5 * 1.0000001**50_000, rel=1e-11)
    assert slope == pytest.approx(1.0000001**50_000, rel=1e-11)


def test_a_long_chain_can_be_planned():
    x = input_node("x", ())
    y = x
    for _ in range(5_000):
        y = y * 1.0000001 + apply("exp", -y)
    outputs = [y, *gradient(y, [x])]
    for got, want in zip(planned(outputs, {"x": 1.5}), plainly(outputs, {"x": 1.5}), strict=True):
        assert got == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("size", [2, 200])
def test_errors_point_at_the_op(size):
    matrix = input_node("A", (size, size))
    bad = apply("inv", matrix)
    with pytest.raises(GradcliError) as caught:
        run([bad], {"A": np.zeros((size, size))})
    assert caught.value.kind == "value"
    assert caught.value.message.startswith("inv: ")


@pytest.mark.parametrize("size", [2, N])
def test_inputs_are_checked(size):
    x = input_node("x", (size,))
    with pytest.raises(GradcliError, match="input 'x' has no value") as caught:
        run([x + 1.0], {})
    assert caught.value.kind == "name"
    with pytest.raises(GradcliError, match=r"input 'x' has shape \(3,\), not ") as caught:
        run([x + 1.0], {"x": np.zeros(3)})
    assert caught.value.kind == "shape"


@pytest.mark.parametrize("shape", [(1,), (7,), (100,), (3, 4, 5), (2, 1000), (1000, 2), (1, 1, 9)])
@pytest.mark.parametrize("elements", [1, 6, 50, 10_000])
def test_blocks_cover_every_entry_once(shape, elements):
    seen = np.zeros(shape, int)
    for index in blocks(shape, elements):
        assert seen[index].size <= elements
        seen[index] += 1
    assert (seen == 1).all()


FLOAT = np.dtype(float)
ARITY = {"weigh": 2} | {
    name: getattr(getattr(np, name, None), "nin", 1) for name in OPS if name != "weigh"
}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, op in OPS.items()
        if op.elementwise and kernel(name, {}, FLOAT, [FLOAT] * ARITY[name])
    ],
)
def test_an_op_named_like_a_ufunc_is_that_ufunc(name):
    op, arity = OPS[name], ARITY[name]
    domains = op.domain if isinstance(op.domain[0], tuple) else (op.domain,) * arity
    rng = np.random.default_rng(4)
    arrays = [rng.uniform(*domain, 60) for domain in domains]
    arrays[0][:5] = [0.0, -0.0, np.nan, np.inf, -np.inf]
    arrays[-1][3:8] = [0.0, -0.0, np.nan, np.inf, -np.inf]
    dtype = np.dtype(bool) if op.dtype == "bool" else FLOAT
    chosen = kernel(name, {}, dtype, [FLOAT] * arity)
    assert chosen is not None
    out = np.empty(60, dtype)
    with np.errstate(all="ignore"):
        want = op.evaluate(*arrays)
        chosen(*arrays, out=out)
    np.testing.assert_array_equal(out, want)
