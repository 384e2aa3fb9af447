"""Losses and the affine layer, by the names of TensorFlow and torch, on the stable primitives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import (
    describe,
    elementwise,
    function,
    number,
    one_axis,
)
from gradcli.ops.reductions import mean
from gradcli.ops.structure import reshape, sum_

FAMILY = "losses"


def _reduced(name: str, loss: Node, reduction: Any) -> Node:
    if reduction == "mean":
        return mean(loss)
    if reduction == "sum":
        return sum_(loss)
    if reduction == "none":
        return loss
    raise GradcliError(
        f"{name}: reduction must be 'mean', 'sum' or 'none', not {describe(reduction)}",
        kind="value",
    )


# --- layers --------------------------------------------------------------------------------------


@function(
    "linear",
    "x, W, b=None",
    "Affine layer, `x @ W.T + b`.",
    family=FAMILY,
    example="linear(x, A)",
)
def linear(x: Node, W: Node, b: Node | None = None) -> Node:
    """torch's `F.linear`."""
    product = apply("matmul", x, W.T)
    return product if b is None else product + b


# --- regression ---------------------------------------------------------------------------------


@function(
    "squared_difference",
    "x, y",
    "`(x - y)**2`, entry by entry.",
    family=FAMILY,
    example="squared_difference(x, y)",
)
def squared_difference(x: Node, y: Node) -> Node:
    """TensorFlow's `squared_difference`."""
    return (x - y) ** 2.0


def _huber(difference: Node, delta: float) -> Node:
    """Half the square within `delta`, and the tangent line beyond."""
    size = apply("abs", difference)
    near = apply("minimum", size, delta)
    return 0.5 * near**2.0 + delta * (size - near)


def _declare_difference(
    name: str,
    words: str,
    loss: Callable[..., Node],
    static: str = "",
    aliases: tuple[str, ...] = (),
) -> None:
    def build(input: Node, target: Node, reduction: Any = "mean", **params: Any) -> Node:
        return _reduced(name, loss(input - target, **params), reduction)

    function(
        name,
        f"input, target; reduction='mean'{static}",
        f"{words} of the difference of two arrays.",
        family=FAMILY,
        aliases=aliases,
        example=f"{name}(x, y)",
    )(build)


def _huber_loss(difference: Node, delta: Any = 1.0) -> Node:
    return _huber(difference, number("huber_loss", "delta", delta, positive=True))


def _smooth_l1_loss(difference: Node, beta: Any = 1.0) -> Node:
    bound = number("smooth_l1_loss", "beta", beta, positive=True)
    return _huber(difference, bound) / bound


@function(
    "l2_loss",
    "x",
    "Half the sum of the squares.",
    family=FAMILY,
    example="l2_loss(x)",
)
def l2_loss(x: Node) -> Node:
    """TensorFlow's `nn.l2_loss`."""
    return 0.5 * sum_(x**2.0)


_declare_difference("mse_loss", "Mean square", lambda difference: difference**2.0)
_declare_difference("l1_loss", "Mean size", lambda difference: apply("abs", difference))
_declare_difference("huber_loss", "Huber loss (quadratic, then linear)", _huber_loss, ", delta=1.0")
_declare_difference("smooth_l1_loss", "Huber loss over `beta`", _smooth_l1_loss, ", beta=1.0")


def _logcosh(x: Array) -> Any:
    x = np.abs(as_float(x))
    near = 0.5 * np.log1p(np.sinh(np.minimum(x, 1.0)) ** 2)
    return np.where(x < 1.0, near, x - np.log(2.0) + np.log1p(np.exp(-2.0 * x)))


elementwise(
    "logcosh",
    _logcosh,
    derivative=lambda y, x: apply("tanh", x),
    symbolic=lambda s, x: s.log(s.cosh(x)),
    special=(0, 1e-6, 800),
    example="logcosh(x)",
    doc="`log(cosh(x))`, without overflow.",
    family=FAMILY,
    aliases=("log_cosh",),
)


# --- classification -----------------------------------------------------------------------------


@function(
    "softmax_cross_entropy_with_logits",
    "labels, logits; axis=-1",
    "`-sum(labels * log_softmax(logits))` over an axis.",
    family=FAMILY,
    example="softmax_cross_entropy_with_logits(softmax(y), x)",
)
def softmax_cross_entropy_with_logits(labels: Node, logits: Node, axis: Any = -1) -> Node:
    """TensorFlow's; `labels` are probabilities."""
    axis = one_axis("softmax_cross_entropy_with_logits", axis, logits.ndim)
    return -sum_(labels * apply("log_softmax", logits, axes=(axis,)), axis)


def _picked(name: str, scores: Node, classes: Node, axis: int) -> Node:
    """The score of the named class; positions take no derivative."""
    slot = scores.ndim + axis
    expected = (*scores.shape[:slot], *scores.shape[slot + 1 :])
    if classes.shape != expected:
        raise GradcliError(
            f"{name}: classes of shape {shape_text(classes.shape)} do not fit "
            f"scores of shape {shape_text(scores.shape)}",
            kind="shape",
        )
    places = reshape(classes, (*expected[:slot], 1, *expected[slot:]))
    return reshape(apply("take_along", scores, places, axis=axis), expected)


