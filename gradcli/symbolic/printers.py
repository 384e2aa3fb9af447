"""LaTeX and Unicode from the formula tree; for reading, where `tree.text_of` is for computing."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.symbolic.tree import ADD, MULTIPLY, POSTFIX, POWER, UNARY, Tree, text_of

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
    "xi": "ξ",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "chi": "χ",
    "psi": "ψ",
    "omega": "ω",
    "Gamma": "Γ",
    "Delta": "Δ",
    "Theta": "Θ",
    "Lambda": "Λ",
    "Xi": "Ξ",
    "Pi": "Π",
    "Sigma": "Σ",
    "Phi": "Φ",
    "Psi": "Ψ",
    "Omega": "Ω",
}
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LATEX_FUNCTIONS = frozenset(
    ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")
) | {"det", "max", "min"}

Piece = tuple[str, int]


def latex_of(tree: Tree) -> str:
    """The tree in LaTeX (math mode).

    Example:
        >>> from gradcli.symbolic import tree as t
        >>> latex_of(t.chain([t.transpose(t.name("A")), t.name("x")]))
        'A^{\\\\top} x'
    """
    return _latex(tree)[0]


def unicode_of(tree: Tree) -> str:
    """The tree in Unicode, for reading in a terminal.

    Example:
        >>> from gradcli.symbolic import tree as t
        >>> unicode_of(t.chain([t.transpose(t.name("A")), t.name("x")]))
        'Aᵀ x'
    """
    return _unicode(tree)[0]


def _wrapped(piece: Piece, level: int, brackets: tuple[str, str]) -> str:
    text, own = piece
    return text if own >= level else f"{brackets[0]}{text}{brackets[1]}"


def _signed(tree: Tree, walk: Callable[[Tree], Piece], brackets: tuple[str, str]) -> str:
    text = _wrapped(walk(tree.args[0]), ADD, brackets)
    for term in tree.args[1:]:
        if term.kind == "negative":
            text += " - " + _wrapped(walk(term.args[0]), MULTIPLY, brackets)
        else:
            text += " + " + _wrapped(walk(term), MULTIPLY, brackets)
    return text


def _joined(
    tree: Tree, walk: Callable[[Tree], Piece], brackets: tuple[str, str], signs: tuple[str, str]
) -> str:
    """A product: a thin sign beside numbers, the elementwise sign between arrays."""
    text, arrays = "", False
    for position, arg in enumerate(tree.args):
        part = _wrapped(walk(arg), UNARY if not _is_chain(arg) or arrays else MULTIPLY, brackets)
        if position == 0:
            text = part
        else:
            text += (signs[1] if arrays and not arg.scalar else signs[0]) + part
        arrays = arrays or not arg.scalar
    return text


def _is_chain(tree: Tree) -> bool:
    return tree.kind == "chain" and not tree.scalar


# --- LaTeX ----------------------------------------------------------------------------------------

_BIG = (r"\left(", r"\right)")


def _latex_name(text: str) -> str:
    base, *rest = text.split(".", 1)
    if rest:  # X.shape[0], x.size
        return (
            rf"n_{{{_latex_name(base)}}}" if rest[0] == "size" else rf"\mathrm{{{_escaped(text)}}}"
        )
    if text in GREEK or text == "pi":
        return "\\" + text
    stem = text.rstrip("0123456789")
    digits = text[len(stem) :]
    if digits and stem:
        return f"{_latex_name(stem)}_{{{digits}}}"
    return text if len(text) == 1 else rf"\mathrm{{{_escaped(text)}}}"


def _escaped(text: str) -> str:
    for mark in "\\_#$%&{}":
        text = text.replace(mark, "\\backslash " if mark == "\\" else "\\" + mark)
    return text


def _latex(tree: Tree) -> Piece:
    kind, args = tree.kind, tree.args
    if kind == "name":
        return _latex_name(tree.text), POSTFIX
    if kind == "number":
        top, _, bottom = tree.text.partition("/")
        if bottom:
            return rf"\frac{{{top}}}{{{bottom}}}", POSTFIX
        mantissa, _, exponent = tree.text.partition("e")
        return (
            (rf"{mantissa} \cdot 10^{{{int(exponent)}}}", MULTIPLY)
            if exponent
            else (tree.text, POSTFIX)
        )
    if kind == "group":
        return _latex(args[0])
    if kind == "sum":
        return _signed(tree, _latex, _BIG), ADD
    if kind == "negative":
        return "-" + _wrapped(_latex(args[0]), MULTIPLY, _BIG), UNARY if _latex(args[0])[
            1
        ] > UNARY else MULTIPLY
    if kind == "product":
        return _joined(tree, _latex, _BIG, (" ", r" \odot ")), MULTIPLY
    if kind == "quotient":
        return rf"\frac{{{_latex(args[0])[0]}}}{{{_latex(args[1])[0]}}}", POWER
    if kind == "chain":
        return _chain_latex(tree), MULTIPLY
    if kind == "power":
        return _latex_power(tree), POWER
    if kind == "transpose":
        return _wrapped(_latex(args[0]), POSTFIX, _BIG) + r"^{\top}", POWER
    if kind == "index":
        inside = tree.text.replace("None", r"\cdot")
        return rf"{_wrapped(_latex(args[0]), POSTFIX, _BIG)}_{{{inside}}}", POSTFIX
    if kind == "list":
        return r"\left[" + ", ".join(_latex(arg)[0] for arg in args) + r"\right]", POSTFIX
    if kind == "compare":
        sign = {"<=": r"\le", ">=": r"\ge", "==": "="}.get(tree.text, tree.text)
        return (
            f"{_wrapped(_latex(args[0]), ADD, _BIG)} {sign} {_wrapped(_latex(args[1]), ADD, _BIG)}",
            0,
        )
    if kind == "logic":
        sign = {"&": r"\land", "|": r"\lor"}[tree.text]
        return f" {sign} ".join(_latex(arg)[0] for arg in args), 0
    return _latex_call(tree)


def _chain_latex(tree: Tree) -> str:
    parts = [_wrapped(_latex(arg), UNARY, _BIG) for arg in tree.args]
    if tree.scalar and tree.args[0].kind != "transpose":
        parts[0] = _wrapped(_latex(tree.args[0]), POSTFIX, _BIG) + r"^{\top}"
    return " ".join(parts)


def _latex_power(tree: Tree) -> str:
    base, exponent = tree.args
    mark = r"\circ " if not base.scalar else ""
    inner = _latex(exponent)[0]
    if base.kind == "call" and base.text == "norm":
        return _latex(base)[0] + f"^{{{inner}}}"
    return _wrapped(_latex(base), POSTFIX, _BIG) + f"^{{{mark}{inner}}}"


def _latex_call(tree: Tree) -> Piece:
    args = [_latex(arg)[0] for arg in tree.args]
    name, options = tree.text, dict(tree.options)
    if not options:
        if name == "inv":
            return _wrapped(_latex(tree.args[0]), POSTFIX, _BIG) + "^{-1}", POWER
        if name == "norm":
            return rf"\left\lVert {args[0]} \right\rVert", POSTFIX
        if name == "abs":
            return rf"\left| {args[0]} \right|", POSTFIX
        if name == "sqrt":
            return rf"\sqrt{{{args[0]}}}", POSTFIX
        if name == "outer":
            u, v = (_wrapped(_latex(arg), UNARY, _BIG) for arg in tree.args)
            return rf"{u} {_wrapped((v, UNARY), UNARY, _BIG)}^{{\top}}" if _plain(
                tree.args[1]
            ) else (rf"{u} \left({args[1]}\right)^{{\top}}"), MULTIPLY
        if name == "solve":
            return (
                _wrapped(_latex(tree.args[0]), POSTFIX, _BIG)
                + "^{-1} "
                + _wrapped(_latex(tree.args[1]), UNARY, _BIG),
                MULTIPLY,
            )
        if name in ("eye", "ones", "zeros"):
            return {"eye": "I", "ones": r"\mathbf{1}", "zeros": r"\mathbf{0}"}[name], POSTFIX
        if name == "sigmoid":
            return rf"\sigma\left({args[0]}\right)", POSTFIX
    head = "\\" + name if name in LATEX_FUNCTIONS else rf"\operatorname{{{_escaped(name)}}}"
    sub = ""
    if "axis" in options:
        sub = f"_{{{options['axis']}}}"
    return rf"{head}{sub}\left({', '.join(args)}\right)", POSTFIX


def _plain(tree: Tree) -> bool:
    return tree.kind == "name"


# --- Unicode --------------------------------------------------------------------------------------

_ROUND = ("(", ")")


def _unicode(tree: Tree) -> Piece:
    kind, args = tree.kind, tree.args
    if kind == "name":
        return GREEK.get(tree.text, "π" if tree.text == "pi" else tree.text), POSTFIX
    if kind == "number":
        return tree.text, MULTIPLY if "/" in tree.text else POSTFIX
    if kind == "group":
        return _unicode(args[0])
    if kind == "sum":
        return _signed(tree, _unicode, _ROUND), ADD
    if kind == "negative":
        return "-" + _wrapped(_unicode(args[0]), MULTIPLY, _ROUND), UNARY if _unicode(args[0])[
            1
        ] > UNARY else MULTIPLY
    if kind == "product":
        return _joined(tree, _unicode, _ROUND, (" ", " ⊙ ")), MULTIPLY
    if kind == "quotient":
        top, bottom = _wrapped(_unicode(args[0]), MULTIPLY, _ROUND), _unicode(args[1])
        return f"{top} / {_wrapped(bottom, UNARY, _ROUND)}", MULTIPLY
    if kind == "chain":
        parts = [_wrapped(_unicode(arg), UNARY, _ROUND) for arg in args]
        if tree.scalar and args[0].kind != "transpose":
            parts[0] += "ᵀ"
        return " ".join(parts), MULTIPLY
    if kind == "power":
        base, exponent = args
        if exponent.kind == "number" and exponent.text.isdigit():
            return _wrapped(_unicode(base), POSTFIX, _ROUND) + exponent.text.translate(
                SUPERSCRIPTS
            ), POWER
        below = _wrapped(_unicode(base), POSTFIX, _ROUND)
        return f"{below}^{_wrapped(_unicode(exponent), POSTFIX, _ROUND)}", POWER
    if kind == "transpose":
        return _wrapped(_unicode(args[0]), POSTFIX, _ROUND) + "ᵀ", POWER
    if kind == "compare":
        sign = {"<=": "≤", ">=": "≥", "==": "="}.get(tree.text, tree.text)
        return f"{_unicode(args[0])[0]} {sign} {_unicode(args[1])[0]}", 0
    if kind == "logic":
        return {"&": " ∧ ", "|": " ∨ "}[tree.text].join(_unicode(arg)[0] for arg in args), 0
    if kind == "call":
        return _unicode_call(tree)
    if kind == "index":
        return f"{_wrapped(_unicode(args[0]), POSTFIX, _ROUND)}[{tree.text}]", POSTFIX
    return text_of(tree), POSTFIX


def _unicode_call(tree: Tree) -> Piece:
    inner = [_unicode(arg)[0] for arg in tree.args]
    if not tree.options:
        if tree.text == "norm":
            return f"‖{inner[0]}‖", POSTFIX
        if tree.text == "abs":
            return f"|{inner[0]}|", POSTFIX
        if tree.text == "sqrt":
            return f"√{_wrapped(_unicode(tree.args[0]), POSTFIX, _ROUND)}", POWER
        if tree.text == "inv":
            return _wrapped(_unicode(tree.args[0]), POSTFIX, _ROUND) + "⁻¹", POWER
        if tree.text == "outer":
            u, v = (_wrapped(_unicode(arg), POSTFIX, _ROUND) for arg in tree.args)
            return f"{u} {v}ᵀ", MULTIPLY
        if tree.text == "sigmoid":
            return f"σ({inner[0]})", POSTFIX
        if tree.text in ("eye", "ones", "zeros"):
            return {"eye": "I", "ones": "1", "zeros": "0"}[tree.text], POSTFIX
    parts = inner + [f"{key}={value}" for key, value in tree.options]
    return f"{tree.text}({', '.join(parts)})", POSTFIX
