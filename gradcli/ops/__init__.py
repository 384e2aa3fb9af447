"""One declaration per op, one file per family. Importing this package fills the registries."""

from gradcli.ops import (
    arithmetic,
    contractions,
    declare,
    elementwise,
    indexing,
    structure,
)
from gradcli.ops.declare import ALIASES, FUNCTIONS, Function

__all__ = [
    "ALIASES",
    "FUNCTIONS",
    "Function",
    "arithmetic",
    "contractions",
    "declare",
    "elementwise",
    "indexing",
    "structure",
]
