"""Terms of entropies: products with logarithms that are 0 where their factor is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcli.graph import Array, apply
from gradcli.ops.arithmetic import as_float
from gradcli.ops.declare import elementwise, weigh

FAMILY = "special"


def _zero_times(a: Any, b: Any) -> Any:
    """The product, 0 where `a` is 0."""
    a = as_float(a)
    return np.where(a == 0, a.dtype.type(0), a * b)


elementwise(
    "xlogy",
    lambda a, b: _zero_times(a, np.log(as_float(b))),
    derivative=(lambda y, a, b: apply("log", b), lambda y, a, b: weigh(a, 1.0 / b)),
    symbolic=lambda s, a, b: s.xlogy(a, b),
    kink=lambda a, b: (b == 0) & (a != 0),
    domain=((-2.0, 2.0), (0.1, 3.0)),
    special=((0.0, 2.0),),
    doc="`a*log(b)`, and 0 where a = 0.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "xlog1py",
    lambda a, b: _zero_times(a, np.log1p(as_float(b))),
    derivative=(lambda y, a, b: apply("log1p", b), lambda y, a, b: weigh(a, 1.0 / (1.0 + b))),
    symbolic=lambda s, a, b: s.xlog1py(a, b),
    kink=lambda a, b: (b == -1) & (a != 0),
    domain=((-2.0, 2.0), (-0.9, 3.0)),
    special=((0.5, 1e-20),),
    doc="`a*log(1 + b)`, and 0 where a = 0.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "entr",
    lambda x: np.where(as_float(x) < 0, -np.inf, -_zero_times(x, np.log(as_float(x)))),
    derivative=lambda y, x: -1.0 - apply("log", x),
    symbolic=lambda s, x: s.entr(x),
    kink=lambda x: x == 0,
    domain=(0.1, 3.0),
    doc="`-x*log(x)`, and 0 at 0.",
    family=FAMILY,
)


def _rel_entr(a: Any, b: Any) -> Array:
    a, b = as_float(a), as_float(b)
    value = _zero_times(a, np.log(a / b))
    return np.where((a < 0) | (b < 0) | ((b == 0) & (a > 0)), np.inf, value)


elementwise(
    "rel_entr",
    _rel_entr,
    derivative=(lambda y, a, b: 1.0 + apply("log", a / b), lambda y, a, b: -(a / b)),
    symbolic=lambda s, a, b: s.rel_entr(a, b),
    kink=lambda a, b: (a == 0) | (b == 0),
    domain=((0.1, 3.0), (0.1, 3.0)),
    doc="`a*log(a/b)`, and 0 where a = 0.",
    family=FAMILY,
    signature="a, b",
)
elementwise(
    "kl_div",
    lambda a, b: _rel_entr(a, b) - as_float(a) + as_float(b),
    derivative=(lambda y, a, b: apply("log", a / b), lambda y, a, b: 1.0 - a / b),
    symbolic=lambda s, a, b: s.kl_div(a, b),
    kink=lambda a, b: (a == 0) | (b == 0),
    domain=((0.1, 3.0), (0.1, 3.0)),
    doc="`a*log(a/b) - a + b`, scipy's Kullback-Leibler terms.",
    family=FAMILY,
    signature="a, b",
)
