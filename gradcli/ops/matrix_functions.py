"""Functions of a square matrix by power series: `expm`, `logm`, `sqrtm`.

One rule serves them all, at every order. Let `F` be such a function and `D(A; E1 ... Em)` its m-th
derivative in the directions `E1 ... Em`. It is a corner of `F` of a block matrix, and its adjoint
is such a derivative again: the gradient of `<G, D(A; E1 ... Em)>` is `D(A.T; G, E1.T ... Em.T)` by
`A`, and by `Ek` the same without `Ek.T`.

Source: N. Higham, "Functions of Matrices" (2008), chapters 3 (blocks), 6 (square root),
10 (exponential) and 11 (logarithm).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import FLOAT64, Array, Node, Shape, apply, broadcast_shapes
from gradcli.ops import linalg_exact as exact
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import primitive
from gradcli.ops.linalg import check_work, finite, square, square_shape

FAMILY = "matrix functions"

_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
_REACH = 5.37  # the largest 1-norm at which the Pade approximant of order 13 is exact to float64


def _norm(x: Array) -> Array:
    """The 1-norm of each matrix."""
    return np.asarray(np.max(np.sum(np.abs(x), axis=-2), axis=-1, initial=0.0))


def _expm(x: Array) -> Array:
    """Scaling and squaring around a Pade approximant of order 13."""
    eye = np.eye(x.shape[-1])
    norm = _norm(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        halvings = np.maximum(0, np.ceil(np.log2(norm / _REACH))).astype(int)
    squarings = int(np.max(halvings, initial=0))
    check_work("expm", x.shape, squarings + 20.0)
    x = np.ldexp(x, -halvings[..., None, None])
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x4 @ x2
    b = [float(c) for c in _PADE]
    odd = x @ (
        x6 @ (b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * eye
    )
    even = (
        x6 @ (b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * eye
    )
    result = np.linalg.solve(even - odd, even + odd)
    for turn in range(squarings):
        more = (halvings > turn)[..., None, None]
        result = np.where(more, result @ result, result)
    return result


def _no_root(name: str) -> GradcliError:
    return GradcliError(
        f"{name}: an eigenvalue is zero or negative",
        kind="value",
        hint=f"{name} needs a matrix without eigenvalues on the negative real axis",
    )


def _sqrtm(x: Array, name: str = "sqrtm") -> Array:
    """Principal square root by the scaled Denman-Beavers iteration in product form."""
    n = x.shape[-1]
    eye = np.eye(n)
    product: Array = x
    root: Array = x
    try:
        for _ in range(60):
            _, logdet = np.linalg.slogdet(product)
            off = np.abs(product - eye).max(axis=(-2, -1), initial=0.0)[..., None, None]
            scale = np.where(off < 0.1, 1.0, np.exp(-logdet / (2 * max(n, 1)))[..., None, None])
            inverse = np.linalg.inv(product) / scale**2
            root = 0.5 * scale * root @ (eye + inverse)
            product = 0.5 * (eye + 0.5 * (scale**2 * product + inverse))
            if not np.all(np.isfinite(root)):
                break
            if np.all(off < 1e-8):  # the next step, just made, squares it
                return root
    except np.linalg.LinAlgError:
        raise _no_root(name) from None
    residual = np.abs(root @ root - x).max(initial=0.0)
    if np.all(np.isfinite(root)) and residual <= 1e-8 * np.abs(x).max(initial=0.0):
        return root
    raise _no_root(name)


def _logm(x: Array) -> Array:
    """Inverse scaling and squaring: square roots until near the identity, then Gauss-Legendre."""
    eye = np.eye(x.shape[-1])
    roots = 0
    while np.max(_norm(x - eye), initial=0.0) > 0.25:
        if roots == 60:
            raise _no_root("logm")
        x = _sqrtm(x, "logm")
        roots += 1
    nodes, weights = np.polynomial.legendre.leggauss(9)
    rest = x - eye
    result = np.zeros_like(x)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        result = result + weight * np.linalg.solve(eye + node * rest, rest)
    return result * 2.0**roots


def _declare(
    name: str,
    evaluate: Callable[[Array], Array],
    spectrum: Callable[[Any, Any], Any],
    *,
    aliases: tuple[str, ...],
    doc: str,
    example: str,
) -> None:
    derivative = f"{name}_derivative"

    @finite
    def value(x: Array) -> Array:
        return evaluate(x.astype(FLOAT64)).astype(x.dtype)

    def corner(x: Array, *directions: Array) -> Array:
        """`D(x; directions)`: the far corner of the function of a block matrix of 2**m blocks."""
        n = x.shape[-1]
        block = as_float(x)
        for direction in directions:
            size = block.shape[-1]
            batch = np.broadcast_shapes(block.shape[:-2], direction.shape[:-2])
            larger = np.zeros((*batch, 2 * size, 2 * size), dtype=block.dtype)
            larger[..., :size, :size] = larger[..., size:, size:] = block
            for start in range(0, size, n):
                larger[..., start : start + n, size + start : size + start + n] = direction
            block = larger
        return value(block)[..., :n, -n:] if n else block

    def corner_shape(x: Shape, *directions: Shape) -> Shape:
        size = x[-1] * 2 ** len(directions)
        check_work(name, (*square_shape(name, x)[:-2], size, size), 25.0)
        return broadcast_shapes(name, x, *directions)

    def corner_vjp(g: Node, out: Node, x: Node, *directions: Node) -> list[Node]:
        turned = [direction.mT for direction in directions]
        rest = [turned[:k] + turned[k + 1 :] for k in range(len(turned))]
        return [
            apply(derivative, x.mT, g, *turned),
            *(apply(derivative, x.mT, g, *others) for others in rest),
        ]

    primitive(
        name,
        evaluate=value,
        shape=square(name, 25.0),
        vjp=lambda g, out, x: (apply(derivative, x.mT, g),),
        exact=exact.matrix_function(spectrum),
        signature="a",
        aliases=aliases,
        doc=doc,
        family=FAMILY,
        example=example,
    )
    primitive(
        derivative,
        evaluate=corner,
        shape=corner_shape,
        vjp=corner_vjp,
        doc=f"The derivative of `{name}` in some directions.",
        family=FAMILY,
    )


_declare(
    "expm",
    _expm,
    lambda m, a: m.expm(a),
    aliases=("matrix_exp",),
    doc="Matrix exponential.",
    example="expm(A)",
)
_declare(
    "sqrtm",
    _sqrtm,
    lambda m, a: m.sqrtm(a),
    aliases=("matrix_sqrt",),
    doc="Principal square root of a matrix without eigenvalues on the negative real axis.",
    example="sqrtm(S)",
)
_declare(
    "logm",
    _logm,
    lambda m, a: m.logm(a),
    aliases=("matrix_log",),
    doc="Principal logarithm of a matrix without eigenvalues on the negative real axis.",
    example="logm(S)",
)
