"""Singular values and what is written with them: `svd`, `pinv`, `lstsq`, `matrix_rank`, `cond`.

At repeated singular values the rules give the true gradient of every symmetric function of them,
at a singular value 0 that of least norm. Singular vectors have no derivative at a repeated value,
and a gradient that needs one is nan.

Sources: J. Townsend, "Differentiating the singular value decomposition" (2016); G. Golub and
V. Pereyra (1973) for the pseudo-inverse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, shape_text
from gradcli.ops import linalg_exact as exact
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import FUNCTIONS, describe, function, primitive
from gradcli.ops.decompositions import repeated
from gradcli.ops.linalg import check_work, column, finite, matrix_shape, negligible, row, swap
from gradcli.ops.structure import reshape

FAMILY = "decompositions"


# --- singular values ------------------------------------------------------------------------------


def _vectors_shape(shape: Shape, side: str) -> Shape:
    check_work("svd", matrix_shape("svd", shape), 20.0)
    return (*shape[:-2], shape[-2 if side == "left" else -1], min(shape[-2:]))


def _singular_vectors(x: Array, side: str) -> Array:
    def one(x: Array) -> Array:
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        return u if side == "left" else swap(vh)

    return finite(one)(x)


def _svdvals_shape(shape: Shape) -> Shape:
    check_work("svd", matrix_shape("svdvals", shape), 10.0)
    return (*shape[:-2], min(shape[-2:]))


def _svdvals_vjp(g: Node, out: Node, x: Node) -> tuple[Node]:
    """`U @ diag(g) @ V.T`; 0 at a singular value 0, as for a norm."""
    u, v = apply("singular_vectors", x, side="left"), apply("singular_vectors", x, side="right")
    taken = apply("where", apply("equal", out, 0.0), 0.0, g)
    return ((u * row(taken)) @ v.mT,)


def _singular_vectors_vjp(g: Node, out: Node, x: Node, side: str) -> tuple[Node]:
    """Gradient by the vectors of one side; the rule for the right ones is that of `x.T`."""
    other = apply("singular_vectors", x, side="right" if side == "left" else "left")
    s = apply("svdvals", x)
    sums = column(s) + row(s)
    f = apply("weigh", apply("inverse_gaps", s), 1.0 / sums)
    inner = out.mT @ g
    core = out @ (apply("weigh", inner, f) - apply("weigh", inner.mT, f)) * row(s)
    if out.shape[-2] > out.shape[-1]:
        core = core + apply("weigh", g - out @ inner, 1.0 / row(s))
    full = core @ other.mT
    return (full if side == "left" else full.mT,)


_svdvals = finite(lambda x: np.linalg.svd(x, compute_uv=False))


def _svd_kink(x: Array) -> Array:
    s = _svdvals(x)
    return repeated(s) | (s <= negligible(x) * s[..., :1])


primitive(
    "svdvals",
    evaluate=_svdvals,
    shape=_svdvals_shape,
    vjp=_svdvals_vjp,
    exact=exact.svdvals,
    kink=_svd_kink,
    signature="a",
    doc="Singular values, descending.",
    family=FAMILY,
    example="svdvals(A)",
)
primitive(
    "singular_vectors",
    evaluate=_singular_vectors,
    shape=_vectors_shape,
    vjp=_singular_vectors_vjp,
    exact=exact.singular_vectors,
    kink=lambda x, side: np.broadcast_to(_svd_kink(x)[..., None, :], _vectors_shape(x.shape, side)),
    doc="Left or right singular vectors, one per column.",
    family=FAMILY,
)


@function(
    "svd",
    "a; full_matrices=True, compute_uv=True",
    "Singular value decomposition, U, s, Vh (s alone with compute_uv=False).",
    family=FAMILY,
    example="svd(A, full_matrices=False)[1]",
)
def svd(a: Node, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """`a == U @ diag(s) @ Vh`. The vectors beyond the reduced ones are arbitrary: no gradient."""
    rows, columns = matrix_shape("svd", a.shape)[-2:]
    s = apply("svdvals", a)
    if not compute_uv:
        return s
    if full_matrices and rows != columns:
        return _full_vectors(a, "left"), s, _full_vectors(a, "right").mT
    return (
        apply("singular_vectors", a, side="left"),
        s,
        apply("singular_vectors", a, side="right").mT,
    )


def _full_vectors(a: Node, side: str) -> Node:
    """All vectors of one side: the reduced ones where these are all, else without a gradient."""
    rows, columns = a.shape[-2:]
    if (rows < columns) == (side == "left"):
        return apply("singular_vectors", a, side=side)
    return apply("full_singular_vectors", a, side=side)


def _full_singular_vectors(x: Array, side: str) -> Array:
    def one(x: Array) -> Array:
        u, _, vh = np.linalg.svd(x)
        return u if side == "left" else swap(vh)

    return finite(one)(x)


def _full_vectors_vjp(g: Node, out: Node, x: Node, side: str) -> tuple[Node]:
    raise GradcliError(
        f"svd: the vectors that a full decomposition of shape {shape_text(x.shape)} adds are "
        "arbitrary and have no derivative",
        kind="value",
        hint="use full_matrices=False",
    )


def _full_vectors_shape(shape: Shape, side: str) -> Shape:
    check_work("svd", matrix_shape("svd", shape), 20.0)
    size = shape[-2 if side == "left" else -1]
    return (*shape[:-2], size, size)


primitive(
    "full_singular_vectors",
    evaluate=_full_singular_vectors,
    shape=_full_vectors_shape,
    vjp=_full_vectors_vjp,
    doc="All left or right singular vectors, also those of the null space.",
    family=FAMILY,
)


# --- pseudo-inverse and least squares -------------------------------------------------------------


def _pinv_shape(shape: Shape, rcond: float) -> Shape:
    check_work("pinv", matrix_shape("pinv", shape), 20.0)
    return (*shape[:-2], shape[-1], shape[-2])


def _pinv(x: Array, rcond: float) -> Array:
    cutoff = max(rcond, float(np.finfo(as_float(x).dtype).eps))
    return finite(lambda x: np.linalg.pinv(x, rcond=cutoff))(x)


def _pinv_vjp(g: Node, out: Node, x: Node, rcond: float) -> tuple[Node]:
    """The rule at constant rank."""
    left, right = g.mT @ out, out @ g.mT
    below = left @ out.mT - x @ (out @ left @ out.mT)
    beside = out.mT @ right - (out.mT @ right @ out) @ x
    return (below + beside - out.mT @ g @ out.mT,)


def _pinv_kink(x: Array, rcond: float) -> Array:
    s = _svdvals(x)
    lost = np.any(s <= np.maximum(rcond, negligible(x)) * s[..., :1], axis=-1)
    return np.broadcast_to(lost[..., None, None], _pinv_shape(x.shape, rcond))


primitive(
    "pinv",
    evaluate=_pinv,
    shape=_pinv_shape,
    vjp=_pinv_vjp,
    exact=exact.pinv,
    kink=_pinv_kink,
    doc="Moore-Penrose pseudo-inverse.",
    family=FAMILY,
)


def _cutoff(name: str, value: Any, default: float) -> float:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GradcliError(f"{name}: rcond is a number, not {describe(value)}", kind="value")
    return float(value)


@function(
    "pinv",
    "a; rcond=None",
    "Moore-Penrose pseudo-inverse.",
    family=FAMILY,
    aliases=("pinverse",),
    example="pinv(A)",
)
def pinv(a: Node, rcond: Any = None) -> Node:
    """Singular values up to `rcond` (1e-15) times the largest count as zero."""
    return apply("pinv", a, rcond=_cutoff("pinv", rcond, 1e-15))


@function(
    "lstsq",
    "a, b; rcond=None",
    "Least-squares solution of `a @ x == b`: x, sums of squared residuals, rank, singular values.",
    family=FAMILY,
    example="lstsq(A, x)[0]",
)
def lstsq(a: Node, b: Node, rcond: Any = None) -> tuple[Node, Node, Node, Node]:
    """The x of least norm, by the pseudo-inverse; one matrix, `b` a vector or a matrix."""
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise GradcliError(
            f"lstsq: shapes {shape_text(a.shape)} and {shape_text(b.shape)} do not fit: "
            "a matrix and a right-hand side with as many rows are needed",
            kind="shape",
        )
    rows, columns = a.shape
    inverse = apply(
        "pinv", a, rcond=_cutoff("lstsq", rcond, max(rows, columns) * 2.220446049250313e-16)
    )
    x = inverse @ b
    rest = b - a @ x
    residuals = apply("sum", rest * rest, axes=(-b.ndim,), keepdims=b.ndim == 1)
    if rows <= columns:
        residuals = residuals[..., :0]
    return x, residuals, matrix_rank(a), apply("svdvals", a)


# --- rank and condition ---------------------------------------------------------------------------


def _matrix_rank(x: Array, tol: float | None) -> Array:
    s = _svdvals(x)
    bound = negligible(x) * s[..., :1] if tol is None else tol
    return np.asarray(np.sum(s > bound, axis=-1))


def _rank_kink(x: Array, tol: float | None) -> Array:
    """A low rank is lost by the smallest step."""
    return np.asarray(_matrix_rank(x, tol) < min(x.shape[-2:]))


primitive(
    "matrix_rank",
    evaluate=_matrix_rank,
    shape=lambda shape, tol: _svdvals_shape(shape)[:-1],
    vjp=None,
    cut="piecewise constant",
    dtype="index",
    exact=exact.matrix_rank,
    kink=_rank_kink,
    doc="Rank of a matrix.",
    family=FAMILY,
)


@function(
    "matrix_rank",
    "a; tol=None",
    "Rank: the number of singular values that are not negligible.",
    family=FAMILY,
    example="matrix_rank(A)",
)
def matrix_rank(a: Node, tol: Any = None) -> Node:
    """Number of singular values above `tol` (default as in NumPy); piecewise constant."""
    if a.ndim < 2:
        a = reshape(a, (1, a.size))
    return apply("matrix_rank", a, tol=None if tol is None else _cutoff("matrix_rank", tol, 0.0))


@function(
    "cond",
    "a; p=None",
    "Condition number (2-norm, or another norm times that of the inverse).",
    family=FAMILY,
    example="cond(A)",
)
def cond(a: Node, p: Any = None) -> Node:
    """Largest by smallest singular value; with `p`, `norm(a, p) * norm(inv(a), p)`."""
    matrix_shape("cond", a.shape)
    if p in (None, 2, -2):
        s = apply("svdvals", a)
        if s.shape[-1] == 0:
            raise GradcliError("cond: is not defined for an empty matrix", kind="shape")
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    norm = FUNCTIONS["norm"].build
    inverse = apply("inv", a)
    product: Node = norm(a, ord=p, axis=(-2, -1)) * norm(inverse, ord=p, axis=(-2, -1))
    return product
