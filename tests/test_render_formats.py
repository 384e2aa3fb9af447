"""Plain, JSON, CSV, NumPy and LaTeX from hand-made results."""

import io
import json

import numpy as np
import pytest

from gradcli.errors import GradcliError
from gradcli.render import FORMATS, View, render
from gradcli.render.latex import name_latex
from gradcli.render.numbers import CHUNK, exact, short
from gradcli.render.plain import array_text
from gradcli.render.structured import encoded, error_record
from gradcli.results import Closed, Comparison, Derivative, Result, Target, Verdict


def result(command="grad", check=None, **gradients):
    target = Target(np.array(28.0))
    derivatives = {name: Derivative(name, np.asarray(value)) for name, value in gradients.items()}
    return Result(command, "2*x.T@x", target, derivatives, check)


def text(answer, form="plain", **view):
    return "".join(render(answer, form, View(**view)))


def comparison(witness="formula", variable="x", ok=True, **fields):
    return Comparison(witness, variable, ok, compared=4, of=4, **fields)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (28.0, "28"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (float("nan"), "nan"),
        (True, "True"),
        ([0.0, 4.0, 8.0, 12.0], "0,4,8,12"),
        ([np.inf, -np.inf], "inf,-inf"),
        ([3.0], "[3]"),
        ([[3.0]], "[[3]]"),
        ([[1.0, 2.0]], "[[1,2]]"),
        ([[1.0, 2.0], [3.0, 4.5]], "1,2;3,4.5"),
        ([[0.0], [4.0], [8.0]], "0;4;8"),
        ([[[1.0, 2.0]], [[3.0, 4.0]]], "[[[1,2]],[[3,4]]]"),
        ([True, False], "[True,False]"),
        ([[True], [False]], "[[True],[False]]"),
        (np.zeros(0), "[]"),
        (np.zeros((0, 3)), "zeros((0,3))"),
        (np.zeros((2, 0)), "zeros((2,0))"),
        (np.float32([0.1, 2.0]), "0.1,2"),
    ],
)
def test_plain_is_written_as_an_input_value(array, expected):
    assert "".join(array_text(np.asarray(array))) == expected


def test_floats_are_exact():
    values = np.random.default_rng(0).standard_normal(1000) * 10.0 ** np.arange(-150, 150, 0.3)
    assert [float(part) for part in "".join(array_text(values)).split(",")] == values.tolist()
    assert np.array_equal(json.loads("".join(encoded(values))), values)


def test_large_arrays_come_in_pieces():
    values = np.arange(2.5 * CHUNK)
    assert len(list(array_text(values))) > 3
    assert "".join(array_text(values)) == ",".join(map(str, range(values.size)))
    assert json.loads("".join(encoded({"v": values})))["v"] == values.tolist()


def test_one_gradient_is_bare_and_several_are_named():
    assert text(result(x=[0.0, 4.0])) == "0,4\n"
    assert text(result(x=[0.0, 4.0], w=[[1.0], [2.0]])) == "x=0,4\nw=1;2\n"


def test_plain_eval_is_the_value():
    assert text(result("eval")) == "28\n"


def test_plain_check_is_the_verdict():
    small = comparison("difference", max_abs=1.26e-11, tolerance=2e-8)
    verdict = Verdict("agree", ["fine"], [comparison(), small])
    assert text(result("check", verdict, x=[1.0])) == (
        "agree (formula exact, difference 1.3e-11 <= 2e-8)\n"
    )
    wrong = comparison(ok=False, max_abs=0.5, tolerance=1e-9)
    verdict = Verdict(
        "disagree", ["x[1]: 2 and 3"], [comparison("formula", "w", max_abs=9.0), wrong]
    )
    assert text(result("check", verdict, x=[1.0])) == (
        "disagree (formula 0.5 > 1e-9)\nx[1]: 2 and 3\n"
    )
    verdict = Verdict("inconclusive", ["a kink at x[0]"], [comparison("entries", ok=None)])
    assert text(result("check", verdict)) == (
        "inconclusive (entries says nothing)\na kink at x[0]\n"
    )
    slope = comparison("taylor", max_abs=0.004, tolerance=0.4)
    assert text(result("check", Verdict("agree", [], [slope]))) == "agree (taylor slope 2.00)\n"


def test_the_worst_is_the_closest_to_its_tolerance():
    near = comparison(variable="w", max_abs=1e-12, tolerance=2e-12)
    far = comparison(variable="x", max_abs=1e-9, max_rel=1.0, tolerance=1e-3)
    verdict = Verdict("agree", [], [near, far, comparison(variable="y", ok=None)])
    assert text(result("check", verdict)) == "agree (formula 1e-12 <= 2e-12)\n"


def test_json_of_the_design():
    answer = result(x=[0.0, 4.0, 8.0, 12.0])
    answer.gradient["x"].closed = Closed("4*x", "4 x")
    answer.check = Verdict("agree", [], [comparison(), comparison(variable="w", max_abs=1.0)])
    record = json.loads(text(answer, "json"))
    assert record["schema"] == 1
    assert record["command"] == "grad"
    assert record["expression"] == "2*x.T@x"
    assert record["target"] == {"name": None, "shape": [], "value": 28.0, "summed": False}
    assert record["gradient"] == {
        "x": {"shape": [4], "value": [0.0, 4.0, 8.0, 12.0], "formula": "4*x", "latex": "4 x"}
    }
    assert record["check"]["verdict"] == "agree"
    formula = record["check"]["witnesses"]["formula"]
    assert (formula["max_abs"], formula["max_rel"], formula["ok"]) == (1.0, 0.0, True)
    assert set(formula["variables"]) == {"x", "w"}
    assert record["notes"] == []


