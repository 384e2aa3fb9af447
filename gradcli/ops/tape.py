"""Long runs of scalar arithmetic as one op: `scalars` holds flat records instead of nodes.

A node for every multiplication of a loop with a million turns would take microseconds and hundreds
of bytes each. Here the whole run is one node: its params hold the ops and the places of their
operands, its output is the vector of all values.

There is no rule of differentiation here. The local derivatives of all records of one op come from
that op's own `vjp`, run once on the vectors of its operands; the sweep from the last record to the
first only multiplies and adds them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import OPS, Array, Node, Op, Shape, apply, input_node, register

Floats = list[float]
Compute = Callable[..., float]


def _numeric(op: Op) -> Compute:
    """An op on Python floats by its own NumPy function."""

    def compute(*values: float) -> float:
        with np.errstate(all="ignore"):
            return float(op.evaluate(*(np.float64(value) for value in values)))

    return compute


BLOCK = 2**15
"""Records that are Python numbers at a time."""

FAST: dict[str, Compute] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "abs": abs,
    "power": math.pow,
    **{
        name: getattr(math, name)
        for name in ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "log1p")
    },
    "expm1": math.expm1,
    "arctan": math.atan,
    "square": lambda x: x * x,
}
"""Python's own functions of floats. Where one of them raises (1/0, exp(1000), log(-1)), NumPy's
function decides: inf or nan, as everywhere else."""


HELD = "stop_gradient"
"""Stays a node: the witnesses hold it at its value."""


class Rule:
    """An elementwise op of one or two scalars as a record of a tape.

    Attributes:
        compute: on floats; may raise where the result is not finite.
        numeric: on floats; never raises.
    """

    __slots__ = ("compute", "name", "numeric", "op")

    def __init__(self, op: Op) -> None:
        self.op = op
        self.name = op.name
        self.numeric = _numeric(op)
        self.compute = FAST.get(op.name, self.numeric)

    def value(self, *operands: float) -> float:
        """The result; inf or nan where Python's own function raises."""
        try:
            return self.compute(*operands)
        except (ArithmeticError, ValueError):
            return self.numeric(*operands)


_rules: dict[str, Rule | None] = {}


def rule_of(name: str) -> Rule | None:
    """The rule of an op by its name; None for an op that is no float function of scalars."""
    if name not in _rules:
        op = OPS.get(name)
        fits = op is not None and op.elementwise and op.dtype == "float" and name != HELD
        _rules[name] = Rule(op) if fits and op is not None else None
    return _rules[name]


