"""JAX's spellings of programs: `lax` control flow and `x.at[i].set(v)`, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli import api
from gradcli.errors import GradcliError

X = [1.0, 2.0, 3.0]

ROWS = [
    ("x.at[0].set(5.0) @ x.at[0].set(5.0)", [0, 4, 6]),
    ("sum(x.at[1:].add(5.0)**2)", [2, 14, 16]),
    ("sum(x.at[0].multiply(5.0)**2)", [50, 4, 6]),
    ("sum(x.at[0].max(1.5)**2)", [0, 4, 6]),
    ("x.at[1].get()**2", [0, 4, 0]),
    ("jax.lax.fori_loop(0, 3, lambda i, s: s*x[i], 1.0)", [6, 3, 2]),
    ("lax.while_loop(lambda s: s < 100, lambda s: s*2, x[1])", [0, 64, 0]),
    ("lax.cond(x[0] > 0, lambda v: v**2, lambda v: -v, x[1])", [0, 4, 0]),
    ("lax.cond(x[0] < 0, lambda v: v**2, lambda v: -v, x[1])", [0, -1, 0]),
    ("c, ys = lax.scan(lambda c, v: (c*v, c + v), 1.0, x)\nc + sum(ys)", [10, 5, 3]),
    ("c, ys = lax.scan(lambda c, _: (c*x[0], None), x[1], None, length=3)\nc", [6, 1, 0]),
    ("sum(lax.map(lambda v: v**2, x))", [2, 4, 6]),
]


@pytest.mark.parametrize(("text", "gradient"), ROWS)
def test_gradient(text, gradient):
    result = api.grad(text, x=X)
    np.testing.assert_allclose(result.gradient["x"].value, gradient, rtol=1e-14)
    assert result.check.verdict == "agree"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x.at", "the result: an array is needed, not x.at[...]"),
        ("x.at.set(1.0)", "x.at needs an index"),
        ("x.at[0].put(1.0)", "x.at[...] has no method 'put'"),
        ("lax.scan(lambda c, v: c, 1.0, x)", "scan: the function returns a pair"),
        ("lax.fori_loop(0, 3, 2, x)", "2 is not a function"),
        ("lax.while_loop(lambda s: s > 0, lambda s: s*2, x[0])", "more than 100000 calls"),
    ],
)
def test_errors(text, message):
    with pytest.raises(GradcliError) as caught:
        api.grad(text, x=X)
    assert caught.value.message.startswith(message)
    assert caught.value.span is not None


def test_numpy_would_change_the_other_name():
    result = api.grad("z = x\nz += 1\nz[0] = 2.0\nx.sum()", x=X)
    assert [note for note in result.notes if "would change" in note] == [
        "'z' becomes a new array here; in NumPy 'x' would change with it"
    ]
