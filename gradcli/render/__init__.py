"""Stage: results -> text or bytes, one file per format. Knows no streams, options or graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli.errors import GradcliError
from gradcli.render.view import View

if TYPE_CHECKING:
    from gradcli.explanation import Explanation
    from gradcli.results import FunctionCard, Result

__all__ = [
    "BINARY",
    "EXPLANATION_FORMATS",
    "EXPLANATION_SUFFIXES",
    "FORMATS",
    "View",
    "render",
    "render_explanation",
    "render_functions",
]

FORMATS = (
    *("rich", "plain", "json", "jsonl", "csv", "npy", "npz"),
    *("latex", "unicode", "numpy", "jax", "torch", "julia"),
)
BINARY = ("npy", "npz")
EXPLANATION_FORMATS = ("rich", "plain", "json", "jsonl", "markdown", "latex")
EXPLANATION_SUFFIXES = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".tex": "latex",
}


def render(result: Result, form: str, view: View) -> Iterator[str | bytes]:
    """Pieces of the answer in a format, ready to be written one after the other.

    Args:
        result: any result.
        form: one of `FORMATS`.
        view: for `rich` only: width, colours, how much.
    """
    if result.others and form not in ("json", "jsonl"):
        from gradcli.render.several import each_target, plain_targets, refuse_several

        if form == "plain":
            return plain_targets(result)
        if form in ("csv", *BINARY):
            refuse_several(result, form)
        return each_target(result, lambda one: render(replace(one, others=[]), form, view))
    if form == "rich":
        from gradcli.render.terminal import result_view

        return result_view(result, view)
    if form in ("json", "jsonl"):
        from gradcli.render.structured import document, encoded

        return lines_of(encoded(document(result)))
    if form in ("csv", "npy", "npz"):
        from gradcli.render import tables

        if form == "csv":
            return tables.csv_text(result)
        return tables.npy_bytes(result) if form == "npy" else tables.npz_bytes(result)
    if form == "latex":
        from gradcli.render.latex import latex

        return latex(result)
    if form in ("unicode", "numpy", "jax", "torch", "julia"):
        from gradcli.render.code import code, unicode

        return unicode(result) if form == "unicode" else code(result, form)
    from gradcli.render.plain import plain

    return plain(result)


def render_functions(
    cards: Sequence[FunctionCard], form: str, view: View, details: bool
) -> Iterator[str]:
    """Pieces of the table of functions, or of their pages where `details` are wanted."""
    if form == "rich":
        from gradcli.render.terminal import functions_view

        return functions_view(cards, view, details)
    if form in ("json", "jsonl"):
        from gradcli.render.structured import card_record, encoded, functions_document

        records = [functions_document(cards)] if form == "json" else map(card_record, cards)
        return (line for record in records for line in lines_of(encoded(record)))
    if form == "plain":
        from gradcli.render.reference import functions_text

        return functions_text(cards, details)
    raise GradcliError(
        f"--format {form} cannot hold a table of functions", hint="use rich, plain, json or jsonl"
    )


def render_explanation(explanation: Explanation, form: str, view: View) -> Iterator[str]:
    """Pieces of a tape in a format.

    Args:
        explanation: any.
        form: one of `EXPLANATION_FORMATS`.
        view: `full` counts in every format but JSON, which holds every number; the rest in `rich`.
    """
    if form == "rich":
        from gradcli.render.explanation.terminal import terminal

        return terminal(explanation, view)
    if form in ("json", "jsonl"):
        from gradcli.render.explanation.structured import explanation_document
        from gradcli.render.structured import encoded

        return lines_of(encoded(explanation_document(explanation)))
    if form == "markdown":
        from gradcli.render.explanation.markdown import markdown

        return markdown(explanation, view.full)
    if form == "latex":
        from gradcli.render.explanation.latex import latex

        return latex(explanation)
    from gradcli.render.explanation.plain import plain

    return plain(explanation, view.full)


def lines_of(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, and the end of the line."""
    yield from pieces
    yield "\n"
