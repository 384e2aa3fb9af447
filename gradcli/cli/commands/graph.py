"""`gradcli graph`: the op graph and the gradient graphs, as text or as a picture."""

from __future__ import annotations

from typing import Any

import click

from gradcli.cli.base import ExpressionCommand
from gradcli.cli.options import (
    expression_argument,
    input_options,
    output_options_for,
    variable_options,
)
from gradcli.render.graphs import GRAPH_FORMATS


@click.command(cls=ExpressionCommand, short_help="The op graph and the gradient graph.")
@expression_argument
@variable_options
@click.option("--no-gradient", is_flag=True, help="The op graph only.")
@input_options
@output_options_for(
    GRAPH_FORMATS,
    "; svg needs Graphviz, dot and mermaid are its text and that of Mermaid",
    "On a terminal: every operation",
)
@click.pass_context
def command(
    context: click.Context, /, expression: str | None, no_gradient: bool, **options: Any
) -> int:
    """The operations that EXPRESSION records, and those that compute its gradient.

    On a terminal as trees that hang from the result; in a pipe as typed text, one operation a
    line. A value that is used twice is one operation.

    \b
    Example:
      gradcli graph "2*x.T@x" --x 0,1,2,3
      gradcli graph "norm(A@x-y)**2" --wrt x --A "1,2;3,4" --x 0,1 --y 1,1 -o graph.svg
      gradcli graph "sum(exp(x))" --x 1,2 --no-gradient --format mermaid
    """
    from gradcli.cli.drawing import draw_expression

    return draw_expression(context, expression, gradients=not no_gradient, **options)
