"""Scalar functions of real arguments for SymPy, under gradcli's names.

SymPy's own are used where they are sound and real. The others are declared here: SymPy has no such
function (`sigmoid`, `log_ndtr`), rewrites it unsoundly (`erfc(-x)` to `2 - erfc(x)`),
differentiates it
into distributions (`sign`, `floor`) or into cancellation (`tanh`), or leaves the reals (`cbrt`,
`gammaln`).

Derivatives are written in closed form, so that a float64 evaluation keeps the tails:
`sigmoid(x)*sigmoid(-x)`, not `sigmoid(x)*(1 - sigmoid(x))`.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Integer, exp, log, pi, sqrt

from gradcli.symbolic import sympy_bessel as bessel
from gradcli.symbolic import sympy_choices as choices
from gradcli.symbolic import sympy_entropies as entropies
from gradcli.symbolic import sympy_gates as gates
from gradcli.symbolic import sympy_smooth as smooth
from gradcli.symbolic import sympy_special as special


def own(expression: Any) -> Any:
    """SymPy's `sign`, `Max`, `DiracDelta` ... as the functions of this module.

    `sqrt(x**2)` becomes SymPy's `Abs` by itself, whose derivative is SymPy's `sign`, whose
    derivative is a
    distribution: call this after each differentiation.
    """
    replacements: tuple[tuple[Any, Any], ...] = (
        (sympy.sign, choices.sign),
        (sympy.DiracDelta, lambda *arguments: Integer(0)),
        (sympy.floor, choices.floor),
        (sympy.ceiling, choices.ceil),
    )
    for theirs, ours in replacements:
        if expression.has(theirs):
            expression = expression.replace(theirs, ours)
    return expression


TABLE: dict[str, Any] = {
    "less": choices.less,
    "less_equal": choices.less_equal,
    "equal": choices.equal,
    "logical_not": choices.logical_not,
    "logical_and": choices.logical_and,
    "logical_or": choices.logical_or,
    "where": choices.where,
    "sign": choices.sign,
    "floor": choices.floor,
    "ceil": choices.ceil,
    "trunc": choices.trunc,
    "round": choices.round,
    "maximum": choices.maximum,
    "minimum": choices.minimum,
    "relu": choices.relu,
    "sigmoid": smooth.sigmoid,
    "softplus": smooth.softplus,
    "logaddexp": smooth.logaddexp,
    "log1p": smooth.log1p,
    "log1mexp": smooth.log1mexp,
    "logit": smooth.logit,
    "softsign": smooth.softsign,
    "squareplus": smooth.squareplus,
    "silu": gates.silu,
    "gelu": gates.gelu,
    "mish": gates.mish,
    "tanhshrink": smooth.tanhshrink,
    "expm1": smooth.expm1,
    "xlogy": entropies.xlogy,
    "xlog1py": entropies.xlog1py,
    "entr": entropies.entr,
    "rel_entr": entropies.rel_entr,
    "kl_div": entropies.kl_div,
    "tanh": smooth.tanh,
    "cbrt": smooth.cbrt,
    "hypot": smooth.hypot,
    "arctan2": smooth.arctan2,
    "erfc": special.erfc,
    "erfcx": special.erfcx,
    "ndtr": special.ndtr,
    "log_ndtr": special.log_ndtr,
    "ndtri": special.ndtri,
    "gamma": special.gamma,
    "rgamma": special.rgamma,
    "gammaln": special.gammaln,
    "digamma": special.digamma,
    "polygamma": special.polygamma,
    "i0": bessel.i0,
    "i1": bessel.i1,
    "iv": bessel.iv,
    "besselie": bessel.besselie,
    "i0e": bessel.i0e,
    "i1e": bessel.i1e,
    "ive": bessel.ive,
    "j0": bessel.j0,
    "j1": bessel.j1,
    "jv": bessel.jv,
    "sinc": bessel.sinc,
    "spherical_jn": bessel.spherical_jn,
    "beta": special.beta,
    "gammainc": special.gammainc,
    "gammaincc": special.gammaincc,
    "gammainc_da": special.gammainc_da,
    "betainc": special.betainc,
    "betainc_da": special.betainc_da,
    "betainc_db": special.betainc_db,
    "expi": special.expi,
    "exp1": special.exp1,
    "abs": sympy.Abs,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "arcsinh": sympy.asinh,
    "arccosh": sympy.acosh,
    "arctanh": sympy.atanh,
    "erf": sympy.erf,
    "erfinv": sympy.erfinv,
    "besseli": bessel.besseli,
    "besselj": bessel.besselj,
    "pi": pi,
}
"""The namespace, by name."""
