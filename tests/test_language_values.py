"""Input values: every form of the table, files of every kind, and what is refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from gradcli.errors import GradcliError
from gradcli.language import read_value

ROWS = [
    ("3", 3.0),
    ("-1.5e-3", -1.5e-3),
    ("0,1,2,3", [0, 1, 2, 3]),
    ("1 2 3", [1, 2, 3]),
    (" 1 , 2 ", [1, 2]),
    ("1,2;3,4", [[1, 2], [3, 4]]),
    ("0;1;2;3", [[0], [1], [2], [3]]),
    ("[[1,2],[3,4]]", [[1, 2], [3, 4]]),
    ("[5]", [5]),
    ("arange(4).reshape(4,1)", [[0], [1], [2], [3]]),
    ("zeros(3)", [0, 0, 0]),
    ("1/4", 0.25),
    ("pi", np.pi),
    ("inf,-inf,nan", [np.inf, -np.inf, np.nan]),
    ('[1, "nan", "-inf"]', [1, np.nan, -np.inf]),
    ("[1. 2. 3.]", [1, 2, 3]),
    ("[[1 2]\n [3 4]]", [[1, 2], [3, 4]]),
    ("array([1., 2.])", [1, 2]),
    ("tensor([1., 2.])", [1, 2]),
    ("\ufeff1,2", [1, 2]),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_value(text: str, expected: object) -> None:
    found = read_value(text)
    assert found.dtype == np.float64
    assert found.shape == np.shape(expected)
    np.testing.assert_array_equal(found, np.asarray(expected, dtype=float))


def test_random_values_follow_the_seed() -> None:
    first, again, other = (read_value("randn(3, 2)", rng=seed) for seed in (1, 1, 2))
    assert first.shape == (3, 2)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    drawn = read_value("uniform(-1, 1, (5,))", rng=0)
    assert drawn.shape == (5,)
    assert np.all(np.abs(drawn) <= 1)
    with pytest.raises(GradcliError):
        read_value("randn(3)")


def test_a_million_numbers() -> None:
    numbers = np.arange(1_000_000) / 7
    found = read_value(",".join(map(repr, numbers.tolist())))
    np.testing.assert_array_equal(found, numbers)


ERRORS = [
    ("1,,2", "an empty entry between commas", ","),
    ("1;2,3", "the rows do not have the same length: 1, 2", None),
    ("1,b2", None, None),
    ("", "the value is empty", None),
    ("1e999", "1e999 is too large for a float", "1e999"),
    ("[1,[2]]", "the list: the rows do not have the same length", None),
    ("[null]", "the list: null is not a number", None),
    ("a,b", "'a' is not a number", None),
    ("1+2j", "complex numbers are not available", None),
    ("--1", "'--1' is not a number", "--1"),
    ("[1,2]*3", "a list times a number: repeated as in Python, or scaled as in NumPy?", None),
    ("@nowhere.npy", "cannot read 'nowhere.npy': no such file or directory", None),
    ("@.", "'.' is a directory", None),
    ("@/dev/zero", "'/dev/zero' is not a regular file", None),
    ("-", "standard input cannot be read here", None),
]


@pytest.mark.parametrize(("text", "message", "place"), ERRORS)
def test_error(text: str, message: str | None, place: str | None) -> None:
    with pytest.raises(GradcliError) as caught:
        read_value(text)
    if message is not None:
        assert caught.value.message == message
    if place is not None:
        assert caught.value.span is not None
        assert text[slice(*caught.value.span)] == place


def test_files(tmp_path: Path) -> None:
    matrix = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.save(tmp_path / "m.npy", matrix)
    np.savez(tmp_path / "one.npz", m=matrix)
    np.savez(tmp_path / "two.npz", a=matrix, b=matrix[0])
    (tmp_path / "m.csv").write_text("1,2,3\n4,5,6\n")
    (tmp_path / "head.csv").write_text("u,v,w\n1,2,3\n4,5,6\n")
    (tmp_path / "m.tsv").write_text("1\t2\t3\n4\t5\t6\n")
    (tmp_path / "m.txt").write_text("1 2 3\n4 5 6\n")
    (tmp_path / "m.json").write_text(json.dumps(matrix.tolist()))
    for name in ("m.npy", "one.npz", "two.npz:a", "m.csv", "head.csv", "m.tsv", "m.txt", "m.json"):
        np.testing.assert_array_equal(read_value(f"@{tmp_path / name}"), matrix)
    (tmp_path / "column.csv").write_text("1\n2\n3\n")
    assert read_value(f"@{tmp_path / 'column.csv'}").shape == (3,)
    with pytest.raises(GradcliError, match="holds several arrays"):
        read_value(f"@{tmp_path / 'two.npz'}")
    with pytest.raises(GradcliError, match="may not be read here"):
        read_value(f"@{tmp_path / 'm.npy'}", files=False)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.npy", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8', \n", "holds no array of numbers"),
        ("text.npy", b"hello", "holds no array of numbers"),
        ("bad.npz", b"PK\x03\x04 not a zip", "holds no array of numbers"),
        ("ragged.csv", b"1,2\n3,4\n5,6,7\n", "line 3: the number of columns is 3, before it 2"),
        ("words.csv", b"1,2\n3,four\n", "holds no array of numbers"),
        ("empty.csv", b"", "is empty"),
        ("bad.json", b"[1, 2", "holds no array of numbers"),
        ("m.xlsx", b"1", "unknown kind of file"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GradcliError, match=words):
        read_value(f"@{tmp_path / name}")


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(GradcliError, match="holds no array of numbers"):
        read_value(f"@{tmp_path / 'p.npy'}")


def test_standard_input() -> None:
    np.testing.assert_array_equal(read_value("-", stdin=io.StringIO("1,2,3\n")), [1, 2, 3])
    np.testing.assert_array_equal(read_value("@-", stdin=io.BytesIO(b"1,2;3,4")), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(
        read_value("-", stdin=io.StringIO("1,2\n3,4\n")), [[1, 2], [3, 4]]
    )
    with pytest.raises(GradcliError, match="standard input is empty"):
        read_value("-", stdin=io.StringIO(" \n"))
