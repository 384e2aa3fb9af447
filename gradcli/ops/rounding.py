"""Rounding, remainders, predicates of IEEE numbers. Steps are cuts: their derivative is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, function, integer

FAMILY = "rounding"
STEP = "piecewise constant"


def _whole(x: Array) -> Any:
    return x == np.floor(x)


# --- to whole numbers -----------------------------------------------------------------------------

elementwise(
    "floor",
    lambda x: np.floor(as_float(x)),
    symbolic=lambda s, x: s.floor(x),
    cut=STEP,
    kink=_whole,
    doc="The largest whole number that is not above; its derivative is 0.",
    family=FAMILY,
)
elementwise(
    "ceil",
    lambda x: np.ceil(as_float(x)),
    symbolic=lambda s, x: s.ceil(x),
    cut=STEP,
    kink=_whole,
    doc="The smallest whole number that is not below; its derivative is 0.",
    family=FAMILY,
)
elementwise(
    "trunc",
    lambda x: np.trunc(as_float(x)),
    symbolic=lambda s, x: s.trunc(x),
    cut=STEP,
    kink=lambda x: _whole(x) & (x != 0),
    doc="The whole part, towards 0; its derivative is 0.",
    family=FAMILY,
    aliases=("fix",),
)
elementwise(
    "round",
    lambda x, decimals: np.round(as_float(x), decimals),
    symbolic=lambda s, x, decimals: (
        s.round(x * 10**decimals) / 10**decimals
        if decimals > 0
        else s.round(x / 10**-decimals) * 10**-decimals
    ),
    cut=STEP,
    kink=lambda x, decimals: abs(x * 10.0**decimals - np.floor(x * 10.0**decimals)) == 0.5,
    doc="To the nearest whole number, halves to even; its derivative is 0.",
    family=FAMILY,
    signature=None,
)


@function(
    "round",
    "x; decimals=0",
    "To so many decimals, halves to even; its derivative is 0.",
    family=FAMILY,
    aliases=("around",),
    example="round(x, 1) * x",
)
def round_(x: Node, decimals: Any = 0) -> Node:
    """To the nearest number with so many decimals."""
    decimals = integer("round", "decimals", decimals)
    if abs(decimals) > 300:
        raise GradcliError(f"round: decimals must be between -300 and 300, not {decimals}")
    return apply("round", x, decimals=decimals)


@function("rint", "x", "To the nearest whole number, halves to even.", family=FAMILY)
def rint(x: Node) -> Node:
    """To the nearest whole number."""
    return apply("round", x, decimals=0)


@function("frac", "x", "The fractional part, `x - trunc(x)`.", family=FAMILY)
def frac(x: Node) -> Node:
    """What truncation takes away; its derivative is 1."""
    return x - apply("trunc", x)


@function("modf", "x", "The fractional and the whole part.", family=FAMILY, example="modf(x)[0]")
def modf(x: Node) -> tuple[Node, Node]:
    """`(x - trunc(x), trunc(x))`."""
    whole = apply("trunc", x)
    return x - whole, whole


# --- remainders -----------------------------------------------------------------------------------


def _divides(a: Array, b: Array) -> Any:
    return np.remainder(a, b) == 0


elementwise(
    "floor_divide",
    lambda a, b: np.floor_divide(as_float(a), as_float(b)),
    symbolic=lambda s, a, b: s.floor(a / b),
    cut=STEP,
    kink=_divides,
    domain=((-2.0, 2.0), (0.3, 2.0)),
    doc="`floor(a / b)`, written `a // b`; its derivative is 0.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "remainder",
    lambda a, b: np.remainder(as_float(a), as_float(b)),
    derivative=(lambda y, a, b: 1.0, lambda y, a, b: -apply("floor_divide", a, b)),
    symbolic=lambda s, a, b: a - b * s.floor(a / b),
    kink=_divides,
    domain=((-2.0, 2.0), (0.3, 2.0)),
    doc="What floor division leaves, with the sign of `b`, written `a % b`.",
    family=FAMILY,
    signature="a, b",
    aliases=("mod", "floormod"),
)
elementwise(
    "fmod",
    lambda a, b: np.fmod(as_float(a), as_float(b)),
    derivative=(lambda y, a, b: 1.0, lambda y, a, b: -apply("trunc", a / b)),
    symbolic=lambda s, a, b: a - b * s.trunc(a / b),
    kink=lambda a, b: (np.fmod(a, b) == 0) & (a != 0),
    domain=((-2.0, 2.0), (0.3, 2.0)),
    doc="What truncated division leaves, with the sign of `a`.",
    family=FAMILY,
    signature="a, b",
)


@function(
    "divmod", "a, b", "Floor division and what it leaves.", family=FAMILY, example="divmod(x, 2)[1]"
)
def divmod_(a: Node, b: Node) -> tuple[Node, Node]:
    """`(a // b, a % b)`."""
    return apply("floor_divide", a, b), apply("remainder", a, b)


# --- steps and IEEE numbers -----------------------------------------------------------------------

elementwise(
    "heaviside",
    lambda x, half: np.heaviside(as_float(x), as_float(half)),
    derivative=(None, lambda y, x, half: apply("equal", x, 0.0)),
    symbolic=lambda s, x, half: s.where(s.less(x, 0), 0, s.where(s.equal(x, 0), half, 1)),
    kink=lambda x, half: x == 0,
    doc="0 below 0, 1 above, the second argument at 0.",
    family=FAMILY,
    signature="x, half",
    example="heaviside(x, 0.5)",
)
elementwise(
    "isnan",
    lambda x: np.isnan(x),
    symbolic=lambda s, x: s.logical_not(s.equal(x, x)),
    cut=STEP,
    dtype="bool",
    doc="Whether an entry is nan.",
    family=FAMILY,
)
elementwise(
    "isfinite",
    lambda x: np.isfinite(x),
    symbolic=lambda s, x: s.equal(x - x, 0),
    cut=STEP,
    dtype="bool",
    doc="Whether an entry is neither infinite nor nan.",
    family=FAMILY,
)
elementwise(
    "isinf",
    lambda x: np.isinf(x),
    symbolic=lambda s, x: s.logical_and(s.equal(x, x), s.logical_not(s.equal(x - x, 0))),
    cut=STEP,
    dtype="bool",
    doc="Whether an entry is infinite.",
    family=FAMILY,
)
elementwise(
    "signbit",
    lambda x: np.signbit(as_float(x)),
    symbolic=lambda s, x: s.less(x, 0),
    cut=STEP,
    dtype="bool",
    kink=lambda x: x == 0,
    doc="Whether an entry is negative.",
    family=FAMILY,
)


def _nan_to_num(x: Any, nan: float, posinf: float | None, neginf: float | None) -> Any:
    return np.nan_to_num(as_float(x), nan=nan, posinf=posinf, neginf=neginf)


elementwise(
    "nan_to_num",
    _nan_to_num,
    derivative=lambda y, x, **params: apply("isfinite", x),
    symbolic=lambda s, x, **params: s.where(s.equal(x - x, 0), x, 0),
    doc="nan replaced by 0 and infinities by the largest numbers; derivative 0 there.",
    family=FAMILY,
    signature=None,
)


@function(
    "nan_to_num",
    "x; copy=True, nan=0.0, posinf=None, neginf=None",
    "nan replaced by 0 and infinities by the largest numbers; derivative 0 there.",
    family=FAMILY,
)
def nan_to_num(
    x: Node, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Node:
    """Finite numbers in the place of others."""
    values = {"nan": nan, "posinf": posinf, "neginf": neginf}
    for name, value in values.items():
        if value is None and name != "nan":
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise GradcliError(f"nan_to_num: {name} must be a number, not {value!r}")
    return apply("nan_to_num", x, **values)
