"""Sequences of numbers: arange, linspace, logspace, geomspace.

`arange` is static, for its length depends on its values; the ends of the others may be nodes, and
the result is differentiable in them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, constant, float_dtype
from gradcli.limits import check_elements
from gradcli.ops.creation import number_dtype, typed
from gradcli.ops.declare import describe, function, integer
from gradcli.ops.static import flag

FAMILY = "creation"


def _number(name: str, value: Any) -> float:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return value if isinstance(value, int) else float(value)
    raise GradcliError(f"{name}: a number is needed, not {describe(value)}")


@function(
    "arange",
    "; start, stop=None, step=1, dtype=None",
    "Numbers at a constant distance.",
    family=FAMILY,
    example="arange(4)",
)
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Node:
    """`start, start + step, ...` before `stop`; `arange(n)` is `0 ... n - 1`."""
    if stop is None:
        start, stop = 0, start
    first, end, width = (_number("arange", value) for value in (start, stop, step))
    if width == 0:
        raise GradcliError("arange: the step cannot be 0")
    try:
        length = max(0, math.ceil((end - first) / width))
    except (OverflowError, ValueError):
        raise GradcliError(
            f"arange: from {describe(first)} to {describe(end)} by {describe(width)} has no end",
            kind="limit",
        ) from None
    check_elements((length,), "the result of arange")
    values = np.arange(float(first), float(end), float(width)) if length else np.zeros(0)
    return typed("arange", constant(values, number_dtype("arange", None)), dtype)


def _is_number(x: Any) -> bool:
    return not isinstance(x, Node) or (x.op.name == "constant" and x.shape == ())


def _value(x: Any) -> Any:
    return float(x.params["value"]) if isinstance(x, Node) else x


def _steps(name: str, num: Any, endpoint: Any) -> Array:
    """The weights of the far end, from 0 to 1."""
    count = integer(name, "num", num, least=0)
    check_elements((count,), f"the result of {name}")
    return np.linspace(0.0, 1.0, count, endpoint=flag(name, "endpoint", endpoint))


def _column(steps: Array, start: Any, stop: Any) -> Node:
    """The weights along a new first axis in front of what `start` and `stop` broadcast to."""
    nodes = [x for x in (start, stop) if isinstance(x, Node)]
    rank = max(x.ndim for x in nodes)
    return constant(steps.reshape(-1, *(1,) * rank), float_dtype(x.dtype for x in nodes))


@function(
    "linspace",
    "start, stop; num=50, endpoint=True, dtype=None",
    "So many numbers from one to another.",
    family=FAMILY,
    example="linspace(0, 1, 4)",
)
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None
) -> Node:
    """`num` numbers at equal distances from `start` to `stop`, along a new first axis."""
    steps = _steps("linspace", num, endpoint)
    if _is_number(start) and _is_number(stop):
        values = np.linspace(_value(start), _value(stop), len(steps), endpoint=bool(endpoint))
        return typed("linspace", constant(values, number_dtype("linspace", None)), dtype)
    weight = _column(steps, start, stop)
    return typed("linspace", start * (1.0 - weight) + stop * weight, dtype)


@function(
    "logspace",
    "start, stop; num=50, endpoint=True, base=10.0, dtype=None",
    "Powers of a base at equal distances of the exponent.",
    family=FAMILY,
    example="logspace(0, 1, 3)",
)
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
) -> Node:
    """`base ** linspace(start, stop, num)`."""
    radix = _number("logspace", base)
    exponents = linspace(start, stop, num, endpoint)
    return typed("logspace", apply("power", radix, exponents), dtype)


@function(
    "geomspace",
    "start, stop; num=50, endpoint=True, dtype=None",
    "Numbers at a constant ratio.",
    family=FAMILY,
    example="geomspace(1, 8, 4)",
)
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None
) -> Node:
    """`num` numbers from `start` to `stop`, each the same multiple of the one before."""
    steps = _steps("geomspace", num, endpoint)
    if _is_number(start) and _is_number(stop):
        first, last = _value(start), _value(stop)
        if first == 0 or last == 0 or (first < 0) != (last < 0):
            raise GradcliError("geomspace: the ends must have one sign and not be 0")
        values = np.geomspace(first, last, len(steps), endpoint=bool(endpoint))
        return typed("geomspace", constant(values, number_dtype("geomspace", None)), dtype)
    weight = _column(steps, start, stop)
    return typed("geomspace", start * apply("power", stop / start, weight), dtype)
