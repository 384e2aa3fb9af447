"""The loop of `batch`: lines in, lines out, one at a time, each within its bounds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

from gradcli.cli.environment import Environment
from gradcli.cli.guard import guarded
from gradcli.cli.requests import Request, answer_request
from gradcli.errors import ExitCode, GradcliError
from gradcli.limits import LIMITS
from gradcli.render.structured import encoded, error_record

SEVERITY = (ExitCode.OK, ExitCode.INCONCLUSIVE, ExitCode.DISAGREE, ExitCode.INPUT)
"""From the best answer to the worst."""

PIECE = 1 << 20
"""Bytes read at a time while an overlong line is skipped."""


def serve(environment: Environment, file: str, allow_files: bool) -> int:
    """Answer every line of a file or of standard input.

    Returns:
        The exit status of the worst answer.
    """
    worst = 0
    with opened(environment, file) as stream:
        for line in lines(stream):
            record, status = answer_line(line, allow_files)
            worst = max(worst, SEVERITY.index(status))
            environment.write([*encoded(record), "\n"])
            if environment.broken:
                break
    return SEVERITY[worst]


def opened(environment: Environment, file: str) -> BinaryIO:
    """The stream of requests."""
    if file == "-":
        return environment.stdin
    try:
        return open(file, "rb")
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
        raise GradcliError(f"cannot read '{file}': {reason.lower()}", kind="io") from None


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines that are not blank, without their end; None for one that is too long."""
    bound = int(LIMITS.line)
    while line := stream.readline(bound + 1):
        if len(line) > bound:
            while line and not line.endswith(b"\n"):
                line = stream.readline(PIECE)
            yield None
        elif line.strip():
            yield line


def answer_line(line: bytes | None, allow_files: bool) -> tuple[dict[str, Any], ExitCode]:
    """The answer to one line, and its exit status."""
    identity: Any = None
    source: str | None = None
    try:
        with guarded():
            fields = parsed(line)
            identity = fields.pop("id", None)
            request = Request(fields, allow_files)
            source = request.source
            record, status = answer_request(request)
    except GradcliError as error:
        return {"id": identity, "error": error_record(error, source)}, ExitCode.INPUT
    return {"id": identity, **record}, status


def parsed(line: bytes | None) -> dict[str, Any]:
    """The JSON object of a line."""
    if line is None:
        raise GradcliError(
            f"the line is longer than {LIMITS.line:g} bytes",
            kind="limit",
            hint="raise the bound with --limit line=N",
        )
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except ValueError as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise GradcliError(f"the line is not JSON: {reason}", kind="parse") from None
    if not isinstance(fields, dict):
        raise GradcliError(
            "a request is a JSON object", hint='{"command": "grad", "expression": ...}'
        )
    return fields
