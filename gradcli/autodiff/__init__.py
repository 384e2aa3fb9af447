"""Stage: Graph -> gradient Graph."""

from gradcli.autodiff.jacobian import hessian, in_layout, jacobian
from gradcli.autodiff.products import hessian_vector
from gradcli.autodiff.reverse import gradient, pulled, total

__all__ = ["gradient", "hessian", "hessian_vector", "in_layout", "jacobian", "pulled", "total"]
