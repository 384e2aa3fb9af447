"""The rows of the tape: values forward, adjoints and what they are the sum of backward.

One reverse pass gives the adjoints of all rows that are shown, and tells each contribution as it
is made; one run gives all the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.autodiff import gradient, pulled, total
from gradcli.execute import run
from gradcli.explaining.derivatives import Locals, Text, is_number
from gradcli.explaining.uses import LARGE, has_kinks, reached, summed_axes, uses_of
from gradcli.explanation import Contribution, Local, Row
from gradcli.graph import CONSTANT, INPUT, Array, Graph, Node, constant
from gradcli.ops.arithmetic import full_like
from gradcli.render.latex import name_latex

USES = 6
"""A value that is used more often shows the first of its contributions, and the last."""
SHOWN_USES = 3
SHORT = 24
"""Characters of a local derivative that a contribution spells out."""


class Tape:
    """The record of one program at one point.

    Args:
        rows: every row, in order; their numbers count from 1.
        names: by node id.
        output: the target.
        graph: where the texts are.
        shown: the rows that are wanted.
        variables: the inputs that the target is differentiated by.
        full: whether every contribution is wanted.
    """

    def __init__(
        self,
        rows: Sequence[Node],
        names: Mapping[int, str],
        output: Node,
        graph: Graph,
        *,
        shown: Iterable[Node],
        variables: Sequence[Node],
        full: bool,
    ) -> None:
        self.names = names
        self.output = output
        self.source = graph.source
        self.variables = variables
        self.full = full
        self.shown = list(shown)
        self.numbers = {node.id: number for number, node in enumerate(rows, 1)}
        self.latex_names = {key: name_latex(name) for key, name in names.items()}
        self.locals = Locals(names, self.latex_names)
        self.active = reached(rows, variables)
        self.uses = uses_of(rows, self.shown, self.active)
        self.values: dict[int, Array] = {}
        self.adjoints: dict[int, Array] = {}
        self.sent: dict[tuple[int, int], Array] = {}
        self.rest: dict[int, Array] = {}
        self.rest_count: dict[int, int] = {}
        self.made: set[tuple[int, int]] = set()
        self.slopes: dict[tuple[int, int], Array] = {}

    def rows(self, inputs: Mapping[str, Any]) -> dict[int, Row]:
        """The rows that are shown, by node id."""
        self._compute(inputs)
        return {node.id: self._row(node) for node in self.shown}

    # --- numbers

    def _compute(self, inputs: Mapping[str, Any]) -> None:
        """Everything that the rows need, in one reverse pass and one run."""
        picked = {node.id: self._picked(node) for node in self.shown}
        wanted = {node.id: node for node in self.shown if self._differentiated(node)}
        wanted |= {node.id: node for node in self.variables}
        for uses in picked.values():
            wanted |= {user.id: user for user, _ in uses}
        sent: dict[tuple[int, int], Node] = {}
        rest: dict[int, list[Node]] = {}
        chosen = {(user.id, place) for uses in picked.values() for user, place in uses}

        def record(user: Node, place: int, contribution: Node) -> None:
            parent = user.inputs[place]
            self.made.add((user.id, place))
            if (user.id, place) in chosen:
                sent[user.id, place] = contribution
            elif parent.id in picked:
                rest.setdefault(parent.id, []).append(contribution)

        order = list(wanted.values())
        pulls = gradient(self.output, order, record=record)
        self.rest_count = {key: len(nodes) for key, nodes in rest.items()}
        adjoints = {n.id: pull for n, pull in zip(order, pulls, strict=True) if pull is not None}
        slopes: dict[tuple[int, int], Node] = {}
        for node in {n.id: n for n in (*self.shown, *order)}.values():
            slopes |= self._slopes(node)
        jobs: list[tuple[dict[Any, Array], Any, Node]] = []
        jobs += [(self.values, node.id, node) for node in self.shown]
        jobs += [
            (self.values, parent.id, parent)
            for node in self.shown
            if has_kinks(node)
            for parent in node.inputs
        ]
        jobs += [(self.adjoints, key, node) for key, node in adjoints.items()]
        jobs += [(self.sent, key, node) for key, node in sent.items() if node.size <= LARGE]
        jobs += [(self.rest, key, total(nodes)) for key, nodes in rest.items()]
        jobs += [(self.slopes, key, node) for key, node in slopes.items()]
        for (table, key, _), array in zip(jobs, run([j[2] for j in jobs], inputs), strict=True):
            table[key] = array

    def _picked(self, node: Node) -> list[tuple[Node, int]]:
        """The uses of a value whose contributions are shown one by one."""
        uses = [use for use in self.uses.get(node.id, []) if use[0].op.vjp is not None]
        if self.full or len(uses) <= USES:
            return uses
        return [*uses[:SHOWN_USES], uses[-1]]

    def _slopes(self, node: Node) -> dict[tuple[int, int], Node]:
        """The local derivatives of an elementwise operation, by node and position."""
        if not node.op.elementwise or node.op.vjp is None or node.size > LARGE:
            return {}
        if not any(self._differentiated(parent) for parent in node.inputs):
            return {}
        ones = constant(1.0, node.dtype) if node.shape == () else full_like(node, 1.0)
        return {
            (node.id, place): slope
            for place, slope in enumerate(pulled(node, ones))
            if slope is not None and self._differentiated(node.inputs[place])
        }

    def _differentiated(self, node: Node) -> bool:
        return node.id in self.active and node.dtype.kind == "f"

    # --- rows

    def _row(self, node: Node) -> Row:
        row = Row(
            self.numbers[node.id],
            self.names[node.id],
            node.op.name,
            self._source(node),
            None if node.op is INPUT else node.span,
            self.values[node.id],
            operands=[self._operand(parent) for parent in node.inputs],
            note=self._note(node),
            is_target=node is self.output,
        )
        row.locals = self._locals(node)
        if self._differentiated(node):
            row.adjoint = self.adjoints.get(node.id)
            if row.adjoint is None:
                row.adjoint = np.zeros(node.shape, node.dtype)
            row.contributions = self._contributions(node)
        return row

    def _source(self, node: Node) -> str:
        if node.span is None or node.op is INPUT:
            return ""
        return " ".join(self.source[slice(*node.span)].split())

    def _operand(self, node: Node) -> str:
        if is_number(node):
            return f"{node.params['value'].item():.6g}"
        return self.names[node.id]

    def _note(self, node: Node) -> str | None:
        below = any(self._differentiated(parent) for parent in node.inputs)
        if node.op is INPUT:
            if node.dtype.kind == "b":
                return "truth values; there is no derivative by them"
            return None if self._differentiated(node) else "held constant"
        if node.op is CONSTANT:
            return None
        if node.op.cut is not None and below:
            reason = "" if node.op.cut == node.op.name else f": {node.op.cut}, its derivative is 0"
            return f"{node.op.name} cuts the path{reason}"
        if below and self._at_a_kink(node):
            if any(
                not np.all(np.isfinite(array))
                for (key, _), array in self.slopes.items()
                if key == node.id
            ):
                return "the derivative is not finite at this point"
            return "no derivative at this point; the tape takes the number shown, by convention"
        return None

    def _at_a_kink(self, node: Node) -> bool:
        if not has_kinks(node) or node.op.kink is None:
            return False
        with np.errstate(all="ignore"):
            arrays = [self.values[parent.id] for parent in node.inputs]
            return bool(np.any(node.op.kink(*arrays, **node.params)))

    def _locals(self, node: Node) -> list[Local]:
        operands = {p.id: place for place, p in reversed(list(enumerate(node.inputs)))}
        wanted = {
            key: place
            for key, place in reversed(operands.items())
            if self._differentiated(node.inputs[place])
        }
        if node.op.vjp is None or not wanted:
            return []
        if not node.op.elementwise:
            texts = self.locals.phrases(node, "·")
            return [
                Local(self.names[parent.id], texts[place], linear=True)
                for place, parent in enumerate(node.inputs)
                if self._differentiated(parent)
            ]
        forms = self.locals.by_operand(node)
        found = []
        for key in wanted:
            slopes = [
                self.slopes[node.id, place]
                for place, parent in enumerate(node.inputs)
                if parent.id == key and (node.id, place) in self.slopes
            ]
            text, latex = forms.get(key, ("", None))
            value = np.asarray(sum(slopes[1:], slopes[0])) if slopes else None
            if value is None and node.size <= LARGE:
                value = np.zeros(node.shape, node.dtype)  # this operand is cut
            found.append(Local(self.names[key], text, latex, value))
        return found

    # --- contributions

    def _contributions(self, node: Node) -> list[Contribution]:
        found = []
        if node is self.output:
            found.append(self._seed(node))
        picked = self._picked(node)
        for number, (user, place) in enumerate(picked, 1):
            if number == len(picked) and node.id in self.rest:
                found.append(self._others(node))
            if (user.id, place) in self.made:
                found.append(self._contribution(node, user, place))
        cuts = {
            user.id: user
            for user, place in self.uses.get(node.id, [])
            if user.op.vjp is None
            or (user.id in self.adjoints and (user.id, place) not in self.made)
        }
        for user in cuts.values():
            if self.full or len(found) < USES:
                name = self.names[user.id]
                note = f"nothing through {name}: {user.op.name} cuts the path"
                found.append(Contribution(name, self.numbers[user.id], "0", note=note))
        return found

    def _seed(self, node: Node) -> Contribution:
        ones = np.ones(node.shape, node.dtype)
        text = "the target itself" if node.size == 1 else "the target, whose entries are added up"
        return Contribution("", self.numbers[node.id], text, value=ones)

    def _others(self, node: Node) -> Contribution:
        count = self.rest_count[node.id]
        text = f"({count} more)"
        return Contribution("", 0, text, value=self.rest[node.id], count=count - 1)

    def _contribution(self, node: Node, user: Node, place: int) -> Contribution:
        name, sign = self.names[user.id], f"adjoint({self.names[user.id]})"
        bar = rf"\bar{{{self.latex_names[user.id]}}}"
        adjoint = local = None
        latex: str | None = None
        if user.op.elementwise:
            text, latex = _product(sign, bar, self._factor(user, place))
            if node.shape != user.shape:
                axes = summed_axes(user.shape, node.shape)
                text = f"sum({text}{axes})"
                latex = rf"\textstyle\sum {latex}"
            if node.shape == user.shape == ():
                adjoint, local = self.adjoints.get(user.id), self.slopes.get((user.id, place))
        else:
            text = self.locals.phrases(user, sign)[place]
        value = self.sent.get((user.id, place))
        return Contribution(name, self.numbers[user.id], text, latex, value, adjoint, local)

    def _factor(self, user: Node, place: int) -> Text:
        """The local derivative as a factor: spelt out where it is short."""
        text, latex = self.locals.by_position(user).get(place, ("", None))
        if text and len(text) <= SHORT and latex is not None:
            return text, latex
        parent = user.inputs[place]
        above, below = self.latex_names[user.id], self.latex_names[parent.id]
        quotient = rf"\frac{{\partial {above}}}{{\partial {below}}}"
        return f"∂{self.names[user.id]}/∂{self.names[parent.id]}", quotient


def _product(sign: str, bar: str, factor: Text) -> Text:
    """`adjoint(z)*2*x`, without a factor 1 and with brackets round a sum."""
    text, latex = factor[0], factor[1] or ""
    if text == "1":
        return sign, bar
    if text == "-1":
        return f"-{sign}", f"-{bar}"
    if text.startswith("1/") and " " not in text:
        return sign + text[1:], rf"{bar} \cdot {latex}"
    if " " in text or text.startswith("-"):
        whole = text.endswith(")") and text.partition("(")[0].isidentifier()
        if not whole or text.count("(") > 1:
            text, latex = f"({text})", rf"\left({latex}\right)"
    return f"{sign}*{text}", rf"{bar} \cdot {latex}"
