"""Decompositions: `cholesky`, `qr`, `eigh`.

`cholesky` and `eigh` read one triangle of their argument, as NumPy does, and the gradient is that
of the function as it is computed: it lives in the triangle that is read. At repeated eigenvalues
the rules give the true gradient of every symmetric function of them; eigenvectors have no
derivative there, and a gradient that needs one is nan, not a made-up number.

Sources: M. Giles (2008); I. Murray, "Differentiation of the Cholesky decomposition" (2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, constant, shape_text
from gradcli.ops import linalg_exact as exact
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import describe, function, primitive
from gradcli.ops.linalg import (
    check_work,
    finite,
    matrix_shape,
    negligible,
    row,
    solve,
    square,
    square_shape,
    triangle,
)

FAMILY = "decompositions"


def _halved(x: Node) -> Node:
    """The lower triangle with half the diagonal."""
    n = x.shape[-1]
    return x * constant(np.tri(n) - 0.5 * np.eye(n), x.dtype)


def _folded(x: Node) -> Node:
    """A symmetric cotangent, given to the lower triangle, the only one that is read."""
    n = x.shape[-1]
    return x * constant(2.0 * np.tri(n) - np.eye(n), x.dtype)


# --- cholesky -------------------------------------------------------------------------------------


def _cholesky(x: Array) -> Array:
    try:
        factor = np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        raise GradcliError(
            "cholesky: the matrix is not positive definite",
            kind="value",
            hint="add a small multiple of the identity to a matrix that is only semidefinite",
        ) from None
    pivots = np.diagonal(factor, axis1=-2, axis2=-1) ** 2
    if np.any(pivots <= np.finfo(factor.dtype).eps * np.diagonal(x, axis1=-2, axis2=-1)):
        raise GradcliError(
            "cholesky: the matrix is not positive definite to working precision",
            kind="value",
            hint="add a small multiple of the identity to a matrix that is only semidefinite",
        )
    return factor


def _cholesky_vjp(g: Node, out: Node, x: Node) -> tuple[Node]:
    inner = _halved(out.mT @ g)
    half = solve(out.mT, solve(out.mT, inner.mT).mT)
    return (_folded(0.5 * (half + half.mT)),)


primitive(
    "cholesky",
    evaluate=finite(_cholesky),
    shape=square("cholesky", 1.0),
    vjp=_cholesky_vjp,
    exact=exact.cholesky,
    doc="Cholesky factor.",
    family=FAMILY,
)


@function(
    "cholesky",
    "a; upper=False, lower=None",
    "The triangular L with `a == L @ L.T`; reads one triangle of `a`.",
    family=FAMILY,
    example="cholesky(S)",
)
def cholesky(a: Node, upper: bool = False, lower: bool | None = None) -> Node:
    """The lower factor; with `upper` its transpose, read from the upper triangle.

    `lower` is SciPy's name for the opposite of `upper`.
    """
    square_shape("cholesky", a.shape)
    if lower is not None:
        upper = not lower
    return apply("cholesky", a.mT).mT if upper else apply("cholesky", a)


# --- qr -------------------------------------------------------------------------------------------


def _qr_shape(shape: Shape, part: str) -> Shape:
    check_work("qr", matrix_shape("qr", shape), 4.0)
    count = min(shape[-2:])
    return (*shape[:-1], count) if part == "q" else (*shape[:-2], count, shape[-1])


def _qr(x: Array, part: str) -> Array:
    x = as_float(x)
    return np.linalg.qr(x)[0] if part == "q" else np.asarray(np.linalg.qr(x, mode="r"))


def _qr_vjp(g: Node, out: Node, x: Node, part: str) -> tuple[Node]:
    if part == "q":
        q, r = out, apply("qr", x, part="r")
        inner = -(g.mT @ q)
    else:
        q, r = apply("qr", x, part="q"), out
        inner = r @ g.mT
    mirrored = q @ (triangle(inner, True) + triangle(inner, True, -1).mT)
    return (solve(r, (g + mirrored if part == "q" else mirrored).mT).mT,)


def _qr_kink(x: Array, part: str) -> Array:
    r = np.linalg.qr(as_float(x), mode="r")
    pivots = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    lost = np.any(pivots <= negligible(x) * np.max(np.abs(r), axis=(-2, -1))[..., None], axis=-1)
    return np.broadcast_to(lost[..., None, None], _qr_shape(x.shape, part))


primitive(
    "qr",
    evaluate=_qr,
    shape=_qr_shape,
    vjp=_qr_vjp,
    exact=exact.qr,
    kink=_qr_kink,
    doc="Q or R of the QR decomposition of a square or tall matrix.",
    family=FAMILY,
)


@function(
    "qr",
    "a; mode='reduced'",
    "QR decomposition, the pair Q, R (R alone with mode='r').",
    family=FAMILY,
    example="qr(A)[1]",
)
def qr(a: Node, mode: Any = "reduced") -> Any:
    """`a == Q @ R` with orthonormal columns in Q and an upper triangular R."""
    rows, columns = matrix_shape("qr", a.shape)[-2:]
    if mode not in ("reduced", "r", "complete"):
        raise GradcliError(
            f"qr: mode is 'reduced', 'complete' or 'r', not {describe(mode)}", kind="value"
        )
    if mode == "complete" and rows > columns:
        raise GradcliError(
            f"qr: the extra columns of a complete Q of shape {shape_text(a.shape)} are arbitrary",
            kind="value",
            hint="use mode='reduced'",
        )
    if rows >= columns:
        q, r = apply("qr", a, part="q"), apply("qr", a, part="r")
    else:  # the first columns decide Q; the others of R are Q.T times those of a
        q = apply("qr", a[..., :rows], part="q")
        r = triangle(q.mT @ a, False)
    return r if mode == "r" else (q, r)


# --- eigenvalues of symmetric matrices ------------------------------------------------------------


def _inverse_gaps(s: Array) -> Array:
    gaps = s[..., None, :] - s[..., :, None]
    n = s.shape[-1]
    largest = np.max(np.abs(s), axis=-1, initial=0.0)[..., None, None]
    close = np.abs(gaps) <= n * np.finfo(s.dtype).eps * largest
    inverse = np.where(close, np.nan, 1.0 / np.where(close, 1.0, gaps))
    return np.asarray(np.where(np.eye(n, dtype=bool), 0.0, inverse))


def _inverse_gaps_vjp(g: Node, out: Node, s: Node) -> tuple[Node]:
    inner = apply("weigh", g, out * out)
    rows = apply("sum", inner, axes=(-1,), keepdims=False)
    return (rows - apply("sum", inner, axes=(-2,), keepdims=False),)


primitive(
    "inverse_gaps",
    evaluate=_inverse_gaps,
    shape=lambda shape: (*shape, shape[-1]),
    vjp=_inverse_gaps_vjp,
    doc="1 / (s[j] - s[i]), 0 on the diagonal, nan at a repeated value.",
    family=FAMILY,
)


def repeated(s: Array) -> Array:
    """Whether a value of the last axis has an equal neighbour."""
    return np.asarray(np.any(np.isnan(_inverse_gaps(s)), axis=-1))


def _eigvalsh_vjp(g: Node, out: Node, x: Node) -> tuple[Node]:
    v = apply("eigenvectors", x)
    return (_folded((v * row(g)) @ v.mT),)


def _eigenvectors_vjp(g: Node, out: Node, x: Node) -> tuple[Node]:
    gaps = apply("inverse_gaps", apply("eigvalsh", x))
    inner = out @ apply("weigh", out.mT @ g, gaps) @ out.mT
    return (_folded(0.5 * (inner + inner.mT)),)


_eigvalsh = finite(np.linalg.eigvalsh)

primitive(
    "eigvalsh",
    evaluate=_eigvalsh,
    shape=lambda shape: square("eigvalsh", 9.0)(shape)[:-1],
    vjp=_eigvalsh_vjp,
    exact=exact.eigvalsh,
    kink=lambda x: repeated(_eigvalsh(x)),
    doc="Eigenvalues of a symmetric matrix.",
    family=FAMILY,
)
primitive(
    "eigenvectors",
    evaluate=finite(lambda x: np.linalg.eigh(x)[1]),
    shape=square("eigh", 20.0),
    vjp=_eigenvectors_vjp,
    exact=exact.eigenvectors,
    kink=lambda x: np.broadcast_to(repeated(_eigvalsh(x))[..., None, :], x.shape),
    doc="Eigenvectors of a symmetric matrix, one per column.",
    family=FAMILY,
)


def _one_triangle(name: str, a: Node, uplo: Any) -> Node:
    square_shape(name, a.shape)
    if uplo not in ("L", "U", "l", "u"):
        raise GradcliError(f"{name}: UPLO is 'L' or 'U', not {describe(uplo)}", kind="value")
    return a if uplo in ("L", "l") else a.mT


@function(
    "eigvalsh",
    "a; UPLO='L'",
    "Ascending eigenvalues of a symmetric matrix; reads one triangle of `a`.",
    family=FAMILY,
    example="eigvalsh(S)",
)
def eigvalsh(a: Node, UPLO: Any = "L") -> Node:
    """Eigenvalues of the symmetric matrix in the lower (or upper) triangle."""
    return apply("eigvalsh", _one_triangle("eigvalsh", a, UPLO))


@function(
    "eigh",
    "a; UPLO='L'",
    "Eigenvalues and eigenvectors (columns) of a symmetric matrix, a pair.",
    family=FAMILY,
    example="eigh(S)[0]",
)
def eigh(a: Node, UPLO: Any = "L") -> tuple[Node, Node]:
    """`(w, v)` with `a @ v == v * w`, ascending."""
    a = _one_triangle("eigh", a, UPLO)
    return apply("eigvalsh", a), apply("eigenvectors", a)
