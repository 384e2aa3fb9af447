"""Stage: numbers + witnesses -> Verdict. Compares, and names the odd one out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcli.execute import run
from gradcli.execute.precise import Cannot
from gradcli.graph import Array, Graph, shape_text
from gradcli.results import Closed, Comparison, Verdict
from gradcli.verify.bench import Bench
from gradcli.verify.compare import Tolerance
from gradcli.verify.differences import difference, entry_difference, taylor
from gradcli.verify.entries import entries
from gradcli.verify.formulas import formula
from gradcli.verify.kinks import note_kink
from gradcli.verify.local import local
from gradcli.verify.point import Point, entry_name
from gradcli.verify.reasons import first_not_finite
from gradcli.verify.records import Settled
from gradcli.verify.settle import settle

WITNESSES = ("formula", "entries", "difference")
FALLBACK = ("entries", "local", "difference")
FORGIVEN = 4  # entries of one witness that may differ by mere rounding
SHOWN = 3  # kinks of one variable that are told one by one


def verify(
    program: Any,
    inputs: Mapping[str, Any],
    graph: Graph,
    gradients: Mapping[str, Array],
    closed: Mapping[str, Closed],
    *,
    witnesses: Sequence[str] = WITNESSES,
    dtype: str = "float64",
    seed: int = 0,
    dynamic: bool | None = None,
    settled: Settled | None = None,
) -> Verdict:
    """Whether the reverse-mode gradients are right, as far as the witnesses can tell.

    Args:
        program: records the graph at other values (`trace`); None where the graph is all there is.
        inputs: arrays by name.
        graph: the recorded graph.
        gradients: of the sum of its output, by variable: the numbers under test.
        closed: closed forms by variable; may lack some.
        witnesses: whom to hear: "formula", "entries", "local", "difference", "taylor"; "local"
            only where "formula" had nothing to say. Where none of them has anything to say about
            a variable, "entries", then "local", then "difference" are heard as well.
        dtype: that the request was made in.
        seed: for samples and directions.
        dynamic: whether the record depends on values; asked of the program where None.
        settled: what `settle` found, where it ran already.
    """
    wrong_shape = [
        Comparison(
            "shape",
            name,
            False,
            math.inf,
            math.inf,
            of=int(np.size(value)),
            note=_shapes(graph, name, value),
        )
        for name, value in gradients.items()
        if name in graph.inputs and np.shape(value) != graph.inputs[name].shape
    ]
    if wrong_shape:
        reasons = [f"{one.variable}: {one.note}" for one in wrong_shape]
        return Verdict("disagree", reasons, wrong_shape, "reverse")
    if dynamic is None and settled is not None:
        dynamic = settled.dynamic
    point = Point(program, inputs, graph, list(gradients), dynamic)
    if not np.all(np.isfinite(run([graph.output], point.inputs)[0])):
        place = first_not_finite(graph, point.inputs)
        return Verdict(
            "inconclusive",
            [f"the value is not finite: {place}" if place else "the value is not finite"],
        )
    if settled is None:
        settled = settle(program, inputs, graph, gradients, dynamic=point.dynamic, seed=seed)
    judge = _Judge(Bench(point, gradients, settled, seed, dtype=dtype), closed)
    for name in point.names:
        judge.hear(name, witnesses)
    return judge.verdict()


def _shapes(graph: Graph, name: str, value: Any) -> str:
    mine, variable = shape_text(np.shape(value)), shape_text(graph.inputs[name].shape)
    return f"the gradient has shape {mine}, the variable {variable}"


class _Judge:
    """Collects comparisons variable by variable, and the reasons why some say nothing."""

    def __init__(self, bench: Bench, closed: Mapping[str, Closed]) -> None:
        self.bench = bench
        self.comparisons: list[Comparison] = []
        self.lost: list[str] = []
        self.faults: list[str] = []
        self.outliers: list[str] = []
        self.ask: dict[str, Callable[[str], Comparison]] = {
            "formula": lambda name: formula(bench, name, closed.get(name)),
            "entries": lambda name: entries(bench, name),
            "local": lambda name: local(bench, name),
            "difference": lambda name: difference(bench, name),
            "taylor": lambda name: taylor(bench, name),
        }

    @property
    def doubts(self) -> list[str]:
        """Why the gradients cannot be judged, or not all of them."""
        texts = []
        for name in dict.fromkeys(kink.variable for kink in self.bench.settled.kinks):
            kinks = [kink for kink in self.bench.settled.kinks if kink.variable == name]
            texts += [kink.text for kink in kinks[:SHOWN]]
            if len(kinks) > SHOWN:
                where = f"entries of {name}" if name else "places"
                texts.append(f"the same in {len(kinks) - SHOWN} more {where}")
        return list(dict.fromkeys([*texts, *self.lost]))

    def verdict(self) -> Verdict:
        """The sum of it."""
        if self.faults:
            outlier = self.outliers[0] if self.outliers else None
            return Verdict("disagree", self.faults + self.doubts, self.comparisons, outlier)
        if self.doubts:
            return Verdict("inconclusive", self.doubts, self.comparisons)
        return Verdict("agree", [], self.comparisons)

    def hear(self, name: str, witnesses: Sequence[str]) -> None:
        """All there is to say about one variable."""
        if not self.bench.testable(name).any() and self.bench.gradients[name].size:
            return
        heard: dict[str, Comparison] = {}
        for witness in witnesses:
            spoken = "formula" in heard and heard["formula"].ok is not None
            if witness != "local" or not spoken:
                heard[witness] = self.ask[witness](name)
        for witness in FALLBACK:
            if any(one.ok is not None for one in heard.values()):
                break
            if witness not in heard:
                heard[witness] = self.ask[witness](name)
        self._look_for_lost_digits(name, heard)
        if any(one.ok is False for one in heard.values()):
            self._find_the_outlier(name, heard)
        elif all(one.ok is None for one in heard.values()) and not self.doubts:
            why = "; ".join(dict.fromkeys(one.note for one in heard.values() if one.note))
            self.lost.append(f"{name}: no witness could be heard ({why})")
        self.comparisons.extend(heard.values())

    # --- digits ---

    def _look_for_lost_digits(self, name: str, heard: dict[str, Comparison]) -> None:
        """An entry whose digits are gone makes every comparison of it worthless."""
        for index in self.bench.suspects(name):
            if self._settles(name, index, heard):
                return
        for witness in [key for key in heard if key != "taylor"]:
            for _ in range(FORGIVEN):
                one = heard[witness]
                if one.ok is not False or len(one.index) != self.bench.gradients[name].ndim:
                    break
                self.bench.hints[name, one.index] = one.other
                if self._settles(name, one.index, heard):
                    return
                if not self._forgives(name, one):
                    break
                heard[witness] = self.ask[witness](name)

    def _settles(self, name: str, index: tuple[int, ...], heard: dict[str, Comparison]) -> bool:
        """Whether one entry alone makes the comparisons void, or decides that reverse is wrong."""
        status, why = self._assessed(name, index)
        if status == "lost":
            self.lost.append(f"{entry_name(name, index)} is lost in floating point: {why}")
            note = "the digits are lost in floating point"
            for witness, one in heard.items():
                heard[witness] = replace(one, ok=None, note=note)
            return True
        if status == "wrong" and all(one.ok is not False for one in heard.values()):
            reverse = float(self.bench.gradients[name][index])
            self._blame("reverse", f"{entry_name(name, index)}: {reverse:.9g} is wrong, {why}")
        return False

    def _forgives(self, name: str, one: Comparison) -> bool:
        """Leave an entry out whose difference is mere rounding, though more than was allowed."""
        bench = self.bench
        try:
            slopes = bench.slopes(name, one.index)
            if not slopes.smooth or not bench.negligible(name, one.index, slopes.value, one.other):
                return False
            if bench.assess(name, one.index, slopes.value)[0] not in ("right", "rounded"):
                return False
        except Cannot:
            return False
        bench.forgive(name, one.index)
        return True

    def _assessed(self, name: str, index: tuple[int, ...]) -> tuple[str, str]:
        """The state of one entry (see `Bench.assess`) and why; no reason where nobody knows."""
        try:
            slopes = self.bench.slopes(name, index)
            if not slopes.smooth:
                return "kink", ""
            status, why = self.bench.assess(name, index, slopes.value)
        except Cannot:
            text = self._lost_in_float(name, index)
            return ("right", "") if text is None else ("lost", text)
        return status, why or f"exact differences give {slopes.value:.9g}"

    def _lost_in_float(self, name: str, index: tuple[int, ...]) -> str | None:
        """The same for a graph that is too large for exact numbers: its rounding noise alone."""
        bench = self.bench
        noise, value = float(bench.noise[name][index]), abs(float(bench.gradients[name][index]))
        if noise <= 1e-3 * value or bench.unseen(name, index, noise):
            return None
        if noise <= 1e4 * bench.response(name, index):
            return None
        return f"rounding alone moves {value:.6g} by {noise:.2g}"

    # --- who is wrong ---

    def _find_the_outlier(self, name: str, heard: dict[str, Comparison]) -> None:
        """Ask a third party at the very entry that is disputed; it names the odd one out."""
        for witness in [key for key, one in heard.items() if one.ok is False]:
            one = heard[witness]
            if one.note.startswith("shape"):
                self._blame(witness, f"{name}: the {witness} has {one.note}")
            elif witness == "taylor":
                self._weigh_remainder(name, heard)
            else:
                self._weigh_entry(name, heard, witness)

    def _blame(self, outlier: str | None, fault: str) -> None:
        self.faults.append(fault)
        if outlier is not None:
            self.outliers.append(outlier)

    def _weigh_entry(self, name: str, heard: dict[str, Comparison], witness: str) -> None:
        one = heard[witness]
        entry = entry_name(name, one.index)
        fault = (
            f"{entry}: reverse mode gives {one.reverse:.9g}, {witness} {one.other:.9g} "
            f"(tolerance {one.tolerance:.2g})"
        )
        if note_kink(self.bench, name, one.index):
            heard[witness] = replace(one, ok=None, note="this entry is at a kink")
            return
        slope, bound, who = self._arbiter(name, one.index, witness)
        if slope is None:
            self._blame("reverse" if witness != "formula" else None, fault)
            return
        error, other = abs(one.reverse - slope), abs(one.other - slope)
        if not error <= bound:
            third = "" if who == witness else f", {who} {slope:.9g}"
            self._blame("reverse", f"{fault}{third}; the odd one out is reverse mode")
        elif witness == "difference" or other <= error:
            heard[witness] = replace(
                one, ok=None, note=f"its steps meet a corner; {who} overrules it"
            )
        else:
            self._blame(witness, f"{fault}, {who} {slope:.9g}; the odd one out is the {witness}")

    def _arbiter(
        self, name: str, index: tuple[int, ...], witness: str
    ) -> tuple[float | None, float, str]:
        """The derivative at an entry, an error bound and its source; None where nobody knows."""
        bench = self.bench
        usual = Tolerance(bench.gradients[name], bench.noise[name], bench.epsilon).at(index)
        try:
            slopes = bench.slopes(name, index)
        except Cannot:
            slopes = None
        if slopes is not None and slopes.smooth:
            return slopes.value, usual, "exact differences"
        if (
            witness != "difference"
            and bench.gradients[name].shape == bench.point.inputs[name].shape
        ):
            slope, error = entry_difference(bench, name, index)
            if error <= 1e-5 * abs(slope) or error <= 1e-9:
                return slope, usual + 8.0 * error, "difference"
        return None, math.inf, ""

    def _weigh_remainder(self, name: str, heard: dict[str, Comparison]) -> None:
        one = heard["taylor"]
        if self.bench.settled.kinks:
            heard["taylor"] = replace(one, ok=None, note=f"{one.note}, next to a kink")
            return
        for witness in ("entries", "difference"):
            if witness not in heard:
                heard[witness] = self.ask[witness](name)
        others = [heard[witness] for witness in ("formula", *FALLBACK) if witness in heard]
        if any(other.ok is True and other.compared == other.of for other in others):
            heard["taylor"] = replace(one, ok=None, note=f"{one.note}, though every entry is right")
            return
        self._blame(
            "reverse",
            f"{name}: the remainder along a line falls with slope {one.other:.2f} instead of 2",
        )
