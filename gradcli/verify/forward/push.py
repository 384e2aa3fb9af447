"""Tangents pushed from the inputs to the output: every node once, all directions together.

A tangent has one leading axis for the directions. Where an op is not differentiable a tangent that
is not 0 becomes nan, so that a direction that meets a corner gives no number, and the others do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.execute.precise import Cannot
from gradcli.graph import CONSTANT, INPUT, Array, Node, topological
from gradcli.verify.forward import linalg, linear, reductions, tape  # noqa: F401  (the table)
from gradcli.verify.forward.scalar import Tape, local_derivative
from gradcli.verify.forward.table import FILTERS, REFUSED, RULES, Tangent
from gradcli.verify.point import evaluate

EPSILON = float(np.finfo(np.float64).eps)


def push(
    output: Node,
    inputs: Mapping[str, Array],
    directions: Mapping[str, Array],
    rng: np.random.Generator | None = None,
) -> Array:
    """The derivatives of a node along some directions.

    Args:
        output: of a graph in float64.
        inputs: arrays by input name.
        directions: by input name, of shape (count, *shape of the input).
        rng: where given, the tangents are rounded at random, to see what rounding does.

    Returns:
        Shape (count, *shape of the output); nan along directions that meet a corner.

    Raises:
        Cannot: at an op without a local derivative.

    Example:
        >>> import gradcli.ops
        >>> from gradcli.graph import input_node
        >>> x = input_node("x", (2,))
        >>> push(x * x, {"x": np.array([1.0, 3.0])}, {"x": np.eye(2)})
        array([[2., 0.],
               [0., 6.]])
    """
    count = len(next(iter(directions.values())))
    order = topological([output])
    with np.errstate(all="ignore"):
        found = _Pass(count, False, rng).run(order, output, inputs, directions)
        if found is not None and not np.all(np.isfinite(found)):
            # 0 times inf is 0, which costs a look at every product
            found = _Pass(count, True, rng).run(order, output, inputs, directions)
    return np.zeros((count, *output.shape)) if found is None else found


class _Pass:
    """One run over the nodes.

    Attributes:
        count: of directions.
        careful: whether products are looked at where a factor is 0.
    """

    def __init__(self, count: int, careful: bool, rng: np.random.Generator | None) -> None:
        self.count = count
        self.careful = careful
        self.rng = rng

    def run(
        self,
        order: Sequence[Node],
        output: Node,
        inputs: Mapping[str, Array],
        directions: Mapping[str, Array],
    ) -> Tangent:
        last = {parent.id: node.id for node in order for parent in node.inputs}
        values: dict[int, Array] = {}
        tangents: dict[int, Array] = {}
        for node in order:
            if node.op is CONSTANT:
                values[node.id] = node.params["value"]
                continue
            if node.op is INPUT:
                name = node.params["name"]
                values[node.id] = np.asarray(inputs[name], dtype=node.dtype)
                if name in directions and node.dtype.kind == "f":
                    tangents[node.id] = directions[name]
                continue
            arrays = [values[parent.id] for parent in node.inputs]
            values[node.id] = value = evaluate(node, arrays)
            coming = [tangents.get(parent.id) for parent in node.inputs]
            if any(one is not None for one in coming):
                tangent = self.through(node, arrays, value, coming)
                if tangent is not None:
                    tangents[node.id] = tangent
            for parent in node.inputs:
                if last[parent.id] == node.id:
                    values.pop(parent.id, None)
                    tangents.pop(parent.id, None)
        return tangents.get(output.id)

    def through(
        self, node: Node, arrays: list[Array], value: Array, coming: Sequence[Tangent]
    ) -> Tangent:
        """The tangent of a node from those of its inputs."""
        op = node.op
        if op.cut is not None or node.dtype.kind != "f":
            return None
        if op.elementwise:
            leaving = self._elementwise(node, arrays, coming)
        else:
            leaving = self._structural(node, [*arrays, value], coming)
        if leaving is None:
            return None
        corner = _corners(node, arrays)
        if corner is not None:
            leaving = np.where(corner & self._moved(node, coming), np.nan, leaving)
        if self.rng is not None:
            leaving = leaving * (1.0 + EPSILON * self.rng.integers(-1, 2, leaving.shape))
        return leaving

    def _elementwise(
        self, node: Node, arrays: Sequence[Array], coming: Sequence[Tangent]
    ) -> Tangent:
        total: Any = None
        params = dict(node.params) if node.params else {}
        for position, tangent in enumerate(coming):
            if tangent is None:
                continue
            slope = local_derivative(node.op, len(arrays), params, position)
            if slope.constant == 0.0:
                continue
            tangent = self._aligned(tangent, node.ndim)
            if slope.constant == 1.0:
                term = tangent
            elif slope.constant is not None:
                term = slope.constant * tangent
            else:
                term = self._times(_evaluated(slope, node, arrays), tangent)
            total = term if total is None else total + term
        if total is None or total.shape[1:] == node.shape:
            return None if total is None else np.asarray(total)
        return np.broadcast_to(total, (self.count, *node.shape))

    def _structural(
        self, node: Node, values: Sequence[Array], coming: Sequence[Tangent]
    ) -> Tangent:
        name = node.op.name
        if name not in RULES:
            why = REFUSED.get(name)
            raise Cannot(f"no local derivative of {name}" + (f": {why}" if why else ""))
        rows = []
        for k in range(self.count):
            parts = [None if one is None else one[k] for one in coming]
            try:
                rows.append(RULES[name](node, values, parts))
            except (np.linalg.LinAlgError, GradcliError) as error:
                raise Cannot(f"no local derivative of {name} here: {error}") from error
        filled = [np.zeros(node.shape) if row is None else np.asarray(row) for row in rows]
        return None if all(row is None for row in rows) else np.stack(filled)

    def _aligned(self, tangent: Array, rank: int) -> Array:
        """With the axes that broadcasting would put in front put behind the directions."""
        missing = rank + 1 - tangent.ndim
        if not missing:
            return tangent
        return tangent.reshape(self.count, *(1,) * missing, *tangent.shape[1:])

    def _times(self, slope: Any, tangent: Array) -> Array:
        product = np.asarray(slope * tangent)
        if self.careful:
            product = np.where((slope == 0) | (tangent == 0), 0.0, product)
        return product

    def _moved(self, node: Node, coming: Sequence[Tangent]) -> Array:
        """Which entries of a node have an input that moves; all where any moves in a rule."""
        given = [one for one in coming if one is not None]
        if node.op.elementwise:
            moved = np.zeros((self.count, *node.shape), dtype=bool)
            for one in given:
                moved |= self._aligned(one, node.ndim) != 0
            return moved
        flags = np.zeros(self.count, dtype=bool)
        for one in given:
            flags |= np.any(one.reshape(self.count, -1) != 0, axis=1)
        return flags.reshape(self.count, *(1,) * node.ndim)


def _evaluated(slope: Tape, node: Node, arrays: Sequence[Array]) -> Any:
    try:
        return slope(arrays)
    except GradcliError as error:  # special functions have limits of their own
        raise Cannot(f"no local derivative of {node.op.name} here: {error}") from error


def _corners(node: Node, arrays: Sequence[Array]) -> Array | None:
    """The entries without a derivative, or True; None where there are none."""
    op = node.op
    corner: Any = False
    if op.kink is not None:
        corner = np.asarray(op.kink(*arrays, **node.params))
        if corner.any() and not op.elementwise and corner.shape != node.shape:
            corner = True
    if op.name in FILTERS:
        for array in arrays:
            corner = corner | ~np.isfinite(array)
    return np.asarray(corner) if np.any(corner) else None
