"""Simplified forms of an expression in index notation, for the shortest to win.

Recognition is numerically sound: `exp(a)/(1 + exp(a))` becomes `sigmoid(a)`, which never overflows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Pow

from gradcli.symbolic.indices import Contraction, Delta, Lambda, contract, depth_of, indices_of
from gradcli.symbolic.scalars import sympy_scalars


def candidates(expr: Expr) -> Iterator[Expr]:
    """The expression as it is and in other forms, the same in value."""
    seen: list[Expr] = []
    first = recognise(expr)
    for make in (lambda e: e, spread, collect):
        made = recognise(make(first))
        if made not in seen:
            seen.append(made)
            yield made


def _map(expr: Any, function: Any) -> Any:
    """Apply a function to an expression bottom-up, contractions re-contracted."""
    if not expr.args:
        return function(expr)
    if isinstance(expr, Contraction):
        body, bound = expr.opened()
        return function(contract(_map(body, function), bound))
    if isinstance(expr, Lambda):
        return Lambda(_map(expr.body, function), *expr.axes)
    args = [_map(arg, function) if isinstance(arg, sympy.Basic) else arg for arg in expr.args]
    return function(expr.func(*args) if tuple(args) != expr.args else expr)


# --- recognition -----------------------------------------------------------------------------------


def recognise(expr: Expr) -> Expr:
    """Put the functions that people write in the place of their formulas."""
    sigmoid = sympy_scalars().sigmoid

    def products(piece: Any) -> Any:
        return _sigmoids(piece, sigmoid) if isinstance(piece, Mul) else piece

    def powers(piece: Any) -> Any:
        return _sigmoids(piece, sigmoid) if isinstance(piece, Pow) else piece

    return _map(_map(expr, products), powers)


def _one_plus_exp(base: Expr) -> tuple[Expr, Expr] | None:
    """For `c*(1 + exp(a))` written as `c + c*exp(a)`: a and c (c = 1 only)."""
    if isinstance(base, Add) and len(base.args) == 2 and Integer(1) in base.args:
        (other,) = (arg for arg in base.args if arg != 1)
        if isinstance(other, sympy.exp):
            return other.args[0], Integer(1)
    return None


def _sigmoids(piece: Expr, sigmoid: Any) -> Expr:
    """`exp(a)/(1 + exp(a))` -> sigmoid(a), `1/(1 + exp(a))` -> sigmoid(-a), and powers of them."""
    factors = list(Mul.make_args(piece))
    for position, factor in enumerate(factors):
        if not (isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp < 0):
            continue
        found = _one_plus_exp(factor.base)
        if found is None:
            continue
        a, count = found[0], -int(factor.exp)
        rest = factors[:position] + factors[position + 1 :]
        replaced = []
        for _ in range(count):
            tops = [f for f in rest if isinstance(f, sympy.exp)]
            match = next((f for f in tops if _contains(f.args[0], a)), None)
            if match is None:
                replaced.append(sigmoid(-a))
                continue
            rest.remove(match)
            left = sympy.exp(match.args[0] - a)
            if left != 1:
                rest.append(left)
            replaced.append(sigmoid(a))
        return _sigmoids(Mul(*rest, *replaced), sigmoid)
    return piece


def _contains(exponent: Expr, part: Expr) -> bool:
    """Whether `part` can be split off an exponent as a whole term."""
    if exponent == part:
        return True
    difference = exponent - part
    return len(Add.make_args(difference)) < len(Add.make_args(exponent)) or (
        exponent.is_Mul and (exponent / part).is_Integer and (exponent / part) > 1
    )


# --- other shapes of the same value ------------------------------------------------------------------


def spread(expr: Expr) -> Expr:
    """Products multiplied out, sums over sums split: like terms meet and cancel."""

    def step(piece: Any) -> Any:
        if isinstance(piece, (Mul, Pow)):
            return sympy.expand(
                piece, deep=False, power_base=False, power_exp=False, log=False, trig=False
            )
        if isinstance(piece, Contraction) and isinstance(piece.body, (Add, Mul)):
            body, bound = piece.opened()
            opened = sympy.expand(body, deep=False, power_base=False, power_exp=False, log=False)
            if isinstance(opened, Add):
                return Add(*(contract(term, bound) for term in opened.args))
        return piece

    return _map(expr, step)


def collect(expr: Expr) -> Expr:
    """Common factors of the terms drawn out."""
    if not isinstance(expr, Add) or expr.has(Delta) or depth_of(expr) > 4:
        return expr
    common = None
    for term in expr.args:
        factors = {f for f in Mul.make_args(term) if indices_of(f) or not f.is_Number}
        common = factors if common is None else common & factors
    if not common:
        return expr
    shared = Mul(*common)
    return Mul(shared, Add(*(term / shared for term in expr.args)), evaluate=False)
