"""Operators of the language: arithmetic, comparisons, `and`, `or`, `not`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, at
from gradcli.language.statics import COMPARE, arithmetic, as_float, is_number, sequences
from gradcli.ops.declare import describe

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "add"),
    ast.Sub: ("-", "subtract"),
    ast.Mult: ("*", "multiply"),
    ast.Div: ("/", "divide"),
    ast.Pow: ("**", "power"),
    ast.MatMult: ("@", "matmul"),
    ast.FloorDiv: ("//", "floor_divide"),
    ast.Mod: ("%", "remainder"),
    ast.BitAnd: ("&", "logical_and"),
    ast.BitOr: ("|", "logical_or"),
    ast.BitXor: ("^", "not_equal"),
    ast.LShift: ("<<", ""),
    ast.RShift: (">>", ""),
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


def unary(interpreter: Interpreter, node: ast.UnaryOp) -> Any:
    """`-x`, `+x`, `not x`, `~x`."""
    value = interpreter.visit(node.operand)
    if isinstance(node.op, ast.Not):
        return not interpreter.truth(value)
    if isinstance(node.op, ast.USub):
        return negative(interpreter, value)
    if isinstance(node.op, ast.Invert):
        tensor = interpreter.tensor(value, "~")
        if tensor.dtype.kind != "b":
            raise GradcliError("~ is for truth values", hint="the negative is written -x")
        return apply("logical_not", tensor)
    return +value if is_number(value) else interpreter.tensor(value, "+")


def negative(interpreter: Interpreter, value: Any) -> Any:
    """`-x`."""
    if is_number(value):
        return -value
    if interpreter.tape is not None:
        found = interpreter.tape.apply("negative", value)
        if found is not None:
            return found
    return apply("negative", interpreter.tensor(value, "-"))


def binary(interpreter: Interpreter, node: ast.BinOp) -> Any:
    """Arithmetic. A long sum leans to the left: its spine is walked in a loop."""
    spine: list[ast.BinOp] = []
    left: ast.AST = node
    while isinstance(left, ast.BinOp):
        spine.append(left)
        left = left.left
    value = interpreter.visit(left)
    for piece in reversed(spine):
        right = interpreter.visit(piece.right)
        span = interpreter.source.span(piece)
        try:
            with at(span):
                value = operate(interpreter, piece.op, value, right)
        except GradcliError as error:
            raise error.located(span, interpreter.source.text) from None
    return value


def operate(interpreter: Interpreter, operator: ast.operator, a: Any, b: Any) -> Any:
    """One operator on two values."""
    kind = type(operator)
    symbol, name = OPERATORS[kind]
    if is_number(a) and is_number(b):
        return arithmetic(kind, symbol, a, b)
    if interpreter.tape is not None and name:
        found = interpreter.tape.apply(name, a, b)
        if found is not None:
            return found
    a, b = interpreter.settled(a), interpreter.settled(b)
    if any(isinstance(value, str) or value is None for value in (a, b)):
        odd = a if isinstance(a, str) or a is None else b
        raise GradcliError(f"'{symbol}' is not defined for {describe(odd)}")
    lists = [isinstance(value, (list, tuple)) for value in (a, b)]
    if all(lists) or (any(lists) and not isinstance(a, Node) and not isinstance(b, Node)):
        return sequences(kind, symbol, a, b)
    operands = [
        value if is_number(value) else interpreter.tensor(value, f"'{symbol}'") for value in (a, b)
    ]
    if not name:
        raise GradcliError(f"'{symbol}' is not defined for arrays")
    if symbol in "&|^":
        masks = [interpreter.tensor(value, f"'{symbol}'") for value in operands]
        if any(mask.dtype.kind != "b" for mask in masks):
            if symbol == "^":
                raise GradcliError("'^' is no power", kind="parse", hint="a power is written **")
            hint = "compare first: (x > 0) & (x < 1)"
            raise GradcliError(f"'{symbol}' is for truth values", kind="parse", hint=hint)
        return apply(name, *masks)
    operands = [as_float(value) if type(value) is int else value for value in operands]
    return (
        interpreter.call(f".{name}", *operands) if symbol in ("//", "%") else apply(name, *operands)
    )


def compare(interpreter: Interpreter, node: ast.Compare) -> Any:
    """Comparisons; a chain holds where all its links hold."""
    left = interpreter.visit(node.left)
    result: Any = None
    for operator, right_syntax in zip(node.ops, node.comparators, strict=True):
        right = interpreter.visit(right_syntax)
        holds = link(interpreter, operator, left, right)
        if result is None:
            result = holds
        elif isinstance(result, Node) or isinstance(holds, Node):
            result = apply(
                "logical_and",
                interpreter.tensor(result, "comparison"),
                interpreter.tensor(holds, "comparison"),
            )
        else:
            result = result and holds
        left = right
    return result


def link(interpreter: Interpreter, operator: ast.cmpop, a: Any, b: Any) -> Any:
    """One comparison."""
    if isinstance(operator, (ast.Is, ast.IsNot)) and any(
        value is None or isinstance(value, bool) for value in (a, b)
    ):
        return (a is b) == isinstance(operator, ast.Is)
    if isinstance(operator, (ast.In, ast.NotIn)) and isinstance(b, (list, tuple, range)):
        found = interpreter.static(a, "'in'") in interpreter.static(list(b), "'in'")
        return found == isinstance(operator, ast.In)
    a, b = interpreter.settled(a), interpreter.settled(b)
    name = COMPARISONS.get(type(operator))
    if name is None:
        raise GradcliError("'is' is for None, and 'in' for lists; compare with ==", kind="parse")
    if is_number(a) and is_number(b):
        return COMPARE[type(operator)](a, b)
    if (
        isinstance(a, (str, tuple))
        and isinstance(b, (str, tuple))
        and name in ("equal", "not_equal")
    ):
        return COMPARE[type(operator)](a, b)
    return apply(name, interpreter.tensor(a, "comparison"), interpreter.tensor(b, "comparison"))


def boolean(interpreter: Interpreter, node: ast.BoolOp) -> Any:
    """`and`, `or`: Python's meaning, on numbers."""
    value: Any = None
    for position, piece in enumerate(node.values):
        value = interpreter.visit(piece)
        if position == len(node.values) - 1:
            break
        if interpreter.truth(value) != isinstance(node.op, ast.And):
            break
    if isinstance(value, Node) and value.size != 1:
        interpreter.truth(value)
    return value
