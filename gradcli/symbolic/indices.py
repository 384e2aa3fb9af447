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

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import permutations
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Symbol

from gradcli.symbolic.dims import Dim as Dim
from gradcli.symbolic.dims import Index as Index
from gradcli.symbolic.dims import NoFormError as NoFormError
from gradcli.symbolic.dims import SizeSymbol as SizeSymbol
from gradcli.symbolic.dims import fresh as fresh

MEMORY = 20_000
"""Expressions whose indices are remembered."""


class Tensor(Symbol):  # type: ignore[misc]
    """The name of an array, and what is assumed of it (`asked.ASSUMPTIONS`; "" for nothing)."""

    __slots__ = ("kind", "text")

    def __new__(cls, text: str, kind: str = "") -> Tensor:
        made = Symbol.__new__(cls, f"{kind} {text}")
        made.kind, made.text = kind, text
        return made  # type: ignore[no-any-return]


class Entry(Expr):  # type: ignore[misc]
    """An entry of a named array: `Entry(x, i, j)`. Size-1 axes carry no index."""

    def __new__(cls, tensor: Any, *indices: Any) -> Entry:
        if isinstance(tensor, Tensor) and tensor.kind in ("symmetric", "spd"):
            indices = tuple(sorted(indices, key=str))  # [i, j] and [j, i] are one entry
        return Expr.__new__(cls, tensor, *indices)  # type: ignore[no-any-return]

    def _eval_is_positive(self) -> bool | None:
        return True if isinstance(self.tensor, Tensor) and self.tensor.kind == "positive" else None

    def _eval_is_nonnegative(self) -> bool | None:
        kinds = ("positive", "nonnegative")
        return True if isinstance(self.tensor, Tensor) and self.tensor.kind in kinds else None

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

    def __new__(cls, a: Any, b: Any) -> Delta:
        return Expr.__new__(cls, *sorted((a, b), key=str))  # type: ignore[no-any-return]

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
    return Delta(a, b)


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
        names = {index: fresh(index.dim) for index in self.bound}
        return replace_index(self.body, names), list(names.values())

    def reopened(self) -> tuple[Expr, list[Index]]:
        """The same with the same names each time, for a body that is closed again at once.

        What SymPy has found out about the body is then found in its cache.
        """
        body, bound = _reopened(self)
        return body, list(bound)


@lru_cache(maxsize=MEMORY)
def _reopened(whole: Contraction) -> tuple[Expr, tuple[Index, ...]]:
    body, bound = whole.opened()
    return body, tuple(bound)


@lru_cache(maxsize=MEMORY)
def indices_of(expr: Any) -> frozenset[Index]:
    """The free indices of an expression."""
    if isinstance(expr, Index):
        return frozenset((expr,))
    if not expr.args:
        return frozenset()
    if isinstance(expr, (Contraction, WholeArray)):
        return indices_of(expr.body).difference(expr.args[1:])
    return frozenset().union(*map(indices_of, expr.args))


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
    pair = _orthogonal_pair(factors, bound)
    if pair is not None:
        return contract(pair[0], [index for index in bound if index is not pair[1]])
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


def _orthogonal_pair(factors: list[Expr], bound: list[Index]) -> tuple[Expr, Index] | None:
    """`sum_k Q[k,i] Q[k,j]` is delta(i, j) for an orthogonal Q, over rows as over columns."""
    entries = [
        factor
        for factor in factors
        if isinstance(factor, Entry)
        and isinstance(factor.tensor, Tensor)
        and factor.tensor.kind == "orthogonal"
    ]
    for index in bound:
        inside = [factor for factor in factors if index in indices_of(factor)]
        if len(inside) != 2 or any(factor not in entries for factor in inside):
            continue
        a, b = inside
        for axis in (0, 1):
            if a.tensor == b.tensor and a.indices[axis] == b.indices[axis] == index:
                rest = [factor for factor in factors if factor is not a and factor is not b]
                return Mul(*rest, delta(a.indices[1 - axis], b.indices[1 - axis])), index
    return None


def replace_index(expr: Any, mapping: Mapping[Any, Any]) -> Any:
    """Put other indices in the place of free ones; what has none of them stays the same object.

    Canonical bound names are kept apart from them.
    """
    found = mapping.get(expr)
    if found is not None:
        return found
    if indices_of(expr).isdisjoint(mapping):
        return expr
    return expr.func(*(replace_index(arg, mapping) for arg in expr.args))


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
        renamed = replace_index(body, names)
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
