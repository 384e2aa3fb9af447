"""Stage 1 of the language: text -> Python syntax tree, or an error with a place and a hint.

Length, NUL characters and nesting are checked before anything recurses; whatever `ast.parse` may
raise (it runs out of stack on `((((` or `~~~~`) becomes an orderly error.
"""

from __future__ import annotations

import ast
import warnings

from gradcli.errors import GradcliError
from gradcli.language.habits import explain, strange_character
from gradcli.language.source import Source
from gradcli.limits import LIMITS

_DEEP = ("too many nested parentheses", "too complex")


def read_syntax(text: str) -> tuple[Source, ast.expr]:
    """The syntax tree of one expression.

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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.body, mode="eval").body
    except SyntaxError as error:
        if any(part in str(error.msg) for part in _DEEP):
            raise _beyond_parser(text) from None
        raise explain(source, error).located(None, text) from None
    except (RecursionError, MemoryError):
        raise _beyond_parser(text) from None
    except (ValueError, UnicodeError) as error:
        raise GradcliError(
            f"this is not an expression: {error}", kind="parse", source=text
        ) from None
    check_depth(source, tree)
    return source, tree


def check_depth(source: Source, tree: ast.AST) -> None:
    """Refuse deep nesting, so that every later walk may recurse.

    A long sum or product is nested to the left in Python's tree; the interpreter walks it in a
    loop, so it counts as one level.
    """
    stack = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if depth > LIMITS.depth:
            raise _too_deep(source.text).located(source.span(node), source.text)
        for child in ast.iter_child_nodes(node):
            spine = isinstance(node, ast.BinOp) and child is node.left
            spine = spine and isinstance(child, ast.BinOp)
            stack.append((child, depth if spine else depth + isinstance(child, ast.expr)))


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
