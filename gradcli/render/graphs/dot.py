"""Graphviz DOT: one cluster per part, one box per binder, edges from operands to operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.render.characters import visible
from gradcli.render.graphs.words import brief, heading, result_text, type_text

if TYPE_CHECKING:
    from gradcli.results import GraphCard, NodeLine

TITLE = 200
"""Characters of a longer expression that head the picture."""

START = """\
digraph gradcli {
  graph [fontname="Helvetica", labelloc=t];
  node [fontname="Helvetica", shape=box];
"""


def dot_text(card: GraphCard) -> Iterator[str]:
    """Pieces of the DOT text.

    A constant that is written in place has no box; a box tells its operands in order.
    """
    yield START
    title = card.expression.strip("\n")
    lines = (title if len(title) <= TITLE else title[:TITLE] + "…").split("\n")
    yield f"  label={quoted(*lines)};\n"
    nodes: list[NodeLine] = []
    for place, part in enumerate(card.parts):
        nodes += part.lines
        yield f"  subgraph cluster_{place} {{\n    label={quoted(heading(part))};\n"
        for line in part.lines:
            if not line.inline:
                style = ", style=rounded" if line.op == "input" else ""
                label = quoted(f"{line.name}: {type_text(line)}", brief(line, nodes))
                yield f"    n{line.number} [label={label}{style}];\n"
        label = quoted(f"return {result_text(part, nodes)}", *part.reasons)
        yield f"    r{place} [label={label}, shape=plaintext];\n  }}\n"
        for line in part.lines:
            for number in line.inputs:
                if not nodes[number].inline:
                    yield f"  n{number} -> n{line.number};\n"
        if part.output is not None and not nodes[part.output].inline:
            yield f"  n{part.output} -> r{place};\n"
    yield "}\n"


def quoted(*lines: str) -> str:
    """Some lines as one DOT string.

    Graphviz reads `\\N` and `&amp;` in a label; ours are shown as they are written.

    Example:
        >>> print(quoted('say "&N"', "b"))
        "say \\"&amp;N\\"\\nb"
    """
    return '"' + "\\n".join(map(escaped, lines)) + '"'


def escaped(text: str) -> str:
    """The text inside of a DOT string."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
