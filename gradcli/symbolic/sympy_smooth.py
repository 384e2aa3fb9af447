"""Exponentials, logarithms, roots and angles for SymPy, with derivatives that keep their tails."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Rational, exp, log, sqrt
from sympy.core.function import ArgumentIndexError

from gradcli.symbolic.sympy_base import Scalar, exact

HALF = Rational(1, 2)


class sigmoid(Scalar):
    """1/(1 + exp(-x))."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return HALF if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return (sigmoid(x) * sigmoid(-x),)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\sigma{power}\left({printer._print(self.args[0])}\right)"


class softplus(Scalar):
    """log(1 + exp(x))."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return log(2) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (sigmoid(self.args[0]),)


class logaddexp(Scalar):
    """log(exp(a) + exp(b))."""

    nargs = 2

    def derivatives(self) -> tuple[Any, ...]:
        a, b = self.args
        return sigmoid(a - b), sigmoid(b - a)


class log1p(Scalar):
    """log(1 + x)."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (1 / (1 + self.args[0]),)


class expm1(Scalar):
    """exp(x) - 1."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (exp(self.args[0]),)


class log1mexp(Scalar):
    """log(1 - exp(-x))."""

    nargs = 1

    def derivatives(self) -> tuple[Any, ...]:
        return (1 / expm1(self.args[0]),)


class logit(Scalar):
    """log(x/(1 - x))."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == HALF else None

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return (1 / (x * (1 - x)),)


class squareplus(Scalar):
    """(x + sqrt(x**2 + b))/2."""

    nargs = 2

    def derivatives(self) -> tuple[Any, ...]:
        x, b = self.args
        return self / sqrt(x**2 + b), 1 / (4 * sqrt(x**2 + b))


class softsign(Scalar):
    """x/(1 + abs(x))."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return ((1 + sympy.Abs(self.args[0])) ** -2,)


class tanhshrink(Scalar):
    """x - tanh(x)."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (tanh(self.args[0]) ** 2,)


class tanh(sympy.tanh):  # type: ignore[misc]
    """SymPy's, but the derivative keeps its tail (1 - tanh(20)**2 is 0 in float64)."""

    def fdiff(self, argindex: int = 1) -> Any:
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sympy.cosh(self.args[0]) ** -2


class cbrt(Scalar):
    """The real cube root."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.real_root(x, 3) if exact(x) and x.is_Rational else None

    def _eval_power(self, exponent: Any) -> Any:
        if exponent.is_Integer and exponent % 3 == 0:
            return self.args[0] ** (exponent / 3)
        return None

    def derivatives(self) -> tuple[Any, ...]:
        return (self**-2 / 3,)


class hypot(Scalar):
    """sqrt(a**2 + b**2) without overflow."""

    nargs = 2

    def derivatives(self) -> tuple[Any, ...]:
        a, b = self.args
        return a / self, b / self


class arctan2(Scalar):
    """The angle of the point (x, y), written arctan2(y, x)."""

    nargs = 2

    def derivatives(self) -> tuple[Any, ...]:
        y, x = self.args
        return x / (x**2 + y**2), -y / (x**2 + y**2)
