"""Vectors of decompositions: QR, eigenvectors, singular vectors; the cofactor matrix; exponential,
square root and logarithm of a matrix."""

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
    rows_of,
    unify_axes,
)
from gradcli.symbolic.atoms.spectral import _call, _plain, _square, lower_doubled
from gradcli.symbolic.indices import Dim, contract, delta

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions


# --- QR ---


def _qr_part(definitions: Definitions, node: Node, part: str, at: list[Any]) -> Expr:
    return element(f"qr_{part}", [definitions.array(node.inputs[0])], at)


def _qr_unify(definitions: Definitions, node: Node) -> None:
    (a,) = node.inputs
    unify_axes(definitions, [(a, -1, node, -1)])
    unify_axes(
        definitions, [(a, -1, node, -2)] if node.params["part"] == "r" else [(a, 0, node, 0)]
    )


def _qr_forward(definitions: Definitions, node: Node) -> Expr:
    return _qr_part(definitions, node, node.params["part"], indices(definitions, node))


def _qr_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """With C(M) = the lower triangle mirrored: (G + Q C(-G'Q)) inv(R)' for Q, and Q C(R G') inv(R)'
    for R (Seeger et al., 2017)."""
    (a,) = node.inputs
    i, j = indices(definitions, a)
    row, column = indices(definitions, node)
    p, q, k = (fresh_like(j) for _ in range(3))
    if node.params["part"] == "q":
        m = fresh_like(i)
        inner = -contract(
            g.xreplace({row: m, column: p}) * _qr_part(definitions, node, "q", [m, q]), [m]
        )
    else:
        m = fresh_like(j)
        inner = contract(
            _qr_part(definitions, node, "r", [p, m]) * g.xreplace({row: q, column: m}), [m]
        )
    if rows_of(inner, [p, q]):
        turned = inner.xreplace({p: q, q: p})
        mirrored = below(p, q) * inner + below(q, p, strictly=True) * turned
    else:
        mirrored = element("lower_mirrored", [definitions.whole(inner, [p, q])], [p, q])
    left = contract(_qr_part(definitions, node, "q", [i, p]) * mirrored.xreplace({q: k}), [p])
    if node.params["part"] == "q":
        left += g.xreplace({row: i, column: k})
    r = definitions.whole(_qr_part(definitions, node, "r", [p, q]), [p, q])
    return [contract(left * element("inv", [r], [j, k]), [k])]


# --- eigenvectors and singular vectors ---


def _vectors_forward(definitions: Definitions, node: Node) -> Expr:
    return element("eigenvectors", [definitions.array(node.inputs[0])], indices(definitions, node))


def _vectors_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """V (F * V'G) V' with F = 1 / (w_j - w_i), made symmetric and folded into the triangle that is
    read (Giles, 2008)."""
    (a,) = node.inputs
    whole = definitions.array(a)
    i, j = indices(definitions, a)
    row, column = indices(definitions, node)
    p, q, m = (fresh_like(i) for _ in range(3))

    def v(x: Any, y: Any) -> Expr:
        return element("eigenvectors", [whole], [x, y])

    values = definitions.whole(element("eigvalsh", [whole], [p]), [p])
    gaps = element("inverse_gaps", [values], [p, q])
    inner = contract(v(m, p) * g.xreplace({row: m, column: q}), [m]) * gaps
    full = contract(v(i, p) * inner * v(j, q), [p, q])
    symmetric = (full + full.xreplace({i: j, j: i})) * Rational(1, 2)
    return [lower_doubled(definitions, symmetric, i, j)]


def _left(definitions: Definitions, a: Node, x: Any, k: Any) -> Expr:
    return element("left_vectors", [definitions.array(a)], [x, k])


def _right(definitions: Definitions, a: Node, x: Any, k: Any) -> Expr:
    return element("right_vectors", [definitions.array(a)], [k, x])


def _singular_unify(definitions: Definitions, node: Node) -> None:
    (a,) = node.inputs
    unify_axes(definitions, [(a, 0 if node.params["side"] == "left" else 1, node, 0)])


