"""Ops that index notation alone cannot say: their value as a function of whole arrays, and their differential.

An `Atom` gives the expression of the output (`forward`) and, for an adjoint of the output, what it
contributes to the adjoint of each input (`adjoints`). The differentials are written here from the
literature (Magnus & Neudecker; the Matrix Cookbook), independent of the reverse-mode rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr, Integer

from gradcli.graph import Node
from gradcli.symbolic.indices import (
    SYMMETRIC,
    Index,
    WholeArray,
    contract,
    delta,
    fresh,
    indices_of,
)

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions

Adjoints = list[Expr | None]


class Atom:
    """One op with a rule of its own. Override what differs."""

    def __init__(
        self,
        forward: Callable[[Definitions, Node], Expr],
        adjoints: Callable[[Definitions, Node, Expr], Adjoints],
        unify: Callable[[Definitions, Node], None] | None = None,
        applies: Callable[[Node], bool] | None = None,
    ) -> None:
        self.forward = forward
        self.adjoints = adjoints
        self._unify = unify
        self._applies = applies

    def applies(self, node: Node) -> bool:
        """Whether the rule covers these params and shapes."""
        return self._applies is None or self._applies(node)

    def unify(self, definitions: Definitions, node: Node) -> None:
        """Make sizes one that must be equal."""
        if self._unify is not None:
            self._unify(definitions, node)


def _unify_axes(definitions: Definitions, pairs: Sequence[tuple[Node, int, Node, int]]) -> None:
    for a, i, b, j in pairs:
        first, second = definitions.dims[a.id][i], definitions.dims[b.id][j]
        if first is not None and second is not None:
            first.unify(second)


def _indices(definitions: Definitions, node: Node) -> list[Any]:
    return list(definitions.formal[node.id])


def element(
    head: str, lambdas: Sequence[WholeArray], indices: Sequence[Any], params: Sequence[Any] = ()
) -> Expr:
    """An entry of a function of whole arrays."""
    from gradcli.symbolic.lower import element as make

    return make(head, lambdas, indices, params)


def _matrix(node: Node) -> bool:
    return node.inputs[0].ndim == 2


# --- determinants and inverses ---------------------------------------------------------------------


def _square(definitions: Definitions, node: Node) -> None:
    (a, *_) = node.inputs
    _unify_axes(definitions, [(a, -1, a, -2)])


def _inverse_entry(definitions: Definitions, matrix: Node, row: Any, column: Any) -> Expr:
    """An entry of the inverse; of a 1 x 1 matrix it is the reciprocal."""
    if matrix.shape[-1] == 1:
        return 1 / definitions.at(matrix, [])
    whole = definitions.array(matrix)
    i, j = whole.axes
    if (
        whole.body.xreplace({i: j, j: i}) == whole.body
    ):  # the inverse of a symmetric matrix is symmetric
        return element("inv", [whole], [row, column], [SYMMETRIC])
    return element("inv", [whole], [row, column])


def _det_forward(definitions: Definitions, node: Node) -> Expr:
    (a,) = node.inputs
    return element("det", [definitions.array(a)], [])


def _det_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d det(A) = det(A) tr(inv(A) dA)."""
    (a,) = node.inputs
    i, j = _indices(definitions, a)
    return [g * definitions.expr[node.id] * _inverse_entry(definitions, a, j, i)]


def _logdet_forward(definitions: Definitions, node: Node) -> Expr:
    return element("logdet", [definitions.array(node.inputs[0])], [])


def _logdet_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d log|det(A)| = tr(inv(A) dA)."""
    (a,) = node.inputs
    i, j = _indices(definitions, a)
    return [g * _inverse_entry(definitions, a, j, i)]


def _inv_unify(definitions: Definitions, node: Node) -> None:
    (a,) = node.inputs
    _unify_axes(definitions, [(a, -1, a, -2), (a, -1, node, -1), (a, -1, node, -2)])


def _inv_forward(definitions: Definitions, node: Node) -> Expr:
    i, j = _indices(definitions, node)
    return _inverse_entry(definitions, node.inputs[0], i, j)


def _inv_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d inv(A) = -inv(A) dA inv(A)."""
    (a,) = node.inputs
    i, j = _indices(definitions, node)
    k, m = _indices(definitions, a)
    if a.shape[-1] == 1:
        return [-g / definitions.at(a, []) ** 2]
    left = _inverse_entry(definitions, a, i, k)
    right = _inverse_entry(definitions, a, m, j)
    return [contract(-g * left * right, [i, j])]


