"""A tiny interpreter of an op's `entry` formula: concrete integers for indices, arrays for inputs.

The formula is what the symbolic side reads; evaluated here, without SymPy, it must give the same
numbers as `evaluate`. Terms are functions of an environment: a summation index has no value before
the sum.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcli.graph import Node


class Term:
    """A number that may depend on summation indices."""

    def __init__(self, value: Callable[[dict[int, int]], Any]) -> None:
        self.value = value

    def __add__(self, other: Any) -> Term:
        return lift(lambda a, b: a + b, self, other)

    def __sub__(self, other: Any) -> Term:
        return lift(lambda a, b: a - b, self, other)

    def __mul__(self, other: Any) -> Term:
        return lift(lambda a, b: a * b, self, other)

    def __truediv__(self, other: Any) -> Term:
        return lift(lambda a, b: a / b, self, other)

    def __pow__(self, other: Any) -> Term:
        return lift(lambda a, b: a**b, self, other)

    def __neg__(self) -> Term:
        return lift(lambda a: -a, self)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Term:
        return lift(lambda a, b: b - a, self, other)


def term(value: Any) -> Term:
    """A plain number as a term."""
    return value if isinstance(value, Term) else Term(lambda _: value)


def lift(function: Callable[..., Any], *values: Any) -> Term:
    """A function of numbers, applied to terms."""
    terms = [term(value) for value in values]
    return Term(lambda env: function(*(one.value(env) for one in terms)))


class View:
    """An input as an `entry` formula sees it: `x(i, j)`, `x.ndim`, `x.dims`, `x.shape`."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)
        self.shape = self.dims = self.array.shape
        self.ndim = self.array.ndim

    def __call__(self, *indices: Any) -> Term:
        assert len(indices) == self.ndim, (indices, self.shape)
        return lift(self.at, *indices)

    def at(self, *place: int) -> Any:
        """An entry; axes of size 1 ignore their index; outside (next to a delta) it is 0."""
        place = tuple(0 if size == 1 else i for i, size in zip(place, self.shape, strict=True))
        if any(not 0 <= i < size for i, size in zip(place, self.shape, strict=True)):
            return 0.0
        return self.array[place]


class Notation:
    """The namespace `s`, with sums written out."""

    def __init__(self) -> None:
        self.ranges: dict[int, int] = {}

    def index(self, dim: int) -> Term:
        """A fresh summation index."""
        number = len(self.ranges)
        self.ranges[number] = dim
        made = Term(lambda env: env[number])
        made.number = number  # type: ignore[attr-defined]
        return made

    def sum(self, expr: Any, *indices: Any) -> Term:
        """The sum of a term over indices."""
        numbers = [index.number for index in indices]
        ranges = [range(self.ranges[number]) for number in numbers]
        body = term(expr)

        def total(env: dict[int, int]) -> Any:
            result: Any = 0
            for values in itertools.product(*ranges):
                result = result + body.value({**env, **dict(zip(numbers, values, strict=True))})
            return result

        return Term(total)

    def delta(self, a: Any, b: Any) -> Term:
        """1 where two indices agree, else 0."""
        return lift(lambda i, j: int(i == j), a, b)

    def where(self, condition: Any, a: Any, b: Any) -> Term:
        """A choice."""
        return lift(lambda c, yes, no: yes if c else no, condition, a, b)

    def less_equal(self, a: Any, b: Any) -> Term:
        """A comparison."""
        return lift(lambda i, j: i <= j, a, b)

    def less(self, a: Any, b: Any) -> Term:
        """A comparison."""
        return lift(lambda i, j: i < j, a, b)

    def frozen(self, expr: Any) -> Term:
        """The value alone."""
        return term(expr)

    def size(self, x: View, axes: Sequence[int]) -> int:
        """The number of entries along some axes."""
        return int(np.prod([x.shape[axis] for axis in axes], dtype=int))

    def align(self, batch: Sequence[Any], rank: int) -> tuple[Any, ...]:
        """The trailing `rank` batch indices."""
        return tuple(batch[len(batch) - rank :]) if rank > 0 else ()

    def reduce(self, x: View, out: Sequence[Any], axes: Any, keepdims: bool, fold: Any) -> Any:
        """`fold` over some (negative) axes."""
        given, full, summed = iter(out), [], []
        for axis in range(-x.ndim, 0):
            if axis in axes:
                if keepdims:
                    next(given)
                summed.append(self.index(x.dims[axis]))
                full.append(summed[-1])
            else:
                full.append(next(given))
        return fold(x(*full), *summed)

    def reshaped(self, x: View, out: Sequence[Any], shape: Sequence[int]) -> Term:
        """The entry at `out` of `x` in another shape."""

        def entry(*place: int) -> Any:
            flat = np.ravel_multi_index(place, tuple(shape)) if shape else 0
            return x.at(*np.unravel_index(flat, x.shape)) if x.shape else x.at()

        return lift(entry, *out)

    def indexed(self, x: Any, out: Sequence[Any], index: Any) -> Term:
        """The entry at `out` of `x[index]`."""
        places = np.arange(int(np.prod(x.shape))).reshape(x.shape)[index]

        def source(env: dict[int, int]) -> Any:
            flat = places[tuple(one.value(env) for one in map(term, out))]
            place = np.unravel_index(flat, x.shape) if x.shape else ()
            return term(x(*(int(i) for i in place))).value(env)

        return Term(source)


def entries(node: Node, arrays: Sequence[Any], places: Sequence[tuple[int, ...]]) -> list[Any]:
    """The entries of a node's output at some places, by its op's `entry` formula."""
    assert node.op.entry is not None
    result = []
    for place in places:
        views = [View(array) for array in arrays]
        formula = node.op.entry(Notation(), place, *views, **node.params)
        result.append(term(formula).value({}))
    return result


def check_entries(
    node: Node, arrays: Sequence[Any], rng: np.random.Generator, most: int = 6
) -> int:
    """Compare `entry` with `evaluate` at up to `most` random places; how many were compared."""
    value = np.asarray(node.op.evaluate(*arrays, **node.params))
    assert value.shape == node.shape, node
    every = list(np.ndindex(*node.shape))
    picked = rng.permutation(len(every))[:most]
    places = [tuple(map(int, every[i])) for i in picked]
    for place, got in zip(places, entries(node, arrays, places), strict=True):
        np.testing.assert_allclose(got, value[place], rtol=1e-12, atol=1e-12, err_msg=str(node))
    return len(places)
