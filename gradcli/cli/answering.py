"""What `grad`, `check` and `eval` share: read the inputs, call the library, deliver the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gradcli.cli.base import ExpressionCommand, the_environment
from gradcli.cli.guard import guarded, set_limits
from gradcli.cli.inputs import (
    given_assumptions,
    given_values,
    listed_names,
    read_values,
    refuse_unused,
    require_values,
)
from gradcli.cli.output import Output
from gradcli.cli.startup import quick_imports

if TYPE_CHECKING:
    from gradcli.cli.inputs import Array
    from gradcli.language import Program


def answer_expression(
    context: click.Context,
    command: str,
    expression: str,
    *,
    values: Sequence[str],
    seed: int,
    dtype: str,
    limits: Sequence[str],
    form: str | None,
    output: str | None,
    full: bool,
    quiet: bool,
    wrt: Sequence[str] = (),
    const: Sequence[str] = (),
    check: bool = True,
    no_where: bool = False,
    layout: str = "numpy",
    steps: bool = False,
    assume: Sequence[str] = (),
) -> int:
    """Run one command on one expression.

    Returns:
        The exit status.
    """
    environment = the_environment(context)
    set_limits(limits)
    target = Output(environment, form=form, output=output, full=full, quiet=quiet)
    wanted = listed_names(wrt)
    with quick_imports():
        from gradcli import api

        api.load(command, check)
    program, arrays, notes = read_request(context, expression, values, wanted, seed)
    with guarded():
        result = api.answer(
            command,
            program,
            arrays,
            wrt=wanted or None,
            const=listed_names(const),
            asked=api.Asked(
                check=check,
                dtype=dtype,
                seed=seed,
                layout=layout,
                steps=steps,
                assume=given_assumptions(assume),
            ),
        )
    if no_where:
        result.without_where()
    result.notes[:0] = notes
    return target.deliver(result)


def read_request(
    context: click.Context,
    expression: str,
    values: Sequence[str],
    wanted: Sequence[str],
    seed: int,
) -> tuple[Program, dict[str, Array], list[str]]:
    """The program of an expression, its inputs, and a note where random numbers were drawn.

    Args:
        values: `NAME=VALUE` texts.
        wanted: variables that may be given though the expression does not use them.
    """
    from gradcli.api import parse

    assert isinstance(context.command, ExpressionCommand)
    known = list(context.command.known_options(context))
    texts = given_values(values)
    with guarded():
        program = parse(expression)
    require_values(expression, program.names, texts, known)
    refuse_unused(program, list(texts), wanted, known)
    arrays, notes = read_values(texts, the_environment(context), seed)
    return program, arrays, notes
