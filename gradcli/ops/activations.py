"""Activation functions of neural networks. Smooth ones keep their tails; kinks have the usual convention.

Parameters such as `alpha` are plain numbers, named as in PyTorch; other frameworks' names are the language's
business.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, constant
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import describe, elementwise, function, weigh

FAMILY = "activations"


def number(name: str, what: str, value: Any, *, positive: bool = False) -> float:
    """A static number, checked."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GradcliError(f"{name}: {what} must be a number, not {describe(value)}")
    if positive and not value > 0:
        raise GradcliError(f"{name}: {what} must be positive, not {value}")
    return float(value)


def _zero(x: Array) -> Array:
    return x == 0


def _times(x: Array, weight: Array) -> Array:
    """`x * weight`, and 0 where the weight is 0 (x may be infinite)."""
    return np.where(weight == 0, weight, x * weight)


def above(x: Node, bound: float) -> Node:
    """1 where `x > bound`, else 0."""
    return apply("greater", x, bound)


# --- sigmoid and softplus -------------------------------------------------------------------------


def _sigmoid(x: Any) -> Array:
    x = as_float(x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, x.dtype.type(1), small) / (1.0 + small)


elementwise(
    "sigmoid",
    _sigmoid,
    derivative=lambda y, x: y * apply("sigmoid", -x),
    symbolic=lambda s, x: s.sigmoid(x),
    special=(0, 40, -40, -700),
    doc="`1/(1 + exp(-x))`, both tails kept.",
    family=FAMILY,
    aliases=("expit", "logistic"),
)


def _softplus(x: Any) -> Array:
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
    """`log(1 + exp(beta*x))/beta`; PyTorch's `threshold` is for stability, which needs none here."""
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
    symbolic=lambda s, p: s.log(p / (1 - p)),
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
    symbolic=lambda s, x: x * s.sigmoid(x),
    special=(0, 40, -40),
    doc="`x*sigmoid(x)`, also called swish.",
    family=FAMILY,
    signature=None,
)


@function(
    "silu", "x; beta=1.0", "`x*sigmoid(beta*x)`, also called swish.", family=FAMILY, aliases=("swish",)
)
def silu(x: Node, beta: Any = 1.0) -> Node:
    """`x*sigmoid(beta*x)`."""
    beta = number("silu", "beta", beta)
    return apply("silu", x) if beta == 1.0 else x * apply("sigmoid", beta * x)


def _gelu_slope(y: Node, x: Node) -> Node:
    density = apply("exp", -0.5 * apply("square", x)) * (1.0 / math.sqrt(2.0 * math.pi))
    return apply("ndtr", x) + weigh(density, x)


def _gelu(x: Any) -> Array:
    from gradcli.ops.special import ndtr

    return _times(as_float(x), ndtr(x))


