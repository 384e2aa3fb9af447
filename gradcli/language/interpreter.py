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

from gradcli.errors import GradcliError
from gradcli.graph import FLOAT64, Array, Node, apply, at, constant
from gradcli.language.adapters import ADAPTERS, Named
from gradcli.language.calls import call_function, canonical
from gradcli.language.concrete import Values, plain
from gradcli.language.methods import ATTRIBUTES, method, unknown
from gradcli.language.namespaces import (
    PREFIXES,
    ROOTS,
    Callee,
    find,
    known_names,
    member,
)
from gradcli.language.random import RANDOM, draw
from gradcli.language.source import Source
from gradcli.language.statics import COMPARE, arithmetic, bounded, is_number, sequences
from gradcli.language.words import BARE_DTYPES, CONSTANTS, DTYPES, DType, suggestion
from gradcli.limits import LIMITS
from gradcli.ops.declare import describe

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
REFUSED: dict[type[ast.AST], str] = {
    ast.Lambda: "a lambda is not available: an expression has no functions of its own",
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
    ast.Starred: "* before an argument is not available; write the arguments out",
    ast.Slice: "a slice belongs between square brackets",
}


class Interpreter:
    """Records one expression at given inputs.

    Attributes:
        dynamic: whether the record depends on the values of the inputs.
        notes: sentences for the user.
    """

    def __init__(
        self,
        source: Source,
        inputs: Mapping[str, Node],
        arrays: Mapping[str, Array],
        dtype: np.dtype[Any] = FLOAT64,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.source = source
        self.inputs = inputs
        self.dtype = dtype
        self.rng = rng
        self.notes: list[str] = []
        self.locals: dict[str, Any] = {}
        self._values = Values(arrays)
        self._steps = 0
        self._items = 0

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
            return constant(_float(value), self.dtype)
        if isinstance(value, np.ndarray):
            return constant(value) if value.dtype.kind == "b" else constant(value, self.dtype)
        if isinstance(value, range):
            value = list(value)
        if isinstance(value, (list, tuple)):
            return self._array(value, what)
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

    def name(self, node: ast.Name) -> Any:
        """A bare name: a loop variable, an input, a constant, a function or a dtype."""
        name = node.id
        if name in self.locals:
            return self.locals[name]
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
                f"{_kind(value)} has no attribute '{node.attr}'", kind="name"
            ).located(self._tail(node))
        attribute = ATTRIBUTES.get(node.attr)
        if attribute is None:
            if method(node.attr) is not None:
                raise GradcliError(
                    f"'.{node.attr}' is a method", hint=f"call it: .{node.attr}()"
                ).located(self._tail(node))
            raise unknown(node.attr).located(self._tail(node))
        return attribute(self.tensor(value, f".{node.attr}"))

    def _member(self, prefix: str, node: ast.Attribute) -> Any:
        if prefix in PREFIXES and PREFIXES[prefix] == "numpy" and node.attr in ("c_", "r_", "s_"):
            return Callee(f"{prefix}.{node.attr}", node.attr)
        try:
            return member(prefix, node.attr)
        except GradcliError as error:
            raise error.located(self.source.span(node), self.source.text) from None

    def _tail(self, node: ast.Attribute) -> tuple[int, int] | None:
        span = self.source.span(node)
        return None if span is None else (span[1] - len(node.attr) - 1, span[1])

    def prefix(self, node: ast.AST) -> str | None:
        """The dotted text of a namespace, None where the syntax is none."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.inputs or node.id in self.locals:
            return None
        dotted = ".".join([node.id, *reversed(parts)])
        if dotted in PREFIXES:
            return dotted
        if node.id in ROOTS and parts and node.id not in self.inputs:
            raise GradcliError(
                f"unknown namespace '{dotted}'", kind="name", hint=suggestion(dotted, PREFIXES)
            ).located(self.source.span(node), self.source.text)
        return None

    def unary(self, node: ast.UnaryOp) -> Any:
        """`-x`, `+x`, `not x`, `~x`."""
        value = self.visit(node.operand)
        if isinstance(node.op, ast.Not):
            return not self.truth(value)
        if isinstance(node.op, ast.Invert):
            tensor = self.tensor(value, "~")
            if tensor.dtype.kind != "b":
                raise GradcliError("~ is for truth values", hint="the negative is written -x")
            return apply("logical_not", tensor)
        if is_number(value):
            return -value if isinstance(node.op, ast.USub) else +value
        tensor = self.tensor(value, "-")
        return apply("negative", tensor) if isinstance(node.op, ast.USub) else tensor

    def binary(self, node: ast.BinOp) -> Any:
        """Arithmetic. A long sum leans to the left: its spine is walked in a loop."""
        spine: list[ast.BinOp] = []
        left: ast.AST = node
        while isinstance(left, ast.BinOp):
            spine.append(left)
            left = left.left
        value = self.visit(left)
        for piece in reversed(spine):
            right = self.visit(piece.right)
            span = self.source.span(piece)
            try:
                with at(span):
                    value = self.operate(piece.op, value, right)
            except GradcliError as error:
                raise error.located(span, self.source.text) from None
        return value

    def operate(self, operator: ast.operator, a: Any, b: Any) -> Any:
        """One operator on two values."""
        kind = type(operator)
        symbol, name = OPERATORS[kind]
        if is_number(a) and is_number(b):
            return arithmetic(kind, symbol, a, b)
        if any(isinstance(value, str) or value is None for value in (a, b)):
            odd = a if isinstance(a, str) or a is None else b
            raise GradcliError(f"'{symbol}' is not defined for {describe(odd)}")
        lists = [isinstance(value, (list, tuple)) for value in (a, b)]
        if all(lists) or (any(lists) and not isinstance(a, Node) and not isinstance(b, Node)):
            return sequences(kind, symbol, a, b)
        operands = [
            value if is_number(value) else self.tensor(value, f"'{symbol}'") for value in (a, b)
        ]
        if not name:
            raise GradcliError(f"'{symbol}' is not defined for arrays")
        if symbol in "&|^":
            masks = [self.tensor(value, f"'{symbol}'") for value in operands]
            if any(mask.dtype.kind != "b" for mask in masks):
                hint = (
                    "a power is written **" if symbol == "^" else "compare first: (x > 0) & (x < 1)"
                )
                raise GradcliError(f"'{symbol}' is for truth values", kind="parse", hint=hint)
            return apply(name, *masks)
        operands = [_float(value) if type(value) is int else value for value in operands]
        return self.call(f".{name}", *operands) if symbol in ("//", "%") else apply(name, *operands)

    def compare(self, node: ast.Compare) -> Any:
        """Comparisons; a chain holds where all its links hold."""
        left = self.visit(node.left)
        result: Any = None
        for operator, right_syntax in zip(node.ops, node.comparators, strict=True):
            right = self.visit(right_syntax)
            link = self._link(operator, left, right)
            if result is None:
                result = link
            elif isinstance(result, Node) or isinstance(link, Node):
                result = apply(
                    "logical_and",
                    self.tensor(result, "comparison"),
                    self.tensor(link, "comparison"),
                )
            else:
                result = result and link
            left = right
        return result

    def _link(self, operator: ast.cmpop, a: Any, b: Any) -> Any:
        name = COMPARISONS.get(type(operator))
        if name is None:
            raise GradcliError("'is' and 'in' are not available; compare with ==", kind="parse")
        if is_number(a) and is_number(b):
            return COMPARE[type(operator)](a, b)
        if (
            isinstance(a, (str, tuple))
            and isinstance(b, (str, tuple))
            and name in ("equal", "not_equal")
        ):
            return COMPARE[type(operator)](a, b)
        return apply(name, self.tensor(a, "comparison"), self.tensor(b, "comparison"))

    def boolean(self, node: ast.BoolOp) -> Any:
        """`and`, `or`: Python's meaning, on numbers."""
        value: Any = None
        for position, piece in enumerate(node.values):
            value = self.visit(piece)
            if position == len(node.values) - 1:
                break
            if self.truth(value) != isinstance(node.op, ast.And):
                break
        if isinstance(value, Node) and value.size != 1:
            self.truth(value)
        return value

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

    def comprehension(self, node: ast.ListComp) -> list[Any]:
        """`[f(i) for i in range(3) if i != 1]`."""
        before = dict(self.locals)
        result: list[Any] = []
        try:
            for _ in self._turns(node.generators):
                result.append(self.visit(node.elt))
        finally:
            self.locals = before
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
            self.bind(first.target, item)
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

    def bind(self, target: ast.AST, value: Any) -> None:
        """Give a loop variable its value."""
        if isinstance(target, ast.Name):
            self.locals[target.id] = value
            return
        if isinstance(target, (ast.Tuple, ast.List)):
            items = list(self.iterate(value))
            if len(items) != len(target.elts):
                raise GradcliError(
                    f"{len(target.elts)} names for {len(items)} values", kind="shape"
                )
            for piece, item in zip(target.elts, items, strict=True):
                self.bind(piece, item)
            return
        raise GradcliError("a loop variable is a name", kind="parse")

    # --- indexing

    def subscript(self, node: ast.Subscript) -> Any:
        """`x[i]`, `x[1:3, None]`, `x[x > 0]`."""
        value = self.visit(node.value)
        if isinstance(value, Callee):
            return self._stacked(value, node)
        index = self._index(node.slice)
        if isinstance(value, (list, tuple, range)):
            position = index[0] if len(index) == 1 else None
            if isinstance(position, bool) or not isinstance(position, (int, slice)):
                raise GradcliError("a list is indexed with an integer or a slice")
            try:
                return value[position]
            except IndexError:
                raise GradcliError(
                    f"index {position} is out of range for {len(value)} items", kind="shape"
                ) from None
        return self.tensor(value, "indexing")[index]

    def _stacked(self, callee: Callee, node: ast.Subscript) -> Any:
        """`np.c_[x, y]` and `np.r_[x, y]`."""
        if callee.target not in ("c_", "r_"):
            raise GradcliError(f"'{callee.text}' is a function; call it with ( )")
        parts = self.visit(node.slice)
        items = list(parts) if isinstance(parts, tuple) else [parts]
        if callee.target == "c_":
            return self.call("column_stack", items)
        nodes = [self.call("atleast_1d", item) for item in items]
        return self.call("concatenate", nodes)

    def _index(self, node: ast.AST) -> tuple[Any, ...]:
        if isinstance(node, ast.Tuple):
            return tuple(self._part(part) for part in node.elts)
        if isinstance(node, ast.Slice):
            return (self._part(node),)
        value = self.visit(node)
        if isinstance(value, tuple):  # `A[triu_indices(3)]`: one part per axis
            return tuple(self._position(part) for part in value)
        return (self._position(value),)

    def _part(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Slice):
            return slice(*(self._bound(bound) for bound in (node.lower, node.upper, node.step)))
        return self._position(self.visit(node))

    def _position(self, value: Any) -> Any:
        if value is None or value is Ellipsis or type(value) is int or isinstance(value, slice):
            return value
        if isinstance(value, Node):
            value = self.concrete(value)
        if isinstance(value, (list, tuple, range)):
            value = np.array(self.static(list(value), "an index"))
            if not value.size:
                value = value.astype(np.int64)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            return _positions(value)
        raise GradcliError(f"{describe(value)} is no index: integers, slices and masks are")

    def _bound(self, node: ast.AST | None) -> int | None:
        if node is None:
            return None
        value = self.visit(node)
        if isinstance(value, Node):
            value = plain(self.concrete(value))
        if value is None or type(value) is int:
            return value
        raise GradcliError(f"a slice has integer bounds, not {describe(value)}")

    # --- calls

    def calling(self, node: ast.Call) -> Any:
        """A function or a method."""
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise GradcliError(REFUSED[ast.Starred], kind="parse")
        named = [keyword.arg for keyword in node.keywords]
        if len(set(named)) < len(named):
            twice = next(name for name in named if named.count(name) > 1)
            raise GradcliError(f"the argument '{twice}' is given twice", kind="parse")
        if None in named:
            raise GradcliError("** before an argument is not available", kind="parse")
        function = node.func
        if isinstance(function, ast.Attribute) and self.prefix(function.value) is None:
            return self._method(node, function)
        callee = self._callee(function)
        arguments = [self.visit(argument) for argument in node.args]
        keywords = {str(keyword.arg): self.visit(keyword.value) for keyword in node.keywords}
        if callee.target in RANDOM:
            return draw(callee.target, self.rng, arguments, keywords)
        return self.call(callee.target, *arguments, **keywords)

    def _callee(self, function: ast.expr) -> Callee:
        span = self.source.span(function)
        if isinstance(function, ast.Name):
            name = function.id
            if name in self.inputs or name in self.locals:
                raise GradcliError(
                    f"'{name}' is a value and cannot be called",
                    hint="a product is written with *",
                ).located(span, self.source.text)
            if self.rng is not None and name in RANDOM:
                return Callee(name, name)
            if find(name) is None and name not in BARE_DTYPES and name not in CONSTANTS:
                hint = suggestion(name, known_names())
                if name in RANDOM:
                    hint = f"random numbers are for input values: --x '{name}(...)'"
                raise GradcliError(f"unknown function '{name}'", kind="name", hint=hint).located(
                    span, self.source.text
                )
            target = find(name)
            if target is not None:
                return Callee(name, target)
        value = self.visit(function)
        if isinstance(value, Callee):
            return value
        if isinstance(value, DType):
            return Callee(value.name, "array" if value.kind != "bool" else "bool")
        raise GradcliError(
            f"{_kind(value)} cannot be called", hint="a product is written with *"
        ).located(span, self.source.text)

    def _method(self, node: ast.Call, function: ast.Attribute) -> Any:
        value = self.visit(function.value)
        name = function.attr
        tail = self._tail(function)
        if isinstance(value, (Callee, DType, str, slice)) or value is None:
            raise GradcliError(f"{_kind(value)} has no method '{name}'", kind="name").located(
                tail, self.source.text
            )
        target = "size_of" if name == "size" else method(name)
        if target is None:
            if name in ATTRIBUTES:
                raise GradcliError(
                    f"'.{name}' is not a method", hint=f"write .{name} without parentheses"
                ).located(tail, self.source.text)
            raise unknown(name).located(tail, self.source.text)
        arguments = [self.visit(argument) for argument in node.args]
        keywords = {str(keyword.arg): self.visit(keyword.value) for keyword in node.keywords}
        return self.call(target, self.tensor(value, f".{name}"), *arguments, **keywords)


