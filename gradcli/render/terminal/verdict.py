"""The verdict: one line with each witness's worst error against its tolerance; a table for `check`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradcli.render.numbers import error_size, short
from gradcli.render.plain import rank
from gradcli.render.terminal.console import literal
from gradcli.results import Comparison, Verdict

MARKS = {
    "agree": ("✓", "bold green"),
    "disagree": ("✗", "bold red"),
    "inconclusive": ("?", "bold yellow"),
}


def verdict_views(verdict: Verdict, table: bool) -> Iterator[RenderableType]:
    """The line of verdict, its reasons, and the table of witnesses where wanted."""
    if table and verdict.comparisons:
        yield Padding(witness_table(verdict), (0, 0, 0, 2))
        yield Text("")
    mark, style = MARKS[verdict.verdict]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Text(f"{mark} {verdict.verdict}", style=style), verdict_line(verdict))
    for reason in verdict.reasons:
        grid.add_row("", literal(reason, "" if verdict.verdict == "agree" else style.split()[-1]))
    yield Padding(grid, (0, 0, 0, 2))


def verdict_line(verdict: Verdict) -> Text:
    """`formula 0 ≤ 7.1e-15 · difference 3e-12 ≤ 1e-8`: worst error and what is allowed there."""
    worst: dict[str, Comparison] = {}
    for comparison in verdict.comparisons:
        before = worst.get(comparison.witness)
        if before is None or rank(comparison) > rank(before):
            worst[comparison.witness] = comparison
    parts = [Text.assemble(name, " ", bound(one)) for name, one in worst.items()]
    return Text(" · ").join(parts)


def bound(one: Comparison) -> Text:
    """An error against its tolerance: `0 ≤ 7.1e-15`."""
    if one.ok is None:
        return Text("says nothing", style="dim")
    sign, style = ("≤", "green") if one.ok else (">", "red")
    return Text.assemble(
        (error_size(one.max_abs), style), (f" {sign} {short(one.tolerance, 2)}", "dim")
    )


def witness_table(verdict: Verdict) -> Table:
    """One row per variable and witness."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("", "witness", "worst error", "relative", "tolerance", "entries", ""):
        table.add_column(heading, no_wrap=heading != "", justify="left")
    before = None
    for one in verdict.comparisons:
        name = literal(one.variable if one.variable != before else "", "bold")
        before = one.variable
        if one.ok is None:
            table.add_row(name, one.witness, "", "", "", "", literal(one.note, "dim"))
            continue
        mark, style = MARKS["agree" if one.ok else "disagree"]
        table.add_row(
            name,
            one.witness,
            Text(error_size(one.max_abs), style=style.split()[-1]),
            error_size(one.max_rel),
            short(one.tolerance, 2),
            f"{one.compared} of {one.of}",
            Text.assemble((mark, style), " " if one.note else "", literal(one.note, "dim")),
        )
    return table
