"""The derivation of a closed form as a few lines in index notation, for people who learn it.

`lowered` (the target in index notation), `differentiated` (the chain rule, Kronecker deltas still
standing), `deltas eliminated`, `simplified`, `matrix form`. Where a function of whole arrays is on
the way (`logdet`, `solve` ...), its differential is named instead, and the adjoints of what is
between are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy
from sympy import Add, Expr, Integer, Mul, Pow
from sympy.core.function import ArgumentIndexError

from gradcli.graph import Node
from gradcli.symbolic import tree as t
from gradcli.symbolic.accumulate import accumulate
from gradcli.symbolic.atoms import ATOMS
from gradcli.symbolic.indices import (
    Contraction,
    Entry,
    Index,
    NoFormError,
    contract,
    delta,
    indices_of,
)
from gradcli.symbolic.lower import Definitions
from gradcli.symbolic.notation import IndexText, is_small

Steps = list[tuple[str, str]]

WIDTH = 200
"""Characters of a line; the rest is left out."""
DIFFERENTIATED = 200
"""A target with more pieces is not differentiated in one line."""
LINKS = 4
"""Adjoints that are shown at most."""
NOT_WRITTEN = (NoFormError, NotImplementedError, ArgumentIndexError)
UNFORESEEN = (
    *NOT_WRITTEN,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What SymPy may raise on an expression that nobody thought of: the formula stands without them."""


def derivation(
    definitions: Definitions,
    output: Node,
    variable: Node,
    name: str,
    rows: Sequence[Any],
    taken: Sequence[str],
    *,
    accumulated: Expr,
    chosen: Expr,
    formula: str,
) -> Steps:
    """The lines of a derivation, or a remark that there are none; arguments as for `Derivation`."""
    if definitions.late():
        return [("remark", "no time is left for the derivation")]
    try:
        lines = Derivation(definitions, output, variable, name, rows, taken)
        return lines.steps(accumulated, chosen, formula)
    except UNFORESEEN as error:
        return [("remark", f"the derivation was not written down ({type(error).__name__})")]


class Derivation:
    """The lines of the derivative by one variable.

    Args:
        definitions: the graph in index notation.
        output: the target.
        variable: the node of the variable; `name` is its name.
        rows: the indices of the target's entry, empty where its sum is differentiated.
        taken: the names of all inputs.
    """

    def __init__(
        self,
        definitions: Definitions,
        output: Node,
        variable: Node,
        name: str,
        rows: Sequence[Any],
        taken: Sequence[str],
    ) -> None:
        self.definitions = definitions
        self.output = output
        self.variable = variable
        self.name = name
        self.rows = rows
        self.text = IndexText(definitions.shapes, taken)
        self.letter = next(letter for letter in (*"fghFGHLJ", "value") if letter not in taken)
        self.axes = definitions.formal[variable.id]
        self.scope = self.text.names(rows)
        self.scope |= self.text.names(self.axes, max(2, len(self.scope)))
        formal = definitions.formal[output.id]
        if rows:
            renamed = {old: new for old, new in zip(formal, rows, strict=True) if old != 0}
            self.lowered = definitions.expr[output.id].xreplace(renamed)
            self.target = self.text.entry(self.letter, rows, self.scope)
        else:
            summed = [index for index in formal if isinstance(index, Index)]
            self.lowered = contract(definitions.expr[output.id], summed)
            self.target = f"sum({self.letter})" if summed else self.letter

    def steps(self, accumulated: Expr, chosen: Expr, formula: str) -> Steps:
        """All lines, each with the rule that leads to it.

        Args:
            accumulated: the derivative in index notation.
            chosen: the simplified form that became the formula.
            formula: the closed form's text.
        """
        derivative = f"∂{self.target}/∂{self.text.entry(self.name, self.axes, self.scope)}"
        lines: Steps = []

        def add(rule: str, label: str, expr: Expr) -> None:
            line = self._line(label, expr)
            if line is not None and line not in [text for _, text in lines]:
                lines.append((rule, line))

        add("lowered", self.target, self.lowered)
        if not lines:
            lines.append(("lowered", f"{self.target} = … (too long to be written down)"))
        raw = self._raw()
        if raw is not None:
            add("differentiated", derivative, raw)
            add("deltas eliminated", derivative, accumulated)
        else:
            lines += self._differentials()
            lines += self._links()
            add("differentiated", derivative, accumulated)
        add("simplified", derivative, chosen)
        lines.append(("matrix form", cut(f"∂{self.letter_of()}/∂{self.name} = {formula}")))
        return lines

    def letter_of(self) -> str:
        """The target without indices."""
        return self.letter if self.rows else self.target

    def _line(self, label: str, expr: Expr) -> str | None:
        try:
            return cut(f"{label} = {self.text.line(expr, self.scope)}")
        except NOT_WRITTEN:
            return None

    # --- one line: the chain rule over the whole lowered target

    def _raw(self) -> Expr | None:
        """The derivative with its deltas, None where it is not to be had in one line."""
        stopped = any(node.op.cut is not None for node in self._between())
        if stopped or not is_small(self.lowered, DIFFERENTIATED):
            return None
        variable = self.definitions.expr[self.variable.id]
        if not isinstance(variable, Entry) or variable.tensor.kind:
            return None  # the structure of an input is used, and every entry varies on its own
        try:
            found = differential(self.lowered, variable)
        except NOT_WRITTEN:
            return None
        return None if found.has(sympy.Derivative, sympy.Subs) else found

    # --- several lines: functions of whole arrays

    def _between(self) -> list[Node]:
        """The nodes that depend on the variable, cuts included, in the order of the program."""
        reached = {self.variable.id}
        found = []
        for node in self.definitions.order:
            if any(parent.id in reached for parent in node.inputs):
                found.append(node)
                if node.op.cut is None:
                    reached.add(node.id)
        return found

    def _differentials(self) -> Iterator[tuple[str, str]]:
        """The differential of each function of whole arrays, as its rule states it; and cuts."""
        seen = set()
        for node in self._between():
            if node.op.cut is not None and node.op.name not in seen:
                seen.add(node.op.name)
                yield "cut", f"no derivative goes through {node.op.name}: {node.op.cut}"
            atom = ATOMS.get(node.op.name)
            if atom is None or not atom.applies(node) or node.op.name in seen:
                continue
            seen.add(node.op.name)
            rule = (atom.adjoints.__doc__ or "").partition("\n")[0].partition(";")[0].rstrip(".")
            if "=" in rule:
                yield "differential", rule

    def _links(self) -> Steps:
        """The adjoints of what stands between the target and the variable."""
        recorded: list[tuple[Node, Expr]] = []
        accumulate(
            self.definitions,
            self.output,
            [self.variable],
            self.rows,
            record=lambda node, adjoint: recorded.append((node, adjoint)),
        )
        lines: Steps = []
        between = {node.id for node in self._between()} - {self.output.id}
        for node, adjoint in recorded:
            if node.id not in between or adjoint.is_Number or len(lines) == LINKS:
                continue
            axes = self.definitions.formal[node.id]
            rows = self.text.names(self.rows)
            scope = {**rows, **self.text.names(axes, max(2, len(rows)))}
            try:
                tree = self.text.translator.text(self.definitions.expr[node.id], axes)
                if tree.kind == "transpose":
                    continue
                name = t.text_of(tree) if tree.kind in ("name", "call") else f"({t.text_of(tree)})"
                label = f"∂{self.target}/∂{self.text.entry(name, axes, scope)}"
                lines.append(("chain rule", cut(f"{label} = {self.text.line(adjoint, scope)}")))
            except NOT_WRITTEN:
                continue
        return lines


