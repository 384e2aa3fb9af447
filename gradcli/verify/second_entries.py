"""The work of `settle_seconds`: exact second derivatives beside those under test.

Every entry is computed where that is affordable, and written over a number that a convention or
rounding made. A wrong number that has neither excuse stays: the verdict will say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.execute import run
from gradcli.graph import Array
from gradcli.verify.compare import largest
from gradcli.verify.curvature import Bend, Curvature
from gradcli.verify.kinks import first_sentence, reaching
from gradcli.verify.point import Point, random_signs, text_of
from gradcli.verify.records import Candidate, Seconds
from gradcli.verify.referee import Referee
from gradcli.verify.second_rules import executed

TOTAL = 2_000_000  # scalar operations of all passes
SECONDS = 0.5  # of programs that are recorded anew
ROWS = 8  # rows whose rules are executed exactly

Place = tuple[str, tuple[int, ...]]


class Desk:
    """The work on one matrix.

    Args:
        point: the function.
        referee: of the point.
        found: kinks of the function or its gradient.
        turns: whether the program takes another course right beside the point.
        matrix, along, seed: as `settle_seconds` has them.
    """

    def __init__(
        self,
        point: Point,
        referee: Referee,
        found: Sequence[Candidate],
        turns: bool,
        matrix: Array,
        along: Mapping[str, Array] | None,
        seed: int,
    ) -> None:
        self.point, self.referee, self.found, self.turns = point, referee, found, turns
        self.curvature = Curvature(referee)
        self.along = along
        self.rng = np.random.default_rng(seed)
        self.places: list[Place] = [
            (name, index) for name in point.names for index in np.ndindex(point.inputs[name].shape)
        ]
        shape = matrix.shape
        self.result = Seconds(
            matrix.copy(),
            np.full(shape, math.nan),
            np.zeros(shape, dtype=bool),
            epsilon=point.epsilon,
        )
        self.directions: dict[Any, Mapping[str, Array]] = {}
        inside = {node.id for node in point.frozen.nodes()}
        self.below = any(candidate.node.id not in inside for candidate in found)

    def settled(self, lost: bool) -> Seconds | None:
        """Look at every entry, or at those that a kink concerns."""
        columns = self._affordable()
        if not columns:
            return None
        result = self.result
        result.whole = len(columns) == len(self.places)
        if lost and (not result.whole or self._value_is_lost()):
            return None
        smooth = self._differentiable(columns)
        for place in smooth:
            name, index = self.places[place]
            direction = np.zeros(self.point.inputs[name].shape)
            unit = direction[index] = float(self.point.natural(name)[index])
            self._line(place, {name: direction}, unit)
        if self.along is None:
            pairs = [(r, c) for r in smooth for c in smooth if r <= c]
        else:
            self._tangent()
            pairs = [(0, c) for c in smooth]
        wrong = self._compare(pairs)
        if not result.whole:
            return self._in_part(wrong)
        if not result.kinks and (self.found or self.turns):
            self._look_around(smooth)
        if result.kinks:
            wrong = self._untouched(wrong)
        if not self._correct(wrong) and lost:
            return None
        return result

    def _untouched(self, wrong: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Without the rows and columns in which some second derivative does not exist."""
        exact = self.result.exact
        missing = np.isnan(exact)
        if self.along is not None or not missing.any():
            exact[...] = math.nan
        else:
            gone = missing.all(axis=1)  # without a first derivative; the others have rows
            bad = gone | missing[:, ~gone].any(axis=1)
            exact[bad, :] = math.nan
            exact[:, bad] = math.nan
        return [at for at in wrong if not math.isnan(exact[at])]

    def _affordable(self) -> list[int]:
        """The columns to look at: all of them, else those that move what goes into a kink."""
        passes = TOTAL // max(1, self.referee.cost)
        if self.point.dynamic:
            passes = min(passes, int(SECONDS / self.point.seconds))
        most = int(math.sqrt(passes / 5)) if self.along is None else passes // 16
        if len(self.places) <= most:
            return list(range(len(self.places)))
        wanted = dict.fromkeys(reaching(self.point, self.found))
        numbers = {place: number for number, place in enumerate(self.places)}
        return sorted(numbers[place] for place in list(wanted)[:most])

    def _line(self, key: Any, directions: Mapping[str, Array], unit: float) -> None:
        self.directions[key] = directions
        self.curvature.line(key, directions, unit)

    def _tangent(self) -> None:
        """The one row: the tangent, scaled to natural size."""
        assert self.along is not None
        along = {name: np.asarray(array, np.float64) for name, array in self.along.items()}
        size = max(
            (
                float(np.max(np.abs(array) / self.point.natural(name), initial=0.0))
                for name, array in along.items()
            ),
        )
        unit = 1.0 / size if 0.0 < size < math.inf else 1.0
        self._line("tangent", {name: array * unit for name, array in along.items()}, unit)

    def _row(self, row: int) -> Any:
        return row if self.along is None else "tangent"

    def _differentiable(self, columns: Sequence[int]) -> list[int]:
        """The columns along which there is a first derivative; the others are kinks."""
        smooth = []
        for column in columns:
            slopes = self.referee.entry(*self.places[column])
            if slopes.smooth:
                smooth.append(column)
                continue
            sentence = first_sentence(
                self.point, self.referee, self.found, *self.places[column], slopes
            )
            self._kink(sentence)
        return smooth

    def _kink(self, sentence: str) -> None:
        if sentence not in self.result.kinks:
            self.result.kinks.append(sentence)

    def _compare(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Fill in exact numbers; the places where those under test are others."""
        result, wrong = self.result, []
        bound = math.sqrt(self.point.epsilon)
        dust = 64.0 * self.point.epsilon * largest(result.matrix)
        for row, column in pairs:
            bend = self.curvature.along(self._row(row), column)
            if not bend.smooth:
                self._kink(self._sentence(row, column, bend))
                continue
            for at in {(row, column), (column, row)} if self.along is None else [(row, column)]:
                result.exact[at] = bend.value
                result.special[at] = bool(self.found) or self.turns
                error = abs(float(result.matrix[at]) - bend.value)
                beside = abs(float(result.matrix[at])) + abs(bend.value) < largest(result.matrix)
                if not (error <= bound * abs(bend.value) or (beside and error <= dust)):
                    wrong.append(at)
        return wrong

    def _correct(self, wrong: Sequence[tuple[int, int]]) -> bool:
        """Write exact numbers over those that a convention or rounding made; whether any."""
        result = self.result
        kinked: list[tuple[tuple[int, int], str]] = []
        rounded = []
        rules: dict[int, Array | None] = {}
        for at in wrong:
            culprit = self._culprit(*at)
            if culprit is not None:
                kinked.append((at, culprit))
            elif self._rules_hold(at, rules):
                rounded.append(at)
                result.special[at] = True
        if kinked:
            at, text = kinked[0]
            result.notes.append(
                f"{self._name(*at)}{_more(kinked)}: reverse mode has no second derivative of its "
                f"own at {text} and gives {float(result.matrix[at]):.6g}; that of the function is "
                f"{result.exact[at]:.6g}"
            )
        if rounded:
            at = rounded[0]
            result.notes.append(
                f"{self._name(*at)}{_more(rounded)}: rounding errors of the reverse pass give "
                f"{float(result.matrix[at]):.6g}; {result.exact[at]:.6g}, computed with "
                f"{self.referee.base_digits} digits and more, stands in its place"
            )
        for at in [place for place, _ in kinked] + rounded:
            result.matrix[at] = result.exact[at]
        return bool(kinked or rounded)

    def _in_part(self, wrong: Sequence[tuple[int, int]]) -> Seconds | None:
        """Too many entries to compute all: nothing is corrected, what is wrong is said."""
        if wrong:
            at = wrong[0]
            self._kink(
                f"{self._name(*at)}{_more(wrong)}: reverse mode gives "
                f"{float(self.result.matrix[at]):.6g} at a kink, the second derivative is "
                f"{self.result.exact[at]:.6g}; there are too many entries to correct them all"
            )
        return self.result if self.result.kinks else None

    def _culprit(self, row: int, column: int) -> str | None:
        """The kink that a step along row and column moves, in words."""
        if self.below:
            return self._text(self.found[0])
        one, other = self.directions[self._row(row)], self.directions[column]
        both = dict(one)
        for name, array in other.items():
            both[name] = both[name] + array if name in both else array
        places = [(candidate.node, candidate.mask) for candidate in self.found]
        for directions in (one, other, both) if places else ():
            moved = self.referee.responding_along(places, directions)
            if any(moved):
                return self._text(self.found[moved.index(True)])
        return "a branch" if self.turns else None

    def _text(self, candidate: Candidate) -> str:
        return f"`{text_of(candidate.node, self.point.graph.source)}`"

    def _rules_hold(self, at: tuple[int, int], rules: dict[int, Array | None]) -> bool:
        """Whether the rules, executed exactly, give the exact number of an entry."""
        row, column = at
        if row not in rules and len(rules) < ROWS:
            line = self._row(row)
            rules[row] = executed(self.referee, self.directions[line], self.curvature.unit(line))
        numbers = rules.get(row)
        if numbers is None:
            return False
        truth = float(self.result.exact[at])
        error = abs(numbers[column] - truth)
        wrong = abs(float(self.result.matrix[at]) - truth)
        return bool(error <= 1e-9 * abs(truth) + 1e-6 * wrong)

    def _value_is_lost(self) -> bool:
        """Whether floating point misses the value by half of the digits: nothing is repaired."""
        value = float(np.sum(run([self.point.frozen.output], self.point.inputs)[0]))
        exact = float(self.referee.total([], self.referee.base_digits))
        return not abs(value - exact) <= math.sqrt(self.point.epsilon) * max(1.0, abs(exact))

    def _look_around(self, smooth: Sequence[int]) -> None:
        """Second derivatives along the axes are not all: random lines, and corners close by."""
        bound = 1e-6 if self.point.epsilon < 1e-10 else 1e-3
        text = self._text(self.found[0]) if self.found else "a branch"
        exact = self.result.exact
        for number in range(2):
            directions = {
                name: self.point.natural(name)
                * random_signs(self.rng, self.point.inputs[name].shape)
                for name in self.point.names
            }
            key = ("random", number)
            self._line(key, directions, 1.0)
            flat = np.concatenate([np.ravel(directions[name]) for name in self.point.names])
            terms = exact * flat
            if self.along is None:
                terms = terms * flat[:, None]
            bend = self.curvature.along(key if self.along is None else "tangent", key)
            if (
                not bend.smooth
                or abs(bend.value - terms.sum()) > bound * np.abs(terms).sum() + 1e-300
            ):
                self._kink(
                    f"not twice differentiable at {text}: the second derivatives along the axes "
                    "do not add up"
                )
                return
        if self.point.dynamic:
            return
        lines: list[Any] = [*smooth] if self.along is None else [*smooth, "tangent"]
        for line in lines:
            if self.curvature.rough_beside(line, ("random", 0)):
                self._kink(f"not twice differentiable at {text}: there is a corner right beside")
                return

    def _sentence(self, row: int, column: int, bend: Bend) -> str:
        culprit = self._culprit(row, column)
        where = "" if culprit is None else f" ({culprit})"
        place = self._name(row, column)
        if bend.overflow:
            return f"the second derivative {place} is too large for float64"
        if bend.edge:
            return f"{place}: the second derivative is at the edge of the domain{where}"
        low, high = (f"{side:.6g}" for side in bend.apart)
        sides = f"{low} and {high} from different sides" if low != high else low
        return f"not twice differentiable: the second derivative {place} is {sides}{where}"

    def _name(self, row: int, column: int) -> str:
        """An entry as the answer calls it: `x,y[0, 1]`, `x[1]` of a product."""
        name: str
        index: tuple[int, ...]
        name, index = self.places[column]
        if self.along is None:
            first, start = self.places[row]
            name = f"{first},{name}"
            index = start + index
        return f"{name}[{', '.join(map(str, index))}]" if index else name


def _more(listed: Sequence[Any]) -> str:
    return f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
