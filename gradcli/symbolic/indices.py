"""Index notation as SymPy expressions: `Entry`, `Delta`, `Contraction`, `Element`, and their
algebra.

SymPy's own scalar calculus does the rest: these classes only tell it what the derivative of an
entry is (Kronecker deltas) and how a sum with deltas collapses.

Names of indices are canonical: a bound index is named after its depth and its dimension, so two
sums that
differ only in the names of their indices are the same SymPy object, and like terms collect by
themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count, permutations
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Symbol

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


class Entry(Expr):  # type: ignore[misc]
    """An entry of a named array: `Entry(x, i, j)`. Size-1 axes carry no index."""

    is_commutative = True
    is_real = True
    is_extended_real = True
    is_finite = True
    _diff_wrt = True
    is_symbol = True  # SymPy then asks `_eval_derivative` instead of replacing equal entries only

    @property
    def tensor(self) -> Symbol:
        """The array's symbol."""
        return self.args[0]

    @property
    def indices(self) -> tuple[Any, ...]:
        """One per axis of size other than 1."""
        return tuple(self.args[1:])

    def _eval_derivative(self, wrt: Any) -> Expr:
        if isinstance(wrt, Entry) and wrt.tensor == self.tensor:
            return Mul(*(delta(a, b) for a, b in zip(self.indices, wrt.indices, strict=True)))
        return Integer(0)

    def _sympystr(self, printer: Any) -> str:
        return f"{self.tensor}[{','.join(map(str, self.indices))}]"


class Delta(Expr):  # type: ignore[misc]
    """Kronecker's delta of two indices."""

    is_commutative = True
    is_real = True
    is_extended_real = True
    is_finite = True

    def _eval_derivative(self, wrt: Any) -> Expr:
        return Integer(0)

    def _eval_power(self, exponent: Any) -> Any:
        return self if exponent.is_positive else None


def delta(a: Any, b: Any) -> Expr:
    """Kronecker's delta, 1 where the indices are one."""
    if a == b:
        return Integer(1)
    first, second = sorted((a, b), key=str)
    return Delta(first, second)


class WholeArray(Expr):  # type: ignore[misc]
    """A whole array as an expression: `WholeArray(body, rank, *axes)`.

    `axes` are one per axis: a bound index, or 0 for an axis of size 1. Closed: no other free index.
    """

    is_commutative = True

    @property
    def body(self) -> Expr:
        """The scalar entry, in terms of the axes' indices."""
        return self.args[0]

    @property
    def axes(self) -> tuple[Any, ...]:
        """One per axis: an index, or 0."""
        return tuple(self.args[1:])

    @property
    def free_symbols(self) -> set[Any]:
        """Everything but the bound axes."""
        return self.body.free_symbols - set(self.axes)  # type: ignore[no-any-return]

    def _eval_derivative(self, wrt: Any) -> Expr:
        raise NotImplementedError("a whole array is differentiated by the accumulation, not here")


SYMMETRIC = Symbol("symmetric")
"""Among the params of an `Element`: a symmetric matrix."""


class Element(Expr):  # type: ignore[misc]
    """An entry of a function of whole arrays: `Element(name, params, n, *lambdas, *indices)`.

    `det(M)`, `inv(M)[i, j]`, `softmax(z)[i]`. `params` is a SymPy `Str`-keyed tuple of static
    parameters; `n` is the number of array arguments.
    """

    is_commutative = True
    is_real = True
    is_extended_real = True

    def __new__(cls, head: Any, params: Any, count: Any, *rest: Any) -> Element:
        if SYMMETRIC in params:  # entries [i, j] and [j, i] are one object, so that they collect
            arrays, indices = rest[: int(count)], rest[int(count) :]
            rest = (*arrays, *sorted(indices, key=str))
        return Expr.__new__(cls, head, params, count, *rest)  # type: ignore[no-any-return]

    @property
    def head(self) -> str:
        """The function's name."""
        return str(self.args[0])

    @property
    def params(self) -> Any:
        """Static parameters."""
        return self.args[1]

    @property
    def lambdas(self) -> tuple[WholeArray, ...]:
        """The array arguments."""
        return tuple(self.args[3 : 3 + int(self.args[2])])

    @property
    def indices(self) -> tuple[Any, ...]:
        """Indices of the entry, one per axis of size other than 1."""
        return tuple(self.args[3 + int(self.args[2]) :])

    def summed_axes(self) -> set[Any]:
        """The indices along the axes that `softmax` normalises over."""
        if not self.params or str(self.params[0]) == "None":
            return {index for index in self.indices if isinstance(index, Index)}
        return {self.indices[int(str(axis))] for axis in self.params}

    def _eval_derivative(self, wrt: Any) -> Expr:
        if isinstance(wrt, Entry) and not self.has(wrt.tensor):
            return Integer(0)
        raise NotImplementedError(f"{self.head} is differentiated by its own rule")


class Frozen(Expr):  # type: ignore[misc]
    """A value that does not vary (`stop_gradient`)."""

    is_commutative = True
    is_real = True
    is_extended_real = True

    def _eval_derivative(self, wrt: Any) -> Expr:
        return Integer(0)


