"""Indexing and slicing: `getitem` and its transpose `scatter`.

An index is static: slices, integers, None, Ellipsis, integer arrays and boolean masks, all known when the
graph is traced. `scatter` adds, so an entry that is taken twice receives both cotangents.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node, Shape, apply, shape_text
from gradcli.ops.declare import primitive

FAMILY = "indexing"
_PROBE = np.zeros(())


def _getitem_shape(shape: Shape, index: tuple[Any, ...]) -> Shape:
    try:
        return np.broadcast_to(_PROBE, shape)[index].shape
    except (IndexError, ValueError) as error:
        raise GradcliError(f"index into shape {shape_text(shape)}: {error}", kind="shape") from None


def _getitem_entry(s: Any, out: Any, x: Any, index: tuple[Any, ...]) -> Any:
    return s.indexed(x, out, index)


def _scatter(g: Any, index: tuple[Any, ...], shape: Shape) -> Any:
    result = np.zeros(shape, dtype=g.dtype)
    if all(part is None or part is Ellipsis or isinstance(part, (int, slice)) for part in index):
        result[index] = g
    else:
        np.add.at(result, index, g)
    return result


primitive(
    "getitem",
    evaluate=lambda x, index: x[index],
    shape=_getitem_shape,
    vjp=lambda g, out, x, index: (apply("scatter", g, index=index, shape=x.shape),),
    entry=_getitem_entry,
    dtype="same",
    doc="Entries by position, slice, integer array or mask.",
    family=FAMILY,
)
primitive(
    "scatter",
    evaluate=_scatter,
    shape=lambda old, index, shape: shape,
    vjp=lambda g, out, x, index, shape: (apply("getitem", g, index=index),),
    dtype="same",
    doc="Zeros with the given entries added at their positions.",
    family=FAMILY,
)


def getitem(x: Node, index: Any) -> Node:
    """`x[index]` with a static index, NumPy's rules."""
    if not isinstance(index, tuple):
        index = (index,)
    for part in index:
        ok = part is None or part is Ellipsis or isinstance(part, (int, slice, np.ndarray))
        if not ok or isinstance(part, bool):
            raise GradcliError(
                "an index is an integer, a slice, None, ..., a list of integers or a mask",
                kind="value",
            )
    return apply("getitem", x, index=index)
