"""The stage's entry: text -> `Program` -> `Trace`."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import FLOAT32, FLOAT64, Graph, Node, input_node
from gradcli.language.events import Event
from gradcli.language.interpreter import Interpreter
from gradcli.language.namespaces import PREFIXES, ROOTS, Callee, find, member
from gradcli.language.source import Source
from gradcli.language.syntax import read_syntax
from gradcli.language.words import BARE_DTYPES, CONSTANTS, DType
from gradcli.ops.creation import default_dtype
from gradcli.ops.declare import describe

DTYPES: dict[str, np.dtype[Any]] = {"float64": FLOAT64, "float32": FLOAT32}


class Trace:
    """What one run of a program recorded.

    Attributes:
        graph: inputs by name, output, source text.
        notes: sentences for the user.
        dynamic: whether the graph depends on the values of the inputs.
        names: what each name of the program's outermost level is bound to at the end.
        events: names bound, branches and turns of loops, in order.
    """

    __slots__ = ("dynamic", "events", "graph", "names", "notes")

    def __init__(
        self,
        graph: Graph,
        notes: list[str],
        dynamic: bool,
        names: Mapping[str, Node] | None = None,
        events: Sequence[Event] = (),
    ) -> None:
        self.graph = graph
        self.notes = notes
        self.dynamic = dynamic
        self.names = dict(names or {})
        self.events = events


class Program:
    """A parsed expression.

    Attributes:
        text: as the user wrote it.
        names: free names, in the order of their first appearance. A name of a constant (`e`) or a
            function counts only where it cannot be that, or where an input of that name is given.
    """

    __slots__ = ("_optional", "_source", "_syntax", "names", "text")

    def __init__(self, text: str, source: Source, syntax: ast.expr) -> None:
        self.text = text
        self._source = source
        self._syntax = syntax
        self.names, self._optional = _free_names(syntax)

    def trace(self, inputs: Mapping[str, Any], dtype: str = "float64") -> Trace:
        """Record the program at given inputs.

        Args:
            inputs: arrays by name; names that the program does not use are ignored.
            dtype: "float64" or "float32", that of inputs and constants.

        Raises:
            GradcliError: for whatever is wrong; with a span of the text.
        """
        return self._record(inputs, dtype, None)

    def uses(self, name: str) -> bool:
        """Whether an input of this name takes part; one may shadow a constant (`e`)."""
        return name in self.names or name in self._optional

    @property
    def repeats_a_list(self) -> bool:
        """Whether a list of numbers is multiplied, which Python and NumPy understand
        differently."""
        return any(
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Mult)
            and isinstance(node.left if isinstance(node.left, ast.List) else node.right, ast.List)
            for node in ast.walk(self._syntax)
        )

    def draw(self, rng: np.random.Generator) -> Trace:
        """Record a program without inputs that may draw random numbers."""
        return self._record({}, "float64", rng)

    def _record(
        self, inputs: Mapping[str, Any], dtype: str, rng: np.random.Generator | None
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
        interpreter = Interpreter(self._source, nodes, arrays, floating, rng)
        try:
            with default_dtype(floating):
                value = interpreter.visit(self._syntax)
                output = self._result(interpreter, value)
        except RecursionError:
            raise GradcliError("the expression is nested too deeply", kind="limit") from None
        return Trace(Graph(nodes, output, source=self.text), interpreter.notes, interpreter.dynamic)

    def _result(self, interpreter: Interpreter, value: Any) -> Node:
        try:
            if isinstance(value, (str, DType, slice)) or value is None or value is Ellipsis:
                raise GradcliError(f"the result is {describe(value)}, not an array")
            return interpreter.tensor(value, "the result")
        except GradcliError as error:
            raise error.located(self._source.span(self._syntax), self.text) from None

    def _place(self, name: str) -> tuple[int, int] | None:
        for node in ast.walk(self._syntax):
            if isinstance(node, ast.Name) and node.id == name:
                return self._source.span(node)
        return None


def parse(text: str) -> Program:
    """The program of a text.

    Raises:
        GradcliError: `parse` or `limit`.

    Example:
        >>> parse("2*x.T@x").names
        ['x']
    """
    source, syntax = read_syntax(text)
    return Program(text, source, syntax)


def _as_input(value: Any, dtype: np.dtype[Any]) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise GradcliError(f"an input holds real numbers, not {array.dtype}")
    return array if array.dtype.kind == "b" else array.astype(dtype, copy=False)


def _means(name: str) -> bool:
    """Whether a name without a value still means something: a constant, a function, a namespace."""
    return name in CONSTANTS or name in BARE_DTYPES or find(name) is not None or name in ROOTS


def _free_names(syntax: ast.expr) -> tuple[list[str], list[str]]:
    """The names that need a value, and those that an input may shadow, in order of appearance."""
    called = {id(n.func) for n in ast.walk(syntax) if isinstance(n, ast.Call)}
    inside: set[int] = set()  # names that are the root of a namespace
    bound: set[str] = set()  # loop variables and parameters
    for node in ast.walk(syntax):
        if isinstance(node, ast.Attribute):
            root = _namespace_root(node)
            if root is not None:
                inside.add(id(root))
        if isinstance(node, ast.comprehension):
            bound |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        if isinstance(node, ast.arg):
            bound.add(node.arg)
    found = [
        n
        for n in ast.walk(syntax)
        if isinstance(n, ast.Name) and n.id not in bound and not n.id.startswith("__")
    ]
    found.sort(key=lambda n: (n.lineno, n.col_offset))
    needed: dict[str, None] = {}
    optional: dict[str, None] = {}
    for node in found:
        if (
            id(node) in called
            or id(node) in inside
            or node.id in CONSTANTS
            or node.id in BARE_DTYPES
        ):
            optional[node.id] = None
        elif find(node.id) is None:
            needed[node.id] = None
        else:
            optional[node.id] = None
    return list(needed), [name for name in optional if name not in needed]


def _namespace_root(node: ast.Attribute) -> ast.Name | None:
    """The first name of `np.linalg.norm`, where the dotted text is one of a library's."""
    parts = [node.attr]
    value: ast.AST = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name) or value.id not in ROOTS:
        return None
    dotted = ".".join([value.id, *reversed(parts[1:])])
    if f"{dotted}.{parts[0]}" in PREFIXES:
        return value
    if dotted not in PREFIXES:
        return None if len(value.id) == 1 else value
    if parts[0] in ("c_", "r_"):
        return value
    try:
        member(dotted, parts[0])
    except GradcliError:
        return None if len(value.id) == 1 else value
    return value


__all__ = ["Callee", "Program", "Trace", "parse"]
