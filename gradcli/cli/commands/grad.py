"""`gradcli grad`: value, gradient, closed form and verdict."""

from __future__ import annotations

from typing import Any

import click

from gradcli.cli.base import ExpressionCommand
from gradcli.cli.options import (
    derivative_options,
    expression_argument,
    input_options,
    output_options,
    steps_option,
)


@click.command(cls=ExpressionCommand, short_help="Value, gradient, closed form and verdict.")
@expression_argument
@derivative_options
@click.option("--no-check", is_flag=True, help="Numbers only: no closed form, no verdict.")
@steps_option
@input_options
@output_options
@click.pass_context
def command(
    context: click.Context, /, expression: str | None, no_check: bool, **options: Any
) -> int:
    """Value and gradient of EXPRESSION, the gradient's closed form, and whether they agree.

    A target that is not a scalar is summed first. In a pipe the gradient alone is printed; the exit
    status tells the verdict: 0 agree, 1 disagree, 3 inconclusive or not finite.

    \b
    Example:
      gradcli grad "2*x.T@x" --x 0,1,2,3
      gradcli grad "sum(log(1+exp(-y*(X@w))))" --wrt w --X @X.csv --y @y.csv --w 0,0,0
      gradcli grad "-x**2" --x -1,2 --format json
      gradcli grad "norm(A@x-y)**2" --wrt x --A "1,2;3,4" --x 0,1 --y 1,1 --steps
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "grad", expression, check=not no_check, **options)
