"""Habits of other languages get a hint, not a puzzle: `x^2`, `x'`, `2x`, `|x|`, `sin x`, LaTeX ...

Reached only when Python cannot read the text. Each habit is one row of a table: what it looks
like, what is wrong, what to write. Patterns see the text with strings and comments blanked out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from gradcli.errors import GradcliError
from gradcli.language.source import Source

_OPEN = {"(": ")", "[": "]", "{": "}"}
_QUOTED = re.compile(
    r"'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL
)
_WORDS = r"(?:if|else|and|or|not|in|is|for|lambda|None|True|False)\b"


class Habit(NamedTuple):
    """One row: the message and hint may refer to groups of the pattern as `{1}`, `{2}`."""

    pattern: re.Pattern[str]
    message: str
    hint: str | None


def _habit(pattern: str, message: str, hint: str | None) -> Habit:
    return Habit(re.compile(pattern), message, hint)


CHARACTERS: dict[str, str | None] = {
    "×": "write * for a product",
    "·": "write * for a product (x @ y for an inner product)",
    "⋅": "write * for a product (x @ y for an inner product)",
    "∙": "write * for a product (x @ y for an inner product)",
    "∗": "write *",
    "⊙": "write * for the elementwise product",
    "⊗": "write kron(A, B) or outer(x, y)",
    "÷": "write /",
    "−": "write - (the minus on the keyboard)",
    "–": "write - (the minus on the keyboard)",
    "—": "write - (the minus on the keyboard)",
    "“": 'use straight quotes: "',
    "”": 'use straight quotes: "',
    "‘": "use straight quotes: '",
    "’": "use straight quotes: ' (and .T for a transpose)",
    "²": "write **2",
    "³": "write **3",
    "√": "write sqrt(x)",
    "∛": "write cbrt(x)",
    "∞": "write inf",
    "∑": "write sum(...)",
    "∏": "write prod(...)",
    "∫": "gradcli differentiates; it does not integrate",
    "∂": "write the function itself; --wrt x says what to differentiate by",
    "∇": "write the function itself; gradcli takes the gradient",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "‖": "write norm(x)",
    "∥": "write norm(x)",
    "⊤": "write .T",
    "ᵀ": "write .T",
    "½": "write 0.5",
    "→": None,
    "…": "write ...",
}
"""Characters that look like notation, and what to write instead."""

HABITS = (
    _habit(r"^\s*[d∂]\s*/\s*[d∂]\s*\w+", "'{0}' is implied", "write the function itself; --wrt says what to differentiate by"),
    _habit(r"^\s*(let)\s+\w+", "'let' has no meaning here", "an assignment is written name = value"),
    _habit(r"\\(?:frac|sqrt|cdot|times|left|right|sum|int|prod|partial|nabla|mathbf|mathrm|log|ln|exp|sin|cos|tan|tanh|pi|alpha|beta|gamma|lambda|theta|sigma|mu|top|lVert|rVert|Vert|begin|text|operatorname)\b", "LaTeX is not read: '{0}'", "write it as in NumPy: sqrt(x), a/b, x.T, exp(x)"),
    _habit(r"\^\s*\{", "'^' is not a power and '{{' no bracket", "write x**2"),
    _habit(r"(?<![\d\s])\s*\.\^", "'.^' is not an operator", "use ** : it is elementwise already"),
    _habit(r"(?<!\d)\s*\.\*\*?", "'.*' is not an operator", "use * : it is elementwise already (@ is the matrix product)"),
    _habit(r"(?<!\d)\s*\./", "'./' is not an operator", "use / : it is elementwise already"),
    _habit(r"(?<=[\w)\]])\s*\\\s*(?=[\w(\[])", "'\\' is not an operator", "A\\b is solve(A, b)"),
    _habit(r"\\", "a backslash has no meaning here", None),
    _habit(r"\|([^|]*)\|", "'|' is no bracket", "write abs(x) entry by entry, norm(x) for the length, det(A) for a determinant"),
    _habit(r":=", "':=' has no meaning in an expression", "write the value in its place"),
    _habit(r"={3,}", "'===' is not an operator", "a comparison is written =="),
    _habit(r"=!", "'=!' is not an operator", "unequal is written !="),
    _habit(r"=>", "'=>' is not an operator", "greater or equal is written >="),
    _habit(r"=<", "'=<' is not an operator", "less or equal is written <="),
    _habit(r"<>", "'<>' is not an operator", "unequal is written !="),
    _habit(r"->", "'->' has no meaning here", None),
    _habit(r"&&", "'&&' is not an operator", "write & between masks, and between scalars"),
    _habit(r"\|\|", "'||' is not an operator", "write | between masks, or between scalars"),
    _habit(r"[^?]*(\?)[^:]*:?", "'?' is not an operator", "write a if condition else b, or where(condition, a, b)"),
    _habit(r"!(?!=)", "'!' is not an operator", "write not (for scalars), ~ (for masks), gamma(n + 1) (for a factorial)"),
    _habit(r"%{2,}", "'%%' is not an operator", "the remainder is written %"),
    _habit(r"(?<=[\w)\]])\s*(\+\+|--)[ \t]*(?:$|\n)", "'{1}' is not an operator", None),
    _habit(r"\*{3,}", "'***' is not an operator", "a power is written **"),
    _habit(r"(?<![=!<>:+\-*/%@&|^])=(?!=)(?=\s*=)", "'= =' is not an operator", "a comparison is written =="),
    _habit(r"(?<![\w.])(\d+(?:\.\d*){2,}[\d.]*)", "'{1}' is not a number", None),
    _habit(r"(?<![\w.])0[xXbBoO]\w*", "'{0}' is not a number", None),
    _habit(r"(?<![\w.])\d+_(?:_\w*)?(?!\w)|(?<![\w.])\d+__\d+", "'{0}' is not a number", None),
    _habit(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)[eE])(?![\w+-])", "'{1}' is not a number", "the exponent is missing, as in 1e-3"),
    _habit(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*((?!" + _WORDS + r")[^\W\d]\w*)", "'{0}' is not a product", "write {1}*{2}"),
    _habit(r"(?<![\w.])([^\W\d]\w*)[ \t]+((?!" + _WORDS + r")[^\W\d]\w*|\d[\w.]*)", "an operator is missing in '{0}'", None),
    _habit(r"[)\]]\s*((?!" + _WORDS + r")[^\W\d]\w*|\d[\w.]*)", "an operator is missing in '{0}'", "a product is written *"),
    _habit(r"\[\s*\](?!\s*$)|(?<=\w)\[\s*\]", "the index is empty", "write x[0], x[1:] or x[:]"),
    _habit(r",\s*(?=[,)\]])(?=,)", "there is nothing between two commas", None),
)  # fmt: skip

_STARTS = re.compile(r"^\s*(\*\*|//|[*/%@&|^,=<>.:)]|(?:and|or|else|if|in|is)\b)")
_ENDS = re.compile(r"(\*\*|//|[-+*/%@&|^~=<>.:,]|\b(?:and|or|not|else|if|in|is|lambda))\s*$")


def strange_character(text: str) -> GradcliError | None:
    """The first character that can only be an accident: invisible, a control code, half a pair."""
    if text.isascii() and text.isprintable():
        return None
    blank = _blanked(text)
    for place, character in enumerate(blank):
        if character in "\t\n\r\f " or (character.isascii() and character.isprintable()):
            continue
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co", "Cn"):
            return GradcliError(
                f"an invisible or illegal character U+{ord(character):04X}",
                kind="parse",
                span=(place, place + 1),
                hint="delete it and type the place again",
            )
    return None


def explain(source: Source, error: SyntaxError) -> GradcliError:
    """What is wrong with a text that Python cannot read."""
    text = source.text
    found = _transpose(text) or _character(text) or _brackets(text) or _structure(source, error)
    return found or _table(text) or _ends(text) or _plain(source, error)


def _parse_error(message: str, start: int, end: int, hint: str | None = None) -> GradcliError:
    return GradcliError(message, kind="parse", span=(start, max(end, start + 1)), hint=hint)


def _blanked(text: str) -> str:
    """The text with the insides of strings and comments replaced by blanks."""

    def blank(match: re.Match[str]) -> str:
        inside = match.group()
        return inside[0] + " " * (len(inside) - 2) + inside[-1] if len(inside) > 1 else inside

    text = _QUOTED.sub(blank, text)
    return re.sub(r"#[^\n\r]*", lambda match: " " * len(match.group()), text)


def _transpose(text: str) -> GradcliError | None:
    """A quote that follows a name or a bracket is a transpose."""
    match = re.search(r"(?<=[\w)\]])'(?!\w*')", text)
    if match is None or text[: match.start()].count("'") % 2:
        return None
    return _parse_error("' is not an operator", *match.span(), "the transpose is written .T")


def _character(text: str) -> GradcliError | None:
    for place, character in enumerate(_blanked(text)):
        if character in CHARACTERS:
            return _parse_error(
                f"'{character}' has no meaning here", place, place + 1, CHARACTERS[character]
            )
    return None


def _brackets(text: str) -> GradcliError | None:
    """The bracket that has no partner."""
    blank = _blanked(text)
    paired = re.sub(r"(['\"])\s*\1", lambda match: " " * len(match.group()), blank)
    quote = re.search(r"['\"]", paired)
    if quote is not None:
        return _parse_error("the string does not end", *quote.span())
    stack: list[tuple[str, int]] = []
    for place, character in enumerate(blank):
        if character in _OPEN:
            stack.append((character, place))
        elif character in _OPEN.values():
            if not stack:
                return _parse_error(f"'{character}' was never opened", place, place + 1)
            opened, start = stack.pop()
            if _OPEN[opened] != character:
                return _parse_error(
                    f"'{opened}' is closed by '{character}'",
                    place,
                    place + 1,
                    f"write '{_OPEN[opened]}' here, or look at column {start + 1}",
                )
    if stack:
        return _parse_error(f"'{stack[-1][0]}' is never closed", stack[-1][1], stack[-1][1] + 1)
    return None


def looks_like_statements(text: str) -> bool:
    """Whether a text that is neither was meant as a program rather than as an expression."""
    blank = _blanked(text).strip()
    if re.match(
        r"(?:def|for|while|if|elif|else|class|return|import|from|with|try|assert)\b", blank
    ):
        return True
    depth = 0
    for place, character in enumerate(blank):
        depth += (character in _OPEN) - (character in _OPEN.values())
        if depth <= 0 and (character == "\n" or character == ";"):
            return bool(blank[:place].strip(" ;\n")) and bool(blank[place:].strip(" ;\n"))
    return _assignment(blank) is not None


def _assignment(blank: str) -> int | None:
    """Where an `=` outside of brackets stands that is no part of another operator."""
    depth = 0
    for place, character in enumerate(blank):
        depth += (character in _OPEN) - (character in _OPEN.values())
        if character != "=" or depth:
            continue
        around = blank[max(0, place - 1) : place + 2]
        if re.search(r"==|[!<>:+*/%@&|^-]=|=[!<>]", around) or re.match(r"=\s+=", blank[place:]):
            continue
        return place
    return None


_PYTHON = re.compile(
    r"expected |unindent |unexpected indent|inconsistent use|cannot (?:assign|delete)"
)


def _structure(source: Source, error: SyntaxError) -> GradcliError | None:
    """What Python says about the shape of a program: colons, indentation, targets."""
    words = (error.msg or "").split(". Perhaps")[0].split(". Maybe")[0].strip()
    if not _PYTHON.match(words) or "invalid syntax" in words:
        return None
    place = source.character(error.lineno or 1, error.offset or 1)
    place = min(place, max(0, len(source.text.rstrip()) - 1))
    hint = None
    if words.startswith("cannot"):
        words = words.removesuffix(" here")
        hint = "a name, x[i] or several of them can be assigned to; a comparison is written =="
    return _parse_error(words[0].lower() + words[1:], place, place + 1, hint)


def _table(text: str) -> GradcliError | None:
    from gradcli.language.namespaces import is_function

    blank = _blanked(text)
    for habit in HABITS:
        match = habit.pattern.search(blank)
        if match is None:
            continue
        groups = [match.group().strip(), *(group or "" for group in match.groups())]
        hint = habit.hint
        if hint is None and habit.message.startswith("an operator is missing") and len(groups) > 2:
            first, second = groups[1], groups[2]
            hint = f"write {first}({second})" if is_function(first) else f"write {first}*{second}"
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        return _parse_error(
            habit.message.format(*groups),
            start,
            match.start() + len(match.group().rstrip()),
            hint.format(*groups) if hint else None,
        )
    return None


def _ends(text: str) -> GradcliError | None:
    blank = _blanked(text)
    match = _ENDS.search(blank)
    if match is not None:
        return _parse_error(f"something is missing after '{match.group(1)}'", *match.span(1))
    match = _STARTS.search(blank)
    if match is not None:
        return _parse_error(f"something is missing before '{match.group(1)}'", *match.span(1))
    return None


def _plain(source: Source, error: SyntaxError) -> GradcliError:
    """Python's own words, where they say something."""
    place = source.character(error.lineno or 1, error.offset or 1)
    if place >= len(source.text):
        place = max(0, len(source.text.rstrip()) - 1)
    words = (error.msg or "").split(". Perhaps")[0].split(". Maybe")[0].strip().rstrip(".")
    known = words and not words.startswith(("invalid syntax", "cannot assign", "f-string"))
    message = words[0].lower() + words[1:] if known else "this is not a valid expression"
    return _parse_error(message, place, place + 1)
