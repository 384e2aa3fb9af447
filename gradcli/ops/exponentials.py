"""Exponentials and logarithms, exact where the plain formula would cancel or overflow."""

from __future__ import annotations

import math

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
