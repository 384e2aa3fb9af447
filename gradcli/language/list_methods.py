"""Lists of a program: their methods and what may be assigned inside of them. Bounded in length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradcli.errors import GradcliError
from gradcli.language.methods import method
from gradcli.language.words import suggestion
from gradcli.limits import LIMITS


def is_list_method(value: Any, name: str) -> bool:
    """Whether `value.name(...)` is a list's own: `ys.append`, and what arrays do not have."""
    return isinstance(value, list) and (name in METHODS or method(name) is None)


def list_method(value: list[Any], name: str, arguments: Sequence[Any]) -> Any:
    """`ys.append(v)` and its like, with Python's meaning."""
    found = METHODS.get(name)
    if found is None:
        raise GradcliError(
            f"a list has no method '{name}'",
            kind="name",
            hint=suggestion(name, METHODS) or "array([...]) makes an array of a list",
        )
    method, least, most = found
    if not least <= len(arguments) <= most:
        raise GradcliError(
            f".{name}() takes {least if least == most else f'{least} or {most}'} "
            f"argument{'s' * (most != 1)}, not {len(arguments)}"
        )
    return method(value, *arguments)


def bounded(length: int) -> None:
    """Refuse a list that grows without end."""
    if length > LIMITS.items:
        raise GradcliError(
            f"lists of more than {LIMITS.items:.3g} entries",
            kind="limit",
            hint="raise it with --limit items=N, or use an array",
        )


def _append(items: list[Any], value: Any) -> None:
    bounded(len(items) + 1)
    not_inside(items, value)
    items.append(value)


def _extend(items: list[Any], values: Any) -> None:
    if not isinstance(values, (list, tuple, range)):
        raise GradcliError(".extend() takes a list")
    bounded(len(items) + len(values))
    not_inside(items, [each for each in values if each is not items])
    items.extend(list(values))


def _insert(items: list[Any], position: Any, value: Any) -> None:
    bounded(len(items) + 1)
    not_inside(items, value)
    items.insert(_position(position), value)


def _pop(items: list[Any], position: Any = -1) -> Any:
    place = _position(position)
    if not -len(items) <= place < len(items):
        words = "the list is empty" if not items else f"{place} is out of range"
        raise GradcliError(f".pop(): {words}", kind="shape")
    return items.pop(place)


def _position(value: Any) -> int:
    if type(value) is not int:
        raise GradcliError("a position in a list is an integer")
    return value


def not_inside(items: list[Any], value: Any) -> None:
    """Refuse a list that would hold itself."""
    stack, seen = [value], set()
    while stack:
        each = stack.pop()
        if each is items:
            raise GradcliError("a list cannot be put into itself")
        if isinstance(each, (list, tuple)) and id(each) not in seen:
            seen.add(id(each))
            stack.extend(part for part in each if isinstance(part, (list, tuple)))


def assign_item(items: list[Any], index: Any, value: Any) -> None:
    """`ys[i] = v` and `ys[a:b] = [...]`."""
    if isinstance(index, slice):
        if not isinstance(value, (list, tuple)):
            raise GradcliError("a slice of a list is replaced by a list")
        bounded(len(items) + len(value))
        not_inside(items, list(value))
        try:
            items[index] = list(value)
        except ValueError:
            raise GradcliError("a slice with a step is replaced by as many items") from None
        return
    place = _position(index)
    if not -len(items) <= place < len(items):
        raise GradcliError(f"index {place} is out of range for {len(items)} items", kind="shape")
    not_inside(items, value)
    items[place] = value


METHODS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "append": (_append, 1, 1),
    "extend": (_extend, 1, 1),
    "insert": (_insert, 2, 2),
    "pop": (_pop, 0, 1),
    "reverse": (list.reverse, 0, 0),
    "clear": (list.clear, 0, 0),
    "copy": (list.copy, 0, 0),
}
"""By name: the method, and how many arguments it takes at least and at most."""