def _singular_forward(definitions: Definitions, node: Node) -> Expr:
    row, k = indices(definitions, node)
    side = _left if node.params["side"] == "left" else _right
    return side(definitions, node.inputs[0], row, k)


def _singular_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """For U: (U (F * (U'G - G'U)) S + (I - UU') G inv(S)) V' with F = 1 / (s_j**2 - s_i**2); for V
    the same with the sides exchanged (Townsend, 2016)."""
    (a,) = node.inputs
    left = node.params["side"] == "left"
    own, other = (_left, _right) if left else (_right, _left)
    i, j = indices(definitions, a) if left else indices(definitions, a)[::-1]
    row, k = indices(definitions, node)
    p, q, r = (fresh_like(k) for _ in range(3))
    m = fresh_like(row)

    def s(index: Any) -> Expr:
        return element("svdvals", [definitions.array(a)], [index])

    product = contract(own(definitions, a, m, p) * g.xreplace({row: m, k: q}), [m])
    skew = product - product.xreplace({p: q, q: p})
    gaps = element("inverse_gaps", [definitions.whole(s(p) ** 2, [p])], [p, q])
    inside = contract(own(definitions, a, i, p) * skew * gaps * s(q), [p])
    rest = delta(i, m) - contract(own(definitions, a, i, r) * own(definitions, a, m, r), [r])
    outside = contract(rest * g.xreplace({row: m, k: q}), [m]) / s(q)
    return [contract((inside + outside) * other(definitions, a, j, q), [q])]


# --- cofactors ---


def _cofactor_forward(definitions: Definitions, node: Node) -> Expr:
    """det(A) inv(A)', where A is invertible."""
    (a,) = node.inputs
    i, j = indices(definitions, node)
    whole = definitions.array(a)
    return element("det", [whole], []) * element("inv", [whole], [j, i])


def _cofactor_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d (det(A) inv(A)') = det(A) (tr(inv(A) dA) inv(A)' - inv(A)' dA' inv(A)')."""
    (a,) = node.inputs
    whole = definitions.array(a)
    i, j = indices(definitions, node)
    row, column = indices(definitions, a)

    def inverse(x: Any, y: Any) -> Expr:
        return element("inv", [whole], [x, y])

    along = contract(g * inverse(j, i), [i, j]) * inverse(column, row)
    across = contract(inverse(j, row) * g * inverse(column, i), [i, j])
    return [element("det", [whole], []) * (along - across)]


# --- functions of a matrix ---


def _function_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The adjoint of the derivative at A is the derivative at A', a corner of the function of a
    block matrix (Higham, "Functions of Matrices", theorem 3.6; Al-Mohy & Higham, 2009)."""
    (a,) = node.inputs
    i, j = indices(definitions, a)
    size = i.dim.find()
    assert isinstance(size, Dim)
    params = [size.text or str(size.size)]
    row, column = indices(definitions, node)
    if rows_of(g, [row, column]):  # many directions at once
        head = f"{node.op.name}_jacobian"
        whole = element(head, [definitions.array(a)], [row, column, i, j], params)
        return [contract(g * whole, [row, column])]
    transposed = definitions.whole(definitions.at(a, [j, i]), [i, j])
    direction = definitions.whole(g, [row, column])
    head = f"{node.op.name}_derivative"
    return [element(head, [transposed, direction], [i, j], params)]


ATOMS: dict[str, Atom] = {
    "qr": Atom(_qr_forward, _qr_adjoints, _qr_unify, _plain),
    "eigenvectors": Atom(_vectors_forward, _vectors_adjoints, _square, _plain),
    "singular_vectors": Atom(_singular_forward, _singular_adjoints, _singular_unify, _plain),
    "cofactor": Atom(_cofactor_forward, _cofactor_adjoints, _square, _plain),
    "expm": Atom(_call, _function_adjoints, _square, _plain),
    "sqrtm": Atom(_call, _function_adjoints, _square, _plain),
    "logm": Atom(_call, _function_adjoints, _square, _plain),
}
