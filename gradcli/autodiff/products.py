"""Products with derivatives and higher derivatives, built on the one reverse pass.

No matrix is formed: a product costs a small multiple of one gradient. Forward mode is reverse mode
twice: `c . J` is linear in the cotangent `c`, so the gradient of `<c . J, v>` by `c` is `J v`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.autodiff.jacobian import COTANGENT
from gradcli.autodiff.reverse import gradient
from gradcli.errors import GradcliError
from gradcli.graph import Node, apply, float_dtype, input_node, shape_text, topological
from gradcli.limits import LIMITS
from gradcli.ops.structure import sum_
from gradcli.sharing import shared


def directional(
    output: Node, wrt: Sequence[Node], vectors: Sequence[Node], cotangent: Node | None = None
) -> Node | None:
    """The derivative of `sum(output * cotangent)` along vectors: its gradient times the vectors.

    Args:
        output: any shape.
        wrt: inputs or intermediates of the graph.
        vectors: one per `wrt`, of its shape.
        cotangent: shape of `output`; ones where None.

    Returns:
        A scalar node; None where nothing depends on `wrt`.

    Raises:
        GradcliError: `shape` where a vector does not have its variable's shape.
    """
    total: Node | None = None
    for node, first, vector in zip(wrt, gradient(output, wrt, cotangent), vectors, strict=True):
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
    return total


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
    total = directional(output, wrt, vectors)
    return [None] * len(wrt) if total is None else gradient(total, wrt)


def jacobian_vector(output: Node, wrt: Sequence[Node], vectors: Sequence[Node]) -> Node | None:
    """The product of the Jacobian with a vector, reverse over reverse.

    Args:
        output: any shape.
        wrt: inputs or intermediates of the graph.
        vectors: one per `wrt`, of its shape.

    Returns:
        A node of the shape of `output`: sum over j of d output / d wrt[j] times vectors[j]; None
        where nothing depends on `wrt`. It may mention the input `COTANGENT`, whose value does not
        matter.

    Example:
        >>> import numpy as np, gradcli.ops
        >>> from gradcli.execute import run
        >>> from gradcli.graph import constant
        >>> x = input_node("x", (2,))
        >>> product = jacobian_vector(x * x, [x], [constant(np.array([1.0, 10.0]))])
        >>> run([product], {"x": np.array([1.0, 2.0]), COTANGENT: np.ones(2)})[0]
        array([ 2., 40.])
    """
    cotangent = input_node(COTANGENT, output.shape, float_dtype([output.dtype]))
    total = directional(output, wrt, vectors, cotangent)
    return None if total is None else gradient(total, [cotangent])[0]


def derivatives(output: Node, variable: Node, order: int) -> list[Node | None]:
    """The derivatives of orders 1, 2 ... `order` of a scalar by a scalar, each of the one before.

    Args:
        output: shape ().
        variable: shape ().
        order: at least 1.

    Returns:
        One scalar node per order; None from the order on at which nothing depends on the variable.

    Raises:
        GradcliError: `limit` where the graph outgrows the limit `ops`.

    Example:
        >>> import numpy as np, gradcli.ops
        >>> from gradcli.execute import run
        >>> x = input_node("x", ())
        >>> [float(value) for value in run(derivatives(x**4, x, 3), {"x": np.array(2.0)})]
        [32.0, 48.0, 48.0]
    """
    found: list[Node | None] = []
    node: Node | None = output
    for reached in range(1, order + 1):
        if node is not None:
            (node,) = gradient(node, [variable])
        if node is not None:
            node = shared([node])[node.id]  # else each order would repeat the work of all before
            if len(topological([node])) > LIMITS.ops:
                raise GradcliError(
                    f"the derivative of order {reached} takes more than {LIMITS.ops:g} operations",
                    kind="limit",
                    hint="raise it with --limit ops=N, or ask for a lower order",
                )
        found.append(node)
    return found
