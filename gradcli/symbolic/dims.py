"""Dimensions and indices: the length of an axis, its symbol, and an index that runs over it."""

from __future__ import annotations

from itertools import count

from sympy import Symbol

_fresh = count()
_dims = count()


class NoFormError(Exception):
    """There is no closed form; the text says why."""


class Dim:
    """The length of an axis: its size here, and how to say it (`X.shape[0]`). Merged by `unify`."""

    __slots__ = ("_parent", "number", "size", "text")

    def __init__(self, size: int, text: str | None = None) -> None:
        self._parent: Dim | None = None
        self.number = next(_dims)
        self.size = size
        self.text = text

    def find(self) -> Dim:
        """The representative of the axes that are known to have one length."""
        dim = self
        while dim._parent is not None:
            dim = dim._parent
        return dim

    def unify(self, other: Dim) -> Dim:
        """Make two dimensions one; the one that has a name, or the older, speaks for both."""
        a, b = self.find(), other.find()
        if a is b:
            return a
        if a.size != b.size:
            raise NoFormError(f"one index over axes of the sizes {a.size} and {b.size}")
        if (a.text is None, a.number) > (b.text is None, b.number):
            a, b = b, a
        b._parent = a
        return a

    @property
    def symbol(self) -> Symbol:
        """The size as a SymPy symbol."""
        return SizeSymbol(self)


class SizeSymbol(Symbol):  # type: ignore[misc]
    """The size of a dimension, as a positive integer symbol."""

    __slots__ = ("dim",)

    def __new__(cls, dim: Dim) -> SizeSymbol:
        dim = dim.find()
        made = Symbol.__new__(cls, f"n{dim.number}", integer=True, positive=True)
        made.dim = dim
        return made  # type: ignore[no-any-return]


class Index(Symbol):  # type: ignore[misc]
    """An index over a dimension."""

    __slots__ = ("dim",)

    def __new__(cls, name: str, dim: Dim) -> Index:
        made = Symbol.__new__(cls, f"{name}_d{dim.number}", integer=True, nonnegative=True)
        made.dim = dim
        return made  # type: ignore[no-any-return]


def fresh(dim: Dim) -> Index:
    """An index that occurs nowhere else."""
    return Index(f"f{next(_fresh)}", dim.find())
