"""The text of a program and the way from Python's positions to ours.

`ast` counts lines, and columns in UTF-8 bytes; every span of gradcli counts characters of the
whole text.
"""

from __future__ import annotations

import ast
import re

from gradcli.errors import Span

_LINE = re.compile(r"\r\n|\r|\n")


def _margin(text: str, offset: int) -> int:
    """The indentation of the first line, where all further lines with content have it as well."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    indent = text[start:offset]
    lines = [line for line in _LINE.split(text[offset:])[1:] if line.strip()]
    return len(indent) if all(line.startswith(indent) for line in lines) else 0


class Source:
    """A text and the spans of its syntax nodes.

    Attributes:
        text: as the user wrote it.
        offset: characters of leading white space, which Python does not get to see.
        body: what Python parses: without the margin that all lines have in common.
    """

    __slots__ = ("_ascii", "_lines", "_spans", "_starts", "body", "offset", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.offset = len(text) - len(text.lstrip())
        self._ascii = text.isascii()
        body = text[self.offset :]
        margin = _margin(text, self.offset)
        starts = [match.end() for match in _LINE.finditer(body)]
        self._starts = [0, *(start + margin * (body[start:].strip() != "") for start in starts)]
        self.body = re.sub(rf"(?<=[\r\n])[ \t]{{{margin}}}", "", body) if margin else body
        self.body = self.body.rstrip()
        self._lines = [] if self._ascii else [body[start:] for start in self._starts]
        self._spans: dict[int, Span] = {}

    def position(self, line: int, column: int) -> int:
        """The character at a line (from 1) and a column (bytes, from 0)."""
        line = min(max(line, 1), len(self._starts))
        if not self._ascii:
            head = self._lines[line - 1].encode("utf-8", "surrogatepass")[:column]
            column = len(head.decode("utf-8", "ignore"))
        return min(self.offset + self._starts[line - 1] + column, len(self.text))

    def character(self, line: int, column: int) -> int:
        """The character at a line (from 1) and a column in characters (from 1), as errors count."""
        line = min(max(line, 1), len(self._starts))
        place = self.offset + self._starts[line - 1] + max(column, 1) - 1
        return min(place, len(self.text))

    def span(self, node: ast.AST) -> Span | None:
        """Where a syntax node stands."""
        found = self._spans.get(id(node))
        if found is None:
            line = getattr(node, "lineno", None)
            if line is None:
                return None
            found = (
                self.position(line, node.col_offset),  # type: ignore[attr-defined]
                self.position(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
            )
            self._spans[id(node)] = found
        return found