@function(
    "sparse_softmax_cross_entropy_with_logits",
    "labels, logits",
    "`-log_softmax(logits)` at the class that `labels` names (0, 1, ...), over the last axis.",
    family=FAMILY,
    aliases=("softmax_cross_entropy_with_integer_labels",),
    example="sparse_softmax_cross_entropy_with_logits(argmax(A, axis=1), A)",
)
def sparse_softmax_cross_entropy_with_logits(labels: Node, logits: Node) -> Node:
    """TensorFlow's; `labels` are positions."""
    name = "sparse_softmax_cross_entropy_with_logits"
    axis = one_axis(name, -1, logits.ndim)
    return -_picked(name, apply("log_softmax", logits, axes=(axis,)), labels, axis)


def _negative_log(name: str, scores: Node, target: Node, reduction: Any) -> Node:
    axis = 1 - scores.ndim if scores.ndim > 1 else -1
    return _reduced(name, -_picked(name, scores, target, axis), reduction)


@function(
    "nll_loss",
    "input, target; reduction='mean'",
    "Minus the log-probability of the class that `target` names, over axis 1.",
    family=FAMILY,
    example="nll_loss(log_softmax(A), argmax(A, axis=1))",
)
def nll_loss(input: Node, target: Node, reduction: Any = "mean") -> Node:
    """torch's `nll_loss`."""
    one_axis("nll_loss", -1, input.ndim)
    return _negative_log("nll_loss", input, target, reduction)


@function(
    "cross_entropy",
    "input, target; reduction='mean'",
    "Cross-entropy of logits (classes on axis 1) with classes or probabilities.",
    family=FAMILY,
    example="cross_entropy(x, softmax(y))",
)
def cross_entropy(input: Node, target: Node, reduction: Any = "mean") -> Node:
    """torch's `cross_entropy`: a target of the logits' shape is probabilities, else classes."""
    one_axis("cross_entropy", -1, input.ndim)
    axis = 1 - input.ndim if input.ndim > 1 else -1
    scores = apply("log_softmax", input, axes=(axis,))
    if target.shape != input.shape:
        return _negative_log("cross_entropy", scores, target, reduction)
    return _reduced("cross_entropy", -sum_(target * scores, axis), reduction)


def _logistic(logits: Node, labels: Node, positive: Node | None = None) -> Node:
    """-labels log(sigmoid) - (1 - labels) log(1 - sigmoid), as softplus terms."""
    if positive is None:
        return apply("softplus", logits) - labels * logits
    return (1.0 - labels) * apply("softplus", logits) + positive * labels * apply(
        "softplus", -logits
    )


@function(
    "sigmoid_cross_entropy_with_logits",
    "labels, logits",
    "Logistic loss per entry, `softplus(logits) - labels*logits`.",
    family=FAMILY,
    example="sigmoid_cross_entropy_with_logits(sigmoid(y), x)",
)
def sigmoid_cross_entropy_with_logits(labels: Node, logits: Node) -> Node:
    """TensorFlow's."""
    return _logistic(logits, labels)


@function(
    "binary_cross_entropy_with_logits",
    "input, target, weight=None; reduction='mean'; pos_weight=None",
    "Logistic loss of logits with labels in [0, 1].",
    family=FAMILY,
    example="binary_cross_entropy_with_logits(x, sigmoid(y))",
)
def binary_cross_entropy_with_logits(
    input: Node,
    target: Node,
    weight: Node | None = None,
    pos_weight: Node | None = None,
    reduction: Any = "mean",
) -> Node:
    """torch's; the argument order is the reverse of TensorFlow's."""
    loss = _logistic(input, target, pos_weight)
    if weight is not None:
        loss = loss * weight
    return _reduced("binary_cross_entropy_with_logits", loss, reduction)


@function(
    "binary_cross_entropy",
    "input, target, weight=None; reduction='mean'",
    "Logistic loss of probabilities with labels in [0, 1].",
    family=FAMILY,
    example="binary_cross_entropy(sigmoid(x), sigmoid(y))",
)
def binary_cross_entropy(
    input: Node, target: Node, weight: Node | None = None, reduction: Any = "mean"
) -> Node:
    """torch's `binary_cross_entropy`."""
    loss = -(target * apply("log", input) + (1.0 - target) * apply("log1p", -input))
    if weight is not None:
        loss = loss * weight
    return _reduced("binary_cross_entropy", loss, reduction)


@function(
    "kl_div_loss",
    "input, target; reduction='mean', log_target=False",
    "Kullback-Leibler divergence of a target from log-probabilities (torch's `F.kl_div`).",
    family=FAMILY,
    example="kl_div_loss(log_softmax(x), softmax(y), 'sum')",
)
def kl_div_loss(
    input: Node, target: Node, reduction: Any = "mean", log_target: bool = False
) -> Node:
    """`target * (log(target) - input)`; 0 where the target is 0."""
    if log_target:
        loss = apply("exp", target) * (target - input)
    else:
        loss = apply("xlogy", target, target) - target * input
    if reduction == "batchmean":
        return sum_(loss) / float(loss.shape[0] if loss.ndim else 1)
    return _reduced("kl_div_loss", loss, reduction)
