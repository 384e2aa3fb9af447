"""`gradcli grad`: value, gradient, closed form and verdict."""

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
    steps_option,
)


@click.command(cls=ExpressionCommand, short_help="Value, gradient, closed form and verdict.")
@expression_argument
@derivative_options
@no_check_option
@steps_option
@click.option(
    "--order",
    type=click.IntRange(1),
    default=None,
    metavar="N",
    help="The N-th derivative of a scalar by a scalar.",
)
@input_options
@output_options
@click.pass_context
def command(
    context: click.Context, /, expression: str | None, no_check: bool, **options: Any
) -> int:
    """Value and gradient of EXPRESSION, the gradient's closed form, and whether they agree.

    EXPRESSION may be a program: statements on lines or between `;`, whose control flow follows the
    values. A target that is not a scalar is summed first. In a pipe the gradient alone is printed;
    the exit status tells the verdict: 0 agree, 1 disagree, 3 inconclusive or not finite.

    \b
    Example:
      gradcli grad "2*x.T@x" --x 0,1,2,3
      gradcli grad "sum(log(1+exp(-y*(X@w))))" --wrt w --X @X.csv --y @y.csv --w 0,0,0
      gradcli grad "-x**2" --x -1,2 --format json
      gradcli grad "norm(A@x-y)**2" --wrt x --A "1,2;3,4" --x 0,1 --y 1,1 --steps
      gradcli grad "x**5" --x 2 --order 3
      gradcli grad "y = x*x; z = y*y" --x 3 --of y,z
      gradcli grad -f model.py --w 0,0,0 --X @X.csv --wrt w
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "grad", expression, check=not no_check, **options)
