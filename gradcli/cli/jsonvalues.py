"""Input values of a JSON request: a number, nested lists, a shape with data, or a value text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.limits import check_elements

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

WORDS = {
    "nan": float("nan"),
    "inf": float("inf"),
    "+inf": float("inf"),
    "-inf": float("-inf"),
    "infinity": float("inf"),
    "-infinity": float("-inf"),
}


def input_array(name: str, value: Any, *, files: bool, draw: Any) -> Array:
    """The array of one input.

    Args:
        name: for the error messages.
        value: number, nested lists, `{"shape": [...], "data": ...}` or a value text.
        files: whether a text may name a file.
        draw: the random generator of value texts.

    Raises:
        GradcliError: `value` for what is no number, `shape` for ragged lists or a shape that does
            not fit its data.
    """
    if not name.isidentifier():
        raise GradcliError(f"an input cannot be called {name!r}", hint="a name such as x")
    try:
        if isinstance(value, str):
            from gradcli.language import read_value

            return read_value(value, files=files, stdin=None, rng=draw)
        if isinstance(value, dict):
            return shaped(value)
        return nested(value)
    except GradcliError as error:
        error.message = f"input '{name}': {error.message}"
        if isinstance(value, str):
            error.located(None, value)
        raise


def shaped(value: dict[str, Any]) -> Array:
    """`{"shape": [2, 3], "data": ...}`; the data nested or flat. A "dtype" beside them is allowed
    and means nothing: numbers are floats here.
    """
    shape, data = value.get("shape"), value.get("data")
    if not {"shape", "data"} <= set(value) <= {"shape", "data", "dtype"}:
        raise GradcliError('an object has the keys "shape" and "data"')
    if not isinstance(shape, list) or not all(
        isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in shape
    ):
        raise GradcliError('"shape" must be a list of whole numbers')
    check_elements(shape)
    array = nested(data)
    if array.shape == tuple(shape):
        return array
    if array.size != int(np.prod(shape, dtype=object)) or (array.ndim > 1 and array.size):
        raise GradcliError(
            f"the data has shape {array.shape}, not {tuple(shape)}",
            kind="shape",
        )
    return array.reshape(shape)


def nested(value: Any) -> Array:
    """Nested lists of numbers as an array, level by level (no recursion)."""
    shape: list[int] = []
    level = [value]
    while level and isinstance(level[0], list):
        size = len(level[0])
        if any(not isinstance(item, list) or len(item) != size for item in level):
            raise GradcliError("the rows do not have the same length", kind="shape")
        shape.append(size)
        check_elements(shape)
        level = [entry for item in level for entry in item]
    numbers = [number(entry) for entry in level]
    kind = np.bool_ if numbers and all(isinstance(entry, bool) for entry in level) else np.float64
    return np.array(numbers, dtype=kind).reshape(shape)


def number(entry: Any) -> float:
    """One entry; non-finite numbers may be strings."""
    if isinstance(entry, str) and entry.lower() in WORDS:
        return WORDS[entry.lower()]
    if isinstance(entry, list):
        raise GradcliError("the rows do not have the same depth", kind="shape")
    if not isinstance(entry, (int, float)):
        if isinstance(entry, str):
            raise GradcliError(f"'{entry[:40]}' is no number")
        raise GradcliError("null is no number" if entry is None else "an object is no number")
    try:
        return float(entry)
    except OverflowError:
        raise GradcliError("a number is too large for float64") from None
