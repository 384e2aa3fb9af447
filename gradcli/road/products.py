"""The answers of `jvp`, `vjp`, `hessian --tangent` and `grad --order`: no matrix is formed.

Each is posed as the gradient of another function (see `posing`), and answered and checked as
gradients are:

    vjp      c . J    gradient of sum(c * f)
    hvp      H v      gradient of <gradient of f, v>
    order N           gradient of the derivative of order N - 1
    jvp      J v      numbers: gradient by c of <c . J, v>; witnesses: derivative of f(x + t*v) by t

Closed forms of second and higher derivatives, and of `jvp`, are derived from the closed form of the
first. Where there is none, the numbers of the lower orders are checked as well: the witnesses
compare a derivative with the one below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gradcli.autodiff import COTANGENT, gradient, jacobian_vector
from gradcli.execute import run
from gradcli.graph import Array, Graph, Node, float_dtype, input_node, shape_text
from gradcli.language import Program, Trace
from gradcli.results import Closed, Derivative, Result, Verdict
from gradcli.road.asked import Asked
from gradcli.road.forms import closed_forms_of, forms_of_products
from gradcli.road.matrices import joined
from gradcli.road.posing import (
    Posed,
    Recorder,
    free_name,
    named_tangents,
    posed_hvp,
    posed_order,
    posed_vjp,
    tangent_nodes,
    weighted,
)
from gradcli.road.substitution import along

WITNESSES = ("formula", "entries")
STEP = "the point along the tangent"
"""The name of `t` in `f(x + t*tangent)`: no formula mentions it, the reasons of a verdict do."""
PRODUCTS = ("jvp", "vjp")


def is_product(command: str, asked: Asked) -> bool:
    """Whether a request is answered here."""
    higher = command == "grad" and (asked.order or 1) > 1
    return command in PRODUCTS or higher or (command == "hessian" and bool(asked.tangent))


def fill_products(
    result: Result,
    program: Program | None,
    trace: Trace,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    wrt: Sequence[str] | None,
    asked: Asked,
) -> None:
    """Fill in value, products, closed forms and verdict.

    Args:
        result: of one of the commands that `is_product` tells.
        program: as parsed; None where the graph is all there is.
        trace: of the program at the inputs.
        inputs: arrays by name.
        names: variables.
        wrt: those that the user named, None where none.
        asked: the options of the request.

    Raises:
        GradcliError: for a cotangent, tangent or order that does not fit.
    """
    graph = trace.graph
    asked = replace(asked, layout="numpy", steps=False)
    (result.target.value,) = run([graph.output], inputs)
    along = None
    if result.command == "jvp":
        result.product = "jvp"
        _fill_jvp(result, graph, inputs, named_tangents(result, graph, inputs, names, asked), asked)
        return
    if result.command == "vjp":
        result.product = "vjp"
        posed = posed_vjp(result, graph, inputs, names, asked)
    elif result.command == "hessian":
        result.product = "hvp"
        result.target.summed = graph.output.size != 1
        if result.target.summed:
            shape = shape_text(graph.output.shape)
            result.notes.append(f"the target has shape {shape}; its sum is differentiated")
        tangents = named_tangents(result, graph, inputs, names, asked)
        posed = posed_hvp(graph, inputs, tangents, list(wrt or tangents), asked)
        along = {name: array for name, (_, array) in tangents.items()}
    else:
        result.order = asked.order
        posed = posed_order(graph, inputs, names, asked)
        if asked.order == 2:
            along = {name: np.ones(()) for name in names}
    _fill(result, posed, program, trace, asked, along)


def _fill(
    result: Result,
    posed: Posed,
    program: Program | None,
    trace: Trace,
    asked: Asked,
    along: Mapping[str, Array] | None,
) -> None:
    """The gradient of the posed function, as `grad` answers.

    Args:
        along: the tangent by variable, where the answer is a Hessian times it.
    """
    graph = posed.build(trace.graph)
    used = [name for name in posed.names if name in graph.inputs]
    for name, value in _gradients(graph, used, posed.inputs).items():
        result.gradient[name] = Derivative(name, value)
    for name in posed.names:
        if name not in used:
            zeros = np.zeros(np.shape(posed.inputs[name]), float_dtype([graph.output.dtype]))
            result.gradient[name] = Derivative(name, zeros)
    if asked.check:
        _check(result, graph, posed, used, program, trace, asked, along)
    _reasons(result, graph, posed)


def _check(
    result: Result,
    graph: Graph,
    posed: Posed,
    used: Sequence[str],
    program: Program | None,
    trace: Trace,
    asked: Asked,
    along: Mapping[str, Array] | None,
) -> None:
    """Closed forms and verdict; where a formula is missing, verdicts on the orders below too."""
    from gradcli.verify import settle, verify

    closed = posed.forms(graph)
    for name in used:
        result.gradient[name].closed = closed[name]
    dynamic = trace.dynamic
    if not np.all(np.isfinite(result.target.value)):
        result.check = verify(None, posed.inputs, trace.graph, {}, {}, dynamic=False)
        return
    curved = partial(_curved, result, graph, posed, used, program, trace, asked, along)
    if curved(lost=False):
        return
    recorder = None if program is None else Recorder(posed, program)
    values = {name: result.gradient[name].value for name in used}
    settled = settle(recorder, posed.inputs, graph, values, dynamic=dynamic, seed=asked.seed)
    for name, value in settled.gradients.items():
        result.gradient[name].value = value
    result.notes += settled.notes
    verdict = verify(
        recorder,
        posed.inputs,
        graph,
        settled.gradients,
        closed,
        witnesses=WITNESSES,
        dtype=asked.dtype,
        seed=asked.seed,
        dynamic=dynamic,
        settled=settled,
    )
    if posed.called is not None:
        verdict.reasons = [
            reason.replace("the value is", f"{posed.called} is") for reason in verdict.reasons
        ]
    heard = [one.ok for one in verdict.comparisons if one.witness == "formula"]
    below = _verdicts_below(posed, trace.graph, asked) if None in heard else []
    result.check = joined([verdict, *below])
    if result.check.verdict == "disagree":
        curved(lost=True)


def _curved(
    result: Result,
    graph: Graph,
    posed: Posed,
    used: Sequence[str],
    program: Program | None,
    trace: Trace,
    asked: Asked,
    along: Mapping[str, Array] | None,
    *,
    lost: bool,
) -> bool:
    """Correct a product with a Hessian at kinks; whether the verdict is given by that.

    Args:
        along: the tangent by variable; None where the answer is no such product.
        lost: whether to look though there is no kink.
    """
    if along is None:
        return False
    names = [name for name in used if name in trace.graph.inputs]
    inputs = {name: posed.inputs[name] for name in trace.graph.inputs}
    tangents = {name: array for name, array in along.items() if name in inputs}
    if not all(np.all(np.isfinite(array)) for array in tangents.values()):
        return False
    from gradcli.verify import judge_seconds

    judged = judge_seconds(
        program,
        inputs,
        trace.graph,
        names,
        {name: result.gradient[name].value for name in names},
        {name: result.gradient[name].closed for name in names},
        along=tangents,
        dynamic=trace.dynamic,
        dtype=asked.dtype,
        seed=asked.seed,
        lost=lost,
    )
    if judged is None:
        return False
    lower = np.all(np.isfinite(run([graph.output], posed.inputs)[0]))
    if judged.verdict.verdict != "agree" and not lower:
        return False  # there is not even a first derivative, and it is known why
    for name, value in judged.blocks.items():
        result.gradient[name].value = value
    result.notes += judged.notes
    result.check = judged.verdict
    return True


def _verdicts_below(posed: Posed, graph: Graph, asked: Asked) -> list[Verdict]:
    """On the gradients that were taken on the way."""
    from gradcli.verify import verify

    verdicts = []
    for label, lower, names in posed.below(graph):
        numbers = _gradients(lower, names, posed.inputs)
        found = verify(
            None,
            posed.inputs,
            lower,
            numbers,
            {},
            witnesses=WITNESSES[1:],
            dtype=asked.dtype,
            seed=asked.seed,
        )
        for one in found.comparisons:
            one.variable = f"{one.variable} ({label})"
        found.reasons = [f"{label}: {reason}" for reason in found.reasons]
        verdicts.append(found)
    return verdicts


def _gradients(graph: Graph, names: Sequence[str], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The gradients of a function by some of its inputs; zeros where it does not depend on one."""
    nodes = [graph.inputs[name] for name in names]
    found = gradient(graph.output, nodes)
    known = {name: node for name, node in zip(names, found, strict=True) if node is not None}
    values = dict(zip(known, run(list(known.values()), inputs), strict=True))
    for name, node in zip(names, nodes, strict=True):
        values.setdefault(name, np.zeros(node.shape, float_dtype([graph.output.dtype])))
    return {name: values[name] for name in names}


