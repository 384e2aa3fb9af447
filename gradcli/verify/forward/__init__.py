"""Forward accumulation: tangents pushed through a graph, node by node, without reverse mode.

Where the derivative of an op comes from: `scalar` (SymPy differentiates the op's scalar formula),
`linear` (the op is its own derivative), `reductions` and `linalg` (one line of calculus each),
`tape` (a run of scalars, record by record).
Nothing in here reads an op's VJP; a test holds that.
"""

from gradcli.verify.forward.push import push
from gradcli.verify.forward.table import REFUSED, RULES, tangent_rule

__all__ = ["REFUSED", "RULES", "push", "tangent_rule"]
