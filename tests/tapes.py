"""Traces made by hand, as a program would record them: nodes, and events between them."""

from __future__ import annotations

from gradcli.graph import Graph, Node, apply, at, input_node
from gradcli.language.events import Event
from gradcli.language.program import Trace


class Recorder:
    """Builds a trace of one scalar input `x` from pieces of a source text.

    Args:
        source: the program; each operation names the piece of it that it came from.
    """

    def __init__(self, source: str, shape: tuple[int, ...] = ()) -> None:
        self.source = source
        self.x = input_node("x", shape)
        self.last: Node = self.x
        self.events: list[Event] = []
        self.names: dict[str, Node] = {}

    def span(self, piece: str) -> tuple[int, int]:
        start = self.source.index(piece)
        return start, start + len(piece)

    def op(self, piece: str, name: str, *inputs: object, **params: object) -> Node:
        with at(self.span(piece)):
            self.last = apply(name, *inputs, **params)
        return self.last

    def event(self, kind: str, piece: str, **fields: object) -> None:
        self.events.append(Event(self.last.id + 1, kind, self.span(piece), **fields))

    def assign(self, name: str, value: object, piece: str, depth: int = 0) -> None:
        self.event("assign", piece, name=name, value=value, depth=depth)
        if isinstance(value, Node):
            self.names[name] = value

    def trace(self) -> Trace:
        graph = Graph({"x": self.x}, self.last, source=self.source)
        return Trace(graph, [], bool(self.events), self.names, self.events)


def squares() -> Trace:
    """`y = x*x; z = y*y`, the example of every tutorial on tapes."""
    made = Recorder("y = x*x; z = y*y")
    y = made.op("x*x", "multiply", made.x, made.x)
    made.assign("y", y, "y = x*x")
    z = made.op("y*y", "multiply", y, y)
    made.assign("z", z, "z = y*y")
    return made.trace()


def doubling(turns: int, per_turn: int = 1) -> Trace:
    """`b = x` doubled so many times in a `while`."""
    made = Recorder("b = x\nwhile b < 1000:\n    b = 2*b\n")
    b = made.x
    made.assign("b", b, "b = x")
    for turn in range(1, turns + 1):
        made.event("turn", "while b < 1000", number=turn)
        for _ in range(per_turn):
            b = made.op("2*b", "multiply", 2.0, b)
            made.assign("b", b, "b = 2*b", depth=1)
    made.event("end", "while b < 1000", number=turns)
    return made.trace()
