"""A result on a terminal: the value, then per variable the formula and the numbers, then the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradcli.render.names import target_letter
from gradcli.render.numbers import exact, listed, shape_text
from gradcli.render.terminal.arrays import is_long, number_lines, statistics
from gradcli.render.terminal.console import drawn, literal
from gradcli.render.terminal.verdict import verdict_views

if TYPE_CHECKING:
    import numpy as np

    from gradcli.render.view import View
    from gradcli.results import Derivative, Result

    Array = np.ndarray[Any, np.dtype[Any]]

INDENT = 2
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
    yield Text("")
    yield equation(letter, literal(result.expression.strip("\n")), None)
    yield from target_views(result, letter, view)
    for derivative in result.gradient.values():
        yield Text("")
        yield from derivative_views(derivative, letter, view)
    if result.check is not None:
        yield Text("")
        yield from verdict_views(result.check, table=result.command == "check")
    yield Text("")


def value_views(value: Array, view: View) -> Iterator[RenderableType]:
    """The answer of `eval`: the bare number, or the array with its shape."""
    if value.ndim == 0:
        yield Text(scalar_text(value))
        return
    for line in number_lines(value, view.width, view.full):
        yield Text(line, no_wrap=True)
    yield Text(summary(value, view, view.width), style=QUIET)


def target_views(result: Result, letter: str, view: View) -> Iterator[RenderableType]:
    """The value that was differentiated."""
    value = result.target.value
    indent = len(letter) + 1
    if value.ndim == 0:
        yield equation(" " * len(letter), Text(scalar_text(value), style=VALUE), None)
        return
    yield equation(" " * len(letter), array_text(value, view, indent + 2), shape_text(value.shape))


def derivative_views(
    derivative: Derivative, letter: str, view: View
) -> Iterator[RenderableType]:
    """Formula, numbers and reasons for one variable."""
    label = f"∂{letter}/∂{derivative.name}"
    closed, value = derivative.closed, derivative.value
    shape = shape_text(value.shape) if value.ndim else None
    numbers = array_text(value, view, len(label) + 3)
    if closed is not None and closed.text is not None:
        yield equation(label, literal(closed.text, FORMULA), shape)
        yield equation(" " * len(label), numbers, None)
    else:
        yield equation(label, numbers, shape)
        if closed is not None:
            reason = closed.reason or "none was found"
            yield remark(f"no closed form: {reason}", QUIET)
    for reason in derivative.reasons:
        yield remark(reason, WARN)


def equation(label: str, body: RenderableType, aside: str | None) -> RenderableType:
    """`label = body`, the body wrapped under itself, and something dim at the right."""
    grid = Table.grid(padding=(0, 1), expand=aside is not None)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    row: list[RenderableType] = [literal(label), Text("=", style=LABEL), body]
    if aside is not None:
        grid.add_column(no_wrap=True, justify="right")
        row.append(Text(aside, style=QUIET))
    grid.add_row(*row)
    return Padding(grid, (0, INDENT if aside is not None else 0, 0, INDENT))


def remark(text: str, style: str) -> RenderableType:
    """An indented sentence."""
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text("↳", style=style), literal(text, style))
    return Padding(grid, (0, 0, 0, INDENT + 2))


def array_text(value: Array, view: View, taken: int) -> Text:
    """The numbers, and for a long array what they amount to."""
    if value.ndim == 0:
        return Text(scalar_text(value))
    width = max(24, view.width - taken - 2 * INDENT - len(shape_text(value.shape)) - 2)
    lines = number_lines(value, width, view.full)
    text = Text("\n".join(lines), no_wrap=True, overflow="ignore")
    if not view.full and is_long(value, width):
        text.append("\n" + statistics(value), style=QUIET)
    return text


def summary(value: Array, view: View, width: int) -> str:
    """The shape; statistics too where entries were left out."""
    if not view.full and is_long(value, width):
        return f"{shape_text(value.shape)} · {statistics(value)}"
    return shape_text(value.shape)


def scalar_text(value: Array) -> str:
    """A scalar with every digit."""
    (entry,) = listed(value)
    return str(entry) if isinstance(entry, bool) else exact(float(entry))
