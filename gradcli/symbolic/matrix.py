"""Index notation -> matrix notation: a scalar expression in free indices becomes array operations.

One method per kind of expression; products with sums are in `term.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Pow, Rational

from gradcli.symbolic import tree as t
from gradcli.symbolic.factor import factor_sum
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
    WholeArray,
    indices_of,
)
from gradcli.symbolic.layout import Array, combine, exact, strip
from gradcli.symbolic.scalars import NAMES
from gradcli.symbolic.term import Term
from gradcli.symbolic.tree import Tree


class Translator:
    """Translates expressions over arrays of known shapes.

    Args:
        shapes: of every named array (where its axes of size 1 are matters).
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]]) -> None:
        self.shapes = shapes
        self.memo: dict[Any, Array] = {}

    def text(self, expr: Expr, axes: Sequence[Any], shape: str | None = None) -> Tree:
        """An expression as an array with exactly the given axes.

        Args:
            expr: in index notation.
            axes: an index each, or 0 for an axis of size 1.
            shape: how to say their sizes; by default one by one.
        """
        array = self.array(expr, [axis for axis in axes if isinstance(axis, Index)])
        return exact(array, tuple(axes), shape or self.shape_text(axes))

    def shape_text(self, axes: Sequence[Any]) -> str:
        """The sizes of some axes as a tuple."""
        sizes = [t.text_of(self.size(axis)) if isinstance(axis, Index) else "1" for axis in axes]
        return "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"

    # --- one method per kind of expression

    def array(self, expr: Expr, order: Sequence[Index]) -> Array:
        """An expression as an array over its free indices, preferably in `order`."""
        key = (expr, tuple(order))
        found = self.memo.get(key)
        if found is None:
            found = self._array(expr, order)
            self.memo[key] = found
        return found

    def _array(self, expr: Any, order: Sequence[Index]) -> Array:
        if isinstance(expr, Rational):
            return Array(t.number(Fraction(int(expr.p), int(expr.q))), ())
        if isinstance(expr, sympy.Float):
            return Array(t.number(Fraction(repr(float(expr)))), ())
        if isinstance(expr, SizeSymbol):
            dim = expr.dim.find()
            return Array(t.name(dim.text or str(dim.size), scalar=True), ())
        if isinstance(expr, Entry):
            return self._entry(expr)
        if isinstance(expr, Delta):
            return self._delta(expr)
        if isinstance(expr, Element):
            return self._element(expr)
        if isinstance(expr, Add):
            return self._sum(expr, order)
        if isinstance(expr, Contraction):
            body, bound = expr.opened()
            return Term(self, body, bound, order).array()
        if isinstance(expr, Mul):
            return Term(self, expr, [], order).array()
        if isinstance(expr, Pow):
            return self._power(expr, order)
        if isinstance(expr, Index):
            return Array(t.call("arange", self.size(expr)), (expr,))
        if expr in _CONSTANTS:
            return Array(_CONSTANTS[expr], ())
        if isinstance(expr, sympy.Function):
            return self._function(expr, order)
        raise NoFormError(f"no text for {type(expr).__name__}")

    def _entry(self, expr: Entry) -> Array:
        name = expr.tensor.text
        given = iter(expr.indices)
        layout = tuple(0 if size == 1 else next(given) for size in self.shapes[name])
        tree = t.name(name, scalar=not layout)
        if expr.tensor.kind in ("symmetric", "spd"):
            tree = replace(tree, symmetric=True)
        return _diagonal(Array(tree, layout))

    def _delta(self, expr: Delta) -> Array:
        return Array(t.call("eye", self.size(expr.args[0])), tuple(expr.args))

    def size(self, index: Index) -> Tree:
        """The length of an index's axis as text."""
        dim = index.dim.find()
        return t.name(dim.text or str(dim.size), scalar=True)

    def whole(self, array: WholeArray) -> Tree:
        """A whole array, with exactly its axes."""
        found = self.array(array.body, [axis for axis in array.axes if isinstance(axis, Index)])
        return exact(found, array.axes, self.shape_text(array.axes))

    def _element(self, expr: Element) -> Array:
        head, layout = expr.head, expr.indices
        params = [str(param) for param in expr.params if param != SYMMETRIC]
        if head == "pick":
            return Array(t.index(t.call("eye", self.size(layout[0])), params[0]), layout)
        if head == "tri":
            return Array(t.call("tri", self.size(layout[0])), layout)
        if head == "select":
            return Array(t.index(t.call("eye", self.size(layout[-1])), params[0]), layout)
        if head == "band":
            return Array(t.call("eye", self.size(layout[0]), k=params[0]), layout)
        if head == "reshape":
            expr = _reshaped_once(expr)
            pair = self._kronecker(expr)
            if pair is not None:
                return Array(t.linear(lambda trees: t.call("kron", *trees), pair), layout)
        arrays = [self.whole(array) for array in expr.lambdas]
        made = write(head, arrays, params, not layout)
        if SYMMETRIC in expr.params:
            made = replace(made, symmetric=True)
        return _diagonal(Array(made, layout))

    def _kronecker(self, expr: Element) -> list[Tree] | None:
        """The factors of a reshaped outer product that is a Kronecker product, else None."""
        (array,) = expr.lambdas
        rank = len(expr.indices)
        axes = array.axes
        if len(axes) != 2 * rank or rank > 2 or not all(isinstance(a, Index) for a in axes):
            return None
        sides: list[tuple[list[Expr], list[Index]]] = [([], list(axes[k::2])) for k in (0, 1)]
        for factor in Mul.make_args(array.body):
            owner = next((side for side in sides if indices_of(factor) <= set(side[1])), None)
            if owner is None:
                return None
            owner[0].append(factor)
        if any(indices_of(Mul(*factors)) != set(own) for factors, own in sides):
            return None
        return [
            exact(self.array(Mul(*factors), own), tuple(own), self.shape_text(own))
            for factors, own in sides
        ]

    def _sum(self, expr: Add, order: Sequence[Index]) -> Array:
        terms = [self.array(term, order) for term in expr.args]
        terms.sort(key=_reading_order)
        return combine(terms, order, lambda trees: factor_sum(trees))

    def _power(self, expr: Pow, order: Sequence[Index]) -> Array:
        base, exponent = expr.base, expr.exp
        if exponent.is_Rational and exponent < 0:
            return Term(self, expr, [], order).array()
        norm = self._norm(base, exponent, order)
        if norm is not None:
            return norm
        below = self.array(base, order)
        if exponent == Rational(1, 2):
            return Array(t.call("sqrt", below.tree, scalar=below.tree.scalar), below.layout)
        if exponent.is_Number:
            return Array(t.power(below.tree, self.array(exponent, order).tree), below.layout)
        return combine([below, self.array(exponent, order)], order, lambda trees: t.power(*trees))

    def _norm(self, base: Expr, exponent: Expr, order: Sequence[Index]) -> Array | None:
        """`sqrt(sum(u**2))` is a norm: of a vector or matrix, or along one axis."""
        twice = 2 * exponent
        if not (isinstance(base, Contraction) and twice.is_Integer and exponent.q == 2):
            return None
        squared = base.body
        if not (isinstance(squared, Pow) and squared.exp == 2):
            return None
        body, bound = base.opened()
        inner = self.array(body.base, [*order, *bound])
        free = indices_of(base)
        if not free:
            made = Array(t.call("norm", inner.tree, scalar=True), ())
        else:
            inner = strip(inner)
            if len(bound) != 1 or len(inner.layout) != 2:
                return None
            axis = inner.layout.index(bound[0])
            made = Array(t.call("norm", inner.tree, axis=str(axis)), (inner.layout[1 - axis],))
        return Array(t.power(made.tree, t.number(int(twice))), made.layout)

    def _function(self, expr: Any, order: Sequence[Index]) -> Array:
        name = type(expr).__name__
        name = NAMES.get(name, name)
        parts = [self.array(arg, order) for arg in expr.args]
        if name == "log" and parts[0].tree.kind == "call" and parts[0].tree.text == "sum":
            inner = parts[0].tree.args[0]
            if inner.kind == "call" and inner.text == "exp":  # the stable name
                options = dict(parts[0].tree.options)
                made = t.call_with("logsumexp", inner.args, options, parts[0].tree.scalar)
                return Array(made, parts[0].layout)
        if name in _COMPARISONS and len(parts) == 2:
            sign = _COMPARISONS[name]
            return combine(parts, order, lambda trees: t.compare(sign, *trees))
        return combine(
            parts,
            order,
            lambda trees: t.call(name, *trees, scalar=all(tree.scalar for tree in trees)),
        )


