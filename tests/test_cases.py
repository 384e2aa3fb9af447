"""Golden commands: `tests/cases/<outcome>/<name>.txt` holds one command line and all that it says.

    $ gradcli eval "1+1"
    --- stdout
    2
    --- stderr
    --- exit 0

The folder is the outcome, and fixes the exit status. Commands run in `tests/cases/data`.
`pytest tests/test_cases.py --update-cases` writes what they say now; read the diff afterwards.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import in_pipe, normalised

CASES = Path(__file__).parent / "cases"
EXIT = {
    "answer": 0,
    "agree": 0,
    "disagree": 1,
    "parse_error": 2,
    "name_error": 2,
    "shape_error": 2,
    "value_error": 2,
    "limit_error": 2,
    "io_error": 2,
    "usage_error": 2,
    "inconclusive": 3,
}
FILES = sorted(CASES.glob("*/*.txt"))


def transcript(command: str) -> tuple[str, int]:
    """The text of a case file for a command, and its exit status."""
    out, err, status = in_pipe(command, CASES / "data")
    lines = [f"$ {command}", "--- stdout", *out.splitlines(), "--- stderr", *err.splitlines()]
    return "\n".join([*lines, f"--- exit {status}", ""]), status


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path: Path, request: pytest.FixtureRequest) -> None:
    expected = path.read_text(encoding="utf-8")
    first = expected.splitlines()[0]
    assert first.startswith("$ "), f"{path}: the first line is `$ ` and a command"
    shown, status = transcript(first[2:])
    assert status == EXIT[path.parent.name], f"a case in {path.parent.name} exits {status}"
    assert "Traceback" not in shown
    if status == 2:
        assert "--- stderr\nerror: " in shown or '"error": {"kind":' in shown
    if request.config.getoption("--update-cases"):
        path.write_text(shown, encoding="utf-8")
        return
    assert normalised(shown) == normalised(expected)


def test_every_outcome_has_a_case() -> None:
    # "disagree" needs a claim to be wrong: the witnesses themselves had better agree.
    assert {path.parent.name for path in FILES} == set(EXIT) - {"disagree"}
