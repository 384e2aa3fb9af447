"""The JSON record of an explanation; arrays are still arrays (see `render.structured.encoded`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.explanation import Mark
from gradcli.render.structured import SCHEMA

if TYPE_CHECKING:
    from gradcli.explanation import Contribution, Explanation, Local, Row


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """Rows in the order of the record; events say before which row they happened."""
    target = explanation.target
    return {
        "schema": SCHEMA,
        "command": "explain",
        "expression": explanation.expression,
        "target": {
            "name": target.name,
            "shape": list(target.value.shape),
            "value": target.value,
            "summed": target.summed,
        },
        "rows": [row_record(row) for row in explanation.rows],
        "events": [mark_record(item) for item in explanation.story if isinstance(item, Mark)],
        "gradient": {
            name: {"shape": list(value.shape), "value": value}
            for name, value in explanation.gradient.items()
        },
        "notes": explanation.notes,
    }


def row_record(row: Row) -> dict[str, Any]:
    """One row."""
    record: dict[str, Any] = {
        "number": row.number,
        "name": row.name,
        "op": row.op,
        "source": row.source,
        "span": None if row.span is None else list(row.span),
        "operands": row.operands,
        "shape": list(row.value.shape),
        "value": row.value,
        "locals": [local_record(local) for local in row.locals],
        "adjoint": row.adjoint,
        "contributions": [contribution_record(each) for each in row.contributions],
    }
    if row.note:
        record["note"] = row.note
    return record


def local_record(local: Local) -> dict[str, Any]:
    """A local derivative; of an operation on whole arrays what becomes of the adjoint, `·`."""
    return {
        "by": local.by,
        "text": local.text or None,
        "latex": local.latex,
        "linear": local.linear,
        "value": local.value,
    }


def contribution_record(contribution: Contribution) -> dict[str, Any]:
    """One term of an adjoint; `from` is None for the seed of the target."""
    record: dict[str, Any] = {
        "from": contribution.user or None,
        "row": contribution.row or None,
        "text": contribution.text,
        "adjoint": contribution.adjoint,
        "local": contribution.local,
        "value": contribution.value,
    }
    if contribution.count:
        record["uses"] = contribution.count + 1
    if contribution.note:
        record["note"] = contribution.note
    return record


def mark_record(mark: Mark) -> dict[str, Any]:
    """What happened before a row."""
    record: dict[str, Any] = {
        "kind": mark.kind,
        "text": mark.text,
        "before": mark.before,
        "depth": mark.depth,
        "span": None if mark.span is None else list(mark.span),
    }
    if mark.kind == "fold":
        record |= {"turns": mark.turns, "operations": mark.operations}
    return record
