"""Stage: Graph -> gradient Graph."""

from gradcli.autodiff.jacobian import COTANGENT, hessian, in_layout, jacobian
from gradcli.autodiff.products import derivatives, directional, hessian_vector, jacobian_vector
from gradcli.autodiff.reverse import gradient, pulled, total

__all__ = [
    "COTANGENT",
    "derivatives",
    "directional",
    "gradient",
    "hessian",
    "hessian_vector",
    "in_layout",
    "jacobian",
    "jacobian_vector",
    "pulled",
    "total",
]
