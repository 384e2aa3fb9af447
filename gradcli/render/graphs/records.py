"""The JSON record of a graph: one flat list of nodes, inputs by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.render.structured import SCHEMA

if TYPE_CHECKING:
    from gradcli.results import GraphCard, GraphPart, NodeLine


def graph_document(card: GraphCard) -> dict[str, Any]:
    """The record; arrays are still arrays (see `structured.encoded`)."""
    first, *gradients = card.parts
    return {
        "schema": SCHEMA,
        "command": "graph",
        "expression": card.expression,
        "target": {"name": None, "shape": list(first.shape), "summed": card.summed},
        "nodes": [node_record(line, part.wrt) for part in card.parts for line in part.lines],
        "output": first.output,
        "gradient": {part.wrt: gradient_record(part) for part in gradients},
        "notes": card.notes,
    }


def node_record(line: NodeLine, wrt: str | None) -> dict[str, Any]:
    """One node; `gradient` names the gradient that needs it first, null for the op graph."""
    params = line.params if line.value is None else {"value": line.value}
    return {
        "id": line.number,
        "name": line.name,
        "op": line.op,
        "inputs": list(line.inputs),
        "params": params,
        "shape": list(line.shape),
        "dtype": line.dtype,
        "span": None if line.span is None else list(line.span),
        "label": line.label,
        "also": line.also,
        "gradient": wrt,
    }


def gradient_record(part: GraphPart) -> dict[str, Any]:
    """The root of one gradient; its output is null where it is identically zero."""
    record: dict[str, Any] = {"output": part.output, "shape": list(part.shape)}
    if part.output is None:
        record["reasons"] = part.reasons
    return record
