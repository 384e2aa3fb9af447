"""Static arguments (shapes, flags, words, masks) checked and brought into one form.

The language hands over Python values and NumPy arrays; what an op cannot use is an error of kind
`value` that names the function.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape
from gradcli.ops.declare import describe

LARGEST = 2**62
"""No axis is longer, not even next to an empty one."""


def whole(value: Any) -> int | None:
    """The integer that a static argument is (`3`, `3.0`, a NumPy integer), or None."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return int(value)
    return None


def static_shape(name: str, shape: Any, *, least: int = 0) -> Shape:
    """A shape argument as a tuple of integers; one integer is a shape of one axis.

    Args:
        name: the function, for the message.
        shape: an integer, or a list, tuple or array of integers.
        least: the smallest size allowed: 0, or -1 where -1 means "infer".

    Raises:
        GradcliError: `value` for what is no size, `limit` for what no array can have.
    """
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
    sizes = []
    for given in shape if isinstance(shape, (tuple, list)) else (shape,):
        size = whole(given)
        if size is None:
            raise GradcliError(f"{name}: a shape is made of integers, not {describe(given)}")
        if size < least:
            raise GradcliError(f"{name}: a size cannot be negative, but one is {describe(size)}")
        if size > LARGEST:
            raise GradcliError(f"{name}: no axis can have {describe(size)} entries", kind="limit")
        sizes.append(size)
    return tuple(sizes)


def flag(name: str, what: str, value: Any) -> bool:
    """A truth value; 0 and 1 count."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise GradcliError(f"{name}: {what} must be True or False, not {describe(value)}")


def word(name: str, what: str, value: Any, allowed: tuple[str, ...]) -> str:
    """One of a few words."""
    if isinstance(value, str) and value in allowed:
        return value
    raise GradcliError(
        f"{name}: {what} cannot be {describe(value)}", hint=f"one of {', '.join(allowed)}"
    )


def static_array(name: str, value: Any) -> Array:
    """Numbers or truth values in nested lists, as an array."""
    try:
        array = np.asarray(None if isinstance(value, Node) else value)
    except (ValueError, OverflowError):
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise GradcliError(f"{name}: numbers or truth values are needed, not {describe(value)}")
    return array


def index_array(values: Any, name: str = "index") -> Array:
    """Positions (integers) or a mask, in nested lists or arrays, as an int64 or bool array."""
    try:
        array = np.asarray(None if isinstance(values, Node) else values)
    except (ValueError, OverflowError):
        array = np.asarray(None)
    if array.size == 0 and array.dtype.kind == "f" and not isinstance(values, np.ndarray):
        return array.astype(np.int64)
    if array.dtype.kind == "b":
        return array
    if array.dtype.kind not in "iu":
        raise GradcliError(f"{name}: positions are integers, not {describe(values)}")
    return array.astype(np.int64)
