"""Other people's autodiff, where it is installed, on our examples; never a dependency."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

from benchmarks.tape import Number, Tape

Peer = tuple[str, Callable[[], tuple[Any, Any]]]

Loop = Callable[[Any, int, Callable[[Any], Any]], Any]
"""`(x, turns, sin) -> y`, over any kind of scalar."""

Derivative = Callable[[Loop, float, int], float]
"""`(loop, x, turns) -> dy/dx`."""


class LoopPeer(NamedTuple):
    """A tape that runs a loop of scalars.

    Attributes:
        library: whether people install it; else it is made by hand.
    """

    name: str
    differentiate: Derivative
    library: bool


LIBRARIES = ("autograd", "torch", "jax")


def missing() -> list[str]:
    """The peers that are not installed."""
    return [name for name in LIBRARIES if find_spec(name) is None]


def logistic_peers(inputs: Mapping[str, Any]) -> Iterator[Peer]:
    """Functions that return the value and the gradient with respect to `w`."""
    present = [name for name in LIBRARIES if find_spec(name) is not None]
    for name in present:
        yield from {"autograd": _autograd, "torch": _torch, "jax": _jax}[name](inputs)


def _autograd(inputs: Mapping[str, Any]) -> Iterator[Peer]:
    import autograd
    import autograd.numpy as anp

    def loss(w: Any) -> Any:
        return anp.sum(anp.log(1 + anp.exp(-inputs["y"] * (inputs["X"] @ w))))

    both = autograd.value_and_grad(loss)
    yield "autograd", lambda: both(inputs["w"])


def _torch(inputs: Mapping[str, Any]) -> Iterator[Peer]:
    import torch

    X, y, w = (torch.from_numpy(inputs[name]) for name in ("X", "y", "w"))
    w = w.clone().requires_grad_()

    def both() -> tuple[Any, Any]:
        loss = torch.sum(torch.log(1 + torch.exp(-y * (X @ w))))
        (gradient,) = torch.autograd.grad(loss, w)
        return loss.detach().numpy(), gradient.numpy()

    yield f"torch ({torch.get_num_threads()} threads)", both


def _jax(inputs: Mapping[str, Any]) -> Iterator[Peer]:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y, w = (jnp.asarray(inputs[name]) for name in ("X", "y", "w"))

    def loss(w: Any, X: Any, y: Any) -> Any:
        return jnp.sum(jnp.log(1 + jnp.exp(-y * (X @ w))))

    plain = jax.value_and_grad(loss)
    compiled = jax.jit(plain)
    yield "jax, no jit", lambda: jax.block_until_ready(plain(w, X, y))
    yield "jax, jit", lambda: jax.block_until_ready(compiled(w, X, y))


def loop_peers() -> Iterator[LoopPeer]:
    """The tapes that are here: one made by hand, torch eager, HIPS autograd."""
    yield LoopPeer("a tape by hand", _tape_loop, False)
    if find_spec("torch") is not None:
        yield LoopPeer("torch eager", _torch_loop, True)
    if find_spec("autograd") is not None:
        yield LoopPeer("HIPS autograd", _autograd_loop, True)


def _tape_loop(loop: Loop, x: float, turns: int) -> float:
    tape = Tape()
    start = tape.number(x)
    return tape.derivative(loop(start, turns, Number.sin), start)


def _torch_loop(loop: Loop, x: float, turns: int) -> float:
    import torch

    start = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    loop(start, turns, torch.sin).backward()
    assert start.grad is not None
    return float(start.grad)


def _autograd_loop(loop: Loop, x: float, turns: int) -> float:
    import autograd
    import autograd.numpy as anp

    return float(autograd.grad(lambda start: loop(start, turns, anp.sin))(x))
