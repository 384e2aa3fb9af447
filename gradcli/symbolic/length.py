"""How long a program is once it is written out, told before any of it is.

A name that is used twice is written twice, so a loop may double the text at every turn. Beyond a
bound a closed form means nothing to a reader, and SymPy would take minutes for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.graph import Node
from gradcli.ops.tape import operations
from gradcli.results import Closed
from gradcli.symbolic.indices import Contraction, Delta, Element, Entry, NoFormError, WholeArray

MOST = 1_000
"""Operations of a target that is written out as one expression."""

MOST_WEIGHT = 2_000
"""Symbols of a derivative in index notation; `MOST_TEXT` characters hold about so many."""

MOST_TEXT = 5_000
"""Characters of a closed form, its repeated parts named."""


def check_length(nodes: Sequence[Node]) -> None:
    """Refuse a graph whose last node would be too long an expression.

    Args:
        nodes: in topological order; the last one is the target.

    Raises:
        NoFormError: with the number of operations.
    """
    sizes: dict[int, int] = {}
    recorded = operations(nodes)
    for node in nodes:
        size = max(1, operations([node])) + sum(sizes[parent.id] for parent in node.inputs)
        sizes[node.id] = min(size, 10**9)
    if nodes and (longest := sizes[nodes[-1].id]) > MOST:
        text = f"{longest:,}" if longest < 10**9 else "more than a billion"
        raise NoFormError(
            f"the {recorded:,} operations of this path, written out, are {text}: "
            "too long to mean anything"
        )


class Scale:
    """Weighs expressions; a piece that many of them share is weighed once."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}

    def weight(self, expr: Any) -> int:
        """The symbols of an expression in index notation once it is written out.

        Args:
            expr: a SymPy expression; an entry is one symbol, its indices are not counted.

        Example:
            >>> import sympy
            >>> a, b = sympy.symbols("a b")
            >>> Scale().weight(a * (a + b))
            5
        """
        known, waiting = self._known, [expr]
        while waiting:
            piece = waiting[-1]
            parts = _parts(piece) if piece not in known else ()
            missing = [part for part in parts if part not in known]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if piece not in known:
                known[piece] = 1 + sum(known[part] for part in parts)
        return known[expr]

    def check(self, expr: Any) -> None:
        """Refuse a part of a derivative that is longer than any formula that is shown.

        Raises:
            NoFormError: with the number of symbols.
        """
        if (found := self.weight(expr)) > MOST_WEIGHT:
            raise NoFormError(
                f"the derivative, written out, has {found:,} symbols and more: "
                "too long to mean anything"
            )


def _parts(piece: Any) -> tuple[Any, ...]:
    """What is written between the symbols of its own that a piece has."""
    if isinstance(piece, (Entry, Delta)):
        return ()
    if isinstance(piece, Element):
        return piece.lambdas
    if isinstance(piece, (Contraction, WholeArray)):
        return (piece.body,)
    return tuple(piece.args)


def check_text(closed: Closed) -> Closed:
    """A closed form that can be read, else the reason why there is none."""
    text = closed.short if closed.short is not None else closed.text
    length = len(text or "") + sum(len(name) + len(piece) + 3 for name, piece in closed.shared)
    if length <= MOST_TEXT:
        return closed
    return Closed(None, reason=f"it has {length:,} characters: too long to mean anything")
