"""Common factors of a sum: `A @ x + A.T @ x` is `(A + A.T) @ x`, `X.T @ a - X.T @ b` is `X.T @ (a
- b)`."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.symbolic import tree as t
from gradcli.symbolic.tree import Tree


class Part:
    """A term of a sum taken apart: sign, numbers, matrix chain, divisors."""

    def __init__(self, tree: Tree) -> None:
        self.sign = 1
        if tree.kind == "negative":
            self.sign, tree = -1, tree.args[0]
        self.bottom: Tree | None = None
        if tree.kind == "quotient":
            tree, self.bottom = tree.args
        factors = list(tree.args) if tree.kind == "product" else [tree]
        self.numbers = [factor for factor in factors if factor.scalar and factor.number != 1]
        self.arrays = [factor for factor in factors if not factor.scalar]

    def chain(self) -> list[Tree] | None:
        """Its matrix factors, where it is one matrix product."""
        if len(self.arrays) != 1:
            return None
        (core,) = self.arrays
        return list(core.args) if core.kind == "chain" else [core]

    def rebuilt(self, arrays: Sequence[Tree]) -> Tree:
        """The same term with other arrays."""
        made = t.product([*self.numbers, *arrays])
        if self.bottom is not None:
            made = t.quotient(made, self.bottom)
        return t.negative(made) if self.sign < 0 else made


def factor_sum(terms: Sequence[Tree]) -> Tree:
    """A sum with its common factors outside, where that is shorter."""
    best = t.sum_of(terms)
    shared = _numbers(terms)
    if shared is not None and t.tokens(shared) <= t.tokens(best):
        best = shared
    candidates = [_chains(terms, first=True), _chains(terms, first=False), _arrays(terms)]
    found = [candidate for candidate in candidates if candidate is not None]
    shortest = min(found, key=t.tokens, default=best)
    # On a tie the factor is written once.
    return shortest if t.tokens(shortest) <= t.tokens(best) else best


def _numbers(terms: Sequence[Tree]) -> Tree | None:
    """A number or divisor that all terms share."""
    parts = [Part(term) for term in terms]
    shared = [
        number for number in parts[0].numbers if all(number in part.numbers for part in parts[1:])
    ]
    bottom = parts[0].bottom
    if bottom is not None and any(part.bottom != bottom for part in parts):
        bottom = None
    if not shared and bottom is None:
        return None
    inner = []
    for part in parts:
        for number in shared:
            part.numbers.remove(number)
        if bottom is not None:
            part.bottom = None
        inner.append(part.rebuilt(part.arrays))
    made = t.product([*shared, factor_sum(inner)]) if shared else factor_sum(inner)
    return t.quotient(made, bottom) if bottom is not None else made


def _chains(terms: Sequence[Tree], first: bool) -> Tree | None:
    """Terms that begin (or end) with the same matrix."""
    parts = [Part(term) for term in terms]
    chains = [part.chain() for part in parts]
    best: Tree | None = None
    seen: list[Tree] = []
    for chain in chains:
        if chain is None:
            continue
        end = chain[0] if first else chain[-1]
        if end in seen:
            continue
        seen.append(end)
        members = [
            position
            for position, other in enumerate(chains)
            if other is not None and len(other) > 1 and (other[0] if first else other[-1]) == end
        ]
        if len(members) < 2:
            continue
        inner = []
        for position in members:
            links = chains[position]
            assert links is not None
            rest = links[1:] if first else links[:-1]
            inner.append(parts[position].rebuilt([t.chain(rest)]))
        body = factor_sum(inner)
        made = t.chain([end, body] if first else [body, end])
        others = [term for position, term in enumerate(terms) if position not in members]
        candidate = factor_sum([made, *others]) if others else made
        if best is None or t.tokens(candidate) < t.tokens(best):
            best = candidate
    return best


def _arrays(terms: Sequence[Tree]) -> Tree | None:
    """An elementwise factor that all terms share."""
    parts = [Part(term) for term in terms]
    if any(len(part.arrays) == 0 for part in parts):
        return None
    for candidate in parts[0].arrays:
        if all(candidate in part.arrays for part in parts):
            inner = []
            for part in parts:
                part.arrays.remove(candidate)
                inner.append(part.rebuilt(part.arrays))
            return t.product([candidate, factor_sum(inner)])
    return None
