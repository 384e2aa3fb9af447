"""Products of vectors and matrices as trees: matrix times vector, dot, trace, padding."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.symbolic import tree as t
from gradcli.symbolic.indices import Index
from gradcli.symbolic.layout import Array, strip
from gradcli.symbolic.tree import Tree


def matrix_vector(matrix: Array, vector: Array, index: Index) -> Array:
    """`M @ v` over `index`; a selection matrix that spreads a vector is a `pad`."""
    column = len(vector.layout) == 2 and vector.layout[1] == 0
    if not column:
        vector = strip(vector)
    if len(matrix.layout) > 2:
        vector, column = strip(vector), False
        return Array(t.group(t.chain([matrix.tree, vector.tree])), matrix.layout[:-1])
    straight = matrix.layout[1] == index
    other = matrix.layout[0] if straight else matrix.layout[1]
    spread = None if straight or column else padded(matrix.tree, vector.tree, other)
    if spread is not None:
        return Array(spread, (other,))
    left = matrix.tree if straight else t.transpose(matrix.tree)
    return Array(t.chain([left, vector.tree]), (other, 0) if column else (other,))


def padded(matrix: Tree, vector: Tree, other: Index, rows: bool | None = None) -> Tree | None:
    """`eye(n)[a:b].T @ v` is `v` with zeros before and behind; so are whole rows or columns."""
    if matrix.kind != "index" or matrix.args[0].text != "eye":
        return None
    if matrix.text == "::-1":
        return t.index(vector, ":, ::-1" if rows is False else "::-1")
    if matrix.text.count(":") != 1:
        return None
    start, stop = matrix.text.split(":")
    before, behind = int(start or 0), -int(stop) if stop else 0
    if before < 0 or behind < 0:
        length = other.dim.find().size
        before, behind, _ = slice(int(start or 0), int(stop) if stop else None).indices(length)
        behind = length - behind
    text = f"({before}, {behind})"
    if rows is not None:
        text = f"({text}, (0, 0))" if rows else f"((0, 0), {text})"
    width = t.name(text)
    return t.linear(lambda trees: t.call("pad", *trees, width), [vector])


def trace(factors: Sequence[Tree]) -> Tree:
    """The trace of a matrix product."""
    return t.linear(lambda trees: t.call("trace", *trees, scalar=True), [t.chain(factors)])


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
