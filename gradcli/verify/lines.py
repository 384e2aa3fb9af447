"""The function along a line in float64: extrapolated central differences, one-sided slopes.

Every estimate comes with an error bound of its own: what the extrapolation table scatters, and
what the measured noise of the function makes of a step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradcli.graph import Array
from gradcli.verify.point import Point
from gradcli.verify.referee import Slopes

RATIO = 4.0
LEVELS = 9
FIRST = 0.125
ENOUGH = 1e-12  # relative error at which no further step is taken
LARGE = 2_000_000  # elements of a graph from which each evaluation counts


def central(point: Point, directions: Mapping[str, Array]) -> tuple[float, float]:
    """The derivative of the target's sum along a direction, and an error bound (inf: failed).

    Args:
        point: the function.
        directions: by variable; entries of natural size, so that a step of 1 is a large one.
    """
    here = point.outputs(point.inputs)

    def difference(step: float) -> float:
        ahead = point.outputs(point.moved(directions, step))
        behind = point.outputs(point.moved(directions, -step))
        return float(np.sum(ahead - behind)) / (2.0 * step)

    with np.errstate(all="ignore"):
        noise = measured_noise(point, directions, here)
        return extrapolated(difference, noise, ENOUGH if point.elements <= LARGE else 1e-9)


def extrapolated(
    difference: Callable[[float], float], noise: float, enough: float = ENOUGH
) -> tuple[float, float]:
    """Richardson's table over steps FIRST, FIRST/4, ...; the entry with the smallest error bound.

    Args:
        difference: a quotient whose error is a series in the even powers of the step.
        noise: the error of one value of the function.
        enough: the relative error at which no further step is taken.
    """
    best, bound = np.nan, np.inf
    row: list[float] = []
    step = FIRST
    for _ in range(LEVELS):
        first = difference(step)
        if not np.isfinite(first):
            row = []
            step /= RATIO
            continue
        rounding = noise / step
        fresh = [first]
        factor = RATIO**2
        for column, older in enumerate(row):
            fresh.append(fresh[column] + (fresh[column] - older) / (factor - 1.0))
            factor *= RATIO**2
            scatter = max(abs(fresh[-1] - fresh[-2]), abs(fresh[-1] - row[column]))
            if scatter + rounding < bound:
                best, bound = fresh[-1], scatter + rounding
        row = fresh
        if rounding > bound or bound <= enough * abs(best):
            break
        step /= RATIO
    return best, bound


def measured_noise(point: Point, directions: Mapping[str, Array], here: Array) -> float:
    """The rounding error of one value: third differences over steps too small to bend."""
    least = float(np.finfo(np.float64).eps * np.max(np.abs(here), initial=0.0))
    if point.elements > LARGE:
        return 16.0 * least
    step = 2.0**-36
    values = [
        float(np.sum(point.outputs(point.moved(directions, k * step)) - here)) for k in range(-3, 4)
    ]
    thirds = np.diff(values, 3)
    scatter = float(np.sqrt(np.mean(thirds**2) / 20.0)) if np.all(np.isfinite(thirds)) else 0.0
    return max(scatter, least)


def float_slopes(point: Point, directions: Mapping[str, Array]) -> Slopes | None:
    """One-sided slopes in float64; None where rounding hides them.

    The gap between the slopes of a smooth function shrinks with the step, that of a corner stays.
    """
    here = point.outputs(point.inputs)

    def sides(step: float) -> tuple[float, float]:
        right = float(np.sum(point.outputs(point.moved(directions, step)) - here)) / step
        left = float(np.sum(here - point.outputs(point.moved(directions, -step)))) / step
        return left, right

    with np.errstate(all="ignore"):
        noise = measured_noise(point, directions, here)
        coarse, fine = 2.0**-16, 2.0**-20
        left, right = sides(coarse)
        finer_left, finer_right = sides(fine)
        gaps = abs(right - left), abs(finer_right - finer_left)
        error = 4.0 * noise / fine
        if not all(np.isfinite(gaps)):
            return Slopes(finer_left, finer_right, False, edge=True)
        size = max(abs(finer_left), abs(finer_right))
        if gaps[1] > max(10.0 * error, 0.5 * gaps[0], 1e-9 * size):
            return Slopes(finer_left, finer_right, False)
        if error > 1e-3 * size and gaps[1] > 0:
            return None
        value = 0.5 * (finer_left + finer_right)
        return Slopes(value, value, True)
