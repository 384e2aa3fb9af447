"""Polynomials by their coefficients: `polyval polyder polyint polymul vander`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, constant, shape_text
from gradcli.limits import check_elements
from gradcli.ops.declare import function, integer, turns
from gradcli.ops.indexing import along
from gradcli.ops.joins import joined
from gradcli.ops.signals import convolve
from gradcli.ops.structure import broadcast_to, reshape

FAMILY = "polynomials"
LONG = 64  # coefficients from which Horner's rule is one scan


def _check_vector(name: str, what: str, p: Node) -> None:
    if p.ndim != 1:
        raise GradcliError(
            f"{name}: {what} are a vector, not of shape {shape_text(p.shape)}", kind="shape"
        )


@function(
    "polyval",
    "p, x",
    "Value of the polynomial with coefficients `p`, highest power first.",
    family=FAMILY,
    example="polyval(x, y)",
)
def polyval(p: Node, x: Node) -> Node:
    """Horner's rule, as NumPy's `polyval`."""
    _check_vector("polyval", "the coefficients", p)
    if p.shape == (0,):
        return x * 0.0
    if p.shape[0] > LONG:
        whole = (*x.shape, p.shape[0])
        points = broadcast_to(reshape(x, (*x.shape, 1)), whole)
        scan = apply("recurrence", points, broadcast_to(p, whole), axis=-1, reverse=False)
        return scan[along(-1, -1)]
    result = p[0]
    for k in range(1, p.shape[0]):
        result = result * x + p[k]
    return result if p.shape[0] > 1 else result + x * 0.0


@function(
    "polyder",
    "p; m=1",
    "Coefficients of the m-th derivative of a polynomial.",
    family=FAMILY,
    example="polyder(x)",
)
def polyder(p: Node, m: Any = 1) -> Node:
    """NumPy's `polyder`."""
    _check_vector("polyder", "the coefficients", p)
    for _ in range(min(turns("polyder", "m", m), p.shape[0])):
        p = p[along(-1, slice(None, -1))] * constant(np.arange(p.shape[0] - 1, 0, -1.0), p.dtype)
    return p


@function(
    "polyint",
    "p; m=1; k=None",
    "Coefficients of the m-th antiderivative of a polynomial; `k` are the constants.",
    family=FAMILY,
    example="polyint(x)",
)
def polyint(p: Node, k: Node | None = None, m: Any = 1) -> Node:
    """NumPy's `polyint`."""
    _check_vector("polyint", "the coefficients", p)
    m = turns("polyint", "m", m)
    if k is not None and k.shape not in ((), (1,), (m,)):
        raise GradcliError(
            f"polyint: {m} constants of integration do not fit shape {shape_text(k.shape)}",
            kind="shape",
        )
    zero = constant(np.zeros(1), p.dtype)
    for turn in range(m):
        if k is None or (turn and k.size == 1):
            last = zero
        else:
            last = reshape(k, (1,)) if k.ndim == 0 else k[turn : turn + 1]
        powers = constant(np.arange(p.shape[0], 0, -1.0), p.dtype)
        p = joined([p / powers, last], -1)
    return p


@function(
    "polymul",
    "a, b",
    "Coefficients of the product of two polynomials.",
    family=FAMILY,
    example="polymul(x, y)",
)
def polymul(a: Node, b: Node) -> Node:
    """The convolution of the coefficients."""
    return convolve(a, b)


def _added(name: str, a: Node, b: Node, sign: float) -> Node:
    for part in (a, b):
        _check_vector(name, "the coefficients", part)
    size = max(a.size, b.size)
    a, b = (
        part
        if part.size == size
        else joined([constant(np.zeros(size - part.size), part.dtype), part], -1)
        for part in (a, b)
    )
    return a + b if sign > 0 else a - b


@function(
    "polyadd",
    "a, b",
    "Coefficients of the sum of two polynomials.",
    family=FAMILY,
    example="polyadd(x, y)",
)
def polyadd(a: Node, b: Node) -> Node:
    """NumPy's `polyadd`."""
    return _added("polyadd", a, b, 1.0)


@function(
    "polysub",
    "a, b",
    "Coefficients of the difference of two polynomials.",
    family=FAMILY,
    example="polysub(x, y)",
)
def polysub(a: Node, b: Node) -> Node:
    """NumPy's `polysub`."""
    return _added("polysub", a, b, -1.0)


@function(
    "vander",
    "x; N=None, increasing=False",
    "Matrix of the powers of a vector, one column per power, highest first.",
    family=FAMILY,
    example="vander(x, 3)",
)
def vander(x: Node, N: Any = None, increasing: bool = False) -> Node:
    """NumPy's `vander`."""
    _check_vector("vander", "the points", x)
    columns = x.shape[0] if N is None else integer("vander", "N", N, least=0)
    check_elements((max(x.shape[0], 1), columns), "the result of vander")
    powers = np.arange(float(columns))
    return x[:, None] ** constant(powers if increasing else powers[::-1], x.dtype)
