"""Input values of JSON requests."""

import json

import numpy as np
import pytest

from gradcli.cli.jsonvalues import input_array
from gradcli.errors import GradcliError
from gradcli.limits import LIMITS


def read(text):
    return input_array("x", json.loads(text), files=False, draw=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3.0),
        ("-1.5e-3", -1.5e-3),
        ("[0, 1, 2]", [0.0, 1.0, 2.0]),
        ("[[1, 2], [3, 4]]", [[1.0, 2.0], [3.0, 4.0]]),
        ('["nan", "inf", "-inf", 1]', [np.nan, np.inf, -np.inf, 1.0]),
        ("[NaN, Infinity]", [np.nan, np.inf]),
        ("[true, false]", [True, False]),
        ("[]", np.zeros(0)),
        ("[[], []]", np.zeros((2, 0))),
        ('{"shape": [], "data": 2}', 2.0),
        ('{"shape": [2, 1], "data": [[1], [2]]}', [[1.0], [2.0]]),
        ('{"shape": [2, 2], "data": [1, 2, 3, 4]}', [[1.0, 2.0], [3.0, 4.0]]),
        ('{"shape": [0, 3], "data": []}', np.zeros((0, 3))),
        ('{"shape": [1], "data": ["nan"]}', [np.nan]),
        ('{"shape": [1], "data": [3], "dtype": "int64"}', [3.0]),
    ],
)
def test_values(text, expected):
    array = read(text)
    expected = np.asarray(expected)
    assert array.shape == expected.shape
    assert array.dtype == expected.dtype
    assert np.array_equal(array, expected, equal_nan=expected.dtype.kind == "f")


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("[1, [2]]", "shape", "the rows do not have the same depth"),
        ("[[1], 2]", "shape", "the rows do not have the same length"),
        ("[[1, 2], [3]]", "shape", "the rows do not have the same length"),
        ("null", "value", "null is no number"),
        ('["a"]', "value", "'a' is no number"),
        ("[{}]", "value", "an object is no number"),
        ("{}", "value", 'an object has the keys "shape" and "data"'),
        (
            '{"shape": [2], "data": [1, 2], "size": 2}',
            "value",
            'an object has the keys "shape" and "data"',
        ),
        ('{"shape": 2, "data": [1, 2]}', "value", '"shape" must be a list of whole numbers'),
        ('{"shape": [true], "data": [1]}', "value", '"shape" must be a list of whole numbers'),
        ('{"shape": [-1], "data": [1]}', "value", '"shape" must be a list of whole numbers'),
        ('{"shape": [3], "data": [1, 2]}', "shape", "the data has shape (2,), not (3,)"),
        (
            '{"shape": [2, 2], "data": [[1, 2, 3, 4]]}',
            "shape",
            "the data has shape (1, 4), not (2, 2)",
        ),
        ("1" + "0" * 400, "value", "a number is too large for float64"),
    ],
)
def test_what_is_refused(text, kind, message):
    with pytest.raises(GradcliError) as caught:
        read(text)
    assert (caught.value.kind, caught.value.message) == (kind, f"input 'x': {message}")


def test_size_is_checked_before_allocating():
    with pytest.raises(GradcliError, match="the limit is"):
        read('{"shape": [1000000, 1000000], "data": [1]}')
    with LIMITS.raised(elements=3), pytest.raises(GradcliError, match="the limit is"):
        read("[1, 2, 3, 4]")
