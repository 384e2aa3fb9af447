"""What `grad`, `check` and `eval` share: read the inputs, call the library, deliver the result."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gradcli.cli.base import ExpressionCommand, the_environment
from gradcli.cli.guard import guarded, set_limits
from gradcli.cli.inputs import (
    given_assumptions,
    given_values,
    listed_names,
    program_text,
    read_values,
    refuse_unused,
    require_values,
)
from gradcli.cli.output import Output
from gradcli.cli.startup import quick_imports


def answer_expression(
    context: click.Context,
    command: str,
    expression: str | None,
    *,
    file: str | None = None,
    of: Sequence[str] = (),
    call: str | None = None,
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
    assert isinstance(context.command, ExpressionCommand)
    set_limits(limits)
    target = Output(environment, form=form, output=output, full=full, quiet=quiet)
    expression = program_text(expression, file, environment)
    texts = given_values(values)
    wanted = listed_names(wrt)
    with quick_imports():
        from gradcli import api

        api.load(command, check)
    known = list(context.command.known_options(context))
    with guarded():
        program = api.parse(expression, call)
    require_values(expression, program.names, texts, known)
    refuse_unused(program, list(texts), wanted, known)
    arrays, notes = read_values(texts, environment, seed)
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
                of=listed_names(of),
            ),
        )
    if no_where:
        result.without_where()
    result.notes[:0] = notes
    return target.deliver(result)
