"""The table of functions as plain text: one line per function, or one small page each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.results import FunctionCard


def functions_text(cards: Sequence[FunctionCard], details: bool) -> Iterator[str]:
    """`signature TAB doc` per line; with details the page of each function."""
    for card in cards:
        if details:
            yield from page(card)
        else:
            yield f"{card.signature}\t{card.doc}\n"


def page(card: FunctionCard) -> Iterator[str]:
    """What is known about one function, `key: value` per line."""
    yield f"{card.signature}\n{card.doc}\n"
    facts = {
        "family": card.family,
        "aliases": ", ".join(card.aliases),
        "domain": card.domain,
        "cut": card.cut,
        "kinks": "yes" if card.kinked else "",
        "example": card.example,
        "gradient": card.gradient.text if card.gradient is not None else "",
    }
    for key, fact in facts.items():
        if fact:
            yield f"{key}: {fact}\n"
