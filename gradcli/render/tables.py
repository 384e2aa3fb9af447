"""CSV and NumPy files: one array; several under their names in `.npz`; the table of a check."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.errors import GradcliError
from gradcli.render.numbers import CHUNK, listed, shape_text
from gradcli.render.plain import scalar

if TYPE_CHECKING:
    from gradcli.results import Result, Verdict

    Array = np.ndarray[Any, np.dtype[Any]]


def arrays(result: Result) -> dict[str, Array]:
    """What a file of numbers holds: the gradients, or the value where there are none."""
    if result.gradient:
        return {name: derivative.value for name, derivative in result.gradient.items()}
    return {"value": result.target.value}


def only_array(result: Result, form: str) -> Array:
    """The one array of a result.

    Raises:
        GradcliError: `value`, where there are several.
    """
    found = arrays(result)
    if len(found) > 1:
        raise GradcliError(
            f"--format {form} holds one array, and there are gradients for {', '.join(found)}",
            hint=f"name one: --wrt {next(iter(found))}; or write all with -o FILE.npz",
        )
    return next(iter(found.values()))


def csv_text(result: Result) -> Iterator[str]:
    """CSV: a scalar or vector is one column; a matrix one line per row; a check its comparisons."""
    if result.command == "check" and result.check is not None:
        yield from comparisons_csv(result.check)
        return
    array = only_array(result, "csv")
    if array.ndim > 2:
        raise GradcliError(
            f"--format csv holds vectors and matrices, no array of shape {shape_text(array.shape)}",
            hint="use --format json or --format npy",
        )
    rows = array if array.ndim == 2 else array.reshape(-1, 1)
    for row in rows:
        yield ",".join(map(scalar, listed(row))) + "\n"


def comparisons_csv(verdict: Verdict) -> Iterator[str]:
    """One line per variable and witness, the worst last."""
    yield "variable,witness,ok,max_abs,max_rel,index,reverse,other,tolerance,compared,of,note\n"
    for one in sorted(
        verdict.comparisons, key=lambda one: (one.max_rel != one.max_rel, one.max_rel)
    ):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [
                one.variable,
                one.witness,
                "" if one.ok is None else str(one.ok).lower(),
                *map(scalar, (one.max_abs, one.max_rel)),
                " ".join(map(str, one.index)),
                *map(scalar, (one.reverse, one.other, one.tolerance)),
                one.compared,
                one.of,
                one.note,
            ]
        )
        yield line.getvalue()


def npy_bytes(result: Result) -> Iterator[bytes]:
    """The one array as a `.npy` file, without a second copy of it."""
    array = np.asarray(only_array(result, "npy"), order="C")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    yield header.getvalue()
    flat = array.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        yield flat[start : start + CHUNK].tobytes()


def npz_bytes(result: Result) -> Iterator[bytes]:
    """All arrays by name as a `.npz` file (`np.savez` would refuse a variable called `file`)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays(result).items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    yield buffer.getvalue()
