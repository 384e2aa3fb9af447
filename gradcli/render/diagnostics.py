"""Errors and notes for stderr: what, where (source line and caret), what to do."""

from __future__ import annotations

from gradcli.errors import GradcliError
from gradcli.render.characters import cells, shortened, visible, visible_character

RED, CYAN, YELLOW, BOLD, DIM, RESET = (
    "\x1b[1;31m",
    "\x1b[36m",
    "\x1b[33m",
    "\x1b[1m",
    "\x1b[2m",
    "\x1b[0m",
)
INDENT = "  "


def diagnostic(error: GradcliError, *, colour: bool = False, width: int = 80) -> str:
    """An error as it is printed, ending in a newline.

    Args:
        error: with `source` where its `span` shall be shown.
        colour: whether escape codes are wanted.
        width: columns; a longer source line is cut around the span.

    Example:
        >>> error = GradcliError("unknown function 'tnah'", span=(2, 6), source="2*tnah(x)",
        ...                      hint="did you mean 'tanh'?")
        >>> print(diagnostic(error), end="")
        error: unknown function 'tnah'
          2*tnah(x)
            ^^^^
        hint: did you mean 'tanh'?
    """
    lines = [painted("error:", RED, colour) + " " + visible(error.message)]
    if error.span is not None and error.source:
        line, carets = excerpt(error.source, error.span, max(20, width - len(INDENT)))
        lines += [INDENT + line, INDENT + painted(carets, RED, colour)]
        lines += [INDENT + painted(call, DIM, colour) for call in calls_of(error)]
    if error.hint:
        lines.append(painted("hint:", CYAN, colour) + " " + visible(error.hint))
    return "\n".join(lines) + "\n"


MOST_CALLS = 10
"""Calls of a traceback that are shown."""


def calls_of(error: GradcliError) -> list[str]:
    """The traceback of the program's own calls, the innermost first; recursion is counted.

    Example:
        >>> error = GradcliError("division by zero", source="f = lambda v: v\\nf(1/0)")
        >>> error.calls.append(("f", (16, 22)))
        >>> calls_of(error)
        ['in f, called at line 2: f(1/0)']
    """
    source = error.source or ""
    told: list[tuple[str, int]] = []
    for name, span in error.calls:
        where = "which is the program's result"
        if span is not None:
            line = source.count("\n", 0, span[0]) + 1
            text = " ".join(source[slice(*span)].split())
            where = f"called at line {line}: {shortened(text, 60)}"
        call = f"in {visible(name)}, {where}"
        if told and told[-1][0] == call:
            told[-1] = (call, told[-1][1] + 1)
        else:
            told.append((call, 1))
    lines = [call if count == 1 else f"{call} ({count:,} times)" for call, count in told]
    if len(lines) > MOST_CALLS:
        hidden = len(lines) - MOST_CALLS
        half = MOST_CALLS // 2
        lines = [*lines[:half], f"... {hidden} more calls ...", *lines[-half:]]
    return lines


def note(text: str, *, colour: bool = False) -> str:
    """A note as it is printed, ending in a newline."""
    return painted("note:", YELLOW, colour) + " " + visible(text) + "\n"


def painted(text: str, code: str, colour: bool) -> str:
    """The text in a colour, where wanted."""
    return f"{code}{text}{RESET}" if colour else text


def excerpt(source: str, span: tuple[int, int], width: int) -> tuple[str, str]:
    """The source line that a span starts in, and the carets under the span.

    Where there are several lines, line and column stand before it; the carets stop at the end of
    the first line.
    """
    start = min(max(span[0], 0), len(source))
    end = min(max(span[1], start), len(source))
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", start)
    last = len(source) if last == -1 else last
    prefix = ""
    if "\n" in source.strip("\n"):
        prefix = f"{source.count(chr(10), 0, start) + 1}:{start - first + 1} | "
    room = width - len(prefix)
    before = [visible_character(c) for c in source[first:start]]
    marked = [visible_character(c) for c in source[start : min(end, last)].rstrip("\r")]
    after = [visible_character(c) for c in source[min(end, last) : last].rstrip("\r")]
    before, marked, after = fitted(before, marked, after, room)
    offset, length = cells("".join(before)), max(1, cells("".join(marked)))
    line = prefix + "".join([*before, *marked, *after]).rstrip()
    return line, " " * (len(prefix) + offset) + "^" * length


def fitted(
    before: list[str], marked: list[str], after: list[str], room: int
) -> tuple[list[str], list[str], list[str]]:
    """The three parts of a line cut down to `room` cells, the marked part first."""

    def size(parts: list[str]) -> int:
        return cells("".join(parts))

    if size(before) + size(marked) + size(after) <= room:
        return before, marked, after
    if size(marked) > room - 8:
        marked = [*head(marked, room - 9), "…"]
        after = []
    side = max(2, (room - size(marked)) // 2)
    spare_after = max(0, side - size(after))
    if size(before) > side + spare_after:
        before = ["…", *head(before[::-1], side + spare_after - 1)[::-1]]
    room_after = room - size(before) - size(marked)
    if size(after) > room_after:
        after = [*head(after, room_after - 1), "…"]
    return before, marked, after


def head(parts: list[str], room: int) -> list[str]:
    """The first parts that fit into `room` cells."""
    taken: list[str] = []
    for part in parts:
        room -= cells(part)
        if room < 0:
            break
        taken.append(part)
    return taken
