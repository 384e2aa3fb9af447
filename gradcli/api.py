"""The library: `gradcli.grad("2*x.T@x", x=[0, 1, 2, 3])` is what `gradcli grad` prints.

`answer` is the road through the stages: text -> graph -> gradient -> numbers -> closed form ->
verdict. The command line and `batch` call it; `grad`, `check`, `evaluate` and `hvp` are for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.autodiff import gradient, hessian_vector
from gradcli.clock import TimeIsUp, at_most
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import FLOAT32, FLOAT64, Array, Graph, constant, shape_text
from gradcli.language import Program, Trace, draws_random, parse, read_value
from gradcli.limits import LIMITS
from gradcli.results import Closed, Derivative, Result, Target

__all__ = ["Answer", "answer", "check", "closed_form", "evaluate", "grad", "hvp", "load", "parse"]

DTYPES: dict[str, np.dtype[Any]] = {"float64": FLOAT64, "float32": FLOAT32}
WITNESSES = {"grad": ("formula",), "check": ("formula", "entries", "difference", "taylor")}
GRACE = 1.0
"""Seconds beyond its own bound after which a closed form is stopped from outside."""


class Answer(Result):
    """A result that a notebook shows as LaTeX."""

    __slots__ = ()

    def _repr_latex_(self) -> str:
        from gradcli.render.latex import latex

        return "".join(latex(self))


def grad(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    check: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    **inputs: Any,
) -> Answer:
    """Value, gradient, closed form and verdict of an expression.

    Args:
        expression: in gradcli's language; a target that is not a scalar is summed first.
        wrt: the variables to differentiate by; every input where None.
        const: inputs not to differentiate by.
        check: whether to work out the closed form and compare.
        dtype: "float64" or "float32".
        seed: of the points that the witnesses draw.
        inputs: an array, a number, nested lists or a value text (`"0;1;2"`) per name.

    Returns:
        A result with `target.value`, `gradient["x"].value` (the shape of x), `gradient["x"].closed`
        and `check.verdict`.

    Raises:
        GradcliError: for anything that is wrong with the expression or the inputs.

    Example:
        >>> result = grad("2*x.T@x", x=[0, 1, 2, 3])
        >>> result.gradient["x"].value
        array([ 0.,  4.,  8., 12.])
        >>> result.gradient["x"].closed.text, result.check.verdict
        ('4*x', 'agree')
    """
    return _ask("grad", expression, wrt, const, check, dtype, seed, inputs)


def check(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    dtype: str = "float64",
    seed: int = 0,
    **inputs: Any,
) -> Answer:
    """The verdict of every witness on a gradient. Arguments as for `grad`.

    Example:
        >>> check("sum(x**3)", x=[1, 2]).check.verdict
        'agree'
    """
    return _ask("check", expression, wrt, const, True, dtype, seed, inputs)


def evaluate(expression: str, /, *, dtype: str = "float64", seed: int = 0, **inputs: Any) -> Array:
    """The value of an expression.

    Example:
        >>> evaluate("A @ x", A=[[1, 2], [3, 4]], x=[1, -1])
        array([-1., -1.])
    """
    return _ask("eval", expression, None, (), False, dtype, seed, inputs).target.value


def hvp(
    expression: str,
    /,
    wrt: str,
    vector: Any,
    *,
    dtype: str = "float64",
    seed: int = 0,
    **inputs: Any,
) -> Array:
    """The product of the Hessian of an expression (summed) with a vector; no matrix is formed.

    Args:
        expression: in gradcli's language.
        wrt: one variable.
        vector: of the variable's shape.

    Returns:
        sum over j of d2f / d wrt[i] d wrt[j] times vector[j]; the shape of the variable.

    Example:
        >>> hvp("x.T @ A @ x", "x", [1, 0], A=[[1, 2], [4, 3]], x=[1, 1])
        array([2., 6.])
    """
    program = parse(expression)
    arrays = _arrays(program, inputs, (wrt,), seed)
    graph = program.trace(arrays, dtype=dtype).graph
    _variables(graph, arrays, [wrt], ())
    node = graph.inputs.get(wrt)
    if node is None:
        return np.zeros(arrays[wrt].shape, DTYPES[dtype])
    direction = constant(_array("vector", vector, generator([vector], seed)), node.dtype)
    (product,) = hessian_vector(graph.output, [node], [direction])
    if product is None:
        return np.zeros(node.shape, node.dtype)
    return run([product], arrays)[0]


def generator(values: Iterable[Any], seed: int) -> np.random.Generator | None:
    """One source of random numbers for all inputs of a request; None where no text draws any."""
    if any(isinstance(value, str) and draws_random(value) for value in values):
        return np.random.default_rng(seed)
    return None


def load(command: str, check: bool) -> None:
    """Import what a command will need, while the caller has the garbage collector stopped."""
    if command == "check" or (command == "grad" and check):
        pass


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
) -> Answer:
    """One request through all stages.

    Args:
        command: "grad", "check" or "eval".
        program: as parsed.
        inputs: arrays; one that the program does not use is left out, with a note.
        wrt: variables; every input that the program uses where None.
        const: inputs not to differentiate by.
        check: for `grad`, whether a closed form and a verdict are wanted.
        seed: of the points that the witnesses draw.
    """
    try:
        return _answer(command, program, inputs, wrt, const, check, dtype, seed)
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
) -> Answer:
    trace = program.trace(inputs, dtype=dtype)
    graph = trace.graph
    names = [] if command == "eval" else _variables(graph, inputs, wrt, const)
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
        _checked(command, program, inputs, trace, values, dtype, seed, result)
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
    result: Answer,
) -> None:
    """Fill in closed forms and verdict; a gradient that is wrong at a false kink is corrected."""
    from gradcli.verify import settle, verify

    graph = trace.graph
    closed = closed_forms_of(graph, list(values))
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


def closed_forms_of(graph: Graph, names: Sequence[str]) -> dict[str, Closed]:
    """The closed forms by variable, or the reason why there is none; never longer than allowed."""
    from gradcli.symbolic import closed_forms

    try:
        with at_most(LIMITS.formula + GRACE):
            return closed_forms(graph, names)
    except TimeIsUp as error:
        return {name: Closed(None, reason=f"it would take {error}") for name in names}
    except RecursionError:
        return {name: Closed(None, reason="the expression is nested too deeply") for name in names}


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


def _variables(
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


def _ask(
    command: str,
    expression: str,
    wrt: str | Iterable[str] | None,
    const: str | Iterable[str],
    check: bool,
    dtype: str,
    seed: int,
    inputs: Mapping[str, Any],
) -> Answer:
    """One call of the library."""
    if dtype not in DTYPES:
        raise GradcliError(f"unknown dtype '{dtype}'", hint="float64 or float32")
    program = parse(expression)
    variables = None if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
    constants = [const] if isinstance(const, str) else list(const)
    arrays = _arrays(program, inputs, variables or (), seed)
    return answer(
        command,
        program,
        arrays,
        wrt=variables,
        const=constants,
        check=check,
        dtype=dtype,
        seed=seed,
    )


def _arrays(
    program: Program, inputs: Mapping[str, Any], wanted: Sequence[str], seed: int
) -> dict[str, Array]:
    """The inputs of a call of the library; one that is given in vain is a mistyped keyword."""
    for name in inputs:
        if not program.uses(name) and name not in wanted:
            raise GradcliError(
                f"the expression does not use '{name}'",
                kind="name",
                hint=f"its inputs are {', '.join(program.names)}" if program.names else None,
            )
    draw = generator(inputs.values(), seed)
    return {name: _array(name, value, draw) for name, value in inputs.items()}


def _array(name: str, value: Any, draw: np.random.Generator | None) -> Array:
    """An input of the library as an array of floats or truth values."""
    if isinstance(value, str):
        return read_value(value, files=True, stdin=None, rng=draw)
    try:
        array = np.asarray(value)
    except ValueError:
        raise GradcliError(
            f"input '{name}': the rows do not have the same length", kind="shape"
        ) from None
    if array.dtype.kind not in "biuf":
        raise GradcliError(f"input '{name}' must hold real numbers, not {array.dtype}")
    return array if array.dtype.kind == "b" else array.astype(FLOAT64, copy=False)
