"""Import lines: nothing is imported; a name of a known namespace gets its meaning here."""

from __future__ import annotations

import ast
from typing import Any

from gradcli.errors import GradcliError
from gradcli.language.namespaces import PREFIXES, member
from gradcli.language.words import suggestion

SILENT = frozenset(("__future__", "typing", "typing_extensions", "collections.abc", "numpy.typing"))
"""Modules of type hints, which mean nothing here."""

KNOWN = "numpy, jax, tensorflow, torch, scipy, math"


class Namespace:
    """What `np` is: a prefix of `namespaces.PREFIXES`."""

    __slots__ = ("prefix",)

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __repr__(self) -> str:
        return f"the namespace '{self.prefix}'"


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, Any]:
    """The names that an import line binds, and what they mean.

    Raises:
        GradcliError: `name` for a module or a function that is not known.
    """
    if isinstance(node, ast.Import):
        return {
            name: Namespace(prefix)
            for alias in node.names
            if alias.name not in SILENT
            for name, prefix in [_namespace(alias)]
        }
    module = node.module or ""
    if node.level or not module:
        raise GradcliError("files cannot be imported", kind="name")
    if module in SILENT:
        return {}
    names: dict[str, Any] = {}
    for alias in node.names:
        if alias.name == "*":
            _known(module)
            continue
        bound = alias.asname or alias.name
        dotted = f"{module}.{alias.name}"
        if dotted in PREFIXES:
            names[bound] = Namespace(dotted)
        elif dotted in SILENT:
            continue
        else:
            names[bound] = member(_known(module), alias.name)
    return names


def _namespace(alias: ast.alias) -> tuple[str, str]:
    """`import numpy.linalg` binds `numpy`, `import numpy.linalg as la` binds `la`."""
    prefix = _known(alias.name)
    if alias.asname is not None:
        return alias.asname, prefix
    root = alias.name.split(".")[0]
    return root, _known(root)


def _known(module: str) -> str:
    if module in PREFIXES:
        return module
    raise GradcliError(
        f"the module '{module}' is not available",
        kind="name",
        hint=suggestion(module, PREFIXES) or f"the names of {KNOWN} are",
    )
