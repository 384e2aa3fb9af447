"""Terms of entropies for SymPy: products with logarithms that are 0 where their factor is 0."""

from __future__ import annotations

from typing import Any

from sympy import Integer, log

from gradcli.symbolic.sympy_base import Scalar
from gradcli.symbolic.sympy_choices import equal, where
from gradcli.symbolic.sympy_smooth import log1p


class xlogy(Scalar):
    """x*log(y), and 0 where x = 0."""

    @classmethod
    def eval(cls, x: Any, y: Any) -> Any:
        return Integer(0) if x == 0 or y == 1 else None

    def derivatives(self) -> tuple[Any, ...]:
        x, y = self.args
        return log(y), where(equal(x, Integer(0)), Integer(0), x / y)


class xlog1py(Scalar):
    """x*log(1 + y), and 0 where x = 0."""

    @classmethod
    def eval(cls, x: Any, y: Any) -> Any:
        return Integer(0) if x == 0 or y == 0 else None

    def derivatives(self) -> tuple[Any, ...]:
        x, y = self.args
        return log1p(y), where(equal(x, Integer(0)), Integer(0), x / (1 + y))


class entr(Scalar):
    """-x*log(x), and 0 where x = 0."""

    @classmethod
    def eval(cls, x: Any) -> Any:
        return Integer(0) if x in (0, 1) else None

    def derivatives(self) -> tuple[Any, ...]:
        return (-log(self.args[0]) - 1,)


class rel_entr(Scalar):
    """x*log(x/y), and 0 where x = 0."""

    nargs = 2

    def derivatives(self) -> tuple[Any, ...]:
        x, y = self.args
        return log(x / y) + 1, -x / y


class kl_div(Scalar):
    """x*log(x/y) - x + y."""

    nargs = 2

    def derivatives(self) -> tuple[Any, ...]:
        x, y = self.args
        return log(x / y), 1 - x / y
