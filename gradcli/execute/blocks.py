"""A group of elementwise steps on large arrays, one cache-sized block after the other.

A block's intermediate results are small and stay in the cache, in buffers that are used again as
soon as their value is dead; only what is needed outside of the group is written to memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from gradcli.execute.kernels import Kernel, kernel
from gradcli.execute.plan import Step
from gradcli.execute.scales import scaled_contraction
from gradcli.graph import Array, Shape

BUFFERED_BYTES = 256 * 1024
"""Bytes of a block when every step writes into a buffer: fits the L2 cache a few times."""
ALLOCATED_BYTES = 80 * 1024
"""Bytes of a block when a step allocates its result: above 128 KiB the C library maps and unmaps
each temporary, which measured twice as slow."""

Index = tuple[slice, ...]
Evaluate = Callable[[Step, Sequence[Array]], Array]


class Instruction:
    """One step of a group, made ready to run on a block.

    Attributes:
        kernel: computes into a buffer; None where the step's own `evaluate` allocates.
        dead: members of the group that nobody needs after this step.
        partial: for a sum, the sums of the blocks so far; None for an elementwise step.
        direct: whether the result may be written to its output at once: it is one, and nobody
            reads the operand any more whose buffer it is written over.
    """

    __slots__ = ("dead", "direct", "dtype", "inputs", "kernel", "partial", "slot", "step")

    def __init__(self, slot: int, step: Step, chosen: Kernel | None) -> None:
        self.slot = slot
        self.step = step
        self.inputs = step.inputs
        self.dtype = step.dtype
        self.kernel = chosen
        self.dead: list[int] = []
        self.direct = False
        self.partial: list[Any] | None = None if step.op.elementwise else []


def run_blocks(
    steps: Sequence[Step],
    group: Sequence[int],
    operands: Mapping[int, Array],
    results: Mapping[int, Array],
    evaluate: Evaluate,
) -> dict[int, Array]:
    """Run the group's steps and fill `results`.

    Args:
        steps: the plan.
        group: slots of elementwise steps of one shape, in order, and of sums of all their entries.
        operands: by slot, what the group reads; broadcasts to the shape.
        results: by slot, what the group writes; arrays of the shape. One may be the very array of
            an operand: a block of it is overwritten only when its readers are done.
        evaluate: runs one step on arrays.

    Returns:
        The sums, by slot.
    """
    shape = steps[group[0]].shape
    instructions = _instructions(steps, group, operands, results)
    sources = {
        slot: array.reshape(()) if array.size == 1 else array for slot, array in operands.items()
    }
    targets = dict(results)
    full = [array for array in (*sources.values(), *targets.values()) if array.ndim]
    if all(array.shape == shape and array.flags.c_contiguous for array in full):
        shape = (prod(shape),)
        sources = {
            slot: array.reshape(-1) if array.ndim else array for slot, array in sources.items()
        }
        targets = {slot: array.reshape(-1) for slot, array in targets.items()}
    buffered = all(each.kernel is not None or each.partial is not None for each in instructions)
    itemsize = max(array.itemsize for array in (*sources.values(), *targets.values()))
    elements = (BUFFERED_BYTES if buffered else ALLOCATED_BYTES) // itemsize
    buffers = Buffers(elements)
    for index in blocks(shape, elements):
        _run_block(instructions, sources, targets, index, buffers, evaluate)
    return {each.slot: _total(each) for each in instructions if each.partial is not None}


def _total(instruction: Instruction) -> Array:
    step = instruction.step
    total = np.sum(np.asarray(instruction.partial, step.dtype))
    return np.reshape(np.asarray(total), step.shape)


def _partial(step: Step, block: Sequence[Array]) -> Array:
    """The sum of all entries of a block, times the step's factor."""

    def summed(arrays: Sequence[Array]) -> Array:
        return np.asarray(np.add.reduce(arrays[0], axis=None))

    return (
        summed(block) if step.factors is None else scaled_contraction(step.factors, block, summed)
    )


