"""Typed text, one line per binder: `c: float64[4] = mul a b`. Complete, whatever its length.

Every name is defined above the line that uses it; the gradients go on with the names of the op
graph. What stands behind `#` is for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradcli.render.characters import visible
from gradcli.render.graphs.words import heading, operation, result_text, type_text
from gradcli.render.plain import array_text

if TYPE_CHECKING:
    from gradcli.results import GraphCard, NodeLine


def typed_text(card: GraphCard) -> Iterator[str]:
    """Pieces of the text."""
    nodes: list[NodeLine] = []
    for part in card.parts:
        nodes += part.lines
        yield f"# {visible(heading(part))}\n"
        for line in part.lines:
            if not line.inline:
                yield from binder(line, nodes)
        for reason in part.reasons:
            yield f"# {visible(reason)}\n"
        yield f"return {result_text(part, nodes)}\n"


def binder(line: NodeLine, nodes: Sequence[NodeLine]) -> Iterator[str]:
    """One line."""
    yield f"{line.name}: {type_text(line)} = {visible(operation(line))}"
    if line.value is not None:
        yield " "
        yield from array_text(line.value)
    else:
        yield "".join(f" {nodes[number].name}" for number in line.inputs)
    if line.also:
        yield f"  # also {', '.join(line.also)}"
    yield "\n"
