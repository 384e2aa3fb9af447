"""`gradcli jacobian`: J[i..., k...] = d y[i...] / d x[k...]."""

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


@click.command(cls=ExpressionCommand, short_help="Jacobian, its closed form and verdict.")
@expression_argument
@derivative_options
@click.option("--no-check", is_flag=True, help="Numbers only: no closed form, no verdict.")
@steps_option
@click.option(
    "--layout",
    type=click.Choice(["numpy", "numerator", "denominator"]),
    default="numpy",
    show_default=True,
    help="Axes of the target first (numpy, numerator), or those of the variable (denominator).",
)
@input_options
@output_options
@click.pass_context
def command(
    context: click.Context, /, expression: str | None, no_check: bool, **options: Any
) -> int:
    """The Jacobian of EXPRESSION by each variable: J[i..., k...] = d y[i...] / d x[k...].

    Its axes are those of the target, then those of the variable; in denominator layout the other
    way round. The exit status tells the verdict: 0 agree, 1 disagree, 3 inconclusive or not finite.

    \b
    Example:
      gradcli jacobian "A@tanh(x)" --wrt x --A "1,2;3,4" --x 0,1
      gradcli jacobian "x/sum(x)" --x 1,2,3 --format json
      gradcli jacobian "A@x" --wrt x --A "1,2;3,4" --x 0,1 --layout denominator
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "jacobian", expression, check=not no_check, **options)
