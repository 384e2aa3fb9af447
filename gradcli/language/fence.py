"""The fence around statements: what a program may consist of, checked before anything runs.

Expressions are checked when they are visited (`interpreter.VISITORS`); statements here, so that one
in a branch that is not taken is refused all the same.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from gradcli.errors import GradcliError
from gradcli.language.imports import imported
from gradcli.language.names import all_parameters, is_main_guard
from gradcli.language.source import Source

REFUSED: dict[type[ast.stmt], tuple[str, str | None]] = {
    ast.ClassDef: ("classes are not available", "write functions"),
    ast.AsyncFunctionDef: ("async is not available", None),
    ast.AsyncFor: ("async is not available", None),
    ast.AsyncWith: ("async is not available", None),
    ast.With: ("'with' is not available", "write its body alone"),
    ast.Try: ("'try' is not available", "check with if, or assert"),
    ast.Raise: ("'raise' is not available", 'write assert condition, "message"'),
    ast.Delete: ("'del' is not available", "leave the name as it is"),
    ast.Global: ("'global' is not available", "return the value"),
    ast.Nonlocal: ("'nonlocal' is not available", "return the value"),
    ast.Match: ("'match' is not available", "write if and elif"),
}

DECORATORS = frozenset(
    ("tf.function", "jax.jit", "jit", "torch.compile", "torch.jit.script", "tensorflow.function")
)
"""Decorators of other libraries that change nothing here."""


def check_statements(source: Source, body: Sequence[ast.stmt]) -> None:
    """Refuse what is no part of the language.

    Raises:
        GradcliError: `parse`, `name` for a module that is not known; with its place.
    """
    stack: list[tuple[ast.stmt, bool, bool]] = [(each, False, False) for each in body]
    while stack:
        node, in_loop, in_function = stack.pop()
        try:
            _check(source, node, in_loop, in_function)
        except GradcliError as error:
            raise error.located(source.span(node), source.text) from None
        if isinstance(node, ast.If) and is_main_guard(node):
            continue
        for inner in getattr(node, "body", []):
            loop = isinstance(node, (ast.For, ast.While)) or (
                in_loop and not isinstance(node, ast.FunctionDef)
            )
            stack.append((inner, loop, in_function or isinstance(node, ast.FunctionDef)))
        for inner in getattr(node, "orelse", []):
            stack.append((inner, in_loop, in_function))


def _check(source: Source, node: ast.stmt, in_loop: bool, in_function: bool) -> None:
    if type(node) in REFUSED:
        words, hint = REFUSED[type(node)]
        if isinstance(node, ast.With) and "GradientTape" in ast.unparse(node.items[0].context_expr):
            hint = "no tape is needed: write its body alone; tape.gradient(y, x) is --of y --wrt x"
        raise GradcliError(words, kind="parse", hint=hint)
    if type(node).__name__ in ("TryStar", "TypeAlias"):
        raise GradcliError("this statement is not available", kind="parse")
    if isinstance(node, (ast.Break, ast.Continue)) and not in_loop:
        word = "break" if isinstance(node, ast.Break) else "continue"
        raise GradcliError(f"'{word}' stands outside of a loop", kind="parse")
    if isinstance(node, ast.Return) and not in_function:
        raise GradcliError(
            "'return' stands outside of a function",
            kind="parse",
            hint="the last expression is the result: write it alone",
        )
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        imported(node)
    if isinstance(node, ast.FunctionDef):
        _check_names(node)
        for decorator in node.decorator_list:
            text = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
            if text not in DECORATORS:
                raise GradcliError(
                    f"the decorator '@{text}' is not available", kind="parse"
                ).located(source.span(decorator), source.text)
    if isinstance(node, ast.Assign):
        for target in node.targets:
            _check_target(target)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For)):
        _check_target(node.target)


def _check_names(node: ast.FunctionDef) -> None:
    """The names that a definition binds."""
    names = [each.arg for each in all_parameters(node.args)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GradcliError(f"the parameter '{twice}' is named twice", kind="parse")
    for name in (node.name, *names):
        if name.startswith("__"):
            raise GradcliError(f"names such as '{name}' are not available", kind="name")


def _check_target(target: ast.AST) -> None:
    stack = [target]
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Tuple, ast.List)):
            stack.extend(node.elts)
        elif isinstance(node, ast.Starred):
            stack.append(node.value)
        elif isinstance(node, ast.Attribute):
            raise GradcliError(
                f"the attribute '.{node.attr}' cannot be assigned to",
                kind="parse",
                hint="assign to a name, or to x[i]",
            )
        elif isinstance(node, ast.Name) and node.id.startswith("__"):
            raise GradcliError(f"names such as '{node.id}' are not available", kind="name")
