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
    failed: dict[int, str] | None = None,
) -> dict[int, Expr]:
    """The derivative of the target by each of `wrt`.

    Args:
        definitions: the graph in index notation.
        output: the target.
        wrt: nodes of the graph.
        rows: indices of the target's entry that is differentiated, one per axis (0 for an axis of
            size 1); without them it is the sum of all entries.
        record: is told each op's adjoint, in the node's formal indices.
        failed: gets the reasons by node id. An op without a rule, or an adjoint that is too long,
            takes the derivatives of what is behind it and of nothing else.

    Returns:
        By node id, an expression in the node's formal indices; nothing for a node that the target
        does not depend on, or that has failed.

    Raises:
        NoFormError: where time is over; without `failed`, for the first of `wrt` that failed.
    """
    reasons: dict[int, str] = {} if failed is None else failed
    if rows and output.op.name == "reshape" and ATOMS["reshape"].applies(output):
        found = _reshaped_rows(definitions, output, wrt, rows, reasons)
        _raise_first(wrt, reasons, failed)
        return found
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
        if node.op in (CONSTANT, INPUT) or node.op.cut is not None:
            continue
        reason = reasons.get(node.id)
        if reason is None and (g is None or g == 0):
            continue
        definitions.check_time()
        parts: list[Expr | NoFormError | None] = []
        try:
            if reason is not None:
                raise NoFormError(reason)
            scale.check(g)
            if record is not None:
                record(node, g)
            parts += _contributions(definitions, node, g, active)
        except NoFormError as error:
            parts = [error] * len(node.inputs)
        for parent, part in zip(node.inputs, parts, strict=True):
            if part is None or parent.id not in active or parent.dtype.kind != "f":
                continue
            if isinstance(part, NoFormError):
                reasons.setdefault(parent.id, str(part))
            else:
                adjoints[parent.id] = adjoints.get(parent.id, Integer(0)) + part
    for node in wrt:
        try:
            scale.check(adjoints.get(node.id, Integer(0)))
        except NoFormError as error:
            reasons.setdefault(node.id, str(error))
    _raise_first(wrt, reasons, failed)
    return {
        node.id: adjoints[node.id] for node in wrt if node.id in adjoints and node.id not in reasons
    }


def _raise_first(
    wrt: Sequence[Node], reasons: dict[int, str], failed: dict[int, str] | None
) -> None:
    """Nobody asked for the reasons: raise the first one."""
    if failed is None:
        for node in wrt:
            if node.id in reasons:
                raise NoFormError(reasons[node.id])


def _reshaped_rows(
    definitions: Definitions,
    output: Node,
    wrt: Sequence[Node],
    rows: Sequence[Any],
    failed: dict[int, str],
) -> dict[int, Expr]:
    """The Jacobian of a reshape is the reshaped Jacobian."""
    (inner,) = output.inputs
    above = [
        fresh(index.dim) if isinstance(index, Index) else index
        for index in definitions.formal[inner.id]
    ]
    result = {}
    found = accumulate(definitions, inner, wrt, above, failed=failed)
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
) -> list[Expr | NoFormError | None]:
    """What each input's adjoint gets; an input that has no rule leaves the others theirs."""
    atom = ATOMS.get(node.op.name)
    if atom is not None and atom.applies(node):
        return [*atom.adjoints(definitions, node, g)]
    rule = _elementwise if node.op.elementwise else _structural
    parts: list[Expr | NoFormError | None] = [None] * len(node.inputs)
    for position, parent in enumerate(node.inputs):
        # An input that is given twice has one placeholder: its derivative is the whole of it.
        if parent.id in active and node.inputs.index(parent) == position:
            try:
                parts[position] = rule(definitions, node, position, g)
            except NoFormError as error:
                parts[position] = error
    return parts


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
