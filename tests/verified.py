"""For the tests of `gradcli.verify`: build a graph by hand, differentiate, settle, verify."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

import gradcli.ops  # noqa: F401  fills the registries
from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.graph import FLOAT64, OPS, Graph, Node, apply, constant, input_node
from gradcli.ops import ALIASES, FUNCTIONS
from gradcli.results import Closed, Verdict
from gradcli.verify import Settled, settle, verify

ALL = ("formula", "entries", "difference", "taylor")


def call(name: str, *arguments: Any, **keywords: Any) -> Any:
    """A function of the language by name."""
    return FUNCTIONS[ALIASES.get(name, name)].build(*arguments, **keywords)


class Case:
    """A graph at a point with its reverse-mode gradients.

    Args:
        build: `(**nodes) -> Node`.
        inputs: arrays by name; each is a variable.
    """

    def __init__(self, build: Callable[..., Node], dtype: Any = FLOAT64, **inputs: Any) -> None:
        self.inputs = {name: np.asarray(value, dtype) for name, value in inputs.items()}
        nodes = {
            name: input_node(name, array.shape, np.dtype(dtype))
            for name, array in self.inputs.items()
        }
        self.graph = Graph(nodes, build(**nodes))
        pulls = gradient(self.graph.output, list(nodes.values()))
        outputs = [
            constant(np.zeros(node.shape)) if pull is None else pull
            for pull, node in zip(pulls, nodes.values(), strict=True)
        ]
        self.gradients = dict(zip(nodes, run(outputs, self.inputs), strict=True))

    def settled(self) -> Settled:
        return settle(None, self.inputs, self.graph, self.gradients)

    def verdict(
        self,
        formulas: Mapping[str, str] | None = None,
        witnesses: tuple[str, ...] = ALL,
        gradients: Mapping[str, Any] | None = None,
    ) -> Verdict:
        """The verdict on the settled gradients, or on other numbers in their place."""
        settled = self.settled() if gradients is None else None
        closed = {name: Closed(text) for name, text in (formulas or {}).items()}
        numbers = settled.gradients if settled is not None else gradients
        return verify(
            None, self.inputs, self.graph, numbers, closed, witnesses=witnesses, settled=settled
        )


@contextmanager
def broken(name: str, rule: Callable[..., Any]) -> Iterator[None]:
    """An op with another derivative rule, for the length of a `with` block."""
    op = OPS[name]
    before = op.vjp
    op.vjp = rule
    try:
        yield
    finally:
        op.vjp = before


def scaled(name: str, factor: float) -> Callable[..., Any]:
    """The rule of an op with every contribution times a factor."""
    rule = OPS[name].vjp

    def vjp(*arguments: Any, **params: Any) -> list[Node | None]:
        assert rule is not None
        return [
            None if one is None else apply("multiply", one, factor)
            for one in rule(*arguments, **params)
        ]

    return vjp
