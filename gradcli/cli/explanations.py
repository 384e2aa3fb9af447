"""What `explain` does: read the inputs, record the tape, deliver the tables."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gradcli.cli.base import ExpressionCommand, the_environment
from gradcli.cli.guard import guarded, set_limits
from gradcli.cli.inputs import (
    given_values,
    listed_names,
    program_text,
    read_values,
    refuse_unused,
    require_values,
)
from gradcli.cli.output import Output
from gradcli.cli.startup import quick_imports
from gradcli.render import EXPLANATION_FORMATS, render_explanation


def explain_expression(
    context: click.Context,
    expression: str | None,
    *,
    file: str | None,
    of: Sequence[str],
    call: str | None,
    values: Sequence[str],
    seed: int,
    dtype: str,
    limits: Sequence[str],
    form: str | None,
    output: str | None,
    full: bool,
    quiet: bool,
    wrt: Sequence[str],
    const: Sequence[str],
) -> int:
    """Explain one expression.

    Returns:
        The exit status.
    """
    environment = the_environment(context)
    assert isinstance(context.command, ExpressionCommand)
    set_limits(limits)
    target = Output(
        environment, form=form, output=output, full=full, quiet=quiet, formats=EXPLANATION_FORMATS
    )
    expression = program_text(expression, file, environment)
    texts = given_values(values)
    wanted = listed_names(wrt)
    with quick_imports():
        from gradcli import api
        from gradcli.explaining import explain
    known = list(context.command.known_options(context))
    with guarded():
        program = api.parse(expression, call)
    require_values(expression, program.names, texts, known)
    refuse_unused(program, list(texts), wanted, known)
    arrays, notes = read_values(texts, environment, seed)
    with guarded():
        result = explain(
            program,
            arrays,
            wrt=wanted or None,
            const=listed_names(const),
            asked=api.Asked(dtype=dtype, seed=seed, of=listed_names(of)),
            full=full,
        )
    result.notes[:0] = notes
    if not quiet:
        target.tell(() if target.form in ("json", "jsonl") else result.notes)
        target.write(render_explanation(result, target.form, target.view))
    return int(result.exit_code)
