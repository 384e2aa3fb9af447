"""Products by name: dot, vdot, inner, outer, tensordot, vecdot, kron, cross, multi_dot, addmm ...

All but `cross` are compositions of `matmul`, `einsum` and the elementwise product.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, shape_text
from gradcli.limits import check_elements
from gradcli.ops.declare import describe, function, one_axis
from gradcli.ops.shapes import moveaxis, ravel, static_axes
from gradcli.ops.static import flag, whole
from gradcli.ops.structure import reshape
from gradcli.ops.subscripts import einsum

FAMILY = "products"
LONGEST_SEARCH = 32
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _fit(name: str, a: Node, b: Node, size: int, other: int, hint: str | None = None) -> None:
    if size != other:
        raise GradcliError(
            f"{name}: shapes {shape_text(a.shape)} and {shape_text(b.shape)} do not fit: "
            f"{size} and {other} entries to multiply",
            kind="shape",
            hint=hint,
        )


# --- matrix products -----------------------------------------------------------------------------


@function(
    "matmul",
    "a, b; transpose_a=False, transpose_b=False",
    "Matrix product, `a @ b`.",
    family=FAMILY,
    aliases=("mm", "bmm", "mv"),
    example="matmul(A.T, A)",
)
def matmul(a: Node, b: Node, transpose_a: bool = False, transpose_b: bool = False) -> Node:
    """`a @ b` over the last two axes, the axes in front broadcast."""
    if flag("matmul", "transpose_a", transpose_a) and a.ndim > 1:
        a = a.mT
    if flag("matmul", "transpose_b", transpose_b) and b.ndim > 1:
        b = b.mT
    return apply("matmul", a, b)


@function(
    "matvec",
    "a, x",
    "Matrix times vector over the last axes.",
    family=FAMILY,
    example="matvec(A.T @ A, x)",
)
def matvec(a: Node, x: Node) -> Node:
    """`(..., m, n)` and `(..., n)` give `(..., m)`."""
    return einsum(a, x, subscripts="...ij,...j->...i")


@function(
    "vecmat",
    "x, a",
    "Vector times matrix over the last axes.",
    family=FAMILY,
    example="vecmat(x, A.T)",
)
def vecmat(x: Node, a: Node) -> Node:
    """`(..., m)` and `(..., m, n)` give `(..., n)`."""
    return einsum(x, a, subscripts="...i,...ij->...j")


@function(
    "addmm",
    "c, a, b, beta=None, alpha=None",
    "`beta * c + alpha * (a @ b)`.",
    family=FAMILY,
    aliases=("addmv", "baddbmm"),
    example="addmm(S, S, S)",
)
def addmm(c: Node, a: Node, b: Node, beta: Node | None = None, alpha: Node | None = None) -> Node:
    """A product added to an array, both weighted (PyTorch's `addmm`, `addmv`, `baddbmm`)."""
    product = apply("matmul", a, b)
    if alpha is not None:
        product = alpha * product
    return (c if beta is None else beta * c) + product


@function(
    "multi_dot",
    "xs",
    "Product of a chain of matrices, in the cheapest order.",
    family=FAMILY,
    example="multi_dot([A, A.T, A])",
)
def multi_dot(xs: Sequence[Node]) -> Node:
    """`xs[0] @ xs[1] @ ...`; the first and the last may be vectors."""
    if len(xs) < 2:
        raise GradcliError("multi_dot: at least two arrays are needed", kind="shape")
    for place, x in enumerate(xs):
        ends = place in (0, len(xs) - 1)
        if x.ndim != 2 and not (ends and x.ndim == 1):
            raise GradcliError(
                f"multi_dot: matrices are needed (a vector first or last), not shape "
                f"{shape_text(x.shape)}",
                kind="shape",
            )
    for a, b in pairwise(xs):
        _fit("multi_dot", a, b, a.shape[-1], b.shape[0])
    return _chained(xs)


def _chained(xs: Sequence[Node]) -> Node:
    """The product of a chain that fits, in the order of the fewest multiplications."""
    count = len(xs)
    if count > LONGEST_SEARCH:
        return reduce(lambda a, b: apply("matmul", a, b), xs)
    sizes = [xs[0].shape[0] if xs[0].ndim == 2 else 1, *(x.shape[0] for x in xs[1:])]
    sizes.append(xs[-1].shape[1] if xs[-1].ndim == 2 else 1)
    best: dict[tuple[int, int], tuple[int, Node]] = {(i, i): (0, x) for i, x in enumerate(xs)}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost, cut = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )
            # Nodes are lazy: those of orders that are not chosen in the end are never run.
            best[i, j] = cost, apply("matmul", best[i, cut][1], best[cut + 1, j][1])
    return best[0, count - 1][1]


# --- dot products --------------------------------------------------------------------------------


@function("dot", "a, b", "Product over the last axis of `a`.", family=FAMILY, example="dot(x, y)")
def dot(a: Node, b: Node) -> Node:
    """NumPy's `dot`: over the last axis of `a` and the second to last (or only) axis of `b`."""
    if not a.ndim or not b.ndim:
        return a * b
    hint = None
    if b.ndim == 2 and b.shape[1] == a.shape[-1]:
        hint = "transpose the second factor with .T"
    elif a.ndim == 2 and a.shape[0] == b.shape[max(b.ndim - 2, 0)]:
        hint = "transpose the first factor with .T"
    _fit("dot", a, b, a.shape[-1], b.shape[max(b.ndim - 2, 0)], hint)
    if b.ndim <= 2 or a.ndim == 1:
        return apply("matmul", a, b)
    return tensordot(a, b, ((-1,), (-2,)))


