"""The road through the stages: text -> graph -> gradient -> numbers -> closed form -> verdict.

The library (`gradcli.api`), the command line and `batch` all go it through `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.asked import Asked
from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.forms import closed_forms_of
from gradcli.graph import FLOAT32, FLOAT64, Array, Graph, shape_text
from gradcli.language import Program, Trace
from gradcli.matrices import fill_matrices
from gradcli.products import fill_products, is_product
from gradcli.results import Closed, Derivative, Result, Target

DTYPES: dict[str, np.dtype[Any]] = {"float64": FLOAT64, "float32": FLOAT32}
WITNESSES = {"grad": ("formula",), "check": ("formula", "entries", "difference", "taylor")}
MATRICES = ("jacobian", "hessian")


class Answer(Result):
    """A result that a notebook shows as LaTeX."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        from gradcli.render.latex import latex

        return "".join(latex(self))


def answer(
    command: str,
    program: Program,
    inputs: Mapping[str, Array],
    *,
    wrt: Sequence[str] | None = None,
    const: Sequence[str] = (),
    asked: Asked | None = None,
) -> Answer:
    """One request through all stages.

    Args:
        command: "grad", "check", "eval", "jacobian", "hessian", "jvp" or "vjp".
        program: as parsed.
        inputs: arrays; one that the program does not use is left out, with a note.
        wrt: variables; every input that the program uses where None.
        const: inputs not to differentiate by.
        asked: the options of the request.

    Raises:
        GradcliError: for anything that is wrong with the program, the inputs or the options.
    """
    try:
        return _answer(command, program, inputs, wrt, const, asked or Asked())
    except GradcliError as error:
        raise error.located(None, program.text) from None


def _answer(
    command: str,
    program: Program,
    inputs: Mapping[str, Array],
    wrt: Sequence[str] | None,
    const: Sequence[str],
    asked: Asked,
) -> Answer:
    trace = program.trace(inputs, dtype=asked.dtype)
    graph = trace.graph
    names = [] if command == "eval" else variables(graph, inputs, wrt, const)
    notes = [*trace.notes, *asked.notes(inputs)]
    result = Answer(command, program.text, Target(np.zeros(())), notes=notes)
    if is_product(command, asked):
        fill_products(result, program, trace, inputs, names, wrt, asked)
        return result
    if command in MATRICES:
        fill_matrices(result, trace, inputs, names, asked)
        return result
    result.notes += [
        f"the expression does not use '{name}'"
        for name in inputs
        if name not in graph.inputs and name not in names
    ]
    if command == "eval":
        result.target.value = run([graph.output], inputs)[0]
        return result
    if graph.output.size != 1:
        result.target.summed = True
        result.notes.append(
            f"the target has shape {shape_text(graph.output.shape)}; its sum is differentiated"
        )
    result.order = asked.order
    values = _differentiated(graph, inputs, names, result)
    if command == "check" or asked.check:
        _checked(command, program, inputs, trace, values, asked, result)
    _reasons(graph, inputs, result)
    return result


def _differentiated(
    graph: Graph, inputs: Mapping[str, Array], names: Sequence[str], result: Answer
) -> dict[str, Array]:
    """Fill in value and gradients; return the gradients of variables that the graph has."""
    used = [name for name in names if name in graph.inputs]
    found = gradient(graph.output, [graph.inputs[name] for name in used])
    nodes = {name: node for name, node in zip(used, found, strict=True) if node is not None}
    result.target.value, *arrays = run([graph.output, *nodes.values()], inputs)
    computed = dict(zip(nodes, arrays, strict=True))
    for name in names:
        value = computed.get(name)
        if value is None:
            value = np.zeros(np.shape(inputs[name]), dtype=graph.output.dtype)
        result.gradient[name] = Derivative(name, value)
    return {name: result.gradient[name].value for name in used}


def _checked(
    command: str,
    program: Program,
    inputs: Mapping[str, Array],
    trace: Trace,
    values: Mapping[str, Array],
    asked: Asked,
    result: Answer,
) -> None:
    """Fill in closed forms and verdict; a gradient that is wrong at a false kink is corrected."""
    from gradcli.verify import settle, verify

    graph = trace.graph
    closed = closed_forms_of(graph, list(values), asked)
    for name, one in closed.items():
        result.gradient[name].closed = one
    settled = settle(program, inputs, graph, values, dynamic=trace.dynamic, seed=asked.seed)
    for name, value in settled.gradients.items():
        result.gradient[name].value = value
    result.notes += settled.notes
    result.check = verify(
        program,
        inputs,
        graph,
        settled.gradients,
        closed,
        witnesses=WITNESSES[command],
        dtype=asked.dtype,
        seed=asked.seed,
        dynamic=trace.dynamic,
        settled=settled,
    )


def closed_form(program: Program, inputs: Mapping[str, Array], name: str) -> Closed:
    """The closed form of the derivative of a program's sum by one variable."""
    return closed_forms_of(program.trace(dict(inputs)).graph, [name])[name]


def _reasons(graph: Graph, inputs: Mapping[str, Array], result: Answer) -> None:
    """Say why a gradient is zero or not finite, where one is."""
    values = {name: derivative.value for name, derivative in result.gradient.items()}
    if all(
        value.size and np.all(np.isfinite(value)) and np.any(value) for value in values.values()
    ):
        return
    from gradcli.verify import explain

    reached = {node.id for node in graph.nodes()}
    for name, reasons in explain(graph, inputs, values).items():
        if name in graph.inputs and graph.inputs[name].id not in reached:
            reasons = [f"{name} decides branches or positions only"]
        result.gradient[name].reasons += reasons


def variables(
    graph: Graph,
    inputs: Mapping[str, Array],
    wrt: Sequence[str] | None,
    const: Sequence[str],
) -> list[str]:
    """The names to differentiate by.

    Raises:
        GradcliError: `name` for one that is no input, `value` where none is left.
    """
    for name in (*(wrt or ()), *const):
        if name not in inputs:
            purpose = "hold constant" if name in const else "differentiate by"
            raise GradcliError(
                f"there is no input '{name}' to {purpose}",
                kind="name",
                hint=f"the inputs are {', '.join(inputs)}" if inputs else None,
            )
    both = [name for name in wrt or () if name in const]
    if both:
        raise GradcliError(f"'{both[0]}' is to be constant and to be differentiated by")
    if wrt is not None:
        masks = [name for name in wrt if inputs[name].dtype.kind == "b"]
        if masks:
            raise GradcliError(f"'{masks[0]}' holds truth values; there is no derivative by them")
        return list(wrt)
    names = [name for name in graph.inputs if name not in const and inputs[name].dtype.kind != "b"]
    if not names:
        raise GradcliError(
            "there is no input to differentiate by",
            hint="gradcli eval gives the value" if not graph.inputs else None,
        )
    return names
