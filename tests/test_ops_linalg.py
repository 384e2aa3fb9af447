"""Linear algebra against PyTorch's numbers, closed forms, differences and thirty digits.

`data/linalg.json` is written by `data/make_linalg.py` (values, gradients, Hessian-vector products
of PyTorch in float64); the rest needs NumPy alone, and mpmath, which SymPy brings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli.autodiff import gradient, hessian_vector
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import OPS, Node, apply, constant, input_node
from gradcli.limits import LIMITS
from gradcli.ops import FUNCTIONS

Build = Callable[..., Node]
Arrays = list[Any]


def call(name: str, *tensors: Node, **static: Any) -> Any:
    return FUNCTIONS[name].build(*tensors, **static)


def symmetric(a: Node) -> Node:
    return (a + a.mT) / 2.0


def inputs_of(arrays: Arrays) -> tuple[list[Node], dict[str, Any]]:
    dtypes = [np.asarray(array).dtype for array in arrays]
    nodes = [
        input_node(f"x{i}", np.shape(array), dtype)
        for i, (array, dtype) in enumerate(zip(arrays, dtypes, strict=True))
    ]
    return nodes, {f"x{i}": array for i, array in enumerate(arrays)}


def value_of(build: Build, *arrays: Any) -> Any:
    nodes, values = inputs_of([np.asarray(array, dtype=float) for array in arrays])
    return run([build(*nodes)], values)[0]


def weighted(out: Node, w: Any) -> Node:
    total = out * constant(w)
    return call("sum", total) if total.shape else total


def gradients_of(build: Build, arrays: Arrays, w: Any = 1.0) -> Arrays:
    """The gradients of `sum(w * build(arrays))`."""
    nodes, values = inputs_of([np.asarray(array, dtype=float) for array in arrays])
    found = gradient(weighted(build(*nodes), w), nodes)
    return run([node for node in found if node is not None], values)


def products_of(build: Build, arrays: Arrays, w: Any, tangents: Arrays) -> Arrays:
    """Hessian-vector products of `sum(w * build(arrays))`; zeros where there is none."""
    nodes, values = inputs_of([np.asarray(array, dtype=float) for array in arrays])
    along = [constant(np.asarray(tangent, dtype=float)) for tangent in tangents]
    found = hessian_vector(weighted(build(*nodes), w), nodes, along)
    return [
        np.zeros(node.shape) if product is None else run([product], values)[0]
        for node, product in zip(nodes, found, strict=True)
    ]


def close(got: Any, want: Any, tolerance: float = 1e-10) -> None:
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    scale = max(1.0, float(np.abs(want).max(initial=0.0)))
    assert float(np.abs(got - want).max(initial=0.0)) <= tolerance * scale


# --- against PyTorch ------------------------------------------------------------------------------

BUILDS: dict[str, Build] = {
    "det": lambda a: call("det", a),
    "logdet": lambda a: call("logdet", a),
    "inv": lambda a: call("inv", a),
    "solve_vector": lambda a, b: call("solve", a, b),
    "solve_matrix": lambda a, b: call("solve", a, b),
    "solve_lower": lambda a, b: call("solve_triangular", a, b, lower=True),
    "solve_upper": lambda a, b: call("solve_triangular", a, b),
    "matrix_power_5": lambda a: call("matrix_power", a, n=5),
    "matrix_power_-3": lambda a: call("matrix_power", a, n=-3),
    "cholesky": lambda a: call("cholesky", symmetric(a)),
    "cholesky_upper": lambda a: call("cholesky", symmetric(a), upper=True),
    "qr_q": lambda a: call("qr", a)[0],
    "qr_r": lambda a: call("qr", a)[1],
    "eigvalsh": lambda a: call("eigvalsh", symmetric(a)),
    "eigh_projector": lambda a: _projector(call("eigh", symmetric(a))[1]),
    "svdvals": lambda a: call("svdvals", a),
    "svd_product": lambda a: _rank_one(*call("svd", a, full_matrices=False)),
    "pinv": lambda a: call("pinv", a),
    "lstsq": lambda a, b: call("lstsq", a, b)[0],
    "cond": lambda a: call("cond", a),
    "cond_fro": lambda a: call("cond", a, p="fro"),
    "expm": lambda a: call("expm", a),
}


def _projector(v: Node) -> Node:
    return v[..., :1] @ v[..., :1].mT


def _rank_one(u: Node, s: Node, vh: Node) -> Node:
    return u[..., :1] @ vh[..., :1, :]


RECORDS = json.loads(Path(__file__).with_name("data").joinpath("linalg.json").read_text())


@pytest.mark.parametrize("record", RECORDS, ids=[record["name"] for record in RECORDS])
def test_agrees_with_pytorch(record: dict[str, Any]) -> None:
    build = BUILDS[record["name"].split("/")[0]]
    arrays, w = record["inputs"], np.array(record["w"])
    close(value_of(build, *arrays), record["value"])
    for got, want in zip(gradients_of(build, arrays, w), record["gradient"], strict=True):
        close(got, want)
    products = products_of(build, arrays, w, record["v"])
    for got, want in zip(products, record["product"], strict=True):
        close(got, want)


# --- against NumPy and closed forms ---------------------------------------------------------------


def matrices(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def definite(seed: int, *shape: int) -> Any:
    a = matrices(seed, *shape)
    return a @ np.swapaxes(a, -1, -2) + np.eye(shape[-1])


NUMPY: list[tuple[str, Any, Build, Any]] = [
    ("det", np.linalg.det, lambda a: call("det", a), matrices(1, 2, 5, 5)),
    ("sign", lambda a: np.linalg.slogdet(a)[0], lambda a: call("slogdet", a)[0], -np.eye(3)),
    ("logdet", lambda a: np.linalg.slogdet(a)[1], lambda a: call("logdet", a), -np.eye(3)),
    ("eigvalsh", np.linalg.eigvalsh, lambda a: call("eigvalsh", a), matrices(2, 2, 3, 3)),
    ("eigh", lambda a: np.linalg.eigh(a)[1], lambda a: call("eigh", a)[1], matrices(2, 4, 4)),
    ("upper", lambda a: np.linalg.eigvalsh(a, "U"), lambda a: call("eigh", a, UPLO="U")[0],
     matrices(2, 4, 4)),
    ("cholesky", np.linalg.cholesky, lambda a: call("cholesky", a), np.tril(definite(3, 4, 4))),
    ("cholesky upper", lambda a: np.linalg.cholesky(a.T).T,
     lambda a: call("cholesky", a, upper=True), np.triu(definite(3, 4, 4))),
    ("cholesky not lower", lambda a: np.linalg.cholesky(a.T).T,
     lambda a: call("cholesky", a, lower=False), np.triu(definite(3, 4, 4))),
    ("qr wide", lambda a: np.linalg.qr(a)[1], lambda a: call("qr", a, mode="r"), matrices(4, 2, 4)),
    ("svd", lambda a: np.linalg.svd(a)[0], lambda a: call("svd", a)[0], matrices(5, 3, 2)),
    ("svd values", lambda a: np.linalg.svd(a)[1], lambda a: call("svd", a)[1], matrices(5, 3, 2)),
    ("svd right", lambda a: np.linalg.svd(a)[2], lambda a: call("svd", a)[2], matrices(5, 2, 2, 3)),
    ("no vectors", lambda a: np.linalg.svd(a, compute_uv=False),
     lambda a: call("svd", a, compute_uv=False), matrices(5, 2, 3)),
    ("pinv of low rank", np.linalg.pinv, lambda a: call("pinv", a),
     matrices(6, 4, 2) @ matrices(7, 2, 3)),
    ("cond 1", lambda a: np.linalg.cond(a, 1), lambda a: call("cond", a, p=1), matrices(8, 3, 3)),
    ("cond -2", lambda a: np.linalg.cond(a, -2), lambda a: call("cond", a, p=-2),
     matrices(8, 3, 3)),
    ("cond tall", np.linalg.cond, lambda a: call("cond", a), matrices(8, 5, 3)),
    ("rank", lambda a: np.linalg.matrix_rank(a), lambda a: call("matrix_rank", a),
     matrices(9, 2, 4, 2) @ matrices(9, 2, 2, 4)),
    ("rank of a vector", lambda a: np.linalg.matrix_rank(a), lambda a: call("matrix_rank", a),
     np.zeros(3)),
    ("power 0", lambda a: np.linalg.matrix_power(a, 0), lambda a: call("matrix_power", a, n=0),
     matrices(10, 2, 3, 3)),
    ("power 8", lambda a: np.linalg.matrix_power(a, 8), lambda a: call("matrix_power", a, n=8),
     matrices(10, 3, 3)),
    ("tensorinv", lambda a: np.linalg.tensorinv(a, 1), lambda a: call("tensorinv", a, ind=1),
     matrices(11, 4, 2, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "numpy", "build", "a"), NUMPY, ids=[row[0] for row in NUMPY])
def test_value_is_numpys(name: str, numpy: Any, build: Build, a: Any) -> None:
    close(value_of(build, a), numpy(a), 1e-12)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3,)),
        ((2, 3, 3), (2, 3, 1)),
        ((3, 3), (2, 3, 2)),
    ],
)
def test_solve_follows_the_rule_for_vectors(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = matrices(12, *left), matrices(13, *right)
    close(value_of(lambda a, b: call("solve", a, b), a, b), np.linalg.solve(a, b), 1e-12)
    (by_a, by_b) = gradients_of(lambda a, b: call("solve", a, b), [a, b])
    assert by_a.shape == a.shape
    assert by_b.shape == b.shape


def test_lstsq_returns_what_numpy_returns() -> None:
    a, b = matrices(14, 5, 3), matrices(15, 5, 2)
    nodes, values = inputs_of([a, b])
    got = run(list(call("lstsq", *nodes)), values)
    for mine, numpys in zip(got, np.linalg.lstsq(a, b), strict=True):
        close(mine, numpys, 1e-12)
    assert value_of(lambda a, b: call("lstsq", a, b)[1], a.T, b[:3, 0]).shape == (0,)


def test_tensorsolve() -> None:
    a, b = matrices(16, 2, 3, 6), matrices(17, 2, 3)
    close(
        value_of(lambda a, b: call("tensorsolve", a, b), a, b), np.linalg.tensorsolve(a, b), 1e-11
    )


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("trans", [0, 1, "T"])
@pytest.mark.parametrize("unit", [False, True])
def test_solve_triangular_reads_one_triangle(lower: bool, trans: Any, unit: bool) -> None:
    a, b = matrices(18, 3, 3) + 3 * np.eye(3), matrices(19, 3)
    read = np.tril(a) if lower else np.triu(a)
    if unit:
        np.fill_diagonal(read, 1.0)
    want = np.linalg.solve(read.T if trans else read, b)

    def build(a: Node, b: Node) -> Node:
        solution: Node = call(
            "solve_triangular", a, b, lower=lower, trans=trans, unit_diagonal=unit
        )
        return solution

    close(value_of(build, a, b), want, 1e-12)
    if trans == 0 and not unit:
        named = value_of(lambda a, b: call("solve_triangular", a, b, upper=not lower), a, b)
        close(named, want, 1e-12)
    by_a, _ = gradients_of(build, [a, b])
    unread = ~np.tri(3, dtype=bool) if lower else np.tri(3, k=-1, dtype=bool)
    assert np.all(by_a[unread] == 0)
    assert np.all(np.diagonal(by_a) == 0) == unit


def test_functions_of_a_matrix_by_eigenvalues() -> None:
    a = definite(20, 4, 4)
    w, v = np.linalg.eigh(a)
    for name, function in (("expm", np.exp), ("logm", np.log), ("sqrtm", np.sqrt)):
        close(value_of(lambda a, name=name: call(name, a), a), (v * function(w)) @ v.T, 1e-13)
    close(value_of(lambda a: call("expm", a), np.triu(matrices(21, 3, 3), 1) * 1e3)[2, 2], 1.0)
    close(value_of(lambda a: call("expm", a), -1e5 * np.eye(2)), np.zeros((2, 2)))
    close(value_of(lambda a: call("logm", call("expm", a)), matrices(21, 3, 3)), matrices(21, 3, 3))


# --- second order by differences of the gradient --------------------------------------------------

SECOND: list[tuple[str, Build, Arrays]] = [
    ("logm", lambda a: call("logm", a), [definite(22, 3, 3)]),
    ("sqrtm", lambda a: call("sqrtm", a), [matrices(23, 3, 3) + 3 * np.eye(3)]),
    ("cofactor 3", lambda a: call("cofactor", a), [matrices(24, 3, 3)]),
    ("cofactor 4", lambda a: call("cofactor", a), [matrices(24, 4, 4)]),
    ("adjugate 2", lambda a: call("adjugate", a), [matrices(24, 2, 2)]),
    ("det rank 3 of 4", lambda a: call("det", a), [matrices(25, 4, 3) @ matrices(26, 3, 4)]),
    ("det rank 2 of 4", lambda a: call("det", a), [matrices(25, 4, 2) @ matrices(26, 2, 4)]),
    ("det rank 1 of 3", lambda a: call("det", a), [matrices(25, 3, 1) @ matrices(26, 1, 3)]),
    ("qr wide", lambda a: call("qr", a)[1], [matrices(27, 2, 4)]),
    ("eigenvectors", lambda a: call("eigh", a)[1], [matrices(28, 3, 3)]),
    ("left vectors", lambda a: call("svd", a, full_matrices=False)[0], [matrices(29, 4, 2)]),
    ("right vectors", lambda a: call("svd", a, full_matrices=False)[2], [matrices(29, 2, 4)]),
    ("cholesky one triangle", lambda a: call("cholesky", a), [np.tril(definite(30, 3, 3))]),
    ("residuals", lambda a, b: call("lstsq", a, b)[1], [matrices(31, 4, 2), matrices(32, 4)]),
    ("tensorinv", lambda a: call("tensorinv", a, ind=1), [matrices(33, 4, 2, 2)]),
]


@pytest.mark.parametrize(("name", "build", "arrays"), SECOND, ids=[row[0] for row in SECOND])
def test_both_orders_by_differences(name: str, build: Build, arrays: Arrays) -> None:
    rng = np.random.default_rng(34)
    w = rng.normal(size=np.shape(value_of(build, *arrays)))
    tangents = [rng.normal(size=array.shape) for array in arrays]
    step = 1e-4

    def moved(t: float) -> Arrays:
        return [array + t * tangent for array, tangent in zip(arrays, tangents, strict=True)]

    def slope(function: Callable[[Arrays], Any]) -> Any:
        near = function(moved(step)) - function(moved(-step))
        far = function(moved(2 * step)) - function(moved(-2 * step))
        return (8 * near - far) / (12 * step)

    first = gradients_of(build, arrays, w)
    along = sum(np.sum(g * v) for g, v in zip(first, tangents, strict=True))
    close(along, slope(lambda arrays: np.sum(w * value_of(build, *arrays))), 1e-8)
    products = products_of(build, arrays, w, tangents)
    for i, product in enumerate(products):
        close(product, slope(lambda arrays, i=i: gradients_of(build, arrays, w)[i]), 1e-6)


def test_third_order_of_det() -> None:
    """`det` is a polynomial: its derivatives of order n are constants, those beyond 0."""
    for n, seed in ((3, 35), (4, 36)):
        a, g, h, k = matrices(seed, 4, n, n)
        node = input_node("a", (n, n))
        total: Node = call("det", node)
        for tangent in (g, h, k):
            (first,) = gradient(total, [node])
            assert first is not None
            total = call("sum", first * constant(tangent))
        got = float(run([total], {"a": a})[0])
        signs = [(i, j, m) for i in (-1, 1) for j in (-1, 1) for m in (-1, 1)]
        want = sum(i * j * m * np.linalg.det(a + i * g + j * h + m * k) for i, j, m in signs) / 8
        if n == 3:
            close(got, want, 1e-12)
        else:  # the odd polarisation sees no other odd terms below order 5
            close(got, want, 1e-11)


# --- special points -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "want"),
    [
        ([[1, 2], [2, 4]], [[4, -2], [-2, 1]]),
        ([[0, 0], [0, 0]], [[0, 0], [0, 0]]),
        ([[0]], [[1]]),
        ([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[-3, 6, -3], [6, -12, 6], [-3, 6, -3]]),
        ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], np.zeros((3, 3))),
    ],
)
def test_gradient_of_det_is_exact_at_small_integers(a: Any, want: Any) -> None:
    (got,) = gradients_of(lambda a: call("det", a), [a])
    assert np.array_equal(got, want)
    assert not np.any(np.signbit(got[got == 0]))


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
def test_cofactor_at_every_rank(rank: int) -> None:
    a = matrices(37, 4, rank) @ matrices(38, rank, 4)
    minors = np.empty((4, 4))
    for i, j in np.ndindex(4, 4):
        minor = np.delete(np.delete(a, i, 0), j, 1)
        minors[i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    close(value_of(lambda a: call("cofactor", a), a), minors, 1e-12)
    if rank < 3:
        close(value_of(lambda a: call("cofactor", a), a), np.zeros((4, 4)), 1e-12)


def test_cofactor_of_a_stack_mixes_singular_and_regular() -> None:
    a = np.stack([matrices(39, 4, 4), np.diag([1.0, 2.0, 3.0, 0.0])])
    got = value_of(lambda a: call("cofactor", a), a)
    close(got[0], np.linalg.det(a[0]) * np.linalg.inv(a[0]).T, 1e-12)
    close(got[1], np.diag([0.0, 0.0, 0.0, 6.0]), 1e-12)


def test_second_derivative_of_det_at_zero() -> None:
    h = matrices(40, 2, 2)
    (got,) = products_of(lambda a: call("det", a), [np.zeros((2, 2))], 1.0, [h])
    close(got, [[h[1, 1], -h[1, 0]], [-h[0, 1], h[0, 0]]])


def test_gradient_lives_in_the_triangle_that_is_read() -> None:
    (got,) = gradients_of(
        lambda a: call("sum", call("eigvalsh", a) ** 2.0), [[[1.0, 5.0], [2.0, 3.0]]]
    )
    close(got, [[2, 0], [8, 6]])
    (got,) = gradients_of(
        lambda a: call("sum", call("eigvalsh", a, UPLO="U") ** 2.0), [[[1.0, 2.0], [5.0, 3.0]]]
    )
    close(got, [[2, 8], [0, 6]])
    (got,) = gradients_of(lambda a: call("cholesky", a), [[[4.0, 99.0], [2.0, 5.0]]])
    close(got, [[0.1875, 0.0], [0.25, 0.25]])


def test_symmetric_functions_at_repeated_eigenvalues() -> None:
    q, _ = np.linalg.qr(matrices(41, 3, 3))
    s = (q * [1.0, 1.0, 2.0]) @ q.T

    def build(s: Node) -> Node:
        total: Node = call("sum", apply("exp", call("eigvalsh", symmetric(s))))
        return total

    (got,) = gradients_of(build, [s])
    close(got, (q * np.exp([1.0, 1.0, 2.0])) @ q.T)
    (got,) = gradients_of(build, [np.eye(3)])
    close(got, np.e * np.eye(3))


def test_nuclear_norm_at_repeated_and_zero_singular_values() -> None:
    q, _ = np.linalg.qr(matrices(42, 3, 3))
    (got,) = gradients_of(lambda a: call("svdvals", a), [q])
    close(got, q)
    (got,) = gradients_of(lambda a: call("svdvals", a), [np.zeros((2, 3))])
    assert np.array_equal(got, np.zeros((2, 3)))
    (got,) = gradients_of(lambda a: call("svdvals", a), [np.diag([2.0, 0.0])])
    close(got, np.diag([1.0, 0.0]))
    (got,) = gradients_of(lambda a: apply("log", call("svdvals", a)), [np.diag([1.0, 1e-20])])
    close(got / np.diag([1.0, 1e20]).clip(1), np.eye(2))


def test_eigenvectors_at_a_repeated_eigenvalue_are_nan_only_where_they_turn() -> None:
    a = np.diag([1.0, 1.0, 2.0])
    (got,) = gradients_of(lambda a: call("eigh", a)[1], [a], matrices(43, 3, 3))
    assert np.isnan(got).any()
    (got,) = gradients_of(
        lambda a: _projector(call("eigh", a)[1][..., 2:]), [a], matrices(44, 3, 3)
    )
    assert np.isfinite(got).all()


@pytest.mark.parametrize(
    ("name", "a", "mask"),
    [
        ("eigvalsh", np.diag([1.0, 1.0, 2.0]), [True, True, False]),
        ("svdvals", np.diag([2.0, 1.0, 0.0]), [False, False, True]),
        ("svdvals", np.eye(2), [True, True]),
        ("logabsdet", np.zeros((2, 2)), True),
        ("sign_det", np.ones((2, 2)), True),
        ("det", np.zeros((2, 2)), None),
    ],
)
def test_kinks(name: str, a: Any, mask: Any) -> None:
    kink = OPS[name].kink
    if mask is None:
        assert kink is None
        return
    assert kink is not None
    with np.errstate(divide="ignore"):
        assert np.array_equal(kink(a), mask)


def test_kinks_of_pinv_and_qr_are_their_whole_output() -> None:
    low = np.outer([1.0, 2.0, 3.0], [1.0, 1.0])
    for name, params, shape in (
        ("pinv", {"rcond": 1e-15}, (2, 3)),
        ("qr", {"part": "q"}, (3, 2)),
        ("qr", {"part": "r"}, (2, 2)),
    ):
        kink = OPS[name].kink
        assert kink is not None
        assert np.array_equal(kink(low, **params), np.ones(shape, bool))
        assert not np.any(kink(matrices(45, 3, 2), **params))


def test_nan_in_is_nan_out() -> None:
    a = np.array([[1.0, np.nan], [2.0, 3.0]])
    for name in ("det", "inv", "cholesky", "eigvalsh", "svdvals", "pinv", "expm", "cofactor"):
        assert np.isnan(value_of(lambda a, name=name: call(name, a), a)).any(), name


def test_one_nan_does_not_spoil_a_stack() -> None:
    a = np.stack([definite(47, 4, 4), np.full((4, 4), np.inf), definite(48, 4, 4)])
    for name in ("cholesky", "eigvalsh", "svdvals", "pinv", "expm", "logm", "cofactor"):
        got = value_of(lambda a, name=name: call(name, a), a)
        assert np.isnan(got[1]).all(), name
        for i in (0, 2):
            close(got[i], value_of(lambda a, name=name: call(name, a), a[i]), 1e-12)
    (got,) = gradients_of(lambda a: call("cofactor", a), [a])
    assert np.isfinite(got[[0, 2]]).all()


def test_empty_matrices() -> None:
    empty = np.zeros((0, 0))
    assert value_of(lambda a: call("det", a), empty) == 1
    for name in ("inv", "expm", "cholesky", "pinv", "cofactor"):
        assert value_of(lambda a, name=name: call(name, a), empty).shape == (0, 0)
    assert value_of(lambda a: call("svdvals", a), np.zeros((3, 0))).shape == (0,)


# --- refusals -------------------------------------------------------------------------------------

HILBERT = 1 / np.add.outer(np.arange(1, 15), np.arange(14))  # no digit of its inverse is right

ERRORS: list[tuple[str, str, Build, Arrays]] = [
    ("value", "inv: the matrix is singular", lambda a: call("inv", a), [[[1, 2], [2, 4]]]),
    ("value", "solve: the matrix is singular", lambda a, b: call("solve", a, b),
     [[[1, 2], [2, 4]], [1, 2]]),
    ("value", "inv: the matrix is singular to working precision", lambda a: call("inv", a),
     [HILBERT]),
    ("value", "solve: the matrix is singular to working precision",
     lambda a, b: call("solve", a, b), [HILBERT, np.ones(14)]),
    ("value", "cholesky: the matrix is not positive definite", lambda a: call("cholesky", a),
     [[[1, 1], [1, 1]]]),
    ("value", "cholesky: the matrix is not positive definite", lambda a: call("cholesky", a),
     [[[-1, 0], [0, 1]]]),
    ("value", "logm: an eigenvalue is zero or negative", lambda a: call("logm", a),
     [[[-1, 0], [0, 1]]]),
    ("value", "sqrtm: an eigenvalue is zero or negative", lambda a: call("sqrtm", a),
     [[[0, 0], [0, 1]]]),
    ("value", "matrix_power: the exponent must be an integer, not 0.5",
     lambda a: call("matrix_power", a, n=0.5), [np.eye(2)]),
    ("value", "inv: the matrix is singular", lambda a: call("matrix_power", a, n=-1),
     [np.zeros((2, 2))]),
    ("shape", "inv: needs a square matrix, not an array of shape ()", lambda a: call("inv", a),
     [1]),
    ("shape", "det: needs a square matrix, not an array of shape (2, 3)", lambda a: call("det", a),
     [np.ones((2, 3))]),
    ("shape", "logdet: needs a square matrix, not an array of shape (3,)",
     lambda a: call("logdet", a), [np.ones(3)]),
    ("shape", "svdvals: needs a matrix, not an array of shape (3,)", lambda a: call("svdvals", a),
     [np.ones(3)]),
    ("shape", "solve: shapes (2, 2) and (3,) do not fit: the right-hand side needs 2 rows",
     lambda a, b: call("solve", a, b), [np.eye(2), np.ones(3)]),
    ("shape", "solve: shapes (2, 2) and (3, 2) do not fit: the right-hand side needs 2 rows",
     lambda a, b: call("solve", a, b), [np.eye(2), np.ones((3, 2))]),
    ("shape", "solve: the right-hand side is a vector or a matrix, not a scalar",
     lambda a, b: call("solve", a, b), [np.eye(2), 1.0]),
    ("shape", "lstsq: shapes (3, 2) and (2,) do not fit: a matrix and a right-hand side with as "
     "many rows are needed", lambda a, b: call("lstsq", a, b)[0], [np.ones((3, 2)), np.ones(2)]),
    ("value", "qr: mode is 'reduced', 'complete' or 'r', not 'raw'",
     lambda a: call("qr", a, mode="raw"), [np.eye(2)]),
    ("value", "eigvalsh: UPLO is 'L' or 'U', not 'X'", lambda a: call("eigvalsh", a, UPLO="X"),
     [np.eye(2)]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message", "build", "arrays"), ERRORS)
def test_refusals(kind: str, message: str, build: Build, arrays: Arrays) -> None:
    with pytest.raises(GradcliError) as caught:
        value_of(build, *arrays)
    assert (caught.value.kind, caught.value.message) == (kind, message)


def test_ill_conditioned_is_not_singular() -> None:
    (got,) = gradients_of(lambda a: call("trace", call("inv", a)), [np.diag([1.0, 1e-8])])
    assert np.array_equal(got, [[-1.0, 0.0], [0.0, -1e16]])
    close(value_of(lambda a: call("inv", a), np.diag([1.0, 1e-200])) / 1e200, np.diag([1e-200, 1]))
    value_of(lambda a: call("inv", a), np.vander(np.arange(1.0, 13.0)))


def test_singular_gradient_of_logdet_is_refused() -> None:
    assert value_of(lambda a: call("logdet", a), np.ones((2, 2))) == -np.inf
    with pytest.raises(GradcliError, match="singular"):
        gradients_of(lambda a: call("logdet", a), [np.ones((2, 2))])


def test_extra_singular_vectors_have_no_gradient() -> None:
    with pytest.raises(GradcliError, match="arbitrary") as caught:
        gradients_of(lambda a: call("svd", a)[0], [matrices(46, 3, 2)])
    assert caught.value.hint == "use full_matrices=False"
    with pytest.raises(GradcliError, match="arbitrary"):
        value_of(lambda a: call("qr", a, mode="complete")[0], matrices(46, 3, 2))


@pytest.mark.parametrize(
    ("name", "shape", "static"),
    [
        ("matrix_power", (2000, 2000), {"n": 10**18}),
        ("matrix_power", (2000, 2000), {"n": 10**9}),
        ("svdvals", (16000, 16000), {}),
        ("eigvalsh", (16000, 16000), {}),
        ("inv", (16000, 16000), {}),
        ("expm", (16000, 16000), {}),
    ],
)
def test_what_would_take_minutes_is_refused_at_once(
    name: str, shape: tuple[int, ...], static: dict[str, Any]
) -> None:
    with pytest.raises(GradcliError) as caught:
        call(name, input_node("a", shape), **static)
    assert caught.value.kind == "limit"
    assert caught.value.hint == "raise it with --limit seconds=N"
    with LIMITS.raised(seconds=1e9):
        call(name, input_node("a", shape), **static)


def test_a_large_power_of_a_small_matrix() -> None:
    a = np.array([[0.5, 0.1], [0.2, 0.4]])
    close(value_of(lambda a: call("matrix_power", a, n=10**6), a), np.zeros((2, 2)))
    close(value_of(lambda a: call("matrix_power", a, n=10**18), np.eye(2)), np.eye(2))


# --- stacks, float32, thirty digits ---------------------------------------------------------------

POINTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("det", matrices(50, 3, 4, 4), {}),
    ("cofactor", matrices(50, 3, 4, 4), {}),
    ("cofactor", matrices(50, 3, 3, 3), {}),
    ("logabsdet", matrices(50, 3, 3, 3), {}),
    ("sign_det", matrices(50, 3, 3, 3), {}),
    ("inv", matrices(50, 3, 3, 3), {}),
    ("cholesky", definite(50, 3, 3, 3), {}),
    ("qr", matrices(50, 3, 4, 2), {"part": "q"}),
    ("qr", matrices(50, 3, 4, 2), {"part": "r"}),
    ("qr", matrices(50, 3, 3, 3), {"part": "r"}),
    ("eigvalsh", matrices(50, 3, 3, 3), {}),
    ("eigenvectors", matrices(50, 3, 3, 3), {}),
    ("svdvals", matrices(50, 3, 4, 2), {}),
    ("singular_vectors", matrices(50, 3, 4, 2), {"side": "left"}),
    ("singular_vectors", matrices(50, 3, 4, 2), {"side": "right"}),
    ("singular_vectors", matrices(50, 3, 2, 3), {"side": "left"}),
    ("pinv", matrices(50, 3, 4, 2), {"rcond": 1e-15}),
    ("pinv", matrices(50, 3, 2, 4), {"rcond": 1e-15}),
    ("expm", matrices(50, 3, 3, 3), {}),
    ("sqrtm", definite(50, 3, 3, 3), {}),
    ("logm", definite(50, 3, 3, 3), {}),
]
NAMES = [f"{name} {a.shape[1:]} {static}" for name, a, static in POINTS]


@pytest.fixture
def mp() -> Iterator[Any]:
    import mpmath

    with mpmath.workdps(35):
        yield mpmath.mp


def objects(mp: Any, a: Any) -> Any:
    result = np.empty(a.shape, dtype=object)
    for at in np.ndindex(*a.shape):
        result[at] = mp.mpf(float(a[at]))
    return result


@pytest.mark.parametrize(("name", "a", "static"), POINTS, ids=NAMES)
def test_exact_values_round_to_the_float_ones(
    mp: Any, name: str, a: Any, static: dict[str, Any]
) -> None:
    op = OPS[name]
    assert op.exact is not None
    exact = op.exact(mp, objects(mp, a), **static)
    assert exact.dtype == object
    close(op.evaluate(a, **static), exact.astype(float), 1e-12)


def test_exact_values_have_thirty_digits(mp: Any) -> None:
    a = objects(mp, definite(51, 3, 3))
    b = objects(mp, matrices(52, 3, 2))
    exact = {name: OPS[name].exact for name in OPS}
    small = mp.mpf(10) ** -32
    assert np.abs(a @ exact["inv"](mp, a) - np.eye(3, dtype=int)).max() < small
    assert np.abs(a @ exact["solve"](mp, a, b, vector=False) - b).max() < small
    assert np.abs(a @ exact["solve"](mp, a, b[:, 0], vector=True) - b[:, 0]).max() < small
    factor = exact["cholesky"](mp, a)
    assert np.abs(factor @ factor.T - a).max() < small
    values, vectors = exact["eigvalsh"](mp, a), exact["eigenvectors"](mp, a)
    assert np.abs(a @ vectors - vectors * values).max() < small
    assert abs(np.prod(values) - exact["det"](mp, a).item()) < small
    assert np.abs(exact["sqrtm"](mp, a) @ exact["sqrtm"](mp, a) - a).max() < small
    inverse = exact["pinv"](mp, b, rcond=1e-15)
    assert np.abs(inverse @ b - np.eye(2, dtype=int)).max() < small
    q, r = exact["qr"](mp, b, part="q"), exact["qr"](mp, b, part="r")
    assert np.abs(q @ r - b).max() < small


@pytest.mark.parametrize("name", ["inv", "cholesky"])
def test_exact_refuses_like_float(mp: Any, name: str) -> None:
    exact = OPS[name].exact
    assert exact is not None
    with pytest.raises(GradcliError) as caught:
        exact(mp, objects(mp, np.ones((2, 2))))
    assert caught.value.kind == "value"


@pytest.mark.parametrize(("name", "a", "static"), POINTS, ids=NAMES)
def test_a_stack_is_its_matrices(name: str, a: Any, static: dict[str, Any]) -> None:
    def build(a: Node) -> Node:
        return apply(name, a, **static)

    values = value_of(build, a)
    assert values.shape == build(input_node("a", a.shape)).shape
    w = matrices(53, *values.shape)
    stacked = gradients_of(build, [a], w)
    for i in range(len(a)):
        close(values[i], value_of(build, a[i]), 1e-13)
        for got, want in zip(stacked, gradients_of(build, [a[i]], w[i]), strict=True):
            close(got[i], want, 1e-9)
        close(OPS[name].evaluate(a[i], **static), value_of(build, a[i]), 1e-13)


@pytest.mark.parametrize(("name", "a", "static"), POINTS, ids=NAMES)
def test_float32_stays_float32(name: str, a: Any, static: dict[str, Any]) -> None:
    single = a[0].astype(np.float32)
    nodes, values = inputs_of([single])
    out = apply(name, nodes[0], **static)
    found = [node for node in gradient(out, nodes) if node is not None]
    double = gradients_of(lambda a: apply(name, a, **static), [single])
    got = run([out, *found], values)
    assert all(array.dtype == np.float32 for array in got)
    close(got[0], value_of(lambda a: apply(name, a, **static), single), 1e-3)
    for mine, wanted in zip(got[1:], double, strict=True):
        close(mine, wanted, 1e-3)
