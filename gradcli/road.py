"""The road through the stages: text -> graph -> gradient -> numbers -> closed form -> verdict.

The library (`gradcli.api`), the command line and `batch` all go it through `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.autodiff import gradient, hessian, in_layout, jacobian
from gradcli.clock import TimeIsUp, at_most
from gradcli.errors import GradcliError
from gradcli.execute import run, run_batched
from gradcli.graph import FLOAT32, FLOAT64, Array, Graph, shape_text
from gradcli.language import Program, Trace, parse
from gradcli.limits import LIMITS
from gradcli.results import LAYOUTS, Closed, Derivative, Result, Target, Verdict

DTYPES: dict[str, np.dtype[Any]] = {"float64": FLOAT64, "float32": FLOAT32}
WITNESSES = {"grad": ("formula",), "check": ("formula", "entries", "difference", "taylor")}
MATRICES = ("jacobian", "hessian")
UNFORESEEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What SymPy may raise on an expression that nobody thought of: then there is no closed form, and
the
numbers and the other witnesses stand all the same.
"""
GRACE = 1.0
"""Seconds beyond its own bound after which a closed form is stopped from outside."""


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
    check: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    layout: str = "numpy",
    steps: bool = False,
) -> Answer:
    """One request through all stages.

    Args:
        command: "grad", "check", "eval", "jacobian" or "hessian".
        program: as parsed.
        inputs: arrays; one that the program does not use is left out, with a note.
        wrt: variables; every input that the program uses where None.
        const: inputs not to differentiate by.
        check: for derivatives, whether a closed form and a verdict are wanted.
        seed: of the points that the witnesses draw.
        layout: of Jacobians, one of `results.LAYOUTS`.
        steps: whether the derivation of the closed form is wanted, of `grad` and `jacobian`.

    Raises:
        GradcliError: for anything that is wrong with the program, the inputs or the options.
    """
    if layout not in LAYOUTS:
        raise GradcliError(f"unknown layout '{layout}'", hint=", ".join(LAYOUTS))
    if steps and not check:
        raise GradcliError("the steps lead to a closed form, and none is wanted without a check")
    try:
        return _answer(command, program, inputs, wrt, const, check, dtype, seed, layout, steps)
    except GradcliError as error:
        raise error.located(None, program.text) from None


def _answer(
    command: str,
    program: Program,
    inputs: Mapping[str, Array],
    wrt: Sequence[str] | None,
    const: Sequence[str],
    check: bool,
    dtype: str,
    seed: int,
    layout: str,
    steps: bool,
) -> Answer:
    trace = program.trace(inputs, dtype=dtype)
    graph = trace.graph
    names = [] if command == "eval" else variables(graph, inputs, wrt, const)
    if command in MATRICES:
        return matrices(command, program, trace, inputs, names, check, dtype, seed, layout, steps)
    result = Answer(command, program.text, Target(np.zeros(())), notes=list(trace.notes))
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
    values = _differentiated(graph, inputs, names, result)
    if command == "check" or check:
        _checked(command, program, inputs, trace, values, dtype, seed, steps, result)
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
    dtype: str,
    seed: int,
    steps: bool,
    result: Answer,
) -> None:
    """Fill in closed forms and verdict; a gradient that is wrong at a false kink is corrected."""
    from gradcli.verify import settle, verify

    graph = trace.graph
    closed = closed_forms_of(graph, list(values), steps=steps)
    for name, one in closed.items():
        result.gradient[name].closed = one
    settled = settle(program, inputs, graph, values, dynamic=trace.dynamic, seed=seed)
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
        dtype=dtype,
        seed=seed,
        dynamic=trace.dynamic,
        settled=settled,
    )


def closed_forms_of(
    graph: Graph,
    names: Sequence[str],
    rows: bool = False,
    layout: str = "numpy",
    steps: bool = False,
) -> dict[str, Closed]:
    """The closed forms by variable, or the reason why there is none; never longer than allowed."""
    from gradcli.symbolic import closed_forms, closed_jacobians

    try:
        with at_most(LIMITS.formula + GRACE):
            if rows:
                return closed_jacobians(graph, names, layout, steps)
            return closed_forms(graph, names, steps)
    except TimeIsUp as error:
        return {name: Closed(None, reason=f"it would take {error}") for name in names}
    except RecursionError:
        return {name: Closed(None, reason="the expression is nested too deeply") for name in names}
    except UNFORESEEN as error:
        reason = f"none was found ({type(error).__name__} in SymPy)"
        return {name: Closed(None, reason=reason) for name in names}


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


