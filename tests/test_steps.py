"""`--steps`: the derivation in index notation, line by line; and nothing of it unasked."""

from __future__ import annotations

import json

import pytest
from commands import gradcli

from gradcli import api
from gradcli.limits import LIMITS
from gradcli.symbolic import steps as module

MATRIX = [[1, 2], [3, 4], [5, 7]]
SQUARE = [[2.0, 1.0], [1.0, 3.0]]

DERIVATIONS = [
    (
        "grad",
        "2*x.T@x",
        {"x": [0, 1, 2, 3]},
        [
            ("lowered", "f = 2 Σ_i x[i]²"),
            ("differentiated", "∂f/∂x[k] = 4 Σ_i x[i] δ[i,k]"),
            ("deltas eliminated", "∂f/∂x[k] = 4 x[k]"),
            ("matrix form", "∂f/∂x = 4*x"),
        ],
    ),
    (
        "grad",
        "norm(A@x-y)**2",
        {"x": [1, 2], "A": MATRIX, "y": [1, 2, 3]},
        [
            ("lowered", "f = Σ_i (Σ_j A[i,j] x[j] - y[i])²"),
            (
                "differentiated",
                "∂f/∂x[k] = 2 Σ_i (Σ_j A[i,j] x[j] - y[i]) Σ_j A[i,j] δ[j,k]",
            ),
            ("deltas eliminated", "∂f/∂x[k] = 2 Σ_i A[i,k] (Σ_j A[i,j] x[j] - y[i])"),
            ("matrix form", "∂f/∂x = 2*A.T@(A@x - y)"),
        ],
    ),
    (
        "grad",
        "logdet(X)",
        {"X": SQUARE},
        [
            ("lowered", "f = logdet(X)"),
            ("differential", "d log|det(A)| = tr(inv(A) dA)"),
            ("differentiated", "∂f/∂X[k,l] = inv(X)[l,k]"),
            ("matrix form", "∂f/∂X = inv(X).T"),
        ],
    ),
    (
        "grad",
        "sum(log(1+exp(-y*(X@w))))",
        {"w": [0.1, 0.2], "X": MATRIX, "y": [1, -1, 1]},
        [
            ("lowered", "f = Σ_i log(1 + exp(-y[i] Σ_j X[i,j] w[j]))"),
            (
                "differentiated",
                "∂f/∂w[k] = -Σ_i (y[i] exp(-y[i] Σ_j X[i,j] w[j]) Σ_j X[i,j] δ[j,k])"
                "/(1 + exp(-y[i] Σ_j X[i,j] w[j]))",
            ),
            (
                "deltas eliminated",
                "∂f/∂w[k] = -Σ_i X[i,k] y[i] exp(-y[i] Σ_j X[i,j] w[j])"
                "/(1 + exp(-y[i] Σ_j X[i,j] w[j]))",
            ),
            ("simplified", "∂f/∂w[k] = -Σ_i X[i,k] y[i] sigmoid(-y[i] Σ_j X[i,j] w[j])"),
            ("matrix form", "∂f/∂w = -X.T@(y*sigmoid(-y*(X@w)))"),
        ],
    ),
    (
        "grad",
        "logdet(A.T@A)",
        {"A": MATRIX},
        [
            ("lowered", "f = logdet(A.T@A)"),
            ("differential", "d log|det(A)| = tr(inv(A) dA)"),
            ("chain rule", "∂f/∂(A.T@A)[k,l] = inv(A.T@A)[k,l]"),
            ("differentiated", "∂f/∂A[k,l] = 2 Σ_i A[k,i] inv(A.T@A)[i,l]"),
            ("matrix form", "∂f/∂A = 2*A@inv(A.T@A)"),
        ],
    ),
    (
        "grad",
        "mean(x**2)",
        {"x": [1, 2, 3]},
        [
            ("lowered", "f = (Σ_i x[i]²)/n,  n = x.size"),
            ("differentiated", "∂f/∂x[k] = (2 Σ_i x[i] δ[i,k])/n"),
            ("deltas eliminated", "∂f/∂x[k] = 2 x[k]/n"),
            ("matrix form", "∂f/∂x = 2*x/x.size"),
        ],
    ),
    (
        "grad",
        "x**2 + f*i",  # its inputs have the names of a target and of an index
        {"x": [[1], [2]], "f": 1, "i": 2},
        [
            ("lowered", "sum(g) = n f i + Σ_j x[j,0]²,  n = x.shape[0]"),
            ("differentiated", "∂sum(g)/∂x[l,0] = 2 Σ_j x[j,0] δ[j,l]"),
            ("deltas eliminated", "∂sum(g)/∂x[l,0] = 2 x[l,0]"),
            ("matrix form", "∂sum(g)/∂x = 2*x"),
        ],
    ),
    (
        "jacobian",
        "A@tanh(x)",
        {"x": [1, 2], "A": MATRIX},
        [
            ("lowered", "f[i] = Σ_j A[i,j] tanh(x[j])"),
            ("differentiated", "∂f[i]/∂x[k] = Σ_j A[i,j] δ[j,k]/cosh(x[j])²"),
            ("deltas eliminated", "∂f[i]/∂x[k] = A[i,k]/cosh(x[k])²"),
            ("matrix form", "∂f/∂x = A/cosh(x)**2"),
        ],
    ),
]


