"""The table of tangent rules of ops that are not elementwise.

A rule is `(node, values, tangents) -> tangent`: `values` holds the arrays that go in and, last, the
one that came out; `tangents` has one array per input, None where it is zero; the answer has the
node's shape, None for zero. Rules are registered by name, with `tangent_rule`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.graph import Array, Node

Tangent = Array | None
Rule = Callable[[Node, Sequence[Array], Sequence[Tangent]], Tangent]

RULES: dict[str, Rule] = {}
"""By the op's name."""

REFUSED = {
    "full_singular_vectors": "the vectors that complete a basis are arbitrary",
    "scalars_adjoint": "it is a reverse pass; nothing is differentiated twice on a tape",
    "scalars_entries": "it is a reverse pass; nothing is differentiated twice on a tape",
}
"""Ops without a rule, and why."""

FILTERS = frozenset({"fmax", "fmin", "nan_to_num"})
"""Ops whose scalar formula knows no nan, though they do."""


def tangent_rule(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule for some ops; a name is taken once.

    Example:
        >>> @tangent_rule("twice")
        ... def twice(node, values, tangents):
        ...     return 2 * tangents[0]
        >>> RULES.pop("twice") is twice
        True
    """

    def declare(rule: Rule) -> Rule:
        for name in names:
            if name in RULES:
                raise ValueError(f"the tangent rule of {name} is declared twice")
            RULES[name] = rule
        return rule

    return declare
