"""What the differentiated value is called where it needs a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.results import Result


def target_letter(result: Result) -> str:
    """The target's own name, else `f`, or the next letter that no variable has."""
    if result.target.name is not None:
        return result.target.name
    return next((letter for letter in "fghFGHLJ" if letter not in result.gradient), "value")
