"""Expressions as closures: what a loop with a million turns is made of.

Names, numbers, arithmetic, comparisons and calls of scalar functions run here without a walk over
the syntax; on scalars of the tape (`recorder.Scalar`) they cost a few appends. On anything else
they do what `Interpreter.visit` does, by the same functions.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError, Span
from gradcli.graph import Node
from gradcli.language.callees import called
from gradcli.language.functions import MISSING
from gradcli.language.list_methods import is_list_method, list_method
from gradcli.language.namespaces import Callee
from gradcli.language.operators import COMPARISONS, OPERATORS, link, negative, operate
from gradcli.language.recorder import Recorder, Scalar
from gradcli.language.statics import COMPARE, arithmetic
from gradcli.ops import FUNCTIONS
from gradcli.ops.tape import Rule, rule_of

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

Run = Callable[[], Any]

SPINE = 100
"""Operands of a sum beyond which its closures would nest too deeply."""

NUMBERS = (float, int, bool)
PLAIN = frozenset((float, int))
SMALL = 2**62
"""Integers up to here need no look at their length."""

FLOATS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}
"""What two plain floats make, where that cannot raise."""


def expression(interpreter: Interpreter, node: ast.AST) -> Run:
    """The closure of an expression."""
    made = HOT.get(type(node))
    if made is not None:
        run = made(interpreter, node)
        if run is not None:
            return run
    visit = interpreter.visit
    return lambda: visit(node)


def _name(interpreter: Interpreter, node: ast.Name) -> Run:
    name, visit, inputs = node.id, interpreter.visit, interpreter.inputs

    def load() -> Any:
        names = interpreter.scope.names
        if name in names:
            return names[name]
        found = interpreter.lookup(name)
        if found is not MISSING:
            return found
        if interpreter.tape is not None and name in inputs:
            return interpreter.tape.scalar(inputs[name]) or inputs[name]
        return visit(node)

    return load


def _number(interpreter: Interpreter, node: ast.Constant) -> Run | None:
    value = node.value
    short = type(value) is int and value.bit_length() < 64
    return (lambda: value) if short or type(value) in (float, bool) else None


def _arithmetic(interpreter: Interpreter, node: ast.BinOp) -> Run | None:
    length, spine = 0, node.left
    while isinstance(spine, ast.BinOp):
        length, spine = length + 1, spine.left
    rule = rule_of(OPERATORS[type(node.op)][1])
    if length > SPINE:
        return None
    left, right = expression(interpreter, node.left), expression(interpreter, node.right)
    combine = combination(interpreter, node.op, rule, interpreter.source.span(node))
    if not isinstance(node.left, ast.Name):
        return lambda: combine(left(), right())
    name = node.left.id
    if not isinstance(node.right, ast.Name):

        def run() -> Any:
            a = interpreter.scope.names.get(name, MISSING)
            return combine(left() if a is MISSING else a, right())

        return run
    other = node.right.id

    def run_names() -> Any:
        names = interpreter.scope.names
        a, b = names.get(name, MISSING), names.get(other, MISSING)
        return combine(left() if a is MISSING else a, right() if b is MISSING else b)

    return run_names


def combination(
    interpreter: Interpreter, symbol: ast.operator, rule: Rule | None, span: Span | None
) -> Callable[[Any, Any], Any]:
    """What an operator makes of two values.

    Args:
        rule: of the operator on a tape; None where it has none.
    """
    text = interpreter.source.text
    kind_of_operator, name = type(symbol), OPERATORS[type(symbol)][0]
    plainly = FLOATS.get(kind_of_operator)

    def slowly(a: Any, b: Any) -> Any:
        try:
            if type(a) in NUMBERS and type(b) in NUMBERS:
                return arithmetic(kind_of_operator, name, a, b)
            with interpreter.at(span):
                return operate(interpreter, symbol, a, b)
        except GradcliError as error:
            raise error.located(span, text) from None

    if rule is None:
        return slowly
    compute, numeric = rule.compute, rule.numeric

    def combine(a: Any, b: Any) -> Any:
        kind, other = type(a), type(b)
        if plainly is not None and kind in PLAIN and other in PLAIN:
            value = plainly(a, b)
            if type(value) is float or -SMALL < value < SMALL:
                return value
        tape = interpreter.tape
        if tape is None or (kind is not Scalar and other is not Scalar):
            return slowly(a, b)
        left = a if kind is Scalar else tape.scalar(a)
        right = b if other is Scalar else tape.scalar(b)
        if left is None or right is None:
            return slowly(a, b)
        x, y = left.value, right.value
        try:
            value = compute(x, y)
        except (ArithmeticError, ValueError):
            value = numeric(x, y)
        made = Scalar()
        made.value, made.place = value, len(tape.values)
        tape.values.append(value)
        tape.rules.append(rule)
        tape.left.append(left.place)
        tape.right.append(right.place)
        return made

    return combine


def _negative(interpreter: Interpreter, node: ast.UnaryOp) -> Run | None:
    if not isinstance(node.op, ast.USub):
        return None
    operand = expression(interpreter, node.operand)
    span, text = interpreter.source.span(node), interpreter.source.text

    def run() -> Any:
        try:
            with interpreter.at(span):
                return negative(interpreter, operand())
        except GradcliError as error:
            raise error.located(span, text) from None

    return run


def _comparison(interpreter: Interpreter, node: ast.Compare) -> Run | None:
    if len(node.ops) != 1 or type(node.ops[0]) not in COMPARISONS:
        return None
    symbol = node.ops[0]
    compare = COMPARE[type(symbol)]
    left = expression(interpreter, node.left)
    right = expression(interpreter, node.comparators[0])
    span, text = interpreter.source.span(node), interpreter.source.text
    numbers = frozenset((Scalar, float, int))

    def run() -> Any:
        a, b = left(), right()
        kind, other = type(a), type(b)
        if kind in numbers and other in numbers:
            return compare(
                interpreter.known(a) if kind is Scalar else a,
                interpreter.known(b) if other is Scalar else b,
            )
        try:
            with interpreter.at(span):
                return link(interpreter, symbol, a, b)
        except GradcliError as error:
            raise error.located(span, text) from None

    return run


def _call(interpreter: Interpreter, node: ast.Call) -> Run | None:
    """A call by position: a function of the program, or an elementwise function of scalars."""
    plain = not node.keywords and not any(
        isinstance(each, (ast.Starred, ast.GeneratorExp)) for each in node.args
    )
    if not plain or not isinstance(node.func, (ast.Name, ast.Attribute)):
        return None
    if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name):
        return None
    function = node.func
    arguments = [expression(interpreter, each) for each in node.args]
    span, text = interpreter.source.span(node), interpreter.source.text
    keeps, kept = interpreter.keeps(function), None

    def run() -> Any:
        nonlocal kept
        callee = kept if kept is not None else interpreter.callee(node)
        if callee is None:
            return method()
        if keeps:
            kept = callee
        values = [each() for each in arguments]
        if type(callee) is Callee and interpreter.tape is not None:
            found = on_tape(interpreter.tape, callee, values)
            if found is not None:
                return found
        try:
            with interpreter.at(span):
                return called(interpreter, callee, values, {}, span)
        except GradcliError as error:
            raise error.located(span, text) from None

    def method() -> Any:
        assert isinstance(function, ast.Attribute)
        owner = interpreter.visit(function.value)
        if not is_list_method(owner, function.attr):
            return interpreter.visit(node)
        try:
            return list_method(owner, function.attr, [each() for each in arguments])
        except GradcliError as error:
            raise error.located(interpreter.tail(function), text) from None

    return run


def _listing(interpreter: Interpreter, node: ast.List) -> Run | None:
    if any(isinstance(each, ast.Starred) for each in node.elts):
        return None
    parts = [expression(interpreter, each) for each in node.elts]
    return lambda: [part() for part in parts]


def on_tape(tape: Recorder, callee: Callee, values: list[Any]) -> Scalar | None:
    """An elementwise function of scalars of the tape; None where it is something else."""
    rule = _elementwise(callee.target, len(values))
    if rule is None:
        return None
    if len(values) == 1 and type(values[0]) is Scalar:
        (one,) = values
        return tape.add(rule, rule.value(one.value), one.place, -1)
    for value in values:
        if type(value) is Scalar or type(value) is Node:
            return tape.apply(rule.name, *values)
    return None


@cache
def _elementwise(target: str, count: int) -> Rule | None:
    """The rule of a function of the language that is one op of so many operands."""
    function = FUNCTIONS.get(target)
    if function is None or function.op is None or ";" in function.signature:
        return None
    if function.signature.count(",") + 1 != count:
        return None
    return rule_of(function.op.name)


def _choice(interpreter: Interpreter, node: ast.IfExp) -> Run:
    test = expression(interpreter, node.test)
    then, otherwise = expression(interpreter, node.body), expression(interpreter, node.orelse)
    span = interpreter.source.span(node.test)
    part = interpreter.path.add("branch", span)
    return lambda: then() if interpreter.decided(test(), part, span) else otherwise()


def _junction(interpreter: Interpreter, node: ast.BoolOp) -> Run:
    parts = [(expression(interpreter, each), interpreter.source.span(each)) for each in node.values]
    *before, (last, _) = parts
    wanted = isinstance(node.op, ast.And)

    def run() -> Any:
        for part, span in before:
            value = part()
            if interpreter.truth_at(value, span) != wanted:
                return value
        return interpreter.one_truth(last())

    return run


def _pair(interpreter: Interpreter, node: ast.Tuple) -> Run | None:
    if any(isinstance(each, ast.Starred) for each in node.elts):
        return None
    parts = [expression(interpreter, each) for each in node.elts]
    return lambda: tuple([part() for part in parts])


def _entry(interpreter: Interpreter, node: ast.Subscript) -> Run | None:
    """`x[i]` of an input or a list."""
    if not isinstance(node.value, ast.Name) or not _simple(node.slice):
        return None
    load, position = expression(interpreter, node.value), expression(interpreter, node.slice)
    visit = interpreter.visit

    def run() -> Any:
        container, index = load(), position()
        if type(index) is int:
            if type(container) is list and -len(container) <= index < len(container):
                return container[index]
            if interpreter.tape is not None and isinstance(container, Node):
                found = interpreter.tape.item(container, index)
                if found is not None:
                    return found
        return visit(node)

    return run


def _simple(node: ast.AST) -> bool:
    """Whether an index may be worked out twice."""
    if isinstance(node, ast.BinOp):
        return _simple(node.left) and _simple(node.right)
    return isinstance(node, (ast.Name, ast.Constant))


HOT: dict[type[ast.AST], Callable[[Interpreter, Any], Run | None]] = {
    ast.Name: _name,
    ast.Constant: _number,
    ast.BinOp: _arithmetic,
    ast.UnaryOp: _negative,
    ast.Compare: _comparison,
    ast.BoolOp: _junction,
    ast.IfExp: _choice,
    ast.Tuple: _pair,
    ast.List: _listing,
    ast.Subscript: _entry,
    ast.Call: _call,
}
