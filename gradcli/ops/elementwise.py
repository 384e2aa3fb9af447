"""Powers, exponentials, logarithms and magnitudes, entry by entry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function

FAMILY = "elementwise"

LOG2 = math.log(2.0)
LOG10 = math.log(10.0)

# --- exponentials ---------------------------------------------------------------------------------

elementwise(
    "exp",
    lambda x: np.exp(as_float(x)),
    derivative=lambda y, x: y,
    symbolic=lambda s, x: s.exp(x),
    special=(0, -700, 700),
    doc="Exponential function.",
    family=FAMILY,
)
elementwise(
    "exp2",
    lambda x: np.exp2(as_float(x)),
    derivative=lambda y, x: LOG2 * y,
    symbolic=lambda s, x: 2**x,
    special=(0, -1000),
    doc="`2**x`.",
    family=FAMILY,
)
elementwise(
    "expm1",
    lambda x: np.expm1(as_float(x)),
    derivative=lambda y, x: apply("exp", x),
    symbolic=lambda s, x: s.expm1(x),
    special=(0, 1e-20, -40),
    doc="`exp(x) - 1`, exact near 0.",
    family=FAMILY,
)

# --- logarithms -----------------------------------------------------------------------------------

elementwise(
    "log",
    lambda x: np.log(as_float(x)),
    derivative=lambda y, x: 1.0 / x,
    symbolic=lambda s, x: s.log(x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    special=(1.0, 1e-300, 1e300),
    doc="Natural logarithm.",
    family=FAMILY,
    signature=None,
)


@function(
    "log",
    "x, base=None",
    "Natural logarithm, or the logarithm to a base.",
    family=FAMILY,
    aliases=("ln",),
    example="log(1 + x**2)",
)
def log(x: Node, base: Node | None = None) -> Node:
    """`log(x)`, divided by `log(base)` where there is one."""
    natural = apply("log", x)
    return natural if base is None else natural / apply("log", base)


elementwise(
    "log1p",
    lambda x: np.log1p(as_float(x)),
    derivative=lambda y, x: 1.0 / (1.0 + x),
    symbolic=lambda s, x: s.log1p(x),
    kink=lambda x: x == -1,
    domain=(-0.9, 3.0),
    special=(0, 1e-20),
    doc="`log(1 + x)`, exact near 0.",
    family=FAMILY,
)
elementwise(
    "log1mexp",
    lambda x: _log1mexp(as_float(x)),
    derivative=lambda y, x: 1.0 / apply("expm1", x),
    symbolic=lambda s, x: s.log1mexp(x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    special=(1e-10, 40.0, 600.0),
    doc="`log(1 - exp(-x))`, exact near 0 and far out.",
    family=FAMILY,
)


def _log1mexp(x: Array) -> Array:
    """Maechler (2012): each of the two formulas on its side of log(2)."""
    return np.where(x < LOG2, np.log(-np.expm1(-x)), np.log1p(-np.exp(-x)))


elementwise(
    "log2",
    lambda x: np.log2(as_float(x)),
    derivative=lambda y, x: (1.0 / LOG2) / x,
    symbolic=lambda s, x: s.log(x) / s.log(2),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    special=(8.0,),
    doc="Logarithm to base 2.",
    family=FAMILY,
)
elementwise(
    "log10",
    lambda x: np.log10(as_float(x)),
    derivative=lambda y, x: (1.0 / LOG10) / x,
    symbolic=lambda s, x: s.log(x) / s.log(10),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    special=(1000.0,),
    doc="Logarithm to base 10.",
    family=FAMILY,
)

# --- log-domain sums ------------------------------------------------------------------------------


def _log_odds(a: Node, b: Node) -> Node:
    """`a - b`, and 0 where both are the same infinity."""
    same = apply("logical_and", apply("equal", a, b), apply("isinf", a))
    return apply("where", same, 0.0, a - b)


elementwise(
    "logaddexp",
    lambda a, b: np.logaddexp(as_float(a), as_float(b)),
    derivative=(
        lambda y, a, b: apply("sigmoid", _log_odds(a, b)),
        lambda y, a, b: apply("sigmoid", _log_odds(b, a)),
    ),
    symbolic=lambda s, a, b: s.logaddexp(a, b),
    special=((1000.0, 999.0), (-1000.0, 0.0), (2.0, 2.0)),
    doc="`log(exp(a) + exp(b))` without overflow.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "logaddexp2",
    lambda a, b: np.logaddexp2(as_float(a), as_float(b)),
    derivative=(
        lambda y, a, b: apply("sigmoid", LOG2 * _log_odds(a, b)),
        lambda y, a, b: apply("sigmoid", LOG2 * _log_odds(b, a)),
    ),
    symbolic=lambda s, a, b: s.logaddexp(a * s.log(2), b * s.log(2)) / s.log(2),
    special=((2000.0, 1999.0), (2.0, 2.0)),
    doc="`log2(2**a + 2**b)` without overflow.",
    family=FAMILY,
    signature="a, b",
)

# --- roots and powers -----------------------------------------------------------------------------

elementwise(
    "sqrt",
    lambda x: np.sqrt(as_float(x)),
    derivative=lambda y, x: 0.5 / y,
    symbolic=lambda s, x: s.sqrt(x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    special=(1e-300, 1e300),
    doc="Square root.",
    family=FAMILY,
)
elementwise(
    "rsqrt",
    lambda x: 1.0 / np.sqrt(as_float(x)),
    derivative=lambda y, x: -0.5 * y / x,
    symbolic=lambda s, x: 1 / s.sqrt(x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    doc="`1/sqrt(x)`.",
    family=FAMILY,
)
elementwise(
    "cbrt",
    lambda x: np.cbrt(as_float(x)),
    derivative=lambda y, x: (1.0 / 3.0) / (y * y),
    symbolic=lambda s, x: s.cbrt(x),
    kink=lambda x: x == 0,
    special=(-8.0, 1e-300),
    doc="Real cube root.",
    family=FAMILY,
)


def _square(x: Any) -> Any:
    x = as_float(x)
    return x * x


elementwise(
    "square",
    _square,
    derivative=lambda y, x: 2.0 * x,
    symbolic=lambda s, x: x**2,
    special=(0,),
    doc="`x**2`.",
    family=FAMILY,
)
elementwise(
    "reciprocal",
    lambda x: 1.0 / as_float(x),
    derivative=lambda y, x: -(y * y),
    symbolic=lambda s, x: 1 / x,
    kink=lambda x: x == 0,
    domain=(0.3, 3.0),
    special=(-2.0,),
    doc="`1/x`.",
    family=FAMILY,
)
elementwise(
    "hypot",
    lambda a, b: np.hypot(as_float(a), as_float(b)),
    derivative=(lambda y, a, b: _share(a, y), lambda y, a, b: _share(b, y)),
    symbolic=lambda s, a, b: s.hypot(a, b),
    kink=lambda a, b: (a == 0) & (b == 0),
    special=((3e-200, 4e-200), (3e200, -4e200), (0.0, -4.0)),
    doc="`sqrt(a**2 + b**2)` without overflow; its gradient at the origin is 0.",
    family=FAMILY,
    signature="a, b",
)


def _share(a: Node, y: Node) -> Node:
    """`a / y`, and 0 at the origin."""
    return a / apply("where", apply("equal", y, 0.0), 1.0, y)


# --- magnitude and sign ---------------------------------------------------------------------------

elementwise(
    "abs",
    lambda x: np.abs(as_float(x)),
    derivative=lambda y, x: apply("sign", x),
    symbolic=lambda s, x: s.abs(x),
    kink=lambda x: x == 0,
    doc="Absolute value; its derivative at 0 is 0.",
    family=FAMILY,
    aliases=("absolute", "fabs"),
)
elementwise(
    "sign",
    lambda x: np.sign(as_float(x)),
    symbolic=lambda s, x: s.sign(x),
    cut="piecewise constant",
    kink=lambda x: x == 0,
    doc="-1, 0 or 1.",
    family=FAMILY,
    aliases=("sgn",),
)
elementwise(
    "copysign",
    lambda a, b: np.copysign(as_float(a), as_float(b)),
    derivative=(lambda y, a, b: apply("sign", a) * apply("copysign", 1.0, b), None),
    symbolic=lambda s, a, b: s.where(s.less(b, 0), -s.abs(a), s.abs(a)),
    kink=lambda a, b: (a == 0) | (b == 0),
    doc="The magnitude of `a` with the sign of `b`.",
    family=FAMILY,
    signature="a, b",
)


@function(
    "positive",
    "x",
    "`+x`; also the conjugate and the real part, as arrays are real.",
    family=FAMILY,
    aliases=("conj", "conjugate", "real"),
)
def positive(x: Node) -> Node:
    """The same array."""
    return x


@function("ldexp", "x, exponent", "`x * 2**exponent`.", family=FAMILY)
def ldexp(x: Node, exponent: Node) -> Node:
    """A number from its mantissa and exponent."""
    return x * apply("exp2", exponent)
