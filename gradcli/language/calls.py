"""Calling the functions of the registry from the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gradcli.errors import GradcliError
from gradcli.graph import Array, Node
from gradcli.language.arguments import REQUIRED, Parameter, bind, parameters
from gradcli.language.words import DType
from gradcli.ops import ALIASES, FUNCTIONS
from gradcli.ops.declare import describe

_IGNORED = {"name", "device", "requires_grad", "copy", "order", "like", "casting", "subok"}
"""Keywords of other libraries that change nothing here."""

BROKEN = (TypeError, ValueError, OverflowError, IndexError, KeyError, ZeroDivisionError)
"""What a build may raise when it is given something that it did not expect."""


class Context(Protocol):
    """What an adapter may ask of the interpreter."""

    def tensor(self, value: Any, what: str) -> Node:
        """The value as a node."""

    def static(self, value: Any, what: str) -> Any:
        """The value as plain Python values (nodes are executed)."""

    def concrete(self, node: Node) -> Array:
        """The array behind a node; the trace then depends on values."""

    def call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        """Call a function of the language by its name."""

    def note(self, text: str) -> None:
        """A sentence for the user."""


def canonical(name: str) -> str | None:
    """The registry's name of a function, None where there is none."""
    if name in FUNCTIONS:
        return name
    return ALIASES.get(name)


def call_function(
    context: Context, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> Any:
    """Bind the arguments of a registry function and build it."""
    function = FUNCTIONS[name]
    known = parameters(function.signature)
    keywords = _accepted(name, known, keywords)
    arguments = _gathered_shape(known, arguments)

    def convert(function: str, parameter: Parameter, value: Any) -> Any:
        what = f"{function}: the argument '{parameter.name}'"
        if parameter.kind == "static":
            return context.static(value, what)
        if value is None and parameter.default is not REQUIRED:
            return None
        if parameter.kind == "list":
            return _nodes(context, value, what)
        if parameter.kind == "nested":
            return _nested(context, value, what)
        return context.tensor(value, what)

    bound = bind(name, function.signature, arguments, keywords, convert)
    try:
        return function.build(*bound.positional, **bound.keywords)
    except BROKEN as error:
        raise GradcliError(f"{name}: {_words(error)}") from None
    except RecursionError:
        raise GradcliError(f"{name}: nested too deeply", kind="limit") from None
    except MemoryError:
        raise GradcliError(f"{name}: out of memory", kind="limit") from None


def _words(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text[:1].lower() + text[1:200]


def _accepted(name: str, known: Sequence[Parameter], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords without those that change nothing here."""
    names = {parameter.name for parameter in known}
    kept = {}
    for keyword, value in keywords.items():
        if keyword in names:
            kept[keyword] = value
        elif keyword in ("dtype", "out_type"):
            float_like(name, value)
        elif keyword == "out" and value is None:
            continue
        elif keyword == "unbiased" and "ddof" in names:
            kept["ddof"] = 1 if value else 0
        elif keyword not in _IGNORED:
            kept[keyword] = value
    return kept


def float_like(name: str, value: Any) -> str:
    """The kind of a dtype argument: "float", "int" or "bool"; others are refused."""
    from gradcli.language.words import DTYPES

    if isinstance(value, str):
        value = DTYPES.get(value.lstrip("<>=|"), value)
    if value is None:
        return "float"
    if isinstance(value, DType) and value.kind != "other":
        return value.kind
    raise GradcliError(
        f"{name}: dtype {describe(value)} is not a number type", hint="float64 or float32"
    )


def _gathered_shape(known: Sequence[Parameter], arguments: Sequence[Any]) -> Sequence[Any]:
    """`zeros(2, 3)` is `zeros((2, 3))`."""
    if len(arguments) < 2 or [p.name for p in known[:2]] != ["shape", "dtype"]:
        return arguments
    if all(type(argument) is int for argument in arguments):
        return [tuple(arguments)]
    return arguments


def _nodes(context: Context, value: Any, what: str) -> tuple[Node, ...]:
    if isinstance(value, Node):
        if not value.shape:
            raise GradcliError(f"{what} must be a list of arrays", kind="shape")
        if value.shape[0] > 10_000:
            raise GradcliError(f"{what} has more than 10000 parts", kind="limit")
        return tuple(value[row] for row in range(value.shape[0]))
    if not isinstance(value, (list, tuple)):
        raise GradcliError(f"{what} must be a list of arrays, not {describe(value)}")
    return tuple(context.tensor(one, what) for one in value)


def _nested(context: Context, value: Any, what: str) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_nested(context, one, what) for one in value)
    return context.tensor(value, what)
