"""What `settle` finds, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gradcli.graph import Array, Node
from gradcli.verify.referee import Slopes


@dataclass(slots=True)
class Candidate:
    """Entries of a node where the op is not differentiable, or not finite.

    Attributes:
        node: of the frozen graph.
        mask: which entries; of the node's shape where the op is elementwise.
        finite: whether the values are finite.
    """

    node: Node
    mask: Array
    finite: bool

    def some(self, most: int = 8) -> tuple[Array, ...]:
        """The first of the entries, as an index."""
        return tuple(axis[:most] for axis in np.nonzero(self.mask))


@dataclass(slots=True)
class Kink:
    """A place without a derivative.

    Attributes:
        variable, index: the entry of the variable; `variable` is "" where it is only known that
            there is one.
        text: one sentence that names the entry, the sub-expression and the slopes.
        slopes: on both sides; None where they could not be computed.
    """

    variable: str
    index: tuple[int, ...]
    text: str
    slopes: Slopes | None = None


@dataclass(slots=True)
class Settled:
    """What `settle` found.

    Attributes:
        gradients: with the entries corrected where floating point or adding up subgradients went
            wrong.
        notes: one sentence per correction.
        kinks: the places without a derivative.
        special: per variable a mask of the entries that lie at a candidate and are differentiable:
            there a formula may add up subgradients of its own.
        repaired: per variable a mask of the entries whose digits were lost and are computed
            exactly.
        dynamic: whether the record depends on values.
        noise: the rounding error of the gradients, where it was measured.
    """

    gradients: dict[str, Array]
    notes: list[str] = field(default_factory=list)
    kinks: list[Kink] = field(default_factory=list)
    special: dict[str, Array] = field(default_factory=dict)
    repaired: dict[str, Array] = field(default_factory=dict)
    dynamic: bool = False
    noise: dict[str, Array] | None = None
