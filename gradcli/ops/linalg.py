"""Linear systems: `inv`, `solve`, `matrix_power`, and the checks that all of linear algebra shares.

Rules use the op's own output. Every op works on stacks of matrices (leading axes).

Source: M. Giles, "An extended collection of matrix derivative results for forward and reverse
mode algorithmic differentiation" (2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, broadcast_shapes, constant, shape_text
from gradcli.limits import LIMITS
from gradcli.ops import linalg_exact as exact
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import describe, function, integer, primitive
from gradcli.ops.rearranging import tril, triu
from gradcli.ops.structure import broadcast_to, reshape

FAMILY = "linalg"
_RATE = 1e10  # multiply-adds per second of a slow core: turns LIMITS.seconds into a bound
_CHECKED = 64  # up to this size, every column of an inverse is looked at, and solve looks at it


# --- shapes, costs and failures -------------------------------------------------------------------


def matrix_shape(name: str, shape: Shape) -> Shape:
    """The shape, if it is one of (a stack of) matrices."""
    if len(shape) < 2:
        raise GradcliError(
            f"{name}: needs a matrix, not an array of shape {shape_text(shape)}", kind="shape"
        )
    return shape


def square_shape(name: str, shape: Shape) -> Shape:
    """The shape, if it is one of (a stack of) square matrices."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise GradcliError(
            f"{name}: needs a square matrix, not an array of shape {shape_text(shape)}",
            kind="shape",
        )
    return shape


def check_work(name: str, shape: Shape, factor: float) -> None:
    """Refuse a decomposition that would take too long: `factor` * m * n * min(m, n) per matrix."""
    work = factor * shape[-1] * shape[-2] * min(shape[-2:])
    for size in shape[:-2]:
        work *= size
    if work > LIMITS.seconds * _RATE:
        raise GradcliError(
            f"{name}: {work:.2g} operations on shape {shape_text(shape)}; "
            f"the limit is {LIMITS.seconds * _RATE:.2g}",
            kind="limit",
            hint="raise it with --limit seconds=N",
        )


def square(name: str, factor: float) -> Any:
    """The shape rule of a function of square matrices that returns one of the same shape."""

    def shape(shape: Shape) -> Shape:
        check_work(name, square_shape(name, shape), factor)
        return shape

    return shape


def singular(name: str, precision: str = "") -> GradcliError:
    """The error of an inverse that does not exist."""
    return GradcliError(f"{name}: the matrix is singular{precision}", kind="value")


def _meaningless(a: Array, inverse: Array) -> bool:
    """Whether an inverse has no correct digit: both residuals are of the size of the identity.

    A large matrix is asked with one vector, so that asking costs less than inverting.
    """
    n = a.shape[-1]
    if np.vdot(a, a) * np.vdot(inverse, inverse) < 1e-6 / np.finfo(a.dtype).eps ** 2:
        return False  # the condition number is at most the root of the left side
    if not np.all(np.isfinite(inverse)):
        return False
    if n <= _CHECKED:
        products = (a @ inverse, inverse @ a)
        residuals = [np.abs(one - np.eye(n)).max(axis=(-2, -1)) for one in products]
    else:
        vector = np.random.default_rng(0).choice([-1.0, 1.0], (n, 1))
        images = (a @ (inverse @ vector), inverse @ (a @ vector))
        residuals = [np.sqrt(np.mean((one - vector) ** 2, axis=(-2, -1))) for one in images]
    return bool(np.any(np.minimum(*residuals) > 0.5))


def _inv(x: Array, name: str = "inv") -> Array:
    x = as_float(x)
    try:
        inverse = np.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise singular(name) from None
    if _meaningless(x, inverse):
        raise singular(name, " to working precision")
    return inverse


