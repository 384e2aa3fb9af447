"""Stage 2 of the language: syntax tree -> nodes. A fence: one method per kind of syntax.

The table `VISITORS` at the end is the whitelist; every other kind of syntax is refused with its own
sentence (`REFUSED`). Nothing is evaluated as Python and nothing is looked up on Python objects.

A value is a `Node`, or *static*: a Python number, string, None, list, tuple, range, an array of
positions, a dtype or a function. Static numbers stay numbers until they meet a node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import at
from gradcli.language.callees import calling, function_of, kind_of
from gradcli.language.calls import call_function, canonical
from gradcli.language.dialects import ADAPTERS, Named
from gradcli.language.functions import MISSING, Function, define
from gradcli.language.imports import Namespace
from gradcli.language.iteration import comprehension
from gradcli.language.methods import ATTRIBUTES, method, unknown
from gradcli.language.namespaces import (
    PREFIXES,
    ROOTS,
    Callee,
    find,
    member,
)
from gradcli.language.operators import binary, boolean, compare, unary
from gradcli.language.recorder import Scalar
from gradcli.language.run import Run
from gradcli.language.statics import bounded
from gradcli.language.subscripts import subscript
from gradcli.language.updates import Updates
from gradcli.language.words import BARE_DTYPES, CONSTANTS, DTYPES, DType, suggestion

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


class Interpreter(Run):
    """Walks the syntax of a program and records it."""

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

    def visit(self, node: ast.AST) -> Any:
        """The value of a piece of syntax."""
        visitor = VISITORS.get(type(node))
        try:
            if visitor is None:
                words = REFUSED.get(type(node), f"{type(node).__name__} is not available here")
                raise GradcliError(words, kind="parse")
            with at(self.source.span(node)):
                value = visitor(self, node)
            return self.settled(value) if type(value) is Scalar else value
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
        if name in self.binds.anywhere:
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
        if node.attr == "at":
            return Updates(self.tensor(value, ".at"))
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

    def choice(self, node: ast.IfExp) -> Any:
        """`a if c else b` follows the value of `c`."""
        span = self.source.span(node.test)
        part = self.path.add("branch", span)
        holds = self.decided(self.visit(node.test), part, span)
        return self.visit(node.body if holds else node.orelse)

    def listing(self, node: ast.List) -> list[Any]:
        """`[a, b]`."""
        return [self.visit(item) for item in node.elts]

    def pair(self, node: ast.Tuple) -> tuple[Any, ...]:
        """`(a, b)`."""
        return tuple(self.visit(item) for item in node.elts)

    def lambda_(self, node: ast.Lambda) -> Function:
        """`lambda v: v**2`."""
        return define(self, "lambda", node, lambda: self.visit(node.body))

    def callee(self, node: ast.Call) -> Callee | Function | None:
        """The function that a call names; None for a method."""
        function = node.func
        if isinstance(function, ast.Name):
            own = self.lookup(function.id)
            if type(own) is Function:
                return own
        else:
            assert isinstance(function, ast.Attribute)
            assert isinstance(function.value, ast.Name)
            own = self.lookup(function.value.id)
            if own is not MISSING and not isinstance(own, Namespace):
                return None
            if self.prefix(function.value) is None:
                return None
        return function_of(self, function)

    def keeps(self, function: ast.Name | ast.Attribute) -> bool:
        """Whether a call names the same function for ever: the program binds no such name."""
        root = function.value if isinstance(function, ast.Attribute) else function
        return (
            isinstance(root, ast.Name)
            and root.id not in self.binds.varying
            and root.id not in self.inputs
        )

    def message(self, node: ast.AST) -> str:
        """The text of an assertion's message; values inside braces are written out."""
        if isinstance(node, ast.JoinedStr):
            return "".join(self.message(part) for part in node.values)
        if isinstance(node, ast.FormattedValue):
            value = self.static(self.visit(node.value), "a message")
            return f"{value:.6g}" if isinstance(value, float) else str(value)
        value = self.static(self.visit(node), "a message")
        return value if isinstance(value, str) else str(value)


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
    ast.ListComp: comprehension,
    ast.Lambda: Interpreter.lambda_,
    ast.Subscript: subscript,
    ast.Call: calling,
}
