"""Positions: arrays as indices, entries by their ranks, and the functions that find positions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from sympy import Expr, Integer, Rational

from gradcli.graph import Node
from gradcli.symbolic.atoms.base import (
    Adjoints,
    Atom,
    at_input,
    axes_of,
    axis_params,
    element,
    indices,
    kept_indices,
    reduction_unify,
    same_shape,
    unify_axes,
)
from gradcli.symbolic.indices import Dim, Index, NoFormError, contract

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions

LONGEST = 64
"""Positions that an index may spell out."""


# --- an index with arrays of positions ---


def _parts(index: Any, rank: int) -> list[Any]:
    """One part per axis (and the Nones): slices, integers, integer arrays; no masks, no dots."""
    from gradcli.symbolic.views import expand_index

    parts: list[Any] = []
    for part in expand_index(index, rank):
        if isinstance(part, np.ndarray) and part.dtype.kind == "b":
            parts += np.nonzero(part)
        else:
            parts.append(part)
    return parts


def _text(part: Any) -> str:
    from gradcli.symbolic.atoms.indexing import _index_text

    return str(part.tolist()) if isinstance(part, np.ndarray) else _index_text(part)


def _short(index: Any) -> bool:
    arrays = [part for part in index if isinstance(part, np.ndarray)]
    return sum(part.size for part in arrays) <= LONGEST


def _axes(parts: list[Any]) -> tuple[list[int | None], int, int]:
    """Per part the axis of the result that it makes (None for an advanced part), where the axes
    of the positions stand, and how many those are."""
    advanced = [n for n, part in enumerate(parts) if isinstance(part, (int, np.ndarray))]
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    rank = np.broadcast(*arrays).ndim if arrays else 0
    first = 0
    if arrays and advanced[-1] - advanced[0] < len(advanced):
        first = advanced[0]
    made: list[int | None] = []
    axis = 0 if first else rank
    for number, part in enumerate(parts):
        if first and number == first:
            axis += rank
        if isinstance(part, (int, np.ndarray)):
            made.append(None)
        else:
            made.append(axis)
            axis += 1
    return made, first, rank


def _picks(
    parts: list[Any], small: list[Any], large: list[Any], dims: tuple[Dim | None, ...]
) -> tuple[dict[Any, Any], list[Expr], list[Index]]:
    """How entry `small` of the indexed array is entry `large` of the whole one.

    Returns:
        Small indices that are large ones, the selection matrices, and the other small indices.
    """
    made, first, rank = _axes(parts)
    same: dict[Any, Any] = {}
    picks: list[Expr] = []
    axes = iter(range(len(large)))
    for part, axis in zip(parts, made, strict=True):
        if part is None:
            continue
        place = next(axes)
        index, dim = large[place], dims[place]
        size = dim.size if dim is not None else 1
        if isinstance(part, slice) and part == slice(None):
            if isinstance(index, Index):
                same[small[axis or 0]] = index
        elif dim is None and not (isinstance(part, slice) and not range(*part.indices(size))):
            continue
        elif isinstance(part, int):
            picks.append(element("pick", [], [index], [part % size]))
        elif isinstance(part, slice):
            chosen = range(*part.indices(size))
            if not chosen:
                raise NoFormError("an empty slice")
            if len(chosen) == 1:
                picks.append(element("pick", [], [index], [chosen[0]]))
            else:
                picks.append(element("select", [], [small[axis or 0], index], [_text(part)]))
        elif part.size == 1:
            picks.append(element("pick", [], [index], [part.item() % size]))
        else:
            behind = small[first + rank - part.ndim : first + rank]
            out = [i if n != 1 else Integer(0) for i, n in zip(behind, part.shape, strict=True)]
            picks.append(element("select", [], [*out, index], [_text(part)]))
    rest = [index for index in small if isinstance(index, Index) and index not in same]
    return same, picks, rest


def _index_unify(small: Node, large: Node, definitions: Definitions) -> None:
    made, _, _ = _axes(parts := _parts(_index_of(small, large), large.ndim))
    axes = iter(range(large.ndim))
    for part, axis in zip(parts, made, strict=True):
        if part is None:
            continue
        place = next(axes)
        if isinstance(part, slice) and part == slice(None) and axis is not None:
            unify_axes(definitions, [(large, place, small, axis)])


def _index_of(small: Node, large: Node) -> Any:
    return (small if small.op.name == "getitem" else large).params["index"]


def _taken_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    parts = _parts(node.params["index"], x.ndim)
    while isinstance(parts[-1], slice) and parts[-1] == slice(None):
        parts.pop()
    text = ", ".join(map(_text, parts))
    return element("getitem", [definitions.array(x)], indices(definitions, node), [text])


def _taken_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Entry i of the output is entry `index(i)` of the input: a selection matrix per axis."""
    (x,) = node.inputs
    parts = _parts(node.params["index"], x.ndim)
    small, large = indices(definitions, node), indices(definitions, x)
    same, picks, rest = _picks(parts, small, large, definitions.dims[x.id])
    return [contract(sympy.Mul(g, *picks).xreplace(same), rest)]


