"""What every command has in common: help through the environment, free names as options."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

from gradcli.cli.environment import Environment
from gradcli.errors import GradcliError

WORD = re.compile(r"--([^\W\d][\w-]*)(=.*)?", re.DOTALL)
"""`--name` or `--name=VALUE`; `--x**2` is an expression."""


class HelpfulCommand(click.Command):
    """Writes its help to the environment's stdout."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`--help` and `-h`."""
        return click.Option(
            ["-h", "--help"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=show_help,
            help="Show this message and exit.",
        )

    def main(self, *args: Any, **extra: Any) -> Any:
        """Help is as wide as the environment."""
        environment = extra.get("obj")
        if isinstance(environment, Environment):
            extra.setdefault("max_content_width", 100)
            extra.setdefault("terminal_width", min(100, environment.width))
        return super().main(*args, **extra)


def the_environment(ctx: click.Context) -> Environment:
    """The environment that the command runs in."""
    environment = ctx.find_object(Environment)
    assert environment is not None
    return environment


def show_help(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Print the help and end."""
    if value and not ctx.resilient_parsing:
        the_environment(ctx).write([ctx.get_help(), "\n"])
        ctx.exit()


class ExpressionCommand(HelpfulCommand):
    """A command with an expression, whose free names are options: `--x VALUE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Turn `--x VALUE` into `-v x=VALUE`, and let the expression begin with a minus."""
        return super().parse_args(ctx, rewritten(args, self.known_options(ctx)))

    def known_options(self, ctx: click.Context) -> dict[str, bool]:
        """Every option string of the command, and whether a value follows it."""
        return {
            text: not (parameter.is_flag or parameter.count)
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            for text in (*parameter.opts, *parameter.secondary_opts)
        }

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The dynamic options come first."""
        with formatter.section("Inputs"):
            formatter.write_dl(
                [
                    (
                        "--NAME VALUE",
                        "A value for the name NAME of the expression, for instance "
                        "--x 0,1,2,3 or --A @A.npy. Where a name is also an option: -v NAME=VALUE.",
                    ),
                    (
                        "VALUE",
                        "3 (scalar); 0,1,2 (vector); 1,2;3,4 (matrix); 0;1;2 (column); "
                        "[[1,2],[3,4]] (JSON); randn(3,2) (expression); @file.npy .npz .csv .tsv "
                        ".json .txt; - (standard input).",
                    ),
                ]
            )
        super().format_options(ctx, formatter)


def rewritten(arguments: Sequence[str], known: dict[str, bool]) -> list[str]:
    """Arguments that click understands: options first, then `--`, then what is none.

    Args:
        arguments: as typed.
        known: option strings of the command, and whether a value follows.

    Raises:
        GradcliError: for `--name` without a value, and for a mistyped option with a dash in it.

    Example:
        >>> rewritten(["-x**2", "--x", "-1,2", "--quiet"], {"--quiet": False, "-v": True})
        ['-v', 'x=-1,2', '--quiet', '--', '-x**2']
    """
    options: list[str] = []
    positional: list[str] = []
    rest = list(arguments)[::-1]
    while rest:
        argument = rest.pop()
        if argument == "--":
            positional += rest[::-1]
            break
        word = WORD.fullmatch(argument)
        if argument in known or (word and f"--{word[1]}" in known):
            options.append(argument)
            if known.get(argument) and rest:
                options.append(rest.pop())
        elif word is None:
            positional.append(argument)
        elif "-" in word[1]:
            raise unknown_option(word[1], known)
        else:
            if word[2] is not None:
                value = word[2][1:]
            elif rest and not WORD.fullmatch(rest[-1]) and rest[-1] not in known:
                value = rest.pop()
            else:
                raise unknown_option(word[1], known, "has no value")
            options += ["-v", f"{unicodedata.normalize('NFKC', word[1])}={value}"]
    return [*options, "--", *positional]


def unknown_option(name: str, known: dict[str, bool], problem: str = "") -> GradcliError:
    """The error for an option that is none, or that may have been meant as an input."""
    from gradcli.cli.suggestions import did_you_mean

    longs = [text[2:] for text in known if text.startswith("--")]
    hint = did_you_mean(name, longs, "--")
    if problem:
        return GradcliError(f"--{name} {problem}", hint=hint or f"write --{name} VALUE")
    return GradcliError(f"unknown option --{name}", hint=hint or "see --help for the options")


def usage_error(error: click.ClickException) -> GradcliError:
    """What click complains about, in our words."""
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else "gradcli"
    hint = f"see {path} --help"
    if message.startswith("got unexpected extra argument"):
        hint = "quote the expression, and each value, so that the shell keeps it in one piece"
    return GradcliError(message, hint=hint)
