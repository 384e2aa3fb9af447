"""What one run of a program recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradcli.errors import GradcliError
from gradcli.graph import Graph, Node
from gradcli.language.events import Event
from gradcli.language.paths import Path
from gradcli.language.words import suggestion


class Trace:
    """What one run of a program recorded.

    Attributes:
        graph: inputs by name, output, source text.
        notes: sentences for the user.
        dynamic: whether the graph depends on the values of the inputs.
        names: what each name of the program's outermost level (or of the function that is its
            result) is bound to at the end; inputs apart.
        events: names bound, branches and turns of loops, in order.
        path: every branch and loop, and how it went.
        target: the name of the output, where it is not the program's result.
    """

    __slots__ = ("dynamic", "events", "graph", "names", "notes", "path", "target")

    def __init__(
        self,
        graph: Graph,
        notes: list[str],
        dynamic: bool,
        names: Mapping[str, Node] | None = None,
        events: Sequence[Event] = (),
        path: Path | None = None,
    ) -> None:
        self.graph = graph
        self.notes = notes
        self.dynamic = dynamic
        self.names = dict(names or {})
        self.events = events
        self.path = path if path is not None else Path()
        self.target: str | None = None

    def at(self, name: str) -> Trace:
        """The same record with another output.

        Raises:
            GradcliError: `name` where the program binds no array to that name.
        """
        node = self.names.get(name, self.graph.inputs.get(name))
        if node is None:
            raise GradcliError(
                f"the program has no '{name}' to differentiate",
                kind="name",
                hint=suggestion(name, self.names)
                or (f"its names are {', '.join(self.names)}" if self.names else None),
            )
        graph = Graph(self.graph.inputs, node, source=self.graph.source)
        other = Trace(graph, self.notes, self.dynamic, self.names, self.events, self.path)
        other.target = name
        return other
