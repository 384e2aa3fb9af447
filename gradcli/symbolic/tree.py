"""The formula tree and its printers. Text in gradcli's own language, LaTeX and Unicode from the
same tree.

A tree knows whether it is a scalar, because `2 * A @ x` needs no parentheses and `v * (A @ x)`
does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

ADD, MULTIPLY, UNARY, POWER, POSTFIX = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Tree:
    """One piece of a formula.

    Attributes:
        kind: "name", "number", "call", "sum", "product", "quotient", "chain", "power", "negative",
            "transpose", "index", "list", "compare", "logic",
            "group".
        args: subtrees.
        text: the name, the function, or the index between brackets.
        scalar: whether its value is a number.
        options: keyword arguments of a call, already text.
        number: its value, of a number.
        symmetric: a matrix that is its own transpose.
    """

    kind: str
    args: tuple[Tree, ...] = ()
    text: str = ""
    scalar: bool = False
    options: tuple[tuple[str, str], ...] = ()
    number: Fraction | None = None
    symmetric: bool = False


def name(text: str, scalar: bool = False) -> Tree:
    """A name."""
    return Tree("name", text=text, scalar=scalar)


def number(value: Fraction | int) -> Tree:
    """A number; negative ones are the negative of a positive one."""
    value = Fraction(value)
    if value < 0:
        return negative(number(-value))
    return Tree("number", text=number_text(value), scalar=True, number=value)


def number_of(text: str) -> Tree:
    """A number from its decimal text."""
    return number(Fraction(text))


def number_text(value: Fraction) -> str:
    """The shortest exact text: an integer, a short decimal, or a quotient."""
    if value.denominator == 1:
        if value.numerator < 10**16:
            return str(value.numerator)
        text = repr(float(value))
        return text if Fraction(text) == value else str(value.numerator)
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    as_float = repr(float(value))
    if rest == 1 and Fraction(as_float) == value and len(as_float) <= 24:
        return as_float
    if max(value.numerator, value.denominator) > 10**6:
        return as_float
    return f"{value.numerator}/{value.denominator}"


def call(function: str, *args: Tree, scalar: bool = False, **options: str) -> Tree:
    """A function call."""
    return Tree("call", args, function, scalar, tuple(options.items()))


def call_with(
    function: str, args: Sequence[Tree], options: Mapping[str, str], scalar: bool = False
) -> Tree:
    """A function call with keyword arguments that are data."""
    return Tree("call", tuple(args), function, scalar, tuple(options.items()))


def sum_of(terms: Sequence[Tree]) -> Tree:
    """A sum; a positive term comes first where there is one."""
    flat: list[Tree] = []
    for term in terms:
        flat.extend(term.args if term.kind == "sum" else (term,))
    flat = _counted(flat)
    if len(flat) == 1:
        return flat[0]
    flat.sort(key=lambda term: term.kind == "transpose")
    first = next((i for i, term in enumerate(flat) if term.kind != "negative"), None)
    if first is None:
        return negative(sum_of([term.args[0] for term in flat]))
    flat.insert(0, flat.pop(first))
    return Tree("sum", tuple(flat), scalar=all(term.scalar for term in flat))


def _counted(terms: Sequence[Tree]) -> list[Tree]:
    """Equal terms once, with their number."""
    counts: dict[Tree, int] = {}
    for term in terms:
        sign, core = (-1, term.args[0]) if term.kind == "negative" else (1, term)
        counts[core] = counts.get(core, 0) + sign
    if all(abs(times) == 1 for times in counts.values()):
        return list(terms)
    kept = [product([number(times), core]) for core, times in counts.items() if times]
    return kept or [number(0)]


def negative(tree: Tree) -> Tree:
    """Minus a tree."""
    if tree.kind == "negative":
        return tree.args[0]
    if tree.kind == "number" and tree.number == 0:
        return tree
    return Tree("negative", (tree,), scalar=tree.scalar)


def product(factors: Sequence[Tree]) -> Tree:
    """An elementwise product; signs and numbers come to the front, as one number."""
    sign, count = 1, Fraction(1)
    flat: list[Tree] = []
    for factor in factors:
        if factor.kind == "negative":
            sign, factor = -sign, factor.args[0]
        for part in factor.args if factor.kind == "product" else (factor,):
            if part.number is None:
                flat.append(part)
            else:
                count *= part.number
    if count != 1:
        flat.insert(0, number(count))
    if not flat:
        result = number(1)
    elif len(flat) == 1:
        result = flat[0]
    else:
        result = Tree("product", tuple(flat), scalar=all(factor.scalar for factor in flat))
    return negative(result) if sign < 0 else result


def quotient(top: Tree, bottom: Tree) -> Tree:
    """An elementwise quotient."""
    if bottom.number == 1:
        return top
    if top.kind == "negative":
        return negative(quotient(top.args[0], bottom))
    return Tree("quotient", (top, bottom), scalar=top.scalar and bottom.scalar)


def chain(factors: Sequence[Tree], scalar: bool = False) -> Tree:
    """A matrix product; signs and numbers come to the front."""

    def build(cores: Sequence[Tree]) -> Tree:
        flat: list[Tree] = []
        for core in cores:
            flat.extend(core.args if core.kind == "chain" else (core,))
        return flat[0] if len(flat) == 1 else Tree("chain", tuple(flat), scalar=scalar)

    return linear(build, factors)


def softened(tree: Tree, rank: int) -> Tree:
    """`exp(u)/sum(exp(u))` by its stable name, softmax, in a quotient of arrays of some rank."""
    if tree.kind == "negative":
        return negative(softened(tree.args[0], rank))
    if tree.kind != "quotient":
        return tree
    tops, bottoms = (list(part.args) if part.kind == "product" else [part] for part in tree.args)
    for bottom in bottoms:
        if bottom.kind == "call" and bottom.text == "sum" and not bottom.options:
            (powers,) = bottom.args
            if powers.kind == "call" and powers.text == "exp" and powers in tops:
                options = {} if rank == 1 else {"axis": "None"}
                tops[tops.index(powers)] = call_with("softmax", powers.args, options)
                bottoms.remove(bottom)
                return softened(quotient(product(tops), product(bottoms)), rank)
    return tree


def group(tree: Tree) -> Tree:
    """A product that is one piece: it has more than two axes, and `.T` turns no chain."""
    return Tree("group", (tree,), scalar=tree.scalar)


def linear(build: Callable[[Sequence[Tree]], Tree], trees: Sequence[Tree]) -> Tree:
    """A function that is linear in each of its arguments, with their numbers drawn out."""
    sign, tops, bottoms, cores = 1, [], [], []
    for tree in trees:
        if tree.kind == "negative":
            sign, tree = -sign, tree.args[0]
        if tree.kind == "quotient" and tree.args[1].scalar and not tree.args[0].scalar:
            tree, bottom = tree.args
            bottoms.append(bottom)
        if tree.kind == "product" and not tree.scalar:
            tops += [arg for arg in tree.args if arg.scalar]
            tree = product([arg for arg in tree.args if not arg.scalar])
        cores.append(tree)
    made = product([*tops, build(cores)])
    if bottoms:
        made = quotient(made, product(bottoms))
    return negative(made) if sign < 0 else made


def along(fold: str, tree: Tree, axes: Sequence[int]) -> Tree:
    """A sum or mean along axes."""
    axis = str(axes[0]) if len(axes) == 1 else "(" + ", ".join(map(str, axes)) + ")"
    return linear(lambda trees: call(fold, *trees, axis=axis), [tree])


def total(trees: Sequence[Tree]) -> Tree:
    """The sum of all entries; of a diagonal it is the trace."""
    (tree,) = trees
    if tree.kind == "call" and tree.text == "diag":
        return call("trace", *tree.args, scalar=True)
    return call("sum", tree, scalar=True)


def power(base: Tree, exponent: Tree) -> Tree:
    """An elementwise power."""
    if exponent.number == 1:
        return base
    return Tree("power", (base, exponent), scalar=base.scalar and exponent.scalar)


def transpose(tree: Tree) -> Tree:
    """The transpose of a matrix; double transposes go, a chain is turned around."""
    if tree.scalar or tree.symmetric:
        return tree
    if tree.kind == "transpose":
        return tree.args[0]
    if tree.kind == "negative":
        return negative(transpose(tree.args[0]))
    if tree.kind == "chain":
        return chain([transpose(factor) for factor in reversed(tree.args)])
    if tree.kind == "call" and tree.text in ("diag", "eye") and not tree.options:
        return tree
    scaled = tree.kind == "product" and any(arg.scalar for arg in tree.args)
    if scaled or (tree.kind == "quotient" and tree.args[1].scalar):
        return linear(lambda trees: transpose(trees[0]), [tree])
    if tree.kind == "call" and tree.text == "outer":
        return Tree("call", tree.args[::-1], "outer")
    return Tree("transpose", (tree,))


def index(tree: Tree, text: str, scalar: bool = False) -> Tree:
    """`tree[text]`; turned round twice, a vector is itself."""
    if text == "::-1" and tree.kind == "index" and tree.text == text:
        return tree.args[0]
    return Tree("index", (tree,), text, scalar)


def compare(sign: str, left: Tree, right: Tree) -> Tree:
    """`left < right`; a number stands on the right."""
    if _is_number(left) and not _is_number(right):
        left, right = right, left
        sign = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign)
    return Tree("compare", (left, right), sign, scalar=left.scalar and right.scalar)


def _is_number(tree: Tree) -> bool:
    return tree.kind == "number" or (tree.kind == "negative" and tree.args[0].kind == "number")


def sequence(items: Sequence[Tree]) -> Tree:
    """`[a, b]`."""
    return Tree("list", tuple(items))


# --- text -----------------------------------------------------------------------------------------


def text_of(tree: Tree) -> str:
    """The tree in gradcli's language."""
    return _text(tree)[0]


