"""The two tables as cells: forward in the order of the program, backward from the target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gradcli.render.characters import cells, shortened
from gradcli.render.numbers import shape_text

if TYPE_CHECKING:
    from gradcli.explanation import Explanation, Row
    from gradcli.render.explanation.words import Words

FORWARD = ("#", "name", "source", "op", "shape", "value", "local derivative")
BACKWARD = ("#", "name", "adjoint", "is the sum of what its uses send back")
INDENT = "  "
GAP = "  "


@dataclass(slots=True)
class Line:
    """One row of a table, or a line between rows.

    Attributes:
        cells: one text per column but the last.
        last: the lines of the last column.
        between: text of a line that is no row, "" for a row.
        remarks: how many of `last`, from the end, are remarks.
    """

    cells: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    between: str = ""
    remarks: int = 0


def forward_lines(explanation: Explanation, words: Words, room: int) -> Iterator[Line]:
    """What the tape records. `room`: characters for a source text."""
    from gradcli.explanation import Mark

    shaped = has_shapes(explanation)
    for item in explanation.story:
        if isinstance(item, Mark):
            yield Line(between=INDENT * item.depth + shortened(item.text, 3 * room))
            continue
        shape = [shape_text(item.value.shape)] if shaped else []
        source = shortened(item.source, room)
        texts = [str(item.number), item.name, source, item.op, *shape, words.array(item.value)]
        yield Line(texts, words.forward(item), remarks=1 if item.note else 0)


def backward_lines(explanation: Explanation, words: Words, room: int) -> Iterator[Line]:
    """Adjoints in reverse order, the inputs last; rows without one are left out."""
    from gradcli.explanation import Mark

    for item in reversed(explanation.story):
        if isinstance(item, Mark):
            if item.kind == "fold":
                yield Line(between=shortened(item.text, 3 * room))
        elif item.adjoint is not None:
            notes = sum(each.note is not None for each in item.contributions)
            yield Line(adjoint_cells(item, words), words.backward(item), remarks=notes)


def adjoint_cells(row: Row, words: Words) -> list[str]:
    """The first columns of the way back."""
    assert row.adjoint is not None
    return [str(row.number), row.name, words.array(row.adjoint)]


def has_shapes(explanation: Explanation) -> bool:
    """Whether there is anything but scalars."""
    return any(row.value.ndim for row in explanation.rows)


def forward_headings(explanation: Explanation) -> list[str]:
    """The columns of the forward table; shapes only where there are any."""
    return [text for text in FORWARD if text != "shape" or has_shapes(explanation)]


def widths_of(lines: Sequence[Line], headings: Sequence[str]) -> list[int]:
    """The width of each column but the last, in terminal cells."""
    rows = [list(headings[:-1]), *(line.cells for line in lines if not line.between)]
    return [max(cells(row[column]) for row in rows) for column in range(len(headings) - 1)]


def padded(texts: Sequence[str], widths: Sequence[int]) -> str:
    """Cells in their columns; the first, a number, to the right."""
    parts = []
    for column, (text, width) in enumerate(zip(texts, widths, strict=True)):
        blanks = " " * (width - cells(text))
        parts.append(blanks + text if column == 0 else text + blanks)
    return GAP.join(parts) + GAP