elementwise(
    "gelu",
    _gelu,
    derivative=_gelu_slope,
    symbolic=lambda s, x: x * s.ndtr(x),
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
        raise GradcliError(f"gelu: approximate must be 'none' or 'tanh', not {describe(approximate)}")
    inner = math.sqrt(8.0 / math.pi) * (x + 0.044715 * apply("power", x, 3.0))
    return x * apply("sigmoid", inner)


def _mish_slope(y: Node, x: Node) -> Node:
    bend = apply("softplus", x)
    return apply("tanh", bend) + weigh(apply("sech2", bend) * apply("sigmoid", x), x)


elementwise(
    "mish",
    lambda x: _times(as_float(x), np.tanh(_softplus(x))),
    derivative=_mish_slope,
    symbolic=lambda s, x: x * s.tanh(s.softplus(x)),
    special=(0, 40, -40),
    doc="`x*tanh(softplus(x))`.",
    family=FAMILY,
)

# --- rectifiers -----------------------------------------------------------------------------------

elementwise(
    "relu",
    lambda x: np.maximum(as_float(x), 0.0),
    derivative=lambda y, x: above(x, 0.0),
    symbolic=lambda s, x: s.relu(x),
    kink=_zero,
    doc="`maximum(x, 0)`; its derivative at 0 is 0.",
    family=FAMILY,
)


def _inside(x: Node, low: float, high: float) -> Node:
    return apply("logical_and", above(x, low), apply("less", x, high))


elementwise(
    "hard_tanh",
    lambda x, low, high: np.minimum(np.maximum(as_float(x), low), high),
    derivative=lambda y, x, low, high: _inside(x, low, high),
    symbolic=lambda s, x, low, high: s.minimum(s.maximum(x, low), high),
    kink=lambda x, low, high: (x == low) | (x == high),
    doc="`x` bounded to an interval; derivative 0 at its ends.",
    family=FAMILY,
    signature=None,
)


def _bounded(name: str, x: Node, low: float, high: float) -> Node:
    if not low < high:
        raise GradcliError(f"{name}: the lower bound {low} is not below the upper bound {high}")
    return apply("hard_tanh", x, low=low, high=high)


@function(
    "hard_tanh",
    "x; min_val=-1.0, max_val=1.0",
    "`x` bounded to [-1, 1].",
    family=FAMILY,
    aliases=("hardtanh",),
)
def hard_tanh(x: Node, min_val: Any = -1.0, max_val: Any = 1.0) -> Node:
    """`x` bounded to an interval."""
    low, high = number("hard_tanh", "min_val", min_val), number("hard_tanh", "max_val", max_val)
    return _bounded("hard_tanh", x, low, high)


@function("relu6", "x", "`x` bounded to [0, 6].", family=FAMILY)
def relu6(x: Node) -> Node:
    """`minimum(relu(x), 6)`."""
    return _bounded("relu6", x, 0.0, 6.0)


@function("hard_sigmoid", "x", "`relu6(x + 3)/6`.", family=FAMILY, aliases=("hardsigmoid",))
def hard_sigmoid(x: Node) -> Node:
    """A sigmoid of three straight pieces."""
    return relu6(x + 3.0) / 6.0


@function(
    "hard_swish", "x", "`x*hard_sigmoid(x)`.", family=FAMILY, aliases=("hardswish", "hard_silu")
)
def hard_swish(x: Node) -> Node:
    """A swish of three pieces."""
    return x * hard_sigmoid(x)


def _rectifier(
    name: str,
    below: Callable[..., Array],
    slope: Callable[..., Any],
    formula: Callable[..., Any],
    kink: Callable[..., Any] | None,
    doc: str,
) -> None:
    """`x` above 0 and something else, that is 0 at 0, below."""
    elementwise(
        name,
        lambda x, **params: np.where(x > 0, as_float(x), below(np.minimum(as_float(x), 0.0), **params)),
        derivative=lambda y, x, **params: apply("where", above(x, 0.0), 1.0, slope(x, **params)),
        symbolic=lambda s, x, **params: s.where(s.less(0, x), x, formula(s, x, **params)),
        kink=kink,
        doc=doc,
        family=FAMILY,
        signature=None,
        special=(40, -40),
    )


_rectifier(
    "leaky_relu",
    lambda x, slope: slope * x,
    lambda x, slope: constant(slope, x.dtype),
    lambda s, x, slope: slope * x,
    lambda x, slope: (x == 0) & (slope != 1),
    "`x` above 0, `slope*x` below.",
)
_rectifier(
    "elu",
    lambda x, alpha: alpha * np.expm1(x),
    lambda x, alpha: alpha * apply("exp", x),
    lambda s, x, alpha: alpha * s.expm1(x),
    lambda x, alpha: (x == 0) & (alpha != 1),
    "`x` above 0, `alpha*(exp(x) - 1)` below.",
)
_rectifier(
    "celu",
    lambda x, alpha: alpha * np.expm1(x / alpha),
    lambda x, alpha: apply("exp", x / alpha),
    lambda s, x, alpha: alpha * s.expm1(x / alpha),
    None,
    "`x` above 0, `alpha*(exp(x/alpha) - 1)` below.",
)


@function(
    "leaky_relu",
    "x; negative_slope=0.01",
    "`x` above 0, `negative_slope*x` below.",
    family=FAMILY,
    example="leaky_relu(x, 0.1)",
)
def leaky_relu(x: Node, negative_slope: Any = 0.01) -> Node:
    """A rectifier that leaks."""
    return apply("leaky_relu", x, slope=number("leaky_relu", "negative_slope", negative_slope))


@function("prelu", "x, weight", "`x` above 0, `weight*x` below.", family=FAMILY, example="prelu(x, 0.2)")
def prelu(x: Node, weight: Node) -> Node:
    """A leaky rectifier whose slope is an array."""
    return apply("relu", x) - weight * apply("relu", -x)


@function("elu", "x; alpha=1.0", "`x` above 0, `alpha*(exp(x) - 1)` below.", family=FAMILY)
def elu(x: Node, alpha: Any = 1.0) -> Node:
    """The exponential linear unit."""
    return apply("elu", x, alpha=number("elu", "alpha", alpha))


@function("celu", "x; alpha=1.0", "`x` above 0, `alpha*(exp(x/alpha) - 1)` below.", family=FAMILY)
def celu(x: Node, alpha: Any = 1.0) -> Node:
    """The continuously differentiable exponential linear unit."""
    return apply("celu", x, alpha=number("celu", "alpha", alpha, positive=True))


SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


@function("selu", "x", "The self-normalising `elu`.", family=FAMILY)
def selu(x: Node) -> Node:
    """`SELU_SCALE * elu(x, SELU_ALPHA)` (Klambauer et al. 2017)."""
    return SELU_SCALE * apply("elu", x, alpha=SELU_ALPHA)


@function(
    "threshold",
    "x; threshold, value",
    "`x` above the threshold, `value` elsewhere.",
    family=FAMILY,
    example="threshold(x, 0.1, 0.0)",
)
def threshold_(x: Node, threshold: Any, value: Any) -> Node:
    """`where(x > threshold, x, value)`."""
    bound, other = number("threshold", "threshold", threshold), number("threshold", "value", value)
    return apply("where", above(x, bound), x, other)


# --- shrinkage ------------------------------------------------------------------------------------

elementwise(
    "tanhshrink",
    lambda x: _tanhshrink(as_float(x)),
    derivative=lambda y, x: apply("square", apply("tanh", x)),
    symbolic=lambda s, x: x - s.tanh(x),
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


elementwise(
    "softshrink",
    lambda x, bound: np.sign(x) * np.maximum(np.abs(as_float(x)) - bound, 0.0),
    derivative=lambda y, x, bound: apply("greater", apply("abs", x), bound),
    symbolic=lambda s, x, bound: s.sign(x) * s.relu(s.abs(x) - bound),
    kink=lambda x, bound: abs(x) == bound,
    doc="`x` moved towards 0 by a bound.",
    family=FAMILY,
    signature=None,
)
elementwise(
    "hardshrink",
    lambda x, bound: np.where(np.abs(as_float(x)) > bound, as_float(x), 0.0),
    derivative=lambda y, x, bound: apply("greater", apply("abs", x), bound),
    symbolic=lambda s, x, bound: s.where(s.less(bound, s.abs(x)), x, 0),
    kink=lambda x, bound: (abs(x) == bound) & (bound != 0),
    doc="`x`, and 0 within a bound.",
    family=FAMILY,
    signature=None,
)


@function(
    "softshrink",
    "x; lambd=0.5",
    "`x` moved towards 0 by `lambd`.",
    family=FAMILY,
    aliases=("soft_shrink", "soft_threshold"),
)
def softshrink(x: Node, lambd: Any = 0.5) -> Node:
    """Soft thresholding, the proximal map of `lambd*abs(x)`."""
    bound = number("softshrink", "lambd", lambd)
    if bound < 0:
        raise GradcliError(f"softshrink: lambd must not be negative, not {bound}")
    return apply("softshrink", x, bound=bound)


@function(
    "hardshrink", "x; lambd=0.5", "`x`, and 0 within `lambd`.", family=FAMILY, aliases=("hard_shrink",)
)
def hardshrink(x: Node, lambd: Any = 0.5) -> Node:
    """Hard thresholding."""
    return apply("hardshrink", x, bound=number("hardshrink", "lambd", lambd))


# --- rational -------------------------------------------------------------------------------------

elementwise(
    "softsign",
    lambda x: _softsign(as_float(x)),
    derivative=lambda y, x: 1.0 / apply("square", 1.0 + apply("abs", x)),
    symbolic=lambda s, x: x / (1 + s.abs(x)),
    special=(1e200,),
    doc="`x/(1 + abs(x))`.",
    family=FAMILY,
    aliases=("soft_sign",),
)


def _softsign(x: Array) -> Array:
    return np.where(np.isinf(x), np.sign(x), x / (1.0 + np.abs(x)))


def _squareplus(x: Any, b: float) -> Array:
    """Without cancellation where x is negative."""
    x = as_float(x)
    root = np.hypot(x, math.sqrt(b))
    return np.where(x < 0, 0.5 * b / (root + np.abs(x)), 0.5 * (x + root))


elementwise(
    "squareplus",
    _squareplus,
    derivative=lambda y, x, b: y / apply("hypot", x, math.sqrt(b)),
    symbolic=lambda s, x, b: (x + s.sqrt(x**2 + b)) / 2,
    special=(0, 1e3, -1e5),
    doc="`(x + sqrt(x**2 + b))/2`.",
    family=FAMILY,
    signature=None,
)


@function("squareplus", "x; b=4.0", "`(x + sqrt(x**2 + b))/2`.", family=FAMILY)
def squareplus(x: Node, b: Any = 4.0) -> Node:
    """A softplus without exponentials."""
    return apply("squareplus", x, b=number("squareplus", "b", b, positive=True))
