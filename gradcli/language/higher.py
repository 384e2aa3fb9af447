"""Python's own functions on lists: `enumerate`, `zip`, `map`, `sorted` and their like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError, Span
from gradcli.graph import Node
from gradcli.language.functions import Function, call
from gradcli.language.iteration import items
from gradcli.language.namespaces import Callee
from gradcli.language.statics import is_number
from gradcli.ops.declare import describe

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

KEYWORDS = {"enumerate": "start", "sorted": "reverse"}
"""The one keyword that a function takes."""


def on_lists(
    interpreter: Interpreter,
    name: str,
    arguments: list[Any],
    keywords: Mapping[str, Any],
    span: Span | None,
) -> Any:
    """One of the functions of `HIGHER`, called."""
    allowed = KEYWORDS.get(name)
    for keyword in keywords:
        if keyword != allowed or len(arguments) != 1:
            raise GradcliError(f"{name} has no argument '{keyword}' here")
    least, most, function = HIGHER[name]
    arguments = [*arguments, *keywords.values()]
    check_count(name, arguments, least, most)
    return function(interpreter, arguments, span)


def check_count(name: str, arguments: Sequence[Any], least: int, most: int) -> None:
    """Refuse a call with too few or too many arguments."""
    if not least <= len(arguments) <= most:
        raise GradcliError(f"{name} cannot be called with {len(arguments)} arguments")


def _map(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> list[Any]:
    function, *sources = arguments
    rows = zip(*(items(source) for source in sources), strict=False)
    return [invoke(interpreter, function, list(row), span) for row in rows]


def invoke(interpreter: Interpreter, function: Any, arguments: list[Any], span: Span | None) -> Any:
    """Call a value that is a function, of the program or of the language."""
    if isinstance(function, Function):
        return call(interpreter, function, arguments, {}, span)
    if isinstance(function, Callee):
        return interpreter.call(function.target, *map(interpreter.settled, arguments))
    raise GradcliError(f"{describe(function)} is not a function")


def _enumerate(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> list[Any]:
    if not all(type(each) is int for each in arguments[1:]):
        raise GradcliError("enumerate begins with an integer")
    return list(enumerate(items(arguments[0]), *arguments[1:]))


def _zip(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> list[Any]:
    return list(zip(*(items(each) for each in arguments), strict=False))


def _reversed(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> list[Any]:
    return items(arguments[0])[::-1]


def _sorted(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> list[Any]:
    """Numbers, or scalars of the program: their order follows the values."""
    values = items(arguments[0])
    if not all(is_number(each) or (isinstance(each, Node) and each.size == 1) for each in values):
        raise GradcliError("sorted is for lists of scalars", hint="sort(x, axis) sorts an array")
    keys = [interpreter.static(each, "sorted") for each in values]
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=arguments[1:] == [True])
    return [values[each] for each in order]


def _list(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> list[Any]:
    return items(arguments[0]) if arguments else []


def _tuple(interpreter: Interpreter, arguments: list[Any], span: Span | None) -> tuple[Any, ...]:
    return tuple(_list(interpreter, arguments, span))


Higher = Callable[[Any, list[Any], "Span | None"], Any]
HIGHER: dict[str, tuple[int, int, Higher]] = {
    "map": (2, 100, _map),
    "enumerate": (1, 2, _enumerate),
    "zip": (0, 100, _zip),
    "reversed": (1, 1, _reversed),
    "sorted": (1, 2, _sorted),
    "list": (0, 1, _list),
    "tuple": (0, 1, _tuple),
}
"""By name: how many arguments it takes at least and at most, and what it does."""
