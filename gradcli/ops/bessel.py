"""Modified Bessel functions, and spherical ones, of which `sinc` and its derivatives are made.

NIST DLMF chapter 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function
from gradcli.ops.numeric import special_of_order
from gradcli.ops.parameters import order_of

FAMILY = "special"

# --- sinc and spherical ------------------------------------------------------------------------

elementwise(
    "sinc",
    lambda x: np.sinc(as_float(x)),
    derivative=lambda y, x: -math.pi * apply("spherical_jn", math.pi * x, n=1),
    symbolic=lambda s, x: s.sinc(x),
    special=(0, 1e-9, 0.5, 40.3),
    doc="`sin(pi*x)/(pi*x)`, 1 at 0.",
    family=FAMILY,
)


def _spherical_jn(x: Any, n: int) -> Array:
    """Upwards from j0 and j1 where that is stable, |x| > n; the power series below."""
    x = as_float(x)
    near = np.abs(x) <= n + 1.0
    far = np.where(near, x.dtype.type(n + 1.0), x)
    lower = np.sin(far) / far
    upper = (lower - np.cos(far)) / far
    for k in range(1, n):
        lower, upper = upper, (2 * k + 1) / far * upper - lower
    inner = np.where(near, x, x.dtype.type(0))
    term = np.ones_like(inner)
    for k in range(1, n + 1):
        term = term * inner / (2 * k + 1)
    series = term
    for k in range(1, 20 + 2 * n):
        term = term * (-0.5 * inner * inner) / (k * (2 * n + 2 * k + 1))
        series = series + term
    return np.where(near, series, np.where(np.isinf(x), 0.0, lower if n == 0 else upper))


def _spherical_slope(y: Node, x: Node, n: int) -> Node:
    """DLMF 10.51.2, without a division by x."""
    if n == 0:
        return -apply("spherical_jn", x, n=1)
    lower, upper = (apply("spherical_jn", x, n=k) for k in (n - 1, n + 1))
    return (n / (2.0 * n + 1.0)) * lower - ((n + 1.0) / (2.0 * n + 1.0)) * upper


elementwise(
    "spherical_jn",
    _spherical_jn,
    derivative=_spherical_slope,
    symbolic=lambda s, x, n: s.spherical_jn(n, x),
    special=(0, 1e-6, 2.0, -3.5, 30.0),
    doc="Spherical Bessel function of order n; `sinc` and its derivatives are made of them.",
    family=FAMILY,
    signature=None,
)


@function(
    "spherical_jn",
    "; n; x",
    "Spherical Bessel function of whole order n.",
    family=FAMILY,
    example="spherical_jn(1, x)",
)
def spherical_jn(x: Node, n: int) -> Node:
    """`j_n(x)` for n from 0 to 50."""
    order = order_of("spherical_jn", n, 50)
    return apply("spherical_jn", x, n=order)


# --- modified -----------------------------------------------------------------------------


def _neighbours(name: str, x: Node, n: int) -> Node:
    """Half the sum of the orders beside n (DLMF 10.29.1)."""
    if n == 0:
        return apply(name, x, n=1)
    return 0.5 * (apply(name, x, n=n - 1) + apply(name, x, n=n + 1))


elementwise(
    "iv",
    special_of_order("iv", "i0", "i1"),
    derivative=lambda y, x, n: _neighbours("iv", x, n),
    symbolic=lambda s, x, n: s.besseli(n, x),
    special=(0, 30),
    doc="Modified Bessel function of the first kind, of whole order n.",
    family=FAMILY,
    signature=None,
)
_ive = special_of_order("ive", "i0e", "i1e")


def _scaled(x: Any, n: int) -> Array:
    """By the first terms at infinity (DLMF 10.40.1), where scipy gives up."""
    x = as_float(x)
    size = np.abs(x)
    far = size > 1e9
    if n < 2 or not np.any(far):
        return _ive(x, n)
    tail = (1.0 - (4 * n * n - 1) / (8.0 * size)) / np.sqrt(2.0 * np.pi * size)
    return np.where(far, np.sign(x) ** n * tail, _ive(np.where(far, x.dtype.type(0), x), n))


elementwise(
    "ive",
    _scaled,
    derivative=lambda y, x, n: _neighbours("ive", x, n) - apply("sign", x) * y,
    symbolic=lambda s, x, n: s.besselie(n, x),
    kink=lambda x, n: (x == 0) & (n == 0),
    special=(30,),
    doc="`exp(-abs(x))*iv(n, x)`.",
    family=FAMILY,
    signature=None,
)


elementwise(
    "jv",
    special_of_order("jv", "j0", "j1"),
    derivative=lambda y, x, n: _difference(x, n),
    symbolic=lambda s, x, n: s.besselj(n, x),
    special=(0, 30),
    doc="Bessel function of the first kind, of whole order n.",
    family=FAMILY,
    signature=None,
)


def _difference(x: Node, n: int) -> Node:
    """Half the difference of the orders beside n (DLMF 10.6.1)."""
    if n == 0:
        return -apply("jv", x, n=1)
    return 0.5 * (apply("jv", x, n=n - 1) - apply("jv", x, n=n + 1))


# --- as functions ---------------------------------------------------------------------------------


def _callable(name: str, text: str, shorts: Sequence[tuple[str, ...]]) -> None:
    """An op of any order as a function, and its orders 0 and 1 under names of their own."""

    def build(x: Node, n: Any) -> Node:
        return apply(name, x, n=order_of(name, n, 100))

    doc = f"{text}, of whole order n."
    function(name, "; n; x", doc, family=FAMILY, example=f"{name}(2, x)")(build)
    for order, (short, *aliases) in enumerate(shorts):

        def build_short(x: Node, order: int = order) -> Node:
            return apply(name, x, n=order)

        doc = f"{text}, of order {order}."
        function(short, "x", doc, family=FAMILY, aliases=aliases)(build_short)


_callable(
    "iv",
    "Modified Bessel function of the first kind",
    (("i0", "bessel_i0", "modified_bessel_i0"), ("i1", "bessel_i1", "modified_bessel_i1")),
)
_callable(
    "ive",
    "`exp(-abs(x))` times the modified Bessel function",
    (("i0e", "bessel_i0e"), ("i1e", "bessel_i1e")),
)
_callable(
    "jv",
    "Bessel function of the first kind",
    (("j0", "bessel_j0"), ("j1", "bessel_j1")),
)
