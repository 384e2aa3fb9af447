"""Shapes: how they are written, and NumPy's broadcasting rule with errors that name both."""

from __future__ import annotations

from gradcli.errors import GradcliError

Shape = tuple[int, ...]


def shape_text(shape: Shape) -> str:
    """A shape as people write it: `(4,)`, `(3, 2)`, `()`."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """NumPy's broadcasting rule; both shapes and the op are named where they do not fit."""
    first = shapes[0] if shapes else ()
    if all(shape == first for shape in shapes):
        return first
    rank = max(map(len, shapes), default=0)
    result = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            listed = " and ".join(shape_text(shape) for shape in dict.fromkeys(shapes))
            raise GradcliError(f"{name}: shapes {listed} do not broadcast", kind="shape")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)
