"""Checks of the static parameters of elementwise functions."""

from __future__ import annotations

from typing import Any

from gradcli.errors import GradcliError
from gradcli.ops.declare import describe


def number(name: str, what: str, value: Any, *, positive: bool = False) -> float:
    """A static number, checked."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GradcliError(f"{name}: {what} must be a number, not {describe(value)}")
    if positive and not value > 0:
        raise GradcliError(f"{name}: {what} must be positive, not {value}")
    return float(value)


def order_of(name: str, n: Any, most: int) -> int:
    """The order of a family of functions: a whole number from 0 to `most`."""
    if isinstance(n, float) and n.is_integer():
        n = int(n)
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= most:
        raise GradcliError(f"{name}: the order must be a whole number from 0 to {most}, not {n}")
    return n
