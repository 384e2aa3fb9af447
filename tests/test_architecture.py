"""The table of stages, held: who may import whom, what is never called, what stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradcli

ROOT = Path(gradcli.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# A package imports only what its row lists (and itself). The rows are those of the design; `cli`,
# the library's front (`api`, `__init__`, `__main__`) may import everything.
CORE = {"clock", "errors", "limits", "shapes"}
ALLOWED = {
    "clock": set(),
    "errors": set(),
    "shapes": {"errors"},
    "limits": {"errors"},
    "results": {"errors"},
    "explanation": {"errors", "results"},
    "graph": CORE,
    "sharing": CORE | {"graph"},
    "ops": CORE | {"graph"},
    "autodiff": CORE | {"graph", "sharing", "ops"},
    "execute": CORE | {"graph", "sharing", "ops"},
    # `if`, `while` and masks follow values, so tracing has to run what was recorded so far.
    "language": CORE | {"graph", "ops", "execute"},
    # Never autodiff: the formula is a witness against it.
    "symbolic": CORE | {"graph", "sharing", "ops", "results"},
    "verify": CORE | {"results", "graph", "ops", "language", "autodiff", "execute", "symbolic"},
    "render": {"errors", "results", "explanation"},
}
STAGES = CORE | {"results", "graph", "sharing"}
STAGES |= {"ops", "language", "autodiff", "execute", "symbolic", "verify"}
ALLOWED |= {
    # From a request to an answer, which a notebook renders.
    "road": STAGES | {"render"},
    # Other views of the same program.
    "explaining": STAGES | {"explanation", "render", "road"},
    "drawing": STAGES | {"render", "road"},
}
FREE = {"cli", "api", "__init__", "__main__"}

# One file may import more than its row, for a reason.
EXCEPTIONS = {
    # `node[index]` normalises its index as the function does; imported when it is called.
    "graph.py": {"ops.indexing"},
}

FORBIDDEN = {"eval", "exec", "compile", "__import__", "parse_expr", "lambdify"}
OWNERS = {"builtins", "sympy", "sp"}
LONGEST = 400

# What `import gradcli.ops` may bring in beside NumPy and the standard library.
HEAVY = {"sympy", "mpmath", "scipy", "rich", "matplotlib", "click", "pandas"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def row(path: Path) -> str:
    """The package (or top-level module) that a file belongs to."""
    return relative(path).split("/")[0].removesuffix(".py")


def imports(tree: ast.AST, package: list[str]) -> Iterator[tuple[int, str]]:
    """(line, dotted name below gradcli) of every import of gradcli, lazy ones and `TYPE_CHECKING`
    too.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{module}.{alias.name}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_follow_the_table(path):
    package = ["gradcli", *path.relative_to(ROOT).parts[:-1]]
    here = row(path)
    if here in FREE:
        return
    assert here in ALLOWED, f"{here} has no row in the table"
    for line, name in imports(tree_of(path), package):
        parts = name.split(".")
        if parts[0] != "gradcli":
            continue
        target = parts[1] if len(parts) > 1 else "__init__"
        excepted = any(
            ".".join(parts[1:]).startswith(name) for name in EXCEPTIONS.get(relative(path), ())
        )
        assert target in ALLOWED[here] | {here} or excepted, (
            f"{relative(path)}:{line} imports {name}; {here} may import {sorted(ALLOWED[here])}"
        )


def test_exceptions_are_still_needed():
    for name, targets in EXCEPTIONS.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        assert all(f"gradcli.{target} import" in text for target in targets), name


# Witnesses against reverse mode: they read none of its rules.
INDEPENDENT = [
    *sorted((ROOT / "symbolic").rglob("*.py")),
    *sorted((ROOT / "verify" / "forward").rglob("*.py")),
    ROOT / "verify" / "local.py",
]


@pytest.mark.parametrize("path", INDEPENDENT, ids=relative)
def test_the_formula_never_reads_a_rule(path):
    for node in ast.walk(tree_of(path)):
        names = (getattr(node, field, None) for field in ("id", "attr", "arg", "name"))
        assert "vjp" not in names, f"{relative(path)}:{getattr(node, 'lineno', '?')}"
        assert not (isinstance(node, ast.Constant) and node.value == "vjp")
    package = ["gradcli", *path.relative_to(ROOT).parts[:-1]]
    assert not any("autodiff" in name for _, name in imports(tree_of(path), package))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nothing_is_evaluated(path):
    tree = tree_of(path)
    strict = {
        id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and is_strict(node)
    }
    for node in ast.walk(tree):
        name = called_name(node)
        where = f"{relative(path)}:{getattr(node, 'lineno', '?')}"
        assert name not in FORBIDDEN, f"{where} uses {name}"
        # `sympify` evaluates a text as Python; with `strict=True` it refuses one.
        assert name != "sympify" or id(node) in strict, f"{where}: sympify without strict=True"


def is_strict(call: ast.Call) -> bool:
    return any(
        each.arg == "strict" and isinstance(each.value, ast.Constant) and each.value.value is True
        for each in call.keywords
    )


def called_name(node: ast.AST) -> str | None:
    """The name of a builtin or of one of SymPy's functions, called or passed on."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id in OWNERS else None
    return None


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_nothing_is_swallowed(path):
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            where = f"{relative(path)}:{node.lineno} catches everything"
            assert node.type is not None, where
            listed = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {each.id for each in listed if isinstance(each, ast.Name)}
            assert not names & {"Exception", "BaseException"}, where


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_every_file_says_its_job_and_has_one(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{relative(path)} has no docstring"
    assert text.count("\n") <= LONGEST, f"{relative(path)} has grown past one job"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_todo(path):
    text = path.read_text(encoding="utf-8")
    assert not any(word in text for word in ("TODO", "FIXME", "XXX"))


def loaded_by(statement: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has after the statement."""
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "also"),
    [
        ("import gradcli", {"numpy"}),
        ("import gradcli.errors, gradcli.limits, gradcli.results", {"numpy"}),
        ("import gradcli.ops", set()),
        ("import gradcli.language", set()),
        ("import gradcli.execute, gradcli.autodiff", set()),
    ],
)
def test_imports_stay_light(statement, also):
    heavy = loaded_by(statement) & (HEAVY | also)
    assert not heavy, f"`{statement}` loads {sorted(heavy)}"
