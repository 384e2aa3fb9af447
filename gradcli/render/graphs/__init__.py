"""A `GraphCard` as text or picture, one file per format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.render.view import View

if TYPE_CHECKING:
    from gradcli.results import GraphCard

__all__ = ["GRAPH_FORMATS", "GRAPH_SUFFIXES", "render_graph"]

GRAPH_FORMATS = ("rich", "plain", "json", "dot", "mermaid", "svg")
GRAPH_SUFFIXES = {
    ".json": "json",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".svg": "svg",
}


def render_graph(card: GraphCard, form: str, view: View) -> Iterator[str]:
    """Pieces of the drawing in a format, ready to be written one after the other.

    Args:
        card: of any size.
        form: one of `GRAPH_FORMATS`.
        view: for `rich` only.

    Raises:
        GradcliError: `io`, for `svg` where Graphviz is missing or fails.
    """
    if form == "rich":
        from gradcli.render.graphs.tree import tree_view

        return tree_view(card, view)
    if form == "json":
        from gradcli.render.graphs.records import graph_document
        from gradcli.render.structured import encoded

        return (piece for pieces in (encoded(graph_document(card)), ("\n",)) for piece in pieces)
    if form == "dot":
        from gradcli.render.graphs.dot import dot_text

        return dot_text(card)
    if form == "mermaid":
        from gradcli.render.graphs.mermaid import mermaid_text

        return mermaid_text(card)
    if form == "svg":
        from gradcli.render.graphs.svg import svg_text

        return svg_text(card)
    from gradcli.render.graphs.typed import typed_text

    return typed_text(card)
