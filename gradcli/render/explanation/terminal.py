"""On a terminal: both tables with their last column wrapped, the lines between them dim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from gradcli.render.characters import cells
from gradcli.render.explanation.grid import (
    BACKWARD,
    GAP,
    Line,
    backward_lines,
    forward_headings,
    forward_lines,
    padded,
    widths_of,
)
from gradcli.render.explanation.words import LEGEND, Words, gradients, uses_legend
from gradcli.render.terminal.console import drawn, literal
from gradcli.render.terminal.result import equation

if TYPE_CHECKING:
    from gradcli.explanation import Explanation
    from gradcli.render.view import View

HEADING, FORMULA, QUIET, WARN, VALUE = "bold", "cyan", "dim", "yellow", "bold"
NARROW = 36
"""Where the last column would have less room, it stands below its row instead."""
LONG = 28
"""A longer number stands there, too."""
MINIMUM = 24
INDENT = "  "


def terminal(explanation: Explanation, view: View) -> Iterator[str]:
    """The whole answer as text."""
    yield drawn(sections(explanation, view), view)


def sections(explanation: Explanation, view: View) -> Iterator[RenderableType]:
    """One renderable after the other, empty lines between."""
    words = Words(digits=view.full, full=view.full)
    room = max(16, view.width // 4)
    yield Text("")
    yield from program_views(explanation)
    yield Text("")
    yield Text(f"{INDENT}forward: what the tape records", style=HEADING)
    lines = list(forward_lines(explanation, words, room))
    yield from table(lines, forward_headings(explanation), view)
    if uses_legend(explanation):
        yield Text(INDENT + ascii_dot(LEGEND, view), style=QUIET)
    yield Text("")
    yield Text(f"{INDENT}backward: from the target to the inputs", style=HEADING)
    yield from table(list(backward_lines(explanation, words, room)), BACKWARD, view)
    yield Text("")
    for label, value in gradients(explanation, words):
        yield equation(label, literal(value, VALUE))
    yield Text("")


def program_views(explanation: Explanation) -> Iterator[RenderableType]:
    """`f = EXPRESSION`, or the lines of a program."""
    text = explanation.expression.strip("\n")
    target = next(row for row in explanation.rows if row.is_target)
    if target.source in ("", " ".join(text.split())):
        yield equation(target.name, literal(text))
        return
    for line in text.splitlines():
        yield Padding(literal(line), (0, 0, 0, len(INDENT)))


def table(lines: Sequence[Line], headings: Sequence[str], view: View) -> Iterator[Text]:
    """The lines of a table, none wider than the terminal."""
    lines = [below(line, headings) for line in lines]
    widths = widths_of(lines, headings)
    margin = cells(INDENT) + sum(widths) + len(GAP) * len(widths)
    aside = view.width - margin >= NARROW
    if not aside:
        margin = cells(INDENT) + widths[0] + 2 * len(GAP)
    room = max(MINIMUM, view.width - margin)
    heading = padded(headings[:-1], widths) + (headings[-1] if aside else "")
    yield Text(INDENT + ascii_dot(heading, view), style=QUIET)
    for line in lines:
        if line.between:
            for piece in wrapped(line.between, view.width - widths[0] - 4):
                yield literal(INDENT + " " * widths[0] + GAP + ascii_dot(piece, view), QUIET)
            continue
        head = literal(INDENT + ascii_dot(padded(line.cells, widths), view))
        pieces = pieces_of(line, room)
        if not aside or not pieces:
            yield head
            head = Text(" " * margin)
        for piece, style in pieces:
            head.append_text(literal(ascii_dot(piece, view), style))
            yield head
            head = Text(" " * margin)


def below(line: Line, headings: Sequence[str]) -> Line:
    """A line whose long numbers have moved to the last column."""
    moved = [
        f"{heading} {text}"
        for heading, text in zip(headings, line.cells, strict=False)
        if heading in ("value", "adjoint") and cells(text) > LONG
    ]
    if not moved:
        return line
    kept = ["↓" if cells(text) > LONG else text for text in line.cells]
    return Line(kept, [*moved, *line.last], remarks=line.remarks)


def pieces_of(line: Line, room: int) -> list[tuple[str, str]]:
    """The last column in lines; a chain `a = b = c` in one where there is room."""
    said, remarks = line.last, line.last[len(line.last) - line.remarks :]
    said = said[: len(said) - line.remarks]
    whole = " ".join(said)
    if len(said) > 1 and all(text.startswith("= ") for text in said[1:]) and cells(whole) <= room:
        said = [whole]
    pieces = [(piece, FORMULA) for text in said for piece in wrapped(text, room)]
    return pieces + [(piece, WARN) for text in remarks for piece in wrapped(text, room)]


def ascii_dot(text: str, view: View) -> str:
    """The stand-in for the adjoint, where the terminal cannot show it."""
    return text if view.unicode else text.replace("·", "g")


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells, broken at blanks, later lines indented."""
    lines = [""]
    for word in text.split(" "):
        line = lines[-1]
        if line.strip() and cells(line) + 1 + cells(word) > width:
            lines.append(INDENT + word)
        else:
            lines[-1] = f"{line} {word}" if line else word
    return lines
