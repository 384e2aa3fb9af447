"""`gradcli graph`: typed text that can be read back, trees, pictures, JSON, names, size."""

import json
import os
import re
import shutil
import stat

import numpy as np
import pytest
from commands import gradcli

import gradcli as library
from gradcli import api
from gradcli.drawing.card import drawing
from gradcli.graph import Graph, apply, constant, input_node
from gradcli.language import Trace
from gradcli.language.events import Event
from gradcli.render import View
from gradcli.render.characters import cells
from gradcli.render.graphs import render_graph

LINE = re.compile(r"(\w+): (\w+)\[([\d,]*)\] = (\w+)(?:\[(.*)\])?((?: [^\s\[\]]+)*)(  # also .*)?")
X = np.array([[0.5, -1.0], [2.0, 0.25], [1.5, 1.0]])


def card_of(expression, wrt=None, **inputs):
    return api.graph_of(expression, wrt, **inputs)


def shown(card, form, **view):
    return "".join(render_graph(card, form, View(**view)))


def numbers(text, inputs):
    """Typed text, executed line by line by a reader of its own: the result of every heading."""
    names, results, title = dict(inputs), {}, None

    def value(token):
        return names[token] if token in names else np.float64(token)

    for line in text.splitlines():
        if line.startswith("# "):
            title = line[2:]
            continue
        if line.startswith("return "):
            results[title] = value(line.removeprefix("return "))
            continue
        found = LINE.fullmatch(line)
        assert found, line
        name, dtype, shape, op, params, operands, _ = found.groups()
        shape = tuple(map(int, shape.split(","))) if shape else ()
        if op != "input":
            assert name not in names, f"{name} is defined twice"
            names[name] = OPS[op](*map(value, operands.split()), shape=shape, params=params)
        assert np.shape(names[name]) == shape
        assert np.asarray(names[name]).dtype == dtype
    return results


def axes_of(params):
    return tuple(int(number) for number in re.findall(r"-\d+", params))


OPS = {
    "add": lambda a, b, **_: a + b,
    "sub": lambda a, b, **_: a - b,
    "mul": lambda a, b, **_: a * b,
    "weigh": lambda a, b, **_: a * b,
    "div": lambda a, b, **_: a / b,
    "pow": lambda a, b, **_: a**b,
    "neg": lambda a, **_: -a,
    "exp": lambda a, **_: np.exp(a),
    "log": lambda a, **_: np.log(a),
    "matmul": lambda a, b, **_: a @ b,
    "reshape": lambda a, shape, **_: np.reshape(a, shape),
    "broadcast_to": lambda a, shape, **_: np.broadcast_to(a, shape),
    "transpose": lambda a, params, **_: np.transpose(a, axes_of(params)),
    "sum": lambda a, params, **_: np.sum(a, axes_of(params), keepdims="keepdims=True" in params),
}


def test_the_first_example():
    ran = gradcli("graph", "2*x.T@x", "--x", "0,1,2,3")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (
        "# graph\n"
        "x: float64[4] = input\n"
        "a: float64[4] = mul 2 x\n"
        "b: float64[] = matmul a x\n"
        "return b\n"
        "# gradient by x\n"
        "c: float64[4] = mul x 2\n"
        "d: float64[4] = add a c\n"
        "return d\n"
    )


def test_typed_text_computes_the_value_and_the_gradients():
    y, w = np.array([1.0, -1.0, 1.0]), np.array([0.3, -0.2])
    margin = y * (X @ w)
    inputs = {"X": X, "y": y, "w": w}
    found = numbers(str(card_of("sum(log(1+exp(-y*(X@w))))", **inputs)), inputs)
    pull = -1 / (1 + np.exp(margin))  # d log(1+exp(-m)) / dm
    assert np.isclose(found["graph"], np.log1p(np.exp(-margin)).sum())
    np.testing.assert_allclose(found["gradient by w"], X.T @ (pull * y))
    np.testing.assert_allclose(found["gradient by X"], np.outer(pull * y, w))
    np.testing.assert_allclose(found["gradient by y"], pull * (X @ w))


