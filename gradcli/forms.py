"""Closed forms within bounds: never longer than allowed, never a traceback of SymPy's."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.asked import Asked
from gradcli.clock import TimeIsUp, at_most
from gradcli.graph import Graph
from gradcli.limits import LIMITS
from gradcli.results import Closed

UNFORESEEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What SymPy may raise on an expression that nobody thought of: then there is no closed form, and
the
numbers and the other witnesses stand all the same.
"""
GRACE = 1.0
"""Seconds beyond its own bound after which a closed form is stopped from outside."""


def closed_forms_of(
    graph: Graph,
    names: Sequence[str],
    asked: Asked | None = None,
    rows: bool = False,
) -> dict[str, Closed]:
    """The closed forms by variable, or the reason why there is none; never longer than allowed."""
    from gradcli.symbolic import Form, closed_forms, closed_jacobians

    try:
        with at_most(LIMITS.formula + GRACE):
            form = asked.form() if asked is not None else Form()
            return (closed_jacobians if rows else closed_forms)(graph, names, form)
    except TimeIsUp as error:
        return {name: Closed(None, reason=f"it would take {error}") for name in names}
    except RecursionError:
        return {name: Closed(None, reason="the expression is nested too deeply") for name in names}
    except UNFORESEEN as error:
        reason = f"none was found ({type(error).__name__} in SymPy)"
        return {name: Closed(None, reason=reason) for name in names}
