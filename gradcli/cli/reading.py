"""What every command with an expression reads first: the program and the arrays that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from gradcli.cli.base import ExpressionCommand, the_environment
from gradcli.cli.guard import guarded
from gradcli.cli.inputs import program_text, read_values, refuse_unused, require_values

if TYPE_CHECKING:
    import numpy as np

    from gradcli.language import Program

    Array = np.ndarray[Any, np.dtype[Any]]


def read_request(
    context: click.Context,
    expression: str | None,
    file: str | None,
    call: str | None,
    texts: Mapping[str, str],
    wanted: Sequence[str],
    seed: int,
    further: Mapping[str, str] | None = None,
) -> tuple[Program, dict[str, Array], list[str]]:
    """The program, its inputs, and a note where random numbers were drawn.

    Args:
        expression, file: one of them holds the program.
        call: the function to call, where the program defines several.
        texts: values by name.
        wanted: variables that may be given though the program does not use them.
        further: values by label that are no inputs (tangents); they are among the arrays.
    """
    from gradcli.api import parse

    assert isinstance(context.command, ExpressionCommand)
    environment = the_environment(context)
    text = program_text(expression, file, environment)
    known = list(context.command.known_options(context))
    with guarded():
        program = parse(text, call)
    require_values(text, program.names, texts, known)
    refuse_unused(program, list(texts), wanted, known)
    arrays, notes = read_values({**texts, **(further or {})}, environment, seed)
    return program, arrays, notes
