"""The algebra of scalar factors: `c1*(c2*x)`, `(c*x)@y`, `c1*x + c2*x` have one factor each.

Only finite constants of moderate size are moved, and only on floating nodes. A merge of two factors
may not lose a value that the plain order would keep: |c| stays within 2**-32 and 2**32, merged
terms have the same sign (no cancellation), and at most `MOST` inexact merges are stacked, so that
the result differs from the plain run by less than 1e-15 of its size. A factor moved behind a
contraction is checked when it runs (`scaled_contraction`), because the bare product could overflow
where the scaled one does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import frexp, prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gradcli.execute.plan import Builder, Term
    from gradcli.graph import Array, Node

    Rule = Callable[[Builder, Node, Sequence[Term]], Term | None]

MOST = 3
SMALLEST, LARGEST = 2.0**-32, 2.0**32
SAFE = {"d": (1e-250, 1e250), "f": (1e-25, 1e25)}
"""Magnitudes of a contraction, by dtype, that a moderate factor can neither overflow nor
underflow.
"""


def moderate(c: float | None) -> bool:
    """Whether a factor may be moved; nan, inf and 0 may not."""
    return c is not None and SMALLEST <= abs(c) <= LARGEST


def exact(c: float) -> bool:
    """Whether multiplying by `c` rounds nothing."""
    return abs(frexp(c)[0]) == 0.5


def scaled(builder: Builder, node: Node, term: Term, c: float | None) -> Term | None:
    """`c` times a term, where that is the node's value."""
    base = builder.steps[term.slot]
    if c is None or not moderate(c) or base.shape != node.shape or base.dtype != node.dtype:
        return None
    merged = term.merged + (not exact(c))
    if term.scale == 1.0 or (merged <= MOST and moderate(term.scale * c)):
        return term._replace(scale=term.scale * c, merged=merged)
    return None


def _multiply(builder: Builder, node: Node, terms: Sequence[Term]) -> Term | None:
    left, right = terms
    found = scaled(builder, node, right, builder.uniform(left))
    return found or scaled(builder, node, left, builder.uniform(right))


def _divide(builder: Builder, node: Node, terms: Sequence[Term]) -> Term | None:
    c = builder.uniform(terms[1])
    if c is None or not moderate(c) or not exact(c):
        return None
    return scaled(builder, node, terms[0], 1.0 / c)


def _combined(builder: Builder, node: Node, terms: Sequence[Term], sign: float) -> Term | None:
    """The sum of two multiples of one value, of the same sign."""
    left, right = terms
    base = builder.steps[left.slot]
    other = right.scale * sign
    if left.slot != right.slot or base.shape != node.shape or base.dtype != node.dtype:
        return None
    merged = left.merged + right.merged + (not exact(left.scale + other))
    if left.scale * other <= 0 or merged > MOST or not moderate(left.scale + other):
        return None
    return left._replace(scale=left.scale + other, merged=merged)


def _through(builder: Builder, node: Node, terms: Sequence[Term]) -> Term | None:
    """A selection of entries commutes with a factor."""
    (term,) = terms
    base = builder.steps[term.slot]
    if term.scale == 1.0 or node.size > base.size:
        return None
    slot = builder.emit(node, node.op, (term.slot,), node.params, node.shape, node.dtype)
    return term._replace(slot=slot)


def _contraction(builder: Builder, node: Node, terms: Sequence[Term]) -> Term | None:
    """Take the factors of the larger inputs out; they multiply the (smaller) result."""
    size = node.size
    factors = tuple(term.scale if size <= builder.steps[term.slot].size else 1.0 for term in terms)
    if all(factor == 1.0 for factor in factors) or not moderate(prod(factors)):
        return None
    slots = tuple(
        term.slot if factor != 1.0 else builder.materialised(term, node)
        for term, factor in zip(terms, factors, strict=True)
    )
    slot = builder.emit(node, node.op, slots, node.params, node.shape, node.dtype, factors)
    return terms[0]._replace(slot=slot, scale=1.0, merged=0)


RULES: dict[str, Rule] = {
    "multiply": _multiply,
    "weigh": _multiply,
    "divide": _divide,
    "negative": lambda builder, node, terms: scaled(builder, node, terms[0], -1.0),
    "add": lambda builder, node, terms: _combined(builder, node, terms, 1.0),
    "subtract": lambda builder, node, terms: _combined(builder, node, terms, -1.0),
    "stop_gradient": lambda builder, node, terms: terms[0],
    "reshape": _through,
    "transpose": _through,
    "diagonal": _through,
    "getitem": _through,
    "sum": _contraction,
    "matmul": _contraction,
    "einsum": _contraction,
}
"""By op name: the term that a node is, or None where it is an ordinary step."""


def scaled_contraction(
    factors: Sequence[float], arrays: Sequence[Array], contract: Callable[[Sequence[Array]], Array]
) -> Array:
    """`contract(factor * array, ...)` with the factors behind it; in front of it where that is not
    safe.

    A zero is safe for factors up to 16: what underflowed to it would be subnormal in the plain
        order.
    """
    factor = prod(factors)
    result = contract(arrays)
    least, most = SAFE.get(result.dtype.char, (1.0, 0.0))
    size: Any = np.abs(result)
    safe = (size >= least) & (size <= most)
    if abs(factor) <= 16.0:
        safe |= size == 0.0
    if np.all(safe):
        return np.asarray(result * result.dtype.type(factor))
    return contract(
        [
            array if c == 1.0 else array * array.dtype.type(c)
            for c, array in zip(factors, arrays, strict=True)
        ]
    )
