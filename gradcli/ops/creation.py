"""Arrays made from nothing: zeros, ones, full, eye, tri, array.

A constant array stays what it is known to be for as long as possible: `zeros`, `ones` and `full`
are one number that is broadcast, `eye` knows that it is a Kronecker delta. What depends on nodes
(`full((2, 2), s)`, `array([s, 2 * s])`) is differentiable in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import BOOL, FLOAT32, FLOAT64, Array, Node, apply, constant, shape_text
from gradcli.limits import check_elements
from gradcli.ops.declare import describe, function, integer, primitive
from gradcli.ops.joins import stack
from gradcli.ops.rearranging import triangle
from gradcli.ops.static import static_shape
from gradcli.ops.structure import broadcast_to

FAMILY = "creation"
DTypes = np.dtype[Any]
_default = FLOAT64

_BOOLS = {"bool", "bool_", "?"}
_INTEGERS = {"int", "long", "intp"} | {f"{s}int{n}" for s in ("", "u") for n in (8, 16, 32, 64)}
_FLOATS = {"float", "float_", "double", "single", "half", "bfloat16"} | {
    f"float{n}" for n in (16, 32, 64)
}


@contextmanager
def default_dtype(dtype: DTypes) -> Iterator[None]:
    """Constants made in this block have `dtype` where nothing else is said."""
    global _default
    before, _default = _default, dtype
    try:
        yield
    finally:
        _default = before


def dtype_kind(name: str, dtype: Any) -> str:
    """What a dtype argument asks for: "float", "int", "bool", or "" for None.

    All floats are one here: the precision is chosen for the whole program.

    Raises:
        GradcliError: `value` for any other dtype.
    """
    if dtype is None:
        return ""
    text = dtype.__name__ if isinstance(dtype, type) else str(dtype)
    for kind, names in (("float", _FLOATS), ("int", _INTEGERS), ("bool", _BOOLS)):
        if text in names:
            return kind
    hint = "write a shape of several axes as a tuple, (2, 3)" if isinstance(dtype, int) else None
    raise GradcliError(f"{name}: dtype {describe(dtype)} is no number type", hint=hint)


def number_dtype(name: str, dtype: Any, default: DTypes | None = None) -> DTypes:
    """The dtype of numbers made here: integers are floats, as everywhere in the language."""
    kind = dtype_kind(name, dtype)
    if kind == "bool":
        return BOOL
    return default if default is not None and not kind else _default


def typed(name: str, node: Node, dtype: Any) -> Node:
    """A node in the kind of dtype that is asked for."""
    kind = dtype_kind(name, dtype)
    if kind == "bool" and node.dtype != BOOL:
        return apply("not_equal", node, 0.0)
    if kind in ("float", "int") and node.dtype == BOOL:
        return apply("where", node, constant(1.0, _default), 0.0)
    return apply("trunc", node) if kind == "int" else node


# --- one number, many places ---------------------------------------------------------------------


def filled(name: str, shape: Any, value: Any, dtype: DTypes) -> Node:
    """A number (or a node that broadcasts) at every place of a shape."""
    sizes = static_shape(name, shape)
    check_elements(sizes, f"the result of {name}")
    return broadcast_to(value if isinstance(value, Node) else constant(value, dtype), sizes)


@function(
    "zeros",
    "; shape, dtype=None",
    "An array of zeros.",
    family=FAMILY,
    aliases=("empty",),
    example="zeros(3)",
)
def zeros(shape: Any, dtype: Any = None) -> Node:
    """Zeros of the given shape."""
    return filled("zeros", shape, 0.0, number_dtype("zeros", dtype))


@function("ones", "; shape, dtype=None", "An array of ones.", family=FAMILY, example="ones((2, 3))")
def ones(shape: Any, dtype: Any = None) -> Node:
    """Ones of the given shape."""
    return filled("ones", shape, 1.0, number_dtype("ones", dtype))


@function(
    "full",
    "; shape; fill_value; dtype=None",
    "An array of one value.",
    family=FAMILY,
    aliases=("fill",),
    example="full((2, 2), 3.0)",
)
def full(fill_value: Any, *, shape: Any, dtype: Any = None) -> Node:
    """`fill_value` (a number, or a node that broadcasts) at every place."""
    return typed("full", filled("full", shape, fill_value, _default), dtype)


@function(
    "zeros_like",
    "x; dtype=None",
    "Zeros of the shape of `x`.",
    family=FAMILY,
    aliases=("empty_like",),
    example="zeros_like(A)",
)
def zeros_like(x: Node, dtype: Any = None) -> Node:
    """Zeros of the shape and dtype of `x`."""
    return filled("zeros_like", x.shape, 0.0, number_dtype("zeros_like", dtype, _like(x)))


@function(
    "ones_like", "x; dtype=None", "Ones of the shape of `x`.", family=FAMILY, example="ones_like(A)"
)
def ones_like(x: Node, dtype: Any = None) -> Node:
    """Ones of the shape and dtype of `x`."""
    return filled("ones_like", x.shape, 1.0, number_dtype("ones_like", dtype, _like(x)))


@function(
    "full_like",
    "x, fill_value; dtype=None",
    "One value in the shape of `x`.",
    family=FAMILY,
    example="full_like(x, 2.0)",
)
def full_like(x: Node, fill_value: Any, dtype: Any = None) -> Node:
    """`fill_value` at every place of the shape of `x`."""
    return typed("full_like", filled("full_like", x.shape, fill_value, _like(x)), dtype)


def _like(x: Node) -> DTypes:
    return x.dtype if x.dtype.kind in "fb" else FLOAT64


# --- identity ------------------------------------------------------------------------------------


def _eye(scale: Array, rows: int, columns: int, offset: int) -> Array:
    result = np.zeros((*scale.shape, rows, columns), dtype=scale.dtype)
    first = max(0, -offset)
    places = np.arange(first, max(first, min(rows, columns - offset)))
    result[..., places, places + offset] = scale[..., None]
    return result


primitive(
    "eye",
    evaluate=_eye,
    shape=lambda scale, rows, columns, offset: (rows, columns),
    vjp=lambda g, out, scale, rows, columns, offset: (
        apply("sum", apply("diagonal", g, offset=offset), axes=(-1,), keepdims=False),
    ),
    entry=lambda s, out, scale, rows, columns, offset: scale() * s.delta(out[-2] + offset, out[-1]),
    dtype="same",
    doc="A number on a diagonal, zeros elsewhere.",
    family=FAMILY,
)


@function(
    "eye",
    "; N, M=None, k=0, dtype=None",
    "The identity matrix.",
    family=FAMILY,
    example="eye(3)",
)
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Node:
    """Ones on diagonal `k` of `N` rows and `M` columns (`N` where None)."""
    rows = integer("eye", "N", N, least=0)
    columns = rows if M is None else integer("eye", "M", M, least=0)
    offset = max(-rows, min(integer("eye", "k", k), columns))
    one = constant(1.0, number_dtype("eye", dtype))
    return apply("eye", one, rows=rows, columns=columns, offset=offset)


@function(
    "identity", "; n, dtype=None", "The identity matrix.", family=FAMILY, example="identity(3)"
)
def identity(n: int, dtype: Any = None) -> Node:
    """The square identity matrix."""
    return eye(n, dtype=dtype)


@function(
    "tri",
    "; N, M=None, k=0, dtype=None",
    "Ones at and below a diagonal.",
    family=FAMILY,
    example="tri(3)",
)
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Node:
    """`N` rows and `M` columns (`N` where None): 1 where `column <= row + k`, else 0."""
    rows = integer("tri", "N", N, least=0)
    columns = rows if M is None else integer("tri", "M", M, least=0)
    one = constant(1.0, number_dtype("tri", dtype))
    return apply("where", triangle(rows, columns, integer("tri", "k", k)), one, 0.0)


# --- from values ---------------------------------------------------------------------------------


def as_array(value: Any, name: str = "array") -> Node:
    """Nested lists of numbers, truth values and nodes as one node.

    Raises:
        GradcliError: `shape` for rows that differ in shape, `value` for what is no number.
    """
    built = _nested(name, value, 0)
    if isinstance(built, Node):
        return built
    return constant(built if built.dtype.kind == "b" else built.astype(_default))


def _nested(name: str, value: Any, depth: int) -> Node | Array:
    if isinstance(value, (Node, np.ndarray)):
        return value
    if isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
        return _number(name, value)
    if not isinstance(value, (tuple, list)):
        raise GradcliError(f"{name}: {describe(value)} is no number")
    if depth == 32:
        raise GradcliError(f"{name}: more than 32 nested lists", kind="limit")
    parts = [_nested(name, part, depth + 1) for part in value]
    for part in parts:
        if part.shape != parts[0].shape:
            raise GradcliError(
                f"{name}: the parts of a list have different shapes, "
                f"{shape_text(parts[0].shape)} and {shape_text(part.shape)}",
                kind="shape",
            )
    if not parts:
        return np.zeros(0)
    check_elements((len(parts), *parts[0].shape), f"the result of {name}")
    if not any(isinstance(part, Node) for part in parts):
        return np.stack(parts)  # type: ignore[arg-type]
    nodes = [part if isinstance(part, Node) else _leaf(part, parts) for part in parts]
    return stack(nodes)


def _number(name: str, value: Any) -> Array:
    try:
        return np.asarray(value if isinstance(value, (bool, np.bool_)) else float(value))
    except OverflowError:
        raise GradcliError(f"{name}: an integer is too large for a float", kind="limit") from None


def _leaf(part: Array, parts: list[Node | Array]) -> Node:
    """A number among nodes, in their float dtype, so that float32 stays float32."""
    dtypes = {one.dtype for one in parts if isinstance(one, Node)}
    return constant(part, FLOAT32 if dtypes == {FLOAT32} and part.dtype != BOOL else None)


@function(
    "array",
    "x; dtype=None",
    "An array from nested lists.",
    family=FAMILY,
    aliases=(
        "asarray",
        "asanyarray",
        "ascontiguousarray",
        "tensor",
        "as_tensor",
        "convert_to_tensor",
        "constant",
        "Variable",
    ),
    example="array([1.0, 2.0])",
)
def array(x: Any, dtype: Any = None) -> Node:
    """Nested lists of numbers and nodes as an array; an array as it is."""
    return typed("array", as_array(x), dtype)
