"""Norms: one primitive for the p-norm over axes, and NumPy's `norm` of vectors and matrices on top.

The primitive scales where squares would overflow or vanish, so entries of 1e200 and 1e-200 work.
Its derivative at the zero vector is 0 by convention.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply, constant, shape_text
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import (
    FUNCTIONS,
    describe,
    function,
    negative_axes,
    primitive,
    reduced_shape,
    weigh,
)
from gradcli.ops.reductions import Axes, count_over, kept, mean_of
from gradcli.ops.structure import reshape, sum_

FAMILY = "norms"

# Between these, a sum of squares neither overflows nor loses digits to denormal numbers.
SAFE = {np.dtype(np.float32): (1e-16, 1e18), np.dtype(np.float64): (1e-146, 1e153)}


def _scaled(x: Array, ord: float, axes: Axes) -> Any:
    """The p-norm (axes kept) through the entries divided by the one that dominates."""
    sizes = np.abs(x)
    lead = (np.max if ord > 0 else np.min)(
        sizes, axis=axes, keepdims=True, initial=0.0 if ord > 0 else inf
    )
    usable = (lead > 0) & (lead < inf)
    ratios = sizes / np.where(usable, lead, 1.0)
    result = lead * np.sum(ratios**ord, axis=axes, keepdims=True) ** (1.0 / ord)
    return np.where(usable, result, lead)


def _sum_of_squares(x: Array, axes: Axes) -> Any:
    if len(axes) < x.ndim:
        return np.sum(x * x, axis=axes, keepdims=True)
    flat = x.reshape(-1)
    return (flat @ flat).reshape((1,) * x.ndim)


def _norm(x: Array, ord: float, axes: Axes, keepdims: bool) -> Any:
    x = as_float(x)
    if ord == 2:
        result = np.sqrt(_sum_of_squares(x, axes))
        least, most = SAFE[x.dtype]
        unsafe = ~((result > least) & (result < most))
        if np.any(unsafe):
            result = np.where(unsafe, _scaled(x, 2, axes), result)
    else:
        result = _scaled(x, ord, axes)
    return result if keepdims else np.squeeze(result, axis=axes)


def _norm_exact(m: Any, x: Array, ord: float, axes: Axes, keepdims: bool) -> Any:
    total = np.sum(np.abs(x) ** ord, axis=axes, keepdims=keepdims)
    return np.frompyfunc(m.sqrt, 1, 1)(total) if ord == 2 else total ** (1 / m.mpf(ord))


def _norm_vjp(g: Node, out: Node, x: Node, ord: float, axes: Axes, keepdims: bool) -> tuple[Node]:
    g, out = kept(g, x.shape, axes), kept(out, x.shape, axes)
    safe = apply("where", apply("equal", out, 0.0), 1.0, out)
    if ord == 2:
        return (weigh(g, x / safe),)
    slope = (apply("abs", x) / safe) ** (ord - 1.0)
    if ord < 0:  # one zero entry makes the norm 0, whatever the others are
        slope = apply("where", apply("equal", out, 0.0), 0.0, slope)
    return (weigh(g, weigh(apply("sign", x), slope)),)


def _norm_entry(s: Any, out: Any, x: Any, ord: float, axes: Axes, keepdims: bool) -> Any:
    from fractions import Fraction

    power = int(ord) if ord == int(ord) else Fraction(repr(ord))
    total = s.reduce(x, out, axes, keepdims, lambda e, *bound: s.sum(s.abs(e) ** power, *bound))
    return s.sqrt(total) if ord == 2 else total ** (s.sum(1) / power)


def _norm_kink(x: Array, ord: float, axes: Axes, keepdims: bool) -> Array:
    zero: Array = x == 0
    return zero if ord <= 1 else zero & np.all(zero, axis=axes, keepdims=True)


primitive(
    "norm",
    evaluate=_norm,
    shape=lambda shape, ord, axes, keepdims: reduced_shape(shape, axes, keepdims),
    vjp=_norm_vjp,
    entry=_norm_entry,
    exact=_norm_exact,
    kink=_norm_kink,
    doc="p-norm over axes; derivative 0 at the zero vector.",
    family=FAMILY,
)


def _rms(x: Array, axes: Axes, keepdims: bool, ddof: float) -> Any:
    freedom = max(count_over(x.shape, axes) - ddof, 0)
    return _norm(x, 2, axes, keepdims) / np.sqrt(float(freedom))


def _rms_exact(m: Any, x: Array, axes: Axes, keepdims: bool, ddof: float) -> Any:
    return np.frompyfunc(m.sqrt, 1, 1)(mean_of(x * x, axes, keepdims, ddof))


def _rms_entry(s: Any, out: Any, x: Any, axes: Axes, keepdims: bool, ddof: float) -> Any:
    squares = s.reduce(x, out, axes, keepdims, lambda entry, *bound: s.sum(entry**2, *bound))
    return s.sqrt(squares / (s.size(x, axes) - ddof))


def _rms_vjp(g: Node, out: Node, x: Node, axes: Axes, keepdims: bool, ddof: float) -> tuple[Node]:
    out = kept(out, x.shape, axes)
    safe = apply("where", apply("equal", out, 0.0), 1.0, out)
    freedom = float(max(count_over(x.shape, axes) - ddof, 0))
    return (weigh(kept(g, x.shape, axes) / freedom, x / safe),)


primitive(
    "rms",
    evaluate=_rms,
    shape=lambda shape, axes, keepdims, ddof: reduced_shape(shape, axes, keepdims),
    vjp=_rms_vjp,
    entry=_rms_entry,
    exact=_rms_exact,
    kink=lambda x, axes, keepdims, ddof: _norm_kink(x, 2, axes, keepdims),
    doc="Root mean square over axes; derivative 0 at the zero vector.",
    family=FAMILY,
)


def norm_over(x: Node, axes: Axes, keepdims: bool, ord: float = 2.0) -> Node:
    """The vector norm of any order over (negative) axes."""
    if not axes:
        return apply("abs", x)
    if ord == 0:
        filled = apply("where", apply("not_equal", x, 0.0), constant(1.0, x.dtype), 0.0)
        return sum_(filled, axes, keepdims)
    if ord == 1:
        return sum_(apply("abs", x), axes, keepdims)
    if abs(ord) == inf:
        return apply("max" if ord > 0 else "min", apply("abs", x), axes=axes, keepdims=keepdims)
    return apply("norm", x, ord=float(ord), axes=axes, keepdims=keepdims)


def _singular_norm(x: Node, ord: Any, rows: int, columns: int, keepdims: bool) -> Node:
    """Norms of the singular values: nuclear (sum), 2 (largest), -2 (smallest)."""
    order = (*(a for a in range(-x.ndim, 0) if a not in (rows, columns)), rows, columns)
    if order != tuple(sorted(order)):
        x = apply("transpose", x, axes=order)
    values = FUNCTIONS["svdvals"].build(x)
    if ord == "nuc":
        result: Node = sum_(values, -1)
    else:
        result = apply("max" if ord == 2 else "min", values, axes=(-1,), keepdims=False)
    if keepdims:
        rank, both = x.ndim, {rows, columns}
        sizes = iter(result.shape)
        result = reshape(result, tuple(1 if a in both else next(sizes) for a in range(-rank, 0)))
    return result


def _matrix(name: str, x: Node, ord: Any, rows: int, columns: int, keepdims: bool) -> Node:
    if ord is None or ord == "fro":
        return norm_over(x, tuple(sorted((rows, columns))), keepdims)
    if ord == "nuc" or ord in (2, -2):
        return _singular_norm(x, ord, rows, columns, keepdims)
    if ord in (inf, -inf):
        rows, columns = columns, rows
    elif ord not in (1, -1):
        raise GradcliError(
            f"{name}: a matrix of shape {shape_text(x.shape)} has no norm of order {ord}",
            kind="shape",
            hint="orders of a matrix are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf; "
            "name an axis for a vector norm",
        )
    sums = apply("sum", apply("abs", x), axes=(rows,), keepdims=True)
    largest = apply("max" if ord > 0 else "min", sums, axes=(columns,), keepdims=True)
    if keepdims:
        return largest
    return reshape(largest, reduced_shape(x.shape, (rows, columns), False))


def _check_ord(name: str, ord: Any) -> None:
    number = isinstance(ord, (int, float)) and not isinstance(ord, bool) and ord == ord
    if ord is not None and not number and ord not in ("fro", "nuc"):
        raise GradcliError(
            f"{name}: the order of a norm is a number, inf, 'fro' or 'nuc', not {describe(ord)}",
            kind="value",
        )


def _vector(name: str, x: Node, ord: Any, axes: Axes, keepdims: bool) -> Node:
    if isinstance(ord, str):
        raise GradcliError(
            f"{name}: '{ord}' is a norm of matrices, not of vectors (shape {shape_text(x.shape)})",
            kind="shape",
        )
    return norm_over(x, axes, keepdims, 2.0 if ord is None else ord)


@function(
    "norm",
    "x; ord=None, axis=None, keepdims=False",
    "Norm of a vector (any order) or a matrix ('fro', 'nuc', 1, 2, inf ...); by default the "
    "2-norm of all entries.",
    family=FAMILY,
    example="norm(x)",
)
def norm(x: Node, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's `linalg.norm`."""
    _check_ord("norm", ord)
    keepdims = bool(keepdims)
    axes = negative_axes("norm", axis, x.ndim)
    if axis is None and ord is None:
        return norm_over(x, axes, keepdims)
    if not 1 <= len(axes) <= 2:
        raise GradcliError(
            f"norm: of order {ord} is of a vector or a matrix, not of shape {shape_text(x.shape)}"
            if axis is None
            else f"norm: axis names one axis (vectors) or two (matrices), not {axis!r}",
            kind="shape",
        )
    if len(axes) == 1:
        return _vector("norm", x, ord, axes, keepdims)
    if axis is not None:
        axes = tuple(negative_axes("norm", one, x.ndim)[0] for one in axis)
    return _matrix("norm", x, ord, axes[0], axes[1], keepdims)