def test_typed_text_of_a_quotient_and_a_power():
    x, y = np.array([1.0, 2.0, 4.0]), np.array(3.0)
    found = numbers(str(card_of("sum(x/y - x**3)", x=x, y=y)), {"x": x, "y": y})
    np.testing.assert_allclose(found["gradient by x"], 1 / 3 - 3 * x**2)
    np.testing.assert_allclose(found["gradient by y"], -7 / 9)


def test_a_repeated_sub_expression_is_one_line():
    text = str(card_of("exp(x)*exp(x) + exp(x)", x=1.0))
    assert text.count("exp x") == 1


def test_products_with_one_are_left_out_of_gradients_only():
    assert str(card_of("x + y", x=1.0, y=2.0)).endswith(
        "return a\n# gradient by x\nreturn 1\n# gradient by y\nreturn 1\n"
    )
    assert "= mul 1 x\n" in str(card_of("1*x", x=2.0))
    # A one that makes the result larger is kept: the shape would be lost.
    text = str(card_of("sum(x*ones(3))", x=2.0))
    assert numbers_shape(text, "gradient by x") == ()


def numbers_shape(text, title):
    """The shape that the binder of a part's result says."""
    result = text.split(f"# {title}\n")[1].split("return ")[1].split("\n")[0]
    return tuple(map(int, re.search(rf"^{result}: \w+\[([\d,]*)\]", text, re.M)[1].split(",")[:-1]))


def test_large_constants_have_a_line_and_every_digit():
    text = str(card_of("sum(x*[0.1,2,3,4,5,6,7,8,9,1e22])", x=2.0))
    assert "a: float64[10] = constant 0.1,2,3,4,5,6,7,8,9,1e+22\n" in text
    assert "mul x [0.5,2]" in str(card_of("x*[0.5,2]", x=2.0))


def test_indices_and_params():
    text = str(card_of("x[1:,None] + sum(x[[0,2]], keepdims=True)", x=np.arange(4.0)))
    assert "= getitem[1:, None] x\n" in text
    assert "= getitem[[0,2]] x\n" in text
    assert "= sum[axes=(-1,), keepdims=True] b\n" in text
    assert "= scatter[[0,2]] " in text
    text = str(card_of("sum(x[i])", "x", x=np.arange(400.0), i=np.arange(400.0) % 2 == 0))
    assert "= getitem[<bool[400]>] x\n" in text


def test_a_zero_gradient_has_a_reason():
    ran = gradcli("graph", "x*floor(w)", "--x", "1,2", "--w", "2.5", "--wrt", "w")
    assert ran.out.endswith(
        "# gradient by w\n# `floor(w)` cuts the path: piecewise constant\nreturn 0\n"
    )
    ran = gradcli("graph", "sum(x)", "--x", "1,2", "--y", "3,4", "--wrt", "y")
    assert ran.out.endswith("# gradient by y\n# y is not used\nreturn zeros((2,))\n")
    record = json.loads(gradcli("graph", "floor(w)", "--w", "2.5", "--format", "json").out)
    assert record["gradient"]["w"]["output"] is None
    assert "cuts the path" in record["gradient"]["w"]["reasons"][0]


