"""What commands with an expression share: read inputs, call the library, deliver the result."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gradcli.cli.base import the_environment
from gradcli.cli.guard import guarded, set_limits
from gradcli.cli.inputs import (
    given_assumptions,
    given_tangents,
    given_values,
    label,
    listed_names,
)
from gradcli.cli.output import Output
from gradcli.cli.reading import read_request
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
    order: int | None = None,
    tangent: Sequence[str] = (),
    cotangent: str | None = None,
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
    texts = given_values(values)
    tangents = {label(f"tangent {k}", texts): (k, v) for k, v in given_tangents(tangent).items()}
    directions = {key: text for key, (_, text) in tangents.items()}
    seed_of_reverse = label("cotangent", texts)
    if cotangent is not None:
        directions[seed_of_reverse] = cotangent
    request = read_request(context, expression, file, call, texts, wanted, seed, directions)
    program, arrays, notes = request
    along = {name: arrays.pop(key) for key, (name, _) in tangents.items()}
    weights = arrays.pop(seed_of_reverse, None)
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
                order=order,
                tangent=along,
                cotangent=weights,
            ),
        )
    if no_where:
        result.without_where()
    result.notes[:0] = notes
    return target.deliver(result)
