"""`gradcli hessian`: second derivatives, block by block."""

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


@click.command(cls=ExpressionCommand, short_help="Hessian, block by block.")
@expression_argument
@derivative_options
@click.option("--no-check", is_flag=True, help="Numbers only: no closed form, no verdict.")
@input_options
@output_options
@click.pass_context
def command(
    context: click.Context, /, expression: str | None, no_check: bool, **options: Any
) -> int:
    """The Hessian of EXPRESSION, with a block for every pair of variables.

    A target that is not a scalar is summed first. A block has the axes of its row variable, then
    those of its column variable. The exit status tells the verdict: 0 agree, 1 disagree,
    3 inconclusive or not finite.

    \b
    Example:
      gradcli hessian "norm(A@x-y)**2" --wrt x --A "1,2;3,4;5,6" --x 1,2 --y 1,0,1
      gradcli hessian "x@y" --x 1,2 --y 3,4
    """
    from gradcli.cli.answering import answer_expression

    return answer_expression(context, "hessian", expression, check=not no_check, **options)
