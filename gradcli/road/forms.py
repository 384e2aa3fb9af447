"""Closed forms within bounds: never longer than allowed, never a traceback of SymPy's.

A closed form is text in the language, so it is differentiated as any expression is: that gives the
closed forms of second derivatives and of products with them, SymPy alone, no VJP involved.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from gradcli.clock import TimeIsUp, at_most
from gradcli.errors import GradcliError
from gradcli.graph import Array, Graph, Node, apply, constant
from gradcli.language import parse
from gradcli.limits import LIMITS
from gradcli.ops.structure import sum_
from gradcli.results import Closed
from gradcli.road.asked import Asked
from gradcli.road.substitution import substituted

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


def form_of_zeros(shape: Sequence[int]) -> Closed:
    """The closed form of a derivative that is zero whatever the inputs are."""
    from gradcli.symbolic import code_of

    text = f"zeros({tuple(shape)})" if len(shape) else "0"
    return Closed(
        text, latex=r"\mathbf{0}" if len(shape) else "0", unicode="0", code=code_of(text, {})
    )


def forms_of_products(
    first: Mapping[str, Closed],
    tangents: Mapping[str, Node],
    nodes: Mapping[str, Node],
    wrt: Sequence[Node],
    inputs: Mapping[str, Array],
    asked: Asked,
) -> dict[str, Closed]:
    """The closed forms, by name, of the derivatives of `sum over x of sum(first[x] * tangents[x])`.

    Args:
        first: closed forms of gradients, by variable, each of its variable's shape.
        tangents: by variable an input node of its shape.
        nodes: by the name that the closed forms know them by, their input nodes.
        wrt: input nodes to differentiate by; one whose name is no identifier is not mentioned.
        inputs: arrays by name.
        asked: the options of the request.
    """
    names = [str(node.params["name"]) for node in wrt]
    missing = [one for one in first.values() if one.text is None]
    if missing:
        return {name: Closed(None, reason=missing[0].reason) for name in names}
    total: Node | None = None
    for name, closed in first.items():
        read = _read(closed, nodes, inputs, asked)
        if isinstance(read, str):
            return {each: Closed(None, reason=read) for each in names}
        term = sum_(apply("multiply", read, tangents[name]))
        total = term if total is None else total + term
    if total is None:
        total = constant(0.0)
    mentioned = (*nodes.values(), *tangents.values())
    known = {str(node.params["name"]): node for node in mentioned}
    return closed_forms_of(Graph(known, total), names, asked, rows=True)


def form_of_order(
    graph: Graph, name: str, order: int, inputs: Mapping[str, Array], asked: Asked
) -> Closed:
    """The closed form of a derivative of higher order of a scalar by a scalar."""
    start = time.monotonic()
    closed = closed_forms_of(graph, [name], asked)[name]
    for reached in range(2, order + 1):
        if closed.text is None:
            break
        if time.monotonic() - start > LIMITS.formula:
            reason = f"that of order {reached - 1} took {LIMITS.formula:g} s already"
            return Closed(None, reason=reason)
        read = _read(closed, graph.inputs, inputs, asked)
        if isinstance(read, str):
            return Closed(None, reason=f"{read} (order {reached - 1})")
        closed = closed_forms_of(Graph(graph.inputs, read), [name], asked)[name]
    return closed


def _read(
    closed: Closed, nodes: Mapping[str, Node], inputs: Mapping[str, Array], asked: Asked
) -> Node | str:
    """A closed form as a node over given inputs; or why it cannot be read back."""
    assert closed.text is not None
    try:
        graph = parse(closed.text).trace(inputs, dtype=asked.dtype).graph
    except GradcliError as error:
        return f"the formula that it would come from is out of reach: {error.message}"
    given = {node.id: nodes[name] for name, node in graph.inputs.items()}
    return substituted(graph.output, given)
