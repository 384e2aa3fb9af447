"""Stage: Graph -> gradient Graph."""

from gradcli.autodiff.jacobian import hessian, jacobian
from gradcli.autodiff.products import hessian_vector
from gradcli.autodiff.reverse import gradient

__all__ = ["gradient", "hessian", "hessian_vector", "jacobian"]
