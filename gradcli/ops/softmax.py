"""`logsumexp`, `softmax`, `log_softmax`: stable values, and derivatives that keep the tail.

Where one entry dominates, `1 - softmax` is tiny and a plain difference from 1 would lose it: the
rules sum the other entries instead. An entry of -inf (a mask) has weight 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import function, negative_axes, primitive, weigh
from gradcli.ops.reductions import Axes, kept, nonempty_shape, tie_shares
from gradcli.ops.structure import reshape

FAMILY = "softmax"


def _lead(x: Array, axes: Axes) -> Any:
    """The largest entry (axes kept), 0 where it is not finite."""
    largest = np.max(x, axis=axes, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(largest), largest, 0.0)


def _log_total(x: Array, lead: Array, axes: Axes) -> Any:
    """log(sum(exp(x - lead))), through log1p of what is not the leading entry."""
    weights = np.exp(x - lead)
    leading = x == lead
    count = np.sum(leading, axis=axes, keepdims=True)
    weights[leading] = 0.0
    rest = np.sum(weights, axis=axes, keepdims=True)
    some = np.maximum(count, 1)
    return np.where(count > 0, np.log(some) + np.log1p(rest / some), np.log(rest))


# --- logsumexp ----------------------------------------------------------------------------------


def _logsumexp(x: Array, axes: Axes, keepdims: bool) -> Any:
    x = as_float(x)
    lead = _lead(x, axes)
    result = lead + _log_total(x, lead, axes)
    return result if keepdims else np.squeeze(result, axis=axes)


def _logsumexp_exact(m: Any, x: Array, axes: Axes, keepdims: bool) -> Any:
    total = np.sum(np.frompyfunc(m.exp, 1, 1)(x), axis=axes, keepdims=keepdims)
    return np.frompyfunc(m.log, 1, 1)(total)


primitive(
    "logsumexp",
    evaluate=_logsumexp,
    shape=nonempty_shape("logsumexp"),
    vjp=lambda g, out, x, axes, keepdims: (
        weigh(kept(g, x.shape, axes), apply("softmax", x, axes=axes)),
    ),
    exact=_logsumexp_exact,
    doc="`log(sum(exp(x)))` over axes, without overflow.",
    family=FAMILY,
)


@function(
    "logsumexp",
    "x; axis=None; b=None; keepdims=False",
    "`log(sum(b*exp(x)))` over axes (all where none is named), without overflow.",
    family=FAMILY,
    example="logsumexp(x)",
)
def logsumexp(x: Node, b: Node | None = None, axis: Any = None, keepdims: bool = False) -> Node:
    """`b` are weights, as in SciPy."""
    if b is not None:
        x = x + apply("log", b)
    axes = negative_axes("logsumexp", axis, x.ndim)
    return apply("logsumexp", x, axes=axes, keepdims=bool(keepdims)) if axes else x


# --- softmax ------------------------------------------------------------------------------------


def _softmax(x: Array, axes: Axes) -> Any:
    x = as_float(x)
    weights = np.exp(x - _lead(x, axes))
    return weights / np.sum(weights, axis=axes, keepdims=True)


def _softmax_exact(m: Any, x: Array, axes: Axes) -> Any:
    weights = np.frompyfunc(m.exp, 1, 1)(x)
    return weights / np.sum(weights, axis=axes, keepdims=True)


def _total(x: Node, axes: Axes) -> Node:
    return apply("sum", x, axes=axes, keepdims=True)


def _leader(x: Node, axes: Axes) -> Node:
    """1 at the largest entry, shared at ties."""
    return tie_shares(x, apply("max", x, axes=axes, keepdims=True), axes)


def _softmax_vjp(g: Node, out: Node, x: Node, axes: Axes) -> tuple[Node]:
    """y (g - sum(y g)); g counts from its value at the leader, whose y is too near to 1."""
    if x.size == 0:
        return (g,)
    g = g - _total(weigh(_leader(x, axes), g), axes)
    return (weigh(g - _total(weigh(g, out), axes), out),)


primitive(
    "softmax",
    evaluate=_softmax,
    shape=lambda shape, axes: shape,
    vjp=_softmax_vjp,
    exact=_softmax_exact,
    doc="`exp(x) / sum(exp(x))` over axes.",
    family=FAMILY,
)

# --- log_softmax --------------------------------------------------------------------------------


def _log_softmax(x: Array, axes: Axes) -> Any:
    x = as_float(x)
    lead = _lead(x, axes)
    return x - lead - _log_total(x, lead, axes)


def _log_softmax_exact(m: Any, x: Array, axes: Axes) -> Any:
    return x - _logsumexp_exact(m, x, axes, True)


def _log_softmax_vjp(g: Node, out: Node, x: Node, axes: Axes) -> tuple[Node]:
    """g - y sum(g) as g (1 - y) - y sum(other g); 1 - y of the leader comes from the others."""
    if x.size == 0:
        return (g,)
    y = apply("softmax", x, axes=axes)
    alone = apply("equal", _leader(x, axes), 1.0)
    others = _total(apply("where", alone, 0.0, y), axes)
    return (weigh(g, apply("where", alone, others, 1.0 - y)) - weigh(_total(g, axes) - g, y),)


primitive(
    "log_softmax",
    evaluate=_log_softmax,
    shape=lambda shape, axes: shape,
    vjp=_log_softmax_vjp,
    exact=_log_softmax_exact,
    doc="`x - log(sum(exp(x)))` over axes.",
    family=FAMILY,
)


def _declare(name: str, words: str) -> None:
    def build(x: Node, axis: Any = -1) -> Node:
        if x.ndim == 0:
            return reshape(build(reshape(x, (1,)), axis), ())
        return apply(name, x, axes=negative_axes(name, axis, x.ndim))

    function(
        name,
        "x; axis=-1",
        f"{words} over an axis (the last by default; None for all).",
        family=FAMILY,
        example=f"{name}(x)",
    )(build)


_declare("softmax", "`exp(x) / sum(exp(x))`")
_declare("log_softmax", "`x - logsumexp(x)`")


@function(
    "softmin", "x; axis=-1", "`softmax(-x)` over an axis.", family=FAMILY, example="softmin(x)"
)
def softmin(x: Node, axis: Any = -1) -> Node:
    """torch's `softmin`."""
    return apply("softmax", -x, axes=negative_axes("softmin", axis, x.ndim))
