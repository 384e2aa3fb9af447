"""Differences and integrals of sampled functions: `diff ediff1d gradient trapezoid`."""

from __future__ import annotations

from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, shape_text
from gradcli.ops.declare import function, integer, negative_axes, one_axis, turns
from gradcli.ops.indexing import along
from gradcli.ops.joins import joined
from gradcli.ops.structure import broadcast_to, reshape, sum_

FAMILY = "differences"


def _steps(x: Node, axis: int) -> Node:
    return x[along(axis, slice(1, None))] - x[along(axis, slice(None, -1))]


@function(
    "diff",
    "x; n=1, axis=-1; prepend=None, append=None",
    "Differences of neighbours along an axis, `n` times.",
    family=FAMILY,
    example="diff(x)",
)
def diff(
    x: Node, prepend: Node | None = None, append: Node | None = None, n: Any = 1, axis: Any = -1
) -> Node:
    """NumPy's `diff`."""
    if x.ndim == 0:
        raise GradcliError("diff: a scalar has no axis to take differences along", kind="shape")
    axis = one_axis("diff", axis, x.ndim)
    parts = []
    for part in (prepend, x, append):
        if part is None:
            continue
        if part.ndim == 0:
            slot = x.ndim + axis
            part = apply("broadcast_to", part, shape=(*x.shape[:slot], 1, *x.shape[slot + 1 :]))
        parts.append(part)
    x = joined(parts, axis)
    for _ in range(min(turns("diff", "n", n), x.shape[axis])):
        x = _steps(x, axis)
    return x


@function(
    "ediff1d",
    "x, to_end=None, to_begin=None",
    "Differences of neighbours of the flattened array.",
    family=FAMILY,
    example="ediff1d(x)",
)
def ediff1d(x: Node, to_end: Node | None = None, to_begin: Node | None = None) -> Node:
    """NumPy's `ediff1d`."""
    steps = _steps(reshape(x, (x.size,)), -1)
    parts = [to_begin, steps, to_end]
    return joined([reshape(part, (part.size,)) for part in parts if part is not None], -1)


def _areas(name: str, y: Node, x: Node | None, dx: Any, axis: int) -> Node:
    """The trapezia between neighbours along an axis."""
    if x is not None:
        if x.shape not in (y.shape, (y.shape[axis],)):
            raise GradcliError(
                f"{name}: a grid of shape {shape_text(x.shape)} does not fit "
                f"samples of shape {shape_text(y.shape)}",
                kind="shape",
            )
        if x.ndim == 1:
            x = reshape(x, (x.size,) + (1,) * (-axis - 1))
        dx = _steps(x, axis)
    heights = y[along(axis, slice(1, None))] + y[along(axis, slice(None, -1))]
    areas: Node = heights * (dx / 2.0)
    return areas


@function(
    "trapezoid",
    "y, x=None, dx=1.0; axis=-1",
    "Integral along an axis by the trapezoidal rule, over the grid `x` or steps `dx`.",
    family=FAMILY,
    aliases=("trapz",),
    example="trapezoid(y, x)",
)
def trapezoid(y: Node, x: Node | None = None, dx: Any = 1.0, axis: Any = -1) -> Node:
    """NumPy's `trapezoid`."""
    axis = one_axis("trapezoid", axis, y.ndim)
    return sum_(_areas("trapezoid", y, x, dx, axis), axis)


@function(
    "cumulative_trapezoid",
    "y, x=None, dx=1.0; axis=-1; initial=None",
    "Running integral along an axis by the trapezoidal rule.",
    family=FAMILY,
    example="cumulative_trapezoid(y, x)",
)
def cumulative_trapezoid(
    y: Node, x: Node | None = None, dx: Any = 1.0, initial: Node | None = None, axis: Any = -1
) -> Node:
    """SciPy's `cumulative_trapezoid`."""
    axis = one_axis("cumulative_trapezoid", axis, y.ndim)
    areas = _areas("cumulative_trapezoid", y, x, dx, axis)
    running = apply("cumsum", areas, axis=axis, reverse=False)
    if initial is None:
        return running
    slot = y.ndim + axis
    start = broadcast_to(initial, (*y.shape[:slot], 1, *y.shape[slot + 1 :]))
    return joined([start, running], axis)


