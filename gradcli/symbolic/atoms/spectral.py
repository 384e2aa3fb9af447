"""Decompositions: eigenvalues, singular values, Cholesky, pseudo-inverse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympy import Expr, Rational

from gradcli.graph import Node
from gradcli.symbolic.atoms.base import (
    Adjoints,
    Atom,
    below,
    element,
    fresh_like,
    indices,
    of_lower,
    unify_axes,
)
from gradcli.symbolic.indices import Index, contract, delta, fresh

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions


def _plain(node: Node) -> bool:
    """One matrix with no axis of size 1."""
    shape = node.inputs[0].shape
    return len(shape) == 2 and 1 not in shape


def _square(definitions: Definitions, node: Node) -> None:
    (a,) = node.inputs
    pairs = [(a, -1, a, -2)]
    pairs += [(a, -1, node, axis) for axis in range(node.ndim)]
    unify_axes(definitions, pairs)


def _call(definitions: Definitions, node: Node) -> Expr:
    return element(node.op.name, [definitions.array(node.inputs[0])], indices(definitions, node))


def _eigvalsh_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d w_k = v_k' dA v_k; the function reads the lower triangle only."""
    (a,) = node.inputs
    (k,) = indices(definitions, node)
    i, j = indices(definitions, a)
    whole = definitions.array(a)
    left, right = (element("eigenvectors", [whole], [row, k]) for row in (i, j))
    full = contract(g * left * right, [k])
    return [lower_doubled(definitions, full, i, j)]


def lower_doubled(definitions: Definitions, matrix: Expr, i: Any, j: Any) -> Expr:
    """A symmetric matrix folded into its lower triangle."""
    mask = below(i, j) + below(i, j, strictly=True)
    return of_lower("lower_doubled", definitions, matrix, i, j, mask)


def _svdvals_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d s_k = u_k' dA v_k."""
    (a,) = node.inputs
    (k,) = indices(definitions, node)
    i, j = indices(definitions, a)
    whole = definitions.array(a)
    left = element("left_vectors", [whole], [i, k])
    right = element("right_vectors", [whole], [k, j])
    return [contract(g * left * right, [k])]


def _cholesky_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """With P = the lower triangle of L'G, half the diagonal: inv(L)' P inv(L), made symmetric and
    folded into the lower triangle that the function reads (Murray, 2016)."""
    (a,) = node.inputs
    i, j = indices(definitions, a)
    row, column = indices(definitions, node)
    p, q, k = (fresh_like(i) for _ in range(3))
    lower = definitions.expr[node.id]
    product = contract(lower.xreplace({row: k, column: p}) * g.xreplace({row: k, column: q}), [k])
    mask = below(p, q) - delta(p, q) / 2
    halved = of_lower("lower_halved", definitions, product, p, q, mask)
    inverse = definitions.whole(lower, [row, column])
    inner = contract(
        element("inv", [inverse], [p, i]) * halved * element("inv", [inverse], [q, j]), [p, q]
    )
    symmetric = (inner + inner.xreplace({i: j, j: i})) * Rational(1, 2)
    return [lower_doubled(definitions, symmetric, i, j)]


def _pinv_unify(definitions: Definitions, node: Node) -> None:
    (a,) = node.inputs
    unify_axes(definitions, [(a, 0, node, 1), (a, 1, node, 0)])


def _pinv_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """dP = -P dA P + P P' dA' (I - A P) + (I - P A) dA' P' P (Golub & Pereyra, 1973)."""
    (a,) = node.inputs
    i, j = indices(definitions, a)  # A: m x n
    row, column = indices(definitions, node)  # P: n x m

    def p(x: Any, y: Any) -> Expr:
        return definitions.at(node, [x, y])

    def m(x: Any, y: Any) -> Expr:
        return definitions.at(a, [x, y])

    def like(index: Any) -> Index:
        return fresh(index.dim)

    r, c, k, s = like(row), like(column), like(row), like(column)
    gradient = g.xreplace({row: r, column: c})
    first = contract(-p(r, i) * gradient * p(j, c), [r, c])
    rest = delta(i, c) - contract(m(i, k) * p(k, c), [k])
    second = contract(rest * gradient * p(r, s) * p(j, s), [r, c, s])
    outer = contract(p(k, c) * p(k, i), [k])
    other = delta(r, j) - contract(p(r, s) * m(s, j), [s])
    third = contract(outer * gradient * other, [r, c])
    return [first + second + third]


def _thin(definitions: Definitions, node: Node) -> None:
    """Nothing: the number of singular values is the smaller side, known only as a number."""


ATOMS: dict[str, Atom] = {
    "eigvalsh": Atom(_call, _eigvalsh_adjoints, _square, _plain),
    "svdvals": Atom(_call, _svdvals_adjoints, _thin, _plain),
    "cholesky": Atom(_call, _cholesky_adjoints, _square, _plain),
    "pinv": Atom(_call, _pinv_adjoints, _pinv_unify, _plain),
}
