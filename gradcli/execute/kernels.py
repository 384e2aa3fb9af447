"""Elementwise steps that can write into a given buffer.

An op carries NumPy's name where it is NumPy's function; where that is a ufunc and all operands have
one floating dtype, the ufunc with `out=` is the same function without an allocation. Every other op
runs through its own `evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcli.graph import Array

Kernel = Callable[..., Any]
"""`(*arrays, out=buffer)`, elementwise."""


def weigh_into(g: Array, d: Array, out: Array) -> None:
    """Cotangent times local derivative, where 0 times anything is 0."""
    zero = None
    if out is g or out is d or np.shares_memory(out, g) or np.shares_memory(out, d):
        zero = (g == 0) | (d == 0)
    np.multiply(g, d, out=out)
    if np.isnan(np.minimum.reduce(out, axis=None)):
        np.copyto(out, 0, where=(g == 0) | (d == 0) if zero is None else zero)


KERNELS: dict[str, Kernel] = {"weigh": weigh_into}
ROUNDABOUT = frozenset({"power", "float_power"})
"""`x**2` is faster through its op, which knows the common exponents."""


def kernel(
    name: str, params: Any, dtype: np.dtype[Any], inputs: Sequence[np.dtype[Any]]
) -> Kernel | None:
    """The function that computes an op into a buffer of `dtype`; None where there is none."""
    if params or name in ROUNDABOUT or any(each != inputs[0] for each in inputs):
        return None
    if inputs[0].kind != "f" or dtype not in (inputs[0], np.dtype(bool)):
        return None
    if name in KERNELS:
        return KERNELS[name]
    found = getattr(np, name, None)
    if isinstance(found, np.ufunc) and found.nin == len(inputs) and found.nout == 1:
        return found
    return None
