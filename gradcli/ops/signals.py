"""Sequences: `convolve correlate interp unwrap`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, shape_text
from gradcli.limits import check_elements
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import describe, elementwise, function, number, one_axis, primitive
from gradcli.ops.indexing import along
from gradcli.ops.joins import joined
from gradcli.ops.structure import broadcast_to, reshape

FAMILY = "signals"


# --- convolve -----------------------------------------------------------------------------------


def _convolve_shape(a: Shape, v: Shape) -> Shape:
    if len(a) != 1 or len(v) != 1:
        raise GradcliError(
            f"convolve: takes two vectors, not shapes {shape_text(a)} and {shape_text(v)}",
            kind="shape",
        )
    if 0 in a + v:
        raise GradcliError(
            f"convolve: shapes {shape_text(a)} and {shape_text(v)}: a vector is empty", kind="shape"
        )
    check_elements((*a, *v), "the table of products of convolve")
    return (a[0] + v[0] - 1,)


def _convolve(a: Array, v: Array) -> Array:
    a, v = as_float(a), as_float(v)
    if a.ndim == v.ndim == 1:
        return np.convolve(a, v)
    if v.shape[-1] > a.shape[-1]:
        a, v = v, a
    batch = np.broadcast_shapes(a.shape[:-1], v.shape[:-1])
    result = np.zeros((*batch, a.shape[-1] + v.shape[-1] - 1), dtype=np.result_type(a, v))
    for k in range(v.shape[-1]):
        result[..., k : k + a.shape[-1]] += a * v[..., k : k + 1]
    return result


def _correlated(g: Node, other: Node, size: int) -> Node:
    """The part of a cotangent that meets an operand of `size`, through the other one reversed."""
    full = apply("convolve", g, other[along(-1, slice(None, None, -1))])
    start = other.shape[0] - 1
    return full[along(-1, slice(start, start + size))]


primitive(
    "convolve",
    evaluate=_convolve,
    shape=_convolve_shape,
    vjp=lambda g, out, a, v: (_correlated(g, v, a.shape[0]), _correlated(g, a, v.shape[0])),
    doc="The coefficients of the product of two polynomials.",
    family=FAMILY,
)


def _trimmed(name: str, full: Node, a: Node, v: Node, mode: Any) -> Node:
    short, long = sorted((a.shape[0], v.shape[0]))
    if mode == "full":
        return full
    if mode == "same":
        start = (short - 1) // 2
        return full[along(-1, slice(start, start + long))]
    if mode == "valid":
        return full[along(-1, slice(short - 1, long))]
    raise GradcliError(
        f"{name}: mode must be 'full', 'same' or 'valid', not {describe(mode)}", kind="value"
    )


@function(
    "convolve",
    "a, v; mode='full'",
    "Discrete convolution of two vectors.",
    family=FAMILY,
    example="convolve(x, y)",
)
def convolve(a: Node, v: Node, mode: Any = "full") -> Node:
    """NumPy's `convolve`."""
    a, v = (reshape(part, (1,)) if part.ndim == 0 else part for part in (a, v))
    return _trimmed("convolve", apply("convolve", a, v), a, v, mode)


@function(
    "correlate",
    "a, v; mode='valid'",
    "Cross-correlation of two vectors.",
    family=FAMILY,
    example="correlate(x, y, 'full')",
)
def correlate(a: Node, v: Node, mode: Any = "valid") -> Node:
    """NumPy's `correlate`: the convolution with the second vector reversed."""
    a, v = (reshape(part, (1,)) if part.ndim == 0 else part for part in (a, v))
    back = v[along(-1, slice(None, None, -1))] if v.ndim == 1 else v
    full = apply("convolve", a, back)
    if mode == "same" and v.shape[0] > a.shape[0]:
        # NumPy swaps the operands and reverses the result: an odd overhang is at the other end.
        start = v.shape[0] + a.shape[0] - 1 - (a.shape[0] - 1) // 2 - v.shape[0]
        return full[along(-1, slice(start, start + v.shape[0]))]
    return _trimmed("correlate", full, a, v, mode)


# --- interp -------------------------------------------------------------------------------------


@function(
    "interp",
    "x, xp, fp, left=None, right=None",
    "Piecewise linear interpolation through the points (xp, fp), constant outside of them.",
    family=FAMILY,
    example="interp(x, sort(y), y)",
)
def interp(
    x: Node, xp: Node, fp: Node, left: Node | None = None, right: Node | None = None
) -> Node:
    """NumPy's `interp`; `xp` must increase."""
    if xp.ndim != 1 or xp.shape != fp.shape or xp.shape == (0,):
        raise GradcliError(
            f"interp: xp and fp are vectors of one length, not of shapes "
            f"{shape_text(xp.shape)} and {shape_text(fp.shape)}",
            kind="shape",
        )
    count = xp.shape[0]
    first, last = along(-1, slice(0, 1)), along(-1, slice(count - 1, count))
    flat = reshape(x, (x.size,))
    if count == 1:
        inside = broadcast_to(fp, flat.shape)
    else:
        after = apply("searchsorted", xp[1:-1] if count > 2 else xp[:0], flat, side="right")
        x0, x1, f0, f1 = (
            apply("take_along", part, place, axis=-1)
            for part in (xp, fp)
            for place in (after, after + 1.0)
        )
        inside = f0 + (flat - x0) * ((f1 - f0) / (x1 - x0))
    below = fp[first] if left is None else left
    above = fp[last] if right is None else right
    result = apply("where", flat < xp[first], below, inside)
    return reshape(apply("where", flat > xp[last], above, result), x.shape)


# --- unwrap -------------------------------------------------------------------------------------


def _turns(step: Array, period: float, discont: float) -> Any:
    size = np.abs(step)
    turns = np.sign(step) * np.ceil((size - period / 2.0) / period)
    return np.where(size < discont, 0.0, turns)


elementwise(
    "phase_turns",
    _turns,
    symbolic=lambda s, step, period, discont: s.where(
        s.less(s.abs(step), discont),
        0,
        s.sign(step) * s.ceil((s.abs(step) - period / 2.0) / period),
    ),
    cut="piecewise constant",
    kink=lambda step, period, discont: (np.abs(step) / period) % 1.0 == 0.5,
    doc="Whole periods in a step between neighbours.",
    family=FAMILY,
    signature=None,
)


@function(
    "unwrap",
    "p; discont=None, axis=-1, period=6.283185307179586",
    "Phases with jumps of more than half a period taken out.",
    family=FAMILY,
    example="unwrap(6*x)",
)
def unwrap(p: Node, discont: Any = None, axis: Any = -1, period: Any = 2 * np.pi) -> Node:
    """NumPy's `unwrap`."""
    period = float(number("unwrap", "period", period, positive=True))
    jump = (
        period / 2.0 if discont is None else max(number("unwrap", "discont", discont), period / 2)
    )
    axis = one_axis("unwrap", axis, p.ndim)
    if p.shape[axis] < 2:
        return p
    start, rest = p[along(axis, slice(0, 1))], p[along(axis, slice(1, None))]
    step = rest - p[along(axis, slice(None, -1))]
    turns = apply("phase_turns", step, period=period, discont=float(jump))
    taken = apply("cumsum", turns, axis=axis, reverse=False) * period
    return joined([start, rest - taken], axis)
