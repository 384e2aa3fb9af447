"""Program -> `GraphCard`: the op graph and the gradient graphs, every value named once.

The gradient graphs are shown as they run: a common subexpression is one node, and a product with
the constant 1 (the cotangent of the target, the derivative of a sum) is left out, as the executor
leaves it out. The op graph is the program's own and loses nothing but repetitions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.autodiff import gradient
from gradcli.drawing.naming import Names, constant_text
from gradcli.errors import GradcliError
from gradcli.graph import (
    CONSTANT,
    INPUT,
    Array,
    Graph,
    Node,
    at,
    is_constant,
    shape_text,
    topological,
)
from gradcli.language import Program, Trace
from gradcli.results import GraphCard, GraphPart, NodeLine
from gradcli.road.sources import variables
from gradcli.sharing import shared

INTERNAL = frozenset({"rank"})
"""Params that only the batched executor reads."""


class Drawing(GraphCard):
    """A card that prints as typed text."""

    __slots__ = ()

    def __str__(self) -> str:
        from gradcli.render.graphs.typed import typed_text

        return "".join(typed_text(self))


def graphs_of(
    program: Program,
    inputs: Mapping[str, Array],
    *,
    wrt: Sequence[str] | None = None,
    const: Sequence[str] = (),
    gradients: bool = True,
    dtype: str = "float64",
    of: Sequence[str] = (),
) -> Drawing:
    """The graphs of a program at given inputs.

    Args:
        program: as parsed.
        inputs: arrays by name.
        wrt: variables; every input that the program uses where None.
        const: inputs not to differentiate by.
        gradients: whether the gradient graphs are wanted.
        dtype: "float64" or "float32".
        of: the target, a name of the program; its result where empty.

    Raises:
        GradcliError: for anything that is wrong with the program, the inputs or the names.
    """
    if not gradients and (wrt or const):
        raise GradcliError(
            "variables are named, but no gradient is wanted",
            hint="leave out --no-gradient, or --wrt and --const",
        )
    if len(of) > 1:
        raise GradcliError("a graph has one target", hint=f"draw them one by one: --of {of[0]}")
    try:
        trace = program.of(of[0] if of else None).trace(inputs, dtype=dtype)
        graph = trace.graph
        names: list[str] = []
        notes = list(trace.notes)
        if gradients and (graph.inputs or wrt or const):
            names = variables(trace, inputs, wrt, const)
        elif gradients:
            notes.append("there is no input to differentiate by")
        card = drawing(trace, names, inputs)
    except GradcliError as error:
        raise error.located(None, program.text) from None
    card.notes[:0] = notes
    return card


def drawing(trace: Trace, names: Sequence[str], inputs: Mapping[str, Any]) -> Drawing:
    """The card of a recorded program.

    Args:
        trace: of any length.
        names: the variables to differentiate by.
        inputs: arrays by name; they tell the shape of a variable that the program does not use.

    Example:
        >>> import numpy as np
        >>> from gradcli.language import parse
        >>> x = {"x": np.array(3.0)}
        >>> print(drawing(parse("x*x").trace(x), ["x"], x), end="")
        # graph
        x: float64[] = input
        a: float64[] = mul x x
        return a
        # gradient by x
        b: float64[] = add x x
        return b
    """
    graph = trace.graph
    nodes = {name: variable(trace, name) for name in names}
    roots = gradient_roots(graph, {name: node for name, node in nodes.items() if node is not None})
    lines = Lines(trace, list(roots.values()))
    parts = [lines.part(None, graph.output, graph.inputs.values())]
    reasons = zero_reasons(graph, inputs, [name for name in names if name not in roots])
    for name, node in nodes.items():
        if name in roots:
            parts.append(lines.part(name, roots[name]))
        else:
            shape = np.shape(inputs[name]) if node is None else node.shape
            parts.append(GraphPart(name, [], None, shape, reasons.get(name, [])))
    summed = bool(names) and graph.output.size != 1
    card = Drawing(graph.source, parts, summed)
    if summed:
        shape = shape_text(graph.output.shape)
        card.notes.append(f"the target has shape {shape}; its sum is differentiated")
    return card


def variable(trace: Trace, name: str) -> Node | None:
    """The node of an input, else of a name that the program binds; None for one that is unused."""
    found = trace.graph.inputs.get(name)
    return trace.names.get(name) if found is None else found


def gradient_roots(graph: Graph, wrt: Mapping[str, Node]) -> dict[str, Node]:
    """The roots of the gradient graphs by variable, without those that are identically zero."""
    found = dict(zip(wrt, gradient(graph.output, list(wrt.values())), strict=True))
    roots = {name: node for name, node in found.items() if node is not None}
    kept = {node.id for node in graph.nodes()}
    return dict(zip(roots, without_ones(list(roots.values()), kept), strict=True))


class Lines:
    """Makes the lines of one card: what is equal is one line, and a name is given once.

    Args:
        trace: the recorded program.
        gradients: roots of the gradient graphs.
    """

    def __init__(self, trace: Trace, gradients: Sequence[Node]) -> None:
        graph = trace.graph
        self._same = shared([*graph.inputs.values(), graph.output, *gradients])
        bound = [(event.name, event.value) for event in trace.events if event.kind == "assign"]
        bound += trace.names.items()
        self._labels = self._labelled(bound)
        self._names = Names(graph.inputs, (name for name, _ in bound))
        self._numbers: dict[int, int] = {}

    def part(self, wrt: str | None, root: Node, first: Iterable[Node] = ()) -> GraphPart:
        """The lines of a root that no earlier part has.

        Args:
            wrt: the variable of a gradient, None for the op graph.
            root: the result.
            first: nodes that stand before all others, used or not.
        """
        lines = []
        for node in (*first, *topological([root])):
            same = self._same[node.id]
            if same.id not in self._numbers:
                self._numbers[same.id] = len(self._numbers)
                lines.append(self._line(same, node.span))
        return GraphPart(wrt, lines, self._numbers[self._same[root.id].id], root.shape)

    def _line(self, node: Node, span: tuple[int, int] | None) -> NodeLine:
        labels = self._labels.get(node.id, [])
        value = node.params["value"] if node.op is CONSTANT else None
        named = bool(labels) and node.ndim > 0  # a 2 is a 2, whatever else is called so
        text = None if value is None or named else constant_text(value)
        inline = text is not None and not self._names.taken(text)
        if node.op is INPUT:
            name = node.params["name"]
            labels = [label for label in labels if label != name]
        elif inline:
            name = text
        else:
            name = self._names.give(labels[0] if labels else None)
        own = labels[:1] if node.op is not INPUT else []
        return NodeLine(
            number=self._numbers[node.id],
            name=name,
            op=node.op.name,
            inputs=tuple(self._numbers[parent.id] for parent in node.inputs),
            params={} if node.op in (CONSTANT, INPUT) else readable(node.params),
            shape=node.shape,
            dtype=str(node.dtype),
            span=span,
            label=own[0] if own else None,
            also=labels[len(own) :],
            value=value,
            inline=inline,
        )

    def _labelled(self, bound: Iterable[tuple[str, Any]]) -> dict[int, list[str]]:
        """By the node that stands for a value: the names that the program has for it."""
        found: dict[int, list[str]] = {}
        for name, node in bound:
            if isinstance(node, Node) and node.id in self._same and name.isidentifier():
                names = found.setdefault(self._same[node.id].id, [])
                if name not in names:
                    names.append(name)
        return found


def without_ones(outputs: Sequence[Node], kept: Collection[int]) -> list[Node]:
    """The same gradients without the products with the constant 1.

    Args:
        outputs: roots.
        kept: ids of the nodes that stay as they are (the op graph's).
    """
    result: dict[int, Node] = {}
    for node in topological(outputs):
        inputs = tuple(result[parent.id] for parent in node.inputs)
        if node.id in kept or not inputs:
            result[node.id] = node
            continue
        factor = other_factor(node, inputs)
        if factor is not None:
            result[node.id] = factor
        elif all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
            result[node.id] = node
        else:
            with at(node.span):
                result[node.id] = Node(node.op, inputs, node.params, node.shape, node.dtype)
    return [result[node.id] for node in outputs]


def other_factor(node: Node, inputs: Sequence[Node]) -> Node | None:
    """The factor beside a constant 1, where the product is that factor and nothing else."""
    if node.op.name in ("multiply", "weigh"):
        for one, other in (inputs, inputs[::-1]):
            if is_constant(one, 1.0) and (other.shape, other.dtype) == (node.shape, node.dtype):
                return other
    return None


def zero_reasons(
    graph: Graph, inputs: Mapping[str, Any], names: Sequence[str]
) -> dict[str, list[str]]:
    """Why the target does not depend on some inputs, where that is known."""
    if not names:
        return {}
    from gradcli.verify import explain

    arrays = {name: np.zeros(np.shape(inputs[name])) for name in names if name in inputs}
    reached = {node.id for node in graph.nodes()}
    decisive = {
        name: [f"{name} decides branches or positions only"]
        for name in names
        if name in graph.inputs and graph.inputs[name].id not in reached
    }
    return {**explain(graph, inputs, arrays), **decisive}


def readable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Static params as JSON has them."""
    return {name: plain(value) for name, value in params.items() if name not in INTERNAL}


def plain(value: Any) -> Any:
    """One param: lists for tuples and arrays, a text for a slice (`1:3`) and for `...`."""
    if isinstance(value, slice):
        start, stop, step = (
            "" if bound is None else str(bound) for bound in (value.start, value.stop, value.step)
        )
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
    if value is Ellipsis:
        return "..."
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if isinstance(value, (np.ndarray, str, bool, int, float)) or value is None:
        return value
    return value.item() if isinstance(value, np.generic) else str(value)
