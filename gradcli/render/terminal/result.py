"""A result on a terminal: the value, per variable formula and numbers, then the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradcli.render.characters import cells
from gradcli.render.names import derivative_label, path_text, target_letter
from gradcli.render.numbers import exact, listed, shape_text, short
from gradcli.render.terminal.arrays import is_constant, is_long, number_lines, statistics
from gradcli.render.terminal.console import drawn, literal
from gradcli.render.terminal.verdict import verdict_views

if TYPE_CHECKING:
    import numpy as np

    from gradcli.render.view import View
    from gradcli.results import Derivative, Result

    Array = np.ndarray[Any, np.dtype[Any]]

INDENT = 2
LINES = 24
"""Lines of a program that are shown."""

FORMULA, VALUE, LABEL, QUIET, WARN = "bold cyan", "bold", "dim", "dim", "yellow"


def result_view(result: Result, view: View) -> Iterator[str]:
    """The whole answer as text."""
    yield drawn(sections(result, view), view)


def sections(result: Result, view: View) -> Iterator[RenderableType]:
    """One renderable after the other, empty lines between."""
    if result.command == "eval":
        yield from value_views(result.target.value, view)
        return
    letter = target_letter(result)
    target = result.target
    yield Text("")
    if result.program:
        yield from program_views(result.expression, view.full)
        yield Text("")
        yield equation(letter, numbers(target.value, view, len(letter) + 3, VALUE))
    else:
        yield equation(letter, literal(result.expression.strip("\n")))
        yield equation(" " * len(letter), numbers(target.value, view, len(letter) + 3, VALUE))
    for derivative in result.gradient.values():
        yield Text("")
        label = derivative_label(result, derivative.name)
        yield from derivative_views(derivative, label, view)
    if result.layout is not None:
        yield remark(f"layout: {result.layout}", QUIET)
    if result.check is not None:
        yield Text("")
        yield from verdict_views(result.check, result.command == "check", view.width)
    if result.path:
        yield remark(path_text(result.path), QUIET)
    yield Text("")


def program_views(text: str, full: bool) -> Iterator[RenderableType]:
    """The lines of a program with their numbers; a long one by its beginning and its end."""
    lines = text.strip("\n").split("\n")
    shown: list[tuple[str, str]] = [(str(n), line) for n, line in enumerate(lines, 1)]
    if not full and len(lines) > LINES:
        rest = ("…", f"{len(lines) - LINES} more lines")
        shown = [*shown[: LINES // 2], rest, *shown[-LINES // 2 :]]
    if len(lines) == 1:
        yield Padding(literal(lines[0]), (0, 0, 0, INDENT))
        return
    width = len(str(len(lines)))
    for number, line in shown:
        text_line = Text.assemble((number.rjust(width), QUIET), "  ", literal(line.rstrip("\r")))
        yield Padding(text_line, (0, 0, 0, INDENT))


def value_views(value: Array, view: View) -> Iterator[RenderableType]:
    """The answer of `eval`: the bare number, or the array with its shape."""
    if value.ndim == 0:
        yield Text(scalar_text(value))
        return
    for line in number_lines(value, view.width, view.full):
        yield Text(line, no_wrap=True, overflow="ignore")
    parts = [shape_text(value.shape)]
    if not view.full and is_long(value, view.width):
        parts.append(statistics(value))
    yield Text(" · ".join(parts), style=QUIET)


def derivative_views(derivative: Derivative, label: str, view: View) -> Iterator[RenderableType]:
    """Formula, numbers and reasons for one variable."""
    closed, value = derivative.closed, derivative.value
    taken = cells(label) + 3
    if closed is not None and closed.steps:
        yield derivation(closed.steps)
        yield Text("")
    if closed is not None and closed.text is not None:
        shape = f"   {shape_text(value.shape)}" if value.ndim else ""
        formula = Text.assemble(literal(closed.short or closed.text, FORMULA), (shape, QUIET))
        yield equation(label, formula)
        for name, text in closed.shared:
            yield where(taken, name, text)
        entries = numbers(value, view, taken, shape=False)
        if entries.plain != closed.text:
            yield equation(" " * cells(label), entries)
    else:
        yield equation(label, numbers(value, view, taken))
        if closed is not None:
            yield remark(f"no closed form: {closed.reason or 'none was found'}", QUIET)
    for reason in derivative.reasons:
        yield remark(reason, WARN)


def derivation(steps: Sequence[tuple[str, str]]) -> RenderableType:
    """One line per step, behind the rule that leads to it."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style=QUIET)
    grid.add_column()
    for rule, text in steps:
        grid.add_row(literal(rule), literal(text))
    return Padding(grid, (0, 0, 0, INDENT))


def where(indent: int, name: str, text: str) -> RenderableType:
    """`where t0 = ...`, under the formula that uses the name."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    for _ in range(3):
        grid.add_column(no_wrap=True)
    grid.add_column()
    label, sign = Text("where", style=QUIET), Text("=", style=LABEL)
    grid.add_row(label, literal(name, FORMULA), sign, literal(text, FORMULA))
    return Padding(grid, (0, 0, 0, INDENT + indent))


def equation(label: str, body: Text) -> RenderableType:
    """`label = body`, the body wrapped under itself."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=body.no_wrap is True)
    grid.add_row(literal(label), Text("=", style=LABEL), body)
    return Padding(grid, (0, 0, 0, INDENT))


def numbers(value: Array, view: View, taken: int, style: str = "", shape: bool = True) -> Text:
    """The entries; beside the first line the shape, below a long array what it amounts to."""
    if value.ndim == 0:
        return Text(scalar_text(value), style=style)
    aside = f"   {shape_text(value.shape)}" if shape else ""
    width = max(24, view.width - taken - INDENT - len(aside))
    if not view.full and is_constant(value) and is_long(value, width):
        same = f"{short(listed(value[(0,) * value.ndim])[0])} in all {value.size} entries"
        return Text.assemble((same, style), (aside, QUIET))
    first, *others = number_lines(value, width, view.full)
    text = Text.assemble((first, style), (aside, QUIET), no_wrap=True, overflow="ignore")
    for line in others:
        text.append("\n" + line, style=style)
    if not view.full and is_long(value, width):
        text.append("\n" + statistics(value), style=QUIET)
    return text


def remark(text: str, style: str) -> RenderableType:
    """An indented sentence."""
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text("↳", style=style), literal(text, style))
    return Padding(grid, (0, 0, 0, INDENT + 2))


def scalar_text(value: Array) -> str:
    """A scalar with every digit, without the sign of zero."""
    (entry,) = listed(value)
    return str(entry) if isinstance(entry, bool) else exact(float(entry) + 0.0)
