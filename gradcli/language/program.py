"""The stage's entry: text -> `Program` -> `Trace`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import FLOAT32, FLOAT64, Graph, Node, constant, input_node
from gradcli.language.fence import check_statements
from gradcli.language.functions import call, room_for_recursion
from gradcli.language.hot import expression
from gradcli.language.interpreter import Interpreter
from gradcli.language.names import Bindings, FreeNames, names_bound_anywhere
from gradcli.language.namespaces import ROOTS, find
from gradcli.language.outcome import result_of
from gradcli.language.source import Source
from gradcli.language.statements import block
from gradcli.language.syntax import read_syntax
from gradcli.language.trace import Trace
from gradcli.language.words import BARE_DTYPES, CONSTANTS, DType, suggestion
from gradcli.ops.creation import default_dtype
from gradcli.ops.declare import describe

DTYPES: dict[str, np.dtype[Any]] = {"float64": FLOAT64, "float32": FLOAT32}


NOTHING: Any = object()
"""The value of a program that ends in a loop or a branch."""


class Program:
    """A parsed program; an expression is a program of one line.

    Attributes:
        text: as the user wrote it.
        names: free names, in the order of their first appearance. A name of a constant (`e`) or a
            function counts only where it cannot be that, or where an input of that name is given.
        function: the function that is called with inputs of its parameters' names, where no
            expression is the result; None where one is.
    """

    __slots__ = (
        "_bindings",
        "_body",
        "_compact",
        "_of",
        "_optional",
        "_result",
        "_source",
        "function",
        "names",
        "text",
    )

    def __init__(
        self, text: str, source: Source, body: Sequence[ast.stmt], call: str | None = None
    ) -> None:
        self.text = text
        self._source = source
        self._body = body
        self._of: str | None = None
        self._compact = False
        self._result = result_of(body)
        entry = self._result if isinstance(self._result, ast.FunctionDef) else None
        if call is not None:
            entry = self._called(call)
            self._result = entry
        self.function = None if entry is None else entry.name
        free = FreeNames(body, entry)
        self.names, self._optional = free.needed, free.optional
        self._bindings = Bindings(
            frozenset(names_bound_anywhere(body)),
            frozenset(names_bound_anywhere(body, imports=False)),
        )

    def _called(self, name: str) -> ast.FunctionDef:
        defined = {each.name: each for each in self._body if isinstance(each, ast.FunctionDef)}
        if name not in defined:
            raise GradcliError(
                f"the program defines no function '{name}'",
                kind="name",
                source=self.text,
                hint=suggestion(name, defined)
                or (f"its functions are {', '.join(defined)}" if defined else None),
            )
        return defined[name]

    def trace(self, inputs: Mapping[str, Any], dtype: str = "float64") -> Trace:
        """Record the program at given inputs.

        Args:
            inputs: arrays by name; names that the program does not use are ignored.
            dtype: "float64" or "float32", that of inputs and constants.

        Raises:
            GradcliError: for whatever is wrong; with a span of the text.
        """
        trace = self._record(inputs, dtype, None)
        return trace if self._of is None else trace.at(self._of)

    def of(self, name: str | None) -> Program:
        """The same program with one of its names as the result."""
        if name == self._of:
            return self
        other = copy(self)
        other._of = name
        return other

    def compacted(self) -> Program:
        """The same program, whose record may hold a long run of scalars as one op.

        Such a record has first derivatives only.
        """
        other = copy(self)
        other._compact = True
        return other

    def uses(self, name: str) -> bool:
        """Whether an input of this name takes part; one may shadow a constant (`e`)."""
        return name in self.names or name in self._optional

    def binds(self, name: str) -> bool:
        """Whether the program gives a value to this name, on any level."""
        return name in self._bindings.anywhere

    @property
    def is_expression(self) -> bool:
        """Whether the text is one expression."""
        return len(self._body) == 1 and isinstance(self._body[0], ast.Expr)

    @property
    def repeats_a_list(self) -> bool:
        """Whether a list of numbers is multiplied, which Python and NumPy understand
        differently."""
        return any(
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Mult)
            and isinstance(node.left if isinstance(node.left, ast.List) else node.right, ast.List)
            for statement in self._body
            for node in ast.walk(statement)
        )

    def draw(self, rng: np.random.Generator) -> Trace:
        """Record a program without inputs that may draw random numbers."""
        return self._record({}, "float64", rng)

    def _record(
        self,
        inputs: Mapping[str, Any],
        dtype: str,
        rng: np.random.Generator | None,
    ) -> Trace:
        if dtype not in DTYPES:
            raise GradcliError(f"unknown dtype '{dtype}'", hint="float64 or float32")
        floating = DTYPES[dtype]
        wanted = [name for name in (*self.names, *self._optional) if name in inputs]
        arrays = {name: _as_input(inputs[name], floating) for name in wanted}
        nodes = {name: input_node(name, array.shape, array.dtype) for name, array in arrays.items()}
        missing = [name for name in self.names if name not in nodes and not _means(name)]
        if missing and rng is None:
            listed = ", ".join(f"'{name}'" for name in missing)
            raise GradcliError(
                f"no value for {listed}",
                kind="name",
                span=self._place(missing[0]),
                source=self.text,
                hint=" ".join(f"--{name} VALUE" for name in missing),
            )
        interpreter = Interpreter(
            self._source, nodes, arrays, floating, rng, self._bindings, self._compact
        )
        try:
            with default_dtype(floating), room_for_recursion():
                value = self._run(interpreter)
                output = self._output(interpreter, value)
        except RecursionError:
            raise GradcliError(
                "the program is nested too deeply", kind="limit", source=self.text
            ) from None
        names = self._names(interpreter)
        trace = Trace(
            Graph(nodes, output, source=self.text),
            interpreter.notes,
            interpreter.dynamic,
            names,
            interpreter.events,
            interpreter.path,
        )
        trace.target = self._called_by_name(names)
        return trace

    def _called_by_name(self, names: Mapping[str, Any]) -> str | None:
        """The name of the program's value, where it ends with one of its own."""
        result = self._result.value if isinstance(self._result, ast.Expr) else self._result
        return result.id if isinstance(result, ast.Name) and result.id in names else None

    def _run(self, interpreter: Interpreter) -> Any:
        """The value of the program."""
        result = self._result
        if isinstance(result, ast.Expr):
            block(interpreter, [each for each in self._body if each is not result])()
            return expression(interpreter, result.value)()
        block(interpreter, self._body)()
        if isinstance(result, ast.FunctionDef):
            function = interpreter.scope.names[result.name]
            given = {
                name: interpreter.inputs[name]
                for name in function.parameters
                if name in interpreter.inputs
            }
            return call(interpreter, function, [], given, None)
        if isinstance(result, ast.Name):
            return interpreter.name(result)
        return NOTHING

    def _names(self, interpreter: Interpreter) -> dict[str, Any]:
        """What the names of the outermost level, and of the function that was called, stand for."""
        scopes = [interpreter.scope]
        if self.function is not None and interpreter.last_scope is not None:
            scopes.append(interpreter.last_scope)
        return {
            name: value
            for scope in scopes
            for name, found in scope.names.items()
            if isinstance(value := interpreter.settled(found), Node)
            and value is not interpreter.inputs.get(name)
        }

    def _output(self, interpreter: Interpreter, value: Any) -> Node:
        span = self._source.span(self._result) if self._result is not None else None
        if self._of is not None:  # the program's own result is not asked for
            return value if isinstance(value, Node) else constant(0.0)
        try:
            if value is NOTHING:
                raise GradcliError(
                    "the program has no result",
                    kind="parse",
                    hint="end it with an expression, or name the result: --of NAME",
                )
            if isinstance(value, (str, DType, slice)) or value is None or value is Ellipsis:
                raise GradcliError(f"the result is {describe(value)}, not an array")
            return interpreter.tensor(value, "the result")
        except GradcliError as error:
            raise error.located(span, self.text) from None

    def _place(self, name: str) -> tuple[int, int] | None:
        places = [
            (node.lineno, node.col_offset, node)
            for statement in self._body
            for node in ast.walk(statement)
            if (isinstance(node, ast.Name) and node.id == name)
            or (isinstance(node, ast.arg) and node.arg == name)
        ]
        if not places:
            return None
        return self._source.span(min(places, key=lambda place: place[:2])[2])


def parse(text: str, call: str | None = None) -> Program:
    """The program of a text.

    Args:
        call: the function whose result is wanted, where the text defines several.

    Raises:
        GradcliError: `parse`, `limit`, or `name`.

    Example:
        >>> parse("2*x.T@x").names
        ['x']
        >>> parse("y = x*x; z = y*y; z").names
        ['x']
    """
    source, body = read_syntax(text)
    try:
        check_statements(source, body)
        return Program(text, source, body, call)
    except GradcliError as error:
        raise error.located(None, text) from None


def parse_expression(text: str) -> Program:
    """The program of a text that must be one expression, such as an input value."""
    program = parse(text)
    if not program.is_expression:
        raise GradcliError(
            "one expression is needed here, not statements", kind="parse", source=text
        )
    return program


def _as_input(value: Any, dtype: np.dtype[Any]) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise GradcliError(f"an input holds real numbers, not {array.dtype}")
    return array if array.dtype.kind == "b" else array.astype(dtype, copy=False)


def _means(name: str) -> bool:
    """Whether a name without a value still means something: a constant, a function, a namespace."""
    return name in CONSTANTS or name in BARE_DTYPES or find(name) is not None or name in ROOTS


__all__ = ["Program", "Trace", "parse", "parse_expression"]
