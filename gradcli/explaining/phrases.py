"""What an operation on whole arrays makes of the adjoint of its result, to be read.

A table by the operation's name. An entry is a formula in gradcli's language where there is a short
one (a test gives each to the calculator), else a phrase; what is not in the table gets an honest
general one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.graph import Node, shape_text

Phrase = Callable[[Node], Sequence[str] | None]

ORDINARY = "the transposed derivative of {op}, applied to {g}"


def phrases(node: Node, g: str, out: str, operands: Sequence[str]) -> list[str]:
    """One phrase per operand.

    Args:
        node: an operation that is not elementwise.
        g: how the adjoint is written.
        out: the name of the result; `operands`: those of the inputs.

    Example:
        >>> import gradcli.ops
        >>> from gradcli.graph import input_node
        >>> product = input_node("A", (2, 3)) @ input_node("x", (3,))
        >>> phrases(product, "·", "y", ["A", "x"])
        ['outer(·, x)', 'A.T @ ·']
    """
    made: Sequence[str] = [ORDINARY] * len(node.inputs)
    for table in (PHRASES, FORMULAS):
        if node.op.name in table:
            made = table[node.op.name](node) or made
    if len(made) == 1:
        made = list(made) * len(node.inputs)
    names = dict(zip("abcd", operands, strict=False))
    return [each.format(g=g, y=out, op=node.op.name, **names) for each in made]


def _matmul(node: Node) -> Sequence[str] | None:
    return {
        (1, 1): ("{g}*{b}", "{g}*{a}"),
        (2, 1): ("outer({g}, {b})", "{a}.T @ {g}"),
        (1, 2): ("{b} @ {g}", "outer({a}, {g})"),
        (2, 2): ("{g} @ {b}.T", "{a}.T @ {g}"),
    }.get((node.inputs[0].ndim, node.inputs[1].ndim))


def _transpose(node: Node) -> Sequence[str] | None:
    axes = node.params["axes"]
    return ("{g}.T",) if axes == tuple(range(-1, -len(axes) - 1, -1)) else None


def _of_vector(*texts: str) -> Phrase:
    """Formulas that hold where the first operand is a vector and nothing is left of its axis."""

    def made(node: Node) -> Sequence[str] | None:
        return texts if node.inputs[0].ndim == 1 else None

    return made


def _to_scalar(*texts: str) -> Phrase:
    """Formulas that hold where the result is a scalar."""

    def made(node: Node) -> Sequence[str] | None:
        return texts if node.shape == () else None

    return made


def _always(*texts: str) -> Phrase:
    return lambda node: texts


def _norm(node: Node) -> Sequence[str] | None:
    return ("{g}*{a}/{y}",) if node.shape == () and node.params["ord"] == 2 else None


def _logsumexp(node: Node) -> Sequence[str] | None:
    return ("{g}*softmax({a})",) if node.shape == () and node.inputs[0].ndim == 1 else None


def _mean(node: Node) -> Sequence[str] | None:
    count = node.inputs[0].size // max(node.size, 1) - node.params.get("ddof", 0)
    return (f"{{g}}/{count} to every entry",)


FORMULAS: dict[str, Phrase] = {
    "matmul": _matmul,
    "transpose": _transpose,
    "norm": _norm,
    "inv": lambda node: ("-{y}.T @ {g} @ {y}.T",) if node.ndim == 2 else None,
    "det": _to_scalar("{g}*{y}*inv({a}).T"),
    "logabsdet": _to_scalar("{g}*inv({a}).T"),
    "softmax": _of_vector("{y}*({g} - sum({g}*{y}))"),
    "log_softmax": _of_vector("{g} - softmax({a})*sum({g})"),
    "logsumexp": _logsumexp,
    "reshape": lambda node: (f"reshape({{g}}, {shape_text(node.inputs[0].shape)})",),
}

PHRASES: dict[str, Phrase] = {
    "sum": _always("{g} to every entry that was summed"),
    "mean": _mean,
    "max": _always("{g} to the largest entry, shared at a tie"),
    "min": _always("{g} to the smallest entry, shared at a tie"),
    "prod": _always("{g} times the product of the other entries"),
    "transpose": _always("{g}, its axes put back"),
    "broadcast_to": _always("{g}, summed over the repetitions"),
    "getitem": _always("{g} at the place it was taken from, 0 elsewhere"),
    "take_along": _always("{g} at the places it was taken from, 0 elsewhere"),
    "concatenate": _always("its own part of {g}"),
    "scatter": _always("what stands in {g} at its place"),
    "pad": _always("{g} without the padding"),
    "diagonal": _always("{g} on the diagonal, 0 elsewhere"),
    "embed_diagonal": _always("the diagonal of {g}"),
    "cumsum": _always("the running sum of {g} from the end"),
    "sort": _always("{g}, back in the order before sorting"),
    "einsum": _always("einsum of {g} with the other operands"),
    "norm": _always("{g}, in the direction of {a}"),
}