def _run_block(
    instructions: Sequence[Instruction],
    sources: Mapping[int, Array],
    targets: Mapping[int, Array],
    index: Index,
    buffers: Buffers,
    evaluate: Evaluate,
) -> None:
    local = {slot: part(array, index) for slot, array in sources.items()}
    written = {slot: array[index] for slot, array in targets.items()}
    shape = tuple([each.stop - each.start for each in index])
    late = []
    for each in instructions:
        arrays = [local[slot] for slot in each.inputs]
        if each.partial is not None:
            each.partial.append(_partial(each.step, arrays))
            value = arrays[0]
        elif each.kernel is None:
            value = evaluate(each.step, arrays)
            if value.base is not None or any(value is array for array in arrays):
                value = value.copy()  # a view of a buffer that will be written again
            if each.direct:
                written[each.slot][...] = value
        else:
            value = written[each.slot] if each.direct else buffers.take(shape, each.dtype)
            each.kernel(*arrays, out=value)
        local[each.slot] = value
        if each.slot in written and not each.direct:
            late.append(each.slot)
        for slot in each.dead:
            buffers.give(local.pop(slot))
    for slot in late:
        written[slot][...] = local[slot]
        buffers.give(local[slot])


class Buffers:
    """Block-sized arrays to be used again."""

    def __init__(self, elements: int) -> None:
        self._elements = elements
        self._free: dict[str, list[Array]] = {}
        self._lent: dict[int, Array] = {}

    def take(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """An array of this shape, its entries undefined."""
        free = self._free.get(dtype.char)
        whole = free.pop() if free else np.empty(self._elements, dtype)
        array = whole[: prod(shape)].reshape(shape)
        self._lent[id(array)] = whole
        return array

    def give(self, array: Array) -> None:
        """Take a buffer back; an array from elsewhere is let go."""
        whole = self._lent.pop(id(array), None)
        if whole is not None:
            self._free.setdefault(whole.dtype.char, []).append(whole)


def _instructions(
    steps: Sequence[Step],
    group: Sequence[int],
    operands: Mapping[int, Array],
    results: Mapping[int, Array],
) -> list[Instruction]:
    made = {}
    for slot in group:
        step = steps[slot]
        inputs = [steps[each].dtype for each in step.inputs]
        made[slot] = Instruction(slot, step, kernel(step.op.name, step.params, step.dtype, inputs))
    last = {slot: slot for slot in group}
    for slot in group:
        for each in steps[slot].inputs:
            last[each] = slot
    for slot, user in last.items():
        if slot in made and slot not in results:
            made[user].dead.append(slot)
    for slot, array in results.items():
        overwritten = [each for each, operand in operands.items() if operand is array]
        made[slot].direct = all(last[each] <= slot for each in overwritten)
    return list(made.values())


def blocks(shape: Shape, elements: int) -> Iterator[Index]:
    """Indices that cut `shape` into blocks of at most `elements`, in memory order."""
    axis, inner = len(shape) - 1, 1
    while axis > 0 and inner * shape[axis] <= elements:
        inner *= shape[axis]
        axis -= 1
    length = max(1, elements // inner)
    leading = [[slice(i, i + 1) for i in range(size)] for size in shape[:axis]]
    size = shape[axis]
    along = [slice(i, min(i + length, size)) for i in range(0, size, length)]
    trailing = tuple(slice(0, size) for size in shape[axis + 1 :])
    for index in product(*leading, along):
        yield (*index, *trailing)


def part(array: Array, index: Index) -> Array:
    """The block of an array that broadcasts to the shape that the index cuts."""
    if not array.ndim:
        return array
    missing = len(index) - array.ndim
    return array[
        tuple(
            slice(None) if size == 1 else each
            for size, each in zip(array.shape, index[missing:], strict=True)
        )
    ]
