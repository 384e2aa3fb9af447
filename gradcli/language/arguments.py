"""Signatures and the binding of arguments to them, with errors that name the argument.

A signature is the text of a declaration, `"x; axis=None, keepdims=False"` (see
`gradcli.ops.declare`): sections alternate between tensors and static parameters, tensors first;
the order of the text is the order of positional arguments.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from gradcli.errors import GradcliError

REQUIRED: Any = object()
"""The default of a parameter that has none."""

SYNONYMS = (
    ("axis", "dim", "dims"),
    ("keepdims", "keepdim", "keep_dims"),
    ("axes", "perm", "dims", "permutation"),
    ("ord", "p"),
    ("low", "a_min", "min", "clip_value_min", "min_val", "min_value"),
    ("high", "a_max", "max", "clip_value_max", "max_val", "max_value"),
    ("ddof", "correction"),
    ("alpha", "negative_slope"),
    ("shape", "size", "newshape", "dims", "new_sizes"),
    ("shift", "shifts"),
    ("reps", "multiples", "dims"),
    ("pad_width", "paddings", "pad"),
    ("constant_values", "value"),
    ("fill_value", "value"),
    ("indices", "index"),
    ("offset", "k", "diagonal"),
    ("k", "diagonal", "offset"),
    ("indices_or_sections", "num_or_size_splits", "split_size_or_sections", "sections"),
    ("num", "steps"),
    ("eps", "epsilon"),
    ("epsilon", "eps"),
    ("N", "n", "num_rows"),
    ("M", "m", "num_columns"),
    ("axis1", "dim0", "dim1"),
    ("axis2", "dim1", "dim2"),
    ("transpose_a", "adjoint_a"),
    ("transpose_b", "adjoint_b"),
    ("logits", "input", "x"),
    ("labels", "target"),
    ("input", "x", "logits", "y_pred"),
    ("target", "y", "labels", "y_true"),
    ("W", "weight"),
    ("b", "bias"),
    ("decimals", "digits"),
    ("n", "power"),
    ("rcond", "rtol"),
    ("low", "minval"),
    ("high", "maxval"),
    ("loc", "mean"),
    ("scale", "std", "stddev"),
)
"""First the name in our signature, then what other libraries call it."""

_FIRST = ("x", "a", "input", "input_tensor", "tensor", "arr", "array", "values", "m", "v", "self")
_SECOND = ("b", "other", "y", "x2", "v", "vec", "mat2")
_LISTS = ("xs", "arrays", "tensors", "values", "seq", "tup", "inputs")


class Parameter(NamedTuple):
    """One parameter: `kind` is tensor, list (of tensors), nested (lists) or static."""

    name: str
    kind: str
    variadic: bool
    default: Any


class Bound(NamedTuple):
    """What `build` is called with."""

    positional: list[Any]
    keywords: dict[str, Any]


@cache
def parameters(signature: str) -> tuple[Parameter, ...]:
    """The parameters of a signature.

    Example:
        >>> [(p.name, p.kind) for p in parameters("x; axis=None")]
        [('x', 'tensor'), ('axis', 'static')]
    """
    result = []
    for number, section in enumerate(_split(signature, ";")):
        for part in _split(section, ","):
            name, _, default = (piece.strip() for piece in part.partition("="))
            kind = "static" if number % 2 else "tensor"
            variadic = name.startswith("*")
            name = name.lstrip("*")
            if name.startswith("[[") or name.startswith("["):
                kind = "nested" if name.startswith("[[") else "list"
                name = name.strip("[]")
            elif name == "xs" and kind == "tensor" and not variadic:
                kind = "list"
            result.append(
                Parameter(name, kind, variadic, ast.literal_eval(default) if default else REQUIRED)
            )
    return tuple(result)


def _split(text: str, separator: str) -> list[str]:
    """Split at the top level of brackets and quotes; empty parts are left out between commas."""
    parts, depth, quoted, start = [], 0, "", 0
    for place, character in enumerate(text):
        if quoted:
            quoted = "" if character == quoted else quoted
        elif character in "'\"":
            quoted = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == separator and not depth:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()] if separator == "," else parts


def bind(
    name: str,
    signature: str,
    arguments: Sequence[Any],
    keywords: Mapping[str, Any],
    convert: Callable[[str, Parameter, Any], Any],
) -> Bound:
    """Sort arguments into what `build` takes.

    Args:
        name: of the function, for the messages.
        signature: its text.
        arguments, keywords: values of the language.
        convert: `(function, parameter, value) -> value` makes tensors nodes and static values
        static.

    Raises:
        GradcliError: `value` for too many, too few, unknown or doubled arguments.
    """
    known = parameters(signature)
    given: dict[str, Any] = {}
    rest: list[Any] = []
    names = [parameter.name for parameter in known]
    waiting = list(arguments)
    for parameter in known:
        if not waiting:
            break
        if parameter.variadic:
            rest, waiting = waiting, []
        else:
            given[parameter.name] = waiting.pop(0)
    if waiting:
        most = len(known)
        raise GradcliError(
            f"{name} takes {_count(most)}, not {len(arguments)}",
            hint=usage(name, signature),
        )
    for keyword, value in keywords.items():
        target = _target(keyword, known, given)
        if target is None:
            raise _unknown_keyword(name, keyword, names, signature)
        if target in given:
            raise GradcliError(
                f"{name}: the argument '{target}' is given twice", hint=usage(name, signature)
            )
        given[target] = value
    return _filled(name, signature, known, given, rest, convert)


def _filled(
    name: str,
    signature: str,
    known: Sequence[Parameter],
    given: Mapping[str, Any],
    rest: Sequence[Any],
    convert: Callable[[str, Parameter, Any], Any],
) -> Bound:
    bound = Bound([], {})
    skipped: list[Any] = []
    for parameter in known:
        if parameter.variadic:
            bound.positional.extend(convert(name, parameter, value) for value in rest)
            continue
        if parameter.name not in given:
            if parameter.default is REQUIRED:
                raise GradcliError(
                    f"{name}: the argument '{parameter.name}' is missing",
                    hint=usage(name, signature),
                )
            if parameter.kind != "static":
                skipped.append(parameter.default)
            continue
        value = given[parameter.name]
        if parameter.kind == "static":
            bound.keywords[parameter.name] = convert(name, parameter, value)
        else:
            bound.positional.extend([*skipped, convert(name, parameter, value)])
            skipped = []
    return bound


def _target(keyword: str, known: Sequence[Parameter], given: Mapping[str, Any]) -> str | None:
    """The parameter that a keyword means."""
    names = [parameter.name for parameter in known if not parameter.variadic]
    if keyword in names:
        return keyword
    for ours, *theirs in SYNONYMS:
        if keyword in theirs and ours in names and ours not in given:
            return ours
    if known and keyword in _FIRST and known[0].kind == "tensor" and names[0] not in given:
        return names[0]
    if known and keyword in _LISTS and known[0].kind == "list":
        return names[0]
    if len(names) > 1 and keyword in _SECOND and known[1].kind == "tensor":
        return names[1]
    return None


def _unknown_keyword(name: str, keyword: str, names: Sequence[str], signature: str) -> GradcliError:
    match = get_close_matches(keyword, names, n=1)
    hint = f"did you mean '{match[0]}'?" if match else usage(name, signature)
    return GradcliError(f"{name} has no argument '{keyword}'", hint=hint)


def usage(name: str, signature: str) -> str:
    """How a function is called, as a hint."""
    parts = []
    for parameter in parameters(signature):
        text = {"list": f"[{parameter.name}, ...]", "nested": f"[[{parameter.name}, ...]]"}.get(
            parameter.kind, parameter.name
        )
        text = f"*{text}" if parameter.variadic else text
        parts.append(text if parameter.default is REQUIRED else f"{text}={parameter.default!r}")
    return f"it is called as {name}({', '.join(parts)})"


def _count(number: int) -> str:
    if number == 0:
        return "no arguments"
    return "one argument" if number == 1 else f"at most {number} arguments"
