"""Stage: Graph -> closed forms, through SymPy in index notation."""

from gradcli.symbolic.closed import Form, closed_forms, closed_jacobians
from gradcli.symbolic.export import code_of

__all__ = ["Form", "closed_forms", "closed_jacobians", "code_of"]
