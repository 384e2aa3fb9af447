"""The graph on a terminal: trees that hang from the result, with rich.

What is used twice is drawn once and named afterwards. A tree that would leave the terminal on the
right is cut: the deep operation is named, and has a tree of its own below. What does not fit into
so many lines is folded, the operations farthest from the result first, and counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from gradcli.render.characters import shortened
from gradcli.render.graphs.words import heading, operation, type_text, value_text, zero_text
from gradcli.render.terminal.console import LEAST_WIDTH, drawn, literal

if TYPE_CHECKING:
    from gradcli.render.view import View
    from gradcli.results import GraphCard, GraphPart, NodeLine

NAME, QUIET, HEADING = "cyan", "dim", "bold"
MOST = 30
"""Operations of one part that are shown where not everything is asked for."""

WIDE = 8
"""Operands of one operation that are shown where not everything is asked for."""

SOURCE = 40
"""Characters of the source that stand beside an operation."""

BRANCH = 4
"""Columns of one level of a tree."""

ROOM = 44
"""Columns that the deepest operation should have to itself."""


def tree_view(card: GraphCard, view: View) -> Iterator[str]:
    """Pieces of the view: a heading and trees per part."""
    nodes: list[NodeLine] = []
    for part in card.parts:
        nodes += part.lines
        for renderable in part_view(card, part, nodes, view):
            yield drawn([renderable], view)
    yield "\n"


def part_view(
    card: GraphCard, part: GraphPart, nodes: Sequence[NodeLine], view: View
) -> Iterator[RenderableType]:
    """The heading, the trees and what is folded of one part."""
    yield Text("")
    title = Text.assemble("  ", (shortened(heading(part)), HEADING))
    if part.wrt is None:
        text = " ".join(card.expression.split())
        title.append_text(literal(f"  {shortened(text, view.width - 12)}", QUIET))
    yield title
    if part.output is None:
        yield Padding(literal(zero_text(part), NAME), (0, 0, 0, 2))
        yield from (Padding(literal(reason, QUIET), (0, 0, 0, 2)) for reason in part.reasons)
        return
    forest = Forest(card, part, nodes, view)
    for tree in forest.trees(part.output):
        yield Padding(tree, (0, 0, 0, 2))
    if forest.hidden:
        yield Padding(
            Text(f"… {forest.hidden} of {forest.total} operations not shown: --full", QUIET),
            (0, 0, 0, 2),
        )


class Forest:
    """The trees of one part.

    Attributes:
        total: operations of the part; inputs, which take no lines of their own, do not count.
        hidden: how many of them are folded.
    """

    def __init__(
        self, card: GraphCard, part: GraphPart, nodes: Sequence[NodeLine], view: View
    ) -> None:
        self._source = card.expression if part.wrt is None else ""
        self._nodes = nodes
        self._full = view.full
        self._levels = max(2, (max(LEAST_WIDTH, view.width) - ROOM) // BRANCH)
        self._own = {line.number for line in part.lines if not line.inline}
        self._inputs = {line.number for line in part.lines if line.op == "input"}
        self._open = self._own
        if not view.full and part.output is not None:
            self._open = self._inputs | self._nearest(part.output)
        self.total = len(self._own - self._inputs)
        self.hidden = len(self._own - self._open)

    def _nearest(self, root: int) -> set[int]:
        """The operations of this part that are nearest to the result, at most `MOST`."""
        found: dict[int, None] = {}
        queue = deque([root])
        while queue and len(found) < MOST:
            number = queue.popleft()
            if number in self._own and number not in self._inputs and number not in found:
                found[number] = None
                queue.extend(self._nodes[number].inputs[:WIDE])
        return set(found)

    def trees(self, root: int) -> Iterator[Tree]:
        """One tree per root; a root is drawn when it has not been before."""
        waiting = deque([root])
        seen: set[int] = set()
        while waiting:
            number = waiting.popleft()
            if number not in seen:
                yield self._tree(number, seen, waiting)

    def _tree(self, root: int, seen: set[int], waiting: deque[int]) -> Tree:
        """The tree below one operation; those too deep for it are put on the waiting list."""
        tree = Tree("", guide_style=QUIET, hide_root=True)
        stack: list[tuple[Tree, int, int, tuple[int, int] | None]] = [(tree, root, 0, None)]
        while stack:
            parent, number, level, above = stack.pop()
            line = self._nodes[number]
            if line.inline:
                parent.add(literal(line.name))
            elif number in self._own and number not in self._open:
                parent.add(Text.assemble(literal(line.name, NAME), (" …", QUIET)))
            elif number in seen or number not in self._own:
                parent.add(literal(line.name, NAME))
            elif level >= self._levels and line.inputs:
                waiting.append(number)
                parent.add(Text.assemble(literal(line.name, NAME), (" ↓", QUIET)))
            else:
                seen.add(number)
                shown = line.inputs if self._full else line.inputs[:WIDE]
                branch = parent.add(self._label(line, len(line.inputs) - len(shown), above))
                stack.extend((branch, each, level + 1, line.span) for each in reversed(shown))
        return tree

    def _label(self, line: NodeLine, left_out: int, above: tuple[int, int] | None) -> Text:
        """`b = mul  float64[4]  2*x`: name, operation, type, source where it is not that above."""
        text = Text.assemble(literal(line.name, NAME))
        if line.op != "input":
            text.append_text(literal(f" = {operation(line)}"))
        if line.value is not None:
            text.append_text(literal(f" {value_text(line.value)}"))
        text.append(f"  {type_text(line)}", QUIET)
        if left_out:
            text.append(f"  … {left_out} more operands", QUIET)
        if self._source and line.span is not None and line.span != above:
            source = shortened(self._source[slice(*line.span)], SOURCE)
            text.append(f"  {source}", f"{QUIET} italic")
        if not self._full:
            text.no_wrap, text.overflow = True, "ellipsis"
        return text
