"""Tangents of a long run of scalars: SymPy's derivative of each op, then one walk forwards.

The records say which op took which operands, as the graph does elsewhere. All records of one op are
differentiated at once, on vectors, from the op's scalar formula; the walk multiplies and adds. Its
time is linear in the number of records, and no VJP is read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.graph import Array, Node
from gradcli.ops.tape import Rule
from gradcli.verify.forward.scalar import local_derivative
from gradcli.verify.forward.table import FILTERS, Tangent, tangent_rule


@tangent_rule("scalars")
def scalars(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The chain rule, record by record; nan from a record at a corner on."""
    records = node.params["records"]
    by_left, by_right = records.partials(values[-1], formula_partials)
    entering = np.zeros(len(records.entries))
    for number, tangent in enumerate(tangents):
        if tangent is not None:
            mine = records.entries[:, 0] == number
            entering[mine] = np.ravel(tangent)[records.entries[mine, 1]]
    pushed: Array = records.pushed(entering, by_left, by_right)
    return pushed


def formula_partials(rule: Rule, operands: list[Array], results: Array) -> list[Array | None]:
    """The local derivatives of one op on vectors, by SymPy; nan at its corners.

    Args:
        operands: one vector per argument.
        results: unused; the formula knows the operands only.

    Raises:
        Cannot: where SymPy has no derivative of the op.
    """
    op = rule.op
    if op.cut is not None:
        return [None] * len(operands)
    corner = np.zeros(results.shape, dtype=bool)
    if op.kink is not None:
        corner |= np.asarray(op.kink(*operands))
    if op.name in FILTERS:
        corner |= ~np.all(np.isfinite(operands), axis=0)
    found: list[Array | None] = []
    for position in range(len(operands)):
        slope = local_derivative(op, len(operands), {}, position)
        known = slope.constant if slope.constant is not None else slope(operands)
        found.append(np.where(corner, np.nan, known))
    return found
