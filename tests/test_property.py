"""Random well-shaped expressions: reverse mode agrees with differences, at order one and two.

The expressions are smooth everywhere and tame in size, so a disagreement is a bug.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradcli.autodiff import gradient, hessian_vector
from gradcli.execute import run
from gradcli.execute.run import _run_plainly, _run_planned
from gradcli.graph import constant, topological
from gradcli.language import parse

VARIABLES = {"s": (), "p": (2,), "x": (3,), "B": (2, 3), "A": (3, 3)}
SHAPES = [(), (2,), (3,), (2, 3), (3, 2), (3, 3)]
LEAVES = {(3, 2): "B.T"} | {shape: name for name, shape in VARIABLES.items()}
UNARY = [
    "tanh({})",
    "sin({})",
    "cos({})",
    "arctan({})",
    "sigmoid({})",
    "softplus({})",
    "exp(tanh({}))",
    "sqrt(1 + ({})**2)",
    "log1p(({})**2)",
    "-({})",
    "tanh({})**3 / 4",
    "abs(2 + tanh({}))",
]
BINARY = [
    "({}) + ({})",
    "({}) - ({})",
    "({}) * ({})",
    "({}) / (2 + ({})**2)",
    "hypot({}, 1 + exp(sin({})))",
]


@st.composite
def expressions(draw: st.DrawFn, shape: tuple[int, ...] = (), depth: int = 4) -> str:
    """The text of an expression of this shape."""

    def some(*wanted: tuple[int, ...]) -> list[str]:
        return [draw(expressions(each, depth - 1)) for each in wanted]

    if depth == 0 or draw(st.integers(0, 6)) == 0:
        return draw(st.sampled_from([LEAVES[shape], LEAVES[shape], f"0.7*{LEAVES[shape]}"]))
    kind = draw(st.sampled_from(["unary", "binary", "broadcast", "structure", "structure"]))
    if kind == "unary":
        return draw(st.sampled_from(UNARY)).format(*some(shape))
    if kind == "binary":
        return draw(st.sampled_from(BINARY)).format(*some(shape, shape))
    if kind == "broadcast":
        small = draw(st.sampled_from([(), shape[1:]]))
        return draw(st.sampled_from(BINARY)).format(*some(shape, small))
    return structured(draw, shape, some)


def structured(draw: st.DrawFn, shape: tuple[int, ...], some) -> str:
    """A reduction, a contraction or another arrangement that has this shape."""
    if shape == ():
        inner = draw(st.sampled_from(SHAPES[1:]))
        choices = ["sum({})", "mean({})", "logsumexp({})", "norm(1 + exp(sin({})))"]
        form = draw(st.sampled_from([*choices, "dot", "trace", "quadratic"]))
        if form == "dot":
            return "({}) @ ({})".format(*some((3,), (3,)))
        if form == "trace":
            return "trace({})".format(*some((3, 3)))
        if form == "quadratic":
            return "({0}).T @ ({1}) @ ({0})".format(*some((3,), (3, 3)))
        return form.format(*some(inner))
    if len(shape) == 1:
        other = 5 - shape[0]
        form, *wanted = draw(
            st.sampled_from(
                [
                    ("({}) @ ({})", (shape[0], other), (other,)),
                    ("sum({}, axis=0)", (other, shape[0])),
                    ("({}).mean(axis=1)", (shape[0], other)),
                    ("({})[0]", (other, shape[0])),
                    ("({})[:, 1]", (shape[0], other)),
                    ("softmax({})", shape),
                    ("cumsum({})", shape),
                    ("({})[::-1]", shape),
                ]
            )
        )
        return form.format(*some(*wanted))
    rows, columns = shape
    form, *wanted = draw(
        st.sampled_from(
            [
                ("({}).T", (columns, rows)),
                ("outer({}, {})", (rows,), (columns,)),
                ("({}) @ ({})", (rows, 3), (3, columns)),
                (f"reshape({{}}, ({rows}, {columns}))", (columns, rows)),
                ("softmax({}, axis=1)", shape),
                ("({})[:, None] * ({})", (rows,), (columns,)),
                ("where(({}) > 9, 0, {})", shape, shape),
            ]
        )
    )
    return form.format(*some(*wanted))


def point(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(-1, 1, shape) for name, shape in VARIABLES.items()}


def slope(values, along, inputs) -> float:
    """The derivative of a function of the inputs along a direction, to about ten digits."""

    def at(step: float):
        return values({name: inputs[name] + step * along[name] for name in inputs})

    def central(step: float):
        return (at(step) - at(-step)) / (2 * step)

    return (4 * central(1e-3) - central(2e-3)) / 3


@given(expressions(), st.integers(0, 2**32 - 1))
def test_witnesses_agree(text: str, seed: int) -> None:
    program = parse(text)
    inputs = {name: value for name, value in point(seed).items() if name in program.names}
    graph = program.trace(inputs, dtype="float64").graph
    nodes = [graph.inputs[name] for name in inputs]
    along = {name: value for name, value in point(seed + 1).items() if name in inputs}

    gradients = dict(zip(inputs, gradient(graph.output, nodes), strict=True))
    found = {name: node for name, node in gradients.items() if node is not None}
    outputs = [graph.output, *found.values()]
    value, *arrays = run(outputs, inputs)
    reverse = sum(np.sum(g * along[name]) for name, g in zip(found, arrays, strict=True))
    difference = slope(lambda at: run([graph.output], at)[0], along, inputs)
    size = 1 + abs(value) + sum(np.abs(g).sum() for g in arrays)
    assert abs(reverse - difference) < 1e-7 * size, text

    products = hessian_vector(graph.output, nodes, [constant(along[name]) for name in inputs])
    kept = [(name, node) for name, node in zip(inputs, products, strict=True) if node is not None]
    curved = run([node for _, node in kept], inputs)
    second = sum(np.sum(h * along[name]) for (name, _), h in zip(kept, curved, strict=True))

    def first_order(at: dict[str, np.ndarray]) -> float:
        values = run(list(found.values()), at)
        return float(sum(np.sum(g * along[n]) for n, g in zip(found, values, strict=True)))

    size += sum(np.abs(h).sum() for h in curved)
    assert abs(second - slope(first_order, along, inputs)) < 1e-6 * size, text

    order = topological(outputs)
    with np.errstate(all="ignore"):
        planned = _run_planned(order, outputs, inputs)
        plain = _run_plainly(order, outputs, inputs)
    for one, other in zip(planned, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13 * size)
