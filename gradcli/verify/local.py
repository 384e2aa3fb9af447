"""Witness "local": derivatives op by op along the recorded path, multiplied in forward order.

SymPy differentiates each op's scalar formula once, forward accumulation multiplies the numbers (see
`forward`): linear in the length of the path, and no VJP is read. It is heard where a closed form
and exact entries would be too long. Few entries are all compared; of many some, and the gradient as
a whole along random directions; where that fails, the directions are split until one entry is left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gradcli.execute.precise import Cannot, cost
from gradcli.graph import Array
from gradcli.ops.tape import operations
from gradcli.results import Comparison
from gradcli.verify.bench import Bench
from gradcli.verify.compare import ULPS, Tolerance, compare
from gradcli.verify.forward import push
from gradcli.verify.point import random_signs

ALL = 8  # entries of a variable up to which each is compared
SAMPLE = 4
DIRECTIONS = 2
PARTS = 16  # into which a direction is split at once; 3 are the least work where it is much
LARGE = 1_000_000  # entries of all nodes
SECONDS = 4.0  # for one variable, roughly
RECORD = 4e-7  # seconds for a record of a tape, in one direction
ELEMENTS = 2**24  # of the tangents of one array

Index = tuple[int, ...]


def local(bench: Bench, name: str) -> Comparison:
    """Local derivatives, accumulated forwards, against the reverse-mode gradient of a variable."""
    reverse = bench.gradients[name]
    silent = Comparison("local", name, None, of=int(reverse.size))
    if reverse.size == 0:
        return compare("local", name, reverse, reverse, _bound(bench, name))
    try:
        return _Witness(bench, name).comparison()
    except Cannot as reason:
        silent.note = str(reason)
        return silent


def _bound(bench: Bench, name: str, extra: Array | None = None) -> Tolerance:
    return Tolerance(bench.gradients[name], bench.noise[name], bench.epsilon, extra)


class _Witness:
    """The comparison for one variable."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench = bench
        self.name = name
        self.reverse = bench.gradients[name]
        self.rng = np.random.default_rng(bench.seed)
        self.nodes = bench.point.frozen.nodes()
        self.length = operations(self.nodes)
        # at a dismissed candidate local derivatives do not add up, and what `settle` repaired
        # floating point cannot see
        self.usable = bench.testable(name) & ~bench.special(name) & ~bench.repaired(name)
        self.usable &= np.isfinite(bench.point.inputs[name])

    def comparison(self) -> Comparison:
        """What there is to say.

        Raises:
            Cannot: where it is nothing.
        """
        if not self.usable.any():
            raise Cannot("every entry is at a corner, or was repaired")
        chosen = self._chosen()
        units = self._units(chosen)
        lines = [self._direction() for _ in range(self._lines(chosen))]
        found = self._push([*units, *lines])
        slopes = dict(zip(chosen, found.tolist(), strict=False))
        if not np.isfinite(found).any():
            raise Cannot("local derivatives are not finite along this path")
        known = {index: slope for index, slope in slopes.items() if math.isfinite(slope)}
        along = False
        for line, slope in zip(lines, found[len(chosen) :].tolist(), strict=True):
            if not math.isfinite(slope):
                continue
            if not self._agrees(line, slope):
                index = self._blame(line)
                known[index] = float(self._push(self._units([index]))[0])
                return self._compared(known, False)
            along = True
        return self._compared(known, along)

    # --- what to look at ---

    def _chosen(self) -> list[Index]:
        """All usable entries when few, else some, with those that are not finite."""
        flats = np.flatnonzero(self.usable)
        if flats.size > ALL:
            bad = np.flatnonzero(self.usable & ~np.isfinite(self.reverse))[:2]
            random = self.rng.choice(flats, size=SAMPLE, replace=False)
            flats = np.array(list(dict.fromkeys([*bad.tolist(), *random.tolist()])))
        most = self.affordable
        if most < 1:
            raise Cannot(f"{self.length:,} operations are too many for local derivatives")
        flats = flats[: max(1, most - DIRECTIONS) if most < flats.size + DIRECTIONS else None]
        return [
            tuple(map(int, np.unravel_index(flat, self.reverse.shape)))
            for flat in sorted(flats.tolist())
        ]

    def _lines(self, chosen: Sequence[Index]) -> int:
        """How many random directions: none where every entry is looked at."""
        if len(chosen) == np.count_nonzero(self.usable):
            return 0
        if not np.all(np.isfinite(self.reverse[self.usable])):
            return 0
        return max(1, min(DIRECTIONS, self.affordable - len(chosen)))

    @cached_property
    def affordable(self) -> int:
        """How many directions there is time and room for."""
        nodes = self.nodes
        elements = sum(node.size for node in nodes)
        plain = cost(node for node in nodes if node.op.elementwise)
        others = cost(node for node in nodes if not node.op.elementwise)
        computed = sum(1 for node in nodes if node.inputs)
        once = 1.5e-5 * computed + 3e-9 * plain + 5e-9 * elements + 5e-10 * others
        structural = sum(1 for node in nodes if node.inputs and not node.op.elementwise)
        each = 2e-8 * elements + 1e-9 * others + 1.5e-5 * structural
        time = (SECONDS - once) / (each + RECORD * (self.length - computed) + 1e-7 * computed)
        room = ELEMENTS // max(1, *(node.size for node in nodes))
        return int(min(time, room, 1e6))

    def _units(self, chosen: Sequence[Index]) -> list[Array]:
        units = []
        for index in chosen:
            unit = np.zeros(self.reverse.shape)
            unit[index] = 1.0
            units.append(unit)
        return units

    def _direction(self) -> Array:
        natural = self.bench.point.natural(self.name)
        signs = random_signs(self.rng, self.reverse.shape)
        return np.where(self.usable, natural * signs, 0.0)

    # --- what comes out ---

    def _push(self, directions: Sequence[Array], rng: np.random.Generator | None = None) -> Array:
        """The derivative of the sum of the output along each direction."""
        point = self.bench.point
        pushed = push(
            point.frozen.output, point.inputs, {self.name: np.stack(directions)}, rng
        ).reshape(len(directions), -1)
        return np.asarray(np.sum(pushed, axis=1))

    def _noise(self, directions: Sequence[Array], exactly: Array) -> Array:
        """What rounding does to forward accumulation; asked only where that may be the reason."""
        shaken = [np.abs(self._push(directions, self.rng) - exactly) for _ in range(2)]
        return np.asarray(np.maximum(*shaken))

    def _gap(self, line: Array, slope: float) -> tuple[float, float]:
        """The gradient along a direction less the witness, and the bound."""
        terms = self.reverse * line
        mine = math.fsum(terms.ravel().tolist()) if terms.size < 1e6 else float(np.sum(terms))
        noise = float(np.linalg.norm(self.bench.noise[self.name] * line))
        half = math.sqrt(self.bench.epsilon) * float(np.linalg.norm(terms))
        return mine - slope, half + ULPS * noise + self.bench.tiny

    def _agrees(self, line: Array, slope: float) -> bool:
        gap, bound = self._gap(line, slope)
        if abs(gap) > bound:
            bound += ULPS * float(self._noise([line], np.array([slope]))[0])
        return abs(gap) <= bound

    def _blame(self, line: Array) -> Index:
        """Split a direction, keeping the part with the largest gap, until one entry is left."""
        flat = np.flatnonzero(line)
        large = sum(node.size for node in self.nodes) > LARGE
        parts = max(2, min(3 if large else PARTS, self.affordable))
        while flat.size > 1:
            pieces = np.array_split(flat, min(parts, flat.size))
            directions = []
            for piece in pieces:
                direction = np.zeros(line.size)
                direction[piece] = line.reshape(-1)[piece]
                directions.append(direction.reshape(line.shape))
            slopes = self._push(directions)
            gaps = [
                abs(self._gap(direction, slope)[0])
                for direction, slope in zip(directions, slopes.tolist(), strict=True)
            ]
            flat = pieces[int(np.argmax(np.nan_to_num(gaps, nan=-1.0)))]
        return tuple(map(int, np.unravel_index(int(flat[0]), line.shape)))

    def _compared(self, slopes: dict[Index, float], along: bool) -> Comparison:
        other = np.array(self.reverse)
        mask = np.zeros(self.reverse.shape, dtype=bool)
        for index, slope in slopes.items():
            other[index], mask[index] = slope, True
        result = self._judged(other, mask, None)
        if result.ok is False:
            extra = np.zeros(self.reverse.shape)
            places = list(slopes)
            exactly = np.array([slopes[index] for index in places])
            for index, noise in zip(
                places, self._noise(self._units(places), exactly).tolist(), strict=True
            ):
                extra[index] = ULPS * noise
            result = self._judged(other, mask, extra)
        if along and result.ok:
            result.compared = int(np.count_nonzero(self.usable))
        result.note = self._note(along)
        return result

    def _judged(self, other: Array, mask: Array, extra: Array | None) -> Comparison:
        bound = _bound(self.bench, self.name, extra)
        return compare("local", self.name, self.reverse, other, bound, mask=mask)

    def _note(self, along: bool) -> str:
        where = " along the path taken" if self.bench.point.dynamic else ""
        count = f"{self.length:,} operation{'' if self.length == 1 else 's'}"
        return f"local derivatives{where}, {count}" + (", in random directions" if along else "")
