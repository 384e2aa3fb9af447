"""User text made safe to print: no control character of it reaches the terminal.

Escape sequences, bidirectional overrides and lone surrogates are shown as `\\x1b`, `\\u202e`;
what is printable stays. The width of a character is counted in terminal cells, so that carets stand
right.
"""

from __future__ import annotations

import unicodedata

TAB = "    "


def visible_character(character: str) -> str:
    """One character as it is shown: itself, or its escape."""
    if " " <= character <= "~":
        return character
    if character == "\t":
        return TAB
    if character == "\u00a0" or unicodedata.category(character)[0] not in "CZ":
        return character
    if unicodedata.category(character) == "Zs":
        return " " if unicodedata.east_asian_width(character) not in "WF" else "  "
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """A text with every control character shown as its escape.

    Example:
        >>> visible("x\\x1b[31m")
        'x\\\\x1b[31m'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(visible_character, text))


def cells(text: str) -> int:
    """The width of a visible text in terminal cells: wide characters count 2, combining ones 0."""
    if text.isascii():
        return len(text)
    width = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
            continue
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return width


def shortened(text: str, limit: int = 60) -> str:
    """A visible text of at most `limit` characters, the middle left out."""
    text = visible(text)
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[:half]}…{text[len(text) - half :]}"
