"""Scalars of a long loop: recorded on a tape with their values instead of as nodes.

A program begins with nodes. Once its loops have turned often enough (`WARM`), every further
operation on scalars whose values are known goes here: a few appends instead of a node. A scalar
that meets an array, or leaves the program, becomes a node again (`Recorder.node`): everything up to
there is closed into one `scalars` op, or into nodes where that is not much.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import CONSTANT, INPUT, Array, Node, apply, constant
from gradcli.limits import LIMITS
from gradcli.ops.tape import Records, Rule, rule_of

WARM = 256
"""Turns of loops and calls of functions before scalars go onto the tape."""

FEW = 2_000
"""A run of up to so many records becomes nodes again, which more witnesses can read."""

MANY = 20_000
"""Records of a program that may become nodes all together."""


class Scalar:
    """A number on the tape: its value and its place.

    There is no `__init__`: it would be half of the time of a record.
    """

    __slots__ = ("place", "value")

    value: float
    place: int


def scalar_at(value: float, place: int) -> Scalar:
    """A number on the tape."""
    scalar = Scalar()
    scalar.value, scalar.place = value, place
    return scalar


class Recorder:
    """The tape of one trace.

    Attributes:
        values, rules, left, right: by place; the rule is None for an entry or a constant.
    """

    def __init__(self, concrete: Callable[[Node], Array], before: int) -> None:
        """Args:
        concrete: the array behind a node.
        before: nodes with a smaller id were made before the tape began; they may be run.
        """
        self.values: list[float] = []
        self.rules: list[Rule | None] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self._concrete = concrete
        self._before = before
        self._entries: dict[tuple[int, int], int] = {}
        self._sources: dict[int, tuple[Node, int]] = {}
        self._numbers: dict[float | str, Scalar] = {}
        self._scalars: dict[int, Scalar] = {}
        self._start = 0
        self._starts: list[int] = []
        self._closed: list[tuple[int, Array, Node]] = []
        self._nodes: dict[int, Node] = {}

    # --- recording

    def add(self, rule: Rule, value: float, left: int, right: int) -> Scalar:
        """One more operation."""
        scalar = Scalar()
        scalar.value, scalar.place = value, len(self.values)
        self.values.append(value)
        self.rules.append(rule)
        self.left.append(left)
        self.right.append(right)
        return scalar

    def apply(self, name: str, *operands: Any) -> Scalar | None:
        """An operation by its name; None where it does not belong on a tape."""
        rule = rule_of(name)
        if rule is None or not 1 <= len(operands) <= 2:
            return None
        first = self.scalar(operands[0])
        if first is None:
            return None
        if len(operands) == 1:
            return self.add(rule, rule.value(first.value), first.place, -1)
        second = self.scalar(operands[1])
        if second is None:
            return None
        value = rule.value(first.value, second.value)
        return self.add(rule, value, first.place, second.place)

    def scalar(self, value: Any) -> Scalar | None:
        """A value as a scalar of the tape; None where it is none."""
        if type(value) is Scalar:
            return value
        if type(value) is float or type(value) is int:
            return self._numbers.get(value or str(value)) or self._number(value)
        if isinstance(value, Node):
            known = self._scalars.get(value.id)
            if known is not None:
                return known
            if value.shape == () and value.dtype.kind == "f":
                return self._entered(value)
        return None

    def _number(self, value: float) -> Scalar:
        """A constant; 0.0 and -0.0 are two of them."""
        found = scalar_at(float(value), self._given(float(value)))
        self._numbers[value or str(value)] = found
        return found

    def _given(self, value: float) -> int:
        if len(self.values) > LIMITS.records:
            raise too_long()
        self.values.append(value)
        self.rules.append(None)
        self.left.append(-1)
        self.right.append(-1)
        return len(self.values) - 1

    def _entered(self, node: Node) -> Scalar | None:
        """A scalar node whose value costs nothing, or that is older than the tape."""
        flat = 0
        source = node
        if node.op.name == "getitem" and all(type(part) is int for part in node.params["index"]):
            parent = node.inputs[0]
            if parent.op is INPUT or parent.op is CONSTANT:
                index = tuple(node.params["index"])
                if len(index) == parent.ndim:
                    flat = int(np.ravel_multi_index(index, parent.shape, mode="wrap"))
                    source = parent
        given = source is not node or node.op is INPUT or node.op is CONSTANT
        if not given and node.id >= self._before:
            return None
        found = self._scalars[node.id] = self.entry(source, flat)
        return found

    def entry(self, node: Node, flat: int) -> Scalar:
        """An entry of a node's array."""
        key = (node.id, flat)
        place = self._entries.get(key)
        if place is None or place < self._start:
            place = self._given(float(self._concrete(node).reshape(-1)[flat]))
            self._entries[key] = place
            self._sources[place] = (node, flat)
        return scalar_at(self.values[place], place)

    def item(self, node: Node, index: int) -> Scalar | None:
        """An entry of a vector that is an input or a constant; None for any other node."""
        if node.ndim != 1 or node.op not in (INPUT, CONSTANT) or node.dtype.kind != "f":
            return None
        size = node.shape[0]
        if not -size <= index < size:
            return None
        return self.entry(node, index % size)

    # --- back to nodes

    def node(self, scalar: Scalar) -> Node:
        """The scalar as a node."""
        self.close()
        return self._node_at(scalar.place)

    def _node_at(self, place: int) -> Node:
        found = self._nodes.get(place)
        if found is None:
            start, slots, region = self._closed[bisect_right(self._starts, place) - 1]
            found = self._nodes[place] = region[int(slots[place - start])]
        return found

    def close(self) -> None:
        """Make one op, or nodes, of what was recorded since the last time."""
        start, stop = self._start, len(self.values)
        if start == stop:
            return
        if stop - start <= FEW and stop <= MANY:
            self._expand(start, stop)
        else:
            self._compress(start, stop)
        self._start = stop
        self._scalars.clear()
        self._numbers.clear()

    def _expand(self, start: int, stop: int) -> None:
        for place in range(start, stop):
            rule = self.rules[place]
            if rule is not None:
                operands = [self.left[place], self.right[place]]
                nodes = [self._node_at(each) for each in operands if each >= 0]
                self._nodes[place] = apply(rule.op, *nodes)
            elif place in self._sources:
                source, flat = self._sources[place]
                index = tuple(map(int, np.unravel_index(flat, source.shape)))
                self._nodes[place] = source[index] if source.ndim else source
            else:
                self._nodes[place] = constant(self.values[place])

    def _compress(self, start: int, stop: int) -> None:
        """The records as one op; what they take from before becomes entries of its inputs."""
        rules = self.rules[start:stop]
        left = np.array(self.left[start:stop], dtype=np.int64)
        right = np.array(self.right[start:stop], dtype=np.int64)
        inner = np.array([rule is not None for rule in rules])
        both = np.concatenate([left, right])
        foreign = np.unique(both[(both < start) & (both >= 0)]).tolist()
        given = [start + int(each) for each in np.flatnonzero(~inner)]
        entered = [place for place in given if place in self._sources]
        constants = [place for place in given if place not in self._sources]
        inputs: dict[int, tuple[int, Node]] = {}
        entries: list[tuple[int, int]] = []
        for place in foreign:
            node = self._node_at(place)
            number, _ = inputs.setdefault(node.id, (len(inputs), node))
            entries.append((number, 0))
        for place in entered:
            node, flat = self._sources[place]
            number, _ = inputs.setdefault(node.id, (len(inputs), node))
            entries.append((number, flat))
        order = np.array([*foreign, *entered, *constants], dtype=np.int64)
        records = np.flatnonzero(inner)
        slots = np.full(stop - start, -1, dtype=np.int64)
        first = len(order)
        slots[records] = first + np.arange(records.size)
        own = order >= start
        slots[order[own] - start] = np.flatnonzero(own)
        outside = {place: n for n, place in enumerate(foreign)}

        def renumbered(places: Array) -> Array:
            found = np.where(places >= start, slots[np.clip(places - start, 0, None)], -1)
            for position in np.flatnonzero((places < start) & (places >= 0)):
                found[position] = outside[int(places[position])]
            return found

        known = np.array([self.values[place] for place in order.tolist()])
        values = np.array(self.values[start:stop])
        compact = Records(
            entries,
            [self.values[place] for place in constants],
            [rule for rule in rules if rule is not None],
            renumbered(left[records]),
            renumbered(right[records]),
            np.concatenate([known, values[records]]),
        )
        region = apply("scalars", *(node for _, node in inputs.values()), records=compact)
        self._starts.append(start)
        self._closed.append((start, slots, region))


def too_long() -> GradcliError:
    """The error for a tape without end."""
    return GradcliError(
        f"more than {LIMITS.records:g} scalar operations",
        kind="limit",
        hint="raise it with --limit records=N",
    )
