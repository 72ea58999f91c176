"""The LP format of CPLEX and Gurobi, linear part, with one or several objectives.

Readers disagree in silence where the format is loose (HiGHS 1.15 drops a constant on the left of a row and
keeps only the last of two terms of one variable in the objective), so terms are summed, constants move to the
other side, and whatever is not linear is refused by name. Sources: "LP file format" of the IBM CPLEX and
of the Gurobi reference manuals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from landfront.optimizer.files.draft import Draft, FileFault, number

OBJECTIVE = re.compile(r"(min|max)(?:im[iu]m|imi[sz]e)?(?:\s+(multi-objectives))?(?=\s|$)", re.IGNORECASE)
ROWS = re.compile(
    r"(?:subject\s+to|such\s+that|st|s\.t\.|st\.|lazy\s+constraints)(?:\s*:(?!\S))?(?=\s|$)", re.IGNORECASE
)
PLAIN = {
    "bounds": ("bounds", "bound"),
    "integer": ("general", "generals", "gen", "integer", "integers", "int"),
    "binary": ("binary", "binaries", "bin"),
    "end": ("end",),
}
REFUSED = {
    "semi-continuous variables": ("semi-continuous", "semi", "semis", "semi-integer", "sin"),
    "special ordered sets": ("sos", "sos1", "sos2", "sets"),
    "piecewise-linear objectives": ("pwlobj",),
    "general constraints": ("general constraints", "general constraint", "gencons", "gc"),
    "user cuts": ("user cuts",),
    "scenarios": ("scenario", "scenarios"),
}
ATTRIBUTES = ("priority", "weight", "abstol", "reltol")

TOKEN = re.compile(
    r"""
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<relation><=|=<|>=|=>|==|<|>|=)
    | (?P<sign>[+-])
    | (?P<label>:)
    | (?P<name>[^\s+\-*^<>=:\\\[\]\d.][^\s+\-*^<>=:\\]*)
    | (?P<other>\S)
    """,
    re.VERBOSE,
)
INFINITY = ("inf", "infinity")
RELATION = {"<": "<", "<=": "<", "=<": "<", ">": ">", ">=": ">", "=>": ">", "=": "=", "==": "="}
FLIPPED = {"<": ">", ">": "<", "=": "="}


@dataclass(frozen=True)
class Token:
    """A piece of text with its kind and its line."""

    kind: str
    text: str
    line: int

    @property
    def place(self) -> str:
        """The line in words."""
        return f"line {self.line}"


@dataclass
class Linear:
    """A sum of terms and a constant."""

    terms: dict[int, float]
    constant: float = 0.0


class Cursor:
    """Walks over the tokens of a section."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """A token to come, or None past the end."""
        at = self._at + ahead
        return self._tokens[at] if 0 <= at < len(self._tokens) else None

    def is_next(self, kind: str, ahead: int = 0) -> bool:
        """Whether a token to come is of this kind."""
        token = self.peek(ahead)
        return token is not None and token.kind == kind

    def take(self) -> Token:
        """The next token."""
        token = self._tokens[self._at]
        self._at += 1
        return token

    def label(self) -> str:
        """The name before a colon if one comes next, else an empty string."""
        if self.is_next("label", 1):
            name = self.take()
            self.take()
            return name.text
        return ""

    @property
    def place(self) -> str:
        """Where the walk is, in words."""
        token = self.peek() or self.peek(-1)
        return token.place if token else "end of the file"


def parse_lp(text: str) -> Draft:
    """Read the text of an LP file.

    Raises
    ------
    FileFault
        If a part of it is not linear, or not understood; the text names the line.
    """
    draft = Draft()
    sections = list(_sections(text))
    if not any(kind == "objective" for kind, _, _ in sections):
        raise FileFault("no line begins with Minimize or Maximize")
    for kind, header, tokens in sections:
        cursor = Cursor(tokens)
        if kind == "objective":
            _objectives(draft, cursor, header)
        elif kind == "rows":
            _rows(draft, cursor)
        elif kind == "bounds":
            _bounds(draft, cursor)
        elif kind not in REFUSED:
            _kinds(draft, cursor, binary=kind == "binary")
    return draft


def _sections(text: str) -> Iterator[tuple[str, str, list[Token]]]:
    """Kind, header and tokens of each section."""
    kind, header, tokens = "", "", list[Token]()
    for line, raw in enumerate(text.splitlines(), 1):
        content = raw.split("\\", 1)[0].strip()
        found, rest = _header(content, kind, line)
        if found:
            if kind:
                yield kind, header, tokens
            kind, header, tokens = found, content[: len(content) - len(rest)].lower(), []
            if found == "end":
                return
        tokens += _tokens(rest, line)
        if tokens and not kind:
            raise FileFault(f"line {line}: the file must begin with Minimize or Maximize")
    if kind:
        yield kind, header, tokens


def _header(content: str, current: str, line: int) -> tuple[str, str]:
    """The section that a line opens, or an empty string, and the text after the header."""
    found = OBJECTIVE.match(content)
    if found and (not current or found.end() == len(content)):
        if current:
            raise FileFault(
                f"line {line}: a second {content}; several objectives stand under multi-objectives"
            )
        return "objective", content[found.end() :]
    found = ROWS.match(content)
    if found and (current == "objective" or found.end() == len(content)):
        return "rows", content[found.end() :]
    word = " ".join(content.lower().split())
    for kind, words in PLAIN.items():
        if word in words:
            return kind, ""
    refused = [what for what, words in REFUSED.items() if word in words]
    if refused:
        return refused[0], ""
    if current in REFUSED and content:  # HiGHS writes the header of an empty section
        raise FileFault(f"line {line}: {current} are not read: write them as linear rows")
    return "", content


def _tokens(content: str, line: int) -> list[Token]:
    tokens = []
    for match in TOKEN.finditer(content):
        kind, text = str(match.lastgroup), match.group()
        if kind == "other":
            what = "products and powers" if text in "[]*^" else repr(text)
            raise FileFault(
                f"line {line}: {what} are not linear: only sums of number times variable are read"
            )
        tokens.append(Token(kind, text, line))
    return tokens


def _objectives(draft: Draft, cursor: Cursor, header: str) -> None:
    sense = -1 if header.startswith("max") else 1
    several = "multi-objectives" in header
    while cursor.peek() is not None or not draft.senses:
        name, place = cursor.label(), cursor.place
        if several and not name:
            raise FileFault(f"{place}: each objective needs a name before a colon")
        weight = _attributes(cursor)
        found = _linear(draft, cursor)
        flip = -1 if weight < 0 else 1
        draft.add_objective(name or "obj", found.terms, sense=sense * flip, offset=found.constant)
        after = cursor.peek()
        if after is not None and not (several and cursor.is_next("label", 1)):
            raise FileFault(f"{after.place}: {after.text!r} is not understood in an objective")


def _attributes(cursor: Cursor) -> float:
    """The weight among the attributes of an objective; 1 where none is given."""
    weight = 1.0
    while (token := cursor.peek()) is not None and token.text.lower() in ATTRIBUTES:
        if not cursor.is_next("relation", 1):
            break
        cursor.take()
        cursor.take()
        value = _constant(cursor)
        weight = value if token.text.lower() == "weight" else weight
    return weight


def _rows(draft: Draft, cursor: Cursor) -> None:
    while cursor.peek() is not None:
        name, place = cursor.label(), cursor.place
        left = _linear(draft, cursor)
        relation = _relation(cursor, place)
        middle = _linear(draft, cursor, wraps=not left.terms, needed=True)
        if left.terms or not cursor.is_next("relation"):
            _add_row(draft, name, (left, relation, middle), place=place)
            continue
        upper = _relation(cursor, place)
        right = _linear(draft, cursor, wraps=False, needed=True)
        if right.terms or relation == "=" or upper != relation:
            raise FileFault(f"{place}: a range reads: number <= sum <= number")
        low, high = (left, right) if relation == "<" else (right, left)
        bounds = low.constant - middle.constant, high.constant - middle.constant
        draft.add_row(name, middle.terms, lower=bounds[0], upper=bounds[1])


def _add_row(draft: Draft, name: str, parts: tuple[Linear, str, Linear], *, place: str) -> None:
    """A row with one relation: variables to the left, constants to the right."""
    left, relation, right = parts
    terms, rhs = left.terms, right.constant - left.constant
    if not terms:
        terms, relation, rhs = right.terms, FLIPPED[relation], -rhs
    else:
        for column, value in right.terms.items():
            terms[column] = terms.get(column, 0.0) - value
    if not terms:
        raise FileFault(f"{place}: a row without a variable")
    draft.add_row(name, terms, lower=-inf if relation == "<" else rhs, upper=inf if relation == ">" else rhs)


def _relation(cursor: Cursor, place: str) -> str:
    token = cursor.peek()
    if token is None or token.kind != "relation":
        found = "the section ends" if token is None else f"{token.place} has {token.text!r}"
        raise FileFault(f"{place}: the row needs <=, >= or =, but {found}")
    return RELATION[cursor.take().text]


def _linear(draft: Draft, cursor: Cursor, *, wraps: bool = True, needed: bool = False) -> Linear:
    """A sum up to a relation, a label or the end; one that does not wrap also ends with its line."""
    found = Linear({})
    ended = 0
    while (token := cursor.peek()) is not None and token.kind != "relation":
        if cursor.is_next("label", 1) or (ended and not wraps and token.line != ended):
            break
        if ended and token.kind != "sign":
            if needed and token.line != ended:
                break
            raise FileFault(f"{token.place}: a sign is missing before {token.text!r}")
        ended = _term(draft, cursor, found, wraps=wraps)
    if needed and not ended:
        raise FileFault(f"{cursor.place}: a number is missing after the relation")
    return found


def _term(draft: Draft, cursor: Cursor, total: Linear, *, wraps: bool) -> int:
    """Add the next signed term to a sum; the line on which it ends."""
    sign, value, line = _sign(cursor), None, 0
    token = cursor.peek()
    if token is not None and token.kind == "number":
        value, line = number(cursor.take().text, token.place), token.line
        token = cursor.peek()
    split = token is not None and value is not None and not wraps and token.line != line
    if token is None or token.kind != "name" or cursor.is_next("label", 1) or split:
        if value is None:
            raise FileFault(f"{cursor.place}: a number or a variable is missing after a sign")
        total.constant += sign * value
        return line
    _add_name(draft, cursor, total, sign if value is None else sign * value)
    return token.line


def _add_name(draft: Draft, cursor: Cursor, total: Linear, coefficient: float) -> None:
    """Add a variable with its coefficient, or infinity."""
    token = cursor.take()
    if token.text.lower() == "nan":
        raise FileFault(f"{token.place}: a value is NaN, not a number: correct it in the file")
    if token.text.lower() in INFINITY:
        total.constant += coefficient * inf
        return
    column = draft.column(token.text)
    total.terms[column] = total.terms.get(column, 0.0) + coefficient


def _sign(cursor: Cursor) -> float:
    sign = 1.0
    while cursor.is_next("sign"):
        sign *= -1.0 if cursor.take().text == "-" else 1.0
    return sign


def _constant(cursor: Cursor) -> float:
    """A signed number or infinity."""
    sign, token = _sign(cursor), cursor.peek()
    if token is None or (token.kind != "number" and token.text.lower() not in INFINITY):
        raise FileFault(f"{cursor.place}: a number is missing")
    cursor.take()
    return sign * (inf if token.kind == "name" else number(token.text, token.place))


def _bounds(draft: Draft, cursor: Cursor) -> None:
    while cursor.peek() is not None:
        place = cursor.place
        if _is_variable(cursor):
            _bounds_of(draft, cursor, place)
            continue
        value, relation = _constant(cursor), _relation(cursor, place)
        column = _variable(draft, cursor)
        _apply(draft, column, FLIPPED[relation], value)
        if cursor.is_next("relation"):
            _apply(draft, column, _relation(cursor, place), _constant(cursor))


def _bounds_of(draft: Draft, cursor: Cursor, place: str) -> None:
    """A bound that begins with the variable: ``x free`` or ``x <= 4``."""
    column = _variable(draft, cursor)
    token = cursor.peek()
    if token is not None and token.text.lower() == "free":
        cursor.take()
        draft.bound(column, lower=-inf, upper=inf)
    else:
        _apply(draft, column, _relation(cursor, place), _constant(cursor))


def _apply(draft: Draft, column: int, relation: str, value: float) -> None:
    draft.bound(column, lower=None if relation == "<" else value, upper=None if relation == ">" else value)


def _is_variable(cursor: Cursor) -> bool:
    token = cursor.peek()
    return token is not None and token.kind == "name" and token.text.lower() not in INFINITY


def _variable(draft: Draft, cursor: Cursor) -> int:
    if not _is_variable(cursor):
        raise FileFault(f"{cursor.place}: a variable is missing")
    return draft.column(cursor.take().text)


def _kinds(draft: Draft, cursor: Cursor, *, binary: bool) -> None:
    """A list of integer or binary variables; one that stands nowhere else is a slip of the pen."""
    while (token := cursor.peek()) is not None:
        if not _is_variable(cursor):
            raise FileFault(f"{token.place}: {token.text!r} is not a variable")
        if not draft.has_column(token.text):
            raise FileFault(f"{token.place}: variable {token.text} stands in no row, objective or bound")
        column = _variable(draft, cursor)
        if binary:
            draft.binary(column)
        draft.integer[column] = True
