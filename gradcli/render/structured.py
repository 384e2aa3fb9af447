"""Strict JSON: schema 1, floats that round-trip, non-finite numbers as strings.

The record is built first (`document`), then encoded in pieces (`encoded`), so that a large array is
never one large list.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcli.render.diagnostics import calls_of
from gradcli.render.numbers import chunks
from gradcli.render.several import documents

if TYPE_CHECKING:
    from gradcli.errors import GradcliError
    from gradcli.results import Comparison, Derivative, FunctionCard, Result, Verdict

    Array = np.ndarray[Any, np.dtype[Any]]

SCHEMA = 1


def document(result: Result) -> dict[str, Any]:
    """The JSON record of a result; arrays are still arrays (see `encoded`)."""
    return documents(result, one_document) if result.others else one_document(result)


def one_document(result: Result) -> dict[str, Any]:
    """The record of one target."""
    target = result.target
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "command": result.command,
        "expression": result.expression,
        "target": {
            "name": target.name,
            "shape": list(target.value.shape),
            "value": target.value,
            "summed": target.summed,
        },
    }
    if result.layout is not None:
        record["layout"] = result.layout
    if result.path:
        record["path"] = result.path
    if result.order is not None:
        record["order"] = result.order
    if result.product == "jvp":
        record["jvp"] = derivative_record(result.gradient["jvp"])
    elif result.product is not None:
        record[result.product] = {
            name: derivative_record(derivative) for name, derivative in result.gradient.items()
        }
    elif result.command == "jacobian":
        record["jacobian"] = {
            name: derivative_record(derivative) for name, derivative in result.gradient.items()
        }
    elif result.command == "hessian":
        blocks: dict[str, dict[str, Any]] = {}
        for key, derivative in result.gradient.items():
            row, _, column = key.partition(",")
            blocks.setdefault(row, {})[column] = derivative_record(derivative)
        record["hessian"] = blocks
    elif result.command != "eval":
        record["gradient"] = {
            name: derivative_record(derivative) for name, derivative in result.gradient.items()
        }
    if result.check is not None:
        record["check"] = verdict_record(result.check)
    record["notes"] = result.notes
    return record


def derivative_record(derivative: Derivative) -> dict[str, Any]:
    """Shape, numbers, formula and reasons of one gradient."""
    closed = derivative.closed
    record: dict[str, Any] = {"shape": list(derivative.value.shape), "value": derivative.value}
    if closed is not None:
        record |= {"formula": closed.text, "latex": closed.latex}
        if closed.short is not None:
            record |= {"short": closed.short, "where": dict(closed.shared)}
        if closed.reason:
            record["formula_reason"] = closed.reason
        if closed.steps:
            record["steps"] = [{"rule": rule, "text": text} for rule, text in closed.steps]
    if derivative.reasons:
        record["reasons"] = derivative.reasons
    return record


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """The verdict; per witness the worst over all variables, and each variable's own."""
    witnesses: dict[str, dict[str, Any]] = {}
    for comparison in verdict.comparisons:
        entry = witnesses.setdefault(
            comparison.witness, {"max_abs": 0.0, "max_rel": 0.0, "ok": None, "variables": {}}
        )
        for key in ("max_abs", "max_rel"):
            value = getattr(comparison, key)
            if not value <= entry[key]:
                entry[key] = value
        if comparison.ok is not None:
            entry["ok"] = comparison.ok if entry["ok"] is None else entry["ok"] and comparison.ok
        entry["variables"][comparison.variable] = comparison_record(comparison)
    return {
        "verdict": verdict.verdict,
        "outlier": verdict.outlier,
        "witnesses": witnesses,
        "reasons": verdict.reasons,
    }


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """One witness against the reverse-mode numbers of one variable."""
    return {
        "ok": comparison.ok,
        "max_abs": comparison.max_abs,
        "max_rel": comparison.max_rel,
        "index": list(comparison.index),
        "reverse": comparison.reverse,
        "other": comparison.other,
        "tolerance": comparison.tolerance,
        "compared": comparison.compared,
        "of": comparison.of,
        "note": comparison.note,
    }


def error_record(error: GradcliError, source: str | None = None) -> dict[str, Any]:
    """An error; the span counts characters of `source`, else of the text under "source"."""
    record: dict[str, Any] = {
        "kind": error.kind,
        "message": error.message,
        "span": None if error.span is None else list(error.span),
        "hint": error.hint,
    }
    if error.span is not None and error.source not in (None, source):
        record["source"] = error.source
    if error.span is not None and error.source and "\n" in error.source.strip("\n"):
        start = error.source.rfind("\n", 0, error.span[0]) + 1
        record["line"] = error.source.count("\n", 0, error.span[0]) + 1
        record["column"] = error.span[0] - start + 1
    if error.calls:
        record["calls"] = calls_of(error)
    return record


def functions_document(cards: Sequence[FunctionCard]) -> dict[str, Any]:
    """The JSON record of the table of functions."""
    return {"schema": SCHEMA, "command": "ops", "functions": [card_record(card) for card in cards]}


def card_record(card: FunctionCard) -> dict[str, Any]:
    """What is known about one function."""
    record: dict[str, Any] = {
        "name": card.name,
        "signature": card.signature,
        "family": card.family,
        "doc": card.doc,
        "aliases": card.aliases,
        "domain": card.domain,
        "cut": card.cut,
        "kinked": card.kinked,
        "example": card.example,
    }
    if card.gradient is not None:
        record["gradient"] = {
            "formula": card.gradient.text,
            "latex": card.gradient.latex,
            "formula_reason": card.gradient.reason,
        }
    return record


def encoded(value: Any) -> Iterator[str]:
    """Pieces of strict JSON; an array becomes nested lists, some entries at a time.

    Example:
        >>> "".join(encoded({"value": np.array([1.0, np.inf])}))
        '{"value": [1.0, "inf"]}'
    """
    if isinstance(value, np.ndarray):
        yield from array_pieces(value)
    elif isinstance(value, Mapping):
        for number, (key, item) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{json.dumps(str(key))}: "
            yield from encoded(item)
        yield "}" if value else "{}"
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield ", " if number else "["
            yield from element(item)
        yield "]" if value else "[]"
    else:
        yield json.dumps(strict(value), allow_nan=False)


def element(item: Any) -> Iterator[str]:
    """One element of a list; a record without arrays at once, for there may be a million."""
    if isinstance(item, dict):
        try:
            text = json.dumps(item, allow_nan=False)
        except (TypeError, ValueError):  # it holds an array, or a number that is not finite
            pass
        else:
            yield text
            return
    yield from encoded(item)


def array_pieces(array: Array) -> Iterator[str]:
    """An array as nested lists, axis by axis."""
    if array.ndim == 0:
        yield json.dumps(strict(array.item() if array.dtype != np.float32 else float(str(array))))
    elif array.ndim == 1:
        yield "["
        for number, chunk in enumerate(chunks(array)):
            yield ", " if number else ""
            if array.dtype.kind == "f" and not np.isfinite(chunk).all():
                chunk = [strict(entry) for entry in chunk]
            yield json.dumps(chunk, allow_nan=False)[1:-1]
        yield "]"
    else:
        for number, part in enumerate(array):
            yield ", " if number else "["
            yield from array_pieces(part)
        yield "]" if array.shape[0] else "[]"


def strict(value: Any) -> Any:
    """Non-finite floats as the strings "nan", "inf", "-inf"; anything else as it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value
