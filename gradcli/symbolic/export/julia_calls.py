"""Calls in Julia."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradcli.symbolic.export.composites import COMPOSITES
from gradcli.symbolic.export.julia_tables import ELEMENTWISE, HELPERS, WHOLE
from gradcli.symbolic.export.python import MULTIPLY, POSTFIX, UNARY, NoCodeError, Piece, fill
from gradcli.symbolic.export.ranks import constant, function_of

if TYPE_CHECKING:
    from gradcli.symbolic.export.to_julia import JuliaPrinter

FOLDS = {"sum": "sum", "mean": "mean", "prod": "prod", "max": "maximum", "min": "minimum"}
SOFT = ("softmax", "log_softmax", "logsumexp")
RUNNING = {"cumsum": "cumsum", "cumprod": "cumprod", "flip": "reverse", "sort": "sort"}
OPERATORS = {"less": "<", "less_equal": "<=", "equal": "==", "logical_and": "&", "logical_or": "|"}


def call(printer: JuliaPrinter, node: ast.Call) -> Piece:
    """A call; from the most special to the plain."""
    name, arguments = function_of(node), node.args
    if name in FOLDS or name in SOFT or name == "norm":
        return _fold(printer, node)
    if name in RUNNING:
        dims = _dims(printer, node)
        option = f"; dims={dims[0]}" if dims else "; dims=1" * (name != "flip")
        return f"{RUNNING[name]}({printer.text(arguments[0])}{option})", POSTFIX
    special = SPECIAL.get(name)
    if special is not None:
        return special(printer, node)
    if name in ("tril", "triu") and len(arguments) == 2:
        return f"{name}({', '.join(map(printer.text, arguments))})", POSTFIX
    if name in WHOLE:
        return fill(WHOLE[name], [printer.text(item) for item in arguments]), POSTFIX
    return _elementwise(printer, node)


def _elementwise(printer: JuliaPrinter, node: ast.Call) -> Piece:
    name = function_of(node)
    rank = max(map(printer.ranks.of, node.args))
    if name in OPERATORS:
        left, right = (printer.aligned(item, rank, UNARY) for item in node.args)
        return f"({left} .{OPERATORS[name]} {right})", POSTFIX
    word = ELEMENTWISE.get(name)
    if word in HELPERS or (word is None and name in HELPERS):
        word = printer.helper(word or name)
    elif word is None and name in COMPOSITES:
        word = printer.composite(name)
    if word is None:
        raise NoCodeError(f"there is no '{name}'")
    parts = [printer.aligned(item, rank, 0) for item in node.args]
    return f"{word}{'.' if rank else ''}({', '.join(parts)})", POSTFIX


def _dims(printer: JuliaPrinter, node: ast.Call) -> list[int]:
    """The axes of a call, 1-based; none where it has all."""
    found: object = None
    for item in node.keywords:
        if item.arg == "axis":
            found = constant(item.value)
    if found is None:
        return []
    rank = printer.ranks.of(node.args[0])
    axes = found if isinstance(found, tuple) else (found,)
    return [int(axis) % rank + 1 for axis in axes]


def _fold(printer: JuliaPrinter, node: ast.Call) -> Piece:
    name = function_of(node)
    array = printer.text(node.args[0])
    rank = printer.ranks.of(node.args[0])
    dims = _dims(printer, node)
    kept = any(item.arg == "keepdims" and constant(item.value) for item in node.keywords)
    everything = any(item.arg == "axis" for item in node.keywords)
    if name in ("softmax", "log_softmax"):
        if not dims and rank > 1 and not everything:
            dims = [rank]
        inner = f"; dims={dims[0]}" if dims and rank > 1 else ""
        return f"{printer.helper(name)}({array}{inner})", POSTFIX
    if not dims and not kept:
        word = printer.helper(name) if name in SOFT else FOLDS.get(name, name)
        rest = [printer.text(item) for item in node.args[1:]]
        return f"{word}({', '.join([array, *rest])})", POSTFIX
    dims = dims or list(range(1, rank + 1))
    along = str(dims[0]) if len(dims) == 1 else f"({', '.join(map(str, dims))})"
    if name == "norm":
        made = f"sqrt.(sum(abs2, {array}; dims={along}))"
    else:
        word = printer.helper(name) if name in SOFT else FOLDS[name]
        made = f"{word}({array}; dims={along})"
    if kept:
        return made, POSTFIX
    if rank - len(dims) == 1:
        return f"vec({made})", POSTFIX
    return f"dropdims({made}; dims={along})", POSTFIX


def _outer(printer: JuliaPrinter, node: ast.Call) -> Piece:
    column, row = (
        printer.wrap(item, level) if printer.ranks.of(item) == 1 else f"vec({printer.text(item)})"
        for item, level in zip(node.args, (MULTIPLY, POSTFIX), strict=True)
    )
    return f"{column} * {row}'", MULTIPLY


def _diag(printer: JuliaPrinter, node: ast.Call) -> Piece:
    word = "diagm" if printer.ranks.of(node.args[0]) == 1 else "diag"
    return f"{word}({printer.text(node.args[0])})", POSTFIX


def _solve(printer: JuliaPrinter, node: ast.Call) -> Piece:
    left, right = (printer.wrap(item, POSTFIX) for item in node.args)
    return f"{left} \\ {right}", MULTIPLY


def _made(printer: JuliaPrinter, node: ast.Call) -> Piece:
    name = function_of(node)
    shape = printer.text(node.args[0])
    if name == "full":
        return f"fill({printer.text(node.args[1])}, {shape})", POSTFIX
    return f"{name}({shape})", POSTFIX


def _broadcast(printer: JuliaPrinter, node: ast.Call) -> Piece:
    array, shape = node.args
    rank = printer.ranks.shape(shape)
    return f"{printer.aligned(array, rank, MULTIPLY)} .* ones({printer.text(shape)})", MULTIPLY


def _reshape(printer: JuliaPrinter, node: ast.Call) -> Piece:
    array, shape = node.args
    sizes = (
        [":" if constant(item) == -1 else printer.text(item) for item in shape.elts]
        if isinstance(shape, ast.Tuple)
        else [f"{printer.text(shape)}..."]
    )
    return f"{printer.helper('reshape_rows')}({', '.join([printer.text(array), *sizes])})", POSTFIX


def _einsum(printer: JuliaPrinter, node: ast.Call) -> Piece:
    text, *arrays = node.args
    return f'ein"{constant(text)}"({", ".join(map(printer.text, arrays))})', POSTFIX


def _pad(printer: JuliaPrinter, node: ast.Call) -> Piece:
    array, widths = node.args
    found = constant(widths)
    assert isinstance(found, tuple)
    pairs = found if isinstance(found[0], tuple) else (found,) * printer.ranks.of(array)
    word = printer.helper("pad_zeros")
    return f"{word}({', '.join([printer.text(array), *map(str, pairs)])})", POSTFIX


def _argsort(printer: JuliaPrinter, node: ast.Call) -> Piece:
    (array,) = node.args
    rank = printer.ranks.of(array)
    if rank == 1:
        return f"sortperm({printer.text(array)})", POSTFIX
    dims = _dims(printer, node) or [rank]
    return f"mapslices(sortperm, {printer.text(array)}; dims={dims[0]})", POSTFIX


def _take(printer: JuliaPrinter, node: ast.Call) -> Piece:
    array, places = map(printer.text, node.args[:2])
    axis = _dims(printer, node) or [1]
    return f"{printer.helper('take_along')}({array}, {places}, {axis[0]})", POSTFIX


def _concatenate(printer: JuliaPrinter, node: ast.Call) -> Piece:
    (items,) = node.args
    assert isinstance(items, (ast.List, ast.Tuple))
    inner = ", ".join(map(printer.text, items.elts))
    rank = printer.ranks.of(items.elts[0])
    axis = next((constant(item.value) for item in node.keywords if item.arg == "axis"), 0)
    return f"cat({inner}; dims={int(str(axis)) % rank + 1})", POSTFIX


def _block(printer: JuliaPrinter, node: ast.Call) -> Piece:
    (rows,) = node.args
    assert isinstance(rows, ast.List)
    return printer.listed(rows), POSTFIX


def _transpose(printer: JuliaPrinter, node: ast.Call) -> Piece:
    array, *order = node.args
    rank = printer.ranks.of(array)
    axes = constant(order[0]) if order else tuple(reversed(range(rank)))
    assert isinstance(axes, tuple)
    places = ", ".join(str(int(axis) + 1) for axis in axes)
    return f"permutedims({printer.text(array)}, ({places}))", POSTFIX


def _arange(printer: JuliaPrinter, node: ast.Call) -> Piece:
    (stop,) = node.args
    return f"(0:{printer.text(stop)} - 1)", POSTFIX


SPECIAL = {
    "outer": _outer,
    "diag": _diag,
    "solve": _solve,
    "ones": _made,
    "zeros": _made,
    "full": _made,
    "broadcast_to": _broadcast,
    "reshape": _reshape,
    "einsum": _einsum,
    "pad": _pad,
    "argsort": _argsort,
    "take_along_axis": _take,
    "concatenate": _concatenate,
    "block": _block,
    "transpose": _transpose,
    "arange": _arange,
}
"""Calls that no table of names can say."""
