"""How a block of statements was left before its end."""

from __future__ import annotations

from typing import Any


class Signal:
    """How a block was left before its end."""

    __slots__ = ("value", "word")

    def __init__(self, word: str, value: Any = None) -> None:
        self.word = word
        self.value = value


BREAK, CONTINUE = Signal("break"), Signal("continue")
