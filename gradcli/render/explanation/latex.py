"""A fragment to paste into a LaTeX document (needs amsmath): both ways as aligned equations."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.explanation import Contribution, Explanation, Local, Mark, Row
from gradcli.render.characters import shortened
from gradcli.render.explanation.words import bracketed, is_product, signed
from gradcli.render.latex import array_latex, escaped, name_latex, quotient_latex

ROOM = 60
SIGNS = {
    "∂": r"$\partial$",
    "·": r"$\cdot$",
    "…": r"\dots{}",
    "→": r"$\to$",
}


def latex(explanation: Explanation) -> Iterator[str]:
    """Pieces of two `align*` environments, forward and backward."""
    yield "% forward\n\\begin{align*}\n"
    yield " \\\\\n".join(forward(explanation))
    yield "\n\\end{align*}\n% backward\n\\begin{align*}\n"
    yield " \\\\\n".join(backward(explanation))
    yield "\n\\end{align*}\n"


def forward(explanation: Explanation) -> Iterator[str]:
    """One line per row: what it is, and its local derivatives."""
    for item in explanation.story:
        if isinstance(item, Mark):
            yield f"  & {worded(item.text)}"
            continue
        source = f"\\texttt{{{worded_inside(shortened(item.source, ROOM))}}} = "
        line = f"  {name_latex(item.name)} &= {source if item.source else ''}"
        line += array_latex(item.value)
        if item.locals:
            line += " && " + ",\\quad ".join(local_latex(item, local) for local in item.locals)
        if item.note:
            line += f" && {worded(item.note)}"
        yield line


def local_latex(row: Row, local: Local) -> str:
    """A local derivative, its formula and its number."""
    if local.linear:
        return worded(f"to {local.by}: {local.text}")
    parts = [quotient_latex(name_latex(row.name), local.by)]
    value = "" if local.value is None else array_latex(local.value)
    if local.latex and local.latex != value:
        parts.append(local.latex)
    return " = ".join([*parts, value] if value else parts)


def backward(explanation: Explanation) -> Iterator[str]:
    """One line per adjoint: the sum of its contributions, in letters and in numbers."""
    for item in reversed(explanation.story):
        if isinstance(item, Mark):
            if item.kind == "fold":
                yield f"  & {worded(item.text)}"
        elif item.adjoint is not None:
            yield f"  {bar(item.name)} &= {sum_latex(item)}"


def sum_latex(row: Row) -> str:
    """`\\bar{z} y + \\bar{z} y = 9 + 9 = 18`."""
    assert row.adjoint is not None
    sent = [each for each in row.contributions if each.note is None and each.user]
    parts = []
    if sent:
        parts.append(signed([each.latex or worded(each.text) for each in sent]))
        numbers = [factors_latex(each) for each in sent]
        if all(numbers):
            parts.append(signed([number or "" for number in numbers]))
        if len(sent) > 1 and all(each.value is not None for each in sent):
            parts.append(signed([array_latex(e.value) for e in sent if e.value is not None]))
    parts.append(array_latex(row.adjoint))
    return " = ".join(parts)


def factors_latex(contribution: Contribution) -> str | None:
    """Adjoint times local derivative, as numbers."""
    adjoint, local = contribution.adjoint, contribution.local
    if adjoint is None or local is None:
        return None
    if not is_product(contribution):
        return None if contribution.value is None else array_latex(contribution.value)
    return f"{array_latex(adjoint)} \\cdot {bracketed(array_latex(local), True)}"


def bar(name: str) -> str:
    """The sign of an adjoint."""
    return f"\\bar{{{name_latex(name)}}}"


def worded(text: str) -> str:
    """Words among formulas."""
    return f"\\text{{{worded_inside(text)}}}"


def worded_inside(text: str) -> str:
    """Words, their signs as LaTeX."""
    return "".join(SIGNS.get(character) or escaped(character) for character in text)
