"""The compact tape of long loops: the same numbers as the path on which every operation is a node.

`WARM` decides when scalars go onto the tape, `FEW` how many records become nodes again. Set very
large, all is nodes; set to 1 and 0, every run of scalars is one `scalars` op.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from gradcli import api
from gradcli.errors import GradcliError
from gradcli.graph import Node
from gradcli.language import parse, recorder
from gradcli.language import run as one_run
from gradcli.ops.tape import SCALARS

NEVER = 10**9


def grad(
    monkeypatch: pytest.MonkeyPatch, text: str, inputs: Mapping[str, Any], warm: int, few: int
) -> Any:
    monkeypatch.setattr(one_run, "WARM", warm)
    monkeypatch.setattr(recorder, "FEW", few)
    return api.grad(text, check=False, **inputs)


def both(monkeypatch: pytest.MonkeyPatch, text: str, **inputs: Any) -> Any:
    """The answer by nodes, after the tape's three ways gave the same."""
    nodes = grad(monkeypatch, text, inputs, NEVER, NEVER)
    for warm, few in ((1, 0), (256, 2_000), (1, NEVER)):
        tape = grad(monkeypatch, text, inputs, warm, few)
        assert tape.target.value.shape == nodes.target.value.shape
        np.testing.assert_allclose(tape.target.value, nodes.target.value, rtol=1e-13)
        for name, want in nodes.gradient.items():
            got = tape.gradient[name].value
            assert got.shape == want.value.shape
            np.testing.assert_allclose(got, want.value, rtol=1e-11, atol=1e-14)
    return nodes


