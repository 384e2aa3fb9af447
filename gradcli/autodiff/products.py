"""Products with derivatives, built on the one reverse pass: Hessian-vector products.

No matrix is formed: the cost is a small multiple of one gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autodiff.reverse import gradient
from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, shape_text
from gradcli.ops.structure import sum_


def hessian_vector(output: Node, wrt: Sequence[Node], vectors: Sequence[Node]) -> list[Node | None]:
    """The product of the Hessian of `sum(output)` with a vector, reverse over reverse.

    Args:
        output: any shape.
        wrt: inputs of the graph.
        vectors: one per `wrt`, of its shape.

    Returns:
        One node per `wrt`, of its shape: sum over j of d2 output / d wrt[i] d wrt[j] times
        vectors[j];
        None where it is identically zero because nothing depends on it.
    """
    total: Node | None = None
    for node, first, vector in zip(wrt, gradient(output, wrt), vectors, strict=True):
        if vector.shape != node.shape:
            raise GradcliError(
                f"a tangent has the shape of its variable {shape_text(node.shape)}, "
                f"not {shape_text(vector.shape)}",
                kind="shape",
            )
        if first is None:
            continue
        term = sum_(apply("multiply", first, vector))
        total = term if total is None else total + term
    if total is None:
        return [None] * len(wrt)
    return gradient(total, wrt)
