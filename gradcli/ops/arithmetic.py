"""Arithmetic, comparisons and choice: `+ - * / ** // %`, `< <= > >= == !=`, `where`, `maximum`.

Heads of the rules are in a fixed order: value, derivative, scalar formula, kink, words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.graph import FLOAT64, Array, Node, apply, broadcast_shapes, constant
from gradcli.ops.declare import elementwise, function, primitive, weigh

FAMILY = "arithmetic"


def as_float(array: Any) -> Any:
    """Booleans and positions take part in arithmetic as floats."""
    array = np.asarray(array)
    return array.astype(FLOAT64) if array.dtype.kind in "bi" else array


elementwise(
    "add",
    lambda a, b: as_float(a) + as_float(b),
    derivative=(lambda y, a, b: 1.0, lambda y, a, b: 1.0),
    symbolic=lambda s, a, b: a + b,
    doc="Sum of two arrays, `a + b`.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "subtract",
    lambda a, b: as_float(a) - as_float(b),
    derivative=(lambda y, a, b: 1.0, lambda y, a, b: -1.0),
    symbolic=lambda s, a, b: a - b,
    doc="Difference of two arrays, `a - b`.",
    family=FAMILY,
    signature="a, b",
    aliases=("sub",),
)
elementwise(
    "multiply",
    lambda a, b: as_float(a) * as_float(b),
    derivative=(lambda y, a, b: b, lambda y, a, b: a),
    symbolic=lambda s, a, b: a * b,
    doc="Elementwise product, `a * b`.",
    family=FAMILY,
    signature="a, b",
    aliases=("mul",),
)
elementwise(
    "divide",
    lambda a, b: as_float(a) / as_float(b),
    derivative=(lambda y, a, b: 1.0 / b, lambda y, a, b: -(y / b)),
    symbolic=lambda s, a, b: a / b,
    kink=lambda a, b: b == 0,
    doc="Elementwise quotient, `a / b`.",
    family=FAMILY,
    signature="a, b",
    aliases=("true_divide", "div"),
    domain=((-2.0, 2.0), (0.5, 2.0)),
)
elementwise(
    "negative",
    lambda x: -as_float(x),
    derivative=lambda y, x: -1.0,
    symbolic=lambda s, x: -x,
    doc="`-x`.",
    family=FAMILY,
    aliases=("neg",),
)


def _weigh(g: Array, d: Array) -> Any:
    """The product; where it is nan for a 0 times inf or nan, 0."""
    product = as_float(g) * as_float(d)
    if product.dtype == object or not np.isnan(np.sum(product)):
        return product
    return np.where((g == 0) | (d == 0), product.dtype.type(0), product)


elementwise(
    "weigh",
    _weigh,
    derivative=(lambda y, g, d: d, lambda y, g, d: g),
    symbolic=lambda s, g, d: g * d,
    doc="Cotangent times local derivative; 0 times anything is 0.",
    family=FAMILY,
    signature=None,
)


def _power(a: Array, b: Array) -> Array:
    a, b = as_float(a), as_float(b)
    if b.ndim == 0 and b.dtype != object:
        exponent = float(b)
        if exponent == 2.0:
            return a * a
        if exponent == 0.5:
            return np.sqrt(a)
        if exponent == -1.0:
            return 1.0 / a
    return a**b


def _power_base(y: Node, a: Node, b: Node) -> Any:
    """`b * a**(b - 1)`, and 0 where b = 0 (x**0 is the constant 1)."""
    if b.op.name == "constant" and b.shape == ():
        exponent = float(b.params["value"])
        if exponent == 0.0:
            return 0.0
        if exponent == 1.0:
            return 1.0
        if exponent == 2.0:
            return 2.0 * a
        return exponent * a ** (exponent - 1.0)
    return weigh(b, a ** (b - 1.0))


def _power_exponent(y: Node, a: Node, b: Node) -> Any:
    """`log(a) * a**b`; 0 where a = 0 and b > 0 (0**b is the constant 0 there)."""
    flat = apply("logical_and", apply("equal", a, 0.0), apply("greater", b, 0.0))
    return weigh(y, apply("log", apply("where", flat, 1.0, a)))


def _power_kink(a: Array, b: Array) -> Any:
    whole = (b == np.floor(b)) & (b >= 0)
    return (a == 0) & ~whole


elementwise(
    "power",
    _power,
    derivative=(_power_base, _power_exponent),
    symbolic=lambda s, a, b: a**b,
    kink=_power_kink,
    doc="Elementwise power, `a ** b`.",
    family=FAMILY,
    signature="a, b",
    aliases=("pow", "float_power"),
    domain=((0.5, 2.0), (-2.0, 2.0)),
)

# --- comparisons and logic: cuts -----------------------------------------------------------------

_JUMP = "piecewise constant"


def _comparison(name: str, compare: Any, symbolic: Any, text: str) -> None:
    elementwise(
        name,
        compare,
        symbolic=symbolic,
        cut=_JUMP,
        dtype="bool",
        kink=lambda a, b: a == b,
        doc=f"`{text}`, a truth value per entry; its derivative is 0.",
        family=FAMILY,
        signature="a, b",
    )


_comparison("less", lambda a, b: np.less(a, b), lambda s, a, b: s.less(a, b), "a < b")
_comparison(
    "less_equal", lambda a, b: np.less_equal(a, b), lambda s, a, b: s.less_equal(a, b), "a <= b"
)
_comparison("greater", lambda a, b: np.greater(a, b), lambda s, a, b: s.less(b, a), "a > b")
_comparison(
    "greater_equal",
    lambda a, b: np.greater_equal(a, b),
    lambda s, a, b: s.less_equal(b, a),
    "a >= b",
)
_comparison("equal", lambda a, b: np.equal(a, b), lambda s, a, b: s.equal(a, b), "a == b")
_comparison(
    "not_equal",
    lambda a, b: np.not_equal(a, b),
    lambda s, a, b: s.logical_not(s.equal(a, b)),
    "a != b",
)


def _logic(name: str, evaluate: Any, symbolic: Any, signature: str, doc: str) -> None:
    elementwise(
        name,
        evaluate,
        symbolic=symbolic,
        cut=_JUMP,
        dtype="bool",
        doc=doc,
        family=FAMILY,
        signature=signature,
    )


_logic("logical_and", np.logical_and, lambda s, a, b: s.logical_and(a, b), "a, b", "Both are true.")
_logic(
    "logical_or", np.logical_or, lambda s, a, b: s.logical_or(a, b), "a, b", "At least one is true."
)
_logic(
    "logical_xor",
    np.logical_xor,
    lambda s, a, b: s.logical_or(
        s.logical_and(a, s.logical_not(b)), s.logical_and(s.logical_not(a), b)
    ),
    "a, b",
    "Exactly one is true.",
)
_logic("logical_not", np.logical_not, lambda s, a: s.logical_not(a), "x", "Not true.")


# --- choice ---------------------------------------------------------------------------------------


def _where_vjp(g: Node, out: Node, condition: Node, a: Node, b: Node) -> tuple[Node | None, ...]:
    return None, apply("where", condition, g, 0.0), apply("where", condition, 0.0, g)


def _choose(condition: Array, a: Array, b: Array) -> Any:
    return np.where(condition, as_float(a), as_float(b))


_where = primitive(
    "where",
    evaluate=_choose,
    shape=lambda *shapes: broadcast_shapes("where", *shapes),
    vjp=_where_vjp,
    signature="condition, a, b",
    doc="`a` where the condition is true, else `b`.",
    family=FAMILY,
    example="where(x > 0, x, y)",
)
_where.elementwise = True
_where.symbolic = lambda s, condition, a, b: s.where(condition, a, b)


def _tie_shares(y: Node, a: Node, b: Node) -> Node:
    """1 where `a` wins, 1/2 at a tie, 0 where `b` wins."""
    half = constant(0.5, y.dtype)  # beside truth values only, a bare number would be float64
    return apply("where", apply("equal", a, b), half, apply("equal", y, a))


_WINNER = (_tie_shares, lambda y, a, b: _tie_shares(y, b, a))

elementwise(
    "maximum",
    lambda a, b: np.maximum(as_float(a), as_float(b)),
    derivative=_WINNER,
    symbolic=lambda s, a, b: s.maximum(a, b),
    kink=lambda a, b: a == b,
    doc="The larger of two, entry by entry; a tie shares equally.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "minimum",
    lambda a, b: np.minimum(as_float(a), as_float(b)),
    derivative=_WINNER,
    symbolic=lambda s, a, b: s.minimum(a, b),
    kink=lambda a, b: a == b,
    doc="The smaller of two, entry by entry; a tie shares equally.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "fmax",
    lambda a, b: np.fmax(as_float(a), as_float(b)),
    derivative=_WINNER,
    symbolic=lambda s, a, b: s.where(s.equal(a, a), s.where(s.equal(b, b), s.maximum(a, b), a), b),
    kink=lambda a, b: a == b,
    doc="The larger of two; a nan loses.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "fmin",
    lambda a, b: np.fmin(as_float(a), as_float(b)),
    derivative=_WINNER,
    symbolic=lambda s, a, b: s.where(s.equal(a, a), s.where(s.equal(b, b), s.minimum(a, b), a), b),
    kink=lambda a, b: a == b,
    doc="The smaller of two; a nan loses.",
    family=FAMILY,
    signature="a, b",
)
primitive(
    "stop_gradient",
    evaluate=lambda x: x,
    shape=lambda shape: shape,
    vjp=None,
    cut="stop_gradient",
    dtype="same",
    entry=lambda s, out, x: s.frozen(x(*out)),
    signature="x",
    doc="The same value, with derivative zero.",
    family=FAMILY,
)


@function(
    "clip",
    "x, low=None, high=None",
    "`x` bounded to `[low, high]`.",
    family=FAMILY,
    example="clip(x, -1, 1)",
)
def clip(x: Node, low: Any = None, high: Any = None) -> Node:
    """`minimum(high, maximum(low, x))`; either bound may be None."""
    if low is not None:
        x = apply("maximum", x, low)
    if high is not None:
        x = apply("minimum", x, high)
    return x


def full_like(x: Node, value: float) -> Node:
    """A constant of the shape of `x`."""
    return apply("broadcast_to", constant(value, x.dtype), shape=x.shape)
