"""Witnesses "difference" and "taylor": the function itself, run in float64 at other points."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from gradcli.graph import Array
from gradcli.ops.tape import operations
from gradcli.results import Comparison
from gradcli.verify.bench import Bench
from gradcli.verify.compare import ULPS, Tolerance, compare, largest
from gradcli.verify.lines import central, measured_noise
from gradcli.verify.point import random_signs

ALL = 32  # entries of a variable up to which each is compared
SAMPLE = 8
SECONDS = 1.0  # for the entries of one variable, roughly
EVALUATIONS = 25  # that one difference takes
TOO_LONG = 4.0  # seconds for one difference
SAFETY = 8.0  # on the error bound of the extrapolation
SMALLEST = 1e-280  # steps of which would be rounded
VAGUE = 1e-3  # relative error at which a difference says nothing


def difference(bench: Bench, name: str) -> Comparison:
    """Central differences: every entry when few, else random directions and some entries."""
    reverse = bench.gradients[name]
    testable = bench.testable(name)
    if _takes_too_long(bench):
        return Comparison("difference", name, None, of=int(reverse.size), note=_length(bench))
    together = ""
    if reverse.size > ALL and all(kink.variable for kink in bench.settled.kinks):
        along = _along_directions(bench, name, testable)
        if along.ok is False:
            return along
        together = along.note if along.ok else ""
    chosen = _chosen(bench, testable)
    other, extra = np.array(reverse), np.zeros(reverse.shape)
    mask = np.zeros(reverse.shape, dtype=bool)
    vague = 0
    for index in chosen:
        slope, error = entry_difference(bench, name, index)
        if not _speaks(bench, name, slope, SAFETY * error):
            vague += 1
            continue
        other[index], mask[index] = slope, True
        extra[index] = SAFETY * error
    note = f"too noisy in {vague} of {len(chosen)} entries" if vague else ""
    note = " and ".join(filter(None, (note, together)))
    bound = Tolerance(reverse, bench.noise[name], bench.epsilon, extra)
    return compare("difference", name, reverse, other, bound, mask=mask, note=note)


def _takes_too_long(bench: Bench) -> bool:
    return EVALUATIONS * bench.point.seconds > TOO_LONG


def _length(bench: Bench) -> str:
    return f"{operations(bench.point.nodes):,} operations take too long to run again and again"


def entry_difference(bench: Bench, name: str, index: tuple[int, ...]) -> tuple[float, float]:
    """The derivative along one entry and its error bound; small and large steps are tried."""
    array = bench.point.inputs[name]
    if not np.isfinite(array[index]):
        return math.nan, math.inf
    best, bound = math.nan, math.inf
    natural = float(bench.point.natural(name)[index])
    for size in dict.fromkeys([natural, max(1.0, abs(float(array[index])))]):
        if size < SMALLEST:
            continue
        direction = np.zeros(array.shape)
        direction[index] = size
        slope, error = central(bench.point, {name: direction})
        if error / size < bound:
            best, bound = slope / size, error / size
        if bound <= 1e-6 * abs(best):
            break
    return best, bound


def _chosen(bench: Bench, testable: Array) -> list[tuple[int, ...]]:
    flats = np.flatnonzero(testable)
    affordable = max(1, int(SECONDS / (EVALUATIONS * bench.point.seconds)))
    most = min(ALL if flats.size <= ALL else SAMPLE, affordable)
    if flats.size > most:
        flats = np.random.default_rng(bench.seed).permutation(flats)[:most]
    return [
        tuple(map(int, np.unravel_index(flat, testable.shape))) for flat in sorted(flats.tolist())
    ]


def _speaks(bench: Bench, name: str, slope: float, error: float) -> bool:
    """Whether an error bound is small against the gradient."""
    if not math.isfinite(slope) or not math.isfinite(error):
        return False
    return error <= VAGUE * max(abs(slope), largest(bench.gradients[name])) or error <= 1e-9


def _along_directions(bench: Bench, name: str, testable: Array) -> Comparison:
    """All entries at once along random directions; where that fails, the entry that is to blame."""
    reverse = np.where(testable, bench.gradients[name], 0.0)
    if not np.all(np.isfinite(reverse)):
        bad = tuple(map(int, np.argwhere(~np.isfinite(reverse))[0]))
        return _one_entry(bench, name, bad)
    rng = np.random.default_rng(bench.seed)
    natural = np.where(testable, bench.point.natural(name), 0.0)
    result = Comparison("difference", name, None, of=int(reverse.size), note="too noisy")
    for _ in range(2 if 2 * EVALUATIONS * bench.point.seconds < SECONDS else 1):
        direction = natural * random_signs(rng, reverse.shape)
        gap, bound, mine = _gap(bench, name, reverse, direction)
        if not math.isfinite(bound):
            return result
        result = Comparison(
            "difference",
            name,
            True,
            max_abs=abs(gap),
            max_rel=abs(gap) / max(abs(mine), abs(mine - gap), math.ulp(0.0)),
            reverse=mine,
            other=mine - gap,
            tolerance=bound,
            compared=int(np.count_nonzero(testable)),
            of=int(reverse.size),
            note="along random directions",
        )
        if abs(gap) > bound:
            return _one_entry(bench, name, _blame(bench, name, reverse, direction))
    return result


def _gap(bench: Bench, name: str, reverse: Array, direction: Array) -> tuple[float, float, float]:
    """Reverse mode minus the difference along a direction, its bound, reverse mode's slope."""
    slope, error = central(bench.point, {name: direction})
    terms = reverse * direction
    mine = math.fsum(terms.ravel().tolist()) if terms.size < 1e6 else float(np.sum(terms))
    rounding = math.sqrt(bench.epsilon) * np.linalg.norm(terms) + ULPS * np.linalg.norm(
        bench.noise[name] * direction
    )
    bound = float(SAFETY * error + rounding)
    if bound > VAGUE * max(float(np.linalg.norm(terms)), abs(slope)) and bound > 1e-9:
        bound = math.inf
    return mine - slope, bound, mine


