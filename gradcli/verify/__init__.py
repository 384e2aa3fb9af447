"""Stage: numbers + Formula + witnesses -> Verdict.

Reverse mode is checked by witnesses that read none of its rules: the closed form, exact
derivatives of some entries, differences of the function. `settle` looks for kinks first; `explain`
says why a gradient is zero.
"""

from gradcli.verify.matrices import verify_rows
from gradcli.verify.reasons import explain
from gradcli.verify.records import Kink, Settled
from gradcli.verify.second_verdict import judge_seconds
from gradcli.verify.settle import settle
from gradcli.verify.verdict import verify

__all__ = ["Kink", "Settled", "explain", "judge_seconds", "settle", "verify", "verify_rows"]
