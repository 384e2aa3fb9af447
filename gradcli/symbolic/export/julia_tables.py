"""Julia's names: elementwise functions, functions of whole arrays, helpers, packages."""

from __future__ import annotations

SAME = (
    "abs ceil cos cosh exp expm1 floor hypot log log10 log1p log2 round sign sin sinh "
    "sqrt tan tanh trunc cbrt gamma beta digamma polygamma erf erfc erfcx erfinv sinc"
)
ELEMENTWISE: dict[str, str] = {
    **{name: name for name in SAME.split()},
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan",
    "arctanh": "atanh",
    "expi": "expinti",
    "exp1": "expint",
    "gammaln": "loggamma",
    "i0": "besseli0",
    "iv": "besseli",
    "i1": "besseli1",
    "ive": "besselix",
    "i0e": "besselix0",
    "i1e": "besselix1",
    "j0": "besselj0",
    "j1": "besselj1",
    "jv": "besselj",
    "spherical_jn": "sphericalbesselj",
    "maximum": "max",
    "minimum": "min",
    "logical_not": "!",
    "where": "ifelse",
    "sigmoid": "sigmoid",
}
"""Applied entry by entry: with a dot after the name where an argument is an array."""

WHOLE: dict[str, str] = {
    "inv": "inv({0})",
    "pinv": "pinv({0})",
    "det": "det({0})",
    "logdet": "logabsdet({0})[1]",
    "trace": "tr({0})",
    "svdvals": "svdvals({0})",
    "eigvalsh": "eigvals(Symmetric({0}, :L))",
    "cholesky": "cholesky(Symmetric({0}, :L)).L",
    "expm": "exp({0})",
    "cross": "cross({0}, {1})",
    "kron": "kron({0}, {1})",
    "tril": "tril({0})",
    "triu": "triu({0})",
    "eye": "Matrix(1.0I, {0}, {0})",
    "array": "{0}",
}
"""Functions of whole arrays."""

LINEAR_ALGEBRA = (
    "inv pinv det logabsdet tr svdvals svd eigen eigvals Symmetric cholesky dot norm diagm diag "
    "cross kron tril triu 1.0I"
)
SPECIAL_FUNCTIONS = (
    "gamma beta digamma polygamma erf erfc erfcx erfinv loggamma expinti expint besseli besselix "
    "besselj0 besselj1 besselj sphericalbesselj"
)
PACKAGES = {
    "using LinearAlgebra": LINEAR_ALGEBRA.split(),
    "using Statistics": ["mean"],
    "using SpecialFunctions": SPECIAL_FUNCTIONS.split(),
}
"""Import lines, by the words that need them."""

HELPERS: dict[str, str] = {
    "sigmoid": "sigmoid(u) = u < 0 ? exp(u) / (1 + exp(u)) : 1 / (1 + exp(-u))",
    "softplus": "softplus(u) = max(u, 0) + log1p(exp(-abs(u)))",
    "logaddexp": "logaddexp(u, v) = max(u, v) + log1p(exp(-abs(u - v)))",
    "relu": "relu(u) = max(u, 0)",
    "besseli0": "besseli0(u) = besseli(0, u)",
    "besseli1": "besseli1(u) = besseli(1, u)",
    "besselix0": "besselix0(u) = besselix(0, u)",
    "besselix1": "besselix1(u) = besselix(1, u)",
    "log_ndtr": "log_ndtr(u) = u < 0 ? log(erfcx(-u / sqrt(2)) / 2) - u^2 / 2 : "
    "log1p(-erfc(u / sqrt(2)) / 2)",
    "softmax": """function softmax(u; dims=:)
    powers = exp.(u .- maximum(u; dims))
    powers ./ sum(powers; dims)
end""",
    "log_softmax": """function log_softmax(u; dims=:)
    u = u .- maximum(u; dims)
    u .- log.(sum(exp.(u); dims))
end""",
    "logsumexp": """function logsumexp(u; dims=:)
    top = maximum(u; dims)
    top .+ log.(sum(exp.(u .- top); dims))
end""",
    "reshape_rows": """function reshape_rows(u, shape...)
    turned(a) = permutedims(a, ndims(a):-1:1)
    turned(reshape(turned(u), reverse(shape)))
end""",
    "pad_zeros": """function pad_zeros(u, widths...)
    padded = zeros(eltype(u), (size(u) .+ sum.(widths))...)
    padded[(w[1] .+ (1:n) for (w, n) in zip(widths, size(u)))...] = u
    padded
end""",
    "take_along": """function take_along(u, places, k)
    [u[Base.setindex(Tuple(i), places[i], k)...] for i in CartesianIndices(places)]
end""",
}
"""Definitions that go before the function, by name."""

KEYWORDS = (
    "begin end function struct mutable module baremodule using import export const let local "
    "global do quote macro for while if else elseif try catch finally return true false in isa "
    "size length sum ones zeros fill reverse vec exp I pi Inf NaN derivative cat vcat prod mean "
    "maximum minimum sortperm mapslices permutedims reshape dropdims cumsum cumprod ifelse"
)
RESERVED = {*KEYWORDS.split(), *ELEMENTWISE.values(), *LINEAR_ALGEBRA.split(), *HELPERS}
"""Names that an input cannot have."""
