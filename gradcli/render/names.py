"""What the differentiated value is called where it needs a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.results import Result


RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def derivative_label(result: Result, name: str) -> str:
    """`∂f/∂x`, `∂sum(f)/∂x`, for the blocks of a Hessian `∂²f/∂x²` or `∂²f/∂x∂w`; products are
    `J⋅v`, `c⋅∂f/∂x` and `H⋅v`, or `(H⋅v)_x` where there are several.
    """
    letter = target_letter(result)
    over = f"sum({letter})" if result.target.summed else letter
    if result.product == "jvp":
        return "J⋅v"
    if result.product == "vjp":
        return f"c⋅∂{over}/∂{name}"
    if result.product == "hvp":
        return "H⋅v" if len(result.gradient) == 1 else f"(H⋅v)_{name}"
    if (result.order or 1) > 1:
        power = str(result.order).translate(RAISED)
        return f"∂{power}{over}/∂{name}{power}"
    if result.command != "hessian":
        return f"∂{over}/∂{name}"
    row, _, column = name.partition(",")
    return f"∂²{over}/∂{row}²" if row == column else f"∂²{over}/∂{row}∂{column}"


def target_letter(result: Result) -> str:
    """The target's own name, else `f`, or the next letter that no variable has."""
    variables = {name for key in result.gradient for name in key.split(",")}
    if result.target.name is not None:
        return result.target.name
    return next((letter for letter in "fghFGHLJ" if letter not in variables), "value")


def path_text(path: Sequence[str]) -> str:
    """On which branches and after how many turns the answer holds.

    Example:
        >>> path_text(["while norm(b) < 1000: 9 turns", "if sum(b) > 0: taken"])
        'on the path taken: while norm(b) < 1000: 9 turns, if sum(b) > 0: taken'
    """
    return "on the path taken: " + ", ".join(path)
