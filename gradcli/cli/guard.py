"""Bounds on one request: seconds, depth of recursion, memory. Nothing here knows the request."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gradcli.errors import GradcliError
from gradcli.limits import LIMITS

REPEAT = 0.2
"""The alarm rings again, should somebody's library have swallowed the first one."""


class OutOfTime(BaseException):
    """Raised from the timer; no `except Exception` of a library may swallow it."""


def ring(number: int, frame: FrameType | None) -> None:
    """The signal handler."""
    raise OutOfTime


@contextmanager
def guarded(seconds: float | None = None) -> Iterator[None]:
    """Run a block within `seconds` (default: `LIMITS.seconds`), problems as errors of kind `limit`.

    The clock needs a Unix signal and the main thread; elsewhere it does not run.
    """
    allowed = LIMITS.seconds if seconds is None else seconds
    clocked = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, ring) if clocked else None
    try:
        try:
            if clocked:
                signal.setitimer(signal.ITIMER_REAL, allowed, REPEAT)
            yield
        finally:
            if clocked:
                signal.setitimer(signal.ITIMER_REAL, 0)
    except OutOfTime:
        raise GradcliError(
            f"it takes longer than {allowed:g} s",
            kind="limit",
            hint="raise the bound with --limit seconds=N",
        ) from None
    except RecursionError:
        raise GradcliError("the input is nested too deeply", kind="limit") from None
    except MemoryError:
        raise GradcliError("out of memory", kind="limit") from None
    except ArithmeticError as error:
        raise GradcliError(f"a number is out of range: {error}", kind="value") from None
    finally:
        if clocked:
            signal.setitimer(signal.ITIMER_REAL, 0)  # it may have rung inside the first `finally`
            signal.signal(signal.SIGALRM, before)


def set_limits(changes: tuple[str, ...]) -> None:
    """Raise bounds: `("seconds=120",)`."""
    for change in changes:
        name, equals, text = change.partition("=")
        try:
            number = float(text.replace("_", ""))
        except ValueError:
            number = float("nan")
        if not equals or not number > 0:
            raise GradcliError(f"--limit {change}: write NAME=NUMBER", hint="for instance --limit seconds=120")
        LIMITS.update(**{name.strip(): int(number) if number == int(min(number, 2**62)) else number})
