"""Targets (`--of`) and sources (`--wrt`, `--const`): what is differentiated, and by what.

By an intermediate everything that was computed before it is held fixed, as on a tape: a path that
goes around it does not count.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import in_pipe

from gradcli import api
from gradcli.errors import GradcliError

TAPE = "y = x*x\nz = y*y + x\nw = z*y"
"""At x = 3: y = 9, z = 84, w = 756."""


def ask(text: str, command: str = "grad", wrt: Any = None, of: Any = (), const: Any = (), check: bool = True, call: str | None = None, **inputs: Any) -> Any:  # fmt: skip
    arrays = {name: np.array(value, dtype=float) for name, value in inputs.items()}
    asked = api.Asked(of=of, check=check)
    program = api.parse(text, call)
    return api.answer(command, program, arrays, wrt=wrt, const=const, asked=asked)


@pytest.mark.parametrize(("of", "value", "slope"), [("y", 9, 6), ("z", 84, 109), ("w", 756, 1485)])
def test_one_target(of: str, value: float, slope: float) -> None:
    """By x: y' = 2x, z' = 4x**3 + 1, w' = 6x**5 + 3x**2."""
    result = ask(TAPE, of=[of], x=3)
    assert (result.target.name, result.target.value) == (of, value)
    assert result.gradient["x"].value == slope
    assert result.check.verdict == "agree"


def test_several_targets_in_the_order_asked_for() -> None:
    first = ask(TAPE, of=["w", "y", "z"], x=3)
    results = [first, *first.others]
    assert [one.target.name for one in results] == ["w", "y", "z"]
    assert [float(one.gradient["x"].value) for one in results] == [1485, 6, 109]


@pytest.mark.parametrize(
    ("of", "wrt", "slope"),
    [
        ("z", "y", 18),  # 2y; the + x goes around y
        ("w", "y", 246),  # z + y*2y: z depends on y
        ("w", "z", 9),  # y
        ("w", "w", 1),
        ("y", "z", 0),
        ("w", "x", 1485),
    ],
)
def test_derivative_by_an_intermediate(of: str, wrt: str, slope: float) -> None:
    result = ask(TAPE, of=[of], wrt=[wrt], x=3)
    assert result.gradient[wrt].value == slope


def test_the_value_of_the_last_assignment_counts() -> None:
    """y is bound twice: z saw the first value, w the second."""
    text = "y = x*2\nz = y*y\ny = y + 1\nw = z*y + y**2"
    assert ask(text, wrt=["y"], x=3).gradient["y"].value == 36 + 14


def test_intermediate_of_a_loop() -> None:
    """c = b*b after b doubled four times."""
    text = "b = a\nwhile b < 10:\n    b = b*2\nc = b*b*a"
    result = ask(text, wrt=["b", "a"], a=1.0)
    assert result.gradient["b"].value == 2 * 16 * 1
    assert result.gradient["a"].value == 3 * 16**2
    assert result.check.verdict == "agree"


def test_intermediate_inside_a_function() -> None:
    text = "def f(x):\n    h = x*x\n    s = sum(h)\n    return s*s"
    result = ask(text, wrt=["h"], of=["s"], x=[1, 2])
    np.testing.assert_array_equal(result.gradient["h"].value, [1, 1])
    assert ask(text, of=["s"], x=[1, 2]).target.value == 5


def test_a_function_by_name() -> None:
    text = "def f(x):\n    return x**2\ndef g(x):\n    return f(x)**2"
    assert ask(text, call="f", x=3).gradient["x"].value == 6
    assert ask(text, call="g", x=3).gradient["x"].value == 108
    assert ask(text, x=3).gradient["x"].value == 108  # the last one
    with pytest.raises(GradcliError, match="the program defines no function 'h'") as caught:
        ask(text, call="h", x=3)
    assert (caught.value.kind, caught.value.hint) == ("name", "its functions are f, g")


def test_not_connected_is_zero_with_a_reason() -> None:
    result = ask(TAPE, of=["y"], wrt=["z"], x=3)
    assert (result.gradient["z"].value, result.gradient["z"].reasons) == (0, ["y does not depend on z"])  # fmt: skip
    two = ask("y = a*2\nz = b*3", of=["y"], a=[1, 2], b=[3, 4])
    np.testing.assert_array_equal(two.gradient["b"].value, [0, 0])
    assert two.gradient["b"].reasons == ["y does not depend on b"]


