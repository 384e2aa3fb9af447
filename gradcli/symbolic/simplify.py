"""Simplified forms of an expression in index notation, for the shortest to win.

Recognition is numerically sound: `exp(a)/(1 + exp(a))` becomes `sigmoid(a)`, which never overflows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Pow

from gradcli.symbolic.indices import (
    Contraction,
    Delta,
    depth_of,
    indices_of,
    power_parts,
)
from gradcli.symbolic.length import Scale
from gradcli.symbolic.rewrite import SpreadError, mapped, merged, spread
from gradcli.symbolic.scalars import sympy_scalars

LARGE = 400
"""Symbols of an expression that is shown as it is: no other form of it would be much shorter."""


def candidates(expr: Expr) -> Iterator[Expr]:
    """The expression as it is and in other forms, the same in value."""
    seen: list[Expr] = []
    first = recognise(expr)
    forms = (_as_it_is, merged, spread, _one_sigmoid, _spread_sigmoid, collect)
    for make in forms[:1] if Scale().weight(first) > LARGE else forms:
        try:
            made = recognise(make(first))
        except SpreadError:
            continue
        if made not in seen:
            seen.append(made)
            yield made


def _as_it_is(expr: Expr) -> Expr:
    return expr


# --- recognition ----------------------------------------------------------------------------------


def recognise(expr: Expr) -> Expr:
    """Put the functions that people write in the place of their formulas."""
    sigmoid = sympy_scalars().sigmoid

    def products(piece: Any) -> Any:
        return _sigmoids(piece, sigmoid) if isinstance(piece, Mul) else piece

    less = sympy_scalars().less

    def others(piece: Any) -> Any:
        if isinstance(piece, less):
            return _comparison(piece)
        if isinstance(piece, Pow):
            return _sigmoids(piece, sigmoid)
        if isinstance(piece, Mul):
            return _choices(_ratios(_signs(_lowered(piece))))
        return _complements(_opposites(piece)) if isinstance(piece, Add) else piece

    return mapped(mapped(expr, products), others)


def _ratios(piece: Expr) -> Expr:
    """`sinh(a)/cosh(a)` -> tanh(a)."""
    tanh = sympy_scalars().tanh
    factors = list(Mul.make_args(piece))
    for factor in factors:
        if isinstance(factor, sympy.sinh):
            bottom = next(
                (f for f in factors if power_parts(f)[0] == sympy.cosh(factor.args[0])), None
            )
            if bottom is not None and power_parts(bottom)[1] == -1:
                rest = [f for f in factors if f is not factor and f is not bottom]
                return Mul(*rest, tanh(factor.args[0]))
    return piece


def _complements(piece: Expr) -> Expr:
    """`1 - sigmoid(a)` -> sigmoid(-a), which keeps its tail."""
    if isinstance(piece, Add) and len(piece.args) == 2 and Integer(1) in piece.args:
        number, rest = (piece - 1).as_coeff_Mul()
        if number == -1 and isinstance(rest, sympy_scalars().sigmoid):
            return type(rest)(-rest.args[0])
    return piece


def _lowered(piece: Expr) -> Expr:
    """`x**p/x` -> x**(p - 1), which is right at 0 too."""
    factors = list(Mul.make_args(piece))
    for factor in factors:
        base, exponent = power_parts(factor)
        if exponent.is_number:
            continue
        other = next((f for f in factors if f in (1 / base, base)), None)
        if other is not None:
            rest = [f for f in factors if f is not factor and f is not other]
            return Mul(*rest, Pow(base, exponent + power_parts(other)[1]), evaluate=False)
    return piece


def _signs(piece: Expr) -> Expr:
    """`sign(u)/abs(u)` -> 1/u, `sign(u)*abs(u)` -> u."""
    scalars = sympy_scalars()
    factors = list(Mul.make_args(piece))
    for factor in factors:
        base, exponent = power_parts(factor)
        if not isinstance(base, (scalars.sign, sympy.sign)):
            continue
        size = next((f for f in factors if power_parts(f)[0] == sympy.Abs(base.args[0])), None)
        if exponent != 1:
            continue
        same = next((f for f in factors if power_parts(f)[0] == base.args[0]), None)
        if size is None and same is not None and power_parts(same)[1].is_positive:
            rest = [f for f in factors if f is not factor and f is not same]
            return Mul(*rest, sympy.Abs(base.args[0]), same / base.args[0])
        if size is None:
            continue
        power = power_parts(size)[1]
        if power.is_Integer and power % 2:
            rest = [f for f in factors if f is not factor and f is not size]
            return Mul(*rest, base.args[0] ** power)
    return piece


# --- choices --------------------------------------------------------------------------------------


def _comparison(piece: Expr) -> Expr:
    """`a < b` as `0 < b - a` where that is shorter; a bound that a maximum meets anyway goes."""
    scalars = sympy_scalars()
    a, b = piece.args
    if isinstance(a, scalars.maximum) and b.is_number:
        open_ends = [end for end in a.args if not (end.is_number and end < b)]
        if len(open_ends) == 1:
            return scalars.less(open_ends[0], b)
    if isinstance(b, scalars.minimum) and a.is_number:
        open_ends = [end for end in b.args if not (end.is_number and a < end)]
        if len(open_ends) == 1:
            return scalars.less(a, open_ends[0])
    if a.is_number or b.is_number:
        return piece
    difference = sympy.expand(b - a, deep=False, power_base=False, power_exp=False, log=False)
    if sympy.count_ops(difference) >= sympy.count_ops(a) + sympy.count_ops(b):
        return piece
    if difference.could_extract_minus_sign():
        return scalars.less(-difference, Integer(0))
    return scalars.less(Integer(0), difference)


def _choices(piece: Expr) -> Expr:
    """`g*where(c, 1, 0)` -> where(c, g, 0); `maximum(0, u)*where(u > 0, 1, 0)` -> maximum(0, u)."""
    scalars = sympy_scalars()
    factors = list(piece.args)
    masks = [factor for factor in factors if isinstance(factor, scalars.where)]
    ones = [mask for mask in masks if mask.args[1:] == (1, 0)]
    if len(ones) == 2:  # both must hold
        both = scalars.logical_and(ones[0].args[0], ones[1].args[0])
        rest = [factor for factor in factors if factor not in ones]
        return _map_choice(Mul(*rest, scalars.where(both, Integer(1), Integer(0))))
    for mask in masks:
        condition, a, b = mask.args
        if {a, b} != {Integer(0), Integer(1)}:
            continue
        rest = list(factors)
        rest.remove(mask)
        if a == 1 and any(_vanishes_outside(factor, condition, scalars) for factor in rest):
            return _map_choice(Mul(*rest))
    if len(masks) == 1 and Integer(0) in masks[0].args[1:]:
        (mask,) = masks
        number, others = Mul(*(f for f in factors if f is not mask)).as_coeff_Mul()
        condition, a, b = mask.args
        inside = [
            f for f in Mul.make_args(others) if indices_of(f) and not isinstance(f, Contraction)
        ]
        inside = [f for f in inside if indices_of(f) <= indices_of(condition)]
        outside = [f for f in Mul.make_args(others) if f not in inside]
        if inside:
            return (
                number
                * Mul(*outside)
                * scalars.where(condition, a * Mul(*inside), b * Mul(*inside))
            )
    return piece


def _map_choice(piece: Expr) -> Expr:
    return _choices(piece) if isinstance(piece, Mul) else piece


def _vanishes_outside(factor: Expr, condition: Expr, scalars: Any) -> bool:
    """Whether a factor is 0 wherever `0 < u` is false."""
    if not isinstance(condition, scalars.less) or condition.args[0] != 0:
        return False
    base = factor.base if isinstance(factor, Pow) and factor.exp.is_positive else factor
    if isinstance(base, scalars.maximum):
        return set(base.args) == {Integer(0), condition.args[1]}
    return isinstance(base, scalars.relu) and base.args[0] == condition.args[1]


def _opposites(piece: Expr) -> Expr:
    """`a*where(c, 1, 0) + b*where(c, 0, 1)` -> where(c, a, b), also where written as sums of
    choices."""
    scalars = sympy_scalars()
    found: dict[Any, list[Expr]] = {}
    for term in piece.args:
        factors = Mul.make_args(term)
        choice = [factor for factor in factors if isinstance(factor, scalars.where)]
        number = Mul(*(factor for factor in factors if factor not in choice))
        if len(choice) == 1 and not indices_of(number):
            condition, a, b = choice[0].args
            flip = False
            other = condition
            if isinstance(condition, scalars.less):
                other = scalars.less(condition.args[1], condition.args[0])
                flip = b == 0 and other in found and condition not in found
            pair = found.setdefault(
                other if flip else condition, [Integer(0), Integer(0), Integer(0)]
            )
            pair[0] += number * (b if flip else a)
            pair[1] += number * (a if flip else b)
            pair[2] += term
    merged = [
        (pair[2], scalars.where(condition, pair[0], pair[1]))
        for condition, pair in found.items()
        if isinstance(pair[2], Add)
    ]
    for old, new in merged:
        piece = piece - old + new
    return piece


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


# --- other shapes of the same value ---------------------------------------------------------------


def _one_sigmoid(expr: Expr) -> Expr:
    """sigmoid(-a) as 1 - sigmoid(a) where both occur, multiplied out."""
    sigmoid = sympy_scalars().sigmoid
    found = expr.atoms(sigmoid)
    pairs = {s: 1 - sigmoid(-s.args[0]) for s in found if sigmoid(-s.args[0]) in found}
    kept = {s: made for s, made in pairs.items() if s.args[0].could_extract_minus_sign()}
    return spread(expr.xreplace(kept)) if kept else expr


def _spread_sigmoid(expr: Expr) -> Expr:
    return _one_sigmoid(recognise(spread(expr)))


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
