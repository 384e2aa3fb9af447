"""Graph -> index notation: every node as a scalar SymPy expression in free indices.

`Definitions` holds, per node, its *definition*: the entry of its output in terms of entries of
its direct inputs (placeholders). Substituting definitions into each other gives the node's full
expression. Sizes stay symbols, so nothing grows with the arrays, and a formula holds at every
size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from sympy import Expr, Integer, Symbol

from gradcli.graph import CONSTANT, INPUT, Graph, Node, shape_text, topological
from gradcli.symbolic.indices import (
    Contraction,
    Dim,
    Element,
    Entry,
    Index,
    NoFormError,
    Tensor,
    WholeArray,
    contract,
    delta,
    fresh,
    indices_of,
    replace_index,
)
from gradcli.symbolic.views import Notation, View, as_expr, exact_number


class Found(dict[int, Any]):
    """What was found by node id; what is missing raises its reason."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: dict[int, str] = {}

    def __missing__(self, number: int) -> Any:
        if number in self.reasons:
            raise NoFormError(self.reasons[number])
        raise KeyError(number)


class Definitions:
    """All nodes of a graph in index notation.

    Attributes:
        formal: per node id, its free indices (0 for an axis of size 1).
        expr: per node id, its full expression in its formal indices; to read one that there is not
            raises the reason.
        shapes: of the inputs and constant arrays, by the text that stands for them.
    """

    def __init__(
        self, graph: Graph, seconds: float, assume: Mapping[str, str] | None = None
    ) -> None:
        self.assume = assume or {}
        # An input that the recorded path does not reach has a derivative too: zeros of its shape.
        self.order = topological([graph.output, *graph.inputs.values()])
        self.deadline = time.monotonic() + seconds
        self.dims: dict[int, tuple[Dim | None, ...]] = {}
        self.formal: dict[int, tuple[Any, ...]] = {}
        self.definition = Found()
        self.expr = Found()
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.notation = Notation()
        names = {node.id: name for name, node in graph.inputs.items()}
        for node in self.order:
            self._dimension(node, names)
        for node in self.order:  # formulas unify sizes that must be equal; ask them all once
            self._try(node, self._define)
        for node in self.order:
            self.formal[node.id] = tuple(
                Integer(0) if dim is None else fresh(dim) for dim in self.dims[node.id]
            )
        for node in self.order:
            self._try(node, lambda node: self._lower(node, names))

    def _try(self, node: Node, step: Callable[[Node], object]) -> None:
        """Note an op without a formula: it matters to those only whose derivative meets it."""
        self.check_time()
        try:
            step(node)
        except NoFormError as error:
            for found in (self.definition, self.expr):
                found.reasons.setdefault(node.id, str(error))

    def check_time(self) -> None:
        """Stop where a closed form takes longer than its budget."""
        if self.late():
            raise NoFormError("the closed form would take too long")

    def late(self) -> bool:
        """Whether the time for a closed form is over."""
        return time.monotonic() > self.deadline

    # --- sizes

    def _dimension(self, node: Node, names: dict[int, str]) -> None:
        text = names.get(node.id)
        dims = []
        for axis, size in enumerate(node.shape):
            label = None
            if text is not None and text.isidentifier():  # else no formula can mention it
                label = f"{text}.size" if len(node.shape) == 1 else f"{text}.shape[{axis}]"
            dims.append(None if size == 1 else Dim(size, label))
        self.dims[node.id] = tuple(dims)
        if node.op.elementwise:
            for parent in node.inputs:
                for axis in range(-len(parent.shape), 0):
                    mine, theirs = self.dims[node.id][axis], self.dims[parent.id][axis]
                    if mine is not None and theirs is not None:
                        theirs.unify(mine)

    # --- definitions

    def placeholder(self, node: Node, position: int) -> Symbol:
        """The symbol that stands for the array of one input of a node.

        An input that is given twice has one symbol: `maximum(x, x)` is `x`.
        """
        return Symbol(f"p{node.id}:{node.inputs.index(node.inputs[position])}")

    def views(self, node: Node) -> list[View]:
        """The inputs of a node as its formula sees them."""
        return [
            View(self.placeholder(node, position), parent.shape, self.dims[parent.id])
            for position, parent in enumerate(node.inputs)
        ]

    def aligned(self, node: Node, parent: Node) -> Expr:
        """For an elementwise op: the indices of an input, given the formal ones of the output."""
        rank = len(parent.shape)
        out = self.formal[node.id][len(node.shape) - rank :] if rank else ()
        return tuple(
            index for index, dim in zip(out, self.dims[parent.id], strict=True) if dim is not None
        )

    def _define(self, node: Node) -> Any:
        """The entry of a node in placeholders, None for leaves and for ops with a rule of their
        own."""
        from gradcli.symbolic.atoms import ATOMS

        self.check_time()
        if node.op in (CONSTANT, INPUT):
            return None
        formal = self.formal.get(node.id) or tuple(
            Integer(0) if dim is None else fresh(dim) for dim in self.dims[node.id]
        )
        atom = ATOMS.get(node.op.name)
        if atom is not None and atom.applies(node):
            atom.unify(self, node)
            return None
        if node.op.elementwise:
            if node.op.symbolic is None:
                raise NoFormError(f"no closed form for '{node.op.name}' yet")
            self.formal.setdefault(node.id, formal)
            entries = [
                self._scalar(parent)
                if _uniform(parent)
                else Entry(self.placeholder(node, position), *self.aligned(node, parent))
                for position, parent in enumerate(node.inputs)
            ]
            return as_expr(node.op.symbolic(self.notation, *entries, **node.params))
        if node.op.entry is None:
            raise NoFormError(f"no closed form for '{node.op.name}' yet")
        try:
            return as_expr(node.op.entry(self.notation, formal, *self.views(node), **node.params))
        except NoFormError as error:
            raise NoFormError(f"no closed form for '{node.op.name}' yet ({error})") from None

    def _scalar(self, node: Node) -> Expr:
        """The number that all entries of a constant are; truth values are 1 and 0."""
        return exact_number(float(node.params["value"].reshape(-1)[0]))

    # --- full expressions

    def _lower(self, node: Node, names: dict[int, str]) -> None:
        from gradcli.symbolic.atoms import ATOMS

        formal = self.formal[node.id]
        if node.op is INPUT:
            name = names.get(node.id, node.params["name"])
            kept = [index for index in formal if index != 0]
            self.shapes[name] = node.shape
            kind = self.assume.get(name, "")
            if kind == "diagonal" and len(kept) == 2:
                row, column = kept
                self.expr[node.id] = delta(row, column) * Entry(Tensor(name, kind), row, row)
                return
            self.expr[node.id] = Entry(Tensor(name, kind), *kept)
            return
        if node.op is CONSTANT:
            self.expr[node.id] = self._constant(node)
            return
        atom = ATOMS.get(node.op.name)
        if atom is not None and atom.applies(node):
            self.expr[node.id] = atom.forward(self, node)
            return
        self.definition[node.id] = self._define(node)
        self.expr[node.id] = self.rebuild(self.definition[node.id], node)

    def _constant(self, node: Node) -> Expr:
        array = node.params["value"]
        if _uniform(node):
            return self._scalar(node)
        if array.size > 16 or array.dtype.kind not in "fb":
            raise NoFormError(
                f"a constant array of shape {shape_text(array.shape)} has no short text"
            )
        text = "array(" + repr(array.tolist()) + ")"
        self.shapes[text] = array.shape
        kept = [index for index in self.formal[node.id] if index != 0]
        return Entry(Tensor(text), *kept)

    def at(self, node: Node, indices: Sequence[Any]) -> Expr:
        """The expression of a node at other indices (one per axis of size other than 1)."""
        formal = [index for index in self.formal[node.id] if index != 0]
        return replace_index(self.expr[node.id], dict(zip(formal, indices, strict=True)))

    def whole(self, expr: Expr, formal: Sequence[Any]) -> WholeArray:
        """An expression in formal indices as a whole array, under canonical index names."""
        if not indices_of(expr) <= set(formal):
            raise NoFormError("no closed form for a function of a matrix of adjoints yet")
        level = _array_depth(expr) + 1
        axes = tuple(
            index if index == 0 else Index(f"a{level}_{axis}", index.dim.find())
            for axis, index in enumerate(formal)
        )
        renamed = {old: new for old, new in zip(formal, axes, strict=True) if old != 0}
        return WholeArray(expr.xreplace(renamed), *axes)

    def array(self, node: Node) -> WholeArray:
        """A node as a whole array."""
        return self.whole(self.expr[node.id], self.formal[node.id])

    def rebuild(self, expr: Any, node: Node) -> Any:
        """Put the inputs' expressions in the place of their placeholders."""
        parents = {
            self.placeholder(node, position): parent for position, parent in enumerate(node.inputs)
        }

        def walk(piece: Any) -> Any:
            if isinstance(piece, Entry) and piece.tensor in parents:
                return self.at(parents[piece.tensor], piece.indices)
            if isinstance(piece, Contraction):
                body, bound = piece.opened()
                return contract(walk(body), bound)
            if not piece.args or not (piece.free_symbols & parents.keys()):
                return piece
            return piece.func(*(walk(arg) for arg in piece.args))

        return walk(expr)


def _uniform(node: Node) -> bool:
    """A constant with equal entries."""
    if node.op is not CONSTANT:
        return False
    array = node.params["value"]
    return bool(array.size and np.all(array == array.reshape(-1)[0]))


def _array_depth(expr: Any) -> int:
    if isinstance(expr, WholeArray):
        return 1 + _array_depth(expr.body)
    if not expr.args:
        return 0
    return max(_array_depth(arg) for arg in expr.args)


def element(
    head: str, lambdas: Sequence[WholeArray], indices: Sequence[Any], params: Sequence[Any] = ()
) -> Element:
    """An entry of a function of whole arrays; 0 for an axis of size 1."""
    return Element(
        Symbol(head),
        sympy.Tuple(*(Symbol(str(param)) for param in params)),
        Integer(len(lambdas)),
        *lambdas,
        *indices,
    )
