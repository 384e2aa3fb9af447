"""Functions that a program defines: scopes, `def` and `lambda`, and their calls.

Recursion of the program is recursion of the interpreter, so its depth has a limit of its own; every
call counts as well, so that a tree of calls ends.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError, Span
from gradcli.language.names import all_parameters, bound_names
from gradcli.limits import LIMITS

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

FRAMES = 40
"""Python frames that one call of the program may take at most, with some expression around it."""


MISSING: Any = object()
"""No value."""


class Scope:
    """The names of one call, of a comprehension, or of the outermost level.

    Attributes:
        names: values by name.
        own: names that belong to this scope even before they have a value.
        parent: the scope around it; None outermost.
    """

    __slots__ = ("names", "own", "parent")

    def __init__(self, own: frozenset[str], parent: Scope | None) -> None:
        self.names: dict[str, Any] = {}
        self.own = own
        self.parent = parent


class Function:
    """A function of the program: a value like any other."""

    __slots__ = ("body", "defaults", "name", "own", "scope", "syntax")

    def __init__(
        self,
        name: str,
        syntax: ast.FunctionDef | ast.Lambda,
        scope: Scope,
        defaults: dict[str, Any],
        body: Callable[[], Any],
    ) -> None:
        self.name = name
        self.syntax = syntax
        self.scope = scope
        self.defaults = defaults
        self.body = body
        inner = syntax.body if isinstance(syntax, ast.FunctionDef) else []
        self.own = frozenset(
            [*bound_names(inner), *(each.arg for each in all_parameters(syntax.args))]
        )

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters, in order."""
        return [each.arg for each in all_parameters(self.syntax.args)]

    def __repr__(self) -> str:
        return f"the function '{self.name}'"


def define(
    interpreter: Interpreter,
    name: str,
    syntax: ast.FunctionDef | ast.Lambda,
    body: Callable[[], Any],
) -> Function:
    """Make a function; its defaults are worked out now, as in Python."""
    arguments = syntax.args
    if arguments.kwarg is not None:
        raise GradcliError("** before a parameter is not available", kind="parse")
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = {}
    if arguments.defaults:
        last = positional[-len(arguments.defaults) :]
        for parameter, default in zip(last, arguments.defaults, strict=True):
            defaults[parameter.arg] = interpreter.visit(default)
    for parameter, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            defaults[parameter.arg] = interpreter.visit(value)
    return Function(name, syntax, interpreter.scope, defaults, body)


def call(
    interpreter: Interpreter,
    function: Function,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    span: Span | None,
) -> Any:
    """Call a function of the program.

    Args:
        span: of the call, for the traceback of an error inside.
    """
    names = bound(function, arguments, keywords)
    scope = Scope(function.own, function.scope)
    scope.names.update(names)
    interpreter.calls += 1
    if not interpreter.calls & 63:
        interpreter.look_at_limits()
    if interpreter.calls > LIMITS.calls:
        raise GradcliError(
            f"more than {LIMITS.calls:g} calls of functions",
            kind="limit",
            hint="raise it with --limit calls=N",
        )
    before = interpreter.scope
    interpreter.depth += 1
    if interpreter.depth > LIMITS.recursion:
        interpreter.depth -= 1
        raise GradcliError(
            f"'{function.name}' calls itself more than {LIMITS.recursion:g} levels deep",
            kind="limit",
            hint="write it as a loop, or raise it with --limit recursion=N",
        )
    interpreter.scope = scope
    interpreter.tell("call", span, name=function.name)
    try:
        result = function.body()
    except GradcliError as error:
        error.calls.append((function.name, span))
        raise
    finally:
        interpreter.scope = before
        interpreter.depth -= 1
    interpreter.tell("return", span, name=function.name, value=result)
    interpreter.last_scope = scope
    return result


def bound(
    function: Function, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> dict[str, Any]:
    """The parameters with their values."""
    syntax = function.syntax.args
    positional = [each.arg for each in (*syntax.posonlyargs, *syntax.args)]
    names = dict(function.defaults)
    if syntax.vararg is not None:
        names[syntax.vararg.arg] = tuple(arguments[len(positional) :])
        arguments = arguments[: len(positional)]
    if len(arguments) > len(positional):
        raise GradcliError(
            f"{function.name} takes {counted(len(positional), 'argument')}, not {len(arguments)}"
        )
    given = dict(zip(positional, arguments, strict=False))
    known = {*positional, *(each.arg for each in syntax.kwonlyargs)}
    for name, value in keywords.items():
        if name not in known:
            raise GradcliError(f"{function.name} has no parameter '{name}'")
        if name in given:
            raise GradcliError(f"{function.name}: the argument '{name}' is given twice")
        given[name] = value
    names.update(given)
    missing = [name for name in function.parameters if name not in names]
    if missing:
        listed = ", ".join(f"'{name}'" for name in missing)
        raise GradcliError(f"{function.name}: no value for {listed}")
    return names


def counted(number: int, what: str) -> str:
    """`1 argument`, `2 arguments`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@contextmanager
def room_for_recursion() -> Iterator[None]:
    """Raise Python's recursion limit to what our own limit needs.

    Before Python 3.11 every frame takes some of C's stack, which is 8 MB on most systems.
    """
    before = sys.getrecursionlimit()
    wanted = int(LIMITS.recursion) * FRAMES + 1000
    if sys.version_info < (3, 11):
        wanted = min(wanted, 12_000)
    sys.setrecursionlimit(max(before, wanted))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
