"""Convolution, running log-sum-exp, shifted sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy
from sympy import Expr

from gradcli.graph import Node
from gradcli.symbolic.atoms.base import (
    Adjoints,
    Atom,
    axis_params,
    element,
    fresh_like,
    indices,
    numbers,
    same_shape,
)
from gradcli.symbolic.indices import Index, contract, indices_of

if TYPE_CHECKING:
    from gradcli.symbolic.lower import Definitions


def _no_single(node: Node) -> bool:
    return all(1 not in parent.shape for parent in node.inputs)


def _convolve_forward(definitions: Definitions, node: Node) -> Expr:
    arrays = [definitions.array(parent) for parent in node.inputs]
    return element("convolve", arrays, indices(definitions, node))


def _convolve_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """Entry i of one vector meets the adjoint at i + j through entry j of the other."""
    a, v = node.inputs
    out = indices(definitions, node)
    scale, rest = numbers(g)
    result: Adjoints = []
    for mine, other in ((a, v), (v, a)):
        if not indices_of(rest):
            (j,) = indices(definitions, other)
            result.append(scale * rest * contract(definitions.expr[other.id], [j]))
            continue
        arrays = [definitions.whole(rest, out), definitions.array(other)]
        result.append(scale * element("correlate", arrays, indices(definitions, mine)))
    return result


def _running_forward(definitions: Definitions, node: Node) -> Expr:
    return element(
        "logcumsumexp",
        [definitions.array(node.inputs[0])],
        indices(definitions, node),
        axis_params(node),
    )


def _running_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """y_i = log sum_{k <= i} exp(x_k): dy_i = sum_{k <= i} exp(x_k - y_i) dx_k; the largest entry
    is taken off both, so that no exponent is too large."""
    (x,) = node.inputs
    scale, rest = numbers(g)
    out, own = indices(definitions, node), indices(definitions, x)
    axis = node.params["axis"]
    largest = element(
        "max",
        [definitions.array(x)],
        [index for place, index in enumerate(own) if place != axis + x.ndim],
        axis_params(node),
    )
    at_out = largest.xreplace(dict(zip(own, out, strict=True)))
    whole = definitions.whole(rest * sympy.exp(at_out - definitions.expr[node.id]), out)
    summed = element("cumsum_reversed", [whole], own, axis_params(node))
    return [scale * summed * sympy.exp(definitions.expr[x.id] - largest)]


def _forwards(node: Node) -> bool:
    return not node.params["reverse"] and node.shape[node.params["axis"]] != 1


def _band(definitions: Definitions, node: Node, row: Index, column: Index) -> Expr:
    return element("band", [], [row, column], [-node.params["by"]])


def _shift_forward(definitions: Definitions, node: Node) -> Expr:
    """Ones on a diagonal move the entries; what arrives from nowhere is `fill`."""
    (x,) = node.inputs
    axis, by, fill = (node.params[key] for key in ("axis", "by", "fill"))
    out = indices(definitions, node)
    column = fresh_like(out[axis])
    moved = [column if n == axis + node.ndim else index for n, index in enumerate(out)]
    entry = definitions.at(x, [index for index in moved if isinstance(index, Index)])
    total = contract(_band(definitions, node, out[axis], column) * entry, [column])
    if fill == 0:
        return total
    from gradcli.symbolic.views import exact_number

    scalars = definitions.notation
    size = node.shape[axis]
    outside = (
        scalars.less(out[axis], sympy.Integer(by))
        if by > 0
        else scalars.less(sympy.Integer(size + by - 1), out[axis])
    )
    return scalars.where(outside, exact_number(float(fill)), total)


def _shift_adjoints(definitions: Definitions, node: Node, g: Expr) -> Adjoints:
    """The entries move back."""
    (x,) = node.inputs
    axis = node.params["axis"]
    out, own = indices(definitions, node), indices(definitions, x)
    others = {
        mine: other
        for n, (mine, other) in enumerate(zip(out, own, strict=True))
        if n != axis + node.ndim and isinstance(mine, Index)
    }
    band = _band(definitions, node, out[axis], own[axis])
    return [contract((g * band).xreplace(others), [out[axis]])]


ATOMS: dict[str, Atom] = {
    "convolve": Atom(_convolve_forward, _convolve_adjoints, None, _no_single),
    "logcumsumexp": Atom(_running_forward, _running_adjoints, same_shape, _forwards),
    "shift": Atom(
        _shift_forward,
        _shift_adjoints,
        same_shape,
        lambda node: node.shape[node.params["axis"]] != 1,
    ),
}
