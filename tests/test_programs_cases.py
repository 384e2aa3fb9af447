"""Programs with reference values from other tools: value, gradients, targets, Hessians.

`data/programs.jsonl` and `data/testfunction_programs.jsonl` hold one case per line; the numbers come
from JAX, PyTorch or mpmath and were confirmed by central differences.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli import api

DATA = Path(__file__).parent / "data"


def read(name: str) -> list[Any]:
    cases = [json.loads(line) for line in (DATA / name).read_text().splitlines() if line.strip()]
    return [pytest.param(case, id=case["id"]) for case in cases]


def array_of(given: dict[str, Any]) -> np.ndarray:
    return np.array(given["data"], dtype=float).reshape(given["shape"])


def ask(case: dict[str, Any], command: str, inputs: dict[str, np.ndarray], **asked: Any) -> Any:
    program = api.parse(case["program"], case.get("call"))
    wrt = [case["wrt"]] if isinstance(case["wrt"], str) else case["wrt"]
    options = api.Asked(check=False, dtype=case.get("dtype", "float64"), **asked)
    return api.answer(command, program, inputs, wrt=wrt, asked=options)


def same(got: np.ndarray, want: Any, relative: float = 1e-7, absolute: float = 1e-9) -> None:
    """Equal in shape, and entry by entry; NaN only where NaN is wanted."""
    wanted = np.array(want, dtype=float)
    assert got.shape == wanted.shape
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = float(finite.max(initial=0.0))
    bound = absolute + relative * np.maximum(np.abs(wanted), 1e-3 * scale)
    equal = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    with np.errstate(invalid="ignore"):
        assert np.all(equal | (np.abs(got - wanted) <= bound)), (got, wanted)


def by_name(case: dict[str, Any], value: Any) -> dict[str, Any]:
    only = case["wrt"] if isinstance(case["wrt"], str) else case["wrt"][0]
    return value if isinstance(value, dict) else {only: value}


def check_hessian(case: dict[str, Any], inputs: dict[str, np.ndarray], absolute: float) -> None:
    result = ask(case, "hessian", inputs)
    for row, columns in by_name(case, case["hessian"]).items():
        blocks = columns if isinstance(columns, dict) else {row: columns}
        for column, block in blocks.items():
            same(result.gradient[f"{row},{column}"].value, block, 1e-6, absolute)


@pytest.mark.parametrize("case", read("programs.jsonl"))
def test_programs(case: dict[str, Any]) -> None:
    inputs = {name: array_of(given) for name, given in case["inputs"].items()}
    targets = case.get("targets") or []
    first = ask(case, "grad", inputs, of=targets)
    for name, result in zip(targets or [None], [first, *first.others], strict=True):
        value = case["value"] if name is None else case["value"][name]
        gradient = case["gradient"] if name is None else case["gradient"][name]
        assert name is None or result.target.name == name
        same(result.target.value, value)
        for variable, want in by_name(case, gradient).items():
            same(result.gradient[variable].value, want)
    if "hessian" in case:
        check_hessian(case, inputs, 1e-8)


@pytest.mark.parametrize("case", read("testfunction_programs.jsonl"))
@pytest.mark.parametrize("place", ["start", "minimiser"])
def test_functions_of_optimisation(case: dict[str, Any], place: str) -> None:
    inputs = {name: array_of(given) for name, given in case["inputs"].items()}
    wanted = case
    if place == "minimiser":
        wanted = case["minimiser"]
        if not wanted or not wanted.get("differentiable"):
            return
        inputs |= {name: np.array(wanted[name], float) for name in inputs if name in wanted}
    slack = {name: 100 * error for name, error in (wanted.get("float64_abs_err") or {}).items()}
    result = ask(case, "grad", inputs)
    same(result.target.value, wanted["value"], absolute=max(1e-9, slack.get("value", 0.0)))
    for variable, want in by_name(case, wanted["gradient"]).items():
        same(result.gradient[variable].value, want, absolute=max(1e-9, slack.get("gradient", 0.0)))
    check_hessian(
        {**case, "hessian": wanted["hessian"]}, inputs, max(1e-8, slack.get("hessian", 0.0))
    )
