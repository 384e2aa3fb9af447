"""What each command may import: whoever types it waits for that. Sets of modules, no clock."""

import subprocess
import sys

import pytest

CODE = """
import io, sys
from gradcli.cli.environment import Environment
from gradcli.cli.main import run
out = io.BytesIO()
streams = io.BytesIO(b"3,4"), out, sys.stderr.buffer
environment = Environment(*streams, stdout_is_terminal={terminal})
status = run({arguments}, environment)
print(int(status), *sys.modules)
"""
HEAVY = {"numpy", "sympy", "mpmath", "rich", "scipy", "matplotlib", "pygments"}
SYMBOLIC = {"sympy", "mpmath", "rich", "scipy", "matplotlib", "pygments"}


def loaded(arguments, terminal=False):
    """Exit status, top-level modules, all modules after a command in a fresh interpreter."""
    code = CODE.format(arguments=list(arguments), terminal=terminal)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ended, *modules = done.stdout.split()
    return int(ended), {name.split(".")[0] for name in modules}, set(modules)


@pytest.mark.parametrize(
    ("arguments", "status", "forbidden"),
    [
        (["--help"], 0, HEAVY | {"json"}),
        (["--version"], 0, HEAVY | {"json"}),
        (["grad", "--help"], 0, HEAVY | {"json"}),
        (["batch", "--help"], 0, HEAVY | {"json"}),
        (["gard"], 2, HEAVY),
        (["grad", "x", "--ful"], 2, HEAVY),
        (["eval", "1+1"], 0, SYMBOLIC),
        (["eval", "norm(g)", "--g", "-"], 0, SYMBOLIC),
        (["eval", "sum(A@x)", "--A", "1,2;3,4", "--x", "1,2", "--format", "json"], 0, SYMBOLIC),
        (["grad", "2*x.T@x", "--x", "0,1", "--no-check"], 0, SYMBOLIC),
        (["jvp", "x**2", "--x", "0,1", "--tangent", "1,1", "--no-check"], 0, SYMBOLIC),
        (["vjp", "x**2", "--x", "0,1", "--cotangent", "1,1", "--no-check"], 0, SYMBOLIC),
        (["grad", "x**2", "--x", "3", "--order", "2", "--no-check"], 0, SYMBOLIC),
        (["vjp", "--help"], 0, HEAVY | {"json"}),
        (["grad", "x +* 2", "--x", "0,1"], 2, {"rich", "scipy", "matplotlib"}),
        (["grad", "2*x.T@x", "--x", "0,1"], 0, {"rich", "scipy", "matplotlib"}),
        (["graph", "--help"], 0, HEAVY | {"json"}),
        (["graph", "2*x.T@x", "--x", "0,1"], 0, SYMBOLIC),
        (["graph", "2*x.T@x", "--x", "0,1", "--format", "dot"], 0, SYMBOLIC),
        (["explain", "--help"], 0, HEAVY | {"json"}),
        (["explain", "x*x", "--x", "3"], 0, {"rich", "scipy", "matplotlib"}),
        (["ops"], 0, SYMBOLIC),
        (["ops", "tan"], 0, {"rich", "scipy", "matplotlib"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_no_more_than_it_needs(arguments, status, forbidden):
    got, tops, _ = loaded(arguments)
    assert got == status
    assert not tops & forbidden


def test_help_loads_little_of_gradcli():
    _, _, modules = loaded(["--help"])
    ours = {name for name in modules if name.startswith("gradcli.")}
    stages = (
        "language",
        "ops",
        "autodiff",
        "execute",
        "symbolic",
        "verify",
        "api",
        "graph",
        "results",
    )
    assert not {name for name in ours if name.split(".")[1] in stages}


def test_the_terminal_view_imports_rich_and_nothing_heavier():
    status, tops, _ = loaded(["grad", "2*x.T@x", "--x", "0,1", "--no-check"], terminal=True)
    assert status == 0
    assert "rich" in tops
    assert not tops & {"sympy", "scipy", "matplotlib"}


def test_the_library_is_lazy():
    code = "import sys, gradcli; print('numpy' in sys.modules, gradcli.__version__ != '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
