"""`gradcli ops`: the functions of the language."""

from __future__ import annotations

from typing import Any

import click

from gradcli.cli.base import HelpfulCommand, the_environment
from gradcli.cli.options import output_options


@click.command(cls=HelpfulCommand, short_help="The functions of the language.")
@click.argument("names", nargs=-1)
@output_options
@click.pass_context
def command(
    context: click.Context, /, names: tuple[str, ...], limits: tuple[str, ...], **options: Any
) -> int:
    """The table of all functions; with NAMES everything about each: aliases, domain, kinks, an
    example and the closed form of its gradient.

    \b
    Example:
      gradcli ops
      gradcli ops tan logsumexp
      gradcli ops --format json
    """
    from gradcli.cli.guard import guarded, set_limits
    from gradcli.cli.output import Output
    from gradcli.cli.startup import quick_imports
    from gradcli.render import render_functions

    environment = the_environment(context)
    set_limits(limits)
    output = Output(environment, **options)
    with quick_imports():
        from gradcli.cli.catalogue import cards
    with guarded():
        found = cards(names, formulas=bool(names))
    if not output.quiet:
        output.write(render_functions(found, output.form, output.view, bool(names)))
    return 0
