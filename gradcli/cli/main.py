"""The entry point: runs one command and turns every problem into a message and an exit status.

Light on purpose: `--help` and `--version` need click and nothing else.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from gradcli import __version__
from gradcli.cli.base import HelpfulCommand, the_environment, usage_error
from gradcli.cli.environment import Environment
from gradcli.errors import ExitCode, GradcliError

COMMANDS = (
    *("grad", "check", "eval", "jacobian", "hessian", "jvp", "vjp"),
    *("explain", "graph", "ops", "batch"),
)
"""Each lives in the module of its name in `gradcli.cli.commands`, as `command`."""


class Commands(HelpfulCommand, click.Group):
    """The group `gradcli`; a command's module is imported when it is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """No arguments at all: show what there is."""
        if not args:
            the_environment(ctx).tell(ctx.get_help() + "\n")
            ctx.exit(ExitCode.INPUT)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of their use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"gradcli.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        name = args[0]
        if name not in COMMANDS:
            from gradcli.cli.suggestions import did_you_mean

            hint = did_you_mean(name, COMMANDS) or f"the commands are {', '.join(COMMANDS)}"
            if not name.isidentifier():
                hint = f'name a command first: gradcli grad "{name}"'
            raise GradcliError(f"unknown command '{name}'", hint=hint)
        return super().resolve_command(ctx, args)


def show_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Print the version and end."""
    if value and not ctx.resilient_parsing:
        the_environment(ctx).write([f"gradcli {__version__}\n"])
        ctx.exit()


@click.group(cls=Commands)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the version and exit.",
)
def gradcli() -> None:
    """The gradient workbench of the terminal.

    Give it an expression in NumPy syntax and the arrays that it names: it answers with the value,
    the gradient, the closed form of the gradient, and a verdict on whether they agree.

    \b
    Example:
      gradcli grad "2*x.T@x" --x 0,1,2,3
      gradcli check "norm(A@x-y)**2" --A "1,2;3,4;5,6" --x 1,2 --y 1,0,1
      gradcli grad "2*x.T@x" --x 0,1,2,3 | gradcli eval "norm(g)" --g -
    """


def run(arguments: Sequence[str], environment: Environment) -> int:
    """Run one command line.

    Returns:
        The exit status; every message has been written.
    """
    try:
        status = gradcli.main(
            list(arguments), prog_name="gradcli", standalone_mode=False, obj=environment
        )
    except GradcliError as error:
        return complain(error, environment)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        return complain(usage_error(error), environment)
    except RecursionError:
        return complain(GradcliError("the input is nested too deeply", kind="limit"), environment)
    except MemoryError:
        return complain(GradcliError("out of memory", kind="limit"), environment)
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.INTERRUPTED
    return int(status or 0)


def complain(error: GradcliError, environment: Environment) -> int:
    """Write an error to stderr."""
    from gradcli.render.diagnostics import diagnostic

    colour = environment.colour(environment.stderr_is_terminal)
    environment.tell(diagnostic(error, colour=colour, width=environment.width))
    return ExitCode.INPUT


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script `gradcli` and `python -m gradcli`."""
    try:
        if "OMP_NUM_THREADS" not in os.environ:
            # Two threads make small products slower. Must be set before NumPy loads.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if not sys.warnoptions:
            warnings.simplefilter("ignore")  # a library's advice to programmers is no answer
        environment = Environment.of_process()
        status = run(sys.argv[1:] if arguments is None else arguments, environment)
        environment.close()
    except KeyboardInterrupt:
        status = ExitCode.INTERRUPTED
    raise SystemExit(int(status))
