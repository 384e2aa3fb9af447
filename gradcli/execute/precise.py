"""Stage: Graph + exact numbers -> exact numbers, on NumPy object arrays.

The forward pass once more, with mpmath numbers (any number of digits) or SymPy expressions as
entries. Elementwise ops run their scalar formula (`op.symbolic`), structural ops their `exact`
path or, since they only move, add and multiply entries, their ordinary `evaluate`. No derivative
rule is read.

A float input stands for its exact binary value. A graph that has no exact path, or that is too
large for one, raises `Cannot` with the reason: a caller falls back to the next witness.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import CONSTANT, INPUT, Node, topological

Scalars = Any
"""A namespace of scalar functions of mpmath numbers; `.mp` is its context."""

ENORMOUS = 2**40
"""Binary exponents beyond this are infinity or zero: nobody's number, and slow to work with."""

CHEAP = frozenset({"add", "subtract", "multiply", "divide", "negative", "where", "weigh", "abs"})
SPECIAL = frozenset(
    {
        *("gamma", "gammaln", "digamma", "polygamma", "erfinv", "ndtri", "log_ndtr"),
        *("besseli", "i0", "i1", "iv", "spherical_jn"),
    }
)
RECORD = 10  # scalar operations of one record of a tape
SORTING = frozenset({"sort", "argsort", "quantile"})
CUBIC = {
    **dict.fromkeys(("cholesky",), 2),
    **dict.fromkeys(("det", "logabsdet", "sign_det", "solve", "inv", "qr", "cofactor"), 8),
    **dict.fromkeys(("eigvalsh", "svdvals", "matrix_rank"), 12),
    **dict.fromkeys(("eigenvectors", "singular_vectors", "full_singular_vectors"), 25),
    **dict.fromkeys(("pinv", "expm", "sqrtm"), 100),
    "logm": 600,
}
"""Scalar operations per n**3 of an n by n matrix, measured."""

FAILURES = (
    TypeError,
    AttributeError,
    ValueError,
    ArithmeticError,
    KeyError,
    IndexError,
    NotImplementedError,
    np.linalg.LinAlgError,
    GradcliError,
)
"""What NumPy and mpmath raise where an op cannot do with object arrays."""


class Cannot(Exception):
    """There is no exact value; the text says why. Never reaches a user as an error."""


def cost(nodes: Iterable[Node]) -> int:
    """Scalar operations of one exact pass, of about a microsecond each."""
    return sum(map(_cost, nodes))


def _cost(node: Node) -> int:
    op = node.op
    if op is CONSTANT or op is INPUT:
        return node.size
    if op.elementwise:
        cheap = op.name in CHEAP or op.dtype == "bool"
        return node.size * (1 if cheap else 100 if op.name in SPECIAL else 10)
    if "records" in node.params:
        return RECORD * int(node.params["records"].count)
    if op.name == "matmul":
        return node.size * node.inputs[0].shape[-1]
    if op.name == "einsum":
        texts = node.params["subscripts"].split("->")[0].split(",")
        sizes: dict[str, int] = {}
        for text, part in zip(texts, node.inputs, strict=True):
            sizes.update(zip(text, part.shape, strict=True))
        return math.prod(sizes.values())
    largest = max([node.size, *(part.size for part in node.inputs)])
    if op.name in CUBIC:
        return CUBIC[op.name] * node.inputs[0].size * max((*node.inputs[0].shape, 1))
    if op.exact is not None or op.name in SORTING:
        return 10 * largest
    return largest // 8 + 1 if op.dtype == "same" else largest


def exact_array(array: Any, scalars: Scalars) -> Any:
    """Floats as exact mpmath numbers in an object array; truth values and positions as they are."""
    array = np.asarray(array)
    if array.dtype.kind != "f":
        return array
    make = scalars.mp.mpf
    result = np.empty(array.shape, dtype=object)
    result.reshape(-1)[:] = [make(value) for value in array.reshape(-1).tolist()]
    return result


