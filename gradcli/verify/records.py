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


@dataclass(slots=True)
class Seconds:
    """What `settle_seconds` found. Rows and columns are entries of all variables in order.

    Attributes:
        matrix: second derivatives with the wrong ones corrected, (rows, columns).
        exact: as the function has them; nan where there is none.
        special: which lie at a kink of an op and exist: a formula may have no limit of its own.
        notes: one sentence per kind of correction.
        kinks: why there is no second derivative somewhere, one sentence each.
        whole: whether every one was looked at; where not, `kinks` says what is wrong.
        epsilon: of the dtype that the matrix was computed in.
    """

    matrix: Array
    exact: Array
    special: Array
    notes: list[str] = field(default_factory=list)
    kinks: list[str] = field(default_factory=list)
    whole: bool = True
    epsilon: float = 2.0**-52
