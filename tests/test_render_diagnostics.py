"""Errors on stderr: exact text, carets under the right cells, nothing of the user's raw."""

import pytest

from gradcli.errors import GradcliError
from gradcli.render.characters import cells, shortened, visible
from gradcli.render.diagnostics import diagnostic, excerpt, note


def shown(message="m", width=80, **fields):
    return diagnostic(GradcliError(message, **fields), width=width)


def test_error_has_what_where_and_what_to_do():
    text = shown(
        "unknown function 'tnah'", span=(2, 6), source="2*tnah(x)", hint="did you mean 'tanh'?"
    )
    assert text == (
        "error: unknown function 'tnah'\n  2*tnah(x)\n    ^^^^\nhint: did you mean 'tanh'?\n"
    )


@pytest.mark.parametrize(
    ("source", "span", "line", "carets"),
    [
        ("x+y", (2, 3), "x+y", "  ^"),
        ("x+", (2, 2), "x+", "  ^"),
        ("名前+y", (3, 4), "名前+y", "     ^"),
        ("e\u0301+y", (3, 4), "e\u0301+y", "  ^"),
        ("\tx", (1, 2), "    x", "    ^"),
        ("a\x1b[31mb", (6, 7), "a\\x1b[31mb", "         ^"),
        ("a\nbb + c\nd", (7, 8), "2:6 | bb + c", "           ^"),
        ("a + b\nc", (0, 7), "1:1 | a + b", "      ^^^^^"),
        ("x\r\ny + z", (7, 8), "2:5 | y + z", "          ^"),
        ("x", (5, 9), "x", " ^"),
        ("", (0, 0), "", "^"),
    ],
)
def test_carets_stand_under_the_span(source, span, line, carets):
    assert excerpt(source, span, 76) == (line, carets)


@pytest.mark.parametrize("span", [(0, 3), (250, 253), (497, 500), (100, 400), (0, 500)])
@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_long_line_is_cut_around_the_span(span, width):
    source = "".join(chr(97 + n % 26) for n in range(500))
    line, carets = excerpt(source, span, width)
    assert cells(line) <= width
    assert cells(carets) <= width
    start = len(carets) - len(carets.lstrip())
    assert line[start] == source[span[0]]


def test_no_control_character_reaches_the_terminal():
    evil = "\x1b]0;title\x07 \u202e \x9b31m \udc80 \r\n"
    text = shown(f"unknown name '{evil}'", span=(0, 3), source=evil, hint=evil)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert text.count("\n") == 4


def test_visible_keeps_what_is_printable():
    assert visible("θ·名 é") == "θ·名 é"
    assert visible("a\tb\x00") == "a    b\\x00"
    assert visible("\U000e0001") == "\\U000e0001"


def test_shortened():
    assert shortened("x" * 10, 10) == "x" * 10
    assert shortened("a" * 50 + "b" * 50, 11) == "aaaaa…bbbbb"


def test_colour_only_where_wanted():
    error = GradcliError("m", span=(0, 1), source="x", hint="h")
    assert "\x1b" not in diagnostic(error)
    assert diagnostic(error, colour=True).count("\x1b[0m") == 3
    assert note("n") == "note: n\n"