def test_what_there_is_to_differentiate_by():
    ran = gradcli("graph", "1+x", "--x", "3", "--no-gradient")
    assert ran.out == "# graph\nx: float64[] = input\na: float64[] = add 1 x\nreturn a\n"
    ran = gradcli("graph", "1+1")
    assert (ran.status, ran.out.count("# "), "no input" in ran.err) == (0, 1, True)
    ran = gradcli("graph", "x*y", "--x", "1", "--y", "2", "--const", "x")
    assert "# gradient by y\nreturn x\n" in ran.out
    assert "gradient by x" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x*", "--x", "1"), "something is missing after '*'"),
        (("A@x", "--A", "1,2;3,4", "--x", "1,2,3"), "do not fit"),
        (("x*y", "--x", "1"), "no value for 'y'"),
        (("x", "--x", "1", "--wrt", "q"), "there is no input 'q'"),
        (("x", "--x", "1", "--wrt", "x", "--no-gradient"), "no gradient is wanted"),
        (("x", "--x", "1", "--format", "latex"), "'latex' is not one of 'rich', 'plain'"),
        (("x", "--x", "1", "-o", "/nonexistent/g.dot"), "cannot write"),
        (("x", "--x", "1", "-o", "/nonexistent/g.PNG"), "not drawn in this format"),
    ],
)
def test_errors(arguments, said):
    ran = gradcli("graph", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def named_trace():
    """`y = x*x; twin = x*x; z = y*twin; z = z*y; x = z + 1; also = z` and a clash."""
    x = input_node("x", ())
    y = x * x
    twin = x * x
    first = y * twin
    second = first * y
    new = second + 1.0
    output = apply("exp", new)
    bound = [("y", y), ("twin", twin), ("z", first), ("z", second), ("x", new), ("a", y - x)]
    events = [Event(0, "assign", None, name=name, value=value) for name, value in bound]
    events += [Event(0, "assign", None, name="n", value=3), Event(0, "turn", None, name="q")]
    names = {"x": new, "y": y, "z": second, "also": second}
    return Trace(Graph({"x": x}, output, "program"), [], True, names, events)


def test_names_of_the_program():
    text = str(drawing(named_trace(), [], {}))
    assert text == (
        "# graph\n"
        "x: float64[] = input\n"
        "y: float64[] = mul x x  # also twin\n"
        "z: float64[] = mul y y\n"
        "z_2: float64[] = mul z y  # also also\n"
        "x_2: float64[] = add z_2 1\n"
        "b: float64[] = exp x_2\n"  # `a` is the program's, though nothing needs it
        "return b\n"
    )
    record = json.loads(shown(drawing(named_trace(), [], {}), "json"))
    assert [node["label"] for node in record["nodes"] if node["op"] != "constant"] == [
        None,
        "y",
        "z",
        "z",
        "x",
        None,
    ]


def test_a_name_of_the_program_can_be_differentiated_by():
    trace = named_trace()
    text = str(drawing(trace, ["z"], {"x": np.array(0.5)}))
    assert text.endswith("# gradient by z\nreturn b\n")  # d exp(z+1) / dz is itself


def test_generated_names_pass_over_words():
    x = input_node("a", ())
    node = x
    for _ in range(400):
        node = apply("sin", node)
    text = str(drawing(Trace(Graph({"a": x}, node), [], False), [], {}))
    names = re.findall(r"^(\w+):", text, re.M)
    assert len(names) == len(set(names)) == 401
    assert names[:3] == ["a", "b", "c"]
    assert not {"as", "if", "in", "is", "or"} & set(names)


@pytest.mark.parametrize(
    ("expression", "inputs"),
    [
        ("det(outer(x,x)+A) + logsumexp(x)", {"x": [1.0, 2.0], "A": np.eye(2)}),
        ("where(x>0, x, nan)*inf + max(x)", {"x": [1.0, 2.0]}),
        ("sum(cumsum(x)[::-1]*x[...,None]) + norm(x, 3)", {"x": [1.0, 2.0]}),
        ("einsum('ij,j->i', A, x) @ solve(A, x)", {"x": [1.0, 2.0], "A": np.eye(2)}),
    ],
)
def test_every_name_is_defined_before_it_is_used(expression, inputs):
    defined = set()
    for line in str(card_of(expression, **inputs)).splitlines():
        if line.startswith("#"):
            continue
        head, _, right = line.partition(" = ")
        names = re.sub(r"^\S*\[.*?\]+(?= )", "", right).split()[1:] if right else line.split()[1:]
        for name in names:
            assert name in defined or re.fullmatch(r"-?[\d.]+|inf|nan|True|\[.*\]", name), line
        if right:
            defined.add(head.split(":")[0])


def test_json():
    ran = gradcli("graph", "sum(x[1:])*w", "--x", "1,2,3", "--w", "2", "--format", "json")
    record = json.loads(ran.out)
    assert (record["schema"], record["command"], record["expression"]) == (
        1,
        "graph",
        "sum(x[1:])*w",
    )
    nodes = record["nodes"]
    assert [node["id"] for node in nodes] == list(range(len(nodes)))
    assert all(parent < node["id"] for node in nodes for parent in node["inputs"])
    taken = next(node for node in nodes if node["op"] == "getitem")
    assert taken["params"] == {"index": ["1:"]}
    assert (taken["shape"], taken["dtype"], taken["span"]) == ([2], "float64", [4, 9])
    product = nodes[record["output"]]
    assert (product["op"], product["gradient"]) == ("multiply", None)
    assert nodes[record["gradient"]["w"]["output"]]["op"] == "sum"
    last = nodes[record["gradient"]["x"]["output"]]
    assert (last["op"], last["shape"], last["gradient"]) == ("scatter", [3], "x")


def test_json_is_strict():
    text = gradcli("graph", "x*[inf,nan,1,2,3]", "--x", "2", "--format", "json").out
    record = json.loads(text, parse_constant=pytest.fail)
    values = [node["params"]["value"] for node in record["nodes"] if node["op"] == "constant"]
    assert ["inf", "nan", 1.0, 2.0, 3.0] in values


def test_batch():
    lines = [
        {
            "id": 1,
            "command": "graph",
            "expression": "x*w",
            "inputs": {"x": 3, "w": 2},
            "wrt": ["w"],
        },
        {"id": 2, "command": "graph", "expression": "x*x", "inputs": {"x": 3}, "gradient": False},
        {"id": 3, "command": "graph", "expression": "x*x", "inputs": {"x": 3}, "layout": "numpy"},
    ]
    ran = gradcli("batch", "-", stdin="\n".join(map(json.dumps, lines)))
    first, second, third = map(json.loads, ran.out.splitlines())
    alone = gradcli("graph", "x*w", "--x", "3", "--w", "2", "--wrt", "w", "--format", "json").out
    assert first == {"id": 1, **json.loads(alone)}
    assert second["gradient"] == {}
    assert third["error"]["message"] == "unknown key 'layout' in a request of 'graph'"


def hostile_card():
    """A card with everything that a picture's language might read in user text."""
    x = input_node("_x_", (2,))
    output = apply("einsum", x, x, subscripts='i,i->"\\N&amp;<b>#;`*\n\x1b[31m')
    expression = 'f("&lt;\\l\x1b[31m")\nx'
    return drawing(Trace(Graph({"_x_": x}, output, expression), [], False), [], {})


def test_dot_escapes(monkeypatch):
    monkeypatch.setitem(apply.__globals__["OPS"], "einsum", hostile_op())
    text = shown(hostile_card(), "dot")
    assert r"""label="f(\"&amp;lt;\\l\\x1b[31m\")\nx";""" in text
    assert r"""i,i->\"\\N&amp;amp;<b>#;`*\\x0a\\x1b[31m]""" in text
    assert "\x1b" not in text
    for line in text.splitlines():
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)  # without its strings
        assert '"' not in bare


