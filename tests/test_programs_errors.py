"""What programs are refused for: the kind, the words, the line and the caret; and how soon."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gradcli import api
from gradcli.errors import GradcliError

SECONDS = 2.0


def refused(text: str) -> GradcliError:
    """The error of a program of x = 1.3; a name without use does not come first."""
    with pytest.raises(GradcliError) as caught:
        api.answer("grad", api.parse(text), {"x": np.array(1.3)}, asked=api.Asked(check=False))
    return caught.value


ROWS = [
    # text, kind, message, the text under the caret, hint
    ("x.y = 3\nx", "parse", "the attribute '.y' cannot be assigned to", "x.y = 3", "assign to a name, or to x[i]"),
    ("del x\nx", "parse", "'del' is not available", "del x", "leave the name as it is"),
    ("with x as y:\n    pass\nx", "parse", "'with' is not available", "with x as y:\n    pass", "write its body alone"),
    ("try:\n    y = x\nexcept:\n    pass\nx", "parse", "'try' is not available", "try:\n    y = x\nexcept:\n    pass", "check with if, or assert"),
    ("class A:\n    pass\nx", "parse", "classes are not available", "class A:\n    pass", "write functions"),
    ("def f():\n    global x\n    x = 3\nx", "parse", "'global' is not available", "global x", "return the value"),
    ("def f():\n    nonlocal y\nx", "parse", "'nonlocal' is not available", "nonlocal y", "return the value"),
    ("async def f():\n    pass\nx", "parse", "async is not available", "async def f():\n    pass", None),
    ("raise ValueError\nx", "parse", "'raise' is not available", "raise ValueError", 'write assert condition, "message"'),
    ("match x:\n    case 1:\n        pass\nx", "parse", "'match' is not available", "match x:\n    case 1:\n        pass", "write if and elif"),
    ("def f(v):\n    yield v\nf(x)", "parse", "yield is not available", "yield v", None),
    ("def f(**k):\n    return x\nf(a=1)", "parse", "** before a parameter is not available", "def f(**k):\n    return x", None),
    ("y = {'a': x}\ny['a']", "parse", "a dict is not an array", "{'a': x}", None),
    ("import os\nx", "name", "the module 'os' is not available", "import os", "the names of numpy, jax, tensorflow, torch, scipy, math are"),
    ("from os import path\nx", "name", "the module 'os' is not available", "from os import path", "the names of numpy, jax, tensorflow, torch, scipy, math are"),
    ("from . import a\nx", "name", "files cannot be imported", "from . import a", None),
    ("import numpyy as np\nx", "name", "the module 'numpyy' is not available", "import numpyy as np", "did you mean 'numpy'?"),
    ("__import__('os')\nx", "name", "unknown function '__import__'", "__import__", None),
    ("__name__ = 3\nx", "name", "names such as '__name__' are not available", "__name__ = 3", None),
    ("y = x.__class__\ny", "name", "names that begin with '_' are not available: '.__class__'", ".__class__", "only the attributes and methods of arrays can be used"),
    ("assert x < 0, f'{x.__class__}'\nx", "name", "names that begin with '_' are not available: '.__class__'", ".__class__", "only the attributes and methods of arrays can be used"),
    ("assert x < 0\nx", "value", "assertion failed: x < 0", "x < 0", None),
    ("assert x < 0, f'{x:.2f} is bad'\nx", "value", "assertion failed: 1.3 is bad", "x < 0", None),
    ("return x", "parse", "'return' stands outside of a function", "return x", "the last expression is the result: write it alone"),
    ("if x:\n    break\nx", "parse", "'break' stands outside of a loop", "break", None),
    ("for i in range(3):\n    def f():\n        continue\nx", "parse", "'continue' stands outside of a loop", "continue", None),
    ("for i in range(3):\nx", "parse", "expected an indented block after 'for' statement on line 1", "x", None),
    ("3 = x", "parse", "cannot assign to literal", "3", "a name, x[i] or several of them can be assigned to; a comparison is written =="),
    ("def f(v):\n    y = v*z\n    return y\nf(x)", "name", "no value for 'z'", "z", "--z VALUE"),
    ("def f(v):\n    y = y*v\n    return y\nf(x)", "name", "'y' has no value here yet", "y = y*v", "what the function assigns is its own name from its first line on"),
    ("if x < 0:\n    y = x\ny", "name", "'y' has no value here", "y", "the line that assigns it did not run"),
    ("def f(a, b):\n    return a\nf(x)", "value", "f: no value for 'b'", "f(x)", None),
    ("def f(a):\n    return a\nf(x, 2)", "value", "f takes 1 argument, not 2", "f(x, 2)", None),
    ("def f(a):\n    return a\nf(x, a=2)", "value", "f: the argument 'a' is given twice", "f(x, a=2)", None),
    ("def f(a):\n    return a\nf(x, b=2)", "value", "f has no parameter 'b'", "f(x, b=2)", None),
    ("def f():\n    x*x\nf()*x", "value", "'*' is not defined for None", "f()*x", None),
    ("f = lambda: x\nf", "value", "the result: an array is needed, not the function 'lambda'", "f", None),
    ("for a in x:\n    pass\nx", "shape", "a number has no items to go through", "for a in x:\n    pass", None),
    ("y = 2\na, b = [x]\na", "shape", "2 values are needed, not 1", "a, b = [x]", None),
    ("a, *b, c = [x]\na", "shape", "at least 2 values are needed, not 1", "a, *b, c = [x]", None),
    ("ys = [x]\nys[3]", "shape", "index 3 is out of range for 1 items", "ys[3]", None),
    ("ys = [x]\nys[3] = 2\nx", "shape", "index 3 is out of range for 1 items", "ys[3] = 2", None),
    ("ys = [x]\nys[x]", "value", "positions are whole numbers", "ys[x]", None),
    ("ys = []\nys.pop()\nx", "shape", ".pop(): the list is empty", ".pop", None),
    ("ys = [x]\nys.append()\nx", "value", ".append() takes 1 argument, not 0", ".append", None),
    ("ys = [x]\nys.append(ys)\nx", "value", "a list cannot be put into itself", ".append", None),
    ("ys = [1]\nys[0] = ys\nx", "value", "a list cannot be put into itself", "ys[0] = ys", None),
    ("n = 3\nn[0] = 2\nx", "value", "the items of 3 cannot be assigned to", "n[0] = 2", None),
    ("while array([x, x]) > 0:\n    x = x - 1\nx", "value", "the truth value of an array of shape (2,) is ambiguous", "array([x, x]) > 0", "use where(...), or & and | between comparisons"),
    ("pass", "parse", "nothing is computed here", None, "end with an expression"),
    ("import numpy as np", "parse", "nothing is computed here", None, "end with an expression"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind", "message", "place", "hint"), ROWS, ids=[r[0] for r in ROWS]
)
def test_refusal(text: str, kind: str, message: str, place: str | None, hint: str | None) -> None:
    error = refused(text)
    assert (error.kind, error.message, error.hint) == (kind, message, hint)
    assert (None if error.span is None else text[slice(*error.span)]) == place


def test_a_decorator_that_is_not_known() -> None:
    text = "@cache\ndef f(v):\n    return v\nf(x)"
    error = refused(text)
    assert error.message == "the decorator '@cache' is not available"
    assert error.span is not None
    assert "cache" in text[slice(*error.span)]


def test_increment() -> None:
    assert refused("y = x\ni++\ny").message == "'++' is not an operator"


LIMITS = [
    ("while True:\n    x = x*1\nx", "this loop never ends: nothing in it changes its condition"),
    ("while x > 0:\n    y = 2\nx", "this loop never ends: nothing in it changes its condition"),
    ("i = 0\nwhile i >= 0:\n    i += 1\nx", "more than 1000000 turns of loops"),
    ("def f(v):\n    return f(v)\nf(x)", "'f' calls itself more than 500 levels deep"),
    ("f = lambda n: x if n == 0 else f(n - 1)\nf(600)", "'lambda' calls itself more than 500 levels deep"),
    ("(lambda f: f(f))(lambda f: f(f))\nx", "'lambda' calls itself more than 500 levels deep"),
    ("def f(n):\n    return x if n == 0 else f(n - 1) + f(n - 1)\nf(40)", "more than 100000 calls of functions"),
    ("for i in range(10**9):\n    x = x*1\nx", "1000000000 turns of a loop; the limit is 1000000"),
    ("ys = [i for i in range(10**9)]\nx", "lists of more than 2e+05 entries"),
    ("ys = list(range(10**9))\nx", "lists of more than 2e+05 entries"),
    ("ys = [x]*10**9\nx", "a list of 1e+09 entries; the limit is 1e+06"),
    ("ys = [x]\nfor i in range(40):\n    ys.extend(ys)\nx", "lists of more than 2e+05 entries"),
    ("n = 2\nfor i in range(64):\n    n = n**2\nn*x", "an integer of more than 1023 bits (about 1e308)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), LIMITS, ids=[row[0][:50] for row in LIMITS])
def test_limits_are_named_and_soon(text: str, message: str) -> None:
    begin = time.process_time()
    error = refused(text)
    assert time.process_time() - begin < SECONDS
    assert (error.kind, error.message) == ("limit", message)
    assert error.hint


def test_calls_are_traced() -> None:
    text = "def f(v):\n    return v @ ones(3)\ndef g(v):\n    return f(v)*2\ng(x)*3"
    error = refused(text)
    assert error.kind == "shape"
    assert error.span is not None
    assert text[slice(*error.span)] == "v @ ones(3)"
    assert [(name, text[slice(*span)]) for name, span in error.calls if span] == [
        ("f", "f(v)"),
        ("g", "g(x)"),
    ]


def test_a_list_that_doubles() -> None:
    begin = time.process_time()
    error = refused("a = [1]\nfor i in range(22):\n    a = [a, a]\nb = array([a])\nx")
    assert error.kind == "limit"
    assert time.process_time() - begin < SECONDS


ENDING = [
    "ys = [x]\nzs = ys\nwhile len(ys) < 3:\n    zs.append(x)\nlen(ys)*x",
    "ys = [0]\nzs = ys\nwhile ys[0] < 3:\n    zs[0] = zs[0] + 1\nys[0]*x",
    "ys = [x]\ndef add(v):\n    ys.append(v)\nwhile len(ys) < 3:\n    add(x)\nlen(ys)*x",
]


@pytest.mark.parametrize("text", ENDING)
def test_a_loop_that_ends_is_not_refused(text: str) -> None:
    assert api.grad(text, check=False, x=1.3).gradient["x"].value == 3.0


def test_no_internals_in_messages() -> None:
    assert "Node" not in refused("t = (x, 2)\nt[0] = 3\nx").message


def test_the_block_of_a_script_means_nothing() -> None:
    text = "def f(x):\n    return x*x\n\nif __name__ == '__main__':\n    import sys\n    f(sys.argv[1])"
    assert api.grad(text, check=False, x=1.5).gradient["x"].value == 3.0
