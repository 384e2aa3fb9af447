"""JAX's control flow as functions: `lax.fori_loop`, `while_loop`, `cond`, `scan`, `map`.

They run as the statements do, turn after turn along the values; nothing is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError, Span
from gradcli.language.higher import check_count, invoke
from gradcli.language.iteration import items

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter


def _turns(interpreter: Interpreter, source: Any) -> Iterator[Any]:
    """The items of a loop, counted."""
    for entry in source:
        interpreter.turns += 1
        if not interpreter.turns & 63:
            interpreter.look_at_limits()
        yield entry


def _endless() -> Iterator[None]:
    while True:
        yield None


def _fori_loop(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> Any:
    lower, upper, body, value = arguments
    bounds = [interpreter.static(bound, "fori_loop") for bound in (lower, upper)]
    if any(type(bound) is not int for bound in bounds):
        raise GradcliError("fori_loop: the bounds are integers")
    for turn in _turns(interpreter, range(*bounds)):
        value = invoke(interpreter, body, [turn, value], span)
    return value


def _while_loop(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> Any:
    condition, body, value = arguments
    for _ in _turns(interpreter, _endless()):
        if not interpreter.truth_at(invoke(interpreter, condition, [value], span), span):
            break
        value = invoke(interpreter, body, [value], span)
    return value


def _cond(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> Any:
    condition, then, otherwise, *operands = arguments
    part = interpreter.path.add("branch", span)
    holds = interpreter.decided(condition, part, span)
    return invoke(interpreter, then if holds else otherwise, operands, span)


def _scan(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> Any:
    """`carry, ys = scan(f, init, xs)`; the outputs are stacked."""
    function, carry, *rest = arguments
    source = rest[0] if rest and rest[0] is not None else None
    length = interpreter.static(rest[1], "scan") if len(rest) > 1 else None
    if source is None and type(length) is not int:
        raise GradcliError("scan: there is nothing to go through", hint="give xs, or a length")
    entries = [None] * int(length or 0) if source is None else _rows(source)
    made = []
    for entry in _turns(interpreter, entries):
        pair = invoke(interpreter, function, [carry, entry], span)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise GradcliError("scan: the function returns a pair: the carry, and an output")
        carry, output = pair
        made.append(output)
    return carry, _stacked(interpreter, made)


def _rows(source: Any) -> list[Any]:
    """The rows of an array, or those of several arrays side by side."""
    if isinstance(source, tuple):
        return list(zip(*(_rows(each) for each in source), strict=False))
    return items(source)


def _stacked(interpreter: Interpreter, made: list[Any]) -> Any:
    if any(each is None for each in made):
        return None
    if made and isinstance(made[0], tuple):
        return tuple(_stacked(interpreter, list(column)) for column in zip(*made, strict=True))
    return interpreter.tensor(made, "scan")


def _map(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> Any:
    function, source = arguments
    made = [
        invoke(interpreter, function, [row], span) for row in _turns(interpreter, _rows(source))
    ]
    return _stacked(interpreter, made)


Flow = Callable[[Any, list[Any], "Span | None"], Any]
LAX: dict[str, tuple[int, int, Flow]] = {
    "lax.fori_loop": (4, 4, _fori_loop),
    "lax.while_loop": (3, 3, _while_loop),
    "lax.cond": (3, 100, _cond),
    "lax.scan": (2, 4, _scan),
    "lax.map": (2, 2, _map),
}
"""By target: how many arguments it takes at least and at most, and what it does."""
KEYWORDS = {"init_val": 3, "init": 1, "xs": 2, "length": 3}
"""Where a keyword's value goes among the arguments."""


def flow(
    interpreter: Interpreter,
    target: str,
    arguments: list[Any],
    keywords: dict[str, Any],
    span: Span | None,
) -> Any:
    """One of the functions of `LAX`, called."""
    least, most, function = LAX[target]
    arguments = list(arguments)
    for keyword, value in sorted(keywords.items(), key=lambda item: KEYWORDS.get(item[0], -1)):
        if keyword not in KEYWORDS:
            raise GradcliError(f"{target} has no argument '{keyword}' here")
        place = min(KEYWORDS[keyword], most - 1)
        arguments += [None] * (place - len(arguments))
        arguments.insert(place, value)
    check_count(target, arguments, least, most)
    return function(interpreter, arguments, span)
