"""Functions that need more than another name: Python's own, and those whose meaning differs by library.

`torch.std` divides by n - 1, `tf.split` takes sizes where NumPy takes positions, `torch.max(x, dim=0)` gives
values and indices. An adapter is `(context, arguments, keywords) -> value` and calls the registry.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node, apply
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
    return range(*bounds)


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


# --- PyTorch and TensorFlow ----------------------------------------------------------------------


def _spread_of_samples(name: str) -> Adapter:
    """PyTorch's `std` and `var`: they divide by n - 1 unless told otherwise."""

    def moment(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if len(arguments) > 1 and isinstance(arguments[1], bool):  # torch.std(x, False)
            keywords = {"unbiased": arguments[1], **keywords}
            arguments = arguments[:1]
        if not {"unbiased", "correction", "ddof"} & set(keywords):
            keywords = {**keywords, "ddof": 1}
            context.note(f"{name} as in PyTorch: it divides by n - 1")
        return context.call(name, *arguments, **keywords)

    return moment


def _method_moment(name: str) -> Adapter:
    """`x.std()` is NumPy's; with a keyword of PyTorch it is PyTorch's."""

    def moment(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        torch = {"dim", "keepdim", "unbiased", "correction"} & set(keywords)
        return context.call(f"torch.{name}" if torch else name, *arguments, **keywords)

    return moment


def _with_indices(name: str, positions: str) -> Adapter:
    """`max(x, dim=0)` of PyTorch gives values and indices."""

    def pair(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if "dim" in keywords:
            return Named(
                (
                    context.call(name, *arguments, **keywords),
                    context.call(positions, *arguments, **keywords),
                )
            )
        return context.call(name, *arguments, **keywords)

    return pair


def _torch_extreme(name: str, positions: str, pairwise: str | None) -> Adapter:
    """`torch.max(x)`, `torch.max(x, 0)` (values and indices), `torch.max(x, y)` (entry by entry)."""

    def extreme(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if len(arguments) > 1 and type(arguments[1]) is int:
            keywords = {"dim": arguments[1], **keywords}
            arguments = [arguments[0], *arguments[2:]]
        elif len(arguments) == 2 and pairwise is not None:
            return context.call(pairwise, *arguments, **keywords)
        return _with_indices(name, positions)(context, arguments, keywords)

    return extreme


def _torch_sort(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    return Named((context.call(which, *arguments, **keywords) for which in ("sort", "argsort")))


for _name in ("std", "var"):
    ADAPTERS[f"torch.{_name}"] = _spread_of_samples(_name)
    ADAPTERS[f"x.{_name}"] = _method_moment(_name)
for _name, _pairwise in (("max", "maximum"), ("min", "minimum")):
    ADAPTERS[f"x.{_name}"] = _with_indices(_name, f"arg{_name}")
    ADAPTERS[f"torch.{_name}"] = _torch_extreme(_name, f"arg{_name}", _pairwise)
ADAPTERS["torch.sort"] = _torch_sort


def _flat_norm(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """`torch.norm`, `tf.norm`: without an axis, a matrix counts as one long vector."""
    keywords = dict(keywords)
    order = arguments[1] if len(arguments) > 1 else keywords.get("p", keywords.get("ord"))
    axis = arguments[2] if len(arguments) > 2 else keywords.get("axis", keywords.get("dim"))
    if isinstance(order, str) and order in ("euclidean", "fro") and axis is None:
        keywords = {k: v for k, v in keywords.items() if k not in ("p", "ord")}
        return context.call("norm", *arguments[:1], **keywords)
    if order == "euclidean":
        order = 2
    keywords = {k: v for k, v in keywords.items() if k not in ("p", "ord", "axis", "dim")}
    node = context.tensor(arguments[0], "norm") if arguments else None
    if node is not None and axis is None and is_number(order) and node.ndim > 1 and not keywords:
        node = reshape(node, (node.size,))
    if node is None:
        return context.call("norm", **keywords)
    return context.call("norm", node, order, axis, **keywords)


ADAPTERS["torch.norm"] = ADAPTERS["tf.norm"] = _flat_norm


def _sizes(torch: bool) -> Adapter:
    """`split` by sizes; a number is the size of a part (PyTorch) or the number of parts."""

    def split(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        keywords = dict(keywords)
        for key in ("num_or_size_splits", "split_size_or_sections", "split_size"):
            if key in keywords:
                arguments = [*arguments[:1], keywords.pop(key), *arguments[1:]]
        if len(arguments) < 2:
            return context.call("split", *arguments, **keywords)
        node = context.tensor(arguments[0], "split")
        parts = context.static(arguments[1], "split: the sizes")
        axis = arguments[2] if len(arguments) > 2 else keywords.get("axis", keywords.get("dim", 0))
        if torch and type(parts) is int:
            if type(axis) is not int or not -node.ndim <= axis < node.ndim or parts < 1:
                raise GradcliError(
                    "split: a size of at least 1 along an axis that exists is needed"
                )
            total = node.shape[axis]
            if total // parts > 10_000:
                raise GradcliError("split: more than 10000 parts", kind="limit")
            return context.call("split", node, list(range(parts, total, parts)), axis=axis)
        if isinstance(parts, (list, tuple)) and all(type(part) is int for part in parts):
            ends = [sum(parts[: count + 1]) for count in range(len(parts) - 1)]
            return context.call("split", node, ends, axis=axis)
        return context.call("split", *arguments, **keywords)

    return split


ADAPTERS["torch.split"] = _sizes(torch=True)
ADAPTERS["tf.split"] = _sizes(torch=False)


@adapter("batch_trace")
def _trace(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """`tf.linalg.trace`: over the last two axes."""
    node = context.tensor(one("trace", arguments, keywords), "trace")
    return context.call("trace", node, 0, -2, -1)


@adapter("tf.pad")
def _pad(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if isinstance(keywords.get("mode"), str):
        keywords = {**keywords, "mode": keywords["mode"].lower()}
    if len(arguments) > 2 and isinstance(arguments[2], str):
        arguments = [*arguments[:2], arguments[2].lower(), *arguments[3:]]
    return context.call("pad", *arguments, **keywords)


def _default(name: str, **defaults: Any) -> Adapter:
    """The same function with another default (`tf.nn.leaky_relu` has 0.2, `tf.argmax` axis 0)."""

    def defaulted(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if len(arguments) == 1 and not set(keywords) & {*defaults, "dim", "negative_slope"}:
            keywords = {**keywords, **defaults}
        return context.call(name, *arguments, **keywords)

    return defaulted


ADAPTERS["tf.leaky_relu"] = _default("leaky_relu", alpha=0.2)
for _name in ("argmax", "argmin", "cumsum", "cumprod"):
    ADAPTERS[f"tf.{_name}"] = _default(_name, axis=0)
ADAPTERS["jax.gelu"] = _default("gelu", approximate=True)


def first_of(value: Any) -> Array | None:
    """The first array of a tuple of positions, for `nonzero`-like results."""
    return value[0] if isinstance(value, tuple) and value else None
