"""A program while a file is being read: columns by name, rows as they come, faults with their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isnan

import numpy as np
import scipy.sparse as sp

from landfront.optimizer.program import Csr, Program, Stack

INFINITE = 1e20
"""Bounds of this size and more are none, as CPLEX, Gurobi and HiGHS read them."""


class FileFault(ValueError):
    """A file says what this reader does not take; the text names the place and what to do."""


@dataclass
class Lines:
    """Linear rows as triplets, with a name each."""

    names: list[str] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def add(self, name: str, terms: Mapping[int, float]) -> int:
        """Append a row of coefficients by column; its index."""
        index = len(self.names)
        self.names.append(name)
        for column, value in terms.items():
            self.put(index, column, value)
        return index

    def put(self, row: int, column: int, value: float) -> None:
        """Append one coefficient; zeros are not kept."""
        if value != 0.0:
            self.row.append(row)
            self.column.append(column)
            self.value.append(value)

    def matrix(self, columns: int) -> sp.csr_array:
        """All rows, shape (rows, columns)."""
        shape = (len(self.names), columns)
        return sp.csr_array((np.array(self.value, dtype=np.float64), (self.row, self.column)), shape=shape)


class Draft:
    """Collects columns, rows and objectives; columns are continuous and non-negative until told otherwise."""

    def __init__(self, *, lower: float = 0.0) -> None:
        self._default = lower
        self._index: dict[str, int] = {}
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.integer: list[bool] = []
        self.rows, self.objectives = Lines(), Lines()
        self.row_lower: list[float] = []
        self.row_upper: list[float] = []
        self.senses: list[int] = []
        self.offsets: list[float] = []

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order in which they appeared."""
        return tuple(self._index)

    def has_column(self, name: str) -> bool:
        """Whether a column of this name has appeared."""
        return name in self._index

    def column(self, name: str) -> int:
        """Index of a column, new if it has not appeared before."""
        index = self._index.setdefault(name, len(self._index))
        if index == len(self.lower):
            self.lower.append(self._default)
            self.upper.append(inf)
            self.integer.append(False)
        return index

    def bound(self, column: int, *, lower: float | None = None, upper: float | None = None) -> None:
        """Replace a column's bounds."""
        if lower is not None:
            self.lower[column] = open_lower(lower)
        if upper is not None:
            self.upper[column] = open_upper(upper)

    def binary(self, column: int) -> None:
        """Make a column 0 or 1, within the bounds it has."""
        self.integer[column] = True
        self.lower[column] = max(self.lower[column], 0.0)
        self.upper[column] = min(self.upper[column], 1.0)

    def add_row(self, name: str, terms: Mapping[int, float], *, lower: float, upper: float) -> int:
        """Append a constraint; its index."""
        self.row_lower.append(open_lower(lower))
        self.row_upper.append(open_upper(upper))
        return self.rows.add(name or f"row_{len(self.rows.names) + 1}", terms)

    def set_row(self, row: int, *, lower: float, upper: float) -> None:
        """Replace a constraint's bounds."""
        self.row_lower[row], self.row_upper[row] = open_lower(lower), open_upper(upper)

    def add_objective(self, name: str, terms: Mapping[int, float], *, sense: int, offset: float = 0.0) -> int:
        """Append an objective with its constant; its index."""
        self.senses.append(sense)
        self.offsets.append(offset)
        return self.objectives.add(name, terms)

    def program(self) -> Program:
        """What was collected, every objective included."""
        columns = len(self.lower)
        return Program(
            objectives=Stack((Csr(self.objectives.matrix(columns)),), columns),
            senses=np.array(self.senses, dtype=np.int8),
            offsets=np.array(self.offsets, dtype=np.float64),
            rows=Stack((Csr(self.rows.matrix(columns)),), columns),
            row_lower=np.array(self.row_lower, dtype=np.float64),
            row_upper=np.array(self.row_upper, dtype=np.float64),
            lower=np.array(self.lower, dtype=np.float64),
            upper=np.array(self.upper, dtype=np.float64),
            integer=np.array(self.integer, dtype=bool),
            starts=np.zeros(1, dtype=np.int64),
            objective_names=tuple(self.objectives.names),
            row_names=tuple(self.rows.names),
        )


def open_lower(value: float) -> float:
    """A lower bound, minus infinity where it is none."""
    return -inf if value <= -INFINITE else value


def open_upper(value: float) -> float:
    """An upper bound, infinity where it is none."""
    return inf if value >= INFINITE else value


def number(text: str, place: str) -> float:
    """A number as written in a file.

    Raises
    ------
    FileFault
        If it is none, or not a number by name.
    """
    try:
        value = float(text)
    except ValueError:
        raise FileFault(f"{place}: {text!r} is not a number") from None
    if isnan(value):
        raise FileFault(f"{place}: a value is NaN, not a number: correct it in the file")
    return value


def duplicates(names: Iterable[str]) -> list[str]:
    """Names that occur more than once, each once."""
    seen: set[str] = set()
    return list(dict.fromkeys(name for name in names if name in seen or seen.add(name)))  # type: ignore[func-returns-value]


def chosen(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Index of each wanted name.

    Raises
    ------
    FileFault
        If one is not there; the text lists those that are.
    """
    missing = [name for name in wanted if name not in names]
    if missing:
        listed = ", ".join(names) or "none"
        raise FileFault(f"there is no objective {', '.join(missing)}; the file has: {listed}")
    return [names.index(name) for name in wanted]
