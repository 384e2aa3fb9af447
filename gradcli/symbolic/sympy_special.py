"""Special functions of real arguments as SymPy functions (NIST DLMF chapters 5 to 8, 10)."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, Rational, exp, log, pi, sqrt
from sympy.core.function import ArgumentIndexError

from gradcli.symbolic.sympy_base import Scalar
from gradcli.symbolic.sympy_smooth import log1p

HALF = Rational(1, 2)


class erfc(Scalar):
    """1 - erf(x), with its tail."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(1) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (-2 * exp(-(self.args[0] ** 2)) / sqrt(pi),)


class erfcx(Scalar):
    """exp(x**2)*erfc(x)."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(1) if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (2 * self.args[0] * self - 2 / sqrt(pi),)


class ndtr(Scalar):
    """The standard normal distribution function."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return HALF if x == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (exp(-(self.args[0] ** 2) / 2) / sqrt(2 * pi),)


class log_ndtr(Scalar):
    """log(ndtr(x))."""

    nargs = 1

    def derivatives(self) -> tuple[Any, ...]:
        return (exp(-(self.args[0] ** 2) / 2 - self) / sqrt(2 * pi),)


class ndtri(Scalar):
    """The inverse of ndtr."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == HALF else None

    def derivatives(self) -> tuple[Any, ...]:
        return (sqrt(2 * pi) * exp(self**2 / 2),)


class gamma(Scalar):
    """Euler's gamma function."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.factorial(x - 1) if x.is_Integer and 0 < x < 20 else None

    def derivatives(self) -> tuple[Any, ...]:
        return (self * digamma(self.args[0]),)


class rgamma(Scalar):
    """1/gamma(x), which has no poles."""

    nargs = 1

    def derivatives(self) -> tuple[Any, ...]:
        return (-self * digamma(self.args[0]),)


class gammaln(Scalar):
    """log of the absolute value of gamma."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x in (1, 2) else None

    def derivatives(self) -> tuple[Any, ...]:
        return (digamma(self.args[0]),)


class digamma(Scalar):
    """The derivative of gammaln."""

    nargs = 1

    def derivatives(self) -> tuple[Any, ...]:
        return (polygamma(Integer(1), self.args[0]),)


class polygamma(Scalar):
    """The n-th derivative of digamma."""

    @classmethod
    def eval(cls, n: Any, x: Any) -> Any:
        return digamma(x) if n == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        n, x = self.args
        return Integer(0), polygamma(n + 1, x)


class beta(Scalar):
    """gamma(a)*gamma(b)/gamma(a + b)."""

    nargs = 2

    def derivatives(self) -> tuple[Any, ...]:
        a, b = self.args
        return self * (digamma(a) - digamma(a + b)), self * (digamma(b) - digamma(a + b))


class Incomplete(Scalar):
    """An incomplete function.

    The derivative by its last argument is `density`; those by the others are functions of their
    own, which have none themselves.
    """

    slopes: tuple[Any, ...] = ()

    def density(self) -> Any:
        """The derivative by the last argument."""
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> Any:
        if argindex == len(self.args):
            return self.density()
        if argindex > len(self.slopes):
            raise ArgumentIndexError(self, argindex)
        return self.slopes[argindex - 1](*self.args)


def _gamma_density(a: Any, x: Any) -> Any:
    return x ** (a - 1) * exp(-x) / gamma(a)


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    return x ** (a - 1) * (1 - x) ** (b - 1) / beta(a, b)


class gammainc_da(Incomplete):
    """The derivative of gammainc by its first argument."""

    nargs = 2

    def density(self) -> Any:
        a, x = self.args
        return _gamma_density(a, x) * (log(x) - digamma(a))


class gammainc(Incomplete):
    """The regularised lower incomplete gamma function."""

    nargs = 2
    slopes = (gammainc_da,)

    def density(self) -> Any:
        return _gamma_density(*self.args)


class gammaincc(Incomplete):
    """The regularised upper incomplete gamma function."""

    nargs = 2
    slopes = (lambda a, x: -gammainc_da(a, x),)

    def density(self) -> Any:
        return -_gamma_density(*self.args)


class betainc_da(Incomplete):
    """The derivative of betainc by its first argument."""

    nargs = 3

    def density(self) -> Any:
        a, b, x = self.args
        return _beta_density(a, b, x) * (log(x) - digamma(a) + digamma(a + b))


class betainc_db(Incomplete):
    """The derivative of betainc by its second argument."""

    nargs = 3

    def density(self) -> Any:
        a, b, x = self.args
        return _beta_density(a, b, x) * (log1p(-x) - digamma(b) + digamma(a + b))


class betainc(Incomplete):
    """The regularised incomplete beta function."""

    nargs = 3
    slopes = (betainc_da, betainc_db)

    def density(self) -> Any:
        return _beta_density(*self.args)


class expi(Scalar):
    """The exponential integral Ei."""

    nargs = 1

    def derivatives(self) -> tuple[Any, ...]:
        return (exp(self.args[0]) / self.args[0],)


class exp1(Scalar):
    """The exponential integral E1."""

    nargs = 1

    def derivatives(self) -> tuple[Any, ...]:
        return (-exp(-self.args[0]) / self.args[0],)
