"""Functions that need more than another name: Python's own, and those whose meaning differs by
library.

`torch.std` divides by n - 1, `tf.split` takes sizes where NumPy takes positions, `torch.max(x,
dim=0)` gives values and indices. An adapter is `(context, arguments, keywords) -> value` and
calls the registry.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply
from gradcli.language.calls import Context, float_like
from gradcli.language.concrete import plain
from gradcli.language.statics import bounded, is_number, length
from gradcli.ops.declare import describe
from gradcli.ops.structure import reshape

Adapter = Callable[[Context, list[Any], dict[str, Any]], Any]
ADAPTERS: dict[str, Adapter] = {}
"""By name; a dotted name belongs to one library."""


class Named(tuple[Any, ...]):
    """PyTorch's `(values, indices)`: a tuple with two names."""

    names = ("values", "indices")


def adapter(*names: str) -> Callable[[Adapter], Adapter]:
    """Register under some names."""

    def register(function: Adapter) -> Adapter:
        for name in names:
            ADAPTERS[name] = function
        return function

    return register


def one(name: str, arguments: list[Any], keywords: dict[str, Any], most: int = 1) -> Any:
    """The first argument of a function that takes few."""
    if keywords:
        raise GradcliError(f"{name} has no argument '{next(iter(keywords))}'")
    if not 1 <= len(arguments) <= most:
        raise GradcliError(f"{name} takes {most} argument{'s' * (most > 1)}, not {len(arguments)}")
    return arguments[0]


# --- Python's own --------------------------------------------------------------------------------


