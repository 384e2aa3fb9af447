"""Smooth activation functions of neural networks, which keep their tails.

Parameters such as `alpha` are plain numbers, named as in PyTorch; other frameworks' names are the
language's business.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import describe, elementwise, function, one_axis, weigh
from gradcli.ops.parameters import number

FAMILY = "activations"


def _times(x: Array, weight: Array) -> Array:
    """`x * weight`, and 0 where the weight is 0 (x may be infinite)."""
    return np.where(weight == 0, weight, x * weight)


# --- sigmoid and softplus -------------------------------------------------------------------------


def _sigmoid(x: Any) -> Any:
    """An overflow of the exponential gives the right 0."""
    return 1.0 / (1.0 + np.exp(-as_float(x)))


elementwise(
    "sigmoid",
    _sigmoid,
    derivative=lambda y, x: y * apply("sigmoid", -x),
    symbolic=lambda s, x: s.sigmoid(x),
    special=(0, 40, -40, -700, 700),
    doc="`1/(1 + exp(-x))`, both tails kept.",
    family=FAMILY,
    aliases=("expit", "logistic"),
)


def _softplus(x: Any) -> Any:
    x = as_float(x)
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


elementwise(
    "softplus",
    _softplus,
    derivative=lambda y, x: apply("sigmoid", x),
    symbolic=lambda s, x: s.softplus(x),
    special=(0, 40, -40, 1000),
    doc="`log(1 + exp(x))` without overflow.",
    family=FAMILY,
    signature=None,
)


@function(
    "softplus",
    "x; beta=1.0, threshold=None",
    "`log(1 + exp(x))` without overflow; `beta` sharpens it.",
    family=FAMILY,
)
def softplus(x: Node, beta: Any = 1.0, threshold: Any = None) -> Node:
    """`log(1 + exp(beta*x))/beta`; PyTorch's `threshold` serves its stability, and is ignored."""
    beta = number("softplus", "beta", beta, positive=True)
    return apply("softplus", x) if beta == 1.0 else apply("softplus", beta * x) / beta


elementwise(
    "log_sigmoid",
    lambda x: -_softplus(-as_float(x)),
    derivative=lambda y, x: apply("sigmoid", -x),
    symbolic=lambda s, x: -s.softplus(-x),
    special=(0, 40, -1000),
    doc="`log(sigmoid(x))` without overflow.",
    family=FAMILY,
    aliases=("logsigmoid", "log_expit"),
)
elementwise(
    "logit",
    lambda p: _logit(as_float(p)),
    derivative=lambda y, p: 1.0 / (p * (1.0 - p)),
    symbolic=lambda s, p: s.logit(p),
    kink=lambda p: (p == 0) | (p == 1),
    domain=(0.05, 0.95),
    special=(0.5, 1e-20),
    doc="`log(p/(1 - p))`, the inverse of sigmoid.",
    family=FAMILY,
)


def _logit(p: Array) -> Array:
    middle = np.abs(p - 0.5) < 0.2
    inner = np.where(middle, p, p.dtype.type(0.5))
    return np.where(middle, 2.0 * np.arctanh(2.0 * inner - 1.0), np.log(p) - np.log1p(-p))


# --- gates: x times something between 0 and 1 -----------------------------------------------------


def _silu_slope(y: Node, x: Node) -> Node:
    gate = apply("sigmoid", x)
    return weigh(gate, 1.0 + weigh(apply("sigmoid", -x), x))


elementwise(
    "silu",
    lambda x: _times(as_float(x), _sigmoid(x)),
    derivative=_silu_slope,
    symbolic=lambda s, x: s.silu(x),
    special=(0, 40, -40),
    doc="`x*sigmoid(x)`, also called swish.",
    family=FAMILY,
    signature=None,
)


@function(
    "silu",
    "x; beta=1.0",
    "`x*sigmoid(beta*x)`, also called swish.",
    family=FAMILY,
    aliases=("swish",),
)
def silu(x: Node, beta: Any = 1.0) -> Node:
    """`x*sigmoid(beta*x)`."""
    beta = number("silu", "beta", beta)
    return apply("silu", x) if beta == 1.0 else x * apply("sigmoid", beta * x)


def _gelu_slope(y: Node, x: Node) -> Node:
    density = apply("exp", -0.5 * apply("square", x)) * (1.0 / math.sqrt(2.0 * math.pi))
    return apply("ndtr", x) + weigh(density, x)


def _gelu(x: Any) -> Array:
    from gradcli.ops.error_functions import ndtr

    return _times(as_float(x), ndtr(x))


