"""PyTorch: tensors only, `dim` for `axis`, and every new tensor takes the type of the inputs."""

from __future__ import annotations

import ast

from gradcli.symbolic.export.python import MULTIPLY, POSTFIX, Dialect, Piece, PythonPrinter
from gradcli.symbolic.export.ranks import constant, function_of

UNARIES = (
    "abs ceil cos cosh exp expm1 floor log log10 log1p log2 logical_not round sign sin sinc sinh "
    "sqrt square tan tanh trunc sigmoid relu digamma erf erfc erfinv i0 arccos arccosh arcsin "
    "arcsinh arctan arctanh"
)
SPECIAL = "erfcx entr i0e i1 i1e log_ndtr logit ndtr ndtri gammaln"
BOTH = "arctan2 hypot logaddexp logical_and logical_or"
SPECIAL_BOTH = "gammainc gammaincc xlog1py xlogy"
PAIRS = {
    **{name: f"torch.{name}" for name in BOTH.split()},
    **{name: f"torch.special.{name}" for name in SPECIAL_BOTH.split()},
    "less": "torch.lt",
    "less_equal": "torch.le",
    "equal": "torch.eq",
}
SAME = (
    "broadcast_to diag diagonal einsum kron outer reshape trace tril triu argsort concatenate "
    "mean prod stack sum sort argmax argmin searchsorted"
)
LINEAR = "cholesky det inv norm pinv solve eigh eigvalsh svd svdvals qr"