def test_mermaid_escapes(monkeypatch):
    monkeypatch.setitem(apply.__globals__["OPS"], "einsum", hostile_op())
    text = shown(hostile_card(), "mermaid")
    assert '(["#95;x#95;: float64[2]<br/>input"])' in text
    assert "i,i-#62;#34;#92;N#38;amp;#60;b#62;#35;;#96;#42;#92;x0a#92;x1b[31m]" in text
    assert "\x1b" not in text
    assert all(line.count('"') in (0, 2) for line in text.splitlines())


def hostile_op():
    """An op that takes any text for a param."""
    from gradcli.graph import Op

    return Op("einsum", evaluate=None, shape=lambda *shapes, subscripts: (), vjp=None, cut="a test")


def edges(text, arrow):
    return {
        tuple(line.strip(" ;").split(f" {arrow} ")) for line in text.splitlines() if arrow in line
    }


def test_both_pictures_have_the_same_edges():
    card = card_of("sum(exp(x)*w)", x=[1.0, 2.0], w=3.0)
    dot, mermaid = shown(card, "dot"), shown(card, "mermaid")
    found = edges(dot.replace("->", "-->"), "-->")
    assert found == edges(mermaid, "-->")
    for name in {name for edge in found for name in edge}:
        assert re.search(rf"^ +{name} \[label=", dot, re.M)
        assert re.search(rf"^ +{name}[\[(>]", mermaid, re.M)
    nodes = [line for part in card.parts for line in part.lines]
    wanted = {
        (f"n{parent}", f"n{line.number}")
        for line in nodes
        for parent in line.inputs
        if not nodes[parent].inline
    }
    assert {edge for edge in found if edge[1][0] == "n"} == wanted


