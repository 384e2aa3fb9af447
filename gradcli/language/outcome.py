"""What the value of a program is: its last expression, or the function that it ends with."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradcli.errors import GradcliError
from gradcli.language.names import is_main_guard


def result_of(body: Sequence[ast.stmt]) -> ast.Expr | ast.FunctionDef | ast.Name | None:
    """What a program's value is: its last expression, the name that its last line assigns, or the
    function that it ends with. None where it ends otherwise.

    Raises:
        GradcliError: `parse` where nothing at all is computed.
    """
    significant = [each for each in body if not _means_nothing(each)]
    if not significant:
        raise GradcliError("nothing is computed here", kind="parse", hint="end with an expression")
    last = significant[-1]
    if isinstance(last, (ast.Expr, ast.FunctionDef)):
        return last
    if isinstance(last, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        target = last.targets[0] if isinstance(last, ast.Assign) else last.target
        if len(significant) == 1 and (isinstance(last, ast.AugAssign) or _constant(last)):
            raise GradcliError(
                "an assignment alone computes nothing",
                kind="parse",
                hint="write the expression alone; a comparison is written ==",
            )
        while isinstance(target, ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name):
            return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return None


def _constant(node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether the value on the right names nothing."""
    return node.value is None or not any(
        isinstance(each, ast.Name) for each in ast.walk(node.value)
    )


def _means_nothing(node: ast.stmt) -> bool:
    """Imports, docstrings, `pass` and the block of a script."""
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass)):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return isinstance(node, ast.If) and is_main_guard(node)
