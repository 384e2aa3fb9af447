"""How many digits a computed array can have: rounding errors, measured.

The graph runs a few times more with every rounding thrown afresh (each result moved by -1, 0 or 1
units of its last place, as in Monte Carlo arithmetic); what the outputs move is their rounding
error. It sees the cancellation in `(1 - cos(x))/x**2`, which no perturbation of the inputs shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import CONSTANT, INPUT, Array, Node, topological
from gradcli.verify.point import evaluate

EXACT = frozenset(
    {
        *("abs", "negative", "relu", "maximum", "minimum", "where", "nan_to_num", "copysign"),
        *("max", "min", "sort", "quantile", "take_along", "put_along", "concatenate", "pad"),
    }
)
"""Ops that choose among their inputs: they do not round, and rules compare what they chose."""

TAPE = "scalars_adjoint"
"""Rounds at every record; its rules compare values that a record before it has made."""

ROUNDS = 3
MOST_NODES = 8_000
MOST_ELEMENTS = 15_000_000
_POOL = 2**16 + 1


def rounding_noise(
    outputs: Sequence[Node], inputs: Mapping[str, Any], seed: int = 0
) -> list[Array] | None:
    """The rounding error of each output, entry by entry; None where it cannot be measured.

    Args:
        outputs: nodes of one graph.
        inputs: arrays by input name.
        seed: for the roundings.
    """
    order = topological(outputs)
    size = sum(node.size for node in order)
    if len(order) > MOST_NODES or size > MOST_ELEMENTS:
        return None
    rng = np.random.default_rng(seed)
    rounds = ROUNDS if size < 1_000_000 else 1
    noise = [np.zeros(node.shape) for node in outputs]
    with np.errstate(all="ignore"):
        try:
            choices: dict[int, Array] = {}
            exactly = _run(order, outputs, inputs, choices, None)
            for _ in range(rounds):
                shaken = _run(order, outputs, inputs, choices, rng)
                for worst, value, reference in zip(noise, shaken, exactly, strict=True):
                    np.fmax(worst, np.abs(value - reference), out=worst)
        except (GradcliError, np.linalg.LinAlgError):
            return None  # rounding alone makes a matrix singular, say
    return noise


def _run(
    order: Sequence[Node],
    outputs: Sequence[Node],
    inputs: Mapping[str, Any],
    choices: dict[int, Array],
    rng: np.random.Generator | None,
) -> list[Array]:
    """Run once, plainly where there is no `rng`; truth values and positions are made once."""
    last: dict[int, int] = {}
    for node in order:
        for parent in node.inputs:
            last[parent.id] = node.id
    kept = {node.id for node in outputs}
    values: dict[int, Array] = {}
    pool = None if rng is None else _pool()
    for node in order:
        if node.op is CONSTANT:
            values[node.id] = node.params["value"]
            continue
        if node.op is INPUT:
            values[node.id] = np.asarray(inputs[node.params["name"]], dtype=node.dtype)
            continue
        arrays = [values[parent.id] for parent in node.inputs]
        rounds = node.op.dtype == "float" and node.op.vjp is not None and node.op.name not in EXACT
        if node.id in choices:
            values[node.id] = choices[node.id]
        elif pool is None or rng is None or not rounds:
            values[node.id] = evaluate(node, arrays)
            if node.dtype.kind != "f":
                choices[node.id] = values[node.id]
        elif node.op.name == TAPE:
            rounded = partial(_shaken, pool=pool, rng=rng)
            values[node.id] = node.op.evaluate(*arrays, rounded=rounded, **node.params)
        elif node.op.elementwise:
            values[node.id] = _shaken(evaluate(node, arrays), pool, rng)
        else:
            # a contraction rounds inside, where terms may cancel that the result no longer shows
            values[node.id] = evaluate(node, [_shaken(array, pool, rng) for array in arrays])
        for parent in node.inputs:
            if last[parent.id] == node.id and parent.id not in kept:
                values.pop(parent.id, None)
    return [np.asarray(values[node.id], dtype=np.float64) for node in outputs]


@cache
def _pool() -> Array:
    """Units of the last place, used from a random start."""
    return np.random.default_rng(0).integers(-1, 2, size=_POOL).astype(np.float64)


def _shaken(array: Array, pool: Array, rng: np.random.Generator) -> Array:
    if array.dtype.kind != "f":
        return array
    epsilon = np.finfo(array.dtype).eps
    start = int(rng.integers(_POOL))
    if array.size + start <= _POOL:
        units = pool[start : start + array.size]
    else:
        units = np.resize(np.roll(pool, -start), array.size)
    factor: Array = (1 + epsilon * units.reshape(array.shape)).astype(array.dtype)
    return np.asarray(array * factor)
