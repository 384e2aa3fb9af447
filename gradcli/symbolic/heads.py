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


def _frechet(arrays: Sequence[Tree], params: Sequence[str]) -> Tree:
    """The derivative of `expm` at A in a direction, from the exponential of a block matrix."""
    matrix, direction = arrays
    zeros = t.call("zeros", t.name(f"({params[0]}, {params[0]})"))
    rows = [t.sequence([matrix, direction]), t.sequence([zeros, matrix])]
    return t.index(t.call("expm", t.call("block", t.sequence(rows))), f":{params[0]}, {params[0]}:")


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
    "eigenvectors": lambda arrays, params: t.index(t.call("eigh", *arrays), "1"),
    "left_vectors": _svd_part(0),
    "right_vectors": _svd_part(2),
    "lower_doubled": _lower_doubled,
    "lower_halved": _lower_halved,
    "expm_derivative": _frechet,
}
