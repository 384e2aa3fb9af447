"""What `graph` does: read the inputs, record the graphs, write them in a format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from gradcli.cli.base import the_environment
from gradcli.cli.guard import guarded, set_limits
from gradcli.cli.inputs import given_values, listed_names
from gradcli.cli.output import Output
from gradcli.cli.reading import read_request
from gradcli.cli.startup import quick_imports
from gradcli.errors import ExitCode, GradcliError
from gradcli.render.graphs import GRAPH_SUFFIXES, render_graph

OTHER_PICTURES = (".png", ".pdf", ".jpg", ".jpeg", ".gif", ".ps", ".eps")


def draw_expression(
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
    gradients: bool,
) -> int:
    """Draw the graphs of one expression.

    Returns:
        The exit status.
    """
    set_limits(limits)
    if form is None and output is not None and output.lower().endswith(OTHER_PICTURES):
        raise GradcliError(
            f"'{output}': a graph is not drawn in this format",
            hint="write FILE.svg, .dot, .mmd or .json, or say which text it is with --format",
        )
    target = Output(
        the_environment(context),
        form=form,
        output=output,
        full=full,
        quiet=quiet,
        suffixes=GRAPH_SUFFIXES,
    )
    wanted = listed_names(wrt)
    with quick_imports():
        from gradcli.drawing.card import graphs_of
    texts = given_values(values)
    program, arrays, notes = read_request(context, expression, file, call, texts, wanted, seed)
    with guarded():
        card = graphs_of(
            program,
            arrays,
            wrt=wanted or None,
            const=listed_names(const),
            gradients=gradients,
            dtype=dtype,
            of=listed_names(of),
        )
        card.notes[:0] = notes
        pieces: Iterable[str] = render_graph(card, target.form, target.view)
    if not quiet:
        if target.form != "json":
            target.tell(card.notes)
        target.write(pieces)
    return ExitCode.OK
