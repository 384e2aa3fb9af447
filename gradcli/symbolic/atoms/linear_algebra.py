"""Determinants, inverses, linear systems, diagonals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympy import Expr

from gradcli.graph import Node
from gradcli.symbolic.atoms.base import (
    Adjoints,
    Atom,
    element,
    fresh_like,
    indices,
    numbers,
    rows_of,
    unify_axes,
)
from gradcli.symbolic.indices import (
    SYMMETRIC,
    Index,
    contract,
    delta,
)
from gradcli.symbolic.rewrite import merged

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions


def _matrix(node: Node) -> bool:
    return node.inputs[0].ndim == 2


def _square(definitions: Definitions, node: Node) -> None:
    (a, *_) = node.inputs
    unify_axes(definitions, [(a, -1, a, -2)])


def _inverse_entry(definitions: Definitions, matrix: Node, row: Any, column: Any) -> Expr:
    """An entry of the inverse; of a 1 x 1 matrix it is the reciprocal."""
    if matrix.shape[-1] == 1:
        return 1 / definitions.at(matrix, [])
    whole = definitions.array(matrix)
    i, j = whole.axes
    if merged(whole.body.xreplace({i: j, j: i})) == merged(
        whole.body
    ):  # the inverse of a symmetric matrix is symmetric
        return element("inv", [whole], [row, column], [SYMMETRIC])
    return element("inv", [whole], [row, column])


def _det_forward(definitions: Definitions, node: Node) -> Expr:
    (a,) = node.inputs
    return element("det", [definitions.array(a)], [])


def _det_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d det(A) = det(A) tr(inv(A) dA)."""
    (a,) = node.inputs
    i, j = indices(definitions, a)
    return [g * definitions.expr[node.id] * _inverse_entry(definitions, a, j, i)]


def _logdet_forward(definitions: Definitions, node: Node) -> Expr:
    return element("logdet", [definitions.array(node.inputs[0])], [])


def _logdet_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d log|det(A)| = tr(inv(A) dA)."""
    (a,) = node.inputs
    i, j = indices(definitions, a)
    return [g * _inverse_entry(definitions, a, j, i)]


def _inv_unify(definitions: Definitions, node: Node) -> None:
    (a,) = node.inputs
    unify_axes(definitions, [(a, -1, a, -2), (a, -1, node, -1), (a, -1, node, -2)])


def _inv_forward(definitions: Definitions, node: Node) -> Expr:
    i, j = indices(definitions, node)
    return _inverse_entry(definitions, node.inputs[0], i, j)


def _inv_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d inv(A) = -inv(A) dA inv(A)."""
    (a,) = node.inputs
    i, j = indices(definitions, node)
    k, m = indices(definitions, a)
    if a.shape[-1] == 1:
        return [-g / definitions.at(a, []) ** 2]
    left = _inverse_entry(definitions, a, i, k)
    right = _inverse_entry(definitions, a, m, j)
    return [contract(-g * left * right, [i, j])]


def _solve_unify(definitions: Definitions, node: Node) -> None:
    a, b = node.inputs
    pairs = [(a, -1, a, -2), (a, -1, b, 0), (a, -1, node, 0)]
    if b.ndim == 2:
        pairs.append((b, 1, node, 1))
    unify_axes(definitions, pairs)


def _solve_forward(definitions: Definitions, node: Node) -> Expr:
    a, b = node.inputs
    if a.shape[-1] == 1:
        return definitions.at(
            b, [i for i in indices(definitions, node) if i != 0]
        ) / definitions.at(a, [])
    return element(
        "solve", [definitions.array(a), definitions.array(b)], indices(definitions, node)
    )


