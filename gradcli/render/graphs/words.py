"""The words that all formats of a graph use: types, operations, headings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.render.numbers import exact
from gradcli.render.plain import array_text

if TYPE_CHECKING:
    from gradcli.results import GraphPart, NodeLine

    Array = np.ndarray[Any, np.dtype[Any]]

SHORT = {
    "multiply": "mul",
    "subtract": "sub",
    "divide": "div",
    "power": "pow",
    "negative": "neg",
}
"""Short names of the ops of arithmetic; any other op has its own name."""

OPERANDS = 6
"""So many operands, or entries of a constant, stand on a picture."""

LONG = 40
"""Characters; a longer param is given by what it is."""

FEW = 64
"""Entries; a larger param is never written out to see how long it is."""


def heading(part: GraphPart) -> str:
    """`graph`, `gradient by x`."""
    return "graph" if part.wrt is None else f"gradient by {part.wrt}"


def type_text(line: NodeLine) -> str:
    """`float64[4]`, `float64[3,2]`, `float64[]`."""
    return f"{line.dtype}[{','.join(map(str, line.shape))}]"


def operation(line: NodeLine) -> str:
    """The op with its params: `mul`, `sum[axes=(-1,)]`, `getitem[1:3]`.

    What is False or None says nothing and is left out, and so is the shape that the type tells.
    """
    texts = [
        param_text(name, value)
        for name, value in line.params.items()
        if value is not None
        and value is not False
        and not (name == "shape" and tuple(value) == line.shape)
    ]
    name = SHORT.get(line.op, line.op)
    return f"{name}[{', '.join(texts)}]" if texts else name


def param_text(name: str, value: Any) -> str:
    """`axes=(-1,)`; an index as it is written, `1:3`; a long one by its type, `index=<9 parts>`."""
    if name == "index":
        text = ", ".join(map(entry_text, value)) if len(value) <= FEW else ""
        short = text or "()"
        return short if 0 < len(short) <= LONG else f"index=<{len(value)} parts>"
    text = entry_text(value)
    return f"{name}={text}" if len(text) <= LONG else f"{name}=<{len(text)} characters>"


def entry_text(value: Any) -> str:
    """One value of a param, without a blank where that is possible."""
    if isinstance(value, np.ndarray):
        if value.size > FEW:
            return f"<{value.dtype}[{','.join(map(str, value.shape))}]>"
        return repr(value.tolist()).replace(" ", "")
    if isinstance(value, (list, tuple)):
        if len(value) > FEW:
            return f"<{len(value)} entries>"
        inner = ",".join(map(entry_text, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, float):
        return exact(value)
    return str(value)


def brief(line: NodeLine, nodes: Sequence[NodeLine]) -> str:
    """The right side of a binder on a picture: many operands and long constants are cut short."""
    if line.value is not None:
        texts = [value_text(line.value)]
    else:
        texts = [nodes[number].name for number in line.inputs[:OPERANDS]]
        if len(line.inputs) > OPERANDS:
            texts.append(f"… {len(line.inputs) - OPERANDS} more")
    return " ".join([operation(line), *texts])


def value_text(value: Array) -> str:
    """The first entries of a constant.

    Example:
        >>> value_text(np.arange(9.0))
        '0,1,2,3,4,5,… 3 more'
    """
    if value.size <= OPERANDS:
        return "".join(array_text(value))
    return f"{''.join(array_text(value.reshape(-1)[:OPERANDS]))},… {value.size - OPERANDS} more"


def result_text(part: GraphPart, nodes: Sequence[NodeLine]) -> str:
    """What a part answers: the name of its root, or zeros."""
    return zero_text(part) if part.output is None else nodes[part.output].name


def zero_text(part: GraphPart) -> str:
    """A gradient that is identically zero, in gradcli's language."""
    shape = ",".join(map(str, part.shape))
    return f"zeros(({shape}{',' if len(part.shape) == 1 else ''}))" if part.shape else "0"
