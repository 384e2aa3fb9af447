"""`gradcli eval`: the value of an expression."""

from __future__ import annotations

from typing import Any

import click

from gradcli.cli.base import ExpressionCommand
from gradcli.cli.options import expression_argument, input_options, output_options


@click.command(cls=ExpressionCommand, short_help="The value of an expression.")
@expression_argument
@input_options
@output_options
@click.pass_context
def command(context: click.Context, /, expression: str | None, **options: Any) -> int:
    """The value of EXPRESSION. In a pipe it is printed as an input value is written.

    \b
    Example:
      gradcli eval "1+1"
      gradcli eval "A@x" --A "1,2;3,4" --x 1,-1
      gradcli grad "2*x.T@x" --x 0,1,2,3 | gradcli eval "norm(g)" --g -
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "eval", expression, **options)
