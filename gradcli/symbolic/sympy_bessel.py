"""Bessel functions of whole order for SymPy (NIST DLMF chapter 10)."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, pi

from gradcli.symbolic.sympy_base import Scalar
from gradcli.symbolic.sympy_choices import sign


def besseli(n: Any, x: Any) -> Any:
    """The modified Bessel function of whole order: `i0`, `i1` or `iv`."""
    n = abs(sympy.sympify(n, strict=True))
    x = sympy.sympify(x, strict=True)
    return i0(x) if n == 0 else i1(x) if n == 1 else iv(n, x)


class i0(Scalar):
    """The modified Bessel function of order 0."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(1) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (i1(self.args[0]),)


class i1(Scalar):
    """The modified Bessel function of order 1."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return ((i0(x) + iv(Integer(2), x)) / 2,)


class iv(Scalar):
    """The modified Bessel function of whole order n."""

    @classmethod
    def eval(cls, n: Any, x: Any) -> Any:
        return Integer(n == 0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        n, x = self.args
        return Integer(0), (besseli(n - 1, x) + besseli(n + 1, x)) / 2


def besselie(n: Any, x: Any) -> Any:
    """`exp(-abs(x))` times `besseli`: `i0e`, `i1e` or `ive`."""
    n, x = abs(sympy.sympify(n, strict=True)), sympy.sympify(x, strict=True)
    return i0e(x) if n == 0 else i1e(x) if n == 1 else ive(n, x)


class i0e(Scalar):
    """exp(-abs(x))*i0(x)."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(1) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return (i1e(x) - sign(x) * self,)


class i1e(Scalar):
    """exp(-abs(x))*i1(x)."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return ((i0e(x) + ive(Integer(2), x)) / 2 - sign(x) * self,)


class ive(Scalar):
    """exp(-abs(x))*iv(n, x)."""

    @classmethod
    def eval(cls, n: Any, x: Any) -> Any:
        return Integer(n == 0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        n, x = self.args
        return Integer(0), (besselie(n - 1, x) + besselie(n + 1, x)) / 2 - sign(x) * self


def besselj(n: Any, x: Any) -> Any:
    """The Bessel function of whole order: `j0`, `j1` or `jv`."""
    n, x = sympy.sympify(n, strict=True), sympy.sympify(x, strict=True)
    return j0(x) if n == 0 else j1(x) if n == 1 else jv(n, x)


class j0(Scalar):
    """The Bessel function of order 0."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(1) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (-j1(self.args[0]),)


class j1(Scalar):
    """The Bessel function of order 1."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return ((j0(x) - jv(Integer(2), x)) / 2,)


class jv(Scalar):
    """The Bessel function of whole order n."""

    @classmethod
    def eval(cls, n: Any, x: Any) -> Any:
        return Integer(n == 0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        n, x = self.args
        return Integer(0), (besselj(n - 1, x) - besselj(n + 1, x)) / 2


class sinc(Scalar):
    """sin(pi*x)/(pi*x)."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(1) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (-pi * spherical_jn(Integer(1), pi * self.args[0]),)


class spherical_jn(Scalar):
    """The spherical Bessel function of order n: the derivatives of sinc without cancellation at
    0."""

    @classmethod
    def eval(cls, n: Any, x: Any) -> Any:
        return Integer(n == 0) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        n, x = self.args
        if n == 0:
            return Integer(0), -spherical_jn(Integer(1), x)
        lower, upper = spherical_jn(n - 1, x), spherical_jn(n + 1, x)
        return Integer(0), (n * lower - (n + 1) * upper) / (2 * n + 1)