def with_dot(monkeypatch, folder, script):
    """A program `dot` that stands alone on the path."""
    path = folder / "dot"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin")


def test_svg_comes_from_graphviz(monkeypatch, tmp_path):
    with_dot(monkeypatch, tmp_path, 'echo "<svg>$1"; cat; echo "</svg>"')
    ran = gradcli("graph", "x*x", "--x", "3", "--format", "svg")
    dot = gradcli("graph", "x*x", "--x", "3", "--format", "dot").out
    assert (ran.status, ran.out) == (0, f"<svg>-Tsvg\n{dot}</svg>\n")


def test_svg_without_graphviz(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "graph.svg"
    ran = gradcli("graph", "x*x", "--x", "3", "-o", str(file))
    assert (ran.status, ran.out, file.exists()) == (2, "", False)
    assert "'dot' is not installed" in ran.err
    assert "apt install graphviz" in ran.err


def test_svg_when_graphviz_fails(monkeypatch, tmp_path):
    with_dot(monkeypatch, tmp_path, "cat > /dev/null; echo 'no fonts' >&2; exit 3")
    ran = gradcli("graph", "x*x", "--x", "3", "--format", "svg")
    assert (ran.status, ran.out) == (2, "")
    assert "Graphviz could not draw the graph: no fonts" in ran.err


def test_svg_ends_at_the_bound_of_time(monkeypatch, tmp_path):
    with_dot(monkeypatch, tmp_path, "exec sleep 60")
    ran = gradcli("graph", "x*x", "--x", "3", "--format", "svg", "--limit", "seconds=0.5")
    assert (ran.status, "longer than 0.5 s" in ran.err) == (2, True)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_svg_of_the_real_graphviz():
    ran = gradcli("graph", "sum(x*exp(x))", "--x", "1,2", "--format", "svg")
    assert ran.status == 0
    assert "<svg" in ran.out
    assert "gradient by x" in ran.out


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        ("dot", "digraph"),
        ("gv", "digraph"),
        ("mmd", "flowchart"),
        ("json", "{"),
        ("txt", "# graph"),
    ],
)
def test_the_suffix_tells_the_format(tmp_path, suffix, start):
    file = tmp_path / f"graph.{suffix}"
    assert gradcli("graph", "x*x", "--x", "3", "-o", str(file)).out == ""
    assert file.read_text().startswith(start)


def test_the_tree():
    ran = gradcli("graph", "2*x.T@x", "--x", "0,1,2,3", "--format", "rich")
    assert ran.out == (
        "\n"
        "  graph  2*x.T@x\n"
        "  b = matmul  float64[]  2*x.T@x\n"
        "  ├── a = mul  float64[4]  2*x.T\n"
        "  │   ├── 2\n"
        "  │   └── x  float64[4]\n"
        "  └── x\n"
        "\n"
        "  gradient by x\n"
        "  d = add  float64[4]\n"
        "  ├── a\n"
        "  └── c = mul  float64[4]\n"
        "      ├── x\n"
        "      └── 2\n"
        "\n"
    )


def test_a_terminal_gets_the_tree():
    out = gradcli("graph", "x*x", "--x", "3", terminal=True).out
    assert "└── " in out
    assert "\x1b[" in out


def test_the_tree_shows_user_text_as_it_is():
    ran = gradcli("graph", "sum(x[0:1])", "--x", "1,2", "--format", "rich")
    assert "getitem[0:1]" in ran.out
    assert "\x1b" not in shown(hostile_source(), "rich")


