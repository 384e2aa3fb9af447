"""Elementwise functions of one argument: powers, exponentials, logarithms, trigonometry, activations."""

from __future__ import annotations

import numpy as np

from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise

FAMILY = "elementwise"

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
    "log",
    lambda x: np.log(as_float(x)),
    derivative=lambda y, x: 1.0 / x,
    symbolic=lambda s, x: s.log(x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    special=(1.0,),
    doc="Natural logarithm.",
    family=FAMILY,
    aliases=("ln",),
)
elementwise(
    "sqrt",
    lambda x: np.sqrt(as_float(x)),
    derivative=lambda y, x: 0.5 / y,
    symbolic=lambda s, x: s.sqrt(x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    doc="Square root.",
    family=FAMILY,
)
