"""Where the function has no derivative: the ops name candidates, the referee decides.

An op says where it is not differentiable (`kink`); an intermediate that is not finite is
suspicious too.
Whether the function has a corner there is another question: `relu(x) - relu(-x)` is `x`, and
`sqrt(x**4)` is smooth. One-sided slopes with many digits answer it. Where a candidate is dismissed
and reverse mode has added up subgradients of the parts (0 for `relu(x) - relu(-x)`), the
derivative is put in their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcli.autodiff import gradient
from gradcli.execute import run
from gradcli.execute.precise import Cannot
from gradcli.graph import INPUT, Array, apply
from gradcli.ops.structure import sum_
from gradcli.verify.bench import Bench
from gradcli.verify.lines import float_slopes
from gradcli.verify.point import Point, entry_name, random_signs, text_of, walk
from gradcli.verify.records import Candidate, Kink, Settled
from gradcli.verify.referee import Referee, Slopes
from gradcli.verify.turns import turning

TOTAL = 400_000  # scalar operations of all exact passes that look for kinks
ALL = 32  # entries of all variables up to which each is tested
SHOWN = 4  # kinks that are told apart
ONCE = 0.2  # seconds for one evaluation, from which on none is made to follow a candidate
MOST = 8  # candidates that are followed where exact numbers are too dear


def find_kinks(bench: Bench) -> None:
    """Look for kinks, and correct what reverse mode gets wrong at points that only look like one.

    Writes into `bench.settled`.
    """
    point, settled = bench.point, bench.settled
    found = candidates(point)
    suspicious = [
        (name, tuple(map(int, index)))
        for name in point.names
        for index in np.argwhere(~np.isfinite(settled.gradients[name]))[:ALL]
        if np.isfinite(point.inputs[name][tuple(index)])
    ]
    if not (found or suspicious or point.dynamic):
        return
    rng = np.random.default_rng(bench.seed)
    try:
        _settle_exactly(bench, found, suspicious, rng)
    except Cannot:
        settled.kinks.extend(_possible(point, found, rng))
        if not settled.kinks:
            settled.kinks.extend(turning(point, settled.gradients, rng))


def note_kink(bench: Bench, name: str, index: tuple[int, ...]) -> bool:
    """Whether there is a kink at an entry, by exact or one-sided slopes; it is written down."""
    point = bench.point
    slopes: Slopes | None
    try:
        slopes = bench.slopes(name, index)
    except Cannot:
        direction = np.zeros(point.inputs[name].shape)
        unit = direction[index] = point.natural(name)[index]
        slopes = float_slopes(point, {name: direction})
        if slopes is not None:
            slopes = replace(slopes, left=slopes.left / unit, right=slopes.right / unit)
    if slopes is None or slopes.smooth:
        return False
    text = _sentence(point, name, index, slopes, None)
    bench.settled.kinks.append(Kink(name, index, text, slopes))
    return True


def candidates(point: Point) -> list[Candidate]:
    """Nodes that depend on a variable and are somewhere not differentiable, or not finite."""
    active = point.active()
    found = []
    for node, arrays, value in walk([point.frozen.output], point.inputs):
        if node.id not in active:
            continue
        if value.dtype.kind == "f" and not np.all(np.isfinite(value)):
            found.append(Candidate(node, ~np.isfinite(value), False))
        elif node.op.kink is not None:
            with np.errstate(all="ignore"):
                mask = np.asarray(node.op.kink(*arrays, **node.params))
            if mask.any():
                if node.op.elementwise:
                    mask = np.broadcast_to(mask, node.shape)
                found.append(Candidate(node, mask, True))
    return found


def _settle_exactly(
    bench: Bench,
    found: Sequence[Candidate],
    suspicious: Sequence[tuple[str, tuple[int, ...]]],
    rng: np.random.Generator,
) -> None:
    point, settled, referee = bench.point, bench.settled, bench.referee()
    passes = TOTAL // max(1, 6 * referee.cost)
    if point.dynamic:
        passes = min(passes, int(0.25 / point.seconds))
    passes = max(4, passes)
    size = sum(point.inputs[name].size for name in point.names)
    if size <= min(ALL, passes):
        entries = [
            (name, index) for name in point.names for index in np.ndindex(point.inputs[name].shape)
        ]
    else:
        entries = [*suspicious, *reaching(point, found)][:passes]
    trusted = {name: settled.gradients[name].astype(float) for name in point.names}
    smooth: dict[str, dict[tuple[int, ...], tuple[float, Candidate]]] = {}
    for name, index in dict.fromkeys(entries):
        slopes = referee.entry(name, index)
        if not slopes.smooth:
            if len(settled.kinks) < SHOWN or size <= ALL:
                culprit = _culprit(referee, found, name, index)
                settled.kinks.append(
                    Kink(name, index, _sentence(point, name, index, slopes, culprit), slopes)
                )
            continue
        trusted[name][index] = slopes.value
        lost = not np.isfinite(settled.gradients[name][index])
        culprit = _culprit(referee, found, name, index, certain=not lost)
        if culprit is None:
            continue
        mask = settled.special.setdefault(name, np.zeros(point.inputs[name].shape, dtype=bool))
        mask[index] = True
        smooth.setdefault(name, {})[index] = slopes.value, culprit
    for name, corrections in smooth.items():
        _correct(point, settled, name, corrections)
    if found and not settled.kinks:
        _test_directions(point, referee, found, trusted, settled, rng)


def _correct(
    point: Point,
    settled: Settled,
    name: str,
    slopes: Mapping[tuple[int, ...], tuple[float, Candidate]],
) -> None:
    """Write exact slopes over what reverse mode made of entries at a candidate."""
    before = settled.gradients[name]
    after, wrong = before.copy(), []
    for index, (slope, _) in slopes.items():
        if not abs(before[index] - slope) <= np.sqrt(point.epsilon) * abs(slope):
            after[index] = slope
            wrong.append(index)
    if not wrong:
        return
    settled.gradients[name] = after
    index = wrong[0]
    slope, culprit = slopes[index]
    text = text_of(culprit.node, point.graph.source)
    why = "has no derivative of its own" if culprit.finite else "meets a value that is not finite"
    others = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    settled.notes.append(
        f"{entry_name(name, index)}{others}: reverse mode {why} at `{text}` and gives "
        f"{float(before[index]):.6g}; the function is differentiable, {slope:.6g} is its derivative"
    )


def _test_directions(
    point: Point,
    referee: Referee,
    found: Sequence[Candidate],
    trusted: Mapping[str, Array],
    settled: Settled,
    rng: np.random.Generator,
) -> None:
    """A function can have a slope along every axis and still no derivative."""
    for _ in range(2):
        directions = {
            name: point.natural(name) * random_signs(rng, point.inputs[name].shape)
            for name in point.names
        }
        slopes = referee.line(directions)
        parts = [np.ravel(trusted[name] * directions[name]) for name in point.names]
        terms = np.concatenate(parts)
        terms = terms[np.isfinite(terms)]
        bound = 1e-6 if point.epsilon < 1e-10 else 1e-3
        if (
            not slopes.smooth
            or abs(slopes.value - terms.sum()) > bound * np.abs(terms).sum() + 1e-300
        ):
            text = text_of(found[0].node, point.graph.source)
            settled.kinks.append(
                Kink(
                    "",
                    (),
                    f"not differentiable at `{text}`: the slopes along the axes do not add up",
                    slopes,
                )
            )
            return


def reaching(point: Point, found: Sequence[Candidate]) -> list[tuple[str, tuple[int, ...]]]:
    """Entries of the variables that move what goes into a candidate, the strongest first."""
    wrt = [point.frozen.inputs[name] for name in point.names]
    entries = []
    for candidate in found[:MOST]:
        for parent in candidate.node.inputs:
            if parent.dtype.kind != "f":
                continue
            target = parent
            if parent.shape == candidate.node.shape and parent.shape:
                target = apply("getitem", parent, index=candidate.some())
            pulls = gradient(target if target.shape == () else sum_(target), wrt)
            wanted = [
                (name, pull)
                for name, pull in zip(point.names, pulls, strict=True)
                if pull is not None
            ]
            for (name, _), array in zip(
                wanted, run([pull for _, pull in wanted], point.inputs), strict=True
            ):
                size = np.abs(np.nan_to_num(array, nan=1.0)).reshape(-1)
                for flat in np.argsort(-size, kind="stable")[:8]:
                    if size[flat] > 0:
                        entries.append((name, tuple(map(int, np.unravel_index(flat, array.shape)))))
    return entries


def _culprit(
    referee: Referee,
    found: Sequence[Candidate],
    name: str,
    index: tuple[int, ...],
    certain: bool = False,
) -> Candidate | None:
    """The candidate that an entry of a variable moves; the first one where none is certain."""
    places = [(candidate.node, candidate.mask) for candidate in found]
    for candidate, responds in zip(found, referee.responding(places, name, index), strict=True):
        if responds:
            return candidate
    return None if certain or not found else found[0]


def first_sentence(
    point: Point,
    referee: Referee,
    found: Sequence[Candidate],
    name: str,
    index: tuple[int, ...],
    slopes: Slopes,
) -> str:
    """Why there is no first derivative at an entry."""
    return _sentence(
        point, name, index, slopes, _culprit(referee, _inside(point, found), name, index)
    )


def _inside(point: Point, found: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of the function itself, not of its gradient."""
    mine = {node.id for node in point.frozen.nodes()}
    return [candidate for candidate in found if candidate.node.id in mine]


