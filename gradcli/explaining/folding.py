"""The order of the story, and what of it is left out: the middle turns of a long loop.

Nothing here looks at a value, so that a record of 1e6 operations is cut down before anything is
worked out for its rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from gradcli.errors import Span
from gradcli.graph import Node
from gradcli.language.events import Event

TURNS = 3
"""A loop of more turns is folded: all but the first two and the last."""
FIRST = 2
MOST = 40
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


def levelled(items: Sequence[Node | Event]) -> list[Node | Event]:
    """The story with the `depth` of each event counting loops, too, not calls alone.

    A loop is open until its end, or until one around it begins another turn, should it have ended
    without a word.
    """
    found: list[Node | Event] = []
    running: list[tuple[int, Span | None]] = []
    for item in items:
        if isinstance(item, Node):
            found.append(item)
            continue
        while running and running[-1][0] > item.depth:
            running.pop()
        if item.kind in ("turn", "end"):
            loop = (item.depth, item.span)
            if loop in running:
                del running[running.index(loop) :]
            found.append(replace(item, depth=item.depth + len(running)))
            if item.kind == "turn":
                running.append(loop)
        else:
            own = item.depth - (item.kind == "call")  # a call is told from inside
            found.append(replace(item, depth=max(0, own) + len(running)))
    return found


def folded(items: Sequence[Node | Event], complete: bool = True) -> list[Node | Event | Fold]:
    """The story with long loops, and long stretches, cut down.

    Args:
        items: events are `levelled`.
        complete: whether all events were taken down; else nothing is told between the last of them
            and the target.
    """
    kept: list[Node | Event | Fold] = []
    position = 0
    rest: list[Node | Event] = []
    if not complete and isinstance(items[-1], Node):
        last = max((n for n, item in enumerate(items) if isinstance(item, Event)), default=0)
        items, rest = items[:last], list(items[last:])
    for start, stop, count in _outermost(items):
        kept += items[position:start]
        kept.append(Fold(count, sum(isinstance(item, Node) for item in items[start:stop])))
        position = stop
    kept += items[position:]
    if len(rest) > 1:
        kept.append(Fold(0, sum(isinstance(item, Node) for item in rest) - 1))
    return _shortened([*kept, *rest[-1:]])


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
    """Start, stop and number of turns of each stretch that is folded; none inside another.

    The turn of the last row is shown, too: the target is made there.
    """
    last = max((n for n, item in enumerate(items) if isinstance(item, Node)), default=-1)
    reached = 0
    for start, stop, count in sorted(
        stretch
        for turns in loops(items)
        if len(turns) > TURNS
        for stretch in _stretches(turns, bisect_right(turns, last) - 1)
    ):
        if start >= reached:
            yield start, stop, count
            reached = stop


def _stretches(turns: Sequence[int], wanted: int) -> Iterator[tuple[int, int, int]]:
    """The turns that are not shown, in runs: all but the first, the last and the wanted one."""
    shown = sorted({*range(FIRST), len(turns) - 1} | ({wanted} if wanted >= 0 else set()))
    for before, after in pairwise(shown):
        if after - before > 1:
            yield turns[before + 1], turns[after], after - before - 1


def _shortened(items: list[Node | Event | Fold]) -> list[Node | Event | Fold]:
    """At most `MOST` rows, the middle left out."""
    places = [position for position, item in enumerate(items) if isinstance(item, Node)]
    if len(places) <= MOST:
        return items
    start, stop = places[MOST // 2], places[-(MOST // 2)]
    while isinstance(items[start - 1], Event):  # what happened before a row is told with it
        start -= 1
    while isinstance(items[stop - 1], Event):
        stop -= 1
    left_out = items[start:stop]
    operations = sum(
        item.operations if isinstance(item, Fold) else 1
        for item in left_out
        if not isinstance(item, Event)
    )
    return [*items[:start], Fold(0, operations), *items[stop:]]
