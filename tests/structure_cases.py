"""Cases of the structural functions as data: function, shapes, static arguments, NumPy's answer.

`shapes` has one entry per tensor: a shape, or a list of shapes for a list of tensors. Each function
is affine in each of its tensors, which is what the tests of its derivatives rest on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """One call."""

    name: str
    shapes: list[Any]
    static: dict[str, Any]
    reference: Callable[..., Any]

    @property
    def id(self) -> str:
        """A name for reports."""
        words = ",".join(f"{key}={value!r}" for key, value in self.static.items())
        return f"{self.name}{self.shapes}{words}"[:90]


A, B, V, T = (2, 3), (3, 4), (3,), (2, 3, 4)


def plain(name: str, shapes: list[Any], **static: Any) -> Case:
    """A function that NumPy has under the same name, with the same keywords."""
    return Case(name, shapes, static, lambda *xs: getattr(np, name)(*xs, **static))


def einsum(subscripts: str, *shapes: tuple[int, ...]) -> Case:
    """An einsum."""
    return Case(
        "einsum",
        list(shapes),
        {"subscripts": subscripts},
        lambda *xs: np.einsum(subscripts, *xs),
    )


SHAPES = [
    plain("transpose", [T]),
    plain("transpose", [T], axes=(1, 2, 0)),
    plain("transpose", [T], axes=[-1, 0, 1]),
    plain("transpose", [V]),
    plain("matrix_transpose", [T]),
    plain("rollaxis", [T], axis=2),
    plain("rollaxis", [T], axis=0, start=3),
    plain("swapaxes", [T], axis1=0, axis2=-1),
    plain("moveaxis", [T], source=0, destination=-1),
    plain("moveaxis", [T], source=[0, 1], destination=[1, 2]),
    plain("reshape", [T], shape=(4, -1)),
    plain("reshape", [T], shape=-1),
    plain("reshape", [T], shape=(4, 6), order="F"),
    plain("reshape", [()], shape=(1, 1, 1)),
    plain("reshape", [(1, 1)], shape=()),
    plain("reshape", [(0,)], shape=(0, 2)),
    plain("ravel", [T]),
    plain("ravel", [T], order="F"),
    plain("squeeze", [(2, 1, 3)]),
    plain("squeeze", [(1, 2, 1)], axis=0),
    plain("squeeze", [(1, 2, 1)], axis=(0, -1)),
    plain("expand_dims", [A], axis=-1),
    plain("expand_dims", [A], axis=(0, 2)),
    plain("atleast_1d", [()]),
    plain("atleast_2d", [V]),
    plain("atleast_3d", [V]),
    plain("atleast_3d", [A]),
    plain("broadcast_to", [V], shape=(2, 3)),
    plain("broadcast_to", [(2, 1)], shape=(4, 2, 3)),
    plain("broadcast_to", [()], shape=3),
    Case("expand", [(2, 1)], {"shape": (-1, 3)}, lambda x: np.broadcast_to(x, (2, 3))),
    plain("tile", [V], reps=2),
    plain("tile", [V], reps=(2, 1)),
    plain("tile", [A], reps=(2, 1, 3)),
    plain("tile", [A], reps=2),
    plain("tile", [()], reps=(2, 2)),
    plain("tile", [V], reps=0),
    plain("repeat", [V], repeats=2),
    plain("repeat", [()], repeats=3),
    plain("repeat", [A], repeats=2),
    plain("repeat", [A], repeats=2, axis=0),
    plain("repeat", [A], repeats=[1, 0, 3], axis=1),
    plain("repeat", [T], repeats=np.array([2, 1]), axis=-3),
]

REARRANGING = [
    plain("flip", [T]),
    plain("flip", [T], axis=1),
    plain("flip", [T], axis=(0, -1)),
    plain("fliplr", [A]),
    plain("flipud", [V]),
    *(plain("rot90", [A], k=k) for k in range(-1, 4)),
    plain("rot90", [T], axes=(2, 0)),
    plain("roll", [A], shift=1),
    plain("roll", [A], shift=-2, axis=1),
    plain("roll", [A], shift=(1, 2), axis=(0, 1)),
    plain("roll", [A], shift=7, axis=(0, 1)),
    plain("roll", [(0,)], shift=1),
    plain("tril", [(3, 3)]),
    plain("tril", [T], k=-1),
    plain("triu", [A], k=1),
    plain("triu", [T], k=-9),
    plain("pad", [A], pad_width=1),
    plain("pad", [V], pad_width=(1, 2)),
    plain("pad", [A], pad_width=((0, 1), (2, 0))),
    plain("pad", [A], pad_width=((1, 1), (0, 0)), mode="edge"),
    plain("pad", [V], pad_width=(2, 4), mode="reflect"),
    plain("pad", [V], pad_width=2, mode="symmetric"),
    plain("pad", [V], pad_width=(1, 5), mode="wrap"),
    Case("pad", [V, ()], {"pad_width": (1, 2)}, lambda x, c: np.pad(x, (1, 2), constant_values=c)),
    Case("pad_last", [T], {"pad_width": (1, 2)}, lambda x: np.pad(x, ((0, 0), (0, 0), (1, 2)))),
    Case(
        "pad_last",
        [A],
        {"pad_width": (1, 1, 0, 1), "mode": "replicate"},
        lambda x: np.pad(x, ((0, 1), (1, 1)), mode="edge"),
    ),
    Case("band_part", [(3, 3)], {"lower": 1, "upper": 0}, lambda x: np.tril(np.triu(x, -1))),
    Case("band_part", [T], {"lower": -1, "upper": 0}, np.tril),
    plain("diag", [V]),
    plain("diag", [V], k=2),
    plain("diag", [V], k=-1),
    plain("diag", [A]),
    plain("diag", [A], k=1),
    plain("diag", [A], k=-5),
    plain("diagonal", [T], offset=1, axis1=2, axis2=0),
    plain("diagflat", [A], k=1),
    Case("diag_part", [T], {}, lambda x: np.diagonal(x, axis1=-2, axis2=-1)),
    Case("diag_embed", [A], {}, lambda x: np.stack([np.diag(row) for row in x])),
    plain("trace", [A]),
    plain("trace", [T], offset=1, axis1=0, axis2=2),
]

JOINS = [
    plain("concatenate", [[(2,), (3,)]]),
    plain("concatenate", [[(2, 1), (2, 2)]], axis=1),
    plain("concatenate", [[A, V]], axis=None),
    plain("concatenate", [[(0, 3), A, (1, 3)]], axis=-2),
    plain("stack", [[V, V]]),
    plain("stack", [[A, A, A]], axis=1),
    plain("stack", [[A, A]], axis=-1),
    plain("stack", [[(), ()]]),
    plain("hstack", [[V, (2,)]]),
    plain("hstack", [[(2, 1), A]]),
    plain("vstack", [[V, V]]),
    plain("vstack", [[A, V]]),
    plain("dstack", [[V, V]]),
    plain("dstack", [[T, A]]),
    plain("column_stack", [[V, V]]),
    plain("column_stack", [[(3, 2), V]]),
    plain("append", [V, ()]),
    plain("append", [A, (1, 3)], axis=0),
    plain("split", [A], indices_or_sections=3, axis=1),
    plain("split", [(4,)], indices_or_sections=[1, 3]),
    plain("array_split", [(5,)], indices_or_sections=2),
    plain("array_split", [V], indices_or_sections=5),
    plain("hsplit", [T], indices_or_sections=3),
    plain("dsplit", [T], indices_or_sections=2),
    plain("vsplit", [T], indices_or_sections=[1]),
    plain("unstack", [T], axis=1),
    Case("chunk", [(5,)], {"chunks": 3}, lambda x: [x[:2], x[2:4], x[4:]]),
    *(
        Case(
            "insert",
            [shape, values],
            {"obj": obj, "axis": axis},
            lambda x, v, obj=obj, axis=axis: np.insert(x, obj, v, axis=axis),
        )
        for shape, obj, values, axis in [
            (V, 1, (), None),
            (V, 1, (2,), None),
            (V, [0, 2], (2,), None),
            (V, [1], (2,), 0),
            (A, 1, (2,), 1),
            (A, [1], (2, 1), 1),
            (A, [0, 0, 2], (2, 1), 1),
            (A, -1, (3,), 0),
        ]
    ),
    plain("delete", [V], obj=1),
    plain("delete", [A], obj=[0, -1], axis=1),
    plain("delete", [A], obj=4),
    plain("delete", [V], obj=np.array([True, False, True])),
]

SELECTION = [
    plain("take", [A], indices=[1, 0], axis=1),
    plain("take", [A], indices=[[5, 1], [0, 0]]),
    plain("take", [A], indices=1, axis=0),
    plain("take", [V], indices=[-4, 7], mode="wrap"),
    plain("take", [V], indices=[-4, 7], mode="clip"),
    plain("take_along_axis", [A], indices=np.array([[0, 1], [2, 2]]), axis=1),
    plain("take_along_axis", [A], indices=np.array([[0, 1, 0]]), axis=0),
    Case("gather", [V], {"indices": [0, 2]}, lambda x: x[[0, 2]]),
    Case(
        "compress",
        [A],
        {"condition": [True, False, True], "axis": 1},
        lambda x: np.compress([True, False, True], x, axis=1),
    ),
    Case(
        "gather_along",
        [A],
        {"axis": 1, "indices": [[2], [0]]},
        lambda x: x[[[0], [1]], [[2], [0]]],
    ),
    Case("gather_along", [(3, 2)], {"axis": 1, "indices": [[1, 0, 1]]}, lambda x: x[:1, [1, 0, 1]]),
    Case("gather_nd", [A], {"indices": [[0, 1], [1, 2]]}, lambda x: x[[0, 1], [1, 2]]),
    Case("index_select", [A], {"axis": 1, "indices": [0, 2]}, lambda x: x[:, [0, 2]]),
    Case("narrow", [A], {"axis": -1, "start": 1, "length": 2}, lambda x: x[:, 1:]),
    Case("boolean_mask", [V], {"mask": [True, False, True]}, lambda x: x[[0, 2]]),
    Case("choose", [[V, V]], {"index": [0, 1, 0]}, lambda xs: np.choose([0, 1, 0], xs)),
    plain("meshgrid", [V, (2,)]),
    plain("meshgrid", [V, (2,), ()], indexing="ij"),
    plain("meshgrid", [V, (2,)], sparse=True),
    plain("broadcast_arrays", [V, (2, 1)]),
    Case(
        "index_update",
        [A, (2,)],
        {"index": (slice(None), 1)},
        lambda x, v: np.concatenate([x[:, :1], v[:, None], x[:, 2:]], axis=1),
    ),
    Case(
        "index_update",
        [V, (3,)],
        {"index": [0, 2, 0]},
        lambda x, v: np.array([v[2], x[1], v[1]]),
    ),
    Case("set_diag", [A, ()], {}, lambda x, v: np.where(np.eye(2, 3) == 1, v, x)),
    Case(
        "set_diag",
        [(2, 3, 3), (2, 3)],
        {},
        lambda x, v: np.where(np.eye(3) == 1, v[:, :, None] * np.eye(3), x),
    ),
    Case(
        "segment_sum",
        [(3, 2)],
        {"segment_ids": [0, 2, 0]},
        lambda x: np.stack([x[0] + x[2], 0 * x[0], x[1]]),
    ),
    Case(
        "index_add",
        [V, (3,)],
        {"index": [0, 2, 0]},
        lambda x, v: x + np.array([v[0] + v[2], 0.0, v[1]]),
    ),
]

_EDGES = [(), V, A, (2, 4, 3)]
_DOT = [((), ()), ((), V), (V, V), (A, V), (V, B), (A, B), (T, (4,)), (T, (4, 2)), (T, (2, 4, 2))]

PRODUCTS = [
    *(plain("dot", [a, b]) for a, b in _DOT),
    *(plain("inner", [a, b]) for a in _EDGES for b in [(), V, (4, 3), (1, 2, 3)]),
    *(plain("outer", [a, b]) for a, b in [((), V), (V, (2,)), (A, V)]),
    *(plain("kron", [a, b]) for a, b in [(V, (2,)), (A, V), (A, (2, 2)), (T, (2,)), ((), A)]),
    *(
        plain("matmul", [a, b])
        for a, b in [
            (V, V),
            (V, B),
            (A, V),
            (A, B),
            (T, (4, 2)),
            ((2, 1, 2, 3), (4, 3, 2)),
            ((2,), (3, 2, 2)),
            ((2, 0), (0, 3)),
            ((1, 1), (1,)),
        ]
    ),
    Case("matmul", [A, (2, 3)], {"transpose_b": True}, lambda a, b: a @ b.T),
    Case("matmul", [A, (2, 3)], {"transpose_a": True}, lambda a, b: a.T @ b),
    plain("vdot", [A, A]),
    plain("vecdot", [A, V]),
    plain("vecdot", [T, T], axis=1),
    Case("matvec", [T, (4,)], {}, lambda a, x: a @ x),
    Case("vecmat", [V, T], {}, lambda x, a: x @ a),
    Case("addmm", [(2, 4), A, B], {"beta": 2.0, "alpha": -1.0}, lambda c, a, b: 2 * c - a @ b),
    Case("multi_dot", [[V, B, (4, 2), (2,)]], {}, np.linalg.multi_dot),
    Case("multi_dot", [[A, B, (4, 1), (1, 5)]], {}, np.linalg.multi_dot),
    plain("tensordot", [A, A]),
    plain("tensordot", [A, B], axes=1),
    plain("tensordot", [T, T], axes=([0, 1], [0, 1])),
    plain("tensordot", [T, A], axes=([-2], 1)),
    plain("tensordot", [V, A], axes=0),
    plain("cross", [V, V]),
    plain("cross", [(2, 3), V]),
    plain("cross", [(3, 3), (3, 3)], axis=0),
    plain("cross", [(3, 2), (3, 1)], axis=0),
    Case("cross", [(2,), (2,)], {}, lambda a, b: a[0] * b[1] - a[1] * b[0]),
    Case("cross", [(2,), V], {}, lambda a, b: np.cross([*a, 0.0], b)),
]

EINSUMS = [
    einsum("ij->ji", A),
    einsum("ji", A),
    einsum("ii->i", (3, 3)),
    einsum("ii", (3, 3)),
    einsum("ij->", A),
    einsum("ij->i", A),
    einsum("iij->j", (2, 2, 3)),
    einsum("iii->i", (2, 2, 2)),
    einsum("...ij,...jk->...ik", T, (4, 2)),
    einsum("...", T),
    einsum("i...->...", T),
    einsum("...j,j", A, V),
    einsum("a...b,b...->a...", T, (4, 3)),
    einsum(" i j , j k -> i k ", A, B),
    einsum("ij,jk", A, B),
    einsum("ij,kl->ijkl", A, B),
    einsum("ij,ij->ij", A, A),
    einsum("ij,ij->", A, A),
    einsum("ij,ij->ij", (1, 3), A),
    einsum("ij,jk->ik", (2, 1), B),
    einsum(",ij->ij", (), A),
    einsum("i,j,k->", V, V, V),
    einsum("i,i,i,i->", V, V, V, V),
    einsum("ij,jk,kl->il", A, B, (4, 2)),
    einsum("ij,ij,ij->j", A, A, A),
    einsum("bij,bjk,bk->bi", T, (2, 4, 3), (2, 3)),
    einsum("ijk,i,j,k->", (3, 3, 3), V, V, V),
    einsum("ij,jk->ik", (2, 0), (0, 3)),
    einsum("", ()),
]

CASES = [*SHAPES, *REARRANGING, *JOINS, *SELECTION, *PRODUCTS, *EINSUMS]
