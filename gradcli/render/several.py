"""Several targets of one trace: each format puts their answers one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError

if TYPE_CHECKING:
    from gradcli.results import Result

APART = ("command", "expression", "schema")
"""What the answers have in common."""


def each_target(
    result: Result, render: Callable[[Result], Iterator[str | bytes]]
) -> Iterator[str | bytes]:
    """The answers one after the other, in a format that has room for several."""
    for one in targets(result):
        yield from render(one)


def targets(result: Result) -> list[Result]:
    """The answer itself and the others."""
    return [result, *result.others]


def plain_targets(result: Result) -> Iterator[str]:
    """`y=9` of several values; `dy_dx=6` of several gradients; `y: agree` of several verdicts."""
    from gradcli.render.plain import array_text, verdict_lines

    for one in targets(result):
        name = one.target.name
        if one.command == "eval":
            yield f"{name}="
            yield from array_text(one.target.value)
            yield "\n"
        elif one.command == "check" and one.check is not None:
            yield f"{name}: "
            yield from verdict_lines(one.check)
        else:
            for variable, derivative in one.gradient.items():
                yield f"d{name}_d{variable.replace(',', '_d')}="
                yield from array_text(derivative.value)
                yield "\n"


def documents(result: Result, record: Callable[[Result], dict[str, Any]]) -> dict[str, Any]:
    """One JSON record: what is common, then `targets` by name."""
    records = {str(one.target.name): record(one) for one in targets(result)}
    first = next(iter(records.values()))
    return {
        **{key: first[key] for key in ("schema", "command", "expression")},
        "targets": {
            name: {key: value for key, value in each.items() if key not in APART}
            for name, each in records.items()
        },
    }


def refuse_several(result: Result, form: str) -> None:
    """A format with room for one answer."""
    if result.others:
        raise GradcliError(
            f"--format {form} holds one target, and there are several",
            hint=f"name one: --of {result.target.name}",
        )
