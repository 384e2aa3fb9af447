"""Programs with something broken in them: an answer or a `GradcliError`, never a traceback."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli import api
from gradcli.errors import GradcliError
from gradcli.limits import LIMITS
from gradcli.road.asked import Asked

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "programs.jsonl").read_text().splitlines()
]
PIECES = (
    *("(", ")", "[", "]", ":", "\n", "    ", "x", "0", "-1", "1e308", "True", "None", '"s"', "{}"),
    *("def ", "for ", "in ", "if ", "while ", "return ", "lambda v: ", "assert ", "import "),
    *(".append", ".T", ".at[0].set(1)", "[0]", "[:]", "=", "+=", "**", "@", "len(", "zip(", "*a"),
    *("break", "continue", "not ", "sum(", "range("),
)


def broken(text: str, draw: random.Random) -> str:
    """The program after one to three accidents."""
    for _ in range(draw.randint(1, 3)):
        lines, words = text.split("\n"), list(re.finditer(r"\w+", text))
        place = draw.randrange(len(text) + 1)
        kind = draw.choice(("insert", "delete", "replace", "repeat", "lose"))
        if kind == "insert":
            text = text[:place] + draw.choice(PIECES) + text[place:]
        elif kind == "delete":
            text = text[:place] + text[place + draw.randint(1, 6) :]
        elif kind == "replace" and words:
            word, other = draw.choice(words), draw.choice(words)
            piece = draw.choice((other[0], draw.choice(PIECES)))
            text = text[: word.start()] + piece + text[word.end() :]
        elif kind == "repeat":
            lines.insert(draw.randrange(len(lines) + 1), draw.choice(lines))
            text = "\n".join(lines)
        else:
            lines.pop(draw.randrange(len(lines)))
            text = "\n".join(lines)
    return text


@pytest.mark.parametrize("seed", range(20))
def test_no_traceback(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(40):
        case: dict[str, Any] = draw.choice(CASES)
        text = broken(case["program"], draw)
        inputs = {name: np.array(each["data"], float) for name, each in case["inputs"].items()}
        try:
            with LIMITS.raised(steps=2_000, calls=500):
                program = api.parse(text)
                answer = api.answer("grad", program, inputs, asked=Asked(check=False))
        except GradcliError:
            continue
        for name, derivative in answer.gradient.items():
            assert derivative.value.shape == inputs[name].shape
