"""Functions whose meaning differs by library: PyTorch's moments, TensorFlow's splits, and their
like."""

from __future__ import annotations

from typing import Any

from gradcli.errors import GradcliError
from gradcli.language.adapters import ADAPTERS, Adapter, Named, adapter, one
from gradcli.language.calls import Context
from gradcli.language.statics import is_number
from gradcli.ops.structure import reshape


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
    """`torch.max(x)`, `torch.max(x, 0)` (values and indices), `torch.max(x, y)` (entry by
    entry)."""

    def extreme(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if len(arguments) > 1 and type(arguments[1]) is int:
            keywords = {"dim": arguments[1], **keywords}
            arguments = [arguments[0], *arguments[2:]]
        elif len(arguments) == 2 and pairwise is not None:
            return context.call(pairwise, *arguments, **keywords)
        return _with_indices(name, positions)(context, arguments, keywords)

    return extreme


def _both(first: str, second: str, *of_first: str) -> Adapter:
    """Two functions of the same arguments at once; some keywords are for the first alone."""

    def pair(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if "axes" in keywords:
            keywords = {"axis": keywords["axes"], **keywords}
            del keywords["axes"]
        shared = {key: value for key, value in keywords.items() if key not in of_first}
        return Named(
            (
                context.call(first, *arguments, **keywords),
                context.call(second, *arguments, **shared),
            )
        )

    return pair


def _directed(name: str) -> Adapter:
    """TensorFlow's `sort` says `direction="DESCENDING"`."""

    def sort(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        direction = keywords.get("direction", "ASCENDING")
        if direction not in ("ASCENDING", "DESCENDING"):
            raise GradcliError(f"{name}: direction must be 'ASCENDING' or 'DESCENDING'")
        kept = {key: value for key, value in keywords.items() if key != "direction"}
        return context.call(name, *arguments, descending=direction == "DESCENDING", **kept)

    return sort


def _torch_sort(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    return Named(context.call(which, *arguments, **keywords) for which in ("sort", "argsort"))


def _torch_topk(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    return Named(context.call("topk", *arguments, **keywords))


def _torch_median(context: Context, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """PyTorch's median of an even number of entries is the lower of the two in the middle."""
    if len(arguments) == 1 and not keywords:
        return context.call("quantile", *arguments, 0.5, method="lower")
    return context.call("median", *arguments, **keywords)


for _name in ("std", "var"):
    ADAPTERS[f"torch.{_name}"] = _spread_of_samples(_name)
    ADAPTERS[f"x.{_name}"] = _method_moment(_name)
for _name, _pairwise in (("max", "maximum"), ("min", "minimum")):
    ADAPTERS[f"x.{_name}"] = _with_indices(_name, f"arg{_name}")
    ADAPTERS[f"torch.{_name}"] = _torch_extreme(_name, f"arg{_name}", _pairwise)
ADAPTERS["torch.sort"] = _torch_sort
ADAPTERS["torch.topk"] = _torch_topk
ADAPTERS["torch.median"] = _torch_median
for _name, _positions in (("cummax", "cumargmax"), ("cummin", "cumargmin")):
    ADAPTERS[f"torch.{_name}"] = _both(_name, _positions)
ADAPTERS["torch.var_mean"] = _both("torch.var", "mean", "unbiased", "correction")
ADAPTERS["torch.std_mean"] = _both("torch.std", "mean", "unbiased", "correction")
ADAPTERS["tf.moments"] = _both("mean", "var")


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
ADAPTERS["tf.sort"] = _directed("sort")
ADAPTERS["tf.argsort"] = _directed("argsort")
for _name in ("softmax", "log_softmax"):  # SciPy's take all entries where no axis is named
    ADAPTERS[f"numpy.{_name}"] = _default(_name, axis=None)
for _name in ("argmax", "argmin", "cumsum", "cumprod"):
    ADAPTERS[f"tf.{_name}"] = _default(_name, axis=0)
ADAPTERS["jax.gelu"] = _default("gelu", approximate=True)


__all__ = ["ADAPTERS", "Named"]
