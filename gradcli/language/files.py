"""Arrays from files: `.npy .npz .csv .tsv .json .txt`. Bounded, and never a pickle."""

from __future__ import annotations

import json
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from typing import Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.graph import Array
from gradcli.language.lists import nested_array
from gradcli.limits import LIMITS

DAMAGED = (
    ValueError,
    EOFError,
    KeyError,
    RecursionError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy and `json` raise on a file that is not what its name says."""

READERS = (".npy", ".npz", ".csv", ".tsv", ".json", ".txt")


def read_file(name: str) -> Array:
    """The array in a file; `file.npz:name` is one of several.

    Raises:
        GradcliError: `io` where it cannot be read, `value` for what stands in it, `limit` for a
            file that is too large.
    """
    path, entry = name, None
    if ".npz:" in name:
        path, _, entry = name.rpartition(":")
    _check(path)
    ending = os.path.splitext(path)[1].lower()
    try:
        if ending == ".npy":
            array = np.asarray(np.load(path, allow_pickle=False))
        elif ending == ".npz":
            array = _member_of(path, entry)
        elif ending == ".json":
            with open(path, encoding="utf-8") as file:
                array = nested_array(json.load(file), f"'{path}'")
        elif ending in (".csv", ".tsv", ".txt"):
            array = _table(path, {".csv": ",", ".tsv": "\t"}.get(ending))
        else:
            raise GradcliError(
                f"'{path}': unknown kind of file", kind="io", hint=f"one of {' '.join(READERS)}"
            )
    except OSError as error:
        raise GradcliError(f"cannot read '{path}': {_reason(error)}", kind="io") from None
    except DAMAGED as error:
        words = str(error).splitlines()[0] if str(error) else "it is damaged"
        raise GradcliError(f"'{path}' holds no array of numbers: {words[:120]}") from None
    return numeric(array, f"'{path}'")


def numeric(array: Any, what: str) -> Array:
    """An array of real numbers or truth values."""
    array = np.asarray(array)
    found: Array = array
    if array.dtype.kind in "iuf":
        found = array.astype(np.float64, copy=False)
    if found.dtype.kind in "fb":
        return found
    raise GradcliError(f"{what} holds {array.dtype}, not real numbers")


def _check(path: str) -> None:
    """A regular file of bounded size; a device or a pipe might never end."""
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise GradcliError(f"cannot read '{_shown(path)}': {_reason(error)}", kind="io") from None
    if stat.S_ISDIR(found.st_mode):
        raise GradcliError(f"'{path}' is a directory", kind="io")
    if not stat.S_ISREG(found.st_mode):
        raise GradcliError(f"'{path}' is not a regular file", kind="io", hint="- is standard input")
    if found.st_size > LIMITS.file:
        raise GradcliError(
            f"'{path}' has {found.st_size} bytes; the limit is {LIMITS.file:.3g}",
            kind="limit",
            hint="raise it with --limit file=N",
        )
    if found.st_size == 0:
        raise GradcliError(f"'{path}' is empty", kind="io")


def _shown(path: str) -> str:
    return path.encode("unicode_escape").decode("ascii")


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def _member_of(path: str, entry: str | None) -> Any:
    with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
        names = list(archive.files)
        if entry is None and len(names) == 1:
            entry = names[0]
        if entry is None or entry not in names:
            what = f"has no array '{entry}'" if entry else "holds several arrays"
            raise GradcliError(
                f"'{path}' {what}", kind="io", hint=f"write @{path}:NAME with {', '.join(names)}"
            )
        return archive[entry]


def _table(path: str, delimiter: str | None) -> Array:
    """Numbers in rows; a first line with words is a header. One row or one column is a vector."""
    with open(path, encoding="utf-8-sig") as file:
        first = file.readline()
    header = any(not _is_number(word) for word in first.replace(delimiter or " ", " ").split())
    _even(path, delimiter, header)
    rows: Array = np.loadtxt(
        path,
        delimiter=delimiter,
        skiprows=int(header),
        ndmin=2,
        encoding="utf-8-sig",
        comments="#",
    )
    if not rows.size:
        raise GradcliError(f"'{path}' holds no numbers", kind="io")
    return rows.reshape(-1) if 1 in rows.shape else rows


def _even(path: str, delimiter: str | None, header: bool) -> None:
    """Every line has as many columns as the first.

    Raises:
        GradcliError: `value`, with the line that has not.
    """
    first = 0
    with open(path, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            words = line.partition("#")[0].strip()
            if not words or (header and number == 1):
                continue
            count = words.count(delimiter) + 1 if delimiter else len(words.split())
            first = first or count
            if count != first:
                raise GradcliError(
                    f"'{path}' line {number}: the number of columns is {count}, before it {first}"
                )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
