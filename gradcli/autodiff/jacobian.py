"""Jacobians and Hessians: rows of one gradient graph with a cotangent as its input.

The graph of the gradient is made once. Its cotangent is an input, and the executor runs it over a
batch
of unit cotangents, one per entry of the target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.autodiff.reverse import gradient
from gradcli.graph import Array, Node, float_dtype, input_node
from gradcli.limits import check_elements

COTANGENT = " cotangent"  # a blank: no input of a program has this name
BATCH = 2**22
"""Elements of the largest array of one batch."""

Runner = Callable[[Sequence[Node], Mapping[str, Any], Mapping[str, Array]], list[Array]]


def jacobian(
    output: Node, wrt: Sequence[Node], inputs: Mapping[str, Any], run_batched: Runner
) -> list[Array]:
    """The Jacobians J[i..., k...] = d output[i...] / d wrt[k...].

    Args:
        output: the target, any shape.
        wrt: inputs or intermediates of the graph.
        inputs: arrays by input name.
        run_batched: the executor's (`gradcli.execute.run_batched`).

    Returns:
        One array per `wrt`, of shape (*output.shape, *wrt.shape); zeros where nothing depends on
        it.

    Raises:
        GradcliError: `limit` where it would be too large.

    Example:
        >>> import gradcli.ops
        >>> from gradcli.execute import run_batched
        >>> x = input_node("x", (2,))
        >>> jacobian(x * x, [x], {"x": np.array([1.0, 2.0])}, run_batched)[0]
        array([[2., 0.],
               [0., 4.]])
    """
    shapes = [(*output.shape, *node.shape) for node in wrt]
    for shape in shapes:
        check_elements(shape, "the Jacobian")
    dtype = float_dtype([output.dtype])
    cotangent = input_node(COTANGENT, output.shape, dtype)
    rows = gradient(output, wrt, cotangent)
    results = [np.zeros(shape, dtype=dtype) for shape in shapes]
    wanted = {position: row for position, row in enumerate(rows) if row is not None}
    count = output.size
    if not wanted or not count:
        return results
    largest = max(output.size, *(wrt[position].size for position in wanted))
    step = max(1, min(count, BATCH // max(largest, 1)))
    for start in range(0, count, step):
        stop = min(start + step, count)
        units = np.zeros((stop - start, count), dtype=dtype)
        units[np.arange(stop - start), np.arange(start, stop)] = 1.0
        batch = {COTANGENT: units.reshape(stop - start, *output.shape)}
        found = run_batched(list(wanted.values()), inputs, batch)
        for position, block in zip(wanted, found, strict=True):
            flat = results[position].reshape(count, -1)
            flat[start:stop] = block.reshape(stop - start, -1)
    return results


def hessian(
    output: Node,
    rows: Sequence[Node],
    columns: Sequence[Node],
    inputs: Mapping[str, Any],
    run_batched: Runner,
) -> list[list[Array]]:
    """The blocks H[i..., j...] = d2 sum(output) / d rows[i...] d columns[j...].

    Returns:
        One list per row variable with one array per column variable, of shape
        (*row.shape, *column.shape).
    """
    blocks = []
    dtype = float_dtype([output.dtype])
    for row, first in zip(rows, gradient(output, rows), strict=True):
        if first is None:
            blocks.append([np.zeros((*row.shape, *c.shape), dtype=dtype) for c in columns])
        else:
            blocks.append(jacobian(first, columns, inputs, run_batched))
    return blocks


def in_layout(matrix: Array, rank: int, layout: str) -> Array:
    """A Jacobian whose first `rank` axes are those of the target, in a layout."""
    if layout != "denominator":
        return matrix
    return np.transpose(matrix, (*range(rank, matrix.ndim), *range(rank)))
