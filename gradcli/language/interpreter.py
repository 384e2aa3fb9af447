"""Stage 2 of the language: syntax tree -> nodes. A fence: one method per kind of syntax.

The table `VISITORS` at the end is the whitelist; every other kind of syntax is refused with its own
sentence (`REFUSED`). Nothing is evaluated as Python and nothing is looked up on Python objects.

A value is a `Node`, or *static*: a Python number, string, None, list, tuple, range, an array of
positions, a dtype or a function. Static numbers stay numbers until they meet a node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError, Span
from gradcli.graph import FLOAT64, Array, Node, at, constant, next_id
from gradcli.language.callees import calling, kind_of
from gradcli.language.calls import call_function, canonical
from gradcli.language.concrete import Values, plain
from gradcli.language.dialects import ADAPTERS, Named
from gradcli.language.events import Event
from gradcli.language.functions import Function, Scope, define
from gradcli.language.imports import Namespace
from gradcli.language.list_methods import bounded as bounded_length
from gradcli.language.methods import ATTRIBUTES, method, unknown
from gradcli.language.namespaces import (
    PREFIXES,
    ROOTS,
    Callee,
    find,
    member,
)
from gradcli.language.operators import binary, boolean, compare, unary
from gradcli.language.paths import Path
from gradcli.language.source import Source
from gradcli.language.statements import store
from gradcli.language.statics import as_float, bounded, is_number
from gradcli.language.subscripts import list_index, subscript
from gradcli.language.words import BARE_DTYPES, CONSTANTS, DTYPES, DType, suggestion
from gradcli.limits import LIMITS
from gradcli.ops.declare import describe

REFUSED: dict[type[ast.AST], str] = {
    ast.Dict: "a dict is not an array",
    ast.Set: "a set is not an array; a list is written [...]",
    ast.SetComp: "a set is not an array; a list is written [...]",
    ast.DictComp: "a dict is not an array",
    ast.GeneratorExp: "a generator is not available; write a list: [... for ...]",
    ast.Await: "await is not available",
    ast.Yield: "yield is not available",
    ast.YieldFrom: "yield is not available",
    ast.JoinedStr: "a formatted string is not available",
    ast.FormattedValue: "a formatted string is not available",
    ast.NamedExpr: "an assignment inside an expression is not available",
    ast.Starred: "* belongs before an argument of a call, or before a name on the left of =",
    ast.Slice: "a slice belongs between square brackets",
}


MISSING: Any = object()
"""No value."""

EVENTS = 100_000
"""Events that are taken down; a longer run is told by its path alone."""


class Interpreter:
    """Records one run of a program at given inputs.

    Attributes:
        dynamic: whether the record depends on the values of the inputs.
        notes: sentences for the user.
        scope: the names of the innermost call.
        path: branches and loops, and how they went.
        events: what happened between the nodes; the first `EVENTS` of them.
        telling: whether events are still taken down.
        calls, turns: of functions and of loops, so far; depth: of calls, now.
        last_scope: of the function that returned last.
        assigned: every name that the outermost level binds somewhere.
    """

    def __init__(
        self,
        source: Source,
        inputs: Mapping[str, Node],
        arrays: Mapping[str, Array],
        dtype: np.dtype[Any] = FLOAT64,
        rng: np.random.Generator | None = None,
        assigned: frozenset[str] = frozenset(),
    ) -> None:
        self.assigned = assigned
        self.source = source
        self.inputs = inputs
        self.dtype = dtype
        self.rng = rng
        self.notes: list[str] = []
        self.scope = Scope(frozenset(), None)
        self.path = Path()
        self.events: list[Event] = []
        self.telling = True
        self.calls = self.turns = self.depth = 0
        self.last_scope: Scope | None = None
        self.at = at
        self._values = Values(arrays)
        self._steps = 0
        self._items = 0
        self._comprehended = 0

    @property
    def dynamic(self) -> bool:
        """Whether a value was asked for that depends on an input."""
        return self._values.dynamic

    # --- what adapters may ask (see `calls.Context`)

    def tensor(self, value: Any, what: str) -> Node:
        """The value as a node."""
        if isinstance(value, Node):
            return value
        if isinstance(value, bool):
            return constant(value)
        if isinstance(value, (int, float)):
            return constant(as_float(value), self.dtype)
        if isinstance(value, np.ndarray):
            return constant(value) if value.dtype.kind == "b" else constant(value, self.dtype)
        if isinstance(value, range):
            value = list(value)
        if isinstance(value, (list, tuple)):
            return self._array(value, what)
        if isinstance(value, Function):
            raise GradcliError(f"{what}: an array is needed, not {value}")
        if isinstance(value, Callee):
            raise GradcliError(
                f"'{value.text}' is a function; it needs arguments",
                hint=f"call it: {value.text}(...)",
            )
        raise GradcliError(f"{what}: an array is needed, not {describe(value)}")

    def _array(self, items: Sequence[Any], what: str) -> Node:
        """A list as an array: of numbers a constant, with nodes inside a stack."""
        if _numbers_only(items):
            try:
                array = np.array(items)
            except ValueError:
                raise GradcliError(
                    f"{what}: the rows of a list differ in length", kind="shape"
                ) from None
            except OverflowError:
                raise GradcliError(f"{what}: a number is too large") from None
            if array.dtype == object:
                raise GradcliError(f"{what}: the rows of a list differ in length", kind="shape")
            return constant(array) if array.dtype.kind == "b" else constant(array, self.dtype)
        nodes = [self.tensor(item, what) for item in items]
        shapes = {node.shape for node in nodes}
        if len(shapes) > 1:
            raise GradcliError(
                f"{what}: the entries of a list differ in shape: "
                + " and ".join(map(str, sorted(shapes)[:2])),
                kind="shape",
            )
        return self.call(".stack", nodes)  # type: ignore[no-any-return]

    def static(self, value: Any, what: str) -> Any:
        """The value as plain Python values; nodes are executed."""
        if isinstance(value, Node):
            return plain(self.concrete(value))
        if isinstance(value, list):
            return [self.static(item, what) for item in value]
        if isinstance(value, tuple):
            return tuple(self.static(item, what) for item in value)
        if isinstance(value, range):
            return list(value)
        if isinstance(value, Callee):
            raise GradcliError(f"{what} cannot be a function")
        return value

    def concrete(self, node: Node) -> Array:
        """The array behind a node."""
        return self._values.of(node)

    def call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a function by its name; `.name` is the registry's, past any adapter."""
        if name.startswith("."):
            name = name[1:]
        elif name in ADAPTERS:
            return ADAPTERS[name](self, list(arguments), dict(keywords))
        found = canonical(name)
        if found is None:
            raise GradcliError(f"unknown function '{name}'", kind="name")
        return call_function(self, found, arguments, keywords)

    def tell(self, kind: str, span: Span | None, **what: Any) -> None:
        """Take down an event."""
        if self.telling:
            self.events.append(Event(next_id(), kind, span, self.depth, **what))
            self.telling = len(self.events) < EVENTS

    def note(self, text: str) -> None:
        """A sentence for the user, once."""
        if text not in self.notes:
            self.notes.append(text)

    # --- walking

    def visit(self, node: ast.AST) -> Any:
        """The value of a piece of syntax."""
        self._steps += 1
        if self._steps > LIMITS.ops:
            raise GradcliError(
                f"more than {LIMITS.ops:.3g} operations",
                kind="limit",
                span=self.source.span(node),
                source=self.source.text,
                hint="raise it with --limit ops=N",
            )
        visitor = VISITORS.get(type(node))
        try:
            if visitor is None:
                words = REFUSED.get(type(node), f"{type(node).__name__} is not available here")
                raise GradcliError(words, kind="parse")
            with at(self.source.span(node)):
                return visitor(self, node)
        except GradcliError as error:
            raise error.located(self.source.span(node), self.source.text) from None

    def constant(self, node: ast.Constant) -> Any:
        """A literal."""
        value = node.value
        if isinstance(value, complex):
            raise GradcliError("complex numbers are not available", kind="parse")
        if isinstance(value, bytes):
            raise GradcliError("bytes are not available", kind="parse")
        return bounded(value) if isinstance(value, int) else value

    def lookup(self, name: str) -> Any:
        """The value that the program has bound to a name; `MISSING` where it has not."""
        scope: Scope | None = self.scope
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name in scope.own:
                raise GradcliError(
                    f"'{name}' has no value here yet",
                    kind="name",
                    hint="what the function assigns is its own name from its first line on",
                )
            scope = scope.parent
        return MISSING

    def bound(self, name: str) -> bool:
        """Whether a name is the program's own or an input."""
        return name in self.inputs or self.lookup(name) is not MISSING

    def name(self, node: ast.Name) -> Any:
        """A bare name: of the program, an input, a constant, a function or a dtype."""
        name = node.id
        value = self.lookup(name)
        if value is not MISSING:
            return value
        if name in self.inputs:
            return self.inputs[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in BARE_DTYPES:
            return DTYPES[name]
        target = find(name)
        if target is not None:
            return Callee(name, target)
        if name in ROOTS:
            raise GradcliError(f"'{name}' is a namespace, not a value", kind="name")
        raise self.unknown_name(name)

    def unknown_name(self, name: str) -> GradcliError:
        """The error for a name that means nothing."""
        if name.startswith("__"):
            return GradcliError(f"names such as '{name}' are not available", kind="name")
        if name in self.assigned:
            return GradcliError(
                f"'{name}' has no value here",
                kind="name",
                hint="the line that assigns it did not run",
            )
        hint = suggestion(name, [*self.inputs, *CONSTANTS])
        return GradcliError(
            f"unknown name '{name}'", kind="name", hint=hint or f"give it a value: --{name} VALUE"
        )

    def attribute(self, node: ast.Attribute) -> Any:
        """`np.pi`, `x.T`, `x.shape`."""
        prefix = self.prefix(node.value)
        if prefix is not None:
            if f"{prefix}.{node.attr}" in PREFIXES:
                raise GradcliError(
                    f"'{prefix}.{node.attr}' is a namespace, not a value", kind="name"
                )
            return self._member(prefix, node)
        value = self.visit(node.value)
        if isinstance(value, Named) and node.attr in Named.names:
            return value[Named.names.index(node.attr)]
        if isinstance(value, (Callee, DType, str)) or value is None:
            raise GradcliError(
                f"{kind_of(value)} has no attribute '{node.attr}'", kind="name"
            ).located(self.tail(node))
        attribute = ATTRIBUTES.get(node.attr)
        if attribute is None:
            if method(node.attr) is not None:
                raise GradcliError(
                    f"'.{node.attr}' is a method", hint=f"call it: .{node.attr}()"
                ).located(self.tail(node))
            raise unknown(node.attr).located(self.tail(node))
        return attribute(self.tensor(value, f".{node.attr}"))

    def _member(self, prefix: str, node: ast.Attribute) -> Any:
        if prefix in PREFIXES and PREFIXES[prefix] == "numpy" and node.attr in ("c_", "r_", "s_"):
            return Callee(f"{prefix}.{node.attr}", node.attr)
        try:
            return member(prefix, node.attr)
        except GradcliError as error:
            raise error.located(self.source.span(node), self.source.text) from None

    def tail(self, node: ast.Attribute) -> tuple[int, int] | None:
        """Where `.name` stands."""
        span = self.source.span(node)
        return None if span is None else (span[1] - len(node.attr) - 1, span[1])

    def prefix(self, node: ast.AST) -> str | None:
        """The dotted text of a namespace, None where the syntax is none."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        root = self.lookup(node.id)
        if isinstance(root, Namespace):
            return ".".join([root.prefix, *reversed(parts)])
        if root is not MISSING or node.id in self.inputs:
            return None
        dotted = ".".join([node.id, *reversed(parts)])
        if dotted in PREFIXES:
            return dotted
        if node.id in ROOTS and parts and node.id not in self.inputs:
            raise GradcliError(
                f"unknown namespace '{dotted}'", kind="name", hint=suggestion(dotted, PREFIXES)
            ).located(self.source.span(node), self.source.text)
        return None

    def truth(self, value: Any) -> bool:
        """Whether a value is true, where that can be said."""
        if isinstance(value, Node):
            if value.size != 1:
                raise GradcliError(
                    f"the truth value of {describe(value)} is ambiguous",
                    hint="use where(...), or & and | between comparisons",
                )
            return bool(self.concrete(value).reshape(()))
        if isinstance(value, (bool, int, float, list, tuple, range, str)) or value is None:
            return bool(value)
        raise GradcliError(f"{describe(value)} is neither true nor false")

    def choice(self, node: ast.IfExp) -> Any:
        """`a if c else b` follows the value of `c`."""
        return self.visit(node.body if self.truth(self.visit(node.test)) else node.orelse)

    def listing(self, node: ast.List) -> list[Any]:
        """`[a, b]`."""
        return [self.visit(item) for item in node.elts]

    def pair(self, node: ast.Tuple) -> tuple[Any, ...]:
        """`(a, b)`."""
        return tuple(self.visit(item) for item in node.elts)

    def lambda_(self, node: ast.Lambda) -> Function:
        """`lambda v: v**2`."""
        return define(self, "lambda", node, lambda: self.visit(node.body))

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> list[Any]:
        """`[f(i) for i in range(3) if i != 1]`; its variables are its own."""
        before = self.scope
        self.scope = Scope(frozenset(), before)
        result: list[Any] = []
        try:
            for _ in self._turns(node.generators):
                result.append(self.visit(node.elt))
        finally:
            self.scope = before
        return result

    def _turns(self, generators: Sequence[ast.comprehension]) -> Iterator[None]:
        if not generators:
            yield
            return
        first, *rest = generators
        if first.is_async:
            raise GradcliError("async is not available", kind="parse")
        for item in self.iterate(self.visit(first.iter)):
            self._items += 1
            if self._items > LIMITS.items:
                raise GradcliError(
                    f"lists of more than {LIMITS.items:.3g} entries",
                    kind="limit",
                    hint="raise it with --limit items=N, or use arange",
                )
            store(self, first.target, None)(item)
            if all(self.truth(self.visit(test)) for test in first.ifs):
                yield from self._turns(rest)

    def iterate(self, value: Any) -> Iterator[Any]:
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

    def items(self, value: Any) -> list[Any]:
        """The items of a value as a list, bounded."""
        if isinstance(value, (range, Node)):
            bounded_length(len(value) if isinstance(value, range) else (*value.shape, 0)[0])
        return list(self.iterate(value))

    def item(self, container: Any, index: Any) -> Any:
        """`container[index]`."""
        if isinstance(container, (list, tuple, range)):
            try:
                return container[list_index(index)]
            except IndexError:
                raise GradcliError(
                    f"index {index[0]} is out of range for {len(container)} items", kind="shape"
                ) from None
        return self.tensor(container, "indexing")[index]

    def truth_at(self, value: Any, span: Span | None) -> bool:
        """Whether a condition holds; an error points at it."""
        if value is True or value is False:
            return value
        try:
            return self.truth(value)
        except GradcliError as error:
            raise error.located(span, self.source.text) from None

    def message(self, node: ast.AST) -> str:
        """The text of an assertion's message; values inside braces are written out."""
        if isinstance(node, ast.JoinedStr):
            return "".join(self.message(part) for part in node.values)
        if isinstance(node, ast.FormattedValue):
            value = self.static(self.visit(node.value), "a message")
            return f"{value:.6g}" if isinstance(value, float) else str(value)
        value = self.static(self.visit(node), "a message")
        return value if isinstance(value, str) else str(value)


def _numbers_only(items: Sequence[Any]) -> bool:
    stack = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif not is_number(item):
            return False
    return True


VISITORS: dict[type[ast.AST], Callable[[Interpreter, Any], Any]] = {
    ast.Constant: Interpreter.constant,
    ast.Name: Interpreter.name,
    ast.Attribute: Interpreter.attribute,
    ast.UnaryOp: unary,
    ast.BinOp: binary,
    ast.Compare: compare,
    ast.BoolOp: boolean,
    ast.IfExp: Interpreter.choice,
    ast.List: Interpreter.listing,
    ast.Tuple: Interpreter.pair,
    ast.ListComp: Interpreter.comprehension,
    ast.Lambda: Interpreter.lambda_,
    ast.Subscript: subscript,
    ast.Call: calling,
}
