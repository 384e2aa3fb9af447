"""Arrays with named axes: bringing them to a common layout so that NumPy's broadcasting does the
rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from gradcli.symbolic import tree as t
from gradcli.symbolic.indices import Index
from gradcli.symbolic.tree import Tree


class Array(NamedTuple):
    """A tree and its axes: an index each, or 0 for an axis of size 1."""

    tree: Tree
    layout: tuple[Any, ...]


def ordered(indices: Iterable[Index], order: Sequence[Index]) -> list[Index]:
    """Indices in the preferred order, unknown ones behind by name."""
    found = set(indices)
    return [index for index in order if index in found] + sorted(found - set(order), key=str)


def strip(array: Array) -> Array:
    """Without its axes of size 1."""
    if all(isinstance(index, Index) for index in array.layout):
        return array
    text = ", ".join(":" if isinstance(index, Index) else "0" for index in array.layout)
    kept = tuple(index for index in array.layout if isinstance(index, Index))
    return Array(t.index(array.tree, text, scalar=not kept), kept)


def align(array: Array, axes: Sequence[Index]) -> Tree:
    """A tree that broadcasts to the given axes (a superset of its own, in their order)."""
    if not array.layout:
        return array.tree
    wanted = [index if index in array.layout else 0 for index in axes]
    if list(array.layout) == wanted:
        return array.tree
    if list(array.layout[::-1]) == wanted and len(wanted) == 2:
        return t.transpose(array.tree)
    array = strip(array)
    tree = array.tree
    inside = [index for index in axes if index in array.layout]
    if list(array.layout) != inside:
        if len(inside) == 2:
            tree = t.transpose(tree)
        else:
            places = ", ".join(str(array.layout.index(index)) for index in inside)
            tree = t.call("transpose", tree, t.name(f"({places})"))
    while wanted and wanted[0] == 0:
        wanted.pop(0)
    if all(isinstance(index, Index) for index in wanted):
        return tree
    last = max(position for position, index in enumerate(wanted) if isinstance(index, Index))
    text = ", ".join(":" if isinstance(index, Index) else "None" for index in wanted)
    return t.index(tree, text) if last >= 0 else tree


def combine(
    arrays: Sequence[Array], order: Sequence[Index], build: Callable[[Sequence[Tree]], Tree]
) -> Array:
    """An elementwise function of arrays, over all their axes."""
    layouts = {array.layout for array in arrays if array.layout}
    if len(layouts) <= 1:
        layout = layouts.pop() if layouts else ()
        return Array(build([array.tree for array in arrays]), layout)
    stripped = {tuple(i for i in layout if isinstance(i, Index)) for layout in layouts}
    axes = ordered({index for layout in stripped for index in layout}, order)
    choices = [axes]
    if len(axes) == 2 and set(map(frozenset, stripped)) >= {frozenset(axes)}:
        choices.append(axes[::-1])
    best: Array | None = None
    for choice in choices:
        if len(choice) <= 1:
            trees = [strip(array).tree for array in arrays]
        else:
            trees = [align(array, choice) if array.layout else array.tree for array in arrays]
            trees = [
                strip(array).tree if not any(isinstance(i, Index) for i in array.layout) else tree
                for array, tree in zip(arrays, trees, strict=True)
            ]
        made = Array(build(trees), tuple(choice))
        # The second choice needs a transpose in the end.
        if best is None or t.tokens(made.tree) + 1 < t.tokens(best.tree):
            best = made
    assert best is not None
    return best


def exact(array: Array, axes: Sequence[Any], shape: str) -> Tree:
    """A tree with exactly the given axes; what does not vary along one is broadcast to `shape`."""
    indices = [axis for axis in axes if isinstance(axis, Index)]
    if array.layout == tuple(axes):
        return array.tree
    have = [index for index in array.layout if isinstance(index, Index)]
    if not have and (indices or axes):
        tree = strip(array).tree
        if tree.number == 0:
            return t.call("zeros", t.name(shape))
        if tree.number == 1:
            return t.call("ones", t.name(shape))
        if tree.kind == "negative" and tree.args[0].number == 1:
            return t.negative(t.call("ones", t.name(shape)))
        return t.call("full", t.name(shape), tree)
    if set(have) != set(indices):
        padded = [axis if axis in have else 0 for axis in axes]
        return t.call("broadcast_to", _with_units(array, padded), t.name(shape))
    return _with_units(array, list(axes), full=True)


def _with_units(array: Array, axes: list[Any], full: bool = False) -> Tree:
    """The array in the order of `axes`, with axes of size 1 where they are 0."""
    if list(array.layout) == axes:
        return array.tree
    if len(axes) == 2 and list(array.layout[::-1]) == axes:
        return t.transpose(array.tree)
    indices = [axis for axis in axes if isinstance(axis, Index)]
    tree = align(strip(array), indices)
    trimmed = list(axes)
    while not full and trimmed and trimmed[0] == 0:
        trimmed.pop(0)
    if all(isinstance(axis, Index) for axis in trimmed):
        return tree
    return t.index(tree, ", ".join(":" if isinstance(axis, Index) else "None" for axis in trimmed))
