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
from gradcli.verify.compare import ULPS, largest
from gradcli.verify.noise import rounding_noise
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

    @property
    def epsilon(self) -> float:
        """Of the dtype that the gradient was computed in."""
        return self.point.epsilon

    def testable(self, name: str) -> Array:
        """The entries of a variable that are not at a kink."""
        mask = np.ones(self.gradients[name].shape, dtype=bool)
        for kink in self.settled.kinks:
            if kink.variable == name:
                mask[kink.index] = False
        return mask

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
        bound = math.sqrt(self.epsilon)
        while slopes.smooth and abs(slopes.value - self.gradients[name][index]) > bound * abs(
            slopes.value
        ):
            digits *= 2
            if digits > MOST_DIGITS:
                break
            value = referee.derivative(name, index, digits)
            stable = abs(value - slopes.value) <= 1e-12 * abs(value)
            slopes = Slopes(value, value, math.isfinite(value), overflow=math.isinf(value))
            if stable:
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

    def lost(self, name: str, index: tuple[int, ...], slope: float) -> str | None:
        """Why the digits of an entry are lost in floating point; None where they are not.

        Lost means that the rules give the true slope when they are executed exactly, that floating
        point does not, and that no rounding of the inputs would explain it.

        Args:
            name, index: the entry.
            slope: its exact derivative.

        Raises:
            Cannot: where there is no exact path.
        """
        reverse = float(self.gradients[name][index])
        error = abs(reverse - slope)
        if error <= math.sqrt(self.epsilon) * abs(slope) + np.finfo(np.float64).tiny:
            return None
        top = largest(self.gradients[name])
        if (
            math.isfinite(reverse)
            and error <= 64.0 * self.epsilon * top
            and abs(reverse) + abs(slope) < top
        ):
            return None
        if not self._rules_hold(name, index, slope):
            return None
        if math.isfinite(reverse) and error <= 64.0 * self._inherent(name, index, slope):
            return None
        text = self._culprit()
        because = (
            f"`{text}` cancels or overflows"
            if text
            else "terms of the reverse pass cancel or overflow"
        )
        gives = f"reverse mode in floating point gives {reverse:.6g}"
        return f"the derivative is {slope:.6g}, {gives}: {because}"

    def _rules_hold(self, name: str, index: tuple[int, ...], slope: float) -> bool:
        """Whether the rules, executed exactly, give the slope, and executed plainly the number."""
        node = self.rules[name]
        reverse = float(self.gradients[name][index])
        plainly = float(run([node], self.point.inputs)[0][index])
        if math.isfinite(plainly) != math.isfinite(reverse):
            return False
        noise = ULPS * float(self.noise[name][index])
        if abs(plainly - reverse) > math.sqrt(self.epsilon) * abs(reverse) + noise:
            return False
        try:
            exact = Exact([node], self.point.inputs, self.referee().scalars())
            value = float(exact.base()[node.id][index])
        except Cannot:
            return abs(reverse - slope) <= noise
        return abs(value - slope) <= 1e-9 * abs(slope) + float(np.finfo(np.float64).tiny)

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
        exact = Exact([output], self.point.inputs, self.referee().scalars()).base()
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
