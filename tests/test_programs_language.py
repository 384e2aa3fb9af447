"""The statements of the language, against Python itself: each program also runs in Python with NumPy.

Values must be those of Python, gradients those of central differences of Python's own run. Where a
row has numbers of its own, they are closed forms.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from gradcli import api

A = [[1.3, 2.0], [3.0, 4.0]]
V = [1.3, -2.0, 3.0]

ROWS: list[tuple[str, Mapping[str, Any]]] = [
    # assignment
    ("a = b = x*2\na += 1\na*b", {"x": 1.3}),
    ("x = x*x; y = x; x = x + 1; x*y", {"x": 1.3}),
    ("a, b = x\na*b", {"x": [1.3, 2.0]}),
    ("a, b = x, x*x\na, b = b, a\na - 2*b", {"x": 1.3}),
    ("a, *b, c = [x, x*2, x*3, x**2]\na*b[0]*b[1] + c*len(b)", {"x": 1.3}),
    ("*a, b = range(4)\na[2]*x + b", {"x": 1.3}),
    ("(a, (b, [c, d])) = (x, (x*2, [x*3, x**2]))\na*b*c + d", {"x": 1.3}),
    ("(a, b), c = A, 2\nsum(a*b)*c", {"A": A}),
    ("y: float = x\nz: float\ny**2", {"x": 1.3}),
    ("λ = x*2\nλ**2", {"x": 1.3}),
    ("e = x*2\npi = e\ne*pi", {"x": 1.3}),
    ("sum = x*2\nsum*sum", {"x": 1.3}),
    ("f = exp\nf(x) + (lambda g: g(x))(sin)", {"x": 1.3}),
    # augmented assignment
    ("y = x; y += 2; y -= x/3; y *= x; y /= 4; y **= 2; y", {"x": 1.3}),
    ("y = x*7; y %= 2; y*x", {"x": 1.3}),
    ("y = A.copy(); y @= A; sum(y*A)", {"A": A}),
    # items of arrays
    ("x[1] += x[0]*2\nx[0] = x[1]*x[0]\nsum(x**2)", {"x": V}),
    ("x[-1] = x[0]\nx[-1] **= 2\nprod(x)", {"x": V}),
    ("x[1:] = x[:-1]*2\nsum(x**2)", {"x": V}),
    ("x[::2] += 1\nprod(x)", {"x": V}),
    ("x[x > 0] = 0.5\nsum(x**2)", {"x": V}),
    ("x[[0, 2]] = x[[2, 0]]\nx[0]*3 + x[2]*x[1]", {"x": V}),
    ("y = x.copy()\ny[0] = 5\nsum(x*y)", {"x": V}),
    ("A[0][1] = A[1][0]**2\nA[1][:] = A[0]*2\nsum(A**2)", {"A": A}),
    ("A[0, 1] *= 3\nA[:, 0] -= A[:, 1]\nA[1:] /= 2\nsum(A**2)", {"A": A}),
    (
        "A = zeros((3, 3))\nfor i in range(3):\n    for j in range(i + 1):\n"
        "        A[i, j] = x[i]*x[j]**2\nsum(A@A)",
        {"x": V},
    ),
    # branches
    ("if x > 1: y = x**2\nelif x > 0: y = x\nelse: y = 0*x\ny", {"x": 1.3}),
    ("if x > 1: y = x**2\nelif x > 0: y = 3*x\nelse: y = 0*x\ny", {"x": 0.3}),
    ("if x > 1: y = x**2\nelif x > 0: y = x\nelse: y = 5*x\ny", {"x": -0.3}),
    ("y = x**2 if 1 < x < 3 else -x\ny", {"x": 2.5}),
    ("y = x or 5\nz = y and x\ny*z", {"x": 1.3}),
    ("y = None\nif y is None:\n    y = x\ny*y", {"x": 1.3}),
    # loops
    ("i = 0\nwhile i < 3:\n    i += 1\nelse:\n    x = x*1000\nx", {"x": 1.3}),
    (
        "i = 0\nwhile i < 10:\n    i += 1\n    if i % 2:\n        continue\n    if i > 7:\n"
        "        break\n    x = x*i\nelse:\n    x = x*1000\nx",
        {"x": 1.3},
    ),
    ("for i in range(3):\n    pass\nelse:\n    x = x**2\nx*i", {"x": 1.3}),
    ("for i in range(3):\n    break\nelse:\n    x = x**2\nx*(i + 2)", {"x": 1.3}),
    ("for i in range(0):\n    x = x*5\nx", {"x": 1.3}),
    ("for i in []:\n    x = x*5\nx", {"x": 1.3}),
    ("for i in range(10, 0, -3):\n    x = x + i*x**0.5\nx", {"x": 1.3}),
    ("n = 0\nwhile x < 100:\n    x = x*x\n    n += 1\nx*n", {"x": 1.3}),
    ("s = 0\nfor r in A:\n    s += r@r*r[0]\ns", {"A": A}),
    ("s = 0\nfor r in reversed([x, 2*x, x**2]):\n    s = s*x + r\ns", {"x": 1.3}),
    ("s = 0\nfor i, (a, b) in enumerate(zip(x, x[::-1])):\n    s += a*b*i\ns", {"x": V}),
    ("s = 0\nfor i, r in enumerate(x, 1):\n    s += i*r\ns", {"x": V}),
    ("y = 0\nfor i in range(len(x)):\n    y = y*x[i] + x[-i]\ny", {"x": V}),
    # functions
    ("def f(a, b=2, *, c=3):\n    return a*b*c\nf(x) + f(x, c=x) + f(b=x, a=1)", {"x": 1.3}),
    (
        "def f(*args):\n    s = 0\n    for a in args:\n        s += a*a\n    return s\n"
        "f(x, 2*x) + f(*[x, x])",
        {"x": 1.3},
    ),
    ("def f(a, /, b):\n    return a*b\nf(x, b=x)", {"x": 1.3}),
    ("def f(n, x):\n    return 1.0 if n == 0 else x*f(n-1, x)\nf(7, x)", {"x": 1.3}),
    (
        "def f(n, x):\n    if n < 2:\n        return x + n\n    return f(n-1, x)*f(n-2, x)\nf(6, x)",
        {"x": 1.1},
    ),
    ("def m(n):\n    def g(v):\n        return v**n\n    return g\nm(2)(x) + m(3)(x)", {"x": 1.3}),
    ("def f():\n    return k*x\nk = 3\nf()", {"x": 1.3}),
    ("fs = [lambda v: v*i for i in range(3)]\nfs[0](x) + fs[1](x)", {"x": 1.3}),
    ("fs = [lambda v, i=i: v*i for i in range(3)]\nfs[1](x) + fs[2](x*x)", {"x": 1.3}),
    (
        "def f(v, seen=[]):\n    seen.append(v)\n    return sum(array(seen))\nf(x) + f(x*x)",
        {"x": 1.3},
    ),
    ("def f(l):\n    l += [x*x]\n    return l\nys = [x]\nzs = f(ys)\nys[1] + 3*zs[1]", {"x": 1.3}),
    ("def f(l):\n    l = l + [x]\n    return l\nys = [x]\nzs = f(ys)\nlen(ys)*zs[1]", {"x": 1.3}),
    ("def norm(v):\n    return v*3\nnorm(x)", {"x": 1.3}),
    ("y = x\nfor f in [sin, cos, exp]:\n    y = f(y)\ny", {"x": 1.3}),
    # lists
    ("ys = []\nzs = ys\nfor i in range(3):\n    zs.append(x**i)\nsum(ys)", {"x": 1.3}),
    ("a = b = [x]\na.append(x*x)\nb[1]*b[0]", {"x": 1.3}),
    (
        "ys = [1, 2, 3, 4]\nys[1:3] = [x]\nys.insert(0, x*x)\np = ys.pop()\nq = ys.pop(0)\n"
        "ys.extend([x, 2])\np*q + sum(array(ys))",
        {"x": 1.3},
    ),
    ("ys = [x, 2*x, 3*x]\nys.reverse()\nys[0] = ys[0]**2\nys[0]*ys[2]", {"x": 1.3}),
    ("y = [[0]*3 for _ in range(2)]\ny[1][2] = x\ny[0][2]*5 + y[1][2]**2", {"x": 1.3}),
    ("y = [[0]*3]*2\ny[1][2] = x\ny[0][2]*5 + y[1][2]**2", {"x": 1.3}),
    ("y = [x]*3\nz = (x,) + (x*x,)\ny[0]*y[2]*z[1]", {"x": 1.3}),
    ("i = 5\nys = [i*x for i in range(3)]\nsum(array(ys)) + i*x", {"x": 1.3}),
    ("sum([v**2 for v in x if v > 0])", {"x": V}),
    ("sum(array([[a*b for a in x] for b in x]))", {"x": V}),
    ("ys = list(map(lambda v: v**2, x))\nys[0] + ys[1]", {"x": V}),
    # numbers of the language
    ("7//2*x + (-7)//2*x + 7 % 3*x + (-7) % 3*x + 7 % -3*x + 7/2*x + 2**-1*x", {"x": 1.3}),
    ("True + True*x + (x > 1)*x", {"x": 2.5}),
    ("sum((x > 0)*x)", {"x": V}),
    ("y = 0.0\nfor i in range(5):\n    y += x % (i + 0.7)\ny", {"x": -3.3}),
    ("y = 0.0\nfor i in range(5):\n    y += (-x)//(i + 0.7)*x\ny", {"x": -3.3}),
    # text
    ("import numpy as onp\nfrom math import sin as s\nonp.cos(x)*s(x)", {"x": 1.3}),
    ("from numpy import exp, log\nfrom typing import Any\nexp(x)*log(x)", {"x": 1.3}),
    ("'''doc'''\n\n# a comment\ny = (x +\n     x**2)\nz = y \\\n  * 2\nz", {"x": 1.3}),
    ("y = x\r\nif y > 0:\r\n    y = y*2\r\ny\r\n", {"x": 1.3}),
    ("assert x > 1, f'x is {x}'\nx**2", {"x": 1.3}),
    ("y = x; z = y*y;\nz", {"x": 1.3}),
    ("s = 0\nfor i, r in enumerate(x, start=1):\n    s += i*r\ns", {"x": V}),
]

NAMES = ("sum", "exp", "log", "sin", "cos", "zeros", "array", "prod", "norm", "len", "range")
"""What the rows use of NumPy and of Python."""


def in_python(text: str, inputs: Mapping[str, Any]) -> np.ndarray:
    """The value of a row's last expression, run by Python."""
    names: dict[str, Any] = {name: getattr(np, name) for name in NAMES if hasattr(np, name)}
    for name, value in inputs.items():
        names[name] = np.array(value, dtype=float) if np.ndim(value) else np.float64(value)
    *body, last = ast.parse(text).body
    assert isinstance(last, ast.Expr)
    exec(compile(ast.Module(body, []), "row", "exec"), names)
    return np.asarray(eval(compile(ast.Expression(last.value), "row", "eval"), names), dtype=float)