class Records:
    """A run of scalar ops in terms of slots: entries of arrays, constants, then one per record.

    Attributes:
        entries: (number of the input, flat position) of each slot that an input fills.
        constants: the values of the slots after those.
        rules: the different ones; `kinds` says which is that of each record, in order.
        left, right: slots of their operands; right is -1 for an op of one.
        count: of records.
        known: the values of all slots where the run was recorded.
    """

    __slots__ = (
        *("constants", "count", "entries", "first", "kinds", "known"),
        *("left", "right", "rules", "size"),
    )

    def __init__(
        self,
        entries: Sequence[tuple[int, int]],
        constants: Floats,
        rules: Sequence[Rule],
        left: Sequence[int] | Array,
        right: Sequence[int] | Array,
        known: Array,
    ) -> None:
        """Args: as the attributes; `rules` has one for every record."""
        self.entries = np.array(entries, dtype=np.int64).reshape(-1, 2)
        self.constants = constants
        number = {rule: n for n, rule in enumerate(dict.fromkeys(rules))}
        self.rules = list(number)
        self.kinds = np.fromiter(map(number.__getitem__, rules), np.int16, len(rules))
        self.left = np.asarray(left, dtype=np.int32)
        self.right = np.asarray(right, dtype=np.int32)
        self.known = known
        self.count = len(rules)
        self.first = len(entries) + len(constants)
        self.size = self.first + self.count

    def given(self, arrays: Sequence[Array]) -> Array:
        """The slots that the inputs fill."""
        found = np.empty(len(self.entries))
        for number, array in enumerate(arrays):
            mine = self.entries[:, 0] == number
            found[mine] = np.ravel(array)[self.entries[mine, 1]]
        return found

    def values(self, arrays: Sequence[Array]) -> Array:
        """The values of all slots."""
        given = self.given(arrays)
        if np.array_equal(given, self.known[: len(given)], equal_nan=True):
            return self.known
        values: Floats = [*given.tolist(), *self.constants]
        take = values.append
        rules = self.rules
        for block in self._blocks():
            columns = (self.kinds[block], self.left[block], self.right[block])
            for kind, i, j in zip(*(each.tolist() for each in columns), strict=True):
                operands = (values[i],) if j < 0 else (values[i], values[j])
                try:
                    take(rules[kind].compute(*operands))
                except (ArithmeticError, ValueError):
                    take(rules[kind].numeric(*operands))
        return np.array(values)

    def _blocks(self) -> Iterable[slice]:
        """The records piece by piece: as Python numbers they take ten times the room."""
        return (slice(start, start + BLOCK) for start in range(0, self.count, BLOCK))

    def groups(self) -> Iterable[tuple[Rule, Array, Array, Array]]:
        """Each rule with the positions of its records and the slots of their operands."""
        for kind, rule in enumerate(self.rules):
            places = np.flatnonzero(self.kinds == kind)
            yield rule, places, self.left[places], self.right[places]

    def partials(
        self, values: Array, local: Callable[[Rule, list[Array], Array], list[Array | None]]
    ) -> tuple[Array, Array]:
        """The derivative of every record by its left and by its right operand.

        Args:
            values: of all slots.
            local: those of one op, from vectors of its operands and results.
        """
        by_left, by_right = np.zeros(self.count), np.zeros(self.count)
        for rule, places, left, right in self.groups():
            unary = right[0] < 0
            operands = [values[left]] if unary else [values[left], values[right]]
            found = local(rule, operands, values[self.first + places])
            for target, partial in zip((by_left, by_right), found, strict=False):
                if partial is not None:
                    target[places] = partial
        return by_left, by_right

    def swept(self, g: Array, by_left: Array, by_right: Array) -> Array:
        """The adjoints of all slots from those of the outputs: last record first."""
        adjoints: Floats = [0.0] * self.size
        for slot in np.flatnonzero(g).tolist():
            adjoints[slot] = float(g[slot])
        columns = [each[::-1] for each in (self.left, self.right, by_left, by_right)]
        slots = range(self.size - 1, self.first - 1, -1)
        for block in self._blocks():
            parts = [each[block].tolist() for each in columns]
            for slot, i, j, a, b in zip(slots[block], *parts, strict=True):
                adjoint = adjoints[slot]
                if adjoint:
                    if a:
                        adjoints[i] += adjoint * a
                    if b:
                        adjoints[j] += adjoint * b
        return np.array(adjoints)

    def pushed(self, tangents: Array, by_left: Array, by_right: Array) -> Array:
        """The tangents of all slots from those of the entries: first record first."""
        found: Floats = [*tangents.tolist(), *([0.0] * len(self.constants))]
        take = found.append
        columns = (self.left, self.right, by_left, by_right)
        for block in self._blocks():
            for i, j, a, b in zip(*(each[block].tolist() for each in columns), strict=True):
                tangent = a * found[i] if a and found[i] else 0.0
                if b and found[j]:
                    tangent += b * found[j]
                take(tangent)
        return np.array(found)

    def returned(self, adjoints: Array, number: int, shape: Shape) -> Array:
        """The adjoint of an input array: what its entries got, the rest 0."""
        result = np.zeros(math.prod(shape))
        mine = self.entries[:, 0] == number
        np.add.at(result, self.entries[mine, 1], adjoints[: len(self.entries)][mine])
        return result.reshape(shape)


