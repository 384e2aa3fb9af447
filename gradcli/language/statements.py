"""Statements: each is made into a closure once, and then runs as often as its loop turns.

A closure gives None, or a signal: `BREAK`, `CONTINUE`, or what a `return` gives back. Names live in
`interpreter.scope`. Nothing is evaluated as Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError, Span
from gradcli.graph import Node
from gradcli.language.endless import never_ends
from gradcli.language.functions import define
from gradcli.language.imports import imported
from gradcli.language.list_methods import assign_item
from gradcli.language.names import is_main_guard
from gradcli.language.operators import operate
from gradcli.language.paths import Part
from gradcli.language.subscripts import index_of, list_index
from gradcli.limits import LIMITS
from gradcli.ops.declare import describe

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

Run = Callable[[], Any]
Store = Callable[[Any], None]


class Signal:
    """How a block was left before its end."""

    __slots__ = ("value", "word")

    def __init__(self, word: str, value: Any = None) -> None:
        self.word = word
        self.value = value


BREAK, CONTINUE = Signal("break"), Signal("continue")


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

    return run_block


def statement(interpreter: Interpreter, node: ast.stmt) -> Run | None:
    """The closure of one statement; None where it means nothing."""
    return STATEMENTS[type(node)](interpreter, node)


def expression(interpreter: Interpreter, node: ast.AST) -> Run:
    """The closure of an expression."""
    visit = interpreter.visit
    return lambda: visit(node)


# --- assignments


def store(interpreter: Interpreter, target: ast.AST, span: Span | None) -> Store:
    """What gives a value to a target: a name, `x[i]`, or several of them."""
    if isinstance(target, ast.Name):
        name = target.id

        def store_name(value: Any) -> None:
            interpreter.scope.names[name] = value
            if interpreter.telling:
                interpreter.tell("assign", span, name=name, value=value)

        return store_name
    if isinstance(target, ast.Subscript):
        return lambda value: store_item(interpreter, target, index_of(interpreter, target), value)
    if isinstance(target, (ast.Tuple, ast.List)):
        pieces = [store(interpreter, piece, span) for piece in target.elts if not _starred(piece)]
        star = next((n for n, piece in enumerate(target.elts) if _starred(piece)), None)
        rest = None
        if star is not None:
            rest = store(interpreter, target.elts[star].value, span)  # type: ignore[attr-defined]
        return lambda value: _unpack(interpreter, value, pieces, star, rest)
    raise GradcliError("a name is needed before =", kind="parse")


def _starred(node: ast.AST) -> bool:
    return isinstance(node, ast.Starred)


def _unpack(
    interpreter: Interpreter,
    value: Any,
    pieces: Sequence[Store],
    star: int | None,
    rest: Store | None,
) -> None:
    items = interpreter.items(value)
    if len(items) != len(pieces) and (star is None or len(items) < len(pieces)):
        least = "at least " if star is not None else ""
        raise GradcliError(
            f"{least}{len(pieces)} values are needed, not {len(items)}", kind="shape"
        )
    if star is not None and rest is not None:
        after = len(pieces) - star
        end = len(items) - after
        rest(items[star:end])
        items = [*items[:star], *items[end:]]
    for piece, item in zip(pieces, items, strict=True):
        piece(item)


def store_item(interpreter: Interpreter, target: ast.Subscript, index: Any, value: Any) -> None:
    """`x[i] = v`: a list changes; of an array a new one is made and bound to the name."""
    container = interpreter.visit(target.value)
    if isinstance(container, list):
        assign_item(container, list_index(index), value)
        return
    if isinstance(container, (int, float)) or container is None or isinstance(container, tuple):
        raise GradcliError(f"the items of {describe(container)} cannot be assigned to")
    array = interpreter.tensor(container, "an item")
    updated = interpreter.call(".index_update", array, index, interpreter.tensor(value, "="))
    if isinstance(target.value, ast.Name):
        store(interpreter, target.value, interpreter.source.span(target))(updated)
    elif isinstance(target.value, ast.Subscript):
        store_item(interpreter, target.value, index_of(interpreter, target.value), updated)
    else:
        raise GradcliError("an item of a name is needed before =", kind="parse")


def assign(interpreter: Interpreter, node: ast.Assign) -> Run:
    """`y = x`, `a = b = x`, `a, b = b, a`."""
    value = expression(interpreter, node.value)
    span = interpreter.source.span(node)
    stores = [store(interpreter, target, span) for target in node.targets]
    if len(stores) == 1:
        (only,) = stores
        return lambda: only(value())

    def run() -> None:
        found = value()
        for each in stores:
            each(found)

    return run


def annotated(interpreter: Interpreter, node: ast.AnnAssign) -> Run | None:
    """`y: float = x`; the annotation means nothing."""
    if node.value is None:
        return None
    value = expression(interpreter, node.value)
    put = store(interpreter, node.target, interpreter.source.span(node))
    return lambda: put(value())


def augmented(interpreter: Interpreter, node: ast.AugAssign) -> Run:
    """`y += x`; a list grows in place."""
    span = interpreter.source.span(node)
    value = expression(interpreter, node.value)
    operator, target = node.op, node.target

    def combined(old: Any, new: Any) -> Any:
        if isinstance(old, list) and isinstance(operator, ast.Add):
            old[:] = operate(interpreter, operator, old, list(interpreter.items(new)))
            return old
        return operate(interpreter, operator, old, new)

    if isinstance(target, ast.Name):
        load, put = expression(interpreter, _loaded(target)), store(interpreter, target, span)

        def run() -> None:
            old = load()
            new = value()
            with interpreter.at(span):
                put(combined(old, new))

        return run
    assert isinstance(target, ast.Subscript)

    def run_item() -> None:
        container = interpreter.visit(target.value)
        index = index_of(interpreter, target)
        old = interpreter.item(container, index)
        new = value()
        with interpreter.at(span):
            store_item(interpreter, target, index, combined(old, new))

    return run_item


def _loaded(target: ast.Name) -> ast.Name:
    return ast.copy_location(ast.Name(target.id, ast.Load()), target)


# --- branches and loops


def branch(interpreter: Interpreter, node: ast.If) -> Run | None:
    """`if`, `elif`, `else`: follows the value of the condition."""
    if is_main_guard(node):
        return None
    test = expression(interpreter, node.test)
    then, otherwise = block(interpreter, node.body), block(interpreter, node.orelse)
    span = interpreter.source.span(node.test)
    part = interpreter.path.add("branch", span)

    def run() -> Any:
        holds = decided(interpreter, test, part, span)
        return then() if holds else otherwise()

    return run


def decided(interpreter: Interpreter, test: Run, part: Part, span: Span | None) -> bool:
    """The truth of a condition, noted."""
    holds = interpreter.truth_at(test(), span)
    part.reached += 1
    part.held += holds
    if interpreter.telling:
        interpreter.tell("branch", span, number=int(holds))
    return holds


def repeat(interpreter: Interpreter, node: ast.While) -> Run:
    """`while`: turn after turn as long as the condition holds."""
    test, body = expression(interpreter, node.test), block(interpreter, node.body)
    otherwise = block(interpreter, node.orelse)
    span = interpreter.source.span(node.test)
    part = interpreter.path.add("while", span)
    endless = never_ends(node)

    def run() -> Any:
        part.reached += 1
        turns = 0
        while interpreter.truth_at(test(), span):
            if endless:
                raise GradcliError(
                    "this loop never ends: nothing in it changes its condition",
                    kind="limit",
                    hint="change a name of the condition, or leave the loop by break",
                ).located(span, interpreter.source.text)
            turns += 1
            turn(interpreter, part, span, turns)
            signal = body()
            if signal is None or signal is CONTINUE:
                continue
            interpreter.tell("end", span, number=turns)
            return None if signal is BREAK else signal
        interpreter.tell("end", span, number=turns)
        return otherwise()

    return run


def turn(interpreter: Interpreter, part: Part, span: Span | None, number: int) -> None:
    """Count a turn of a loop; there is a limit to them."""
    part.turns += 1
    interpreter.turns += 1
    if interpreter.turns > LIMITS.steps:
        raise too_many(f"more than {LIMITS.steps:.10g} turns of loops")
    if interpreter.telling:
        interpreter.tell("turn", span, number=number)


def too_many(what: str) -> GradcliError:
    """The error for a loop that goes on and on."""
    return GradcliError(what, kind="limit", hint="raise it with --limit steps=N")


def each(interpreter: Interpreter, node: ast.For) -> Run:
    """`for`: over a range, the items of a list, the rows of an array."""
    items, body = expression(interpreter, node.iter), block(interpreter, node.body)
    otherwise = block(interpreter, node.orelse)
    span = _head(interpreter, node)
    put = store(interpreter, node.target, span)
    part = interpreter.path.add("for", span)

    def run() -> Any:
        part.reached += 1
        source = items()
        if isinstance(source, range) and len(source) > LIMITS.steps - interpreter.turns:
            raise too_many(f"{len(source)} turns of a loop; the limit is {LIMITS.steps:.10g}")
        turns = 0
        for item in interpreter.iterate(source):
            turns += 1
            turn(interpreter, part, span, turns)
            put(item)
            signal = body()
            if signal is None or signal is CONTINUE:
                continue
            interpreter.tell("end", span, number=turns)
            return None if signal is BREAK else signal
        interpreter.tell("end", span, number=turns)
        return otherwise()

    return run


def _head(interpreter: Interpreter, node: ast.For) -> Span | None:
    """`for i in range(3)`."""
    whole, items = interpreter.source.span(node), interpreter.source.span(node.iter)
    return None if whole is None or items is None else (whole[0], items[1])


# --- the rest


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
    ast.If: branch,
    ast.While: repeat,
    ast.For: each,
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


__all__ = ["BREAK", "CONTINUE", "Node", "block"]