def _solve_unify(definitions: Definitions, node: Node) -> None:
    a, b = node.inputs
    pairs = [(a, -1, a, -2), (a, -1, b, 0), (a, -1, node, 0)]
    if b.ndim == 2:
        pairs.append((b, 1, node, 1))
    _unify_axes(definitions, pairs)


def _solve_forward(definitions: Definitions, node: Node) -> Expr:
    a, b = node.inputs
    if a.shape[-1] == 1:
        return definitions.at(
            b, [i for i in _indices(definitions, node) if i != 0]
        ) / definitions.at(a, [])
    return element(
        "solve", [definitions.array(a), definitions.array(b)], _indices(definitions, node)
    )


def _solve_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """x = solve(A, b): dx = solve(A, db - dA x); the adjoint of b is solve(A.T, g)."""
    a, b = node.inputs
    out = _indices(definitions, node)
    row, column = _indices(definitions, a)
    behind = _indices(definitions, b)
    if a.shape[-1] == 1:
        total = contract(
            -g * definitions.expr[node.id] / definitions.at(a, []),
            [i for i in out if isinstance(i, Index)],
        )
        renamed = dict(zip(out, behind, strict=True))
        return [total, g.xreplace(renamed) / definitions.at(a, [])]
    scale, rest = _numbers(g)
    whole = definitions.whole(rest, out)
    i, j = _fresh_like(row), _fresh_like(column)
    transposed = definitions.whole(definitions.at(a, [j, i]), [i, j])
    at_row = element("solve", [transposed, whole], [row, *behind[1:]])
    shared = [index for index in behind[1:] if isinstance(index, Index)]
    x_at = definitions.at(node, [column, *shared])
    return [
        contract(-scale * at_row * x_at, shared),
        scale * element("solve", [transposed, whole], behind),
    ]


def _numbers(g: Expr) -> tuple[Expr, Expr]:
    """The factors of an adjoint that are numbers, and the rest."""
    tops = [factor for factor in sympy.Mul.make_args(g) if not indices_of(factor)]
    rest = [factor for factor in sympy.Mul.make_args(g) if indices_of(factor)]
    return sympy.Mul(*tops), sympy.Mul(*rest)


def _fresh_like(index: Any) -> Any:
    return fresh(index.dim) if isinstance(index, Index) else index


# --- softmax and its family ------------------------------------------------------------------------


def _axes(node: Node) -> tuple[int, ...]:
    found = node.params.get("axes", node.params.get("axis"))
    return found if isinstance(found, tuple) else (found,)


def _same_shape(definitions: Definitions, node: Node) -> None:
    (x,) = node.inputs
    _unify_axes(definitions, [(x, axis, node, axis) for axis in range(-x.ndim, 0)])


def _axis_params(node: Node) -> list[Any]:
    """The axis as the printer shows it: nothing where it is the only one."""
    x = node.inputs[0]
    axes = _axes(node)
    if len(axes) == x.ndim:
        return []
    return [axis + x.ndim for axis in axes]


def _softmax_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element(
        node.op.name, [definitions.array(x)], _indices(definitions, node), _axis_params(node)
    )


def _moved(definitions: Definitions, node: Node) -> tuple[dict[Any, Any], list[Any]]:
    """Fresh indices in the place of the formal ones along the op's axes."""
    formal = _indices(definitions, node)
    rank = len(formal)
    mapping = {
        formal[axis]: _fresh_like(formal[axis])
        for axis in _axes(node)
        if isinstance(formal[axis + rank], Index)
    }
    return mapping, list(mapping.values())


def _softmax_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """p = softmax(z): dp_i = p_i (dz_i - sum_j p_j dz_j)."""
    (x,) = node.inputs
    mapping, summed = _moved(definitions, node)
    p = definitions.expr[node.id]
    mean = contract((g * p).xreplace(mapping), summed)
    return [_rename(definitions, node, x, p * (g - mean))]


def _rename(definitions: Definitions, node: Node, x: Node, expr: Expr) -> Expr:
    return expr.xreplace(
        dict(zip(_indices(definitions, node), _indices(definitions, x), strict=True))
    )


