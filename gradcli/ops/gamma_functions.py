"""Gamma, its logarithm and their derivatives, and beta (NIST DLMF chapter 5)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function
from gradcli.ops.numeric import cotangent_derivative, special, special_of_order
from gradcli.ops.parameters import order_of
from gradcli.ops.structure import sum_

FAMILY = "special"

# --- gamma ----------------------------------------------------------------------------------------


def _pole(x: Array) -> Any:
    return (x <= 0) & (x == np.floor(x))


elementwise(
    "gamma",
    special("gamma"),
    derivative=lambda y, x: y * apply("digamma", x),
    symbolic=lambda s, x: s.gamma(x),
    kink=_pole,
    domain=(0.2, 4.0),
    special=(-0.5, -2.3, 170.0),
    doc="Gamma function.",
    family=FAMILY,
)


def _rgamma_slope(y: Node, x: Node) -> Node:
    """`-digamma(x)/gamma(x)`; by reflection where gamma has its poles and 1/gamma has none."""
    turn, mirrored = math.pi * x, apply("gamma", 1.0 - x)
    left = apply("cos", turn) - apply("digamma", 1.0 - x) * apply("sin", turn) * (1.0 / math.pi)
    return apply("where", apply("less", x, 0.5), mirrored * left, -(y * apply("digamma", x)))


elementwise(
    "rgamma",
    special("rgamma"),
    derivative=_rgamma_slope,
    symbolic=lambda s, x: s.rgamma(x),
    domain=(0.2, 4.0),
    special=(-0.5, -2.25),
    doc="`1/gamma(x)`.",
    family=FAMILY,
)
elementwise(
    "gammaln",
    special("gammaln"),
    derivative=lambda y, x: apply("digamma", x),
    symbolic=lambda s, x: s.gammaln(x),
    kink=_pole,
    domain=(0.2, 4.0),
    special=(-0.5, 1.0, 2.0, 1e10),
    doc="Logarithm of the absolute value of gamma.",
    family=FAMILY,
    aliases=("lgamma", "loggamma"),
)
elementwise(
    "digamma",
    special("digamma"),
    derivative=lambda y, x: apply("polygamma", x, n=1),
    symbolic=lambda s, x: s.digamma(x),
    kink=_pole,
    domain=(0.2, 4.0),
    special=(-0.5, 1e10),
    doc="Derivative of gammaln.",
    family=FAMILY,
    aliases=("psi",),
)

_polygamma = special_of_order("polygamma")


def polygamma_values(x: Any, n: int) -> Array:
    """By reflection (DLMF 5.15.6) where x is negative."""
    x = as_float(x)
    negative = x < 0
    if n == 0 or not np.any(negative):
        return _polygamma(x, n)
    inner = np.where(negative, 1.0 - x, x)
    outer = np.where(negative, x, 0.5)
    with np.errstate(all="ignore"):
        cotangent = 1.0 / np.tan(np.pi * (outer - np.round(outer)))
    slope = np.polyval(cotangent_derivative(n), cotangent)
    mirrored = (-1.0) ** n * _polygamma(inner, n) - np.pi ** (n + 1) * slope
    return np.where(negative, mirrored, _polygamma(np.where(negative, 1.0, x), n))


elementwise(
    "polygamma",
    polygamma_values,
    derivative=lambda y, x, n: apply("polygamma", x, n=n + 1),
    symbolic=lambda s, x, n: s.polygamma(n, x),
    kink=lambda x, n: _pole(x),
    domain=(0.2, 4.0),
    special=(-0.5,),
    doc="The n-th derivative of digamma.",
    family=FAMILY,
    signature=None,
)


@function(
    "polygamma",
    "; n; x",
    "The n-th derivative of digamma.",
    family=FAMILY,
    example="polygamma(1, 2 + x)",
)
def polygamma(x: Node, n: Any) -> Node:
    """`psi_n(x)`, n a whole number from 0 to 100."""
    order = order_of("polygamma", n, 100)
    return apply("digamma", x) if order == 0 else apply("polygamma", x, n=order)


@function("factorial", "x", "`gamma(x + 1)`.", family=FAMILY)
def factorial(x: Node) -> Node:
    """The factorial of real numbers."""
    return apply("gamma", x + 1.0)


@function(
    "multigammaln",
    "a; d",
    "Logarithm of the multivariate gamma function of dimension d.",
    family=FAMILY,
    aliases=("mvlgamma",),
    example="multigammaln(2 + x, 2)",
)
def multigammaln(a: Node, d: Any) -> Node:
    """`d*(d - 1)/4*log(pi) + sum over j < d of gammaln(a - j/2)`."""
    dimension = order_of("multigammaln", d, 1000)
    if dimension == 0:
        raise GradcliError("multigammaln: the dimension must be at least 1")
    total = apply("gammaln", a)
    for j in range(1, dimension):
        total = total + apply("gammaln", a - 0.5 * j)
    return total + dimension * (dimension - 1) / 4.0 * math.log(math.pi)


# --- beta -----------------------------------------------------------------------------------------


def _digamma_excess(a: Node, b: Node) -> Node:
    return apply("digamma", a) - apply("digamma", a + b)


elementwise(
    "betaln",
    special("betaln"),
    derivative=(lambda y, a, b: _digamma_excess(a, b), lambda y, a, b: _digamma_excess(b, a)),
    symbolic=lambda s, a, b: s.gammaln(a) + s.gammaln(b) - s.gammaln(a + b),
    kink=lambda a, b: _pole(a) | _pole(b),
    domain=((0.2, 4.0), (0.2, 4.0)),
    doc="Logarithm of the absolute value of beta.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "beta",
    special("beta"),
    derivative=(
        lambda y, a, b: y * _digamma_excess(a, b),
        lambda y, a, b: y * _digamma_excess(b, a),
    ),
    symbolic=lambda s, a, b: s.beta(a, b),
    kink=lambda a, b: _pole(a) | _pole(b),
    domain=((0.2, 4.0), (0.2, 4.0)),
    doc="`gamma(a)*gamma(b)/gamma(a + b)`.",
    family=FAMILY,
    signature="a, b",
)


@function("lbeta", "x", "Logarithm of the beta function of the last axis.", family=FAMILY)
def lbeta(x: Node) -> Node:
    """`sum(gammaln(x)) - gammaln(sum(x))` along the last axis."""
    if x.ndim == 0:
        raise GradcliError("lbeta: a scalar has no last axis", kind="shape")
    return sum_(apply("gammaln", x), axis=-1) - apply("gammaln", sum_(x, axis=-1))
