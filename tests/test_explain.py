"""The tape of `explain`: numbers by hand, names, folds, words; every function of the language."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest
from commands import gradcli
from tapes import Recorder, doubling, squares

import gradcli as library
from gradcli import api
from gradcli.errors import GradcliError
from gradcli.explaining import explain, explained
from gradcli.explaining.folding import MOST
from gradcli.explanation import Explanation, Mark, Row
from gradcli.graph import OPS
from gradcli.language import parse
from gradcli.ops.declare import FUNCTIONS
from gradcli.render import EXPLANATION_FORMATS, View, render_explanation


def told(text: str, **inputs: object) -> Explanation:
    arrays = {name: np.asarray(value, dtype=float) for name, value in inputs.items()}
    return explain(parse(text), arrays)


def rows(explanation: Explanation) -> dict[str, Row]:
    return {row.name: row for row in explanation.rows}


def marks(explanation: Explanation) -> list[str]:
    return [item.text for item in explanation.story if isinstance(item, Mark)]


def written(explanation: Explanation, form: str = "plain", **view: object) -> str:
    return "".join(render_explanation(explanation, form, View(**view)))  # type: ignore[arg-type]


def at(x: float) -> dict[str, np.ndarray]:
    return {"x": np.array(x)}


# --- y = x*x; z = y*y at 3: 81, dz/dy = 2y = 18, dz/dx = 4x^3 = 108


def test_how_108_comes_about() -> None:
    found = rows(explained(squares(), at(3.0)))
    assert list(found) == ["x", "y", "z"]
    assert [float(row.value) for row in found.values()] == [3, 9, 81]
    assert [float(row.adjoint) for row in found.values()] == [108, 18, 1]
    (local,) = found["y"].locals
    assert (local.by, local.text, float(local.value)) == ("x", "2*x", 6)
    (local,) = found["z"].locals
    assert (local.by, local.text, float(local.value)) == ("y", "2*y", 18)
    assert [float(each.value) for each in found["y"].contributions] == [9, 9]
    assert [float(each.value) for each in found["x"].contributions] == [54, 54]
    assert {each.text for each in found["x"].contributions} == {"adjoint(y)*x"}
    assert {(float(c.adjoint), float(c.local)) for c in found["x"].contributions} == {(18, 3)}


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        (
            "plain",
            [
                "2  y     x*x     multiply  9      ∂y/∂x = 2*x = 6",
                "3  z     y*y     multiply  81     ∂z/∂y = 2*y = 18",
                "2  y     18       adjoint(z)*y + adjoint(z)*y = 1*9 + 1*9 = 9 + 9",
                "1  x     108      adjoint(y)*x + adjoint(y)*x = 18*3 + 18*3 = 54 + 54",
                "∂z/∂x = 108",
            ],
        ),
        (
            "rich",
            [
                "  3  z     y*y     multiply  81     ∂z/∂y = 2*y = 18",
                "  1  x     108      adjoint(y)*x + adjoint(y)*x = 18*3 + 18*3 = 54 + 54",
                "  ∂z/∂x = 108",
            ],
        ),
        (
            "markdown",
            [
                "| 3 | `z` | `y*y` | `multiply` | 81 | `∂z/∂y = 2*y = 18` |",
                "| 1 | `x` | 108 | `adjoint(y)*x + adjoint(y)*x`<br>`= 18*3 + 18*3`<br>"
                "`= 54 + 54` |",
            ],
        ),
        (
            "latex",
            [
                r"  z &= \texttt{y*y} = 81 && \frac{\partial z}{\partial y} = 2 y = 18",
                r"  \bar{x} &= \bar{y} \cdot x + \bar{y} \cdot x = 18 \cdot 3 + 18 \cdot 3"
                r" = 54 + 54 = 108",
            ],
        ),
    ],
)
def test_the_story_is_told_in_every_format(form: str, lines: list[str]) -> None:
    text = written(explained(squares(), at(3.0)), form).splitlines()
    for line in lines:
        assert line in text


def test_a_negative_contribution_is_subtracted() -> None:
    # f = x - x*x at 3: 1 - 2x = -5 = 1 - 3 - 3
    explanation = told("x - x*x", x=3)
    assert float(rows(explanation)["x"].adjoint) == -5
    assert "-adjoint(f)" in written(explanation)
    assert "-1*3 + -1*3" not in written(explanation)


def test_fan_out_through_different_operations() -> None:
    # f = sin(x) + x**2 at 0: cos 0 + 0
    explanation = told("sin(x) + x**2", x=0)
    x = rows(explanation)["x"]
    assert float(x.adjoint) == 1
    assert [(c.text, float(c.value)) for c in x.contributions] == [
        ("adjoint(t3)*2*x", 0.0),
        ("adjoint(t2)*cos(x)", 1.0),
    ]


def test_arrays_and_a_scalar_that_was_repeated() -> None:
    # f = sum(w*v), w scalar: df/dw = sum v = 6, df/dv = w
    found = rows(told("sum(w*v)", w=2, v=[1, 2, 3]))
    assert float(found["w"].adjoint) == 6
    assert found["w"].contributions[0].text == "sum(adjoint(t3)*v)"
    assert found["v"].adjoint.tolist() == [2, 2, 2]


def test_a_target_that_is_no_scalar_is_summed() -> None:
    explanation = told("x*x", x=[1, 2])
    assert explanation.target.summed
    assert rows(explanation)["f"].adjoint.tolist() == [1, 1]
    assert "∂sum(f)/∂x = [2, 4]" in written(explanation)
    assert any("its sum is differentiated" in note for note in explanation.notes)


# --- where the way back ends


@pytest.mark.parametrize(
    ("text", "op"),
    [("round(x)", "round"), ("stop_gradient(x)", "stop_gradient"), ("where(x>1,x,0)", "greater")],
)
def test_a_cut_says_why_the_path_ends(text: str, op: str) -> None:
    explanation = told(f"x + {text}", x=3)
    cut = next(row for row in explanation.rows if row.op == op)
    assert cut.note is not None
    assert cut.note.startswith(f"{op} cuts the path")
    notes = [each.note for each in rows(explanation)["x"].contributions if each.note]
    assert notes == [f"nothing through {cut.name}: {op} cuts the path"]
    expected = 2 if op == "greater" else 1
    assert float(explanation.gradient["x"]) == expected


def test_a_kink_is_named() -> None:
    explanation = told("maximum(x, 0)", x=0)
    assert "by convention" in (rows(explanation)["f"].note or "")
    assert float(explanation.gradient["x"]) == 0.5
    assert rows(told("maximum(x, 0)", x=1))["f"].note is None


def test_a_pole_is_named() -> None:
    explanation = told("log(x)", x=0)
    assert rows(explanation)["f"].note == "the derivative is not finite at this point"
    assert explanation.exit_code == 3


def test_constants_and_inputs_that_nothing_leads_to() -> None:
    arrays = {"x": np.array(3.0), "y": np.array(4.0), "q": np.array(1.0)}
    explanation = explain(parse("x*y"), arrays, wrt=["x", "q"])
    found = rows(explanation)
    assert found["y"].note == "held constant"
    assert found["y"].adjoint is None
    assert float(explanation.gradient["q"]) == 0
    assert explanation.notes == ["the expression does not use 'q'"]


def test_an_expression_without_variables_is_refused() -> None:
    with pytest.raises(GradcliError, match="no input to differentiate by"):
        told("1 + 1")


# --- names


def test_names_are_unique_and_rows_agree_with_generated_ones() -> None:
    explanation = told("(t2*t2 + f)*t2", t2=2, f=1)
    names = [row.name for row in explanation.rows]
    assert len(set(names)) == len(names)
    assert names[:2] == ["t2", "f"]
    assert names[-1] == "g"
    assert [row.name for row in explanation.rows[2:-1]] == [
        f"u{row.number}" for row in explanation.rows[2:-1]
    ]


def test_a_name_bound_anew_is_numbered() -> None:
    made = Recorder("y = 2*x; y = y*y")
    y = made.op("2*x", "multiply", 2.0, made.x)
    made.assign("y", y, "y = 2*x")
    made.assign("y", made.op("y*y", "multiply", y, y), "y = y*y")
    found = rows(explained(made.trace(), at(3.0)))
    assert list(found) == ["x", "y_1", "y_2"]
    assert float(found["y_1"].adjoint) == 12
    assert found["y_2"].locals[0].text == "2*y_1"


def test_a_second_name_a_static_value_and_one_in_vain_are_told() -> None:
    made = Recorder("a = x; n = 3; unused = 2*x; x*x")
    made.assign("a", made.x, "a = x")
    made.assign("n", 3, "n = 3")
    made.assign("unused", made.op("2*x", "multiply", 2.0, made.x), "unused = 2*x")
    made.op("x*x", "multiply", made.x, made.x)
    explanation = explained(made.trace(), at(3.0))
    assert marks(explanation) == [
        "a is another name for x",
        "n = 3",
        "unused: the target does not use it",
    ]
    assert list(rows(explanation)) == ["x", "f"]


# --- branches, loops, calls


def test_branches_and_calls_stand_where_they_happened() -> None:
    made = Recorder("def g(a):\n  return a*a\nif x > 0:\n  y = g(x)\n")
    made.event("branch", "if x > 0:", number=1)
    made.event("call", "g(x)", name="g")
    y = made.op("a*a", "multiply", made.x, made.x)
    made.event("return", "return a*a", name="g", value=y, depth=1)
    made.assign("y", y, "y = g(x)")
    explanation = explained(made.trace(), at(3.0))
    texts = [item.text if isinstance(item, Mark) else item.name for item in explanation.story]
    assert texts == ["x", "if x > 0: taken", "call g(x)", "y", "return from g"]
    record = json.loads(written(explanation, "json"))
    assert [(event["kind"], event["before"]) for event in record["events"]] == [
        ("branch", 2),
        ("call", 2),
        ("return", 3),
    ]


def test_a_short_loop_is_told_in_full() -> None:
    explanation = explained(doubling(3), at(1.0))
    assert list(rows(explanation)) == ["x", "b_1", "b_2", "b_3"]
    assert marks(explanation)[1:] == [
        "while b < 1000, turn 1",
        "while b < 1000, turn 2",
        "while b < 1000, turn 3",
        "while b < 1000: over after 3 turns",
    ]


def test_a_long_loop_is_folded() -> None:
    explanation = explained(doubling(50, per_turn=3), at(1.0))
    assert "… 47 more turns (141 operations) …" in marks(explanation)
    assert list(rows(explanation)) == ["x", *(f"b_{n}" for n in (1, 2, 3, 4, 5, 6, 148, 149, 150))]
    found = rows(explanation)
    assert float(found["b_6"].adjoint) == 2.0**144
    assert found["b_6"].contributions[0].user == "b_7"
    assert float(explanation.gradient["x"]) == 2.0**150
    for form in ("plain", "rich", "markdown", "latex"):
        assert written(explanation, form).count("47 more turns") == 2  # forward and backward


def test_full_unfolds() -> None:
    explanation = explained(doubling(50), at(1.0), full=True)
    assert len(explanation.rows) == 51
    assert not [item for item in marks(explanation) if "more turns" in item]


def test_nested_loops_fold_inside_the_turns_that_are_shown() -> None:
    made = Recorder("for i in range(5):\n  for j in range(6):\n    x = x*x\n")
    value = made.x
    for i in range(1, 6):
        made.event("turn", "for i in range(5):", number=i)
        for j in range(1, 7):
            made.event("turn", "for j in range(6):", number=j)
            value = made.op("x*x", "multiply", value, 1.0)
        made.event("end", "for j in range(6):", number=6)
    made.event("end", "for i in range(5):", number=5)
    texts = marks(explained(made.trace(), at(1.0)))
    assert texts.count("… 3 more turns (3 operations) …") == 3
    assert texts.count("… 2 more turns (12 operations) …") == 1
    assert texts[-1] == "for i in range(5): over after 5 turns"


def test_a_long_record_without_loops_is_folded() -> None:
    made = Recorder("x+x")
    value = made.x
    for _ in range(1000):
        value = made.op("x+x", "add", value, made.x)
    explanation = explained(made.trace(), at(1.0))
    assert f"… {1000 - MOST} more operations …" in marks(explanation)
    x = rows(explanation)["x"]
    assert float(x.adjoint) == 1001
    assert len(x.contributions) == 5
    assert sum(float(each.value) for each in x.contributions) == 1001
    assert "(997 more)" in written(explanation)


def test_a_record_of_1e5_operations_does_not_hang() -> None:
    trace = doubling(100_000)
    before = time.monotonic()
    text = written(explained(trace, at(0.0)))
    assert time.monotonic() - before < 30
    assert "99997 more turns (99997 operations)" in text
    assert text.count("\n") < 30


# --- programs

TUTORIAL = """
def f(a):
    b = a * 2
    while norm(b) < 1000:
        b = b * 2
    if sum(b) > 0:
        c = b
    else:
        c = 100 * b
    return c
