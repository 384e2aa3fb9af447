"""Stage: Graph -> closed forms, through SymPy in index notation."""

from gradcli.symbolic.closed import closed_forms

__all__ = ["closed_forms"]
