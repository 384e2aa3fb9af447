"""`--assume`: the closed form uses what is assumed; the numbers keep the plain convention."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import gradcli as command

import gradcli
from gradcli.errors import GradcliError
from gradcli.language import parse
from gradcli.symbolic import Form, closed_forms

S = [[2.0, 0.5], [0.5, 1.0]]
C, SINE = np.cos(0.3), np.sin(0.3)
Q = [[C, -SINE], [SINE, C]]
ROWS = [
    ("x@S@x", {"S": "spd"}, "x", "2*S@x"),
    ("x@S@x", {"S": "symmetric"}, "S", "outer(x, x)"),
    ("logdet(S)", {"S": "spd"}, "S", "inv(S)"),
    ("x@S@x", {}, "x", "(S + S.T)@x"),
    ("x@D@x", {"D": "diagonal"}, "x", "2*x*diag(D)"),
    ("norm(Q@x)**2", {"Q": "orthogonal"}, "x", "2*x"),
    ("sum(abs(x)*y)", {"x": "positive"}, "x", "y"),
    ("trace(W.T@S@W)", {"S": "symmetric"}, "W", "2*S@W"),
    ("logdet(W@W.T + S)", {"S": "spd"}, "W", "2*inv(W@W.T + S)@W"),
]
INPUTS = {
    "x": np.array([0.4, 1.3]),
    "y": np.array([1.0, -2.0]),
    "S": np.array(S),
    "D": np.diag([3.0, -1.0]),
    "Q": np.array(Q),
    "W": np.array([[1.0, 2.0], [0.5, -1.0]]),
}


@pytest.mark.parametrize(("expression", "assume", "name", "formula"), ROWS)
def test_formula(expression: str, assume: dict[str, str], name: str, formula: str) -> None:
    graph = parse(expression).trace(INPUTS).graph
    assert closed_forms(graph, [name], Form(assume=assume))[name].text == formula


@pytest.mark.parametrize(("expression", "assume", "name", "formula"), ROWS)
def test_the_verdict_holds_and_the_output_says_what_is_assumed(
    expression: str, assume: dict[str, str], name: str, formula: str
) -> None:
    used = {key: INPUTS[key] for key in parse(expression).names}
    result = gradcli.grad(expression, name, assume=assume, **used)
    assert result.check.verdict == "agree"
    for key, kind in assume.items():
        assert f"assumed: {key} is {kind}; every entry still varies on its own" in result.notes


@pytest.mark.parametrize(
    ("assume", "message"),
    [
        ({"A": "symmetric"}, "'A' is not symmetric: entry [0, 1] is off by 1"),
        ({"A": "orthogonal"}, "'A' is not orthogonal: entry [1, 1] is off by 9"),
        ({"A": "diagonal"}, "'A' is not diagonal: entry [1, 0] is off by -2"),
        ({"x": "positive"}, "'x' is not positive: its least entry is -1"),
        ({"x": "spd"}, "'x' is no square matrix, so it cannot be spd"),
        ({"z": "spd"}, "there is no input 'z' to assume of"),
        ({"A": "nice"}, "'nice' cannot be assumed of 'A'"),
    ],
)
def test_an_assumption_that_does_not_hold_is_refused(assume: dict[str, str], message: str) -> None:
    with pytest.raises(GradcliError) as caught:
        gradcli.grad("x@A@x", assume=assume, A=[[1, -1], [-2, 3]], x=[-1, 2])
    assert caught.value.message == message


def test_command_line_and_batch() -> None:
    arguments = ["grad", "x@S@x", "--S", "2,1;1,3", "--x", "1,2", "--wrt", "x"]
    shown = command(*arguments, "--assume", "S:spd", "--format", "json")
    assert shown.status == 0
    assert json.loads(shown.out)["gradient"]["x"]["formula"] == "2*S@x"
    request = {
        "command": "hessian",
        "expression": "x@S@x",
        "inputs": {"S": S, "x": [1, 2]},
        "wrt": ["x"],
        "assume": {"S": "symmetric"},
    }
    answered = command("batch", "-", stdin=json.dumps(request).encode() + b"\n")
    assert json.loads(answered.out)["hessian"]["x"]["x"]["formula"] == "2*S"
    bad = command(*arguments, "--assume", "S")
    assert bad.status == 2
    assert "write NAME:WHAT" in bad.err
