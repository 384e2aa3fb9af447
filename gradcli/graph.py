"""The one data structure that everything speaks: `Op`, `Node`, `Graph`.

A `Node` is lazy: it holds an op, its inputs, static params, a shape and a dtype; nothing runs
until somebody asks `gradcli.execute` for its value. Nodes are numbered in the order of their
creation, and inputs are created before their users, so sorting by `id` is a topological order: no
walker recurses.

Rules (VJPs) are written with the operators of `Node`, so a gradient is a graph again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy as np

from gradcli.errors import Span
from gradcli.limits import check_elements
from gradcli.shapes import Shape, broadcast_shapes, shape_text

Array = np.ndarray[Any, np.dtype[Any]]

__all__ = ["Array", "Graph", "Node", "Op", "Shape", "broadcast_shapes", "shape_text"]

FLOAT64 = np.dtype(np.float64)
FLOAT32 = np.dtype(np.float32)
BOOL = np.dtype(np.bool_)
INT64 = np.dtype(np.int64)

OPS: dict[str, Op] = {}
"""Every primitive op by name. `gradcli.ops` fills it."""

_ids = count()
_span: Span | None = None


def next_id() -> int:
    """The number that the next node will get, or a smaller one that no node has."""
    return next(_ids)


class Op:
    """One primitive operation, declared once (see `gradcli.ops.declare`).

    Attributes:
        name: unique, a NumPy name where there is one.
        evaluate: `(*arrays, **params) -> array`, NumPy in, NumPy out; may be given object arrays.
        shape: `(*shapes, **params) -> shape`, raises a `shape` error.
        dtype: "float" (promote inputs to float32/float64), "bool", "index" (int64) or "same"
            (the first input's).
        vjp: `(g, out, *inputs, **params) -> tuple of Node | None`, one entry per input, in the
            graph's own ops; None is a cut. `vjp=None` with a `cut` reason cuts every input.
        cut: why the op has no derivative ("piecewise constant"), or None.
        symbolic: elementwise ops: `(s, *scalars, **params) -> scalar`, the scalar formula against
            a namespace `s` of scalar functions (those of `gradcli.symbolic.scalars`).
        entry: structural ops: `(s, out, *inputs, **params) -> scalar`: the entry of the output at
            the indices `out`, in terms of entries of the inputs (`x(i, j)`); None: none yet.
        exact: `(m, *object_arrays, **params) -> object array` with mpmath `m`, where `evaluate`
            does not work on object arrays.
        kink: `(*arrays, **params) -> bool array`: where the op is not differentiable.
        elementwise: broadcasting, one output entry from one entry of each input.
        doc, family, domain, special: for the docs table and the tests.
    """

    __slots__ = (
        "cut",
        "doc",
        "domain",
        "dtype",
        "elementwise",
        "entry",
        "evaluate",
        "exact",
        "family",
        "kink",
        "name",
        "shape",
        "special",
        "symbolic",
        "vjp",
    )

    def __init__(
        self,
        name: str,
        *,
        evaluate: Callable[..., Any],
        shape: Callable[..., Shape],
        vjp: Callable[..., Sequence[Node | None]] | None,
        dtype: str = "float",
        cut: str | None = None,
        symbolic: Callable[..., Any] | None = None,
        entry: Callable[..., Any] | None = None,
        exact: Callable[..., Any] | None = None,
        kink: Callable[..., Any] | None = None,
        elementwise: bool = False,
        doc: str = "",
        family: str = "",
        domain: Any = (-2.0, 2.0),
        special: Sequence[Any] = (),
    ) -> None:
        if vjp is None and cut is None:
            raise ValueError(f"op {name}: a vjp or a reason for the cut")
        self.name = name
        self.evaluate = evaluate
        self.shape = shape
        self.vjp = vjp
        self.dtype = dtype
        self.cut = cut
        self.symbolic = symbolic
        self.entry = entry
        self.exact = exact
        self.kink = kink
        self.elementwise = elementwise
        self.doc = doc
        self.family = family
        self.domain = domain
        self.special = tuple(special)

    def __repr__(self) -> str:
        return f"Op({self.name})"


def register(op: Op) -> Op:
    """Put an op into `OPS`; a name is taken once."""
    if op.name in OPS:
        raise ValueError(f"op {op.name} is declared twice")
    OPS[op.name] = op
    return op


class Node:
    """One recorded operation: `op(*inputs, **params)` with its shape and dtype.

    The operators build further nodes, with NumPy's broadcasting.
    """

    __slots__ = ("__weakref__", "dtype", "id", "inputs", "op", "params", "shape", "span")
    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(
        self,
        op: Op,
        inputs: tuple[Node, ...],
        params: Mapping[str, Any],
        shape: Shape,
        dtype: np.dtype[Any],
    ) -> None:
        self.id = next(_ids)
        self.op = op
        self.inputs = inputs
        self.params = params
        self.shape = shape
        self.dtype = dtype
        self.span = _span

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=object)) if self.shape else 1

    @property
    def T(self) -> Node:
        """All axes reversed, as in NumPy."""
        if self.ndim < 2:
            return self
        return apply("transpose", self, axes=tuple(range(-1, -self.ndim - 1, -1)))

    @property
    def mT(self) -> Node:
        """The last two axes exchanged."""
        axes = [*range(-self.ndim, -2), -1, -2]
        return apply("transpose", self, axes=tuple(axes))

    def __repr__(self) -> str:
        return f"Node({self.id}: {self.dtype}{list(self.shape)} = {self.op.name})"

    def __add__(self, other: Any) -> Node:
        return apply("add", self, other)

    def __radd__(self, other: Any) -> Node:
        return apply("add", other, self)

    def __sub__(self, other: Any) -> Node:
        return apply("subtract", self, other)

    def __rsub__(self, other: Any) -> Node:
        return apply("subtract", other, self)

    def __mul__(self, other: Any) -> Node:
        return apply("multiply", self, other)

    def __rmul__(self, other: Any) -> Node:
        return apply("multiply", other, self)

    def __truediv__(self, other: Any) -> Node:
        return apply("divide", self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return apply("divide", other, self)

    def __pow__(self, other: Any) -> Node:
        return apply("power", self, other)

    def __rpow__(self, other: Any) -> Node:
        return apply("power", other, self)

    def __matmul__(self, other: Any) -> Node:
        return apply("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Node:
        return apply("matmul", other, self)

    def __neg__(self) -> Node:
        return apply("negative", self)

    def __lt__(self, other: Any) -> Node:
        return apply("less", self, other)

    def __le__(self, other: Any) -> Node:
        return apply("less_equal", self, other)

    def __gt__(self, other: Any) -> Node:
        return apply("greater", self, other)

    def __ge__(self, other: Any) -> Node:
        return apply("greater_equal", self, other)

    def __getitem__(self, index: Any) -> Node:
        from gradcli.ops.indexing import getitem

        return getitem(self, index)

    def __bool__(self) -> bool:
        raise TypeError("a node has no truth value before it is executed")

    def __iter__(self) -> Iterator[Node]:
        raise TypeError("a node is not iterable")


CONSTANT = register(
    Op(
        "constant",
        evaluate=lambda value: value,
        shape=lambda value: value.shape,
        vjp=None,
        cut="a constant",
        dtype="same",
        doc="A constant of the program.",
        family="leaves",
    )
)
INPUT = register(
    Op(
        "input",
        evaluate=lambda name: None,
        shape=lambda name: (),
        vjp=None,
        cut="an input",
        dtype="same",
        doc="A named input of the program.",
        family="leaves",
    )
)


def constant(value: Any, dtype: np.dtype[Any] | None = None) -> Node:
    """A constant node. Python and NumPy integers become floats; booleans stay."""
    array = np.asarray(value)
    if dtype is not None:
        array = array.astype(dtype, copy=False)
    elif array.dtype.kind in "iu":
        array = array.astype(FLOAT64)
    return Node(CONSTANT, (), {"value": array}, array.shape, array.dtype)


def input_node(name: str, shape: Shape, dtype: np.dtype[Any] = FLOAT64) -> Node:
    """A named input of the given shape; its array comes when the graph is executed."""
    check_elements(shape, f"input '{name}'")
    return Node(INPUT, (), {"name": name}, shape, dtype)


def is_constant(node: Node, value: float | None = None) -> bool:
    """Whether the node is a constant (with all entries equal to `value`, where given)."""
    if node.op is not CONSTANT:
        return False
    return value is None or bool(np.all(node.params["value"] == value))


def float_dtype(dtypes: Iterable[np.dtype[Any]]) -> np.dtype[Any]:
    """float32 where every floating input is float32, else float64."""
    floats = [dtype for dtype in dtypes if dtype.kind == "f"]
    if floats and all(dtype == FLOAT32 for dtype in floats):
        return FLOAT32
    return FLOAT64


def apply(op: Op | str, *inputs: Any, **params: Any) -> Node:
    """Record one operation.

    Args:
        op: an op or its name.
        inputs: nodes; bare numbers and arrays become constants, of the other inputs' float dtype.
        params: static, already normalised (axes negative).

    Raises:
        GradcliError: of kind `shape` where the shapes do not fit, `limit` where the result would
            be too large; nothing is allocated.

    Example:
        >>> import gradcli.ops
        >>> x = input_node("x", (3,))
        >>> apply("multiply", x, 2.0).shape
        (3,)
    """
    if isinstance(op, str):
        op = OPS[op]
    nodes: tuple[Node, ...]
    if all(isinstance(value, Node) for value in inputs):
        nodes = inputs
    else:
        like = float_dtype(value.dtype for value in inputs if isinstance(value, Node))
        nodes = tuple(
            value
            if isinstance(value, Node)
            else constant(
                value,
                like if isinstance(value, (int, float)) and not isinstance(value, bool) else None,
            )
            for value in inputs
        )
    shape = op.shape(*(node.shape for node in nodes), **params)
    check_elements(shape, f"the result of {op.name}")
    if op.dtype == "float":
        same = all(node.dtype is FLOAT64 for node in nodes)
        dtype = FLOAT64 if same else float_dtype(node.dtype for node in nodes)
    elif op.dtype == "bool":
        dtype = BOOL
    elif op.dtype == "index":
        dtype = INT64
    else:
        dtype = nodes[0].dtype
    return Node(op, nodes, params, shape, dtype)


@contextmanager
def at(span: Span | None) -> Iterator[None]:
    """Nodes made in this block carry `span` (the source text they came from)."""
    global _span
    before, _span = _span, span
    try:
        yield
    finally:
        _span = before


def topological(outputs: Iterable[Node]) -> list[Node]:
    """All nodes that the outputs need, inputs before users."""
    seen: dict[int, Node] = {}
    stack = list(outputs)
    while stack:
        if (node := stack.pop()).id not in seen:
            seen[node.id] = node
            stack.extend(node.inputs)
    return [seen[key] for key in sorted(seen)]


class Graph:
    """A traced program.

    Attributes:
        inputs: input nodes by name, in the order the program names them.
        output: the node of the result.
        source: the text that spans point into.
    """

    __slots__ = ("inputs", "output", "source")

    def __init__(self, inputs: dict[str, Node], output: Node, source: str = "") -> None:
        self.inputs = inputs
        self.output = output
        self.source = source

    def nodes(self) -> list[Node]:
        """All nodes that the output needs, inputs before users."""
        return topological([self.output])
