"""Writes elementwise.json: values and gradients of elementwise functions from JAX and PyTorch in float64.

Run by hand where both are installed; the tests read only the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import torch
import torch.nn.functional as F

jax.config.update("jax_enable_x64", True)

X = [-7.3, -2.1, -0.63, -0.2, 0.37, 0.9, 2.6, 8.4]
POSITIVE = [0.21, 0.8, 1.7, 4.4]
UNIT = [0.03, 0.4, 0.55, 0.98]

JAX: list[tuple[str, dict[str, Any], Callable[..., Any], list[list[float]]]] = [
    ("log", {}, lambda a, b: jnp.log(a) / jnp.log(b), [POSITIVE, [2.0, 3.0, 10.0, 0.5]]),
    ("sec", {}, lambda x: 1 / jnp.cos(x), [X]),
    ("csc", {}, lambda x: 1 / jnp.sin(x), [X]),
    ("cot", {}, lambda x: 1 / jnp.tan(x), [X]),
    ("rint", {}, jnp.rint, [X]),
    ("frac", {}, lambda x: x - jnp.trunc(x), [X]),
    ("round", {"decimals": 1}, lambda x: jnp.round(x, 1), [X]),
    ("softplus", {}, jax.nn.softplus, [X]),
    ("silu", {}, jax.nn.silu, [X]),
    ("silu", {"beta": 1.5}, lambda x: x * jax.nn.sigmoid(1.5 * x), [X]),
    ("gelu", {}, lambda x: jax.nn.gelu(x, approximate=False), [X]),
    ("gelu", {"approximate": True}, jax.nn.gelu, [X[1:]]),
    ("gelu", {"approximate": "tanh"}, jax.nn.gelu, [X[1:]]),
    ("relu6", {}, jax.nn.relu6, [X]),
    ("hard_tanh", {}, jax.nn.hard_tanh, [X]),
    ("hard_sigmoid", {}, jax.nn.hard_sigmoid, [X]),
    ("hard_swish", {}, jax.nn.hard_swish, [X]),
    ("elu", {}, jax.nn.elu, [X]),
    ("celu", {"alpha": 0.7}, lambda x: jax.nn.celu(x, 0.7), [X]),
    ("selu", {}, jax.nn.selu, [X]),
    ("leaky_relu", {}, jax.nn.leaky_relu, [X]),
    ("squareplus", {}, jax.nn.squareplus, [X]),
    ("soft_sign", {}, jax.nn.soft_sign, [X]),
    ("factorial", {}, lambda x: jnp.exp(jsp.gammaln(x + 1)), [POSITIVE]),
    ("multigammaln", {"d": 3}, lambda x: jsp.multigammaln(x, 3), [[1.3, 2.2, 3.7]]),
    ("polygamma", {"n": 2}, lambda x: jsp.polygamma(2, x), [POSITIVE]),
    ("psi", {}, jsp.digamma, [POSITIVE]),
    ("i0", {}, jsp.i0, [X]),
    ("i1", {}, jsp.i1, [X]),
    ("i0e", {}, jsp.i0e, [X]),
    ("i1e", {}, jsp.i1e, [X]),
    ("entr", {}, jsp.entr, [POSITIVE]),
    ("kl_div", {}, jsp.kl_div, [POSITIVE, POSITIVE[::-1]]),
    ("rel_entr", {}, jsp.rel_entr, [POSITIVE, POSITIVE[::-1]]),
    ("gammainc", {}, jsp.gammainc, [POSITIVE, POSITIVE[::-1]]),
    ("gammaincc", {}, jsp.gammaincc, [POSITIVE, POSITIVE[::-1]]),
    ("expi", {}, jsp.expi, [X]),
    ("exp1", {}, jsp.exp1, [POSITIVE]),
    ("ndtri", {}, jsp.ndtri, [UNIT]),
    ("logit", {}, jsp.logit, [UNIT]),
]
TORCH: list[tuple[str, dict[str, Any], Callable[..., Any], list[list[float]]]] = [
    ("softplus", {"beta": 2.0}, lambda x: F.softplus(x, 2.0, 1000.0), [X]),
    ("mish", {}, F.mish, [X]),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}, lambda x: F.hardtanh(x, -0.5, 2.0), [X]),
    ("leaky_relu", {"negative_slope": 0.2}, lambda x: F.leaky_relu(x, 0.2), [X]),
    ("prelu", {}, lambda x, w: torch.where(x > 0, x, w * x), [X, [0.25] * 8]),
    ("threshold", {"threshold": 0.5, "value": 20.0}, lambda x: F.threshold(x, 0.5, 20.0), [X]),
    ("tanhshrink", {}, F.tanhshrink, [X]),
    ("softshrink", {"lambd": 0.3}, lambda x: F.softshrink(x, 0.3), [X]),
    ("hardshrink", {"lambd": 0.3}, lambda x: F.hardshrink(x, 0.3), [X]),
    ("logsigmoid", {}, F.logsigmoid, [X]),
    ("erfcx", {}, torch.special.erfcx, [[-2.0, 0.0, 1.0, 20.0]]),
    ("log_ndtr", {}, torch.special.log_ndtr, [X]),
    ("xlog1py", {}, torch.special.xlog1py, [X[:4], POSITIVE]),
    ("xlogy", {}, torch.special.xlogy, [X[:4], POSITIVE]),
    ("sinc", {}, torch.special.sinc, [X]),
    ("copysign", {}, torch.copysign, [X, X[::-1]]),
    ("fmod", {}, torch.fmod, [X, [1.7] * 8]),
    ("remainder", {}, torch.remainder, [X, [-1.7] * 8]),
    ("mvlgamma", {"d": 2}, lambda x: torch.mvlgamma(x, 2), [[0.8, 2.2]]),
]


def by_jax(f: Callable[..., Any], arguments: list[list[float]]) -> tuple[Any, list[Any]]:
    arrays = [jnp.array(argument) for argument in arguments]
    slopes = jax.grad(lambda *xs: jnp.sum(f(*xs)), argnums=tuple(range(len(arrays))))(*arrays)
    return f(*arrays).tolist(), [slope.tolist() for slope in slopes]


def by_torch(f: Callable[..., Any], arguments: list[list[float]]) -> tuple[Any, list[Any]]:
    tensors = [
        torch.tensor(argument, dtype=torch.float64, requires_grad=True) for argument in arguments
    ]
    value = f(*tensors)
    slopes = torch.autograd.grad(value.sum(), tensors, allow_unused=True)
    return value.tolist(), [None if slope is None else slope.tolist() for slope in slopes]


def main() -> None:
    cases = []
    for source, table, run in (("jax", JAX, by_jax), ("torch", TORCH, by_torch)):
        for name, static, f, arguments in table:
            value, gradient = run(f, arguments)
            cases.append(
                {
                    "name": name,
                    "static": static,
                    "inputs": arguments,
                    "value": value,
                    "gradient": gradient,
                    "source": source,
                }
            )
    text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
    (Path(__file__).parent / "elementwise.json").write_text(text)


if __name__ == "__main__":
    main()
