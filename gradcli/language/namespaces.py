"""The prefixes of other libraries (`np.`, `tf.nn.`, `F.`) and their names for our functions.

A prefix belongs to a library; a name is looked for among those that mean something of their own
under the prefix (`torch.linalg.norm`), the library's adapters (`torch.std`), its renames
(`tf.reduce_sum`), and then in the registry. What is not found is an
error: nothing is imported.
"""

from __future__ import annotations

from typing import Any

from gradcli.errors import GradcliError
from gradcli.language.dialects import ADAPTERS
from gradcli.language.words import CONSTANTS, DTYPES, suggestion
from gradcli.ops import ALIASES, FUNCTIONS

PREFIXES: dict[str, str] = {
    "np": "numpy",
    "numpy": "numpy",
    "np.linalg": "numpy",
    "numpy.linalg": "numpy",
    "np.lib": "numpy",
    "np.random": "none",
    "numpy.random": "none",
    "jnp": "jax",
    "jnp.linalg": "jax",
    "jax": "jax",
    "jax.numpy": "jax",
    "jax.numpy.linalg": "jax",
    "jax.nn": "jax",
    "jax.lax": "lax",
    "jax.scipy": "jax",
    "jax.scipy.special": "jax",
    "jax.scipy.linalg": "jax",
    "jax.scipy.stats": "none",
    "lax": "lax",
    "nn": "jax",
    "tf": "tf",
    "tensorflow": "tf",
    "tf.math": "tf",
    "tf.linalg": "tf",
    "tf.nn": "tf",
    "tf.experimental": "tf",
    "tf.experimental.numpy": "numpy",
    "tf.math.special": "tf",
    "tf.keras": "tf",
    "tf.keras.activations": "tf",
    "tf.keras.backend": "tf",
    "tf.keras.losses": "tf",
    "tf.keras.ops": "tf",
    "keras": "tf",
    "keras.activations": "tf",
    "keras.ops": "tf",
    "tensorflow.math": "tf",
    "tensorflow.linalg": "tf",
    "tensorflow.nn": "tf",
    "torch": "torch",
    "torch.linalg": "torch",
    "torch.special": "torch",
    "torch.nn": "torch",
    "torch.nn.functional": "torch",
    "torch.functional": "torch",
    "F": "torch",
    "math": "math",
    "scipy": "numpy",
    "scipy.special": "numpy",
    "scipy.linalg": "numpy",
    "special": "numpy",
    "sp.special": "numpy",
    "linalg": "numpy",
    "anp": "numpy",
    "autograd.numpy": "numpy",
}
"""Every prefix and the library it means; "none" has no function of ours."""

ROOTS = {prefix.split(".")[0] for prefix in PREFIXES}
"""First words of the prefixes."""

_COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}

_REDUCTIONS = {
    "reduce_sum": "sum",
    "reduce_mean": "mean",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_std": "std",
    "reduce_variance": "var",
    "reduce_logsumexp": "logsumexp",
}

RENAMES: dict[str, dict[str, str]] = {
    "tf": {
        **_REDUCTIONS,
        "reduce_all": "all",
        "reduce_any": "any",
        "clip_by_value": "clip",
        "diag": "diag_embed",
        "tensor_diag": "diag",
        "tensor_diag_part": "diagonal",
        "reverse": "flip",
        "softmax_cross_entropy": "softmax_cross_entropy_with_logits",
        "identity": "identity_of",
        "rank": "ndim",
        "floordiv": "floor_divide",
        "truediv": "divide",
        "is_nan": "isnan",
        "is_finite": "isfinite",
        "is_inf": "isinf",
        "trace": "batch_trace",
        "scalar_mul": "multiply",
        "adjoint": "matrix_transpose",
        "exponential": "exp",
    },
    "torch": {
        **_COMPARISONS,
        "nonzero": "argwhere",
        "take_along_dim": "take_along_axis",
        "clamp": "clip",
        "relu_": "relu",
        "numel": "size",
        "clone": "identity_of",
        "from_numpy": "array",
        "masked_select": "boolean_mask",
        "scalar_tensor": "array",
        "detach": "stop_gradient",
        "chain_matmul": "multi_dot",
        "square_": "square",
        "movedim": "moveaxis",
        "swapdims": "swapaxes",
        "transpose": "swapaxes",
        "t": "transpose",
        "kl_div": "kl_div_loss",
        "gather": "gather_along",
        "pad": "pad_last",
    },
    "lax": {
        **_COMPARISONS,
        "rev": "flip",
        "erf_inv": "erfinv",
        "batch_matmul": "matmul",
        "integer_pow": "power",
        "select": "where",
        "rem": "fmod",
    },
    "math": {
        "fsum": "sum",
    },
    "numpy": {"copy": "identity_of"},
}
"""Names that differ, by library."""

