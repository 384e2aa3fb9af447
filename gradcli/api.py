"""The library: `gradcli.grad("2*x.T@x", x=[0, 1, 2, 3])` is what `gradcli grad` prints.

The command line and `batch` call `answer`; `grad`, `check`, `jacobian`, `hessian`, `jvp`, `vjp`,
`explain`, `graph_of`, `evaluate` and `hvp` are for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gradcli.drawing.card import Drawing, graphs_of
from gradcli.graph import Array
from gradcli.language import parse
from gradcli.road.answering import Answer, answer, closed_form
from gradcli.road.asked import ONLY, Asked
from gradcli.road.asking import arrays_of, ask, generator, names_of

if TYPE_CHECKING:
    from gradcli.explanation import Explanation

__all__ = [
    "ONLY",
    "Answer",
    "Asked",
    "answer",
    "check",
    "closed_form",
    "evaluate",
    "explain",
    "grad",
    "graph_of",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "parse",
    "vjp",
]


def grad(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    check: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    steps: bool = False,
    assume: Mapping[str, str] | None = None,
    order: int | None = None,
    **inputs: Any,
) -> Answer:
    """Value, gradient, closed form and verdict of an expression.

    Args:
        expression: in gradcli's language; a target that is not a scalar is summed first.
        wrt: the variables to differentiate by; every input where None.
        const: inputs not to differentiate by.
        check: whether to work out the closed form and compare.
        dtype: "float64" or "float32".
        seed: of the points that the witnesses draw.
        assume: by input "symmetric", "spd", "diagonal", "orthogonal", "positive" or "nonnegative":
            the closed form may use it.
        steps: whether to write down the derivation (`gradient["x"].closed.steps`).
        order: of the derivative of a scalar by a scalar; 1 where None.
        inputs: an array, a number, nested lists or a value text (`"0;1;2"`) per name.

    Returns:
        A result with `target.value`, `gradient["x"].value` (the shape of x), `gradient["x"].closed`
        and `check.verdict`.

    Raises:
        GradcliError: for anything that is wrong with the expression or the inputs.

    Example:
        >>> result = grad("2*x.T@x", x=[0, 1, 2, 3])
        >>> result.gradient["x"].value
        array([ 0.,  4.,  8., 12.])
        >>> result.gradient["x"].closed.text, result.check.verdict
        ('4*x', 'agree')
    """
    options: dict[str, Any] = {"steps": steps, "assume": assume, "order": order}
    return ask("grad", expression, wrt, const, check, dtype, seed, inputs, **options)


def check(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    dtype: str = "float64",
    seed: int = 0,
    **inputs: Any,
) -> Answer:
    """The verdict of every witness on a gradient. Arguments as for `grad`.

    Example:
        >>> check("sum(x**3)", x=[1, 2]).check.verdict
        'agree'
    """
    return ask("check", expression, wrt, const, True, dtype, seed, inputs)


def jacobian(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    check: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    layout: str = "numpy",
    steps: bool = False,
    assume: Mapping[str, str] | None = None,
    **inputs: Any,
) -> Answer:
    """The Jacobians J[i..., k...] = d y[i...] / d x[k...] of an expression. Arguments as for
    `grad`; in the layout "denominator" the variable's axes come first.

    Example:
        >>> result = jacobian("A @ x", "x", A=[[1, 2], [3, 4]], x=[1, 1])
        >>> result.gradient["x"].value
        array([[1., 2.],
               [3., 4.]])
        >>> result.gradient["x"].closed.text
        'A'
    """
    options: dict[str, Any] = {"layout": layout, "steps": steps, "assume": assume}
    return ask("jacobian", expression, wrt, const, check, dtype, seed, inputs, **options)


def hessian(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    check: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    tangent: Any = None,
    **inputs: Any,
) -> Answer:
    """The Hessian of an expression (summed), block by block. Arguments as for `grad`.

    Args:
        tangent: as for `jvp`: then the Hessian is not formed, only multiplied by it.

    Returns:
        A result with `gradient["row,column"]` for every pair of variables, of shape
        (*row.shape, *column.shape); with a tangent `gradient["x"]`, the shape of x.

    Example:
        >>> result = hessian("x @ A @ x", "x", A=[[1, 2], [4, 3]], x=[1, 1])
        >>> result.gradient["x,x"].value
        array([[2., 6.],
               [6., 6.]])
        >>> result.gradient["x,x"].closed.text
        'A + A.T'
    """
    return ask("hessian", expression, wrt, const, check, dtype, seed, inputs, tangent=tangent)


def jvp(
    expression: str,
    tangent: Any,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    check: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    assume: Mapping[str, str] | None = None,
    **inputs: Any,
) -> Answer:
    """The derivative of an expression along a direction: Jacobian times tangent, none formed.

    Args:
        expression: in gradcli's language.
        tangent: by variable an array of its shape; the array alone where there is one variable.
            Variables without a tangent are held fixed.
        wrt, const, check, dtype, seed, assume, inputs: as for `grad`.

    Returns:
        A result with `gradient["jvp"]`, of the shape of the expression. In its formula the tangent
        of x is called `tangent_x`.

    Raises:
        GradcliError: of kind `shape` for a tangent of another shape than its variable's.

    Example:
        >>> result = jvp("A @ x", {"x": [1, 0]}, A=[[1, 2], [3, 4]], x=[5, 6])
        >>> result.gradient["jvp"].value
        array([1., 3.])
        >>> result.gradient["jvp"].closed.text, result.check.verdict
        ('A@tangent_x', 'agree')
    """
    options = {"tangent": tangent, "assume": assume}
    return ask("jvp", expression, wrt, const, check, dtype, seed, inputs, **options)


def vjp(
    expression: str,
    cotangent: Any,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    check: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    assume: Mapping[str, str] | None = None,
    **inputs: Any,
) -> Answer:
    """Cotangent times Jacobian by every variable: the gradient of `sum(cotangent*expression)`.

    Args:
        expression: in gradcli's language.
        cotangent: of the shape of the expression; None means 1 where that is a scalar.
        wrt, const, check, dtype, seed, assume, inputs: as for `grad`.

    Returns:
        A result with `gradient["x"]`, of the shape of x. In its formula the cotangent is called
        `cotangent`.

    Raises:
        GradcliError: of kind `shape` for a cotangent of another shape.

    Example:
        >>> result = vjp("A @ x", [1, 1], "x", A=[[1, 2], [3, 4]], x=[5, 6])
        >>> result.gradient["x"].value
        array([4., 6.])
        >>> result.gradient["x"].closed.text, result.check.verdict
        ('A.T@cotangent', 'agree')
    """
    options = {"cotangent": cotangent, "assume": assume}
    return ask("vjp", expression, wrt, const, check, dtype, seed, inputs, **options)


def explain(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    dtype: str = "float64",
    seed: int = 0,
    full: bool = False,
    **inputs: Any,
) -> Explanation:
    """The tape of an expression: values forward, adjoints and their contributions backward.

    Args:
        full: every turn of every loop. The others as for `grad`.

    Example:
        >>> tape = explain("(x*x)*(x*x)", x=3)
        >>> [float(row.adjoint) for row in tape.rows]
        [108.0, 9.0, 9.0, 1.0]
    """
    from gradcli import explaining

    program = parse(expression)
    variables = names_of(wrt)
    return explaining.explain(
        program,
        arrays_of(program, inputs, variables or (), generator(inputs.values(), seed)),
        wrt=variables,
        const=names_of(const) or (),
        asked=Asked(check=False, dtype=dtype, seed=seed),
        full=full,
    )


def evaluate(expression: str, /, *, dtype: str = "float64", seed: int = 0, **inputs: Any) -> Array:
    """The value of an expression.

    Example:
        >>> evaluate("A @ x", A=[[1, 2], [3, 4]], x=[1, -1])
        array([-1., -1.])
    """
    return ask("eval", expression, None, (), False, dtype, seed, inputs).target.value


def hvp(
    expression: str,
    /,
    wrt: str,
    vector: Any,
    *,
    dtype: str = "float64",
    seed: int = 0,
    **inputs: Any,
) -> Array:
    """The product of the Hessian of an expression (summed) with a vector; no matrix is formed.

    Args:
        expression: in gradcli's language.
        wrt: one variable.
        vector: of the variable's shape.

    Returns:
        sum over j of d2f / d wrt[i] d wrt[j] times vector[j]; the shape of the variable.

    Example:
        >>> hvp("x.T @ A @ x", "x", [1, 0], A=[[1, 2], [4, 3]], x=[1, 1])
        array([2., 6.])
    """
    along = {wrt: vector}
    result = ask("hessian", expression, wrt, (), False, dtype, seed, inputs, tangent=along)
    return result.gradient[wrt].value


def graph_of(
    expression: str,
    /,
    wrt: str | Iterable[str] | None = None,
    *,
    const: str | Iterable[str] = (),
    gradient: bool = True,
    dtype: str = "float64",
    seed: int = 0,
    **inputs: Any,
) -> Drawing:
    """The op graph of an expression and its gradient graphs; `print` shows typed text.

    Args:
        gradient: whether the gradient graphs are wanted. The others are those of `grad`.

    Example:
        >>> print(graph_of("2*x.T@x", x=[0, 1, 2, 3], gradient=False), end="")
        # graph
        x: float64[4] = input
        a: float64[4] = mul 2 x
        b: float64[] = matmul a x
        return b
    """
    program = parse(expression)
    variables = names_of(wrt)
    arrays = arrays_of(program, inputs, variables or (), generator(inputs.values(), seed))
    return graphs_of(
        program,
        arrays,
        wrt=variables,
        const=names_of(const) or (),
        gradients=gradient,
        dtype=dtype,
    )
