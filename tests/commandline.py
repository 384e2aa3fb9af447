"""Runs command lines as a user does: in a shell, in a pipe or in a terminal of a given width."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECONDS = 120
SHELL = shutil.which("bash") or "/bin/sh"


@lru_cache(maxsize=1)
def shims() -> str:
    """A folder whose `gradcli` and `python` are this interpreter's, on this source tree."""
    folder = Path(tempfile.mkdtemp(prefix="gradcli-shims-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, arguments in {"gradcli": " -m gradcli", "python": ""}.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n')
        path.chmod(0o755)
    return str(folder)


def environment(**extra: str) -> dict[str, str]:
    """What every command sees: no colour, no surprises from the machine's own settings."""
    keep = ("HOME", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    return {
        **kept,
        "PATH": f"{shims()}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "TERM": "dumb",
        **extra,
    }


def in_pipe(command: str, folder: Path) -> tuple[str, str, int]:
    """stdout, stderr and exit status of a command line with nobody at a terminal."""
    done = subprocess.run(
        [SHELL, "-c", command],
        capture_output=True,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
        check=False,
    )
    return done.stdout.decode(), done.stderr.decode(), done.returncode


def in_terminal(command: str, folder: Path, columns: int = 80) -> tuple[str, int]:
    """What a terminal shows (stdout and stderr together), and the exit status."""
    import fcntl
    import pty
    import termios

    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen(
        [SHELL, "-c", command],
        cwd=folder,
        env=environment(),
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    ) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                piece = os.read(parent, 1 << 16)
            except OSError:  # Linux says so when the last writer has closed the terminal
                break
            if not piece:
                break
            shown += piece
        status = process.wait(SECONDS)
    os.close(parent)
    return shown.decode().replace("\r\n", "\n"), status


WITNESS = re.compile(r"\b(agree|witness|formula|entries|difference|taylor)\b")
NUMBER = r"(?<![\w.])\d+(\.\d+)?(e[+-]?\d+)?(?![\w.])"
ERROR = re.compile(rf"{NUMBER}( ≤ {NUMBER})?|\bexact\b")


def normalised(text: str) -> list[str]:
    """The lines that must be the same on every machine.

    A line of the verdict holds rounding errors, which differ with the processor, and columns whose
    width follows them: its numbers and blanks do not count.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    return [
        " ".join(ERROR.sub("#", line).split()) if WITNESS.search(line) and "{" not in line else line
        for line in lines
        if line
    ]
