"""Going through values: comprehensions, the items of lists and arrays, one item by its index."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Node
from gradcli.language.functions import Scope
from gradcli.language.list_methods import bounded
from gradcli.language.subscripts import list_index
from gradcli.ops.declare import describe

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter


def comprehension(interpreter: Interpreter, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
    """`[f(i) for i in range(3) if i != 1]`; its variables are its own."""
    before = interpreter.scope
    interpreter.scope = Scope(frozenset(), before)
    result: list[Any] = []
    try:
        for _ in _turns(interpreter, node.generators):
            result.append(interpreter.visit(node.elt))
    finally:
        interpreter.scope = before
    return result


def _turns(interpreter: Interpreter, generators: Sequence[ast.comprehension]) -> Iterator[None]:
    if not generators:
        yield
        return
    from gradcli.language.assignments import store

    first, *rest = generators
    if first.is_async:
        raise GradcliError("async is not available", kind="parse")
    put = store(interpreter, first.target, None, telling=False)
    source = interpreter.visit(first.iter)
    if isinstance(source, range) and not first.ifs:
        bounded(interpreter.items_made + len(source))
    for item in iterate(source):
        interpreter.items_made += 1
        bounded(interpreter.items_made)
        if not interpreter.items_made & 63:
            interpreter.look_at_limits()
        put(item)
        if all(interpreter.truth(interpreter.visit(test)) for test in first.ifs):
            yield from _turns(interpreter, rest)


def iterate(value: Any) -> Iterator[Any]:
    """The items of a value: a range, a list, the rows of an array."""
    if isinstance(value, (range, list, tuple)):
        return iter(value)
    if isinstance(value, np.ndarray):
        return iter(value.tolist())
    if isinstance(value, Node):
        if not value.shape:
            raise GradcliError("a number has no items to go through", kind="shape")
        return (value[row] for row in range(value.shape[0]))
    raise GradcliError(f"{describe(value)} has no items to go through")


def items(value: Any) -> list[Any]:
    """The items of a value as a list, bounded."""
    if isinstance(value, range):
        bounded(len(value))
    elif isinstance(value, Node) and value.shape:
        bounded(value.shape[0])
    return list(iterate(value))


def item(interpreter: Interpreter, container: Any, index: Any) -> Any:
    """`container[index]`."""
    if isinstance(container, (list, tuple, range)):
        try:
            return container[list_index(index)]
        except IndexError:
            raise GradcliError(
                f"index {index[0]} is out of range for {len(container)} items", kind="shape"
            ) from None
    return interpreter.tensor(container, "indexing")[index]
