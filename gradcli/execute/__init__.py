"""Stage: Graph + arrays -> arrays."""

from gradcli.execute.run import run

__all__ = ["run"]
