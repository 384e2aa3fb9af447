"""Incomplete gamma and beta functions, and exponential integrals.

The derivative by the upper limit is a density. The derivatives by the shape arguments have no
closed form: they are functions of their own (`gammainc_da` ...), computed by mpmath entry by entry,
and end there: a second one is refused, not invented.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply
from gradcli.ops.declare import elementwise
from gradcli.ops.numeric import special

FAMILY = "special"


def _refused(name: str, argument: str) -> Callable[..., Node]:
    def rule(*nodes: Node) -> Node:
        raise GradcliError(f"{name}: the second derivative by {argument} has no closed form")

    return rule


# --- gamma ----------------------------------------------------------------------------------------


def gamma_density(a: Node, x: Node) -> Node:
    """`x**(a - 1)*exp(-x)/gamma(a)`."""
    return apply("exp", apply("xlogy", a - 1.0, x) - x - apply("gammaln", a))


_GAMMA_DOMAIN = ((0.3, 4.0), (0.1, 5.0))

elementwise(
    "gammainc",
    special("gammainc"),
    derivative=(lambda y, a, x: apply("gammainc_da", a, x), lambda y, a, x: gamma_density(a, x)),
    symbolic=lambda s, a, x: s.gammainc(a, x),
    kink=lambda a, x: x == 0,
    domain=_GAMMA_DOMAIN,
    doc="Regularised lower incomplete gamma function.",
    family=FAMILY,
    signature="a, x",
    aliases=("igamma",),
    example="gammainc(2.0, abs(x))",
)
elementwise(
    "gammaincc",
    special("gammaincc"),
    derivative=(lambda y, a, x: -apply("gammainc_da", a, x), lambda y, a, x: -gamma_density(a, x)),
    symbolic=lambda s, a, x: s.gammaincc(a, x),
    kink=lambda a, x: x == 0,
    domain=_GAMMA_DOMAIN,
    special=((2.0, 100.0),),
    doc="Regularised upper incomplete gamma function.",
    family=FAMILY,
    signature="a, x",
    aliases=("igammac",),
    example="gammaincc(2.0, abs(x))",
)
elementwise(
    "gammainc_da",
    special("gammainc_da"),
    derivative=(
        _refused("gammainc", "a"),
        lambda y, a, x: gamma_density(a, x) * (apply("log", x) - apply("digamma", a)),
    ),
    symbolic=lambda s, a, x: s.gammainc_da(a, x),
    domain=_GAMMA_DOMAIN,
    doc="Derivative of gammainc by its first argument.",
    family=FAMILY,
    signature="a, x",
    example="gammainc_da(2.0, abs(x))",
)

# --- beta -----------------------------------------------------------------------------------------


def beta_density(a: Node, b: Node, x: Node) -> Node:
    """`x**(a - 1)*(1 - x)**(b - 1)/beta(a, b)`."""
    powers = apply("xlogy", a - 1.0, x) + apply("xlog1py", b - 1.0, -x)
    return apply("exp", powers - apply("betaln", a, b))


def _edges(a: Any, b: Any, x: Any) -> Any:
    return (x == 0) | (x == 1)


_BETA_DOMAIN = ((0.3, 4.0), (0.3, 4.0), (0.05, 0.95))

elementwise(
    "betainc",
    special("betainc"),
    derivative=(
        lambda y, a, b, x: apply("betainc_da", a, b, x),
        lambda y, a, b, x: apply("betainc_db", a, b, x),
        lambda y, a, b, x: beta_density(a, b, x),
    ),
    symbolic=lambda s, a, b, x: s.betainc(a, b, x),
    kink=_edges,
    domain=_BETA_DOMAIN,
    doc="Regularised incomplete beta function.",
    family=FAMILY,
    signature="a, b, x",
    example="betainc(2.0, 3.0, sigmoid(x))",
)


def _total(a: Node, b: Node) -> Node:
    return apply("digamma", a + b)


elementwise(
    "betainc_da",
    special("betainc_da"),
    derivative=(
        _refused("betainc", "a"),
        _refused("betainc", "b"),
        lambda y, a, b, x: (
            beta_density(a, b, x) * (apply("log", x) - apply("digamma", a) + _total(a, b))
        ),
    ),
    symbolic=lambda s, a, b, x: s.betainc_da(a, b, x),
    domain=_BETA_DOMAIN,
    doc="Derivative of betainc by its first argument.",
    family=FAMILY,
    signature="a, b, x",
    example="betainc_da(2.0, 3.0, sigmoid(x))",
)
elementwise(
    "betainc_db",
    special("betainc_db"),
    derivative=(
        _refused("betainc", "a"),
        _refused("betainc", "b"),
        lambda y, a, b, x: (
            beta_density(a, b, x) * (apply("log1p", -x) - apply("digamma", b) + _total(a, b))
        ),
    ),
    symbolic=lambda s, a, b, x: s.betainc_db(a, b, x),
    domain=_BETA_DOMAIN,
    doc="Derivative of betainc by its second argument.",
    family=FAMILY,
    signature="a, b, x",
    example="betainc_db(2.0, 3.0, sigmoid(x))",
)

# --- exponential integrals ------------------------------------------------------------------------

elementwise(
    "expi",
    special("expi"),
    derivative=lambda y, x: apply("exp", x) / x,
    symbolic=lambda s, x: s.expi(x),
    kink=lambda x: x == 0,
    special=(20.0, -20.0),
    doc="Exponential integral Ei, the integral of `exp(t)/t` up to x.",
    family=FAMILY,
)
elementwise(
    "exp1",
    special("exp1"),
    derivative=lambda y, x: -apply("exp", -x) / x,
    symbolic=lambda s, x: s.exp1(x),
    kink=lambda x: x == 0,
    domain=(0.1, 4.0),
    special=(20.0,),
    doc="Exponential integral E1, the integral of `exp(-t)/t` from x on.",
    family=FAMILY,
)
