"""The stage's entry: a traced graph in, the closed form of each derivative out.

Lower to index notation, differentiate, simplify, translate to matrix notation. Several simplified
forms
compete; the one with the fewest tokens wins.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.graph import Graph, shared
from gradcli.limits import LIMITS
from gradcli.results import Closed
from gradcli.symbolic import tree as t
from gradcli.symbolic.accumulate import accumulate
from gradcli.symbolic.lower import Definitions, NoFormError
from gradcli.symbolic.matrix import Translator
from gradcli.symbolic.printers import latex_of, unicode_of
from gradcli.symbolic.simplify import candidates


def closed_forms(graph: Graph, wrt: Sequence[str]) -> dict[str, Closed]:
    """The derivative of the sum of the target's entries by each variable, in matrix notation.

    Args:
        graph: a traced graph.
        wrt: names of inputs.

    Returns:
        By name, a `Closed` with the formula, or with the reason why there is none.

    Example:
        >>> import gradcli.ops
        >>> from gradcli.graph import Graph, shared, input_node
        >>> x = input_node("x", (4,))
        >>> closed_forms(Graph({"x": x}, (2 * x.T) @ x), ["x"])["x"].text
        '4 * x'
    """
    nodes = [graph.inputs[name] for name in wrt]
    graph = Graph(graph.inputs, shared([graph.output])[graph.output.id], source=graph.source)
    try:
        definitions = Definitions(graph, LIMITS.formula)
        found = accumulate(definitions, graph.output, nodes)
    except NoFormError as error:
        return {name: Closed(None, reason=str(error)) for name in wrt}
    result = {}
    for name, node in zip(wrt, nodes, strict=True):
        try:
            result[name] = _closed(
                definitions, found.get(node.id, 0), definitions.formal[node.id], name
            )
        except NoFormError as error:
            result[name] = Closed(None, reason=str(error))
    return result


def _closed(definitions: Definitions, expr: object, axes: Sequence[object], name: str) -> Closed:
    import sympy

    best: t.Tree | None = None
    failure: NoFormError | None = None
    translator = Translator(definitions.shapes)
    for candidate in candidates(sympy.sympify(expr)):
        if best is not None:
            try:
                definitions.check_time()
            except NoFormError:
                break
        try:
            tree = translator.text(candidate, axes, name)
        except NoFormError as error:
            failure = error
            continue
        if best is None or t.tokens(tree) < t.tokens(best):
            best = tree
    if best is None:
        assert failure is not None
        raise failure
    return Closed(t.text_of(best), latex=latex_of(best), unicode=unicode_of(best))