"""


def test_the_program_of_the_tutorial() -> None:
    explanation = told("y = x*x; z = y*y", x=3)
    assert {row.name: float(row.adjoint) for row in explanation.rows} == {"x": 108, "y": 18, "z": 1}
    ran = gradcli("explain", "y = x*x; z = y*y", "--x", "3", "--of", "y")
    assert "∂y/∂x = 6" in ran.out
    ran = gradcli("explain", "y = x*x; z = y*y + x", "--x", "3", "--wrt", "y")
    assert ran.out.endswith("gradient\n∂z/∂y = 18\n")
    assert "held constant" in ran.out
    ran = gradcli("explain", "y = x*x; z = y*y", "--x", "3", "--of", "y,z")
    assert ran.status == 2
    assert "one target" in ran.err


def test_a_while_and_an_if_on_data() -> None:
    # 0.7 * 2**11 = 1433.6 is the first above 1000; the gradient is c/a = 2**11
    explanation = told(TUTORIAL, a=0.7)
    assert float(explanation.gradient["a"]) == 2048
    assert marks(explanation) == [
        "call f",
        "while norm(b) < 1000, turn 1",
        "while norm(b) < 1000, turn 2",
        "… 7 more turns (7 operations) …",
        "while norm(b) < 1000, turn 10",
        "while norm(b) < 1000: over after 10 turns",
        "if sum(b) > 0: taken",
        "c is another name for b_11",
        "return from f",
    ]
    assert "on the path taken: while norm(b) < 1000: 10 turns" in explanation.notes


def test_the_turn_that_makes_the_target_is_shown() -> None:
    text = "o = 1.0\nfor i in range(y):\n    if i > 1 and i < 5:\n        o = o * x\no"
    explanation = told(text, x=2, y=6)
    assert float(explanation.gradient["x"]) == 12
    assert explanation.rows[-1].is_target
    assert "for i in range(y), turn 5, i = 4" in marks(explanation)
    assert "… 2 more turns (2 operations) …" in marks(explanation)
    assert "for i in range(y), turn 6, i = 5" in marks(explanation)


def test_loops_in_loops_and_in_functions() -> None:
    text = """
