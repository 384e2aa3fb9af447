"""The tables of names: each entry leads to something, and a library's name means what it does."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.execute import run
from gradcli.language import parse
from gradcli.language.adapters import ADAPTERS
from gradcli.language.methods import METHODS, PLAIN
from gradcli.language.namespaces import BARE, BY_PREFIX, RENAMES, find
from gradcli.ops import ALIASES, FUNCTIONS

TARGETS = [
    *((name, target) for names in RENAMES.values() for name, target in names.items()),
    *((name, target) for names in BY_PREFIX.values() for name, target in names.items()),
    *BARE.items(),
    *METHODS.items(),
    *((name, name) for name in PLAIN),
]


def test_aliases_lead_to_functions() -> None:
    assert [name for name, target in ALIASES.items() if target not in FUNCTIONS] == []
    assert [name for name in ALIASES if name in FUNCTIONS] == []


def test_every_other_name_leads_somewhere() -> None:
    assert len(TARGETS) > 100
    assert [(n, t) for n, t in TARGETS if t not in ADAPTERS and find(t) is None] == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("tf.reduce_sum(x)", "sum(x)"),
        ("tf.math.reduce_logsumexp(x)", "logsumexp(x)"),
        ("tf.tensordot(A, A, 1)", "A @ A"),
        ("jnp.linalg.norm(x)", "norm(x)"),
        ("torch.linalg.norm(A)", "norm(A)"),
        ("np.linalg.trace(stack([A, 2*A]))", "batch_trace(stack([A, 2*A]))"),
        ("jax.nn.identity(x)", "x"),
        ("jax.nn.sigmoid(x)", "sigmoid(x)"),
        ("jax.nn.gelu(x)", "gelu(x, approximate=True)"),
        ("torch.nn.functional.relu(x)", "relu(x)"),
        ("torch.sum(A, dim=1, keepdim=True)", "sum(A, axis=1, keepdims=True)"),
        ("A.sum(dim=0)", "sum(A, axis=0)"),
        ("x.pow(2)", "x**2"),
        ("np.dot(A, A)", "A @ A"),
        ("scipy.special.expit(x)", "sigmoid(x)"),
        ("math.exp(2.0)", "exp(2.0)"),
    ],
)
def test_a_librarys_name_means_what_it_does(text: str, plain: str) -> None:
    inputs = {
        "x": np.array([0.5, -1.25, 2.0]),
        "A": np.array([[1.0, 2.0], [3.0, 4.0]]),
    }
    outputs = [parse(program).trace(inputs).graph.output for program in (text, plain)]
    found, expected = (run([output], inputs)[0] for output in outputs)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-15)
