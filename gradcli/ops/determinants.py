"""The determinant: `det`, its derivative `cofactor` (which exists at singular matrices), `logdet`.

Up to 3 by 3 cofactors are written out, so that small integers stay exact. Beyond, they are
`det(a) * inv(a).T` where that is accurate, and minors or products of singular values where not.
"""

from __future__ import annotations

import numpy as np

from gradcli.graph import Array, Node, apply, broadcast_shapes
from gradcli.ops import linalg_exact as exact
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import function, primitive
from gradcli.ops.linalg import finite, spread, square, swap, trace

FAMILY = "linalg"
_BY_MINORS = 12  # up to this size the cofactors of a singular matrix are its minors


# --- det and its derivatives ----------------------------------------------------------------------


def _rolled(x: Array, rows: int, columns: int) -> Array:
    rolled: Array = np.roll(x, (-rows, -columns), axis=(-2, -1))
    return rolled


def _polar3(a: Array, b: Array) -> Array:
    """The bilinear form whose diagonal is twice the cofactor matrix, 3 by 3."""
    form: Array = (
        _rolled(a, 1, 1) * _rolled(b, 2, 2)
        + _rolled(b, 1, 1) * _rolled(a, 2, 2)
        - _rolled(a, 1, 2) * _rolled(b, 2, 1)
        - _rolled(b, 1, 2) * _rolled(a, 2, 1)
    )
    return form


def _cofactor2(x: Array) -> Array:
    turned: Array = x[..., ::-1, ::-1] * np.array([[1, -1], [-1, 1]]) + 0.0  # no -0.0
    return turned


def _minors(x: Array) -> Array:
    n = x.shape[-1]
    kept = np.array([[k for k in range(n) if k != i] for i in range(n)])
    minors = x[..., kept[:, None, :, None], kept[None, :, None, :]]
    signs = 1.0 - 2.0 * (np.add.outer(np.arange(n), np.arange(n)) % 2)
    return np.asarray(signs * np.linalg.det(minors) + 0.0)


def _others(s: Array) -> Array:
    """For each entry of the last axis the product of all the others, without a division."""
    ones = np.ones_like(s[..., :1])
    before = np.concatenate([ones, np.cumprod(s[..., :-1], axis=-1)], axis=-1)
    after = np.concatenate([ones, np.cumprod(s[..., :0:-1], axis=-1)], axis=-1)
    product: Array = before * after[..., ::-1]
    return product


def _signed_svd(x: Array) -> tuple[Array, Array, Array, Array]:
    """U, s, Vh and the sign of det(U) det(Vh)."""
    u, s, vh = np.linalg.svd(x)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(vh))
    return u, s, vh, np.asarray(sign)[..., None, None]


def _cofactor(x: Array) -> Array:
    n = x.shape[-1]
    if n <= 1:
        return np.ones_like(x)
    if n == 2:
        return _cofactor2(x)
    if n == 3:
        return _polar3(x, x) / 2
    try:
        inverse = np.linalg.inv(x)
        if np.abs(inverse @ x - np.eye(n)).max(initial=0.0) < 1e-9:
            return np.asarray(np.linalg.det(x)[..., None, None] * swap(inverse))
    except np.linalg.LinAlgError:
        pass
    if n <= _BY_MINORS:
        return _minors(x)
    u, s, vh, sign = _signed_svd(x)
    return np.asarray(sign * ((u * _others(s)[..., None, :]) @ vh))


def _cofactor_product(x: Array, h: Array) -> Array:
    x, h = as_float(x), as_float(h)
    n = x.shape[-1]
    if n <= 1:
        return np.zeros_like(h)
    if n == 2:
        return _cofactor2(h)
    if n == 3:
        return _polar3(x, h)
    return finite(lambda x: _cofactor_product_by_svd(x, h))(x)


def _cofactor_product_by_svd(x: Array, h: Array) -> Array:
    n = x.shape[-1]
    u, s, vh, sign = _signed_svd(x)
    inner = swap(u) @ h @ swap(vh)
    eye = np.eye(n, dtype=bool)
    pairs = np.where(eye, 0.0, _others(np.where(eye, 1.0, s[..., None, :])))
    diagonal = np.einsum("...ij,...ii->...j", pairs, inner)
    result = np.where(eye, diagonal[..., None, :], -pairs * swap(inner))
    return np.asarray(sign * (u @ result @ vh))


