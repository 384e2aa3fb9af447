"""Calls in the language: functions by name or namespace, and methods of arrays."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError, Span
from gradcli.language.functions import Function, call
from gradcli.language.higher import HIGHER, on_lists
from gradcli.language.iteration import comprehension, items
from gradcli.language.lax import LAX, flow
from gradcli.language.list_methods import is_list_method, list_method
from gradcli.language.methods import ATTRIBUTES, method, unknown
from gradcli.language.namespaces import Callee, find, known_names
from gradcli.language.random import RANDOM, draw
from gradcli.language.updates import Updates
from gradcli.language.words import BARE_DTYPES, CONSTANTS, DType, suggestion
from gradcli.ops.declare import describe

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter


def calling(interpreter: Interpreter, node: ast.Call) -> Any:
    """A function or a method."""
    named = [keyword.arg for keyword in node.keywords]
    if len(set(named)) < len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise GradcliError(f"the argument '{twice}' is given twice", kind="parse")
    if None in named:
        raise GradcliError("** before an argument is not available", kind="parse")
    function = node.func
    if isinstance(function, ast.Attribute) and interpreter.prefix(function.value) is None:
        return _method(interpreter, node, function)
    callee = function_of(interpreter, function)
    arguments, keywords = _given(interpreter, node)
    return called(interpreter, callee, arguments, keywords, interpreter.source.span(node))


def called(
    interpreter: Interpreter,
    callee: Callee | Function,
    arguments: list[Any],
    keywords: dict[str, Any],
    span: Span | None,
) -> Any:
    """The value of a call."""
    if isinstance(callee, Function):
        return call(interpreter, callee, arguments, keywords, span)
    if callee.target in LAX:
        return flow(interpreter, callee.target, arguments, keywords, span)
    arguments = [interpreter.settled(each) for each in arguments]
    keywords = {name: interpreter.settled(each) for name, each in keywords.items()}
    if callee.target in HIGHER:
        return on_lists(interpreter, callee.target, arguments, keywords, span)
    if callee.target in RANDOM:
        return draw(callee.target, interpreter.rng, arguments, keywords)
    return interpreter.call(callee.target, *arguments, **keywords)


def _given(interpreter: Interpreter, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call: `*xs` is spread, a generator that stands alone is a list."""
    arguments: list[Any] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            arguments += items(interpreter.visit(argument.value))
        elif isinstance(argument, ast.GeneratorExp):
            arguments.append(comprehension(interpreter, argument))
        else:
            arguments.append(interpreter.visit(argument))
    keywords = {str(keyword.arg): interpreter.visit(keyword.value) for keyword in node.keywords}
    return arguments, keywords


def function_of(interpreter: Interpreter, function: ast.expr) -> Callee | Function:
    """The function that a call names.

    Raises:
        GradcliError: `name` where there is none, `value` where the name is no function.
    """
    span = interpreter.source.span(function)
    if isinstance(function, ast.Name):
        name = function.id
        own = interpreter.lookup(name)
        if isinstance(own, (Function, Callee)):
            return own
        if interpreter.bound(name):
            raise GradcliError(
                f"'{name}' is a value and cannot be called",
                hint="a product is written with *",
            ).located(span, interpreter.source.text)
        if interpreter.rng is not None and name in RANDOM:
            return Callee(name, name)
        if (
            find(name) is None
            and name not in BARE_DTYPES
            and name not in CONSTANTS
            and name not in HIGHER
        ):
            hint = suggestion(name, known_names())
            if name == "print":
                hint = "leave it out: the result is printed anyway"
            if name in RANDOM:
                hint = f"random numbers are for input values: --x '{name}(...)'"
            raise GradcliError(f"unknown function '{name}'", kind="name", hint=hint).located(
                span, interpreter.source.text
            )
        target = find(name)
        if target is not None:
            return Callee(name, target)
        if name in HIGHER:
            return Callee(name, name)
    value = interpreter.visit(function)
    if isinstance(value, (Callee, Function)):
        return value
    if isinstance(value, DType):
        return Callee(value.name, "array" if value.kind != "bool" else "bool")
    raise GradcliError(
        f"{kind_of(value)} cannot be called", hint="a product is written with *"
    ).located(span, interpreter.source.text)


def _method(interpreter: Interpreter, node: ast.Call, function: ast.Attribute) -> Any:
    value = interpreter.visit(function.value)
    name = function.attr
    if isinstance(value, Updates):
        arguments, keywords = _given(interpreter, node)
        return value.called(interpreter, name, arguments)
    tail = interpreter.tail(function)
    if is_list_method(value, name):
        try:
            return list_method(value, name, _given(interpreter, node)[0])
        except GradcliError as error:
            raise error.located(tail, interpreter.source.text) from None
    if isinstance(value, (Callee, Function, DType, str, slice)) or value is None:
        raise GradcliError(f"{kind_of(value)} has no method '{name}'", kind="name").located(
            tail, interpreter.source.text
        )
    target = "size_of" if name == "size" else method(name)
    if target is None:
        if name in ATTRIBUTES:
            raise GradcliError(
                f"'.{name}' is not a method", hint=f"write .{name} without parentheses"
            ).located(tail, interpreter.source.text)
        raise unknown(name).located(tail, interpreter.source.text)
    arguments, keywords = _given(interpreter, node)
    return interpreter.call(target, interpreter.tensor(value, f".{name}"), *arguments, **keywords)


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    if isinstance(value, Function):
        return repr(value)
    if isinstance(value, Callee):
        return f"the function '{value.text}'"
    if isinstance(value, DType):
        return f"the dtype '{value}'"
    return describe(value)