@pytest.mark.parametrize(
    ("command", "expression", "inputs", "lines"), DERIVATIONS, ids=[one[1] for one in DERIVATIONS]
)
def test_the_lines_of_a_derivation(command, expression, inputs, lines):
    variable = next(iter(inputs))
    result = getattr(api, command)(expression, variable, steps=True, **inputs)
    closed = result.gradient[variable].closed
    assert closed.steps == lines
    assert closed.steps[-1][1].endswith(closed.text)
    assert result.check.verdict == "agree"


def test_a_cut_is_said():
    result = api.grad("stop_gradient(x)@x", x=[1, 2], steps=True)
    rules = [rule for rule, _ in result.gradient["x"].closed.steps]
    assert rules == ["lowered", "cut", "differentiated", "matrix form"]
    assert result.gradient["x"].closed.steps[2][1] == "∂f/∂x[k] = x[k]"


def test_the_matrix_form_has_the_layout():
    result = api.jacobian("A@x", "x", A=MATRIX, x=[1, 2], layout="denominator", steps=True)
    assert result.gradient["x"].closed.steps[-1] == ("matrix form", "∂f/∂x = A.T")


def test_long_lines_are_cut():
    nested = "x"
    for _ in range(5):
        nested = f"tanh(A@{nested})"
    result = api.grad(f"sum({nested})", "x", A=SQUARE, x=[1, 2], steps=True)
    texts = [text for _, text in result.gradient["x"].closed.steps]
    assert any(text.endswith("more characters)") for text in texts)
    assert max(map(len, texts)) < module.WIDTH + 40


def test_a_program_that_is_too_long_gets_few_lines():
    terms = " + ".join(f"sum(sin({n}*x)*exp(x/{n})*cos(x + {n}))" for n in range(1, 34))
    with LIMITS.raised(formula=60):  # it takes about 3 s on a quiet machine
        result = api.grad(terms, x=[1, 2], steps=True)
    steps = result.gradient["x"].closed.steps
    assert steps[0] == ("lowered", "f = … (too long to be written down)")
    assert len(steps) <= module.LINKS + 4


def test_what_nobody_thought_of_costs_the_lines_only(monkeypatch):
    def broken(*arguments):
        raise TypeError

    monkeypatch.setattr(module, "Derivation", broken)
    closed = api.grad("x@x", x=[1, 2], steps=True).gradient["x"].closed
    assert closed.text == "2*x"
    assert closed.steps == [("remark", "the derivation was not written down (TypeError)")]


def test_without_the_option_nothing_is_derived(monkeypatch):
    def never(*arguments, **options):
        raise AssertionError

    monkeypatch.setattr(module, "derivation", never)
    assert api.grad("x@x", x=[1, 2]).gradient["x"].closed.steps == []
    assert api.jacobian("x*x", x=[1, 2]).gradient["x"].closed.steps == []
    record = json.loads(gradcli("grad", "x@x", "--x", "1,2", "--format", "json").out)
    assert "steps" not in record["gradient"]["x"]


def test_plain_and_rich_print_the_lines_before_the_numbers():
    ran = gradcli("grad", "2*x.T@x", "--x", "1,2", "--steps")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "lowered: f = 2 Σ_i x[i]²",
        "differentiated: ∂f/∂x[k] = 4 Σ_i x[i] δ[i,k]",
        "deltas eliminated: ∂f/∂x[k] = 4 x[k]",
        "matrix form: ∂f/∂x = 4*x",
        "4,8",
    ]
    shown = gradcli("jacobian", "x**2", "--x", "1,2", "--steps", "--format", "rich").out
    assert "  lowered            f[i] = x[i]²\n" in shown
    assert shown.index("matrix form") < shown.rindex("∂f/∂x =")


def test_json_and_batch_hold_the_lines():
    ran = gradcli("grad", "x@x", "--x", "1,2", "--steps", "--format", "json")
    (first, *_, last) = json.loads(ran.out)["gradient"]["x"]["steps"]
    assert first == {"rule": "lowered", "text": "f = Σ_i x[i]²"}
    assert last == {"rule": "matrix form", "text": "∂f/∂x = 2*x"}
    request = {"command": "jacobian", "expression": "x", "inputs": {"x": [1, 2]}, "steps": True}
    answer = json.loads(gradcli("batch", stdin=json.dumps(request)).out)
    assert answer["jacobian"]["x"]["steps"][0] == {"rule": "lowered", "text": "f[i] = x[i]"}


def test_steps_need_a_closed_form():
    ran = gradcli("grad", "x@x", "--x", "1,2", "--steps", "--no-check")
    assert ran.status == 2
    assert "the steps lead to a closed form" in ran.err