def _log_softmax_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d log p_i = dz_i - sum_j p_j dz_j."""
    (x,) = node.inputs
    mapping, summed = _moved(definitions, node)
    p = element("softmax", [definitions.array(x)], _indices(definitions, node), _axis_params(node))
    return [_rename(definitions, node, x, g - p * contract(g.xreplace(mapping), summed))]


def _reduction_unify(definitions: Definitions, node: Node) -> None:
    (x,) = node.inputs
    _unify_axes(definitions, _kept_pairs(node, x))


def _kept_pairs(node: Node, x: Node) -> list[tuple[Node, int, Node, int]]:
    """The axes of the input that a reduction keeps, beside those of the output."""
    axes, keepdims = _axes(node), node.params.get("keepdims", False)
    if keepdims:
        return [(x, axis, node, axis) for axis in range(-x.ndim, 0) if axis not in axes]
    kept = [axis for axis in range(-x.ndim, 0) if axis not in axes]
    return [(x, axis, node, position - len(kept)) for position, axis in enumerate(kept)]


def _logsumexp_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    indices = [index for index in _indices(definitions, node) if index != 0]
    return element("logsumexp", [definitions.array(x)], indices, _axis_params(node))


def _at_input(definitions: Definitions, node: Node, x: Node, expr: Expr) -> Expr:
    """An expression in a reduction's output indices, at the kept indices of its input."""
    out, inner = _indices(definitions, node), _indices(definitions, x)
    mapping = {out[j]: inner[i] for _, i, _, j in _kept_pairs(node, x) if isinstance(out[j], Index)}
    return expr.xreplace(mapping)


def _logsumexp_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d logsumexp(z) = sum_i softmax(z)_i dz_i."""
    (x,) = node.inputs
    p = element("softmax", [definitions.array(x)], _indices(definitions, x), _axis_params(node))
    return [_at_input(definitions, node, x, g) * p]


# --- indexing --------------------------------------------------------------------------------------


def _simple_index(node: Node) -> bool:
    """Ints, slices, Nones, and integer lists along one axis."""
    import numpy as np

    from gradcli.symbolic.lower import expand_index

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
    from gradcli.symbolic.lower import expand_index

    (x,) = node.inputs
    parts = expand_index(node.params["index"], x.ndim)
    while parts and parts[-1] == slice(None):
        parts.pop()
    text = ", ".join(map(_index_text, parts))
    return element("getitem", [definitions.array(x)], _indices(definitions, node), [text])


def _getitem_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Entry i of the output is entry `index(i)` of the input: a selection matrix per axis."""
    from gradcli.symbolic.lower import expand_index

    (x,) = node.inputs
    given = iter(_indices(definitions, node))
    inner = iter(zip(_indices(definitions, x), definitions.dims[x.id], strict=True))
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
        if dim is None or len(range(start, stop, step)) == 0:
            return [Integer(0)] if len(range(start, stop, step)) == 0 else [g.xreplace(mapping)]
        picks.append(element("select", [], [out, index], [_index_text(part)]))
        if isinstance(out, Index):
            summed.append(out)
    return [contract(sympy.Mul(g, *picks).xreplace(mapping), summed)]


def _getitem_unify(definitions: Definitions, node: Node) -> None:
    from gradcli.symbolic.lower import expand_index

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
    _unify_axes(definitions, pairs)


# --- maps of whole arrays: linear, with a transpose that has a text ---------------------------------


def _reshape_applies(node: Node) -> bool:
    inner = [size for size in node.inputs[0].shape if size != 1]
    return inner != [size for size in node.shape if size != 1]


def _shape_params(definitions: Definitions, node: Node) -> str:
    """A shape as text; named sizes stay names."""
    parts = []
    for dim in definitions.dims[node.id]:
        found = dim.find() if dim is not None else None
        parts.append("1" if found is None else found.text or str(found.size))
    return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"


def _reshape_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element(
        "reshape",
        [definitions.array(x)],
        _indices(definitions, node),
        [_shape_params(definitions, node)],
    )


def _reshape_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    (x,) = node.inputs
    scale, rest = _numbers(g)
    whole = definitions.whole(rest, _indices(definitions, node))
    return [
        scale
        * element("reshape", [whole], _indices(definitions, x), [_shape_params(definitions, x)])
    ]


def _cumsum_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element(
        "cumsum", [definitions.array(x)], _indices(definitions, node), _axis_params(node)
    )


