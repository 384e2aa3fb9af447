"""Static positions: `tril_indices`, `diag_indices`, `nonzero`, `unravel_index`, `ix_`; `meshgrid`.

Except for `meshgrid`, these functions return NumPy integer arrays, not nodes: they are an index.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, constant
from gradcli.limits import check_elements
from gradcli.ops.creation import number_dtype
from gradcli.ops.declare import describe, function, integer
from gradcli.ops.static import flag, index_array, static_array, static_shape, word
from gradcli.ops.structure import broadcast_to, reshape

FAMILY = "positions"


def _triangle(name: str, n: Any, k: Any, m: Any) -> tuple[int, int, int]:
    rows = integer(name, "n", n, least=0)
    columns = rows if m is None else integer(name, "m", m, least=0)
    check_elements((max(rows, 1), max(columns, 1)), f"the mask of {name}")
    return rows, columns, max(-rows, min(integer(name, "k", k), columns))


@function(
    "tril_indices",
    "; n, k=0, m=None",
    "Positions of a lower triangle.",
    family=FAMILY,
    example="S[tril_indices(2)]",
)
def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """Rows and columns of the entries on and below diagonal `k` of an (n, m) matrix."""
    rows, columns, offset = _triangle("tril_indices", n, k, m)
    return np.nonzero(np.tri(rows, columns, offset, dtype=bool))


@function(
    "triu_indices",
    "; n, k=0, m=None",
    "Positions of an upper triangle.",
    family=FAMILY,
    example="S[triu_indices(2)]",
)
def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Array, ...]:
    """Rows and columns of the entries on and above diagonal `k` of an (n, m) matrix."""
    rows, columns, offset = _triangle("triu_indices", n, k, m)
    return np.nonzero(~np.tri(rows, columns, offset - 1, dtype=bool))


@function(
    "diag_indices",
    "; n, ndim=2",
    "Positions of a diagonal.",
    family=FAMILY,
    example="S[diag_indices(2)]",
)
def diag_indices(n: int, ndim: int = 2) -> tuple[Array, ...]:
    """`ndim` times `arange(n)`."""
    count = integer("diag_indices", "n", n, least=0)
    axes = min(integer("diag_indices", "ndim", ndim, least=0), 33)
    check_elements((count,) * max(axes, 1), "an array indexed by diag_indices")
    return (np.arange(count),) * axes


@function(
    "nonzero", "; x", "Positions of what is not zero.", family=FAMILY, example="x[nonzero(x > 0)]"
)
def nonzero(x: Any) -> tuple[Array, ...]:
    """One array of positions per axis."""
    return np.nonzero(np.atleast_1d(static_array("nonzero", x)))


@function(
    "flatnonzero",
    "; x",
    "Flat positions of what is not zero.",
    family=FAMILY,
    example="x[flatnonzero(x > 0)]",
)
def flatnonzero(x: Any) -> Array:
    """Positions in the flat array."""
    return np.flatnonzero(static_array("flatnonzero", x))


@function(
    "argwhere",
    "; x",
    "Positions of what is not zero, one row each.",
    family=FAMILY,
    example="argwhere(x > 0).shape",
)
def argwhere(x: Any) -> Array:
    """Shape (count, axes)."""
    return np.argwhere(static_array("argwhere", x))


@function(
    "unravel_index",
    "; indices, shape",
    "Flat positions as one per axis.",
    family=FAMILY,
    example="A[unravel_index(1, A.shape)]",
)
def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """The positions per axis of flat (row-major) positions in an array of `shape`."""
    sizes = static_shape("unravel_index", shape)
    check_elements(sizes, "the array of unravel_index")
    try:
        places = np.unravel_index(index_array(indices, "unravel_index"), sizes)
    except ValueError as error:
        raise GradcliError(f"unravel_index: {error}", kind="shape") from None
    return tuple(int(place) if np.ndim(place) == 0 else place for place in places)


@function(
    "ix_",
    "; *lists",
    "An index that crosses lists of positions.",
    family=FAMILY,
    example="A[ix_([0, 1], [0])]",
)
def ix_(*lists: Any) -> tuple[Array, ...]:
    """An open mesh: `A[ix_([0, 2], [1])]` is the submatrix of rows 0, 2 and column 1."""
    arrays = [index_array(one, "ix_") for one in lists]
    for array in arrays:
        if array.ndim != 1:
            raise GradcliError(f"ix_: lists of one axis are needed, not {describe(array.tolist())}")
    return np.ix_(*arrays)


@function(
    "meshgrid",
    "*xs; indexing='xy', sparse=False",
    "Coordinate arrays of a grid.",
    family=FAMILY,
    example="meshgrid(x, y)[0]",
)
def meshgrid(*xs: Node, indexing: str = "xy", sparse: bool = False) -> tuple[Node, ...]:
    """One array per vector, each constant along the axes of the others.

    Args:
        xs: vectors (or scalars) of n1, n2, ... entries.
        indexing: "xy" gives shape (n2, n1, ...), "ij" gives (n1, n2, ...).
        sparse: leave the axes of the others at size 1.
    """
    axes = list(range(len(xs)))
    if word("meshgrid", "indexing", indexing, ("xy", "ij")) == "xy" and len(xs) > 1:
        axes[:2] = [1, 0]
    full = [0] * len(xs)
    for axis, x in zip(axes, xs, strict=True):
        if x.ndim > 1:
            raise GradcliError(f"meshgrid: vectors are needed, not {describe(x)}", kind="shape")
        full[axis] = x.size
    check_elements(full, "the result of meshgrid")
    thin = flag("meshgrid", "sparse", sparse)
    grids = []
    for axis, x in zip(axes, xs, strict=True):
        single = [1] * len(xs)
        single[axis] = x.size
        grid = reshape(x, tuple(single))
        grids.append(grid if thin else broadcast_to(grid, tuple(full)))
    return tuple(grids)


@function(
    "one_hot",
    "; indices, depth",
    "Rows of the identity matrix, picked by positions.",
    family=FAMILY,
    example="one_hot([0, 2], 3)",
)
def one_hot(indices: Any, depth: int) -> Node:
    """A new last axis of size `depth`: 1 at the position, 0 elsewhere (everywhere for -1)."""
    array = index_array(indices, "one_hot")
    count = integer("one_hot", "depth", depth, least=0)
    check_elements((max(array.size, 1), count), "the result of one_hot")
    hot = array[..., None] == np.arange(count)
    return apply("where", constant(hot), constant(1.0, number_dtype("one_hot", None)), 0.0)
