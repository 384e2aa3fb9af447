"""The road through the stages: text -> graph -> gradient -> numbers -> closed form -> verdict.

The library (`gradcli.api`), the command line and `batch` all go it through `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Array, Graph, float_dtype, shape_text
from gradcli.language import Program, Trace
from gradcli.results import Closed, Derivative, Result, Target
from gradcli.road.asked import Asked
from gradcli.road.forms import closed_forms_of
from gradcli.road.matrices import fill_matrices, joined
from gradcli.road.products import fill_products, is_product
from gradcli.road.sources import Group, groups

WITNESSES = {
    "grad": ("formula",),
    "check": ("formula", "entries", "local", "difference", "taylor"),
}
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
    """One answer per target; all of them from one trace."""
    targets: list[str | None] = [*dict.fromkeys(asked.of)] or [None]
    intermediates = any(name not in inputs for name in (*(wrt or ()), *const))
    if command not in MATRICES and not is_product(command, asked) and not intermediates:
        program = program.compacted()
    trace = program.of(targets[0]).trace(inputs, dtype=asked.dtype)
    answers = []
    for name in targets:
        one = trace if name is None else trace.at(name)
        answers.append(_target(command, program.of(name), one, inputs, wrt, const, asked))
    first, *others = answers
    first.others += others
    return first


def _target(
    command: str,
    program: Program,
    trace: Trace,
    inputs: Mapping[str, Array],
    wrt: Sequence[str] | None,
    const: Sequence[str],
    asked: Asked,
) -> Answer:
    """The answer for one target: all sources that share a graph at once, then the others."""
    notes = [*trace.notes, *asked.notes(inputs)]
    result = Answer(command, program.text, Target(np.zeros(()), trace.target), notes=notes)
    result.program = not program.is_expression
    if trace.dynamic or any(part.turns for part in trace.path):
        result.path = trace.path.words(program.text)
    product = is_product(command, asked)
    if command not in MATRICES and not product:
        result.notes += _unused(trace, program, inputs, wrt)
    if command == "eval":
        result.target.value = run([trace.graph.output], inputs)[0]
        return result
    if command != "jacobian" and not product and trace.graph.output.size != 1:
        result.target.summed = True
        shape = shape_text(trace.graph.output.shape)
        result.notes.append(f"the target has shape {shape}; its sum is differentiated")
    found = groups(program, trace, inputs, wrt, const)
    if len(found) > 1 and (command in ("hessian", "jvp") or (product and command == "grad")):
        raise GradcliError(
            "this derivative is by inputs together, or by one intermediate",
            hint="ask for them one after the other",
        )
    result.order = asked.order
    verdicts = []
    for group in found:
        _fill(result, group, wrt, asked)
        if result.check is not None:
            verdicts.append(result.check)
    if verdicts:
        result.check = joined(verdicts)
    return result


def _fill(result: Answer, group: Group, wrt: Sequence[str] | None, asked: Asked) -> None:
    """Numbers, closed forms, verdict and reasons for the sources of one graph."""
    if is_product(result.command, asked):
        fill_products(result, group.program, group.trace, group.inputs, group.names, wrt, asked)
        return
    if result.command in MATRICES:
        fill_matrices(result, group.trace, group.inputs, group.names, asked, group.program)
        return
    graph = group.trace.graph
    values = _differentiated(graph, group.inputs, group.names, result)
    if result.command == "check" or asked.check:
        _checked(group, values, asked, result)
    _reasons(graph, group.inputs, group.names, result)


def _unused(
    trace: Trace, program: Program, inputs: Mapping[str, Array], wrt: Sequence[str] | None
) -> list[str]:
    """Inputs that were given in vain."""
    what = "expression" if program.is_expression else "program"
    return [
        f"the {what} does not use '{name}'"
        for name in inputs
        if name not in trace.graph.inputs and name not in (wrt or ())
    ]


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
            value = np.zeros(np.shape(inputs[name]), dtype=float_dtype([graph.output.dtype]))
        result.gradient[name] = Derivative(name, value)
    return {name: result.gradient[name].value for name in used}


def _checked(group: Group, values: Mapping[str, Array], asked: Asked, result: Answer) -> None:
    """Fill in closed forms and verdict; a gradient that is wrong at a false kink is corrected."""
    from gradcli.verify import settle, verify

    graph, dynamic = group.trace.graph, group.trace.dynamic
    closed = closed_forms_of(graph, list(values), asked)
    for name, one in closed.items():
        result.gradient[name].closed = one
    settled = settle(group.program, group.inputs, graph, values, dynamic=dynamic, seed=asked.seed)
    for name, value in settled.gradients.items():
        result.gradient[name].value = value
    result.notes += settled.notes
    result.check = verify(
        group.program,
        group.inputs,
        graph,
        settled.gradients,
        closed,
        witnesses=WITNESSES[result.command],
        dtype=asked.dtype,
        seed=asked.seed,
        dynamic=dynamic,
        settled=settled,
    )


def closed_form(program: Program, inputs: Mapping[str, Array], name: str) -> Closed:
    """The closed form of the derivative of a program's sum by one variable."""
    return closed_forms_of(program.trace(dict(inputs)).graph, [name])[name]


def _reasons(
    graph: Graph, inputs: Mapping[str, Array], names: Sequence[str], result: Answer
) -> None:
    """Say why a gradient is zero or not finite, where one is."""
    values = {name: result.gradient[name].value for name in names}
    if all(
        value.size and np.all(np.isfinite(value)) and np.any(value) for value in values.values()
    ):
        return
    from gradcli.verify import explain

    reached = {node.id for node in graph.nodes()}
    for name, reasons in explain(graph, inputs, values).items():
        if name in graph.inputs and graph.inputs[name].id not in reached:
            reasons = [unreached(name, result.target.name)]
        result.gradient[name].reasons += reasons


def unreached(name: str, target: str | None) -> str:
    """Why a variable that the program reads has no path to the target."""
    if target is None:
        return f"{name} decides branches or positions only"
    return f"{target} does not depend on {name}"
