"""Witness "entries": a few entries of the variable as explicit SymPy scalars, numbers elsewhere.

The forward pass runs on object arrays; SymPy differentiates the one scalar expression that comes
out, and evaluates it to 30 digits. Where that expression would be long, the derivative comes from
exact differences instead (see `referee`), which need no expression; the note of the comparison
says which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gradcli.clock import TimeIsUp, at_most
from gradcli.execute.precise import Cannot, Exact, cost
from gradcli.graph import Node
from gradcli.results import Comparison
from gradcli.verify.bench import Bench
from gradcli.verify.compare import Tolerance, compare, largest
from gradcli.verify.kinks import note_kink

ALL = 16  # entries of a variable up to which each is compared
SAMPLE = 8
TOTAL = 400_000  # scalar operations of all exact passes
TREE = 1_500  # nodes of the SymPy expression, at most
SECONDS = 1.0  # for SymPy, which may lose itself in an expression of nested fractions

Index = tuple[int, ...]


def entries(bench: Bench, name: str) -> Comparison:
    """Exact derivatives in some entries against the reverse-mode gradient of one variable."""
    reverse = bench.gradients[name]
    silent = Comparison("entries", name, None, of=int(reverse.size))
    try:
        chosen = sample(bench, name)
        found, how = _slopes(bench, name, chosen)
    except Cannot as reason:
        silent.note = str(reason)
        return silent
    other = np.array(reverse)
    mask = np.zeros(reverse.shape, dtype=bool)
    for index, slope in found.items():
        if math.isfinite(slope):
            other[index] = slope
            mask[index] = True
    bound = Tolerance(reverse, bench.noise[name], bench.epsilon)
    return compare("entries", name, reverse, other, bound, mask=mask, note=how)


def sample(bench: Bench, name: str) -> list[Index]:
    """The entries to look at: all when few, else some by chance and the doubtful ones."""
    reverse = bench.gradients[name]
    testable = np.flatnonzero(bench.testable(name))
    passes = TOTAL // max(1, 2 * cost(bench.point.frozen.nodes()))
    if bench.point.dynamic:
        passes = min(passes, max(1, int(0.5 / bench.point.seconds)))
    most = min(ALL if testable.size <= ALL else SAMPLE, passes)
    if most < 1 and testable.size:
        raise Cannot("the graph is too large for exact numbers")
    if testable.size <= most:
        flats = testable.tolist()
    else:
        rng = np.random.default_rng(bench.seed)
        first = np.flatnonzero(~np.isfinite(reverse))[:2].tolist()
        doubtful = [
            int(np.ravel_multi_index(index, reverse.shape)) for index in bench.suspects(name, 2)
        ]
        random = rng.choice(testable, size=most, replace=False).tolist()
        wanted = set(testable.tolist())
        flats = [flat for flat in dict.fromkeys([*first, *doubtful, *random]) if flat in wanted][
            :most
        ]
    return [tuple(map(int, np.unravel_index(flat, reverse.shape))) for flat in sorted(flats)]


def _slopes(bench: Bench, name: str, chosen: Sequence[Index]) -> tuple[dict[Index, float], str]:
    special = bench.special(name)
    plain = [index for index in chosen if not special[index]]
    found: dict[Index, float] = {}
    how = "SymPy, 30 digits"
    try:
        # beside terms of size 1 SymPy's 30 digits leave dust where the derivative is 0
        dust = 1e-20 * max(1.0, *map(largest, bench.gradients.values()))
        with at_most(SECONDS):
            for index, slope in symbolic_slopes(bench, name, plain).items():
                if slope == 0 or abs(slope) > dust:
                    found[index] = slope
    except (Cannot, TimeIsUp):
        how = "exact differences, 80 digits"
    for index in chosen:
        if index not in found:
            slopes = bench.slopes(name, index)
            found[index] = slopes.value
            if not slopes.smooth:
                note_kink(bench, name, index)
    return found, how


def symbolic_slopes(bench: Bench, name: str, chosen: Sequence[Index]) -> dict[Index, float]:
    """The derivatives by SymPy.

    Raises:
        Cannot: where the expression would be long, or an op has no formula for it.
    """
    graph = bench.point.frozen
    if bench.point.dynamic or not chosen:
        raise Cannot("nothing to differentiate")
    if _tree(graph.nodes(), graph.inputs[name]) * len(chosen) > TREE:
        raise Cannot("the expression would be too long")
    import sympy

    from gradcli.symbolic.scalars import mpmath_scalars, sympy_scalars
    from gradcli.symbolic.sympy_functions import own

    scalars = mpmath_scalars(40)
    exact = Exact([graph.output], bench.point.inputs, scalars, sympy_scalars())
    if name not in exact.inputs:
        raise Cannot("the target does not depend on it")
    point = {}
    symbols = []
    for position, index in enumerate(chosen):
        symbol = sympy.Symbol(f"e{position}", real=True)
        value = exact.inputs[name][index]
        if not scalars.mp.isfinite(value):
            raise Cannot("an input is not finite")
        point[symbol] = sympy.sympify(value, strict=True)
        symbols.append(symbol)
        exact.inputs[name][index] = symbol
    try:
        output = exact.base()[graph.output.id]
        total = sympy.Add(*(sympy.sympify(one, strict=True) for one in np.ravel(output).tolist()))
        values = [own(total.diff(symbol)).evalf(30, subs=point) for symbol in symbols]
    except (TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        raise Cannot(f"SymPy gives up ({type(error).__name__})") from error
    if not all(value.is_Number and value.is_finite for value in values):
        raise Cannot("SymPy gives no number")
    return dict(zip(chosen, map(float, values), strict=True))


def _tree(nodes: Sequence[Node], variable: Node) -> float:
    """The size of the output as one expression of a variable, shared parts counted again."""
    sizes = {variable.id: 1.0}
    for node in nodes:
        inside = sum(sizes.get(parent.id, 0.0) * _uses(node, parent) for parent in node.inputs)
        if inside:
            sizes[node.id] = inside + 1.0
    last = nodes[-1]
    return sizes.get(last.id, 0.0) * last.size


def _uses(node: Node, parent: Node) -> float:
    """Entries of an input that one entry of the output is made of."""
    if node.op.elementwise:
        return 1.0
    if node.op.name == "matmul":
        return float(node.inputs[0].shape[-1])
    if node.op.dtype == "same":
        return 1.0
    return max(1.0, parent.size / max(1, node.size))
