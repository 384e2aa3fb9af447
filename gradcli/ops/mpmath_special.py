"""Special functions of mpmath numbers with NumPy's conventions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.ops.numeric import cotangent_derivative

LARGEST = 2**60
"""Where exp stops: mpmath would happily make exponents of any length."""


class Special:
    """One method per function that mpmath lacks or defines otherwise than scipy."""

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

    def erfinv(self, x: Any) -> Any:
        return infinite(self.m, x) if self.m.fabs(x) == 1 else self.m.erfinv(x)

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

    def besselie(self, n: int, x: Any) -> Any:
        if self.m.isinf(x):
            return self.zero
        if self.m.fabs(x) > LARGEST:
            return self.m.sign(x) ** n / self.m.sqrt(2 * self.m.pi * self.m.fabs(x))
        return self.m.exp(-self.m.fabs(x)) * self.m.besseli(n, x)

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


def infinite(m: Any, x: Any) -> Any:
    """Infinity with the sign of `x`."""
    return m.inf if x > 0 else -m.inf
