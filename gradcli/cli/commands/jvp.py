"""`gradcli jvp`: the directional derivative J v."""

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
    tangent_option,
)


@click.command(cls=ExpressionCommand, short_help="Jacobian times a tangent.")
@expression_argument
@tangent_option
@derivative_options
@no_check_option
@input_options
@output_options
@click.pass_context
def command(
    context: click.Context, /, expression: str | None, no_check: bool, **options: Any
) -> int:
    """The derivative of EXPRESSION along a direction: its Jacobian times the tangents, of the shape
    of EXPRESSION. No Jacobian is formed.

    In formulas the tangent of x is called tangent_x. The exit status tells the verdict: 0 agree,
    1 disagree, 3 inconclusive or not finite.

    \b
    Example:
      gradcli jvp "A@tanh(x)" --A "1,2;3,4" --x 0,1 --tangent x=1,0
      gradcli jvp "x*y" --x 1,2 --y 3,4 --tangent x=1,0 --tangent y=0,1
      gradcli jvp "norm(x)" --x 3,4 --tangent 1,1
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "jvp", expression, check=not no_check, **options)
