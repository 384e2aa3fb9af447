"""Paste-ready code of the closed forms, and the closed forms as one reads them in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.errors import GradcliError
from gradcli.render.names import derivative_label

if TYPE_CHECKING:
    from gradcli.results import Closed, Derivative, Result

TARGETS = ("numpy", "jax", "torch", "julia")
GAP = "\n\n\n"
PREFIXES = {"jacobian": "jacobian", "hessian": "hessian"}


def code(result: Result, target: str) -> Iterator[str]:
    """A function per derivative: imports once, then helpers, then the functions.

    Args:
        result: of a derivative.
        target: one of `TARGETS`.
    """
    imports: dict[str, None] = {}
    pieces: dict[str, None] = {}
    for name, derivative in _derivatives(result, target).items():
        title = _title(result, name)
        closed = derivative.closed
        found = closed.code.get(target) if closed is not None else None
        if found is None:
            pieces[f"# {title}: {_reason(closed)}"] = None
            continue
        *before, function = found.split(GAP)
        if before and before[0].startswith(("import ", "from ", "using ")):
            imports.update(dict.fromkeys(before.pop(0).splitlines()))
        pieces.update(dict.fromkeys(before))
        if function.startswith("#"):
            function = f"# {title}: {function.removeprefix('# ')}"
        pieces[function.replace(" derivative(", f" {title}(", 1)] = None
    text = ["\n".join(imports)] if imports else []
    yield GAP.join(text + list(pieces)) + "\n"


def _title(result: Result, name: str) -> str:
    """The function's name: `grad_x`, `hessian_x_w`, `vjp_x`, `jvp`, `grad3_x`."""
    if result.product == "jvp":
        return "jvp"
    prefix = result.product or PREFIXES.get(result.command, "grad")
    order = result.order if (result.order or 1) > 1 else ""
    return f"{prefix}{order}_{name.replace(',', '_')}"


def unicode(result: Result) -> Iterator[str]:
    """One line per derivative: `∂f/∂x = Aᵀ x`."""
    for name, derivative in _derivatives(result, "unicode").items():
        closed = derivative.closed
        label = derivative_label(result, name)
        if closed is None or closed.unicode is None:
            yield f"{label}: {_reason(closed)}\n"
        else:
            yield f"{label} = {closed.unicode}\n"


def _derivatives(result: Result, form: str) -> dict[str, Derivative]:
    if not result.gradient:
        raise GradcliError(
            f"--format {form} holds formulas, and {result.command} has none",
            hint="use it with grad, jacobian or hessian",
        )
    return result.gradient


def _reason(closed: Closed | None) -> str:
    """Why there is no formula."""
    if closed is None:
        return "no closed form was asked for"
    return f"no closed form: {closed.reason or 'none was found'}"
