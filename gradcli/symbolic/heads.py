"""How functions of whole arrays are written: one entry per name that is no plain call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.symbolic import tree as t
from gradcli.symbolic.tree import Tree

Writer = Callable[[Sequence[Tree], Sequence[str]], Tree]


def write(head: str, arrays: Sequence[Tree], params: Sequence[str], scalar: bool) -> Tree:
    """The tree of a function of whole arrays; params of a plain call are its axes."""
    writer = HEADS.get(head)
    if writer is not None:
        made = writer(arrays, params)
        return t.index(made.args[0], made.text, scalar) if made.kind == "index" else made
    if params:
        axis = params[0] if len(params) == 1 else "(" + ", ".join(params) + ")"
        return t.call(head, *arrays, scalar=scalar, axis=axis)
    return t.call(head, *arrays, scalar=scalar)


def _from_the_end(function: str) -> Writer:
    """A running function from the other end."""

    def writer(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
        (tree,) = arrays
        if not params:
            return t.index(t.call(function, t.index(tree, "::-1")), "::-1")
        axis = params[0]
        flipped = t.call("flip", tree, axis=axis)
        return t.call("flip", t.call(function, flipped, axis=axis), axis=axis)

    return writer


def _unsorted(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """The entries of the first array at the ranks of the second's."""
    values, keys = arrays
    options = {"axis": params[0]} if params else {}
    ranks = t.call_with("argsort", [t.call_with("argsort", [keys], options)], options)
    if not params:
        return t.index(values, t.text_of(ranks))
    return t.call_with("take_along_axis", [values, ranks], options)


def _sorting(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """The permutation matrix that sorts a vector."""
    eye = t.call("eye", t.name(params[0], scalar=True))
    return t.index(eye, t.text_of(t.call("argsort", *arrays)))


def _svd_part(position: int) -> Writer:
    return lambda arrays, params: t.index(
        t.call("svd", *arrays, full_matrices="False"), str(position)
    )


def _lower_doubled(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """The lower triangle, with what stands above the diagonal folded into it."""
    (tree,) = arrays
    return t.sum_of([t.call("tril", tree), t.call("tril", tree, t.negative(t.number(1)))])


def _lower_halved(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """The lower triangle with half the diagonal."""
    (tree,) = arrays
    half = t.product([t.number_of("0.5"), t.call("diag", t.call("diag", tree))])
    return t.sum_of([t.call("tril", tree), t.negative(half)])


def _lower_mirrored(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """The symmetric matrix with the lower triangle of another one."""
    (tree,) = arrays
    below = t.call("tril", tree, t.negative(t.number(1)))
    return t.sum_of([t.call("tril", tree), t.transpose(below)])


def _inverse_gaps(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """`1 / (w[j] - w[i])`, and 0 on the diagonal."""
    (tree,) = arrays
    gaps = t.sum_of([tree, t.negative(t.index(tree, ":, None"))])
    return t.call("divide_no_nan", t.number(1), gaps)


def _frechet(function: str) -> Writer:
    """The derivative of a function of a matrix A in a direction, a corner of the function of a
    block matrix."""

    def writer(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
        matrix, direction = arrays
        zeros = t.call("zeros", t.name(f"({params[0]}, {params[0]})"))
        rows = [t.sequence([matrix, direction]), t.sequence([zeros, matrix])]
        made = t.call(function, t.call("block", t.sequence(rows)))
        return t.index(made, f":{params[0]}, {params[0]}:")

    return writer


def _frechet_matrix(function: str) -> Writer:
    """All derivatives of a function of a matrix A at once, J[i, j, k, l] = dF[i, j] / dA[k, l].

    Row by row, A E A' is `kron(A, A'.T)` times E. So J is the divided difference of the function at
    the matrices `kron(A, I)` and `kron(I, A.T)`; they commute, and it is the corner of the function
    of the block matrix with the identity between them (Higham, "Functions of Matrices", section
    3.2).
    """

    def writer(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
        (matrix,), (size,) = arrays, params
        eye = t.call("eye", t.name(size, scalar=True))
        middle = t.call("eye", t.name(f"{size}**2", scalar=True))
        zeros = t.call("zeros", t.name(f"({size}**2, {size}**2)"))
        upper = t.sequence([t.call("kron", matrix, eye), middle])
        lower = t.sequence([zeros, t.call("kron", eye, t.transpose(matrix))])
        made = t.call(function, t.call("block", t.sequence([upper, lower])))
        corner = t.index(made, f":{size}**2, {size}**2:")
        return t.call("reshape", corner, t.name(f"({size}, {size}, {size}, {size})"))

    return writer


def _quantile(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """A quantile by its share and its way of rounding, or the median."""
    share, method, *axes = params
    options = {} if method == "linear" else {"method": f"'{method}'"}
    if axes:
        options["axis"] = axes[0] if len(axes) == 1 else "(" + ", ".join(axes) + ")"
    if share == "0.5" and method == "linear":
        return t.call_with("median", arrays, options)
    return t.call_with("quantile", [*arrays, t.number_of(share)], options)


def _searchsorted(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    options = {} if params[0] == "left" else {"side": "'right'"}
    return t.call_with("searchsorted", arrays, options)


HEADS: dict[str, Writer] = {
    "getitem": lambda arrays, params: t.index(arrays[0], params[0]),
    "pad": lambda arrays, params: t.call("pad", arrays[0], t.name(params[0])),
    "reshape": lambda arrays, params: t.call("reshape", arrays[0], t.name(params[0])),
    "cumsum_reversed": _from_the_end("cumsum"),
    "cumprod_reversed": _from_the_end("cumprod"),
    "concatenate": lambda arrays, params: t.call_with(
        "concatenate", [t.sequence(list(arrays))], {"axis": params[0]} if params else {}
    ),
    "unsorted": _unsorted,
    "sorting": _sorting,
    "eigenvectors": lambda arrays, params: t.index(t.call("eigh", *arrays), "1"),
    "left_vectors": _svd_part(0),
    "right_vectors": _svd_part(2),
    "lower_doubled": _lower_doubled,
    "lower_halved": _lower_halved,
    "expm_derivative": _frechet("expm"),
    "sqrtm_derivative": _frechet("sqrtm"),
    "logm_derivative": _frechet("logm"),
    "expm_jacobian": _frechet_matrix("expm"),
    "sqrtm_jacobian": _frechet_matrix("sqrtm"),
    "logm_jacobian": _frechet_matrix("logm"),
    "lower_mirrored": _lower_mirrored,
    "inverse_gaps": _inverse_gaps,
    "qr_q": lambda arrays, params: t.index(t.call("qr", *arrays), "0"),
    "qr_r": lambda arrays, params: t.index(t.call("qr", *arrays), "1"),
    "quantile": _quantile,
    "searchsorted": _searchsorted,
}
