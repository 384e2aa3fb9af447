"""Scalar functions of real arguments for SymPy, under gradcli's names.

SymPy's own are used where they are sound and real. The others are declared here: SymPy has no such
function (`sigmoid`, `log_ndtr`), rewrites it unsoundly (`erfc(-x)` to `2 - erfc(x)`),
differentiates it
into distributions (`sign`, `floor`) or into cancellation (`tanh`), or leaves the reals (`cbrt`,
`gammaln`).

Derivatives are written in closed form, so that a float64 evaluation keeps the tails:
`sigmoid(x)*sigmoid(-x)`, not `sigmoid(x)*(1 - sigmoid(x))`.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Float, Integer, KroneckerDelta, Rational, exp, log, pi, sqrt
from sympy.core.function import ArgumentIndexError

from gradcli.symbolic.scalars import mpmath_scalars

HALF = Rational(1, 2)


class Scalar(sympy.Function):  # type: ignore[misc]
    """A real function; numbers come from the mpmath namespace under the same name."""

    is_real = True

    def _eval_evalf(self, prec: int) -> Any:
        scalars = mpmath_scalars(int(prec * 0.30103) + 5)
        numbers = []
        for argument in self.args:
            value = argument.evalf(int(prec * 0.30103) + 5)
            if not (value.is_Number or value is sympy.nan):
                return None
            numbers.append(value)
        arguments = [
            int(value) if value.is_Integer else scalars.mp.mpf(value._to_mpmath(prec + 10))
            for value in numbers
        ]
        value = getattr(scalars, type(self).__name__)(*arguments)
        if isinstance(value, int):
            return Integer(int(value))
        return sympy.Expr._from_mpmath(value, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name = r"\operatorname{" + type(self).__name__.replace("_", r"\_") + "}"
        arguments = ", ".join(printer._print(argument) for argument in self.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({arguments}\right)"

    def derivatives(self) -> tuple[Any, ...]:
        """One partial derivative per argument."""
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> Any:
        if not 1 <= argindex <= len(self.args):
            raise ArgumentIndexError(self, argindex)
        return self.derivatives()[argindex - 1]


def exact(*values: Any) -> bool:
    """Whether all are exact finite numbers."""
    return all(value.is_number and value.is_finite and not value.has(Float) for value in values)


# --- steps and choice -----------------------------------------------------------------------------


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


class maximum(Scalar):
    """The larger of two."""

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        if a == b:
            return a
        return sympy.Max(a, b) if exact(a, b) else None

    def derivatives(self) -> tuple[Any, ...]:
        a, b = self.args
        one, zero = Integer(1), Integer(0)
        return where(less(b, a), one, zero), where(less(a, b), one, zero)


class minimum(Scalar):
    """The smaller of two."""

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        if a == b:
            return a
        return sympy.Min(a, b) if exact(a, b) else None

    def derivatives(self) -> tuple[Any, ...]:
        a, b = self.args
        one, zero = Integer(1), Integer(0)
        return where(less(a, b), one, zero), where(less(b, a), one, zero)


class relu(Scalar):
    """`maximum(x, 0)` with derivative 0 at 0."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return sympy.Max(x, 0) if exact(x) else None

    def derivatives(self) -> tuple[Any, ...]:
        return (where(less(Integer(0), self.args[0]), Integer(1), Integer(0)),)


# --- exponentials ---------------------------------------------------------------------------------


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


class xlogy(Scalar):
    """x*log(y), and 0 where x = 0."""

    @classmethod
    def eval(cls, x: Any, y: Any) -> Any:
        return Integer(0) if x == 0 or y == 1 else None

    def derivatives(self) -> tuple[Any, ...]:
        x, y = self.args
        return log(y), where(equal(x, Integer(0)), Integer(0), x / y)


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


# --- special functions ----------------------------------------------------------------------------


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
    """An incomplete function: the derivative by its last argument is `density`, those by the others are
    functions of their own, whose own ones have no closed form."""

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


def besseli(n: Any, x: Any) -> Any:
    """The modified Bessel function of whole order: `i0`, `i1` or `iv`."""
    n = abs(sympy.sympify(n))
    x = sympy.sympify(x)
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


def own(expression: Any) -> Any:
    """SymPy's `sign`, `Max`, `DiracDelta` ... as the functions of this module.

    `sqrt(x**2)` becomes SymPy's `Abs` by itself, whose derivative is SymPy's `sign`, whose
    derivative is a
    distribution: call this after each differentiation.
    """
    replacements: tuple[tuple[Any, Any], ...] = (
        (sympy.sign, sign),
        (sympy.DiracDelta, lambda *arguments: Integer(0)),
        (sympy.floor, floor),
        (sympy.ceiling, ceil),
    )
    for theirs, ours in replacements:
        if expression.has(theirs):
            expression = expression.replace(theirs, ours)
    return expression


_CLASSES = (
    less, less_equal, equal, logical_not, logical_and, logical_or, where, sign, floor, ceil, trunc, round,
    maximum, minimum, relu, sigmoid, softplus, logaddexp, log1p, expm1, xlogy, tanh, cbrt, hypot, arctan2,
    erfc, erfcx, ndtr, log_ndtr, ndtri, gamma, gammaln, digamma, polygamma, i0, i1, iv, sinc, spherical_jn,
    beta, gammainc, gammaincc, gammainc_da, betainc, betainc_da, betainc_db, expi, exp1,
)  # fmt: skip

TABLE: dict[str, Any] = {
    **{one.__name__: one for one in _CLASSES},
    "abs": sympy.Abs,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "arcsinh": sympy.asinh,
    "arccosh": sympy.acosh,
    "arctanh": sympy.atanh,
    "erf": sympy.erf,
    "erfinv": sympy.erfinv,
    "besseli": besseli,
    "pi": pi,
}
"""The namespace, by name."""
