"""Input values of the command line: `--x VALUE` pairs against the names of the expression."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.cli.environment import Environment
from gradcli.cli.suggestions import did_you_mean, joined
from gradcli.errors import GradcliError
from gradcli.limits import LIMITS

if TYPE_CHECKING:
    import numpy as np

    from gradcli.language import Program

    Array = np.ndarray[Any, np.dtype[Any]]


def program_text(expression: str | None, file: str | None, environment: Environment) -> str:
    """The expression or program of a command line.

    Raises:
        GradcliError: `io` for a file that cannot be read, `value` where there is none, or both.
    """
    if file is None:
        if expression is None:
            raise GradcliError(
                "there is no expression",
                hint='write one, as in gradcli grad "2*x.T@x" --x 0,1,2,3, or -f FILE',
            )
        return expression
    if expression is not None:
        raise GradcliError(
            "there is an expression and a file", hint="give the expression, or -f FILE"
        )
    bound = int(LIMITS.source) + 1
    try:
        if file == "-":
            content = environment.stdin.read(bound)
        else:
            with open(file, "rb") as stream:
                content = stream.read(bound)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "it is not UTF-8"
        raise GradcliError(f"cannot read '{file}': {reason.lower()}", kind="io") from None
    return text


def given_values(pairs: Sequence[str]) -> dict[str, str]:
    """`("x=1,2", "y=3")` as a dict of texts; each name once."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            raise GradcliError(f"--value {pair}: write NAME=VALUE", hint="for instance -v x=0,1,2")
        if name in values:
            raise GradcliError(f"'{name}' is given twice", hint="give each input one value")
        values[name] = text
    return values


def given_assumptions(texts: Sequence[str]) -> dict[str, str]:
    """`("A:spd", "x:positive")` as a dict; `A:spd,x:positive` in one text means the same."""
    assumed = {}
    for text in texts:
        for part in text.split(","):
            name, colon, kind = part.partition(":")
            if not colon or not name.strip() or not kind.strip():
                raise GradcliError(
                    f"--assume {text}: write NAME:WHAT", hint="for instance --assume A:spd"
                )
            assumed[name.strip()] = kind.strip()
    return assumed


def given_tangents(texts: Sequence[str]) -> dict[str, str]:
    """`("x=1,0", "A=@A.npy")` as a dict; a text without a name stands under ""."""
    tangents: dict[str, str] = {}
    for text in texts:
        named = re.fullmatch(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)", text, re.DOTALL)
        name, value = (named[1], named[2]) if named else ("", text)
        if name in tangents:
            whose = f"of '{name}' " if name else ""
            raise GradcliError(f"the tangent {whose}is given twice", hint="write --tangent x=VALUE")
        tangents[name] = value
    return tangents


def label(text: str, taken: Mapping[str, str]) -> str:
    """What an option's value is called among the inputs: its name, but never that of an input."""
    found = text.strip()
    return f"{found} (option)" if found in taken else found


def listed_names(texts: Sequence[str]) -> list[str]:
    """`("x,w", "y")` as `["x", "w", "y"]`, each once."""
    names = [name for text in texts for name in re.split(r"[,\s]+", text) if name]
    return list(dict.fromkeys(names))


def require_values(
    source: str, needed: Sequence[str], given: Mapping[str, str], known: Sequence[str]
) -> None:
    """Every free name has a value.

    Raises:
        GradcliError: `name`; one error for all that are missing, and how to give them.
    """
    missing = [name for name in needed if name not in given]
    if missing:
        ways = [
            f"-v {name}=VALUE" if f"--{name}" in known else f"--{name} VALUE" for name in missing
        ]
        raise GradcliError(
            f"no value for {joined(missing)}",
            kind="name",
            span=place(source, missing[0]),
            source=source,
            hint=f"add {' '.join(ways)}",
        )


def refuse_unused(
    program: Program, given: Sequence[str], wanted: Sequence[str], known: Sequence[str]
) -> None:
    """No input is given in vain, unless the user asks for its (zero) derivative.

    Raises:
        GradcliError: `name`, with the option or the name that may have been meant.
    """
    needed = program.names
    for name in given:
        if program.uses(name) or name in wanted:
            continue
        hint = did_you_mean(name, [n for n in needed if n not in given], "--")
        hint = hint or did_you_mean(name, [text[2:] for text in known if text[:2] == "--"], "--")
        if hint is None:
            hint = f"its inputs are {joined(needed)}" if needed else "it has no inputs"
        what = "expression" if program.is_expression else "program"
        if program.binds(name):
            hint = f"it binds '{name}' itself before it reads it"
        raise GradcliError(f"the {what} does not use '{name}'", kind="name", hint=hint)


def place(source: str, name: str) -> tuple[int, int] | None:
    """Where a name stands first, as far as a look at the text can tell."""
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", source)
    return None if found is None else found.span()


def read_values(
    values: Mapping[str, str], environment: Environment, seed: int
) -> tuple[dict[str, Array], list[str]]:
    """The arrays of some value texts, and a note where random numbers were drawn."""
    from gradcli.language import draws_random, read_value
    from gradcli.road.asking import generator

    piped = [name for name, text in values.items() if text.strip() in ("-", "@-")]
    if len(piped) > 1:
        raise GradcliError(
            f"{joined(piped)} cannot all come from standard input", hint="give the others as files"
        )
    if piped and environment.stdin_is_terminal:
        environment.tell(f"reading '{piped[0]}' from the terminal; end with Ctrl-D\n")
    draw = generator(values.values(), seed)
    arrays = {}
    for name, text in values.items():
        try:
            arrays[name] = read_value(text, files=True, stdin=environment.stdin, rng=draw)
        except GradcliError as error:
            error.message = f"--{name}: {error.message}"
            raise error.located(None, text) from None
    random = [name for name, text in values.items() if draws_random(text)]
    return arrays, [f"random {joined(random)}: --seed {seed}"] if random else []