@function("vdot", "a, b", "Sum of all products of entries.", family=FAMILY, example="vdot(A, A)")
def vdot(a: Node, b: Node) -> Node:
    """The dot product of the flat arrays."""
    _fit("vdot", a, b, a.size, b.size)
    return apply("matmul", ravel(a), ravel(b))


@function("inner", "a, b", "Product over the last axes.", family=FAMILY, example="inner(x, y)")
def inner(a: Node, b: Node) -> Node:
    """The sum of products over the last axis of both."""
    if not a.ndim or not b.ndim:
        return a * b
    _fit("inner", a, b, a.shape[-1], b.shape[-1])
    if b.ndim <= 2:
        return apply("matmul", a, b.T)
    return tensordot(a, b, ((-1,), (-1,)))


@function(
    "vecdot",
    "a, b; axis=-1",
    "Dot products of vectors along an axis.",
    family=FAMILY,
    example="vecdot(A, A)",
)
def vecdot(a: Node, b: Node, axis: int = -1) -> Node:
    """The sum of products along `axis`, the other axes broadcast."""
    for x in (a, b):
        if not x.ndim:
            raise GradcliError("vecdot: a scalar has no axis", kind="shape")
    first, second = one_axis("vecdot", axis, a.ndim), one_axis("vecdot", axis, b.ndim)
    _fit("vecdot", a, b, a.shape[first], b.shape[second])
    return einsum(moveaxis(a, first, -1), moveaxis(b, second, -1), subscripts="...i,...i->...")


@function(
    "outer",
    "a, b",
    "All products of an entry of `a` and an entry of `b`.",
    family=FAMILY,
    aliases=("ger",),
    example="outer(x, y)",
)
def outer(a: Node, b: Node) -> Node:
    """A matrix: the flat `a` down the rows, the flat `b` along the columns."""
    return reshape(a, (a.size, 1)) * ravel(b)


@function(
    "tensordot",
    "a, b; axes=2",
    "Product over several axes.",
    family=FAMILY,
    example="tensordot(A, A, axes=2)",
)
def tensordot(a: Node, b: Node, axes: Any = 2) -> Node:
    """The sum of products over pairs of axes.

    Args:
        a, b: any shapes.
        axes: how many (the last of `a` with the first of `b`), or a pair of lists of axes.

    Returns:
        The axes of `a` that are left, then those of `b`.
    """
    count = whole(axes)
    if count is not None:
        if not 0 <= count <= min(a.ndim, b.ndim):
            raise GradcliError(
                f"tensordot: {count} axes of shapes {shape_text(a.shape)} and "
                f"{shape_text(b.shape)}",
                kind="shape" if count >= 0 else "value",
            )
        first, second = tuple(range(-count, 0)), tuple(range(-b.ndim, count - b.ndim))
    elif isinstance(axes, (tuple, list, np.ndarray)) and len(axes) == 2:
        first = static_axes("tensordot", axes[0], a.ndim)
        second = static_axes("tensordot", axes[1], b.ndim)
    else:
        raise GradcliError(
            f"tensordot: axes is a number or a pair of lists of axes, not {describe(axes)}"
        )
    if len(first) != len(second) or len({*first}) < len(first) or len({*second}) < len(second):
        raise GradcliError(
            f"tensordot: axes {describe(axes)} do not pair axes one to one", kind="shape"
        )
    for one, other in zip(first, second, strict=True):
        _fit("tensordot", a, b, a.shape[one], b.shape[other])
    if a.ndim + b.ndim > len(LETTERS):
        raise GradcliError("tensordot: too many axes", kind="limit")
    left, right = list(LETTERS[: a.ndim]), list(LETTERS[a.ndim : a.ndim + b.ndim])
    for one, other in zip(first, second, strict=True):
        right[other] = left[one]
    shared = {left[one] for one in first}
    result = [label for label in (*left, *right) if label not in shared]
    return einsum(a, b, subscripts=f"{''.join(left)},{''.join(right)}->{''.join(result)}")


# --- kron ----------------------------------------------------------------------------------------


@function(
    "kron",
    "a, b",
    "Kronecker product: every entry of `a` times the whole of `b`.",
    family=FAMILY,
    example="kron(A, A)",
)
def kron(a: Node, b: Node) -> Node:
    """The block array `a[i, j] * b`; missing axes of size 1 come in front."""
    rank = max(a.ndim, b.ndim)
    if 2 * rank > len(LETTERS):
        raise GradcliError("kron: too many axes", kind="limit")
    full_a = (1,) * (rank - a.ndim) + a.shape
    full_b = (1,) * (rank - b.ndim) + b.shape
    result = tuple(one * other for one, other in zip(full_a, full_b, strict=True))
    check_elements(result, "the result of kron")
    left, right = LETTERS[:rank], LETTERS[rank : 2 * rank]
    woven = "".join(one + other for one, other in zip(left, right, strict=True))
    # Axes of size 1 are left out: they add nothing but length to the formula.
    sizes = dict(zip(left + right, full_a + full_b, strict=True))
    a_labels = "".join(label for label in left if sizes[label] != 1)
    b_labels = "".join(label for label in right if sizes[label] != 1)
    kept = "".join(label for label in woven if sizes[label] != 1)
    blocks = einsum(
        reshape(a, tuple(sizes[label] for label in a_labels)),
        reshape(b, tuple(sizes[label] for label in b_labels)),
        subscripts=f"{a_labels},{b_labels}->{kept}",
    )
    return reshape(blocks, result)
