"""How long a command takes before and beside its work, against the bare imports that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.measure import Row, paired, python

GRADCLI = "from gradcli.cli.main import main; main()"  # what the console script holds
EXAMPLE = ("2*x.T@x", "--x", "0,1,2,3")

COMMANDS = (
    ("gradcli --help", ("--help",), "import click", 2.0),
    ("gradcli eval, in a pipe", ("eval", *EXAMPLE), "import numpy, click", 1.6),
    ("gradcli grad --no-check", ("grad", "--no-check", *EXAMPLE), "import numpy, click", 1.6),
    ("gradcli grad, formula", ("grad", *EXAMPLE), "import numpy, sympy, click", 1.3),
)
"""Name, arguments, the peer's statement, the largest ratio."""


def rows() -> Iterator[Row]:
    """One row per command."""
    for name, arguments, statement, target in COMMANDS:
        yield paired(
            name,
            partial(python, GRADCLI, arguments),
            f'python -c "{statement}"',
            partial(python, statement),
            target=target,
        )
