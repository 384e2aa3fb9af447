"""Indexing in the language: `x[i]`, `x[1:3, None]`, `x[x > 0]`, `np.c_[x, y]`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node
from gradcli.language.concrete import plain
from gradcli.language.namespaces import Callee
from gradcli.language.updates import Updates
from gradcli.ops.declare import describe

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter


def subscript(interpreter: Interpreter, node: ast.Subscript) -> Any:
    """`x[i]`, `x[1:3, None]`, `x[x > 0]`."""
    value = interpreter.visit(node.value)
    if isinstance(value, Callee):
        return _stacked(interpreter, value, node)
    from gradcli.language.iteration import item

    if isinstance(value, Updates):
        return Updates(value.array, _index(interpreter, node.slice))
    return item(interpreter, value, _index(interpreter, node.slice))


def index_of(interpreter: Interpreter, node: ast.Subscript) -> tuple[Any, ...]:
    """The index of `x[index]`, one part per axis."""
    return _index(interpreter, node.slice)


def list_index(index: tuple[Any, ...]) -> Any:
    """The index of a list: an integer or a slice."""
    position = index[0] if len(index) == 1 else None
    if isinstance(position, bool) or not isinstance(position, (int, slice)):
        raise GradcliError("a list is indexed with an integer or a slice")
    return position


def _stacked(interpreter: Interpreter, callee: Callee, node: ast.Subscript) -> Any:
    """`np.c_[x, y]` and `np.r_[x, y]`."""
    if callee.target not in ("c_", "r_"):
        raise GradcliError(f"'{callee.text}' is a function; call it with ( )")
    parts = interpreter.visit(node.slice)
    items = list(parts) if isinstance(parts, tuple) else [parts]
    if callee.target == "c_":
        return interpreter.call("column_stack", items)
    nodes = [interpreter.call("atleast_1d", item) for item in items]
    return interpreter.call("concatenate", nodes)


def _index(interpreter: Interpreter, node: ast.AST) -> tuple[Any, ...]:
    if isinstance(node, ast.Tuple):
        return tuple(_part(interpreter, part) for part in node.elts)
    if isinstance(node, ast.Slice):
        return (_part(interpreter, node),)
    value = interpreter.visit(node)
    if isinstance(value, tuple):  # `A[triu_indices(3)]`: one part per axis
        return tuple(_position(interpreter, part) for part in value)
    return (_position(interpreter, value),)


def _part(interpreter: Interpreter, node: ast.AST) -> Any:
    if isinstance(node, ast.Slice):
        return slice(*(_bound(interpreter, bound) for bound in (node.lower, node.upper, node.step)))
    return _position(interpreter, interpreter.visit(node))


def _position(interpreter: Interpreter, value: Any) -> Any:
    if value is None or value is Ellipsis or type(value) is int or isinstance(value, slice):
        return value
    if isinstance(value, Node):
        value = interpreter.concrete(value)
    if isinstance(value, (list, tuple, range)):
        value = np.array(interpreter.static(list(value), "an index"))
        if not value.size:
            value = value.astype(np.int64)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return _positions(value)
    raise GradcliError(f"{describe(value)} is no index: integers, slices and masks are")


def _bound(interpreter: Interpreter, node: ast.AST | None) -> int | None:
    if node is None:
        return None
    value = interpreter.visit(node)
    if isinstance(value, Node):
        value = plain(interpreter.concrete(value))
    if value is None or type(value) is int:
        return value
    raise GradcliError(f"a slice has integer bounds, not {describe(value)}")


def _positions(value: Array) -> Any:
    """An index array: a mask, or whole numbers as positions."""
    if value.dtype.kind == "b":
        return value
    if value.dtype.kind == "f" and not np.all(value == np.floor(value)):
        raise GradcliError("positions are whole numbers")
    positions = value.astype(np.int64)
    return int(positions) if positions.ndim == 0 else positions
