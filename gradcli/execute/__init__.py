"""Stage: Graph + arrays -> arrays."""

from gradcli.execute.batched import run_batched
from gradcli.execute.run import run

__all__ = ["run", "run_batched"]
