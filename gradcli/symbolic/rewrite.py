"""Rewriting an expression in index notation as a whole: piece by piece, its sums merged, its
products multiplied out."""

from __future__ import annotations

from math import comb
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Pow

from gradcli.symbolic.indices import Contraction, WholeArray, contract, power_parts
from gradcli.symbolic.length import MOST_WEIGHT, Scale

SPREAD = 200
"""Terms of a product that is multiplied out; beyond that no form of it is the shortest."""


GROWTH = 4
"""So many times longer may an expression become on the way to a shorter one."""


class SpreadError(Exception):
    """Multiplied out, a product would have too many terms."""


def mapped(expr: Any, function: Any) -> Any:
    """Apply a function bottom-up, to equal pieces once; contractions are contracted again."""
    made: dict[Any, Any] = {}

    def walk(piece: Any) -> Any:
        found = made.get(piece)
        if found is None:
            found = made[piece] = function(parts(piece))
        return found

    def parts(piece: Any) -> Any:
        if not piece.args:
            return piece
        if isinstance(piece, Contraction):
            body, bound = piece.reopened()
            return contract(walk(body), bound)
        if isinstance(piece, WholeArray):
            return WholeArray(walk(piece.body), *piece.axes)
        args = [walk(arg) if isinstance(arg, sympy.Basic) else arg for arg in piece.args]
        return piece.func(*args) if tuple(args) != piece.args else piece

    return walk(expr)


def merged(expr: Expr) -> Expr:
    """Sums inside the product of a sum become one sum, so that its factors meet."""

    def step(piece: Any) -> Any:
        if not isinstance(piece, Contraction):
            return piece
        body, bound = piece.opened()
        factors: list[Expr] = []
        for factor in Mul.make_args(body):
            if isinstance(factor, Contraction):
                inner, more = factor.opened()
                factors.append(inner)
                bound += more
            else:
                factors.append(factor)
        return contract(Mul(*factors), bound)

    return mapped(expr, step)


def spread(expr: Expr) -> Expr:
    """Products multiplied out, sums over sums split: like terms meet and cancel.

    Raises:
        SpreadError: where that is many times longer.
    """
    scale = Scale()
    longest = min(GROWTH * scale.weight(expr) + SPREAD, MOST_WEIGHT)

    def opened(piece: Expr, **hints: bool) -> Expr:
        _check_terms(piece)
        made = sympy.expand(
            piece, deep=False, power_base=False, power_exp=False, log=False, **hints
        )
        if scale.weight(made) > longest:
            raise SpreadError
        return made

    def step(piece: Any) -> Any:
        if isinstance(piece, (Mul, Pow)):
            return opened(piece, trig=False)
        if isinstance(piece, Contraction) and isinstance(piece.body, (Add, Mul)):
            body, bound = piece.opened()
            terms = opened(body)
            if isinstance(terms, Add):
                return Add(*(contract(term, bound) for term in terms.args))
        return piece

    return mapped(expr, step)


def _check_terms(piece: Expr) -> None:
    """Refuse a product of sums with too many terms; its factors are multiplied out already."""
    terms = 1
    for factor in Mul.make_args(piece):
        base, exponent = power_parts(factor)
        if isinstance(base, Add) and exponent.is_Integer:
            power, count = abs(int(exponent)), len(base.args)
            terms *= comb(count + power - 1, power)
        if terms > SPREAD:
            raise SpreadError