def _solve_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """x = solve(A, b): dx = solve(A, db - dA x); the adjoint of b is solve(A.T, g)."""
    a, b = node.inputs
    out = indices(definitions, node)
    row, column = indices(definitions, a)
    behind = indices(definitions, b)
    if a.shape[-1] == 1:
        total = contract(
            -g * definitions.expr[node.id] / definitions.at(a, []),
            [i for i in out if isinstance(i, Index)],
        )
        renamed = dict(zip(out, behind, strict=True))
        return [total, g.xreplace(renamed) / definitions.at(a, [])]
    scale, rest = numbers(g)
    rows = rows_of(rest, out)
    if rows and (len(rows) > 1 or b.ndim > 1):
        return _solve_rows(definitions, node, g)
    whole = definitions.whole(rest, [*out, *rows])
    i, j = fresh_like(row), fresh_like(column)
    transposed = definitions.whole(definitions.at(a, [j, i]), [i, j])
    at_row = element("solve", [transposed, whole], [row, *behind[1:], *rows])
    shared = [index for index in behind[1:] if isinstance(index, Index)]
    x_at = definitions.at(node, [column, *shared])
    return [
        contract(-scale * at_row * x_at, shared),
        scale * element("solve", [transposed, whole], [*behind, *rows]),
    ]


def _solve_rows(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The same for many adjoints at once, X = inv(A) B."""
    a, b = node.inputs
    first, *others = indices(definitions, node)
    row, column = indices(definitions, a)
    behind, *shared = indices(definitions, b)
    moved = g.xreplace({old: new for old, new in zip(others, shared, strict=True) if old != 0})
    right = contract(moved * _inverse_entry(definitions, a, first, behind), [first])
    summed = [index for index in shared if isinstance(index, Index)]
    x_at = definitions.at(node, [column, *summed])
    return [contract(-right.xreplace({behind: row}) * x_at, summed), right]


def _diagonal_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    (i,) = indices(definitions, node)
    return definitions.at(x, [i, i])


def _diagonal_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    (x,) = node.inputs
    (i,) = indices(definitions, node)
    row, column = indices(definitions, x)
    return [g.xreplace({i: row}) * delta(row, column)]


def _main_diagonal(node: Node) -> bool:
    shape = node.inputs[0].shape
    return node.params["offset"] == 0 and len(shape) == 2 and shape[0] == shape[1] != 1


def _diagonal_unify(definitions: Definitions, node: Node) -> None:
    (x,) = node.inputs
    unify_axes(definitions, [(x, 0, x, 1), (x, 0, node, 0)])


# --- cross products ---


def _same_vectors(node: Node) -> bool:
    return node.inputs[0].shape == node.inputs[1].shape == node.shape


def _cross_unify(definitions: Definitions, node: Node) -> None:
    a, b = node.inputs
    axes = range(-a.ndim, 0)
    unify_axes(definitions, [(a, i, x, i) for x in (b, node) for i in axes])


def _cross_forward(definitions: Definitions, node: Node) -> Expr:
    arrays = [definitions.array(parent) for parent in node.inputs]
    return element("cross", arrays, indices(definitions, node))


def _cross_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """g . (da x b) = da . (b x g), and g . (a x db) = db . (g x a)."""
    a, b = node.inputs
    scale, rest = numbers(g)
    whole = definitions.whole(rest, indices(definitions, node))
    return [
        scale * element("cross", [definitions.array(b), whole], indices(definitions, a)),
        scale * element("cross", [whole, definitions.array(a)], indices(definitions, b)),
    ]


ATOMS: dict[str, Atom] = {
    "cross": Atom(_cross_forward, _cross_adjoints, _cross_unify, _same_vectors),
    "det": Atom(_det_forward, _det_adjoints, _square, _matrix),
    "logabsdet": Atom(_logdet_forward, _logdet_adjoints, _square, _matrix),
    "inv": Atom(_inv_forward, _inv_adjoints, _inv_unify, _matrix),
    "solve": Atom(_solve_forward, _solve_adjoints, _solve_unify, _matrix),
    "diagonal": Atom(_diagonal_forward, _diagonal_adjoints, _diagonal_unify, _main_diagonal),
}
