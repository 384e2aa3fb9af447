"""Writes `linalg.json`: values, gradients and Hessian-vector products of linear algebra by PyTorch.

Run by hand, with a Python that has torch: `python tests/data/make_linalg.py`. The functions are
those of `peers`. Each record holds the inputs, a cotangent `w` of the output, a tangent `v` per
input, and of `f = sum(w * function(inputs))` the value of the function, the gradient of `f` and the
product of its Hessian with `v`. The numbers are float64, drawn with a fixed seed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

Inputs = list[Any]


def symmetric(a: Any) -> Any:
    """The symmetric part, so that no convention about triangles matters."""
    return (a + a.mT) / 2


def peers(torch: Any) -> dict[str, Any]:
    """The functions by the name of their case."""
    linalg = torch.linalg
    return {
        "det": linalg.det,
        "logdet": lambda a: linalg.slogdet(a)[1],
        "inv": linalg.inv,
        "solve_vector": lambda a, b: linalg.solve(a, b),
        "solve_matrix": lambda a, b: linalg.solve(a, b),
        "solve_lower": lambda a, b: linalg.solve_triangular(torch.tril(a), b, upper=False),
        "solve_upper": lambda a, b: linalg.solve_triangular(torch.triu(a), b, upper=True),
        "matrix_power_5": lambda a: linalg.matrix_power(a, 5),
        "matrix_power_-3": lambda a: linalg.matrix_power(a, -3),
        "cholesky": lambda a: linalg.cholesky(symmetric(a)),
        "cholesky_upper": lambda a: linalg.cholesky(symmetric(a)).mT,
        "qr_q": lambda a: linalg.qr(a)[0],
        "qr_r": lambda a: linalg.qr(a)[1],
        "eigvalsh": lambda a: linalg.eigvalsh(symmetric(a)),
        "eigh_projector": lambda a: _projector(linalg.eigh(symmetric(a))[1]),
        "svdvals": linalg.svdvals,
        "svd_product": lambda a: _rank_one(linalg.svd(a, full_matrices=False)),
        "pinv": linalg.pinv,
        "lstsq": lambda a, b: linalg.pinv(a) @ b,
        "cond": linalg.cond,
        "cond_fro": lambda a: linalg.norm(a) * linalg.norm(linalg.inv(a)),
        "expm": linalg.matrix_exp,
    }


def _projector(v: Any) -> Any:
    return v[..., :, :1] @ v[..., :, :1].mT


def _rank_one(parts: Any) -> Any:
    u, _, vh = parts
    return u[..., :, :1] @ vh[..., :1, :]


def inputs() -> dict[str, Inputs]:
    """The points: well-conditioned, tall and wide, and stacks."""
    rng = np.random.default_rng(20)

    def normal(*shape: int) -> Any:
        return rng.normal(size=shape).round(3)

    def near_identity(*shape: int) -> Any:
        return normal(*shape) + 3 * np.eye(shape[-1])

    def definite(*shape: int) -> Any:
        a = normal(*shape)
        return (a @ np.swapaxes(a, -1, -2) + np.eye(shape[-1])).round(3)

    return {
        "det": [normal(4, 4)],
        "det/stack": [normal(2, 3, 3)],
        "logdet": [normal(3, 3)],
        "inv": [near_identity(3, 3)],
        "inv/stack": [near_identity(2, 2, 2)],
        "solve_vector": [near_identity(3, 3), normal(3)],
        "solve_matrix": [near_identity(3, 3), normal(3, 2)],
        "solve_matrix/stack": [near_identity(2, 3, 3), normal(3, 2)],
        "solve_lower": [near_identity(3, 3), normal(3, 2)],
        "solve_upper": [near_identity(3, 3), normal(3, 2)],
        "matrix_power_5": [normal(3, 3)],
        "matrix_power_-3": [near_identity(3, 3)],
        "cholesky": [definite(4, 4)],
        "cholesky/stack": [definite(2, 3, 3)],
        "cholesky_upper": [definite(3, 3)],
        "qr_q": [normal(4, 3)],
        "qr_r": [normal(4, 3)],
        "qr_q/square": [normal(3, 3)],
        "qr_r/stack": [normal(2, 3, 3)],
        "eigvalsh": [normal(4, 4)],
        "eigvalsh/stack": [normal(2, 3, 3)],
        "eigh_projector": [normal(4, 4)],
        "svdvals": [normal(4, 3)],
        "svdvals/wide": [normal(2, 4)],
        "svd_product": [normal(4, 3)],
        "svd_product/wide": [normal(2, 2, 3)],
        "pinv": [normal(4, 2)],
        "pinv/wide": [normal(2, 4)],
        "pinv/square": [near_identity(3, 3)],
        "lstsq": [normal(5, 3), normal(5)],
        "lstsq/wide": [normal(2, 4), normal(2)],
        "cond": [near_identity(3, 3)],
        "cond_fro": [near_identity(3, 3)],
        "expm": [normal(3, 3)],
        "expm/stack": [normal(2, 2, 2)],
    }


def main() -> None:
    """Write the file."""
    import torch

    rng = np.random.default_rng(21)
    records = []
    for name, arrays in inputs().items():
        function = peers(torch)[name.split("/")[0]]
        points = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in arrays]
        value = function(*points)
        w = rng.normal(size=tuple(value.shape)).round(3)
        tangents = [rng.normal(size=array.shape).round(3) for array in arrays]
        total = (value * torch.tensor(w)).sum()
        first = torch.autograd.grad(total, points, create_graph=True)
        along = sum(
            (gradient * torch.tensor(tangent)).sum()
            for gradient, tangent in zip(first, tangents, strict=True)
        )
        second = torch.autograd.grad(along, points)
        records.append(
            {
                "name": name,
                "inputs": [array.tolist() for array in arrays],
                "w": w.tolist(),
                "v": [tangent.tolist() for tangent in tangents],
                "value": value.tolist(),
                "gradient": [gradient.tolist() for gradient in first],
                "product": [product.tolist() for product in second],
            }
        )
    path = Path(__file__).with_name("linalg.json")
    path.write_text("[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n")


if __name__ == "__main__":
    main()
