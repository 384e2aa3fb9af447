"""The local derivative of one operation in words that can be read: SymPy's for an elementwise one,
a line of matrix notation or a phrase for one of whole arrays.

Only the text is made here. Numbers come from the operation's own rule, through `autodiff`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gradcli.explaining.phrases import phrases
from gradcli.graph import FLOAT64, Graph, Node, apply, input_node, is_constant
from gradcli.road.forms import closed_forms_of
from gradcli.sharing import frozen

LETTERS = "abcdghkm"
"""Stand-ins for the operands while SymPy works; none is a function or a constant."""
LETTER = re.compile(rf"(?<![\w\\.])[{LETTERS}](?![\w(])")
LETTER_LATEX = re.compile(rf"(?<![A-Za-z\\])[{LETTERS}](?![A-Za-z])")
READABLE = 60
"""A longer text says less than a name."""

Text = tuple[str, str | None]
"""In gradcli's language, and in LaTeX (None for words)."""


class Locals:
    """Local derivatives as text, each shape of operation worked out once.

    Args:
        names: of rows, by node id.
        latex_names: the same in LaTeX.
    """

    def __init__(self, names: Mapping[int, str], latex_names: Mapping[int, str]) -> None:
        self.names = names
        self.latex_names = latex_names
        self._known: dict[object, dict[int, Text] | None] = {}

    def by_operand(self, node: Node) -> dict[int, Text]:
        """Of an elementwise operation, by the id of each operand: an operand that is given twice
        has one derivative, that of both together (`2*x` of `x*x`).
        """
        order = {parent.id: place for place, parent in _variables(node, apart=False)}
        texts = self._texts(node, apart=False)
        return {key: texts[place] for key, place in order.items() if place in texts}

    def by_position(self, node: Node) -> dict[int, Text]:
        """Of an elementwise operation, by the position of each operand."""
        return self._texts(node, apart=True)

    def phrases(self, node: Node, g: str) -> Sequence[str]:
        """Of an operation on whole arrays, by position: what becomes of the adjoint `g`."""
        return phrases(node, g, self.names[node.id], [self._operand(each) for each in node.inputs])

    def _operand(self, node: Node) -> str:
        return self.names.get(node.id, node.op.name)

    def _texts(self, node: Node, apart: bool) -> dict[int, Text]:
        variables = _variables(node, apart)
        if len(variables) > len(LETTERS):
            return {}
        slots = {}
        for letter, (position, parent) in zip(LETTERS, variables, strict=False):
            slots[position if apart else parent.id] = letter
        pattern = tuple(
            slots.get(position if apart else parent.id) or frozen(parent.params["value"])
            for position, parent in enumerate(node.inputs)
        )
        key = (node.op.name, pattern, frozen(node.params), *(p.dtype.kind for p in node.inputs))
        if key not in self._known:
            self._known[key] = self._derived(node, pattern)
        found = self._known[key] or {}
        stands = {letter: parent for letter, (_, parent) in zip(LETTERS, variables, strict=False)}
        return {
            position: (
                LETTER.sub(lambda m: self._operand(stands[m[0]]), text),
                None
                if latex is None
                else LETTER_LATEX.sub(lambda m: self.latex_names[stands[m[0]].id], latex),
            )
            for position, (text, latex) in found.items()
        }

    def _derived(self, node: Node, pattern: Sequence[object]) -> dict[int, Text]:
        """SymPy's derivatives of the scalar formula, by the first position of each letter."""
        inputs: dict[str, Node] = {}
        operands = []
        places: dict[int, str] = {}
        for position, (slot, parent) in enumerate(zip(pattern, node.inputs, strict=True)):
            if not isinstance(slot, str):
                operands.append(parent)
                continue
            if slot not in inputs:
                dtype = FLOAT64 if parent.dtype.kind == "f" else parent.dtype
                inputs[slot] = input_node(slot, (), dtype)
                if parent.dtype.kind == "f":
                    places[position] = slot
            operands.append(inputs[slot])
        graph = Graph(inputs, apply(node.op, *operands, **node.params))
        forms = closed_forms_of(graph, list(places.values()))
        found = {}
        for position, letter in places.items():
            text = forms[letter].text
            if text is not None and len(text) <= READABLE:
                found[position] = (text, forms[letter].latex)
        return found


def is_number(node: Node) -> bool:
    """Whether the node is a constant that a formula writes as a number."""
    return is_constant(node) and node.shape == ()


def _variables(node: Node, apart: bool) -> list[tuple[int, Node]]:
    """Operands that are no numbers, with their positions; each once, unless `apart`."""
    found: list[tuple[int, Node]] = []
    seen: set[int] = set()
    for position, parent in enumerate(node.inputs):
        if is_number(parent) or (parent.id in seen and not apart):
            continue
        seen.add(parent.id)
        found.append((position, parent))
    return found
