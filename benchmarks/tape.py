"""The tape that a student writes: one Python object per operation, floats inside. The floor."""

from __future__ import annotations

import math
from typing import Any


class Number:
    """A scalar on a tape.

    Example:
        >>> tape = Tape()
        >>> x = tape.number(3.0)
        >>> tape.derivative(x * x + 1.0, x)
        6.0
    """

    __slots__ = ("place", "tape", "value")

    def __init__(self, tape: Tape, value: float, place: int) -> None:
        self.tape = tape
        self.value = value
        self.place = place

    def __mul__(self, other: Any) -> Number:
        if type(other) is Number:
            tape = self.tape
            return tape.record(
                self.value * other.value, self.place, other.value, other.place, self.value
            )
        return self.tape.record(self.value * other, self.place, other)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Number:
        if type(other) is Number:
            return self.tape.record(self.value + other.value, self.place, 1.0, other.place, 1.0)
        return self.tape.record(self.value + other, self.place, 1.0)

    def __truediv__(self, other: Any) -> Number:
        if type(other) is Number:
            value = self.value / other.value
            return self.tape.record(
                value, self.place, 1.0 / other.value, other.place, -value / other.value
            )
        return self.tape.record(self.value / other, self.place, 1.0 / other)

    def __gt__(self, other: float) -> bool:
        return self.value > other

    def sin(self) -> Number:
        """The sine."""
        return self.tape.record(math.sin(self.value), self.place, math.cos(self.value))


class Tape:
    """Operands and local derivatives of every operation, in order."""

    def __init__(self) -> None:
        self.records: list[tuple[int, float, int, float]] = []

    def number(self, value: float) -> Number:
        """A variable."""
        return self.record(value, -1, 0.0)

    def record(
        self, value: float, left: int, by_left: float, right: int = -1, by_right: float = 0.0
    ) -> Number:
        """One more operation."""
        self.records.append((left, by_left, right, by_right))
        return Number(self, value, len(self.records) - 1)

    def derivative(self, target: Number, source: Number) -> float:
        """The reverse sweep."""
        adjoints = [0.0] * len(self.records)
        adjoints[target.place] = 1.0
        for place in range(target.place, -1, -1):
            adjoint = adjoints[place]
            if adjoint:
                left, by_left, right, by_right = self.records[place]
                if left >= 0:
                    adjoints[left] += adjoint * by_left
                if right >= 0:
                    adjoints[right] += adjoint * by_right
        return adjoints[source.place]
