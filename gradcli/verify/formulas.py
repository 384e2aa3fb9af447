"""Witness "formula": the closed form, read back by the language and evaluated."""

from __future__ import annotations

import numpy as np

from gradcli.errors import GradcliError
from gradcli.execute import run
from gradcli.graph import Array
from gradcli.results import Closed, Comparison
from gradcli.verify.bench import Bench
from gradcli.verify.compare import Tolerance, compare
from gradcli.verify.noise import rounding_noise


def formula(bench: Bench, name: str, closed: Closed | None) -> Comparison:
    """The closed form against the reverse-mode gradient of one variable."""
    reverse = bench.gradients[name]
    silent = Comparison("formula", name, None, of=int(reverse.size))
    if closed is None or closed.text is None:
        silent.note = (closed.reason if closed is not None else None) or "no closed form"
        return silent
    from gradcli.language import parse

    try:
        program = parse(closed.text)
        inputs = {
            key: bench.point.inputs[key] for key in program.names if key in bench.point.inputs
        }
        output = program.trace(inputs, dtype=bench.dtype).graph.output
        value = np.asarray(run([output], inputs)[0], dtype=np.float64)
    except GradcliError as error:
        silent.note = f"the closed form could not be evaluated: {error.message}"
        return silent
    bound = Tolerance(reverse, bench.noise[name], bench.epsilon)
    result = _compared(bench, name, value, bound)
    if result.ok is False and value.shape == reverse.shape:
        # the closed form rounds as well: measured only where that may be the reason
        noise = rounding_noise([output], inputs, bench.seed)
        if noise is not None:
            bound = Tolerance(reverse, bench.noise[name] + noise[0], bench.epsilon)
            result = _compared(bench, name, value, bound)
    return result


def _compared(bench: Bench, name: str, value: Array, bound: Tolerance) -> Comparison:
    """Compare where the closed form has something to say; the note tells what is left out."""
    reverse = bench.gradients[name]
    if value.shape != reverse.shape:
        return compare("formula", name, reverse, value, bound)
    mask = bench.testable(name)
    notes = []
    finite = np.isfinite(value)
    if not finite.all():
        overflown = mask & ~finite & np.isfinite(reverse)
        mask &= ~overflown
        if overflown.any():
            count = np.count_nonzero(overflown)
            notes.append(f"the closed form is not finite in {count} of {value.size} entries")
    beyond = ~np.isfinite(bench.point.inputs[name])
    fragile = (bench.special(name) | bench.repaired(name) | beyond) & mask
    for index in map(tuple, np.argwhere(fragile).tolist()):
        if not abs(value[index] - reverse[index]) <= bound.at(index):
            mask[index] = False
            notes.append("left out where the closed form has no limit of its own")
    note = "; ".join(dict.fromkeys(notes))
    return compare("formula", name, reverse, value, bound, mask=mask, note=note)
