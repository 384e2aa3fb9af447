"""Assignments as closures: to names, to several of them, to `x[i]`, augmented ones."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.errors import GradcliError, Span
from gradcli.graph import Node
from gradcli.language.hot import Run, combination, expression
from gradcli.language.iteration import item as item_of
from gradcli.language.iteration import items as items_of
from gradcli.language.list_methods import assign_item
from gradcli.language.operators import OPERATORS, operate
from gradcli.language.subscripts import index_of, list_index
from gradcli.ops.declare import describe
from gradcli.ops.tape import rule_of

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

Store = Callable[[Any], None]


def store(
    interpreter: Interpreter, target: ast.AST, span: Span | None, telling: bool = True
) -> Store:
    """What gives a value to a target: a name, `x[i]`, or several of them.

    Args:
        telling: whether it is an event; the variables of a comprehension are none.
    """
    if isinstance(target, ast.Name):
        name = target.id

        def store_name(value: Any) -> None:
            interpreter.scope.names[name] = value
            if telling and interpreter.telling:
                interpreter.tell("assign", span, name=name, value=value)

        return store_name
    if isinstance(target, ast.Subscript):
        return lambda value: store_item(interpreter, target, index_of(interpreter, target), value)
    if isinstance(target, (ast.Tuple, ast.List)):
        pieces = [
            store(interpreter, piece, span, telling) for piece in target.elts if not _starred(piece)
        ]
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
    items = items_of(value)
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
    if not isinstance(container, (Node, np.ndarray)):
        what = "a tuple" if isinstance(container, tuple) else describe(container)
        raise GradcliError(f"the items of {what} cannot be assigned to")
    array = interpreter.tensor(container, "an item")
    updated = interpreter.call(".index_update", array, index, interpreter.tensor(value, "="))
    if isinstance(target.value, ast.Name):
        _note_alias(interpreter, target.value.id, container)
        store(interpreter, target.value, interpreter.source.span(target))(updated)
    elif isinstance(target.value, ast.Subscript):
        store_item(interpreter, target.value, index_of(interpreter, target.value), updated)
    else:
        raise GradcliError("an item of a name is needed before =", kind="parse")


def _note_alias(interpreter: Interpreter, name: str, array: Any) -> None:
    """Say where NumPy would change an array under a second name as well."""
    other = next((each for each in interpreter.names_of(array) if each != name), None)
    if other is not None:
        interpreter.note(
            f"'{name}' becomes a new array here; in NumPy '{other}' would change with it"
        )


def assign(interpreter: Interpreter, node: ast.Assign) -> Run:
    """`y = x`, `a = b = x`, `a, b = b, a`."""
    value = expression(interpreter, node.value)
    span = interpreter.source.span(node)
    stores = [store(interpreter, target, span) for target in node.targets]
    if len(stores) == 1 and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id

        def run_name() -> None:
            found = value()
            interpreter.scope.names[name] = found
            if interpreter.telling:
                interpreter.tell("assign", span, name=name, value=found)

        return run_name

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

    combine = combination(interpreter, operator, rule_of(OPERATORS[type(operator)][1]), span)

    def combined(old: Any, new: Any) -> Any:
        if isinstance(old, Node) and old.shape and isinstance(target, ast.Name):
            _note_alias(interpreter, target.id, old)
        if isinstance(old, list) and isinstance(operator, ast.Add):
            old[:] = operate(interpreter, operator, old, items_of(new))
            return old
        return combine(old, new)

    if isinstance(target, ast.Name):
        load, put = expression(interpreter, _loaded(target)), store(interpreter, target, span)

        def run() -> None:
            old = load()
            put(combined(old, value()))

        return run
    assert isinstance(target, ast.Subscript)

    def run_item() -> None:
        container = interpreter.visit(target.value)
        index = index_of(interpreter, target)
        old = item_of(interpreter, container, index)
        store_item(interpreter, target, index, combined(old, value()))

    return run_item


def _loaded(target: ast.Name) -> ast.Name:
    return ast.copy_location(ast.Name(target.id, ast.Load()), target)
