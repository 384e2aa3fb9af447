"""Who holds which buffer while a plan runs: what may be written over, what a caller may keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gradcli.execute.plan import Step
from gradcli.graph import Array


def root(array: Array) -> Array:
    """The array that owns the memory (as far as NumPy knows)."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Memory:
    """The live values of a run, by slot.

    A buffer is free to be written over when no other live value looks at it and it is nobody
    else's: inputs and constants ("foreign") are never written to.
    """

    def __init__(self) -> None:
        self.values: dict[int, Array] = {}
        self.foreign: set[int] = set()
        self._holders: dict[int, int] = {}

    def lend(self, slot: int, array: Array) -> None:
        """Take in an array that belongs to the caller or to the graph."""
        self.values[slot] = array
        self.foreign.add(id(root(array)))

    def take(self, slot: int, array: Array) -> None:
        """Take in a computed value; it may be a view of another."""
        self.values[slot] = array
        key = id(root(array))
        self._holders[key] = self._holders.get(key, 0) + 1

    def free(self, slot: int) -> None:
        """Let a value go that nobody needs any more; lent ones stay with their owners."""
        key = id(root(self.values[slot]))
        if key in self.foreign:
            return
        self._holders[key] -= 1
        if not self._holders[key]:
            del self._holders[key]
        del self.values[slot]

    def spare(self, step: Step, dying: Iterable[int]) -> int | None:
        """The slot of a dying value whose buffer can take the step's result in place."""
        for slot in dying:
            array = self.values[slot]
            if array.shape == step.shape and array.dtype == step.dtype and array.flags.carray:
                key = id(root(array))
                if key not in self.foreign and self._holders[key] == 1:
                    return slot
        return None


def own(results: Sequence[Array], foreign: set[int]) -> list[Array]:
    """The results as arrays that the caller may keep and change.

    What looks at an input, a constant, another result, or a small part of a large buffer, and what
    cannot be written to (a broadcast), is copied.
    """
    given = set(foreign)
    owned = []
    for array in results:
        owner = root(array)
        if id(owner) in given or not array.flags.writeable or owner.nbytes > 2 * array.nbytes:
            array = array.copy()
            owner = array
        given.add(id(owner))
        owned.append(array)
    return owned