def _sentence(
    point: Point, name: str, index: tuple[int, ...], slopes: Slopes, culprit: Candidate | None
) -> str:
    entry = entry_name(name, index)
    where = ""
    op = "the function"
    if culprit is not None:
        where = f" (`{text_of(culprit.node, point.graph.source)}`)"
        op = culprit.node.op.name
    if slopes.edge:
        return f"{entry} is at the edge of the domain of {op}{where}"
    if slopes.overflow:
        return f"the derivative at {entry} is too large for float64"
    if slopes.jump:
        return f"the function jumps at {entry}{where}"
    sides = f"slopes {_slope(slopes.left)} and {_slope(slopes.right)}"
    return f"not differentiable at {entry}: {sides}{where}"


def _slope(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:.6g}"


def _possible(point: Point, found: Sequence[Candidate], rng: np.random.Generator) -> list[Kink]:
    """Kinks of a graph that is too large for exact numbers: one-sided slopes in float64."""
    kinks = []
    for candidate in found[:MOST]:
        directions: dict[str, Array] = {}
        for name, index in reaching(point, [candidate]):
            array = directions.setdefault(name, np.zeros(point.inputs[name].shape))
            array[index] = point.natural(name)[index] * rng.choice([-1.0, 1.0])
        if not directions and candidate.node.op is not INPUT:
            continue
        slopes = float_slopes(point, directions) if point.seconds < ONCE else None
        text = text_of(candidate.node, point.graph.source)
        count = int(np.count_nonzero(candidate.mask))
        places = "one entry" if count == 1 else f"{count} entries"
        if slopes is None:
            kinks.append(
                Kink("", (), f"perhaps not differentiable: `{text}` is at a kink in {places}")
            )
        elif not slopes.smooth:
            kinks.append(
                Kink("", (), f"not differentiable: `{text}` is at a kink in {places}", slopes)
            )
    return kinks
