"""Comparisons, choice and steps for SymPy: no `Piecewise`, and derivative 0, no distributions."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, KroneckerDelta, Rational

from gradcli.symbolic.sympy_base import Scalar, exact

HALF = Rational(1, 2)


class Flat(Scalar):
    """Piecewise constant: derivative 0."""

    def derivatives(self) -> tuple[Any, ...]:
        return (Integer(0),) * len(self.args)


def _truth(value: Any) -> Any:
    """A decided relation as the number 1 or 0, else None."""
    return Integer(bool(value)) if value in (sympy.true, sympy.false) else None


class less(Flat):
    """`a < b`, as the number 1 or 0."""

    symbol = "<"

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        return Integer(0) if a == b else _truth(sympy.Lt(a, b)) if exact(a, b) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, b = (printer._print(argument) for argument in self.args)
        return rf"\left[{a} {self.symbol} {b}\right]"


class less_equal(less):
    """`a <= b`."""

    symbol = r"\le"

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        return Integer(1) if a == b else _truth(sympy.Le(a, b)) if exact(a, b) else None


class equal(less):
    """`a == b`."""

    symbol = "="

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        return Integer(1) if a == b else _truth(sympy.Eq(a, b)) if exact(a, b) else None


class logical_not(Flat):
    """1 where the argument is 0."""

    @classmethod
    def eval(cls, a: Any) -> Any:
        if isinstance(a, logical_not):
            return a.args[0]
        return Integer(a == 0) if a.is_Integer else None


class logical_and(Flat):
    """Both are not 0."""

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        if a.is_Integer:
            return b if a != 0 else Integer(0)
        if b.is_Integer:
            return a if b != 0 else Integer(0)
        return a if a == b else None


class logical_or(Flat):
    """At least one is not 0."""

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        if a.is_Integer:
            return Integer(1) if a != 0 else b
        if b.is_Integer:
            return Integer(1) if b != 0 else a
        return a if a == b else None


class where(Scalar):
    """`a` where the condition is not 0, else `b`; the branch not taken never matters."""

    @classmethod
    def eval(cls, condition: Any, a: Any, b: Any) -> Any:
        if condition.is_Integer:
            return a if condition != 0 else b
        if a == b:
            return a
        if isinstance(condition, logical_not):
            return cls(condition.args[0], b, a)
        return None

    def derivatives(self) -> tuple[Any, ...]:
        condition = self.args[0]
        return (
            Integer(0),
            where(condition, Integer(1), Integer(0)),
            where(condition, Integer(0), Integer(1)),
        )

    def _eval_derivative(self, symbol: Any) -> Any:
        """The derivatives stay inside (an infinite one in the branch not taken does no harm), their
        Kronecker deltas come out."""
        condition, a, b = self.args
        parts: dict[Any, list[Any]] = {}
        for side, branch in enumerate((a, b)):
            for term in sympy.Add.make_args(sympy.expand_mul(branch.diff(symbol))):
                factor, delta = term.as_independent(KroneckerDelta, as_Add=False)
                if not isinstance(delta, (KroneckerDelta, sympy.Mul)):
                    factor, delta = term, Integer(1)
                parts.setdefault(delta, [Integer(0), Integer(0)])[side] += factor
        return sympy.Add(*(delta * where(condition, *sides) for delta, sides in parts.items()))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        condition, a, b = (printer._print(argument) for argument in self.args)
        text = rf"\begin{{cases}} {a} & {condition} \\ {b} & \text{{otherwise}} \end{{cases}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class sign(Flat):
    """-1, 0 or 1; the derivative is 0, not a distribution."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.sign(x) if exact(x) else None


class Step(Flat):
    """Whole numbers from numbers."""

    is_integer = True


class floor(Step):
    """The largest integer that is not above."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.floor(x) if exact(x) else None


class ceil(Step):
    """The smallest integer that is not below."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.ceiling(x) if exact(x) else None


class trunc(Step):
    """The integer part."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.sign(x) * sympy.floor(sympy.Abs(x)) if exact(x) else None


class round(Step):
    """The nearest integer, halves to even."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        if not exact(x):
            return None
        nearest = sympy.floor(x + HALF)
        return nearest - 1 if nearest - x == HALF and nearest % 2 else nearest


def _winner(a: Any, b: Any, below: Any) -> tuple[Any, Any]:
    """1 for the argument that wins, 0 for the other; a tie goes to one of them, never to none.

    It goes to a number, where one of them is one, so that a variable wins strictly.
    """
    one, zero = Integer(1), Integer(0)
    if a.is_number:
        return where(below(a, b), zero, one), where(below(a, b), one, zero)
    return where(below(b, a), one, zero), where(below(b, a), zero, one)


class maximum(Scalar):
    """The larger of two."""

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        if a == b:
            return a
        return sympy.Max(a, b) if exact(a, b) else None

    def derivatives(self) -> tuple[Any, ...]:
        a, b = self.args
        return _winner(a, b, less)


class minimum(Scalar):
    """The smaller of two."""

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        if a == b:
            return a
        return sympy.Min(a, b) if exact(a, b) else None

    def derivatives(self) -> tuple[Any, ...]:
        a, b = self.args
        return _winner(a, b, lambda u, v: less(v, u))


class relu(Scalar):
    """`maximum(x, 0)` with derivative 0 at 0."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.Max(x, 0) if exact(x) else None

    def derivatives(self) -> tuple[Any, ...]:
        return (where(less(Integer(0), self.args[0]), Integer(1), Integer(0)),)
