"""gradcli: numbers, formula and proof of a gradient in one answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcli.api import (
        check,
        evaluate,
        explain,
        grad,
        graph_of,
        hessian,
        hvp,
        jacobian,
        jvp,
        vjp,
    )
    from gradcli.errors import GradcliError

__version__ = "0.1.0"
__all__ = [
    "GradcliError",
    "__version__",
    "check",
    "evaluate",
    "explain",
    "grad",
    "graph_of",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "vjp",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import gradcli` alone costs nothing."""
    if name == "GradcliError":
        from gradcli.errors import GradcliError

        return GradcliError
    if name in __all__:
        from gradcli import api

        return vars(api)[name]
    raise AttributeError(f"module 'gradcli' has no attribute '{name}'")