elementwise(
    "gelu",
    _gelu,
    derivative=_gelu_slope,
    symbolic=lambda s, x: s.gelu(x),
    special=(0, 10, -10),
    doc="`x` times the normal distribution function of `x`.",
    family=FAMILY,
    signature=None,
)


@function(
    "gelu",
    "x; approximate=False",
    "`x` times the normal distribution function of `x`; `approximate='tanh'` for the old formula.",
    family=FAMILY,
)
def gelu(x: Node, approximate: Any = False) -> Node:
    """Exact (`False`, `"none"`), or by tanh (`True`, `"tanh"`)."""
    if approximate in (False, "none"):
        return apply("gelu", x)
    if approximate not in (True, "tanh"):
        raise GradcliError(
            f"gelu: approximate must be 'none' or 'tanh', not {describe(approximate)}"
        )
    inner = math.sqrt(8.0 / math.pi) * (x + 0.044715 * apply("power", x, 3.0))
    return x * apply("sigmoid", inner)


def _mish_slope(y: Node, x: Node) -> Node:
    bend = apply("softplus", x)
    return apply("tanh", bend) + weigh(apply("sech2", bend) * apply("sigmoid", x), x)


elementwise(
    "mish",
    lambda x: _times(as_float(x), np.tanh(_softplus(x))),
    derivative=_mish_slope,
    symbolic=lambda s, x: s.mish(x),
    special=(0, 40, -40),
    doc="`x*tanh(softplus(x))`.",
    family=FAMILY,
)

# --- rational -------------------------------------------------------------------------------------

elementwise(
    "softsign",
    lambda x: _softsign(as_float(x)),
    derivative=lambda y, x: 1.0 / apply("square", 1.0 + apply("abs", x)),
    symbolic=lambda s, x: s.softsign(x),
    special=(1e200,),
    doc="`x/(1 + abs(x))`.",
    family=FAMILY,
    aliases=("soft_sign",),
)


def _softsign(x: Array) -> Array:
    return np.where(np.isinf(x), np.sign(x), x / (1.0 + np.abs(x)))


def _squareplus(x: Any, b: float) -> Any:
    """Without cancellation where x is negative."""
    x = as_float(x)
    root = np.hypot(x, math.sqrt(b))
    return np.where(x < 0, 0.5 * b / (root + np.abs(x)), 0.5 * (x + root))


elementwise(
    "squareplus",
    _squareplus,
    derivative=lambda y, x, b: y / apply("hypot", x, math.sqrt(b)),
    symbolic=lambda s, x, b: s.squareplus(x, b),
    special=(0, 1e3, -1e5),
    doc="`(x + sqrt(x**2 + b))/2`.",
    family=FAMILY,
    signature=None,
)


@function("squareplus", "x; b=4.0", "`(x + sqrt(x**2 + b))/2`.", family=FAMILY)
def squareplus(x: Node, b: Any = 4.0) -> Node:
    """A softplus without exponentials."""
    return apply("squareplus", x, b=number("squareplus", "b", b, positive=True))


elementwise(
    "tanhshrink",
    lambda x: _tanhshrink(as_float(x)),
    derivative=lambda y, x: apply("square", apply("tanh", x)),
    symbolic=lambda s, x: s.tanhshrink(x),
    special=(0, 0.01, 20),
    doc="`x - tanh(x)`.",
    family=FAMILY,
)


def _tanhshrink(x: Array) -> Array:
    """By its Taylor series where the difference would cancel."""
    near = np.abs(x) < 0.05
    inner = np.where(near, x, x.dtype.type(0))
    square = inner * inner
    series = 1.0 / 3.0 + square * (-2.0 / 15.0 + square * (17.0 / 315.0 - square * 62.0 / 2835.0))
    return np.where(near, inner * square * series, x - np.tanh(x))


# --- gated linear units ---------------------------------------------------------------------------


@function(
    "glu",
    "x; axis=-1",
    "The first half of an axis times the sigmoid of the second.",
    family=FAMILY,
    example="glu(concatenate([x, y]))",
)
def glu(x: Node, axis: Any = -1) -> Node:
    """A gated linear unit."""
    which = one_axis("glu", axis, x.ndim)
    size = x.shape[which]
    if size % 2:
        raise GradcliError(f"glu: an axis of {size} entries cannot be halved", kind="shape")
    before = [slice(None)] * (x.ndim + which)
    halves = ((*before, slice(size // 2)), (*before, slice(size // 2, None)))
    value, gate = (x[half] for half in halves)
    return value * apply("sigmoid", gate)
