"""The MPS format, fixed and free, where every N row is an objective.

HiGHS 1.15 keeps the first N row only, reads a NaN as 0 and goes on past sections it does not know, so the
format is read here, strictly. Conventions: the default bounds are 0 and infinity, but 0 and 1 for an integer
of a MARKER section without any bound; a negative UP without a lower bound opens the lower one; the RHS of an
N row is minus its constant; ranges as in the IBM tables. Sources: "MPS file format" of the IBM CPLEX and of
the Gurobi reference manuals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

from landfront.optimizer.files.draft import Draft, FileFault, number

Fields = tuple[str, ...]

SECTIONS = (
    "NAME",
    "OBJSENSE",
    "OBJNAME",
    "ROWS",
    "COLUMNS",
    "RHS",
    "RANGES",
    "BOUNDS",
    "ENDATA",
)
REFUSED = {
    "SOS": "special ordered sets",
    "SETS": "special ordered sets",
    "QUADOBJ": "quadratic objectives",
    "QMATRIX": "quadratic objectives",
    "QSECTION": "quadratic objectives",
    "QCMATRIX": "quadratic rows",
    "CSECTION": "cones",
    "INDICATORS": "indicator rows",
    "GENCONS": "general constraints",
    "PWLOBJ": "piecewise-linear objectives",
    "LAZYCONS": "lazy constraints",
    "USERCUTS": "user cuts",
    "SCENARIOS": "scenarios",
}
VALUED = ("LO", "UP", "FX", "LI", "UI")
BARE = ("FR", "MI", "PL", "BV")
STARTS = (1, 4, 14, 24, 39, 49)
ENDS = (3, 12, 22, 36, 47, 61)
"""Columns of the six fields of a fixed line, counted from 0."""


def parse_mps(text: str) -> Draft:
    """Read the text of an MPS file: as free format, and where that fails as fixed.

    Raises
    ------
    FileFault
        If a part of it is not linear, or not understood; the text names the line.
    """
    try:
        return _Reader(_split).read(text)
    except FileFault as fault:
        try:
            return _Reader(_cut).read(text)
        except FileFault:
            raise fault from None


def _split(line: str, section: str) -> Fields:
    """Fields of a free line; one without the name of its set gets an empty one."""
    fields = tuple(line.split())
    if section in ("RHS", "RANGES") and len(fields) in (2, 4):
        return ("", *fields)
    if section == "BOUNDS" and len(fields) == (2 if fields[0].upper() in BARE else 3):
        return (fields[0], "", *fields[1:])
    return fields


def _cut(line: str, section: str) -> Fields:
    """Fields of a fixed line, where names may hold blanks; field 1 is there in rows and bounds only."""
    padded = line.expandtabs().ljust(ENDS[-1])
    cells = [padded[start:end].strip() for start, end in zip(STARTS, ENDS, strict=True)]
    between = "".join(padded[end:start] for start, end in zip((0, *STARTS[1:]), (0, *ENDS[:-1]), strict=True))
    if (between + padded[ENDS[-1] :]).strip():
        raise FileFault("text stands outside the fields of a fixed line")
    if section in ("ROWS", "BOUNDS"):
        return tuple(cells[: 2 if section == "ROWS" else 4])
    return tuple(cells[1 : 4 if not cells[4] else 6])


class _Reader:
    """One pass over the lines; `fields` cuts a line into its fields."""

    def __init__(self, fields: Callable[[str, str], Fields]) -> None:
        self._fields = fields
        self._draft = Draft()
        self._section = ""
        self._place = ""
        self._maximise = False
        self._whole = False
        self._row: dict[str, tuple[str, int]] = {}
        self._weights: list[float] = []
        self._entries: set[tuple[str, int]] = set()
        self._current = ""
        self._sets: dict[str, str] = {}
        self._sided: set[str] = set()
        self._ranged: set[int] = set()
        self._marked: set[int] = set()
        self._bounded: set[int] = set()
        self._lowered: set[int] = set()

    def read(self, text: str) -> Draft:
        """The draft of a whole file."""
        for index, raw in enumerate(text.splitlines(), 1):
            if not raw.strip() or raw.startswith("*"):
                continue
            self._place = f"line {index}"
            if raw[0].isspace():
                self._data(raw)
            elif self._open(raw):
                return self._finish()
        raise FileFault("the file ends without ENDATA")

    def _open(self, raw: str) -> bool:
        """Enter a section; whether it is the end."""
        words = raw.split()
        name = words[0].upper()
        if name in REFUSED:
            raise FileFault(f"{self._place}: {REFUSED[name]} are not read: write them as linear rows")
        if name not in SECTIONS:
            raise FileFault(f"{self._place}: {words[0]} is no section of a linear model")
        self._section = name
        if name == "OBJSENSE" and len(words) > 1:
            self._sense(words[1])
        return name == "ENDATA"

    def _data(self, raw: str) -> None:
        if self._section == "OBJSENSE":
            self._sense(raw.strip())
        elif self._section != "OBJNAME":
            readers = {
                "ROWS": self._rows,
                "COLUMNS": self._columns,
                "RHS": self._rhs,
                "RANGES": self._ranges,
                "BOUNDS": self._bounds,
            }
            if self._section not in readers:
                raise FileFault(f"{self._place}: data outside a section")
            try:
                fields = self._fields(raw, self._section)
            except FileFault as fault:
                raise FileFault(f"{self._place}: {fault}") from None
            readers[self._section](fields)

    def _sense(self, word: str) -> None:
        if word.upper() not in ("MAX", "MAXIMIZE", "MAXIMISE", "MIN", "MINIMIZE", "MINIMISE"):
            raise FileFault(f"{self._place}: OBJSENSE is MAX or MIN, not {word}")
        self._maximise = word.upper().startswith("MAX")

    def _rows(self, fields: Fields) -> None:
        kind, name = fields[0].upper(), fields[1] if len(fields) > 1 else ""
        if kind not in ("N", "L", "G", "E") or not name:
            raise FileFault(f"{self._place}: a row reads: N, L, G or E, then its name")
        if len(fields) != 2 and (kind != "N" or len(fields) != 6):
            raise FileFault(f"{self._place}: row {name} has more fields than a name")
        if name in self._row:
            raise FileFault(f"{self._place}: there are two rows {name}")
        if kind == "N":
            self._row[name] = kind, self._draft.add_objective(name, {}, sense=1)
            # CPLEX: priority, weight, absolute and relative tolerance after the name.
            self._weights.append(number(fields[3], self._place) if len(fields) == 6 else 1.0)
            return
        bounds = {"L": (-inf, 0.0), "G": (0.0, inf), "E": (0.0, 0.0)}[kind]
        self._row[name] = kind, self._draft.add_row(name, {}, lower=bounds[0], upper=bounds[1])

    def _columns(self, fields: Fields) -> None:
        if len(fields) > 2 and "MARKER" in fields[1].strip("'\"").upper():
            self._marker(fields)
            return
        name = fields[0]
        if name != self._current:
            if self._draft.has_column(name):
                raise FileFault(f"{self._place}: column {name} stands in two places")
            self._current, self._entries = name, set()
        column = self._draft.column(name)
        if self._whole:
            self._draft.integer[column] = True
            self._marked.add(column)
        for row, value in self._pairs(fields):
            kind, index = self._find(row)
            if (row, column) in self._entries:
                raise FileFault(f"{self._place}: column {name} has two entries in row {row}")
            self._entries.add((row, column))
            lines = self._draft.objectives if kind == "N" else self._draft.rows
            lines.put(index, column, value)

    def _marker(self, fields: Fields) -> None:
        words = {field.strip("'\"").upper() for field in fields[2:]}
        if not words & {"INTORG", "INTEND"}:
            raise FileFault(f"{self._place}: a MARKER is INTORG or INTEND: others are not read")
        self._whole = "INTORG" in words

    def _pairs(self, fields: Fields) -> Iterable[tuple[str, float]]:
        """Row and value, once or twice after the first field."""
        if len(fields) not in (3, 5) or not fields[1]:
            raise FileFault(f"{self._place}: expected a name, then one or two pairs of row and number")
        for at in range(1, len(fields), 2):
            yield fields[at], number(fields[at + 1], self._place)

    def _find(self, row: str) -> tuple[str, int]:
        if row not in self._row:
            raise FileFault(f"{self._place}: there is no row {row}")
        return self._row[row]

    def _same_set(self, name: str) -> None:
        if name and self._sets.setdefault(self._section, name) != name:
            raise FileFault(f"{self._place}: a second set {name!r} of {self._section}: keep one of them")

    def _rhs(self, fields: Fields) -> None:
        self._same_set(fields[0])
        draft = self._draft
        for row, value in self._pairs(fields):
            kind, index = self._find(row)
            if row in self._sided or self._ranged:
                raise FileFault(f"{self._place}: a second RHS of row {row}, or one after RANGES")
            self._sided.add(row)
            if kind == "N":
                draft.offsets[index] = -value
                continue
            low, high = -inf if kind == "L" else value, inf if kind == "G" else value
            draft.set_row(index, lower=low, upper=high)

    def _ranges(self, fields: Fields) -> None:
        self._same_set(fields[0])
        draft = self._draft
        for row, value in self._pairs(fields):
            kind, index = self._find(row)
            if kind == "N" or index in self._ranged:
                raise FileFault(f"{self._place}: row {row} cannot have a range, or not a second one")
            self._ranged.add(index)
            if kind == "L" or (kind == "E" and value < 0):
                draft.row_lower[index] = draft.row_upper[index] - abs(value)
            else:
                draft.row_upper[index] = draft.row_lower[index] + abs(value)

    def _bounds(self, fields: Fields) -> None:
        kind = fields[0].upper()
        if kind in ("SC", "SI", "SN"):
            raise FileFault(
                f"{self._place}: semi-continuous variables are not read: use a binary variable and two rows"
            )
        if kind not in (*VALUED, *BARE) or len(fields) < (4 if kind in VALUED else 3):
            raise FileFault(
                f"{self._place}: a bound reads: {', '.join((*VALUED, *BARE))}, set, column, number"
            )
        self._same_set(fields[1])
        if not self._draft.has_column(fields[2]):
            raise FileFault(f"{self._place}: there is no column {fields[2]}")
        column = self._draft.column(fields[2])
        value = number(fields[3], self._place) if kind in VALUED else 0.0
        self._bound(kind, column, value)

    def _bound(self, kind: str, column: int, value: float) -> None:
        draft = self._draft
        self._bounded.add(column)
        if kind in ("LI", "UI", "BV"):
            draft.integer[column] = True
        if kind in ("UP", "UI"):
            draft.bound(column, upper=value)
            if value < 0 and column not in self._lowered:
                draft.bound(column, lower=-inf)
            return
        low, high = {
            "LO": (value, None),
            "LI": (value, None),
            "FX": (value, value),
            "FR": (-inf, inf),
            "MI": (-inf, None),
            "PL": (None, inf),
            "BV": (0.0, 1.0),
        }[kind]
        draft.bound(column, lower=low, upper=high)
        if low is not None:
            self._lowered.add(column)

    def _finish(self) -> Draft:
        draft = self._draft
        for column in self._marked - self._bounded:
            draft.bound(column, upper=1.0)
        sense = -1 if self._maximise else 1
        draft.senses = [sense if weight >= 0 else -sense for weight in self._weights]
        return draft
