"""Nested lists of numbers as arrays, with errors that say what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array

WORDS = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf, "+inf": np.inf}
"""Non-finite numbers as strings, as JSON has them."""


def nested_array(value: Any, what: str) -> Array:
    """Nested lists of numbers (or of the words nan, inf, -inf) as a float64 array.

    Raises:
        GradcliError: `shape` where rows differ in length, `value` for what is no number.
    """
    _check(value, what)
    try:
        return np.array(_plain(value), dtype=np.float64)
    except ValueError:
        raise GradcliError(f"{what}: the rows do not have the same length", kind="shape") from None
    except OverflowError:
        raise GradcliError(f"{what}: a number is too large for a float") from None


def _check(value: Any, what: str) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, bool) or not (isinstance(item, (int, float)) or item in WORDS):
            shown = "null" if item is None else repr(item)[:40]
            raise GradcliError(f"{what}: {shown} is not a number")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return WORDS[value] if isinstance(value, str) else value
