"""One product with sums in matrix notation.

The product is a small graph: indices are its nodes, factors with two indices its edges. Leaves are
eliminated first (`A @ x`), then joints (`A @ B`), a cycle is a trace, and what no matrix product
can
say is written with `einsum`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from sympy import Expr, Mul, Pow, Rational

from gradcli.symbolic import tree as t
from gradcli.symbolic.group import Group
from gradcli.symbolic.indices import (
    Contraction,
    Delta,
    Index,
    NoFormError,
    SizeSymbol,
    indices_of,
    power_parts,
)
from gradcli.symbolic.layout import Array, combine, ordered, strip
from gradcli.symbolic.products import dot, matrix_vector, padded, trace
from gradcli.symbolic.tree import Tree

if TYPE_CHECKING:
    from gradcli.symbolic.matrix import Translator


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
        self.sizes: list[SizeSymbol] = []
        self.totals: list[Contraction] = []
        self.deltas: list[Delta] = []
        self.groups: dict[frozenset[Index], Group] = {}
        for factor in factors:
            self._place(factor)
        self.tops = [self._mean(factor) for factor in self.totals] + self.tops

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
        if isinstance(factor, Contraction) and not below:  # without free indices: a number
            self.totals.append(factor)
            return
        base, exponent = power_parts(factor)
        if below and isinstance(base, SizeSymbol) and exponent.is_Integer:
            self.sizes += [base] * int(exponent)
            return
        indices = frozenset(indices_of(factor))
        array = self.translator.array(factor, self.all_order)
        if not indices:
            (self.bottoms if below else self.tops).append(strip(array).tree)
            return
        group = self.groups.setdefault(indices, Group(indices))
        (group.bottoms if below else group.tops).append(array)

    def _averaged(self, indices: Iterable[Index]) -> bool:
        """Take the sizes of these indices out of the divisors, if all are there: a mean."""
        left = list(self.sizes)
        for index in indices:
            if index.dim.symbol not in left:
                return False
            left.remove(index.dim.symbol)
        self.sizes = left
        return True

    def _mean(self, total: Contraction) -> Tree:
        """A sum over everything; a mean where its size divides it and that is shorter."""
        body, bound = total.opened()
        inner = Term(self.translator, body, bound, self.order)
        plain = inner.array().tree
        if all(index.dim.symbol in self.sizes for index in bound):
            inner = Term(self.translator, body, bound, self.order)
            inner.sizes += [index.dim.symbol for index in bound]
            mean = inner.array().tree
            if not inner.sizes and t.tokens(mean) <= t.tokens(plain) + 1:
                self._averaged(bound)
                return mean
        return plain

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
        tops = list(group.tops)
        if self._averaged(group.indices):
            merged = group.merged(self.all_order)
            return t.linear(lambda trees: t.call("mean", *trees, scalar=True), [merged.tree])
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
                return trace([a.tree, b.tree])
            if "chain" in (a.tree.kind, b.tree.kind):
                return min(
                    (trace([t.transpose(u), v]) for u, v in ((a.tree, b.tree), (b.tree, a.tree))),
                    key=t.tokens,
                )
        merged = group.merged(self.all_order)
        if merged.tree.kind == "power" and merged.tree.args[1].number == 2:
            base = merged.tree.args[0]
            if len(merged.layout) == 1 and base.kind == "name":
                return t.chain([base, base], scalar=True)
            return t.power(t.call("norm", base, scalar=True), t.number(2))
        return t.linear(t.total, [merged.tree])

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
                gone = [one for one in self.bound if one in group.indices and not self._with(one)]
                self.bound = [one for one in self.bound if one not in gone]
                merged = strip(group.merged(self.all_order))
                axes = sorted(merged.layout.index(one) for one in gone)
                layout = tuple(one for one in merged.layout if one not in gone)
                fold = "mean" if self._averaged(gone) else "sum"
                self._add(Array(t.along(fold, merged.tree, axes), layout))
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
            spread = None
            if left_tree.kind == "transpose" and not vectors:
                spread = padded(left.tree, right_tree, row, rows=True)
            elif right_tree.kind == "index" and not vectors:
                spread = padded(right.tree, left_tree, column, rows=False)
            if spread is not None:
                self._add(Array(spread, (row, column)))
                return True
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
        top, bottom = t.number(1), t.number(1)
        layout: tuple[Any, ...] = ()
        if core is not None:
            layout = core.layout
            top, bottom = core.tree.args if core.tree.kind == "quotient" else (core.tree, bottom)
        coefficient, bottoms = self.coefficient, list(self.bottoms)
        for size in sorted(set(self.sizes), key=str):
            text = self.translator.array(size, []).tree
            bottoms.append(t.power(text, t.number(self.sizes.count(size))))
        sign, coefficient = (-1, -coefficient) if coefficient < 0 else (1, coefficient)
        if coefficient.denominator != 1 and "/" in t.number_text(coefficient):
            bottoms.insert(0, t.number(coefficient.denominator))
            coefficient = Fraction(coefficient.numerator)
        tops = [t.number(coefficient)] if coefficient != 1 else []
        tops += sorted(self.tops, key=lambda tree: tree.kind in ("chain", "sum"))
        made = t.quotient(t.product([*tops, top]), t.product([*bottoms, bottom]))
        made = t.softened(made, len(layout))
        return Array(t.negative(made) if sign < 0 else made, layout)