class Exact:
    """Exact values of some nodes, and again after some inputs have moved.

    Args:
        outputs: nodes of one graph.
        inputs: float arrays by input name.
        scalars: a namespace of mpmath functions.
        expressions: a namespace of SymPy functions where entries may become SymPy expressions.

    Raises:
        Cannot: with the reason, from any method.
    """

    def __init__(
        self,
        outputs: Sequence[Node],
        inputs: Mapping[str, Any],
        scalars: Scalars,
        expressions: Any = None,
    ) -> None:
        self.outputs = list(outputs)
        self.scalars = scalars
        self.expressions = expressions
        self.order = topological(outputs)
        self.inputs = {
            node.params["name"]: exact_array(
                np.asarray(inputs[node.params["name"]], node.dtype), scalars
            )
            for node in self.order
            if node.op is INPUT
        }
        self.values: dict[int, Any] = {}
        self._functions: dict[int, Callable[..., Any]] = {}
        self._below: dict[frozenset[str], list[Node]] = {}

    def base(self) -> dict[int, Any]:
        """The values of all nodes at the point itself."""
        if not self.values:
            values: dict[int, Any] = {}
            self._run(self.order, self.inputs, values)
            self.values = values
        return self.values

    def moved(self, changes: Mapping[str, Any], keep: Iterable[Node] = ()) -> list[Any]:
        """The outputs (then the nodes of `keep`) with some inputs replaced by object arrays."""
        base = self.base()
        names = frozenset(changes)
        if names not in self._below:
            self._below[names] = self._descendants(names)
        values: dict[int, Any] = {}
        self._run(self._below[names], changes, values)
        return [values.get(node.id, base[node.id]) for node in (*self.outputs, *keep)]

    def _descendants(self, names: frozenset[str]) -> list[Node]:
        reached: set[int] = set()
        result = []
        for node in self.order:
            if (node.op is INPUT and node.params["name"] in names) or any(
                parent.id in reached for parent in node.inputs
            ):
                reached.add(node.id)
                result.append(node)
        return result

    def _run(
        self, nodes: Sequence[Node], inputs: Mapping[str, Any], values: dict[int, Any]
    ) -> None:
        for node in nodes:
            if node.op is INPUT:
                values[node.id] = inputs[node.params["name"]]
            elif node.op is CONSTANT:
                values[node.id] = exact_array(node.params["value"], self.scalars)
            else:
                arrays = [
                    values[parent.id] if parent.id in values else self.values[parent.id]
                    for parent in node.inputs
                ]
                values[node.id] = self._evaluate(node, arrays)

    def _evaluate(self, node: Node, arrays: Sequence[Any]) -> Any:
        op = node.op
        try:
            with np.errstate(all="ignore"):
                if op.elementwise and op.symbolic is not None:
                    if node.id not in self._functions:
                        self._functions[node.id] = self._scalar_function(node)
                    result = self._functions[node.id](*arrays)
                elif op.exact is not None:
                    result = op.exact(self.scalars.mp, *arrays, **node.params)
                else:
                    result = op.evaluate(*arrays, **node.params)
        except FAILURES as error:
            raise Cannot(f"{op.name} has no exact path here ({type(error).__name__})") from error
        result = np.asarray(result, dtype=None if isinstance(result, np.ndarray) else object)
        if result.dtype.kind == "f" and not any(array.dtype == object for array in arrays):
            result = exact_array(result, self.scalars)
        if result.dtype.kind == "f" or result.shape != node.shape:
            raise Cannot(f"{op.name} has no exact path")
        return result

    def _scalar_function(self, node: Node) -> Callable[..., Any]:
        op, scalars, params = node.op, self.scalars, node.params
        formula: Callable[..., Any] = op.symbolic  # type: ignore[assignment]
        mp = scalars.mp
        number, complex_number = mp.mpf, mp.mpc
        arithmetic = op.dtype == "float"
        weighs = op.name == "weigh"

        def call(*entries: Any) -> Any:
            entries = tuple(
                entry
                if type(entry) is number
                else number(entry)
                if arithmetic and type(entry) in (int, float)
                else entry
                for entry in entries
            )
            if self.expressions is not None and not all(
                type(entry) in (number, bool) for entry in entries
            ):
                return formula(self.expressions, *map(expression, entries), **params)
            try:
                result = formula(scalars, *entries, **params)
            except (ZeroDivisionError, OverflowError, ValueError, mp.NoConvergence):
                return _as_ieee(node, entries, mp)
            if type(result) is number:
                if weighs and result != result and 0 in entries:
                    return mp.zero
                if not -ENORMOUS < result._mpf_[2] < ENORMOUS:
                    return mp.inf * mp.sign(result) if result._mpf_[2] > 0 else mp.zero
            elif type(result) is complex_number:
                return result.real if result.imag == 0 else mp.nan
            return result

        vectorized: Callable[..., Any] = np.frompyfunc(call, len(node.inputs), 1)
        return vectorized


def expression(value: Any) -> Any:
    """An mpmath number or a truth value as a SymPy number; an expression as it is."""
    import sympy

    if isinstance(value, bool):
        return sympy.Integer(int(value))
    return sympy.sympify(value, strict=True)


def _as_ieee(node: Node, entries: Sequence[Any], mp: Any) -> Any:
    """What IEEE arithmetic says where mpmath raises: 1/0 is inf, 0/0 is nan."""
    with np.errstate(all="ignore"):
        arguments = [
            entry if isinstance(entry, bool) else np.float64(float(entry)) for entry in entries
        ]
        value = float(node.op.evaluate(*arguments, **node.params))
    if math.isfinite(value):
        raise Cannot(f"{node.op.name} has no exact value here")
    return mp.mpf(value)
