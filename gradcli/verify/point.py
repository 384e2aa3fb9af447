"""The function that is checked, at the point where it is checked.

Witnesses see one graph that has `stop_gradient` held at its value (else differences would see
through it) and that runs in float64 even where the request was float32. A program whose record
depends on the values is recorded anew at every other point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.execute.precise import cost
from gradcli.graph import (
    CONSTANT,
    FLOAT32,
    FLOAT64,
    INPUT,
    Array,
    Graph,
    Node,
    constant,
    topological,
)
from gradcli.ops.tape import operations

HELD = "stop_gradient"


class Point:
    """A graph, its inputs, and the variables whose gradients are in question.

    Attributes:
        graph: as it was recorded; the gradient under test came from it.
        frozen: the same function in float64 with `stop_gradient` held.
        inputs: float64 arrays, holding exactly the values that the graph ran on.
        names: the variables.
        program: records the graph elsewhere; None where the graph is all there is.
        dynamic: whether the record depends on the values.
        nodes, elements: of `graph`, and the entries of all of them.
    """

    def __init__(
        self,
        program: Any,
        inputs: Mapping[str, Any],
        graph: Graph,
        names: Sequence[str],
        dynamic: bool | None = None,
    ) -> None:
        self.program = program
        self.graph = graph
        self.names = [name for name in names if name in graph.inputs]
        self.inputs = {
            name: np.asarray(inputs[name], dtype=node.dtype).astype(
                FLOAT64 if node.dtype == FLOAT32 else node.dtype, copy=False
            )
            for name, node in graph.inputs.items()
        }
        self.nodes = graph.nodes()
        self.elements = sum(node.size for node in self.nodes)
        self._natural: dict[str, Array] = {}
        self._held = held_values(self.nodes, self.inputs)
        self.frozen = frozen(graph, self._held)
        if dynamic is None:
            dynamic = program is not None and bool(program.trace(self.inputs).dynamic)
        self.dynamic = dynamic and program is not None

    @cached_property
    def epsilon(self) -> float:
        """The relative spacing of the coarsest numbers that the gradient was computed in."""
        single = any(node.dtype == FLOAT32 for node in (*self.nodes, *self.graph.inputs.values()))
        return float(np.finfo(FLOAT32 if single else FLOAT64).eps)

    @cached_property
    def seconds(self) -> float:
        """What one evaluation takes, roughly."""
        per_node = 5e-5 if self.dynamic else 5e-6  # a record anew costs ten runs of small arrays
        products = [node for node in self.nodes if not node.op.elementwise]
        plain = [node for node in self.nodes if node.op.elementwise]
        work = 1e-9 * cost(plain) + 2e-10 * cost(products) + 2e-9 * self.elements
        per_record = 2e-6 if self.dynamic else 3e-7
        records = operations(self.nodes) - len(self.nodes)
        return 1e-5 + per_node * len(self.nodes) + per_record * max(0, records) + work

    def natural(self, name: str) -> Array:
        """For each entry of a variable a step of natural size (see `natural_steps`)."""
        if name not in self._natural:
            self._natural[name] = natural_steps(self.inputs[name])
        return self._natural[name]

    def record(self, inputs: Mapping[str, Array]) -> Graph | None:
        """The function as it is recorded at other values; None where it cannot be compared."""
        if not self.dynamic:
            return self.frozen
        try:
            graph = self.program.trace(dict(inputs)).graph
        except GradcliError:
            return None
        if graph.output.shape != self.frozen.output.shape:
            return None
        held = [node for node in graph.nodes() if node.op.name == HELD]
        if [node.shape for node in held] != [value.shape for value in self._held]:
            return None
        return frozen(graph, self._held)

    def outputs(self, inputs: Mapping[str, Array]) -> Array:
        """The target (float64) at other values of the inputs; nan where it does not exist."""
        try:
            graph = self.record(inputs)
            if graph is not None:
                return np.asarray(run([graph.output], inputs)[0], dtype=FLOAT64)
        except GradcliError as error:
            if error.kind != "value":  # a matrix that is singular there, say
                raise
        return np.full(self.frozen.output.shape, np.nan)

    def moved(self, directions: Mapping[str, Array], step: float) -> dict[str, Array]:
        """The inputs after a step along a direction."""
        return {
            name: value + step * directions[name] if name in directions else value
            for name, value in self.inputs.items()
        }

    def active(self) -> set[int]:
        """Ids of the nodes of `frozen` that depend on a variable."""
        reached = {self.frozen.inputs[name].id for name in self.names}
        for node in self.frozen.nodes():
            if any(parent.id in reached for parent in node.inputs):
                reached.add(node.id)
        return reached


def natural_steps(array: Array) -> Array:
    """For each entry a step of natural size: 1 at most, the entry where it is smaller and not 0."""
    size = np.abs(array)
    size = np.where(np.isfinite(size), size, 1.0)
    smallest = np.max(size, initial=0.0)
    size = np.where(size > 0, size, smallest if smallest > 0 else 1.0)
    return np.minimum(size, 1.0)


def random_signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Factors between 1/2 and 1 with random signs: a direction in which no entry is forgotten."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.0, shape)


def held_values(nodes: Sequence[Node], inputs: Mapping[str, Array]) -> list[Array]:
    """The values behind each `stop_gradient`, in the order of the record."""
    held = [node for node in nodes if node.op.name == HELD]
    return run(held, inputs) if held else []


def frozen(graph: Graph, held: Sequence[Array]) -> Graph:
    """The graph in float64, every `stop_gradient` replaced by the constant that it was."""
    nodes = graph.nodes()
    if not held and all(node.dtype != FLOAT32 for node in nodes):
        return graph
    values = iter(held)
    made: dict[int, Node] = {}
    for node in [*nodes, *(one for one in graph.inputs.values())]:
        if node.id in made:
            continue
        if node.op.name == HELD:
            copy = constant(np.asarray(next(values), dtype=FLOAT64))
        else:
            params = node.params
            if node.op is CONSTANT and node.dtype == FLOAT32:
                params = {"value": node.params["value"].astype(FLOAT64)}
            dtype = FLOAT64 if node.dtype == FLOAT32 else node.dtype
            copy = Node(
                node.op, tuple(made[parent.id] for parent in node.inputs), params, node.shape, dtype
            )
        copy.span = node.span
        made[node.id] = copy
    inputs = {name: made[node.id] for name, node in graph.inputs.items()}
    return Graph(inputs, made[graph.output.id], source=graph.source)


def walk(
    outputs: Sequence[Node], inputs: Mapping[str, Array]
) -> Iterator[tuple[Node, list[Array], Array]]:
    """Every node with the arrays that go in and the one that comes out, in order."""
    order = topological(outputs)
    last: dict[int, int] = {}
    for node in order:
        for parent in node.inputs:
            last[parent.id] = node.id
    values: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        for node in order:
            if node.op is INPUT:
                values[node.id] = np.asarray(inputs[node.params["name"]], dtype=node.dtype)
                continue
            if node.op is CONSTANT:
                values[node.id] = node.params["value"]
                continue
            arrays = [values[parent.id] for parent in node.inputs]
            values[node.id] = evaluate(node, arrays)
            yield node, arrays, values[node.id]
            for parent in node.inputs:
                if last[parent.id] == node.id:
                    values.pop(parent.id, None)


def evaluate(node: Node, arrays: Sequence[Array]) -> Array:
    """One op on arrays, in its declared dtype."""
    return np.asarray(node.op.evaluate(*arrays, **node.params)).astype(node.dtype, copy=False)


def text_of(node: Node, source: str) -> str:
    """The sub-expression that a node came from, as the user wrote it, else the op's name."""
    if node.op.family == "tape":
        return "a long run of scalars"
    if node.span is None or not source:
        return node.op.name
    start, end = node.span
    text = " ".join(source[start:end].split())
    return text if 0 < len(text) <= 60 else node.op.name


def entry_name(name: str, index: Sequence[int]) -> str:
    """An entry of a variable as people write it: `x[2]`, `A[0, 1]`, `x` for a scalar."""
    return f"{name}[{', '.join(map(str, index))}]" if len(index) else name
