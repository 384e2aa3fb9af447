"""What the witnesses share: the point, the numbers under test, their rounding error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from gradcli.autodiff import gradient
from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.execute.precise import Cannot, Exact
from gradcli.graph import Array, Node, constant
from gradcli.verify.compare import ULPS, largest, smallest
from gradcli.verify.noise import MOST_NODES, rounding_noise
from gradcli.verify.point import Point, text_of, walk
from gradcli.verify.records import Settled
from gradcli.verify.referee import MOST_DIGITS, Referee, Slopes

PASS = 150_000  # scalar operations of one exact pass, at most
PERTURBED = 2.0**-30  # relative, to see how the derivative itself answers to its inputs


class Bench:
    """One verification.

    Attributes:
        point: the function at its point.
        gradients: the numbers under test, float64, each of its variable's shape.
        settled: kinks, and the entries at candidates that were dismissed.
        seed: for samples and directions.
        judge: the referee, once it was asked for; the reason where there is none.
        dtype: that the request was made in.
        digits: the most digits that a slope has needed so far.
        hints: what a witness says about an entry; very small numbers need many digits.
        forgiven: entries that differ by less than rounding explains, by variable.
    """

    def __init__(
        self,
        point: Point,
        gradients: Mapping[str, Array],
        settled: Settled,
        seed: int = 0,
        judge: Referee | Cannot | None = None,
        dtype: str = "float64",
    ) -> None:
        self.point = point
        self.gradients = {name: np.asarray(gradients[name], dtype=np.float64) for name in gradients}
        self.settled = settled
        self.seed = seed
        self.judge = judge
        self.dtype = dtype
        self.digits = 0
        self.hints: dict[tuple[str, tuple[int, ...]], float] = {}
        self.forgiven: dict[str, Array] = {}

    @property
    def epsilon(self) -> float:
        """Of the dtype that the gradient was computed in."""
        return self.point.epsilon

    @property
    def tiny(self) -> float:
        """The smallest normal number of that dtype: below it floats have few digits."""
        return smallest(self.epsilon)

    def testable(self, name: str) -> Array:
        """The entries of a variable that are not at a kink, and not forgiven."""
        mask = np.ones(self.gradients[name].shape, dtype=bool)
        for kink in self.settled.kinks:
            if kink.variable == name:
                mask[kink.index] = False
        if name in self.forgiven:
            mask &= ~self.forgiven[name]
        return mask

    def forgive(self, name: str, index: tuple[int, ...]) -> None:
        """Leave an entry out: what is between it and its exact derivative is rounding."""
        mask = self.forgiven.setdefault(name, np.zeros(self.gradients[name].shape, dtype=bool))
        mask[index] = True

    def special(self, name: str) -> Array:
        """The entries at a dismissed candidate."""
        found = self.settled.special.get(name)
        return np.zeros(self.gradients[name].shape, dtype=bool) if found is None else found

    def repaired(self, name: str) -> Array:
        """The entries that `settle` computed exactly because floating point had lost them."""
        found = self.settled.repaired.get(name)
        return np.zeros(self.gradients[name].shape, dtype=bool) if found is None else found

    @cached_property
    def rules(self) -> dict[str, Node]:
        """The gradient graph of each variable, recorded again."""
        wrt = [self.point.graph.inputs[name] for name in self.point.names]
        nodes = gradient(self.point.graph.output, wrt)
        return {
            name: constant(np.zeros(self.point.inputs[name].shape)) if node is None else node
            for name, node in zip(self.point.names, nodes, strict=True)
        }

    @cached_property
    def measured(self) -> dict[str, Array] | None:
        """The rounding error of each gradient; None where the graph is too large to ask."""
        if self.settled.noise is not None:
            return self.settled.noise
        if len(self.point.nodes) > MOST_NODES:
            return None  # its gradient is hardly shorter, and recording it takes seconds
        found = rounding_noise(list(self.rules.values()), self.point.inputs, self.seed)
        return None if found is None else dict(zip(self.rules, found, strict=True))

    @cached_property
    def noise(self) -> dict[str, Array]:
        """The rounding error to allow for: measured or guessed, 0 where an entry was repaired."""
        result = {}
        for name, value in self.gradients.items():
            if self.measured is not None:
                result[name] = self.measured[name]
                if name in self.settled.repaired:
                    result[name] = np.where(self.repaired(name), 0.0, result[name])
            else:
                guess = self.epsilon * largest(value) * math.sqrt(max(1, value.size))
                result[name] = np.broadcast_to(guess, value.shape)
        return result

    def referee(self) -> Referee:
        """The exact slopes.

        Raises:
            Cannot: where the graph has no exact path or is too large.
        """
        if self.judge is None:
            try:
                self.judge = Referee(self.point, PASS)
            except Cannot as reason:
                self.judge = reason
        if isinstance(self.judge, Cannot):
            raise self.judge
        return self.judge

    def slopes(self, name: str, index: tuple[int, ...]) -> Slopes:
        """The exact slopes along an entry; with more digits where the numbers under test differ.

        Raises:
            Cannot: where there is no exact path.
        """
        referee = self.referee()
        slopes = referee.entry(name, index)
        digits = referee.base_digits
        reverse = float(self.gradients[name][index])
        least = digits
        for number in (reverse, self.hints.get((name, index), 0.0)):
            if math.isfinite(number) and 0 < abs(number) < 1e-30:
                least = max(least, digits + math.ceil(-math.log10(abs(number))))  # beside 1
        bound = math.sqrt(self.epsilon)
        while slopes.smooth:
            close = abs(slopes.value - reverse) <= bound * abs(slopes.value)
            if close and (slopes.value != 0 or digits >= least):
                break
            digits = max(2 * digits, least)
            if digits > MOST_DIGITS:
                break
            self.digits = max(self.digits, digits)
            value = referee.derivative(name, index, digits)
            stable = abs(value - slopes.value) <= 1e-12 * abs(value)
            slopes = Slopes(value, value, math.isfinite(value), overflow=math.isinf(value))
            if stable and (value != 0 or digits >= least):
                break
        return slopes

    # --- digits that are lost ---

    def suspects(self, name: str, most: int = 4) -> list[tuple[int, ...]]:
        """Entries where rounding takes more than half of the digits, the worst first."""
        value = self.gradients[name]
        if value.size == 0 or self.measured is None:
            return []
        reserve = math.sqrt(self.epsilon) * np.abs(value)
        reserve += (
            64.0 * self.epsilon * largest(value)
        )  # roundings of the largest entry never count
        with np.errstate(all="ignore"):
            excess = 4.0 * self.noise[name] - reserve
        doubtful = (excess > 0) & self.testable(name) & ~self.repaired(name)
        flats = np.flatnonzero(doubtful)
        worst = flats[np.argsort(-excess.reshape(-1)[flats], kind="stable")[:most]]
        return [tuple(map(int, np.unravel_index(flat, value.shape))) for flat in worst]

    def assess(self, name: str, index: tuple[int, ...], slope: float) -> tuple[str, str]:
        """Whether an entry is "right", "rounded", "lost" or "wrong"; and why it is lost.

        Lost means that the rules give the true slope when they are executed exactly, that floating
        point does not, and that no rounding of the inputs would explain it. Rounded means the
        same of an error so small that no step along the entry would show it in the value.

        Args:
            name, index: the entry.
            slope: its exact derivative.

        Raises:
            Cannot: where there is no exact path.
        """
        reverse = float(self.gradients[name][index])
        if self._close(reverse, slope, name):
            return "right", ""
        if not self._rules_hold(name, index, slope):
            return "wrong", ""
        if self.unseen(name, index, abs(reverse - slope)):
            return "rounded", ""
        if abs(reverse - slope) <= 64.0 * self._inherent(name, index, slope):
            return "right", ""
        text = self._culprit()
        place = f"`{text}` cancels" if text else "terms of the reverse pass cancel"
        gives = f"reverse mode in floating point gives {reverse:.6g}"
        return "lost", f"the derivative is {slope:.6g}, {gives}: {place} or overflows"

    @cached_property
    def _executed(self) -> dict[str, Array]:
        """What the rules give when they are executed once more, all together as the first time."""
        nodes = [self.point.graph.output, *self.rules.values()]
        return dict(zip(self.rules, run(nodes, self.point.inputs)[1:], strict=True))

    def negligible(self, name: str, index: tuple[int, ...], slope: float, number: float) -> bool:
        """Whether rounding alone explains what is between a number and the exact derivative.

        Raises:
            Cannot: where there is no exact path.
        """
        error = abs(number - slope)
        return (
            self._close(number, slope, name)
            or self.unseen(name, index, error)
            or error <= 64.0 * self._inherent(name, index, slope)
        )

    def _close(self, number: float, slope: float, name: str) -> bool:
        """Half of the digits are right; roundings of the largest entry never count."""
        error = abs(number - slope)
        top = largest(self.gradients[name])
        beside = abs(number) + abs(slope) < top and error <= 64.0 * self.epsilon * top
        return beside or error <= math.sqrt(self.epsilon) * abs(slope) + self.tiny

    def unseen(self, name: str, index: tuple[int, ...], error: float) -> bool:
        """Whether an error of the derivative, times the entry, drowns in the value's rounding."""
        output = float(np.sum(np.abs(self._target)))
        size = max(
            abs(float(self.point.inputs[name][index])), float(self.point.natural(name)[index])
        )
        return error * size <= 64.0 * self.epsilon * output

    @cached_property
    def _target(self) -> Array:
        return run([self.point.graph.output], self.point.inputs)[0]

    def _rules_hold(self, name: str, index: tuple[int, ...], slope: float) -> bool:
        """Whether the rules, executed exactly, give the slope, and executed plainly the number."""
        node = self.rules[name]
        reverse = float(self.gradients[name][index])
        plainly = float(self._executed[name][index])
        if math.isfinite(plainly) != math.isfinite(reverse):
            return False
        if abs(plainly - reverse) > 1e3 * self.epsilon * abs(reverse):
            return False
        try:
            exact = Exact([node], self.point.inputs, self.referee().scalars(self.digits))
            value = float(exact.base()[node.id][index])
        except Cannot:
            return abs(reverse - slope) <= ULPS * float(self.noise[name][index])
        return abs(value - slope) <= 1e-9 * abs(slope) + 1e-6 * abs(reverse - slope) + self.tiny

    def _inherent(self, name: str, index: tuple[int, ...], slope: float) -> float:
        """What a rounding of the inputs changes in the exact derivative."""
        rng = np.random.default_rng(self.seed)
        worst = 0.0
        for _ in range(2):
            inputs = {
                key: array * (1.0 + PERTURBED * rng.choice([-1.0, 1.0], array.shape))
                if array.dtype.kind == "f"
                else array
                for key, array in self.point.inputs.items()
            }
            moved = Point(None, inputs, self.point.frozen, self.point.names, dynamic=False)
            slopes = Referee(moved, PASS).entry(name, index)
            if slopes.smooth:
                worst = max(worst, abs(slopes.value - slope))
        return worst * self.epsilon / PERTURBED

    def _culprit(self) -> str | None:
        """The first sub-expression whose floating point value has lost half of its digits."""
        output = self.point.graph.output
        exact = Exact([output], self.point.inputs, self.referee().scalars(self.digits)).base()
        bound = math.sqrt(self.epsilon)
        for node, _, value in walk([output], self.point.inputs):
            if value.dtype.kind != "f":
                continue
            truth = np.array([float(entry) for entry in np.ravel(exact[node.id]).tolist()])
            with np.errstate(all="ignore"):
                wrong = np.abs(np.ravel(value) - truth) > bound * np.abs(truth)
            if wrong.any():
                return text_of(node, self.point.graph.source)
        return None

    def response(self, name: str, index: tuple[int, ...]) -> float:
        """The same in floating point, for graphs that are too large for exact numbers."""
        rng = np.random.default_rng(self.seed)
        inputs = {
            key: array * (1.0 + 2.0**-20 * rng.choice([-1.0, 1.0], array.shape))
            if array.dtype.kind == "f"
            else array
            for key, array in self.point.inputs.items()
        }
        try:
            here, there = (
                run([self.rules[name]], values)[0][index] for values in (self.point.inputs, inputs)
            )
        except GradcliError:
            return 0.0
        change = abs(float(there) - float(here))
        return change * self.epsilon * 2.0**20 if math.isfinite(change) else 0.0
