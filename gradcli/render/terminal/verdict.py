"""The verdict: one line with each witness's worst error and tolerance; a table for `check`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradcli.render.numbers import error_size, short
from gradcli.render.plain import error_text, slope_text, worst_comparisons
from gradcli.render.terminal.console import literal
from gradcli.results import Comparison, Verdict

MARKS = {
    "agree": ("✓", "green"),
    "disagree": ("✗", "red"),
    "inconclusive": ("?", "yellow"),
}
TINY = 1e-300
"""A tolerance below this is that of an entry which is 0 on both sides, and says nothing."""

HEADINGS = ("", "witness", "worst error", "relative", "tolerance", "compared", "")


def verdict_views(verdict: Verdict, table: bool, width: int) -> Iterator[RenderableType]:
    """The table of witnesses where wanted, the line of verdict, and its reasons."""
    if table and verdict.comparisons:
        yield from (Padding(row, (0, 0, 0, 2)) for row in witness_rows(verdict))
        yield Text("")
    mark, style = MARKS[verdict.verdict]
    head = f"{mark} {verdict.verdict}"
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    lines = [literal(reason, style) for reason in verdict.reasons]
    lines += error_lines(verdict, width - len(head) - 6)
    for number, line in enumerate(lines or [Text("")]):
        grid.add_row(Text("" if number else head, style=f"bold {style}"), line)
    yield Padding(grid, (0, 0, 0, 2))


def error_lines(verdict: Verdict, width: int) -> Iterator[Text]:
    """`formula 0 ≤ 7.1e-15 · difference 3e-12 ≤ 1e-8`: worst error and what is allowed there."""
    line = Text()
    for name, comparison in worst_comparisons(verdict).items():
        part = Text.assemble(name, " ", bound(comparison))
        if line and line.cell_len + 3 + part.cell_len > width:
            yield line
            line = Text()
        line = Text.assemble(line, (" · ", "dim"), part) if line else part
    if line:
        yield line


def bound(one: Comparison) -> Text:
    """An error against its tolerance: `2e-16 ≤ 7.1e-15`."""
    if one.ok is None:
        return Text("says nothing", style="dim")
    error, sign, tolerance = (
        error_text(one).replace("<=", "≤").partition(" ≤ " if one.ok else " > ")
    )
    return Text.assemble((error, "green" if one.ok else "red"), (sign + tolerance, "dim"))


def witness_rows(verdict: Verdict) -> Iterator[RenderableType]:
    """One line per variable and witness, columns aligned; below them what the witnesses remark."""
    rows: list[tuple[Text, ...]] = [tuple(Text(heading, style="dim") for heading in HEADINGS)]
    before = None
    for one in verdict.comparisons:
        name = literal(one.variable if one.variable != before else "", "bold")
        before = one.variable
        rows.append((name, Text(one.witness), *cells_of(one)))
    widths = [
        max(row[column].cell_len for row in rows if len(row) == len(HEADINGS) or column < 2)
        for column in range(len(HEADINGS))
    ]
    for row in rows:
        grid = Table.grid(padding=(0, 3, 0, 0))
        for column in range(len(row)):
            last = column == len(row) - 1
            grid.add_column(width=None if last else widths[column], no_wrap=not last)
        grid.add_row(*row)
        yield grid
    for remark in remarks(verdict):
        yield Padding(literal(remark, "dim"), (0, 0, 0, widths[0] + 3))


def remarks(verdict: Verdict) -> Iterator[str]:
    """The notes of witnesses that were heard, each once; with the variable where they differ."""
    noted: dict[tuple[str, str], list[str]] = {}
    for one in verdict.comparisons:
        if one.ok is not None and one.note and one.witness != "taylor":
            noted.setdefault((one.witness, one.note), []).append(one.variable)
    everywhere = len({one.variable for one in verdict.comparisons})
    for (witness, note), variables in noted.items():
        where = "" if len(variables) == everywhere else f" ({', '.join(variables)})"
        yield f"{witness}{where}: {note}"


def cells_of(one: Comparison) -> tuple[Text, ...]:
    """Errors, tolerance, entries and mark; or only why there are none."""
    if one.ok is None:
        return (literal(f"says nothing: {one.note}" if one.note else "says nothing", "dim"),)
    mark, style = MARKS["agree" if one.ok else "disagree"]
    taylor = one.witness == "taylor"
    return (
        Text(slope_text(one) if taylor else error_size(one.max_abs), style=style),
        Text("" if taylor else error_size(one.max_rel)),
        Text("" if taylor or one.tolerance < TINY else short(one.tolerance, 2)),
        Text(f"{one.compared} of {one.of}"),
        Text(mark, f"bold {style}"),
    )