def _wrap(tree: Tree, level: int) -> str:
    text, own = _text(tree)
    return text if own >= level else f"({text})"


def _text(tree: Tree) -> tuple[str, int]:
    kind, args = tree.kind, tree.args
    if kind == "name":
        return tree.text, POSTFIX
    if kind == "number":
        return tree.text, MULTIPLY if "/" in tree.text else POSTFIX
    if kind == "call":
        parts = [text_of(arg) for arg in args] + [f"{key}={value}" for key, value in tree.options]
        return f"{tree.text}({', '.join(parts)})", POSTFIX
    if kind == "group":
        return _text(args[0])
    if kind == "list":
        return "[" + ", ".join(text_of(arg) for arg in args) + "]", POSTFIX
    if kind == "sum":
        text = _wrap(args[0], ADD)
        for term in args[1:]:
            if term.kind == "negative":
                text += " - " + _wrap(term.args[0], MULTIPLY)
            else:
                text += " + " + _wrap(term, MULTIPLY)
        return text, ADD
    if kind == "negative":
        inner = args[0]
        text, level = _text(inner)
        return ("-" + text, min(level, UNARY)) if level >= MULTIPLY else (f"-({text})", UNARY)
    if kind == "product":
        return _product_text(args), MULTIPLY
    if kind == "quotient":
        top = _wrap(args[0], MULTIPLY)
        return f"{top}/{_wrap(args[1], UNARY)}", MULTIPLY
    if kind == "chain":
        parts = [_wrap(arg, UNARY if position else MULTIPLY) for position, arg in enumerate(args)]
        head = args[0]
        if head.kind in ("product", "quotient"):
            parts[0] = f"({_text(head)[0]})"
        return "@".join(parts), MULTIPLY
    if kind == "power":
        exponent = _wrap(args[1], UNARY)
        return f"{_wrap(args[0], POSTFIX)}**{exponent}", POWER
    if kind == "transpose":
        return f"{_wrap(args[0], POSTFIX)}.T", POSTFIX
    if kind == "compare":
        return f"{_wrap(args[0], ADD)} {tree.text} {_wrap(args[1], ADD)}", 0
    if kind == "logic":
        return f" {tree.text} ".join(_wrap(arg, ADD) for arg in args), 0
    assert kind == "index", kind
    return f"{_wrap(args[0], POSTFIX)}[{tree.text}]", POSTFIX


