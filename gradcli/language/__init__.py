"""Stage: text + values -> Graph. A fence over Python's own `ast`; nothing is evaluated as
Python."""

from gradcli.language.events import Event
from gradcli.language.program import Program, Trace, parse, parse_expression
from gradcli.language.values import draws_random, read_value

__all__ = ["Event", "Program", "Trace", "draws_random", "parse", "parse_expression", "read_value"]
