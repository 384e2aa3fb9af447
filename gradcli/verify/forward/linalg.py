"""Tangents in linear algebra: differentials of what defines each result.

Matrices stand in the last two axes. Sources: M. Giles, "An extended collection of matrix derivative
results" (2008); J. Townsend, "Differentiating the singular value decomposition" (2016);
N. Higham, "Functions of Matrices" (2008), section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.execute.precise import Cannot
from gradcli.graph import Array, Node
from gradcli.verify.forward.linear import one_by_one
from gradcli.verify.forward.table import Tangent, tangent_rule

ROWS = 32  # of a matrix, up to which a determinant is differentiated row by row


def _swap(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


def _trace(x: Array) -> Array:
    return np.asarray(np.trace(x, axis1=-2, axis2=-1))


def _symmetric(x: Array) -> Array:
    """The symmetric matrix whose lower triangle is given: the one that is read."""
    return np.asarray(np.tril(x) + _swap(np.tril(x, -1)))


# --- inverses and determinants -------------------------------------------------------------------


@tangent_rule("inv")
def inv(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """X Y = 1."""
    return np.asarray(-values[-1] @ tangents[0] @ values[-1])


@tangent_rule("solve")
def solve(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """A X = B."""
    (a, _, x), (da, db) = values, tangents
    columns = x[..., None] if node.params["vector"] else x
    right = np.zeros_like(columns)
    if db is not None:
        right = right + (db[..., None] if node.params["vector"] else db)
    if da is not None:
        right = right - da @ columns
    result = np.linalg.solve(a, right)
    return result[..., 0] if node.params["vector"] else result


@tangent_rule("det")
def det(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Linear in each row: the sum of the determinants with one row replaced by its tangent."""
    (x, out), (dx,) = values, tangents
    assert dx is not None
    n = x.shape[-1]
    if n > ROWS:
        return np.asarray(out * _trace(np.linalg.solve(x, dx)))
    rows = np.arange(n)
    replaced = np.repeat(x[..., None, :, :], n, axis=-3)
    replaced[..., rows, rows, :] = dx
    return np.asarray(np.sum(np.linalg.det(replaced), axis=-1))


