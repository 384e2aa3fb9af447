"""Indexing, reshaping, running sums: linear maps whose transpose has a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr, Integer

from gradcli.graph import Node
from gradcli.symbolic.atoms.base import (
    Adjoints,
    Atom,
    axes_of,
    axis_params,
    element,
    indices,
    numbers,
    rows_of,
    same_shape,
    unify_axes,
)
from gradcli.symbolic.indices import (
    Index,
    contract,
    delta,
    indices_of,
)

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions


def _simple_index(node: Node) -> bool:
    """Ints, slices, Nones, and integer lists along one axis."""
    import numpy as np

    from gradcli.symbolic.views import expand_index

    parts = expand_index(node.params["index"], node.inputs[0].ndim)
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    if (
        all(
            part is None or part == slice(None)
            for part in parts
            if not isinstance(part, np.ndarray)
        )
        and not arrays
    ):
        return False  # nothing but names: the op's own entry formula says it
    return all(isinstance(part, (int, slice)) or part is None for part in parts)


def _index_text(part: Any) -> str:
    if isinstance(part, slice):
        bounds = ["" if bound is None else str(bound) for bound in (part.start, part.stop)]
        step = "" if part.step in (None, 1) else f":{part.step}"
        return f"{bounds[0]}:{bounds[1]}{step}"
    return "None" if part is None else str(part)


def _getitem_forward(definitions: Definitions, node: Node) -> Expr:
    from gradcli.symbolic.views import expand_index

    (x,) = node.inputs
    parts = expand_index(node.params["index"], x.ndim)
    while parts and parts[-1] == slice(None):
        parts.pop()
    text = ", ".join(map(_index_text, parts))
    return element("getitem", [definitions.array(x)], indices(definitions, node), [text])


def _getitem_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Entry i of the output is entry `index(i)` of the input: a selection matrix per axis."""
    from gradcli.symbolic.views import expand_index

    (x,) = node.inputs
    given = iter(indices(definitions, node))
    inner = iter(zip(indices(definitions, x), definitions.dims[x.id], strict=True))
    mapping: dict[Any, Any] = {}
    picks: list[Expr] = []
    summed: list[Index] = []
    for part in expand_index(node.params["index"], x.ndim):
        if part is None:
            next(given)
            continue
        index, dim = next(inner)
        if isinstance(part, int):
            if dim is not None:
                part = part if part >= 0 else part + dim.size
                picks.append(element("pick", [], [index], [part]))
            continue
        out = next(given)
        if part == slice(None):
            if isinstance(out, Index):
                mapping[out] = index
            continue
        start, stop, step = part.indices(dim.size if dim is not None else 1)
        if dim is not None and len(range(start, stop, step)) == 1:
            picks.append(element("pick", [], [index], [start]))
            continue
        if dim is None or len(range(start, stop, step)) == 0:
            return [Integer(0)] if len(range(start, stop, step)) == 0 else [g.xreplace(mapping)]
        picks.append(element("select", [], [out, index], [_index_text(part)]))
        if isinstance(out, Index):
            summed.append(out)
    return [contract(sympy.Mul(g, *picks).xreplace(mapping), summed)]


def _getitem_unify(definitions: Definitions, node: Node) -> None:
    from gradcli.symbolic.views import expand_index

    (x,) = node.inputs
    out = axis = 0
    pairs = []
    for part in expand_index(node.params["index"], x.ndim):
        if part is None:
            out += 1
            continue
        if not isinstance(part, int):
            if part == slice(None):
                pairs.append((x, axis, node, out))
            out += 1
        axis += 1
    unify_axes(definitions, pairs)


def _reshape_applies(node: Node) -> bool:
    inner = [size for size in node.inputs[0].shape if size != 1]
    return inner != [size for size in node.shape if size != 1]


def _shape_params(definitions: Definitions, node: Node, rows: Sequence[Index] = ()) -> str:
    """A shape as text, behind the sizes of some rows; named sizes stay names."""
    parts = []
    for dim in (*(row.dim for row in rows), *definitions.dims[node.id]):
        found = dim.find() if dim is not None else None
        parts.append("1" if found is None else found.text or str(found.size))
    return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"


def _reshape_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element(
        "reshape",
        [definitions.array(x)],
        indices(definitions, node),
        [_shape_params(definitions, node)],
    )


def _reshape_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    (x,) = node.inputs
    scale, rest = numbers(g)
    out, own = indices(definitions, node), indices(definitions, x)
    blocks = len(out) == 2 and len(own) == 4 and x.shape[:2] == x.shape[2:]
    if blocks and rest == delta(out[0], out[1]):
        # The identity in blocks: entry (i, j, k, l) is 1 where i = k and j = l.
        pairs = [(own[0], own[2]), (own[1], own[3])]
        return [scale * sympy.Mul(*(delta(a, b) for a, b in pairs if a != 0))]
    rows = rows_of(rest, out)
    whole = definitions.whole(rest, [*rows, *out])
    text = _shape_params(definitions, x, rows)
    return [scale * element("reshape", [whole], [*rows, *indices(definitions, x)], [text])]


def _cumsum_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element("cumsum", [definitions.array(x)], indices(definitions, node), axis_params(node))


