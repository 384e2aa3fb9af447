"""Branches and loops as closures: they follow the values, and say which way they went."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError, Span
from gradcli.language.assignments import store
from gradcli.language.endless import leaves, never_ends
from gradcli.language.hot import Run, expression
from gradcli.language.iteration import iterate
from gradcli.language.names import is_main_guard
from gradcli.language.paths import Part
from gradcli.language.signals import BREAK, CONTINUE, Signal
from gradcli.limits import LIMITS

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

Block = Callable[["Interpreter", Sequence[ast.stmt]], Run]
"""Makes the closure of some statements."""


def branch(interpreter: Interpreter, node: ast.If, block: Block) -> Run | None:
    """`if`, `elif`, `else`: follows the value of the condition."""
    if is_main_guard(node):
        return None
    test = expression(interpreter, node.test)
    then, otherwise = block(interpreter, node.body), block(interpreter, node.orelse)
    span = interpreter.source.span(node.test)
    part = interpreter.path.add("branch", span)

    def run() -> Any:
        holds = test()
        if interpreter.telling or type(holds) is not bool:
            holds = interpreter.decided(holds, part, span)
        else:
            part.reached += 1
            part.held += holds
        return then() if holds else otherwise()

    return run


def repeat(interpreter: Interpreter, node: ast.While, block: Block) -> Run:
    """`while`: turn after turn as long as the condition holds."""
    test, body = expression(interpreter, node.test), block(interpreter, node.body)
    otherwise = block(interpreter, node.orelse)
    span = interpreter.source.span(node.test)
    part = interpreter.path.add("while", span)
    endless = never_ends(node, interpreter.binds.anywhere)

    def run() -> Any:
        turns = 0
        counted = Turns(interpreter, part, span)
        while interpreter.truth_at(test(), span):
            if endless:
                raise GradcliError(
                    "this loop never ends: nothing in it changes its condition",
                    kind="limit",
                    hint="change a name of the condition, or leave the loop by break",
                ).located(span, interpreter.source.text)
            turns += 1
            if interpreter.telling or not turns & (OFTEN - 1):
                counted.look(turns)
            signal = body()
            if signal is not None and signal is not CONTINUE:
                return counted.left(turns, signal)
        return counted.left(turns) or otherwise()

    return run


class Turns:
    """Counts the turns of one run of a loop; there is a limit to all of them together."""

    __slots__ = ("count", "interpreter", "part", "span")

    def __init__(self, interpreter: Interpreter, part: Part, span: Span | None) -> None:
        self.interpreter = interpreter
        self.part = part
        self.span = span
        self.count = 0
        part.reached += 1

    def look(self, count: int) -> None:
        """Every `OFTEN` turns, and every turn as long as somebody is told."""
        interpreter = self.interpreter
        interpreter.turns += count - self.count
        self.part.turns += count - self.count
        self.count = count
        if not interpreter.turns & (OFTEN - 1) or not count & (OFTEN - 1):
            interpreter.look_at_limits()
        if interpreter.telling:
            interpreter.tell("turn", self.span, number=count)

    def left(self, count: int, signal: Signal | None = None) -> Signal | None:
        """The loop is over, at its end or by a signal; what that means for the block around it."""
        self.interpreter.turns += count - self.count
        self.part.turns += count - self.count
        if self.interpreter.telling:
            self.interpreter.tell("end", self.span, number=count)
        return None if signal is BREAK else signal


OFTEN = 64
"""Turns between two looks at the limits; a power of two."""


def each(interpreter: Interpreter, node: ast.For, block: Block) -> Run:
    """`for`: over a range, the items of a list, the rows of an array."""
    items, body = expression(interpreter, node.iter), block(interpreter, node.body)
    otherwise = block(interpreter, node.orelse)
    span = _head(interpreter, node)
    put = store(interpreter, node.target, span)
    part = interpreter.path.add("for", span)
    name = node.target.id if isinstance(node.target, ast.Name) else None
    through = not any(leaves(each) for each in node.body)

    def run() -> Any:
        source = items()
        if through and isinstance(source, range) and len(source) > LIMITS.steps - interpreter.turns:
            raise GradcliError(
                f"{len(source):.10g} turns of a loop; the limit is {LIMITS.steps:.10g}",
                kind="limit",
                hint="raise it with --limit steps=N",
            )
        turns = 0
        counted = Turns(interpreter, part, span)
        for entry in iterate(source):
            turns += 1
            if interpreter.telling or not turns & (OFTEN - 1):
                counted.look(turns)
            if name is None or interpreter.telling:
                put(entry)
            else:
                interpreter.scope.names[name] = entry
            signal = body()
            if signal is not None and signal is not CONTINUE:
                return counted.left(turns, signal)
        return counted.left(turns) or otherwise()

    return run


def _head(interpreter: Interpreter, node: ast.For) -> Span | None:
    """`for i in range(3)`."""
    whole, items = interpreter.source.span(node), interpreter.source.span(node.iter)
    return None if whole is None or items is None else (whole[0], items[1])
