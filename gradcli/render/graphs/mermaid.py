"""A Mermaid flowchart: one subgraph per part, one box per binder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.render.characters import visible
from gradcli.render.graphs.words import brief, heading, result_text, type_text

if TYPE_CHECKING:
    from gradcli.results import GraphCard, NodeLine

SPECIAL = re.compile(r"""[#"&<>`\\*]|(?<![^\W_])_|_(?![^\W_])""")
"""Characters that Mermaid, its Markdown or HTML would read; `_` inside of a word is none."""


def mermaid_text(card: GraphCard) -> Iterator[str]:
    """Pieces of the flowchart.

    A constant that is written in place has no box; a box tells its operands in order.
    """
    yield "flowchart TD\n"
    nodes: list[NodeLine] = []
    for place, part in enumerate(card.parts):
        nodes += part.lines
        yield f"  subgraph p{place}[{quoted(heading(part))}]\n"
        for line in part.lines:
            if not line.inline:
                label = quoted(f"{line.name}: {type_text(line)}", brief(line, nodes))
                box = f"([{label}])" if line.op == "input" else f"[{label}]"
                yield f"    n{line.number}{box}\n"
        label = quoted(f"return {result_text(part, nodes)}", *part.reasons)
        yield f"    r{place}>{label}]\n  end\n"
        for line in part.lines:
            for number in line.inputs:
                if not nodes[number].inline:
                    yield f"  n{number} --> n{line.number}\n"
        if part.output is not None and not nodes[part.output].inline:
            yield f"  n{part.output} --> r{place}\n"


def quoted(*lines: str) -> str:
    """Some lines as one Mermaid string.

    Example:
        >>> print(quoted('say "hi"', "b"))
        "say #34;hi#34;<br/>b"
    """
    return '"' + "<br/>".join(map(escaped, lines)) + '"'


def escaped(text: str) -> str:
    """The text with special characters written by their numbers, `#34;`."""
    return SPECIAL.sub(lambda found: f"#{ord(found[0])};", visible(text))
