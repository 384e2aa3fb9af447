"""Second derivatives at kinks, and where digits are lost: corrected, and judged.

The blocks of a Hessian, or of its product with a tangent, are laid out as one matrix; the witnesses
are the exact second differences that `settle_seconds` took, and the closed form where it has a
limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcli.graph import Array, Graph
from gradcli.results import Closed, Verdict
from gradcli.verify.compare import Tolerance, compare, largest
from gradcli.verify.matrices import compare_formula
from gradcli.verify.records import Seconds
from gradcli.verify.seconds import settle_seconds
from gradcli.verify.verdict import SHOWN

MOST = 2_000  # entries of all variables, of a Hessian

Block = tuple[slice, slice, tuple[int, ...]]


@dataclass(slots=True)
class Judged:
    """Second derivatives with the wrong ones corrected, notes on that, and the verdict."""

    blocks: dict[str, Array]
    notes: list[str]
    verdict: Verdict


def judge_seconds(
    program: Any,
    inputs: Mapping[str, Any],
    graph: Graph,
    names: Sequence[str],
    blocks: Mapping[str, Array],
    closed: Mapping[str, Closed | None],
    *,
    along: Mapping[str, Array] | None = None,
    dynamic: bool | None = None,
    dtype: str = "float64",
    seed: int = 0,
    lost: bool = False,
) -> Judged | None:
    """Correct and judge second derivatives at a kink; None where there is none.

    Args:
        program: records the graph at other values (`trace`); may be None.
        inputs: arrays by name.
        graph: the function, whose sum is differentiated.
        names: variables.
        blocks: by "row,column" the blocks of the Hessian, each of shape (*row.shape,
            *column.shape); or by variable its product with `along`, of the variable's shape.
        closed: closed forms by the same names.
        along: the tangent by variable, where there is one.
        dynamic: whether the record depends on values.
        dtype, seed: of the request.
        lost: whether to look though there is no kink, because digits seem to be lost.
    """
    sizes = [int(np.size(inputs[name])) for name in names]
    ends = [0, *np.cumsum(sizes).tolist()]
    if ends[-1] == 0 or (along is None and ends[-1] > MOST):
        return None
    parts = {name: slice(ends[place], ends[place + 1]) for place, name in enumerate(names)}
    rows = {f"{name},": parts[name] for name in names} if along is None else {"": slice(0, 1)}
    matrix = np.zeros((ends[-1] if along is None else 1, ends[-1]))
    places: dict[str, Block] = {}
    for label, row in rows.items():
        for name, column in parts.items():
            block = blocks[label + name]
            places[label + name] = row, column, block.shape
            matrix[row, column] = block.reshape(matrix[row, column].shape)
    found = settle_seconds(
        program,
        inputs,
        graph,
        names,
        matrix,
        along=along,
        dynamic=dynamic,
        seed=seed,
        lost=lost,
    )
    if found is None:
        return None
    corrected = {
        key: found.matrix[row, column].reshape(shape).astype(blocks[key].dtype)
        for key, (row, column, shape) in places.items()
    }
    return Judged(corrected, found.notes, _verdict(found, places, closed, inputs, dtype, seed))


def _verdict(
    found: Seconds,
    blocks: Mapping[str, Block],
    closed: Mapping[str, Closed | None],
    inputs: Mapping[str, Any],
    dtype: str,
    seed: int,
) -> Verdict:
    """Whether second derivatives are right where `settle_seconds` looked at them.

    Args:
        found: what it found.
        blocks: by the name that a block has in the verdict its rows and columns in the matrix, and
            its shape.
        closed: closed forms by the same names.
        inputs: arrays by name.

    Returns:
        A verdict; its witnesses are exact second differences, and the formula where it has a limit.
    """
    if not found.whole:
        return Verdict("inconclusive", list(found.kinks))
    verdict = Verdict("agree")
    for name, (rows, columns, shape) in blocks.items():
        part = rows, columns
        matrix, exact, special = (
            array[part].reshape(shape) for array in (found.matrix, found.exact, found.special)
        )
        known = np.isfinite(exact)
        extra = np.broadcast_to(64.0 * found.epsilon * largest(found.matrix), shape)
        bound = Tolerance(matrix, np.broadcast_to(np.zeros(()), shape), found.epsilon, extra)
        note = "exact second differences"
        entries = compare("entries", name, matrix, exact, bound, mask=known, note=note)
        formula = compare_formula(
            name, matrix, closed.get(name), inputs, dtype, seed, special | ~known
        )
        for one in (formula, entries):
            verdict.comparisons.append(one)
            if one.ok is False:
                verdict.verdict = "disagree"
                verdict.outlier = verdict.outlier or (
                    "reverse" if one.witness == "entries" else "formula"
                )
                verdict.reasons.append(
                    f"{name}{list(one.index) if one.index else ''}: reverse mode gives "
                    f"{one.reverse:.9g}, {one.witness} {one.other:.9g}"
                )
    if found.kinks:
        verdict.reasons += found.kinks[:SHOWN]
        if len(found.kinks) > SHOWN:
            verdict.reasons.append(f"and {len(found.kinks) - SHOWN} more of the kind")
        if verdict.verdict == "agree":
            verdict.verdict = "inconclusive"
    return verdict