def test_jacobian_and_hessian_by_an_intermediate() -> None:
    jacobian = ask(TAPE, "jacobian", of=["w"], wrt=["y"], x=[1, 2])
    np.testing.assert_array_equal(jacobian.gradient["y"].value, [[4, 0], [0, 50]])  # z + 2y**2
    assert ask(TAPE, "hessian", wrt=["y"], x=3).gradient["y,y"].value == 54  # 6y


def test_constants() -> None:
    result = ask("x*y*z", const=["y"], x=2, y=3, z=4)
    assert {name: float(one.value) for name, one in result.gradient.items()} == {"x": 12, "z": 6}


ERRORS = [
    ({"of": ["q"]}, "name", "the program has no 'q' to differentiate", "its names are y, z, w"),
    ({"wrt": ["q"]}, "name", "there is no input 'q' to differentiate by", "the inputs are x, the names of the program y, z, w"),
    ({"const": ["x"]}, "value", "there is no input to differentiate by", "name what is to vary: --wrt y"),
    ({"const": ["q"]}, "name", "there is no input 'q' to hold constant", "the inputs are x, the names of the program y, z, w"),
    ({"const": ["x"], "wrt": ["x"]}, "value", "'x' is to be constant and to be differentiated by", None),
]  # fmt: skip


@pytest.mark.parametrize(("options", "kind", "message", "hint"), ERRORS)
def test_errors(options: dict[str, Any], kind: str, message: str, hint: str | None) -> None:
    with pytest.raises(GradcliError) as caught:
        ask(TAPE, **options, x=3)
    assert (caught.value.kind, caught.value.message, caught.value.hint) == (kind, message, hint)


def test_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "tape.py").write_text(TAPE + "\n")
    run = "gradcli grad -f tape.py --x 3 --no-check "
    assert in_pipe(run + "--of z", tmp_path) == ("109\n", "", 0)
    assert in_pipe(run + "--of y,z", tmp_path) == ("dy_dx=6\ndz_dx=109\n", "", 0)
    assert in_pipe(run + "--of z --wrt y", tmp_path) == ("18\n", "", 0)
    out, notes, status = in_pipe(run + "--of y --wrt z", tmp_path)
    assert (out, "y does not depend on z" in notes, status) == ("0\n", True, 0)
    out, error, status = in_pipe(run + "--of q", tmp_path)
    assert (out, status) == ("", 2)
    assert "the program has no 'q' to differentiate" in error
    out, error, status = in_pipe("gradcli grad -f missing.py --x 3", tmp_path)
    assert (out, status, "Traceback" in error) == ("", 2, False)


def test_json_of_several_targets(tmp_path: Path) -> None:
    out, _, status = in_pipe(
        "gradcli grad 'y = x*x; z = y*y' --x 3 --of y,z --no-check --format json", tmp_path
    )
    document = json.loads(out)
    assert status == 0
    assert list(document["targets"]) == ["y", "z"]
    for name, value, slope in (("y", 9, 6), ("z", 81, 108)):
        one = document["targets"][name]
        assert (one["target"]["name"], one["target"]["value"]) == (name, value)
        assert one["gradient"]["x"]["value"] == slope


def test_batch_keys(tmp_path: Path) -> None:
    requests = [
        {"id": 1, "command": "grad", "program": TAPE, "inputs": {"x": 3}, "of": "z", "check": False},
        {"id": 2, "command": "grad", "program": TAPE, "inputs": {"x": 3}, "of": ["y", "z"], "check": False},
        {"id": 3, "command": "grad", "program": "def f(x):\n    return x*x\ndef g(x):\n    return x", "call": "f", "inputs": {"x": 3}, "check": False},
        {"id": 4, "command": "grad", "program": "y = x @@ x\ny", "inputs": {"x": 3}},
        {"id": 5, "command": "grad", "program": TAPE, "inputs": {"x": 3}, "wrt": ["y"], "check": False},
    ]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, requests)))
    out, _, _ = in_pipe("gradcli batch in.jsonl", tmp_path)
    one, two, three, four, five = map(json.loads, out.splitlines())
    assert one["gradient"]["x"]["value"] == 109
    assert [two["targets"][name]["gradient"]["x"]["value"] for name in "yz"] == [6, 109]
    assert three["gradient"]["x"]["value"] == 6
    assert (four["id"], four["error"]["kind"]) == (4, "parse")
    assert five["gradient"]["y"]["value"] == 246
