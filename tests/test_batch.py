"""`gradcli batch`: one answer per line, in order, at once, whatever the line holds."""

import json
import subprocess
import sys

import pytest
from commands import gradcli

FIRST = {"id": 7, "command": "grad", "expression": "2*x.T@x", "inputs": {"x": [0, 1, 2, 3]}}


def ask(*requests, options=()):
    """Answers and exit status of some requests (dicts, or raw lines)."""
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in requests]
    ran = gradcli("batch", "-", *options, stdin=b"\n".join(lines) + b"\n")
    assert ran.err == ""
    return [json.loads(line) for line in ran.out.splitlines()], ran.status


def one(request, **fields):
    """The answer to one request."""
    (answer,), _ = ask({**request, **fields} if isinstance(request, dict) else request)
    return answer


def test_the_request_of_the_design():
    answer = one(FIRST, wrt=["x"], check=False)
    assert answer["id"] == 7
    assert answer["command"] == "grad"
    assert answer["target"]["value"] == 28.0
    assert answer["gradient"]["x"] == {"shape": [4], "value": [0.0, 4.0, 8.0, 12.0]}
    assert "check" not in answer


def test_an_answer_is_what_format_json_prints():
    answer = one(FIRST)
    printed = gradcli("grad", "2*x.T@x", "--x", "0,1,2,3", "--format", "json")
    assert answer == {"id": 7, **json.loads(printed.out)}
    assert answer["check"]["verdict"] == "agree"


def test_answers_come_in_order():
    answers, status = ask(*({**FIRST, "id": n, "check": False} for n in range(20)))
    assert [answer["id"] for answer in answers] == list(range(20))
    assert status == 0


@pytest.mark.parametrize(
    ("line", "kind", "identity"),
    [
        (b"{", "parse", None),
        (b"not json", "parse", None),
        (b"\xff\xfe", "parse", None),
        (b"[1, 2]", "value", None),
        (b"[" * 100_000, "limit", None),
        (b"1" * 5000, "parse", None),
        (b'{"id": 1}', "value", 1),
        (b'{"id": "a", "command": "minimize", "expression": "x"}', "value", "a"),
        (b'{"id": 2, "command": ["grad"], "expression": "x"}', "value", 2),
        (b'{"id": 3, "expression": "x", "wtr": ["x"]}', "value", 3),
        (b'{"id": 4, "expression": 5}', "value", 4),
        (b'{"id": 5, "expression": "x", "program": "x"}', "value", 5),
        (b'{"id": 6, "expression": "x", "inputs": [1]}', "value", 6),
        (b'{"id": 6, "expression": "x", "inputs": {"": 1}}', "value", 6),
        (b'{"id": 7, "expression": "x", "inputs": {"x": 1}, "check": "no"}', "value", 7),
        (b'{"id": 8, "expression": "x", "inputs": {"x": 1}, "wrt": "y"}', "name", 8),
        (b'{"id": 9, "expression": "x", "inputs": {"x": 1}, "seed": -1}', "value", 9),
        (b'{"id": 10, "expression": "x", "inputs": {"x": 1}, "dtype": "int"}', "value", 10),
        (b'{"id": 11, "expression": "x", "inputs": {"x": [1, [2]]}}', "shape", 11),
        (b'{"id": 12, "expression": "x+", "inputs": {"x": 1}}', "parse", 12),
        (b'{"id": 13, "expression": "tnah(x)", "inputs": {"x": 1}}', "name", 13),
        (b'{"id": 14, "expression": "A@x", "inputs": {"A": [[1, 2]], "x": [1]}}', "shape", 14),
        (b'{"id": 15, "expression": "x", "inputs": {}}', "name", 15),
        (b'{"id": 16, "command": "ops", "names": ["tna"]}', "name", 16),
        (b'{"id": 17, "command": "ops", "names": 3}', "value", 17),
        (b'{"id": 18, "expression": "zeros((1000000, 1000000))", "command": "eval"}', "limit", 18),
        (b'{"id": {"a": [1]}, "expression": ""}', "parse", {"a": [1]}),
    ],
)
def test_a_bad_request_is_answered_and_the_rest_goes_on(line, kind, identity):
    answers, status = ask(line, FIRST)
    assert answers[0]["id"] == identity
    assert answers[0]["error"]["kind"] == kind
    assert set(answers[0]["error"]) == {"kind", "message", "span", "hint"}
    assert answers[1]["target"]["value"] == 28.0
    assert status == 2


