"""Index notation -> matrix notation: a scalar expression in free indices becomes array operations.

A product with sums is a small graph: indices are its nodes, factors with two indices its edges. Leaves are
eliminated first (`A @ x`), then joints (`A @ B`), a cycle is a trace, what is left is written with `einsum`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy
from sympy import Add, Expr, Mul, Pow, Rational

from gradcli.symbolic import tree as t
from gradcli.symbolic.factor import factor_sum
from gradcli.symbolic.indices import (
    Contraction,
    Delta,
    Element,
    Entry,
    Index,
    Lambda,
    SizeSymbol,
    indices_of,
)
from gradcli.symbolic.layout import Array, align, combine, exact, ordered, strip
from gradcli.symbolic.lower import NoFormError
from gradcli.symbolic.scalars import NAMES
from gradcli.symbolic.tree import Tree


class Translator:
    """Translates expressions over arrays of known shapes.

    Args:
        shapes: of every named array (where its axes of size 1 are matters).
    """

    def __init__(self, shapes: dict[str, tuple[int, ...]]) -> None:
        self.shapes = shapes
        self.memo: dict[Any, Array] = {}

    def text(self, expr: Expr, axes: Sequence[Any], name: str) -> Tree:
        """An expression as an array with the given axes, those of the variable `name`."""
        array = self.array(expr, [axis for axis in axes if isinstance(axis, Index)])
        return exact(array, tuple(axes), f"{name}.shape")

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
        if expr in _CONSTANTS:
            return Array(_CONSTANTS[expr], ())
        if isinstance(expr, (sympy.Function, sympy.logic.boolalg.BooleanFunction)):
            return self._function(expr, order)
        raise NoFormError(f"no text for {type(expr).__name__}")

    def _entry(self, expr: Entry) -> Array:
        name = str(expr.tensor)
        given = iter(expr.indices)
        layout = tuple(0 if size == 1 else next(given) for size in self.shapes[name])
        tree = t.name(name, scalar=not layout)
        return _diagonal(Array(tree, layout))

    def _delta(self, expr: Delta) -> Array:
        return Array(t.call("eye", self.size(expr.args[0])), tuple(expr.args))

    def size(self, index: Index) -> Tree:
        """The length of an index's axis as text."""
        dim = index.dim.find()
        return t.name(dim.text or str(dim.size), scalar=True)

    def whole(self, array: Lambda) -> Tree:
        """A whole array, with exactly its axes."""
        found = self.array(array.body, [axis for axis in array.axes if isinstance(axis, Index)])
        sizes = [
            t.text_of(self.size(axis)) if isinstance(axis, Index) else "1" for axis in array.axes
        ]
        shape = "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"
        return exact(found, array.axes, shape)

    def _element(self, expr: Element) -> Array:
        head, layout = expr.head, expr.indices
        params = [str(param) for param in expr.params]
        if head == "pick":
            return Array(t.index(t.call("eye", self.size(layout[0])), params[0]), layout)
        if head == "select":
            return Array(t.index(t.call("eye", self.size(layout[1])), params[0]), layout)
        arrays = [self.whole(array) for array in expr.lambdas]
        scalar = not layout
        if head == "getitem":
            made = t.index(arrays[0], params[0], scalar)
        elif head == "reshape":
            made = t.call("reshape", arrays[0], t.name(params[0]))
        elif head == "cumsum_reversed":
            made = _from_the_end(arrays[0], params)
        elif params:
            axis = params[0] if len(params) == 1 else "(" + ", ".join(params) + ")"
            made = t.call(head, *arrays, scalar=scalar, axis=axis)
        else:
            made = t.call(head, *arrays, scalar=scalar)
        return _diagonal(Array(made, layout))

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
        if name in _COMPARISONS and len(parts) == 2:
            sign = _COMPARISONS[name]
            return combine(parts, order, lambda trees: Tree("compare", tuple(trees), sign))
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
_CONSTANTS = {
    sympy.pi: t.name("pi", scalar=True),
    sympy.E: t.name("e", scalar=True),
    sympy.oo: t.name("inf", scalar=True),
    -sympy.oo: t.negative(t.name("inf", scalar=True)),
    sympy.nan: t.name("nan", scalar=True),
    sympy.true: t.name("True", scalar=True),
    sympy.false: t.name("False", scalar=True),
}


