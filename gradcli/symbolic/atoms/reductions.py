"""Softmax and its family, products, extremes and norms over axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr, Integer

from gradcli.graph import Node
from gradcli.symbolic.atoms.base import (
    Adjoints,
    Atom,
    at_input,
    axes_of,
    axis_params,
    element,
    fresh_like,
    indices,
    kept_indices,
    kept_pairs,
    reduction_unify,
    renamed,
    same_shape,
)
from gradcli.symbolic.indices import (
    Index,
    contract,
)

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions


def _softmax(
    definitions: Definitions, node: Node, out: Sequence[Any], head: str = "softmax"
) -> Expr:
    """An entry of softmax over the op's axes; the language's own default is the last one."""
    (x,) = node.inputs
    params = axis_params(node)
    if not params and x.ndim > 1:
        params = ["None"]
    return element(head, [definitions.array(x)], out, params)


def _softmax_forward(definitions: Definitions, node: Node) -> Expr:
    return _softmax(definitions, node, indices(definitions, node), node.op.name)


def _moved(definitions: Definitions, node: Node) -> tuple[dict[Any, Any], list[Any]]:
    """Fresh indices in the place of the formal ones along the op's axes."""
    formal = indices(definitions, node)
    rank = len(formal)
    mapping = {
        formal[axis]: fresh_like(formal[axis])
        for axis in axes_of(node)
        if isinstance(formal[axis + rank], Index)
    }
    return mapping, list(mapping.values())


def _softmax_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """p = softmax(z): dp_i = p_i (dz_i - sum_j p_j dz_j)."""
    (x,) = node.inputs
    mapping, summed = _moved(definitions, node)
    p = definitions.expr[node.id]
    mean = contract((g * p).xreplace(mapping), summed)
    return [renamed(definitions, node, x, p * (g - mean))]


def _log_softmax_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d log p_i = dz_i - sum_j p_j dz_j."""
    (x,) = node.inputs
    mapping, summed = _moved(definitions, node)
    p = _softmax(definitions, node, indices(definitions, node))
    return [renamed(definitions, node, x, g - p * contract(g.xreplace(mapping), summed))]


def _logsumexp_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element(
        "logsumexp", [definitions.array(x)], kept_indices(definitions, node), axis_params(node)
    )


def _logsumexp_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d logsumexp(z) = sum_i softmax(z)_i dz_i."""
    (x,) = node.inputs
    p = _softmax(definitions, node, indices(definitions, x))
    return [at_input(definitions, node, x, g) * p]


def _prod_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element(
        "prod", [definitions.array(x)], kept_indices(definitions, node), axis_params(node)
    )


def _prod_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """d prod(x) = prod(x) sum_i dx_i / x_i, where no entry is zero."""
    (x,) = node.inputs
    return [at_input(definitions, node, x, g * definitions.expr[node.id]) / definitions.expr[x.id]]


def _extreme_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    return element(
        node.op.name, [definitions.array(x)], kept_indices(definitions, node), axis_params(node)
    )


def _extreme_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The adjoint goes to the entry that is the largest (smallest); a tie is a kink."""
    (x,) = node.inputs
    scalars = definitions.notation
    chosen = scalars.equal(
        definitions.expr[x.id], at_input(definitions, node, x, definitions.expr[node.id])
    )
    return [at_input(definitions, node, x, g) * scalars.where(chosen, Integer(1), Integer(0))]


def _norm_applies(node: Node) -> bool:
    return node.params.get("ord", 2) in (None, 1, 2, 2.0, 1.0, "fro")


def _norm_forward(definitions: Definitions, node: Node) -> Expr:
    (x,) = node.inputs
    inner = indices(definitions, x)
    mapping = {}
    for _, i, _, j in kept_pairs(node, x):
        if isinstance(inner[i], Index):
            mapping[inner[i]] = indices(definitions, node)[j]
    summed = [fresh_like(inner[axis]) for axis in axes_of(node)]
    for axis, index in zip(axes_of(node), summed, strict=True):
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
        return [at_input(definitions, node, x, g) * sympy.sign(entry)]
    return [at_input(definitions, node, x, g / definitions.expr[node.id]) * entry]


ATOMS: dict[str, Atom] = {
    "softmax": Atom(_softmax_forward, _softmax_adjoints, same_shape),
    "log_softmax": Atom(_softmax_forward, _log_softmax_adjoints, same_shape),
    "logsumexp": Atom(_logsumexp_forward, _logsumexp_adjoints, reduction_unify),
    "prod": Atom(_prod_forward, _prod_adjoints, reduction_unify),
    "max": Atom(_extreme_forward, _extreme_adjoints, reduction_unify),
    "min": Atom(_extreme_forward, _extreme_adjoints, reduction_unify),
    "norm": Atom(_norm_forward, _norm_adjoints, reduction_unify, _norm_applies),
}