@function(
    "vector_norm",
    "x; ord=2, axis=None, keepdims=False",
    "Norm of the entries over the named axes (all where none is named), as one vector.",
    family=FAMILY,
    example="vector_norm(A, 3)",
)
def vector_norm(x: Node, ord: Any = 2, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's and torch's `linalg.vector_norm`."""
    _check_ord("vector_norm", ord)
    axes = negative_axes("vector_norm", axis, x.ndim)
    return _vector("vector_norm", x, ord, axes, bool(keepdims))


@function(
    "matrix_norm",
    "x; ord='fro', axis=(-2, -1), keepdims=False",
    "Norm of a matrix, or of the last two axes.",
    family=FAMILY,
    example="matrix_norm(A)",
)
def matrix_norm(x: Node, ord: Any = "fro", axis: Any = (-2, -1), keepdims: bool = False) -> Node:
    """NumPy's and torch's `linalg.matrix_norm`."""
    _check_ord("matrix_norm", ord)
    if len(negative_axes("matrix_norm", axis, x.ndim)) != 2:
        raise GradcliError(f"matrix_norm: axis names two axes, not {axis!r}", kind="shape")
    rows, columns = (negative_axes("matrix_norm", one, x.ndim)[0] for one in axis)
    return _matrix("matrix_norm", x, ord, rows, columns, bool(keepdims))


@function(
    "euclidean_norm",
    "x; axis=None, keepdims=False",
    "2-norm of the entries over the named axes.",
    family=FAMILY,
    aliases=("reduce_euclidean_norm",),
    example="euclidean_norm(A, axis=1)",
)
def euclidean_norm(x: Node, axis: Any = None, keepdims: bool = False) -> Node:
    """TensorFlow's `reduce_euclidean_norm`."""
    return norm_over(x, negative_axes("euclidean_norm", axis, x.ndim), bool(keepdims))


@function(
    "dist",
    "x, y; p=2",
    "Norm of the difference of two arrays, over all entries.",
    family=FAMILY,
    example="dist(x, y)",
)
def dist(x: Node, y: Node, p: Any = 2) -> Node:
    """torch's `dist`."""
    return vector_norm(x - y, p)
