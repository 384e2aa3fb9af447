"""Statements: each is made into a closure once, and then runs as often as its loop turns.

A closure gives None, or a signal: `BREAK`, `CONTINUE`, or what a `return` gives back. Names live in
`interpreter.scope`. Nothing is evaluated as Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError
from gradcli.language.assignments import annotated, assign, augmented
from gradcli.language.functions import define
from gradcli.language.hot import Run, expression
from gradcli.language.imports import imported
from gradcli.language.loops import branch, each, repeat
from gradcli.language.signals import BREAK, CONTINUE, Signal

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter


def block(interpreter: Interpreter, body: Sequence[ast.stmt]) -> Run:
    """Statements one after the other."""
    made = [(statement(interpreter, each), interpreter.source.span(each)) for each in body]
    steps = [(run, span) for run, span in made if run is not None]
    text = interpreter.source.text

    def run_block() -> Any:
        place = None
        try:
            for run, span in steps:
                place = span
                signal = run()
                if signal is not None:
                    return signal
        except GradcliError as error:
            raise error.located(place, text) from None
        return None

    if len(steps) != 1:
        return run_block
    ((only, only_span),) = steps

    def run_one() -> Any:
        try:
            return only()
        except GradcliError as error:
            raise error.located(only_span, text) from None

    return run_one


def statement(interpreter: Interpreter, node: ast.stmt) -> Run | None:
    """The closure of one statement; None where it means nothing."""
    return STATEMENTS[type(node)](interpreter, node)


def definition(interpreter: Interpreter, node: ast.FunctionDef) -> Run:
    """`def`: a function is a value."""
    body = block(interpreter, node.body)

    def result() -> Any:
        signal = body()
        return None if signal is None else signal.value

    def run() -> None:
        interpreter.scope.names[node.name] = define(interpreter, node.name, node, result)

    return run


def leave(interpreter: Interpreter, node: ast.Return) -> Run:
    """`return`."""
    if node.value is None:
        return lambda: Signal("return")
    value = expression(interpreter, node.value)
    return lambda: Signal("return", value())


def check(interpreter: Interpreter, node: ast.Assert) -> Run:
    """`assert condition, message`."""
    test = expression(interpreter, node.test)
    span = interpreter.source.span(node.test)

    def run() -> None:
        if interpreter.truth_at(test(), span):
            return
        words = interpreter.message(node.msg) if node.msg is not None else ""
        condition = interpreter.source.text[slice(*span)] if span else "condition"
        raise GradcliError(
            f"assertion failed: {words or condition}", span=span, source=interpreter.source.text
        )

    return run


def lines_of_imports(interpreter: Interpreter, node: ast.Import | ast.ImportFrom) -> Run:
    """`import numpy as np`."""
    names = imported(node)
    return lambda: interpreter.scope.names.update(names)


def evaluated(interpreter: Interpreter, node: ast.Expr) -> Run | None:
    """A statement that is an expression: `ys.append(x)`; docstrings mean nothing."""
    if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return None
    value = expression(interpreter, node.value)

    def run() -> None:
        value()

    return run


STATEMENTS: dict[type[ast.stmt], Callable[[Interpreter, Any], Run | None]] = {
    ast.Assign: assign,
    ast.AnnAssign: annotated,
    ast.AugAssign: augmented,
    ast.If: lambda interpreter, node: branch(interpreter, node, block),
    ast.While: lambda interpreter, node: repeat(interpreter, node, block),
    ast.For: lambda interpreter, node: each(interpreter, node, block),
    ast.FunctionDef: definition,
    ast.Return: leave,
    ast.Assert: check,
    ast.Import: lines_of_imports,
    ast.ImportFrom: lines_of_imports,
    ast.Expr: evaluated,
    ast.Pass: lambda interpreter, node: None,
    ast.Break: lambda interpreter, node: lambda: BREAK,
    ast.Continue: lambda interpreter, node: lambda: CONTINUE,
}
