"""Long loops are checked by local derivatives: op by op, linear in the length, without a VJP."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradcli
from gradcli.execute.precise import Cannot, cost
from gradcli.graph import OPS, Graph
from gradcli.language import parse
from gradcli.ops.tape import operations
from gradcli.results import Comparison
from gradcli.road.answering import answer
from gradcli.road.asked import Asked
from gradcli.verify import verify
from gradcli.verify.forward import REFUSED, push

TURNS = 5_000
SINES = f"""
def f(x):
    y = x
    for i in range({TURNS}):
        y = 0.999*y + 0.001*sin(y)*x
    return y
"""
POWERS = f"""
def f(x):
    y = x
    for i in range({TURNS}):
        y = y*x
    return y
"""
ENTRIES = f"""
def f(x):
    y = 1.0
    for i in range({TURNS}):
        y = y + x[i % 3]*x[2]/{TURNS}
    return y
"""
BRANCHES = f"""
def f(x):
    y = x
    for i in range({TURNS}):
        if y > 1:
            y = y/2
        else:
            y = y*1.7
    return y
"""


def recorded(program: str, **inputs: Any) -> Graph:
    return parse(program).compacted().trace(inputs).graph


def heard(program: str, command: str = "grad", **inputs: Any) -> tuple[str, Comparison]:
    """The verdict, and what the local derivatives had to say."""
    found = answer(
        command, parse(program), {name: np.asarray(value) for name, value in inputs.items()}
    )
    assert found.check is not None
    (local,) = (one for one in found.check.comparisons if one.witness == "local")
    return found.check.verdict, local


def sine_by_hand(x: float) -> float:
    """Value and tangent carried together."""
    y, tangent = x, 1.0
    for _ in range(TURNS):
        y, tangent = (
            0.999 * y + 0.001 * math.sin(y) * x,
            0.999 * tangent + 0.001 * (math.cos(y) * tangent * x + math.sin(y)),
        )
    return tangent


# --- tangents


def test_a_loop_is_a_tape() -> None:
    graph = recorded(SINES, x=0.7)
    assert [node.op.name for node in graph.nodes()].count("scalars") == 1


def test_tangents_of_a_loop() -> None:
    graph = recorded(SINES, x=0.7)
    found = push(graph.output, {"x": np.array(0.7)}, {"x": np.array([1.0, -2.0])})
    assert found.shape == (2,)
    assert found == pytest.approx([sine_by_hand(0.7), -2.0 * sine_by_hand(0.7)], rel=1e-12)


def test_tangents_of_entries() -> None:
    graph = recorded(ENTRIES, x=[0.5, 2.0, 3.0])
    found = push(graph.output, {"x": np.array([0.5, 2.0, 3.0])}, {"x": np.eye(3)})
    share = [1667 / TURNS, 1667 / TURNS, 1666 / TURNS]  # of 0, 1 and 2 among the remainders
    whole = 0.5 * share[0] + 2.0 * share[1] + 2.0 * 3.0 * share[2]
    assert found == pytest.approx([3.0 * share[0], 3.0 * share[1], whole], rel=1e-9)


def test_another_tangent_at_a_corner() -> None:
    """`abs` at 0 has no slope; the direction that does not go there keeps its own."""
    text = f"y = 0.0\nfor i in range({TURNS}):\n    y = y + abs(x[0])*0.5 + x[1]\ny"
    graph = recorded(text, x=[0.0, 1.0])
    found = push(graph.output, {"x": np.array([0.0, 1.0])}, {"x": np.eye(2)})
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(TURNS)


def test_a_tape_of_a_reverse_pass_is_refused() -> None:
    assert {"scalars_adjoint", "scalars_entries"} <= set(REFUSED)
    graph = recorded(POWERS, x=1.0001)
    from gradcli.autodiff import gradient

    (node,) = gradient(graph.output, [graph.inputs["x"]])
    assert node is not None
    with pytest.raises(Cannot, match="nothing is differentiated twice"):
        push(node, {"x": np.array(1.0001)}, {"x": np.ones(1)})


# --- how much there is


def test_every_record_counts() -> None:
    graph = recorded(POWERS, x=1.0001)
    assert operations(graph.nodes()) == pytest.approx(TURNS, abs=3)
    assert cost(graph.nodes()) > 5 * TURNS


def test_the_reason_without_a_formula_counts_the_records() -> None:
    found = answer("grad", parse(POWERS), {"x": np.array(1.0001)})
    assert "the 5,00" in str(found.gradient["x"].closed.reason)


# --- verdicts


@pytest.mark.parametrize("command", ["grad", "check"])
@pytest.mark.parametrize("text", [SINES, POWERS, BRANCHES])
def test_loops_agree(text: str, command: str) -> None:
    verdict, local = heard(text, command, x=0.9)
    assert verdict == "agree"
    assert local.ok is True
    assert (local.compared, local.of) == (1, 1)
    assert "operations" in local.note


def test_entries_agree() -> None:
    verdict, local = heard(ENTRIES, x=[0.5, 2.0, 3.0])
    assert (verdict, local.compared) == ("agree", 3)


def test_the_gradient_is_right() -> None:
    found = answer("grad", parse(POWERS), {"x": np.array(1.0001)})
    assert float(found.gradient["x"].value) == pytest.approx((TURNS + 1) * 1.0001**TURNS, rel=1e-12)


def test_choices_that_round_alike_are_not_lost() -> None:
    """`maximum` compares what it chose: its operand, not that operand rounded once more."""
    text = f"y = 0.0\nfor i in range({TURNS}):\n    y = maximum(y, x[i % 3])*0.999\ny"
    verdict, local = heard(text, x=[0.3, 1.2, 2.5])
    assert (verdict, local.ok) == ("agree", True)


def test_steps_have_no_slope() -> None:
    text = f"y = x\nfor i in range({TURNS}):\n    y = y + floor(x)\ny"
    found = answer("grad", parse(text), {"x": np.array(1.5)})
    assert float(found.gradient["x"].value) == 1.0
    assert found.check is not None
    assert found.check.verdict == "agree"


def test_a_kink_in_a_loop_is_told() -> None:
    text = f"y = x\nfor i in range({TURNS}):\n    y = 0.5*y + abs(x)\ny"
    found = answer("grad", parse(text), {"x": np.array(0.0)})
    assert found.check is not None
    assert found.check.verdict == "inconclusive"
    assert "differentiable" in found.check.reasons[0]


@pytest.mark.parametrize(("name", "text"), [("sin", SINES), ("multiply", POWERS)])
def test_a_wrong_rule_is_caught(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is wrong by one in a thousand, as a typing error would make it."""
    right = OPS[name].vjp
    assert right is not None

    def wrong(g: Any, out: Any, *inputs: Any, **params: Any) -> list[Any]:
        return [None if node is None else node * 1.001 for node in right(g, out, *inputs, **params)]

    monkeypatch.setattr(OPS[name], "vjp", wrong)
    found = answer("grad", parse(text), {"x": np.array(1.0001)})
    assert found.check is not None
    assert (found.check.verdict, found.check.outlier) == ("disagree", "reverse")


def test_a_wrong_number_is_caught() -> None:
    """The numbers of one entry are not those of another."""
    inputs = {"x": np.array([0.5, 2.0, 3.0])}
    program = parse(ENTRIES).compacted()
    graph = program.trace(inputs).graph
    right = answer("grad", parse(ENTRIES), inputs, asked=Asked(check=False)).gradient["x"].value
    false = right * np.array([1.0, 1.0, 1.0 + 1e-6])
    verdict = verify(program, inputs, graph, {"x": false}, {}, witnesses=("local",))
    assert verdict.verdict == "disagree"
    assert verdict.comparisons[0].index == (2,)


def test_too_long_to_run_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradcli.verify import differences

    monkeypatch.setattr(differences, "TOO_LONG", 0.0)
    found = answer("check", parse(POWERS), {"x": np.array(1.0001)})
    assert found.check is not None
    notes = {one.witness: one.note for one in found.check.comparisons}
    assert found.check.verdict == "agree"
    assert "operations take too long to run again and again" in notes["difference"]
    assert "operations take too long to run again and again" in notes["taylor"]


def test_the_library_answers_alike() -> None:
    found = gradcli.grad(POWERS, x=1.0001)
    assert found.check is not None
    assert found.check.verdict == "agree"