@adapter("len")
def _len(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> int:
    value = one("len", arguments, keywords)
    if isinstance(value, Node):
        if not value.shape:
            raise GradcliError("len: a scalar has no length", kind="shape")
        return value.shape[0]
    return length(value)


@adapter("int")
def _int(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> int:
    value = scalar(context, "int", one("int", arguments, keywords))
    if not math.isfinite(value):
        raise GradcliError(f"int: {value} is no integer")
    return bounded(int(value))  # type: ignore[no-any-return]


@adapter("bool")
def _bool(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> bool:
    return bool(scalar(context, "bool", one("bool", arguments, keywords)))


@adapter("float")
def _float(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    value = one("float", arguments, keywords)
    if isinstance(value, str):
        if value.strip().lower().lstrip("+-") in ("inf", "nan", "infinity"):
            return float(value)
        raise GradcliError("float: a string is no number", hint="write float('inf') as inf")
    if is_number(value):
        return float(value)
    node = context.tensor(value, "float")
    if node.size != 1:
        raise GradcliError(f"float: {describe(node)} is not one number")
    return reshape(node, ())


def scalar(context: Context, name: str, value: Any) -> bool | int | float:
    """One static number, executed where it is a node."""
    if is_number(value):
        return value  # type: ignore[no-any-return]
    if isinstance(value, Node):
        array = context.concrete(value)
        if array.size == 1:
            return array.reshape(()).item()  # type: ignore[no-any-return]
    raise GradcliError(f"{name}: {describe(value)} is not one number")


@adapter("range")
def _range(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> range:
    one("range", arguments, keywords, 3)
    bounds = [plain(context.concrete(a)) if isinstance(a, Node) else a for a in arguments]
    for bound in bounds:
        if type(bound) is not int:
            raise GradcliError(f"range: {describe(bound)} is not an integer")
    if len(bounds) == 3 and bounds[2] == 0:
        raise GradcliError("range: the step cannot be 0")
    return range(*(int(bound) for bound in bounds))


@adapter("abs")
def _abs(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if len(arguments) == 1 and not keywords and is_number(arguments[0]):
        return abs(arguments[0])
    return context.call(".abs", *arguments, **keywords)


def _extreme(name: str, pick: Callable[..., Any], pairwise: str) -> Adapter:
    """`max(x, axis)` as in NumPy; of several scalars, or of one list of numbers, as in Python."""

    def extreme(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        several = len(arguments) > 1 and _is_scalar(arguments[0])
        if several and all(is_number(a) for a in arguments) and not keywords:
            return pick(arguments)
        if several:
            result = arguments[0]
            for other in arguments[1:]:
                result = context.call(pairwise, result, other)
            return result
        return context.call(f".{name}", *arguments, **keywords)

    return extreme


ADAPTERS["max"] = _extreme("max", max, "maximum")
ADAPTERS["min"] = _extreme("min", min, "minimum")


def _is_scalar(value: Any) -> bool:
    return is_number(value) or (isinstance(value, Node) and not value.shape)


# --- dtypes and identities -----------------------------------------------------------------------


@adapter("array")
def _array(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    keywords = {k: v for k, v in keywords.items() if k not in ("ndmin", "shape", "trainable")}
    value = context.call(".array", *arguments[:1], **keywords)
    if len(arguments) > 1:
        return cast(context, "array", value, arguments[1])
    return value


@adapter("cast")
def _cast(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Node:
    values = [*arguments, *(keywords[k] for k in ("x", "dtype") if k in keywords)]
    if len(values) != 2:
        raise GradcliError(f"cast takes 2 arguments, not {len(values)}")
    return cast(context, "cast", values[0], values[1])


@adapter("astype")
def _astype(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Node:
    values = [*arguments, *(keywords[k] for k in ("dtype",) if k in keywords)]
    if len(values) < 2:
        raise GradcliError("astype: the argument 'dtype' is missing")
    return cast(context, "astype", values[0], values[1])


def cast(context: Context, name: str, value: Any, dtype: Any) -> Node:
    """A float dtype changes nothing; integers cut the derivative; bool compares with 0."""
    kind = float_like(name, dtype)
    node = context.tensor(value, name)
    if kind == "int" and node.dtype.kind == "f":
        return context.call("trunc", node)  # type: ignore[no-any-return]
    if kind == "bool" and node.dtype.kind != "b":
        return apply("not_equal", node, 0.0)
    if kind != "bool" and node.dtype.kind == "b":
        return apply("where", node, 1.0, 0.0)
    return node


@adapter("identity_of")
def _same(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Node:
    """`x.copy()`, `x.clone()`, `x.numpy()`, `x.to(device)`: the same array."""
    return context.tensor(arguments[0], "copy")


@adapter("item")
def _item(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Node:
    node = context.tensor(one("item", arguments, keywords), "item")
    if node.size != 1:
        raise GradcliError(f"item: {describe(node)} has not one entry", kind="shape")
    return reshape(node, ())


@adapter("size_of")
def _size(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """PyTorch's `x.size()` and `x.size(0)`."""
    one("size", arguments, keywords, 2)
    node = context.tensor(arguments[0], "size")
    if len(arguments) == 1:
        return node.shape
    axis = scalar(context, "size", arguments[1])
    if not isinstance(axis, int) or not -node.ndim <= axis < node.ndim:
        raise GradcliError(f"size: axis {axis} does not exist in {describe(node)}", kind="shape")
    return node.shape[axis]


@adapter("shape")
def _shape(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    return context.tensor(one("shape", arguments, keywords), "shape").shape


@adapter("ndim")
def _ndim(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> int:
    return context.tensor(one("ndim", arguments, keywords), "ndim").ndim


@adapter("size")
def _count(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if len(arguments) == 2 or "axis" in keywords:
        return _size(context, [*arguments, *keywords.values()], {})
    return context.tensor(one("size", arguments, keywords), "size").size


# --- NumPy ---------------------------------------------------------------------------------------


@adapter("where")
def _where(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if len(arguments) == 1 and not keywords:
        return context.call("nonzero", arguments[0])
    return context.call(".where", *arguments, **keywords)


@adapter("transpose")
def _transpose(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """Axes one by one (`A.transpose(1, 0)`), or two to exchange where there are more (PyTorch)."""
    if len(arguments) > 2 and all(type(a) is int for a in arguments[1:]):
        node = context.tensor(arguments[0], "transpose")
        if len(arguments) == 3 and (
            node.ndim != 2 or sorted(_positive(arguments[1:], 2)) != [0, 1]
        ):
            return context.call("swapaxes", *arguments, **keywords)
        return context.call(".transpose", node, tuple(arguments[1:]), **keywords)
    return context.call(".transpose", *arguments, **keywords)


def _positive(axes: Iterable[int], rank: int) -> list[int]:
    return [axis + rank if axis < 0 else axis for axis in axes]


def _spread(name: str) -> Adapter:
    """`x.reshape(2, 3)` is `x.reshape((2, 3))`."""

    def spread(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if len(arguments) > 2:
            arguments = [arguments[0], tuple(arguments[1:])]
        return context.call(name, *arguments, **keywords)

    return spread


for _name in ("reshape", "permute", "broadcast_to", "tile", "expand", "flip"):
    ADAPTERS[f"x.{_name}"] = _spread("transpose" if _name == "permute" else _name)


@adapter("x.repeat")
def _repeat(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """NumPy's `x.repeat(2)`; with several counts PyTorch's, which tiles."""
    if len(arguments) > 2 and not keywords and all(type(a) is int for a in arguments[1:]):
        node = context.tensor(arguments[0], "repeat")
        if len(arguments) > 3 or node.ndim != 2 or arguments[2] > 1:
            return context.call("tile", node, tuple(arguments[1:]))
    return context.call("repeat", *arguments, **keywords)


@adapter("math.log")
def _log(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if len(arguments) == 2:
        logs = [context.call("log", argument) for argument in arguments]
        return apply("divide", logs[0], logs[1])
    return context.call("log", *arguments, **keywords)


@adapter("lax.clamp")
def _clamp(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if len(arguments) == 3:
        arguments = [arguments[1], arguments[0], arguments[2]]
    return context.call("clip", *arguments, **keywords)
