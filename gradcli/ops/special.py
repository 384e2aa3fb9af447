"""Special functions: error function, normal distribution, gamma, beta, Bessel, entropies.

Values come from scipy where it is installed, else from mpmath (see `numeric`); derivatives are closed forms
(NIST DLMF chapters 5, 7, 8, 10), so every order follows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function, weigh
from gradcli.ops.numeric import cotangent_derivative, special, special_of_order
from gradcli.ops.trigonometric import order_of

FAMILY = "special"

SQRT_2 = math.sqrt(2.0)
DENSITY_0 = 1.0 / math.sqrt(2.0 * math.pi)
ERF_SLOPE_0 = 2.0 / math.sqrt(math.pi)


# --- error function and normal distribution -------------------------------------------------------


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
elementwise(
    "erfcx",
    special("erfcx"),
    derivative=lambda y, x: 2.0 * x * y - ERF_SLOPE_0,
    symbolic=lambda s, x: s.erfcx(x),
    special=(0, 20, -5),
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
    special=(0, 8, -40),
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

# --- gamma ----------------------------------------------------------------------------------------


def _pole(x: Array) -> Array:
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
elementwise(
    "rgamma",
    special("rgamma"),
    derivative=lambda y, x: -(y * apply("digamma", x)),
    symbolic=lambda s, x: 1 / s.gamma(x),
    kink=_pole,
    domain=(0.2, 4.0),
    special=(-0.5,),
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
    "polygamma", "; n; x", "The n-th derivative of digamma.", family=FAMILY, example="polygamma(1, 2 + x)"
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
    aliases=("lbeta",),
)
elementwise(
    "beta",
    special("beta"),
    derivative=(lambda y, a, b: y * _digamma_excess(a, b), lambda y, a, b: y * _digamma_excess(b, a)),
    symbolic=lambda s, a, b: s.beta(a, b),
    kink=lambda a, b: _pole(a) | _pole(b),
    domain=((0.2, 4.0), (0.2, 4.0)),
    doc="`gamma(a)*gamma(b)/gamma(a + b)`.",
    family=FAMILY,
    signature="a, b",
)

# --- Bessel ---------------------------------------------------------------------------------------


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
elementwise(
    "ive",
    special_of_order("ive", "i0e", "i1e"),
    derivative=lambda y, x, n: _neighbours("ive", x, n) - apply("sign", x) * y,
    symbolic=lambda s, x, n: s.exp(-s.abs(x)) * s.besseli(n, x),
    kink=lambda x, n: (x == 0) & (n == 0),
    special=(30,),
    doc="`exp(-abs(x))*iv(n, x)`.",
    family=FAMILY,
    signature=None,
)


def _bessel(name: str, text: str, aliases: tuple[str, ...]) -> None:
    """`iv`/`ive` with an order, and orders 0 and 1 under names of their own."""
    scaled = name.endswith("e")

    def build(x: Node, n: Any) -> Node:
        return apply(name, x, n=order_of(name, n, 100))

    function(name, "; n; x", f"{text}, of whole order n.", family=FAMILY, example=f"{name}(2, x)")(build)
    for order in (0, 1):
        short = f"i{order}e" if scaled else f"i{order}"

        def short_build(x: Node, order: int = order) -> Node:
            return apply(name, x, n=order)

        function(
            short, "x", f"{text}, of order {order}.", family=FAMILY, aliases=(aliases[order],)
        )(short_build)


_bessel("iv", "Modified Bessel function of the first kind", ("bessel_i0", "bessel_i1"))
_bessel(
    "ive", "`exp(-abs(x))` times the modified Bessel function", ("bessel_i0e", "bessel_i1e")
)

# --- entropies ------------------------------------------------------------------------------------


def _zero_times(a: Any, b: Any) -> Array:
    """The product, 0 where `a` is 0."""
    a = as_float(a)
    return np.where(a == 0, a.dtype.type(0), a * b)


elementwise(
    "xlogy",
    lambda a, b: _zero_times(a, np.log(as_float(b))),
    derivative=(lambda y, a, b: apply("log", b), lambda y, a, b: weigh(a, 1.0 / b)),
    symbolic=lambda s, a, b: s.xlogy(a, b),
    kink=lambda a, b: (b == 0) & (a != 0),
    domain=((-2.0, 2.0), (0.1, 3.0)),
    special=((0.0, 2.0),),
    doc="`a*log(b)`, and 0 where a = 0.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "xlog1py",
    lambda a, b: _zero_times(a, np.log1p(as_float(b))),
    derivative=(lambda y, a, b: apply("log1p", b), lambda y, a, b: weigh(a, 1.0 / (1.0 + b))),
    symbolic=lambda s, a, b: s.where(s.equal(a, 0), 0, a * s.log1p(b)),
    kink=lambda a, b: (b == -1) & (a != 0),
    domain=((-2.0, 2.0), (-0.9, 3.0)),
    special=((0.5, 1e-20),),
    doc="`a*log(1 + b)`, and 0 where a = 0.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "entr",
    lambda x: np.where(as_float(x) < 0, -np.inf, -_zero_times(x, np.log(as_float(x)))),
    derivative=lambda y, x: -1.0 - apply("log", x),
    symbolic=lambda s, x: -s.xlogy(x, x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    doc="`-x*log(x)`, and 0 at 0.",
    family=FAMILY,
)


def _rel_entr(a: Any, b: Any) -> Array:
    a, b = as_float(a), as_float(b)
    value = _zero_times(a, np.log(a / b))
    return np.where((a < 0) | (b < 0) | ((b == 0) & (a > 0)), np.inf, value)


elementwise(
    "rel_entr",
    _rel_entr,
    derivative=(lambda y, a, b: 1.0 + apply("log", a / b), lambda y, a, b: -(a / b)),
    symbolic=lambda s, a, b: s.xlogy(a, a / b),
    kink=lambda a, b: (a == 0) | (b == 0),
    domain=((0.1, 3.0), (0.1, 3.0)),
    doc="`a*log(a/b)`, and 0 where a = 0.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "kl_div",
    lambda a, b: _rel_entr(a, b) - as_float(a) + as_float(b),
    derivative=(lambda y, a, b: apply("log", a / b), lambda y, a, b: 1.0 - a / b),
    symbolic=lambda s, a, b: s.xlogy(a, a / b) - a + b,
    kink=lambda a, b: (a == 0) | (b == 0),
    domain=((0.1, 3.0), (0.1, 3.0)),
    doc="`a*log(a/b) - a + b`, scipy's Kullback-Leibler terms.",
    family=FAMILY,
    signature="a, b",
)
