"""What a request asks for beside its expression and inputs; checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.limits import LIMITS
from gradcli.results import LAYOUTS

if TYPE_CHECKING:
    from gradcli.symbolic import Form

ASSUMPTIONS = ("symmetric", "spd", "diagonal", "orthogonal", "positive", "nonnegative")
CLOSE = {"float64": 1e-8, "float32": 1e-4}
"""How far, relative to its largest entry, an input may be from what is assumed of it."""
ONLY = ""
"""The name of a tangent that was given without one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one request.

    Attributes:
        check: whether a closed form and a verdict are wanted.
        dtype: "float64" or "float32".
        seed: of the points that the witnesses draw.
        layout: of Jacobians, one of `results.LAYOUTS`.
        steps: whether the derivation of the closed form is wanted, of `grad` and `jacobian`.
        assume: by input, one of `ASSUMPTIONS`; the closed form may use it.
        of: names of the program to differentiate, one answer each; its result where empty.
        order: of the derivative of a scalar by a scalar, of `grad`; None where none was named.
        tangent: by variable an array of its shape, of `jvp` and `hessian`; under `ONLY` where
            there is one variable and its name goes without saying.
        cotangent: an array of the target's shape, of `vjp`; None for a scalar target.

    Raises:
        GradcliError: for an option that means nothing.
    """

    check: bool = True
    dtype: str = "float64"
    seed: int = 0
    layout: str = "numpy"
    steps: bool = False
    assume: Mapping[str, str] = field(default_factory=dict)
    of: Sequence[str] = ()
    order: int | None = None
    tangent: Mapping[str, Any] = field(default_factory=dict)
    cotangent: Any = None

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise GradcliError(f"unknown layout '{self.layout}'", hint=", ".join(LAYOUTS))
        if self.steps and not self.check:
            raise GradcliError(
                "the steps lead to a closed form, and none is wanted without a check"
            )
        if self.order is not None:
            _order(self.order, self.steps)
        for name, kind in self.assume.items():
            if kind not in ASSUMPTIONS:
                raise GradcliError(
                    f"'{kind}' cannot be assumed of '{name}'", hint=", ".join(ASSUMPTIONS)
                )

    def form(self) -> Form:
        """What concerns the closed form."""
        from gradcli.symbolic import Form

        return Form(layout=self.layout, steps=self.steps, assume=self.assume)

    def notes(self, inputs: Mapping[str, Any]) -> list[str]:
        """What is assumed, in words.

        Raises:
            GradcliError: `name` for an input that is not there, `value` or `shape` where the
                assumption does not hold for the input that is given.
        """
        for name, kind in self.assume.items():
            if name not in inputs:
                raise GradcliError(f"there is no input '{name}' to assume of", kind="name")
            _hold(name, kind, np.asarray(inputs[name], dtype=np.float64), CLOSE[self.dtype])
        return [
            f"assumed: {name} is {kind}; every entry still varies on its own"
            for name, kind in self.assume.items()
        ]


def _order(order: int, steps: bool) -> None:
    """Refuse an order that is none, or beyond the limit."""
    if order < 1:
        raise GradcliError(f"there is no derivative of order {order}", hint="1, 2, 3 or more")
    if order > LIMITS.order:
        raise GradcliError(
            f"a derivative of order {order} is asked for; the limit is {LIMITS.order:g}",
            kind="limit",
            hint="raise it with --limit order=N",
        )
    if order > 1 and steps:
        raise GradcliError("steps are told of first derivatives only", hint="leave out the order")


def _hold(name: str, kind: str, array: Any, close: float) -> None:
    """Refuse an assumption that the input breaks."""
    if kind in ("positive", "nonnegative"):
        if not np.all(array > 0 if kind == "positive" else array >= 0):
            raise GradcliError(f"'{name}' is not {kind}: its least entry is {array.min():.6g}")
        return
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise GradcliError(f"'{name}' is no square matrix, so it cannot be {kind}", kind="shape")
    scale = close * float(np.max(np.abs(array), initial=0.0))
    if kind in ("symmetric", "spd"):
        apart = array - array.T
    elif kind == "diagonal":
        apart = array - np.diag(np.diag(array))
    else:
        apart, scale = array.T @ array - np.eye(len(array)), close
    if apart.size:
        worst = np.unravel_index(np.argmax(np.abs(apart)), apart.shape)
        if not abs(apart[worst]) <= scale:
            place = ", ".join(map(str, worst))
            raise GradcliError(
                f"'{name}' is not {kind}: entry [{place}] is off by {apart[worst]:.3g}"
            )
        if kind == "spd" and np.linalg.eigvalsh(array)[0] <= 0:
            raise GradcliError(f"'{name}' is symmetric, but not positive definite")
