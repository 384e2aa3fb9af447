"""What a bare name may mean besides an input: constants, dtypes, and words people look for."""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import Any

CONSTANTS: dict[str, Any] = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "tau": math.tau,
    "euler_gamma": 0.5772156649015329,
    "newaxis": None,
}
"""Constants by name; an input of that name shadows them."""


class DType:
    """A dtype that the program names: `kind` is "float", "int", "bool" or "other"."""

    __slots__ = ("kind", "name")

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind

    def __repr__(self) -> str:
        return self.name


_FLOATS = "float16 bfloat16 float32 float64 float128 longdouble half single double float_ floating"
_INTEGERS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp int_ long short integer"
_OTHERS = (
    "object object_ str str_ string bytes bytes_ complex complex64 complex128 cfloat cdouble O S U"
)
DTYPES: dict[str, DType] = {
    **{name: DType(name, "float") for name in f"float {_FLOATS}".split()},
    **{name: DType(name, "int") for name in f"int {_INTEGERS}".split()},
    **{name: DType(name, "bool") for name in ("bool", "bool_", "bool8")},
    **{name: DType(name, "other") for name in _OTHERS.split()},
}
"""Dtypes by the name they have in NumPy, TensorFlow or PyTorch."""

BARE_DTYPES = {"float", "int", "bool", "float32", "float64", "int32", "int64", "object", "str"}
"""Those that need no prefix."""

MEANT = {
    "determinant": "det",
    "inverse_": "inv",
    "loge": "log",
    "lb": "log2",
    "lg": "log10",
    "arctg": "arctan",
    "tg": "tan",
    "ctg": "1/tan",
    "sine": "sin",
    "cosine": "cos",
    "tangent": "tan",
    "tr": "trace",
    "hadamard": "multiply",
    "transposed": "transpose",
    "length": "len",
    "grad": None,
    "diff_": "diff",
    "magnitude": "norm",
    "std_dev": "std",
    "stdev": "std",
    "avg": "mean",
    "sgn": "sign",
    "root": "sqrt",
    "factorial": "gamma(n + 1)",
}
"""Names that mean one of ours and are not close to it."""


def suggestion(name: str, known: Any) -> str | None:
    """A question, or None where nothing is close."""
    names = list(known)
    if MEANT.get(name):
        return f"did you mean '{MEANT[name]}'?"
    for other in names:
        if other.lower() == name.lower() and other != name:
            return f"did you mean '{other}'?"
    match = get_close_matches(name, names, n=1, cutoff=0.7)
    return f"did you mean '{match[0]}'?" if match else None
