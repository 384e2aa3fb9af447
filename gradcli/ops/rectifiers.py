"""Rectifiers and shrinkage: activation functions of pieces, with kinks where the pieces meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, constant
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function
from gradcli.ops.parameters import number

FAMILY = "activations"


def _zero(x: Array) -> Any:
    return x == 0


def above(x: Node, bound: float) -> Node:
    """1 where `x > bound`, else 0."""
    return apply("greater", x, bound)


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
        lambda x, **params: np.where(
            x > 0, as_float(x), below(np.minimum(as_float(x), 0.0), **params)
        ),
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
    "x; negative_slope=0.01, alpha=None",
    "`x` above 0, `negative_slope*x` below (TensorFlow calls it `alpha`).",
    family=FAMILY,
    example="leaky_relu(x, 0.1)",
)
def leaky_relu(x: Node, negative_slope: Any = 0.01, alpha: Any = None) -> Node:
    """A rectifier that leaks."""
    slope = negative_slope if alpha is None else alpha
    return apply("leaky_relu", x, slope=number("leaky_relu", "negative_slope", slope))


@function(
    "prelu", "x, weight", "`x` above 0, `weight*x` below.", family=FAMILY, example="prelu(x, 0.2)"
)
def prelu(x: Node, weight: Node) -> Node:
    """A leaky rectifier whose slope is an array."""
    return apply("where", above(x, 0.0), x, weight * x)


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


elementwise(
    "sparse_plus",
    lambda x: _sparse_plus(as_float(x)),
    derivative=lambda y, x: 0.5 * (1.0 + apply("hard_tanh", x, low=-1.0, high=1.0)),
    symbolic=lambda s, x: s.where(s.less(x, -1), 0, s.where(s.less(x, 1), (x + 1) ** 2 / 4, x)),
    special=(-3, 3),
    doc="0 up to -1, `(x + 1)**2/4` up to 1, then `x`.",
    family=FAMILY,
)


def _sparse_plus(x: Array) -> Array:
    bounded = np.minimum(np.maximum(x, -1.0), 1.0)
    return np.where(x > 1.0, x, 0.25 * (bounded + 1.0) ** 2)


@function("sparse_sigmoid", "x", "`x` between -1 and 1, mapped to [0, 1].", family=FAMILY)
def sparse_sigmoid(x: Node) -> Node:
    """The derivative of `sparse_plus`."""
    return 0.5 * (1.0 + hard_tanh(x))


# --- shrinkage ------------------------------------------------------------------------------------


elementwise(
    "softshrink",
    lambda x, bound: np.sign(x) * np.maximum(np.abs(as_float(x)) - bound, 0.0),
    derivative=lambda y, x, bound: apply("greater", apply("abs", x), bound),
    symbolic=lambda s, x, bound: s.where(s.less(bound, s.abs(x)), x - bound * s.sign(x), 0),
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
    "hardshrink",
    "x; lambd=0.5",
    "`x`, and 0 within `lambd`.",
    family=FAMILY,
    aliases=("hard_shrink",),
)
def hardshrink(x: Node, lambd: Any = 0.5) -> Node:
    """Hard thresholding."""
    return apply("hardshrink", x, bound=number("hardshrink", "lambd", lambd))
