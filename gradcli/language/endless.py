"""Loops that cannot end, told without running them: nothing in the body changes the condition."""

from __future__ import annotations

import ast

from gradcli.language.names import bound_names


def never_ends(node: ast.While) -> bool:
    """Whether a `while` whose condition holds once must hold for ever.

    Only certain answers count: no way out by `break` or `return`, no name of the condition is bound
    in the body, changed through a method or an index, or handed to a function.
    """
    if any(_leaves(each) for each in node.body):
        return False
    touched = set(bound_names(node.body))
    for statement in node.body:
        for each in ast.walk(statement):
            if isinstance(each, ast.Call):
                if _own(each):
                    return False
                touched |= _names(each)
            elif isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store):
                touched |= _names(each.value)
    if any(isinstance(each, ast.Call) and _own(each) for each in ast.walk(node.test)):
        return False  # a function of the program may read whatever the body changes
    return not touched & _names(node.test)


def _leaves(node: ast.AST, inside: bool = False) -> bool:
    """Whether a statement may leave the loop; `inside` another loop a `break` is that one's."""
    if isinstance(node, ast.Return) or (isinstance(node, ast.Break) and not inside):
        return True
    if isinstance(node, ast.Assert):
        return True
    if isinstance(node, ast.FunctionDef):
        return False
    inner = inside or isinstance(node, (ast.For, ast.While))
    return any(
        _leaves(child, inner) for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)
    )


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _own(call: ast.Call) -> bool:
    """Whether a call may be of a function that the program defines."""
    from gradcli.language.namespaces import find

    return isinstance(call.func, ast.Name) and find(call.func.id) is None
