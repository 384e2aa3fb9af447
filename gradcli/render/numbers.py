"""Numbers as text: exact (they read back to the same float) or short (for people)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]

CHUNK = 65_536
"""Numbers turned into text at a time, so that a large array never becomes one large list."""


def exact(value: float) -> str:
    """The shortest text that reads back to the same float; whole numbers without `.0`.

    Example:
        >>> exact(28.0), exact(0.1), exact(1e300), exact(float("nan"))
        ('28', '0.1', '1e+300', 'nan')
    """
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


def short(value: float, digits: int = 6) -> str:
    """At most `digits` significant digits, trailing zeros and the sign of zero dropped.

    Example:
        >>> short(1 / 3), short(123456.0), short(28.0), short(1e-17)
        ('0.333333', '123456', '28', '1e-17')
    """
    if value != value or value in (float("inf"), float("-inf")):
        return repr(value)
    if value == int(value) and abs(value) < 10**digits:
        return exact(value + 0.0)
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}e{int(exponent)}"
    return text


def error_size(value: float) -> str:
    """The size of an error: two significant digits, `0` when there is none."""
    return "0" if value == 0 else short(value, 2)


def listed(array: Array) -> list[Any]:
    """The entries, row-major, as Python numbers whose `repr` is exact in the array's own dtype."""
    flat = array.ravel()
    if flat.dtype == np.float32:
        return [float(text) for text in flat.astype(str).tolist()]
    return list(flat.tolist())


def chunks(array: Array) -> Iterator[list[Any]]:
    """The entries, row-major, a bounded number at a time."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        yield listed(flat[start : start + CHUNK])


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as people write it: `(4,)`, `(3, 2)`, `()`."""
    return str(tuple(shape))