def _reasons(result: Result, graph: Graph, posed: Posed) -> None:
    """Why a product is zero or not finite, where one is."""
    from gradcli.verify import explain

    values = {name: derivative.value for name, derivative in result.gradient.items()}
    lost = [name for name in posed.given if not np.all(np.isfinite(posed.inputs[name]))]
    if lost:
        for derivative in result.gradient.values():
            derivative.reasons += [f"{name} is not finite" for name in lost]
        return
    finite = {name: bool(np.all(np.isfinite(value))) for name, value in values.items()}
    undecided = result.check is not None and result.check.verdict != "agree"
    for name, value in values.items():
        if undecided and finite[name]:
            continue
        if finite[name] and posed.called is not None and value.size and not np.any(value):
            sentence = f"{posed.called} does not change with {name} here"
            result.gradient[name].reasons.append(sentence)
    asked = {name: v for name, v in values.items() if posed.called is None or not finite[name]}
    for name, reasons in explain(graph, posed.inputs, asked).items():
        result.gradient[name].reasons += reasons


def _fill_jvp(
    result: Result,
    graph: Graph,
    inputs: Mapping[str, Array],
    tangents: Mapping[str, tuple[str, Array]],
    asked: Asked,
) -> None:
    output = graph.output
    dtype = float_dtype([output.dtype])
    nodes = tangent_nodes(graph, tangents)
    arrays = {**inputs, **dict(tangents.values())}
    product = jacobian_vector(output, [graph.inputs[name] for name in nodes], list(nodes.values()))
    if product is None:
        value = np.zeros(output.shape, dtype)
    else:
        (value,) = run([product], {**arrays, COTANGENT: np.ones(output.shape, dtype)})
    derivative = result.gradient["jvp"] = Derivative("jvp", value)
    line = along(graph, nodes, input_node(STEP, (), dtype))
    arrays[STEP] = np.zeros((), dtype)
    if asked.check:
        from gradcli.verify import verify_rows

        derivative.closed = _jvp_form(graph, nodes, inputs, asked)
        result.check = verify_rows(
            line,
            line.output,
            {STEP: value},
            {STEP: derivative.closed},
            arrays,
            label="jvp",
            dtype=asked.dtype,
            seed=asked.seed,
        )
    if STEP not in {node.params.get("name") for node in line.nodes()}:
        derivative.reasons.append(f"the target does not depend on {', '.join(tangents)}")
    elif lost := [name for name, array in tangents.values() if not np.all(np.isfinite(array))]:
        derivative.reasons += [f"{name} is not finite" for name in lost]
    elif not np.all(np.isfinite(value)) or not np.any(value):
        from gradcli.verify import explain

        derivative.reasons += explain(line, arrays, {STEP: np.sum(value)}).get(STEP, [])


def _jvp_form(
    graph: Graph, tangents: Mapping[str, Node], inputs: Mapping[str, Array], asked: Asked
) -> Closed:
    """The closed form: that of `<c . J, v>`, which is linear in `c`, differentiated by `c`."""
    called = free_name("cotangent", inputs)
    ones = np.ones(graph.output.shape, float_dtype([graph.output.dtype]))
    function = weighted(called, ones)(graph)
    first = closed_forms_of(function, list(tangents), asked)
    cotangent = input_node(COTANGENT, ones.shape, ones.dtype)
    nodes = {**function.inputs, called: cotangent}
    arrays = {**inputs, called: ones}
    return forms_of_products(first, tangents, nodes, [cotangent], arrays, asked)[COTANGENT]