# --- gradient -----------------------------------------------------------------------------------


def _spacing(x: Node, axis: int, given: Any) -> Any:
    """A uniform step, or the steps of a grid shaped for the axis."""
    if not isinstance(given, Node) or given.ndim == 0:
        return given
    if given.shape != (x.shape[axis],):
        raise GradcliError(
            f"gradient: a grid of shape {shape_text(given.shape)} does not fit "
            f"an axis of {x.shape[axis]} entries",
            kind="shape",
        )
    return reshape(_steps(given, -1), (x.shape[axis] - 1,) + (1,) * (-axis - 1))


def _edge(x: Node, axis: int, step: Any, order: int, last: bool) -> Node:
    """The one-sided difference at an end, exact for polynomials of degree `order`."""

    def entry(array: Node, k: int) -> Node:
        k = -1 - k if last else k
        return array[along(axis, slice(k, k + 1 or None))]

    sign = -1.0 if last else 1.0
    a, b = entry(x, 0), entry(x, 1)
    uniform = not isinstance(step, Node) or step.ndim == 0
    h = step if uniform else entry(step, 0)
    if order == 1:
        return sign * (b - a) / h
    k = step if uniform else entry(step, 1)
    c = entry(x, 2)
    outer = h * (b - c) / (k * (h + k))
    return sign * ((b - a) / h + (b - a) / (h + k) + outer)


def _along_axis(x: Node, axis: int, given: Any, order: int) -> Node:
    if x.shape[axis] < order + 1:
        raise GradcliError(
            f"gradient: an axis of {x.shape[axis]} entries is too short; "
            f"edge_order={order} needs {order + 1}",
            kind="shape",
        )
    step = _spacing(x, axis, given)
    left, right = x[along(axis, slice(None, -2))], x[along(axis, slice(2, None))]
    if not isinstance(step, Node) or step.ndim == 0:
        inner = (right - left) / (2.0 * step)
    else:
        middle = x[along(axis, slice(1, -1))]
        h, k = step[along(axis, slice(None, -1))], step[along(axis, slice(1, None))]
        inner = ((right - middle) * (h / k) + (middle - left) * (k / h)) / (h + k)
    ends = [_edge(x, axis, step, order, last) for last in (False, True)]
    return joined([ends[0], inner, ends[1]], axis)


@function(
    "gradient",
    "f, *varargs; axis=None, edge_order=1",
    "Numerical derivative of samples along each axis, central inside and one-sided at the ends.",
    family=FAMILY,
    example="gradient(x)",
)
def gradient(f: Node, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """NumPy's `gradient`: one array per axis, a single array where there is one axis."""
    order = integer("gradient", "edge_order", edge_order, least=1)
    if f.ndim == 0:
        raise GradcliError("gradient: a scalar has no axis to differentiate along", kind="shape")
    if order > 2:
        raise GradcliError(f"gradient: edge_order must be 1 or 2, not {order}", kind="value")
    if axis is None:
        axes = negative_axes("gradient", None, f.ndim)
    else:
        named = axis if isinstance(axis, (tuple, list)) else (axis,)
        axes = tuple(one_axis("gradient", one, f.ndim) for one in named)
    steps = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if len(steps) != len(axes):
        raise GradcliError(
            f"gradient: {len(varargs)} spacings for {len(axes)} axes; give one, or one per axis",
            kind="value",
        )
    results = tuple(_along_axis(f, a, step, order) for a, step in zip(axes, steps, strict=True))
    return results[0] if len(results) == 1 else results
