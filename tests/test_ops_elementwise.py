"""Every elementwise op against its scalar formula in mpmath: value, first and second derivative.

The points are drawn from the op's declared domain, plus its special points; a new op is tested by being
declared. The derivatives of the formula are central differences at 420 digits; no rule is read.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradcli.ops
from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import FLOAT32, OPS, Node, Op, apply, constant, input_node
from gradcli.ops import ALIASES, FUNCTIONS, numeric

pytest.importorskip("mpmath")
sympy = pytest.importorskip("sympy")

from gradcli.symbolic.scalars import mpmath_scalars, sympy_scalars  # noqa: E402
from gradcli.symbolic.sympy_functions import own  # noqa: E402

inf, nan = math.inf, math.nan
M, MODEST = mpmath_scalars(420), mpmath_scalars(90)
mp = M.mp
PARAMS: dict[str, list[dict[str, Any]]] = {
    "celu": [{"alpha": 1.0}, {"alpha": 0.5}],
    "elu": [{"alpha": 1.0}, {"alpha": 0.5}],
    "hard_tanh": [{"low": -1.0, "high": 1.0}],
    "hardshrink": [{"bound": 0.5}],
    "iv": [{"n": 0}, {"n": 1}, {"n": 3}],
    "ive": [{"n": 0}, {"n": 1}, {"n": 3}],
    "jv": [{"n": 0}, {"n": 1}, {"n": 3}],
    "leaky_relu": [{"slope": 0.125}],
    "nan_to_num": [{"nan": 0.0, "posinf": None, "neginf": None}],
    "polygamma": [{"n": 1}, {"n": 2}, {"n": 3}],
    "round": [{"decimals": 0}, {"decimals": 1}, {"decimals": -1}],
    "softshrink": [{"bound": 0.5}],
    "spherical_jn": [{"n": 0}, {"n": 1}, {"n": 2}, {"n": 5}],
    "squareplus": [{"b": 4.0}],
}
ELEMENTWISE = sorted(name for name, op in OPS.items() if op.elementwise and op.symbolic is not None)
CASES = [(name, params) for name in ELEMENTWISE for params in PARAMS.get(name, [{}])]
IDS = [name + "".join(f"-{value}" for value in params.values()) for name, params in CASES]
CONDITION_FIRST = ("where",)
SHAPED = ("gammainc", "gammaincc", "betainc")
"""Ops without a second derivative by their first arguments."""
LAST = ("gammainc_da", "betainc_da", "betainc_db")
"""Their derivatives by these arguments, which have none themselves."""


def scalars_for(name: str) -> Any:
    """Fewer digits for the functions that are slow; they have no tail to lose."""
    return MODEST if name in (*SHAPED, *LAST) else M


def arity(op: Op) -> int:
    """Number of arguments, from the scalar formula."""
    assert op.symbolic is not None
    code = op.symbolic.__code__
    return (
        int(code.co_argcount)
        - 1
        - sum(name in PARAMS.get(op.name, [{}])[0] for name in _names(code))
    )


def _names(code: Any) -> tuple[str, ...]:
    return tuple(code.co_varnames[: code.co_argcount])


def points(op: Op) -> list[tuple[float, ...]]:
    """Drawn from the domain, and the special ones; without kinks."""
    count = arity(op)
    draw = random.Random(op.name)
    intervals = op.domain if isinstance(op.domain[0], tuple) else (op.domain,) * count
    found = [tuple(draw.uniform(*interval) for interval in intervals) for _ in range(6)]
    found += [
        point if isinstance(point, tuple) else (float(point),) * count for point in op.special
    ]
    if op.name in CONDITION_FIRST:
        found = [(float(point[0] > 0), *point[1:]) for point in found]
    return found


def smooth(op: Op, point: tuple[float, ...], params: dict[str, Any]) -> bool:
    return op.kink is None or not np.any(op.kink(*map(np.asarray, point), **params))


def derivative(f: Callable[..., Any], point: tuple[Any, ...], axis: int, order: int) -> Any:
    """Central differences with a step 40 orders of magnitude below the argument."""
    step = (abs(point[axis]) or 1) * mp.mpf(10) ** -40

    def at(offset: int) -> Any:
        return f(*(x + offset * step if k == axis else x for k, x in enumerate(point)))

    if order == 1:
        return (at(1) - at(-1)) / (2 * step)
    return (at(1) - 2 * at(0) + at(-1)) / step**2


def graph_of(
    op: Op, shapes: list[tuple[int, ...]], params: dict[str, Any]
) -> tuple[list[Node], Node]:
    nodes = [input_node(f"x{k}", shape) for k, shape in enumerate(shapes)]
    return nodes, apply(op, *nodes, **params)


def numbers(nodes: list[Node | None], inputs: dict[str, Any]) -> Iterator[Any]:
    """Values of nodes, 0 for what does not exist."""
    present = [constant(0.0) if node is None else node for node in nodes]
    yield from run(present, inputs)


def assert_near(got: float, wanted: Any, tolerance: float, about: Any, scale: float = 0.0) -> None:
    if wanted > 1e308 or wanted < -1e308:
        assert abs(got) > 1e307, about
        return
    got = float(got)
    assert math.isfinite(got), (about, got, float(wanted))
    bound = tolerance * max(abs(float(wanted)), scale) + (1e-75 if got == 0 else 5e-308)
    assert abs(mp.mpf(got) - wanted) <= bound, (about, got, float(wanted))


@pytest.mark.parametrize(("name", "params"), CASES, ids=IDS)
def test_value_and_derivatives(name: str, params: dict[str, Any]) -> None:
    op, scalars = OPS[name], scalars_for(name)
    count = arity(op)
    drawn = points(op)
    nodes, out = graph_of(op, [(len(drawn),)] * count, params)
    columns = np.array(drawn, dtype=float).reshape(len(drawn), count).T
    inputs = {f"x{k}": column for k, column in enumerate(columns)}
    (value,) = run([out], inputs)

    def formula(*exact: Any) -> Any:
        assert op.symbolic is not None
        result = op.symbolic(scalars, *exact, **params)
        return mp.mpf(int(result) if isinstance(result, bool) else result)

    exact = [tuple(mp.mpf(x) for x in point) for point in drawn]
    values = [formula(*point) for point in exact]
    for row, wanted in enumerate(values):
        assert_near(
            value[row], wanted, 5e-13, (name, params, drawn[row]), scale=1e-17 if row < 6 else 0.0
        )
    if op.vjp is None:
        assert op.cut
        return
    if name in LAST:
        return
    first = gradient(out, nodes)
    for axis, (node, slope) in enumerate(zip(nodes, first, strict=True)):
        (got,) = numbers([slope], inputs)
        curved = not (name in SHAPED and axis < count - 1)
        second = gradient(slope, [node]) if curved and slope is not None else [None]
        (curve,) = numbers(second, inputs)
        got, curve = np.broadcast_to(got, value.shape), np.broadcast_to(curve, value.shape)
        for row, point in enumerate(exact):
            if not smooth(op, drawn[row], params) or (name in CONDITION_FIRST and axis == 0):
                continue
            about = (name, params, axis, drawn[row])
            scale = 1e-4 if row < 6 else 0.0
            assert_near(got[row], derivative(formula, point, axis, 1), 1e-11, about, scale)
            if not curved:
                continue
            wanted = derivative(formula, point, axis, 2)
            assert_near(curve[row], wanted, 1e-9, ("second", *about), scale)


@pytest.mark.parametrize(("name", "params"), CASES, ids=IDS)
def test_formula_in_sympy(name: str, params: dict[str, Any]) -> None:
    """SymPy's value and derivative of the formula are mpmath's."""
    op, scalars = OPS[name], scalars_for(name)
    assert op.symbolic is not None
    symbols = sympy.symbols(" ".join(f"x{k}" for k in range(arity(op))) + ",", real=True)
    exact = {
        key: sympy.nsimplify(value) if isinstance(value, float) else value
        for key, value in params.items()
    }
    expression = sympy.sympify(op.symbolic(sympy_scalars(), *symbols, **exact))

    def formula(*numbers: Any) -> Any:
        assert op.symbolic is not None
        result = op.symbolic(scalars, *numbers, **params)
        return mp.mpf(int(result) if isinstance(result, bool) else result)

    for point in points(op)[:3]:
        if not smooth(op, point, params):
            continue
        at = {symbol: sympy.Float(x, 40) for symbol, x in zip(symbols, point, strict=True)}
        numbers = tuple(mp.mpf(x) for x in point)
        value = expression.evalf(25, subs=at)
        assert_near(float(value), formula(*numbers), 1e-13, (name, point), 1e-17)
        for axis, symbol in enumerate(symbols):
            if name in (*CONDITION_FIRST, *SHAPED, *LAST) and axis < len(symbols) - 1:
                continue
            slope = own(expression.diff(symbol)).evalf(25, subs=at)
            assert_near(
                float(slope), derivative(formula, numbers, axis, 1), 1e-12, (name, point), 1e-17
            )


@pytest.mark.parametrize(("name", "params"), CASES, ids=IDS)
def test_float32_stays_float32(name: str, params: dict[str, Any]) -> None:
    op = OPS[name]
    point = points(op)[0]
    nodes = [input_node(f"x{k}", (2,), FLOAT32) for k in range(len(point))]
    out = apply(op, *nodes, **params)
    smooth_op = out.dtype.kind == "f" and name not in LAST
    slopes = [node for node in gradient(out, nodes) if node is not None] if smooth_op else []
    inputs = {f"x{k}": np.full(2, x, np.float32) for k, x in enumerate(point)}
    exact = {key: array.astype(float) for key, array in inputs.items()}
    doubles, double = graph_of(op, [(2,)] * len(point), params)
    wanted = [double]
    if slopes:
        wanted += [node for node in gradient(double, doubles) if node is not None]
    for got, reference in zip(run([out, *slopes], inputs), run(wanted, exact), strict=True):
        assert got.dtype == (np.float32 if op.dtype == "float" else reference.dtype)
        np.testing.assert_allclose(got, reference, rtol=2e-5, atol=1e-6)


SCIPY_OPS = (
    "beta", "betainc", "betaln", "digamma", "erf", "erfc", "erfcx", "erfinv", "exp1", "expi", "gamma", "gammainc",
    "gammaincc", "gammaln", "iv", "ive", "jv", "log_ndtr", "ndtr", "ndtri", "polygamma", "rgamma",
)  # fmt: skip


@pytest.mark.parametrize("name", SCIPY_OPS)
def test_without_scipy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("scipy")
    op = OPS[name]
    params = PARAMS.get(name, [{}])[-1]
    columns = [np.array(column) for column in zip(*points(op), strict=True)]
    many = [np.resize(column, (2, 150)) for column in columns]
    with np.errstate(all="ignore"):
        library = op.evaluate(*many, **params)
        monkeypatch.setattr(numeric, "scipy_special", lambda: None)
        alone = op.evaluate(*many, **params)
        few = op.evaluate(*columns, **params)
    assert alone.shape == library.shape == (2, 150)
    np.testing.assert_allclose(alone, library, rtol=1e-12)
    np.testing.assert_allclose(few, library.ravel()[: len(few)], rtol=1e-12)


LIMITS = [
    ("exp", -inf, 0, 0), ("exp2", -inf, 0, 0), ("expm1", -inf, -1, 0), ("log", inf, inf, 0),
    ("tanh", inf, 1, 0), ("tanh", -inf, -1, 0), ("tanh", -1e300, -1, 0), ("sigmoid", -inf, 0, 0),
    ("sigmoid", inf, 1, 0), ("sigmoid", 1e300, 1, 0), ("softplus", -inf, 0, 0), ("softplus", 1e300, 1e300, 1),
    ("log_sigmoid", inf, 0, 0), ("log_sigmoid", -1000, -1000, 1), ("arctan", inf, math.pi / 2, 0),
    ("arctan", -inf, -math.pi / 2, 0), ("arctan", 1e300, math.pi / 2, 0), ("relu", -inf, 0, 0),
    ("silu", -inf, 0, 0), ("gelu", -inf, 0, 0), ("mish", -inf, 0, 0), ("silu", 1e300, 1e300, 1),
    ("gelu", 1e300, 1e300, 1), ("mish", 1e300, 1e300, 1), ("elu", -inf, -1, 0), ("celu", -inf, -1, 0),
    ("softsign", inf, 1, 0), ("softsign", -inf, -1, 0), ("erf", inf, 1, 0), ("erfc", inf, 0, 0),
    ("ndtr", -inf, 0, 0), ("log_ndtr", inf, 0, 0), ("arcsinh", 1e300, 691.4686750787736, 1e-300),
    ("sinc", inf, nan, None), ("hard_tanh", inf, 1, 0), ("sin", inf, nan, None), ("log", -1.0, nan, None),
    ("sqrt", inf, inf, 0), ("rsqrt", inf, 0, 0), ("reciprocal", -inf, 0, 0), ("abs", 0.0, 0, 0),
    ("relu", 0.0, 0, 0), ("nan_to_num", nan, 0, 0), ("nan_to_num", inf, np.finfo(float).max, 0),
    ("entr", -1.0, -inf, None), ("logit", 0.0, -inf, None), ("gammaln", 0.0, inf, None),
    ("squareplus", -1e10, 1e-10, 1e-20), ("cbrt", -0.0, 0, inf), ("i0e", inf, 0, 0),
    ("i1e", -inf, 0, 0), ("erfcx", inf, 0, 0), ("rgamma", 0.0, 0, 1), ("rgamma", -1.0, 0, -1), ("rgamma", -2.0, 0, 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "point", "value", "slope"), LIMITS)
def test_limits_and_edges(name: str, point: float, value: float, slope: float | None) -> None:
    x = input_node("x", ())
    out = FUNCTIONS[name].build(x)
    got, d = numbers([out, *gradient(out, [x])], {"x": np.array(point)})
    np.testing.assert_allclose(got, value, rtol=1e-14)
    if slope is not None:
        np.testing.assert_allclose(d, slope, rtol=1e-13)


EDGES = [
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("hypot", (3e-200, 4e-200), 5e-200, (0.6, 0.8)),
    ("arctan2", (1.0, 0.0), math.pi / 2, (0.0, -1.0)),
    ("arctan2", (1e200, 1e200), math.pi / 4, (5e-201, -5e-201)),
    ("logaddexp", (1000.0, 999.0), 1000.3132616875182, (0.7310585786300049, 0.2689414213699951)),
    ("logaddexp", (-inf, 0.0), 0.0, (0.0, 1.0)),
    ("logaddexp", (-inf, -inf), -inf, (0.5, 0.5)),
    ("xlogy", (0.0, 0.0), 0.0, (-inf, 0.0)),
    ("xlog1py", (0.0, -1.0), 0.0, (-inf, 0.0)),
    ("remainder", (-3.5, 2.0), 0.5, (1.0, 2.0)),
    ("remainder", (3.5, -2.0), -0.5, (1.0, 2.0)),
    ("fmod", (-3.5, 2.0), -1.5, (1.0, 1.0)),
    ("floor_divide", (-3.5, 2.0), -2.0, (0.0, 0.0)),
    ("copysign", (-3.0, -0.0), -3.0, (1.0, 0.0)),
    ("heaviside", (0.0, 0.5), 0.5, (0.0, 1.0)),
    ("power", (0.0, 2.0), 0.0, (0.0, 0.0)),
    ("power", (0.0, 0.0), 1.0, (0.0, -inf)),
    ("power", (-2.0, 3.0), -8.0, (12.0, nan)),
    ("maximum", (2.0, 2.0), 2.0, (0.5, 0.5)),
    ("fmax", (2.0, nan), 2.0, (1.0, 0.0)),
    ("fmin", (nan, 2.0), 2.0, (0.0, 1.0)),
    ("kl_div", (2.0, 2.0), 0.0, (0.0, 0.0)),
    ("rel_entr", (0.0, 1.0), 0.0, (-inf, 0.0)),
    ("prelu", (-2.0, 0.25), -0.5, (0.25, -2.0)),
    ("log", (8.0, 2.0), 3.0, (1 / (8 * math.log(2)), -3 / (2 * math.log(2)))),
]


@pytest.mark.parametrize(("name", "point", "value", "slopes"), EDGES)
def test_two_arguments(
    name: str, point: tuple[float, ...], value: float, slopes: tuple[float, ...]
) -> None:
    nodes = [input_node(key, ()) for key in "ab"]
    out = FUNCTIONS[name].build(*nodes)
    inputs = {key: np.array(x) for key, x in zip("ab", point, strict=True)}
    got = list(numbers([out, *gradient(out, nodes)], inputs))
    np.testing.assert_allclose(got, [value, *slopes], rtol=1e-13, atol=1e-300)


PEERS = json.loads((Path(__file__).parent / "data" / "elementwise.json").read_text())


@pytest.mark.parametrize("case", PEERS, ids=lambda case: f"{case['name']}-{case['source']}")
def test_against_peers(case: dict[str, Any]) -> None:
    """Numbers of JAX and PyTorch (see data/make_elementwise.py)."""
    arrays = [np.array(values) for values in case["inputs"]]
    nodes = [input_node(f"x{k}", array.shape) for k, array in enumerate(arrays)]
    out = FUNCTIONS[ALIASES.get(case["name"], case["name"])].build(*nodes, **case["static"])
    inputs = {f"x{k}": array for k, array in enumerate(arrays)}
    value, *slopes = numbers([out, *gradient(out, nodes)], inputs)
    np.testing.assert_allclose(value, case["value"], rtol=1e-11, atol=1e-15)
    for got, wanted in zip(slopes, case["gradient"], strict=True):
        np.testing.assert_allclose(got, 0.0 if wanted is None else wanted, rtol=1e-10, atol=1e-14)


def test_compositions() -> None:
    """What neither NumPy nor a scalar formula gives: halves, blends, forgiving quotients."""
    x, y, w = np.array([0.5, -1.0, 2.0, 0.0]), np.array([1.0, 0.0, -2.0, 0.0]), np.array(0.25)
    sigmoid = 1 / (1 + np.exp(-x[2:]))
    expected = {
        "glu": ((x,), x[:2] * sigmoid),
        "lerp": ((x, y, w), x + 0.25 * (y - x)),
        "addcmul": ((x, x, y, w), x + 0.25 * x * y),
        "addcdiv": ((x, x, x + 3, w), x + 0.25 * x / (x + 3)),
        "divide_no_nan": ((x, y), [0.5, 0, -1, 0]),
        "multiply_no_nan": ((np.array([np.inf, 2, 3, 4]), y), [np.inf, 0, -6, 0]),
        "xdivy": ((x, y), [0.5, -np.inf, -1, 0]),
        "lbeta": ((np.array([2.0, 3.0]),), -math.log(12)),
        "erfcinv": ((np.array([1e-300, 1.0]),), [26.20946996051612, 0]),
        "ldexp": ((x, y), x * 2**y),
    }
    for name, (arrays, wanted) in expected.items():
        nodes = [input_node(f"x{k}", array.shape) for k, array in enumerate(arrays)]
        inputs = {f"x{k}": array for k, array in enumerate(arrays)}
        (got,) = run([FUNCTIONS[name].build(*nodes)], inputs)
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-15, err_msg=name)
    with pytest.raises(GradcliError, match="glu: an axis of 3 entries cannot be halved"):
        FUNCTIONS["glu"].build(input_node("x", (3,)))


def test_forgiving_quotient_has_a_true_gradient() -> None:
    a, b = input_node("a", (2,)), input_node("b", (2,))
    out = FUNCTIONS["divide_no_nan"].build(a, b)
    inputs = {"a": np.array([3.0, 3.0]), "b": np.array([0.0, 2.0])}
    by_a, by_b = numbers(gradient(out, [a, b]), inputs)
    np.testing.assert_array_equal(by_a, [0.0, 0.5])
    np.testing.assert_array_equal(by_b, [0.0, -0.75])


def test_kinks_are_where_they_are() -> None:
    kinks = {
        "floor": (2.0, 2.5), "ceil": (-1.0, 0.5), "trunc": (1.0, 0.0), "abs": (0.0, 1.0), "relu": (0.0, -1.0),
        "sign": (0.0, 1.0), "sqrt": (0.0, 1.0), "cbrt": (0.0, 1.0), "arcsin": (1.0, 0.5), "arccosh": (1.0, 2.0),
        "gamma": (-2.0, -1.5), "log": (0.0, 1.0), "logit": (1.0, 0.5),
    }  # fmt: skip
    for name, (kink, regular) in kinks.items():
        rule = OPS[name].kink
        assert rule is not None
        np.testing.assert_array_equal(rule(np.array([kink, regular])), [True, False], err_msg=name)
    assert not np.any(OPS["elu"].kink(np.zeros(1), alpha=1.0))  # type: ignore[misc]
    assert np.all(OPS["elu"].kink(np.zeros(1), alpha=1.67))  # type: ignore[misc]
    np.testing.assert_array_equal(
        OPS["round"].kink(np.array([0.25, 0.3]), decimals=1), [True, False]
    )  # type: ignore[misc]
    branch = OPS["arctan2"].kink(np.array([0.0, 1.0, 0.0]), np.array([-1.0, 0.0, 1.0]))  # type: ignore[misc]
    np.testing.assert_array_equal(branch, [True, False, False])


@pytest.mark.parametrize(
    ("name", "static", "text"),
    [
        (
            "polygamma",
            {"n": -1},
            "polygamma: the order must be a whole number from 0 to 100, not -1",
        ),
        (
            "polygamma",
            {"n": 1.5},
            "polygamma: the order must be a whole number from 0 to 100, not 1.5",
        ),
        ("gelu", {"approximate": "erf"}, "gelu: approximate must be 'none' or 'tanh', not 'erf'"),
        ("celu", {"alpha": 0}, "celu: alpha must be positive, not 0"),
        ("elu", {"alpha": "x"}, "elu: alpha must be a number, not 'x'"),
        (
            "round",
            {"decimals": 10**9},
            "round: decimals must be between -300 and 300, not 1000000000",
        ),
        (
            "hard_tanh",
            {"min_val": 2, "max_val": 1},
            "hard_tanh: the lower bound 2.0 is not below the upper bound 1.0",
        ),
        ("multigammaln", {"d": 0}, "multigammaln: the dimension must be at least 1"),
        ("nan_to_num", {"nan": None}, "nan_to_num: nan must be a number, not None"),
    ],
)
def test_wrong_parameters(name: str, static: dict[str, Any], text: str) -> None:
    with pytest.raises(GradcliError) as caught:
        FUNCTIONS[name].build(input_node("x", (2,)), **static)
    assert caught.value.message == text


def test_what_has_no_closed_form_is_refused() -> None:
    a, x = (input_node(key, ()) for key in "ax")
    (slope,) = gradient(FUNCTIONS["gammainc"].build(a, x), [a])
    assert slope is not None
    (got,) = run([slope], {"a": np.array(2.0), "x": np.array(1.5)})
    np.testing.assert_allclose(got, -0.31348864, rtol=1e-7)
    with pytest.raises(GradcliError, match="the second derivative by a has no closed form"):
        gradient(slope, [a])


def test_slow_functions_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numeric, "scipy_special", lambda: None)
    with pytest.raises(GradcliError) as caught:
        OPS["gammaln"].evaluate(np.ones((300, 300)))
    assert caught.value.kind == "limit"
    assert caught.value.hint == "install scipy"


def test_every_elementwise_op_has_a_formula() -> None:
    missing = [name for name, op in OPS.items() if op.elementwise and op.symbolic is None]
    assert missing == []


def test_aliases_lead_somewhere() -> None:
    assert all(target in FUNCTIONS for target in ALIASES.values())
    assert gradcli.ops.FUNCTIONS is FUNCTIONS
