"""Two tables in GitHub's Markdown, texts of the program as code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradcli.render.characters import visible
from gradcli.render.explanation.grid import (
    BACKWARD,
    Line,
    backward_lines,
    forward_headings,
    forward_lines,
)
from gradcli.render.explanation.words import LEGEND, Words, gradients, uses_legend

if TYPE_CHECKING:
    from gradcli.explanation import Explanation

ROOM = 60
CODE = ("name", "source", "op")
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$&])")


def markdown(explanation: Explanation, full: bool) -> Iterator[str]:
    """Pieces of the text."""
    words = Words(digits=True, full=full)
    yield fenced(explanation.expression)
    yield "Forward\n\n"
    yield from table(forward_lines(explanation, words, ROOM), forward_headings(explanation))
    if uses_legend(explanation):
        yield f"\n{LEGEND}\n"
    yield "\nBackward\n\n"
    yield from table(backward_lines(explanation, words, ROOM), BACKWARD)
    yield "\nGradient\n\n"
    for label, value in gradients(explanation, words):
        yield f"- {code(f'{label} = {value}')}\n"


def table(lines: Iterator[Line], headings: Sequence[str]) -> Iterator[str]:
    """The lines of a table."""
    yield f"| {' | '.join(map(escaped, headings))} |\n"
    yield f"|{'|'.join(['--:', *['---'] * (len(headings) - 1)])}|\n"
    for line in lines:
        if line.between:
            text = escaped(line.between.strip())
            yield f"| | *{text}* |{' |' * (len(headings) - 2)}\n"
            continue
        shown = [
            code(text) if heading in CODE else escaped(text)
            for heading, text in zip(headings, line.cells, strict=False)
        ]
        remarks = len(line.last) - line.remarks
        last = [
            escaped(text) if number >= remarks or text.startswith("the ") else code(text)
            for number, text in enumerate(line.last)
        ]
        yield f"| {' | '.join([*shown, '<br>'.join(last)])} |\n"


def code(text: str) -> str:
    """A code span that a table may hold."""
    if not text:
        return ""
    text = visible(text).replace("|", "\\|")
    ticks = "``" if "`" in text else "`"
    blank = " " if "`" in text else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def escaped(text: str) -> str:
    """Text whose characters mean nothing to Markdown."""
    return SPECIAL.sub(r"\\\1", visible(text))


def fenced(program: str) -> str:
    """A program as a block of code, between fences that it does not hold itself."""
    text = "\n".join(map(visible, program.strip("\n").splitlines()))
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}\n\n"