def _cumsum_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The transpose of a running sum is the running sum from the other end."""
    (x,) = node.inputs
    scale, rest = _numbers(g)
    whole = definitions.whole(rest, _indices(definitions, node))
    head = "cumsum" if node.params["reverse"] else "cumsum_reversed"
    return [scale * element(head, [whole], _indices(definitions, x), _axis_params(node))]


def _vector(node: Node) -> bool:
    return node.inputs[0].ndim <= 1 or len(_axes(node)) == 1


# --- diagonals -------------------------------------------------------------------------------------


def _diagonal_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    (i,) = _indices(definitions, node)
    return definitions.at(x, [i, i])


def _diagonal_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    (x,) = node.inputs
    (i,) = _indices(definitions, node)
    row, column = _indices(definitions, x)
    return [g.xreplace({i: row}) * delta(row, column)]


def _main_diagonal(node: Node) -> bool:
    shape = node.inputs[0].shape
    return node.params["offset"] == 0 and len(shape) == 2 and shape[0] == shape[1] != 1


def _diagonal_unify(definitions: Definitions, node: Node) -> None:
    (x,) = node.inputs
    _unify_axes(definitions, [(x, 0, x, 1), (x, 0, node, 0)])


# --- products --------------------------------------------------------------------------------------


def _prod_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    indices = [index for index in _indices(definitions, node) if index != 0]
    return element("prod", [definitions.array(x)], indices, _axis_params(node))


def _prod_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d prod(x) = prod(x) sum_i dx_i / x_i, where no entry is zero."""
    (x,) = node.inputs
    return [_at_input(definitions, node, x, g * definitions.expr[node.id]) / definitions.expr[x.id]]


# --- extremes --------------------------------------------------------------------------------------


def _extreme_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    indices = [index for index in _indices(definitions, node) if index != 0]
    return element(node.op.name, [definitions.array(x)], indices, _axis_params(node))


def _extreme_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The adjoint goes to the entry that is the largest (smallest); a tie is a kink."""
    (x,) = node.inputs
    scalars = definitions.notation
    chosen = scalars.equal(
        definitions.expr[x.id], _at_input(definitions, node, x, definitions.expr[node.id])
    )
    return [_at_input(definitions, node, x, g) * scalars.where(chosen, Integer(1), Integer(0))]


# --- norms -----------------------------------------------------------------------------------------


def _norm_applies(node: Node) -> bool:
    return node.params.get("ord", 2) in (None, 1, 2, 2.0, 1.0, "fro")


def _norm_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    inner = _indices(definitions, x)
    mapping = {}
    for _, i, _, j in _kept_pairs(node, x):
        if isinstance(inner[i], Index):
            mapping[inner[i]] = _indices(definitions, node)[j]
    summed = [_fresh_like(inner[axis]) for axis in _axes(node)]
    for axis, index in zip(_axes(node), summed, strict=True):
        mapping[inner[axis]] = index
    entry = definitions.expr[x.id].xreplace(
        {k: v for k, v in mapping.items() if isinstance(k, Index)}
    )
    bound = [index for index in summed if isinstance(index, Index)]
    if node.params.get("ord", 2) in (1, 1.0):
        return contract(sympy.Abs(entry), bound)
    return sympy.sqrt(contract(entry**2, bound))


def _norm_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d norm(x) = sum_i x_i dx_i / norm(x); of the 1-norm sum_i sign(x_i) dx_i."""
    (x,) = node.inputs
    entry = definitions.expr[x.id]
    if node.params.get("ord", 2) in (1, 1.0):
        return [_at_input(definitions, node, x, g) * sympy.sign(entry)]
    return [_at_input(definitions, node, x, g / definitions.expr[node.id]) * entry]


ATOMS: dict[str, Atom] = {
    "det": Atom(_det_forward, _det_adjoints, _square, _matrix),
    "logabsdet": Atom(_logdet_forward, _logdet_adjoints, _square, _matrix),
    "inv": Atom(_inv_forward, _inv_adjoints, _inv_unify, _matrix),
    "solve": Atom(_solve_forward, _solve_adjoints, _solve_unify, _matrix),
    "softmax": Atom(_softmax_forward, _softmax_adjoints, _same_shape),
    "log_softmax": Atom(_softmax_forward, _log_softmax_adjoints, _same_shape),
    "logsumexp": Atom(_logsumexp_forward, _logsumexp_adjoints, _reduction_unify),
    "getitem": Atom(_getitem_forward, _getitem_adjoints, _getitem_unify, _simple_index),
    "reshape": Atom(_reshape_forward, _reshape_adjoints, None, _reshape_applies),
    "cumsum": Atom(_cumsum_forward, _cumsum_adjoints, _same_shape, _vector),
    "diagonal": Atom(_diagonal_forward, _diagonal_adjoints, _diagonal_unify, _main_diagonal),
    "prod": Atom(_prod_forward, _prod_adjoints, _reduction_unify),
    "max": Atom(_extreme_forward, _extreme_adjoints, _reduction_unify),
    "min": Atom(_extreme_forward, _extreme_adjoints, _reduction_unify),
    "norm": Atom(_norm_forward, _norm_adjoints, _reduction_unify, _norm_applies),
}
