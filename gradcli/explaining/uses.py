"""Who uses which row, and what is below which: the record without a number."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.graph import Node, Shape

LARGE = 2**20
"""Entries from which an array's local derivatives and single contributions get no numbers."""


def reached(rows: Sequence[Node], variables: Sequence[Node]) -> set[int]:
    """Ids of the rows that depend on a variable."""
    found = {node.id for node in variables}
    for node in rows:
        if any(parent.id in found for parent in node.inputs):
            found.add(node.id)
    return found


def summed_axes(shape: Shape, own: Shape) -> str:
    """The axes along which an operand of shape `own` was repeated, as arguments of `sum`.

    Example:
        >>> summed_axes((2, 3), (3,)), summed_axes((2, 3), (2, 1)), summed_axes((2, 3), ())
        (', axis=0', ', axis=1, keepdims=True', '')
    """
    extra = len(shape) - len(own)
    kept = [axis + extra for axis, size in enumerate(own) if size == 1 != shape[axis + extra]]
    axes = [*range(extra), *kept]
    if not own:
        return ""
    text = str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
    return f", axis={text}" + (", keepdims=True" if kept and not extra else "")


def uses_of(
    rows: Sequence[Node], shown: Sequence[Node], active: set[int]
) -> dict[int, list[tuple[Node, int]]]:
    """Who uses each row that is shown, and in which position, in the order of the way back."""
    found: dict[int, list[tuple[Node, int]]] = {node.id: [] for node in shown if node.id in active}
    for user in reversed(rows):
        for place, parent in enumerate(user.inputs):
            if parent.id in found:
                found[parent.id].append((user, place))
    return found


def has_kinks(node: Node) -> bool:
    """Whether the operation has kinks, and its operands are small enough to look for one."""
    return node.op.kink is not None and all(parent.size <= LARGE for parent in node.inputs)
