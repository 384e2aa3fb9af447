"""What is known about each function of the language, read from its declaration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.cli.suggestions import did_you_mean
from gradcli.errors import GradcliError
from gradcli.ops import ALIASES, FUNCTIONS, Function
from gradcli.results import Closed, FunctionCard

POINT = {
    "x": [0.5, 1.25, 0.75],
    "y": [1.5, 0.25, 2.0],
    "A": [[1.5, 0.25, -0.5], [0.75, 2.0, 1.25], [0.5, -1.0, 1.75]],
    "S": [[2.0, 0.5, 0.25], [0.5, 3.0, 0.75], [0.25, 0.75, 2.5]],
}
"""Values of the names that examples are written in."""

DEFAULT_DOMAIN = (-2.0, 2.0)
"""An op that declares this one declares nothing."""


def cards(names: Sequence[str], formulas: bool) -> list[FunctionCard]:
    """The cards of the named functions, of all where none is named, in families.

    Args:
        names: canonical names, aliases, or either with a namespace (`np.tan`).
        formulas: whether to work out the gradient of each example.

    Raises:
        GradcliError: `name`, for an unknown function.
    """
    if names:
        functions = [find(name) for name in names]
    else:
        order = {family: n for n, family in enumerate({f.family: 0 for f in FUNCTIONS.values()})}
        functions = sorted(FUNCTIONS.values(), key=lambda f: (order[f.family], f.name))
    spellings: dict[str, list[str]] = {}
    for alias, name in ALIASES.items():
        spellings.setdefault(name, []).append(alias)
    return [card(function, spellings.get(function.name, []), formulas) for function in functions]


def find(name: str) -> Function:
    """The function of a name, an alias, or a name with a namespace."""
    bare = name.rpartition(".")[2].removesuffix("()")
    bare = ALIASES.get(bare, bare)
    if bare not in FUNCTIONS:
        raise GradcliError(
            f"unknown function '{name}'",
            kind="name",
            hint=did_you_mean(bare, [*FUNCTIONS, *ALIASES]) or "gradcli ops lists all functions",
        )
    return FUNCTIONS[bare]


def card(function: Function, aliases: list[str], formulas: bool) -> FunctionCard:
    """The card of one function."""
    op = function.op
    example = function.example
    if example is None and function.signature == "x":
        example = f"{function.name}(x)"
    cut = op.cut if op is not None and op.vjp is None else None
    gradient = None
    if formulas and example is not None and cut is None:
        gradient = gradient_of(example)
    return FunctionCard(
        name=function.name,
        signature=f"{function.name}({function.signature.replace('; ', ', ').removeprefix(', ')})",
        family=function.family,
        doc=function.doc,
        aliases=sorted(aliases),
        domain=domain_text(op.domain) if op is not None else "",
        cut=cut,
        kinked=op is not None and op.kink is not None and cut is None,
        example=example,
        gradient=gradient,
    )


def domain_text(domain: Any) -> str:
    """An interval, or one per argument, in words; "" where it is the default."""
    if domain == DEFAULT_DOMAIN:
        return ""
    if isinstance(domain[0], (int, float)):
        return f"tested on ({domain[0]:g}, {domain[1]:g})"
    return "tested on " + " × ".join(f"({low:g}, {high:g})" for low, high in domain)


def gradient_of(example: str) -> Closed | None:
    """The closed form of the gradient of `sum(example)` by its first name; None without one."""
    import numpy as np

    from gradcli import api

    program = api.parse(example)
    inputs = {name: np.array(POINT[name]) for name in program.names if name in POINT}
    if not inputs or len(inputs) < len(program.names):
        return None
    return api.closed_form(program, inputs, next(iter(inputs)))
