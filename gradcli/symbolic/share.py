"""Repeated sub-expressions, shown once: `2*t0*x where t0 = ...`.

Names are bound as long as each binding makes the whole clearly shorter; a binding may use earlier
ones, and putting them back in gives the whole formula.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import count

from gradcli.symbolic import tree as t
from gradcli.symbolic.tree import Tree

SMALLEST = 5
"""Tokens of a sub-expression that is worth a name."""

GAIN = 4
"""Tokens that one binding must save, `t0 =` counted."""

MOST = 6
"""Names that a reader can keep in mind."""

LARGEST = 1500
"""A formula with more tokens is left as it is."""

SHARE = 0.9
"""The short form is at most so much of the whole one, bindings included."""

HEAD = 3
"""Tokens of `, t0 =`."""

Bindings = list[tuple[str, Tree]]


def shared(tree: Tree, taken: Collection[str] = ()) -> tuple[Bindings, Tree]:
    """Sub-expressions by name, each in terms of those before it, and the formula in terms of them.

    Args:
        tree: a whole formula.
        taken: names that are in use besides those of the formula.

    Returns:
        No names and the formula itself, where nothing is gained.

    Example:
        >>> x = t.name("x")
        >>> u = t.call("softmax", t.product([t.number(2), x]))
        >>> bindings, short = shared(t.product([u, t.sum_of([x, t.negative(t.chain([u, u]))])]))
        >>> [(name, t.text_of(piece)) for name, piece in bindings], t.text_of(short)
        ([('t0', 'softmax(2*x)')], 't0*(x - t0@t0)')
    """
    if t.tokens(tree) > LARGEST:
        return [], tree
    used = {piece.text for piece in pieces(tree) if piece.kind == "name"} | set(taken)
    text, before = t.text_of(tree), t.tokens(tree)
    names = (name for n in count() if (name := f"t{n}") not in used and name not in text)
    bindings: Bindings = []
    full = tree
    while len(bindings) < MOST:
        best = _best([*(piece for _, piece in bindings), tree])
        if best is None:
            break
        mark = t.name(next(names), scalar=best.scalar)
        # What has no binding yet comes in front of the first one that uses it.
        changed = [(name, put(piece, best, mark)) for name, piece in bindings]
        place = next((n for n, one in enumerate(changed) if one != bindings[n]), len(changed))
        bindings = [*changed[:place], (mark.text, best), *changed[place:]]
        tree = put(tree, best, mark)
    after = t.tokens(tree) + sum(HEAD + t.tokens(piece) for _, piece in bindings)
    return _numbered(bindings, tree) if after <= SHARE * before else ([], full)


def pieces(tree: Tree) -> Iterator[Tree]:
    """The tree and everything in it, the whole before its parts."""
    yield tree
    for arg in tree.args:
        yield from pieces(arg)


def _best(trees: list[Tree]) -> Tree | None:
    """The sub-expression whose name saves most."""
    counts: dict[Tree, int] = {}
    for tree in trees:
        for piece in pieces(tree):
            for part in (piece, *runs(piece)):
                if part.kind not in ("name", "number", "list", "negative", "group"):
                    counts[part] = counts.get(part, 0) + 1
    best, most = None, GAIN - 1
    for piece, times in counts.items():
        if times < 2:
            continue
        size = t.tokens(piece)
        saved = times * (size - 1) - size - HEAD
        if size >= SMALLEST and saved > most:
            best, most = piece, saved
    return best


def runs(tree: Tree) -> Iterator[Tree]:
    """Neighbours in a chain of matrix products: they may be a piece as well."""
    if tree.kind == "chain":
        length = len(tree.args)
        for size in range(2, length):
            for start in range(length - size + 1):
                yield replace(tree, args=tree.args[start : start + size], scalar=False)


def put(tree: Tree, piece: Tree, mark: Tree) -> Tree:
    """The tree with a name in the place of a piece, everywhere."""
    if tree == piece:
        return mark
    if not tree.args:
        return tree
    old = tree.args
    if tree.kind == piece.kind == "chain" and len(piece.args) < len(old):
        width, kept = len(piece.args), []
        position = 0
        while position < len(old):
            found = old[position : position + width] == piece.args
            kept.append(mark if found else put(old[position], piece, mark))
            position += width if found else 1
        return replace(tree, args=tuple(kept))
    return replace(tree, args=tuple(put(arg, piece, mark) for arg in old))


def whole(bindings: Bindings, tree: Tree) -> Tree:
    """The formula with its bindings put back in."""
    for name, piece in reversed(bindings):
        tree = _put_back(tree, name, piece)
    return tree


def _put_back(tree: Tree, name: str, piece: Tree) -> Tree:
    if tree.kind == "name" and tree.text == name:
        return piece
    args: list[Tree] = []
    for arg in tree.args:
        made = _put_back(arg, name, piece)
        split = tree.kind == made.kind == "chain"
        args += made.args if split else (made,)
    return replace(tree, args=tuple(args))


def _numbered(bindings: Bindings, tree: Tree) -> tuple[Bindings, Tree]:
    """The names in the order of the bindings."""
    order = [name for name, _ in bindings]
    renamed = dict(zip(order, sorted(order, key=lambda name: int(name[1:])), strict=True))

    def walk(piece: Tree) -> Tree:
        if piece.kind == "name" and piece.text in renamed:
            return replace(piece, text=renamed[piece.text])
        return replace(piece, args=tuple(walk(arg) for arg in piece.args))

    return [(renamed[name], walk(piece)) for name, piece in bindings], walk(tree)
