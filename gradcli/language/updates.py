"""`x.at[i].set(v)`: JAX's way to an array with other entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.errors import GradcliError
from gradcli.graph import Node, apply
from gradcli.language.words import suggestion

if TYPE_CHECKING:
    from gradcli.language.interpreter import Interpreter

OPERATIONS = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "mul": "multiply",
    "divide": "divide",
    "power": "power",
    "min": "minimum",
    "max": "maximum",
}
"""Methods that combine the old entries with the values, and the ops that do it."""


class Updates:
    """`x.at`, and with an index `x.at[i]`."""

    __slots__ = ("array", "index")

    def __init__(self, array: Node, index: tuple[Any, ...] | None = None) -> None:
        self.array = array
        self.index = index

    def __repr__(self) -> str:
        return "x.at[...]"

    def called(self, interpreter: Interpreter, name: str, arguments: list[Any]) -> Node:
        """`x.at[i].set(v)` and its like: a new array.

        Raises:
            GradcliError: for a method that there is not, or without an index.
        """
        if self.index is None:
            raise GradcliError("x.at needs an index", hint="write x.at[i].set(v)")
        if name == "get":
            return self.array[self.index]
        if name != "set" and name not in OPERATIONS:
            raise GradcliError(
                f"x.at[...] has no method '{name}'",
                kind="name",
                hint=suggestion(name, ["set", "get", *OPERATIONS]),
            )
        if len(arguments) != 1:
            raise GradcliError(f"x.at[...].{name} takes one value")
        value = interpreter.tensor(arguments[0], f".{name}")
        if name == "add":
            return self._with("index_add", interpreter, value)
        if name != "set":
            value = apply(OPERATIONS[name], self.array[self.index], value)
        return self._with("index_update", interpreter, value)

    def _with(self, function: str, interpreter: Interpreter, value: Node) -> Node:
        return interpreter.call(f".{function}", self.array, self.index, value)  # type: ignore[no-any-return]
