"""Where an answer goes and in which format."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gradcli.cli.environment import Environment
from gradcli.errors import GradcliError
from gradcli.render import BINARY, View, render

if TYPE_CHECKING:
    from gradcli.results import Result

SUFFIXES = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".npy": "npy",
    ".npz": "npz",
    ".tex": "latex",
    ".py": "numpy",
    ".jl": "julia",
}


class Output:
    """The options of `output_options`, put to use.

    Attributes:
        form: the format, decided.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        form: str | None,
        output: str | None,
        full: bool,
        quiet: bool,
        suffixes: Mapping[str, str] = SUFFIXES,
    ) -> None:
        self.environment = environment
        self.path = None if output in (None, "-") else output
        self.full = full
        self.quiet = quiet
        terminal = environment.stdout_is_terminal and self.path is None
        suffix = os.path.splitext(self.path or "")[1].lower()
        self.form = form or suffixes.get(suffix) or ("rich" if terminal else "plain")
        if self.form in BINARY and terminal and not quiet:
            raise GradcliError(
                f"--format {self.form} is binary and would go to the terminal",
                hint=f"write it to a file: -o FILE.{self.form}",
            )
        self.view = View(
            width=environment.width,
            styles=environment.styles(terminal),
            colour=environment.colour(terminal),
            unicode=environment.unicode,
            full=full,
        )

    def deliver(self, result: Result) -> int:
        """Write a result and what belongs on stderr beside it.

        Returns:
            The exit status.
        """
        if not self.quiet:
            self.tell(side_notes(result, self.form))
            self.write(render(result, self.form, self.view))
        return int(result.exit_code)

    def write(self, pieces: Iterable[str | bytes]) -> None:
        """Write pieces of an answer to stdout or the file."""
        if self.path is None:
            self.environment.write(pieces)
            return
        try:
            with open(self.path, "wb") as file:
                for piece in pieces:
                    file.write(piece if isinstance(piece, bytes) else piece.encode("utf-8"))
        except (OSError, ValueError) as error:
            reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
            raise GradcliError(f"cannot write '{self.path}': {reason.lower()}", kind="io") from None

    def tell(self, notes: Iterable[str]) -> None:
        """Write notes to stderr."""
        colour = self.environment.colour(self.environment.stderr_is_terminal)
        for text in notes:
            from gradcli.render.diagnostics import note

            self.environment.tell(note(text, colour=colour))


def side_notes(result: Result, form: str) -> Iterator[str]:
    """What the format leaves unsaid: notes, reasons, and a verdict that is not agreement."""
    if form in ("json", "jsonl"):
        return
    for one in (result, *result.others):
        yield from one.notes
    if form == "rich":
        return
    if result.path:
        from gradcli.render.names import path_text

        yield path_text(result.path)
    for name, derivative in result.gradient.items():
        for reason in derivative.reasons:
            yield reason if reason.startswith(f"{name} ") else f"{name}: {reason}"
    verdict = result.check
    if verdict is not None and verdict.verdict != "agree" and result.command != "check":
        from gradcli.render.plain import verdict_lines

        for line in verdict_lines(verdict):
            yield line.rstrip("\n")
