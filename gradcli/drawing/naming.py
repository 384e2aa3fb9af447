"""Names of the binders of a drawn graph: the program's own, else a, b, c ...; each given once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from keyword import iskeyword
from typing import Any

from gradcli.render.numbers import listed
from gradcli.render.plain import nested, scalar

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SMALL = 4
"""A constant of so many entries, or fewer, is written in place."""

RESERVED = frozenset({"inf", "nan", "return"})


class Names:
    """Gives names that differ from each other and from all names of the program.

    Args:
        inputs: these keep their names.
        bound: names that the program binds.

    Example:
        >>> names = Names(["x"], ["b", "x"])
        >>> [names.give(wish) for wish in (None, None, "b", "b", "x")]
        ['a', 'c', 'b', 'b_2', 'x_2']
    """

    def __init__(self, inputs: Collection[str], bound: Iterable[str]) -> None:
        self._program = frozenset((*inputs, *bound))
        self._given = Counter([*inputs])
        self._letters = 0

    def taken(self, text: str) -> bool:
        """Whether the program has this name."""
        return text in self._program

    def give(self, wish: str | None = None) -> str:
        """A new name: the wish, with a number from the second time on; a letter without a wish."""
        if wish is None:
            return self._letter()
        self._given[wish] += 1
        if self._given[wish] == 1:
            return wish
        while f"{wish}_{self._given[wish]}" in self._program:
            self._given[wish] += 1
        return f"{wish}_{self._given[wish]}"

    def _letter(self) -> str:
        while True:
            name = letters(self._letters)
            self._letters += 1
            if name not in self._program and name not in RESERVED and not iskeyword(name):
                return name


def letters(number: int) -> str:
    """`a` to `z`, then `aa`, `ab` ...

    Example:
        >>> letters(0), letters(25), letters(26), letters(702)
        ('a', 'z', 'aa', 'aaa')
    """
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, len(LETTERS))
        text = LETTERS[digit] + text
    return text


def constant_text(value: Any) -> str | None:
    """A small constant as it is written in place, exactly; None for one that gets a name.

    Example:
        >>> import numpy as np
        >>> constant_text(np.array([0.5, 2.0])), constant_text(np.array(True))
        ('[0.5,2]', 'True')
    """
    if value.size > SMALL or value.size == 0:
        return None
    if value.ndim == 0:
        return scalar(listed(value)[0])
    return "".join(nested(value))
