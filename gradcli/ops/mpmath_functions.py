"""Scalar functions of mpmath numbers with NumPy's conventions: real, nan instead of exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath

from gradcli.ops.numeric import cotangent_derivative

LARGEST = 2**60
"""Where exp stops: mpmath would happily make exponents of any length."""


def table(digits: int) -> dict[str, Any]:
    """The functions in a context of their own with `digits` decimal digits."""
    m = mpmath.MPContext()
    m.dps = digits
    return _Functions(m).table()


class _Functions:
    """One method per function that mpmath lacks or defines otherwise than NumPy."""

    def __init__(self, m: Any) -> None:
        self.m = m
        self.zero, self.one, self.half = m.mpf(0), m.mpf(1), m.mpf(0.5)

    def guarded(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """Numbers in, a real mpmath number out; nan in gives nan out; no exception."""
        m = self.m

        def call(*arguments: Any) -> Any:
            numbers = [m.mpf(argument) for argument in arguments]
            if any(m.isnan(number) for number in numbers):
                return m.nan
            try:
                result = m.convert(f(*numbers))
            except (ValueError, ZeroDivisionError, OverflowError, m.NoConvergence):
                return m.nan
            if isinstance(result, m.mpc):
                return result.real if result.imag == 0 else m.nan
            return result

        return call

    def with_order(self, f: Callable[[int, Any], Any]) -> Callable[[Any, Any], Any]:
        """The same for functions whose first argument is an integer order."""
        return lambda n, x: self.guarded(lambda number: f(int(n), number))(x)

    def table(self) -> dict[str, Any]:
        m = self.m
        functions: dict[str, Callable[..., Any]] = {
            "exp": self.exp,
            "expm1": self.expm1,
            "log": self.log,
            "log1p": self.log1p,
            "sqrt": m.sqrt,
            "cbrt": lambda x: m.sign(x) * m.cbrt(m.fabs(x)),
            "sin": self.turning(m.sin),
            "cos": self.turning(m.cos),
            "tan": self.turning(m.tan),
            "arcsin": m.asin,
            "arccos": m.acos,
            "arctan": m.atan,
            "arctan2": self.arctan2,
            "sinh": self.sinh,
            "cosh": self.cosh,
            "tanh": self.tanh,
            "arcsinh": m.asinh,
            "arccosh": m.acosh,
            "arctanh": self.arctanh,
            "hypot": self.hypot,
            "abs": m.fabs,
            "sign": m.sign,
            "floor": self.whole(m.floor),
            "ceil": self.whole(m.ceil),
            "round": self.whole(m.nint),
            "trunc": self.whole(lambda x: m.floor(x) if x > 0 else m.ceil(x)),
            "sigmoid": self.sigmoid,
            "softplus": self.softplus,
            "logaddexp": self.logaddexp,
            "relu": lambda x: max(x, self.zero),
            "maximum": max,
            "minimum": min,
            "erf": m.erf,
            "erfc": self.erfc,
            "erfinv": self.erfinv,
            "erfcx": self.erfcx,
            "ndtr": self.ndtr,
            "log_ndtr": self.log_ndtr,
            "ndtri": self.ndtri,
            "gamma": self.gamma,
            "gammaln": self.gammaln,
            "digamma": lambda x: self.psi(0, x),
            "sinc": self.sinc,
            "xlogy": self.xlogy,
            "beta": lambda a, b: self.gamma(a) * self.gamma(b) * m.rgamma(a + b),
            "gammainc": self.gammainc,
            "gammaincc": self.gammaincc,
            "betainc": self.betainc,
            "gammainc_da": self.gammainc_da,
            "betainc_da": lambda a, b, x: m.diff(lambda t: self.betainc(t, b, x), a),
            "betainc_db": lambda a, b, x: m.diff(lambda t: self.betainc(a, t, x), b),
            "expi": lambda x: -m.inf if x == 0 else m.ei(x),
            "exp1": lambda x: m.inf if x == 0 else m.e1(x) if x > 0 else m.nan,
        }
        result: dict[str, Any] = {name: self.guarded(f) for name, f in functions.items()}
        result["polygamma"] = self.with_order(self.psi)
        result["besseli"] = result["iv"] = self.with_order(self.besseli)
        result["besselj"] = result["jv"] = self.with_order(self.besselj)
        result["j0"] = self.guarded(lambda x: self.besselj(0, x))
        result["j1"] = self.guarded(lambda x: self.besselj(1, x))
        result["i0"] = self.guarded(lambda x: self.besseli(0, x))
        result["i1"] = self.guarded(lambda x: self.besseli(1, x))
        result["spherical_jn"] = self.with_order(self.spherical_jn)
        result.update(
            mp=m,
            pi=m.pi(),
            less=lambda a, b: bool(a < b),
            less_equal=lambda a, b: bool(a <= b),
            equal=lambda a, b: bool(a == b),
            logical_and=lambda a, b: bool(a) and bool(b),
            logical_or=lambda a, b: bool(a) or bool(b),
            logical_not=lambda a: not a,
            where=lambda condition, a, b: a if condition else b,
        )
        return result

    # --- exponentials ---

    def exp(self, x: Any) -> Any:
        if x > LARGEST:
            return self.m.inf
        return self.zero if x < -LARGEST else self.m.exp(x)

    def expm1(self, x: Any) -> Any:
        return self.exp(x) - 1 if self.m.fabs(x) > 1 else self.m.expm1(x)

    def log(self, x: Any) -> Any:
        return -self.m.inf if x == 0 else self.m.log(x)

    def log1p(self, x: Any) -> Any:
        return -self.m.inf if x == -1 else self.m.log1p(x)

    def sinh(self, x: Any) -> Any:
        return self.m.sign(x) * self.m.inf if self.m.fabs(x) > LARGEST else self.m.sinh(x)

    def cosh(self, x: Any) -> Any:
        return self.m.inf if self.m.fabs(x) > LARGEST else self.m.cosh(x)

    def tanh(self, x: Any) -> Any:
        return self.m.sign(x) if self.m.fabs(x) > LARGEST else self.m.tanh(x)

    def sigmoid(self, x: Any) -> Any:
        if x >= 0:
            return 1 / (1 + self.exp(-x))
        small = self.exp(x)
        return small / (1 + small)

    def softplus(self, x: Any) -> Any:
        return max(x, self.zero) + self.m.log1p(self.exp(-self.m.fabs(x)))

    def logaddexp(self, a: Any, b: Any) -> Any:
        top, low = max(a, b), min(a, b)
        return top if self.m.isinf(top) else top + self.m.log1p(self.exp(low - top))

    def xlogy(self, x: Any, y: Any) -> Any:
        return self.zero if x == 0 else x * self.guarded(self.log)(y)

    # --- angles ---

    def turning(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """No limit at infinity; no reduction of arguments with millions of digits."""
        m = self.m
        return lambda x: m.nan if m.isinf(x) or m.mag(x) > 10_000 else f(x)

    def arctan2(self, y: Any, x: Any) -> Any:
        m = self.m
        if m.isinf(x) or m.isinf(y):
            unit = [m.sign(v) if m.isinf(v) else self.zero for v in (y, x)]
            return m.atan2(*unit)
        return self.zero if x == 0 and y == 0 else m.atan2(y, x)

    def arctanh(self, x: Any) -> Any:
        return m_infinite(self.m, x) if self.m.fabs(x) == 1 else self.m.atanh(x)

    def hypot(self, a: Any, b: Any) -> Any:
        return self.m.inf if self.m.isinf(a) or self.m.isinf(b) else self.m.hypot(a, b)

    def whole(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: x if self.m.isinf(x) else f(x)

    # --- special functions ---

    def erfinv(self, x: Any) -> Any:
        return m_infinite(self.m, x) if self.m.fabs(x) == 1 else self.m.erfinv(x)

    def erfc(self, x: Any) -> Any:
        return self.zero if x > LARGEST else self.m.erfc(x)

    def erfcx(self, x: Any) -> Any:
        m = self.m
        if x > 1e7:
            return (1 - 1 / (2 * x * x)) / (x * m.sqrt(m.pi))
        return m.inf if x < -LARGEST else m.exp(x * x) * m.erfc(x)

    def ndtr(self, x: Any) -> Any:
        return self.erfc(-x / self.m.sqrt(2)) / 2

    def log_ndtr(self, x: Any) -> Any:
        m = self.m
        if m.isinf(x):
            return self.zero if x > 0 else -m.inf
        if x < -1e7:
            return -x * x / 2 - m.log(-x * m.sqrt(2 * m.pi)) - 1 / x**2
        return m.log1p(-self.ndtr(-x)) if x > 0 else m.log(self.ndtr(x))

    def ndtri(self, p: Any) -> Any:
        m = self.m
        if p in (0, 1):
            return m.inf if p == 1 else -m.inf
        if not 0 < p < 1:
            return m.nan
        with m.extraprec(int(max(0, -m.mag(p), -m.mag(1 - p))) + 10):
            if p > 1e-10:
                return m.sqrt(2) * m.erfinv(2 * p - 1)
            start = -m.sqrt(-2 * m.log(p))
            return m.findroot(lambda x: self.log_ndtr(x) - m.log(p), start)

    def gamma(self, x: Any) -> Any:
        m = self.m
        if m.isinf(x):
            return m.inf if x > 0 else m.nan
        if x == 0:
            return m.inf
        return m.inf if x > LARGEST else m.gamma(x)

    def gammaln(self, x: Any) -> Any:
        m = self.m
        if m.isinf(x) or (x <= 0 and x == m.floor(x)):
            return m.inf
        if x > 0:
            return m.loggamma(x)
        return m.log(m.pi / m.fabs(m.sinpi(x))) - m.loggamma(1 - x)

    def psi(self, n: int, x: Any) -> Any:
        m = self.m
        if m.isinf(x):
            return m.nan if x < 0 else (m.inf if n == 0 else self.zero)
        if x > 0:
            return m.psi(n, x)
        if x == m.floor(x):
            return m.nan if n % 2 == 0 else m.inf
        slope = m.polyval(cotangent_derivative(n), 1 / m.tan(m.pi * (x - m.nint(x))))
        return (-1) ** n * m.psi(n, 1 - x) - m.pi ** (n + 1) * slope

    def gammainc(self, a: Any, x: Any) -> Any:
        if not 0 < a < LARGEST or x < 0:
            return self.m.nan
        return self.one if x > LARGEST else self.m.gammainc(a, 0, x, regularized=True)

    def gammaincc(self, a: Any, x: Any) -> Any:
        if not 0 < a < LARGEST or x < 0:
            return self.m.nan
        return self.zero if x > LARGEST else self.m.gammainc(a, x, regularized=True)

    def gammainc_da(self, a: Any, x: Any) -> Any:
        """By differences, of whichever side is small."""
        if x > a + 1:
            return -self.m.diff(lambda t: self.gammaincc(t, x), a)
        return self.m.diff(lambda t: self.gammainc(t, x), a)

    def betainc(self, a: Any, b: Any, x: Any) -> Any:
        """By the continued fraction DLMF 8.17.22, on the side where it converges quickly."""
        if a <= 0 or b <= 0 or not 0 <= x <= 1:
            return self.m.nan
        if x > (a + 1) / (a + b + 2):
            return 1 - self.betainc(b, a, 1 - x)
        if x == 0:
            return self.zero
        return x**a * (1 - x) ** b / (a * self.m.beta(a, b)) * self.betainc_fraction(a, b, x)

    def betainc_fraction(self, a: Any, b: Any, x: Any) -> Any:
        """`1/(1 + d1/(1 + d2/(1 + ...)))` by Lentz's method."""
        value = numerator = denominator = self.one
        for step in range(1, 2_000):
            k = step // 2
            if step % 2:
                term = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
            else:
                term = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
            denominator = 1 / (1 + term * denominator) if step > 1 else self.one
            numerator = 1 + term / numerator
            change = numerator * denominator
            value *= change
            if abs(change - 1) < 16 * self.m.eps:
                return 1 / value
        return self.m.nan

    def sinc(self, x: Any) -> Any:
        return self.zero if self.m.isinf(x) else self.m.sincpi(x)

    def besseli(self, n: int, x: Any) -> Any:
        m = self.m
        if m.fabs(x) > LARGEST:
            return m.inf if x > 0 or n % 2 == 0 else -m.inf
        return m.besseli(n, x)

    def besselj(self, n: int, x: Any) -> Any:
        m = self.m
        if m.isinf(x):
            return self.zero
        return m.nan if m.mag(x) > 10_000 else m.besselj(n, x)

    def spherical_jn(self, n: int, x: Any) -> Any:
        m = self.m
        if x == 0:
            return self.one if n == 0 else self.zero
        if m.isinf(x):
            return self.zero
        if n == 0:
            return m.sin(x) / x
        sign = -1 if x < 0 and n % 2 else 1
        size = m.fabs(x)
        return sign * m.sqrt(m.pi / (2 * size)) * m.besselj(n + self.half, size)


def m_infinite(m: Any, x: Any) -> Any:
    """Infinity with the sign of `x`."""
    return m.inf if x > 0 else -m.inf
