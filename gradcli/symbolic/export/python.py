"""A formula as Python text for an array library; what differs between libraries is a `Dialect`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gradcli.symbolic.export.composites import COMPOSITES
from gradcli.symbolic.export.ranks import Ranks, constant, function_of, parts_of

COMPARE, OR, AND, ADD, MULTIPLY, UNARY, POWER, POSTFIX = 0, 1, 2, 3, 4, 5, 6, 7

Piece = tuple[str, int]
Writer = Callable[["PythonPrinter", ast.Call], Piece | None]


class NoCodeError(Exception):
    """A function that the target does not have."""


@dataclass(frozen=True)
class Dialect:
    """How one library says things.

    Attributes:
        title: its name in sentences.
        constants: `pi`, `e`, `inf`, `nan`.
        functions: by gradcli's name: a dotted name where the call is the same, else a template in
            which `{0}` is the first argument.
        writers: for calls that neither can say; None falls back to `functions`.
        helpers: definitions that a template uses, by the name of the function.
        imports: import lines by the prefix that needs them.
        axis: the keyword of an axis.
        size: the number of entries as a template.
        array: a list as an array, as a template.
        scalar: a number as an array, as a template; empty where functions take numbers.
        backwards: whether an index may have a negative step.
    """

    title: str
    constants: Mapping[str, str]
    functions: Mapping[str, str]
    writers: Mapping[str, Writer] = field(default_factory=dict)
    helpers: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    axis: str = "axis"
    size: str = "{0}.size"
    array: str = "{0}"
    scalar: str = ""
    backwards: bool = True

    @property
    def reserved(self) -> frozenset[str]:
        """Names that an input cannot have."""
        return frozenset({*self.imports, *self.helpers, *COMPOSITES, "derivative"})


class PythonPrinter:
    """Prints one formula.

    Args:
        dialect: of the library.
        ranks: of the inputs.
    """

    def __init__(self, dialect: Dialect, ranks: Ranks) -> None:
        self.dialect = dialect
        self.ranks = ranks
        self.renamed = {name: f"{name}_" for name in ranks.names if name in dialect.reserved}
        self.inputs = list(ranks.names)
        self.helpers: dict[str, str] = {}

    def text(self, node: ast.expr) -> str:
        """A formula, or an argument: nothing around it binds."""
        return self._piece(node)[0]

    def wrap(self, node: ast.expr, level: int) -> str:
        """A formula as an operand."""
        text, own = self._piece(node)
        return text if own >= level else f"({text})"

    def dtype(self) -> str:
        """The element type of the first array that the formula uses."""
        if not self.inputs:
            return "torch.float64"
        first = self.inputs[0]
        return f"{self.renamed.get(first, first)}.dtype"

    def is_number(self, node: ast.expr) -> bool:
        """Whether the text is a plain Python number: no input's value, at most a size."""
        if isinstance(node, (ast.Attribute, ast.Constant)):
            return not (isinstance(node, ast.Attribute) and node.attr == "T")
        if isinstance(node, ast.Subscript):
            return self.is_number(node.value)
        if isinstance(node, ast.Name):
            return node.id not in self.ranks.names
        if isinstance(node, ast.Call):
            return function_of(node) == "sqrt" and self.is_number(node.args[0])
        children = [item for item in ast.iter_child_nodes(node) if isinstance(item, ast.expr)]
        return not isinstance(node, ast.List) and all(map(self.is_number, children))

    # --- one method per kind of node

    def _piece(self, node: ast.expr) -> Piece:
        if isinstance(node, ast.Name):
            if node.id in self.ranks.names:
                return self.renamed.get(node.id, node.id), POSTFIX
            return self.dialect.constants.get(node.id, node.id), POSTFIX
        if isinstance(node, ast.Constant):
            return repr(node.value), POSTFIX
        if isinstance(node, ast.BinOp):
            return self._operator(node)
        if isinstance(node, ast.UnaryOp):
            sign = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}[type(node.op)]
            return sign + self.wrap(node.operand, UNARY), UNARY
        if isinstance(node, ast.Compare):
            return self._compare(node), COMPARE
        if isinstance(node, ast.Tuple):
            inner = ", ".join(map(self.text, node.elts))
            return f"({inner}{',' if len(node.elts) == 1 else ''})", POSTFIX
        if isinstance(node, ast.List):
            return self._list(node), POSTFIX
        if isinstance(node, ast.Attribute):
            return self._attribute(node), POSTFIX
        if isinstance(node, ast.Subscript):
            return self._index(node), POSTFIX
        assert isinstance(node, ast.Call), ast.dump(node)
        return self._call(node)

    def _list(self, node: ast.List) -> str:
        truths = node.elts and isinstance(constant(node.elts[0]), bool)
        return self.dialect.array.format(
            self.plain_list(node), "torch.bool" if truths else self.dtype()
        )

    def plain_list(self, node: ast.expr) -> str:
        """`[a, b]` as it is."""
        if not isinstance(node, (ast.List, ast.Tuple)):
            return self.text(node)
        return "[" + ", ".join(map(self.plain_list, node.elts)) + "]"

    def _operator(self, node: ast.BinOp) -> Piece:
        if isinstance(node.op, ast.Pow):
            return f"{self.wrap(node.left, POSTFIX)}**{self.wrap(node.right, UNARY)}", POWER
        signs: dict[type[ast.operator], tuple[str, int]] = {
            ast.Add: ("+", ADD),
            ast.Sub: ("-", ADD),
            ast.Mult: ("*", MULTIPLY),
            ast.Div: ("/", MULTIPLY),
            ast.FloorDiv: ("//", MULTIPLY),
            ast.Mod: ("%", MULTIPLY),
            ast.MatMult: ("@", MULTIPLY),
            ast.BitAnd: ("&", AND),
            ast.BitOr: ("|", OR),
        }
        sign, level = signs[type(node.op)]
        left, right = self.wrap(node.left, level), self.wrap(node.right, level + 1)
        return f"{left} {sign} {right}", level

    def _compare(self, node: ast.Compare) -> str:
        signs: dict[type[ast.cmpop], str] = {
            ast.Lt: "<",
            ast.LtE: "<=",
            ast.Gt: ">",
            ast.GtE: ">=",
            ast.Eq: "==",
            ast.NotEq: "!=",
        }
        text = self.wrap(node.left, OR)
        for sign, right in zip(node.ops, node.comparators, strict=True):
            text += f" {signs[type(sign)]} {self.wrap(right, OR)}"
        return text

    def _attribute(self, node: ast.Attribute) -> str:
        below = self.wrap(node.value, POSTFIX)
        if node.attr == "size":
            return self.dialect.size.format(below)
        if node.attr == "T" and self.ranks.of(node.value) < 2:
            return below
        return f"{below}.{node.attr}"

    def _index(self, node: ast.Subscript) -> str:
        below = self.wrap(node.value, POSTFIX)
        parts, turned = [], []
        axis = 0
        for part in parts_of(node):
            if (
                not self.dialect.backwards
                and isinstance(part, ast.Slice)
                and constant(part.step) == -1
                and part.lower is part.upper is None
            ):
                turned.append(axis)
                parts.append(":")
            else:
                parts.append(self._part(part))
            axis += not (isinstance(part, ast.Constant) and part.value is None)
        if turned:
            below = f"torch.flip({self.text(node.value)}, dims={tuple(turned)})"
            if set(parts) == {":"}:
                return below
        return f"{below}[{', '.join(parts)}]"

    def _part(self, part: ast.expr) -> str:
        if not isinstance(part, ast.Slice):
            if isinstance(part, ast.List):
                return self.dialect.array.partition("(")[0] + f"({self.plain_list(part)})"
            return self.text(part)
        text = f"{self._bound(part.lower)}:{self._bound(part.upper)}"
        return text if part.step is None else f"{text}:{self._bound(part.step)}"

    def _bound(self, node: ast.expr | None) -> str:
        return "" if node is None else self.text(node)

    # --- calls

    def _call(self, node: ast.Call) -> Piece:
        name = function_of(node)
        writer = self.dialect.writers.get(name)
        made = writer(self, node) if writer is not None else None
        if made is not None:
            return made
        template = self.dialect.functions.get(name)
        if template is None and name in COMPOSITES:
            return self._composite(name, node)
        if template is None:
            raise NoCodeError(f"{self.dialect.title} has no '{name}'")
        if name in self.dialect.helpers:
            self.helpers[name] = self.dialect.helpers[name]
        if "{" in template:
            return fill(template, [self.text(item) for item in node.args]), POSTFIX
        return f"{template}({', '.join(self.arguments(node))})", POSTFIX

    def arguments(self, node: ast.Call) -> list[str]:
        """All arguments, with the library's word for an axis."""
        words = {"axis": self.dialect.axis}
        if self.dialect.axis == "dim":
            words["keepdims"] = "keepdim"
        parts = [self.text(item) for item in node.args]
        return parts + [
            f"{words.get(item.arg or '', item.arg)}={self.text(item.value)}"
            for item in node.keywords
        ]

    def operand(self, node: ast.expr) -> str:
        """An argument of an elementwise function; a tensor where the library wants one."""
        text = self.text(node)
        if self.dialect.scalar and self.is_number(node):
            return self.dialect.scalar.format(text, self.dtype())
        return text

    def _composite(self, name: str, node: ast.Call) -> Piece:
        if name not in self.helpers:
            parameters, value = COMPOSITES[name]
            below = PythonPrinter(self.dialect, Ranks(dict.fromkeys(parameters, 1)))
            text = below.text(ast.parse(value, mode="eval").body)
            self.helpers.update(below.helpers)
            head = f"def {name}({', '.join(parameters)}):"
            self.helpers[name] = f"{head}\n    return {text}"
        return f"{name}({', '.join(map(self.operand, node.args))})", POSTFIX


def fill(template: str, arguments: list[str]) -> str:
    """A template with its arguments in place."""
    return re.sub(r"\{(\d)\}", lambda match: arguments[int(match[1])], template)
