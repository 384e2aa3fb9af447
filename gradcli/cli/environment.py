"""Everything about the process that a command may look at: streams, terminals, colours, width.

Commands never touch `sys.stdin`, `sys.stdout`, `os.environ` or `isatty`; tests hand in another
`Environment`.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from gradcli.errors import GradcliError

PIPE_WIDTH = 80


class Environment:
    """The streams of a process and what they can show.

    Attributes:
        stdin: bytes, read only when an input or `batch` asks for them.
        variables: environment variables (`NO_COLOR`, `FORCE_COLOR`, `TERM`, `COLUMNS`).
        stdout_is_terminal, stderr_is_terminal, stdin_is_terminal: whether a person is there.
        unicode: whether stdout can show characters outside ASCII.
        broken: whether the reader of stdout has gone.
    """

    def __init__(
        self,
        stdin: BinaryIO,
        stdout: BinaryIO,
        stderr: BinaryIO,
        *,
        variables: Mapping[str, str] | None = None,
        stdin_is_terminal: bool = False,
        stdout_is_terminal: bool = False,
        stderr_is_terminal: bool = False,
        width: int | None = None,
        encoding: str = "utf-8",
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.variables = {} if variables is None else variables
        self.stdin_is_terminal = stdin_is_terminal
        self.stdout_is_terminal = stdout_is_terminal
        self.stderr_is_terminal = stderr_is_terminal
        self.encoding = encoding
        self.unicode = encoding.lower().replace("-", "").startswith("utf")
        self.broken = False
        self._width = width

    @classmethod
    def of_process(cls) -> Environment:
        """The environment of this process. A stream that is closed is empty, or swallows."""

        def is_terminal(stream: object) -> bool:
            return isinstance(stream, io.TextIOBase) and not stream.closed and stream.isatty()

        def raw(stream: object) -> BinaryIO:
            return stream.buffer if isinstance(stream, io.TextIOWrapper) else io.BytesIO()

        return cls(
            raw(sys.stdin),
            raw(sys.stdout),
            raw(sys.stderr),
            variables=os.environ,
            stdin_is_terminal=is_terminal(sys.stdin),
            stdout_is_terminal=is_terminal(sys.stdout),
            stderr_is_terminal=is_terminal(sys.stderr),
            encoding=getattr(sys.stdout, "encoding", None) or "utf-8",
        )

    @property
    def width(self) -> int:
        """Columns: `COLUMNS`, else the terminal's, else 80."""
        if self._width is not None:
            return self._width
        columns = self.variables.get("COLUMNS", "")
        if columns.isdecimal() and 0 < int(columns) < 10_000:
            return int(columns)
        for stream in (self.stdout, self.stderr):
            try:
                return os.get_terminal_size(stream.fileno()).columns or PIPE_WIDTH
            except (OSError, ValueError):
                continue
        return PIPE_WIDTH

    def styles(self, terminal: bool) -> bool:
        """Whether escape codes (bold, dim, colours) may go to a stream."""
        if self.variables.get("FORCE_COLOR", "") not in ("", "0"):
            return True
        return terminal and self.variables.get("TERM", "") not in ("dumb", "unknown")

    def colour(self, terminal: bool) -> bool:
        """Whether they may be colours."""
        return self.styles(terminal) and not self.variables.get("NO_COLOR")

    def write(self, pieces: Iterable[str | bytes]) -> None:
        """Write the answer to stdout and flush. A reader that has gone is no error.

        Raises:
            GradcliError: `io`, where the stream cannot be written (a full disk).
        """
        if self.broken:
            return
        try:
            for piece in pieces:
                self.stdout.write(self.encoded(piece))
            self.stdout.flush()
        except BrokenPipeError:
            self.broken = True
        except OSError as error:
            self.broken = True
            raise GradcliError(
                f"cannot write the answer: {os.strerror(error.errno or 0).lower()}", kind="io"
            ) from None

    def tell(self, text: str) -> None:
        """Write a message to stderr; nothing can be done when that fails."""
        try:
            self.stderr.write(self.encoded(text))
            self.stderr.flush()
        except (OSError, ValueError):
            return

    def encoded(self, piece: str | bytes) -> bytes:
        """Text in the stream's encoding; what it cannot show is escaped."""
        return (
            piece if isinstance(piece, bytes) else piece.encode(self.encoding, "backslashreplace")
        )

    def close(self) -> None:
        """Keep the interpreter from flushing a stream whose reader has gone."""
        if self.broken:
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())
            except (OSError, ValueError):
                return
