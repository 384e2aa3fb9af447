"""Products of derivatives posed as gradients of other functions.

Cotangent and tangents are inputs of such a function, under the names `cotangent` and `tangent_x`,
so that formulas can mention them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcli.autodiff import derivatives, directional
from gradcli.errors import GradcliError
from gradcli.graph import Array, Graph, Node, apply, constant, float_dtype, input_node, shape_text
from gradcli.language import Program, Trace
from gradcli.ops.structure import sum_
from gradcli.results import Closed, Result
from gradcli.road.asked import ONLY, Asked
from gradcli.road.forms import closed_forms_of, form_of_order, forms_of_products


@dataclass(slots=True)
class Posed:
    """A product of derivatives as the gradient of a function.

    Attributes:
        build: the function's graph, from the graph of the program.
        inputs: arrays by name, with those of cotangent and tangents.
        names: variables of the gradient.
        forms: closed forms by variable, from the function's graph.
        below: from the graph of the program the functions whose gradients are taken on the way:
            a label, the graph, the variables.
        given: the names of the cotangent or the tangents among the inputs.
        called: the function in words, where it is itself a derivative.
    """

    build: Callable[[Graph], Graph]
    inputs: dict[str, Array]
    names: list[str]
    forms: Callable[[Graph], dict[str, Closed]]
    below: Callable[[Graph], list[tuple[str, Graph, list[str]]]] = lambda graph: []
    given: Sequence[str] = ()
    called: str | None = None

    def trace(self, program: Program, inputs: Mapping[str, Any], dtype: str) -> Trace:
        """The function as the program records it at some inputs."""
        found = program.trace(inputs, dtype)
        return Trace(self.build(found.graph), found.notes, found.dynamic, path=found.path)


class Recorder:
    """What witnesses take for the program: it records the posed function."""

    def __init__(self, posed: Posed, program: Program) -> None:
        self.posed = posed
        self.program = program

    def trace(self, inputs: Mapping[str, Any], dtype: str = "float64") -> Trace:
        """As `Program.trace`."""
        return self.posed.trace(self.program, inputs, dtype)


def posed_vjp(
    result: Result,
    graph: Graph,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    asked: Asked,
) -> Posed:
    if asked.cotangent is None:
        if graph.output.shape != ():
            shape = shape_text(graph.output.shape)
            raise GradcliError(
                f"the target has shape {shape}: a vector-Jacobian product needs a cotangent",
                hint=f"--cotangent VALUE, of shape {shape}; gradcli grad takes ones",
            )
        return Posed(
            lambda graph: graph,
            dict(inputs),
            list(names),
            lambda graph: closed_forms_of(graph, _inside(names, graph), asked),
        )
    cotangent = _array(asked.cotangent, graph.output, "the cotangent", "the target")
    called = free_name("cotangent", inputs, result)
    return Posed(
        weighted(called, cotangent),
        {**inputs, called: cotangent},
        list(names),
        lambda graph: closed_forms_of(graph, _inside(names, graph), asked),
        given=[called],
    )


def weighted(called: str, cotangent: Array) -> Callable[[Graph], Graph]:
    """`sum(cotangent * f)`, of a graph of `f`."""

    def build(graph: Graph) -> Graph:
        if graph.output.shape != cotangent.shape:
            raise GradcliError("the shape of the target follows the values", kind="shape")
        node = input_node(called, cotangent.shape, float_dtype([graph.output.dtype]))
        total = sum_(apply("multiply", node, graph.output))
        return Graph({**graph.inputs, called: node}, total, source=graph.source)

    return build


def posed_hvp(
    graph: Graph,
    inputs: Mapping[str, Array],
    tangents: Mapping[str, tuple[str, Array]],
    names: Sequence[str],
    asked: Asked,
) -> Posed:
    arrays = {**inputs, **dict(tangents.values())}

    def build(graph: Graph) -> Graph:
        nodes = tangent_nodes(graph, tangents)
        total = directional(
            graph.output, [graph.inputs[name] for name in nodes], list(nodes.values())
        )
        if total is None:
            total = constant(0.0, float_dtype([graph.output.dtype]))
        added = {str(node.params["name"]): node for node in nodes.values()}
        return Graph({**graph.inputs, **added}, total, source=graph.source)

    def forms(slope: Graph) -> dict[str, Closed]:
        nodes = {name: slope.inputs[tangents[name][0]] for name in _inside(tangents, graph)}
        first = closed_forms_of(graph, list(nodes), asked)
        wrt = [slope.inputs[name] for name in _inside(names, graph)]
        return forms_of_products(first, nodes, slope.inputs, wrt, arrays, asked)

    return Posed(
        build,
        arrays,
        list(names),
        forms,
        below=lambda graph: [("first derivative", graph, _inside(tangents, graph))],
        given=[called for called, _ in tangents.values()],
        called="the derivative along the tangent",
    )


def posed_order(
    graph: Graph, inputs: Mapping[str, Array], names: Sequence[str], asked: Asked
) -> Posed:
    order = asked.order
    assert order is not None
    if graph.output.shape != ():
        raise GradcliError(
            f"the target has shape {shape_text(graph.output.shape)}; a derivative of order {order} "
            "is of a scalar by a scalar",
            kind="shape",
            hint="sum it, or use gradcli hessian for all second derivatives",
        )
    if len(names) != 1:
        raise GradcliError(
            f"a derivative of order {order} is by one variable, and there are {', '.join(names)}",
            hint=f"name one: --wrt {names[0]}; gradcli hessian gives all second derivatives",
        )
    (name,) = names
    if np.shape(inputs[name]) != ():
        raise GradcliError(
            f"{name} has shape {shape_text(np.shape(inputs[name]))}; a derivative of order {order} "
            "is of a scalar by a scalar",
            kind="shape",
            hint="use gradcli hessian for the second derivatives by an array",
        )

    def of_order(graph: Graph, below: int) -> Graph:
        node: Node | None = graph.output
        if below and name in graph.inputs:
            node = derivatives(graph.output, graph.inputs[name], below)[-1]
        if node is None:
            node = constant(0.0, float_dtype([graph.output.dtype]))
        return Graph(graph.inputs, node, source=graph.source)

    return Posed(
        lambda graph: of_order(graph, order - 1),
        dict(inputs),
        [name],
        lambda _: {name: form_of_order(graph, name, order, inputs, asked)},
        below=lambda graph: [
            (f"order {k + 1}", of_order(graph, k), _inside([name], graph)) for k in range(order - 1)
        ],
        called=f"the derivative of order {order - 1}",
    )


def named_tangents(
    result: Result,
    graph: Graph,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    asked: Asked,
) -> dict[str, tuple[str, Array]]:
    """By variable the name that its tangent has in formulas, and the tangent.

    Raises:
        GradcliError: `name` for one of no variable, `shape` for one of another shape.
    """
    if not asked.tangent:
        raise GradcliError(
            "a Jacobian-vector product needs a tangent",
            hint=f"--tangent {names[0]}=VALUE, of shape {shape_text(np.shape(inputs[names[0]]))}",
        )
    found = {}
    for name, value in asked.tangent.items():
        if name == ONLY:
            if len(names) != 1:
                raise GradcliError(
                    f"whose tangent is it? The variables are {', '.join(names)}",
                    hint=f"write --tangent {names[0]}=VALUE, or name one variable with --wrt",
                )
            (name,) = names
        if name not in names:
            raise GradcliError(
                f"there is no variable '{name}' to have a tangent",
                kind="name",
                hint=f"the variables are {', '.join(names)}",
            )
        if name in found:
            raise GradcliError(f"'{name}' has two tangents", hint="give each variable one")
        array = _array(value, inputs[name], f"the tangent of '{name}'", f"'{name}'")
        found[name] = (free_name(f"tangent_{name}", inputs, result), array)
    held = [name for name in names if name not in found]
    if held:
        listed = ", ".join(held)
        result.notes.append(
            f"{listed} {'is' if len(held) == 1 else 'are'} held fixed: no tangent is given"
        )
    return found


def tangent_nodes(graph: Graph, tangents: Mapping[str, tuple[str, Array]]) -> dict[str, Node]:
    """By variable that the graph uses the input node of its tangent."""
    return {
        name: input_node(called, graph.inputs[name].shape, graph.inputs[name].dtype)
        for name, (called, _) in tangents.items()
        if name in graph.inputs
    }


def _array(value: Any, like: Any, what: str, whose: str) -> Array:
    """A tangent or cotangent, of the shape that it must have."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise GradcliError(f"{what} must hold real numbers, not {array.dtype}")
    if array.shape != like.shape:
        raise GradcliError(
            f"{what} has the shape of {whose} {shape_text(like.shape)}, "
            f"not {shape_text(array.shape)}",
            kind="shape",
        )
    return array.astype(like.dtype if like.dtype.kind == "f" else np.float64, copy=False)


def free_name(name: str, taken: Mapping[str, Any], result: Result | None = None) -> str:
    """A name that no input has; a note tells where it is another one than expected."""
    found = name
    while found in taken:
        found += "_"
    if found != name and result is not None:
        result.notes.append(f"formulas call {name.replace('_', ' of ', 1)} '{found}'")
    return found


def _inside(names: Sequence[str] | Mapping[str, Any], graph: Graph) -> list[str]:
    return [name for name in names if name in graph.inputs]
