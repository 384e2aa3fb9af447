"""One witness against reverse mode, for one variable: shape first, then the worst entry."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcli.graph import Array, shape_text
from gradcli.results import Comparison

ULPS = 16.0
"""Roundings that the measured noise may be off by: three throws are a small sample."""

BLOCK = 2**18
"""Entries that are compared at once, so that large arrays need no temporaries of their size."""


@dataclass(slots=True)
class Tolerance:
    """How far two computed gradients may differ: half of the digits, and their rounding noise.

    Attributes:
        reference: the gradient.
        noise: its measured rounding error (of both sides together), in its shape.
        epsilon: of the dtype that it was computed in.
        extra: what the other side adds, in the same shape; None for nothing.
    """

    reference: Array
    noise: Array
    epsilon: float
    extra: Array | None = None

    def at(self, index: tuple[int, ...]) -> float:
        """The absolute bound for one entry."""
        extra = 0.0 if self.extra is None else self.extra[index]
        return float(self._bound(self.reference[index], self.noise[index], extra))

    def block(self, part: slice) -> Array:
        """The bounds for a part of the entries in row-major order."""
        constant = not any(self.noise.strides)
        noise = self.noise[(0,) * self.noise.ndim] if constant else self.noise.reshape(-1)[part]
        extra = 0.0 if self.extra is None else self.extra.reshape(-1)[part]
        return self._bound(self.reference.reshape(-1)[part], noise, extra)

    def _bound(self, reference: Array, noise: Array, extra: Array | float) -> Array:
        size = np.where(np.isfinite(reference), np.abs(reference), 0.0)
        return np.asarray(
            math.sqrt(self.epsilon) * size + ULPS * noise + smallest(self.epsilon) + extra
        )


def compare(
    witness: str,
    variable: str,
    reverse: Array,
    other: Array,
    tolerance: Tolerance,
    *,
    mask: Array | None = None,
    note: str = "",
) -> Comparison:
    """Compare where `mask` is true.

    A shape that differs, a number against a nan, an infinity against a number: all disagree.
    `max_rel` is relative to the entry, or to a thousandth of the largest one where that is more.
    """
    size = int(reverse.size)
    if reverse.shape != other.shape:
        note = f"shape {shape_text(other.shape)}, the gradient has {shape_text(reverse.shape)}"
        return Comparison(witness, variable, False, math.inf, math.inf, of=size, note=note)
    count = size if mask is None else int(np.count_nonzero(mask))
    if count == size:
        mask = None
    result = Comparison(witness, variable, None, compared=count, of=size, note=note)
    if count == 0:
        result.ok = True if size == 0 else None
        result.note = note or ("empty" if size == 0 else "no entry")
        return result
    top: float | None = None
    worst, place = -1.0, 0
    with np.errstate(all="ignore"):
        for start, part, mine, theirs, chosen in _blocks(reverse, other, mask):
            if mask is None and np.array_equal(mine, theirs):
                if worst < 0:
                    worst, place = 0.0, start
                continue
            if top is None:
                top = max(largest(reverse), largest(other))
            bound = tolerance.block(part)
            difference = _distance(mine, theirs)
            larger = np.maximum(np.maximum(np.abs(mine), np.abs(theirs)), 1e-3 * top)
            relative = np.where(difference == 0, 0.0, difference / larger)
            relative = np.where(np.isnan(relative), np.inf, relative)
            excess = np.where(np.isinf(difference), np.inf, difference / bound)
            excess = np.where(chosen, excess, -1.0)
            result.max_abs = max(result.max_abs, _top(difference, chosen))
            result.max_rel = max(result.max_rel, _top(relative, chosen))
            if (first := int(np.argmax(excess))) >= 0 and excess[first] > worst:
                worst, place = float(excess[first]), start + first
    result.index = tuple(map(int, np.unravel_index(place, reverse.shape)))
    result.reverse, result.other = float(reverse[result.index]), float(other[result.index])
    result.tolerance = tolerance.at(result.index)
    result.ok = worst <= 1.0
    return result


def _blocks(
    reverse: Array, other: Array, mask: Array | None
) -> Iterator[tuple[int, slice, Array, Array, Array | bool]]:
    mine, theirs = np.ravel(reverse), np.ravel(other)
    for start in range(0, reverse.size, BLOCK):
        part = slice(start, start + BLOCK)
        chosen = True if mask is None else mask.reshape(-1)[part]
        yield start, part, mine[part], theirs[part], chosen


def _distance(mine: Array, theirs: Array) -> Array:
    """The absolute difference; 0 between equal infinities and between nans, else inf."""
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    difference = np.where(same, 0.0, np.abs(mine - theirs))
    return np.where(np.isnan(difference), np.inf, difference)


def smallest(epsilon: float) -> float:
    """The smallest normal number of float64, or of float32 where that is the precision."""
    return float(np.finfo(np.float64 if epsilon < 1e-10 else np.float32).tiny)


def largest(array: Array) -> float:
    """The largest finite size in an array; 0 where there is none."""
    top, flat = 0.0, np.ravel(array)
    for start in range(0, flat.size, BLOCK):
        part = np.abs(flat[start : start + BLOCK])
        top = max(top, float(np.max(part, where=np.isfinite(part), initial=0.0)))
    return top


def _top(array: Array, chosen: Array | bool) -> float:
    return float(np.max(array, where=chosen, initial=0.0))
