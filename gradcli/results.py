"""What the stages hand to `render` (and to a caller of the library): plain records, no behaviour.

Arrays are NumPy arrays; `None` means "there is none", and a neighbouring text says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gradcli.errors import ExitCode

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


LAYOUTS = ("numpy", "numerator", "denominator")
"""How the axes of a Jacobian stand: those of the target first (numpy, numerator), or those of the
variable first (denominator).
"""


@dataclass(slots=True)
class Closed:
    """A closed form of a derivative.

    Attributes:
        text: in gradcli's own language; `gradcli eval` takes it back. None where there is none.
        latex: the same tree in LaTeX.
        unicode: the same tree for reading.
        reason: why there is no closed form, None where there is one.
        steps: the derivation, (rule, line) each; empty where it was not asked for.
        short: the formula in terms of `shared`, None where no sub-expression repeats.
        shared: what its names stand for, in order; each may use those before it.
        short_latex, shared_latex: the same in LaTeX.
        code: a function that computes it, by target: "numpy", "jax", "torch", "julia".
    """

    text: str | None
    latex: str | None = None
    unicode: str | None = None
    reason: str | None = None
    short: str | None = None
    shared: tuple[tuple[str, str], ...] = ()
    short_latex: str | None = None
    shared_latex: tuple[tuple[str, str], ...] = ()
    steps: list[tuple[str, str]] = field(default_factory=list)
    code: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Target:
    """The value that was differentiated. `summed` where its entries were added up first."""

    value: Array
    name: str | None = None
    summed: bool = False


@dataclass(slots=True)
class Derivative:
    """The gradient with respect to one variable.

    Attributes:
        value: shape of the variable.
        closed: its closed form, None where none was asked for.
        reasons: for a zero, missing or non-finite gradient: why, one sentence each.
    """

    name: str
    value: Array
    closed: Closed | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """One witness against the reverse-mode numbers, for one variable.

    Attributes:
        witness: "formula", "entries", "local", "difference" or "taylor".
        ok: True agrees, False disagrees, None says nothing (`note` tells why).
        max_abs, max_rel: the worst absolute and relative difference of the compared entries.
        index: where the worst is; reverse, other: both numbers there.
        tolerance: the bound that was applied at the worst entry (absolute).
        compared, of: number of entries compared, and of the gradient.
    """

    witness: str
    variable: str
    ok: bool | None
    max_abs: float = 0.0
    max_rel: float = 0.0
    index: tuple[int, ...] = ()
    reverse: float = 0.0
    other: float = 0.0
    tolerance: float = 0.0
    compared: int = 0
    of: int = 0
    note: str = ""


@dataclass(slots=True)
class Verdict:
    """`verdict` is "agree", "disagree" or "inconclusive"; `outlier` names the odd one out."""

    verdict: str
    reasons: list[str] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    outlier: str | None = None


@dataclass(slots=True)
class Result:
    """The answer to one request (`grad`, `check`, `eval`).

    Attributes:
        command: which.
        expression: the user's text.
        target: value (for `eval` it is the answer).
        gradient: by variable name, in the order asked for.
        check: None where nothing was checked.
        notes: sentences for stderr (seed used, integers read as floats, a sum implied ...).
        layout: of Jacobians, one of `LAYOUTS`; None elsewhere.
        program: whether the text is several statements.
        path: of a program whose record follows the values: which branches, how many turns.
        others: the answers for further targets of the same trace.
        product: "jvp" (one entry of `gradient`, of that name), "vjp" or "hvp" where `gradient`
            holds products with a Jacobian or a Hessian; None elsewhere.
        order: of the derivative, where one was asked for.
    """

    command: str
    expression: str
    target: Target
    gradient: dict[str, Derivative] = field(default_factory=dict)
    check: Verdict | None = None
    notes: list[str] = field(default_factory=list)
    layout: str | None = None
    program: bool = False
    path: list[str] = field(default_factory=list)
    others: list[Result] = field(default_factory=list)
    product: str | None = None
    order: int | None = None

    def without_where(self) -> None:
        """Keep whole formulas only."""
        for other in self.others:
            other.without_where()
        for derivative in self.gradient.values():
            if derivative.closed is not None:
                closed = derivative.closed
                closed.short, closed.shared = None, ()
                closed.short_latex, closed.shared_latex = None, ()

    @property
    def exit_code(self) -> ExitCode:
        """0 fine or agree, 1 disagree, 3 inconclusive or not finite; the worst of all targets."""
        order = (ExitCode.OK, ExitCode.INCONCLUSIVE, ExitCode.DISAGREE)
        return max((self.own_code, *(one.exit_code for one in self.others)), key=order.index)

    @property
    def own_code(self) -> ExitCode:
        """That of this target alone."""
        if self.check is not None:
            return {
                "agree": ExitCode.OK,
                "disagree": ExitCode.DISAGREE,
                "inconclusive": ExitCode.INCONCLUSIVE,
            }[self.check.verdict]
        import numpy as np

        arrays = [derivative.value for derivative in self.gradient.values()]
        if self.command == "grad":
            arrays.append(self.target.value)
        finite = all(np.all(np.isfinite(array)) for array in arrays if array.dtype.kind == "f")
        return ExitCode.OK if finite else ExitCode.INCONCLUSIVE


@dataclass(slots=True)
class FunctionCard:
    """What `ops` tells about one function.

    Attributes:
        signature: as a call, `clip(x, low=None, high=None)`.
        aliases: other spellings.
        domain: in words or numbers, "" where nothing is declared.
        cut: why it has no derivative, None where it has one.
        kinked: whether it has points without a derivative.
        example: an expression; `gradient` is the closed form of its gradient, where asked for.
    """

    name: str
    signature: str
    family: str
    doc: str
    aliases: list[str] = field(default_factory=list)
    domain: str = ""
    cut: str | None = None
    kinked: bool = False
    example: str | None = None
    gradient: Closed | None = None


@dataclass(slots=True)
class NodeLine:
    """One operation of a drawn graph: a binder of the typed text, a box of the pictures.

    Attributes:
        number: its place among all nodes of the card, from 0; inputs of a node come before it.
        name: unique; the program's own name where it has one, else a letter. A constant that is
            written in place has its value as its name.
        op: `multiply`; `input` and `constant` are the leaves.
        inputs: numbers of other nodes.
        params: as JSON has them: numbers, texts, lists; a slice is the text `1:3`.
        dtype: `float64`, `float32`, `bool` or `int64`.
        span: where in the expression it comes from; in a gradient, the operation it differentiates.
        label: the name that the program gave it, None where it gave none.
        also: further names that the program has for the same value.
        value: of a constant.
        inline: whether it is a constant that is written in place.
    """

    number: int
    name: str
    op: str
    inputs: tuple[int, ...]
    params: dict[str, Any]
    shape: tuple[int, ...]
    dtype: str
    span: tuple[int, int] | None = None
    label: str | None = None
    also: list[str] = field(default_factory=list)
    value: Array | None = None
    inline: bool = False


@dataclass(slots=True)
class GraphPart:
    """The op graph, or what a gradient adds to it.

    Attributes:
        wrt: the variable, None for the op graph itself.
        lines: the nodes that no part before it has.
        output: the number of the result, None where the gradient is identically zero.
        shape: of the result.
        reasons: why the gradient is zero, one sentence each.
    """

    wrt: str | None
    lines: list[NodeLine]
    output: int | None
    shape: tuple[int, ...]
    reasons: list[str] = field(default_factory=list)


@dataclass(slots=True)
class GraphCard:
    """What `graph` shows: the op graph first, then one part per gradient.

    Attributes:
        summed: whether the target is no scalar, so that its sum is differentiated.
    """

    expression: str
    parts: list[GraphPart]
    summed: bool = False
    notes: list[str] = field(default_factory=list)
