"""SVG, drawn by the program `dot` of Graphviz where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcli.errors import GradcliError
from gradcli.render.graphs.dot import dot_text

if TYPE_CHECKING:
    from gradcli.results import GraphCard


def svg_text(card: GraphCard) -> Iterator[str]:
    """The picture in one piece.

    Raises:
        GradcliError: `io`, where Graphviz is missing or fails; before anything is yielded.
    """
    program = shutil.which("dot")
    if program is None:
        raise GradcliError(
            "SVG is drawn by Graphviz, and its program 'dot' is not installed",
            kind="io",
            hint="install Graphviz (apt install graphviz, brew install graphviz), "
            "or take --format dot or mermaid",
        )
    text = "".join(dot_text(card)).encode()
    try:
        done = subprocess.run([program, "-Tsvg"], input=text, capture_output=True, check=False)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise GradcliError(f"'{program}' does not start: {reason}", kind="io") from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().split("\n")[0]
        raise GradcliError(
            f"Graphviz could not draw the graph: {said or f'exit status {done.returncode}'}",
            kind="io",
            hint="--format dot writes what it was given",
        )
    return iter((done.stdout.decode(errors="replace"),))