def _product_text(args: Sequence[Tree]) -> str:
    parts = []
    for position, arg in enumerate(args):
        last = position == len(args) - 1
        if arg.kind == "chain" and last and not arg.scalar and all(a.scalar for a in args[:-1]):
            parts.append(_text(arg)[0])  # 2*A@x
        elif arg.kind == "quotient" and position == 0:
            parts.append(_text(arg)[0])
        else:
            parts.append(_wrap(arg, UNARY))
    return "*".join(parts)


def tokens(tree: Tree) -> int:
    """Length in tokens: the measure of "shortest"."""
    kind = tree.kind
    below = sum(tokens(arg) for arg in tree.args)
    if kind == "name":
        return 1
    if kind == "number":
        return 3 if "/" in tree.text else 1
    if kind == "call":
        return 3 + below + max(0, len(tree.args) - 1) + 4 * len(tree.options)
    if kind == "list":
        return 2 + below + max(0, len(tree.args) - 1)
    if kind == "group":
        return below
    if kind == "negative":
        return 1 + below
    if kind == "index":
        return 2 + below + 1 + tree.text.count(":") + 2 * tree.text.count(",")
    if kind == "transpose":
        return below + (0 if tree.args[0].kind == "name" else 1)
    extra = 0
    for position, arg in enumerate(tree.args):
        level = _text(arg)[1]
        need = {
            "sum": MULTIPLY if position else ADD,
            "power": POSTFIX if position == 0 else UNARY,
        }.get(kind, UNARY)
        extra += (
            2
            if level < need and not (kind in ("product", "chain", "quotient") and position == 0)
            else 0
        )
    return below + max(0, len(tree.args) - 1) + extra
