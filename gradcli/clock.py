"""Row 0: a bound on the seconds that a block may take. Imports nothing of gradcli.

A Unix timer signal interrupts even a library that is lost in thought. Blocks nest: the timer of
the outer one goes on afterwards. Away from Unix or the main thread there is no timer, and no bound.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

REPEAT = 0.2
"""The alarm rings again, should somebody have swallowed the first one."""


class TimeIsUp(Exception):
    """The block took longer than it may."""


class Ring(BaseException):
    """Raised from the timer; no `except Exception` of a library can swallow it."""


def ring(number: int, frame: FrameType | None) -> None:
    """The signal handler."""
    raise Ring


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Run a block for at most so many seconds.

    Raises:
        TimeIsUp: when they are over.

    Example:
        >>> with at_most(0.01):
        ...     while True:
        ...         pass
        Traceback (most recent call last):
        ...
        gradcli.clock.TimeIsUp: more than 0.01 s
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring) or signal.SIG_DFL
    outer, interval = signal.getitimer(signal.ITIMER_REAL)
    first = min(seconds, outer) if outer else seconds
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, first, REPEAT)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Ring:
        if outer and outer <= seconds:
            raise
        raise TimeIsUp(f"more than {seconds:g} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)  # it may have rung inside the inner `finally`
        signal.signal(signal.SIGALRM, handler)
        if outer:
            left = max(1e-3, outer - (time.monotonic() - start))
            signal.setitimer(signal.ITIMER_REAL, left, interval)
