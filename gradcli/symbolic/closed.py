"""The stage's entry: a traced graph in, the closed form of each derivative out.

Lower to index notation, differentiate, simplify, translate to matrix notation. Several simplified
forms compete; the one with the fewest tokens wins.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Integer

from gradcli.graph import Graph
from gradcli.limits import LIMITS
from gradcli.results import Closed
from gradcli.sharing import shared
from gradcli.symbolic import share
from gradcli.symbolic import tree as t
from gradcli.symbolic.accumulate import accumulate
from gradcli.symbolic.export import code_of
from gradcli.symbolic.indices import Index, NoFormError, fresh
from gradcli.symbolic.length import check_length, check_text
from gradcli.symbolic.lower import Definitions
from gradcli.symbolic.matrix import Translator
from gradcli.symbolic.printers import latex_of, unicode_of
from gradcli.symbolic.simplify import candidates


@dataclass(frozen=True, slots=True)
class Form:
    """What is wanted of closed forms.

    Attributes:
        layout: of Jacobians, one of `results.LAYOUTS`.
        steps: whether to write down the derivation, too.
        assume: by input, what may be used (one of `asked.ASSUMPTIONS`).
    """

    layout: str = "numpy"
    steps: bool = False
    assume: Mapping[str, str] = field(default_factory=dict)


DEFAULT = Form()


def closed_forms(graph: Graph, wrt: Sequence[str], form: Form = DEFAULT) -> dict[str, Closed]:
    """The derivative of the sum of the target's entries by each variable, in matrix notation.

    Args:
        graph: a traced graph.
        wrt: names of inputs.
        form: what is wanted.

    Returns:
        By name, a `Closed` with the formula, or with the reason why there is none.

    Example:
        >>> import gradcli.ops
        >>> from gradcli.graph import Graph, input_node
        >>> x = input_node("x", (4,))
        >>> closed_forms(Graph({"x": x}, (2 * x.T) @ x), ["x"])["x"].text
        '4*x'
    """
    return _derive(graph, wrt, False, form)


def closed_jacobians(graph: Graph, wrt: Sequence[str], form: Form = DEFAULT) -> dict[str, Closed]:
    """The Jacobian of the target by each variable: J[i..., k...] = d y[i...] / d x[k...].

    Args:
        graph: a traced graph.
        wrt: names of inputs.
        form: what is wanted.

    Returns:
        By name, a `Closed`; its text has the axes of the target, then those of the variable; in
        denominator layout those of the variable, then those of the target.

    Example:
        >>> import gradcli.ops
        >>> from gradcli.graph import Graph, input_node
        >>> a, x = input_node("A", (3, 4)), input_node("x", (4,))
        >>> closed_jacobians(Graph({"A": a, "x": x}, a @ x), ["x"])["x"].text
        'A'
        >>> turned = Form(layout="denominator")
        >>> closed_jacobians(Graph({"A": a, "x": x}, a @ x), ["x"], turned)["x"].text
        'A.T'
    """
    return _derive(graph, wrt, True, form)


def _derive(graph: Graph, wrt: Sequence[str], rows: bool, form: Form) -> dict[str, Closed]:
    nodes = [graph.inputs[name] for name in wrt]
    graph = Graph(graph.inputs, shared([graph.output])[graph.output.id], source=graph.source)
    failed: dict[int, str] = {}
    try:
        check_length(graph.nodes())
        definitions = Definitions(graph, LIMITS.formula, form.assume)
        above = _fresh_like(definitions.formal[graph.output.id]) if rows else []
        found = accumulate(definitions, graph.output, nodes, above, failed=failed)
    except NoFormError as error:
        return {name: Closed(None, reason=str(error)) for name in wrt}
    result = {}
    for name, node in zip(wrt, nodes, strict=True):
        if node.id in failed:
            result[name] = Closed(None, reason=failed[node.id])
            continue
        axes = (*above, *definitions.formal[node.id])
        shape = None if rows else f"{name}.shape"
        if form.layout == "denominator":
            axes = (*definitions.formal[node.id], *above)
        turned = form.layout == "denominator" and len(above) == len(axes) - len(above) == 1
        expr = found.get(node.id, Integer(0))
        try:
            definitions.check_time()
            result[name], chosen = _closed(definitions, expr, axes, shape, turned)
        except NoFormError as error:
            result[name] = Closed(None, reason=str(error))
            continue
        formula = result[name].text
        if form.steps and formula is not None:
            from gradcli.symbolic.steps import derivation

            result[name].steps = derivation(
                definitions,
                graph.output,
                node,
                name,
                above,
                tuple(graph.inputs),
                accumulated=expr,
                chosen=chosen,
                formula=formula,
            )
    ranks = {name: len(node.shape) for name, node in graph.inputs.items()}
    for closed in result.values():
        if closed.text is not None:
            closed.code = code_of(closed.text if closed.short is None else program(closed), ranks)
    return result


def program(closed: Closed) -> str:
    """The names of repeated sub-expressions, one per line, and the formula in terms of them."""
    lines = [f"{name} = {text}" for name, text in closed.shared]
    return "\n".join([*lines, str(closed.short)])


def _fresh_like(formal: Sequence[Any]) -> list[Any]:
    return [fresh(index.dim) if isinstance(index, Index) else index for index in formal]


def _closed(
    definitions: Definitions,
    expr: Expr,
    axes: Sequence[object],
    shape: str | None,
    turned: bool = False,
) -> tuple[Closed, Expr]:
    """The shortest text of an expression with the given axes, and the form that it shows.

    Args:
        turned: the axes are those of a transposed matrix, whose own text may be the shorter one.
    """
    best: t.Tree | None = None
    chosen = expr
    failure: NoFormError | None = None
    translator = Translator(definitions.shapes)
    for candidate in candidates(expr):
        if best is not None and definitions.late():
            break
        try:
            trees = [translator.text(candidate, axes, shape)]
            if turned:
                trees.append(t.transpose(translator.text(candidate, axes[::-1], shape)))
        except NoFormError as error:
            failure = error
            continue
        for tree in trees:
            if best is None or t.tokens(tree) < t.tokens(best):
                best, chosen = tree, candidate
    if best is None:
        assert failure is not None
        raise failure
    return check_text(record(best, definitions.shapes)), chosen


def record(tree: t.Tree, taken: Collection[str]) -> Closed:
    """A formula as its texts; repeated sub-expressions get names that are not `taken`."""
    closed = Closed(t.text_of(tree), latex=latex_of(tree), unicode=unicode_of(tree))
    bindings, short = share.shared(tree, taken)
    if bindings:
        closed.short, closed.short_latex = t.text_of(short), latex_of(short)
        closed.shared = tuple((name, t.text_of(piece)) for name, piece in bindings)
        closed.shared_latex = tuple(
            (latex_of(t.name(name)), latex_of(piece)) for name, piece in bindings
        )
    return closed
