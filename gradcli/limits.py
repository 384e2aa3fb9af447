"""Row 0: every bound that gradcli keeps, in one place, each with a flag to raise it.

`LIMITS` is the set in force. The command line changes it through `LIMITS.update(...)`;
tests use `with LIMITS.raised(elements=10):`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gradcli.errors import GradcliError

DEFAULTS: dict[str, float] = {
    "source": 20_000,  # characters of source text
    "depth": 200,  # nesting of the source text
    "ops": 1_000_000,  # recorded operations of one trace
    "elements": 2**28,  # elements of one array (2 GiB of float64)
    "recorded": 2**33,  # elements of all arrays of one trace
    "records": 20_000_000,  # scalar operations on the tape of one trace
    "items": 200_000,  # entries of the lists that comprehensions make
    "steps": 1_000_000,  # loop turns of one program
    "calls": 100_000,  # calls of the program's own functions
    "recursion": 500,  # how deep they may be nested
    "order": 10,  # of a derivative
    "file": 2**31,  # bytes of one input file
    "line": 2**26,  # bytes of one line of batch
    "seconds": 60.0,  # tracing and running one request
    "formula": 3.0,  # seconds for one closed form
}


class Limits:
    """The bounds in force; attributes are the keys of `DEFAULTS`."""

    source: int
    depth: int
    ops: int
    elements: int
    recorded: int
    records: int
    items: int
    steps: int
    calls: int
    recursion: int
    order: int
    file: int
    line: int
    seconds: float
    formula: float

    def __init__(self) -> None:
        self.update(**DEFAULTS)

    def update(self, **changes: float) -> None:
        """Set bounds by name."""
        for name, value in changes.items():
            if name not in DEFAULTS:
                raise GradcliError(f"unknown limit '{name}'", hint=f"one of {', '.join(DEFAULTS)}")
            setattr(self, name, value)

    @contextmanager
    def raised(self, **changes: float) -> Iterator[None]:
        """Set bounds for the length of a `with` block."""
        before = {name: getattr(self, name) for name in changes}
        self.update(**changes)
        try:
            yield
        finally:
            self.update(**before)


LIMITS = Limits()


_recorded = 0


def recorded_elements() -> int:
    """Elements of all arrays that were checked in this process: what its records amount to."""
    return _recorded


def check_elements(shape: Sequence[int], what: str = "an array") -> None:
    """Refuse a shape with too many elements or axes, before anything is allocated."""
    global _recorded
    if len(shape) > 32:
        raise GradcliError(
            f"{what} would have {len(shape)} axes; at most 32 are allowed", kind="limit"
        )
    count = 1
    for size in shape:
        count *= size
    if count > LIMITS.elements:
        text = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
        raise GradcliError(
            f"{what} of shape {text} would have {min(count, 10**300):.3g} elements; "
            f"the limit is {LIMITS.elements:.3g}",
            kind="limit",
            hint="raise it with --limit elements=N",
        )
    _recorded += count
