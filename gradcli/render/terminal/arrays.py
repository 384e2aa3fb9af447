"""Numbers on a terminal: aligned at the decimal point, long arrays summarised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.render.characters import cells
from gradcli.render.numbers import exact, listed, shape_text, short

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

ROWS = 12
"""A summary shows at most so many lines of numbers."""

EDGE = 3
"""Rows at either end of a summarised matrix."""

GAP = "   "


def number_lines(array: Array, width: int, full: bool = False) -> list[str]:
    """The entries of an array in lines of at most `width` cells.

    Args:
        array: one or more axes.
        full: every entry with every digit, however many lines that takes.
    """
    if array.size == 0:
        return [f"no entries, shape {shape_text(array.shape)}"]
    if array.ndim <= 1:
        return vector_lines(array.reshape(-1), width, full)
    if array.ndim == 2:
        return matrix_lines(array, width, full)
    lines: list[str] = []
    for position in np.ndindex(array.shape[:-2]):
        block = matrix_lines(array[position], width, full)
        if not full and lines and len(lines) + len(block) >= ROWS:
            lines.append("…")
            break
        lines += [f"[{', '.join(map(str, position))}, :, :]", *block]
    return lines


def statistics(array: Array) -> str:
    """Count, extremes, norm, and how many entries are zero or not finite."""
    parts = [f"{array.size} numbers"]
    finite = array[np.isfinite(array)]
    if finite.size:
        parts += [f"min {short(float(finite.min()), 4)}", f"max {short(float(finite.max()), 4)}"]
        scale = float(np.abs(finite).max())
        norm = scale * float(np.linalg.norm(finite / scale)) if scale else 0.0
        parts.append(f"norm {short(norm, 4)}")
    zeros = int(np.count_nonzero(array == 0))
    if zeros:
        parts.append(f"{zeros} zero")
    bad = array.size - finite.size
    if bad:
        parts.append(f"{bad} not finite")
    return " · ".join(parts)


def is_constant(array: Array) -> bool:
    """Whether all entries are the same number."""
    return bool(array.size and np.all(array == array.flat[0]))


def is_long(array: Array, width: int) -> bool:
    """Whether the summary leaves entries out."""
    return any("…" in line for line in number_lines(array, width))


def texts(entries: list[Any], full: bool) -> list[str]:
    """Each entry as text, exact or short; truth values as words."""
    write = exact if full else short
    return [str(entry) if isinstance(entry, bool) else write(entry) for entry in entries]


def vector_lines(vector: Array, width: int, full: bool) -> list[str]:
    """A vector in columns that line up; summarised to its first and last entries on one line."""
    budget = ROWS // 4 * (width // 4)
    if not full and vector.size > budget:
        return [edges_line(vector, width)]
    words = aligned(texts(listed(vector), full))
    size = max(map(cells, words))
    per_line = max(1, (width + len(GAP)) // (size + len(GAP)))
    if not full and len(words) > per_line * (ROWS // 4):
        return [edges_line(vector, width)]
    if len(words) <= per_line:
        return [GAP.join(texts(listed(vector), full))]
    return [GAP.join(words[i : i + per_line]).rstrip() for i in range(0, len(words), per_line)]


def edges_line(vector: Array, width: int) -> str:
    """As many entries of both ends as one line holds."""
    reach = min(vector.size // 2, max(2, width // 8))
    first = texts(listed(vector[:reach]), False)
    last = texts(listed(vector[-reach:]), False)
    while len(first) > 1:
        line = GAP.join([*first, "…", *last])
        if cells(line) <= width:
            return line
        if len(last) >= len(first):
            del last[0]
        else:
            del first[-1]
    return GAP.join([*first, "…", *last])


def matrix_lines(matrix: Array, width: int, full: bool) -> list[str]:
    """A matrix row by row, columns aligned; the middle rows and columns left out where too many."""
    rows, columns = matrix.shape
    if full or rows <= ROWS:
        row_numbers: list[int | None] = list(range(rows))
    else:
        row_numbers = [*range(EDGE), None, *range(rows - EDGE, rows)]
    kept = [row for row in row_numbers if row is not None]
    room = columns if full else min(columns, max(2, width // 4))
    while True:
        if room >= columns:
            column_numbers: list[int | None] = list(range(columns))
        else:
            left = (room + 1) // 2
            column_numbers = [*range(left), None, *range(columns - (room - left), columns)]
        shown: list[list[str]] = []
        for column in column_numbers:
            if column is None:
                shown.append(["…"] * len(kept))
            else:
                shown.append(aligned(texts(listed(matrix[kept, column]), full)))
        lines = [GAP.join(parts) for parts in zip(*shown, strict=True)]
        if cells(lines[0]) <= width or room <= 2:
            break
        if full:
            return wrapped_rows(shown, width)
        room = min(room, columns) - 1
    if None in row_numbers:
        lines.insert(row_numbers.index(None), "…")
    return [line.rstrip() for line in lines]


def wrapped_rows(shown: list[list[str]], width: int) -> list[str]:
    """A matrix wider than the terminal, complete: each row continues on indented lines."""
    lines = []
    for parts in zip(*shown, strict=True):
        line = ""
        for part in parts:
            if line and cells(line) + len(GAP) + cells(part) > width:
                lines.append(line.rstrip())
                line = "  " + part
            else:
                line = line + GAP + part if line else part
        lines.append(line.rstrip())
    return lines


def aligned(words: list[str]) -> list[str]:
    """Words padded to one width, the decimal points under each other."""
    splits = [split_point(word) for word in words]
    left = max(len(head) for head, _ in splits)
    right = max(len(tail) for _, tail in splits)
    return [head.rjust(left) + tail.ljust(right) for head, tail in splits]


def split_point(word: str) -> tuple[str, str]:
    """A number before its point (or exponent), and the rest."""
    for mark in (".", "e"):
        if mark in word and word[-1].isdigit():
            head, _, tail = word.partition(mark)
            return head, mark + tail
    return word, ""
