"""Nodes -> steps: what a run does, with every value computed once.

A step is a node whose inputs are numbers of earlier steps ("slots"). Steps are hash-consed by op,
inputs and params, so a common subexpression is one step; what no output needs never becomes one.
Scalar factors are carried beside the slot (`Term`) and are only multiplied where somebody needs
them; `gradcli.execute.scales` holds the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from gradcli.execute.scales import RULES
from gradcli.graph import CONSTANT, INPUT, OPS, Node, Op, Shape, broadcast_shapes
from gradcli.sharing import frozen

COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum", "logical_and", "logical_or"})


class Term(NamedTuple):
    """A value that is `scale` times the step `slot`; `merged` counts the roundings saved so far."""

    slot: int
    scale: float = 1.0
    merged: int = 0


class Step:
    """One operation of a plan.

    Attributes:
        span: the source of the node it came from.
        inputs: slots.
        factors: for a contraction, the scalar factor taken out of each input, or None.
    """

    __slots__ = ("dtype", "factors", "inputs", "op", "params", "shape", "size", "span")

    def __init__(
        self,
        node: Node,
        op: Op,
        inputs: tuple[int, ...],
        params: Mapping[str, Any],
        shape: Shape,
        dtype: np.dtype[Any],
        factors: tuple[float, ...] | None,
    ) -> None:
        self.span = node.span
        self.op = op
        self.inputs = inputs
        self.params = params
        self.shape = shape
        self.size = prod(shape)
        self.dtype = dtype
        self.factors = factors


class Builder:
    """Collects the steps of one plan.

    Attributes:
        steps: in an order in which they can run.
        terms: what each node has become, by node id.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.terms: dict[int, Term] = {}
        self._slots: dict[Any, int] = {}
        self._uniform: dict[int, float] = {}

    def add(self, node: Node) -> None:
        """Take in a node whose inputs have been taken in."""
        terms = [self.terms[parent.id] for parent in node.inputs]
        rule = RULES.get(node.op.name) if node.dtype.kind == "f" else None
        term = rule(self, node, terms) if rule is not None else None
        if term is None:
            slots = tuple(self.materialised(each, node) for each in terms)
            term = Term(self.emit(node, node.op, slots, node.params, node.shape, node.dtype))
        self.terms[node.id] = term

    def materialised(self, term: Term, node: Node) -> int:
        """The slot of a term with its factor multiplied in; `node` is who asks."""
        if term.scale == 1.0:
            return term.slot
        base = self.steps[term.slot]
        factor = {"value": np.asarray(term.scale, base.dtype)}
        slot = self.emit(node, CONSTANT, (), factor, (), base.dtype)
        product = OPS["multiply"]
        return self.emit(node, product, (slot, term.slot), {}, base.shape, base.dtype)

    def uniform(self, term: Term) -> float | None:
        """The one value of all entries, where that is known now."""
        value = self._uniform.get(term.slot)
        return None if value is None else value * term.scale

    def emit(
        self,
        node: Node,
        op: Op,
        inputs: tuple[int, ...],
        params: Mapping[str, Any],
        shape: Shape,
        dtype: np.dtype[Any],
        factors: tuple[float, ...] | None = None,
    ) -> int:
        """The slot of this operation; the same operation has the same slot."""
        if op.elementwise:
            inputs = self._peeled(inputs, shape)
        named = tuple(sorted(inputs)) if op.name in COMMUTATIVE else inputs
        key = (op.name, named, dtype.char, factors, frozen(params) if params else ())
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = len(self.steps)
            self.steps.append(Step(node, op, inputs, params, shape, dtype, factors))
            if op is CONSTANT:
                if shape == () and dtype.kind == "f":
                    self._uniform[slot] = float(params["value"])
            elif op.name in ("broadcast_to", "reshape") and inputs[0] in self._uniform:
                self._uniform[slot] = self._uniform[inputs[0]]
        return slot

    def _peeled(self, inputs: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
        """An elementwise op broadcasts by itself: look through `broadcast_to` where that is
        enough.
        """
        for position, slot in enumerate(inputs):
            if self.steps[slot].op.name == "broadcast_to":
                peeled = (
                    *inputs[:position],
                    self.steps[slot].inputs[0],
                    *inputs[position + 1 :],
                )
                if broadcast_shapes("plan", *(self.steps[each].shape for each in peeled)) == shape:
                    inputs = peeled
        return inputs


def build(order: Sequence[Node], outputs: Sequence[Node]) -> tuple[list[Step], list[int]]:
    """The steps that compute the outputs, and the outputs' slots.

    Args:
        order: every node that the outputs need, inputs before users.
        outputs: some of them.
    """
    builder = Builder()
    for node in order:
        builder.add(node)
    slots = [builder.materialised(builder.terms[node.id], node) for node in outputs]
    return needed(builder.steps, slots)


def needed(steps: list[Step], outputs: list[int]) -> tuple[list[Step], list[int]]:
    """Without the steps that the rules have made superfluous, renumbered."""
    wanted = [False] * len(steps)
    for slot in outputs:
        wanted[slot] = True
    for slot in range(len(steps) - 1, -1, -1):
        if wanted[slot]:
            for each in steps[slot].inputs:
                wanted[each] = True
    renumbered: dict[int, int] = {}
    kept: list[Step] = []
    for slot, step in enumerate(steps):
        if wanted[slot]:
            renumbered[slot] = len(kept)
            step.inputs = tuple(renumbered[each] for each in step.inputs)
            kept.append(step)
    return kept, [renumbered[slot] for slot in outputs]


def leaf(step: Step) -> bool:
    """Whether the step is given, not computed."""
    return step.op is CONSTANT or step.op is INPUT
