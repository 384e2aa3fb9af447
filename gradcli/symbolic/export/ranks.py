"""How many axes each piece of a formula has: what Julia and PyTorch must know to write it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

FOLDS = "sum mean max min prod norm logsumexp any all var std median argmax argmin"
REDUCTIONS = frozenset(FOLDS.split())
NUMBERS = frozenset(["trace", "det", "logdet"])
VECTORS = frozenset(["arange", "svdvals", "eigvalsh", "linspace"])
MATRICES = frozenset(["eye", "outer", "block"])
SHAPED = {"ones": 0, "zeros": 0, "full": 0, "broadcast_to": 1, "reshape": 1}
"""Functions whose argument at this place is the shape of their value."""
PAIRS = frozenset({"svd", "eigh", "qr"})
"""Functions with several values, of which an index takes one."""


class Ranks:
    """Ranks of the nodes of parsed formulas.

    Args:
        names: the rank of each input.
    """

    def __init__(self, names: Mapping[str, int]) -> None:
        self.names = dict(names)
        self._memo: dict[ast.expr, int] = {}

    def of(self, node: ast.expr) -> int:
        """Number of axes; 0 for a number."""
        found = self._memo.get(node)
        if found is None:
            found = self._memo[node] = self._of(node)
        return found

    def _of(self, node: ast.expr) -> int:
        if isinstance(node, ast.Name):
            return self.names.get(node.id, 0)
        if isinstance(node, ast.BinOp):
            left, right = self.of(node.left), self.of(node.right)
            if not isinstance(node.op, ast.MatMult):
                return max(left, right)
            return max(left, right, 2) - (left == 1) - (right == 1)
        if isinstance(node, ast.UnaryOp):
            return self.of(node.operand)
        if isinstance(node, ast.Compare):
            return max(self.of(node.left), *map(self.of, node.comparators))
        if isinstance(node, ast.Attribute):
            return self.of(node.value) if node.attr == "T" else 0
        if isinstance(node, ast.List):
            return 1 + (self.of(node.elts[0]) if node.elts else 0)
        if isinstance(node, ast.Subscript):
            return self._index(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        return 0

    def _index(self, node: ast.Subscript) -> int:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            return 0
        if isinstance(node.value, ast.Call) and function_of(node.value) in PAIRS:
            values = {"eigh": 0, "svd": 1}.get(function_of(node.value))
            return 1 if constant(node.slice) == values else 2
        rank = self.of(node.value)
        arrays = []
        for part in parts_of(node):
            if isinstance(part, ast.Constant) and part.value is None:
                rank += 1
            elif isinstance(part, (ast.Slice, ast.Constant)):
                rank -= isinstance(part, ast.Constant) and part.value is not Ellipsis
            else:
                rank -= 1
                arrays.append(self.of(part))
        return rank + max(arrays, default=0)

    def _call(self, node: ast.Call) -> int:
        function, arguments = function_of(node), node.args
        if function in REDUCTIONS:
            return self._reduction(node)
        for ranks, names in enumerate((NUMBERS, VECTORS, MATRICES)):
            if function in names:
                return ranks
        if function in SHAPED:
            return self.shape(arguments[SHAPED[function]])
        if function == "einsum":
            (text,) = [str(a.value) for a in arguments[:1] if isinstance(a, ast.Constant)]
            return len(text.partition("->")[2].strip())
        if function in ("diag", "diagonal"):
            return 1 if self.of(arguments[0]) == 2 else 2
        if function == "solve":
            return self.of(arguments[1])
        if function in ("concatenate", "stack"):
            (items,) = (a.elts for a in arguments[:1] if isinstance(a, (ast.List, ast.Tuple)))
            return max(map(self.of, items)) + (function == "stack")
        if function == "array":
            return self.of(arguments[0])
        if function in ("pad", "transpose", "tril", "triu", "flip", "cumsum", "roll"):
            return self.of(arguments[0])
        return max(map(self.of, arguments), default=0)

    def _reduction(self, node: ast.Call) -> int:
        options = {item.arg: item.value for item in node.keywords}
        axis = options.get("axis")
        rank = self.of(node.args[0])
        if "keepdims" in options and constant(options["keepdims"]):
            return rank
        if axis is None or (isinstance(axis, ast.Constant) and axis.value is None):
            return 0
        return rank - (len(axis.elts) if isinstance(axis, ast.Tuple) else 1)

    def shape(self, node: ast.expr) -> int:
        """The rank that a shape stands for: of `(2, 3)`, `x.shape` or `5`."""
        if isinstance(node, (ast.Tuple, ast.List)):
            return len(node.elts)
        if isinstance(node, ast.Attribute) and node.attr == "shape":
            return self.of(node.value)
        return 1


def function_of(node: ast.Call) -> str:
    """The name of the function that is called."""
    return node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)


def parts_of(node: ast.Subscript) -> Sequence[ast.expr]:
    """What stands between the brackets, one per comma."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def constant(node: ast.expr | None) -> object:
    """The value of a literal; also of `-1`. None of anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = constant(node.operand)
        return -inner if isinstance(inner, (int, float)) else None
    if isinstance(node, ast.Tuple):
        return tuple(constant(item) for item in node.elts)
    return None


def printed_lines(
    lines: Sequence[ast.stmt], ranks: Ranks, text: Callable[[ast.expr], str]
) -> list[tuple[str | None, str]]:
    """The text of each line's value, with the name that it is assigned to (None for a formula).

    Args:
        lines: a formula, assignments before it.
        ranks: learns the names that are assigned.
        text: prints a value.
    """
    printed: list[tuple[str | None, str]] = []
    for line in lines:
        assert isinstance(line, (ast.Assign, ast.Expr)), ast.dump(line)
        value = text(line.value)
        name = None
        if isinstance(line, ast.Assign):
            (target,) = line.targets
            assert isinstance(target, ast.Name)
            name = target.id
            ranks.names[name] = ranks.of(line.value)
        printed.append((name, value))
    return printed
