"""Tangents of ops that are linear, or linear in each input: the op itself, applied to tangents.

The names are declared here, with the reason; a test adds and scales random arrays to hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.graph import Array, Node
from gradcli.verify.forward.table import Tangent, tangent_rule

LINEAR: dict[str, str] = {
    "sum": "adds entries",
    "mean": "adds entries and divides by their number",
    "center": "subtracts the mean",
    "cumsum": "adds entries",
    "reshape": "rearranges entries",
    "transpose": "rearranges entries",
    "broadcast_to": "repeats entries",
    "getitem": "picks entries",
    "scatter": "places entries among zeros, adding those that meet",
    "take_along": "picks entries at positions that do not move",
    "put_along": "places entries among zeros at positions that do not move",
    "diagonal": "picks entries",
    "embed_diagonal": "places entries among zeros",
    "eye": "a multiple of a constant matrix",
    "concatenate": "rearranges the entries of all inputs together",
    "pad": "places entries among a constant, which becomes 0",
    "shift": "places entries among a constant, which becomes 0",
}
"""Ops that are linear in their inputs together (positions aside)."""

POSITIONS = {"take_along": 1, "put_along": 1}
"""The input of an op that holds positions, as whole numbers of any dtype."""

FILLED: dict[str, dict[str, float]] = {"pad": {"value": 0.0}, "shift": {"fill": 0.0}}
"""Params that hold the constant part of an op; a tangent has none."""

MULTILINEAR: dict[str, str] = {
    "matmul": "sums of products of one entry of each",
    "einsum": "sums of products of one entry of each",
    "cross": "sums of products of one entry of each",
    "convolve": "sums of products of one entry of each",
}
"""Ops that are linear in each input while the others stay: the product rule."""


@tangent_rule(*LINEAR)
def linear(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The op, applied to the tangents; positions stay."""
    name = node.op.name
    parts = [
        np.zeros_like(value) if tangent is None else tangent
        for tangent, value in zip(tangents, values[:-1], strict=True)
    ]
    if name in POSITIONS:
        if tangents[0] is None:
            return None
        parts[POSITIONS[name]] = values[POSITIONS[name]]
    params = {**node.params, **FILLED.get(name, {})}
    return np.asarray(node.op.evaluate(*parts, **params))


@tangent_rule(*MULTILINEAR)
def multilinear(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The sum over the inputs of the op with one of them replaced by its tangent."""
    return one_by_one(node, values[:-1], tangents)


def one_by_one(node: Node, values: Sequence[Array], tangents: Sequence[Tangent]) -> Tangent:
    """The product rule."""
    total: Any = None
    for position, tangent in enumerate(tangents):
        if tangent is not None:
            parts = [*values[:position], tangent, *values[position + 1 :]]
            term = np.asarray(node.op.evaluate(*parts, **node.params))
            total = term if total is None else total + term
    return None if total is None else np.asarray(total)
