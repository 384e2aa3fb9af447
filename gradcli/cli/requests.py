"""One request of `batch`: its fields checked, its inputs read, its answer as a JSON record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcli import api
from gradcli.cli.jsonvalues import input_array
from gradcli.cli.suggestions import did_you_mean
from gradcli.errors import ExitCode, GradcliError
from gradcli.language import Program
from gradcli.render.structured import document, functions_document

EXPRESSION_KEYS = frozenset(
    {"command", "expression", "program", "call", "of", "inputs", "dtype", "seed"}
)
DERIVATIVE_KEYS = EXPRESSION_KEYS | {"assume", "where", "wrt", "const"}
KEYS = {
    "grad": DERIVATIVE_KEYS | {"check", "steps"},
    "check": DERIVATIVE_KEYS,
    "eval": EXPRESSION_KEYS,
    "jacobian": DERIVATIVE_KEYS | {"check", "layout", "steps"},
    "hessian": DERIVATIVE_KEYS | {"check"},
    "explain": EXPRESSION_KEYS | {"wrt", "const", "full"},
    "ops": frozenset({"command", "names"}),
}
"""What a request of each command may hold, besides its id."""


class Request:
    """The fields of a request, each of the right type.

    Args:
        fields: the JSON object.
        allow_files: whether an input may be a file.

    Raises:
        GradcliError: `value`, for an unknown command or key, or a field of the wrong type.
    """

    def __init__(self, fields: Mapping[str, Any], allow_files: bool) -> None:
        self.fields = fields
        self.allow_files = allow_files
        self.command = self.text("command", "grad")
        if self.command not in KEYS:
            raise GradcliError(
                f"the command '{self.command}' is not available",
                hint=did_you_mean(self.command, KEYS) or f"the commands are {', '.join(KEYS)}",
            )
        for key in fields:
            if key not in KEYS[self.command]:
                allowed = sorted(KEYS[self.command] - {"command"})
                raise GradcliError(
                    f"unknown key '{key}' in a request of '{self.command}'",
                    hint=did_you_mean(key, allowed) or f"the keys are id, {', '.join(allowed)}",
                )
        self.source: str | None = None
        if self.command == "ops":
            return
        given = [key for key in ("expression", "program") if key in fields]
        if len(given) != 1:
            raise GradcliError('a request holds "expression" or "program"')
        self.source = self.text(given[0], "")

    def text(self, key: str, default: str) -> str:
        """A field that is a string."""
        value = self.fields.get(key, default)
        if not isinstance(value, str):
            raise GradcliError(f'"{key}" must be a string')
        return value

    def flag(self, key: str, default: bool) -> bool:
        """A field that is true or false."""
        value = self.fields.get(key, default)
        if not isinstance(value, bool):
            raise GradcliError(f'"{key}" must be true or false')
        return value

    def names(self, key: str) -> list[str] | None:
        """A field that is a name or a list of names; None where it is not there."""
        value = self.fields.get(key)
        if value is None:
            return None
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise GradcliError(f'"{key}" must be a list of names')
        return list(dict.fromkeys(listed))

    def seed(self) -> int:
        """The seed of random input values."""
        value = self.fields.get("seed", 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise GradcliError('"seed" must be a whole number, 0 or larger')
        return value

    def dtype(self) -> str:
        """The precision."""
        value = self.text("dtype", "float64")
        if value not in ("float64", "float32"):
            raise GradcliError('"dtype" must be "float64" or "float32"')
        return value

    def assumptions(self) -> dict[str, str]:
        """What may be assumed of the inputs."""
        value = self.fields.get("assume")
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(k, str) for k in value.values()):
            raise GradcliError('"assume" must be an object: name -> what', hint='{"A": "spd"}')
        return dict(value)

    def inputs(self) -> dict[str, Any]:
        """The arrays of the request."""
        value = self.fields.get("inputs")
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise GradcliError('"inputs" must be an object: name -> value')
        for name in value:
            if not name.isidentifier():
                raise GradcliError(f"'{name}' in \"inputs\" is not a name")
        draw = api.generator(value.values(), self.seed())
        return {
            name: input_array(name, item, files=self.allow_files, draw=draw)
            for name, item in value.items()
        }


def answer_request(request: Request) -> tuple[dict[str, Any], ExitCode]:
    """The JSON record of the answer, and its exit status."""
    if request.command == "ops":
        from gradcli.cli.catalogue import cards

        names = request.names("names") or []
        return functions_document(cards(names, formulas=bool(names))), ExitCode.OK
    assert request.source is not None
    program = api.parse(request.source, request.text("call", "") or None)
    if request.command == "explain":
        return _explained(request, program)
    result = api.answer(
        request.command,
        program,
        request.inputs(),
        wrt=request.names("wrt"),
        const=request.names("const") or (),
        asked=api.Asked(
            check="check" not in KEYS[request.command] or request.flag("check", True),
            dtype=request.dtype(),
            seed=request.seed(),
            layout=request.text("layout", "numpy"),
            steps=request.flag("steps", False),
            assume=request.assumptions(),
            of=request.names("of") or (),
        ),
    )
    if "where" in KEYS[request.command] and not request.flag("where", True):
        result.without_where()
    return document(result), result.exit_code


def _explained(request: Request, program: Program) -> tuple[dict[str, Any], ExitCode]:
    """The tape of a request as a JSON record, and its exit status."""
    from gradcli.explaining import explain
    from gradcli.render.explanation.structured import explanation_document

    result = explain(
        program,
        request.inputs(),
        wrt=request.names("wrt"),
        const=request.names("const") or (),
        asked=api.Asked(dtype=request.dtype(), seed=request.seed(), of=request.names("of") or ()),
        full=request.flag("full", False),
    )
    return explanation_document(result), result.exit_code
