"""`gradcli vjp`: the cotangent pulled back to every variable, c J."""

from __future__ import annotations

from typing import Any

import click

from gradcli.cli.base import ExpressionCommand
from gradcli.cli.options import (
    derivative_options,
    expression_argument,
    input_options,
    no_check_option,
    output_options,
)


@click.command(cls=ExpressionCommand, short_help="Cotangent times Jacobian, by every variable.")
@expression_argument
@click.option(
    "--cotangent",
    metavar="VALUE",
    default=None,
    help="Weights of the entries of EXPRESSION, of its shape.  [default: 1 for a scalar]",
)
@derivative_options
@no_check_option
@input_options
@output_options
@click.pass_context
def command(
    context: click.Context, /, expression: str | None, no_check: bool, **options: Any
) -> int:
    """The cotangent times the Jacobian of EXPRESSION by each variable, of the variable's shape: the
    gradient of sum(cotangent*EXPRESSION).

    In formulas the cotangent is called so. The exit status tells the verdict: 0 agree, 1 disagree,
    3 inconclusive or not finite.

    \b
    Example:
      gradcli vjp "A@x" --A "1,2;3,4" --x 0,1 --cotangent 1,-1
      gradcli vjp "x/sum(x)" --x 1,2,3 --cotangent 0,0,1 --format json
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "vjp", expression, check=not no_check, **options)
