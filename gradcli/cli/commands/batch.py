"""`gradcli batch`: one request per line, one answer per line."""

from __future__ import annotations

import click

from gradcli.cli.base import HelpfulCommand, the_environment
from gradcli.cli.options import limit_option


@click.command(cls=HelpfulCommand, short_help="Answer JSON Lines requests as they come.")
@click.argument("file", default="-")
@click.option("--allow-files", is_flag=True, help="Inputs may be files (@FILE).")
@limit_option
@click.pass_context
def command(
    context: click.Context, /, file: str, allow_files: bool, limits: tuple[str, ...]
) -> int:
    """Read one JSON request per line of FILE (- for standard input) and write one JSON answer per
    line, in order, each as soon as it is there.

    A request holds "command" (any but batch), "expression" or "program", "inputs", and optionally
    "id", "of", "wrt", "const", "check", "dtype", "seed" and the other options of its command. An
    input is a number, nested lists, {"shape": [...], "data": ...}, or a string as on the command
    line. An answer is what --format json prints, plus the id; a bad request is answered with
    "error", and the rest goes on. The exit status is that of the worst answer.

    \b
    Example:
      echo '{"id": 7, "command": "grad", "expression": "2*x.T@x", "inputs": {"x": [0,1,2,3]}}' |
        gradcli batch -
    """
    from gradcli.cli.guard import set_limits
    from gradcli.cli.startup import quick_imports

    environment = the_environment(context)
    set_limits(limits)
    with quick_imports():
        from gradcli.cli.batching import serve
    return serve(environment, file, allow_files)