def power(u, n):
    p = u
    for k in range(n):
        p = p * u
    return p
s = 0.0
for i in range(9):
    s = s + power(x, 7)
s
"""
    explanation = told(text, x=1)
    assert float(explanation.gradient["x"]) == 72
    folds = [item for item in explanation.story if isinstance(item, Mark) and item.kind == "fold"]
    assert [(fold.turns, fold.operations) for fold in folds] == [
        (4, 4),
        (4, 4),
        (6, 48),
        (4, 4),
    ]
    depths = {item.text: item.depth for item in explanation.story if isinstance(item, Mark)}
    assert depths["for i in range(9), turn 1, i = 0"] == 0
    assert depths["call power(x, 7)"] == 1
    assert depths["for k in range(n), turn 1, k = 0"] == 2


def test_what_happens_after_the_last_event_is_left_out(monkeypatch) -> None:
    monkeypatch.setattr("gradcli.language.run.EVENTS", 15)
    monkeypatch.setattr("gradcli.explaining.EVENTS", 15)
    explanation = told("s = x\nfor i in range(30):\n    s = s*x\ns", x=1)
    assert float(explanation.gradient["x"]) == 31
    assert explanation.rows[-1].name == "s"
    assert any("more operations" in text for text in marks(explanation))
    assert any("only the first 15" in note for note in explanation.notes)
    assert len({row.name for row in explanation.rows}) == len(explanation.rows)


# --- every function: sums, texts and gradients agree

POINT = {
    "x": np.array([0.3, 0.7, 1.2]),
    "y": np.array([0.5, 0.9, 0.4]),
    "A": np.array([[0.4, -1.2, 0.3], [1.1, 0.2, -0.5], [0.6, 0.8, 1.7]]),
    "S": np.array([[3.0, 0.5, 0.2], [0.5, 2.0, -0.3], [0.2, -0.3, 4.0]]),
}
ENGLISH = re.compile(r"\b(the|its|of|to every|to the|summed|at its)\b|∂")


def explainable() -> list[str]:
    found = []
    for function in FUNCTIONS.values():
        if function.example is not None:
            program = parse(function.example)
            if program.names and set(program.names) <= POINT.keys():
                found.append(function.example)
    return found


def value_of(text: str, values: dict[str, np.ndarray]) -> np.ndarray:
    return api.evaluate(text, **{name: values[name] for name in parse(text).names})


@pytest.mark.parametrize("example", explainable())
def test_every_function_can_be_explained(example: str) -> None:
    program = parse(example)
    inputs = {name: POINT[name] for name in program.names}
    try:
        gradient = api.answer("grad", program, inputs, asked=api.Asked(check=False)).gradient
    except GradcliError as error:
        with pytest.raises(GradcliError, match=re.escape(error.message)):
            explain(program, inputs)
        return
    explanation = explain(program, inputs)
    for form in EXPLANATION_FORMATS:
        assert written(explanation, form)
    for name, derivative in gradient.items():
        np.testing.assert_allclose(explanation.gradient[name], derivative.value, rtol=1e-12)
    values = {row.name: np.asarray(row.value) for row in explanation.rows}
    adjoints = {row.name: row.adjoint for row in explanation.rows}
    for row in explanation.rows:
        if row.adjoint is None:
            continue
        parts = [part.value for part in row.contributions if part.value is not None]
        total = np.sum(parts, axis=0) if parts else np.zeros(row.value.shape)
        np.testing.assert_allclose(total, row.adjoint, rtol=1e-9, atol=1e-12)
        for local in row.locals:
            assert local.text
            if not local.linear and row.note is None:
                computed = value_of(local.text, values)
                expected = np.broadcast_to(local.value, row.value.shape)
                np.testing.assert_allclose(
                    np.broadcast_to(computed, row.value.shape), expected, rtol=1e-6, atol=1e-9
                )
        for part in row.contributions:
            text = part.text.replace(f"adjoint({part.user})", "incoming")
            if part.note is None and "incoming" in text and not ENGLISH.search(text):
                computed = value_of(text, {**values, "incoming": adjoints[part.user]})
                computed = (
                    np.broadcast_to(computed, row.value.shape) if "sum(" not in text else computed
                )
                np.testing.assert_allclose(computed, part.value, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A@x", {"A": "outer(·, x)", "x": "A.T @ ·"}),
        ("x@A", {"x": "A @ ·", "A": "outer(x, ·)"}),
        ("A@S", {"A": "· @ S.T", "S": "A.T @ ·"}),
        ("x@y", {"x": "·*y", "y": "·*x"}),
        ("norm(x)", {"x": "·*x/f"}),
        ("mean(x)", {"x": "·/3 to every entry"}),
        ("cholesky(S)", {"S": "the transposed derivative of cholesky, applied to ·"}),
    ],
)
def test_what_an_operation_on_arrays_makes_of_the_adjoint(
    text: str, expected: dict[str, str]
) -> None:
    program = parse(text)
    explanation = explain(program, {name: POINT[name] for name in program.names})
    last = explanation.rows[-1] if text != "cholesky(S)" else explanation.rows[1]
    row = next(row for row in explanation.rows if row.locals and row.op != "reshape")
    assert {local.by: local.text for local in (last if last.locals else row).locals} == expected


def test_phrases_are_of_operations_that_exist() -> None:
    from gradcli.explaining.phrases import FORMULAS, PHRASES

    assert not (FORMULAS.keys() | PHRASES.keys()) - OPS.keys()


# --- the command


def test_the_command_in_a_pipe_and_on_a_terminal() -> None:
    ran = gradcli("explain", "(x*x)*(x*x)", "--x", "3")
    assert (ran.status, ran.err) == (0, "")
    assert "1  x     108      adjoint(t3)*x" in ran.out
    ran = gradcli("explain", "(x*x)*(x*x)", "--x", "3", terminal=True)
    assert "forward: what the tape records" in ran.out


def test_nothing_is_wider_than_the_terminal() -> None:
    arguments = ("explain", "sum(log(1+exp(-y*(X@w))))", "--X", "1,2;3,4", "--y", "1,-1")
    for width in (60, 80, 120):
        ran = gradcli(*arguments, "--w", "0.5,0.25", "--format", "rich", width=width)
        assert ran.status == 0
        assert max(map(len, ran.out.splitlines())) <= width


def test_the_json_of_a_request_and_of_batch_is_one() -> None:
    alone = json.loads(gradcli("explain", "(x*x)*(x*x)", "--x", "3", "--format", "json").out)
    request = '{"id": 7, "command": "explain", "expression": "(x*x)*(x*x)", "inputs": {"x": 3}}'
    answer = json.loads(gradcli("batch", "-", stdin=request).out)
    assert answer.pop("id") == 7
    assert answer == alone
    assert alone["schema"] == 1
    assert alone["command"] == "explain"
    assert alone["gradient"] == {"x": {"shape": [], "value": 108.0}}
    row = alone["rows"][1]
    assert (row["number"], row["name"], row["op"], row["source"]) == (2, "t2", "multiply", "x*x")
    assert (row["span"], row["shape"], row["value"], row["adjoint"]) == ([1, 4], [], 9.0, 9.0)
    assert row["locals"] == [
        {"by": "x", "text": "2*x", "latex": "2 x", "linear": False, "value": 6.0}
    ]
    assert [part["value"] for part in alone["rows"][0]["contributions"]] == [27.0] * 4


def test_markdown_by_the_name_of_the_file(tmp_path) -> None:
    path = tmp_path / "tape.md"
    assert gradcli("explain", "x*x", "--x", "3", "-o", str(path)).status == 0
    assert path.read_text().startswith("```\nx*x\n```\n")
    assert gradcli("grad", "x*x", "--x", "3", "-o", str(path)).status == 0
    assert path.read_text() == "6\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1+1",), "there is no input to differentiate by"),
        (("x*x", "--x", "3", "--wrt", "y"), "there is no input 'y' to differentiate by"),
        (("x*x", "--x", "3", "--format", "csv"), "invalid value for '--format'"),
        (("x*",), "error: "),
        (("x@x", "--x", "1,2;3,4;5,6"), "error: "),
    ],
)
def test_bad_requests(arguments: tuple[str, ...], message: str) -> None:
    ran = gradcli("explain", *arguments)
    assert ran.status == 2
    assert ran.out == ""
    assert message in ran.err


def test_the_library() -> None:
    explanation = library.explain("(x*x)*(x*x)", x=3)
    assert float(explanation.gradient["x"]) == 108


def test_text_of_the_user_is_no_markup() -> None:
    ran = gradcli("explain", "x[0] * x[1]", "--x", "3,4", "--format", "rich")
    assert "x[0]" in ran.out
    table = gradcli("explain", "where((x>0)|(x<-1), x, 0)", "--x", "3", "--format", "markdown").out
    assert "`(x>0)\\|(x<-1)`" in table
