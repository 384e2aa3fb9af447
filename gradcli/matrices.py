"""The answers of `jacobian` and `hessian`: numbers, closed forms, verdict."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcli.asked import Asked
from gradcli.autodiff import gradient, hessian, jacobian
from gradcli.autodiff.jacobian import in_layout
from gradcli.execute import run, run_batched
from gradcli.forms import closed_forms_of
from gradcli.graph import Array, Graph
from gradcli.language import Trace, parse
from gradcli.limits import LIMITS
from gradcli.results import Closed, Derivative, Result, Verdict


def fill_matrices(
    result: Result,
    trace: Trace,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    asked: Asked,
) -> None:
    """Fill in value, matrices, closed forms and verdict of a `jacobian` or a `hessian`."""
    graph = trace.graph
    command = result.command
    (result.target.value,) = run([graph.output], inputs)
    used = [name for name in names if name in graph.inputs]
    if command == "jacobian":
        result.layout = asked.layout
        _jacobians(graph, inputs, used, result, asked)
    else:
        _hessians(graph, inputs, used, result, asked)


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
    graph: Graph,
    inputs: Mapping[str, Array],
    names: Sequence[str],
    result: Result,
    asked: Asked,
) -> None:
    """Blocks by `row,column`; the closed form is the Jacobian of the gradient's closed form."""
    nodes = [graph.inputs[name] for name in names]
    blocks = hessian(graph.output, nodes, nodes, inputs, run_batched)
    for row, line in zip(names, blocks, strict=True):
        for column, array in zip(names, line, strict=True):
            key = f"{row},{column}"
            result.gradient[key] = Derivative(key, array)
    if not asked.check:
        return
    plain = replace(asked, layout="numpy", steps=False)
    first = closed_forms_of(graph, names, plain)
    verdicts = []
    deadline = time.monotonic() + LIMITS.formula
    for row, line, node in zip(names, blocks, gradient(graph.output, nodes), strict=True):
        closed = _second(first[row], inputs, names, plain, deadline)
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
                    dtype=asked.dtype,
                    seed=asked.seed,
                )
            )
    result.check = joined(verdicts)


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
    from gradcli.symbolic import code_of

    graph = parse(first.text).trace(inputs, dtype=asked.dtype).graph
    used = [name for name in names if name in graph.inputs]
    found = closed_forms_of(graph, used, asked, rows=True)
    for name in names:
        if name not in found:
            shape = f"{graph.output.shape + np.shape(inputs[name])}"
            zeros = f"zeros({shape})"
            found[name] = Closed(zeros, latex=r"\mathbf{0}", unicode="0", code=code_of(zeros, {}))
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