def _cofactor_product_vjp(g: Node, out: Node, x: Node, h: Node) -> tuple[Node | None, Node]:
    """The third derivative of det at (h, g); beyond 3 by 3 it needs an invertible x."""
    n = x.shape[-1]
    by_h = apply("cofactor_product", x, g)
    if n <= 2:
        return None, by_h
    if n == 3:
        return apply("cofactor_product", h, g), by_h
    inverse = apply("inv", x)
    p, q = inverse @ h, inverse @ g
    pq, qp = p @ q, q @ p
    trace_p, trace_q = spread(trace(p)), spread(trace(q))
    form = trace_p * trace_q - spread(trace(pq))
    inner = form * inverse + (pq + qp - trace_q * p - trace_p * q) @ inverse
    return spread(apply("det", x)) * inner.mT, by_h


def _det(x: Array) -> Array:
    return np.asarray(np.linalg.det(as_float(x)))


primitive(
    "det",
    evaluate=_det,
    shape=lambda shape: square("det", 1.0)(shape)[:-2],
    vjp=lambda g, out, x: (spread(g) * apply("cofactor", x),),
    exact=exact.det,
    signature="a",
    doc="Determinant.",
    family=FAMILY,
    aliases=("determinant",),
    example="det(A)",
)
primitive(
    "cofactor",
    evaluate=finite(_cofactor),
    shape=square("cofactor", 30.0),
    vjp=lambda g, out, x: (apply("cofactor_product", x, g),),
    exact=exact.cofactor,
    signature="a",
    doc="Cofactor matrix, the derivative of `det`: `det(a) * inv(a).T`, also for a singular a.",
    family=FAMILY,
    example="cofactor(A)",
)
primitive(
    "cofactor_product",
    evaluate=_cofactor_product,
    shape=lambda shape, other: broadcast_shapes("cofactor_product", shape, other),
    vjp=_cofactor_product_vjp,
    doc="The second derivative of `det` applied to a matrix.",
    family=FAMILY,
)


@function(
    "adjugate",
    "a",
    "Adjugate, the transposed cofactor matrix.",
    family=FAMILY,
    aliases=("adj",),
    example="adjugate(A)",
)
def adjugate(a: Node) -> Node:
    """`det(a) * inv(a)`, also where `a` is singular."""
    return apply("cofactor", a).mT


# --- log-determinant ------------------------------------------------------------------------------

primitive(
    "logabsdet",
    evaluate=lambda x: np.asarray(np.linalg.slogdet(as_float(x))[1]),
    shape=lambda shape: square("logdet", 1.0)(shape)[:-2],
    vjp=lambda g, out, x: (spread(g) * apply("inv", x).mT,),
    exact=exact.logabsdet,
    kink=lambda x: np.isneginf(np.linalg.slogdet(as_float(x))[1]),
    doc="Logarithm of the absolute determinant.",
    family=FAMILY,
)
primitive(
    "sign_det",
    evaluate=lambda x: np.asarray(np.linalg.slogdet(as_float(x))[0]),
    shape=lambda shape: square("slogdet", 1.0)(shape)[:-2],
    vjp=None,
    cut="piecewise constant",
    exact=exact.sign_det,
    kink=lambda x: np.linalg.slogdet(as_float(x))[0] == 0,
    doc="Sign of the determinant.",
    family=FAMILY,
)


@function(
    "logdet",
    "a",
    "Logarithm of the absolute determinant, without overflow.",
    family=FAMILY,
    aliases=("logabsdet", "log_det"),
    example="logdet(S)",
)
def logdet(a: Node) -> Node:
    """`log(abs(det(a)))`."""
    return apply("logabsdet", a)


@function(
    "slogdet",
    "a",
    "Sign and logarithm of the absolute determinant, a pair.",
    family=FAMILY,
    example="slogdet(A)[1]",
)
def slogdet(a: Node) -> tuple[Node, Node]:
    """`(sign, logabsdet)`; the sign has no derivative."""
    return apply("sign_det", a), apply("logabsdet", a)
