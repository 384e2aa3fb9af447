"""Julia: 1-based ranges, dotted operators where arrays meet, axes aligned from the front."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from gradcli.symbolic.export.composites import COMPOSITES
from gradcli.symbolic.export.julia_calls import call
from gradcli.symbolic.export.julia_tables import HELPERS, PACKAGES, RESERVED
from gradcli.symbolic.export.python import (
    ADD,
    AND,
    COMPARE,
    MULTIPLY,
    OR,
    POSTFIX,
    POWER,
    UNARY,
    NoCodeError,
    Piece,
)
from gradcli.symbolic.export.ranks import Ranks, constant, function_of, parts_of, printed_lines

CONSTANTS = {"pi": "pi", "e": "exp(1)", "inf": "Inf", "nan": "NaN", "True": "true"}
CONSTANTS["False"] = "false"
SIGNS: dict[type[ast.AST], tuple[str, int]] = {
    ast.Add: ("+", ADD),
    ast.Sub: ("-", ADD),
    ast.Mult: ("*", MULTIPLY),
    ast.Div: ("/", MULTIPLY),
    ast.Pow: ("^", POWER),
    ast.Lt: ("<", COMPARE),
    ast.LtE: ("<=", COMPARE),
    ast.Gt: (">", COMPARE),
    ast.GtE: (">=", COMPARE),
    ast.Eq: ("==", COMPARE),
    ast.NotEq: ("!=", COMPARE),
    ast.BitAnd: ("&", AND),
    ast.BitOr: ("|", OR),
}


def julia_function(lines: Sequence[ast.stmt], inputs: dict[str, int]) -> str:
    """A formula as a Julia function with what it needs.

    Args:
        lines: a formula, assignments before it.
        inputs: ranks of the parameters.
    """
    printer = JuliaPrinter(Ranks(inputs))
    parameters = [printer.named(name) for name in inputs]
    body = [
        f"    {name} = {value}" if name else f"    {value}"
        for name, value in printed_lines(lines, printer.ranks, printer.text)
    ]
    function = "\n".join([f"function derivative({', '.join(parameters)})", *body, "end"])
    pieces = [*printer.helpers.values(), function]
    words = set(re.findall(r"1\.0I|\w+", "\n".join(pieces)))
    packages = [line for line, names in PACKAGES.items() if words.intersection(names)]
    if "ein" in words:
        packages.append("using OMEinsum")
    return "\n\n\n".join(["\n".join(packages)] * bool(packages) + pieces)


class JuliaPrinter:
    """Prints one formula.

    Args:
        ranks: of the inputs.
    """

    def __init__(self, ranks: Ranks) -> None:
        self.ranks = ranks
        self.helpers: dict[str, str] = {}

    def named(self, name: str) -> str:
        """An input's name; one that Julia needs itself gets an underscore."""
        return f"{name}_" if name in RESERVED else name

    def text(self, node: ast.expr) -> str:
        """A formula, or an argument."""
        return self._piece(node)[0]

    def wrap(self, node: ast.expr, level: int) -> str:
        """A formula as an operand."""
        text, own = self._piece(node)
        return text if own >= level else f"({text})"

    def aligned(self, node: ast.expr, rank: int, level: int) -> str:
        """An operand of lower rank gets its missing axes in front: NumPy aligns at the end."""
        own = self.ranks.of(node)
        if own in (0, rank):
            return self.wrap(node, level)
        if own == 1 and rank == 2:
            return self.wrap(node, POSTFIX) + "'"
        text = self.text(node)
        ones = "1, " * (rank - own)
        if own == 1:
            return f"reshape({text}, {ones}:)"
        return f"reshape({text}, {ones}size({text})...)"

    def helper(self, name: str) -> str:
        """The name of a helper whose definition goes before the function."""
        self.helpers[name] = HELPERS[name]
        return name

    def composite(self, name: str) -> str:
        """The name of an elementwise function that is written out."""
        if name not in self.helpers:
            parameters, value = COMPOSITES[name]
            below = JuliaPrinter(Ranks(dict.fromkeys(parameters, 0)))
            text = below.text(ast.parse(value, mode="eval").body)
            self.helpers.update(below.helpers)
            self.helpers[name] = f"{name}({', '.join(parameters)}) = {text}"
        return name

    def _piece(self, node: ast.expr) -> Piece:
        if isinstance(node, ast.Name):
            if node.id in self.ranks.names:
                return self.named(node.id), POSTFIX
            return CONSTANTS.get(node.id, node.id), POSTFIX
        if isinstance(node, ast.Constant):
            return CONSTANTS.get(repr(node.value), repr(node.value)), POSTFIX
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.MatMult):
                return self._matmul(node)
            return self._operator(node.left, node.op, node.right)
        if isinstance(node, ast.Compare):
            (op,), (right,) = node.ops, node.comparators
            return self._operator(node.left, op, right)
        if isinstance(node, ast.UnaryOp):
            sign = "-" if isinstance(node.op, ast.USub) else ".!"
            return sign + self.wrap(node.operand, UNARY), UNARY
        if isinstance(node, ast.Tuple):
            inner = ", ".join(map(self.text, node.elts))
            return f"({inner}{',' if len(node.elts) == 1 else ''})", POSTFIX
        if isinstance(node, ast.List):
            return self.listed(node), POSTFIX
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Subscript):
            return self._index(node)
        assert isinstance(node, ast.Call), ast.dump(node)
        return call(self, node)

    def listed(self, node: ast.List) -> str:
        """A list of numbers, or of rows of a matrix."""
        if node.elts and isinstance(node.elts[0], ast.List):
            rows = [row for row in node.elts if isinstance(row, ast.List)]
            if any(isinstance(item, ast.List) for row in rows for item in row.elts):
                raise NoCodeError("an array literal of three axes has no notation")
            return "[" + "; ".join(" ".join(self._items(row)) for row in rows) + "]"
        return "[" + ", ".join(self._items(node)) + "]"

    def _items(self, node: ast.List) -> list[str]:
        return [self.wrap(item, UNARY) for item in node.elts]

    def _operator(self, left: ast.expr, op: ast.AST, right: ast.expr) -> Piece:
        if type(op) not in SIGNS:
            raise NoCodeError(f"the operator {type(op).__name__} is not written")
        sign, level = SIGNS[type(op)]
        ranks = self.ranks.of(left), self.ranks.of(right)
        plain = max(ranks) == 0
        if isinstance(op, ast.Mult):
            plain = 0 in ranks
        elif isinstance(op, ast.Div):
            plain = ranks[1] == 0
        rank = max(ranks)
        levels = (level, level + 1) if level != POWER else (POSTFIX, UNARY)
        if level == COMPARE:
            levels = (ADD, ADD)
        first, second = (
            self.aligned(side, rank, low) for side, low in zip((left, right), levels, strict=True)
        )
        if level == POWER and plain:
            return f"{first}^{second}", POWER
        return f"{first} {'' if plain else '.'}{sign} {second}", level

    def _matmul(self, node: ast.BinOp) -> Piece:
        ranks = self.ranks.of(node.left), self.ranks.of(node.right)
        if ranks == (1, 1):
            return f"dot({self.text(node.left)}, {self.text(node.right)})", POSTFIX
        if max(ranks) <= 2 and min(ranks) > 0:
            if ranks == (1, 2):  # x@A is A'x
                right, left = self.wrap(node.left, UNARY), self.wrap(node.right, POSTFIX) + "'"
                return f"{left} * {right}", MULTIPLY
            left, right = self.wrap(node.left, MULTIPLY), self.wrap(node.right, UNARY)
            return f"{left} * {right}", MULTIPLY
        if ranks not in ((3, 1), (3, 2), (3, 3)):
            raise NoCodeError("a matrix product of many axes has no notation")
        letters = {1: "c->ab", 2: "cd->abd", 3: "acd->abd"}[ranks[1]]
        return f'ein"abc,{letters}"({self.text(node.left)}, {self.text(node.right)})', POSTFIX

    def _attribute(self, node: ast.Attribute) -> Piece:
        rank = self.ranks.of(node.value)
        if node.attr == "T":
            if rank < 2:
                return self._piece(node.value)
            if rank == 2:
                return self.wrap(node.value, POSTFIX) + "'", POSTFIX
            return f"permutedims({self.text(node.value)}, {rank}:-1:1)", POSTFIX
        return (
            f"{ {'size': 'length', 'shape': 'size'}[node.attr] }({self.text(node.value)})",
            POSTFIX,
        )

    # --- indices

    def _index(self, node: ast.Subscript) -> Piece:
        value = node.value
        if isinstance(value, ast.Attribute) and value.attr == "shape":
            axis = constant(node.slice)
            assert isinstance(axis, int)
            return f"size({self.text(value.value)}, {axis + 1})", POSTFIX
        if isinstance(value, ast.Call) and function_of(value) in ("svd", "eigh"):
            return self._factor(value, constant(node.slice)), POSTFIX
        below, rank = self.wrap(value, POSTFIX), self.ranks.of(value)
        parts = [p for p in parts_of(node) if constant(p) is not None or not _is_none(p)]
        wanted = list(parts_of(node))
        texts = [self._part(part) for part in parts]
        if len(texts) < rank:
            texts += [":"] * (rank - len(texts))
        made = below if set(texts) <= {":"} else f"{below}[{', '.join(texts)}]"
        if len(parts) == len(wanted):
            return made, POSTFIX
        if any(not isinstance(part, ast.Slice) for part in parts):
            raise NoCodeError("an index that adds and removes axes is not written")
        sizes = []
        axis = 0
        for part in wanted:
            axis += not _is_none(part)
            sizes.append("1" if _is_none(part) else f"size({made}, {axis})")
        sizes += [f"size({made}, {k + 1})" for k in range(axis, rank)]
        if rank == 1:
            sizes = [size if size == "1" else ":" for size in sizes]
        return f"reshape({made}, {', '.join(sizes)})", POSTFIX

    def _factor(self, node: ast.Call, place: object) -> str:
        argument = self.text(node.args[0])
        if function_of(node) == "svd":
            return f"svd({argument}).{('U', 'S', 'Vt')[int(str(place))]}"
        return f"eigen(Symmetric({argument}, :L)).{('values', 'vectors')[int(str(place))]}"

    def _part(self, part: ast.expr) -> str:
        if isinstance(part, ast.Slice):
            return self._slice(part)
        number = constant(part)
        if isinstance(number, int):
            return _from_end(number) if number < 0 else str(number + 1)
        if isinstance(part, ast.List):
            return "[" + ", ".join(map(self._part, part.elts)) + "]"
        ranked = isinstance(part, ast.Call) and function_of(part) == "argsort"
        masked = isinstance(part, ast.Compare)
        if ranked or masked:
            return self.text(part)
        return f"{self.wrap(part, ADD)} .+ 1"

    def _slice(self, part: ast.Slice) -> str:
        step = constant(part.step) if part.step is not None else 1
        assert isinstance(step, int)
        if part.lower is part.upper is None and step == 1:
            return ":"
        if step < 0:
            start = "end" if part.lower is None else self._part(part.lower)
            stop = "1" if part.upper is None else self._bound(part.upper, 2)
            return f"{start}:{step}:{stop}"
        start = "1" if part.lower is None else self._bound(part.lower, 1)
        stop = "end" if part.upper is None else self._bound(part.upper, 0)
        return f"{start}:{stop}" if step == 1 else f"{start}:{step}:{stop}"

    def _bound(self, node: ast.expr, shift: int) -> str:
        number = constant(node)
        if isinstance(number, int):
            return _from_end(number + shift - 1) if number < 0 else str(number + shift)
        text = self.wrap(node, ADD)
        return f"{text} + {shift}" if shift else text


def _from_end(number: int) -> str:
    """Entry -1 is `end`."""
    return "end" if number == -1 else f"end{number + 1:+d}".replace("+", " + ").replace("-", " - ")


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
