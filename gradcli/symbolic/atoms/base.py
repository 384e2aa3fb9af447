"""What an atom is, and what the rules share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import sympy
from sympy import Expr

from gradcli.graph import Node
from gradcli.symbolic.indices import (
    Index,
    WholeArray,
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


def first_of(*atoms: Atom) -> Atom:
    """The rule that covers the node, of several for one op."""

    def rule(node: Node) -> Atom:
        return next(atom for atom in atoms if atom.applies(node))

    return Atom(
        lambda definitions, node: rule(node).forward(definitions, node),
        lambda definitions, node, g: rule(node).adjoints(definitions, node, g),
        lambda definitions, node: rule(node).unify(definitions, node),
        lambda node: any(atom.applies(node) for atom in atoms),
    )


def unify_axes(definitions: Definitions, pairs: Sequence[tuple[Node, int, Node, int]]) -> None:
    for a, i, b, j in pairs:
        first, second = definitions.dims[a.id][i], definitions.dims[b.id][j]
        if first is not None and second is not None:
            first.unify(second)


def indices(definitions: Definitions, node: Node) -> list[Any]:
    return list(definitions.formal[node.id])


def element(
    head: str, lambdas: Sequence[WholeArray], indices: Sequence[Any], params: Sequence[Any] = ()
) -> Expr:
    """An entry of a function of whole arrays."""
    from gradcli.symbolic.lower import element as make

    return make(head, lambdas, indices, params)


def numbers(g: Expr) -> tuple[Expr, Expr]:
    """The factors of an adjoint that are numbers, and the rest."""
    tops = [factor for factor in sympy.Mul.make_args(g) if not indices_of(factor)]
    rest = [factor for factor in sympy.Mul.make_args(g) if indices_of(factor)]
    return sympy.Mul(*tops), sympy.Mul(*rest)


def rows_of(g: Expr, formal: Sequence[Any]) -> list[Index]:
    """The indices of an adjoint besides the node's own: the rows of a Jacobian."""
    return sorted(indices_of(g) - set(formal), key=str)


def fresh_like(index: Any) -> Any:
    return fresh(index.dim) if isinstance(index, Index) else index


def axes_of(node: Node) -> tuple[int, ...]:
    found = node.params.get("axes", node.params.get("axis"))
    return found if isinstance(found, tuple) else (found,)


def same_shape(definitions: Definitions, node: Node) -> None:
    (x,) = node.inputs
    unify_axes(definitions, [(x, axis, node, axis) for axis in range(-x.ndim, 0)])


def axis_params(node: Node) -> list[Any]:
    """The axis as the printer shows it: nothing where it is the only one."""
    x = node.inputs[0]
    axes = axes_of(node)
    if len(axes) == x.ndim:
        return []
    return [axis + x.ndim for axis in axes]


def kept_pairs(node: Node, x: Node) -> list[tuple[Node, int, Node, int]]:
    """The axes of the input that a reduction keeps, beside those of the output."""
    axes, keepdims = axes_of(node), node.params.get("keepdims", False)
    if keepdims:
        return [(x, axis, node, axis) for axis in range(-x.ndim, 0) if axis not in axes]
    kept = [axis for axis in range(-x.ndim, 0) if axis not in axes]
    return [(x, axis, node, position - len(kept)) for position, axis in enumerate(kept)]


def reduction_unify(definitions: Definitions, node: Node) -> None:
    (x,) = node.inputs
    unify_axes(definitions, kept_pairs(node, x))


def at_input(definitions: Definitions, node: Node, x: Node, expr: Expr) -> Expr:
    """An expression in a reduction's output indices, at the kept indices of its input."""
    out, inner = indices(definitions, node), indices(definitions, x)
    mapping = {out[j]: inner[i] for _, i, _, j in kept_pairs(node, x) if isinstance(out[j], Index)}
    return expr.xreplace(mapping)


def renamed(definitions: Definitions, node: Node, x: Node, expr: Expr) -> Expr:
    return expr.xreplace(
        dict(zip(indices(definitions, node), indices(definitions, x), strict=True))
    )


def kept_indices(definitions: Definitions, node: Node) -> list[Any]:
    """The output indices of a reduction without those that `keepdims` added."""
    out = indices(definitions, node)
    return [out[j] for _, _, _, j in kept_pairs(node, node.inputs[0])]


def below(i: Any, j: Any, strictly: bool = False) -> Expr:
    """1 on and below the diagonal, or below it only, and 0 elsewhere."""
    triangle = element("tri", [], [i, j])
    return triangle - delta(i, j) if strictly else triangle


def of_lower(head: str, definitions: Definitions, matrix: Expr, i: Any, j: Any, mask: Expr) -> Expr:
    """A function of the lower triangle of a matrix of adjoints; with rows a mask on each."""
    if rows_of(matrix, [i, j]):
        return mask * matrix
    return element(head, [definitions.whole(matrix, [i, j])], [i, j])
