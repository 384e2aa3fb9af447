"""Scans along an axis: `cumsum cumprod logcumsumexp`, and two primitives for their rules.

`recurrence` (r[k] = a[k] r[k-1] + b[k]) and `shift` are closed under differentiation, so a
cumulative product is right at zeros, to every order, without a division.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.graph import Array, Node, Shape, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import function, one_axis, primitive, weigh
from gradcli.ops.indexing import along
from gradcli.ops.structure import reshape

FAMILY = "scans"


def scan_axis(name: str, x: Node, axis: Any) -> tuple[Node, int]:
    """The array and its axis as a negative integer; NumPy flattens where no axis is named."""
    if axis is None or x.ndim == 0:
        x = reshape(x, (x.size,))
    return x, one_axis(name, -1 if axis is None else axis, x.ndim)


def _same(shape: Shape, **params: Any) -> Shape:
    return shape


def _scan(accumulate: Callable[..., Any], x: Array, axis: int, reverse: bool) -> Any:
    x = as_float(x)
    if not reverse:
        return accumulate(x, axis=axis)
    back = along(axis, slice(None, None, -1))
    return accumulate(x[back], axis=axis)[back]


# --- shift, recurrence --------------------------------------------------------------------------


def _shift(x: Array, axis: int, by: int, fill: float) -> Array:
    result = np.full(x.shape, fill, dtype=x.dtype)
    if abs(by) < x.shape[axis]:
        source = slice(None, -by) if by > 0 else slice(-by, None)
        target = slice(by, None) if by > 0 else slice(None, by)
        result[along(axis, target)] = x[along(axis, source)]
    return result


primitive(
    "shift",
    evaluate=_shift,
    shape=_same,
    vjp=lambda g, out, x, axis, by, fill: (apply("shift", g, axis=axis, by=-by, fill=0.0),),
    dtype="same",
    doc="Entries moved along an axis; `fill` where none arrives.",
    family=FAMILY,
)


def _recurrence(a: Array, b: Array, axis: int, reverse: bool) -> Array:
    back = along(axis, slice(None, None, -1 if reverse else 1))
    a, b = np.broadcast_arrays(a, b)
    a, b = a[back], b[back]
    result = np.empty(b.shape, dtype=b.dtype)
    if b.size == 0:
        return result
    if b.ndim == 1:
        # Python numbers: ten times the speed of 0-d arrays.
        factors, values = a.tolist(), b.tolist()
        for k in range(1, len(values)):
            values[k] += factors[k] * values[k - 1]
        result[:] = values
    else:
        a, b, moved = (np.moveaxis(array, axis, 0) for array in (a, b, result))
        moved[0] = b[0]
        for k in range(1, len(b)):
            np.multiply(a[k], moved[k - 1], out=moved[k])
            moved[k] += b[k]
    return result[back]


def _recurrence_vjp(
    g: Node, out: Node, a: Node, b: Node, axis: int, reverse: bool
) -> tuple[Node, Node]:
    step = -1 if reverse else 1
    weights = apply("shift", a, axis=axis, by=-step, fill=0.0)
    adjoint = apply("recurrence", weights, g, axis=axis, reverse=not reverse)
    return weigh(adjoint, apply("shift", out, axis=axis, by=step, fill=0.0)), adjoint


primitive(
    "recurrence",
    evaluate=_recurrence,
    shape=lambda a, b, axis, reverse: b,
    vjp=_recurrence_vjp,
    doc="r[k] = a[k] r[k-1] + b[k] along an axis, from r[0] = b[0].",
    family=FAMILY,
)


# --- cumulative sum and product -----------------------------------------------------------------


primitive(
    "cumsum",
    evaluate=lambda x, axis, reverse: _scan(np.cumsum, x, axis, reverse),
    shape=_same,
    vjp=lambda g, out, x, axis, reverse: (apply("cumsum", g, axis=axis, reverse=not reverse),),
    doc="Cumulative sum along an axis.",
    family=FAMILY,
)


def _cumprod_vjp(g: Node, out: Node, x: Node, axis: int, reverse: bool) -> tuple[Node]:
    """The products before x[k], times r[k] = g[k] + x[k+1] r[k+1], which gathers what follows."""
    step = -1 if reverse else 1
    before = apply("shift", out, axis=axis, by=step, fill=1.0)
    following = apply("shift", x, axis=axis, by=-step, fill=0.0)
    return (weigh(apply("recurrence", following, g, axis=axis, reverse=not reverse), before),)


primitive(
    "cumprod",
    evaluate=lambda x, axis, reverse: _scan(np.cumprod, x, axis, reverse),
    shape=_same,
    vjp=_cumprod_vjp,
    doc="Cumulative product along an axis.",
    family=FAMILY,
)


def _logcumsumexp(x: Array, axis: int, reverse: bool) -> Any:
    return _scan(np.logaddexp.accumulate, x, axis, reverse)


def _logcumsumexp_exact(m: Any, x: Array, axis: int, reverse: bool) -> Any:
    each = np.frompyfunc(m.exp, 1, 1), np.frompyfunc(m.log, 1, 1)
    return each[1](_scan(np.cumsum, each[0](x), axis, reverse))


def _logcumsumexp_vjp(g: Node, out: Node, x: Node, axis: int, reverse: bool) -> tuple[Node]:
    """exp(x[k] - y[k]) times r[k] = g[k] + exp(y[k] - y[k+1]) r[k+1]; no exponent is positive."""
    step = -1 if reverse else 1
    following = apply("shift", out, axis=axis, by=-step, fill=0.0)
    carried = apply("recurrence", _ratio(out, following), g, axis=axis, reverse=not reverse)
    return (weigh(carried, _ratio(x, out)),)


def _ratio(a: Node, b: Node) -> Node:
    """exp(a - b), and 0 where `a` is -inf."""
    empty = apply("equal", a, -np.inf)
    return apply("where", empty, 0.0, apply("exp", apply("where", empty, 0.0, a - b)))


primitive(
    "logcumsumexp",
    evaluate=_logcumsumexp,
    shape=_same,
    vjp=_logcumsumexp_vjp,
    exact=_logcumsumexp_exact,
    doc="`log(cumsum(exp(x)))` along an axis, without overflow.",
    family=FAMILY,
)


def _declare(name: str, words: str, aliases: tuple[str, ...] = ()) -> None:
    def build(x: Node, axis: Any = None, exclusive: bool = False, reverse: bool = False) -> Node:
        x, axis = scan_axis(name, x, axis)
        back = along(axis, slice(None, None, -1))
        result = apply(name, x[back] if reverse else x, axis=axis, reverse=False)
        if exclusive:
            empty = {"cumsum": 0.0, "cumprod": 1.0, "logcumsumexp": -np.inf}[name]
            result = apply("shift", result, axis=axis, by=1, fill=empty)
        return result[back] if reverse else result

    function(
        name,
        "x; axis=None, exclusive=False, reverse=False",
        f"{words} along an axis (of the flattened array where none is named).",
        family=FAMILY,
        aliases=aliases,
        example=f"{name}(x)",
    )(build)


_declare("cumsum", "Cumulative sum", ("cumulative_sum",))
_declare("cumprod", "Cumulative product", ("cumulative_prod",))
_declare(
    "logcumsumexp",
    "`log(cumsum(exp(x)))`, without overflow,",
    ("cumlogsumexp", "cumulative_logsumexp"),
)


# --- running extremes ---------------------------------------------------------------------------


def _leaders(x: Array, axis: int, largest: bool) -> Array:
    """Positions of the running maximum (minimum); the latest at a tie."""
    x = as_float(x) if largest else -as_float(x)
    best = _running(x, axis)
    places = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (-axis - 1))
    found: Array = np.maximum.accumulate(np.where(x == best, places, 0), axis=axis)
    return found


def _running(x: Array, axis: int) -> Any:
    return np.maximum.accumulate(x, axis=axis)


def _leaders_kink(x: Array, axis: int, largest: bool) -> Array:
    x = as_float(x) if largest else -as_float(x)
    best = _running(x, axis)
    tied = np.zeros(x.shape, dtype=bool)
    after = along(axis, slice(1, None))
    tied[after] = x[after] == best[along(axis, slice(None, -1))]
    return tied


primitive(
    "running_argmax",
    evaluate=_leaders,
    shape=lambda shape, axis, largest: shape,
    vjp=None,
    cut="a position is piecewise constant",
    dtype="index",
    kink=_leaders_kink,
    doc="Positions of the running maximum (minimum) along an axis.",
    family=FAMILY,
)


def _declare_running(name: str, positions: str, words: str) -> None:
    def found(x: Node, axis: Any, reverse: bool, wanted: Callable[[Node, Node, int], Node]) -> Node:
        if x.ndim == 0:
            x = reshape(x, (1,))
        axis = one_axis(name, axis, x.ndim)
        back = along(axis, slice(None, None, -1))
        x = x[back] if reverse else x
        places = apply("running_argmax", x, axis=axis, largest=name == "cummax")
        result = wanted(x, places, axis)
        return result[back] if reverse else result

    def values(x: Node, axis: Any = 0, reverse: bool = False) -> Node:
        return found(x, axis, reverse, lambda x, at, axis: apply("take_along", x, at, axis=axis))

    def places(x: Node, axis: Any = 0) -> Node:
        return found(x, axis, False, lambda x, at, axis: at)

    function(
        name,
        "x; axis=0, reverse=False",
        f"Running {words} along an axis.",
        family=FAMILY,
        example=f"{name}(x)",
    )(values)
    function(
        positions,
        "x; axis=0",
        f"Positions of the running {words} along an axis; their derivative is 0.",
        family=FAMILY,
        example=f"{positions}(x)",
    )(places)


_declare_running("cummax", "cumargmax", "maximum")
_declare_running("cummin", "cumargmin", "minimum")
