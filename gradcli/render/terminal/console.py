"""From rich renderables to text, by the view's width and colours.

User text must come as `rich.text.Text` (see `literal`): rich would read `[i]` as markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

from gradcli.render.characters import visible
from gradcli.render.view import View

LEAST_WIDTH = 40
ASCII = str.maketrans(
    {
        "∂": "d",
        "✓": "+",
        "✗": "x",
        "·": ",",
        "…": "~",
        "↳": ">",
        "≤": "<",
        "⋅": "*",
        **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)),
        "─": "-",
        "—": "-",
        "≈": "~",
        "↓": "v",
        "├": "+",
        "└": "+",
        "│": "|",
    }
)


def drawn(renderables: Iterable[RenderableType], view: View) -> str:
    """The text of some renderables, with escape codes where the view wants them."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(LEAST_WIDTH, view.width),
        force_terminal=view.styles,
        color_system="standard" if view.styles else None,
        no_color=not view.colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for renderable in renderables:
        console.print(renderable)
    lines = [line.rstrip() for line in stream.getvalue().split("\n")]
    text = "\n".join(lines)
    return text if view.unicode else text.translate(ASCII)


def literal(text: str, style: str = "") -> Text:
    """Text of the user (or anything else) exactly as it is, control characters made visible."""
    return Text(visible(text), style=style)