def finite(result: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """LAPACK refuses nan and inf; here, as in IEEE arithmetic, such a matrix gives nan."""

    def evaluate(x: Array) -> Array:
        x = as_float(x)
        good = np.all(np.isfinite(x), axis=(-2, -1))
        if np.all(good):
            return np.asarray(result(x))
        x = np.where(good[..., None, None], x, np.eye(*x.shape[-2:], dtype=x.dtype))
        values = np.asarray(result(x))
        good = good.reshape(good.shape + (1,) * (values.ndim - good.ndim))
        return np.where(good, values, np.nan)

    return evaluate


def negligible(x: Array) -> float:
    """Relative size below which a singular value or a gap is rounding."""
    x = as_float(x)
    return float(max(x.shape[-2:], default=1) * np.finfo(x.dtype).eps)


def swap(x: Any) -> Any:
    """The last two axes of an array exchanged."""
    return np.swapaxes(x, -1, -2)


def column(x: Node) -> Node:
    """A vector, or a stack of them, as one-column matrices."""
    return reshape(x, (*x.shape, 1))


def row(x: Node) -> Node:
    """A vector, or a stack of them, as one-row matrices: scales columns."""
    return reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def spread(x: Node) -> Node:
    """A number per matrix, made to broadcast against the matrices."""
    return reshape(x, (*x.shape, 1, 1))


def trace(x: Node) -> Node:
    """The trace of each matrix."""
    return apply("sum", apply("diagonal", x, offset=0), axes=(-1,), keepdims=False)


# --- inv and solve --------------------------------------------------------------------------------

primitive(
    "inv",
    evaluate=_inv,
    shape=square("inv", 2.0),
    vjp=lambda g, out, x: (-(out.mT @ g @ out.mT),),
    exact=exact.inv,
    signature="a",
    doc="Inverse of a square matrix.",
    family=FAMILY,
    aliases=("inverse", "matrix_inverse"),
    example="inv(A)",
)


def _solve_shape(a: Shape, b: Shape, vector: bool) -> Shape:
    check_work("solve", square_shape("solve", a), 1.0)
    rows = b[-1:] if vector else b[-2:-1]
    if rows != a[-1:]:
        hint = None
        if len(b) > 1 and b[-1] == a[-1]:
            hint = "the right-hand side has one column per system: transpose it with .T"
        raise GradcliError(
            f"solve: shapes {shape_text(a)} and {shape_text(b)} do not fit: "
            f"the right-hand side needs {a[-1]} rows",
            kind="shape",
            hint=hint,
        )
    tail = 1 if vector else 2
    batch = broadcast_shapes("solve", a[:-2], b[: len(b) - tail])
    return batch + b[len(b) - tail :]


def _solve(a: Array, b: Array, vector: bool) -> Array:
    a, b = as_float(a), as_float(b)
    columns = b[..., None] if vector else b
    if a.shape[-1] <= _CHECKED:
        _inv(a, "solve")
    try:
        x = np.linalg.solve(a, columns)
    except np.linalg.LinAlgError:
        raise singular("solve") from None
    return x[..., 0] if vector else x


def _solve_vjp(g: Node, out: Node, a: Node, b: Node, vector: bool) -> tuple[Node, Node]:
    right = apply("solve", a.mT, g, vector=vector)
    if vector:
        return -(column(right) * reshape(out, (*out.shape[:-1], 1, out.shape[-1]))), right
    return -(right @ out.mT), right


primitive(
    "solve",
    evaluate=_solve,
    shape=_solve_shape,
    vjp=_solve_vjp,
    exact=exact.solve,
    doc="The solution of a linear system.",
    family=FAMILY,
)


def solve(a: Node, b: Node) -> Node:
    """`inv(a) @ b`; `b` is a vector where it has one axis, else (a stack of) matrices."""
    if b.ndim == 0:
        raise GradcliError(
            "solve: the right-hand side is a vector or a matrix, not a scalar", kind="shape"
        )
    return apply("solve", a, b, vector=b.ndim == 1)


function(
    "solve",
    "a, b",
    "The solution x of `a @ x == b`, for a vector or a matrix `b`.",
    family=FAMILY,
    aliases=("matrix_solve",),
    example="solve(A, x)",
)(solve)


def triangle(x: Node, lower: bool, offset: int = 0) -> Node:
    """The entries on and below (above) a diagonal, zero elsewhere."""
    read: Node = tril(x, k=offset) if lower else triu(x, k=offset)
    return read


@function(
    "solve_triangular",
    "a, b; lower=False, trans=0, unit_diagonal=False, upper=None",
    "The solution of `a @ x == b` that reads one triangle of `a` only.",
    family=FAMILY,
    example="solve_triangular(A, x, lower=True)",
)
def solve_triangular(
    a: Node,
    b: Node,
    lower: bool = False,
    trans: Any = 0,
    unit_diagonal: bool = False,
    upper: bool | None = None,
) -> Node:
    """`solve(tril(a), b)` or `solve(triu(a), b)`; `trans` 1 or "T" solves with the transpose.

    `upper` is PyTorch's name for the opposite of `lower`.
    """
    if upper is not None:
        lower = not upper
    square_shape("solve_triangular", a.shape)
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise GradcliError(
            f"solve_triangular: trans is 0, 1, 2, 'N', 'T' or 'C', not {describe(trans)}",
            kind="value",
        )
    read = triangle(a, bool(lower))
    if unit_diagonal:
        read = triangle(a, bool(lower), -1 if lower else 1) + constant(np.eye(a.shape[-1]), a.dtype)
    return solve(read if trans in (0, "N") else read.mT, b)


@function(
    "triangular_solve",
    "a, b; lower=True",
    "As `solve_triangular`, lower by default.",
    family=FAMILY,
    example="triangular_solve(A, x)",
)
def triangular_solve(a: Node, b: Node, lower: bool = True) -> Node:
    """TensorFlow's default of `lower`."""
    solution: Node = solve_triangular(a, b, lower=lower)
    return solution


# --- powers and tensor equations ------------------------------------------------------------------


@function(
    "matrix_power",
    "a; n",
    "Integer power of a square matrix; a negative one inverts.",
    family=FAMILY,
    example="matrix_power(A, 3)",
)
def matrix_power(a: Node, n: Any) -> Node:
    """`a @ a @ ... @ a` by repeated squaring, in about log2(n) products."""
    n = integer("matrix_power", "the exponent", n)
    shape = square_shape("matrix_power", a.shape)
    products = max(0, abs(n).bit_length() - 1) + max(0, bin(abs(n)).count("1") - 1)
    check_work("matrix_power", shape, 6.0 * products)
    if n == 0:
        return broadcast_to(constant(np.eye(shape[-1]), a.dtype), shape)
    factor = a if n > 0 else apply("inv", a)
    bits = abs(n)
    result: Node | None = None
    while True:
        if bits & 1:
            result = factor if result is None else result @ factor
        bits >>= 1
        if result is not None and not bits:
            return result
        factor = factor @ factor


def _product(sizes: Sequence[int]) -> int:
    return int(np.prod(sizes, dtype=object)) if sizes else 1


@function(
    "tensorsolve",
    "a, b",
    "The tensor x with `tensordot(a, x, x.ndim) == b`.",
    family=FAMILY,
    example="tensorsolve(A, x)",
)
def tensorsolve(a: Node, b: Node) -> Node:
    """`solve` with the leading axes of `a` as rows and the others as columns."""
    rest = a.shape[b.ndim :]
    rows, columns = _product(b.shape), _product(rest)
    if rows != columns or _product(a.shape[: b.ndim]) != rows:
        raise GradcliError(
            f"tensorsolve: shapes {shape_text(a.shape)} and {shape_text(b.shape)} do not fit",
            kind="shape",
        )
    return reshape(solve(reshape(a, (rows, columns)), reshape(b, (rows,))), rest)


@function(
    "tensorinv",
    "a; ind=2",
    "The inverse of a tensor for `tensordot` over `ind` axes.",
    family=FAMILY,
    example="tensorinv(A, ind=1)",
)
def tensorinv(a: Node, ind: Any = 2) -> Node:
    """`inv` with the first `ind` axes as rows and the others as columns."""
    ind = integer("tensorinv", "ind", ind, least=1)
    rows, columns = _product(a.shape[:ind]), _product(a.shape[ind:])
    if rows != columns:
        raise GradcliError(
            f"tensorinv: the first {ind} axes of shape {shape_text(a.shape)} hold {rows} entries, "
            f"the others {columns}",
            kind="shape",
        )
    return reshape(apply("inv", reshape(a, (rows, columns))), a.shape[ind:] + a.shape[:ind])
