"""Factors of a product that share their indices: they are multiplied entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.symbolic import tree as t
from gradcli.symbolic.indices import Index
from gradcli.symbolic.layout import Array, combine
from gradcli.symbolic.tree import Tree


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