def _reading_order(array: Array) -> tuple[bool, bool]:
    """Terms with arrays first, numbers last, `A` before `A.T`; the rest as SymPy sorts them."""
    return (not array.layout, array.tree.kind == "transpose")


def _diagonal(array: Array) -> Array:
    """An index that stands twice takes the diagonal."""
    layout = array.layout
    if len(layout) == 2 and layout[0] == layout[1] and isinstance(layout[0], Index):
        return Array(t.call("diag", array.tree), layout[:1])
    if len({index for index in layout if isinstance(index, Index)}) < sum(
        isinstance(index, Index) for index in layout
    ):
        raise NoFormError("a diagonal of an array with more than two axes")
    return array


def _from_the_end(tree: Tree, params: Sequence[str]) -> Tree:
    if not params:
        return t.index(t.call("cumsum", t.index(tree, "::-1")), "::-1")
    axis = params[0]
    return t.call("flip", t.call("cumsum", t.call("flip", tree, axis=axis), axis=axis), axis=axis)


class Group:
    """Factors that share one set of indices: numerators and denominators."""

    def __init__(self, indices: frozenset[Index]) -> None:
        self.indices = indices
        self.tops: list[Array] = []
        self.bottoms: list[Array] = []

    def merged(self, order: Sequence[Index]) -> Array:
        """The elementwise product of them all."""
        count = len(self.tops)
        if count == 1 and not self.bottoms:
            return self.tops[0]

        def build(trees: Sequence[Tree]) -> Tree:
            top = t.product(trees[:count]) if count else t.number(1)
            return t.quotient(top, t.product(trees[count:])) if self.bottoms else top

        return combine([*self.tops, *self.bottoms], order, build)


