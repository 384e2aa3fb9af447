"""Paired timing: ours and the peer's by turns in one run, so that a busy machine slows both."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        name: what was measured.
        ours, peer: seconds (medians), or another quantity where `unit` says so.
        ratio: ours / peer, the median of the pairs.
        target: the largest ratio that is fine; None where none was set.
    """

    name: str
    ours: float
    peer_name: str
    peer: float
    ratio: float
    target: float | None = None
    unit: str = "s"

    @property
    def missed(self) -> bool:
        """Whether the ratio is above its target."""
        return self.target is not None and self.ratio > self.target


def seconds(action: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = perf_counter()
    action()
    return perf_counter() - start


def processor_seconds(action: Callable[[], Any]) -> float:
    """How long this process computes for one call: for ratios of our own times only."""
    start = process_time()
    action()
    return process_time() - start


def paired(
    name: str,
    ours: Callable[[], Any],
    peer_name: str,
    peer: Callable[[], Any],
    *,
    rounds: int = 15,
    target: float | None = None,
) -> Row:
    """Time two actions by turns, after one warm-up of each."""
    ours()
    peer()
    pairs = []
    for turn in range(rounds):
        if turn % 2:
            theirs, mine = seconds(peer), seconds(ours)
        else:
            mine, theirs = seconds(ours), seconds(peer)
        pairs.append((mine, theirs))
    return Row(
        name,
        median(mine for mine, _ in pairs),
        peer_name,
        median(theirs for _, theirs in pairs),
        median(mine / theirs for mine, theirs in pairs),
        target,
    )


def python(code: str, arguments: Sequence[str] = ()) -> str:
    """Run a fresh interpreter on this source tree, in a pipe; its stdout.

    Raises:
        subprocess.CalledProcessError: where it fails.
    """
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout
