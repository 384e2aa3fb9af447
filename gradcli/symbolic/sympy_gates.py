"""Gated activation functions for SymPy: x times something between 0 and 1, with their limits 0."""

from __future__ import annotations

from typing import Any

from sympy import Integer, cosh, exp, pi, sqrt

from gradcli.symbolic.sympy_base import Scalar
from gradcli.symbolic.sympy_smooth import sigmoid, softplus, tanh
from gradcli.symbolic.sympy_special import ndtr


class Gate(Scalar):
    """0 at 0."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x == 0 else None


class silu(Gate):
    """x*sigmoid(x)."""

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return (sigmoid(x) * (1 + x * sigmoid(-x)),)


class gelu(Gate):
    """x*ndtr(x)."""

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        return (ndtr(x) + x * exp(-(x**2) / 2) / sqrt(2 * pi),)


class mish(Gate):
    """x*tanh(softplus(x))."""

    def derivatives(self) -> tuple[Any, ...]:
        (x,) = self.args
        bend = softplus(x)
        return (tanh(bend) + x * sigmoid(x) / cosh(bend) ** 2,)
