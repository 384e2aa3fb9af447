"""The order of the story, and what of it is left out: the middle turns of a long loop.

Nothing here looks at a value, so that a record of 1e6 operations is cut down before anything is
worked out for its rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcli.graph import Node
from gradcli.language.events import Event

TURNS = 3
"""A loop of more turns is folded: all but the first two and the last."""
FIRST = 2
MOST = 60
"""Of more rows than this, however they came about, the middle ones are left out."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that are left out. `turns` is 0 where they are no turns of one loop."""

    turns: int
    operations: int


def merged(rows: Sequence[Node], events: Sequence[Event]) -> list[Node | Event]:
    """Rows and events in the order of the program; `rows` are sorted by id, and so are events."""
    items: list[Node | Event] = []
    waiting = iter(events)
    event = next(waiting, None)
    for node in rows:
        while event is not None and event.at <= node.id:
            items.append(event)
            event = next(waiting, None)
        items.append(node)
    if event is not None:
        items += [event, *waiting]
    return items


def folded(items: Sequence[Node | Event]) -> list[Node | Event | Fold]:
    """The story with long loops, and long stretches, cut down."""
    kept: list[Node | Event | Fold] = []
    position = 0
    for start, stop, turns in _outermost(items):
        kept += items[position:start]
        kept.append(Fold(turns, sum(isinstance(item, Node) for item in items[start:stop])))
        position = stop
    kept += items[position:]
    return _shortened(kept)


def loops(items: Sequence[Node | Event]) -> Iterator[list[int]]:
    """For each loop, where in the story its turns begin."""
    running: dict[int, list[int]] = {}
    for position, item in enumerate(items):
        if isinstance(item, Node) or item.kind not in ("turn", "end"):
            continue
        for depth in [depth for depth in running if depth > item.depth]:
            yield running.pop(depth)
        if item.kind == "turn" and item.number > 1 and item.depth in running:
            running[item.depth].append(position)
            continue
        if item.depth in running:
            yield running.pop(item.depth)
        if item.kind == "turn":
            running[item.depth] = [position]
    yield from running.values()


def _outermost(items: Sequence[Node | Event]) -> Iterator[tuple[int, int, int]]:
    """Start, stop and number of turns of each stretch that is folded; none inside another."""
    stretches = [
        (turns[FIRST], turns[-1], len(turns) - FIRST - 1)
        for turns in loops(items)
        if len(turns) > TURNS
    ]
    reached = 0
    for start, stop, turns in sorted(stretches):
        if start >= reached:
            yield start, stop, turns
            reached = stop


def _shortened(items: list[Node | Event | Fold]) -> list[Node | Event | Fold]:
    """At most `MOST` rows, the middle left out."""
    places = [position for position, item in enumerate(items) if isinstance(item, Node)]
    if len(places) <= MOST:
        return items
    start, stop = places[MOST // 2], places[-(MOST // 2)]
    left_out = items[start:stop]
    operations = sum(
        item.operations if isinstance(item, Fold) else 1
        for item in left_out
        if not isinstance(item, Event)
    )
    return [*items[:start], Fold(0, operations), *items[stop:]]
