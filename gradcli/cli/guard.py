"""Bounds on one request: seconds, depth of recursion, memory. Nothing here knows the request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gradcli.clock import TimeIsUp, at_most
from gradcli.errors import GradcliError
from gradcli.limits import LIMITS


@contextmanager
def guarded() -> Iterator[None]:
    """Run a block within `LIMITS.seconds`, what exhausts the machine as errors of kind `limit`."""
    try:
        with at_most(LIMITS.seconds):
            yield
    except TimeIsUp:
        raise GradcliError(
            f"it takes longer than {LIMITS.seconds:g} s",
            kind="limit",
            hint="raise the bound with --limit seconds=N",
        ) from None
    except RecursionError:
        raise GradcliError("the input is nested too deeply", kind="limit") from None
    except MemoryError:
        raise GradcliError("out of memory", kind="limit") from None
    except ArithmeticError as error:
        raise GradcliError(f"a number is out of range: {error}", kind="value") from None


def set_limits(changes: Sequence[str]) -> None:
    """Raise bounds: `("seconds=120",)`."""
    for change in changes:
        name, equals, text = change.partition("=")
        try:
            number = float(text.replace("_", ""))
        except ValueError:
            number = 0.0
        if not equals or not 0 < number < 2**62:
            raise GradcliError(
                f"--limit {change}: write NAME=NUMBER", hint="for instance --limit seconds=120"
            )
        LIMITS.update(**{name.strip(): int(number) if number.is_integer() else number})
