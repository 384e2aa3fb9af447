"""The referee: one-sided slopes of the function itself, computed with many digits.

With a step of 1e-30 at 80 digits a difference quotient is a derivative to some 30 digits, and the
quotients from the left and from the right tell a corner from a smooth point. Nothing of reverse
mode is read.

A slope that does not settle (`sqrt` at 0, `x*log(x)` at 0) is told apart by a second, much smaller
step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcli.execute.precise import Cannot, Exact, cost, exact_array
from gradcli.graph import Array, Graph, Node
from gradcli.verify.point import Point

STEP = 30  # the step is 1e-30 of an entry, and 1e-60 where the slope has to settle
DIGITS = 80
MOST_DIGITS = 1600
RETRACE = 2.0**-46  # how far a program is recorded anew to see its other branches, relative


@dataclass(slots=True)
class Slopes:
    """What the function does on both sides of the point along a line.

    Attributes:
        left, right: one-sided derivatives as floats; inf, or nan where there is none.
        smooth: both exist, are finite and equal.
        jump: the function itself jumps.
        edge: the function is not defined on one side at least.
        overflow: there is a derivative, and it is too large for float64.
    """

    left: float
    right: float
    smooth: bool
    jump: bool = False
    edge: bool = False
    overflow: bool = False

    @property
    def value(self) -> float:
        """The derivative, where there is one."""
        return self.right if self.smooth else math.nan


class Referee:
    """Exact slopes of the target's sum at a point.

    Args:
        point: the function.
        budget: scalar operations (see `precise.cost`) that one pass may take.

    Raises:
        Cannot: where the graph has no exact path or is too large.
    """

    def __init__(self, point: Point, budget: int = 20_000) -> None:
        self.point = point
        self.cost = cost(point.frozen.nodes())
        if self.cost > budget:
            raise Cannot(f"the graph is too large for exact numbers ({self.cost} operations)")
        self.base_digits = DIGITS + _magnitude(point)
        if self.base_digits > MOST_DIGITS // 2:
            raise Cannot("the inputs are too far apart in size for exact numbers")
        self._runs: dict[tuple[int, int], Exact] = {}
        self._graphs: dict[tuple[Any, ...], Graph] = {}

    def scalars(self, digits: int = 0) -> Any:
        """The namespace of mpmath functions of the slopes, with at least so many digits."""
        return self._exact(self.point.frozen, max(digits, self.base_digits)).scalars

    def values(self) -> dict[int, Any]:
        """The exact value of every node of `point.frozen`."""
        return self._exact(self.point.frozen, self.base_digits).base()

    def entry(self, name: str, index: tuple[int, ...]) -> Slopes:
        """The slopes along one entry of a variable."""
        direction = np.zeros(self.point.inputs[name].shape)
        unit = direction[index] = self._unit(name, index)
        return self.line({name: direction}, unit)

    def line(self, directions: Mapping[str, Array], unit: float = 1.0) -> Slopes:
        """The slopes along a line, by `unit`; a direction has entries of natural size."""
        digits = self.base_digits
        sides = [self._quotient(directions, sign, STEP, digits) for sign in (-1, 1)]
        if _settled(*sides) and self._plausible(sides[1]):
            return _two_sided(sides[1] / unit)
        finer = [self._quotient(directions, sign, 2 * STEP, digits + 2 * STEP) for sign in (-1, 1)]
        left, right = (limit(*pair) for pair in zip(sides, finer, strict=True))
        jump = any(_jumps(*pair) for pair in zip(sides, finer, strict=True))
        if math.isfinite(left) and math.isfinite(right) and close(left, right):
            return _two_sided(right / unit)
        edge = any(quotient != quotient for quotient in sides)
        return Slopes(float(left / unit), float(right / unit), False, jump, edge)

    def derivative(self, name: str, index: tuple[int, ...], digits: int) -> float:
        """The two-sided slope along one entry, computed with `digits` digits."""
        direction = np.zeros(self.point.inputs[name].shape)
        unit = direction[index] = self._unit(name, index)
        left, right = (self._quotient({name: direction}, sign, STEP, digits) for sign in (-1, 1))
        return float((left + right) / (2 * unit))

    def responding(
        self, places: Sequence[tuple[Node, Array]], name: str, index: tuple[int, ...]
    ) -> list[bool]:
        """For nodes and masks: whether what goes in there moves with an entry of a variable."""
        direction = np.zeros(self.point.inputs[name].shape)
        direction[index] = self._unit(name, index)
        return self.responding_along(places, {name: direction})

    def responding_along(
        self, places: Sequence[tuple[Node, Array]], directions: Mapping[str, Array]
    ) -> list[bool]:
        """The same with a step along a line."""
        exact = self._exact(self.point.frozen, self.base_digits)
        base = exact.base()
        parents = {parent.id: parent for node, _ in places for parent in node.inputs}
        changes = self._shifted(exact, directions, 1, STEP)
        moved = dict(zip(parents, exact.moved(changes, parents.values())[1:], strict=True))
        return [
            any(_differ(base[parent.id], moved[parent.id], node, mask) for parent in node.inputs)
            for node, mask in places
        ]

    def total(self, moves: Sequence[tuple[Mapping[str, Array], int]], digits: int) -> Any:
        """The exact sum of the target next to the point.

        Args:
            moves: steps of 10**-n along directions, as (directions, n).
            digits: that are kept.
        """
        graph = self.point.frozen
        if moves and self.point.dynamic:
            first = min(step for _, step in moves)
            line: dict[str, Array] = {}
            for directions, step in moves:
                if step == first:
                    for name, array in directions.items():
                        line[name] = line[name] + array if name in line else array
            graph = self._recorded(line, 1)
        exact = self._exact(graph, digits)
        changes: dict[str, Any] = {}
        for directions, step in moves:
            for name, moved in self._shifted(exact, directions, 1, step).items():
                changes[name] = (
                    changes[name] + moved - exact.inputs[name] if name in changes else moved
                )
        (output,) = exact.moved(changes)
        return sum(np.ravel(output).tolist(), exact.scalars.mp.zero)

    def branches(self, directions: Mapping[str, Array]) -> bool:
        """Whether the program takes another course on one of the sides."""
        return any(self._recorded(directions, sign) is not self.point.frozen for sign in (-1, 1))

    def _plausible(self, quotient: Any) -> bool:
        """A step of natural size changes a smooth function by about its size; else look twice."""
        output = self.values()[self.point.frozen.output.id]
        size = sum((abs(entry) for entry in np.ravel(output).tolist()), 0)
        return bool(abs(quotient) <= 1e6 * size)

    def _unit(self, name: str, index: tuple[int, ...]) -> float:
        """A step of natural size along an entry."""
        return float(self.point.natural(name)[index])

    def _quotient(self, directions: Mapping[str, Array], sign: int, step: int, digits: int) -> Any:
        graph = self._recorded(directions, sign)
        here = self._exact(self.point.frozen, digits)
        there = here if graph is self.point.frozen else self._exact(graph, digits)
        (after,) = there.moved(self._shifted(there, directions, sign, step))
        before = here.base()[self.point.frozen.output.id]
        total = here.scalars.mp.mpf(0)
        for one, other in zip(np.ravel(after).tolist(), np.ravel(before).tolist(), strict=True):
            if one != other:
                total += one - other
        return total * sign * here.scalars.mp.mpf(10) ** step

    def _shifted(
        self, exact: Exact, directions: Mapping[str, Array], sign: int, step: int
    ) -> dict[str, Any]:
        tiny = exact.scalars.mp.mpf(10) ** -step * sign
        return {
            name: exact.inputs[name] + exact_array(direction, exact.scalars) * tiny
            for name, direction in directions.items()
            if name in exact.inputs
        }

    def _exact(self, graph: Graph, digits: int) -> Exact:
        key = (id(graph), digits)
        if key not in self._runs:
            from gradcli.symbolic.scalars import mpmath_scalars

            self._runs[key] = Exact([graph.output], self.point.inputs, mpmath_scalars(digits))
        return self._runs[key]

    def _recorded(self, directions: Mapping[str, Array], sign: int) -> Graph:
        """The graph that the program records on one side; the same object for the same record."""
        if not self.point.dynamic:
            return self.point.frozen
        graph = self.point.record(self.point.moved(directions, sign * RETRACE))
        if graph is None:
            raise Cannot("the program takes another course there, and its result another shape")
        key = signature(graph)
        if not self._graphs:
            self._graphs[signature(self.point.frozen)] = self.point.frozen
        return self._graphs.setdefault(key, graph)


def _differ(before: Any, after: Any, node: Node, mask: Array) -> bool:
    if node.op.elementwise:
        before, after = (np.broadcast_to(side, node.shape)[mask] for side in (before, after))
    return bool(np.any(np.not_equal(before, after)))


def signature(graph: Graph) -> tuple[Any, ...]:
    """Equal for equal records: ops, wiring, parameters, constants."""
    place: dict[int, int] = {}
    parts = []
    for position, node in enumerate(graph.nodes()):
        place[node.id] = position
        wiring = tuple(place[parent.id] for parent in node.inputs)
        parts.append((node.op.name, wiring, node.shape, _frozen(sorted(node.params.items()))))
    return tuple(parts)


def _frozen(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, (tuple, list)):
        return tuple(_frozen(part) for part in value)
    return repr(value)


def _magnitude(point: Point) -> int:
    """Decimal digits between 1 and the largest and the smallest number that takes part."""
    digits = 0
    for array in point.inputs.values():
        sizes = (
            np.abs(array[(array != 0) & np.isfinite(array)])
            if array.dtype.kind == "f"
            else np.empty(0)
        )
        if sizes.size:
            digits = max(
                digits, math.ceil(math.log10(sizes.max())), math.ceil(-math.log10(sizes.min()))
            )
    return digits


def _two_sided(slope: Any) -> Slopes:
    value = float(slope)
    return Slopes(value, value, math.isfinite(value), overflow=not math.isfinite(value))


def close(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= 1e-9 * max(abs(a), abs(b)))


def _settled(left: Any, right: Any) -> bool:
    return left == left and right == right and abs(left) < math.inf and close(left, right)


def limit(coarse: Any, fine: Any) -> Any:
    """What a quotient tends to: quotients at 1e-30 and at 1e-60."""
    if coarse != coarse or fine != fine:
        return math.nan
    if abs(fine) == math.inf:
        return math.inf if fine > 0 else -math.inf
    if close(coarse, fine):
        return fine
    if abs(fine) <= 1e-2 * abs(coarse):
        return 0.0
    if abs(fine) > abs(coarse):
        return math.inf if fine > 0 else -math.inf
    return math.nan


def _jumps(coarse: Any, fine: Any) -> bool:
    """A jump makes the quotient grow as the step shrinks."""
    return bool(abs(fine) > 1e25 * abs(coarse) > 0)
