"""A fragment to paste into a LaTeX document (needs amsmath): value, and each gradient's formula."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gradcli.render.names import target_letter
from gradcli.render.numbers import listed, shape_text, short

if TYPE_CHECKING:
    import numpy as np

    from gradcli.results import Derivative, Result

    Array = np.ndarray[Any, np.dtype[Any]]

ROWS, COLUMNS = 12, 10
"""A larger matrix is named by its shape instead of being written out."""

GREEK = (
    " alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega "
)
ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: "\\" + character for character in "#$%&_{}"},
}


def latex(result: Result) -> Iterator[str]:
    """Pieces of an `align*` environment; a bare value where nothing was differentiated."""
    if not result.gradient:
        yield f"\\[ {array_latex(result.target.value)} \\]\n"
        return
    yield "\\begin{align*}\n"
    target = name_latex(target_letter(result))
    yield f"  {target} &= {array_latex(result.target.value)}"
    over = f"\\sum {target}" if result.target.summed else target
    for name, derivative in result.gradient.items():
        yield " \\\\\n"
        yield f"  {label_latex(result, over, name)} &= "
        yield derivative_latex(derivative)
    yield "\n\\end{align*}\n"


def label_latex(result: Result, over: str, name: str) -> str:
    """What stands on the left of a derivative."""
    if result.product == "jvp":
        return "J v"
    if result.product == "vjp":
        return f"c \\cdot {quotient_latex(over, name)}"
    if result.product == "hvp":
        return "H v" if len(result.gradient) == 1 else f"(H v)_{{{name_latex(name)}}}"
    if (result.order or 1) > 1:
        below = f"\\partial {name_latex(name)}^{{{result.order}}}"
        return f"\\frac{{\\partial^{{{result.order}}} {over}}}{{{below}}}"
    return quotient_latex(over, name)


def quotient_latex(over: str, name: str) -> str:
    """The derivative sign of one variable, or of a pair."""
    row, _, column = name.partition(",")
    if not column:
        return f"\\frac{{\\partial {over}}}{{\\partial {name_latex(name)}}}"
    below = f"\\partial {name_latex(row)}"
    below += "^2" if row == column else f" \\partial {name_latex(column)}"
    return f"\\frac{{\\partial^2 {over}}}{{{below}}}"


def derivative_latex(derivative: Derivative) -> str:
    """The closed form, else the numbers."""
    if derivative.closed is not None and derivative.closed.latex is not None:
        closed = derivative.closed
        lines = [f"&\\quad {name} = {text}" for name, text in closed.shared_latex]
        return " \\\\\n  ".join([closed.short_latex or closed.latex or "", *lines])
    return array_latex(derivative.value)


def array_latex(array: Array) -> str:
    """Numbers as LaTeX: a scalar, a column for a vector, a matrix; else its shape in words."""
    if array.ndim == 0:
        return number_latex(listed(array)[0])
    rows = array.reshape(-1, 1) if array.ndim == 1 else array
    if array.ndim > 2 or rows.shape[0] > ROWS or rows.shape[1] > COLUMNS or array.size == 0:
        return f"\\text{{an array of shape {shape_text(array.shape)}}}"
    body = " \\\\ ".join(" & ".join(map(number_latex, listed(row))) for row in rows)
    return f"\\begin{{bmatrix}} {body} \\end{{bmatrix}}"


def number_latex(value: Any) -> str:
    """One number, six digits."""
    if isinstance(value, bool):
        return f"\\text{{{value}}}"
    if value != value:
        return "\\text{nan}"
    if value in (float("inf"), float("-inf")):
        return "\\infty" if value > 0 else "-\\infty"
    text = short(value)
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa} \\times 10^{{{int(exponent)}}}"
    return text


def name_latex(name: str) -> str:
    """A name as an identifier: `x`, `x_{1}`, `\\theta`, `\\mathrm{rate}`."""
    stem, _, index = name.partition("_")
    if not stem or "_" in index or not index:
        stem, index = name, ""
    if not index and (match := re.fullmatch(r"([A-Za-z]+?)(\d+)", name)):
        stem, index = match.groups()
    if f" {stem} " in GREEK:
        stem = "\\" + stem
    elif len(stem) > 1:
        stem = f"\\mathrm{{{escaped(stem)}}}"
    else:
        stem = escaped(stem)
    return f"{stem}_{{{index if index.isdigit() else escaped(index)}}}" if index else stem


def escaped(text: str) -> str:
    """Text with LaTeX's special characters escaped."""
    return "".join(ESCAPES.get(character, character) for character in text)
