"""Linear algebra at any precision: object arrays of mpmath numbers in and out, for small sizes.

`m` is an mpmath context (`mpmath.mp` or one of its own); nothing here imports mpmath. Signs of
vectors follow LAPACK's, so that a value agrees with NumPy's, only with more digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError

Objects = np.ndarray[Any, np.dtype[np.object_]]


def _matrix(m: Any, x: Objects) -> Any:
    result = m.zeros(*x.shape) if x.size else m.matrix(*x.shape)
    for i, j in np.ndindex(*x.shape):
        result[i, j] = m.mpmathify(x[i, j])
    return result


def _array(matrix: Any, rows: int, columns: int) -> Objects:
    result = np.empty((rows, columns), dtype=object)
    for i, j in np.ndindex(rows, columns):
        result[i, j] = matrix[i, j]
    return result


def _vector(entries: Any) -> Objects:
    entries = list(entries)
    result = np.empty(len(entries), dtype=object)
    result[:] = entries
    return result


def _stacked(function: Callable[..., Any], *arrays: Any) -> Objects:
    """`function` of matrices for every matrix of the leading axes, broadcast."""
    arrays = tuple(np.asarray(array, dtype=object) for array in arrays)
    batch = np.broadcast_shapes(*(array.shape[:-2] for array in arrays))
    spread = [np.broadcast_to(array, batch + array.shape[-2:]) for array in arrays]
    parts = [
        np.asarray(function(*(array[at] for array in spread)), dtype=object)
        for at in np.ndindex(*batch)
    ]
    result = np.empty(batch + parts[0].shape, dtype=object)
    for at, part in zip(np.ndindex(*batch), parts, strict=True):
        result[at] = part if part.shape else part.item()
    return result


def _refuse(name: str, what: str = "singular") -> GradcliError:
    return GradcliError(f"{name}: the matrix is {what}", kind="value")


# --- det, inv, solve ------------------------------------------------------------------------------


def _eliminate(left: Objects, right: Objects) -> Any:
    """Gauss with partial pivoting, in place; returns the determinant, 0 where a pivot is."""
    product: Any = 1
    for k in range(len(left)):
        pivot = max(range(k, len(left)), key=lambda i: abs(left[i, k]))
        if not left[pivot, k]:
            return left[pivot, k]
        if pivot != k:
            left[[k, pivot]], right[[k, pivot]] = left[[pivot, k]], right[[pivot, k]]
            product = -product
        product = product * left[k, k]
        for i in range(k + 1, len(left)):
            factor = left[i, k] / left[k, k]
            left[i, k:] -= factor * left[k, k:]
            right[i] -= factor * right[k]
    return product


def _det(m: Any, a: Objects) -> Any:
    return m.mpf(_eliminate(_array(_matrix(m, a), *a.shape), np.empty((len(a), 0), dtype=object)))


def _det_or_zero(m: Any, a: Objects) -> Any:
    """The determinant, 0 where it is no more than a rounding error."""
    value = _det(m, a)
    scale = m.fprod(m.norm([m.mpmathify(entry) for entry in row]) for row in a)
    return value if abs(value) > scale * m.eps * 2**20 else m.zero


def det(m: Any, x: Objects) -> Objects:
    """Determinant."""
    return _stacked(lambda a: _det(m, a), x)


def logabsdet(m: Any, x: Objects) -> Objects:
    """Logarithm of the absolute determinant."""

    def one(a: Objects) -> Any:
        value = abs(_det_or_zero(m, a))
        return m.log(value) if value else m.ninf

    return _stacked(one, x)


def sign_det(m: Any, x: Objects) -> Objects:
    """Sign of the determinant."""
    return _stacked(lambda a: m.sign(_det_or_zero(m, a)), x)


def cofactor(m: Any, x: Objects) -> Objects:
    """Cofactor matrix, by minors."""

    def one(a: Objects) -> Objects:
        n = len(a)
        result = np.empty((n, n), dtype=object)
        for i, j in np.ndindex(n, n):
            value = _det(m, np.delete(np.delete(a, i, axis=0), j, axis=1))
            result[i, j] = -value if (i + j) % 2 else value
        return result

    return _stacked(one, x)


def inv(m: Any, x: Objects) -> Objects:
    """Inverse."""
    return solve(m, x, np.eye(x.shape[-1], dtype=object), vector=False, name="inv")


def solve(m: Any, a: Objects, b: Objects, vector: bool, name: str = "solve") -> Objects:
    """Solution of linear systems, by elimination with partial pivoting."""

    def one(a: Objects, b: Objects) -> Objects:
        n = len(a)
        left = _array(_matrix(m, a), n, n)
        right = _array(_matrix(m, b), *b.shape)
        if not _eliminate(left, right):
            raise _refuse(name)
        for k in reversed(range(n)):
            right[k] = (
                (right[k] - left[k, k + 1 :] @ right[k + 1 :]) / left[k, k]
                if k + 1 < n
                else (right[k] / left[k, k])
            )
        return right

    columns = np.asarray(b, dtype=object)[..., None] if vector else b
    x = _stacked(one, a, columns)
    return x[..., 0] if vector else x


# --- decompositions -------------------------------------------------------------------------------


def cholesky(m: Any, x: Objects) -> Objects:
    """Lower factor, reading the lower triangle."""

    def one(a: Objects) -> Objects:
        n = len(a)
        factor = np.full((n, n), m.zero, dtype=object)
        for i in range(n):
            for j in range(i + 1):
                rest = m.mpmathify(a[i, j]) - m.fdot(factor[i, :j], factor[j, :j])
                if i > j:
                    factor[i, j] = rest / factor[j, j]
                elif rest > 0:
                    factor[i, i] = m.sqrt(rest)
                else:
                    raise _refuse("cholesky", "not positive definite")
        return factor

    return _stacked(one, x)


def _lower(a: Objects) -> Objects:
    n = len(a)
    return np.where(np.tri(n, dtype=bool), a, a.T)


def _without_dust(m: Any, values: Any) -> list[Any]:
    """Rounding errors as zeros, so that a singular matrix is one."""
    dust = max(map(abs, values), default=m.zero) * m.eps * 2**20
    return [value if abs(value) > dust else m.zero for value in values]


def eigvalsh(m: Any, x: Objects) -> Objects:
    """Ascending eigenvalues of the symmetric matrix in the lower triangle."""

    def one(a: Objects) -> Objects:
        values = m.eigsy(_matrix(m, _lower(a)), eigvals_only=True)
        return _vector(sorted(_without_dust(m, values)))

    return _stacked(one, x)


def _aligned(vectors: Objects, like: Objects) -> Objects:
    """Columns with the signs of the columns of a float matrix."""
    signs = np.sign(np.sum(vectors.astype(float) * like, axis=0))
    aligned: Objects = vectors * np.where(signs < 0, -1, 1).astype(object)
    return aligned


def eigenvectors(m: Any, x: Objects) -> Objects:
    """Eigenvectors of the symmetric matrix in the lower triangle, one per column."""

    def one(a: Objects) -> Objects:
        values, vectors = m.eigsy(_matrix(m, _lower(a)))
        order = sorted(range(len(a)), key=lambda i: values[i])
        columns = _array(vectors, len(a), len(a))[:, order]
        return _aligned(columns, np.linalg.eigh(a.astype(float))[1])

    return _stacked(one, x)


def svdvals(m: Any, x: Objects) -> Objects:
    """Descending singular values."""

    def one(a: Objects) -> Objects:
        return _vector(_singular_values(m, a))

    return _stacked(one, x)


def _singular_values(m: Any, a: Objects) -> list[Any]:
    values = m.svd_r(_matrix(m, a), compute_uv=False) if a.size else []
    return sorted(_without_dust(m, values), reverse=True)


def _open_rank(values: list[Any], rcond: float) -> bool:
    """Whether only rounding keeps a singular value from 0, so that the rank is anybody's guess.

    One that is smaller than any rounding of floats is meant: a tiny step away from a lower rank.
    """
    largest = max(values, default=0)
    return any(1e-25 * largest < value <= rcond * largest for value in values)


def matrix_rank(m: Any, x: Objects, tol: float | None) -> Objects:
    """Number of singular values above `tol`, or that are not 0."""

    def one(a: Objects) -> Any:
        values = _singular_values(m, a)
        if tol is None and _open_rank(values, max(a.shape) * 2.0**-52):
            raise _refuse("matrix_rank", "nearly of a lower rank")
        return m.mpf(sum(value > (tol or 0) for value in values))

    return _stacked(one, x)


def singular_vectors(m: Any, x: Objects, side: str) -> Objects:
    """Left or right singular vectors, one per column."""

    def one(a: Objects) -> Objects:
        rows, columns = a.shape
        count = min(a.shape)
        u, _, vh = m.svd_r(_matrix(m, a))
        fu, _, fvh = np.linalg.svd(a.astype(float), full_matrices=False)
        if side == "left":
            return _aligned(_array(u, rows, count), fu)
        return _aligned(_array(vh, count, columns).T, fvh.T)

    return _stacked(one, x)


def pinv(m: Any, x: Objects, rcond: float) -> Objects:
    """Pseudo-inverse."""

    def one(a: Objects) -> Objects:
        rows, columns = a.shape
        count = min(a.shape)
        u, s, vh = m.svd_r(_matrix(m, a))
        values = _without_dust(m, s)
        if _open_rank(values, rcond):
            raise _refuse("pinv", "nearly of a lower rank")
        inverse = _vector(1 / value if value else m.zero for value in values)
        result: Objects = (_array(vh, count, columns).T * inverse) @ _array(u, rows, count).T
        return result

    return _stacked(one, x)


def qr(m: Any, x: Objects, part: str) -> Objects:
    """Q or R by Householder's reflections with LAPACK's signs."""

    def one(a: Objects) -> Objects:
        rows, columns = a.shape
        count = min(a.shape)
        r = _array(_matrix(m, a), rows, columns)
        q = _array(m.eye(rows), rows, rows)
        for k in range(min(count, rows - 1)):
            v = r[k:, k].copy()
            if not any(v[1:]):
                continue
            length = m.sqrt(m.fdot(v, v))
            v[0] += length if v[0] >= 0 else -length
            scale = 2 / m.fdot(v, v)
            r[k:] -= np.outer(v, scale * (v @ r[k:]))
            q[:, k:] -= np.outer(q[:, k:] @ v, scale * v)
        if part == "q":
            return q[:, :count]
        upper = r[:count]
        return np.where(np.tri(count, columns, -1, dtype=bool), m.zero, upper)

    return _stacked(one, x)


# --- functions of a matrix ------------------------------------------------------------------------


def matrix_function(function: Callable[[Any, Any], Any]) -> Callable[..., Objects]:
    """A function of a matrix from mpmath's, `(m, matrix) -> matrix`."""

    def evaluate(m: Any, x: Objects) -> Objects:
        n = x.shape[-1]
        return _stacked(lambda a: _real(_array(function(m, _matrix(m, a)), n, n)), x)

    return evaluate


def _real(x: Objects) -> Objects:
    real: Objects = _vector(entry.real for entry in x.ravel()).reshape(x.shape)
    return real
