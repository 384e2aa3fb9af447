"""Plain text for pipes: values in the syntax that inputs are written in, and nothing else.

`0,4,8,12` is a vector, `1,2;3,4` a matrix, `0;4;8` a column; anything else is a nested list. No
wrapping, no truncation, no colour, every float exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradcli.render.numbers import chunks, error_size, exact, short

if TYPE_CHECKING:
    import numpy as np

    from gradcli.results import Comparison, Result, Verdict

    Array = np.ndarray[Any, np.dtype[Any]]


def plain(result: Result) -> Iterator[str]:
    """Pieces of the plain text of a result: gradients for `grad`, the verdict for `check`.

    The steps of a derivation stand before the numbers.
    """
    if result.command == "check" and result.check is not None:
        yield from verdict_lines(result.check)
        return
    if result.command == "eval":
        yield from array_text(result.target.value)
        yield "\n"
        return
    bare = len(result.gradient) == 1
    for name, derivative in result.gradient.items():
        if derivative.closed is not None:
            yield from (f"{rule}: {text}\n" for rule, text in derivative.closed.steps)
        if not bare:
            yield f"{name}="
        yield from array_text(derivative.value)
        yield "\n"


def array_text(array: Array) -> Iterator[str]:
    """Pieces of an array's text, as an input value is written.

    Example:
        >>> import numpy as np
        >>> "".join(array_text(np.array([[1.0, 2.5], [3.0, 4.0]])))
        '1,2.5;3,4'
    """
    shape = array.shape
    if 0 in shape:
        yield "[]" if shape == (0,) else f"zeros({shape})".replace(" ", "")
    elif array.ndim > 2 or shape in ((1,), (1, 1)) or (array.dtype.kind == "b" and array.ndim > 0):
        yield from nested(array)
    elif array.ndim < 2:
        yield from entries(array)
    elif shape[0] == 1:
        yield "[["
        yield from entries(array)
        yield "]]"
    elif shape[1] == 1:
        yield from entries(array, ";")
    else:
        for number, row in enumerate(array):
            yield ";" if number else ""
            yield from entries(row)


def entries(array: Array, separator: str = ",") -> Iterator[str]:
    """The entries in one line, a bounded number at a time."""
    for number, chunk in enumerate(chunks(array)):
        yield separator if number else ""
        if array.dtype.kind == "f":
            yield joined(chunk, separator)
        else:
            yield separator.join(map(scalar, chunk))


def joined(floats: list[float], separator: str) -> str:
    """The exact texts of some floats; what `exact` does, without a call for each.

    Example:
        >>> joined([1.0, 2.5, 10.0, 1e22, float("-inf")], ";")
        '1;2.5;10;1e+22;-inf'
    """
    text = repr(floats)[1:-1].replace(" ", "") + ","
    text = text.replace(".0,", ",")[:-1]
    return text if separator == "," else text.replace(",", separator)


def nested(array: Array) -> Iterator[str]:
    """Nested lists, written axis by axis."""
    if array.ndim == 1:
        yield "["
        yield from entries(array)
        yield "]"
        return
    for number, part in enumerate(array):
        yield "," if number else "["
        yield from nested(part)
    yield "]"


def scalar(value: Any) -> str:
    """One entry: a float exactly, a truth value as `True` or `False`."""
    return str(value) if isinstance(value, bool) else exact(float(value))


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """`agree (formula exact, difference 1.3e-11 <= 2e-8)`: worst error and tolerance per witness;
    below it the reasons where it is not agreement.
    """
    worst = ", ".join(
        f"{name} {error_text(one)}" for name, one in worst_comparisons(verdict).items()
    )
    yield f"{verdict.verdict} ({worst})\n" if worst else f"{verdict.verdict}\n"
    if verdict.verdict != "agree":
        for reason in verdict.reasons:
            yield f"{reason}\n"


def error_text(one: Comparison) -> str:
    """The worst error of a witness and what is allowed there."""
    if one.ok is None:
        return "says nothing"
    if one.witness == "taylor":
        return slope_text(one)
    if one.ok and one.max_abs == 0:
        return "exact"
    return f"{error_size(one.max_abs)} {'<=' if one.ok else '>'} {short(one.tolerance, 2)}"


def slope_text(one: Comparison) -> str:
    """What the Taylor witness found: the slope of the remainder (2 when right), or that it is 0."""
    return one.note.partition(":")[0] if one.note else f"slope {2 - one.max_abs:.2f}"


def worst_comparisons(verdict: Verdict) -> dict[str, Comparison]:
    """By witness, its worst comparison: disagreement before agreement before silence."""
    worst: dict[str, Comparison] = {}
    for comparison in verdict.comparisons:
        before = worst.get(comparison.witness)
        if before is None or rank(comparison) > rank(before):
            worst[comparison.witness] = comparison
    return worst


def rank(comparison: Comparison) -> tuple[int, float]:
    """By outcome, then by the error in units of its tolerance; nan is the largest."""
    order = {None: 0, True: 1, False: 2}[comparison.ok]
    size = comparison.max_abs / (comparison.tolerance or 1.0)
    return order, float("inf") if size != size else size