def _float(value: Any) -> Any:
    """An integer as a float, where it fits."""
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise GradcliError("an integer is too large for a float", kind="limit") from None
    return value


def _numbers_only(items: Sequence[Any]) -> bool:
    stack = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif not is_number(item):
            return False
    return True


def _positions(value: Array) -> Any:
    """An index array: a mask, or whole numbers as positions."""
    if value.dtype.kind == "b":
        return value
    if value.dtype.kind == "f" and not np.all(value == np.floor(value)):
        raise GradcliError("positions are whole numbers")
    positions = value.astype(np.int64)
    return int(positions) if positions.ndim == 0 else positions


def _kind(value: Any) -> str:
    if isinstance(value, Callee):
        return f"the function '{value.text}'"
    if isinstance(value, DType):
        return f"the dtype '{value}'"
    return describe(value)


VISITORS: dict[type[ast.AST], Callable[[Interpreter, Any], Any]] = {
    ast.Constant: Interpreter.constant,
    ast.Name: Interpreter.name,
    ast.Attribute: Interpreter.attribute,
    ast.UnaryOp: Interpreter.unary,
    ast.BinOp: Interpreter.binary,
    ast.Compare: Interpreter.compare,
    ast.BoolOp: Interpreter.boolean,
    ast.IfExp: Interpreter.choice,
    ast.List: Interpreter.listing,
    ast.Tuple: Interpreter.pair,
    ast.ListComp: Interpreter.comprehension,
    ast.Subscript: Interpreter.subscript,
    ast.Call: Interpreter.calling,
}
