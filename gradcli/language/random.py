"""Random input values: `randn(3, 2)`, `uniform(-1, 1, (5,))`. Only where a seed is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node
from gradcli.limits import check_elements

Draw = Callable[..., Any]


def _shape(sizes: Any) -> tuple[int, ...]:
    shape = tuple(sizes) if isinstance(sizes, (tuple, list)) else (sizes,)
    if any(type(size) is not int or size < 0 for size in shape):
        raise GradcliError(f"a shape is made of whole numbers, not {sizes!r}", kind="shape")
    check_elements(shape, "a random array")
    return shape


def _named(rng: np.random.Generator, distribution: str, low: Any, high: Any, size: Any) -> Any:
    shape = None if size is None else _shape(size)
    if distribution == "uniform":
        return rng.uniform(low, high, shape)
    if distribution == "integers":
        return rng.integers(low, high, shape).astype(np.float64)
    return rng.normal(low, high, shape)


RANDOM: dict[str, Draw] = {
    "randn": lambda rng, *sizes: rng.standard_normal(_shape(sizes)),
    "rand": lambda rng, *sizes: rng.random(_shape(sizes)),
    "normal": lambda rng, loc=0.0, scale=1.0, size=None: _named(rng, "normal", loc, scale, size),
    "uniform": lambda rng, low=0.0, high=1.0, size=None: _named(rng, "uniform", low, high, size),
    "randint": lambda rng, low, high, size=None: _named(rng, "integers", low, high, size),
}
"""By name: `(generator, *arguments) -> array`."""


def draw(
    name: str,
    rng: np.random.Generator | None,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
) -> Array:
    """Draw from a distribution."""
    if rng is None:
        raise GradcliError(f"'{name}' is for input values", kind="name")
    if any(isinstance(value, Node) for value in (*arguments, *keywords.values())):
        raise GradcliError(f"{name}: the arguments are plain numbers")
    try:
        return np.asarray(RANDOM[name](rng, *arguments, **keywords))
    except (TypeError, ValueError, OverflowError) as error:
        raise GradcliError(f"{name}: {error}") from None