def _scatter_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    parts = _parts(node.params["index"], node.ndim)
    small, large = indices(definitions, x), indices(definitions, node)
    same, picks, rest = _picks(parts, small, large, definitions.dims[node.id])
    return contract(sympy.Mul(definitions.expr[x.id], *picks).xreplace(same), rest)


def _scatter_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Every entry receives the adjoint of the place that it was added to."""
    (x,) = node.inputs
    parts = _parts(node.params["index"], node.ndim)
    small, large = indices(definitions, x), indices(definitions, node)
    same, picks, _ = _picks(parts, small, large, definitions.dims[node.id])
    back = {mine: other for other, mine in same.items()}
    gone = [index for index in large if isinstance(index, Index) and index not in back]
    return [contract(sympy.Mul(g, *picks), gone).xreplace(back)]


def _known_shape(node: Node) -> bool:
    return bool(node.params["rank"] == node.inputs[0].ndim and _short(node.params["index"]))


# --- entries by positions that are computed ---


def _along_unify(definitions: Definitions, node: Node) -> None:
    axis = node.params["axis"]
    others = [other for other in range(-node.ndim, 0) if other != axis]
    pairs = [(part, other, node, other) for part in node.inputs for other in others]
    unify_axes(definitions, [*pairs, (node.inputs[1], axis, node, axis)])


def _along_forward(definitions: Definitions, node: Node) -> Expr:
    x, places = node.inputs
    axis = node.params["axis"]
    out = indices(definitions, node)
    if places.dtype.kind == "i" and 1 not in x.shape + places.shape:
        arrays = [definitions.array(x), definitions.array(places)]
        return element("take_along_axis", arrays, out, [axis + node.ndim] * (node.ndim > 1))
    own = indices(definitions, x)
    moved = [index if n == axis + node.ndim else out[n] for n, index in enumerate(own)]
    entry = definitions.at(x, [m for m, mine in zip(moved, own, strict=True) if mine != 0])
    chosen = _chosen(definitions, node, own[axis])
    return contract(entry * chosen, [own[axis]] if isinstance(own[axis], Index) else [])


def _chosen(definitions: Definitions, node: Node, position: Any) -> Expr:
    """1 where the entry of the output is the one at a position, else 0."""
    places = node.inputs[1]
    beside = zip(indices(definitions, node), indices(definitions, places), strict=True)
    place = definitions.at(places, [out for out, own in beside if own != 0])
    scalars = definitions.notation
    equal = scalars.equal(place, position)
    chosen: Expr = scalars.where(equal, Integer(1), Integer(0))
    return chosen


def _along_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Position k receives the adjoint of every entry that was taken from it."""
    (x, _), axis = node.inputs, node.params["axis"]
    out, own = indices(definitions, node), indices(definitions, x)
    renamed, bound = {}, []
    for n, (mine, other) in enumerate(zip(out, own, strict=True)):
        if not isinstance(mine, Index):
            continue
        if n == axis + node.ndim or other == 0:
            bound.append(mine)
        else:
            renamed[mine] = other
    chosen = _chosen(definitions, node, own[axis])
    return [contract((g * chosen).xreplace(renamed), bound), None]


# --- quantiles ---


