"""Did you mean ...?"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a mistyped one is close to."""
    from difflib import get_close_matches

    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str], prefix: str = "") -> str | None:
    """The question, or None where nothing is close."""
    match = nearest(name, known)
    return f"did you mean '{prefix}{match}'?" if match else None


def joined(names: Iterable[str]) -> str:
    """`'A'`, `'A' and 'y'`, `'A', 'x' and 'y'`."""
    quoted = [f"'{name}'" for name in names]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
