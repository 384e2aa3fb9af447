"""NumPy; special functions come from SciPy, which a comment then says."""

from __future__ import annotations

import ast

from gradcli.symbolic.export.python import MULTIPLY, POSTFIX, UNARY, Dialect, Piece, PythonPrinter
from gradcli.symbolic.export.ranks import constant, function_of

SAME = (
    "abs arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argsort broadcast_to cbrt "
    "ceil concatenate cos cosh cross cumprod cumsum diag diagonal einsum equal exp expm1 eye flip "
    "floor "
    "full heaviside hypot i0 kron less less_equal log log10 log1p log2 logaddexp logical_and "
    "logical_not logical_or max maximum mean min minimum ones outer pad prod reshape roll round "
    "sign sin sinc sinh sort sqrt square stack sum take take_along_axis tan tanh tile trace "
    "transpose tril triu trunc zeros block squeeze expand_dims floor_divide power var std "
    "median argmax argmin searchsorted"
)
LINEAR = "cholesky det inv norm pinv solve eigh eigvalsh svd qr"
SPECIAL = (
    "beta betainc digamma entr erf erfc erfcx erfinv exp1 expi gamma gammainc gammaincc gammaln "
    "i0e i1 i1e iv ive j0 j1 jv kl_div log_ndtr logit ndtr ndtri polygamma rel_entr rgamma "
    "spherical_jn xlog1py xlogy"
)
SOFTMAX = """def softmax(u, axis=-1):
    powers = {0}.exp(u - {0}.max(u, axis=axis, keepdims=True))
    return powers / {0}.sum(powers, axis=axis, keepdims=True)"""
LOG_SOFTMAX = """def log_softmax(u, axis=-1):
    u = u - {0}.max(u, axis=axis, keepdims=True)
    return u - {0}.log({0}.sum({0}.exp(u), axis=axis, keepdims=True))"""
LOGSUMEXP = """def logsumexp(u, axis=None, keepdims=False):
    top = {0}.max(u, axis=axis, keepdims=True)
    total = top + {0}.log({0}.sum({0}.exp(u - top), axis=axis, keepdims=True))
    return total if keepdims else {0}.squeeze(total, axis=axis)"""


def where(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """Two integers would make an array of integers."""
    return floats(printer, node, 1) if len(node.args) == 3 else None


def full(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """An integer would make an array of integers."""
    return floats(printer, node, 1)


def floats(printer: PythonPrinter, node: ast.Call, first: int) -> Piece | None:
    """A call whose integers, from some argument on, are floats."""
    parts = [printer.text(item) for item in node.args]
    for place in range(first, len(parts)):
        if isinstance(constant(node.args[place]), int):
            parts[place] += ".0"
    return f"{printer.dialect.functions[function_of(node)]}({', '.join(parts)})", POSTFIX


def listed(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`concatenate([a, b])`: the list stays a list."""
    items, *rest = printer.arguments(node)
    items = printer.plain_list(node.args[0])
    name = printer.dialect.functions[function_of(node)]
    return f"{name}({', '.join([items, *rest])})", POSTFIX


LISTED = dict.fromkeys(("concatenate", "stack", "block"), listed)


def sigmoid(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """Sound on both sides."""
    (argument,) = node.args
    text, level = printer.text(argument), printer.wrap(argument, MULTIPLY)
    leading = text.startswith("-") and level == text  # -y*z: one product, or one term
    inner = text[1:] if leading else "-" + printer.wrap(argument, UNARY)
    return f"np.exp(-np.logaddexp(0, {inner}))", POSTFIX


NUMPY = Dialect(
    title="NumPy",
    constants={name: f"np.{name}" for name in ("pi", "e", "inf", "nan")},
    functions={
        **{name: f"np.{name}" for name in SAME.split()},
        **{name: f"np.linalg.{name}" for name in LINEAR.split()},
        **{name: f"special.{name}" for name in SPECIAL.split()},
        "logdet": "np.linalg.slogdet({0})[1]",
        "svdvals": "np.linalg.svd({0}, compute_uv=False)",
        "relu": "np.maximum({0}, 0)",
        "softplus": "np.logaddexp(0, {0})",
        **{name: f"linalg.{name}" for name in ("expm", "logm", "sqrtm")},
        "array": "{0}",
        "where": "np.where",
        "softmax": "softmax",
        "log_softmax": "log_softmax",
        "logsumexp": "logsumexp",
    },
    writers={**LISTED, "sigmoid": sigmoid, "where": where, "full": full},
    helpers={
        "softmax": SOFTMAX.replace("{0}", "np"),
        "log_softmax": LOG_SOFTMAX.replace("{0}", "np"),
        "logsumexp": LOGSUMEXP.replace("{0}", "np"),
    },
    imports={
        "np": "import numpy as np",
        "linalg": "from scipy import linalg  # NumPy has no functions of matrices",
        "special": "from scipy import special  # NumPy has no special functions",
    },
    array="np.array({0})",
)
