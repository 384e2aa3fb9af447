"""What `explain` hands to `render`: the tape as plain records, rows and what happened between them.

Row 0, like `results`. Arrays are NumPy arrays; `None` means "there is none".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradcli.errors import ExitCode
from gradcli.results import Target

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(slots=True)
class Local:
    """The derivative of one recorded operation by one of its operands.

    Attributes:
        by: the operand's name.
        text: `2*x`, entry by entry, in gradcli's language; or, where `linear`, what the operation
            makes of the adjoint, which stands there as `·`: `A.T @ ·`.
        latex: the text in LaTeX, None where it is words.
        value: the number at the point, None where the operation is not elementwise.
    """

    by: str
    text: str
    latex: str | None = None
    value: Array | None = None
    linear: bool = False


@dataclass(slots=True)
class Contribution:
    """What one use of a value sends back to it.

    Attributes:
        user: name of the operation that used it; `row` is its number.
        text: `adjoint(z)*y`; latex: the same, None where it is words.
        value: of the shape of the value that was used; None where nothing comes.
        adjoint, local: the factors of `value`, where it is a product of two numbers.
        count: how many further uses this one stands for, besides the first.
        note: why nothing comes, None where something does.
    """

    user: str
    row: int
    text: str
    latex: str | None = None
    value: Array | None = None
    adjoint: Array | None = None
    local: Array | None = None
    count: int = 0
    note: str | None = None


@dataclass(slots=True)
class Row:
    """One recorded operation, or an input.

    Attributes:
        number: from 1, in the order of the record; folded rows are counted.
        name: the program's, else a generated one.
        op: `input`, `constant`, or the name of the operation.
        source: the text that it came from, in one line; span: where that is, None where nowhere.
        locals: by operand that leads to a variable.
        adjoint: the derivative of the target by this row's value, of its shape; None where no
            variable is below it, or where it is no float.
        contributions: what the adjoint is the sum of.
        note: why the way back ends here, and the like.
    """

    number: int
    name: str
    op: str
    source: str
    span: tuple[int, int] | None
    value: Array
    operands: list[str] = field(default_factory=list)
    locals: list[Local] = field(default_factory=list)
    adjoint: Array | None = None
    contributions: list[Contribution] = field(default_factory=list)
    note: str | None = None
    is_target: bool = False


@dataclass(slots=True)
class Mark:
    """What happened between two rows: "branch", "turn", "end", "call", "return", "assign"; or
    "fold", for rows that are left out.

    Attributes:
        before: the number of the row that follows.
        depth: how many loops and calls it lies in.
        turns, operations: how many a fold leaves out.
    """

    kind: str
    text: str
    before: int
    depth: int = 0
    span: tuple[int, int] | None = None
    turns: int = 0
    operations: int = 0


@dataclass(slots=True)
class Explanation:
    """The tape of one request.

    Attributes:
        story: rows and what happened between them, in the order of the program, inputs first.
        gradient: by variable.
    """

    expression: str
    target: Target
    story: list[Row | Mark] = field(default_factory=list)
    gradient: dict[str, Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """The rows that are shown."""
        return [item for item in self.story if isinstance(item, Row)]

    @property
    def exit_code(self) -> ExitCode:
        """0 fine, 3 where the value or a gradient is not finite."""
        import numpy as np

        arrays = [self.target.value, *self.gradient.values()]
        finite = all(np.all(np.isfinite(array)) for array in arrays if array.dtype.kind == "f")
        return ExitCode.OK if finite else ExitCode.INCONCLUSIVE
