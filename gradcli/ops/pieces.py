"""Taking apart: `split` and its relatives, `unstack`, and the edits `insert` and `delete`.

A piece is a slice; functions that give several return tuples of nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, shape_text
from gradcli.limits import LIMITS
from gradcli.ops.declare import describe, function, integer, one_axis
from gradcli.ops.indexing import along, getitem
from gradcli.ops.joins import joined
from gradcli.ops.shapes import ravel
from gradcli.ops.static import index_array, whole
from gradcli.ops.structure import broadcast_to, reshape

FAMILY = "pieces"
MOST_PIECES = 100_000


def _pieces(name: str, count: int) -> None:
    if count > min(MOST_PIECES, LIMITS.ops):
        raise GradcliError(f"{name}: {count} pieces are too many", kind="limit")


def _cut(x: Node, cuts: Sequence[int], axis: int) -> tuple[Node, ...]:
    """The pieces of an axis between the given places."""
    edges = zip([0, *cuts], [*cuts, None], strict=True)
    return tuple(getitem(x, along(axis, slice(start, stop))) for start, stop in edges)


def _split(name: str, x: Node, sections: Any, axis: Any, equal: bool) -> tuple[Node, ...]:
    place = one_axis(name, axis, x.ndim)
    count = whole(sections)
    if count is None:
        if not isinstance(sections, (tuple, list, np.ndarray)):
            raise GradcliError(
                f"{name}: a number of sections or a list of places, not {describe(sections)}"
            )
        cuts = [whole(cut) for cut in sections]
        if None in cuts:
            raise GradcliError(f"{name}: places are integers, not {describe(sections)}")
        _pieces(name, len(cuts) + 1)
        return _cut(x, [cut for cut in cuts if cut is not None], place)
    if count < 1:
        raise GradcliError(f"{name}: at least one section is needed, not {count}")
    _pieces(name, count)
    size = x.shape[place]
    if equal and size % count:
        raise GradcliError(
            f"{name}: an axis of size {size} (shape {shape_text(x.shape)}) has no {count} equal "
            "parts",
            kind="shape",
            hint="array_split allows unequal parts",
        )
    each, longer = divmod(size, count)
    ends = [(i + 1) * each + min(i + 1, longer) for i in range(count - 1)]
    return _cut(x, ends, place)


@function(
    "split",
    "x; indices_or_sections, axis=0",
    "Cut into equal parts, or at the given places.",
    family=FAMILY,
    example="split(x, [1])[0]",
)
def split(x: Node, indices_or_sections: Any, axis: int = 0) -> tuple[Node, ...]:
    """The parts of `x` along `axis`: so many equal ones, or cut before each of a list of places."""
    return _split("split", x, indices_or_sections, axis, equal=True)


@function(
    "array_split",
    "x; indices_or_sections, axis=0",
    "Cut into parts that differ by at most one.",
    family=FAMILY,
    example="array_split(x, 2)[0]",
)
def array_split(x: Node, indices_or_sections: Any, axis: int = 0) -> tuple[Node, ...]:
    """Like `split`, but the parts need not be equal."""
    return _split("array_split", x, indices_or_sections, axis, equal=False)


@function(
    "hsplit",
    "x; indices_or_sections",
    "Cut along columns.",
    family=FAMILY,
    example="hsplit(A, [1])[0]",
)
def hsplit(x: Node, indices_or_sections: Any) -> tuple[Node, ...]:
    """`split` along axis 1, a vector along axis 0."""
    return _split("hsplit", x, indices_or_sections, 0 if x.ndim == 1 else 1, equal=True)


@function(
    "vsplit",
    "x; indices_or_sections",
    "Cut along rows.",
    family=FAMILY,
    example="vsplit(A, [1])[0]",
)
def vsplit(x: Node, indices_or_sections: Any) -> tuple[Node, ...]:
    """`split` along axis 0 of an array of at least two axes."""
    if x.ndim < 2:
        raise GradcliError(
            f"vsplit: at least two axes are needed, not shape {shape_text(x.shape)}", kind="shape"
        )
    return _split("vsplit", x, indices_or_sections, 0, equal=True)


@function(
    "dsplit",
    "x; indices_or_sections",
    "Cut along axis 2.",
    family=FAMILY,
    example="dsplit(expand_dims(A, 0), [1])[0]",
)
def dsplit(x: Node, indices_or_sections: Any) -> tuple[Node, ...]:
    """`split` along axis 2."""
    return _split("dsplit", x, indices_or_sections, 2, equal=True)


@function(
    "unstack",
    "x; axis=0",
    "The entries of an axis, one by one.",
    family=FAMILY,
    aliases=("unbind",),
    example="unstack(A)[0]",
)
def unstack(x: Node, axis: int = 0) -> tuple[Node, ...]:
    """`x[0], x[1], ...` along `axis`."""
    place = one_axis("unstack", axis, x.ndim)
    _pieces("unstack", x.shape[place])
    return tuple(getitem(x, along(place, i)) for i in range(x.shape[place]))


@function(
    "chunk",
    "x; chunks, axis=0",
    "Cut into at most so many parts of one size.",
    family=FAMILY,
    example="chunk(x, 2)[0]",
)
def chunk(x: Node, chunks: int, axis: int = 0) -> tuple[Node, ...]:
    """At most `chunks` parts along `axis`, all but the last of one size (PyTorch's rule)."""
    place = one_axis("chunk", axis, x.ndim)
    count = integer("chunk", "chunks", chunks, least=1)
    each = max(1, -(-x.shape[place] // count))
    _pieces("chunk", -(-x.shape[place] // each))
    return _cut(x, range(each, x.shape[place], each), place)


# --- insert and delete ---------------------------------------------------------------------------


def _places(name: str, obj: Any, size: int, end: int) -> Array:
    """A list of places in an axis as non-negative integers below `end`."""
    array = index_array(obj, name)
    if array.dtype.kind == "b":
        if array.shape != (size,):
            raise GradcliError(
                f"{name}: a mask of shape {shape_text(array.shape)} for an axis of size {size}",
                kind="shape",
            )
        return np.flatnonzero(array)
    array = array.ravel()
    for place in array[(array < -size) | (array >= end)][:1]:
        raise GradcliError(f"{name}: place {place} is out of range for size {size}", kind="shape")
    return np.where(array < 0, array + size, array)


@function(
    "insert",
    "x; obj; values; axis=None",
    "Further entries before the given places.",
    family=FAMILY,
    example="insert(x, 1, 5.0)",
)
def insert(x: Node, values: Node, *, obj: Any, axis: int | None = None) -> Node:
    """`values` before the places `obj` (an integer or a list) of `axis`; ravels where None."""
    if axis is None:
        x, axis = ravel(x), -1
    axis = one_axis("insert", axis, x.ndim)
    size = x.shape[axis]
    places = _places("insert", obj, size, size + 1)
    if values.ndim > x.ndim:
        raise GradcliError(
            f"insert: values of shape {shape_text(values.shape)} into shape {shape_text(x.shape)}",
            kind="shape",
        )
    values = reshape(values, (1,) * (x.ndim - values.ndim) + values.shape)
    if whole(obj) is not None and axis != -x.ndim:
        # One place: the first axis of the values counts what is inserted, as in NumPy.
        order = list(range(1 - x.ndim, 0))
        order.insert(axis + x.ndim, -x.ndim)
        values = apply("transpose", values, axes=tuple(order))
    count = values.shape[axis] if places.size == 1 else places.size
    shape = list(x.shape)
    shape[axis] = count
    values = broadcast_to(values, tuple(shape))
    if places.size == 1:
        before, after = _cut(x, [int(places[0])], axis)
        return joined([before, values, after], axis)
    source = np.insert(np.arange(size), places, size + np.arange(count))
    return getitem(joined([x, values], axis), along(axis, source))


@function(
    "delete",
    "x; obj, axis=None",
    "Without the entries at the given places.",
    family=FAMILY,
    example="delete(x, 1)",
)
def delete(x: Node, obj: Any, axis: int | None = None) -> Node:
    """`x` without the places `obj` (an integer, a list or a mask) of `axis`; ravels where None."""
    if axis is None:
        x, axis = ravel(x), -1
    axis = one_axis("delete", axis, x.ndim)
    size = x.shape[axis]
    places = _places("delete", obj, size, size)
    if places.size == 1:
        before = getitem(x, along(axis, slice(0, int(places[0]))))
        after = getitem(x, along(axis, slice(int(places[0]) + 1, None)))
        return joined([before, after], axis)
    return getitem(x, along(axis, np.delete(np.arange(size), places)))
