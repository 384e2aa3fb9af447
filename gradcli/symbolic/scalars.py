"""The scalar functions that an op's `symbolic` formula is written against, twice: for SymPy and
for mpmath.

A formula `lambda s, x: x * s.sigmoid(x)` gives a SymPy expression with `s = sympy_scalars()` and
a number with `s = mpmath_scalars(30)`. Both namespaces have the same attributes; a test holds
them equal. Derivatives on the SymPy side are written with the SymPy functions (`fdiff`), never
taken from an op's `vjp`.

SymPy and mpmath are imported when a namespace is asked for, not before.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

NAMES = {
    "Abs": "abs",
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atanh": "arctanh",
}
"""SymPy's class names that differ from gradcli's function names; every other class has the right
name."""


def sympy_scalars() -> SimpleNamespace:
    """A fresh namespace of SymPy functions (of real arguments)."""
    from gradcli.symbolic.sympy_functions import TABLE

    return SimpleNamespace(**TABLE)


@cache
def _mpmath_table(digits: int) -> dict[str, Any]:
    from gradcli.ops.mpmath_functions import table

    return table(digits)


def mpmath_scalars(digits: int = 30) -> SimpleNamespace:
    """A fresh namespace of functions of mpmath numbers with NumPy's conventions.

    Args:
        digits: decimal digits that are kept.

    Returns:
        A namespace with the scalar functions and `mp`, the mpmath context they compute in; make
        numbers with `s.mp.mpf(value)`. Domain errors give nan, poles inf or nan as in NumPy;
        nothing raises.

    Example:
        >>> s = mpmath_scalars(20)
        >>> s.log(s.mp.mpf(-1))
        mpf('nan')
    """
    return SimpleNamespace(**_mpmath_table(digits))
