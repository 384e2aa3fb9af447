"""Stage 1 of the language: text -> Python syntax tree, or an error with a place and a hint.

An expression is a program of one statement. Length, NUL characters and nesting are checked before
anything recurses; whatever `ast.parse` may raise (it runs out of stack on `((((` or `~~~~`) becomes
an orderly error.
"""

from __future__ import annotations

import ast
import warnings

from gradcli.errors import GradcliError
from gradcli.language.habits import explain, looks_like_statements, strange_character
from gradcli.language.source import Source
from gradcli.limits import LIMITS

_DEEP = ("too many nested parentheses", "too complex", "too many statically nested blocks")


def read_syntax(text: str) -> tuple[Source, list[ast.stmt]]:
    """The statements of a program; an expression is one of them.

    Raises:
        GradcliError: `parse` where it is none, `limit` where it is too long or too deep.
    """
    if len(text) > LIMITS.source:
        raise GradcliError(
            f"the text has {len(text)} characters; the limit is {LIMITS.source}",
            kind="limit",
            hint="raise it with --limit source=N",
        )
    source = Source(text)
    if not text.strip():
        raise GradcliError(
            "the expression is empty", kind="parse", source=text, hint="for instance 2*x.T@x"
        )
    strange = strange_character(text)
    if strange is not None:
        raise strange.located(None, text)
    statements = _statements(source)
    check_depth(source, statements)
    return source, statements


def _statements(source: Source) -> list[ast.stmt]:
    """What `ast.parse` makes of the text: an expression, whose lines may hang anywhere, or a
    program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                tree = ast.parse(source.body, mode="eval").body
                return [ast.copy_location(ast.Expr(tree), tree)]
            except SyntaxError as error:
                failed = error
            try:
                return ast.parse(source.body, mode="exec").body
            except SyntaxError as error:
                if looks_like_statements(source.text):
                    failed = error
    except (RecursionError, MemoryError):
        raise _beyond_parser(source.text) from None
    except (ValueError, UnicodeError) as error:
        raise GradcliError(
            f"this is not an expression: {error}", kind="parse", source=source.text
        ) from None
    if any(part in str(failed.msg) for part in _DEEP):
        raise _beyond_parser(source.text) from None
    raise explain(source, failed).located(None, source.text) from None


def check_depth(source: Source, trees: list[ast.stmt]) -> None:
    """Refuse deep nesting, so that every later walk may recurse.

    A long sum or product is nested to the left in Python's tree; the interpreter walks it in a
    loop, so it counts as one level. So does an `elif`, which is an `if` inside an `else`.
    """
    stack: list[tuple[ast.AST, int]] = [(tree, 0) for tree in trees]
    while stack:
        node, depth = stack.pop()
        if depth > LIMITS.depth:
            raise _too_deep(source.text).located(source.span(node), source.text)
        for child in ast.iter_child_nodes(node):
            spine = isinstance(node, ast.BinOp) and child is node.left
            spine = spine and isinstance(child, ast.BinOp)
            deeper = isinstance(child, (ast.expr, ast.stmt)) and not spine
            stack.append((child, depth + deeper))


def _beyond_parser(text: str) -> GradcliError:
    """No limit of ours can be raised here: `ast.parse` itself ran out of stack."""
    return GradcliError(
        "the expression is nested too deeply for Python's parser",
        kind="limit",
        source=text,
        hint="a long sum or product can be written over an array: sum(x), prod(x)",
    )


def _too_deep(text: str) -> GradcliError:
    return GradcliError(
        f"the expression is nested too deeply; the limit is {LIMITS.depth} levels",
        kind="limit",
        source=text,
        hint="raise it with --limit depth=N",
    )
