"""For pipes: both tables in columns, every digit, no colour and no wrapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradcli.render.characters import visible
from gradcli.render.explanation.grid import (
    BACKWARD,
    Line,
    backward_lines,
    forward_headings,
    forward_lines,
    padded,
    widths_of,
)
from gradcli.render.explanation.words import LEGEND, Words, gradients, uses_legend

if TYPE_CHECKING:
    from gradcli.explanation import Explanation

ROOM = 60


def plain(explanation: Explanation, full: bool) -> Iterator[str]:
    """Pieces of the text."""
    words = Words(digits=True, full=full)
    yield "forward\n"
    lines = list(forward_lines(explanation, words, ROOM))
    yield from table(lines, forward_headings(explanation))
    if uses_legend(explanation):
        yield f"{LEGEND}\n"
    yield "\nbackward\n"
    yield from table(list(backward_lines(explanation, words, ROOM)), BACKWARD)
    yield "\ngradient\n"
    for label, value in gradients(explanation, words):
        yield f"{visible(label)} = {value}\n"


def table(lines: Sequence[Line], headings: Sequence[str]) -> Iterator[str]:
    """The lines of a table; what the last column says stands in one line."""
    widths = widths_of(lines, headings)
    margin = " " * (widths[0] + 2)
    yield padded(headings[:-1], widths) + headings[-1] + "\n"
    for line in lines:
        if line.between:
            yield f"{margin}{line.between}".rstrip() + "\n"
        else:
            yield (padded(line.cells, widths) + in_one_line(line.last)).rstrip() + "\n"


def in_one_line(parts: Sequence[str]) -> str:
    """`a = b = c`; anything else behind a semicolon."""
    text = ""
    for part in parts:
        text += part if not text else f" {part}" if part.startswith("= ") else f"; {part}"
    return text
