"""What the rows of a tape are called: the program's names, else `t7` for row 7.

A name that is bound anew means another value: `b = 2*a; b = b*b` gives `b_1` and `b_2`, so that a
name in a formula is one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradcli.graph import INPUT, Node
from gradcli.language.events import Event

TARGETS = "fghFGHLJ"
GENERATED = ("t", "u", "s", "tmp", "value_")


def named(
    rows: Sequence[Node],
    output: Node,
    events: Iterable[Event],
    names: Mapping[str, Node],
) -> dict[int, str]:
    """The name of each row, by the node's id; no two are the same.

    Args:
        rows: in the order of the record; row numbers count from 1.
        output: the target.
        events: names are taken from those of kind "assign".
        names: names of the program's outermost level, for values that no event binds.
    """
    recorded = {node.id for node in rows}
    found: dict[int, str] = {node.id: node.params["name"] for node in rows if node.op is INPUT}
    taken = set(found.values())
    versions: dict[str, list[int]] = {}
    bound = [(event.name, event.value) for event in events if event.kind == "assign"]
    seen = set(found)
    for name, node in bound:
        if isinstance(node, Node) and node.id in recorded and node.id not in seen:
            seen.add(node.id)
            versions.setdefault(name, []).append(node.id)
    once = {name: ids[0] for name, ids in versions.items() if len(ids) == 1 and name not in taken}
    found |= {key: name for name, key in once.items()}
    taken |= once.keys() | versions.keys()
    for name, ids in versions.items():
        if name not in once:
            for number, key in enumerate(ids, 1):
                found[key] = _free(f"{name}_{number}", taken)
    for name, node in names.items():  # bound after the last event that was taken down
        if node.id in recorded and node.id not in found:
            found[node.id] = _free(name, taken - versions.keys())
            taken.add(found[node.id])
    if output.id not in found:
        found[output.id] = next((each for each in TARGETS if each not in taken), "target")
        taken.add(found[output.id])
    stem = next(
        (each for each in GENERATED if not any(_generated(name, each) for name in taken)), "row_"
    )
    for number, node in enumerate(rows, 1):
        if node.id not in found:
            found[node.id] = f"{stem}{number}"
    return found


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _generated(name: str, stem: str) -> bool:
    return name.startswith(stem) and name[len(stem) :].isdigit()
