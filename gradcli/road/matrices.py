"""The answers of `jacobian` and `hessian`: numbers, closed forms, verdict."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from gradcli.autodiff import gradient, hessian, jacobian
from gradcli.autodiff.jacobian import in_layout
from gradcli.execute import run, run_batched
from gradcli.graph import Array, Graph, Node
from gradcli.language import Program, Trace, parse
from gradcli.limits import LIMITS
from gradcli.results import Closed, Derivative, Result, Verdict
from gradcli.road.asked import Asked
from gradcli.road.forms import closed_forms_of, form_of_zeros


def fill_matrices(
    result: Result,
    trace: Trace,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    asked: Asked,
    program: Program | None = None,
) -> None:
    """Fill in value, matrices, closed forms and verdict of a `jacobian` or a `hessian`.

    Args:
        program: records the graph anew at other values, to see both sides of a branch; None where
            the graph is all there is.
    """
    graph = trace.graph
    command = result.command
    (result.target.value,) = run([graph.output], inputs)
    used = [name for name in names if name in graph.inputs]
    if command == "jacobian":
        result.layout = asked.layout
        _jacobians(graph, inputs, used, result, asked)
    else:
        _hessians(trace, inputs, used, result, asked, program)


def _jacobians(
    graph: Graph,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    result: Result,
    asked: Asked,
) -> None:
    nodes = [graph.inputs[name] for name in names]
    arrays = jacobian(graph.output, nodes, inputs, run_batched)
    found = dict(zip(names, arrays, strict=True))
    shown = {
        name: in_layout(array, graph.output.ndim, asked.layout) for name, array in found.items()
    }
    for name, array in shown.items():
        result.gradient[name] = Derivative(name, array)
    if asked.check:
        from gradcli.verify import verify_rows

        closed = closed_forms_of(graph, names, asked, rows=True)
        for name, one in closed.items():
            result.gradient[name].closed = one
        result.check = verify_rows(
            graph,
            graph.output,
            found,
            closed,
            inputs,
            shown=shown,
            dtype=asked.dtype,
            seed=asked.seed,
        )


def _hessians(
    trace: Trace,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    result: Result,
    asked: Asked,
    program: Program | None,
) -> None:
    """Blocks by `row,column`; the closed form is the Jacobian of the gradient's closed form."""
    graph = trace.graph
    nodes = [graph.inputs[name] for name in names]
    blocks = hessian(graph.output, nodes, nodes, inputs, run_batched)
    for row, line in zip(names, blocks, strict=True):
        for column, array in zip(names, line, strict=True):
            key = f"{row},{column}"
            result.gradient[key] = Derivative(key, array)
    if not asked.check:
        return
    if not np.all(np.isfinite(result.target.value)):
        from gradcli.verify import verify

        result.check = verify(None, inputs, graph, {}, {}, dynamic=False)
        return
    plain = replace(asked, layout="numpy", steps=False)
    first = closed_forms_of(graph, names, plain)
    deadline = time.monotonic() + LIMITS.formula
    for row in names:
        for column, one in _second(first[row], inputs, names, plain, deadline).items():
            result.gradient[f"{row},{column}"].closed = one
    curved = partial(_curved, result, trace, inputs, names, asked, program)
    if curved(lost=False):
        return
    verdicts = [
        _row_verdict(result, graph, node, row, names, inputs, asked)
        for row, node in zip(names, gradient(graph.output, nodes), strict=True)
        if node is not None
    ]
    result.check = joined(verdicts)
    before = result.check
    if before.verdict != "agree" and curved(lost=True) and before.verdict == "inconclusive":
        settled = result.check.verdict == "agree"
        result.check = result.check if settled else before


def _row_verdict(
    result: Result,
    graph: Graph,
    node: Node,
    row: str,
    names: Sequence[str],
    inputs: Mapping[str, Array],
    asked: Asked,
) -> Verdict:
    """On the blocks that are the derivatives of one gradient."""
    from gradcli.verify import verify_rows

    found = {column: result.gradient[f"{row},{column}"] for column in names}
    return verify_rows(
        graph,
        node,
        {column: one.value for column, one in found.items()},
        {column: one.closed for column, one in found.items() if one.closed is not None},
        inputs,
        label=row + ",{}",
        dtype=asked.dtype,
        seed=asked.seed,
    )


def _curved(
    result: Result,
    trace: Trace,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    asked: Asked,
    program: Program | None,
    *,
    lost: bool,
) -> bool:
    """Correct a Hessian at kinks, or where digits are lost; whether the verdict is given by that.

    Args:
        lost: whether to look though there is no kink.
    """
    from gradcli.verify import judge_seconds

    judged = judge_seconds(
        program,
        inputs,
        trace.graph,
        names,
        {key: one.value for key, one in result.gradient.items()},
        {key: one.closed for key, one in result.gradient.items()},
        dynamic=trace.dynamic,
        dtype=asked.dtype,
        seed=asked.seed,
        lost=lost,
    )
    if judged is None:
        return False
    for key, block in judged.blocks.items():
        result.gradient[key].value = block
    result.notes += judged.notes
    result.check = judged.verdict
    return True


def _second(
    first: Closed,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    asked: Asked,
    deadline: float,
) -> dict[str, Closed]:
    """The closed forms of the derivatives of a gradient, from its own closed form.

    All rows together may take as long as one formula.
    """
    if first.text is None:
        return {name: Closed(None, reason=first.reason) for name in names}
    if time.monotonic() > deadline:
        reason = f"the formulas of this Hessian take more than {LIMITS.formula:g} s"
        return {name: Closed(None, reason=reason) for name in names}
    graph = parse(first.text).trace(inputs, dtype=asked.dtype).graph
    used = [name for name in names if name in graph.inputs]
    found = closed_forms_of(graph, used, asked, rows=True)
    for name in names:
        if name not in found:
            found[name] = form_of_zeros(graph.output.shape + np.shape(inputs[name]))
    return found


def joined(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict of several: the worst of them, with all reasons."""
    order = ("agree", "inconclusive", "disagree")
    worst = max((one.verdict for one in verdicts), key=order.index, default="agree")
    return Verdict(
        worst,
        [reason for one in verdicts for reason in one.reasons],
        [comparison for one in verdicts for comparison in one.comparisons],
        next((one.outlier for one in verdicts if one.outlier), None),
    )
