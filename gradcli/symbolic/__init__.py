"""Stage: Graph -> closed forms, through SymPy in index notation."""

from gradcli.symbolic.closed import closed_forms, closed_jacobians

__all__ = ["closed_forms", "closed_jacobians"]
