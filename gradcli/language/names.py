"""The free names of a program: what needs a value before it can run.

A name is free where it is read before the program has bound it, in the order of execution; inside a
function everything counts as bound that the program binds anywhere on its outermost level.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradcli.errors import GradcliError
from gradcli.language.namespaces import PREFIXES, ROOTS, find, member
from gradcli.language.words import BARE_DTYPES, CONSTANTS

FunctionSyntax = ast.FunctionDef | ast.Lambda


class Bindings(NamedTuple):
    """The names that a program binds somewhere: all of them, and those bound other than by an
    import."""

    anywhere: frozenset[str] = frozenset()
    varying: frozenset[str] = frozenset()


NO_BINDINGS = Bindings()


class FreeNames:
    """The names that need a value, and those that an input may shadow, in order of appearance.

    Attributes:
        needed: names without any other meaning.
        optional: names of constants and functions; an input of that name takes their place.
    """

    def __init__(self, body: Sequence[ast.stmt], entry: ast.FunctionDef | None = None) -> None:
        """Args:
        body: the statements of the outermost level.
        entry: the function that is called with the inputs, where there is no other result.
        """
        self._called: set[int] = set()
        self._roots: set[int] = set()
        self._found: list[tuple[int, int, int, ast.AST]] = []
        outermost = set(bound_names(body))
        self._outermost = outermost
        self._block(body, set(), set())
        needed: dict[str, None] = {}
        optional: dict[str, None] = {}
        for *_, node in sorted(self._found, key=lambda found: found[:3]):
            name = node.arg if isinstance(node, ast.arg) else node.id  # type: ignore[attr-defined]
            if name.startswith("__"):
                continue
            if (
                id(node) in self._called
                or id(node) in self._roots
                or name in CONSTANTS
                or name in BARE_DTYPES
                or find(name) is not None
            ):
                optional[name] = None
            else:
                needed[name] = None
        if entry is not None:
            without = len(entry.args.args) - len(entry.args.defaults)
            for position, parameter in enumerate(entry.args.args):
                (needed if position < without else optional)[parameter.arg] = None
            for parameter, default in zip(
                entry.args.kwonlyargs, entry.args.kw_defaults, strict=True
            ):
                (needed if default is None else optional)[parameter.arg] = None
        self.needed = list(needed)
        self.optional = [name for name in optional if name not in needed]

    def _block(self, body: Sequence[ast.AST], bound: set[str], outer: set[str]) -> None:
        """Statements in order; `bound` grows with what they bind."""
        for statement in body:
            self._statement(statement, bound, outer)

    def _statement(self, node: ast.AST, bound: set[str], outer: set[str]) -> None:
        if isinstance(node, ast.FunctionDef):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    self._read(default, bound, outer)
            bound.add(node.name)
            self._function(node, bound | outer)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            if node.value is not None:
                self._read(node.value, bound, outer)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(node, ast.AugAssign) and isinstance(target, ast.Name):
                    self._name(target, bound, outer)
                self._bind(target, bound, outer)
        elif isinstance(node, (ast.For, ast.While, ast.If)):
            if isinstance(node, ast.For):
                self._read(node.iter, bound, outer)
                self._bind(node.target, bound, outer)
            else:
                self._read(node.test, bound, outer)
            branches = [set(bound), bound] if isinstance(node, ast.If) else [bound, bound]
            if not isinstance(node, ast.If) or not is_main_guard(node):
                self._block(node.body, branches[0], outer)
            self._block(node.orelse, branches[1], outer)
            bound |= branches[0]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= set(imported_names(node))
        elif isinstance(node, ast.stmt):
            for child in ast.iter_child_nodes(node):
                self._read(child, bound, outer)

    def _bind(self, target: ast.AST, bound: set[str], outer: set[str]) -> None:
        if isinstance(target, ast.Name):
            bound.add(target.id)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, bound, outer)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for piece in target.elts:
                self._bind(piece, bound, outer)
        else:  # x[i] = v reads x and i
            self._read(target, bound, outer)

    def _function(self, node: FunctionSyntax, outer: set[str]) -> None:
        """A body: its own names, then those around it, whenever they are bound."""
        parameters = {argument.arg for argument in all_parameters(node.args)}
        around = outer | self._outermost
        if isinstance(node, ast.Lambda):
            self._read(node.body, parameters, around)
        else:
            own = parameters | set(bound_names(node.body))
            self._block(node.body, own, around)

    def _read(self, node: ast.AST, bound: set[str], outer: set[str]) -> None:
        """The names that an expression reads; iterative, as a sum may be long."""
        stack = [node]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name):
                self._name(node, bound, outer)
                continue
            if isinstance(node, ast.Lambda):
                for default in (*node.args.defaults, *node.args.kw_defaults):
                    if default is not None:
                        stack.append(default)
                self._function(node, bound | outer)
                continue
            if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
                inner = set(bound)
                for generator in node.generators:
                    self._read(generator.iter, inner, outer)
                    self._bind(generator.target, inner, outer)
                    for test in generator.ifs:
                        self._read(test, inner, outer)
                self._read(node.elt, inner, outer)
                continue
            if isinstance(node, ast.NamedExpr):  # refused when it is visited
                bound.add(node.target.id)
            if isinstance(node, ast.Call):
                self._called.add(id(node.func))
            if isinstance(node, ast.Attribute):
                root = namespace_root(node)
                if root is not None:
                    self._roots.add(id(root))
            stack.extend(ast.iter_child_nodes(node))

    def _name(self, node: ast.Name, bound: set[str], outer: set[str]) -> None:
        if node.id not in bound and node.id not in outer:
            self._found.append((node.lineno, node.col_offset, len(self._found), node))


def all_parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter of a function."""
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return listed + [each for each in (arguments.vararg, arguments.kwarg) if each is not None]


def bound_names(body: Sequence[ast.AST]) -> Iterator[str]:
    """Every name that statements bind in their own scope."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from imported_names(node)
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                yield node.id
        elif not isinstance(
            node, (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
        ):
            stack.extend(ast.iter_child_nodes(node))


def names_bound_anywhere(body: Sequence[ast.stmt], imports: bool = True) -> Iterator[str]:
    """Every name that statements bind, those of functions and their parameters among them.

    Args:
        imports: whether names that import lines bind count, which mean one thing for ever.
    """
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.FunctionDef):
                yield node.name
            elif isinstance(node, ast.arg):
                yield node.arg
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from imported_names(node) if imports else ()
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def imported_names(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The names that an import line binds."""
    if isinstance(node, ast.Import):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    return [alias.asname or alias.name for alias in node.names if alias.name != "*"]


def is_main_guard(node: ast.If) -> bool:
    """`if __name__ == "__main__":`, whose block belongs to a script, not to the function."""
    test = node.test
    if (
        not isinstance(test, ast.Compare)
        or len(test.ops) != 1
        or not isinstance(test.ops[0], ast.Eq)
    ):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def namespace_root(node: ast.Attribute) -> ast.Name | None:
    """The first name of `np.linalg.norm`, where the dotted text is one of a library's."""
    parts = [node.attr]
    value: ast.AST = node.value
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name) or value.id not in ROOTS:
        return None
    dotted = ".".join([value.id, *reversed(parts[1:])])
    if f"{dotted}.{parts[0]}" in PREFIXES:
        return value
    if dotted not in PREFIXES:
        return None if len(value.id) == 1 else value
    if parts[0] in ("c_", "r_"):
        return value
    try:
        member(dotted, parts[0])
    except GradcliError:
        return None if len(value.id) == 1 else value
    return value
