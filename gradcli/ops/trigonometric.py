"""Trigonometric and hyperbolic functions, their inverses, and angles.

Derivatives have forms that keep their tails: `sech2` for `tanh`, `1/hypot(1, x)` for `arcsinh`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcli.graph import Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function

FAMILY = "trigonometric"

# --- circular -------------------------------------------------------------------------------------

elementwise(
    "sin",
    lambda x: np.sin(as_float(x)),
    derivative=lambda y, x: apply("cos", x),
    symbolic=lambda s, x: s.sin(x),
    special=(0, 1e6),
    doc="Sine.",
    family=FAMILY,
)
elementwise(
    "cos",
    lambda x: np.cos(as_float(x)),
    derivative=lambda y, x: -apply("sin", x),
    symbolic=lambda s, x: s.cos(x),
    special=(0, 1e6),
    doc="Cosine.",
    family=FAMILY,
)
elementwise(
    "tan",
    lambda x: np.tan(as_float(x)),
    derivative=lambda y, x: 1.0 + y * y,
    symbolic=lambda s, x: s.tan(x),
    domain=(-1.4, 1.4),
    special=(0,),
    doc="Tangent.",
    family=FAMILY,
)


@function("sec", "x", "`1/cos(x)`.", family=FAMILY)
def sec(x: Node) -> Node:
    """Secant."""
    return apply("reciprocal", apply("cos", x))


@function("csc", "x", "`1/sin(x)`.", family=FAMILY)
def csc(x: Node) -> Node:
    """Cosecant."""
    return apply("reciprocal", apply("sin", x))


@function("cot", "x", "`1/tan(x)`.", family=FAMILY)
def cot(x: Node) -> Node:
    """Cotangent."""
    return apply("reciprocal", apply("tan", x))


def _root_of_one_minus_square(x: Node) -> Node:
    """`sqrt(1 - x**2)`, exact near x = 1."""
    return apply("sqrt", (1.0 - x) * (1.0 + x))


elementwise(
    "arcsin",
    lambda x: np.arcsin(as_float(x)),
    derivative=lambda y, x: 1.0 / _root_of_one_minus_square(x),
    symbolic=lambda s, x: s.arcsin(x),
    kink=lambda x: abs(x) == 1,
    domain=(-0.95, 0.95),
    doc="Inverse sine.",
    family=FAMILY,
    aliases=("asin",),
)
elementwise(
    "arccos",
    lambda x: np.arccos(as_float(x)),
    derivative=lambda y, x: -1.0 / _root_of_one_minus_square(x),
    symbolic=lambda s, x: s.arccos(x),
    kink=lambda x: abs(x) == 1,
    domain=(-0.95, 0.95),
    doc="Inverse cosine.",
    family=FAMILY,
    aliases=("acos",),
)
elementwise(
    "arctan",
    lambda x: np.arctan(as_float(x)),
    derivative=lambda y, x: 1.0 / (1.0 + x * x),
    symbolic=lambda s, x: s.arctan(x),
    special=(0, 1e100, -30),
    doc="Inverse tangent.",
    family=FAMILY,
    aliases=("atan",),
)
elementwise(
    "arctan2",
    lambda y, x: np.arctan2(as_float(y), as_float(x)),
    derivative=(lambda out, y, x: _leg(x, y), lambda out, y, x: -_leg(y, x)),
    symbolic=lambda s, y, x: s.arctan2(y, x),
    kink=lambda y, x: (y == 0) & (x <= 0),
    special=((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (3e-200, 4e-200)),
    doc="The angle of the point `(x, y)`, written `arctan2(y, x)`.",
    family=FAMILY,
    signature="y, x",
    aliases=("atan2",),
)


def _leg(a: Node, b: Node) -> Node:
    """`a / (a**2 + b**2)` without overflow."""
    length = apply("hypot", a, b)
    return a / length / length


# --- hyperbolic -----------------------------------------------------------------------------------

elementwise(
    "sinh",
    lambda x: np.sinh(as_float(x)),
    derivative=lambda y, x: apply("cosh", x),
    symbolic=lambda s, x: s.sinh(x),
    special=(0, 1e-10, 300),
    doc="Hyperbolic sine.",
    family=FAMILY,
)
elementwise(
    "cosh",
    lambda x: np.cosh(as_float(x)),
    derivative=lambda y, x: apply("sinh", x),
    symbolic=lambda s, x: s.cosh(x),
    special=(0, 300),
    doc="Hyperbolic cosine.",
    family=FAMILY,
)
elementwise(
    "tanh",
    lambda x: np.tanh(as_float(x)),
    derivative=lambda y, x: apply("sech2", x),
    symbolic=lambda s, x: s.tanh(x),
    special=(0, 20, -300),
    doc="Hyperbolic tangent.",
    family=FAMILY,
)


def _sech2(x: Any) -> Any:
    """`1/cosh(x)**2` by the quick vectorised exponential, in two buffers."""
    small = np.exp(np.abs(as_float(x)) * -2.0)
    root = small + 1.0
    root *= root
    small *= 4.0
    small /= root
    return small


elementwise(
    "sech2",
    _sech2,
    derivative=lambda y, x: -2.0 * y * apply("tanh", x),
    symbolic=lambda s, x: 1 / s.cosh(x) ** 2,
    special=(0, 20, -300),
    doc="`1/cosh(x)**2`, the derivative of tanh.",
    family=FAMILY,
    signature=None,
)
elementwise(
    "arcsinh",
    lambda x: np.arcsinh(as_float(x)),
    derivative=lambda y, x: 1.0 / apply("hypot", 1.0, x),
    symbolic=lambda s, x: s.arcsinh(x),
    special=(0, 1e200),
    doc="Inverse hyperbolic sine.",
    family=FAMILY,
    aliases=("asinh",),
)
elementwise(
    "arccosh",
    lambda x: np.arccosh(as_float(x)),
    derivative=lambda y, x: 1.0 / (apply("sqrt", x - 1.0) * apply("sqrt", x + 1.0)),
    symbolic=lambda s, x: s.arccosh(x),
    kink=lambda x: x == 1,
    domain=(1.1, 4.0),
    special=(1e200,),
    doc="Inverse hyperbolic cosine.",
    family=FAMILY,
    aliases=("acosh",),
)
elementwise(
    "arctanh",
    lambda x: np.arctanh(as_float(x)),
    derivative=lambda y, x: 1.0 / ((1.0 - x) * (1.0 + x)),
    symbolic=lambda s, x: s.arctanh(x),
    kink=lambda x: abs(x) == 1,
    domain=(-0.95, 0.95),
    special=(0,),
    doc="Inverse hyperbolic tangent.",
    family=FAMILY,
    aliases=("atanh",),
)

# --- angles ---------------------------------------------------------------------------------------

elementwise(
    "deg2rad",
    lambda x: np.deg2rad(as_float(x)),
    derivative=lambda y, x: math.pi / 180.0,
    symbolic=lambda s, x: x * s.pi / 180,
    doc="Degrees to radians.",
    family=FAMILY,
    aliases=("radians",),
)
elementwise(
    "rad2deg",
    lambda x: np.rad2deg(as_float(x)),
    derivative=lambda y, x: 180.0 / math.pi,
    symbolic=lambda s, x: x * 180 / s.pi,
    doc="Radians to degrees.",
    family=FAMILY,
    aliases=("degrees",),
)
