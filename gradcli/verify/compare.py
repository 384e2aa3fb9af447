"""One witness against reverse mode, for one variable: shape first, then the worst entry."""

from __future__ import annotations

import math

import numpy as np

from gradcli.graph import Array, shape_text
from gradcli.results import Comparison

ULPS = 16.0
"""Roundings that the measured noise may be off by: three throws are a small sample."""


def tolerance(reference: Array, noise: Array | float, epsilon: float) -> Array:
    """How far two computed gradients may differ: half of the digits, and their rounding noise.

    Args:
        reference: the gradient.
        noise: its measured rounding error (of both sides together), in its shape.
        epsilon: of the dtype that it was computed in.
    """
    least = float(np.finfo(np.float64).tiny)
    size = np.where(np.isfinite(reference), np.abs(reference), 0.0)
    return np.asarray(math.sqrt(epsilon) * size + ULPS * noise + least)


def compare(
    witness: str,
    variable: str,
    reverse: Array,
    other: Array,
    bound: Array,
    *,
    mask: Array | None = None,
    note: str = "",
) -> Comparison:
    """Compare where `mask` is true; the bound is absolute, entry by entry.

    A shape that differs, a number against a nan, an infinity against a number: all disagree.
    `max_rel` is relative to the entry, or to a thousandth of the largest one where that is more.
    """
    size = int(reverse.size)
    if reverse.shape != other.shape:
        note = f"shape {shape_text(other.shape)}, the gradient has {shape_text(reverse.shape)}"
        return Comparison(witness, variable, False, math.inf, math.inf, of=size, note=note)
    chosen = np.ones(reverse.shape, dtype=bool) if mask is None else mask
    count = int(np.count_nonzero(chosen))
    if count == 0:
        ok = True if size == 0 else None
        return Comparison(
            witness, variable, ok, of=size, note=note or ("empty" if size == 0 else "no entry")
        )
    with np.errstate(all="ignore"):
        mine = np.asarray(reverse, dtype=np.float64)
        theirs = np.asarray(other, dtype=np.float64)
        same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        difference = np.where(same, 0.0, np.abs(mine - theirs))
        difference = np.where(np.isnan(difference), np.inf, difference)
        larger = np.maximum(np.abs(mine), np.abs(theirs))
        top = np.max(larger, where=chosen & np.isfinite(larger), initial=0.0)
        relative = np.where(difference == 0, 0.0, difference / np.maximum(larger, 1e-3 * top))
        relative = np.where(np.isnan(relative), np.inf, relative)
        excess = np.where(np.isinf(difference), np.inf, difference / bound)
        excess = np.where(chosen, np.where(difference == 0, 0.0, excess), -1.0)
    worst = int(np.argmax(excess))
    index = tuple(map(int, np.unravel_index(worst, reverse.shape)))
    return Comparison(
        witness,
        variable,
        bool(excess[index] <= 1.0),
        max_abs=float(np.max(difference, where=chosen, initial=0.0)),
        max_rel=float(np.max(relative, where=chosen, initial=0.0)),
        index=index,
        reverse=float(mine[index]),
        other=float(theirs[index]),
        tolerance=float(bound[index]),
        compared=count,
        of=size,
        note=note,
    )
