"""Roots, powers, magnitudes and blends, entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.graph import Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function

FAMILY = "elementwise"

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


# --- blends and quotients that forgive ------------------------------------------------------------


@function("lerp", "start, end, weight", "`start + weight*(end - start)`.", family=FAMILY)
def lerp(start: Node, end: Node, weight: Node) -> Node:
    """Linear interpolation."""
    return start + weight * (end - start)


@function("addcmul", "x, a, b, value=None", "`x + value*a*b`.", family=FAMILY)
def addcmul(x: Node, a: Node, b: Node, value: Node | None = None) -> Node:
    """A sum with a product."""
    product = a * b
    return x + (product if value is None else value * product)


@function("addcdiv", "x, a, b, value=None", "`x + value*a/b`.", family=FAMILY)
def addcdiv(x: Node, a: Node, b: Node, value: Node | None = None) -> Node:
    """A sum with a quotient."""
    quotient = a / b
    return x + (quotient if value is None else value * quotient)


@function("divide_no_nan", "a, b", "`a / b`, and 0 where b = 0.", family=FAMILY)
def divide_no_nan(a: Node, b: Node) -> Node:
    """TensorFlow's quotient; the branch not taken is safe."""
    zero = apply("equal", b, 0.0)
    return apply("where", zero, 0.0, a / apply("where", zero, 1.0, b))


@function("multiply_no_nan", "a, b", "`a * b`, and 0 where b = 0.", family=FAMILY)
def multiply_no_nan(a: Node, b: Node) -> Node:
    """TensorFlow's product."""
    return apply("where", apply("equal", b, 0.0), 0.0, a * b)


@function("xdivy", "a, b", "`a / b`, and 0 where a = 0.", family=FAMILY)
def xdivy(a: Node, b: Node) -> Node:
    """TensorFlow's quotient of entropies."""
    return apply("where", apply("equal", a, 0.0), 0.0, a / b)
