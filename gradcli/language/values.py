"""Input values: numbers, vectors, matrices, JSON, expressions, files, standard input."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Array
from gradcli.language.files import numeric, read_file
from gradcli.language.lists import nested_array
from gradcli.language.program import parse_expression
from gradcli.language.random import RANDOM
from gradcli.limits import LIMITS, check_elements

_NUMBER = r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|nan)"
_ONE = re.compile(_NUMBER + r"\Z", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(r"[0-9+\-.,;eE \t\r\nnaifNAIF]*\Z")
_RANDOM = re.compile(rf"\b({'|'.join(RANDOM)})\s*\(")


def draws_random(text: str) -> bool:
    """Whether a value text draws random numbers."""
    return not text.lstrip().startswith("@") and _RANDOM.search(text) is not None


def read_value(
    text: str,
    *,
    files: bool = True,
    stdin: Any = None,
    rng: np.random.Generator | int | None = None,
) -> Array:
    """The array that a value text means.

    Args:
        text: `3`, `0,1,2`, `1,2;3,4`, JSON, an expression, `@file`, `-`.
        files: whether `@file` may be read.
        stdin: a text stream for `-`; None where standard input may not be read.
        rng: for random expressions, a generator or a seed; None refuses them.

    Returns:
        float64, or truth values.

    Raises:
        GradcliError: with a span of the value text.

    Example:
        >>> read_value("0;1;2").shape
        (3, 1)
    """
    try:
        return _read(text, files, stdin, rng)
    except GradcliError as error:
        if error.source is None:
            error.source = text
        raise


def _read(text: str, files: bool, stdin: Any, rng: np.random.Generator | int | None) -> Array:
    stripped = text.strip().lstrip("\ufeff").strip()
    if stripped in ("-", "@-"):
        if stdin is None:
            raise GradcliError("standard input cannot be read here", kind="io")
        return _from_stream(stdin)
    if stripped.startswith("@"):
        if not files:
            raise GradcliError("files may not be read here", kind="io", hint="--allow-files")
        return read_file(stripped[1:])
    return _from_text(stripped, text, rng)


def _from_text(stripped: str, text: str, rng: np.random.Generator | int | None) -> Array:
    if not stripped:
        raise GradcliError("the value is empty", hint="for instance 0,1,2")
    if _PLAIN.match(stripped):
        return _numbers(stripped, text)
    if stripped.startswith("["):
        found = _json(stripped)
        if found is None:
            found = _printed(stripped)
        if found is not None:
            return found
    return _expression(stripped, rng)


def _from_stream(stdin: Any) -> Array:
    """All of standard input, bounded: text in the syntax of values, one row a line."""
    text = stdin.read(LIMITS.file + 1)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if len(text) > LIMITS.file:
        raise GradcliError("standard input is too long", kind="limit")
    stripped = text.strip().lstrip("\ufeff").strip()
    if not stripped:
        raise GradcliError("standard input is empty", kind="io")
    return _from_text(stripped, stripped, None)


# --- numbers -------------------------------------------------------------------------------------


def _numbers(stripped: str, text: str) -> Array:
    """Rows by `;` or by line, entries by commas or blanks."""
    by_line = ";" not in stripped and "\n" in stripped
    rows = re.split(r"\s*\n\s*" if by_line else ";", stripped)
    if not by_line and rows and not rows[-1].strip() and len(rows) > 1:
        rows.pop()  # a closing semicolon
    offset = text.find(stripped[0]) if stripped else 0
    read = []
    for row in rows:
        read.append(_row(row, text, offset))
        offset += len(row) + 1
    if len({len(row) for row in read}) > 1:
        lengths = ", ".join(str(len(row)) for row in read[:6])
        raise GradcliError(
            f"the rows do not have the same length: {lengths}", hint="rows are separated by ;"
        )
    if len(rows) == 1:
        single = ";" not in stripped and re.search(r"[,\s]", stripped) is None
        return read[0].reshape(()) if single else read[0]
    array = np.stack(read)
    return array.reshape(-1) if by_line and array.shape[1] == 1 else array


def _row(row: str, text: str, offset: int) -> Array:
    """One row; the fast way first, the slow way to say what is wrong."""
    words = row.split(",") if "," in row else row.split()
    if "," in row and any(len(word.split()) > 1 for word in words):
        place = text.find(row, max(offset, 0))
        raise GradcliError(
            "commas and blanks both separate entries",
            span=None if place < 0 else (place, place + len(row)),
            hint="use one of them",
        )
    if words and not words[-1].strip() and len(words) > 1:
        words.pop()  # a closing comma
    try:
        array = np.array(words, dtype=np.float64) if words else None
    except ValueError:
        array = None
    if array is None or not np.all(np.isfinite(array)):
        _blame(words, row, text, offset)
    assert array is not None
    return array


def _blame(words: list[str], row: str, text: str, offset: int) -> None:
    """Point at the entry that is no number."""
    place = max(offset, 0)
    if not words:
        raise GradcliError("an empty row", span=(min(place, len(text)), min(place + 1, len(text))))
    for word in words:
        bare = word.strip()
        start = text.find(bare, place) if bare else place
        if not bare:
            raise GradcliError(
                "an empty entry between commas", span=(place, min(place + 1, len(text)))
            )
        if not _ONE.match(bare):
            raise GradcliError(f"'{bare[:40]}' is not a number", span=(start, start + len(bare)))
        if bare.strip("+-").lower() not in ("inf", "nan") and np.isinf(float(bare)):
            raise GradcliError(
                f"{bare[:40]} is too large for a float",
                span=(start, start + len(bare)),
                hint="write inf for infinity",
            )
        place += len(word) + 1


# --- lists and expressions -----------------------------------------------------------------------


def _json(text: str) -> Array | None:
    """JSON lists; None where the text is no JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return nested_array(value, "the list")


