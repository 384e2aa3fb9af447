"""Stage: Graph + arrays -> arrays.

A graph of small arrays runs node by node: planning would cost more than it saves. As soon as one
array is large, the whole graph is planned: common subexpressions once, scalar factors moved to the
smaller side, chains of elementwise steps in cache-sized blocks, buffers freed when dead or written
over in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.execute.blocks import run_blocks
from gradcli.execute.groups import blockable, grouped
from gradcli.execute.memory import Memory, own, root
from gradcli.execute.plan import Step, build, leaf
from gradcli.execute.scales import scaled_contraction
from gradcli.graph import CONSTANT, INPUT, Array, Node, shape_text, topological

PLANNED = 2**16
"""Elements of the largest array from which a graph is planned: a node costs about 10 µs to plan."""


def run(outputs: Sequence[Node], inputs: Mapping[str, Any]) -> list[Array]:
    """The values of some nodes.

    Args:
        outputs: nodes of one graph.
        inputs: arrays by input name, each of its input node's shape.

    Returns:
        One array per output, of its shape and dtype, writable, and sharing memory neither with an
        input nor with another output. Floating point problems give inf or nan, as in IEEE
        arithmetic; nothing is printed.

    Raises:
        GradcliError: `name` where an input is missing, `shape` where it has another shape, `value`
            where NumPy's linear algebra gives up, `limit` where memory ends.

    Example:
        >>> import gradcli.ops
        >>> from gradcli.graph import input_node
        >>> x = input_node("x", (3,))
        >>> run([x * x], {"x": [1.0, 2.0, 3.0]})
        [array([1., 4., 9.])]
    """
    order = topological(outputs)
    try:
        with np.errstate(all="ignore"):
            return (_run_planned if _large(order) else _run_plainly)(order, outputs, inputs)
    except MemoryError:
        raise GradcliError("out of memory", kind="limit") from None


def _large(order: Sequence[Node]) -> bool:
    """Whether there is an array worth a plan; the vectors of a tape of scalars are not."""
    tapes = {node.shape for node in order if node.op.family == "tape"}
    return any(prod(node.shape) >= PLANNED and node.shape not in tapes for node in order)


def _run_plainly(
    order: Sequence[Node], outputs: Sequence[Node], inputs: Mapping[str, Any]
) -> list[Array]:
    """Node by node, each value freed after its last use."""
    uses: dict[int, int] = {}
    for node in order:
        for parent in node.inputs:
            uses[parent.id] = uses.get(parent.id, 0) + 1
    for node in outputs:
        uses[node.id] = uses.get(node.id, 0) + 1
    values: dict[int, Array] = {}
    foreign: set[int] = set()
    for node in order:
        if node.op is CONSTANT or node.op is INPUT:
            value = _given(node, inputs)
            foreign.add(id(root(value)))
            uses[node.id] = -1  # stays with its owner
        else:
            value = evaluate(node, [values[parent.id] for parent in node.inputs])
        values[node.id] = value
        for parent in node.inputs:
            uses[parent.id] -= 1
            if not uses[parent.id]:
                del values[parent.id]
    return own([values[node.id] for node in outputs], foreign)


def _run_planned(
    order: Sequence[Node], outputs: Sequence[Node], inputs: Mapping[str, Any]
) -> list[Array]:
    """Plan, then run group by group."""
    steps, slots = build(order, outputs)
    groups = grouped(steps)
    reads = [
        sorted({each for slot in group for each in steps[slot].inputs}.difference(group))
        for group in groups
    ]
    uses = [0] * len(steps)
    for slot in chain(slots, *reads):
        uses[slot] += 1
    memory = Memory()
    for slot, step in enumerate(steps):
        if leaf(step):
            memory.lend(slot, _given(step, inputs))
    for group, read in zip(groups, reads, strict=True):
        for slot in read:
            uses[slot] -= 1
        dying = [slot for slot in read if not uses[slot]]
        _run_group(steps, group, read, dying, [slot for slot in group if uses[slot]], memory)
        for slot in dying:
            memory.free(slot)
    return own([memory.values[slot] for slot in slots], memory.foreign)


def _run_group(
    steps: Sequence[Step],
    group: Sequence[int],
    read: Sequence[int],
    dying: Sequence[int],
    kept: Sequence[int],
    memory: Memory,
) -> None:
    """Put the values of `kept` into the memory, over those of `dying` where they fit."""
    first = steps[group[0]]
    if not blockable(first) or (len(group) == 1 and memory.spare(first, dying) is None):
        memory.take(group[0], _value(first, [memory.values[slot] for slot in first.inputs]))
        return
    operands = {slot: memory.values[slot] for slot in read}
    results: dict[int, Array] = {}
    for slot in kept:
        if not steps[slot].op.elementwise:
            continue
        spare = memory.spare(steps[slot], dying)
        if spare is None:
            results[slot] = np.empty(steps[slot].shape, steps[slot].dtype)
        else:
            results[slot] = operands[spare]
            memory.take(slot, results[slot])
    results |= run_blocks(steps, group, operands, results, _value)
    for slot in results.keys() - memory.values.keys():
        memory.take(slot, results[slot])


def _given(node: Node | Step, inputs: Mapping[str, Any]) -> Array:
    """The array of a constant or an input."""
    if node.op is CONSTANT:
        return np.asarray(node.params["value"])
    name = node.params["name"]
    if name not in inputs:
        raise GradcliError(f"input '{name}' has no value", kind="name")
    array = np.asarray(inputs[name], dtype=node.dtype)
    if array.shape != node.shape:
        raise GradcliError(
            f"input '{name}' has shape {shape_text(array.shape)}, not {shape_text(node.shape)}",
            kind="shape",
        )
    return array


def _value(step: Step, arrays: Sequence[Array]) -> Array:
    if step.factors is None:
        return evaluate(step, arrays)
    return scaled_contraction(step.factors, arrays, lambda each: evaluate(step, each))


def evaluate(node: Node | Step, arrays: Sequence[Array]) -> Array:
    """One op on arrays; a failure inside NumPy is an error that points at the node's source."""
    try:
        result = node.op.evaluate(*arrays, **node.params)
    except np.linalg.LinAlgError as error:
        text = f"{node.op.name}: {str(error).lower()}"
        raise GradcliError(text, kind="value", span=node.span) from None
    except MemoryError:
        text = f"{node.op.name}: out of memory"
        raise GradcliError(text, kind="limit", span=node.span) from None
    except GradcliError as error:
        raise error.located(node.span) from None
    if type(result) is not np.ndarray or result.dtype != node.dtype:
        return np.asarray(result).astype(node.dtype, copy=False)
    return result
