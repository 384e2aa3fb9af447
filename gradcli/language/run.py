"""One run of a program: what it has bound, recorded and used up, and what its values are.

`Interpreter` walks the syntax; here is what it works on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcli.errors import GradcliError, Span
from gradcli.graph import FLOAT64, Array, Node, at, constant, next_id
from gradcli.language.concrete import Values, plain
from gradcli.language.events import Event
from gradcli.language.functions import MISSING, Function, Scope
from gradcli.language.names import NO_BINDINGS, Bindings
from gradcli.language.namespaces import Callee
from gradcli.language.paths import Part, Path
from gradcli.language.recorder import WARM, Recorder, Scalar
from gradcli.language.source import Source
from gradcli.language.statics import as_float, is_number
from gradcli.limits import LIMITS, recorded_elements
from gradcli.ops.declare import describe

EVENTS = 100_000
"""Events that are taken down; a longer run is told by its path alone."""


def beyond(what: str, limit: str) -> GradcliError:
    """The error for a program that goes on and on."""
    return GradcliError(what, kind="limit", hint=f"raise it with --limit {limit}=N")


class Run:
    """The state of one run of a program at given inputs.

    Attributes:
        dynamic: whether the record depends on the values of the inputs.
        notes: sentences for the user.
        scope: the names of the innermost call.
        path: branches and loops, and how they went.
        events: what happened between the nodes; the first `EVENTS` of them.
        telling: whether events are still taken down.
        calls, turns: of functions and of loops, so far; depth: of calls, now.
        last_scope: of the function that returned last.
        binds: every name that the program binds somewhere.
        tape: where scalars go in a long loop; None as long as every operation is a node.
        compact: whether there may be one.
    """

    def __init__(
        self,
        source: Source,
        inputs: Mapping[str, Node],
        arrays: Mapping[str, Array],
        dtype: np.dtype[Any] = FLOAT64,
        rng: np.random.Generator | None = None,
        binds: Bindings = NO_BINDINGS,
        compact: bool = False,
    ) -> None:
        self.compact = compact
        self.binds = binds
        self.source = source
        self.inputs = inputs
        self.dtype = dtype
        self.rng = rng
        self.notes: list[str] = []
        self.scope = Scope(frozenset(), None)
        self.path = Path()
        self.events: list[Event] = []
        self.telling = True
        self.calls = self.turns = self.depth = 0
        self.last_scope: Scope | None = None
        self.at = at
        self._values = Values(arrays)
        self.items_made = 0
        self.tape: Recorder | None = None
        self._first, self._recorded = next_id(), recorded_elements()

    @property
    def dynamic(self) -> bool:
        """Whether a value was asked for that depends on an input."""
        return self._values.dynamic

    def tensor(self, value: Any, what: str) -> Node:
        """The value as a node."""
        if isinstance(value, Node):
            return value
        if type(value) is Scalar:
            return self.settled(value)  # type: ignore[no-any-return]
        if isinstance(value, bool):
            return constant(value)
        if isinstance(value, (int, float)):
            return constant(as_float(value), self.dtype)
        if isinstance(value, np.ndarray):
            return constant(value) if value.dtype.kind == "b" else constant(value, self.dtype)
        if isinstance(value, range):
            value = list(value)
        if isinstance(value, (list, tuple)):
            return self._array(value, what)
        if isinstance(value, Function):
            raise GradcliError(f"{what}: an array is needed, not {value}")
        if isinstance(value, Callee):
            raise GradcliError(
                f"'{value.text}' is a function; it needs arguments",
                hint=f"call it: {value.text}(...)",
            )
        raise GradcliError(f"{what}: an array is needed, not {describe(value)}")

    def _array(self, items: Sequence[Any], what: str) -> Node:
        """A list as an array: of numbers a constant, with nodes inside a stack."""
        check_leaves(items)
        if _numbers_only(items):
            try:
                array = np.array(items)
            except ValueError:
                raise GradcliError(
                    f"{what}: the rows of a list differ in length", kind="shape"
                ) from None
            except OverflowError:
                raise GradcliError(f"{what}: a number is too large") from None
            if array.dtype == object:
                raise GradcliError(f"{what}: the rows of a list differ in length", kind="shape")
            return constant(array) if array.dtype.kind == "b" else constant(array, self.dtype)
        nodes = [self.tensor(item, what) for item in items]
        shapes = {node.shape for node in nodes}
        if len(shapes) > 1:
            raise GradcliError(
                f"{what}: the entries of a list differ in shape: "
                + " and ".join(map(str, sorted(shapes)[:2])),
                kind="shape",
            )
        from gradcli.ops.joins import stack

        return stack(nodes)

    def static(self, value: Any, what: str) -> Any:
        """The value as plain Python values; nodes are executed."""
        if isinstance(value, Node):
            return plain(self.concrete(value))
        if type(value) is Scalar:
            return plain(np.asarray(self.known(value)))
        if isinstance(value, (list, tuple)):
            check_leaves(value)
            return type(value)([self.static(item, what) for item in value])
        if isinstance(value, range):
            return list(value)
        if isinstance(value, Callee):
            raise GradcliError(f"{what} cannot be a function")
        return value

    def concrete(self, node: Node) -> Array:
        """The array behind a node."""
        return self._values.of(node)

    def settled(self, value: Any) -> Any:
        """The value with scalars of the tape as nodes; of a list that holds some, a copy."""
        if type(value) is Scalar:
            assert self.tape is not None
            return self.tape.node(value)
        if self.tape is not None and isinstance(value, (list, tuple)):
            check_leaves(value)
            return type(value)(map(self.settled, value)) if _holds_scalars(value) else value
        return value

    def known(self, scalar: Scalar) -> float:
        """The value of a scalar that decides something."""
        self._values.dynamic = True
        return scalar.value

    def truth(self, value: Any) -> bool:
        """Whether a value is true, where that can be said."""
        if type(value) is Scalar:
            return bool(self.known(value))
        if isinstance(value, Node):
            if value.size != 1:
                raise GradcliError(
                    f"the truth value of {describe(value)} is ambiguous",
                    hint="use where(...), or & and | between comparisons",
                )
            return bool(self.concrete(value).reshape(()))
        if isinstance(value, (bool, int, float, list, tuple, range, str)) or value is None:
            return bool(value)
        raise GradcliError(f"{describe(value)} is neither true nor false")

    def truth_at(self, value: Any, span: Span | None) -> bool:
        """Whether a condition holds; an error points at it."""
        if value is True or value is False:
            return value
        try:
            return self.truth(value)
        except GradcliError as error:
            raise error.located(span, self.source.text) from None

    def decided(self, value: Any, part: Part, span: Span | None) -> bool:
        """The truth of the condition of a branch, noted."""
        holds = self.truth_at(value, span)
        part.reached += 1
        part.held += holds
        if self.telling:
            self.tell("branch", span, number=int(holds))
        return holds

    def one_truth(self, value: Any) -> Any:
        """The last part of `and` and `or`: an array of several entries is neither."""
        if isinstance(value, Node) and value.size != 1:
            self.truth(value)
        return value

    def tell(self, kind: str, span: Span | None, **what: Any) -> None:
        """Take down an event."""
        if self.telling:
            self.events.append(Event(next_id(), kind, span, self.depth, **what))
            self.telling = len(self.events) < EVENTS

    def note(self, text: str) -> None:
        """A sentence for the user, once."""
        if text not in self.notes:
            self.notes.append(text)

    def lookup(self, name: str) -> Any:
        """The value that the program has bound to a name; `MISSING` where it has not."""
        scope: Scope | None = self.scope
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name in scope.own:
                raise GradcliError(
                    f"'{name}' has no value here yet",
                    kind="name",
                    hint="what the function assigns is its own name from its first line on",
                )
            scope = scope.parent
        return MISSING

    def names_of(self, value: Any) -> Iterator[str]:
        """The names that are bound to this very value, the innermost first; inputs last."""
        scope: Scope | None = self.scope
        while scope is not None:
            yield from (name for name, found in scope.names.items() if found is value)
            scope = scope.parent
        yield from (name for name, found in self.inputs.items() if found is value)

    def bound(self, name: str) -> bool:
        """Whether a name is the program's own or an input."""
        return name in self.inputs or self.lookup(name) is not MISSING

    def look_at_limits(self) -> None:
        """Every now and then: how long the program has become.

        Raises:
            GradcliError: `limit`.
        """
        if self.turns > LIMITS.steps:
            raise beyond(f"more than {LIMITS.steps:.10g} turns of loops", "steps")
        if recorded_elements() - self._recorded > LIMITS.recorded:
            raise beyond(f"arrays of more than {LIMITS.recorded:.3g} elements in all", "recorded")
        if next_id() - self._first > LIMITS.ops:
            raise beyond(f"more than {LIMITS.ops:.3g} operations", "ops")
        if self.tape is not None and len(self.tape.values) > LIMITS.records:
            raise beyond(f"more than {LIMITS.records:.3g} scalar operations", "records")
        if self.turns + self.calls >= WARM:
            self.warm_up()

    def warm_up(self) -> None:
        """From now on scalars go onto a tape."""
        if self.tape is None and self.compact and self.dtype == FLOAT64:
            self.tape = Recorder(self._values.peek, next_id())
            self.telling = False


def check_leaves(items: Sequence[Any]) -> None:
    """Refuse a list whose parts, each used again and again, amount to far more than it seems."""
    count, stack = 0, [items]
    while stack:
        for item in stack.pop():
            count += 1
            if isinstance(item, (list, tuple)):
                stack.append(item)
        if count > LIMITS.items:
            raise beyond(f"a list of more than {LIMITS.items:.3g} entries in all", "items")


def _holds_scalars(items: Sequence[Any]) -> bool:
    return any(
        type(item) is Scalar or (isinstance(item, (list, tuple)) and _holds_scalars(item))
        for item in items
    )


def _numbers_only(items: Sequence[Any]) -> bool:
    stack = list(items)
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(item)
        elif not is_number(item):
            return False
    return True
