"""Local derivatives of elementwise ops: SymPy differentiates the op's scalar formula, once.

The derivative becomes a short list of NumPy calls (`Tape`), each the forward function of an op of
the same name or one of SymPy's own sums, products and powers; nothing is evaluated as Python. What
SymPy cannot name (`Derivative`, `Subs`) is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcli.execute.precise import Cannot
from gradcli.graph import OPS, Array, Op

Call = Callable[..., Any]

ORDERS = {
    "i0": ("iv", 0),
    "i1": ("iv", 1),
    "i0e": ("ive", 0),
    "i1e": ("ive", 1),
    "j0": ("jv", 0),
    "j1": ("jv", 1),
}
"""SymPy functions that are an op at a fixed order."""

ORDERED = frozenset({"iv", "ive", "jv", "spherical_jn", "polygamma"})
"""SymPy functions whose first argument is the op's param `n`."""


class Tape:
    """One derivative as a list of calls.

    Attributes:
        constant: its value where it is a number, else None.
        slots: the arguments (to be filled in), then the numbers, then the results of the calls.
        calls: (function, where its result goes, where its arguments are).
        result: where the derivative is.
    """

    __slots__ = ("calls", "constant", "result", "slots")

    def __init__(self, expression: Any, symbols: Sequence[Any]) -> None:
        self.constant: float | None = None
        self.slots: list[Any] = [None] * len(symbols)
        self.calls: list[tuple[Call, int, tuple[int, ...]]] = []
        if expression.is_number and not expression.free_symbols:
            self.constant = float(expression)
        places = {symbol: place for place, symbol in enumerate(symbols)}
        self.result = self._record(expression, places)

    def __call__(self, arrays: Sequence[Array]) -> Any:
        """The derivative at the arrays (one per argument of the op), broadcast among them."""
        slots = self.slots.copy()
        slots[: len(arrays)] = arrays
        for function, place, arguments in self.calls:
            slots[place] = function(*[slots[argument] for argument in arguments])
        return slots[self.result]

    def _record(self, expression: Any, places: dict[Any, int]) -> int:
        """Arguments before their functions; what occurs twice is computed once."""
        stack = [expression]
        while stack:
            one = stack[-1]
            if one in places:
                stack.pop()
                continue
            if one.is_number and not one.args:
                places[one] = self._slot(float(one))
                continue
            function, arguments = _call(one)
            missing = [argument for argument in arguments if argument not in places]
            if missing:
                stack.extend(missing)
                continue
            places[one] = self._slot(None)
            self.calls.append((function, places[one], tuple(places[a] for a in arguments)))
        return places[expression]

    def _slot(self, value: float | None) -> int:
        self.slots.append(value)
        return len(self.slots) - 1


def _call(expression: Any) -> tuple[Call, Sequence[Any]]:
    """A NumPy function and its arguments for the head of an expression."""
    import sympy

    from gradcli.symbolic.scalars import NAMES

    if isinstance(expression, sympy.Add):
        return _sum, expression.args
    if isinstance(expression, sympy.Mul):
        return _product, expression.args
    if isinstance(expression, sympy.Pow):
        base, exponent = expression.args
        if exponent in POWERS:
            return POWERS[exponent], (base,)
        return np.power, (base, exponent)
    head = type(expression).__name__
    name, order = ORDERS.get(NAMES.get(head, head), (NAMES.get(head, head), None))
    op = OPS.get(name)
    if op is None or not op.elementwise or not isinstance(expression, sympy.Function):
        raise Cannot(f"SymPy has no number for {head}")
    if order is not None:
        return _at_order(op, order), expression.args
    if name in ORDERED:
        order, x = expression.args
        if not order.is_Integer:
            raise Cannot(f"{name} of an order that is no number")
        return _at_order(op, int(order)), (x,)
    if name == "where":
        return _where, expression.args
    return (_number(op) if op.dtype == "bool" else op.evaluate), expression.args


def _sum(first: Any, *others: Any) -> Any:
    for other in others:
        first = first + other
    return first


def _product(first: Any, *others: Any) -> Any:
    for other in others:
        first = first * other
    return first


def _where(condition: Any, a: Any, b: Any) -> Any:
    return np.where(np.asarray(condition) != 0, a, b)


def _at_order(op: Op, order: int) -> Call:
    return lambda x: op.evaluate(x, n=order)


def _number(op: Op) -> Call:
    return lambda *arrays: np.asarray(op.evaluate(*arrays), dtype=np.float64)


POWERS: dict[Any, Call] = {
    2: np.square,
    -1: lambda x: 1.0 / x,
    -2: lambda x: 1.0 / np.square(x),
    0.5: np.sqrt,
    -0.5: lambda x: 1.0 / np.sqrt(x),
}
"""Powers that have a function of their own."""

_tapes: dict[Any, Tape | Cannot] = {}


def local_derivative(op: Op, count: int, params: dict[str, Any], position: int) -> Tape:
    """The partial derivative of an elementwise op by one of its arguments.

    Args:
        op: elementwise.
        count: of its arguments.
        params: static.
        position: of the argument.

    Raises:
        Cannot: where SymPy has none.

    Example:
        >>> import gradcli.ops
        >>> local_derivative(OPS["tanh"], 1, {}, 0)([np.array([0.0])])
        array([1.])
    """
    key = (op.symbolic, position, tuple(sorted(params.items())) if params else ())
    found = _tapes.get(key)
    if found is None:
        try:
            found = _differentiated(op, count, params, position)
        except Cannot as reason:
            found = reason
        _tapes[key] = found
    if isinstance(found, Cannot):
        raise found
    return found


def _differentiated(op: Op, count: int, params: dict[str, Any], position: int) -> Tape:
    import sympy
    from sympy.core.function import ArgumentIndexError

    from gradcli.symbolic.scalars import sympy_scalars
    from gradcli.symbolic.sympy_functions import own

    if op.symbolic is None:
        raise Cannot(f"{op.name} has no scalar formula")
    scalars = sympy_scalars()
    symbols = [sympy.Symbol(f"a{place}", real=True) for place in range(count)]
    formula = sympy.sympify(op.symbolic(scalars, *symbols, **params), strict=True)
    try:
        derivative = own(formula.diff(symbols[position]))
    except ArgumentIndexError as error:
        raise Cannot(f"SymPy has no derivative of {op.name}") from error
    if op.name == "power" and position == 0:
        # a**b*b/a is 0/0 at a = 0
        flat = scalars.equal(symbols[1], sympy.Integer(0))
        derivative = scalars.where(flat, sympy.Integer(0), sympy.powsimp(derivative))
    try:
        return Tape(derivative, symbols)
    except (TypeError, Cannot) as error:
        raise Cannot(f"no local derivative of {op.name}: {error}") from error
