"""Special functions of arrays: scipy's where it is installed, else mpmath's, entry by entry.

Small arrays of the functions that Python's `math` has do not wait for the import of scipy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array
from gradcli.ops.arithmetic import as_float

SMALL = 256
"""Entries below which Python's `math` is quicker than importing scipy."""

PATIENCE = 50_000
"""Entries that mpmath may be asked for in one call."""

MATH: dict[str, Callable[[float], float]] = {"erf": math.erf, "erfc": math.erfc}


@cache
def scipy_special() -> Any:
    """`scipy.special`, or None where it is not installed."""
    try:
        import scipy.special
    except ImportError:
        return None
    return scipy.special


COMPOSED: dict[str, Callable[..., Any]] = {
    "betaln": lambda s, a, b: s["gammaln"](a) + s["gammaln"](b) - s["gammaln"](a + b),
}
"""scipy's functions that the mpmath table does not have, from those that it has."""


@cache
def _entrywise(name: str) -> Callable[..., Any]:
    """A function of numbers, applied entry by entry."""
    if name in MATH:
        return np.vectorize(MATH[name], otypes=[np.float64])
    from gradcli.ops.mpmath_functions import table

    functions = table(25)
    number = functions["mp"].mpf
    compose = COMPOSED.get(name)

    def one(*numbers: float) -> float:
        exact = map(number, numbers)
        return float(functions[name](*exact) if compose is None else compose(functions, *exact))

    return np.vectorize(one, otypes=[np.float64])


def _check_patience(name: str, shape: tuple[int, ...]) -> None:
    """Refuse what would take minutes."""
    if math.prod(shape) > PATIENCE:
        raise GradcliError(
            f"{name}: {math.prod(shape)} entries are too many to compute one by one "
            f"(at most {PATIENCE})",
            kind="limit",
            hint="install scipy" if scipy_special() is None else None,
        )


def special(name: str) -> Callable[..., Array]:
    """The special function of that name (scipy's and the scalar namespaces' names are the same)."""

    def evaluate(*arrays: Any) -> Array:
        arrays = tuple(as_float(array) for array in arrays)
        if name in MATH and arrays[0].size <= SMALL:
            return np.asarray(_entrywise(name)(*arrays))
        compute = getattr(scipy_special(), name, None)
        if compute is None:
            compute = _entrywise(name)
            _check_patience(name, np.broadcast_shapes(*(array.shape for array in arrays)))
        return np.asarray(compute(*arrays))

    return evaluate


def special_of_order(name: str, *first: str) -> Callable[..., Array]:
    """The same for functions with a static whole `n` as first argument.

    Args:
        name: the function of any order.
        first: functions of orders 0, 1, ... of their own, which are quicker and know their limits.
    """
    compute = special(name)
    quick = [special(one) for one in first]

    def evaluate(x: Any, n: int) -> Array:
        x = as_float(x)
        return quick[n](x) if n < len(quick) else compute(np.asarray(n, dtype=x.dtype), x)

    return evaluate


def cotangent_derivative(n: int) -> list[int]:
    """The n-th derivative of cot(pi*x) over pi**n: a polynomial in cot(pi*x), highest power first.

    The reflection formula of polygamma (DLMF 5.15.6) needs it: d/dx p(c) = -pi*(1 + c**2)*p'(c).
    """
    low_first = [0, 1]
    for _ in range(n):
        slope = [power * value for power, value in enumerate(low_first)][1:]
        low_first = [0] * (len(slope) + 2)
        for power, value in enumerate(slope):
            low_first[power] -= value
            low_first[power + 2] -= value
    return low_first[::-1]
