"""`gradcli check`: the verdict of every witness on a gradient."""

from __future__ import annotations

from typing import Any

import click

from gradcli.cli.base import ExpressionCommand
from gradcli.cli.options import (
    derivative_options,
    expression_argument,
    input_options,
    output_options,
)


@click.command(cls=ExpressionCommand, short_help="Test a gradient with every witness.")
@expression_argument
@derivative_options
@input_options
@output_options
@click.pass_context
def command(context: click.Context, /, expression: str | None, **options: Any) -> int:
    """Test the gradient of EXPRESSION against every witness: closed form, exact entries,
    local derivatives, differences.

    In a pipe the verdict is printed; the exit status tells it too: 0 agree, 1 disagree,
    3 inconclusive (a kink, not finite, nothing to test).

    \b
    Example:
      gradcli check "norm(A@x-y)**2" --A "1,2;3,4;5,6" --x 1,2 --y 1,0,1
      gradcli check "sum(abs(x))" --x 0,1
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "check", expression, **options)
