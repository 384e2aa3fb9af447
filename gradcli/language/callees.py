"""Calls in the language: functions by name or namespace, and methods of arrays."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError
from gradcli.language.methods import ATTRIBUTES, method, unknown
from gradcli.language.namespaces import Callee, find, known_names
from gradcli.language.random import RANDOM, draw
from gradcli.language.words import BARE_DTYPES, CONSTANTS, DType, suggestion
from gradcli.ops.declare import describe

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter


def calling(interpreter: Interpreter, node: ast.Call) -> Any:
    """A function or a method."""
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            raise GradcliError("* before an argument is not available", kind="parse")
    named = [keyword.arg for keyword in node.keywords]
    if len(set(named)) < len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise GradcliError(f"the argument '{twice}' is given twice", kind="parse")
    if None in named:
        raise GradcliError("** before an argument is not available", kind="parse")
    function = node.func
    if isinstance(function, ast.Attribute) and interpreter.prefix(function.value) is None:
        return _method(interpreter, node, function)
    callee = _callee(interpreter, function)
    arguments = [interpreter.visit(argument) for argument in node.args]
    keywords = {str(keyword.arg): interpreter.visit(keyword.value) for keyword in node.keywords}
    if callee.target in RANDOM:
        return draw(callee.target, interpreter.rng, arguments, keywords)
    return interpreter.call(callee.target, *arguments, **keywords)


def _callee(interpreter: Interpreter, function: ast.expr) -> Callee:
    span = interpreter.source.span(function)
    if isinstance(function, ast.Name):
        name = function.id
        if name in interpreter.inputs or name in interpreter.locals:
            raise GradcliError(
                f"'{name}' is a value and cannot be called",
                hint="a product is written with *",
            ).located(span, interpreter.source.text)
        if interpreter.rng is not None and name in RANDOM:
            return Callee(name, name)
        if find(name) is None and name not in BARE_DTYPES and name not in CONSTANTS:
            hint = suggestion(name, known_names())
            if name in RANDOM:
                hint = f"random numbers are for input values: --x '{name}(...)'"
            raise GradcliError(f"unknown function '{name}'", kind="name", hint=hint).located(
                span, interpreter.source.text
            )
        target = find(name)
        if target is not None:
            return Callee(name, target)
    value = interpreter.visit(function)
    if isinstance(value, Callee):
        return value
    if isinstance(value, DType):
        return Callee(value.name, "array" if value.kind != "bool" else "bool")
    raise GradcliError(
        f"{kind_of(value)} cannot be called", hint="a product is written with *"
    ).located(span, interpreter.source.text)


def _method(interpreter: Interpreter, node: ast.Call, function: ast.Attribute) -> Any:
    value = interpreter.visit(function.value)
    name = function.attr
    tail = interpreter.tail(function)
    if isinstance(value, (Callee, DType, str, slice)) or value is None:
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
    arguments = [interpreter.visit(argument) for argument in node.args]
    keywords = {str(keyword.arg): interpreter.visit(keyword.value) for keyword in node.keywords}
    return interpreter.call(target, interpreter.tensor(value, f".{name}"), *arguments, **keywords)


def kind_of(value: Any) -> str:
    if isinstance(value, Callee):
        return f"the function '{value.text}'"
    if isinstance(value, DType):
        return f"the dtype '{value}'"
    return describe(value)