def _cumsum_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The transpose of a running sum is the running sum from the other end."""
    (x,) = node.inputs
    scale, rest = numbers(g)
    reverse = node.params["reverse"]
    return [scale * _running_adjoint(definitions, node, rest, indices(definitions, x), reverse)]


def _running_adjoint(
    definitions: Definitions, node: Node, g: Expr, own: Sequence[Any], reverse: bool
) -> Expr:
    out = indices(definitions, node)
    rows = rows_of(g, out)
    if len(rows) == 1 and len(out) == 1 and g == delta(rows[0], out[0]):
        # Row r of the running sum's own matrix: ones up to r, or from r on.
        order = [own[0], rows[0]] if reverse else [rows[0], own[0]]
        return element("tri", [], order)
    whole = definitions.whole(g, [*rows, *out])
    params = axis_params(node)
    if rows:
        axis = node.params["axis"] + len(out)
        params = [axis + len(rows)]
    head = "cumsum" if reverse else "cumsum_reversed"
    return element(head, [whole], [*rows, *own], params)


def _vector(node: Node) -> bool:
    return node.inputs[0].ndim <= 1 or len(axes_of(node)) == 1


def _cumprod_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    head = "cumprod_reversed" if node.params["reverse"] else "cumprod"
    return element(head, [definitions.array(x)], indices(definitions, node), axis_params(node))


def _cumprod_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d cumprod(x)_i = cumprod(x)_i sum_{k <= i} dx_k / x_k, where no entry is zero."""
    (x,) = node.inputs
    scale, rest = numbers(g * definitions.expr[node.id])
    total = _running_adjoint(
        definitions, node, rest, indices(definitions, x), node.params["reverse"]
    )
    return [scale * total / definitions.expr[x.id]]


# --- padding ---


def _pad_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    widths = ", ".join(f"({before}, {after})" for before, after in node.params["pairs"])
    text = widths if x.ndim == 1 else f"({widths})"
    return element("pad", [definitions.array(x)], indices(definitions, node), [text])


def _pad_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The part of the adjoint that is not padding."""
    (x,) = node.inputs
    scale, rest = numbers(g)
    out, own = indices(definitions, node), indices(definitions, x)
    free = indices_of(rest)
    if not free:
        return [g]
    parts = [
        f"{before}:{'' if after == 0 else -after}".removeprefix("0")
        for before, after in node.params["pairs"]
    ]
    while parts and parts[-1] == ":":
        parts.pop()
    rows = rows_of(rest, out)
    whole = definitions.whole(rest, [*rows, *out])
    text = ":, " * len(rows) + ", ".join(parts)
    return [scale * element("getitem", [whole], [*rows, *own], [text])]


def _zeros(node: Node) -> bool:
    return bool(node.params["value"] == 0.0)


# --- joining and sorting ---


def _concatenate_unify(definitions: Definitions, node: Node) -> None:
    along = node.params["axis"]
    unify_axes(
        definitions,
        [
            (piece, axis, node, axis)
            for piece in node.inputs
            for axis in range(-node.ndim, 0)
            if axis != along
        ],
    )


def _concatenate_forward(definitions: Definitions, node: Node) -> Expr:
    axis = node.params["axis"] + node.ndim
    arrays = [definitions.array(piece) for piece in node.inputs]
    return element("concatenate", arrays, indices(definitions, node), [axis] if axis else [])


def _concatenate_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Every piece takes its part of the adjoint."""
    axis = node.params["axis"]
    out = indices(definitions, node)
    result: Adjoints = []
    start: list[str] = []
    for piece in node.inputs:
        own = indices(definitions, piece)
        moved = dict(zip(out, own, strict=True))
        if out[axis] not in indices_of(g):
            result.append(g.xreplace({old: new for old, new in moved.items() if old != 0}))
        else:
            scale, rest = numbers(g)
            size = definitions.dims[piece.id][axis]
            found = None if size is None else size.find()
            stop = [*start, "1" if found is None else found.text or str(found.size)]
            last = piece is node.inputs[-1]
            text = f"{' + '.join(start)}:{'' if last else ' + '.join(stop)}"
            rows = rows_of(rest, out)
            text = ":, " * (axis + node.ndim + len(rows)) + text
            whole = definitions.whole(rest, [*rows, *out])
            result.append(scale * element("getitem", [whole], [*rows, *own], [text]))
            start = stop
    return result


def _sort_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element("sort", [definitions.array(x)], indices(definitions, node), axis_params(node))


def _sort_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Each entry of the input receives the adjoint at its rank."""
    (x,) = node.inputs
    scale, rest = numbers(g)
    out, array = indices(definitions, node), definitions.array(x)
    if len(out) == 1 and isinstance(out[0], Index) and rows_of(rest, out):
        size = out[0].dim.find()
        (entry,) = indices(definitions, x)
        order = element("sorting", [array], [*out, entry], [size.text or str(size.size)])
        return [contract(g * order, out)]
    whole = definitions.whole(rest, out)
    return [scale * element("unsorted", [whole, array], indices(definitions, x), axis_params(node))]


ATOMS: dict[str, Atom] = {
    "getitem": Atom(_getitem_forward, _getitem_adjoints, _getitem_unify, _simple_index),
    "reshape": Atom(_reshape_forward, _reshape_adjoints, None, _reshape_applies),
    "cumprod": Atom(_cumprod_forward, _cumprod_adjoints, same_shape, _vector),
    "pad": Atom(_pad_forward, _pad_adjoints, None, _zeros),
    "concatenate": Atom(_concatenate_forward, _concatenate_adjoints, _concatenate_unify),
    "sort": Atom(_sort_forward, _sort_adjoints, same_shape),
    "cumsum": Atom(_cumsum_forward, _cumsum_adjoints, same_shape, _vector),
}
