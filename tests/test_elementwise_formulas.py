"""The closed form of every elementwise function: it exists, reads back, and is the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sympy")

from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.graph import OPS, constant
from gradcli.language import parse
from gradcli.ops import FUNCTIONS
from gradcli.symbolic import closed_forms

FAMILIES = ("arithmetic", "elementwise", "trigonometric", "rounding", "activations", "special")
SPELLED = {
    "clip": "clip(x, -1, 1)",
    "divmod": "divmod(x, y)[1]",
    "erfcinv": "erfcinv(sigmoid(x))",
    "lbeta": "lbeta(x + 3)",
    "iv": "iv(2, x)",
    "ive": "ive(2, x)",
    "jv": "jv(2, x)",
    "modf": "modf(x)[0]",
    "multigammaln": "multigammaln(x, 3)",
    "polygamma": "polygamma(2, x)",
    "round": "round(x, 1)*x",
    "spherical_jn": "spherical_jn(2, x)",
    "stop_gradient": "stop_gradient(x)*x",
    "threshold": "threshold(x, 0.1, 0.5)",
    "where": "where(x > 0, x, y)",
}
"""Functions that want more than `x, y, z`."""
DOMAINS: dict[str, Any] = {
    "multigammaln": (1.2, 3.0),
    "polygamma": (0.2, 4.0),
    "factorial": (0.1, 3.0),
}
WITHOUT = ("gammainc_da", "betainc_da", "betainc_db")
"""Their derivatives by all arguments but the last have no closed form."""
NAMES = sorted(name for name, entry in FUNCTIONS.items() if entry.family in FAMILIES)


def spelled(name: str) -> str:
    if name in SPELLED:
        return SPELLED[name]
    tensors = [
        part for part in FUNCTIONS[name].signature.split(";")[0].split(",") if "=" not in part
    ]
    return f"{name}({', '.join('xyz'[: len(tensors)])})"


def inputs(name: str, expression: str) -> dict[str, Any]:
    op = OPS.get(name)
    domain = DOMAINS.get(name) or (op.domain if op is not None else (-2.0, 2.0))
    domains = domain if isinstance(domain[0], tuple) else (domain,) * 3
    draw = np.random.default_rng(3)
    names = parse(expression).names
    return {key: draw.uniform(*domains["xyz".index(key)], size=4) for key in names}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT])
def test_closed_form(name: str) -> None:
    expression = spelled(name)
    arrays = inputs(name, expression)
    graph = parse(f"sum({expression})").trace(arrays, dtype="float64").graph
    wrt = list(graph.inputs)
    slopes = gradient(graph.output, [graph.inputs[key] for key in wrt])
    present = [constant(np.zeros(4)) if slope is None else slope for slope in slopes]
    formulas = closed_forms(graph, wrt)
    for key, wanted in zip(wrt, run(present, arrays), strict=True):
        text = formulas[key].text
        assert text is not None, (key, formulas[key].reason)
        assert "Delta" not in text
        assert len(text) < 100
        again = parse(text)
        used = {one: arrays[one] for one in again.names}
        (got,) = run([again.trace(used, dtype="float64").graph.output], used)
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-13, err_msg=text)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("sum(softplus(x))", "sigmoid(x)"),
        ("sum(tanh(x))", "1/cosh(x)**2"),
        ("sum(relu(x))", "where(x > 0, 1, 0)"),
        ("sum(sinc(x))", "-pi*spherical_jn(1, pi*x)"),
        ("sum(gammaln(x))", "digamma(x)"),
        ("sum(i0(x))", "i1(x)"),
    ],
)
def test_text(expression: str, text: str) -> None:
    graph = parse(expression).trace({"x": np.array([0.2, 0.4])}, dtype="float64").graph
    assert closed_forms(graph, ["x"])["x"].text == text
