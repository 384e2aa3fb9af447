"""Stage: Graph -> gradient Graph."""

from gradcli.autodiff.products import hessian_vector
from gradcli.autodiff.reverse import gradient

__all__ = ["gradient", "hessian_vector"]