class Term:
    """One product, summed over some indices."""

    def __init__(
        self, translator: Translator, expr: Expr, bound: Sequence[Index], order: Sequence[Index]
    ) -> None:
        self.translator = translator
        self.bound = list(bound)
        factors = self._flatten(expr)
        free = set().union(*(indices_of(factor) for factor in factors)) - set(self.bound)
        self.order = ordered(free, order)
        self.all_order = [*self.order, *self.bound]
        self.coefficient = Fraction(1)
        self.tops: list[Tree] = []
        self.bottoms: list[Tree] = []
        self.deltas: list[Delta] = []
        self.groups: dict[frozenset[Index], Group] = {}
        for factor in factors:
            self._place(factor)

    def _flatten(self, expr: Expr) -> list[Expr]:
        factors: list[Expr] = []
        for factor in Mul.make_args(expr):
            if isinstance(factor, Contraction) and indices_of(factor):
                body, more = factor.opened()
                self.bound += more
                factors += self._flatten(body)
            else:
                factors.append(factor)
        return factors

    def _place(self, factor: Expr) -> None:
        if isinstance(factor, Rational):
            self.coefficient *= Fraction(int(factor.p), int(factor.q))
            return
        if isinstance(factor, Delta):
            self.deltas.append(factor)
            return
        below = False
        if isinstance(factor, Pow) and factor.exp.is_Rational and factor.exp < 0:
            factor, below = 1 / factor, True
        indices = frozenset(indices_of(factor))
        array = self.translator.array(factor, self.all_order)
        if not indices:
            (self.bottoms if below else self.tops).append(strip(array).tree)
            return
        group = self.groups.setdefault(indices, Group(indices))
        (group.bottoms if below else group.tops).append(array)

    # --- elimination of the summed indices

    def array(self) -> Array:
        """The term as an array over its free indices."""
        while self.bound:
            if not (self._closed() or self._leaf() or self._alone() or self._joint()):
                self._einsum()
        return self._assemble()

    def _with(self, index: Index) -> list[Group]:
        return [group for group in self.groups.values() if index in group.indices]

    def _add(self, array: Array) -> None:
        indices = frozenset(index for index in array.layout if isinstance(index, Index))
        if not indices:
            self.tops.append(array.tree)
            return
        self.groups.setdefault(indices, Group(indices)).tops.append(array)

    def _closed(self) -> bool:
        """A group whose indices are all summed and belong to no other group becomes a number."""
        for key, group in self.groups.items():
            if key <= set(self.bound) and all(len(self._with(index)) == 1 for index in key):
                del self.groups[key]
                self.bound = [index for index in self.bound if index not in key]
                self.tops.append(self._total(group))
                return True
        return False

    def _total(self, group: Group) -> Tree:
        """The sum of all entries of a group: a dot product, a trace, a squared norm or a sum."""
        tops = [array for array in group.tops]
        if not group.bottoms and len(group.indices) == 1 and len(tops) >= 2:
            last = tops.pop()
            rest = Group(group.indices)
            rest.tops = tops
            left = rest.merged(self.all_order)
            if all(len(array.layout) == 1 for array in (left, last)):
                return dot(left.tree, last.tree)
        elif not group.bottoms and len(group.indices) == 2 and len(tops) == 2:
            a, b = strip(tops[0]), strip(tops[1])
            if a.layout == b.layout[::-1]:
                product = t.chain([a.tree, b.tree])
                return t.linear(lambda trees: t.call("trace", *trees, scalar=True), [product])
        merged = group.merged(self.all_order)
        if merged.tree.kind == "power" and merged.tree.args[1].number == 2:
            base = merged.tree.args[0]
            if len(merged.layout) == 1 and base.kind == "name":
                return t.chain([base, base], scalar=True)
            return t.power(t.call("norm", base, scalar=True), t.number(2))
        return t.linear(lambda trees: t.call("sum", *trees, scalar=True), [merged.tree])

    def _leaf(self) -> bool:
        """A matrix that meets only vectors at a summed index: a matrix-vector product."""
        choices = []
        for index in self.bound:
            groups = self._with(index)
            vectors = [group for group in groups if len(group.indices) == 1]
            others = [group for group in groups if len(group.indices) > 1]
            if len(vectors) == 1 and len(others) == 1:
                matrix = others[0]
                stored = strip(matrix.merged(self.all_order)).layout
                if len(stored) == 2 or stored[-1] == index:
                    choices.append((stored[-1] != index, index, matrix, vectors[0]))
        if not choices:
            return False
        _, index, matrix, vector = min(choices, key=lambda choice: choice[0])
        del self.groups[matrix.indices], self.groups[vector.indices]
        self.bound.remove(index)
        self._add(
            matrix_vector(
                strip(matrix.merged(self.all_order)), vector.merged(self.all_order), index
            )
        )
        return True

    def _alone(self) -> bool:
        """A summed index of one group only: a sum along an axis."""
        for index in self.bound:
            groups = self._with(index)
            if len(groups) == 1:
                group = groups[0]
                del self.groups[group.indices]
                self.bound.remove(index)
                merged = strip(group.merged(self.all_order))
                axis = merged.layout.index(index)
                layout = merged.layout[:axis] + merged.layout[axis + 1 :]
                made = t.linear(lambda trees: t.call("sum", *trees, axis=str(axis)), [merged.tree])
                self._add(Array(made, layout))
                return True
        return False

    def _joint(self) -> bool:
        """Two matrices (and a vector that scales) at a summed index: a matrix product."""
        for index in self.bound:
            groups = self._with(index)
            vectors = [group for group in groups if len(group.indices) == 1]
            matrices = [group for group in groups if len(group.indices) == 2]
            if (
                len(matrices) != 2
                or len(vectors) > 1
                or len(groups) != len(matrices) + len(vectors)
            ):
                continue
            first, second = self._outward(matrices, index)
            for group in groups:
                del self.groups[group.indices]
            self.bound.remove(index)
            left = strip(first.merged(self.all_order))
            right = strip(second.merged(self.all_order))
            left_tree = left.tree if left.layout[1] == index else t.transpose(left.tree)
            right_tree = right.tree if right.layout[0] == index else t.transpose(right.tree)
            if vectors:
                scale = strip(vectors[0].merged(self.all_order)).tree
                left_tree = t.product([left_tree, scale])
            (row,) = set(left.layout) - {index}
            (column,) = set(right.layout) - {index}
            self._add(Array(t.chain([left_tree, right_tree]), (row, column)))
            return True
        return False

    def _outward(self, matrices: list[Group], index: Index) -> list[Group]:
        """Which of two matrices stands left: the one whose other index comes first."""

        def rank(group: Group) -> tuple[int, int]:
            (other,) = group.indices - {index}
            stored = strip(group.merged(self.all_order)).layout
            position = self.order.index(other) if other in self.order else len(self.order)
            return (position, 0 if stored[-1] == index else 1)

        return sorted(matrices, key=rank)

    def _einsum(self) -> None:
        """What matrix products cannot say."""
        bound = set(self.bound)
        involved = [key for key in self.groups if key & bound]
        reach = set().union(*involved)
        arrays = []
        for key in involved:
            group = self.groups.pop(key)
            if group.bottoms:
                arrays.append(strip(group.merged(self.all_order)))
            else:
                arrays += [strip(array) for array in group.tops]
        out = [index for index in self.order if index in reach]
        letters = {index: chr(ord("a") + n) for n, index in enumerate([*out, *self.bound])}
        left = ",".join("".join(letters[index] for index in array.layout) for array in arrays)
        text = f"'{left}->{''.join(letters[index] for index in out)}'"
        self.bound = []
        made = t.call("einsum", t.name(text), *(array.tree for array in arrays), scalar=not out)
        self._add(Array(made, tuple(out)))

    # --- what is left: factors over free indices

    def _assemble(self) -> Array:
        core: Array | None = None
        if self.deltas:
            core = self._with_deltas()
        elif self.groups:
            core = self._free()
        return self._scaled(core)

    def _free(self) -> Array:
        groups = list(self.groups.values())
        if (
            len(groups) == 2
            and all(len(group.indices) == 1 for group in groups)
            and len(self.order) == 2
        ):
            u, v = (self.groups[frozenset({index})].merged(self.order).tree for index in self.order)
            return Array(t.linear(lambda trees: t.call("outer", *trees), [u, v]), tuple(self.order))
        count = sum(len(group.tops) for group in groups)
        tops = [array for group in groups for array in group.tops]
        bottoms = [array for group in groups for array in group.bottoms]
        if not bottoms and count == 1:
            return tops[0]

        def build(trees: Sequence[Tree]) -> Tree:
            top = t.product(trees[:count]) if count else t.number(1)
            return t.quotient(top, t.product(trees[count:])) if bottoms else top

        tops.sort(key=lambda array: array.tree.kind in ("chain", "sum"))
        return combine([*tops, *bottoms], self.order, build)

    def _with_deltas(self) -> Array:
        """A diagonal matrix: the other factors along its diagonal."""
        if len(self.deltas) > 1 or len(self.order) > 2:
            return self._delta_einsum()
        first, second = self.deltas[0].args
        vector = Group(frozenset({first}))
        for group in self.groups.values():
            if len(group.indices) != 1:
                raise NoFormError("a diagonal of a product of matrices")
            for source, goal in ((group.tops, vector.tops), (group.bottoms, vector.bottoms)):
                goal += [
                    Array(array.tree, tuple(first if i == second else i for i in array.layout))
                    for array in source
                ]
        layout = (first, second)
        if not vector.tops and not vector.bottoms:
            return Array(t.call("eye", self.translator.size(first)), layout)
        diagonal = strip(vector.merged([first])).tree
        return Array(t.linear(lambda trees: t.call("diag", *trees), [diagonal]), layout)

    def _delta_einsum(self) -> Array:
        arrays = [strip(group.merged(self.order)) for group in self.groups.values()]
        arrays += [self.translator.array(item, self.order) for item in self.deltas]
        letters = {index: chr(ord("a") + n) for n, index in enumerate(self.order)}
        left = ",".join("".join(letters[index] for index in array.layout) for array in arrays)
        text = f"'{left}->{''.join(letters[index] for index in self.order)}'"
        made = t.call("einsum", t.name(text), *(array.tree for array in arrays))
        return Array(made, tuple(self.order))

    def _scaled(self, core: Array | None) -> Array:
        """The term with its numbers: signs first, then factors, then what divides."""
        coefficient, bottoms = self.coefficient, list(self.bottoms)
        sign, coefficient = (-1, -coefficient) if coefficient < 0 else (1, coefficient)
        if coefficient.denominator != 1 and "/" in t.number_text(coefficient):
            bottoms.insert(0, t.number(coefficient.denominator))
            coefficient = Fraction(coefficient.numerator)
        tops = [t.number(coefficient)] if coefficient != 1 else []
        tops += sorted(self.tops, key=lambda tree: tree.kind in ("chain", "sum"))
        layout: tuple[Any, ...] = ()
        if core is not None:
            layout = core.layout
            if core.tree.kind == "quotient":
                tree = core.tree
                if tree.args[0].number == 1 and tops:
                    made = t.quotient(t.product(tops), tree.args[1])
                elif tops:
                    made = t.quotient(t.product([*tops, tree.args[0]]), tree.args[1])
                else:
                    made = tree
                if bottoms:
                    made = (
                        t.quotient(made.args[0], t.product([*bottoms, made.args[1]]))
                        if made.kind == "quotient"
                        else t.quotient(made, t.product(bottoms))
                    )
                return Array(t.negative(made) if sign < 0 else made, layout)
            tops.append(core.tree)
        made = t.product(tops)
        if bottoms:
            made = t.quotient(made, t.product(bottoms))
        return Array(t.negative(made) if sign < 0 else made, layout)


