"""Every free name is an option: what the rewriting of arguments makes of them."""

import pytest

from gradcli.cli.base import rewritten
from gradcli.cli.inputs import (
    given_values,
    listed_names,
    place,
    refuse_unused,
    require_values,
)
from gradcli.errors import GradcliError
from gradcli.language import parse

KNOWN = {"-v": True, "--value": True, "-o": True, "--format": True, "--full": False, "-q": False}


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        (["x", "--x", "1"], ["-v", "x=1", "--", "x"]),
        (["x", "--x=1"], ["-v", "x=1", "--", "x"]),
        (["x", "--x="], ["-v", "x=", "--", "x"]),
        (["x", "--x", "a=b"], ["-v", "x=a=b", "--", "x"]),
        (["x", "--x", "-1,2"], ["-v", "x=-1,2", "--", "x"]),
        (["x", "--x", "-"], ["-v", "x=-", "--", "x"]),
        (["--x", "--1", "y"], ["-v", "x=--1", "--", "y"]),
        (["-x**2"], ["--", "-x**2"]),
        (["-v**2", "-v", "v=3"], ["-v", "v=3", "--", "-v**2"]),
        (["--x**2"], ["--", "--x**2"]),
        (["-"], ["--", "-"]),
        (["--full", "x", "-q"], ["--full", "-q", "--", "x"]),
        (["--format", "json", "x"], ["--format", "json", "--", "x"]),
        (["--format=json", "x"], ["--format=json", "--", "x"]),
        (["-o", "--x", "x"], ["-o", "--x", "--", "x"]),
        (["--", "--x", "1"], ["--", "--x", "1"]),
        (["--ｘ", "1"], ["-v", "x=1", "--"]),
        (["--θ", "1"], ["-v", "θ=1", "--"]),
        (["x", "--x", "1\n2"], ["-v", "x=1\n2", "--", "x"]),
        (["--format"], ["--format", "--"]),
    ],
)
def test_arguments(typed, understood):
    assert rewritten(typed, KNOWN) == understood


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        (["x", "--x"], "--x has no value", "write --x VALUE"),
        (["--ful", "--x", "1"], "--ful has no value", "did you mean '--full'?"),
        (["--x", "-q"], "--x has no value", "write --x VALUE"),
        (["--no-chekc"], "unknown option --no-chekc", "see --help for the options"),
        (["--for-mat", "json"], "unknown option --for-mat", "did you mean '--format'?"),
    ],
)
def test_mistyped_options(typed, message, hint):
    with pytest.raises(GradcliError) as caught:
        rewritten(typed, KNOWN)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_values_are_named_once():
    assert given_values(["x=1", "y=a=b"]) == {"x": "1", "y": "a=b"}
    with pytest.raises(GradcliError, match="'x' is given twice"):
        given_values(["x=1", "x=2"])
    for bad in ("x", "=1", "1x=2", ""):
        with pytest.raises(GradcliError, match="write NAME=VALUE"):
            given_values([bad])


def test_lists_of_names():
    assert listed_names(["x,w", "y x"]) == ["x", "w", "y"]


def test_missing_inputs_are_told_at_once():
    with pytest.raises(GradcliError) as caught:
        require_values("A@x - seed*y", ["A", "x", "seed", "y"], {"x": "1"}, ["--seed", "-v"])
    error = caught.value
    assert error.message == "no value for 'A', 'seed' and 'y'"
    assert error.hint == "add --A VALUE -v seed=VALUE --y VALUE"
    assert error.span == (0, 1)
    assert error.kind == "name"


@pytest.mark.parametrize(
    ("name", "needed", "given", "hint"),
    [
        ("xx", ["x", "w"], ["xx"], "did you mean '--x'?"),
        ("formt", ["x"], ["formt", "x"], "did you mean '--format'?"),
        ("k", ["x", "w"], ["k", "x", "w"], "its inputs are 'x' and 'w'"),
        ("k", [], ["k"], "it has no inputs"),
    ],
)
def test_inputs_that_are_not_used(name, needed, given, hint):
    with pytest.raises(GradcliError) as caught:
        refuse_unused(parse("+".join([*needed, "1"])), given, [], ["--format", "--full", "-v"])
    assert caught.value.message == f"the expression does not use '{name}'"
    assert caught.value.hint == hint


def test_an_unused_input_may_be_differentiated_by():
    refuse_unused(parse("x"), ["x", "k"], ["k"], [])


def test_an_input_may_shadow_a_constant():
    refuse_unused(parse("e*x"), ["x", "e"], [], [])


def test_place_of_a_name():
    assert place("np.A + xA + A", "A") == (12, 13)
    assert place("x", "A") is None
