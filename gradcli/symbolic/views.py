"""What an op's `symbolic` and `entry` formulas are written against: entries, sums, deltas."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Integer, Rational, Symbol

from gradcli.symbolic.indices import Dim, Entry, Index, NoFormError, contract, delta, fresh
from gradcli.symbolic.scalars import sympy_scalars


class View:
    """An input of an op as its `entry` formula sees it: `x(i, j)` is a placeholder entry."""

    def __init__(
        self, symbol: Symbol, shape: tuple[int, ...], dims: tuple[Dim | None, ...]
    ) -> None:
        self.symbol = symbol
        self.shape = shape
        self.ndim = len(shape)
        self.dims = tuple(dim if dim is not None else Dim(1) for dim in dims)
        self._dims = dims

    def __call__(self, *indices: Any) -> Expr:
        if len(indices) != self.ndim:
            raise NoFormError("an index of the wrong length")
        kept = []
        for index, dim in zip(indices, self._dims, strict=True):
            if dim is None:
                continue
            if not isinstance(index, Index):
                raise NoFormError("an index with an offset")
            dim.unify(index.dim)
            kept.append(index)
        return Entry(self.symbol, *kept)


class Notation:
    """The `s` of an op's `symbolic` and `entry` formulas: scalar functions, sums, deltas."""

    def __init__(self) -> None:
        self._scalars = sympy_scalars()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scalars, name)

    def index(self, dim: Dim) -> Index | Integer:
        """A fresh summation index; an axis of size 1 needs none."""
        return fresh(dim) if isinstance(dim, Dim) and dim.size != 1 else Integer(0)

    def sum(self, expr: Expr, *indices: Any) -> Expr:
        """The sum over indices."""
        return contract(as_expr(expr), [index for index in indices if isinstance(index, Index)])

    def delta(self, a: Any, b: Any) -> Expr:
        """Kronecker's delta."""
        if isinstance(a, Index) and isinstance(b, Index):
            a.dim.unify(b.dim)
            return delta(a, b)
        if isinstance(a, Integer) and isinstance(b, Integer):
            return Integer(int(a == b))
        raise NoFormError("a delta with an offset")

    def frozen(self, expr: Expr) -> Expr:
        """The value alone; the accumulation does not go through a cut."""
        return expr

    def reduce(
        self, x: View, out: Sequence[Any], axes: Sequence[int], keepdims: bool, fold: Any
    ) -> Expr:
        """`fold` over some (negative) axes of `x`."""
        given = iter(out)
        full, summed = [], []
        for axis in range(-x.ndim, 0):
            if axis in axes:
                if keepdims:
                    next(given)
                index = self.index(x.dims[axis])
                summed.append(index)
                full.append(index)
            else:
                full.append(next(given))
        return fold(x(*full), *summed)

    def align(self, batch: Sequence[Any], rank: int) -> tuple[Any, ...]:
        """The trailing `rank` batch indices, for an operand that broadcasts."""
        return tuple(batch[len(batch) - rank :]) if rank > 0 else ()

    def size(self, x: View, axes: Sequence[int]) -> Expr:
        """The number of entries along some axes."""
        result = Integer(1)
        for axis in axes:
            if x.shape[axis] != 1:
                result *= x.dims[axis].symbol
        return result

    def reshaped(self, x: View, out: Sequence[Any], shape: Sequence[int]) -> Expr:
        """Another shape that differs in axes of size 1 only."""
        inner = [size for size in x.shape if size != 1]
        outer = [index for index, size in zip(out, shape, strict=True) if size != 1]
        if inner != [size for size in shape if size != 1]:
            raise NoFormError("a reshape")
        given = iter(outer)
        return x(*(Integer(0) if size == 1 else next(given) for size in x.shape))

    def indexed(self, x: View, out: Sequence[Any], index: Sequence[Any]) -> Expr:
        """Full slices, None and Ellipsis: nothing but names."""
        parts = expand_index(index, x.ndim)
        given = iter(out)
        full = []
        for part in parts:
            if part is None:
                next(given)
            elif isinstance(part, slice) and part == slice(None):
                full.append(next(given))
            else:
                raise NoFormError("an index")
        return x(*full)


def expand_index(index: Sequence[Any], rank: int) -> list[Any]:
    """An index with one part per axis (and the Nones), Ellipsis written out."""
    used = sum(
        part.ndim if isinstance(part, np.ndarray) and part.dtype == bool else 1
        for part in index
        if part is not None and part is not Ellipsis
    )
    parts: list[Any] = []
    filled = False
    for part in index:
        if part is Ellipsis:
            parts += [slice(None)] * (rank - used)
            filled = True
        else:
            parts.append(part)
    if not filled:
        parts += [slice(None)] * (rank - used)
    return parts


def as_expr(value: Any) -> Any:
    """A formula's result as a SymPy expression; it may be a plain number."""
    return value if isinstance(value, sympy.Basic) else exact_number(float(value))


def exact_number(value: float) -> Expr:
    """A number of the program as SymPy sees it: its shortest decimal, exactly; pi and e by name."""
    if value == np.pi:
        return sympy.pi
    if value == np.e:
        return sympy.E
    if not np.isfinite(value):
        return {True: sympy.oo, False: -sympy.oo}[value > 0] if not np.isnan(value) else sympy.nan
    fraction = Fraction(repr(value))
    return Rational(fraction.numerator, fraction.denominator)