def matrix_vector(matrix: Array, vector: Array, index: Index) -> Array:
    """`M @ v` over `index`; a selection matrix that spreads a vector is a `pad`."""
    column = len(vector.layout) == 2
    if column and vector.layout[1] != 0:
        vector = strip(vector)
        column = False
    if len(matrix.layout) > 2:
        vector, column = strip(vector), False
        return Array(t.chain([matrix.tree, vector.tree]), matrix.layout[:-1])
    straight = matrix.layout[1] == index
    other = matrix.layout[0] if straight else matrix.layout[1]
    padded = None if straight or column else _padded(matrix.tree, vector.tree, other)
    if padded is not None:
        return Array(padded, (other,))
    left = matrix.tree if straight else t.transpose(matrix.tree)
    return Array(t.chain([left, vector.tree]), (other, 0) if column else (other,))


def _padded(matrix: Tree, vector: Tree, other: Index) -> Tree | None:
    """`eye(n)[a:b].T @ v` is `v` with zeros before and behind."""
    if matrix.kind != "index" or matrix.args[0].text != "eye" or matrix.text.count(":") != 1:
        return None
    start, stop = matrix.text.split(":")
    before, behind = int(start or 0), -int(stop) if stop else 0
    if before < 0 or behind < 0:
        length = other.dim.find().size
        before, behind, _ = slice(int(start or 0), int(stop) if stop else None).indices(length)
        behind = length - behind
    width = t.name(f"({before}, {behind})")
    return t.linear(lambda trees: t.call("pad", *trees, width), [vector])


def dot(u: Tree, v: Tree) -> Tree:
    """The dot product of two vectors, as the shorter of the two chains."""
    if u == v and u.kind != "name":
        return t.power(t.call("norm", u, scalar=True), t.number(2))
    forward, backward = (t.chain([*_flipped(a), b], scalar=True) for a, b in ((u, v), (v, u)))
    return forward if t.tokens(forward) <= t.tokens(backward) else backward


def _flipped(vector: Tree) -> list[Tree]:
    """`A @ x` as the row `x @ A.T`."""
    if vector.kind == "chain":
        return [vector.args[-1], *(t.transpose(factor) for factor in reversed(vector.args[:-1]))]
    return [vector]


__all__ = ["Translator", "align"]
