"""How an op is declared: one call per op, read by parser, shape check, executor, SymPy side, docs
and tests.

Two registries: `graph.OPS` holds the primitives (what a `Node` can be), `FUNCTIONS` holds what a
user can
call. A primitive declared with a `signature` is callable; `@function` declares a callable that is
composed
of others, and so has value, gradient, every order and formula for free.

A signature is text: tensors before `;`, static parameters behind it, defaults as Python literals:
`"x; axis=None, keepdims=False"`. `*xs` before `;` takes any number of tensors.
Where a static parameter comes first, sections simply alternate, tensors first: `"; subscripts;
*xs"`,
`"; shape; fill_value"`, `"x; obj; values; axis=None"`. The order of the text is the order of
positional
arguments; `build` always gets tensors by position and static parameters by keyword. `xs` or
`[name]` is a
list of tensors (a tuple of nodes arrives), `[[name]]` nested lists of tensors (nested tuples
arrive).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from gradcli.errors import GradcliError
from gradcli.graph import (
    Node,
    Op,
    Shape,
    apply,
    broadcast_shapes,
    is_constant,
    register,
    shape_text,
)

Build = TypeVar("Build", bound=Callable[..., Any])

FUNCTIONS: dict[str, Function] = {}
"""Every function a user can call, by its canonical name."""

MOST_TURNS = 1000
"""How often a function repeats itself (the n-th difference, the m-th derivative)."""

ALIASES: dict[str, str] = {}
"""Other spellings of the same function with the same signature (`absolute` -> `abs`)."""


class Function:
    """What a user can call.

    Attributes:
        name: canonical name (NumPy's where there is one).
        signature: see the module's docstring.
        build: `(*tensors, **static) -> Node` or a tuple of nodes (`slogdet`), or a Python value
            that is static (`shape`).
        doc: one line.
        family: the file it lives in.
        op: the primitive behind it, or None for a composition.
        example: an expression for docs and tests, over `x y` (vectors), `A` (matrix), `S` (spd).
    """

    __slots__ = ("build", "doc", "example", "family", "name", "op", "signature")

    def __init__(
        self,
        name: str,
        signature: str,
        build: Callable[..., Any],
        doc: str,
        family: str,
        op: Op | None = None,
        example: str | None = None,
    ) -> None:
        self.name = name
        self.signature = signature
        self.build = build
        self.doc = doc
        self.family = family
        self.op = op
        self.example = example

    def __repr__(self) -> str:
        return f"Function({self.name}({self.signature}))"


def declare_function(entry: Function, aliases: Iterable[str] = ()) -> Function:
    """Put a function into `FUNCTIONS`; a name is taken once."""
    for name in (entry.name, *aliases):
        if name in FUNCTIONS or name in ALIASES:
            raise ValueError(f"function {name} is declared twice")
    FUNCTIONS[entry.name] = entry
    for name in aliases:
        ALIASES[name] = entry.name
    return entry


def function(
    name: str,
    signature: str,
    doc: str,
    *,
    family: str,
    aliases: Iterable[str] = (),
    example: str | None = None,
) -> Callable[[Build], Build]:
    """Declare a composition: a function written in the graph's own ops."""

    def declare(build: Build) -> Build:
        declare_function(Function(name, signature, build, doc, family, example=example), aliases)
        return build

    return declare


def weigh(g: Node, d: Any) -> Node:
    """Cotangent times local derivative, where 0 times anything is 0.

    A branch that was not taken sends the cotangent 0 into `sqrt` or `log`, whose derivative there
    may be
    inf or nan: the product must be 0 (the double-`where` trap). Whether such a 0 is the true
    derivative
    is the witnesses' business.
    """
    if not isinstance(d, Node):
        return apply("multiply", g, d)
    if is_constant(g, 1.0) and g.shape == () and d.dtype.kind == "f":
        return d
    if is_constant(d):
        return g * d
    return apply("weigh", g, d)


def _broadcasting(name: str) -> Callable[..., Shape]:
    def shape(*shapes: Shape, **params: Any) -> Shape:
        return broadcast_shapes(name, *shapes)

    return shape


def elementwise(
    name: str,
    evaluate: Callable[..., Any],
    *,
    derivative: Callable[..., Any] | Sequence[Callable[..., Any] | None] | None = None,
    symbolic: Callable[..., Any] | None,
    doc: str,
    family: str,
    signature: str | None = "x",
    cut: str | None = None,
    dtype: str = "float",
    aliases: Iterable[str] = (),
    kink: Callable[..., Any] | None = None,
    exact: Callable[..., Any] | None = None,
    domain: Any = (-2.0, 2.0),
    special: Sequence[Any] = (),
    example: str | None = None,
) -> Op:
    """Declare a broadcasting primitive: one output entry from one entry of each input.

    Args:
        name: canonical name, also the function's name where `signature` is given.
        evaluate: `(*arrays, **params) -> array`.
        derivative: for one input `(y, x, **params) -> Node or number`, the derivative dy/dx in the
            graph's own ops; for several a sequence, one per input, None for a cut. None with a
            `cut` reason for a function without derivative.
        symbolic: `(s, *scalars, **params) -> scalar` against a namespace of scalar functions.
        signature: how it is called; None for an op that is no function.
        kink: `(*arrays, **params) -> bool array`, where it is not differentiable.
        domain: the open interval that tests draw from (a sequence of intervals for several inputs).
        special: points worth testing besides (tuples for several inputs).

    Example (the whole of `tanh`)::

        elementwise("tanh", np.tanh, derivative=lambda y, x: sech2(x), symbolic=lambda s, x:
        s.tanh(x),
                    domain=(-2, 2), special=(0, 20), doc="Hyperbolic tangent.",
                    family="elementwise")
    """
    rules: Sequence[Callable[..., Any] | None] | None
    rules = (derivative,) if callable(derivative) else derivative

    def vjp(g: Node, out: Node, *inputs: Node, **params: Any) -> Sequence[Node | None]:
        assert rules is not None
        return [None if rule is None else weigh(g, rule(out, *inputs, **params)) for rule in rules]

    op = register(
        Op(
            name,
            evaluate=evaluate,
            shape=_broadcasting(name),
            vjp=None if rules is None else vjp,
            dtype=dtype,
            cut=cut,
            symbolic=symbolic,
            exact=exact,
            kink=kink,
            elementwise=True,
            doc=doc,
            family=family,
            domain=domain,
            special=special,
        )
    )
    if signature is not None:
        declare_function(
            Function(name, signature, _builder(op), doc, family, op=op, example=example), aliases
        )
    return op


def primitive(
    name: str,
    *,
    evaluate: Callable[..., Any],
    shape: Callable[..., Shape],
    vjp: Callable[..., Sequence[Node | None]] | None,
    doc: str,
    family: str,
    entry: Callable[..., Any] | None = None,
    exact: Callable[..., Any] | None = None,
    kink: Callable[..., Any] | None = None,
    cut: str | None = None,
    dtype: str = "float",
    signature: str | None = None,
    aliases: Iterable[str] = (),
    example: str | None = None,
    domain: Any = (-2.0, 2.0),
    special: Sequence[Any] = (),
) -> Op:
    """Declare a structural primitive (shapes, contractions, linear algebra). See `Op` for the
    fields.

    With a `signature` it is also a function of that name; most structural functions instead get a
    `@function` that normalises their arguments (axes negative, defaults filled) and then applies
    the op.
    """
    op = register(
        Op(
            name,
            evaluate=evaluate,
            shape=shape,
            vjp=vjp,
            dtype=dtype,
            cut=cut,
            entry=entry,
            exact=exact,
            kink=kink,
            doc=doc,
            family=family,
            domain=domain,
            special=special,
        )
    )
    if signature is not None:
        declare_function(
            Function(name, signature, _builder(op), doc, family, op=op, example=example), aliases
        )
    return op


def _builder(op: Op) -> Callable[..., Node]:
    def build(*tensors: Any, **params: Any) -> Node:
        return apply(op, *tensors, **params)

    return build


def negative_axes(name: str, axis: Any, rank: int) -> tuple[int, ...]:
    """Axes as a sorted tuple of negative integers; None means all.

    Raises:
        GradcliError: `value` for what is no integer, `shape` for an axis that does not exist or is
            named twice.
    """
    if axis is None:
        return tuple(range(-rank, 0))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    result = []
    for one in axes:
        if isinstance(one, bool) or not isinstance(one, int):
            raise GradcliError(f"{name}: axis must be an integer, not {one!r}", kind="value")
        if not -rank <= one < rank:
            raise GradcliError(
                f"{name}: axis {one} does not exist in an array of {rank} "
                f"{'axis' if rank == 1 else 'axes'}",
                kind="shape",
            )
        result.append(one - rank if one >= 0 else one)
    if len(set(result)) < len(result):
        raise GradcliError(f"{name}: an axis is named twice in {axis}", kind="shape")
    return tuple(sorted(result))


def one_axis(name: str, axis: Any, rank: int) -> int:
    """One axis as a negative integer."""
    if axis is None or isinstance(axis, (tuple, list)):
        raise GradcliError(f"{name}: axis must be one integer, not {axis!r}", kind="value")
    return negative_axes(name, axis, rank)[0]


def reduced_shape(shape: Shape, axes: Sequence[int], keepdims: bool) -> Shape:
    """The shape after a reduction over (negative) axes."""
    rank = len(shape)
    if keepdims:
        return tuple(1 if i - rank in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i - rank not in axes)


def integer(name: str, what: str, value: Any, *, least: int | None = None) -> int:
    """A static integer parameter, checked."""
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        else:
            text = f"{name}: {what} must be an integer, not {describe(value)}"
            raise GradcliError(text, kind="value")
    if least is not None and value < least:
        raise GradcliError(f"{name}: {what} must be at least {least}, not {value}", kind="value")
    return int(value)


def number(name: str, what: str, value: Any, *, positive: bool = False) -> float:
    """A static real parameter, checked; an integer stays one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise GradcliError(f"{name}: {what} must be a number, not {describe(value)}", kind="value")
    if positive and not value > 0:
        raise GradcliError(f"{name}: {what} must be positive, not {value}", kind="value")
    return value


def turns(name: str, what: str, value: Any) -> int:
    """How often something is repeated, each time recording new operations."""
    count = integer(name, what, value, least=0)
    if count > MOST_TURNS:
        raise GradcliError(f"{name}: {what} is at most {MOST_TURNS}, not {count}", kind="limit")
    return count


def describe(value: Any) -> str:
    """A short word for a value in an error message."""
    if isinstance(value, Node):
        return f"an array of shape {shape_text(value.shape)}"
    return repr(value) if len(repr(value)) <= 40 else type(value).__name__
