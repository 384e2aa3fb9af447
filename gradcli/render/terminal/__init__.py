"""The view on a terminal, drawn with rich. Imported only when the answer goes to a terminal."""

from gradcli.render.terminal.functions import functions_view
from gradcli.render.terminal.result import result_view

__all__ = ["functions_view", "result_view"]