def test_an_error_has_its_place():
    answer = one({"id": 1, "expression": "2*tnah(x)", "inputs": {"x": 1}})
    assert answer["error"] == {
        "kind": "name",
        "message": "unknown function 'tnah'",
        "span": [2, 6],
        "hint": "did you mean 'tanh'?",
    }


def test_an_error_in_a_value_text_names_the_input():
    answer = one({"expression": "x", "inputs": {"x": "1,,2"}})
    assert answer["error"]["message"].startswith("input 'x': ")


def test_files_only_where_allowed(tmp_path):
    (tmp_path / "x.csv").write_text("1\n2\n")
    request = {"command": "eval", "expression": "sum(x)", "inputs": {"x": f"@{tmp_path}/x.csv"}}
    assert one(request)["error"]["kind"] == "io"
    (answer,), _ = ask(request, options=["--allow-files"])
    assert answer["target"]["value"] == 3.0


def test_standard_input_is_never_an_input():
    for text in ("-", "@-"):
        assert one({"expression": "x", "inputs": {"x": text}})["error"]["kind"] == "io"


def test_unused_inputs_are_noted():
    answer = one(FIRST, inputs={"x": [1, 2], "y": 3}, check=False)
    assert list(answer["gradient"]) == ["x"]
    assert answer["notes"] == ["the expression does not use 'y'"]
    answer = one(FIRST, inputs={"x": [1, 2], "y": 3}, wrt=["y"], check=False)
    assert answer["gradient"]["y"]["value"] == 0.0
    assert answer["gradient"]["y"]["reasons"] == ["y is not used"]


def test_non_finite_numbers_are_strings():
    answer = one({"command": "eval", "expression": "x", "inputs": {"x": ["nan", "-inf"]}})
    assert answer["target"]["value"] == ["nan", "-inf"]


def test_blank_lines_are_no_requests():
    answers, status = ask(b"", b"  ", FIRST, b"\t")
    assert len(answers) == 1
    assert status == 0


def test_a_byte_order_mark_is_nothing():
    assert one(b"\xef\xbb\xbf" + json.dumps(FIRST).encode())["id"] == 7


def test_a_huge_line_is_bounded():
    long = b'{"id": 1, "expression": "' + b"x" * 300_000 + b'"}'
    answers, _ = ask(long, FIRST, options=["--limit", "line=200000"])
    assert answers[0]["error"]["kind"] == "limit"
    assert answers[0]["id"] is None
    assert answers[1]["id"] == 7


def test_the_last_line_needs_no_end():
    ran = gradcli("batch", stdin=json.dumps(FIRST))
    assert json.loads(ran.out)["id"] == 7


def test_a_request_has_its_time():
    text = "+".join(f"sum(sin({n}*ones((3000, 1000))))" for n in range(300))
    slow = {"id": 1, "command": "eval", "expression": text}
    answers, _ = ask(slow, {**FIRST, "check": False}, options=["--limit", "seconds=0.3"])
    assert answers[0]["error"]["kind"] == "limit"
    assert "0.3 s" in answers[0]["error"]["message"]
    assert answers[1]["target"]["value"] == 28.0


def test_the_exit_status_is_that_of_the_worst_answer():
    kink = {"command": "grad", "expression": "abs(x)", "inputs": {"x": 0}}
    assert ask(FIRST, kink)[1] == 3
    assert ask(kink, b"{", FIRST)[1] == 2


def test_requests_in_a_file(tmp_path):
    path = tmp_path / "requests.jsonl"
    path.write_text(json.dumps(FIRST))
    assert json.loads(gradcli("batch", str(path)).out)["id"] == 7
    ran = gradcli("batch", str(tmp_path / "none"))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: cannot read")


def test_ops():
    answer = one({"id": 1, "command": "ops", "names": ["np.tan"]})
    assert answer["functions"][0]["name"] == "tan"
    assert len(one({"command": "ops"})["functions"]) > 100


def test_each_answer_is_there_before_the_next_question():
    with subprocess.Popen(
        [sys.executable, "-m", "gradcli", "batch", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        for number in range(3):
            request = {**FIRST, "id": number, "check": False}
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait() == 0