@tangent_rule("logabsdet")
def logabsdet(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Jacobi's formula."""
    assert tangents[0] is not None
    return _trace(np.linalg.solve(values[0], tangents[0]))


@tangent_rule("cofactor")
def cofactor(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """C = det(X) inv(X).T, where X is regular."""
    (x, out), (dx,) = values, tangents
    assert dx is not None
    inner = np.linalg.solve(x, dx)
    return np.asarray(_trace(inner)[..., None, None] * out - out @ _swap(inner))


@tangent_rule("cofactor_product")
def cofactor_product(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Linear in the direction; in the matrix as well up to 3 rows."""
    x = values[0]
    if tangents[0] is not None and x.shape[-1] > 3:
        raise Cannot("no tangent rule for cofactor_product of more than 3 rows")
    if x.shape[-1] < 3:
        tangents = (None, tangents[1])
    return one_by_one(node, values[:-1], tangents)


@tangent_rule("pinv")
def pinv(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Golub and Pereyra (1973), at constant rank."""
    (a, p), (da,) = values, tangents
    assert da is not None
    if np.any(np.linalg.matrix_rank(a) < min(a.shape[-2:])):
        raise Cannot("pinv of a matrix that has not full rank")
    left = np.eye(a.shape[-2]) - a @ p
    right = np.eye(a.shape[-1]) - p @ a
    ends = p @ _swap(p) @ _swap(da) @ left + right @ _swap(da) @ _swap(p) @ p
    return np.asarray(ends - p @ da @ p)


# --- decompositions ------------------------------------------------------------------------------


@tangent_rule("cholesky")
def cholesky(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """L L.T = S: inv(L) dS inv(L).T is inv(L) dL and its transpose."""
    (_, lower), (ds,) = values, tangents
    assert ds is not None
    half = np.linalg.solve(lower, _symmetric(ds))
    inner = np.linalg.solve(lower, _swap(half))
    return np.asarray(lower @ (np.tril(inner) - 0.5 * inner * np.eye(inner.shape[-1])))


@tangent_rule("qr")
def qr(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Q R = A: Q.T dQ is antisymmetric, dR triangular. A wide matrix: from its first columns."""
    a, da = values[0], tangents[0]
    assert da is not None
    q, r = np.linalg.qr(a)
    n = r.shape[-2]
    outer = _swap(np.linalg.solve(_swap(r[..., :n]), _swap(da[..., :n])))  # dA inv(R)
    inner = _swap(q) @ outer
    turn = np.tril(inner, -1) - _swap(np.tril(inner, -1))
    dq = q @ turn + outer - q @ inner
    return np.asarray(dq if node.params["part"] == "q" else _swap(q) @ da - turn @ r)


@tangent_rule("eigvalsh")
def eigvalsh(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The diagonal of V.T dS V."""
    v = np.linalg.eigh(values[0])[1]
    assert tangents[0] is not None
    return np.diagonal(_swap(v) @ _symmetric(tangents[0]) @ v, axis1=-2, axis2=-1)


@tangent_rule("eigenvectors")
def eigenvectors(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """V times the rest of V.T dS V, over the gaps."""
    s, v = np.linalg.eigh(values[0])
    assert tangents[0] is not None
    return np.asarray(v @ (_inverse_gaps(s) * (_swap(v) @ _symmetric(tangents[0]) @ v)))


def _inverse_gaps(s: Array) -> Array:
    """1/(s[j] - s[i]), and 0 on the diagonal."""
    gaps = s[..., None, :] - s[..., :, None]
    diagonal = np.eye(s.shape[-1])
    return np.asarray((1.0 - diagonal) / (gaps + diagonal))


@tangent_rule("inverse_gaps")
def inverse_gaps(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The derivative of 1/(s[j] - s[i])."""
    (_, out), (ds,) = values, tangents
    assert ds is not None
    return np.asarray((ds[..., :, None] - ds[..., None, :]) * out**2)


@tangent_rule("svdvals")
def svdvals(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The diagonal of U.T dA V."""
    u, _, vh = np.linalg.svd(values[0], full_matrices=False)
    return np.diagonal(_swap(u) @ tangents[0] @ _swap(vh), axis1=-2, axis2=-1)


@tangent_rule("singular_vectors")
def singular_vectors(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Eigenvectors of A A.T (or A.T A) and what leaves the space that they span."""
    a, da = values[0], tangents[0]
    assert da is not None
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    v = _swap(vh)
    if node.params["side"] != "left":
        u, v, da = v, u, _swap(da)
    inner = _swap(u) @ da @ v
    mixed = inner * s[..., None, :] + s[..., :, None] * _swap(inner)
    outer = (da @ v) / s[..., None, :]
    return np.asarray(u @ (_inverse_gaps(s**2) * mixed) + outer - u @ (_swap(u) @ outer))


# --- functions of matrices -----------------------------------------------------------------------


@tangent_rule("expm", "sqrtm", "logm")
def matrix_function(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The corner of f([[X, dX], [0, X]])."""
    x, dx = values[0], tangents[0]
    assert dx is not None
    n = x.shape[-1]
    block = np.zeros((*x.shape[:-2], 2 * n, 2 * n))
    block[..., :n, :n] = block[..., n:, n:] = x
    block[..., :n, n:] = dx
    return np.asarray(node.op.evaluate(block, **node.params))[..., :n, n:]


@tangent_rule("expm_derivative", "sqrtm_derivative", "logm_derivative")
def matrix_derivative(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """Linear in its directions; moving the matrix is one more direction."""
    arrays = values[:-1]
    total = one_by_one(node, arrays, (None, *tangents[1:]))
    if tangents[0] is not None:
        moved = np.asarray(node.op.evaluate(*arrays, tangents[0], **node.params))
        total = moved if total is None else total + moved
    return total