def differential(expr: Any, variable: Entry) -> Expr:
    """The derivative of an expression by an entry; sums over indices keep their deltas.

    Raises:
        NoFormError: for a function of whole arrays.
    """
    if variable.tensor not in expr.free_symbols:
        return Integer(0)
    if isinstance(expr, Entry):
        pairs = zip(expr.indices, variable.indices, strict=True)
        return Mul(*(delta(a, b) for a, b in pairs))
    if isinstance(expr, Add):
        return Add(*(differential(term, variable) for term in expr.args))
    if isinstance(expr, Mul):
        return Add(
            *(
                Mul(*expr.args[:n], differential(factor, variable), *expr.args[n + 1 :])
                for n, factor in enumerate(expr.args)
            )
        )
    if isinstance(expr, Contraction):
        return _summed(differential(expr.body, variable), expr.bound)
    if isinstance(expr, Pow):
        base, exponent = expr.args
        below, above = differential(base, variable), differential(exponent, variable)
        # One product, not two: SymPy multiplies a number into a lone bracket.
        return Mul(exponent, base ** (exponent - 1), below) + Mul(expr, sympy.log(base), above)
    if isinstance(expr, sympy.Function):
        return Add(
            *(
                Mul(*Mul.make_args(expr.fdiff(n + 1)), inner)
                for n, argument in enumerate(expr.args)
                if (inner := differential(argument, variable)) != 0
            )
        )
    raise NoFormError(f"no derivative of {type(expr).__name__} in one line")


def _summed(body: Expr, bound: Sequence[Index]) -> Expr:
    """The sum over indices with nothing but the factors that have none of them drawn out."""
    if body == 0:
        return Integer(0)
    inside = [f for f in Mul.make_args(body) if indices_of(f) & set(bound)]
    outside = [f for f in Mul.make_args(body) if not indices_of(f) & set(bound)]
    used = [index for index in bound if any(index in indices_of(f) for f in inside)]
    sizes = [index.dim.symbol for index in bound if index not in used]
    return Mul(*outside, *sizes, Contraction(Mul(*inside), *used) if used else Integer(1))


def cut(text: str) -> str:
    """A line of at most about `WIDTH` characters, with a remark where something is left out."""
    if len(text) <= WIDTH:
        return text
    return f"{text[:WIDTH].rstrip()}… ({len(text) - WIDTH} more characters)"
