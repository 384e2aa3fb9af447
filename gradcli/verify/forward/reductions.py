"""Tangents of reductions, scans and orders: a line of calculus each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.graph import Array, Node
from gradcli.verify.forward.table import Tangent, tangent_rule

Axes = tuple[int, ...]


def _last(x: Array, axes: Axes) -> Array:
    """The axes that are reduced as one, at the end."""
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    return moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)


def _kept(out: Array, x: Array, axes: Axes) -> Array:
    """The result of a reduction, in a shape that broadcasts against its input."""
    return out.reshape([1 if axis - x.ndim in axes else n for axis, n in enumerate(x.shape)])


# --- choices: at a tie there is no derivative, and `kink` says so --------------------------------


@tangent_rule("max", "min")
def extreme(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The tangent of the entry that is chosen."""
    (x, _), (dx,), axes = values, tangents, node.params["axes"]
    assert dx is not None
    find = np.argmax if node.op.name == "max" else np.argmin
    place = find(_last(x, axes), axis=-1, keepdims=True)
    return np.take_along_axis(_last(dx, axes), place, axis=-1).reshape(node.shape)


@tangent_rule("sort")
def sort(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The tangents in the order of the entries."""
    (x, _), (dx,), axis = values, tangents, node.params["axis"]
    assert dx is not None
    return np.take_along_axis(dx, np.argsort(x, axis=axis, kind="stable"), axis=axis)


@tangent_rule("quantile")
def quantile(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Between the tangents of the two entries that it lies between."""
    (x, _), (dx,), params = values, tangents, node.params
    assert dx is not None
    order = np.argsort(_last(x, params["axes"]), axis=-1)
    ranked = np.take_along_axis(_last(dx, params["axes"]), order, axis=-1)
    low, high = ranked[..., params["low"]], ranked[..., params["high"]]
    return np.asarray(low + (high - low) * params["fraction"]).reshape(node.shape)


# --- sums and products ---------------------------------------------------------------------------


@tangent_rule("prod")
def prod(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Each tangent times the product of all other entries, which may hold zeros."""
    (x, _), (dx,), axes = values, tangents, node.params["axes"]
    assert dx is not None
    flat = _last(x, axes)
    ones = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([ones, flat[..., :-1]], axis=-1), axis=-1)
    behind = np.concatenate([ones, flat[..., :0:-1]], axis=-1)
    after = np.cumprod(behind, axis=-1)[..., ::-1]
    return np.asarray(np.sum(before * after * _last(dx, axes), axis=-1)).reshape(node.shape)


@tangent_rule("norm")
def norm(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """d norm = sum(sign(x) * (abs(x)/norm)**(ord - 1) * dx)."""
    (x, out), (dx,), axes = values, tangents, node.params["axes"]
    weights = np.sign(x) * (np.abs(x) / _kept(out, x, axes)) ** (node.params["ord"] - 1.0)
    return np.asarray(np.sum(weights * dx, axis=axes)).reshape(node.shape)


@tangent_rule("rms")
def rms(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """d sqrt(sum(x**2)/n) = sum(x * dx)/(n * rms)."""
    (x, out), (dx,), axes = values, tangents, node.params["axes"]
    freedom = np.prod([x.shape[axis] for axis in axes]) - node.params["ddof"]
    return np.asarray(np.sum(x * dx, axis=axes) / freedom).reshape(node.shape) / out


@tangent_rule("logsumexp")
def logsumexp(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The mean of the tangents with the weights of softmax."""
    (x, out), (dx,), axes = values, tangents, node.params["axes"]
    weights = np.exp(x - _kept(out, x, axes))
    return np.asarray(np.sum(weights * dx, axis=axes)).reshape(node.shape)


@tangent_rule("softmax")
def softmax(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Each share times what its tangent is above their mean."""
    (_, out), (dx,), axes = values, tangents, node.params["axes"]
    return np.asarray(out * (dx - np.sum(out * dx, axis=axes, keepdims=True)))


@tangent_rule("log_softmax")
def log_softmax(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """What a tangent is above their mean."""
    (_, out), (dx,), axes = values, tangents, node.params["axes"]
    return np.asarray(dx - np.sum(np.exp(out) * dx, axis=axes, keepdims=True))


# --- scans ---------------------------------------------------------------------------------------


def _scan(factors: Array, terms: Array) -> Array:
    """y[k] = factors[k] * y[k-1] + terms[k] along the first axis."""
    result: Array = terms.copy()
    for k in range(1, len(result)):
        result[k] += factors[k] * result[k - 1]
    return result


def _forth(x: Array, node: Node) -> Array:
    """The axis of a scan first, in its direction."""
    moved = np.moveaxis(x, node.params["axis"], 0)
    return np.asarray(moved[::-1] if node.params["reverse"] else moved)


def _back(x: Array, node: Node) -> Array:
    """The inverse of `_forth`."""
    return np.asarray(np.moveaxis(x[::-1] if node.params["reverse"] else x, 0, node.params["axis"]))


def _before(y: Array, first: float) -> Array:
    return np.concatenate([np.full_like(y[:1], first), y[:-1]])


@tangent_rule("cumprod")
def cumprod(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """y[k] = x[k] * y[k-1]."""
    x, y = (_forth(value, node) for value in values)
    assert tangents[0] is not None
    return _back(_scan(x, _before(y, 1.0) * _forth(tangents[0], node)), node)


@tangent_rule("logcumsumexp")
def logcumsumexp(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """exp(y[k]) = exp(y[k-1]) + exp(x[k])."""
    x, y = (_forth(value, node) for value in values)
    assert tangents[0] is not None
    factors = np.exp(_before(y, -np.inf) - y)
    return _back(_scan(factors, np.exp(x - y) * _forth(tangents[0], node)), node)


@tangent_rule("recurrence")
def recurrence(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """y[k] = a[k] * y[k-1] + b[k]."""
    out = values[-1]
    a, y = _forth(np.broadcast_to(values[0], out.shape), node), _forth(out, node)
    da, db = (
        np.zeros_like(y) if one is None else _forth(np.broadcast_to(one, out.shape), node)
        for one in tangents
    )
    return _back(_scan(a, da * _before(y, 0.0) + db), node)
