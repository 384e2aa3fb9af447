"""Verdicts on Jacobians and Hessians: contracted with a random cotangent they are gradients again.

`c . J` is the gradient of `sum(c * target)`, so every witness of a gradient can be heard on it,
and an
error in any row shows. The closed form is compared with the whole matrix, entry by entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Array, Graph, Node, apply, constant
from gradcli.language import parse
from gradcli.ops.structure import sum_
from gradcli.results import Closed, Comparison, Verdict
from gradcli.verify.compare import Tolerance, compare
from gradcli.verify.noise import rounding_noise
from gradcli.verify.verdict import verify

SLOPES = re.compile(r": slopes \S+ and \S+")


def verify_rows(
    graph: Graph,
    target: Node,
    matrices: Mapping[str, Array],
    closed: Mapping[str, Closed],
    inputs: Mapping[str, Any],
    *,
    label: str = "{}",
    shown: Mapping[str, Array] | None = None,
    witnesses: Sequence[str] = ("entries",),
    dtype: str = "float64",
    seed: int = 0,
) -> Verdict:
    """Whether matrices of derivatives are right.

    Args:
        graph: the recorded graph that `target` belongs to.
        target: the node whose derivatives stand in the rows.
        matrices: by variable, of shape (*target.shape, *variable.shape).
        closed: closed forms of the matrices, by variable.
        inputs: arrays by name.
        label: how a variable is called in the verdict, with `{}` for its name.
        shown: the matrices in the layout of their closed forms, where that is another one.
        witnesses: whom to hear on the contracted matrices.

    Returns:
        A verdict; the comparisons "formula" are of whole matrices, the others of one combination
        of the rows.
    """
    draw = np.random.default_rng(seed)
    weights = draw.uniform(0.5, 1.5, target.shape) * draw.choice([-1.0, 1.0], target.shape)
    if target.ndim == 0:
        weights = np.ones(())
    weighted = sum_(apply("multiply", target, constant(weights, target.dtype)))
    rank = target.ndim
    gradients = {
        name: np.asarray(np.tensordot(weights, matrix, axes=rank), dtype=target.dtype)
        for name, matrix in matrices.items()
    }
    contracted = Graph(graph.inputs, weighted, source=graph.source)
    verdict = verify(
        None,
        inputs,
        contracted,
        gradients,
        {},
        witnesses=witnesses,
        dtype=dtype,
        seed=seed,
        dynamic=False,
    )
    for one in verdict.comparisons:
        one.variable = label.format(one.variable)
        one.note = one.note or ("rows combined with random weights" if rank else "")
    if rank:  # the slopes that a kink has are those of the combined rows: nobody knows them
        verdict.reasons = [SLOPES.sub("", reason) for reason in verdict.reasons]
    for name, matrix in (shown or matrices).items():
        found = compare_formula(name, matrix, closed.get(name), inputs, dtype, seed)
        found.variable = label.format(name)
        verdict.comparisons.insert(0, found)
        if found.ok is False and verdict.verdict == "agree":
            verdict.verdict, verdict.outlier = "disagree", "formula"
            verdict.reasons.append(
                f"{found.variable}{list(found.index)}: reverse mode gives {found.reverse:.9g}, "
                f"formula {found.other:.9g} {found.note}".rstrip()
            )
    return verdict


def compare_formula(
    name: str,
    matrix: Array,
    closed: Closed | None,
    inputs: Mapping[str, Any],
    dtype: str,
    seed: int,
    fragile: Array | None = None,
) -> Comparison:
    """The closed form against the whole matrix.

    Args:
        fragile: where the closed form may have no limit of its own, a mask of the matrix: it is
            not heard there unless it agrees.
    """
    silent = Comparison("formula", name, None, of=int(matrix.size))
    if closed is None or closed.text is None:
        silent.note = (closed.reason if closed is not None else None) or "no closed form"
        return silent
    try:
        program = parse(closed.text)
        used = {key: inputs[key] for key in program.names if key in inputs}
        output = program.trace(used, dtype=dtype).graph.output
        value = np.asarray(run([output], used)[0], dtype=np.float64)
    except GradcliError as error:
        silent.note = f"the closed form could not be evaluated: {error.message}"
        return silent
    noise = np.broadcast_to(np.zeros(()), matrix.shape)
    if value.shape == matrix.shape:
        measured = rounding_noise([output], used, seed)
        if measured is not None:
            noise = measured[0]
    epsilon = float(np.finfo(np.dtype(dtype)).eps)
    scale = float(np.max(np.abs(matrix), initial=0.0)) * epsilon
    extra = np.broadcast_to(np.asarray(64 * scale), matrix.shape)
    bound = Tolerance(matrix, noise, epsilon, extra)
    if value.shape != matrix.shape:
        return compare("formula", name, matrix, value, bound)
    overflown = ~np.isfinite(value) & np.isfinite(matrix)
    mask, notes = np.array(~overflown), []
    if overflown.any():
        count = np.count_nonzero(overflown)
        notes.append(f"the closed form is not finite in {count} of {value.size} entries")
    if fragile is not None:
        with np.errstate(all="ignore"):
            for index in map(tuple, np.argwhere(fragile & mask).tolist()):
                mask[index] = bool(abs(value[index] - matrix[index]) <= bound.at(index))
        if not (mask | overflown).all():
            notes.append("left out where the closed form has no limit of its own")
    return compare("formula", name, matrix, value, bound, mask=mask, note="; ".join(notes))
