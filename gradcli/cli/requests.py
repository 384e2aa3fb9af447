"""One request of `batch`: its fields checked, its inputs read, its answer as a JSON record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcli import api
from gradcli.cli.jsonvalues import input_array
from gradcli.cli.suggestions import did_you_mean
from gradcli.errors import ExitCode, GradcliError
from gradcli.language import Program
from gradcli.render.graphs.records import graph_document
from gradcli.render.structured import document, functions_document
from gradcli.road.asking import generator

EXPRESSION_KEYS = frozenset(
    {"command", "expression", "program", "call", "of", "inputs", "dtype", "seed"}
)
DERIVATIVE_KEYS = EXPRESSION_KEYS | {"assume", "where", "wrt", "const"}
KEYS = {
    "grad": DERIVATIVE_KEYS | {"check", "steps", "order"},
    "check": DERIVATIVE_KEYS,
    "eval": EXPRESSION_KEYS,
    "jacobian": DERIVATIVE_KEYS | {"check", "layout", "steps"},
    "hessian": DERIVATIVE_KEYS | {"check", "tangent"},
    "jvp": DERIVATIVE_KEYS | {"check", "tangent"},
    "vjp": DERIVATIVE_KEYS | {"check", "cotangent"},
    "explain": EXPRESSION_KEYS | {"wrt", "const", "full"},
    "graph": EXPRESSION_KEYS | {"wrt", "const", "gradient"},
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
        value = self.whole("seed", 0)
        return 0 if value is None else value

    def order(self) -> int | None:
        """The order of the derivative."""
        return self.whole("order", 1)

    def whole(self, key: str, least: int) -> int | None:
        """A field that is a whole number; None where it is not there."""
        value = self.fields.get(key)
        if key in self.fields and (
            isinstance(value, bool) or not isinstance(value, int) or value < least
        ):
            raise GradcliError(f'"{key}" must be a whole number, {least} or larger')
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

    def arrays(self) -> tuple[dict[str, Any], dict[str, Any], Any]:
        """The arrays of the request: inputs, tangents, cotangent (None where there is none)."""
        inputs = self.fields.get("inputs")
        inputs = {} if inputs is None else inputs
        if not isinstance(inputs, dict):
            raise GradcliError('"inputs" must be an object: name -> value')
        tangents = self.fields.get("tangent")
        if tangents is None:
            tangents = {}
        elif not isinstance(tangents, dict) or set(tangents) == {"shape", "data"}:
            tangents = {api.ONLY: tangents}
        for key, given in (("inputs", inputs), ("tangent", tangents)):
            for name in given:
                if not name.isidentifier() and name != api.ONLY:
                    raise GradcliError(f"'{name}' in \"{key}\" is not a name")
        cotangent = self.fields.get("cotangent")
        draw = generator((*inputs.values(), *tangents.values(), cotangent), self.seed())

        def read(name: str, item: Any) -> Any:
            return input_array(name, item, files=self.allow_files, draw=draw)

        return (
            {name: read(name, item) for name, item in inputs.items()},
            {name: read(f"tangent_{name}", item) for name, item in tangents.items()},
            None if cotangent is None else read("cotangent", cotangent),
        )


def answer_request(request: Request) -> tuple[dict[str, Any], ExitCode]:
    """The JSON record of the answer, and its exit status."""
    if request.command == "ops":
        from gradcli.cli.catalogue import cards

        names = request.names("names") or []
        return functions_document(cards(names, formulas=bool(names))), ExitCode.OK
    assert request.source is not None
    program = api.parse(request.source, request.text("call", "") or None)
    inputs, tangent, cotangent = request.arrays()
    if request.command == "explain":
        return _explained(request, program, inputs)
    if request.command == "graph":
        return _drawn(request, program, inputs)
    result = api.answer(
        request.command,
        program,
        inputs,
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
            order=request.order(),
            tangent=tangent,
            cotangent=cotangent,
        ),
    )
    if "where" in KEYS[request.command] and not request.flag("where", True):
        result.without_where()
    return document(result), result.exit_code


def _drawn(
    request: Request, program: Program, inputs: dict[str, Any]
) -> tuple[dict[str, Any], ExitCode]:
    """The graphs of a request as a JSON record."""
    from gradcli.drawing.card import graphs_of

    card = graphs_of(
        program,
        inputs,
        wrt=request.names("wrt"),
        const=request.names("const") or (),
        gradients=request.flag("gradient", True),
        dtype=request.dtype(),
        of=request.names("of") or (),
    )
    return graph_document(card), ExitCode.OK


def _explained(
    request: Request, program: Program, inputs: dict[str, Any]
) -> tuple[dict[str, Any], ExitCode]:
    """The tape of a request as a JSON record, and its exit status."""
    from gradcli.explaining import explain
    from gradcli.render.explanation.structured import explanation_document

    result = explain(
        program,
        inputs,
        wrt=request.names("wrt"),
        const=request.names("const") or (),
        asked=api.Asked(dtype=request.dtype(), seed=request.seed(), of=request.names("of") or ()),
        full=request.flag("full", False),
    )
    return explanation_document(result), result.exit_code
