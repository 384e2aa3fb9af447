"""Row 0 of the design: the one error type and the exit statuses. Imports nothing of gradcli.

Every problem a user can cause is a `GradcliError`: what went wrong, where (a span of the source
text), and what to do about it. The command line prints it with a caret; `batch` prints it as JSON.
"""

from __future__ import annotations

from enum import IntEnum

Span = tuple[int, int]
"""Start and end offsets (characters, end exclusive) into the source text."""


class ExitCode(IntEnum):
    """Exit statuses of the command line."""

    OK = 0
    DISAGREE = 1
    INPUT = 2
    INCONCLUSIVE = 3
    INTERRUPTED = 130


class GradcliError(Exception):
    """A problem with the user's input.

    Args:
        message: what is wrong, one sentence, lower case, no final full stop.
        kind: one of `parse name shape value limit io`.
        span: where in `source`, as character offsets; None where no place fits.
        hint: what to do, one sentence; None where nothing helpful can be said.
        source: the text that the span points into (filled in by whoever knows it).

    Attributes:
        calls: for an error inside of functions of the program: (name, span of the call), the
            innermost first.

    Example:
        >>> raise GradcliError("unknown name 'y'", kind="name", span=(0, 1), source="y + 1")
        Traceback (most recent call last):
        ...
        gradcli.errors.GradcliError: unknown name 'y'
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "value",
        span: Span | None = None,
        hint: str | None = None,
        source: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.span = span
        self.hint = hint
        self.source = source
        self.calls: list[tuple[str, Span | None]] = []

    def located(self, span: Span | None, source: str | None = None) -> GradcliError:
        """The same error with a place, unless it has one already."""
        if self.span is None:
            self.span = span
        if self.source is None:
            self.source = source
        return self
