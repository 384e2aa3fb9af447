"""Before the verdict on second derivatives: kinks, and numbers that reverse mode cannot deliver.

What `settle` does for a gradient, for a Hessian and for its product with a tangent. The gradient of
a gradient graph is right where that graph is; at a point where an op inside has a kink it adds up
conventions: `norm(x)**2` has 0 at the origin instead of 2. There, and where all digits are lost,
second differences of the function (see `curvature`) say what is true. Without a kink nothing is
computed but the gradient once more, in floating point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcli.autodiff import directional, gradient
from gradcli.execute import run
from gradcli.execute.precise import Cannot, Exact, cost
from gradcli.graph import Array, Graph, Node, constant
from gradcli.ops.structure import sum_
from gradcli.verify.compare import largest
from gradcli.verify.curvature import Bend, Curvature
from gradcli.verify.kinks import candidates, first_sentence, reaching
from gradcli.verify.point import Point, random_signs, text_of
from gradcli.verify.records import Candidate
from gradcli.verify.referee import Referee

PASS = 20_000  # scalar operations of one exact pass, at most
TOTAL = 1_000_000  # of all passes
SECONDS = 0.5  # of programs that are recorded anew
ROWS = 8  # rows whose rules are executed exactly
DIGITS = 80

Place = tuple[str, tuple[int, ...]]


@dataclass(slots=True)
class Seconds:
    """What `settle_seconds` found. Rows and columns are entries of all variables in order.

    Attributes:
        matrix: second derivatives with the wrong ones corrected, (rows, columns).
        exact: as the function has them; nan where there is none.
        special: which lie at a kink of an op and exist: a formula may have no limit of its own.
        notes: one sentence per kind of correction.
        kinks: why there is no second derivative somewhere, one sentence each.
        whole: whether every one was looked at; where not, `kinks` says what is wrong.
        epsilon: of the dtype that the matrix was computed in.
    """

    matrix: Array
    exact: Array
    special: Array
    notes: list[str] = field(default_factory=list)
    kinks: list[str] = field(default_factory=list)
    whole: bool = True
    epsilon: float = 2.0**-52


def settle_seconds(
    program: Any,
    inputs: Mapping[str, Any],
    graph: Graph,
    names: Sequence[str],
    matrix: Array,
    *,
    along: Mapping[str, Array] | None = None,
    dynamic: bool | None = None,
    seed: int = 0,
    lost: bool = False,
) -> Seconds | None:
    """Correct second derivatives that reverse mode gets wrong; None where nothing speaks for it.

    Args:
        program: records the graph at other values (`trace`); may be None.
        inputs: arrays by name.
        graph: the function, whose sum is differentiated.
        names: variables of the columns.
        matrix: of float64, a row per entry of the variables, or one row where there is a tangent;
            a column per entry.
        along: the tangent by variable, where `matrix` is the product with it.
        dynamic: whether the record depends on values.
        seed: for random directions.
        lost: whether to look though there is no kink, because digits seem to be lost.
    """
    point = Point(program, inputs, graph, names, dynamic)
    if cost(point.frozen.nodes()) > PASS or not np.all(
        np.isfinite(run([point.frozen.output], point.inputs)[0])
    ):
        return None
    found = _candidates(point)
    try:
        referee = Referee(point, PASS)
        turns = point.dynamic and _turns(referee)
        if not (found or turns or lost or not np.all(np.isfinite(matrix))):
            return None
        return _Desk(point, referee, found, matrix, along, seed).settled(lost and not found)
    except Cannot:
        return None


def _candidates(point: Point) -> list[Candidate]:
    """Kinks of the function and of its gradient: `softsign` has one in its derivative only."""
    function = candidates(point)
    mine = {node.id for node in point.frozen.nodes()}
    wrt = [point.frozen.inputs[name] for name in point.names]
    slopes = [node for node in gradient(point.frozen.output, wrt) if node is not None]
    if function or not slopes:
        return function
    total = slopes[0] if len(slopes) == 1 else _sum(slopes)
    below = Point(None, point.inputs, Graph(point.frozen.inputs, total), point.names, False)
    return [one for one in candidates(below) if one.node.id not in mine]


def _sum(nodes: Sequence[Node]) -> Node:
    total = sum_(nodes[0])
    for node in nodes[1:]:
        total = total + sum_(node)
    return total


def _turns(referee: Referee) -> bool:
    """Whether the program takes another course right beside the point."""
    point = referee.point
    rng = np.random.default_rng(0)
    for _ in range(4):
        directions = {
            name: point.natural(name) * random_signs(rng, point.inputs[name].shape)
            for name in point.names
        }
        if referee.branches(directions):
            return True
    return False


class _Desk:
    """The work on one matrix."""

    def __init__(
        self,
        point: Point,
        referee: Referee,
        found: Sequence[Candidate],
        matrix: Array,
        along: Mapping[str, Array] | None,
        seed: int,
    ) -> None:
        self.point, self.referee, self.found = point, referee, found
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
        if not self._correct(wrong) and lost:
            return None
        if not result.kinks and self.found:
            self._look_around(smooth)
        return result

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
                result.special[at] = bool(self.found)
                error = abs(float(result.matrix[at]) - bend.value)
                beside = abs(float(result.matrix[at])) + abs(bend.value) < largest(result.matrix)
                if not (error <= bound * abs(bend.value) or (beside and error <= dust)):
                    wrong.append(at)
        return wrong

    def _correct(self, wrong: Sequence[tuple[int, int]]) -> bool:
        """Write exact numbers over those that a convention or rounding made; whether any."""
        result = self.result
        kinked: list[tuple[tuple[int, int], Candidate]] = []
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
            at, culprit = kinked[0]
            text = text_of(culprit.node, self.point.graph.source)
            result.notes.append(
                f"{self._name(*at)}{_more(kinked)}: reverse mode has no second derivative of its "
                f"own at `{text}` and gives {float(result.matrix[at]):.6g}; the function is twice "
                f"differentiable, {result.exact[at]:.6g} is its second derivative"
            )
        if rounded:
            at = rounded[0]
            result.notes.append(
                f"{self._name(*at)}{_more(rounded)}: rounding errors of the reverse pass give "
                f"{float(result.matrix[at]):.6g}; {result.exact[at]:.6g}, computed with "
                f"{self.referee.base_digits} digits and more, stands in its place"
            )
        for at in (*(at for at, _ in kinked), *rounded):
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

    def _culprit(self, row: int, column: int) -> Candidate | None:
        """The kink that a step along row and column moves."""
        directions = dict(self.directions[column])
        for name, array in self.directions[self._row(row)].items():
            directions[name] = directions.get(name, 0.0) + array
        if self.below:
            return self.found[0]
        places = [(candidate.node, candidate.mask) for candidate in self.found]
        responds = self.referee.responding_along(places, directions) if places else []
        for candidate, moved in zip(self.found, responds, strict=True):
            if moved:
                return candidate
        return None

    def _rules_hold(self, at: tuple[int, int], rules: dict[int, Array | None]) -> bool:
        """Whether the rules, executed exactly, give the exact number of an entry."""
        row, column = at
        if row not in rules and len(rules) < ROWS:
            rules[row] = self._executed(row)
        numbers = rules.get(row)
        if numbers is None:
            return False
        truth = float(self.result.exact[at])
        error = abs(numbers[column] - truth)
        wrong = abs(float(self.result.matrix[at]) - truth)
        return bool(error <= 1e-9 * abs(truth) + 1e-6 * wrong)

    def _executed(self, row: int) -> Array | None:
        """A row as the rules give it in exact numbers."""
        frozen = self.point.frozen
        wrt = [frozen.inputs[name] for name in self.point.names]
        unit = self.curvature.unit(self._row(row))
        chosen = self.directions[self._row(row)]
        vectors = [
            constant(chosen.get(name, np.zeros(node.shape)) / unit)
            for name, node in zip(self.point.names, wrt, strict=True)
        ]
        total = directional(frozen.output, wrt, vectors)
        pulls = [None] * len(wrt) if total is None else gradient(total, wrt)
        nodes = [pull for pull in pulls if pull is not None]
        if cost(Graph(frozen.inputs, _sum(nodes)).nodes() if nodes else []) > PASS:
            return None
        try:
            exact = Exact(nodes, self.point.inputs, self.referee.scalars(2 * DIGITS)).base()
        except Cannot:
            return None
        parts = [
            np.zeros(node.size)
            if pull is None
            else np.array([float(entry) for entry in np.ravel(exact[pull.id]).tolist()])
            for pull, node in zip(pulls, wrt, strict=True)
        ]
        return np.concatenate(parts)

    def _value_is_lost(self) -> bool:
        """Whether floating point misses the value by half of the digits: nothing is repaired."""
        value = float(np.sum(run([self.point.frozen.output], self.point.inputs)[0]))
        exact = float(self.referee.total([], self.referee.base_digits))
        return not abs(value - exact) <= math.sqrt(self.point.epsilon) * max(1.0, abs(exact))

    def _look_around(self, smooth: Sequence[int]) -> None:
        """Second derivatives along the axes are not all: random lines, and corners close by."""
        bound = 1e-6 if self.point.epsilon < 1e-10 else 1e-3
        text = text_of(self.found[0].node, self.point.graph.source)
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
                    f"not twice differentiable at `{text}`: the second derivatives along the axes "
                    "do not add up"
                )
                return
        if self.point.dynamic:
            return
        for key in [*smooth, *([] if self.along is None else ["tangent"])]:
            if self.curvature.rough_beside(key, ("random", 0)):
                self._kink(f"not twice differentiable at `{text}`: there is a corner right beside")
                return

    def _sentence(self, row: int, column: int, bend: Bend) -> str:
        culprit = self._culprit(row, column)
        where = "" if culprit is None else f" (`{text_of(culprit.node, self.point.graph.source)}`)"
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
        name, index = self.places[column]
        if self.along is None:
            first, start = self.places[row]
            name = f"{first},{name}"
            index = start + index
        return f"{name}[{', '.join(map(str, index))}]" if index else name


def _more(listed: Sequence[Any]) -> str:
    return f" (and {len(listed) - 1} more)" if len(listed) > 1 else ""