def test_json_is_strict():
    verdict = Verdict("inconclusive", [], [comparison(ok=None, max_abs=float("nan"))])
    line = text(result(check=verdict, x=[[np.nan, np.inf], [-np.inf, 1.0]], s=np.nan), "json")
    record = json.loads(line, parse_constant=pytest.fail)
    assert record["gradient"]["x"]["value"] == [["nan", "inf"], ["-inf", 1.0]]
    assert record["gradient"]["s"]["value"] == "nan"
    assert record["check"]["witnesses"]["formula"]["max_abs"] == "nan"
    assert line.isascii()
    assert line.count("\n") == 1


def test_json_of_empty_and_integer_things():
    assert "".join(encoded({})) == "{}"
    assert "".join(encoded([{}, [], (1, None, True)])) == "[{}, [], [1, null, true]]"
    assert "".join(encoded(np.zeros((0, 3)))) == "[]"
    assert "".join(encoded(np.zeros((2, 0)))) == "[[], []]"
    assert "".join(encoded(np.array([1, 2]))) == "[1, 2]"
    assert "".join(encoded("\udc80 \x1b θ")) == '"\\udc80 \\u001b \\u03b8"'


def test_error_record_names_another_source():
    error = GradcliError("m", kind="shape", span=(1, 2), source="ab")
    assert error_record(error, "ab") == {
        "kind": "shape",
        "message": "m",
        "span": [1, 2],
        "hint": None,
    }
    assert error_record(error, "other")["source"] == "ab"


def test_csv():
    assert text(result(x=[1.0, 0.5]), "csv") == "1\n0.5\n"
    assert text(result(x=[[1.0, 2.0], [3.0, 4.0]]), "csv") == "1,2\n3,4\n"
    assert text(result("eval"), "csv") == "28\n"
    with pytest.raises(GradcliError, match="holds one array") as caught:
        text(result(x=[1.0], w=[2.0]), "csv")
    assert "--wrt x" in caught.value.hint
    with pytest.raises(GradcliError, match=r"\(1, 1, 1\)"):
        text(result(x=[[[1.0]]]), "csv")


def test_csv_of_a_check_has_the_worst_last():
    verdict = Verdict(
        "agree", [], [comparison(max_rel=0.5, note='a "note", quoted'), comparison("entries")]
    )
    lines = text(result("check", verdict, x=[1.0]), "csv").splitlines()
    assert lines[0].startswith("variable,witness,ok,")
    assert [line.split(",")[1] for line in lines[1:]] == ["entries", "formula"]
    assert lines[2].endswith('"a ""note"", quoted"')


def test_npy_and_npz():
    answer = result(file=[[1.0, 2.0]])
    assert np.array_equal(np.load(io.BytesIO(b"".join(render(answer, "npy", View())))), [[1, 2]])
    answer = result(file=[[1.0, 2.0]], x=3.0)
    archive = np.load(io.BytesIO(b"".join(render(answer, "npz", View()))))
    assert archive["x"].shape == ()
    assert np.array_equal(archive["file"], [[1, 2]])
    for array in (
        np.zeros((0, 3)),
        np.arange(6.0).reshape(2, 3).T,
        np.float32(2.5),
        np.ones(CHUNK + 1),
    ):
        back = np.load(io.BytesIO(b"".join(render(result(x=array), "npy", View()))))
        assert back.dtype == array.dtype
        assert np.array_equal(back, array)
    with pytest.raises(GradcliError):
        list(render(answer, "npy", View()))


def test_latex():
    answer = result(x=[0.0, 4.0], w_1=[[1.0, 2e-9], [np.inf, np.nan]], f=1.0)
    answer.gradient["x"].closed = Closed("4*x", "4 x")
    assert text(answer, "latex") == (
        "\\begin{align*}\n"
        "  g &= 28 \\\\\n"
        "  \\frac{\\partial g}{\\partial x} &= 4 x \\\\\n"
        "  \\frac{\\partial g}{\\partial w_{1}} &= "
        "\\begin{bmatrix} 1 & 2 \\times 10^{-9} \\\\ \\infty & \\text{nan} \\end{bmatrix} \\\\\n"
        "  \\frac{\\partial g}{\\partial f} &= 1\n"
        "\\end{align*}\n"
    )
    assert text(result("eval"), "latex") == "\\[ 28 \\]\n"
    assert "shape (100,)" in text(result(x=np.ones(100)), "latex")


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x1", "x_{1}"),
        ("theta", "\\theta"),
        ("theta_2", "\\theta_{2}"),
        ("rate", "\\mathrm{rate}"),
        ("w_out", "w_{out}"),
        ("a_b_c", "\\mathrm{a\\_b\\_c}"),
        ("_", "\\_"),
        ("_x", "\\mathrm{\\_x}"),
        ("θ", "θ"),
    ],
)
def test_names_in_latex(name, latex):
    assert name_latex(name) == latex


def test_numbers():
    assert [exact(v) for v in (1.0, 1e16, -2.5, 5e-324)] == ["1", "1e+16", "-2.5", "5e-324"]
    assert [short(v) for v in (2 / 3, 1e6, 123456.7, 1e-5, -0.0)] == [
        "0.666667",
        "1e6",
        "123457",
        "1e-5",
        "0",
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_takes_a_result(form):
    assert b"".join(
        piece if isinstance(piece, bytes) else piece.encode()
        for piece in render(result(x=[1.0, 2.0]), form, View())
    )
