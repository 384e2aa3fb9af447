"""How an answer is to be shown; nothing here knows about streams or terminals."""

from __future__ import annotations


class View:
    """What a renderer may need to know.

    Attributes:
        width: columns of the terminal.
        styles: whether escape codes are wanted at all (bold, dim).
        colour: whether they may be colours.
        unicode: whether the stream can show `∂ ✓ …`.
        full: every number, every digit.
    """

    __slots__ = ("colour", "full", "styles", "unicode", "width")

    def __init__(
        self,
        *,
        width: int = 80,
        styles: bool = False,
        colour: bool = False,
        unicode: bool = True,
        full: bool = False,
    ) -> None:
        self.width = width
        self.styles = styles
        self.colour = colour
        self.unicode = unicode
        self.full = full