def _share(node: Node) -> str:
    """The share of the entries below."""
    x, params = node.inputs[0], node.params
    count = int(np.prod([x.shape[axis] for axis in axes_of(node)]))
    share = (params["low"] + Fraction(repr(params["fraction"]))) / max(count - 1, 1)
    return repr(float(share.limit_denominator(10**12)))


def _quantile_entry(definitions: Definitions, node: Node, method: str) -> Expr:
    params = [_share(node), method, *axis_params(node)]
    return element(
        "quantile", [definitions.array(node.inputs[0])], kept_indices(definitions, node), params
    )


def _quantile_forward(definitions: Definitions, node: Node) -> Expr:
    exact = node.params["low"] == node.params["high"] and _share(node) != "0.5"
    return _quantile_entry(definitions, node, "nearest" if exact else "linear")


def _quantile_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The adjoint goes to the entry at the rank, or is shared by those at the ranks around it."""
    (x,) = node.inputs
    scalars = definitions.notation

    def at_rank(value: Expr) -> Expr:
        chosen = scalars.equal(definitions.expr[x.id], at_input(definitions, node, x, value))
        return scalars.where(chosen, Integer(1), Integer(0))

    low, high, fraction = (node.params[key] for key in ("low", "high", "fraction"))
    if low == high:
        share = at_rank(definitions.expr[node.id])
    else:
        exact = Rational(*Fraction(repr(fraction)).limit_denominator(10**12).as_integer_ratio())
        below, above = (_quantile_entry(definitions, node, way) for way in ("lower", "higher"))
        share = (1 - exact) * at_rank(below) + exact * at_rank(above)
    return [at_input(definitions, node, x, g) * share]


# --- positions and counts: they have no derivative, but a text ---


def _nothing(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    return [None] * len(node.inputs)


def _found_forward(definitions: Definitions, node: Node) -> Expr:
    arrays = [definitions.array(parent) for parent in node.inputs]
    return element(node.op.name, arrays, kept_indices(definitions, node), axis_params(node))


def _order_forward(definitions: Definitions, node: Node) -> Expr:
    arrays = [definitions.array(parent) for parent in node.inputs]
    return element("argsort", arrays, indices(definitions, node), axis_params(node))


def _leader_forward(definitions: Definitions, node: Node) -> Expr:
    arrays = [definitions.array(parent) for parent in node.inputs]
    head = "cumargmax" if node.params["largest"] else "cumargmin"
    return element(head, arrays, indices(definitions, node), axis_params(node))


def _search_forward(definitions: Definitions, node: Node) -> Expr:
    arrays = [definitions.array(parent) for parent in node.inputs]
    return element("searchsorted", arrays, indices(definitions, node), [node.params["side"]])


def _search_unify(definitions: Definitions, node: Node) -> None:
    _, values = node.inputs
    unify_axes(definitions, [(values, axis, node, axis) for axis in range(-node.ndim, 0)])


def _rank_forward(definitions: Definitions, node: Node) -> Expr:
    return element("matrix_rank", [definitions.array(node.inputs[0])], indices(definitions, node))


_REDUCED = Atom(_found_forward, _nothing, reduction_unify)

TAKEN = Atom(
    _taken_forward,
    _taken_adjoints,
    lambda definitions, node: _index_unify(node, node.inputs[0], definitions),
    lambda node: _short(node.params["index"]) and 0 not in node.shape,
)
"""`getitem` with arrays of positions."""

ATOMS: dict[str, Atom] = {
    "scatter": Atom(
        _scatter_forward,
        _scatter_adjoints,
        lambda definitions, node: _index_unify(node.inputs[0], node, definitions),
        _known_shape,
    ),
    "take_along": Atom(_along_forward, _along_adjoints, _along_unify),
    "quantile": Atom(_quantile_forward, _quantile_adjoints, reduction_unify),
    "argsort": Atom(_order_forward, _nothing, same_shape),
    "running_argmax": Atom(_leader_forward, _nothing, same_shape),
    "searchsorted": Atom(_search_forward, _nothing, _search_unify),
    "matrix_rank": Atom(_rank_forward, _nothing, applies=lambda node: node.params["tol"] is None),
    **dict.fromkeys(("argmax", "argmin", "any", "all", "count_nonzero"), _REDUCED),
}
