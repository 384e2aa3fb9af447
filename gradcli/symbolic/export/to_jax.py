"""JAX: `jax.numpy`, `jax.nn`, `jax.scipy`."""

from __future__ import annotations

from gradcli.symbolic.export.python import Dialect
from gradcli.symbolic.export.to_numpy import LINEAR, LISTED, SAME, full, where

NN = "gelu log_sigmoid log_softmax mish relu sigmoid silu softmax softplus"
SPECIAL = (
    "beta betainc digamma entr erf erfc erfinv exp1 expi gamma gammainc gammaincc gammaln "
    "i0e i1 i1e kl_div log_ndtr logit logsumexp ndtr ndtri polygamma rel_entr xlog1py xlogy"
)

JAX = Dialect(
    title="JAX",
    constants={name: f"jnp.{name}" for name in ("pi", "e", "inf", "nan")},
    functions={
        **{name: f"jnp.{name}" for name in SAME.split()},
        **{name: f"jnp.linalg.{name}" for name in LINEAR.split()},
        **{name: f"jax.scipy.special.{name}" for name in SPECIAL.split()},
        **{name: f"jax.nn.{name}" for name in NN.split()},
        "gelu": "jax.nn.gelu({0}, approximate=False)",
        "array": "{0}",
        "where": "jnp.where",
        "logdet": "jnp.linalg.slogdet({0})[1]",
        "svdvals": "jnp.linalg.svd({0}, compute_uv=False)",
        "expm": "jax.scipy.linalg.expm",
    },
    writers={**LISTED, "where": where, "full": full},
    imports={"jax": "import jax", "jnp": "import jax.numpy as jnp"},
    array="jnp.array({0})",
)
