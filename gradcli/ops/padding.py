"""Padding: the primitive `pad` (a constant around the array) and the modes that copy entries."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, Shape, apply, constant, shape_text
from gradcli.limits import check_elements
from gradcli.ops.declare import describe, function, primitive
from gradcli.ops.indexing import along, getitem
from gradcli.ops.static import static_shape, whole, word
from gradcli.ops.structure import broadcast_to

FAMILY = "rearranging"
Pairs = tuple[tuple[int, int], ...]
TORCH_MODES = {"replicate": "edge", "circular": "wrap"}
MODES = ("constant", "edge", "reflect", "symmetric", "wrap")


def _pad(x: Array, pairs: Pairs, value: float) -> Array:
    extra = np.ndim(x) - len(pairs)
    sizes = tuple(
        size + before + after for size, (before, after) in zip(x.shape[extra:], pairs, strict=True)
    )
    result = np.full(x.shape[:extra] + sizes, value, dtype=x.dtype)
    inside: Any = (Ellipsis, *_inside(x.shape[extra:], pairs))
    result[inside] = x
    return result


def _inside(shape: Shape, pairs: Pairs) -> tuple[slice, ...]:
    """Where the original entries are in the padded array."""
    return tuple(slice(first, first + size) for size, (first, _) in zip(shape, pairs, strict=True))


def _pad_entry(s: Any, out: Any, x: Any, pairs: Pairs, value: float) -> Any:
    place, deltas, summed = [], 1, []
    for position, size, (before, after) in zip(out, x.dims, pairs, strict=True):
        if not before and not after:
            place.append(position)
            continue
        summed.append(s.index(size))
        place.append(summed[-1])
        deltas = deltas * s.delta(position, summed[-1] + before)
    return s.sum(deltas * (x(*place) - value), *summed) + value


primitive(
    "pad",
    evaluate=_pad,
    shape=lambda shape, pairs, value: tuple(
        size + before + after for size, (before, after) in zip(shape, pairs, strict=True)
    ),
    vjp=lambda g, out, x, pairs, value: (getitem(g, _inside(x.shape, pairs)),),
    entry=_pad_entry,
    dtype="same",
    doc="A constant around the array.",
    family=FAMILY,
)


@function(
    "pad",
    "x; pad_width, mode='constant'; constant_values=0.0",
    "More entries at the ends of axes.",
    family=FAMILY,
    example="pad(x, 1)",
)
def pad(x: Node, constant_values: Any = 0.0, *, pad_width: Any, mode: str = "constant") -> Node:
    """`x` with `pad_width` more entries before and after each axis.

    Args:
        x: any shape.
        pad_width: one count, a pair (before, after), or a pair for each axis.
        mode: "constant", or "edge", "reflect", "symmetric", "wrap" as in NumPy.
        constant_values: the number around it (a node may depend on inputs).
    """
    pairs = _pairs(x, pad_width)
    shape = tuple(size + sum(pair) for size, pair in zip(x.shape, pairs, strict=True))
    check_elements(shape, "the result of pad")
    if word("pad", "mode", mode, MODES) != "constant":
        return _pad_by_index(x, pairs, mode)
    if not isinstance(constant_values, Node):
        return apply("pad", x, pairs=pairs, value=constant_values)
    if constant_values.shape != ():
        raise GradcliError("pad: constant_values must be one number", kind="shape")
    if constant_values.op.name == "constant":
        return apply("pad", x, pairs=pairs, value=float(constant_values.params["value"]))
    ones = broadcast_to(constant(1.0, x.dtype), x.shape)
    inside = apply("equal", apply("pad", ones, pairs=pairs, value=0.0), 1.0)
    return apply("where", inside, apply("pad", x, pairs=pairs, value=0.0), constant_values)


def _pairs(x: Node, width: Any) -> Pairs:
    """`pad_width` as one pair of counts for each axis."""
    if isinstance(width, np.ndarray):
        width = width.tolist()
    single = whole(width)
    if single is not None:
        width = ((single, single),) * x.ndim
    elif not isinstance(width, (tuple, list)):
        raise GradcliError(f"pad: pad_width must be made of integers, not {describe(width)}")
    elif width and not isinstance(width[0], (tuple, list)):
        width = (tuple(width) * (3 - len(width)),) * x.ndim if len(width) < 3 else (tuple(width),)
    elif len(width) == 1:
        width = tuple(width) * x.ndim
    pairs = []
    for pair in width:
        counts = static_shape("pad", pair)
        if len(counts) > 2:
            raise GradcliError(
                f"pad: a pair (before, after) for each axis is needed, not {len(counts)} numbers",
                kind="shape",
            )
        pairs.append((counts[0], counts[-1]) if counts else (0, 0))
    if len(pairs) != x.ndim:
        raise GradcliError(
            f"pad: {len(pairs)} pairs for the {x.ndim} axes of shape {shape_text(x.shape)}",
            kind="shape",
        )
    return tuple(pairs)


def _pad_by_index(x: Node, pairs: Pairs, mode: str) -> Node:
    """Padding whose new entries are copies of old ones."""
    for axis, pair in enumerate(pairs):
        if pair == (0, 0):
            continue
        if not x.shape[axis]:
            raise GradcliError(f"pad: an empty axis has no entries for mode '{mode}'", kind="shape")
        source = np.pad(np.arange(x.shape[axis]), pair, mode=mode)  # type: ignore[call-overload]
        x = getitem(x, along(axis - x.ndim, source))
    return x


@function(
    "pad_last",
    "x; pad_width, mode='constant'; constant_values=0.0",
    "More entries at the ends of the last axes (PyTorch's `pad`).",
    family=FAMILY,
    example="pad_last(A, (1, 2))",
)
def pad_last(
    x: Node, constant_values: Any = 0.0, *, pad_width: Any, mode: str = "constant"
) -> Node:
    """`pad_width`: how many before and after on the last axis, then on the one before it ..."""
    counts = static_shape("pad_last", pad_width)
    if len(counts) % 2 or len(counts) > 2 * x.ndim:
        raise GradcliError(
            f"pad_last: {len(counts)} counts for the axes of shape {shape_text(x.shape)}",
            kind="shape",
        )
    pairs = [counts[i : i + 2] for i in range(0, len(counts), 2)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    known = word("pad_last", "mode", mode, (*MODES, *TORCH_MODES))
    return pad(x, constant_values, pad_width=pairs, mode=TORCH_MODES.get(known, known))