class Contraction(Expr):  # type: ignore[misc]
    """The sum of a body over bound indices: `Contraction(body, *indices)`. Made by `contract`."""

    is_commutative = True
    is_real = True
    is_extended_real = True

    @property
    def body(self) -> Expr:
        """The summand."""
        return self.args[0]

    @property
    def bound(self) -> tuple[Index, ...]:
        """The indices summed over."""
        return tuple(self.args[1:])

    @property
    def free_symbols(self) -> set[Any]:
        """Everything but the bound indices."""
        return self.body.free_symbols - set(self.bound)  # type: ignore[no-any-return]

    def _eval_derivative(self, wrt: Any) -> Expr:
        return contract(self.body.diff(wrt), self.bound)

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.body.is_nonnegative else None

    def opened(self) -> tuple[Expr, list[Index]]:
        """The body with indices that occur nowhere else, for merging into another sum."""
        renamed = {index: fresh(index.dim) for index in self.bound}
        return self.body.xreplace(renamed), list(renamed.values())


def indices_of(expr: Expr) -> set[Index]:
    """The free indices of an expression."""
    return {symbol for symbol in expr.free_symbols if isinstance(symbol, Index)}


def depth_of(expr: Expr) -> int:
    """How deep contractions are nested in an expression."""
    if isinstance(expr, Contraction):
        return 1 + depth_of(expr.body)
    if isinstance(expr, WholeArray) or not expr.args:
        return 0
    return max((depth_of(arg) for arg in expr.args if isinstance(arg, Expr)), default=0)


def contract(expr: Expr, indices: Iterable[Index]) -> Expr:
    """The sum of an expression over some indices, with deltas collapsed and constants drawn out."""
    bound = list(indices)
    if not bound or expr == 0:
        return expr
    if isinstance(expr, Add):
        mine = set(bound)
        if any(term.has(Delta) or not mine <= indices_of(term) for term in expr.args):
            return Add(*(contract(term, bound) for term in expr.args))
        return _close(expr, bound)
    factors = list(Mul.make_args(expr))
    for position, factor in enumerate(factors):
        if isinstance(factor, Delta):
            for mine, other in (factor.args, factor.args[::-1]):
                if mine in bound:
                    bound.remove(mine)
                    mine.dim.unify(other.dim)
                    rest = Mul(*factors[:position], *factors[position + 1 :])
                    return contract(replace_index(rest, {mine: other}), bound)
    for position, factor in enumerate(factors):
        if isinstance(factor, Add) and factor.has(Delta):
            rest = Mul(*factors[:position], *factors[position + 1 :])
            return Add(*(contract(term * rest, bound) for term in factor.args))
    mine = set(bound)
    for factor in factors:
        if isinstance(factor, Element) and factor.head == "softmax" and len(factors) == 1:
            along = factor.summed_axes() & mine
            if along and along == factor.summed_axes():  # probabilities add up to one
                return contract(Integer(1), [index for index in bound if index not in along])
    outside = [factor for factor in factors if not (indices_of(factor) & mine)]
    inside = [factor for factor in factors if indices_of(factor) & mine]
    used: set[Index] = set()
    for factor in inside:
        used |= indices_of(factor)
    sizes = [index.dim.symbol for index in bound if index not in used]
    left = [index for index in bound if index in used]
    if not left:
        return Mul(*outside, *sizes)
    if len(inside) == 1 and isinstance(inside[0], Add):
        return Mul(*outside, *sizes, contract(inside[0], left))
    body = Mul(*inside)
    if isinstance(body, Contraction):
        inner, more = body.opened()
        return Mul(*outside, *sizes, contract(inner, [*left, *more]))
    return Mul(*outside, *sizes, _close(body, left))


def replace_index(expr: Expr, mapping: dict[Any, Any]) -> Expr:
    """Put other indices in the place of free ones; canonical bound names are kept apart from
    them."""
    return expr.xreplace(mapping)


def _close(body: Expr, bound: Sequence[Index]) -> Expr:
    """Bind indices under canonical names: the renaming whose expression sorts first."""
    level = depth_of(body) + 1
    # Indices of one dimension are interchangeable names: try their orders, keep the first one.
    best: tuple[Any, Expr, tuple[Index, ...]] | None = None
    orders: Iterable[Sequence[Index]] = permutations(bound) if len(bound) <= 4 else [bound]
    for order in orders:
        seen: dict[int, int] = {}
        names: dict[Index, Index] = {}
        for index in order:
            dim = index.dim.find()
            position = seen.get(dim.number, 0)
            seen[dim.number] = position + 1
            names[index] = Index(f"b{level}_{position}", dim)
        renamed = body.xreplace(names)
        key = sympy.default_sort_key(renamed)
        if best is None or key < best[0]:
            best = (key, renamed, tuple(sorted(names.values(), key=str)))
        if len(bound) == 1:
            break
    assert best is not None
    return Contraction(best[1], *best[2])


def power_parts(factor: Expr) -> tuple[Expr, Expr]:
    """Base and exponent of a factor; the exponent of `exp` stays inside."""
    if isinstance(factor, Pow):
        return factor.base, factor.exp
    return factor, Integer(1)