def reverse_partials(rule: Rule, operands: list[Array], results: Array) -> list[Array | None]:
    """The local derivatives of one op on vectors, by its `vjp`: its cotangent is 1."""
    if rule.op.vjp is None:  # a cut
        return [None] * len(operands)
    shape = results.shape
    inputs = [input_node(f" {n}", shape) for n in range(len(operands))]
    out = apply(rule.op, *inputs)
    ones = apply("broadcast_to", 1.0, shape=shape)
    wanted = rule.op.vjp(ones, out, *inputs)
    known: dict[int, Array] = {
        node.id: array for node, array in zip((*inputs, out), (*operands, results), strict=True)
    }
    return [None if node is None else _run(node, known, shape) for node in wanted]


def _run(node: Node, known: dict[int, Array], shape: Shape) -> Array:
    """The value of a node, from those that are known. Rules are shallow."""
    if node.id not in known:
        arrays = [_run(parent, known, shape) for parent in node.inputs]
        with np.errstate(all="ignore"):
            known[node.id] = np.asarray(node.op.evaluate(*arrays, **node.params))
    return np.broadcast_to(known[node.id], shape) if node.ndim < len(shape) else known[node.id]


def _scalars_vjp(g: Node, out: Node, *inputs: Node, records: Records) -> list[Node | None]:
    adjoints = apply("scalars_adjoint", g, out, records=records)
    return [
        apply("scalars_entries", adjoints, records=records, number=number, shape=node.shape)
        for number, node in enumerate(inputs)
    ]


def operations(nodes: Iterable[Node]) -> int:
    """How many operations were recorded: nodes that compute, and each record of a tape."""
    counts = (
        node.params["records"].count if node.op is SCALARS else 1 for node in nodes if node.inputs
    )
    return sum(counts)


def _kinks(*arrays: Array, records: Records) -> Array:
    """The slots of the records that are at a kink of their op."""
    values, found = records.values(arrays), np.zeros(records.size, dtype=bool)
    for rule, places, left, right in records.groups():
        if rule.op.kink is not None:
            operands = [values[left]] if right[0] < 0 else [values[left], values[right]]
            found[records.first + places] = rule.op.kink(*operands)
    return found


def raise_order(*_: Any, **__: Any) -> Any:
    """Second derivatives need a node for every record."""
    raise GradcliError(
        "a second derivative of so long a run of scalars is not available here",
        kind="limit",
        hint="hessian, jvp and --order record every operation by itself",
    )


def _adjoint(
    g: Array,
    values: Array,
    *,
    records: Records,
    rounded: Callable[[Array], Array] | None = None,
) -> Array:
    """The sweep; `rounded` rounds the partials once more, for those who measure what that does."""
    with np.errstate(all="ignore"):
        by_left, by_right = records.partials(values, reverse_partials)
    if rounded is not None:
        by_left, by_right = rounded(by_left), rounded(by_right)
    return records.swept(g, by_left, by_right)


SCALARS = register(
    Op(
        "scalars",
        evaluate=lambda *arrays, records: records.values(arrays),
        shape=lambda *shapes, records: (records.size,),
        vjp=_scalars_vjp,
        kink=_kinks,
        doc="A long run of scalar arithmetic as flat records.",
        family="tape",
    )
)
register(
    Op(
        "scalars_adjoint",
        evaluate=_adjoint,
        shape=lambda g, values, *, records: (records.size,),
        vjp=raise_order,
        doc="The adjoints of all slots of a `scalars`.",
        family="tape",
    )
)
register(
    Op(
        "scalars_entries",
        evaluate=lambda adjoints, *, records, number, shape: records.returned(
            adjoints, number, shape
        ),
        shape=lambda adjoints, *, records, number, shape: tuple(shape),
        vjp=raise_order,
        doc="The adjoint of an input of a `scalars`.",
        family="tape",
    )
)

__all__ = ["Records", "Rule", "operations", "rule_of"]