def central(text: str, inputs: Mapping[str, Any], name: str) -> np.ndarray:
    """Central differences of the sum, extrapolated once."""
    x = np.array(inputs[name], dtype=float)
    result = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[index] = 1.0
        slopes = [
            np.sum(
                in_python(text, {**inputs, name: x + h * unit})
                - in_python(text, {**inputs, name: x - h * unit})
            )
            / (2 * h)
            for h in (1e-4, 5e-5)
        ]
        result[index] = (4 * slopes[1] - slopes[0]) / 3
    return result


@pytest.mark.parametrize(
    ("text", "inputs"), ROWS, ids=lambda value: value[:50] if isinstance(value, str) else ""
)
def test_statement(text: str, inputs: Mapping[str, Any]) -> None:
    result = api.grad(text, check=False, **inputs)
    want = in_python(text, inputs)
    assert result.target.value.shape == want.shape
    np.testing.assert_allclose(result.target.value, want, rtol=1e-12)
    for name in inputs:
        got, slope = result.gradient[name].value, central(text, inputs, name)
        assert got.shape == slope.shape
        np.testing.assert_allclose(got, slope, rtol=1e-7, atol=1e-7 * np.abs(slope).max())


CLOSED = [
    ("def f(v):\n    return sum(w**2 for w in v)\nf(x)", {"x": V}, [2.6, -4.0, 6.0]),
    ("sum(v**2 for v in x if v > 0)", {"x": V}, [2.6, 0.0, 6.0]),
    ("import torch.nn.functional as F\nF.relu(x)", {"x": V}, [1.0, 0.0, 1.0]),
    ("import tensorflow as tf\ntf.reduce_sum(x*x)", {"x": V}, [2.6, -4.0, 6.0]),
    ("import jax.numpy as jnp\nfrom jax import lax\nlax.stop_gradient(x)*x", {"x": 3.0}, 3.0),
    ("@tf.function\ndef f(x):\n    return x*x", {"x": 3.0}, 6.0),
    (
        'def f(x: float, n: int = 3) -> float:\n    """Cube."""\n    return x**n\n\n\n'
        'if __name__ == "__main__":\n    print(f(2.0))\n',
        {"x": 2.0},
        12.0,
    ),
    ("    y = x*x\n    z = y*y\n    z\n", {"x": 3.0}, 108.0),
    ("\n        if x > 0:\n            y = x*x\n        y\n", {"x": 3.0}, 6.0),
    ("y = max(x*x, 3)\ny*min(x, 7)", {"x": 2.0}, 12.0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs", "slope"), CLOSED, ids=[row[0][:40] for row in CLOSED])
def test_closed_form(text: str, inputs: Mapping[str, Any], slope: Any) -> None:
    result = api.grad(text, check=False, **inputs)
    np.testing.assert_allclose(result.gradient["x"].value, slope, rtol=1e-13)


DOUBLING = """
def f(a):
    b = a * 2
    while tf.norm(b) < 1000:
        b = b * 2
    if tf.reduce_sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return c
"""

PRODUCT = """
def f(x, y):
    output = 1.0
    for i in range(y):
        if i > 1 and i < 5:
            output = tf.multiply(output, x)
    return output
"""


@pytest.mark.parametrize("a", [0.37, -0.37, 12.0, 2000.0])
def test_the_tutorial_s_doubling(a: float) -> None:
    """f is linear between its jumps, so its slope is f(a)/a."""
    result = api.grad(DOUBLING, a=a)
    assert result.gradient["a"].value == float(result.target.value) / a
    assert result.check is not None
    assert result.check.verdict == "agree"


@pytest.mark.parametrize(("y", "slope"), [(6, 12.0), (5, 12.0), (4, 4.0)])
def test_the_tutorial_s_product(y: int, slope: float) -> None:
    """x**3, x**3 and x**2 at x = 2."""
    assert api.grad(PRODUCT, "x", x=2, y=y).gradient["x"].value == slope
