"""Index notation for reading: `Σ_i (Σ_j A[i,j] x[j] - y[i])²`, with letters for indices.

Free indices have the letters that the caller gives them; bound ones get letters that are not in use
where they stand. Sizes are `n`, `m` ..., said at the first line that has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Rational

from gradcli.symbolic import tree as t
from gradcli.symbolic.heads import write
from gradcli.symbolic.indices import (
    SYMMETRIC,
    Contraction,
    Delta,
    Element,
    Entry,
    Index,
    NoFormError,
    SizeSymbol,
)
from gradcli.symbolic.matrix import Translator
from gradcli.symbolic.printers import GREEK, SUPERSCRIPTS
from gradcli.symbolic.scalars import NAMES
from gradcli.symbolic.tree import ADD, MULTIPLY, POSTFIX, POWER, UNARY

LETTERS = "ijklpqrsuvabcdgh"
SIZES = "nmNMDK"
LARGEST = 600
"""An expression with more pieces is not written down."""

Piece = tuple[str, int]
Scope = Mapping[Any, str]


class IndexText:
    """Writes expressions in index notation.

    Args:
        shapes: of every named array.
        taken: names that indices and sizes may not have.
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]], taken: Sequence[str]) -> None:
        self.shapes = shapes
        self.translator = Translator(shapes)
        self.letters = [letter for letter in LETTERS if letter not in taken]
        self._sizes = [letter for letter in SIZES if letter not in taken]
        self._size_letters: dict[str, str] = {}
        self._said: set[str] = set()

    def names(self, axes: Sequence[Any], start: int = 0) -> dict[Any, str]:
        """Letters for free indices, from the given one on."""
        indices = dict.fromkeys(axis for axis in axes if isinstance(axis, Index))
        return dict(zip(indices, self._letters(start), strict=False))

    def line(self, expr: Expr, scope: Scope) -> str:
        """An expression whose free indices have letters, and what the sizes in it are.

        Raises:
            NoFormError: where it has no text, or would be too long.
        """
        if not is_small(expr, LARGEST):
            raise NoFormError("too long to be written down")
        text = self._walk(expr, scope)[0]
        for size, letter in self._size_letters.items():
            if letter not in self._said:
                self._said.add(letter)
                text += f",  {letter} = {size}"
        return text

    def entry(self, name: str, axes: Sequence[Any], scope: Scope) -> str:
        """`x[k]`, `X[k,0]`; a scalar is its name."""
        shown = GREEK.get(name, name)
        if not axes:
            return shown
        return f"{shown}[{','.join(self._index(axis, scope) for axis in axes)}]"

    def _letters(self, start: int = 0) -> Iterator[str]:
        yield from self.letters[start:]
        number = 1
        while True:
            yield f"i{number}"
            number += 1

    def _index(self, index: Any, scope: Scope) -> str:
        if isinstance(index, Index):
            return scope[index] if index in scope else str(index)
        return str(index)

    # --- one method per kind of expression

    def _walk(self, expr: Any, scope: Scope) -> Piece:
        if isinstance(expr, Rational):
            text = t.number_text(Fraction(int(expr.p), int(expr.q)))
            return text, UNARY if expr < 0 else MULTIPLY if "/" in text else POSTFIX
        if isinstance(expr, SizeSymbol):
            return self._size(expr), POSTFIX
        if isinstance(expr, Entry):
            return self._entry(expr, scope), POSTFIX
        if isinstance(expr, Delta):
            return f"δ[{','.join(sorted(self._index(i, scope) for i in expr.args))}]", POSTFIX
        if isinstance(expr, Element):
            return self._element(expr, scope), POSTFIX
        if isinstance(expr, Add):
            return self._sum(expr, scope), ADD
        if isinstance(expr, (Contraction, Mul)):
            number, rest = content(expr)
            if number == 1 and isinstance(rest, Contraction):
                return self._contraction(rest, scope), MULTIPLY
            return self._product(number, rest, scope)
        if isinstance(expr, Pow):
            return self._power(expr, scope)
        if isinstance(expr, Index):
            return self._index(expr, scope), POSTFIX
        if expr in CONSTANTS:
            return CONSTANTS[expr], POSTFIX
        if isinstance(expr, sympy.Function):
            return self._function(expr, scope)
        raise NoFormError(f"no text for {type(expr).__name__}")

    def _wrapped(self, expr: Any, scope: Scope, level: int) -> str:
        text, own = self._walk(expr, scope)
        return text if own >= level else f"({text})"

    def _size(self, symbol: SizeSymbol) -> str:
        dim = symbol.dim.find()
        if dim.text is None:
            return str(dim.size)
        if dim.text not in self._size_letters:
            if len(self._size_letters) >= len(self._sizes):
                return str(dim.text)
            self._size_letters[dim.text] = self._sizes[len(self._size_letters)]
        return self._size_letters[dim.text]

    def _entry(self, expr: Entry, scope: Scope) -> str:
        name = expr.tensor.text
        given = iter(expr.indices)
        axes = [Integer(0) if size == 1 else next(given) for size in self.shapes[name]]
        return self.entry(name, axes, scope)

    def _element(self, expr: Element, scope: Scope) -> str:
        indices = [self._index(index, scope) for index in expr.indices]
        params = [str(param) for param in expr.params if param != SYMMETRIC]
        if expr.head == "pick" and len(params) == 1 and params[0].isdigit():
            return f"δ[{params[0]},{','.join(indices)}]"
        if expr.head in ("pick", "select"):
            return f"eye({self.translator.size(expr.indices[-1]).text})[{','.join(params)}]" + (
                f"[{','.join(indices)}]"
            )
        arrays = [self.translator.whole(array) for array in expr.lambdas]
        tree = write(expr.head, arrays, params, not indices)
        text = t.text_of(tree)
        if tree.kind not in ("call", "name", "index"):
            text = f"({text})"
        return f"{text}[{','.join(indices)}]" if indices else text

    def _sum(self, expr: Add, scope: Scope) -> str:
        text = ""
        for term in ordered_terms(expr):
            if _is_negative(term):
                part = self._wrapped(-term, scope, MULTIPLY)
                text += f" - {part}" if text else f"-{part}"
            else:
                text += (" + " if text else "") + self._wrapped(term, scope, MULTIPLY)
        return text

    def _contraction(self, expr: Contraction, scope: Scope) -> str:
        used = set(scope.values())
        free = (letter for letter in self._letters() if letter not in used)
        bound = sorted(expr.bound, key=_appearance(expr.body).index)
        inner = {**scope, **dict(zip(bound, free, strict=False))}
        letters = "".join(inner[index] for index in bound)
        return f"Σ_{letters} {self._wrapped(expr.body, inner, MULTIPLY)}"

    def _product(self, number: Expr, rest: Expr, scope: Scope) -> Piece:
        tops = [f for f in ordered_factors(rest) if not _is_below(f)]
        bottoms = [1 / f for f in ordered_factors(rest) if _is_below(f)]
        sign = "-" if number < 0 else ""
        number = abs(number)
        if not isinstance(number, Rational):
            number, tops = Integer(1), [number, *tops]
        sums = bool(tops) and isinstance(tops[-1], Contraction)
        front = [str(number.p)] if number.p != 1 or not tops else []
        if sums and not bottoms and number.q != 1:
            front = [f"{number.p}/{number.q}"]
        below = [str(number.q)] if number.q != 1 and not (sums and not bottoms) else []
        parts = front + [
            self._wrapped(f, scope, MULTIPLY if sums and n == len(tops) - 1 else UNARY)
            for n, f in enumerate(tops)
        ]
        text = " ".join(parts)
        below += [self._wrapped(f, scope, POWER) for f in bottoms]
        if below:
            top = f"({text})" if sums else text
            text = f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({' '.join(below)})"
        level = MULTIPLY if len(parts) > 1 or below or sums else UNARY
        return sign + text, min(level, UNARY) if sign else level

    def _power(self, expr: Pow, scope: Scope) -> Piece:
        base, exponent = expr.base, expr.exp
        if _is_below(expr):
            return f"1/{self._wrapped(1 / expr, scope, POWER)}", MULTIPLY
        if exponent == Rational(1, 2):
            return f"sqrt({self._walk(base, scope)[0]})", POSTFIX
        below = self._wrapped(base, scope, POSTFIX)
        if exponent.is_Integer:
            return below + str(exponent).translate(SUPERSCRIPTS), POWER
        return f"{below}^{self._wrapped(exponent, scope, POSTFIX)}", POWER

    def _function(self, expr: Any, scope: Scope) -> Piece:
        name = type(expr).__name__
        parts = [self._walk(arg, scope)[0] for arg in expr.args]
        if name in COMPARISONS and len(parts) == 2:
            return f"{parts[0]} {COMPARISONS[name]} {parts[1]}", 0
        return f"{NAMES.get(name, name)}({', '.join(parts)})", POSTFIX