_COMPARISONS = {
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "greater": ">",
    "greater_equal": ">=",
}
_LOGIC = {"logical_and": "&", "logical_or": "|"}
_CONSTANTS = {
    sympy.pi: t.name("pi", scalar=True),
    sympy.E: t.name("e", scalar=True),
    sympy.oo: t.name("inf", scalar=True),
    -sympy.oo: t.negative(t.name("inf", scalar=True)),
    sympy.nan: t.name("nan", scalar=True),
    sympy.true: t.name("True", scalar=True),
    sympy.false: t.name("False", scalar=True),
}


def _reshaped_once(expr: Element) -> Element:
    """A reshape of a reshape is one."""
    (array,) = expr.lambdas
    inner = array.body
    if isinstance(inner, Element) and inner.head == "reshape" and inner.indices == array.axes:
        return Element(expr.args[0], expr.params, expr.args[2], *inner.lambdas, *expr.indices)
    return expr


def _reading_order(array: Array) -> tuple[bool, bool]:
    """Terms with arrays first, numbers last, `A` before `A.T`; the rest as SymPy sorts them."""
    return (not array.layout, array.tree.kind == "transpose")


def _diagonal(array: Array) -> Array:
    """An index that stands twice takes the diagonal."""
    layout = array.layout
    if len(layout) == 2 and layout[0] == layout[1] and isinstance(layout[0], Index):
        return Array(t.call("diag", array.tree), layout[:1])
    indices = [index for index in layout if isinstance(index, Index)]
    kept = tuple(dict.fromkeys(indices))
    if len(kept) == len(indices):
        return array
    letters = {index: chr(ord("a") + n) for n, index in enumerate(kept)}
    text = "".join(letters[index] for index in indices) + "->" + "".join(letters.values())
    return Array(t.call("einsum", t.name(f"'{text}'"), strip(array).tree), kept)
