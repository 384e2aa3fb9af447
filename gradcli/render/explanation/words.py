"""The cells of the two tables as text, whatever they are shown in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.render.numbers import exact, listed, short

if TYPE_CHECKING:
    from gradcli.explanation import Contribution, Explanation, Local, Row

    Array = np.ndarray[Any, np.dtype[Any]]

FEW = 9
"""Entries of an array that are written out."""
LONGEST = 40
"""Characters of an array that is written out for reading."""
SPELT = 4
"""Up to so many entries are written out even where all are the same."""

LEGEND = "· is the adjoint of the row"


class Words:
    """How numbers are written.

    Args:
        digits: every digit, or at most six.
        full: every entry of an array.
    """

    def __init__(self, *, digits: bool, full: bool) -> None:
        self.digits = digits
        self.full = full

    def number(self, value: Any) -> str:
        """One number, or a truth value."""
        if isinstance(value, bool):
            return str(value)
        return exact(float(value) + 0.0) if self.digits else short(float(value))

    def array(self, array: Array) -> str:
        """A scalar, `[1, 2]`, `[1, 2; 3, 4]`, or what a long array amounts to."""
        if array.ndim == 0:
            return self.number(listed(array)[0])
        if not self.full and array.size > SPELT and np.all(array == array.flat[0]):
            return f"{self.number(listed(array[(0,) * array.ndim])[0])} in all {array.size} entries"
        if self.full or array.size <= FEW:
            text = nested(array, self.number)
            if self.full or self.digits or len(text) <= LONGEST:
                return text
        if array.dtype.kind != "f":
            return f"{array.size} entries, {int(np.count_nonzero(array))} of them not 0"
        write = short
        if array.ndim == 1:
            first, last = listed(array[:2]), listed(array[-1:])
            return f"[{', '.join(map(write, first))}, …, {write(last[0])}]"
        finite = array[np.isfinite(array)]
        if not finite.size:
            return "no entry is finite"
        bad = array.size - finite.size
        tail = f", {bad} not finite" if bad else ""
        return f"{write(float(finite.min()), 4)} to {write(float(finite.max()), 4)}{tail}"

    # --- forward

    def local(self, row: Row, local: Local) -> str:
        """`∂y/∂x = 2*x = 6`, or `to A: outer(·, x)`."""
        if local.linear:
            return f"to {local.by}: {local.text}"
        value = "" if local.value is None else self.array(local.value)
        parts = [f"∂{row.name}/∂{local.by}", local.text, value]
        if local.value is not None and self.is_number(local.text, local.value):
            parts[2 if local.value.ndim else 1] = ""
        return " = ".join(part for part in parts if part)

    def is_number(self, text: str, array: Array) -> bool:
        """Whether a derivative's text is its number already, the same in all entries."""
        if not array.size:
            return True
        return bool(np.all(array == array.flat[0])) and text == self.number(listed(array)[0])

    def forward(self, row: Row) -> list[str]:
        """The local derivatives of a row, and what there is to remark."""
        lines = [self.local(row, local) for local in row.locals]
        if row.note:
            lines.append(row.note)
        return lines

    # --- backward

    def backward(self, row: Row) -> list[str]:
        """Where an adjoint comes from: in letters, in numbers, added up; then what sends nothing.

        One line for each link of `adjoint(z)*y + adjoint(z)*y = 1*9 + 1*9 = 9 + 9 = 18`, without
        the last, which is the adjoint itself.
        """
        sent = [each for each in row.contributions if each.note is None]
        lines = []
        if sent:
            lines.append(signed([each.text for each in sent]))
            if len(sent) > 1 or any(each.local is not None for each in sent):
                factors = [self.factors(each) for each in sent]
                values = ["" if each.value is None else self.array(each.value) for each in sent]
                if all(factors):
                    lines.append("= " + signed(factors))
                if all(values) and len(sent) > 1 and values != factors:
                    lines.append("= " + signed(values))
        elif not row.contributions and row.adjoint is not None:
            lines.append("nothing arrives: no path leads here from the target")
        return [*lines, *(each.note for each in row.contributions if each.note)]

    def factors(self, contribution: Contribution) -> str:
        """`18*3`: the adjoint of the user times the local derivative; else the product."""
        adjoint, local = contribution.adjoint, contribution.local
        if adjoint is None or local is None or not is_product(contribution):
            return "" if contribution.value is None else self.array(contribution.value)
        return f"{bracketed(self.array(adjoint), False)}*{bracketed(self.array(local), True)}"


def nested(array: Array, number: Callable[[Any], str]) -> str:
    """`[1, 2]` and `[1, 2; 3, 4]`; more axes as lists of matrices."""
    if array.ndim == 1:
        return f"[{', '.join(map(number, listed(array)))}]"
    if array.ndim == 2:
        return f"[{'; '.join(', '.join(map(number, listed(row))) for row in array)}]"
    return f"[{', '.join(nested(part, number) for part in array)}]"


def is_product(contribution: Contribution) -> bool:
    """Whether there is a factor besides the adjoint: the local derivative is not 1 or -1."""
    return "*" in contribution.text or "/" in contribution.text


def bracketed(text: str, behind: bool) -> str:
    """A negative number behind a sign gets brackets."""
    return f"({text})" if behind and text.startswith("-") else text


def signed(terms: list[str]) -> str:
    """A sum; a term with a minus is subtracted, as people write it."""
    text = terms[0]
    for term in terms[1:]:
        text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
    return text


def gradients(explanation: Explanation, words: Words) -> Iterator[tuple[str, str]]:
    """`∂z/∂x` and its numbers, for each variable."""
    name = explanation.target.name or "f"
    over = f"sum({name})" if explanation.target.summed else name
    for variable, value in explanation.gradient.items():
        yield f"∂{over}/∂{variable}", words.array(value)


def uses_legend(explanation: Explanation) -> bool:
    """Whether a cell of the forward table stands in need of the legend."""
    return any("·" in local.text for row in explanation.rows for local in row.locals)
