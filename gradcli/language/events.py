"""What a program did while it was recorded, besides making nodes: names bound, branches, turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradcli.errors import Span


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened between two nodes.

    Attributes:
        at: number of the next node to be made: nodes with a smaller `id` came before.
        kind: "assign" (a name was bound to a value), "branch" (an `if` or a conditional expression
            was decided), "turn" (a loop began a turn), "end" (a loop is over), "call" and "return"
            (of a function that the program defines).
        span: the source of the statement's head: `if sum(b) > 0`, `y = x*x`, `f(x)`.
        depth: how many loops and calls it lies in.
        name: the name that was bound, or of the function.
        value: what was bound or returned: a Node, or a static value.
        number: of a turn, from 1; of an end, how many turns there were; of a branch, 1 where the
            condition held, else 0.
    """

    at: int
    kind: str
    span: Span | None
    depth: int = 0
    name: str = ""
    value: Any = None
    number: int = 0
