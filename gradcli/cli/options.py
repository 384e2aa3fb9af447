"""Options that commands share, so that `--format` is the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from gradcli.render import EXPLANATION_FORMATS, FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])


def bundle(*decorators: Callable[[Any], Any]) -> Callable[[Command], Command]:
    """Several options as one decorator, in the order of the help."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


expression_argument = bundle(
    click.argument("expression", required=False),
    click.option(
        "-f",
        "--file",
        metavar="FILE",
        default=None,
        help="Read the program from FILE (- is standard input) instead of the command line.",
    ),
    click.option(
        "--of",
        multiple=True,
        metavar="NAMES",
        help="The target: a name that the program binds; several give an answer each.  "
        "[default: the program's result]",
    ),
    click.option(
        "--call",
        metavar="NAME",
        default=None,
        help="The function of the program to call, where it defines several.",
    ),
)

input_options = bundle(
    click.option(
        "-v",
        "--value",
        "values",
        multiple=True,
        metavar="NAME=VALUE",
        help="The same as --NAME VALUE.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        metavar="N",
        help="Seed of randn, uniform and the like in values.",
    ),
    click.option(
        "--dtype",
        type=click.Choice(["float64", "float32"]),
        default="float64",
        show_default=True,
        help="Precision of inputs and arithmetic.",
    ),
)

variable_options = bundle(
    click.option(
        "--wrt",
        multiple=True,
        metavar="NAMES",
        help="Differentiate by these, for instance --wrt x,w: inputs, or names that the program "
        "binds.  [default: every input]",
    ),
    click.option(
        "--const",
        multiple=True,
        metavar="NAMES",
        help="Inputs not to differentiate by; names of the program that stop what flows back.",
    ),
)

derivative_options = bundle(
    variable_options,
    click.option(
        "--assume",
        multiple=True,
        metavar="NAME:WHAT",
        help="What the closed form may use: symmetric, spd, diagonal, orthogonal, positive or "
        "nonnegative. Every entry still varies on its own.",
    ),
    click.option(
        "--no-where",
        is_flag=True,
        help="Whole formulas, with no sub-expression named under a `where`.",
    ),
)

steps_option = click.option(
    "--steps",
    is_flag=True,
    help="Show the derivation in index notation, the rule named at each line.",
)

no_check_option = click.option(
    "--no-check", is_flag=True, help="Numbers only: no closed form, no verdict."
)

tangent_option = click.option(
    "--tangent",
    multiple=True,
    metavar="NAME=VALUE",
    help="The direction of a variable, of its shape; VALUE alone where there is one variable. "
    "Variables without one are held fixed.",
)

limit_option = click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER",
    help="Raise a bound: source, depth, ops, elements, recorded, records, items, steps, calls, "
    "recursion, order, file, line, seconds, formula.",
)


def output_options_for(
    formats: Sequence[str], about: str, full: str
) -> Callable[[Command], Command]:
    """The options that say where an answer goes, and in which of some formats.

    Args:
        formats: `rich` and `plain` among them.
        about: what is to be said of the others, a clause that begins with `;`, or "".
        full: what `--full` shows.
    """
    default = "[default: rich on a terminal, plain in a pipe, else by the name of FILE]"
    return bundle(
        click.option(
            "--format",
            "form",
            type=click.Choice(formats),
            default=None,
            help=f"Format of the answer{about}.  {default}",
        ),
        click.option(
            "-o", "--output", metavar="FILE", default=None, help="Write the answer to FILE."
        ),
        click.option("--full", is_flag=True, help=f"{full}."),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status tells."),
        limit_option,
    )


output_options = output_options_for(
    FORMATS,
    "; unicode, numpy, jax, torch and julia are the closed forms, as text or as paste-ready code",
    "On a terminal: every number, with every digit",
)
explanation_options = output_options_for(
    EXPLANATION_FORMATS, "", "Every turn of every loop, every row and every number"
)
