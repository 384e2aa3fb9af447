"""Runs a command in this process, with streams of its own."""

from __future__ import annotations

import io
from typing import NamedTuple

from gradcli.cli.environment import Environment
from gradcli.cli.main import run
from gradcli.limits import DEFAULTS, LIMITS


class Ran(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str
    raw: bytes


def gradcli(*arguments: str, stdin: bytes | str = b"", terminal: bool = False, **options) -> Ran:
    """Run one command line; the limits are put back afterwards."""
    out, err = io.BytesIO(), io.BytesIO()
    data = stdin.encode() if isinstance(stdin, str) else stdin
    environment = Environment(
        io.BytesIO(data),
        out,
        err,
        stdout_is_terminal=terminal,
        stderr_is_terminal=terminal,
        width=options.pop("width", 80),
        **options,
    )
    try:
        status = run(arguments, environment)
    finally:
        LIMITS.update(**DEFAULTS)
    raw = out.getvalue()
    return Ran(status, raw.decode(errors="replace"), err.getvalue().decode(), raw)
