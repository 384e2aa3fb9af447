"""Indexing and slicing: `getitem`, its transpose `scatter`, and the rules of an index.

An index is static: slices, integers, None, Ellipsis, integer arrays and boolean masks, all known
when the graph is traced. `scatter` adds, so an entry that is taken twice receives both cotangents.

`rank` is the number of axes of the input as traced; an array that arrives with more has leading
batch axes, which the index leaves alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, broadcast_shapes, shape_text
from gradcli.ops.declare import describe, primitive
from gradcli.ops.static import index_array

FAMILY = "indexing"
Index = tuple[Any, ...]
"""What `static_index` returns: integers, slices, None, Ellipsis, int64 or bool arrays."""


def along(axis: int, index: Any) -> Index:
    """The index that applies `index` to one (negative) axis and leaves the others alone."""
    return (Ellipsis, index, *(slice(None),) * (-axis - 1))


# --- what an index may be ------------------------------------------------------------------------


def static_index(index: Any) -> Index:
    """An index as the ops take it, or an error of kind `value`."""
    return tuple(_part(part) for part in (index if isinstance(index, tuple) else (index,)))


def _part(part: Any) -> Any:
    if part is None or part is Ellipsis or type(part) is int:
        return part
    if isinstance(part, slice):
        bounds = [_bound(bound) for bound in (part.start, part.stop, part.step)]
        if bounds[2] == 0:
            raise GradcliError("the step of a slice cannot be 0")
        return slice(*bounds)
    if isinstance(part, Node) and part.op.name == "constant":
        part = part.params["value"]
    if isinstance(part, (list, tuple)):
        part = index_array(part)
    if isinstance(part, np.integer) or (isinstance(part, np.ndarray) and part.dtype.kind in "iu"):
        return int(part) if part.ndim == 0 else np.asarray(part, dtype=np.int64)
    if isinstance(part, np.ndarray) and part.dtype.kind == "b" and part.ndim:
        return part
    raise GradcliError(
        f"an index is an integer, a slice, None, ..., a list of integers or a mask, "
        f"not {describe(part)}"
    )


def _bound(bound: Any) -> int | None:
    if bound is None or type(bound) is int:
        return bound
    if isinstance(bound, np.ndarray) and bound.ndim == 0:
        bound = bound[()]
    if isinstance(bound, np.integer):
        return int(bound)
    raise GradcliError(f"the ends of a slice are integers, not {describe(bound)}")


# --- the shape rule ------------------------------------------------------------------------------


def index_shape(shape: Shape, index: Index) -> Shape:
    """The shape of `x[index]` for `x` of a shape, by NumPy's rules; nothing is allocated.

    Raises:
        GradcliError: `shape` for too many indices, positions out of range, masks that do not fit.
    """
    used = sum(
        part.ndim if isinstance(part, np.ndarray) and part.dtype.kind == "b" else 1
        for part in index
        if part is not None and part is not Ellipsis
    )
    if used > len(shape):
        raise GradcliError(
            f"{used} indices for the {len(shape)} axes of shape {shape_text(shape)}", kind="shape"
        )
    dots = sum(part is Ellipsis for part in index)
    if dots > 1:
        raise GradcliError("an index has at most one ...", kind="shape")
    arrays: list[Shape] = []
    sizes: list[int] = []
    places: list[int] = []  # where advanced parts stand, to see whether they are neighbours
    axis = 0
    for place, part in enumerate(index if dots else (*index, Ellipsis)):
        if part is None:
            sizes.append(1)
        elif part is Ellipsis:
            left = len(shape) - used
            sizes += shape[axis : axis + left]
            axis += left
        elif isinstance(part, slice):
            sizes.append(len(range(*part.indices(shape[axis]))))
            axis += 1
        else:
            if not places:
                first = len(sizes)
            places.append(place)
            arrays.append(_advanced_shape(shape, axis, part))
            axis += part.ndim if isinstance(part, np.ndarray) and part.dtype.kind == "b" else 1
    if _is_basic(index):
        return tuple(sizes)
    common = broadcast_shapes("index", *arrays)
    if places[-1] - places[0] >= len(places):
        first = 0
    return (*sizes[:first], *common, *sizes[first:])


def _advanced_shape(shape: Shape, axis: int, part: Any) -> Shape:
    """The shape of the positions that an integer, an integer array or a mask picks from an axis."""
    if isinstance(part, np.ndarray) and part.dtype.kind == "b":
        covered = shape[axis : axis + part.ndim]
        if part.shape != covered:
            raise GradcliError(
                f"a mask of shape {shape_text(part.shape)} does not fit shape "
                f"{shape_text(covered)}",
                kind="shape",
            )
        return (int(np.count_nonzero(part)),)
    size = shape[axis]
    picked: Shape = part.shape if isinstance(part, np.ndarray) else ()
    if 0 in picked:
        return picked
    low, high = (int(part.min()), int(part.max())) if picked else (int(part), int(part))
    if low < -size or high >= size:
        worst = low if low < -size else high
        raise GradcliError(
            f"index {worst} is out of range for axis {axis} of size {size} in shape "
            f"{shape_text(shape)}",
            kind="shape",
        )
    return picked


# --- primitives ----------------------------------------------------------------------------------


def _is_basic(index: Index) -> bool:
    return not any(isinstance(part, np.ndarray) for part in index)


def positions(shape: Shape, index: Index) -> Array:
    """The flat (row-major) position in an array of `shape` of every entry of `x[index]`."""
    return np.arange(int(np.prod(shape))).reshape(shape)[index]


def _getitem(x: Array, index: Index, rank: int | None = None) -> Array:
    extra = 0 if rank is None else x.ndim - rank
    if not extra:
        return np.asarray(x[index])
    batch, shape = x.shape[:extra], x.shape[extra:]
    if _is_basic(index):
        return np.asarray(x[(slice(None),) * extra + index])
    return np.asarray(x.reshape(*batch, int(np.prod(shape)))[..., positions(shape, index)])


def _scatter(g: Array, index: Index, shape: Shape, rank: int | None = None) -> Array:
    extra = 0 if rank is None else g.ndim - rank
    batch = g.shape[:extra]
    result = np.zeros(batch + shape, dtype=g.dtype)
    if _is_basic(index):
        result[(slice(None),) * extra + index] = g
    elif not extra and len(index) == 1 and index[0].dtype.kind == "b":
        result[index] = g
    else:
        # One flat axis: `add.at` has a fast loop only there.
        flat = positions(shape, index).ravel()
        rows = result.reshape(int(np.prod(batch)), int(np.prod(shape)))
        for row, values in zip(rows, g.reshape(len(rows), flat.size), strict=True):
            np.add.at(row, flat, values)
    return result


def _getitem_vjp(g: Node, out: Node, x: Node, index: Index, rank: int | None = None) -> tuple[Node]:
    return (apply("scatter", g, index=index, shape=x.shape, rank=out.ndim),)


class _Deltas:
    """A stand-in for the array that `scatter` writes into: 1 where an entry lands, else 0."""

    def __init__(self, s: Any, out: Any, shape: Shape) -> None:
        self.s, self.out, self.shape, self.dims, self.ndim = s, out, shape, shape, len(shape)

    def __call__(self, *place: Any) -> Any:
        product = 1
        for wanted, landed in zip(self.out, place, strict=True):
            product = product * self.s.delta(wanted, landed)
        return product


def _scatter_entry(
    s: Any, out: Any, g: Any, index: Index, shape: Shape, rank: int | None = None
) -> Any:
    source = [s.index(dim) for dim in g.dims]
    return s.sum(s.indexed(_Deltas(s, out, shape), tuple(source), index) * g(*source), *source)


primitive(
    "getitem",
    evaluate=_getitem,
    shape=lambda shape, index, rank=None: index_shape(shape, index),
    vjp=_getitem_vjp,
    entry=lambda s, out, x, index, rank=None: s.indexed(x, out, index),
    dtype="same",
    doc="Entries by position, slice, integer array or mask.",
    family=FAMILY,
)
primitive(
    "scatter",
    evaluate=_scatter,
    shape=lambda old, index, shape, rank=None: shape,
    vjp=lambda g, out, x, index, shape, rank=None: (
        apply("getitem", g, index=index, rank=len(shape)),
    ),
    entry=_scatter_entry,
    dtype="same",
    doc="Zeros with the given entries added at their positions.",
    family=FAMILY,
)


def getitem(x: Node, index: Any) -> Node:
    """`x[index]` with a static index, NumPy's rules."""
    return apply("getitem", x, index=static_index(index), rank=x.ndim)
