"""What is refused: the kind, the place, the words, and how long it takes."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gradcli.errors import GradcliError
from gradcli.language import parse
from gradcli.limits import LIMITS

INPUTS = {
    "x": np.array([0.5, -1.25, 2.0]),
    "y": np.array([1.0, 2.0]),
    "A": np.array([[1.0, 2.0], [3.0, 4.0]]),
    "s": np.array(2.0),
}

ROWS = [
    # text, kind, message, the text under the caret, hint
    ("x^2", "parse", "'^' is no power", "x^2", "a power is written **"),
    ("x'*x", "parse", "' is not an operator", "'", "the transpose is written .T"),
    ("2x", "parse", "'2x' is not a product", "2x", "write 2*x"),
    ("sum(x", "parse", "'(' is never closed", "(", None),
    ("", "parse", "the expression is empty", None, "for instance 2*x.T@x"),
    ("2*tnah(x)", "name", "unknown function 'tnah'", "tnah", "did you mean 'tanh'?"),
    ("np.summ(x)", "name", "unknown function 'np.summ'", "np.summ", "did you mean 'np.sum'?"),
    ("x + z", "name", "no value for 'z'", "z", "--z VALUE"),
    (
        "A@x",
        "shape",
        "matmul: shapes (2, 2) and (3,) do not fit: 2 columns, 3 rows",
        "A@x",
        None,
    ),
    ("x + y", "shape", "add: shapes (3,) and (2,) do not broadcast", "x + y", None),
    ("sum(x, axis=1)", "shape", "sum: axis 1 does not exist in an array of 1 axis", "sum(x, axis=1)", None),
    ("sum(x, axiss=0)", "value", "sum has no argument 'axiss'", "sum(x, axiss=0)", "did you mean 'axis'?"),
    ("sum(x, axis=0, axis=0)", "parse", "the argument 'axis' is given twice", "sum(x, axis=0, axis=0)", None),
    ("x(2)", "value", "'x' is a value and cannot be called", "x", "a product is written with *"),
    ("exp + x", "value", "'exp' is a function; it needs arguments", "exp + x", "call it: exp(...)"),
    ("x.foo()", "name", "an array has no attribute 'foo'", ".foo", "did you mean 'floor'?"),
    ("x.shape()", "value", "'.shape' is not a method", ".shape", "write .shape without parentheses"),
    ("x.sum", "value", "'.sum' is a method", ".sum", "call it: .sum()"),
    (
        "x.__class__",
        "name",
        "names that begin with '_' are not available: '.__class__'",
        ".__class__",
        "only the attributes and methods of arrays can be used",
    ),
    ("{'a': 1}", "parse", "a dict is not an array", "{'a': 1}", None),
    ("f'{x}'", "parse", "a formatted string is not available", "f'{x}'", None),
    ("sum(*3)", "value", None, "sum(*3)", None),
    ("x[1.5]", "value", None, "x[1.5]", None),
    ("x[3]", "shape", None, "x[3]", None),
    ("x and x", "value", "the truth value of an array of shape (3,) is ambiguous", "x", "use where(...), or & and | between comparisons"),
    ("x if x else 0", "value", "the truth value of an array of shape (3,) is ambiguous", "x", "use where(...), or & and | between comparisons"),
    ("1j*x", "parse", "complex numbers are not available", "1j", None),
    ("'a'*x", "value", "'*' is not defined for 'a'", "'a'*x", None),
    ("x + None", "value", "'+' is not defined for None", "x + None", None),
    ("[[1, 2], [3]]", "shape", "the result: the rows of a list differ in length", "[[1, 2], [3]]", None),
    ("1/0", "value", "division by zero", "1/0", None),
    ("9**9**9**9", "limit", "an integer of more than 1023 bits (about 1e308)", "9**9**9", None),
    ("zeros((10**6, 10**6))", "limit", None, "zeros((10**6, 10**6))", None),
    ("ones((10,)*20)", "limit", None, "ones((10,)*20)", None),
    ("[0 for i in range(10**12)]", "limit", None, "[0 for i in range(10**12)]", None),
    ("(" * 300 + "x" + ")" * 300, "limit", None, None, None),
    ("-" * 5000 + "x", "limit", None, None, None),
    ("x" + " " * 30_000, "limit", None, None, "raise it with --limit source=N"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "message", "place", "hint"), ROWS)
def test_error(
    text: str, kind: str, message: str | None, place: str | None, hint: str | None
) -> None:
    begin = time.monotonic()
    with pytest.raises(GradcliError) as caught:
        parse(text).trace(INPUTS)
    assert time.monotonic() - begin < 1.0
    error = caught.value
    assert error.kind == kind
    if message is not None:
        assert error.message == message
    if place is not None:
        assert error.span is not None
        assert text[slice(*error.span)] == place
    if hint is not None:
        assert error.hint == hint


@pytest.mark.parametrize(
    "text",
    [
        "x = 2",
        "def f(v): return v",
        "import os",
        "x := 2",
        "del x",
        "await x",
        "print(x)",
        "open('f')",
    ],
)
def test_statements_and_python_are_refused(text: str) -> None:
    with pytest.raises(GradcliError) as caught:
        parse(text).trace(INPUTS)
    assert caught.value.kind in ("parse", "name")


def test_depth_that_is_raised_too_far_is_still_an_orderly_error() -> None:
    text = "-" * 100_000 + "x"
    with LIMITS.raised(depth=10**6, source=10**6), pytest.raises(GradcliError) as caught:
        parse(text).trace(INPUTS)
    assert caught.value.kind == "limit"


def test_what_the_parser_cannot_take_names_no_limit_that_would_help() -> None:
    with pytest.raises(GradcliError) as caught:
        parse("(" * 300 + "x" + ")" * 300)
    assert caught.value.kind == "limit"
    assert caught.value.message == "the expression is nested too deeply for Python's parser"
    assert "--limit" not in str(caught.value.hint)
