"""A formula as paste-ready code: a function in NumPy, JAX, PyTorch or Julia.

A formula's indices and shapes are text already in its tree, so the exporters read the whole of it
as text again (with Python's own `ast`; nothing is run) and write every part in the words of the
target.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import partial

from gradcli.symbolic.export.python import Dialect, NoCodeError, PythonPrinter
from gradcli.symbolic.export.ranks import Ranks, printed_lines
from gradcli.symbolic.export.to_jax import JAX
from gradcli.symbolic.export.to_julia import julia_function
from gradcli.symbolic.export.to_numpy import NUMPY
from gradcli.symbolic.export.to_torch import TORCH

DIALECTS = {"numpy": NUMPY, "jax": JAX, "torch": TORCH}
NAME = "derivative"
"""What the function is called until a caller gives it a better name."""

UNFORESEEN = (AssertionError, LookupError, RecursionError, SyntaxError, TypeError, ValueError)
"""What a formula that nobody thought of may raise: then the other targets have their code."""


def code_of(text: str, ranks: Mapping[str, int]) -> dict[str, str]:
    """A formula as a function, per target: `numpy`, `jax`, `torch`, `julia`.

    Args:
        text: a formula; assignments may stand before it, one per line.
        ranks: the number of axes of each input, in the order of the parameters.

    Returns:
        Import lines, helper functions and the function, two blank lines between them; a comment
        that says why where the target lacks something.

    Example:
        >>> print(code_of("A.T@x", {"A": 2, "x": 1})["julia"])
        function derivative(A, x)
            A' * x
        end
    """
    makers: dict[str, tuple[str, Callable[[list[ast.stmt], dict[str, int]], str]]] = {
        target: (dialect.title, partial(_python, dialect)) for target, dialect in DIALECTS.items()
    }
    makers["julia"] = "Julia", julia_function
    found = {}
    for target, (title, maker) in makers.items():
        try:
            lines = ast.parse(text).body
            used = {
                part.id for line in lines for part in ast.walk(line) if isinstance(part, ast.Name)
            }
            inputs = {name: rank for name, rank in ranks.items() if name in used}
            found[target] = maker(lines, inputs)
        except NoCodeError as error:
            found[target] = f"# no {title} code: {error}"
        except UNFORESEEN as error:
            found[target] = f"# no {title} code: the formula is unusual ({type(error).__name__})"
    return found


def _python(dialect: Dialect, lines: list[ast.stmt], inputs: dict[str, int]) -> str:
    printer = PythonPrinter(dialect, Ranks(inputs))
    parameters = [printer.renamed.get(name, name) for name in inputs]
    body = [
        f"    {f'{name} =' if name else 'return'} {value}"
        for name, value in printed_lines(lines, printer.ranks, printer.text)
    ]
    function = "\n".join([f"def {NAME}({', '.join(parameters)}):", *body])
    pieces = [*printer.helpers.values(), function]
    together = "\n".join(pieces)
    imports = [
        line for name, line in dialect.imports.items() if re.search(rf"\b{name}\.", together)
    ]
    return "\n\n\n".join(["\n".join(imports)] * bool(imports) + pieces)