def _blame(bench: Bench, name: str, reverse: Array, direction: Array) -> tuple[int, ...]:
    """Halve the direction, keeping the half with the larger gap, until one entry is left."""
    flat = np.flatnonzero(direction)
    while flat.size > 1:
        gaps = []
        halves = np.array_split(flat, 2)
        for half in halves:
            part = np.zeros(direction.size)
            part[half] = direction.reshape(-1)[half]
            gaps.append(abs(_gap(bench, name, reverse, part.reshape(direction.shape))[0]))
        flat = halves[int(np.nanargmax(gaps)) if not all(map(math.isnan, gaps)) else 0]
    return tuple(map(int, np.unravel_index(int(flat[0]), direction.shape)))


def _one_entry(bench: Bench, name: str, index: tuple[int, ...]) -> Comparison:
    reverse = bench.gradients[name]
    slope, error = entry_difference(bench, name, index)
    other = np.array(reverse)
    other[index] = slope
    mask = np.zeros(reverse.shape, dtype=bool)
    mask[index] = True
    extra = np.where(mask, SAFETY * error, 0.0)
    bound = Tolerance(reverse, bench.noise[name], bench.epsilon, extra)
    result = compare(
        "difference", name, reverse, other, bound, mask=mask, note="along random directions"
    )
    if not _speaks(bench, name, slope, SAFETY * error):
        result.ok, result.note = None, "too noisy"
    return result


def taylor(bench: Bench, name: str) -> Comparison:
    """The remainder after the linear term along a random direction falls like the step squared.

    `reverse` and `other` of the comparison hold the slope of a right gradient, 2, and the slope
    found.
    """
    point = bench.point
    testable = bench.testable(name) & np.isfinite(point.inputs[name])
    gradient = np.where(testable, bench.gradients[name], 0.0)
    result = Comparison(
        "taylor", name, None, of=int(gradient.size), compared=int(np.count_nonzero(testable))
    )
    if not testable.any() or not np.all(np.isfinite(gradient)):
        result.note = "no entry to move" if not testable.any() else "the gradient is not finite"
        return result
    if _takes_too_long(bench):
        result.note = _length(bench)
        return result
    rng = np.random.default_rng(bench.seed + 1)
    natural = np.where(testable, point.natural(name), 0.0)
    direction = natural * random_signs(rng, gradient.shape)
    with np.errstate(all="ignore"):
        here = point.outputs(point.inputs)
        slope = float(np.sum(gradient * direction))
        floor = 32.0 * measured_noise(point, {name: direction}, here)
        floor += 8.0 * bench.epsilon * float(np.linalg.norm(gradient * direction))
        remainders = []
        for power in range(2, 26, 2):
            step = 2.0**-power
            ahead = float(np.sum(point.outputs(point.moved({name: direction}, step)) - here))
            remainders.append(abs(ahead - step * slope))
    return _judged(result, remainders, floor, strict=not bench.special(name).any())


def _judged(result: Comparison, remainders: list[float], floor: float, strict: bool) -> Comparison:
    slopes = [
        0.5 * math.log2(large / small)
        for large, small in pairwise(remainders)
        if math.isfinite(large) and small > floor and large > 0
    ]
    if not slopes:
        finite = [value for value in remainders if math.isfinite(value)]
        result.ok = True if finite and finite[0] <= floor else None
        result.note = "no remainder: linear here" if result.ok else "too noisy"
        return result
    found = slopes[-1] if len(slopes) < 3 else sorted(slopes[-3:])[1]
    result.reverse, result.other = 2.0, found
    result.max_abs = max(0.0, 2.0 - found)
    result.max_rel = result.max_abs / 2.0
    result.tolerance = 0.4 if strict else 0.8
    if result.max_abs <= result.tolerance:
        result.ok = True
    elif abs(found - 1.0) <= 0.2 and len(slopes) >= 3:
        result.ok = False  # a wrong linear term, and nothing else, leaves slope 1
    result.note = f"slope {found:.2f}" if found < 4.5 else "slope over 4"
    return result
