"""Repeated sub-expressions are shown once, and putting them back gives the whole formula."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import gradcli

from gradcli import api
from gradcli.execute import run
from gradcli.language import parse
from gradcli.symbolic import tree as t
from gradcli.symbolic.share import MOST, shared, whole

RNG = np.random.default_rng(3)
PLACES = {
    "attention": (
        "sum(C*(softmax(Q@K.T/sqrt(Q.shape[1]), axis=1)@V))",
        "Q",
        {"C": (3, 2), "Q": (3, 4), "K": (5, 4), "V": (5, 2)},
    ),
    "layer norm": ("g@((x - mean(x))/sqrt(mean((x - mean(x))**2) + 0.1))", "x", {"g": 4, "x": 4}),
    "ppca": (
        "0.5*(logdet(W@W.T + s*eye(W.shape[0])) + trace(inv(W@W.T + s*eye(W.shape[0]))@S))",
        "W",
        {"W": (4, 2), "s": (), "S": (4, 4)},
    ),
    "a chain": ("det(A@X@B@X@C)", "X", dict.fromkeys("ABCX", (3, 3))),
}


@pytest.mark.parametrize("place", PLACES)
def test_the_short_form_has_the_value_of_the_whole(place: str) -> None:
    expression, variable, shapes = PLACES[place]
    inputs = {name: RNG.uniform(0.5, 1.5, shape) for name, shape in shapes.items()}
    closed = api.grad(expression, wrt=[variable], **inputs).gradient[variable].closed
    assert closed is not None
    assert closed.text is not None
    assert closed.short is not None
    assert [name for name, _ in closed.shared] == [f"t{n}" for n in range(len(closed.shared))]
    assert len(closed.shared) == len(closed.shared_latex)
    length = len(closed.short) + sum(len(text) + 5 for _, text in closed.shared)
    assert length < len(closed.text)
    known = dict(inputs)
    for name, text in closed.shared:
        known[name] = value(text, known)
    np.testing.assert_allclose(value(closed.short, known), value(closed.text, inputs), rtol=1e-8)
    text = closed.short
    for name, piece in reversed(closed.shared):
        text = text.replace(name, f"({piece})")
    np.testing.assert_allclose(value(text, inputs), value(closed.text, inputs), rtol=1e-8)


def value(text: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    graph = parse(text).trace(inputs, dtype="float64").graph
    return np.asarray(run([graph.output], inputs)[0])


def softmaxes(count: int) -> t.Tree:
    """`softmax(2*x)*softmax(2*x)* ...`, and a chain of as many."""
    piece = t.call("softmax", t.product([t.number(2), t.name("x")]))
    return t.product([piece, t.sum_of([t.name("x"), t.chain([piece] * count)])])


def test_bindings_put_back_give_the_same_text() -> None:
    a, b, c = (t.name(name) for name in "ABC")
    chain = t.chain([a, b, t.call("inv", t.chain([a, b, c])), c, a, b, c])
    for tree in (softmaxes(2), softmaxes(3), t.sum_of([chain, t.transpose(t.call("inv", chain))])):
        bindings, short = shared(tree)
        assert bindings
        assert t.text_of(whole(bindings, short)) == t.text_of(tree)


def test_a_name_that_an_input_has_is_not_taken() -> None:
    bindings, _ = shared(softmaxes(3), taken=["t0", "t1"])
    assert [name for name, _ in bindings] == ["t2"]


def test_what_is_short_stays_whole() -> None:
    x = t.name("x")
    u = t.call("exp", x)
    assert shared(t.quotient(u, t.sum_of([t.number(1), u])))[0] == []
    assert shared(x) == ([], x)


def test_names_are_few() -> None:
    terms = []
    for n in range(20):
        piece = t.call("exp", t.product([t.number(n + 2), t.name("x"), t.name("y")]))
        terms += [t.product([piece, piece, t.name(f"a{n}")])]
    bindings, _ = shared(t.sum_of([*terms, *(t.call("sin", term) for term in terms)]))
    assert 0 < len(bindings) <= MOST


REQUEST = ("sum(softmax(A@x)*softmax(A@x)*x)", "--wrt", "A", "--A", "1,2;3,4", "--x", "1,2")


def test_json_has_the_short_form_beside_the_whole() -> None:
    done = gradcli("grad", *REQUEST, "--format", "json")
    record = json.loads(done.out)["gradient"]["A"]
    assert record["short"].count("softmax") == 0
    assert record["where"]["t0"] == "softmax(A@x)"
    assert "t0" not in record["formula"]


def test_the_view_and_latex_have_where_lines() -> None:
    shown = gradcli("grad", *REQUEST, "--format", "rich").out
    assert "where t0 = softmax(A@x)" in shown
    latex = gradcli("grad", *REQUEST, "--format", "latex").out
    assert r"&\quad t_{0} = " in latex


@pytest.mark.parametrize("form", ["rich", "latex", "json"])
def test_the_switch_keeps_formulas_whole(form: str) -> None:
    done = gradcli("grad", *REQUEST, "--no-where", "--format", form)
    assert "where" not in done.out
    assert "t0" not in done.out
    assert "t_{0}" not in done.out


def test_batch_has_the_switch() -> None:
    request = {
        "expression": REQUEST[0],
        "wrt": ["A"],
        "inputs": {"A": [[1, 2], [3, 4]], "x": [1, 2]},
    }
    lines = [json.dumps(request), json.dumps(request | {"where": False})]
    answers = gradcli("batch", stdin="\n".join(lines) + "\n").out.splitlines()
    first, second = (json.loads(line)["gradient"]["A"] for line in answers)
    assert "where" in first
    assert "where" not in second
    assert first["formula"] == second["formula"]