def _printed(text: str) -> Array | None:
    """What NumPy prints: `[[1. 2.] [3. 4.]]`."""
    if "," in text or not re.match(r"[\[\]0-9+\-.eE\snaif]*\Z", text):
        return None
    joined = re.sub(r"\]\s*\[", "],[", re.sub(r"(?<=[\d.nf])\s+(?=[\d+\-.ni])", ",", text))
    joined = re.sub(r"(?<=\d)\.(?=[\],\s])", ".0", joined).replace("[ ", "[")
    joined = re.sub(r"(?<![\d])\.(?=\d)", "0.", joined)
    joined = re.sub(r"(?<![\w])([+-]?)(nan|inf)\b", r'"\1\2"', joined)
    return _json(joined)


def _expression(text: str, rng: np.random.Generator | int | None) -> Array:
    """An expression of the language without inputs."""
    if text.startswith("tensor(") or text.startswith("array("):
        text = re.sub(r",\s*(dtype|device|requires_grad|grad_fn)=[^,()]*", "", text)
    try:
        program = parse_expression(text)
        if program.repeats_a_list:
            raise GradcliError(
                "a list times a number: repeated as in Python, or scaled as in NumPy?",
                hint="write array([...])*3 to scale, tile([...], 3) to repeat",
            )
        if program.names:
            raise GradcliError(
                f"'{program.names[0]}' is not a number",
                kind="name",
                hint="a value has no names: numbers, lists, @file or an expression such as ones(3)",
            )
        generator = None if rng is None else np.random.default_rng(rng)
        graph = program.trace({}).graph if generator is None else program.draw(generator).graph
    except GradcliError as error:
        if error.kind == "parse" and error.hint is None:
            error.hint = "a value is a number, 0,1,2, 1,2;3,4, a list, an expression or @file"
        raise
    check_elements(graph.output.shape, "the value")
    return numeric(run([graph.output], {})[0], "the value")
