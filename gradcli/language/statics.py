"""Arithmetic of plain Python numbers, before they meet an array.

Static values stay static (`x.shape[0] - 1` is an integer), integers never grow without bound,
floats follow IEEE rules (an overflow is inf), and nothing ever becomes complex.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sized
from typing import Any

from gradcli.errors import GradcliError
from gradcli.limits import LIMITS
from gradcli.ops.declare import describe

BITS = 1023
"""An integer of more bits does not fit a float64."""

Number = int | float


def is_number(value: Any) -> bool:
    """A Python integer, float or truth value."""
    return isinstance(value, (int, float))


def as_float(value: Any) -> Any:
    """An integer as a float, where it fits."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise _too_large() from None
    return value


def bounded(value: Any) -> Any:
    """The number, unless it is an integer that is too large."""
    if isinstance(value, int) and value.bit_length() > BITS:
        raise _too_large()
    return value


def _too_large() -> GradcliError:
    return GradcliError(
        f"an integer of more than {BITS} bits (about 1e308)",
        kind="limit",
        hint="write it as a float, as in 2.0**5000, to get inf",
    )


def _divide(a: Number, b: Number) -> float:
    if b == 0:
        raise GradcliError("division by zero")
    return a / b


def _floor_divide(a: Number, b: Number) -> Number:
    if b == 0:
        raise GradcliError("division by zero")
    return a // b


def _modulo(a: Number, b: Number) -> Number:
    if b == 0:
        raise GradcliError("remainder of a division by zero")
    return a % b


def _multiply(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > BITS + 1:
        raise _too_large()
    return a * b


def _power(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and (a.bit_length() - 1) * b > BITS:
            raise _too_large()
        return int(a**b)
    if a == 0 and b < 0:
        raise GradcliError("division by zero")
    try:
        return math.pow(a, b)
    except ValueError:
        return math.nan  # a negative base with a broken exponent
    except OverflowError:
        return -math.inf if a < 0 and math.fmod(b, 2) else math.inf


def _shift(direction: Callable[[Any, Any], Any]) -> Callable[[Number, Number], Number]:
    def shift(a: Number, b: Number) -> Number:
        if not (isinstance(a, int) and isinstance(b, int)) or b < 0:
            raise GradcliError("<< and >> shift integers")
        if direction is operator.lshift and a.bit_length() + b > BITS:
            raise _too_large()
        return int(direction(a, min(b, 2 * BITS)))

    return shift


def _bitwise(symbol: str, combine: Callable[[Any, Any], Any]) -> Callable[[Number, Number], Number]:
    def bitwise(a: Number, b: Number) -> Number:
        if not (isinstance(a, int) and isinstance(b, int)):
            hint = "a power is written **" if symbol == "^" else f"'{symbol}' is for truth values"
            raise GradcliError(f"'{symbol}' is not defined for floats", hint=hint)
        return int(combine(a, b)) if not isinstance(a, bool) else combine(a, b)

    return bitwise


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _modulo,
    ast.Pow: _power,
    ast.LShift: _shift(operator.lshift),
    ast.RShift: _shift(operator.rshift),
    ast.BitAnd: _bitwise("&", operator.and_),
    ast.BitOr: _bitwise("|", operator.or_),
    ast.BitXor: _bitwise("^", operator.xor),
}

COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def arithmetic(op: type[ast.operator], symbol: str, a: Number, b: Number) -> Any:
    """One operation on two numbers."""
    compute = ARITHMETIC.get(op)
    if compute is None:
        raise GradcliError(f"'{symbol}' of two numbers: it needs arrays", kind="shape")
    try:
        return bounded(compute(a, b))
    except OverflowError:
        sign = math.copysign(1.0, a) * (1.0 if op is ast.Add else math.copysign(1.0, b))
        return sign * math.inf


def sequences(op: type[ast.operator], symbol: str, a: Any, b: Any) -> Any:
    """Python's own meaning of `+` and `*` for lists and tuples, bounded."""
    if op is ast.Add and type(a) is type(b):
        _bounded_length(len(a) + len(b))
        return a + b
    if op is ast.Mult:
        items, times = (a, b) if isinstance(a, (list, tuple)) else (b, a)
        if type(times) is int:
            _bounded_length(len(items) * max(times, 0))
            return items * times
    kinds = " and ".join(_kind(value) for value in (a, b))
    raise GradcliError(
        f"'{symbol}' is not defined for {kinds}",
        hint="array([...]) makes an array of a list",
    )


def _bounded_length(length: int) -> None:
    if length > LIMITS.ops:
        raise GradcliError(
            f"a list of {length:.3g} entries; the limit is {LIMITS.ops:.3g}",
            kind="limit",
            hint="raise it with --limit ops=N",
        )


def _kind(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    return describe(value)


def length(value: Any) -> int:
    """`len` of a static value."""
    if isinstance(value, Sized) and not isinstance(value, (str, dict)):
        return len(value)
    raise GradcliError(f"len: {describe(value)} has no length")
