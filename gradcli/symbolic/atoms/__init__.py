"""Ops that index notation alone cannot say: their value as a function of whole arrays, and their
differential.

An `Atom` gives the expression of the output (`forward`) and, for an adjoint of the output, what it
contributes to the adjoint of each input (`adjoints`). The differentials are written here from the
literature (Magnus & Neudecker; the Matrix Cookbook), independent of the reverse-mode rules.
"""

from __future__ import annotations

from gradcli.symbolic.atoms import (
    decompositions,
    indexing,
    linear_algebra,
    positions,
    reductions,
    sequences,
    spectral,
)
from gradcli.symbolic.atoms.base import Atom, first_of

ATOMS: dict[str, Atom] = {
    **linear_algebra.ATOMS,
    **spectral.ATOMS,
    **reductions.ATOMS,
    **indexing.ATOMS,
    **decompositions.ATOMS,
    **positions.ATOMS,
    **sequences.ATOMS,
    "getitem": first_of(indexing.ATOMS["getitem"], positions.TAKEN),
}
"""By op name."""

__all__ = ["ATOMS", "Atom"]
