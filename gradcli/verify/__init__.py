"""Stage: numbers + Formula + witnesses -> Verdict.

Reverse mode is checked by witnesses that read none of its rules: the closed form, exact
derivatives of some entries, differences of the function. `settle` looks for kinks first; `explain`
says why a gradient is zero.
"""

from gradcli.verify.matrices import verify_rows, verify_seconds
from gradcli.verify.reasons import explain
from gradcli.verify.records import Kink, Settled
from gradcli.verify.seconds import Seconds, settle_seconds
from gradcli.verify.settle import settle
from gradcli.verify.verdict import verify

__all__ = [
    "Kink",
    "Seconds",
    "Settled",
    "explain",
    "settle",
    "settle_seconds",
    "verify",
    "verify_rows",
    "verify_seconds",
]
