"""What `explain` answers: the tape of one request as a story that can be followed by hand.

Record, name the rows, fold what is long, and only then work out values, local derivatives,
adjoints and contributions of what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcli.errors import GradcliError
from gradcli.explaining.derivatives import is_number
from gradcli.explaining.folding import Fold, folded, levelled, merged
from gradcli.explaining.marks import mark_of
from gradcli.explaining.names import named
from gradcli.explaining.tape import Tape
from gradcli.explanation import Explanation, Mark, Row
from gradcli.graph import INPUT, Array, Node, shape_text, topological
from gradcli.language import Program
from gradcli.language.events import Event
from gradcli.language.program import Trace
from gradcli.language.run import EVENTS
from gradcli.results import Target
from gradcli.road.asked import Asked
from gradcli.road.sources import variables

__all__ = ["explain", "explained"]


def explain(
    program: Program,
    inputs: Mapping[str, Array],
    *,
    wrt: Sequence[str] | None = None,
    const: Sequence[str] = (),
    asked: Asked | None = None,
    full: bool = False,
) -> Explanation:
    """The tape of a program at a point.

    Args:
        program: as parsed.
        inputs: arrays by name.
        wrt: variables; every input that the program uses where None.
        const: inputs not to differentiate by.
        asked: the options of the request.
        full: every turn of every loop, and every contribution.

    Raises:
        GradcliError: for anything that is wrong with the program, the inputs or the options.

    Example:
        >>> from gradcli.language import parse
        >>> story = explain(parse("x*x"), {"x": np.array(3.0)})
        >>> [(row.name, float(row.value), float(row.adjoint)) for row in story.rows]
        [('x', 3.0, 6.0), ('f', 9.0, 1.0)]
    """
    asked = asked or Asked()
    try:
        trace = traced(program, inputs, asked)
        return explained(trace, inputs, wrt=wrt, const=const, full=full)
    except GradcliError as error:
        raise error.located(None, program.text) from None


def explained(
    trace: Trace,
    inputs: Mapping[str, Array],
    *,
    wrt: Sequence[str] | None = None,
    const: Sequence[str] = (),
    full: bool = False,
) -> Explanation:
    """The story of a trace; arguments as for `explain`."""
    graph, output = trace.graph, trace.graph.output
    wanted = variables(trace, inputs, wrt, const)
    sources = {name: graph.inputs.get(name, trace.names.get(name)) for name in wanted}
    rows = rows_of(output, graph.inputs)
    names = named(rows, output, trace.events, trace.names)
    complete = len(trace.events) < EVENTS
    first = [node for node in rows if node.op is INPUT]
    items = levelled(merged(rows[len(first) :], trace.events))
    story = [*first, *(items if full else folded(items, complete))]
    tape = Tape(
        rows,
        names,
        output,
        graph,
        shown=[item for item in story if isinstance(item, Node)],
        variables=[node for node in sources.values() if node is not None],
        full=full,
    )
    shown = tape.rows(inputs)
    target = Target(shown[output.id].value, names[output.id], summed=output.size != 1)
    result = Explanation(graph.source, target, notes=list(trace.notes))
    result.story = list(told(story, shown, tape, graph.source))
    for name, node in sources.items():
        shape = np.shape(inputs[name]) if node is None else node.shape
        found = None if node is None else tape.adjoints.get(node.id)
        result.gradient[name] = np.zeros(shape) if found is None else found
    result.notes += notes(trace, inputs, result.gradient)
    return result


def traced(program: Program, inputs: Mapping[str, Array], asked: Asked) -> Trace:
    """The record, with the target that is asked for as its output.

    Raises:
        GradcliError: `value` for several targets: a tape is explained from one.
    """
    if len(asked.of) > 1:
        raise GradcliError(
            f"a tape is explained from one target, not from {len(asked.of)}",
            hint=f"ask for them one after the other: --of {asked.of[0]}",
        )
    name = asked.of[0] if asked.of else None
    trace = program.of(name).trace(inputs, dtype=asked.dtype)
    return trace if name is None else trace.at(name)


def rows_of(output: Node, inputs: Mapping[str, Node]) -> list[Node]:
    """Inputs in their order, then operations in that of the record; a number is no row."""
    order = topological([output, *inputs.values()])
    first = list(inputs.values())
    return [*first, *(n for n in order if n.op is not INPUT and (n is output or not is_number(n)))]


def told(
    story: Sequence[Node | Event | Fold], shown: Mapping[int, Row], tape: Tape, source: str
) -> list[Row | Mark]:
    """Nodes as rows, events and folds as marks."""
    found: list[Row | Mark] = []
    waiting: list[Mark] = []
    last = max(tape.numbers.values(), default=0) + 1
    named: set[int] = set()
    for item in story:
        if isinstance(item, Node):
            for each in waiting:
                each.before = tape.numbers[item.id]
            waiting.clear()
            found.append(shown[item.id])
            continue
        mark = mark_of(item, source, tape.names, named)
        before = found[-1] if found else None
        if mark is None:
            continue
        if isinstance(before, Mark) and before.kind == "turn" and before.span == mark.span:
            before.text += f", {mark.text}"  # what the loop variable is
        else:
            mark.before = last
            waiting.append(mark)
            found.append(mark)
    return found


def notes(trace: Trace, inputs: Mapping[str, Array], wanted: Iterable[str]) -> list[str]:
    """What the table leaves unsaid."""
    graph = trace.graph
    found = [f"the expression does not use '{name}'" for name in inputs if name not in graph.inputs]
    if graph.output.size != 1:
        found.append(
            f"the target has shape {shape_text(graph.output.shape)}; its sum is differentiated"
        )
    if len(trace.events) >= EVENTS:
        found.append(f"only the first {EVENTS:,} things that happened are told")
    if trace.dynamic or any(part.turns for part in trace.path):
        found += [f"on the path taken: {text}" for text in trace.path.words(graph.source)]
    return found
