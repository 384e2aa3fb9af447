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
from gradcli.graph import Array, Graph, Node, at, input_node
from gradcli.language import Program, Trace
from gradcli.language.words import suggestion


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
        const: inputs not to differentiate by.

    Raises:
        GradcliError: `name` for what is neither an input nor an intermediate, `value` where none
            is left.
    """
    names = variables(trace, inputs, wrt, const)
    given = [name for name in names if name in inputs]
    found = [Group(program, trace, inputs, given)] if given else []
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
        raise GradcliError(
            f"'{name}' holds truth values or positions; nothing depends on it smoothly"
        )
    (value,) = run([node], inputs)
    leaf = input_node(name, node.shape, node.dtype)
    made: dict[int, Node] = {node.id: leaf}
    for each in trace.graph.nodes():
        if each.id in made:
            continue
        parents = tuple(made.get(parent.id, parent) for parent in each.inputs)
        if any(new is not old for new, old in zip(parents, each.inputs, strict=True)):
            with at(each.span):
                made[each.id] = Node(each.op, parents, each.params, each.shape, each.dtype)
    output = made.get(trace.graph.output.id, trace.graph.output)
    graph = Graph({**trace.graph.inputs, name: leaf}, output, source=trace.graph.source)
    return graph, value


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
        if name not in inputs:
            raise _unknown(name, "hold constant", list(inputs))
    for name in wrt or ():
        if name not in inputs and name not in trace.names:
            raise _unknown(name, "differentiate by", [*inputs, *trace.names])
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
        raise GradcliError(
            "there is no input to differentiate by",
            hint="gradcli eval gives the value" if not graph.inputs else None,
        )
    return names


def _unknown(name: str, purpose: str, known: Sequence[str]) -> GradcliError:
    hint = suggestion(name, known)
    if hint is None and known:
        what = "the inputs are" if purpose.startswith("hold") else "there are"
        hint = f"{what} {', '.join(known)}"
    return GradcliError(f"there is no input '{name}' to {purpose}", kind="name", hint=hint)