LOOP = "y = x\nfor i in range(400):\n"
PROGRAMS: list[tuple[str, str, dict[str, Any]]] = [
    ("arithmetic", LOOP + "    y = y/1.0001 + x/3 - 7/x*0.001 - 2**-i\ny", {"x": 1.3}),
    ("functions", LOOP + "    y = exp(-y) + log1p(x*x) + sqrt(x) + tanh(y) + arctan2(y, x)\ny", {"x": 1.3}),
    ("remainder", LOOP + "    y = y % 1.7 + x\ny", {"x": 0.9}),
    ("choices", LOOP + "    y = max(y*0.999, 0.5) + min(x, 0.001)\ny", {"x": 1.3}),
    ("branches", LOOP + "    if y > 1:\n        y = y*0.5*x\n    elif y < 0.3 or i % 7 == 3:\n        y = y + x\n    else:\n        y = y*1.1\ny", {"x": 1.3}),
    ("two scalars", "a, b = x, y\nfor i in range(400):\n    a, b = a - 0.01*b, b + 0.01*a\na*b", {"x": 1.3, "y": 0.4}),
    ("a pair in a list", "p = [x, y]\nfor i in range(400):\n    p = [p[0] - 0.01*p[1], p[1] + 0.01*p[0]]\np[0]*p[1]", {"x": 1.3, "y": 0.4}),
    ("a pair in an array", "p = array([x, y])\nfor i in range(300):\n    p = array([p[0] - 0.01*p[1], p[1] + 0.01*p[0]])\np[0]*p[1]", {"x": 1.3, "y": 0.4}),
    ("a growing list", "ys = [x]\nfor i in range(400):\n    ys.append(ys[-1]*0.99 + 0.01*ys[i//2])\nys[300]*ys[-1] + sum(ys)", {"x": 1.3}),
    ("stacked at the end", "ys = []\n" + LOOP + "    y = 0.99*y + 0.01*cos(y)\n    ys.append(y)\nsum(array(ys)**2)", {"x": 1.3}),
    ("own functions", "def f(a, b):\n    return a*b + sin(a)\n" + LOOP + "    y = f(y, 0.3)*0.7 + f(x, 0.1)*0.01\ny", {"x": 1.3}),
    ("closures", LOOP + "    f = lambda t: t*0.5 + y*0.1\n    y = f(x) + f(y)\ny", {"x": 0.9}),
    ("recursion", "def f(n, t):\n    return t if n == 0 else 0.99*f(n-1, t) + 0.001*t*t\nf(300, x)", {"x": 0.9}),
    ("entries of a vector", "s = 0\nfor k in range(200):\n    for i in range(len(x)):\n        s = s*0.99 + x[i]*x[(i+1) % len(x)]*x[-1]\ns", {"x": [1.3, 2.0, 0.3]}),
    ("entries of a matrix", "s = 0.0\nfor k in range(400):\n    s = s*0.99 + A[k % 2, k % 3]*A[0][1]\ns", {"A": [[1.3, 2.0, 3.0], [0.4, 0.5, 0.6]]}),
    ("an old scalar", "old = x*x + 1\n" + LOOP + "    y = y*0.99 + old*0.01\n    if i == 300:\n        kept = y\ny*old*kept", {"x": 1.3}),
    ("an entry of an array made before", "v = w*x\n" + LOOP + "    y = y*0.99 + v[1]*0.01 + sum(w)*0.001\ny*sum(v)", {"x": 1.3, "w": [1.0, 2.0, 3.0]}),
    ("scalars meet arrays", LOOP + "    y = y*0.999 + x*0.001\n    if i % 100 == 0:\n        w = w*y*0.5\nsum(w) + y", {"x": 1.3, "w": [1.0, 2.0]}),
    ("an array in each turn", "v = w*x\nfor i in range(300):\n    v = v*0.99 + x*0.01\n    x = x*0.999 + v[0]*0.001\nsum(v)*x", {"x": 1.3, "w": [1.0, 2.0, 3.0]}),
    ("items assigned", "for i in range(300):\n    w[i % 3] = w[i % 3]*0.99 + x*0.01\n    x = x*0.999\nsum(w**2)*x", {"x": 1.3, "w": [1.0, 2.0, 3.0]}),
    ("a cut", LOOP + "    y = y*0.9 + stop_gradient(y)*0.05 + x*0.01\ny", {"x": 1.3}),
    ("fan-out", LOOP + "    y = y*y*0.3 + y*0.5 - y*x*0.01\ny", {"x": 1.3}),
    ("unused", LOOP + "    z = y*2\n    y = y*0.99\ny", {"x": 1.3}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inputs"), [row[1:] for row in PROGRAMS], ids=[row[0] for row in PROGRAMS])  # fmt: skip
def test_equal_to_the_node_path(
    monkeypatch: pytest.MonkeyPatch, text: str, inputs: dict[str, Any]
) -> None:
    both(monkeypatch, text, **inputs)


SPECIAL = [
    ("1/y", 0.0), ("y/0", 1.3), ("log(y)", -1.0), ("log(y)", 0.0), ("exp(y)", 1000.0), ("exp(y)", -1000.0),
    ("y**0.5", -1.0), ("y**0.5", 0.0), ("y**2", -3.0), ("y**3", 0.0), ("y**-1", 0.0), ("y**0", 0.0), ("0**y", 0.0),
    ("2**y", 2000.0), ("y**x", -2.0), ("y*1e308*1e308", 2.0), ("sqrt(y)", 0.0), ("abs(y)", 0.0),
    ("tanh(y)", 20.0), ("log1p(y)", -1.0), ("expm1(y)", 1e-12), ("sin(y)", math.inf), ("y*0", math.inf),
    ("y - y", math.nan), ("max(y, 1)", math.nan), ("y % 0", 1.0), ("hypot(y, 0)", 0.0), ("sinh(y)", 1000.0),
]  # fmt: skip


@pytest.mark.parametrize(("piece", "x"), SPECIAL)
def test_values_that_are_special(monkeypatch: pytest.MonkeyPatch, piece: str, x: float) -> None:
    """Where Python's own functions raise, NumPy's value holds: inf or nan, as on nodes."""
    both(monkeypatch, f"y = x\nfor i in range(100):\n    z = y*1\nz = {piece}\nfor i in range(3):\n    z = z*1.0\nz", x=x)  # fmt: skip


def tapes(text: str, **inputs: Any) -> list[Node]:
    arrays = {name: np.array(value, dtype=float) for name, value in inputs.items()}
    graph = parse(text).compacted().trace(arrays).graph
    return [node for node in graph.nodes() if node.op is SCALARS]


def test_a_long_loop_is_one_node() -> None:
    turns = 50_000
    (tape,) = tapes(f"y = x\nfor i in range({turns}):\n    y = y*0.9999 + x\ny", x=1.0)
    records = tape.params["records"]
    assert 2 * (turns - 256) <= records.size - records.first <= 2 * turns


def test_records_grow_linearly() -> None:
    text = "y = x\nfor i in range({}):\n    y = sin(y)*x\ny"
    found = [
        tapes(text.format(turns), x=1.0)[0].params["records"] for turns in (5_000, 10_000, 20_000)
    ]
    lengths = [records.size - records.first for records in found]
    assert lengths[1] - lengths[0] == 10_000
    assert lengths[2] - lengths[1] == 20_000


def test_second_derivatives_do_not_use_the_tape() -> None:
    """y = x**3 in 3000 steps that change nothing."""
    text = "y = x**3\nfor i in range(1000):\n    y = y + x - x\ny"
    assert api.hessian(text, check=False, x=2.0).gradient["x,x"].value == 12.0


def test_geometric_sum() -> None:
    """y = x*(1 + r + ... + r**n) by r: a closed form after 100 000 turns."""
    n, r, x = 100_000, 0.9999, 3.0
    result = api.grad(f"y = x\nfor i in range({n}):\n    y = y*r + x\ny", check=False, r=r, x=x)
    total = (1 - r ** (n + 1)) / (1 - r)
    slope = (-(n + 1) * r**n * (1 - r) + 1 - r ** (n + 1)) / (1 - r) ** 2
    np.testing.assert_allclose(result.gradient["x"].value, total, rtol=1e-10)
    np.testing.assert_allclose(result.gradient["r"].value, x * slope, rtol=1e-10)


def test_entries_of_a_long_vector() -> None:
    """A sum of squares, entry by entry: 2*x; what the loop never reads stays 0."""
    x = np.linspace(-1, 1, 5_000)
    text = "s = 0.0\nfor i in range(0, len(x), 2):\n    s += x[i]**2\ns"
    want = np.where(np.arange(x.size) % 2 == 0, 2 * x, 0.0)
    np.testing.assert_allclose(api.grad(text, check=False, x=x).gradient["x"].value, want, rtol=1e-14)  # fmt: skip


AFTER = "y = x\nfor i in range(400):\n    y = y*0.99\nfor k in range(1):\n    z = {}\nz"


@pytest.mark.parametrize("piece", ["sin(y, y)", "maximum(y)", "exp(y, 1)", "power(y)", "where(y, y)"])  # fmt: skip
def test_wrong_number_of_arguments(piece: str) -> None:
    with pytest.raises(GradcliError, match="argument"):
        api.grad(AFTER.format(piece), check=False, x=1.3)


@pytest.mark.parametrize("piece", ["floor(y)*x", "(y//2)*x", "trunc(y)*x", "sign(y)*x", "ceil(y)*x"])  # fmt: skip
def test_cuts_in_a_long_run(monkeypatch: pytest.MonkeyPatch, piece: str) -> None:
    both(monkeypatch, f"y = x\nfor i in range(2000):\n    y = y*0.9999 + 0.001\ny = {piece}\ny", x=5.3)  # fmt: skip


def test_derivative_by_an_intermediate_after_a_long_loop() -> None:
    text = "y = x\nfor i in range(5000):\n    y = y*0.9999 + 0.001*x\nz = y*y"
    y = api.evaluate(text.replace("z = y*y", "y"), x=3.0)
    np.testing.assert_allclose(api.grad(text, "y", check=False, x=3.0).gradient["y"].value, 2 * y)


LISTS = [
    ("y[0] = y[0]*0.99", "y[0]"),
    ("y[0] = y[0]*0.9 + 0.1*y[1]\n    y[1] = y[1]*0.99", "y[1] + y[0]"),
    ("y[0] = y[0]*0.99\n    y[1] += y[0]", "y[1]*x"),
    ("y[0] = y[0]*0.9\n    y.append(y[0])\n    y.pop(1)", "y[1] + y[0]"),
    ("y[0] = y[0]*0.99\n    z[0] = z[0]*1.001", "y[0] + z[0]"),
    ("f(y)", "y[0]"),
    ("y[2][i % 2] = y[2][0]*0.99 + y[0]*0.01\n    y[0] = y[0]*0.999", "y[2][0] + y[2][1]*y[0]"),
]


# BUG, the most serious one: a list that holds scalars of the tape is copied before it is changed,
# so the change is lost. Every witness records the program anew and agrees.
@pytest.mark.parametrize(("body", "result"), LISTS, ids=[row[0] for row in LISTS])
def test_lists_that_change_in_a_long_loop(
    monkeypatch: pytest.MonkeyPatch, body: str, result: str
) -> None:
    """The value must be that of Python."""
    head = (
        "def f(l):\n    l[0] = l[0]*0.99\ny = [x, x*x, [x, 2*x]]\nz = y\nfor i in range(300):\n    "
    )
    names: dict[str, Any] = {"x": 1.3}
    exec(f"{head}{body}\nwanted = {result}", names)
    nodes = both(monkeypatch, f"{head}{body}\n{result}", x=1.3)
    np.testing.assert_allclose(nodes.target.value, names["wanted"], rtol=1e-12)
