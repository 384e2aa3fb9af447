"""The derivative in index notation: adjoints accumulate from the target back to the inputs.

Each op's local derivative is SymPy's derivative of the op's definition (an entry of the output in
terms of entries of the inputs); the chain rule multiplies it with the adjoint and sums over the
output's indices, and the deltas that SymPy leaves collapse. No reverse-mode rule of any op is
read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy import Expr, Integer

from gradcli.graph import CONSTANT, INPUT, Node
from gradcli.symbolic.atoms import ATOMS
from gradcli.symbolic.indices import (
    Entry,
    Index,
    NoFormError,
    contract,
    delta,
    fresh,
    replace_index,
)
from gradcli.symbolic.length import Scale
from gradcli.symbolic.lower import Definitions, element


def accumulate(
    definitions: Definitions,
    output: Node,
    wrt: Sequence[Node],
    rows: Sequence[Any] = (),
    record: Callable[[Node, Expr], Any] | None = None,
) -> dict[int, Expr]:
    """The derivative of the target by each of `wrt`.

    Args:
        definitions: the graph in index notation.
        output: the target.
        wrt: nodes of the graph.
        rows: indices of the target's entry that is differentiated, one per axis (0 for an axis of
            size 1); without them it is the sum of all entries.
        record: is told each op's adjoint, in the node's formal indices.

    Returns:
        By node id, an expression in the node's formal indices; nothing for a node that the target
        does not depend on.
    """
    if rows and output.op.name == "reshape" and ATOMS["reshape"].applies(output):
        return _reshaped_rows(definitions, output, wrt, rows)
    active = {node.id for node in wrt}
    for node in definitions.order:
        if node.op.cut is None and any(parent.id in active for parent in node.inputs):
            active.add(node.id)
    seed = sympy.Mul(
        *(
            delta(row, index)
            for row, index in zip(rows, definitions.formal[output.id], strict=bool(rows))
            if isinstance(index, Index)
        )
    )
    adjoints: dict[int, Expr] = {output.id: seed} if output.id in active else {}
    scale = Scale()
    for node in reversed(definitions.order):
        g = adjoints.get(node.id)
        if g is None or g == 0 or node.op in (CONSTANT, INPUT) or node.op.cut is not None:
            continue
        definitions.check_time()
        scale.check(g)
        if record is not None:
            record(node, g)
        for parent, contribution in zip(
            node.inputs, _contributions(definitions, node, g, active), strict=True
        ):
            if contribution is None or parent.id not in active or parent.dtype.kind != "f":
                continue
            adjoints[parent.id] = adjoints.get(parent.id, Integer(0)) + contribution
    return {node.id: adjoints[node.id] for node in wrt if node.id in adjoints}


def _reshaped_rows(
    definitions: Definitions, output: Node, wrt: Sequence[Node], rows: Sequence[Any]
) -> dict[int, Expr]:
    """The Jacobian of a reshape is the reshaped Jacobian."""
    (inner,) = output.inputs
    above = [
        fresh(index.dim) if isinstance(index, Index) else index
        for index in definitions.formal[inner.id]
    ]
    result = {}
    found = accumulate(definitions, inner, wrt, above)
    for node in wrt:
        if node.id not in found:
            continue
        own = definitions.formal[node.id]
        whole = definitions.whole(found[node.id], [*above, *own])
        sizes = [
            "1" if index == 0 else index.dim.find().text or str(index.dim.find().size)
            for index in (*rows, *own)
        ]
        shape = "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"
        result[node.id] = element("reshape", [whole], [*rows, *own], [shape])
    return result


def _contributions(
    definitions: Definitions, node: Node, g: Expr, active: set[int]
) -> list[Expr | None]:
    atom = ATOMS.get(node.op.name)
    if atom is not None and atom.applies(node):
        return atom.adjoints(definitions, node, g)
    rule = _elementwise if node.op.elementwise else _structural
    return [
        # An input that is given twice has one placeholder: its derivative is the whole of it.
        rule(definitions, node, position, g)
        if parent.id in active and node.inputs.index(parent) == position
        else None
        for position, parent in enumerate(node.inputs)
    ]


def _elementwise(definitions: Definitions, node: Node, position: int, g: Expr) -> Expr:
    """The adjoint times f'(inputs), summed over the axes along which the input was repeated."""
    parent = node.inputs[position]
    at = definitions.aligned(node, parent)
    variable = Entry(definitions.placeholder(node, position), *at)
    local = sympy.diff(definitions.definition[node.id], variable)
    if local.has(sympy.Derivative, sympy.Subs):
        raise NoFormError(f"no derivative of '{node.op.name}' in closed form")
    repeated = [
        index
        for index in definitions.formal[node.id]
        if isinstance(index, Index) and index not in at
    ]
    total = contract(g * definitions.rebuild(local, node), repeated)
    own = [index for index in definitions.formal[parent.id] if isinstance(index, Index)]
    return replace_index(total, dict(zip(at, own, strict=True)))


def _structural(definitions: Definitions, node: Node, position: int, g: Expr) -> Expr:
    """The adjoint times d out[o] / d in[k], summed over o."""
    parent = node.inputs[position]
    own = [index for index in definitions.formal[parent.id] if isinstance(index, Index)]
    out = [index for index in definitions.formal[node.id] if isinstance(index, Index)]
    variable = Entry(definitions.placeholder(node, position), *own)
    local = definitions.rebuild(sympy.diff(definitions.definition[node.id], variable), node)
    renamed = {index: fresh(index.dim) for index in out}
    return contract(replace_index(g * local, renamed), renamed.values())