# --- Jacobians and Hessians ---


def matrices(
    command: str,
    program: Program,
    trace: Trace,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    check: bool,
    dtype: str,
    seed: int,
    layout: str,
    steps: bool,
) -> Answer:
    """The answer of `jacobian` and `hessian`: numbers, closed forms, verdict."""
    graph = trace.graph
    result = Answer(command, program.text, Target(np.zeros(())), notes=list(trace.notes))
    (result.target.value,) = run([graph.output], inputs)
    if command == "hessian" and graph.output.size != 1:
        result.target.summed = True
        result.notes.append(
            f"the target has shape {shape_text(graph.output.shape)}; its sum is differentiated"
        )
    used = [name for name in names if name in graph.inputs]
    if command == "jacobian":
        result.layout = layout
        _jacobians(graph, inputs, used, result, check, dtype, seed, layout, steps)
    else:
        _hessians(graph, inputs, used, result, check, dtype, seed)
    return result


def _jacobians(
    graph: Graph,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    result: Answer,
    check: bool,
    dtype: str,
    seed: int,
    layout: str,
    steps: bool,
) -> None:
    nodes = [graph.inputs[name] for name in names]
    arrays = jacobian(graph.output, nodes, inputs, run_batched)
    found = dict(zip(names, arrays, strict=True))
    shown = {name: in_layout(array, graph.output.ndim, layout) for name, array in found.items()}
    for name, array in shown.items():
        result.gradient[name] = Derivative(name, array)
    if check:
        from gradcli.verify import verify_rows

        closed = closed_forms_of(graph, names, rows=True, layout=layout, steps=steps)
        for name, one in closed.items():
            result.gradient[name].closed = one
        result.check = verify_rows(
            graph, graph.output, found, closed, inputs, shown=shown, dtype=dtype, seed=seed
        )


def _hessians(
    graph: Graph,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    result: Answer,
    check: bool,
    dtype: str,
    seed: int,
) -> None:
    """Blocks by `row,column`; the closed form is the Jacobian of the gradient's closed form."""
    nodes = [graph.inputs[name] for name in names]
    blocks = hessian(graph.output, nodes, nodes, inputs, run_batched)
    for row, line in zip(names, blocks, strict=True):
        for column, array in zip(names, line, strict=True):
            key = f"{row},{column}"
            result.gradient[key] = Derivative(key, array)
    if not check:
        return
    first = closed_forms_of(graph, names)
    verdicts = []
    for row, line, node in zip(names, blocks, gradient(graph.output, nodes), strict=True):
        closed = _second(first[row], inputs, names, dtype)
        for column in names:
            result.gradient[f"{row},{column}"].closed = closed[column]
        if node is not None:
            from gradcli.verify import verify_rows

            verdicts.append(
                verify_rows(
                    graph,
                    node,
                    dict(zip(names, line, strict=True)),
                    closed,
                    inputs,
                    label=row + ",{}",
                    dtype=dtype,
                    seed=seed,
                )
            )
    result.check = _joined(verdicts)


def _second(
    first: Closed, inputs: Mapping[str, Array], names: Sequence[str], dtype: str
) -> dict[str, Closed]:
    """The closed forms of the derivatives of a gradient, from its own closed form."""
    if first.text is None:
        return {name: Closed(None, reason=first.reason) for name in names}
    from gradcli.symbolic import code_of

    graph = parse(first.text).trace(inputs, dtype=dtype).graph
    used = [name for name in names if name in graph.inputs]
    found = closed_forms_of(graph, used, rows=True)
    for name in names:
        if name not in found:
            shape = f"{graph.output.shape + np.shape(inputs[name])}"
            zeros = f"zeros({shape})"
            found[name] = Closed(zeros, latex=r"\mathbf{0}", unicode="0", code=code_of(zeros, {}))
    return found


def _joined(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict of several: the worst of them, with all reasons."""
    order = ("agree", "inconclusive", "disagree")
    worst = max((one.verdict for one in verdicts), key=order.index, default="agree")
    return Verdict(
        worst,
        [reason for one in verdicts for reason in one.reasons],
        [comparison for one in verdicts for comparison in one.comparisons],
        next((one.outlier for one in verdicts if one.outlier), None),
    )
