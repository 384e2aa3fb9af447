"""The error function and the normal distribution: tails kept on both sides.

Values come from scipy where it is installed, else from mpmath (see `numeric`).
"""

from __future__ import annotations

import math
from typing import Any

from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function
from gradcli.ops.numeric import special

FAMILY = "special"

SQRT_2 = math.sqrt(2.0)
DENSITY_0 = 1.0 / math.sqrt(2.0 * math.pi)
ERF_SLOPE_0 = 2.0 / math.sqrt(math.pi)


def gaussian(x: Node, scale: float = 1.0) -> Node:
    """`exp(-scale*x**2)`."""
    return apply("exp", -scale * apply("square", x))


elementwise(
    "erf",
    special("erf"),
    derivative=lambda y, x: ERF_SLOPE_0 * gaussian(x),
    symbolic=lambda s, x: s.erf(x),
    special=(0, 5, 1e-20),
    doc="Error function.",
    family=FAMILY,
)
elementwise(
    "erfc",
    special("erfc"),
    derivative=lambda y, x: -ERF_SLOPE_0 * gaussian(x),
    symbolic=lambda s, x: s.erfc(x),
    special=(0, 26, -5),
    doc="`1 - erf(x)`, its tail kept.",
    family=FAMILY,
)


def _erfcx_slope(y: Node, x: Node) -> Node:
    """`2*x*y - 2/sqrt(pi)`; by its asymptotic series (DLMF 7.12.1) where that would cancel."""
    t = 1.0 / apply("square", x)
    series = 1.0 + t * (-1.5 + t * (3.75 + t * (-13.125 + t * 59.0625)))
    far = (-0.5 * ERF_SLOPE_0) * t * series
    return apply("where", apply("greater", x, 100.0), far, 2.0 * x * y - ERF_SLOPE_0)


elementwise(
    "erfcx",
    special("erfcx"),
    derivative=_erfcx_slope,
    symbolic=lambda s, x: s.erfcx(x),
    special=(0, 20, 101, 1e4, -5),
    doc="`exp(x**2)*erfc(x)`.",
    family=FAMILY,
)
elementwise(
    "erfinv",
    special("erfinv"),
    derivative=lambda y, x: (1.0 / ERF_SLOPE_0) * apply("exp", apply("square", y)),
    symbolic=lambda s, x: s.erfinv(x),
    kink=lambda x: abs(x) == 1,
    domain=(-0.95, 0.95),
    special=(0,),
    doc="Inverse of the error function.",
    family=FAMILY,
)

_erfc = special("erfc")


def ndtr(x: Any) -> Array:
    """The normal distribution function, its tail kept."""
    return 0.5 * _erfc(as_float(x) * (-1.0 / SQRT_2))


elementwise(
    "ndtr",
    ndtr,
    derivative=lambda y, x: DENSITY_0 * gaussian(x, 0.5),
    symbolic=lambda s, x: s.ndtr(x),
    special=(0, 8, -30),
    doc="Standard normal distribution function.",
    family=FAMILY,
)
elementwise(
    "log_ndtr",
    special("log_ndtr"),
    derivative=lambda y, x: (2.0 * DENSITY_0) / apply("erfcx", (-1.0 / SQRT_2) * x),
    symbolic=lambda s, x: s.log_ndtr(x),
    special=(0, 8, -40, -1000),
    doc="Logarithm of the standard normal distribution function, its tail kept.",
    family=FAMILY,
)
elementwise(
    "ndtri",
    special("ndtri"),
    derivative=lambda y, p: (1.0 / DENSITY_0) * apply("exp", 0.5 * apply("square", y)),
    symbolic=lambda s, p: s.ndtri(p),
    kink=lambda p: (p == 0) | (p == 1),
    domain=(0.05, 0.95),
    special=(0.5, 1e-20),
    doc="Inverse of the standard normal distribution function.",
    family=FAMILY,
)


@function("erfcinv", "x", "Inverse of erfc.", family=FAMILY, example="erfcinv(sigmoid(x))")
def erfcinv(x: Node) -> Node:
    """By the inverse of the normal distribution function, which keeps the tail."""
    return apply("ndtri", 0.5 * x) * (-1.0 / SQRT_2)