def elementwise(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """A function that takes tensors only."""
    name = function_of(node)
    if name in ("sqrt", "exp", "log") and printer.is_number(node.args[0]):
        return f"math.{name}({printer.text(node.args[0])})", POSTFIX
    parts = [printer.operand(item) for item in node.args]
    return f"{FUNCTIONS[name]}({', '.join(parts)})", POSTFIX


def made(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`ones`, `zeros`, `eye`."""
    parts = [printer.text(item) for item in node.args]
    return f"torch.{function_of(node)}({', '.join(parts)}, dtype={printer.dtype()})", POSTFIX


def full(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`torch.full` would take a number only."""
    shape, value = node.args
    if printer.is_number(value):
        text = f"torch.full({printer.text(shape)}, {printer.text(value)}, dtype={printer.dtype()})"
        return text, POSTFIX
    ones = f"torch.ones({printer.text(shape)}, dtype={printer.dtype()})"
    return f"{printer.wrap(value, MULTIPLY)} * {ones}", MULTIPLY


def where(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """Two numbers would make a tensor of the default type."""
    condition, *values = node.args
    if printer.is_number(condition):
        test, first, second = map(printer.text, node.args)
        return f"({first} if {test} else {second})", POSTFIX
    if [constant(value) for value in values] == [1, 0]:
        return f"{printer.wrap(condition, POSTFIX)}.to({printer.dtype()})", POSTFIX
    text = f"torch.where({', '.join(map(printer.text, node.args))})"
    if all(map(printer.is_number, values)):
        return f"{text}.to({printer.dtype()})", POSTFIX
    return text, POSTFIX


def extreme(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`maximum` and `minimum`; of a tensor and a number it is a clamp."""
    low = function_of(node) == "maximum"
    numbers = [item for item in node.args if printer.is_number(item)]
    if len(numbers) != 1:
        return elementwise(printer, node)
    (array,) = (item for item in node.args if item is not numbers[0])
    bound = f"{'min' if low else 'max'}={printer.text(numbers[0])}"
    return f"torch.clamp({printer.text(array)}, {bound})", POSTFIX


def along(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """A function whose `dim` must be given."""
    name = function_of(node)
    parts = printer.arguments(node)
    if not node.keywords:
        parts.append("dim=-1" if "softmax" in name else "dim=0")
    if "softmax" in name and parts[-1] == "dim=None":
        rank = printer.ranks.of(node.args[0])
        if rank > 1:
            shape = f"{printer.wrap(node.args[0], POSTFIX)}.shape"
            return f"torch.{name}({parts[0]}.reshape(-1), dim=0).reshape({shape})", POSTFIX
        parts[-1] = "dim=-1"
    if name == "flip":
        axes = [constant(item.value) for item in node.keywords]
        found = axes[0] if axes else tuple(range(printer.ranks.of(node.args[0])))
        parts[1:] = [f"dims={found if isinstance(found, tuple) else (found,)}"]
    if name == "logsumexp" and not node.keywords:
        parts[1:] = [f"dim={tuple(range(printer.ranks.of(node.args[0])))}"]
    return f"torch.{name}({', '.join(parts)})", POSTFIX


def entry(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`max` and `min`: `amax` along axes, of everything without."""
    return f"torch.a{function_of(node)}({', '.join(printer.arguments(node))})", POSTFIX


def product(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`concatenate([a, b], axis=0)`: the list stays a list."""
    items, *_ = node.args
    rest = [f"dim={printer.text(item.value)}" for item in node.keywords]
    name = {"concatenate": "cat", "stack": "stack"}[function_of(node)]
    return f"torch.{name}({', '.join([printer.plain_list(items), *rest])})", POSTFIX


def block(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """Rows side by side, then one below the other."""
    (rows,) = node.args
    assert isinstance(rows, ast.List)
    lines = [f"torch.cat({printer.plain_list(row)}, dim=1)" for row in rows.elts]
    return f"torch.cat([{', '.join(lines)}])", POSTFIX


def pad(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """The last axis comes first, all pairs in one tuple."""
    array, widths = node.args
    found = constant(widths)
    assert isinstance(found, tuple)
    rank = printer.ranks.of(array)
    pairs = [found] * rank if not isinstance(found[0], tuple) else list(found)
    flat = tuple(width for pair in reversed(pairs) for width in pair)
    return f"F.pad({printer.text(array)}, {flat})", POSTFIX


def permuted(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`transpose` with its axes."""
    array, *axes = node.args
    order = tuple(reversed(range(printer.ranks.of(array))))
    text = printer.text(axes[0]) if axes else str(order)
    return f"torch.permute({printer.text(array)}, {text})", POSTFIX


def softplus(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`F.softplus` is linear from 20 on."""
    zero = f"torch.tensor(0.0, dtype={printer.dtype()})"
    return f"torch.logaddexp({printer.operand(node.args[0])}, {zero})", POSTFIX


def scaled(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """`cumsum` and the like of two arguments whose order of the polygamma is a number."""
    parts = [printer.text(item) for item in node.args]
    return f"torch.special.polygamma({', '.join(parts)})", POSTFIX


def arange(printer: PythonPrinter, node: ast.Call) -> Piece | None:
    """Whole numbers, as in NumPy."""
    return f"torch.arange({', '.join(map(printer.text, node.args))})", POSTFIX


FUNCTIONS = {
    **{name: f"torch.{name}" for name in (*UNARIES.split(), *SAME.split())},
    **{name: f"torch.special.{name}" for name in SPECIAL.split()},
    **{name: f"torch.linalg.{name}" for name in LINEAR.split()},
    **PAIRS,
    "maximum": "torch.maximum",
    "minimum": "torch.minimum",
    "logdet": "torch.linalg.slogdet({0})[1]",
    "expm": "torch.linalg.matrix_exp",
    "j0": "torch.special.bessel_j0",
    "j1": "torch.special.bessel_j1",
    "cross": "torch.linalg.cross",
    "take_along_axis": "torch.take_along_dim",
    "array": "{0}",
}
TENSORS = (*UNARIES.split(), *SPECIAL.split(), *PAIRS, "j0", "j1")

TORCH = Dialect(
    title="PyTorch",
    constants={"pi": "math.pi", "e": "math.e", "inf": "math.inf", "nan": "math.nan"},
    functions=FUNCTIONS,
    writers={
        **dict.fromkeys(TENSORS, elementwise),
        **dict.fromkeys(("ones", "zeros", "eye"), made),
        **dict.fromkeys(("maximum", "minimum"), extreme),
        **dict.fromkeys(("max", "min"), entry),
        **dict.fromkeys(
            ("softmax", "log_softmax", "logsumexp", "cumsum", "cumprod", "flip"), along
        ),
        **dict.fromkeys(("concatenate", "stack"), product),
        "full": full,
        "where": where,
        "block": block,
        "pad": pad,
        "transpose": permuted,
        "softplus": softplus,
        "polygamma": scaled,
        "arange": arange,
    },
    imports={
        "math": "import math",
        "torch": "import torch",
        "F": "import torch.nn.functional as F",
    },
    axis="dim",
    size="{0}.numel()",
    array="torch.tensor({0}, dtype={1})",
    scalar="torch.tensor({0}, dtype={1})",
    backwards=False,
)
