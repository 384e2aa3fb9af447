"""The README is true: every console block shows what a terminal of 80 columns shows.

`pytest tests/test_readme.py --update-cases` writes what is shown now; read the diff afterwards.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from commandline import ROOT, in_terminal, normalised

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(match[1], match[2]) for match in BLOCK.finditer(README)]


def sessions(block: str) -> list[tuple[str, str]]:
    """The (command, shown text) pairs of a block; `\\` at a line's end continues a command."""
    pairs: list[tuple[str, list[str]]] = []
    continued = False
    for line in block.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], []))
        elif continued:
            command, shown = pairs[-1]
            pairs[-1] = (command + "\n" + line, shown)
        else:
            pairs[-1][1].append(line)
            continue
        continued = line.endswith("\\")
    return [(command, "\n".join(shown)) for command, shown in pairs]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all blocks: a later one may use the files of an earlier one."""
    return tmp_path_factory.mktemp("readme")


def shown_now(block: str, folder: Path) -> str:
    """A console block with what its commands show now."""
    lines = []
    for command, _ in sessions(block):
        shown, _ = in_terminal(command, folder)
        assert "Traceback" not in shown
        lines += [f"$ {command}", *(line.rstrip() for line in shown.strip("\n").splitlines())]
    return "\n".join(lines) + "\n"


def test_console_blocks(folder: Path, request: pytest.FixtureRequest) -> None:
    blocks = [text for kind, text in BLOCKS if kind == "console"]
    assert blocks
    now = {block: shown_now(block, folder) for block in blocks}
    if request.config.getoption("--update-cases"):
        text = README
        for block, shown in now.items():
            text = text.replace(f"```console\n{block}```", f"```console\n{shown}```")
        (ROOT / "README.md").write_text(text, encoding="utf-8")
        return
    for block, shown in now.items():
        assert normalised(shown) == normalised(block)


def test_python_blocks() -> None:
    blocks = [text for kind, text in BLOCKS if kind == "pycon"]
    assert blocks
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    parser = doctest.DocTestParser()
    names: dict[str, object] = {}
    for number, text in enumerate(blocks):
        test = parser.get_doctest(text, names, f"README block {number + 1}", "README.md", 0)
        runner.run(test, clear_globs=False)
        names.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0


def test_the_first_screen_installs_and_tests() -> None:
    commands = [text.strip() for kind, text in BLOCKS if kind == "sh"]
    install, tests = commands[:2]
    assert install.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert " && .venv/bin/gradcli grad " in install
    assert tests.endswith(".venv/bin/python -m pytest -q")
    assert README.index(tests) < len("\n".join(README.splitlines()[:40]))


def test_every_command_is_named() -> None:
    from gradcli.cli.main import COMMANDS

    for command in COMMANDS:
        assert f"gradcli {command}" in README, f"README does not show `gradcli {command}`"
