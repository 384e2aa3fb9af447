"""The two scalar namespaces: equal names, equal values, and derivatives that are true."""

from __future__ import annotations

import random
from typing import Any

import pytest

sympy = pytest.importorskip("sympy")

from gradcli.symbolic.scalars import mpmath_scalars, sympy_scalars  # noqa: E402
from gradcli.symbolic.sympy_functions import own  # noqa: E402

S, M = sympy_scalars(), mpmath_scalars(30)
mp = M.mp
ORDERED = ("polygamma", "besseli", "besselie", "besselj", "iv", "ive", "jv", "spherical_jn")
"""Functions whose first argument is a whole number."""
DOMAIN = {
    "log": (0.1, 3), "sqrt": (0.1, 3), "digamma": (0.1, 3), "polygamma": (0.1, 3), "gamma": (0.1, 3),
    "xlogy": (0.1, 3), "squareplus": (0.1, 3), "xlog1py": (0.1, 3), "rel_entr": (0.1, 3), "kl_div": (0.1, 3), "entr": (0.1, 3),
    "log1mexp": (0.1, 3), "logit": (0.1, 0.9), "arccosh": (1.1, 3), "arcsin": (-0.9, 0.9), "arccos": (-0.9, 0.9),
    "beta": (0.1, 3), "gammainc": (0.1, 3), "gammaincc": (0.1, 3), "gammainc_da": (0.1, 3), "exp1": (0.1, 3),
    "betainc": (0.1, 0.9), "betainc_da": (0.1, 0.9), "betainc_db": (0.1, 0.9),
    "arctanh": (-0.9, 0.9), "erfinv": (-0.9, 0.9), "ndtri": (0.1, 0.9), "log1p": (-0.9, 2),
}  # fmt: skip
BINARY = (
    "less", "less_equal", "equal", "logical_and", "logical_or", "maximum", "minimum", "logaddexp", "xlogy",
    "squareplus", "hypot", "arctan2", "beta", "xlog1py", "rel_entr", "kl_div", "gammainc", "gammaincc", "gammainc_da",
)  # fmt: skip
TERNARY = ("betainc", "betainc_da", "betainc_db")
FUNCTIONS = sorted(set(vars(S)) - {"pi", "where"})


NO_CLOSED_FORM = ("gammainc_da", "betainc_da", "betainc_db")
"""Functions without a closed derivative by an argument that is not the last."""


def arguments(name: str) -> int:
    """Number of arguments that are not an order."""
    return 3 if name in TERNARY else 2 if name in BINARY else 1


def number(value: Any) -> Any:
    return mp.mpf(value.p) / value.q


def close(a: Any, b: Any, tolerance: float) -> bool:
    return bool(abs(mp.mpf(a) - mp.mpf(b)) <= tolerance * (1 + abs(mp.mpf(b))))


def test_both_namespaces_have_the_same_names() -> None:
    assert set(vars(S)) == set(vars(M)) - {"mp"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sympy_and_mpmath_agree(name: str) -> None:
    draw = random.Random(name)
    low, high = DOMAIN.get(name, (-2.5, 2.5))
    symbols = sympy.symbols("X Y Z"[: 2 * arguments(name)], real=True, seq=True)
    for order in range(4) if name in ORDERED else (None,):
        first = () if order is None else (order,)
        expression = getattr(S, name)(*first, *symbols)
        for _ in range(3):
            point = [
                sympy.Rational(round(draw.uniform(low, high) * 1000) * 2 + 1, 2000) for _ in symbols
            ]
            at = dict(zip(symbols, point, strict=True))
            numbers = [number(value) for value in point]
            value = getattr(M, name)(*first, *numbers)
            assert close(sympy.N(expression.subs(at), 25)._to_mpmath(90), value, 1e-22)
            for axis, symbol in enumerate(symbols):
                if axis < len(symbols) - 1 and name in NO_CLOSED_FORM:
                    continue
                slope = sympy.N(own(expression.diff(symbol)).subs(at), 25)._to_mpmath(90)

                def along(
                    t: Any, axis: int = axis, numbers: Any = numbers, first: Any = first
                ) -> Any:
                    moved = [t if index == axis else value for index, value in enumerate(numbers)]
                    return mp.mpf(getattr(M, name)(*first, *moved))

                assert close(slope, mp.diff(along, numbers[axis]), 1e-9)


@pytest.mark.parametrize("name", sorted(set(vars(M)) - {"mp", "pi", "where"}))
def test_mpmath_functions_take_any_number(name: str) -> None:
    for value in (0, 1, -1, 40, -40, 0.5, -1.5, 1e300, -1e300, 1e-300, mp.inf, -mp.inf, mp.nan):
        argument = mp.mpf(value)
        if arguments(name) > 1:
            for other in (0, 2, mp.inf, mp.nan):
                getattr(M, name)(*[argument, mp.mpf(other), argument][: arguments(name)])
        elif name in ORDERED:
            getattr(M, name)(2, argument)
        else:
            getattr(M, name)(argument)


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("sigmoid", -40, "4.2483542552915889953e-18"),
        ("softplus", -40, "4.2483542552915889863e-18"),
        ("erfc", 26, "5.6631924088561428465e-296"),
        ("log_ndtr", -40, "-804.60844201375378817"),
        ("ndtri", 1e-300, "-37.0471"),
        ("log", 0, "-inf"),
        ("exp", float("-inf"), "0"),
        ("gammaln", -0.5, "1.2655121234846454"),
        ("erfc", 1e300, "0"),
        ("round", 2.5, "2"),
        ("cbrt", -8, "-2"),
    ],
)
def test_tails_and_conventions(name: str, point: float, value: str) -> None:
    result = getattr(M, name)(mp.mpf(point))
    expected = mp.mpf(value)
    assert result == expected or abs(result / expected - 1) < 1e-5


def test_where_ignores_the_branch_not_taken() -> None:
    x = sympy.Symbol("x", real=True)
    slope = S.where(S.less(sympy.Integer(0), x), S.sqrt(x), sympy.Integer(0)).diff(x)
    assert slope.subs(x, -1) == 0


def test_exact_arguments_stay_exact() -> None:
    assert S.sigmoid(sympy.Integer(0)) == sympy.Rational(1, 2)
    assert S.round(sympy.Rational(5, 2)) == 2
    assert S.less(sympy.pi, sympy.Integer(3)) == 0
    assert S.cbrt(sympy.Integer(-8)) == -2
    x = sympy.Symbol("x", real=True)
    assert S.cbrt(x) ** 3 == x


def test_second_derivative_of_abs_is_zero() -> None:
    x = sympy.Symbol("x", real=True)
    assert own(own(sympy.sqrt(x**2).diff(x)).diff(x)) == 0
