"""Branches beside the point in programs that are too long for exact numbers."""

from __future__ import annotations

import pytest

from gradcli import api

LOOP = "s = 0\nfor i in range(3000):\n    s += {}\ns"


@pytest.mark.parametrize(
    ("piece", "x", "verdict", "reason"),
    [
        ("x**2 if x > 0 else -x", 0.0, "inconclusive", "not differentiable"),
        ("x if x > 0 else 2*x", 0.0, "inconclusive", "not differentiable"),
        ("x + 1 if x > 0 else x", 0.0, "inconclusive", "the function jumps"),
        ("x**2 if x > 0 else 0*x", 0.0, "agree", ""),  # continuous, with slope 0 on both sides
        ("x**2 if x > 0 else -x**2", 0.0, "agree", ""),
        ("x**2 if x > 0 else -x", 0.5, "agree", ""),
    ],
)
def test_a_branch_on_the_input(piece, x, verdict, reason):
    result = api.check(LOOP.format(piece), x=x)
    assert result.check.verdict == verdict
    if reason:
        assert result.check.reasons[0].startswith(reason)
        assert "`if x > 0` goes the other way" in result.check.reasons[0]


def test_a_branch_on_an_intermediate():
    """y is 1 at the first turn: a step to the right takes the other branch there."""
    text = "y = x\nfor i in range(3000):\n    y = y*0.999 + (0.001*x if y > 1 else 0.002*x)\ny"
    assert api.check(text, x=1.0).check.reasons == [
        "the function jumps: `if y > 1` goes the other way beside this point"
    ]
    assert api.check(text, x=1.3).check.verdict == "agree"


def test_turns_of_a_loop():
    """x = 4: the loop has one turn more to the right, where the value is another one."""
    text = "y = x\nn = 0\nfor i in range(3000):\n    n += 1\nwhile y > 1:\n    y = y/2\ny"
    result = api.check(text, x=4.0)
    assert result.check.verdict == "inconclusive"
    assert "jumps" in result.check.reasons[0]


def test_a_program_that_fails_beside_the_point():
    text = "assert x <= 1, 'too large'\ns = 0\nfor i in range(3000):\n    s += x\ns"
    assert api.check(text, x=0.5).check.verdict == "agree"
    result = api.check(text, x=1.0)
    assert result.check.verdict == "inconclusive"
    assert "the program fails beside this point" in " ".join(result.check.reasons)