COMPARISONS = {"less": "<", "less_equal": "≤", "equal": "="}
CONSTANTS = {
    sympy.pi: "π",
    sympy.E: "e",
    sympy.oo: "∞",
    -sympy.oo: "-∞",
    sympy.nan: "nan",
    sympy.true: "True",
    sympy.false: "False",
}


def is_small(expr: Any, bound: int) -> bool:
    """Whether an expression has at most `bound` pieces."""
    count, waiting = 0, [expr]
    while waiting:
        count += 1
        if count > bound:
            return False
        waiting.extend(waiting.pop().args)
    return True


def content(expr: Any) -> tuple[Expr, Expr]:
    """The number that can be drawn out of a product and of its sums, and what is left."""
    if isinstance(expr, Contraction):
        number, body = content(expr.body)
        return number, expr if number == 1 else Contraction(body, *expr.bound)
    if isinstance(expr, Add):
        return expr.primitive()  # type: ignore[no-any-return]
    if isinstance(expr, Mul):
        first, rest = expr.as_coeff_Mul()
        parts = [content(factor) for factor in Mul.make_args(rest)]
        return Mul(first, *(one for one, _ in parts)), Mul(*(other for _, other in parts))
    return Integer(1), expr


def _is_negative(term: Any) -> bool:
    return bool(content(term)[0].is_negative)


