"""`gradcli explain`: the tape as a table."""

from __future__ import annotations

from typing import Any

import click

from gradcli.cli.base import ExpressionCommand
from gradcli.cli.options import (
    explanation_options,
    expression_argument,
    input_options,
    variable_options,
)


@click.command(cls=ExpressionCommand, short_help="The tape as a table, forward and backward.")
@expression_argument
@variable_options
@input_options
@explanation_options
@click.pass_context
def command(context: click.Context, /, expression: str | None, **options: Any) -> int:
    """What a gradient tape records of EXPRESSION, and how the gradient comes about.

    Forward, one row per operation: its value and its local derivatives. Backward, one row per
    value: its adjoint, which is the derivative of the target by it, and the contributions that add
    up to it. Branches and turns of loops stand where they happened; of a long loop the middle turns
    are left out.

    \b
    Example:
      gradcli explain "y = x*x; z = y*y" --x 3
      gradcli explain "sum(log(1+exp(-y*(X@w))))" --wrt w --X "1,2;3,4" --y 1,-1 --w 0.5,0.25
      gradcli explain "where(x>0, x**2, exp(x))" --x 2 --format markdown
    """
    from gradcli.cli.explanations import explain_expression

    return explain_expression(context, expression, **options)
