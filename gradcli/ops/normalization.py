"""Normalised arrays and directions: `normalize standardize layer_norm cosine_similarity`."""

from __future__ import annotations

from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, broadcast_shapes, shape_text
from gradcli.ops.declare import function, negative_axes, number, one_axis
from gradcli.ops.norms import vector_norm
from gradcli.ops.reductions import Axes
from gradcli.ops.static import static_shape
from gradcli.ops.statistics import var
from gradcli.ops.structure import sum_

FAMILY = "normalization"


@function(
    "normalize",
    "x; p=2.0, axis=None, eps=1e-12",
    "`x / max(norm(x), eps)` along an axis (torch's axis 1 by default; the only one of a vector).",
    family=FAMILY,
    example="normalize(x)",
)
def normalize(x: Node, p: Any = 2.0, axis: Any = None, eps: Any = 1e-12) -> Node:
    """torch's `F.normalize`."""
    axis = one_axis("normalize", (1 if x.ndim > 1 else 0) if axis is None else axis, x.ndim)
    return x / apply("maximum", vector_norm(x, p, axis, True), number("normalize", "eps", eps))


@function(
    "l2_normalize",
    "x; axis=None, epsilon=1e-12",
    "`x / norm(x)` over axes (all where none is named).",
    family=FAMILY,
    example="l2_normalize(x)",
)
def l2_normalize(x: Node, axis: Any = None, epsilon: Any = 1e-12) -> Node:
    """TensorFlow's, whose `epsilon` bounds the square of the norm."""
    axes = negative_axes("l2_normalize", axis, x.ndim)
    return x / apply(
        "maximum",
        vector_norm(x, 2, axes, True),
        max(number("l2_normalize", "epsilon", epsilon), 0.0) ** 0.5,
    )


@function(
    "cosine_similarity",
    "x, y; axis=None, eps=1e-8",
    "Cosine of the angle between vectors along an axis (torch's axis 1 by default).",
    family=FAMILY,
    example="cosine_similarity(x, y)",
)
def cosine_similarity(x: Node, y: Node, axis: Any = None, eps: Any = 1e-8) -> Node:
    """torch's `F.cosine_similarity`."""
    rank = len(broadcast_shapes("cosine_similarity", x.shape, y.shape))
    axis = one_axis("cosine_similarity", (1 if rank > 1 else 0) if axis is None else axis, rank)
    eps = number("cosine_similarity", "eps", eps)
    x_norm, y_norm = (apply("maximum", vector_norm(part, 2, axis), eps) for part in (x, y))
    return sum_(x * y, axis) / (x_norm * y_norm)


@function(
    "pairwise_distance",
    "x, y; p=2.0, eps=1e-6, keepdims=False",
    "`norm(x - y + eps)` along the last axis.",
    family=FAMILY,
    example="pairwise_distance(x, y)",
)
def pairwise_distance(
    x: Node, y: Node, p: Any = 2.0, eps: Any = 1e-6, keepdims: bool = False
) -> Node:
    """torch's `F.pairwise_distance`."""
    return vector_norm(x - y + number("pairwise_distance", "eps", eps), p, -1, keepdims)


def _standardized(x: Node, axes: Axes, eps: float) -> Node:
    return apply("center", x, axes=axes) / apply("sqrt", var(x, axes, 0, True) + eps)


@function(
    "standardize",
    "x; axis=-1, epsilon=1e-5",
    "`(x - mean(x)) / sqrt(var(x) + epsilon)` over axes.",
    family=FAMILY,
    example="standardize(x)",
)
def standardize(x: Node, axis: Any = -1, epsilon: Any = 1e-5) -> Node:
    """`jax.nn.standardize`."""
    axes = negative_axes("standardize", axis, x.ndim)
    return _standardized(x, axes, number("standardize", "epsilon", epsilon))


@function(
    "layer_norm",
    "x; normalized_shape; weight=None, bias=None; eps=1e-5",
    "`weight * (x - mean(x)) / sqrt(var(x) + eps) + bias` over the last axes, of the given shape.",
    family=FAMILY,
    example="layer_norm(x, x.shape)",
)
def layer_norm(
    x: Node,
    weight: Node | None = None,
    bias: Node | None = None,
    normalized_shape: Any = (),
    eps: Any = 1e-5,
) -> Node:
    """torch's `F.layer_norm`."""
    shape = static_shape("layer_norm", normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise GradcliError(
            f"layer_norm: the last axes of shape {shape_text(x.shape)} are not {shape_text(shape)}",
            kind="shape",
        )
    result = _standardized(x, tuple(range(-len(shape), 0)), number("layer_norm", "eps", eps))
    if weight is not None:
        result = result * weight
    return result if bias is None else result + bias
