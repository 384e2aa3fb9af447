"""The commands end to end, in this process: stdout, stderr and exit status."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from commands import gradcli

X = ("--x", "0,1,2,3")


def test_grad_in_a_pipe_is_the_gradient():
    ran = gradcli("grad", "2*x.T@x", *X)
    assert (ran.status, ran.out, ran.err) == (0, "0,4,8,12\n", "")


def test_a_column_stays_a_column():
    ran = gradcli("grad", "2*x.T@x", "--x", "0;1;2;3", "--format", "json")
    record = json.loads(ran.out)
    assert record["target"]["shape"] == [1, 1]
    assert record["gradient"]["x"]["shape"] == [4, 1]
    assert record["check"]["verdict"] == "agree"


def test_the_json_of_the_design():
    ran = gradcli("grad", "2*x.T@x", *X, "--format", "json")
    record = json.loads(ran.out)
    assert record["schema"] == 1
    assert record["command"] == "grad"
    assert record["expression"] == "2*x.T@x"
    assert record["target"]["value"] == 28.0
    entry = record["gradient"]["x"]
    assert (entry["shape"], entry["value"]) == ([4], [0.0, 4.0, 8.0, 12.0])
    assert entry["formula"].replace(" ", "") == "4*x"
    assert record["check"]["verdict"] == "agree"
    assert record["check"]["witnesses"]["formula"]["max_abs"] == 0.0
    assert ran.err == ""


def test_pipeline():
    first = gradcli("grad", "2*x.T@x", *X)
    assert gradcli("eval", "norm(g)", "--g", "-", stdin=first.out).out == "14.966629547095765\n"


def test_eval():
    assert gradcli("eval", "1+1").out == "2\n"
    assert gradcli("eval", "A@x", "--A", "1,2;3,4", "--x", "1,-1").out == "-1,-1\n"
    assert gradcli("eval", "x > 1", "--x", "1,2").out == "[False,True]\n"


def test_several_gradients_are_named():
    ran = gradcli("grad", "w@x", "--x", "1,2", "--w", "3,4", "--no-check")
    assert ran.out == "w=1,2\nx=3,4\n"
    assert gradcli("grad", "w@x", "--x", "1,2", "--w", "3,4", "--wrt", "x").out == "3,4\n"
    assert gradcli("grad", "w@x", "--x", "1,2", "--w", "3,4", "--const", "x").out == "1,2\n"


def test_a_leading_minus():
    assert gradcli("grad", "-x**2", "--x", "-1,2", "--no-check").out == "2,-4\n"
    assert gradcli("eval", "-v*1", "-v", "v=-3").out == "3\n"


def test_check_in_a_pipe_is_the_verdict():
    ran = gradcli("check", "norm(A@x-y)**2", "--A", "1,2;3,4;5,6", "--x", "1,2", "--y", "1,0,1")
    assert ran.status == 0
    assert ran.out.startswith("agree (formula ")
    assert ran.out.count("\n") == 1
    assert ran.err == ""


def test_a_kink_is_inconclusive():
    ran = gradcli("check", "sum(abs(x))", "--x", "0,1")
    assert ran.status == 3
    assert ran.out.startswith("inconclusive")
    assert "x[0]" in ran.out
    ran = gradcli("grad", "sum(abs(x))", "--x", "0,1")
    assert (ran.status, ran.out) == (3, "0,1\n")
    assert "note: inconclusive" in ran.err


def test_what_is_not_finite_exits_3():
    ran = gradcli("grad", "log(x)", "--x", "0", "--no-check")
    assert (ran.status, ran.out) == (3, "inf\n")


def test_an_implied_sum_is_noted_on_stderr():
    ran = gradcli("grad", "x**2", "--x", "1,2")
    assert ran.out == "2,4\n"
    assert ran.err == "note: the target has shape (2,); its sum is differentiated\n"


def test_the_seed_is_printed_where_it_matters():
    ran = gradcli("eval", "sum(x)", "--x", "randn(3)")
    assert ran.err == "note: random 'x': --seed 0\n"
    assert gradcli("eval", "sum(x)", "--x", "randn(3)", "--seed", "1").out != ran.out
    assert gradcli("eval", "sum(x)", "--x", "1,2").err == ""
    assert gradcli("eval", "a - b", "--a", "randn(1)", "--b", "randn(1)").out != "[0]\n"


def test_an_unused_input_has_gradient_zero_where_it_is_asked_for():
    ran = gradcli("grad", "x**2", "--x", "3", "--k", "1,2", "--wrt", "x,k", "--no-check")
    assert ran.out == "x=6\nk=0,0\n"
    assert "note: k is not used\n" in ran.err
    assert ran.status == 0


def test_an_input_that_steers_only_has_gradient_zero():
    ran = gradcli("grad", "x**2 if y > x else x*y", "--x", "1", "--y", "2")
    assert ran.out == "x=2\ny=0\n"
    assert ran.err == (
        "note: on the path taken: if y > x: taken\nnote: y decides branches or positions only\n"
    )
    assert ran.status == 0
    assert gradcli("check", "stop_gradient(y)*x", "--x", "1", "--y", "2").status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grad", "2*tnah(x)", "--x", "1"], "error: unknown function 'tnah'\n  2*tnah(x)\n    ^^^^\nhint: did you mean 'tanh'?\n"),
        (["grad", "A@x+b"], "error: no value for 'A', 'x' and 'b'\n  A@x+b\n  ^\nhint: add --A VALUE --x VALUE --b VALUE\n"),
        (["grad", "x**2", "--x", "3", "--xx", "1"], "error: the expression does not use 'xx'\nhint: did you mean '--format'?\n"),
        (["grad", "x**2", "--x", "3", "--formt", "json"], "error: the expression does not use 'formt'\nhint: did you mean '--format'?\n"),
        (["grad", "x", "--x"], "error: --x has no value\nhint: write --x VALUE\n"),
        (["grad", "x", "--x", "1", "--x", "2"], "error: 'x' is given twice\nhint: give each input one value\n"),
        (["grad", "x**2", "--x", "3", "--wrt", "y"], "error: there is no input 'y' to differentiate by\nhint: the inputs are x\n"),
        (["grad", "x**2", "--x", "3", "--wrt", "x", "--const", "x"], "error: 'x' is to be constant and to be differentiated by\n"),
        (["grad", "1+1"], "error: there is no input to differentiate by\nhint: gradcli eval gives the value\n"),
        (["grad"], "error: there is no expression\nhint: write one, as in gradcli grad"),
        (["grad", "x", "y", "--x", "1"], "error: got unexpected extra argument (y)\nhint: quote the expression, and each value, so that the shell keeps it in one piece\n"),
        (["grad", "x", "--x", "1", "--limit", "foo=1"], "error: unknown limit 'foo'\n"),
        (["grad", "x", "--x", "1", "--limit", "ops"], "error: --limit ops: write NAME=NUMBER\nhint: for instance --limit seconds=120\n"),
        (["eval", "a+b", "--a", "-", "--b", "@-"], "error: 'a' and 'b' cannot all come from standard input\nhint: give the others as files\n"),
        (["eval", "1 + inv(A)", "--A", "1,2;2,4"], "error: inv: the matrix is singular\n  1 + inv(A)\n      ^^^^^^\n"),
        (["frad"], "error: unknown command 'frad'\nhint: did you mean 'grad'?\n"),
        (["ops", "tna"], "error: unknown function 'tna'\nhint: did you mean 'tan'?\n"),
            ],
)  # fmt: skip
def test_errors(arguments, message):
    ran = gradcli(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(message.removesuffix("hint: did you mean '--format'?\n"))
    if "--format" not in message:
        assert ran.err.startswith(message)


@pytest.mark.parametrize("value", ["1,,2", "1,2;3", "@missing.npy", "[[1],2]", "", "a"])
def test_a_bad_value_names_its_option(value):
    ran = gradcli("eval", "x", "--x", value)
    assert ran.status == 2
    assert ran.err.startswith("error: --x: ")


@pytest.mark.parametrize("text", ["x^2", "x'", "(x", "", " ", "\x1b[31m", "x\udc80", "x" * 30_000])
def test_a_bad_expression_is_one_error(text):
    ran = gradcli("grad", text, "--x", "1")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err
    assert "\x1b" not in ran.err


def test_quiet_prints_nothing():
    assert gradcli("check", "sum(abs(x))", "--x", "0,1", "-q")[:3] == (3, "", "")
    assert gradcli("grad", "x**2", "--x", "1,2", "-q")[:3] == (0, "", "")


@pytest.mark.parametrize(
    ("name", "start"),
    [("g.json", b'{"schema": 1'), ("g.csv", b"0\n4\n"), ("g.tex", b"\\begin{align*}"),
     ("g.txt", b"0,4,8,12\n"), ("g.npy", b"\x93NUMPY"), ("g.npz", b"PK")],
)  # fmt: skip
def test_output_file_by_its_name(tmp_path, name, start):
    ran = gradcli("grad", "2*x.T@x", *X, "-o", str(tmp_path / name))
    assert (ran.status, ran.out) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(start)


def test_output_that_cannot_be_written(tmp_path):
    ran = gradcli("grad", "2*x.T@x", *X, "-o", str(tmp_path / "no" / "file"))
    assert ran.status == 2
    assert "cannot write" in ran.err


def test_npy_reads_back_and_never_goes_to_a_terminal():
    ran = gradcli("grad", "2*x.T@x", *X, "--format", "npy")
    assert np.array_equal(np.load(io.BytesIO(ran.raw)), [0, 4, 8, 12])
    ran = gradcli("grad", "2*x.T@x", *X, "--format", "npy", terminal=True)
    assert (ran.status, ran.out) == (2, "")


def test_float32():
    record = json.loads(
        gradcli("eval", "x/3", "--x", "1", "--dtype", "float32", "--format", "json").out
    )
    assert record["target"]["value"] == pytest.approx(1 / 3, rel=1e-7)
    assert record["target"]["value"] != 1 / 3


def test_the_terminal_view():
    ran = gradcli("grad", "2*x.T@x", *X, terminal=True, variables={"NO_COLOR": "1", "TERM": "dumb"})
    assert "f = 2*x.T@x\n" in ran.out
    assert "✓ agree" in ran.out
    assert "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("variables", "terminal", "codes", "colours"),
    [
        ({}, True, True, True),
        ({"NO_COLOR": "1"}, True, True, False),
        ({"TERM": "dumb"}, True, False, False),
        ({}, False, False, False),
        ({"FORCE_COLOR": "1"}, False, True, True),
        ({"FORCE_COLOR": "0"}, False, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True, False),
    ],
)
def test_colours(variables, terminal, codes, colours):
    ran = gradcli(
        "grad", "2*x.T@x", *X, "--format", "rich", terminal=terminal, variables=variables
    )  # fmt: skip
    assert ("\x1b[" in ran.out) == codes
    assert ("\x1b[1;36m" in ran.out) == colours
    ran = gradcli("grad", "x^", "--x", "1", terminal=terminal, variables=variables)
    assert ("\x1b[1;31m" in ran.err) == colours


def test_force_color_does_not_change_what_a_pipe_reads():
    ran = gradcli("grad", "2*x.T@x", *X, variables={"FORCE_COLOR": "1"})
    assert ran.out == "0,4,8,12\n"


@pytest.mark.parametrize("width", [40, 80, 140])
def test_the_terminal_view_fits(width):
    ran = gradcli(
        "check", "sum(log(1+exp(-y*(X@w))))", "--X", "randn(50,8)", "--y", "uniform(-1,1,(50,))",
        "--w", "zeros(8)", terminal=True, width=width, variables={"TERM": "dumb"},
    )  # fmt: skip
    assert ran.status == 0
    assert max(map(len, ran.out.splitlines())) <= width


def test_ops():
    table = gradcli("ops").out
    assert "tan(x)\t" in table
    page = gradcli("ops", "np.tan").out
    assert page.startswith("tan(x)\n")
    assert "gradient: " in page
    assert gradcli("ops", "-q").out == ""
    assert json.loads(gradcli("ops", "--format", "json").out)["command"] == "ops"
    assert all(
        json.loads(line)["name"] for line in gradcli("ops", "--format", "jsonl").out.splitlines()
    )
    assert gradcli("ops", "--format", "csv").status == 2


def test_every_command_has_an_example():
    listed = gradcli("--help").out.split("Commands:")[1]
    for name in (line.split()[0] for line in listed.splitlines() if line.strip()):
        page = gradcli(name, "--help")
        assert page.status == 0
        assert "Example:" in page.out


def test_no_command_shows_the_help():
    ran = gradcli()
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == gradcli("--help").out


def test_version():
    import gradcli as package

    assert gradcli("--version").out == f"gradcli {package.__version__}\n"


def process(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "gradcli", *arguments], **options)


def test_a_reader_that_leaves_is_no_error():
    with process("eval", "arange(300000)", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.read(10)
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait() == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_an_error():
    with (
        open("/dev/full", "wb") as full,
        process("eval", "1+1", stdout=full, stderr=subprocess.PIPE) as child,
    ):
        assert child.stderr.read().startswith(b"error: cannot write the answer: no space left")
        assert child.wait() == 2


def test_interrupted():
    with process(
        "batch", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdin.write(b"{}\n")
        child.stdin.flush()
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
        assert b"Traceback" not in child.stderr.read()


def test_a_closed_standard_output_is_quiet():
    done = subprocess.run(
        f'"{sys.executable}" -m gradcli eval 1+1 >&-', shell=True, capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr


def test_seconds_are_bounded():
    begin = time.monotonic()
    ran = gradcli(
        "eval",
        "+".join(f"sum(sin({n}*ones((3000, 1000))))" for n in range(300)),
        "--limit",
        "seconds=0.3",
    )
    assert time.monotonic() - begin < 5
    assert ran.status == 2
    assert "takes longer than 0.3 s" in ran.err
