"""Nothing of the registry is without a closed form, unless it says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradcli.ops  # noqa: F401  (fills the registries)
from gradcli.autodiff import gradient
from gradcli.cli.catalogue import POINT
from gradcli.execute import run
from gradcli.graph import OPS
from gradcli.language import parse
from gradcli.ops import FUNCTIONS
from gradcli.road.answering import closed_forms_of
from gradcli.symbolic.atoms import ATOMS

IN_GRADIENTS_ONLY = {
    "cofactor_product": "the gradient of cofactor and det",
    "expm_derivative": "the gradient of expm",
    "inverse_gaps": "the gradient of eigenvectors and singular vectors",
    "logm_derivative": "the gradient of logm",
    "put_along": "the gradient of sort and take_along",
    "recurrence": "the gradient of cumprod and logcumsumexp",
    "sqrtm_derivative": "the gradient of sqrtm",
}
"""Ops that no function of the language records: their names, and whose rules do."""

WITHOUT_DERIVATIVE = {
    "full_singular_vectors": "the vectors that complete a basis are arbitrary",
}
"""Ops whose reverse rule refuses as well."""

ON_A_TAPE = {
    "scalars": "longer than any closed form may be; its length is refused first",
    "scalars_adjoint": "the gradient of scalars",
    "scalars_entries": "the gradient of scalars",
}
"""Ops of long loops, which only the witnesses that count operations see."""

NO_REVERSE_GRADIENT = {
    "gammainc_da": "the derivative by the order is given once, not twice",
    "betainc_da": "the derivative by the order is given once, not twice",
    "betainc_db": "the derivative by the order is given once, not twice",
}
"""Functions whose example has no number to compare with, because one variable has no rule."""

INPUTS = {name: np.array(value) for name, value in POINT.items()}
INPUTS |= {
    "T": np.array([[1.5, 0.25], [0.75, -2.0], [0.5, 1.0]]),
    "u": np.array([0.3, -0.7, 1.1, 0.4, -0.2]),
}

EXAMPLES = [
    (name, function.example) for name, function in sorted(FUNCTIONS.items()) if function.example
]

MORE = (
    "sum(eigh(S)[1]*A)",
    "sum(svd(T, full_matrices=False)[0]**3)",
    "sum(svd(T, full_matrices=False)[2]**3)",
    "sum(svd(T.T, full_matrices=False)[0]**3)",
    "sum(svd(T.T, full_matrices=False)[2]**3)",
    "sum(qr(T)[0]**3)",
    "sum(qr(T)[1]**3)",
    "sum(qr(A)[0]*S)",
    "sum(qr(T.T)[1]**2)",
    "sum(cofactor(A)*S)",
    "trace(A@sqrtm(S))",
    "trace(A@logm(S))",
    "sum(exp(cumsum(u, exclusive=True)))",
    "sum(cumprod(u, exclusive=True)**2)",
    "sum(cumsum(A, axis=0, exclusive=True, reverse=True)**2)",
    "sum(logcumsumexp(T, axis=0)**2)",
    "sum(logcumsumexp(u, reverse=True)**2)",
    "sum(sin(convolve(x, u)))",
    "sum(convolve(u, x, 'same')**2)",
    "sum(convolve(u, x, 'valid')**3)",
    "sum(correlate(u, x, 'same')**2)",
    "sum(quantile(A, 0.3, axis=1)**2)",
    "sum(median(T, axis=0, keepdims=True)*T)",
    "median(T)**2",
    "quantile(u, 0.25)**2",
    "sum(quantile(u, [0.1, 0.9])**2)",
    "quantile(u, 0.3, method='higher')*sum(u)",
    "sum(exp(A[[0, 2, 0]]))",
    "sum(exp(A[:, [0, 2, 0]]))",
    "sum(A[[0, 1], [1, 2]]**3)",
    "sum(A[[0, 1], 1:]**3)",
    "sum(A[[-1, 1], 1]**3)",
    "sum(A[A > 0]**3)",
    "sum(x[x > 0.6]**3)",
    "sum(take(A, [[0, 1], [2, 0]], axis=1)**2)",
    "sum(take_along_axis(A, argsort(A, axis=1), axis=1)*S)",
    "sum(exp(index_add(A, [0, 0], x)))",
    "sum(exp(index_update(x, [0, 2], y[:2])))",
    "sum(segment_sum(A, [1, 0, 1])**2)",
    "sum(cummax(A, axis=0)*S)",
    "sum(exp(cummin(u, reverse=True)))",
    "sum(x*(searchsorted(sort(y), x) + argmax(y)))",
    "sum(nanquantile(u, 0.3)**2)",
    "cross_entropy(A, [0, 2, 1])",
)
"""What the examples leave out: weights, axes, tall and wide matrices, mixed indices."""


def recorded(name: str) -> bool:
    return name not in IN_GRADIENTS_ONLY | WITHOUT_DERIVATIVE | ON_A_TAPE


@pytest.mark.parametrize("name", [name for name in sorted(OPS) if recorded(name)])
def test_every_op_has_a_closed_form(name: str) -> None:
    op = OPS[name]
    assert (
        op.cut is not None
        or (op.elementwise and op.symbolic is not None)
        or op.entry is not None
        or name in ATOMS
    ), f"{name}: a `symbolic` or `entry` formula, a rule in symbolic.atoms, or a cut"


def test_the_lists_of_exceptions_are_short_and_true() -> None:
    listed = IN_GRADIENTS_ONLY | WITHOUT_DERIVATIVE
    assert len(listed) <= 8
    assert set(ON_A_TAPE) == {name for name, op in OPS.items() if op.family == "tape"}
    for name in listed | ON_A_TAPE:
        op = OPS[name]
        assert (op.cut, op.symbolic, op.entry, ATOMS.get(name)) == (None, None, None, None)


@pytest.mark.parametrize("expression", [example for _, example in EXAMPLES])
def test_no_example_records_an_op_of_gradients(expression: str) -> None:
    nodes = parse(f"sum({expression})").trace(INPUTS, dtype="float64").graph.nodes()
    assert not {node.op.name for node in nodes} & set(IN_GRADIENTS_ONLY)


@pytest.mark.parametrize(
    ("name", "example"),
    [pair for pair in EXAMPLES if pair[0] not in NO_REVERSE_GRADIENT],
    ids=[name for name, _ in EXAMPLES if name not in NO_REVERSE_GRADIENT],
)
def test_the_closed_form_of_an_example_is_its_gradient(name: str, example: str) -> None:
    check(f"sum({example})")


@pytest.mark.parametrize("name", sorted(NO_REVERSE_GRADIENT))
def test_a_second_derivative_by_an_order_says_so(name: str) -> None:
    program = parse(f"sum({FUNCTIONS[name].example})").trace(INPUTS, dtype="float64")
    with pytest.raises(Exception, match="second derivative"):
        gradient(program.graph.output, list(program.graph.inputs.values()))


@pytest.mark.parametrize("expression", MORE)
def test_the_closed_form_is_the_gradient(expression: str) -> None:
    check(expression)


def check(expression: str) -> None:
    """Each closed form exists, is of the language, and gives the numbers of the reverse mode."""
    graph = parse(expression).trace(INPUTS, dtype="float64").graph
    names = list(graph.inputs)
    closed = closed_forms_of(graph, names)
    found = gradient(graph.output, [graph.inputs[name] for name in names])
    for name, node in zip(names, found, strict=True):
        text = closed[name].text
        assert text is not None, f"d/d{name}: {closed[name].reason}"
        want = np.zeros(INPUTS[name].shape) if node is None else run([node], INPUTS)[0]
        np.testing.assert_allclose(
            evaluated(text), want, rtol=1e-6, atol=1e-9, err_msg=f"d/d{name} = {text}"
        )
        assert evaluated(text).shape == want.shape, text


def evaluated(text: str) -> Any:
    return run([parse(text).trace(INPUTS, dtype="float64").graph.output], INPUTS)[0]
