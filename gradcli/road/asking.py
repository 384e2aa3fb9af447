"""From the arguments of a call of the library to a request: arrays, options, the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import FLOAT64, Array
from gradcli.language import Program, draws_random, parse, read_value
from gradcli.road.answering import Answer, answer
from gradcli.road.asked import ONLY, Asked


def generator(values: Iterable[Any], seed: int) -> np.random.Generator | None:
    """One source of random numbers for all inputs of a request; None where no text draws any."""
    if any(isinstance(value, str) and draws_random(value) for value in values):
        return np.random.default_rng(seed)
    return None


def ask(
    command: str,
    expression: str,
    wrt: str | Iterable[str] | None,
    const: str | Iterable[str],
    check: bool,
    dtype: str,
    seed: int,
    inputs: Mapping[str, Any],
    *,
    assume: Mapping[str, str] | None = None,
    tangent: Any = None,
    cotangent: Any = None,
    **options: Any,
) -> Answer:
    """One call of the library; `options` go into `Asked` as they are."""
    program = parse(expression)
    variables = names_of(wrt)
    tangents = tangent if isinstance(tangent, Mapping) else {ONLY: tangent}
    if tangent is None:
        tangents = {}
    draw = generator([*inputs.values(), *tangents.values(), cotangent], seed)
    arrays = arrays_of(program, inputs, variables or (), draw)
    asked = Asked(
        check=check,
        dtype=dtype,
        seed=seed,
        assume=assume or {},
        tangent={name: array_of(f"tangent_{name}", v, draw) for name, v in tangents.items()},
        cotangent=None if cotangent is None else array_of("cotangent", cotangent, draw),
        **options,
    )
    return answer(command, program, arrays, wrt=variables, const=names_of(const) or (), asked=asked)


def names_of(given: str | Iterable[str] | None) -> list[str] | None:
    """One name or several as a list; None stays."""
    return None if given is None else [given] if isinstance(given, str) else list(given)


def arrays_of(
    program: Program,
    inputs: Mapping[str, Any],
    wanted: Sequence[str],
    draw: np.random.Generator | None,
) -> dict[str, Array]:
    """The inputs of a call of the library; one that is given in vain is a mistyped keyword."""
    for name in inputs:
        if not program.uses(name) and name not in wanted:
            raise GradcliError(
                f"the expression does not use '{name}'",
                kind="name",
                hint=f"its inputs are {', '.join(program.names)}" if program.names else None,
            )
    return {name: array_of(name, value, draw) for name, value in inputs.items()}


def array_of(name: str, value: Any, draw: np.random.Generator | None) -> Array:
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
