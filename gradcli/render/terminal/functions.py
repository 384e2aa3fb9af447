"""The table of functions, and the page of one function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gradcli.render.terminal.console import drawn, literal

if TYPE_CHECKING:
    from gradcli.render.view import View
    from gradcli.results import FunctionCard

HEADING, NAME, QUIET = "bold", "cyan", "dim"


def functions_view(cards: Sequence[FunctionCard], view: View, details: bool) -> Iterator[str]:
    """All cards as one table by family, or each as a page of its own."""
    pages = (page(card) for card in cards) if details else (family_table(cards, view.width),)
    yield drawn(pages, view)


def family_table(cards: Sequence[FunctionCard], width: int) -> RenderableType:
    """One table per family, columns aligned over all of them."""
    signature_width = min(max(len(card.signature) for card in cards), max(24, width * 2 // 5))
    parts: list[RenderableType] = []
    for family, members in groupby(cards, key=lambda card: card.family):
        table = Table.grid(padding=(0, 2))
        table.add_column(width=signature_width)
        table.add_column()
        for card in members:
            table.add_row(call(card), Text(card.doc))
        parts += [Text(family, style=HEADING), Padding(table, (0, 0, 1, 2))]
    return Group(*parts)


def call(card: FunctionCard) -> Text:
    """The signature, the name standing out."""
    text = literal(card.signature)
    text.stylize(NAME, 0, len(card.name))
    return text


def page(card: FunctionCard) -> RenderableType:
    """Everything known about one function."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column()
    if card.aliases:
        table.add_row("also", literal(", ".join(card.aliases)))
    table.add_row("family", Text(card.family))
    if card.domain:
        table.add_row("domain", literal(card.domain))
    if card.cut:
        table.add_row("derivative", literal(f"none, it cuts the path: {card.cut}", "yellow"))
    elif card.kinked:
        table.add_row("kinks", Text("has points without a derivative; check names them"))
    if card.example:
        table.add_row("example", literal(card.example))
    if card.gradient is not None:
        if card.gradient.text is not None:
            table.add_row("gradient", literal(card.gradient.text, "bold cyan"))
        else:
            table.add_row("gradient", literal(f"no closed form: {card.gradient.reason}", QUIET))
    return Group(call(card), Padding(Text(card.doc), (0, 0, 0, 2)), Padding(table, (0, 0, 1, 2)))
