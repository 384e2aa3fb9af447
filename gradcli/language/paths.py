"""The path that one run of a program took: which branches, how many turns of each loop."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.errors import Span


class Part:
    """One `if` or loop of the program, and what became of it.

    Attributes:
        kind: "branch", "for" or "while".
        span: its condition, or `for i in range(3)`.
        reached: how often it was reached.
        held: of a branch, how often its condition held.
        turns: of a loop, all turns together.
    """

    __slots__ = ("held", "kind", "reached", "span", "turns")

    def __init__(self, kind: str, span: Span | None) -> None:
        self.kind = kind
        self.span = span
        self.reached = 0
        self.held = 0
        self.turns = 0


class Path:
    """All parts, in the order of the text."""

    def __init__(self) -> None:
        self._parts: dict[Span | None, Part] = {}

    def add(self, kind: str, span: Span | None) -> Part:
        """A part of the program; its place in the text is its identity."""
        return self._parts.setdefault(span, Part(kind, span))

    def __iter__(self) -> Iterator[Part]:
        return iter(sorted(self._parts.values(), key=lambda part: part.span or (0, 0)))

    def course(self) -> list[tuple[int, int, int]]:
        """What every part counted: two runs with the same course went the same way, or nearly."""
        return [(part.reached, part.held, part.turns) for part in self]

    def difference(self, other: Path, text: str) -> str:
        """The first part that went another way than in another run, as its source."""
        for mine, theirs in zip(self, other, strict=True):
            if (mine.reached, mine.held, mine.turns) != (
                theirs.reached,
                theirs.held,
                theirs.turns,
            ):
                source = _source(mine, text)
                if mine.kind == "branch":
                    return f"`if {source}` goes the other way"
                return f"the turns of `{source}` are others"
        return "the path is another one"

    def words(self, text: str) -> list[str]:
        """One phrase per part: `if sum(b) > 0 taken`, `while norm(b) < 1000: 9 turns`."""
        return [_phrase(part, text) for part in self if part.reached]


def _phrase(part: Part, text: str) -> str:
    source = _source(part, text)
    if part.kind == "branch":
        if part.held == part.reached:
            return f"if {source}: taken" + _times(part.reached)
        if not part.held:
            return f"if {source}: not taken" + _times(part.reached)
        return f"if {source}: taken {part.held} of {part.reached} times"
    head = source if part.kind == "for" else f"while {source}"
    turns = "1 turn" if part.turns == 1 else f"{part.turns:,} turns"
    return f"{head}: {turns}"


def _source(part: Part, text: str) -> str:
    source = " ".join(text[slice(*part.span)].split()) if part.span else "?"
    return source if len(source) <= 40 else source[:39] + "…"


def _times(count: int) -> str:
    return "" if count == 1 else f" ({count:,} times)"
