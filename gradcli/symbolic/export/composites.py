"""Functions that a target lacks, in gradcli's own language: written out as helpers where needed."""

from __future__ import annotations

COMPOSITES: dict[str, tuple[tuple[str, ...], str]] = {
    "softplus": (("u",), "logaddexp(0, u)"),
    "log_sigmoid": (("u",), "-logaddexp(0, -u)"),
    "sigmoid": (("u",), "exp(-logaddexp(0, -u))"),
    "relu": (("u",), "maximum(u, 0)"),
    "silu": (("u",), "u*sigmoid(u)"),
    "gelu": (("u",), "u*ndtr(u)"),
    "mish": (("u",), "u*tanh(softplus(u))"),
    "tanhshrink": (("u",), "u - tanh(u)"),
    "softsign": (("u",), "u/(1 + abs(u))"),
    "squareplus": (("u",), "(u + sqrt(u**2 + 4))/2"),
    "logit": (("u",), "log(u) - log1p(-u)"),
    "cbrt": (("u",), "sign(u)*abs(u)**(1/3)"),
    "ndtr": (("u",), "erfc(-u/sqrt(2))/2"),
    "ndtri": (("u",), "sqrt(2)*erfinv(2*u - 1)"),
    "erfcx": (("u",), "2*exp(u**2 + log_ndtr(-sqrt(2)*u))"),
    "log_ndtr": (("u",), "log(erfcx(-u/sqrt(2))/2) - u**2/2"),
    "gamma": (("u",), "exp(gammaln(u))"),
    "rgamma": (("u",), "1/gamma(u)"),
    "beta": (("u", "v"), "exp(gammaln(u) + gammaln(v) - gammaln(u + v))"),
    "xlogy": (("u", "v"), "where(u == 0, 0*v, u*log(where(u == 0, 1 + 0*v, v)))"),
    "xlog1py": (("u", "v"), "where(u == 0, 0*v, u*log1p(where(u == 0, 0*v, v)))"),
    "entr": (("u",), "-xlogy(u, u)"),
    "rel_entr": (("u", "v"), "xlogy(u, u/v)"),
    "kl_div": (("u", "v"), "xlogy(u, u/v) - u + v"),
    "logaddexp": (("u", "v"), "maximum(u, v) + log1p(exp(-abs(u - v)))"),
    "hypot": (("u", "v"), "sqrt(u**2 + v**2)"),
}
"""Parameters and value, by name. All are elementwise."""
