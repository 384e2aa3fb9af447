"""Attributes and methods of arrays: a table of our own, nothing is looked up on objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import Node
from gradcli.language.words import suggestion

ATTRIBUTES: dict[str, Callable[[Node], Any]] = {
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "H": lambda x: x.T,
    "shape": lambda x: x.shape,
    "ndim": lambda x: x.ndim,
    "size": lambda x: x.size,
    "real": lambda x: x,
    "data": lambda x: x,
}
"""`x.name`."""

SAME = frozenset(
    "copy clone contiguous numpy cpu cuda to double float requires_grad_ requires_grad block_until_ready "
    "tolist".split()
)
"""Methods that change nothing here."""

METHODS: dict[str, str] = {
    **{name: "identity_of" for name in SAME},
    "astype": "astype",
    "type": "astype",
    "item": "item",
    "detach": "stop_gradient",
    "numel": "size",
    "nelement": "size",
    "dim": "ndim",
    "t": "transpose",
    "permute": "x.permute",
    "reshape": "x.reshape",
    "view": "x.reshape",
    "expand": "x.expand",
    "broadcast_to": "x.broadcast_to",
    "repeat": "x.repeat",
    "tile": "x.tile",
    "flip": "x.flip",
    "std": "x.std",
    "var": "x.var",
    "max": "x.max",
    "min": "x.min",
    "transpose": "transpose",
    "clamp": "clip",
    "nonzero": "nonzero",
    "new_zeros": "zeros",
    "ptp": "ptp",
    "gather": "gather_along",
}
"""Methods whose target has another name; the other methods are the functions of the list below."""

PLAIN = frozenset(
    "abs absolute acos addmm all amax amin any arccos arcsin arctan argmax argmin argsort asin atan "
    "baddbmm bmm ceil cholesky clip cos cosh cross cummax cummin cumprod cumsum deg2rad det diag "
    "diag_embed diagflat diagonal diff digamma div divide dot erf erfc erfinv exp exp2 expm1 fill_diagonal "
    "flatten fliplr flipud floor fmod ger index_select inner inv inverse isfinite isinf isnan kron "
    "lgamma log log10 log1p log2 log_softmax logaddexp logcumsumexp logdet logsumexp matmul matrix_exp "
    "matrix_power maximum mean median minimum mm moveaxis movedim mul multiply mv nan_to_num nanmean "
    "nansum neg negative norm outer pinverse positive pow power prod quantile rad2deg ravel reciprocal "
    "relu roll rot90 round rsqrt searchsorted select sigmoid sign silu sin sinc sinh slogdet softmax "
    "softplus sort split sqrt square squeeze sub subtract sum svd swapaxes swapdims take tan tanh "
    "tensordot topk trace tril triu true_divide trunc unbind unsqueeze vdot where xlogy chunk "
    "masked_fill masked_select narrow argwhere compress choose add relu6 stack".split()
)
"""Methods that are the function of the same name with the array as first argument."""


def method(name: str) -> str | None:
    """The target of a method; None where arrays have no such method."""
    target = METHODS.get(name)
    if target is not None:
        return target
    return name if name in PLAIN else None


def unknown(name: str) -> GradcliError:
    """The error for an attribute that arrays do not have."""
    if name.startswith("_"):
        return GradcliError(
            f"names that begin with '_' are not available: '.{name}'",
            kind="name",
            hint="only the attributes and methods of arrays can be used",
        )
    return GradcliError(
        f"an array has no attribute '{name}'",
        kind="name",
        hint=suggestion(name, [*ATTRIBUTES, *METHODS, *PLAIN]),
    )