def _is_below(factor: Any) -> bool:
    """Whether a factor stands under the fraction's bar."""
    return isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp.is_negative


def ordered_terms(expr: Add) -> list[Any]:
    """Positive terms first, a sum over an index last of them; negative numbers at the end."""

    def rank(term: Any) -> tuple[Any, ...]:
        negative = _is_negative(term)
        open_end = not negative and isinstance(ordered_factors(term)[-1], Contraction)
        number = bool(term.is_Number) is negative
        return negative, open_end, number, sympy.default_sort_key(term)

    return sorted(expr.args, key=rank)


def ordered_factors(expr: Any) -> list[Any]:
    """Sizes and entries, then functions, brackets and deltas; sums over indices last."""

    def rank(factor: Any) -> tuple[Any, ...]:
        base = factor.base if isinstance(factor, Pow) else factor
        order = ((SizeSymbol, 0), (Entry, 1), (sympy.Function, 2), (Element, 2), (Delta, 5))
        place = next((place for kind, place in order if isinstance(base, kind)), 3)
        if isinstance(factor, Contraction):
            place = 6
        name = base.tensor.text if isinstance(base, Entry) else ""
        return place, name, sympy.default_sort_key(factor)

    return sorted(Mul.make_args(expr), key=rank)


def _appearance(expr: Any) -> list[Any]:
    """The indices of an expression in the order in which its text has them."""
    found: dict[Any, None] = {}
    waiting = [expr]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, Index):
            found[piece] = None
        elif isinstance(piece, Add):
            waiting.extend(reversed(ordered_terms(piece)))
        elif isinstance(piece, Mul):
            waiting.extend(reversed(ordered_factors(piece)))
        else:
            waiting.extend(reversed(piece.args))
    return list(found)
