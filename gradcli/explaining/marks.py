"""What happened between two rows, in one line each: branches, turns of loops, calls, names."""

from __future__ import annotations

from collections.abc import Mapping

from gradcli.explaining.folding import Fold
from gradcli.explanation import Mark
from gradcli.graph import INPUT, Node
from gradcli.language.events import Event


def mark_of(
    item: Event | Fold, source: str, names: Mapping[int, str], named: set[int]
) -> Mark | None:
    """The line of an event or a fold; None for a name that its row shows already.

    Args:
        item: what happened.
        source: the text that spans point into.
        names: of rows, by node id.
        named: ids of rows that have been bound to a name; added to.
    """
    if isinstance(item, Fold):
        return Mark("fold", fold_text(item), 0, turns=item.turns, operations=item.operations)
    text = event_text(item, source, names, named)
    return None if text is None else Mark(item.kind, text, 0, item.depth, item.span)


def fold_text(fold: Fold) -> str:
    """`… 47 more turns (141 operations) …`."""
    operations = counted(fold.operations, "operation")
    if not fold.turns:
        return f"… {fold.operations} more {operations.partition(' ')[2]} …"
    return f"… {fold.turns} more {'turn' if fold.turns == 1 else 'turns'} ({operations}) …"


def event_text(event: Event, source: str, names: Mapping[int, str], named: set[int]) -> str | None:
    """One line for an event."""
    head = "" if event.span is None else " ".join(source[slice(*event.span)].split()).rstrip(":")
    if event.kind == "branch":
        return f"{begun(head, 'if')}: {'taken' if event.number else 'not taken'}"
    if event.kind == "turn":
        return f"{begun(head, 'while')}, turn {event.number}"
    if event.kind == "end":
        return f"{begun(head, 'while')}: over after {counted(event.number, 'turn')}"
    if event.kind == "call":
        return f"call {head or event.name}"
    if event.kind == "return":
        return f"return from {event.name or head}"
    return assign_text(event, names, named)


def begun(head: str, word: str) -> str:
    """A condition with its keyword in front; `for i in range(3)` has its own."""
    return head if head.partition(" ")[0] in ("if", "elif", "for", "while") else f"{word} {head}"


def assign_text(event: Event, names: Mapping[int, str], named: set[int]) -> str | None:
    """A name that no row carries: another name of a row, a static value, or one not used."""
    value = event.value
    if not isinstance(value, Node):
        text = str(value) if isinstance(value, (bool, int, float)) else ""
        return f"{event.name} = {text}" if text else None
    known = names.get(value.id)
    if known is None:
        item = value.params["value"] if value.op.name == "constant" else None
        if item is not None and item.shape == ():
            return f"{event.name} = {item.item():.6g}"
        return f"{event.name}: the target does not use it"
    if value.id in named or value.op is INPUT:
        return None if known == event.name else f"{event.name} is another name for {known}"
    named.add(value.id)
    return None


def counted(number: int, noun: str) -> str:
    """`1 turn`, `2 turns`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
