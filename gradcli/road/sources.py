"""Targets and sources: what is differentiated (`--of`), and by what (`--wrt`), as on a tape.

A source is an input, or a name that the program binds. By an intermediate the derivative is taken
with everything that was computed before held fixed: paths that go around it do not count. So the
graph is cut there, and the name becomes an input like any other; every witness can then be heard on
the graph that is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Array, Graph, apply, input_node
from gradcli.language import Program, Trace
from gradcli.language.words import suggestion
from gradcli.road.substitution import substituted


@dataclass(slots=True)
class Group:
    """Sources that can be differentiated by in one graph.

    Attributes:
        program: records the graph anew at other values; None where the graph is cut.
        inputs: arrays by name, that of a cut among them.
        names: the sources.
    """

    program: Program | None
    trace: Trace
    inputs: Mapping[str, Array]
    names: list[str]


def groups(
    program: Program,
    trace: Trace,
    inputs: Mapping[str, Array],
    wrt: Sequence[str] | None,
    const: Sequence[str],
) -> list[Group]:
    """The sources of a request: all inputs in one group, each intermediate in its own.

    Args:
        wrt: names; every input that the program uses where None.
        const: inputs not to differentiate by, and intermediates that nothing flows back through.

    Raises:
        GradcliError: `name` for what is neither an input nor an intermediate, `value` where none
            is left.
    """
    names = variables(trace, inputs, wrt, const)
    stops = [name for name in const if name not in inputs]
    if stops:
        trace = held_constant(trace, stops)
    given = [name for name in names if name in inputs]
    found = [Group(None if stops else program, trace, inputs, given)] if given else []
    for name in names:
        if name not in inputs:
            graph, value = cut(trace, inputs, name)
            held = Trace(graph, [], False, trace.names, path=trace.path)
            found.append(Group(None, held, {**inputs, name: value}, [name]))
    return found


def cut(trace: Trace, inputs: Mapping[str, Array], name: str) -> tuple[Graph, Array]:
    """The graph with an intermediate as an input, and its value."""
    node = trace.names[name]
    if node.dtype.kind != "f":
        raise GradcliError(f"'{name}' holds truth values or positions: it has no derivative")
    (value,) = run([node], inputs)
    leaf = input_node(name, node.shape, node.dtype)
    output = substituted(trace.graph.output, {node.id: leaf})
    return Graph({**trace.graph.inputs, name: leaf}, output, source=trace.graph.source), value


def held_constant(trace: Trace, names: Sequence[str]) -> Trace:
    """The record with some intermediates held at their values: nothing flows back through them."""
    stops = {trace.names[name].id: apply("stop_gradient", trace.names[name]) for name in names}
    output = substituted(trace.graph.output, stops)
    graph = Graph(trace.graph.inputs, output, source=trace.graph.source)
    result = Trace(graph, trace.notes, False, trace.names, trace.events, trace.path)
    result.target = trace.target
    return result


def variables(
    trace: Trace,
    inputs: Mapping[str, Array],
    wrt: Sequence[str] | None,
    const: Sequence[str],
) -> list[str]:
    """The names to differentiate by.

    Raises:
        GradcliError: `name` for one that is neither an input nor an intermediate, `value` where
            none is left.
    """
    graph = trace.graph
    for name in const:
        if name not in inputs and name not in trace.names:
            raise _unknown(name, "hold constant", list(inputs), list(trace.names))
    for name in wrt or ():
        if name not in inputs and name not in trace.names:
            raise _unknown(name, "differentiate by", list(inputs), list(trace.names))
    both = [name for name in wrt or () if name in const]
    if both:
        raise GradcliError(f"'{both[0]}' is to be constant and to be differentiated by")
    if wrt is not None:
        masks = [name for name in wrt if name in inputs and inputs[name].dtype.kind == "b"]
        if masks:
            raise GradcliError(f"'{masks[0]}' holds truth values; there is no derivative by them")
        return list(dict.fromkeys(wrt))
    names = [name for name in graph.inputs if name not in const and inputs[name].dtype.kind != "b"]
    if not names:
        hint = "gradcli eval gives the value" if not graph.inputs else None
        if trace.names:
            hint = f"name what is to vary: --wrt {next(iter(trace.names))}"
        raise GradcliError("there is no input to differentiate by", hint=hint)
    return names


def _unknown(name: str, purpose: str, inputs: Sequence[str], names: Sequence[str]) -> GradcliError:
    hint = suggestion(name, [*inputs, *names])
    if hint is None:
        texts = [f"the inputs are {', '.join(inputs)}"] if inputs else []
        texts += [f"the names of the program {', '.join(names)}"] if names else []
        hint = ", ".join(texts) or None
    return GradcliError(f"there is no input '{name}' to {purpose}", kind="name", hint=hint)