def hostile_source():
    x = input_node("x", ())
    return drawing(Trace(Graph({"x": x}, x * 2.0, "\x1b[31m[bold]x"), [], False), [], {})


def chain(length):
    """sin(sin(...x)*x)*x, twice `length` operations."""
    x = node = input_node("x", ())
    for _ in range(length):
        node = apply("sin", node) * x
    return Trace(Graph({"x": x}, node, "long"), [], True), {"x": np.array(0.5)}


def drawn_names(text):
    return re.findall(r"(\w+) = \w+", text)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_deep_tree_is_cut_and_complete(width):
    trace, inputs = chain(60)
    card = drawing(trace, ["x"], inputs)
    text = shown(card, "rich", width=width, full=True)
    assert max(cells(line) for line in text.splitlines()) <= width
    operations = [
        line.name for part in card.parts for line in part.lines if line.inputs and not line.inline
    ]
    assert sorted(drawn_names(text)) == sorted(operations)  # each once
    assert "↓" in text


def test_a_long_graph_is_folded_and_counted():
    trace, inputs = chain(60)
    card = drawing(trace, ["x"], inputs)
    first, second = shown(card, "rich").split("gradient by x")
    for text, part in ((first, card.parts[0]), (second, card.parts[1])):
        total = sum(1 for line in part.lines if line.op != "input" and not line.inline)
        hidden = total - len(set(drawn_names(text)))
        assert 0 < hidden < total
        assert f"… {hidden} of {total} operations not shown: --full" in text
    assert "--full" not in shown(drawing(*chain(5)[:1], [], {}), "rich")


def test_many_operands_are_folded():
    card = card_of("sum([x*i for i in range(2000)])", x=2.0)
    assert len(shown(card, "rich").splitlines()) < 200
    assert "… 1992 more operands" in shown(card, "rich")
    assert "more operands" not in shown(card, "rich", full=True)
    assert all(len(line) < 200 for line in shown(card, "dot").splitlines())
    longest = max(str(card).splitlines(), key=len)
    assert len(longest.split()) > 2000  # a pipe gets them all


def test_ascii_where_nothing_else_can_be_shown():
    trace, inputs = chain(60)
    assert shown(drawing(trace, ["x"], inputs), "rich", unicode=False).isascii()


def test_a_long_graph_is_no_problem():
    trace, inputs = chain(10_000)
    card = drawing(trace, ["x"], inputs)
    text = str(card)
    assert text.count(" = sin ") == 10_000
    assert text.count(" = cos ") == 10_000
    assert len(shown(card, "rich").splitlines()) < 300
    record = json.loads(shown(card, "json"))
    assert len(record["nodes"]) == sum(len(part.lines) for part in card.parts)
    for form in ("dot", "mermaid"):
        assert shown(card, form).count("\n") > 40_000


def test_unused_inputs_stand_at_the_head():
    x, y = input_node("x", (2,)), input_node("y", ())
    text = str(drawing(Trace(Graph({"y": y, "x": x}, x * x), [], False), [], {}))
    assert text.startswith("# graph\ny: float64[] = input\nx: float64[2] = input\n")


def test_quiet():
    ran = gradcli("graph", "x*x", "--x", "1,2", "-q")
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_float32():
    text = str(card_of("x*0.1", x=3.0, dtype="float32"))
    assert "a: float32[] = mul x 0.1\n" in text


def test_the_library():
    card = library.graph_of("x*x", x=3.0)
    assert str(card).startswith("# graph\nx: float64[] = input\n")
    with pytest.raises(library.GradcliError, match="does not use 'y'"):
        library.graph_of("x*x", x=3.0, y=2.0)


def test_equal_constants_of_the_program_and_a_rule_are_one_value():
    x = input_node("x", (6,))
    weights = constant(np.arange(6.0))
    trace = Trace(
        Graph({"x": x}, apply("multiply", x, weights)),
        [],
        False,
        {"w": weights},
        [Event(0, "assign", None, name="w", value=weights)],
    )
    text = str(drawing(trace, ["x"], {"x": np.zeros(6)}))
    assert "w: float64[6] = constant 0,1,2,3,4,5\n" in text
    assert text.count("constant") == 1
