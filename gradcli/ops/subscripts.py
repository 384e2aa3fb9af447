"""`einsum` as people write it, with ellipsis and implicit output, made into the primitive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from string import ascii_letters
from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, shape_text
from gradcli.ops.declare import describe, function
from gradcli.ops.shapes import transpose
from gradcli.ops.structure import reshape

FAMILY = "contractions"


@function(
    "einsum",
    "; subscripts; *xs; optimize=None",
    "Sum of products over labelled axes.",
    family=FAMILY,
    example="einsum('ij,kj->ik', A, A)",
)
def einsum(*xs: Node, subscripts: Any, optimize: Any = None) -> Node:
    """The sum of the product of `xs` over all labels that the output does not have.

    Args:
        xs: the operands.
        subscripts: NumPy's notation: `"ij,jk->ik"`, `"ij,jk"`, `"...ij,...jk->...ik"`, `"ii->i"`.
        optimize: accepted and ignored; the order of contraction is always searched.

    Raises:
        GradcliError: `value` for subscripts that cannot be read, `shape` where they do not fit.
    """
    terms, output = _read(subscripts, xs)
    sizes: dict[str, int] = {}
    for labels, x in zip(terms, xs, strict=True):
        for label, size in zip(labels, x.shape, strict=True):
            known = sizes.get(label, 1)
            if known != 1 and size not in (1, known):
                raise GradcliError(
                    f"einsum: '{subscripts}' gives the label {_shown(label)} the sizes {known} and "
                    f"{size} in shapes {' and '.join(shape_text(one.shape) for one in xs)}",
                    kind="shape",
                )
            sizes[label] = max(known, size) if known != 1 else size
    operands = [_diagonals(x, labels, subscripts) for x, labels in zip(xs, terms, strict=True)]
    operands = [_squeezed(x, labels, sizes) for x, labels in operands]
    uses = Counter(label for _, labels in operands for label in labels)
    operands = [
        _summed(x, labels, [one for one in labels if uses[one] == 1 and one not in output])
        for x, labels in operands
    ]
    if len(operands) == 1:
        x, labels = operands[0]
        return transpose(x, tuple(labels.index(label) for label in output)) if output else x
    text = ",".join("".join(labels) for _, labels in operands) + "->" + "".join(output)
    return apply("einsum", *(x for x, _ in operands), subscripts=text)


def _shown(label: str) -> str:
    return f"'{label}'" if label in ascii_letters else "of ..."


def _read(subscripts: Any, xs: Sequence[Node]) -> tuple[list[list[str]], list[str]]:
    """The labels of every operand and of the output; an axis of an ellipsis gets one of its own."""
    if not isinstance(subscripts, str):
        raise GradcliError(
            f"einsum: the first argument is a text such as 'ij,jk->ik', not {describe(subscripts)}"
        )
    text = "".join(subscripts.split())
    left, arrow, right = text.partition("->")
    strange = set(text.replace("->", "", 1).replace("...", "")) - {*ascii_letters, ","}
    if strange or "," in right:
        raise GradcliError(
            f"einsum: '{subscripts}' is not made of letters, ',', '->' and '...'",
        )
    parts = left.split(",")
    if not xs or len(parts) != len(xs):
        raise GradcliError(
            f"einsum: '{subscripts}' names {len(parts)} "
            f"{'operand' if len(parts) == 1 else 'operands'}, but {len(xs)} "
            f"{'is' if len(xs) == 1 else 'are'} given"
        )
    widths = [_ellipsis_width(part, x, subscripts) for part, x in zip(parts, xs, strict=True)]
    unused = [letter for letter in ascii_letters if letter not in text]
    if max(widths) > len(unused):
        raise GradcliError(f"einsum: '{subscripts}' needs more than 52 labels", kind="limit")
    hidden = unused[: max(widths)]
    terms = [
        list(part.replace("...", "".join(hidden[len(hidden) - width :])))
        for part, width in zip(parts, widths, strict=True)
    ]
    if not arrow:
        counts = Counter(left.replace("...", "").replace(",", ""))
        return terms, [*hidden, *sorted(label for label, count in counts.items() if count == 1)]
    output = list(right.replace("...", "".join(hidden)))
    if hidden and "..." not in right:
        raise GradcliError(
            f"einsum: the output of '{subscripts}' lacks the '...' of its operands", kind="shape"
        )
    for label, count in Counter(output).items():
        if count > 1:
            raise GradcliError(f"einsum: the output of '{subscripts}' names '{label}' twice")
        if not any(label in labels for labels in terms):
            raise GradcliError(
                f"einsum: the output label '{label}' of '{subscripts}' is in no operand"
            )
    return terms, output


def _ellipsis_width(part: str, x: Node, subscripts: str) -> int:
    """How many axes the `...` of an operand stands for."""
    labels = len(part.replace("...", ""))
    dots = part.count("...")
    if dots > 1:
        raise GradcliError(f"einsum: '{part}' has more than one '...'")
    if labels > x.ndim or (labels < x.ndim and not dots):
        raise GradcliError(
            f"einsum: '{part}' of '{subscripts}' labels {labels} axes, but its operand has shape "
            f"{shape_text(x.shape)}",
            kind="shape",
        )
    return x.ndim - labels


def _diagonals(x: Node, labels: list[str], subscripts: str) -> tuple[Node, list[str]]:
    """Every label once: the diagonal over the axes that share one."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            if x.shape[first] != x.shape[second]:
                raise GradcliError(
                    f"einsum: '{subscripts}' takes a diagonal ({_shown(label)}) of axes of the "
                    f"sizes {x.shape[first]} and {x.shape[second]}",
                    kind="shape",
                )
            others = [i for i in range(x.ndim) if i not in (first, second)]
            x = apply("diagonal", transpose(x, (*others, first, second)), offset=0)
            labels = [*(labels[i] for i in others), label]
    return x, labels


def _squeezed(x: Node, labels: list[str], sizes: dict[str, int]) -> tuple[Node, list[str]]:
    """Without the axes of size 1 that broadcast against a larger size of the same label."""
    kept = [i for i, label in enumerate(labels) if x.shape[i] == sizes[label]]
    return reshape(x, tuple(x.shape[i] for i in kept)), [labels[i] for i in kept]


def _summed(x: Node, labels: list[str], alone: list[str]) -> tuple[Node, list[str]]:
    """Summed over the labels that only this operand has and the output has not."""
    if not alone:
        return x, labels
    axes = tuple(labels.index(label) - x.ndim for label in alone)
    x = apply("sum", x, axes=tuple(sorted(axes)), keepdims=False)
    return x, [label for label in labels if label not in alone]
