"""Scalar functions of mpmath numbers with NumPy's conventions: real, nan instead of exceptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath

from gradcli.ops.mpmath_special import LARGEST, Special, infinite


def table(digits: int) -> dict[str, Any]:
    """The functions in a context of their own with `digits` decimal digits."""
    m = mpmath.MPContext()
    m.dps = digits
    return _Functions(m).table()


class _Functions(Special):
    """One method per function that mpmath lacks or defines otherwise than NumPy."""

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
            "xlog1py": lambda x, y: self.zero if x == 0 else x * self.guarded(self.log1p)(y),
            "entr": lambda x: -m.inf if x < 0 else -self.xlogy(x, x),
            "rel_entr": self.rel_entr,
            "kl_div": lambda x, y: self.rel_entr(x, y) - x + y,
            "log1mexp": lambda x: self.log(-self.expm1(-x)),
            "logit": self.logit,
            "softsign": lambda x: m.sign(x) if m.isinf(x) else x / (1 + m.fabs(x)),
            "tanhshrink": self.tanhshrink,
            "squareplus": self.squareplus,
            "silu": lambda x: self.gated(x, self.sigmoid(x)),
            "gelu": lambda x: self.gated(x, self.ndtr(x)),
            "mish": lambda x: self.gated(x, self.tanh(self.softplus(x))),
            "rgamma": lambda x: m.nan if m.isinf(x) and x < 0 else m.rgamma(x),
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
        result["besselie"] = result["ive"] = self.with_order(self.besselie)
        result["i0e"] = self.guarded(lambda x: self.besselie(0, x))
        result["i1e"] = self.guarded(lambda x: self.besselie(1, x))
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

    def rel_entr(self, x: Any, y: Any) -> Any:
        if x < 0 or y < 0 or (y == 0 and x > 0):
            return self.m.inf
        return self.zero if x == 0 else x * self.log(x / y)

    def logit(self, x: Any) -> Any:
        if not 0 < x < 1:
            return -self.m.inf if x == 0 else self.m.inf if x == 1 else self.m.nan
        return self.m.log(x / (1 - x))

    def gated(self, x: Any, gate: Any) -> Any:
        return self.zero if gate == 0 else x * gate

    def squareplus(self, x: Any, b: Any) -> Any:
        if self.m.isinf(x):
            return max(x, self.zero)
        root = self.m.sqrt(x * x + b)
        return (x + root) / 2 if x > 0 else b / (root - x) / 2

    def tanhshrink(self, x: Any) -> Any:
        m = self.m
        with m.extraprec(2 * max(0, -m.mag(x) if x else 0)):
            return x - self.tanh(x)

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
        return infinite(self.m, x) if self.m.fabs(x) == 1 else self.m.atanh(x)

    def hypot(self, a: Any, b: Any) -> Any:
        return self.m.inf if self.m.isinf(a) or self.m.isinf(b) else self.m.hypot(a, b)

    def whole(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: x if self.m.isinf(x) else f(x)
