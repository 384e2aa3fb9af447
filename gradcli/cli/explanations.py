"""What `explain` does: read the inputs, record the tape, deliver the tables."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gradcli.cli.base import the_environment
from gradcli.cli.guard import guarded, set_limits
from gradcli.cli.inputs import given_values, listed_names
from gradcli.cli.output import Output
from gradcli.cli.reading import read_request
from gradcli.cli.startup import quick_imports
from gradcli.render import EXPLANATION_SUFFIXES, render_explanation


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
    set_limits(limits)
    target = Output(
        the_environment(context),
        form=form,
        output=output,
        full=full,
        quiet=quiet,
        suffixes=EXPLANATION_SUFFIXES,
    )
    wanted = listed_names(wrt)
    with quick_imports():
        from gradcli import api
        from gradcli.explaining import explain
    texts = given_values(values)
    program, arrays, notes = read_request(context, expression, file, call, texts, wanted, seed)
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
