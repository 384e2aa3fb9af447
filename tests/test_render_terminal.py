"""The rich view: what it says, and that it fits."""

import numpy as np
import pytest

from gradcli.render import View, render
from gradcli.render.characters import cells
from gradcli.render.terminal.arrays import aligned, number_lines, statistics
from gradcli.results import Closed, Comparison, Derivative, Result, Target, Verdict

RNG = np.random.default_rng(0)


def answer(command="grad", value=28.0, check=None, summed=False, **gradients):
    derivatives = {
        name: Derivative(name, np.asarray(array), closed)
        for name, (array, closed) in gradients.items()
    }
    target = Target(np.asarray(value), summed=summed)
    return Result(command, "2*x.T@x", target, derivatives, check)


def drawn(result, **view):
    return "".join(render(result, "rich", View(**view)))


def test_the_first_example():
    comparison = Comparison("formula", "x", True, 1e-16, 1e-17, tolerance=7.1e-15)
    check = Verdict("agree", [], [comparison])
    assert drawn(answer(x=([0.0, 4.0, 8.0, 12.0], Closed("4*x")), check=check)) == (
        "\n"
        "  f = 2*x.T@x\n"
        "    = 28\n"
        "\n"
        "  ∂f/∂x = 4*x   (4,)\n"
        "        = 0   4   8   12\n"
        "\n"
        "  ✓ agree  formula 1e-16 ≤ 7.1e-15\n"
        "\n"
    )


def test_what_needs_no_number_has_none():
    check = Verdict("agree", [], [Comparison("formula", "x", True, tolerance=2e-308)])
    text = drawn(answer(x=(0.0, Closed("0")), y=(-np.zeros(1000), Closed("0*x")), check=check))
    assert "∂f/∂x = 0\n\n" in text
    assert "= 0 in all 1000 entries\n" in text
    assert "✓ agree  formula exact\n" in text


def test_what_is_missing_has_a_reason():
    result = answer(y=(np.zeros(2), Closed(None, reason="sort has none yet")), z=(np.nan, None))
    result.gradient["y"].reasons.append("`round` cuts the path")
    text = drawn(result)
    assert "∂f/∂y = 0   0   (2,)\n    ↳ no closed form: sort has none yet\n" in text
    assert "    ↳ `round` cuts the path\n" in text
    assert "∂f/∂z = nan\n" in text


def test_an_implied_sum_is_said():
    text = drawn(answer(value=[1.0, 4.0], summed=True, x=([2.0, 4.0], Closed("2*x"))))
    assert "    = 1   4   (2,)\n" in text
    assert "∂sum(f)/∂x = 2*x   (2,)" in text


def test_markup_of_the_user_is_text():
    result = answer(x=([1.0], Closed("x[i] + [bold]y[/bold]")))
    result.expression = "x[red]\x1b[31m + [link=http://a]b"
    text = drawn(result)
    assert "x[red]\\x1b[31m + [link=http://a]b" in text
    assert "x[i] + [bold]y[/bold]" in text


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("command", ["grad", "check", "eval"])
def test_every_line_fits(width, command):
    formula = Closed(" + ".join(f"A{n}.T@(A{n}@x - y{n})" for n in range(30)))
    comparisons = [
        Comparison(witness, "x", ok, 0.1234, 0.1234, (1,), 1.0, 2.0, 1e-14, 3, 4, "a note " * 9)
        for witness in ("formula", "entries", "difference", "taylor")
        for ok in (True, False, None)
    ]
    result = answer(
        command,
        value=RNG.standard_normal((20, 20)),
        check=Verdict("disagree", ["a long reason " * 20], comparisons),
        x=(RNG.standard_normal(1000), formula),
        A=(RNG.standard_normal((40, 50)) * 1e-9, formula),
        T=(RNG.standard_normal((3, 4, 5)), None),
    )
    lines = drawn(result, width=width).splitlines()
    assert max(map(cells, lines)) <= width


def test_full_shows_every_digit_of_every_entry():
    values = RNG.standard_normal((30, 30))
    text = drawn(answer(x=(values, None)), full=True)
    assert all(repr(value) in text for value in values.ravel().tolist())
    assert "…" not in text


def test_long_arrays_say_what_they_amount_to():
    values = np.arange(1000.0)
    values[3] = np.nan
    text = drawn(answer(x=(values, None)))
    assert "1000 numbers · min 0 · max 999 · norm 1.824e4 · 1 zero · 1 not finite" in text
    assert "0   1   2   nan" in text
    assert statistics(np.full(2, np.inf)) == "2 numbers · 2 not finite"
    assert statistics(np.full(2, 3e200)) == "2 numbers · min 3e200 · max 3e200 · norm 4.243e200"


@pytest.mark.parametrize(
    "shape", [(0,), (0, 3), (1,), (1, 1), (13, 1), (1, 300), (2, 0, 2), (5, 5, 5)]
)
@pytest.mark.parametrize("full", [False, True])
def test_odd_shapes(shape, full):
    lines = number_lines(np.ones(shape), 60, full)
    assert lines
    assert max(map(cells, lines)) <= 60


def test_decimal_points_line_up():
    assert aligned(["1", "-10.25", "0.5", "1e-9", "nan"]) == [
        "  1   ",
        "-10.25",
        "  0.5 ",
        "  1e-9",
        "nan   ",
    ]


def test_disagreement_names_the_numbers():
    check = Verdict(
        "disagree",
        ["x[1]: reverse mode gives 0.25, the formula 0.5"],
        [
            Comparison("formula", "x", False, 0.25, 1.0, tolerance=7.1e-15, compared=4, of=4),
            Comparison("taylor", "x", None, note="a kink is near"),
        ],
    )
    text = drawn(answer("check", x=([1.0], None), check=check))
    assert "✗ disagree  x[1]: reverse mode gives 0.25, the formula 0.5\n" in text
    assert "              formula 0.25 > 7.1e-15 · taylor says nothing\n" in text
    assert "x   formula   0.25          1          7.1e-15     4 of 4     ✗\n" in text
    assert "    taylor    says nothing: a kink is near\n" in text


def test_no_escape_codes_unless_wanted():
    result = answer(x=([1.0], Closed("x")), check=Verdict("agree"))
    assert "\x1b" not in drawn(result)
    assert "\x1b[1;36m" in drawn(result, styles=True, colour=True)
    plain_bold = drawn(result, styles=True, colour=False)
    assert "\x1b[1m" in plain_bold
    assert "36m" not in plain_bold


def test_ascii_terminals_get_ascii():
    result = answer(x=(np.ones(1000), Closed("x")), check=Verdict("agree"))
    assert drawn(result, unicode=False).isascii()
