"""What every scalar function for SymPy has: real arguments, numbers from mpmath, LaTeX."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Float, Integer
from sympy.core.function import ArgumentIndexError

from gradcli.symbolic.scalars import mpmath_scalars


class Scalar(sympy.Function):  # type: ignore[misc]
    """A real function; numbers come from the mpmath namespace under the same name."""

    is_real = True

    def _eval_evalf(self, prec: int) -> Any:
        scalars = mpmath_scalars(int(prec * 0.30103) + 5)
        numbers = []
        for argument in self.args:
            value = argument.evalf(int(prec * 0.30103) + 5)
            if not (value.is_Number or value is sympy.nan):
                return None
            numbers.append(value)
        arguments = [
            int(value) if value.is_Integer else scalars.mp.mpf(value._to_mpmath(prec + 10))
            for value in numbers
        ]
        value = getattr(scalars, type(self).__name__)(*arguments)
        if isinstance(value, int):
            return Integer(int(value))
        return sympy.Expr._from_mpmath(value, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name = r"\operatorname{" + type(self).__name__.replace("_", r"\_") + "}"
        arguments = ", ".join(printer._print(argument) for argument in self.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({arguments}\right)"

    def derivatives(self) -> tuple[Any, ...]:
        """One partial derivative per argument."""
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> Any:
        if not 1 <= argindex <= len(self.args):
            raise ArgumentIndexError(self, argindex)
        return self.derivatives()[argindex - 1]


def exact(*values: Any) -> bool:
    """Whether all are exact finite numbers."""
    return all(value.is_number and value.is_finite and not value.has(Float) for value in values)
