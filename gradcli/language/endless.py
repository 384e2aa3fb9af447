"""Loops that cannot end, told without running them: nothing in the body changes the condition."""

from __future__ import annotations

import ast
from collections.abc import Collection

from gradcli.language.names import bound_names, namespace_root
from gradcli.language.namespaces import find


def never_ends(node: ast.While, own: Collection[str]) -> bool:
    """Whether a `while` whose condition holds once must hold for ever.

    Only certain answers count: no way out by `break`, `return` or `assert`, and no name of the
    condition is bound in the body. Where the body calls methods or functions of the program, or
    assigns items, lists may change under any name: then only a condition without names is certain.

    Args:
        own: every name that the program binds anywhere, its functions among them.
    """
    if any(leaves(each) for each in node.body):
        return False
    wanted = _names(node.test)
    if any(_may_change_lists(each, own) for statement in node.body for each in ast.walk(statement)):
        return not wanted
    if any(isinstance(each, ast.Call) and _own(each, own) for each in ast.walk(node.test)):
        return False  # a function of the program may read whatever the body changes
    return not set(bound_names(node.body)) & wanted


def leaves(node: ast.AST, inside: bool = False) -> bool:
    """Whether a statement may leave the loop; `inside` another loop a `break` is that one's."""
    if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and not inside):
        return True
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.FunctionDef):
        return False
    inner = inside or isinstance(node, (ast.For, ast.While))
    return any(
        leaves(child, inner) for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)
    )


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _may_change_lists(node: ast.AST, own: Collection[str]) -> bool:
    if isinstance(node, ast.Call):
        return _own(node, own)
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)


def _own(call: ast.Call, own: Collection[str]) -> bool:
    """Whether a call may be of a function that the program defines, or of a method."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in own or find(function.id) is None
    return not isinstance(function, ast.Attribute) or namespace_root(function) is None
