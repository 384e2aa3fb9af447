"""Second derivatives of the function itself, by differences of the second order with many digits.

    (f(p + s*h*a + t*h*b) - f(p + s*h*a) - f(p + t*h*b) + f(p)) / (s*t*h**2)

with signs s and t is the second derivative along `a` and `b`, seen from four sides. Where the
function is twice differentiable, all four tend to the same number as h falls. Nothing of reverse
mode is read, nor the first derivative.

Four sides at one point do not tell everything: `abs(x)*y**2` has four times 0 at the origin, and
beside it no derivative by `x`. `rough_beside` looks for that.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcli.graph import Array
from gradcli.verify.referee import STEP, Referee, close, limit

DIGITS = 6 * STEP  # beyond those of the referee
SPENT = 10  # digits that rounding takes, beside those that small differences of inputs cost
SIDES = ((1, 1), (-1, -1), (1, -1), (-1, 1))

Offset = tuple[tuple[Hashable, int], ...]


@dataclass(slots=True)
class Bend:
    """A second derivative along two lines, by sides.

    Attributes:
        sides: as floats, in the order of `SIDES`; inf, or nan where there is none.
        smooth: all are finite and equal.
        overflow: they are equal, and too large for float64.
    """

    sides: tuple[float, ...]
    smooth: bool
    overflow: bool = False

    @property
    def value(self) -> float:
        """The second derivative, where there is one."""
        return self.sides[0] if self.smooth else math.nan

    @property
    def edge(self) -> bool:
        """Whether the function is not defined on a side."""
        return any(side != side for side in self.sides)

    @property
    def apart(self) -> tuple[float, float]:
        """The least and the largest."""
        return min(self.sides), max(self.sides)


class Curvature:
    """Exact second derivatives of the target's sum along lines.

    Args:
        referee: of the function.

    Raises:
        Cannot: where there is no exact path; from any method.
    """

    def __init__(self, referee: Referee) -> None:
        self.referee = referee
        self._lines: dict[Hashable, tuple[Mapping[str, Array], float]] = {}
        self._totals: dict[tuple[Offset, int, int], Any] = {}

    def line(self, key: Hashable, directions: Mapping[str, Array], unit: float = 1.0) -> None:
        """Name a line; a direction has entries of natural size, and its derivative is by `unit`."""
        self._lines[key] = directions, unit

    def unit(self, key: Hashable) -> float:
        """What derivatives along a line are by."""
        return self._lines[key][1]

    def along(self, one: Hashable, other: Hashable) -> Bend:
        """The second derivative along two lines, which may be the same."""
        unit = self._lines[one][1] * self._lines[other][1]
        coarse = self._quotients(one, other, STEP, SIDES)
        if _equal(coarse):
            # x*y*log(x**2 + y**2) is the same from all sides, and grows as the step falls
            (again,) = self._quotients(one, other, 2 * STEP, SIDES[:1])
            if again == coarse[0] or close(again, coarse[0]):
                return _bend(coarse, unit)
        fine = self._quotients(one, other, 2 * STEP, SIDES)
        return _bend([limit(*pair) for pair in zip(coarse, fine, strict=True)], unit)

    def rough_beside(self, key: Hashable, by: Hashable) -> bool:
        """Whether next to the point, along a line, the function has a corner along another one.

        The gap between its slopes there falls with the step where it has none.
        """
        near = self.referee.base_digits + DIGITS + 4 * STEP
        mp = self.referee.scalars(near).mp
        return any(self._gap(((key, sign),), by, near, mp) for sign in (-1, 1))

    def _gap(self, offset: Offset, by: Hashable, digits: int, mp: Any) -> bool:
        across = self._lines[by][0]
        back = {name: -array for name, array in across.items()}
        here = self._moves(offset, STEP)
        gaps = []
        for step in (2 * STEP, 3 * STEP):
            ahead, behind, middle = (
                self.referee.total([*here, *more], digits)
                for more in ([(across, step)], [(back, step)], [])
            )
            change = ahead + behind - 2 * middle
            if not abs(change) > mp.mpf(10) ** (100 - digits) * abs(middle):
                return False
            gaps.append(abs(change) * mp.mpf(10) ** step)
        return bool(gaps[1] > 1e-9 * gaps[0])

    def _quotients(
        self, one: Hashable, other: Hashable, step: int, sides: Sequence[tuple[int, int]]
    ) -> list[Any]:
        digits = self.referee.base_digits + DIGITS + 4 * (step - STEP)
        mp = self.referee.scalars(digits).mp
        found, scale, base = [], mp.mpf(10) ** (2 * step), self._total((), step, digits)
        for s, t in sides:
            counts = {one: s}
            counts[other] = counts.get(other, 0) + t
            corners = (
                self._total(_offset(counts.items()), step, digits),
                self._total(((one, s),), step, digits),
                self._total(((other, t),), step, digits),
            )
            change = corners[0] - corners[1] - corners[2] + base
            size = max(map(abs, (*corners, base)))
            if abs(change) <= mp.mpf(10) ** (SPENT + 2 * step - digits) * size:
                change = mp.zero  # what is left of equal terms
            found.append(change * scale * (s * t))
        return found

    def _total(self, offset: Offset, step: int, digits: int) -> Any:
        key = (offset, step, digits)
        if key not in self._totals:
            self._totals[key] = self.referee.total(self._moves(offset, step), digits)
        return self._totals[key]

    def _moves(self, offset: Offset, step: int) -> list[tuple[dict[str, Array], int]]:
        """The steps one by one: their sum in floats would be another line."""
        return [
            ({name: count * array for name, array in self._lines[key][0].items()}, step)
            for key, count in offset
        ]


def _offset(counts: Iterable[tuple[Hashable, int]]) -> Offset:
    return tuple(sorted(((key, count) for key, count in counts if count), key=repr))


def _equal(sides: list[Any]) -> bool:
    finite = all(abs(side) < math.inf for side in sides)
    return finite and all(side == sides[0] or close(side, sides[0]) for side in sides[1:])


def _bend(sides: list[Any], unit: float) -> Bend:
    values = tuple(float(side / unit) for side in sides)
    if not _equal(sides):
        return Bend(values, False)
    overflow = not math.isfinite(values[0])
    return Bend(values[:1] * len(values), not overflow, overflow)