_LAST_AXES = {"trace": "batch_trace", "diagonal": "diag_part"}
"""What means the last two axes under `linalg`, and the first two elsewhere."""

BY_PREFIX: dict[str, dict[str, str]] = {
    **{prefix: _LAST_AXES for prefix in PREFIXES if prefix.endswith(".linalg")},
    "torch.linalg": {**_LAST_AXES, "norm": "norm"},  # of matrices; torch.norm is flat
    "jax.nn": {"identity": "identity_of"},
}
"""Names that mean something else under one prefix than in the rest of its library."""

MATH = frozenset(
    (
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "cbrt",
        "ceil",
        "copysign",
        "cos",
        "cosh",
        "degrees",
        "dist",
        "erf",
        "erfc",
        "exp",
        "exp2",
        "expm1",
        "fabs",
        "factorial",
        "floor",
        "fmod",
        "fsum",
        "gamma",
        "hypot",
        "isfinite",
        "isinf",
        "isnan",
        "ldexp",
        "lgamma",
        "log",
        "log10",
        "log1p",
        "log2",
        "pow",
        "prod",
        "radians",
        "remainder",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "trunc",
        "pi",
        "e",
        "tau",
        "inf",
        "nan",
    )
)
"""What Python's `math` has."""

BARE: dict[str, str] = {
    **_REDUCTIONS,
    "clip_by_value": "clip",
    "clamp": "clip",
    "detach": "stop_gradient",
    "astype": "cast",
}
"""Other libraries' names that are understood without a prefix."""


FLOWS = frozenset(("fori_loop", "while_loop", "cond", "scan", "map"))
"""Control flow that JAX writes as functions (see `lax`)."""


class Callee:
    """A function that has been found: its name in the text, and where to find it."""

    __slots__ = ("target", "text")

    def __init__(self, text: str, target: str) -> None:
        self.text = text
        self.target = target


def find(name: str) -> str | None:
    """The target of a name without prefix: an adapter or a registry name; None where there is
    none."""
    if name in ADAPTERS and "." not in name and name not in ("identity_of", "size_of"):
        return name
    if name in FUNCTIONS:
        return name
    if name in ALIASES:
        return ALIASES[name]
    other = BARE.get(name)
    return find(other) if other is not None and other != name else None


def member(prefix: str, name: str) -> Any:
    """What `prefix.name` is: a `Callee`, a constant or a dtype.

    Raises:
        GradcliError: `name` for what the closed list of that library does not have.
    """
    library = PREFIXES[prefix]
    text = f"{prefix}.{name}"
    if name.startswith("_"):
        raise GradcliError(f"names that begin with '_' are not available: '{text}'", kind="name")
    if library == "lax" and name in FLOWS:
        return Callee(text, f"lax.{name}")
    if library != "none" and (library != "math" or name in MATH):
        candidates = (
            BY_PREFIX.get(prefix, {}).get(name),
            f"{library}.{name}",
            RENAMES.get(library, {}).get(name),
            name,
        )
        for candidate in candidates:
            if candidate is None:
                continue
            target = candidate if candidate in ADAPTERS else find(candidate)
            if target is not None:
                return Callee(text, target)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in DTYPES and library != "math":
            return DTYPES[name]
    raise GradcliError(
        f"unknown function '{text}'", kind="name", hint=_member_hint(prefix, library, name)
    )


def _member_hint(prefix: str, library: str, name: str) -> str | None:
    names = [*MATH] if library == "math" else [*FUNCTIONS, *ALIASES, *RENAMES.get(library, {})]
    hint = suggestion(name, names)
    if hint is None:
        return None
    return hint.replace("'", f"'{prefix}.", 1) if "did you mean '" in hint else hint


def known_names() -> list[str]:
    """All function names, for suggestions."""
    return [*FUNCTIONS, *ALIASES, *(name for name in ADAPTERS if "." not in name), *BARE]


def is_function(name: str) -> bool:
    """Whether a bare name is a function."""
    return find(name) is not None
