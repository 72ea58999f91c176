"""A sheet: a table under check. It hands out columns as arrays and collects what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from landfront.instances.faults import SHOWN_ROWS, Fault, InputError, refuse
from landfront.instances.readers import column_names, missing_column, read_table
from landfront.instances.readers.frame import EXACT
from landfront.instances.units import UnitError, convert

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

NAME_RULES = (
    (r"[\x00-\x1f\x7f]", "line break, tab or control character in a name", "Take it out."),
    (
        r"^(?:[=@]|[+-][^0-9.])",
        "a spreadsheet would run this name as a formula",
        "Start it with a letter or digit.",
    ),
)
"""What no parcel id, region or intervention may hold: pattern, rule and fix."""


@dataclass
class Faults:
    """Faults found so far, in all tables."""

    found: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Collect the faults that are raised inside instead of passing them on."""
        try:
            yield
        except InputError as error:
            self.found += error.faults

    def refuse(self) -> None:
        """Raise all that was found, each once."""
        refuse(*dict.fromkeys(self.found))


@dataclass
class Sheet:
    """Columns of a table, and where its faults go.

    Attributes
    ----------
    name
        File name, for messages.
    frame
        The columns that were asked for and exist.
    first_row
        Number of the first record: 2 in a text table, whose header is row 1, and 1 in a layer.
    faults
        Collects what is wrong.
    """

    name: str
    frame: pd.DataFrame
    first_row: int
    faults: Faults

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def has(self, column: str | None) -> bool:
        """Tell whether the column is named and exists."""
        return column is not None and column in self.frame.columns

    def fault(self, column: str, rule: str, fix: str, *, where: Mask | None = None) -> None:
        """Add a fault; `where` marks the rows that break the rule, and none is no fault."""
        if where is None:
            self.faults.found.append(Fault(self.name, column, rule, fix))
            return
        rows = np.flatnonzero(where)
        if len(rows):
            values = self.frame[column].iloc[rows[:SHOWN_ROWS]]
            shown = zip((rows + self.first_row).tolist(), (_plain(value) for value in values), strict=False)
            self.faults.found.append(Fault(self.name, column, rule, fix, len(rows), tuple(shown)))

    def note(self, text: str) -> None:
        """Add something that a user should know."""
        self.faults.notes.append(f"{self.name}: {text}")

    def text(self, column: str, *, missing: str = "fault") -> pd.Series:
        """Column as text; integers are written out, and a missing cell is a fault unless told otherwise."""
        series = self.frame[column]
        if missing == "fault":
            self.fault(column, "missing value", "Fill it in.", where=series.isna().to_numpy())
        if pd.api.types.is_float_dtype(series.dtype) and _whole(series):
            series = series.astype("Int64")
        return series if series.dtype == "str" else series.astype("string").astype("str")

    def names(self, column: str) -> tuple[Codes, tuple[str, ...]]:
        """Index of each row's name, and the names in order of appearance; a missing name (-1) is a fault."""
        series = self.frame[column]
        if isinstance(series.dtype, pd.CategoricalDtype):
            self.fault(column, "missing value", "Fill it in.", where=series.isna().to_numpy())
        else:
            series = self.text(column)
        index, found = pd.factorize(series)
        names = tuple(str(name) for name in found)
        self._printable(column, index, names)
        return index, names

    def printable(self, column: str) -> None:
        """Add a fault where a name would break a table of results, or run as a formula in a spreadsheet."""
        series = self.frame[column]
        if series.dtype.kind in "iufb":
            return
        texts = series.astype("str")
        for pattern, rule, fix in NAME_RULES:
            bad = texts.str.contains(pattern, regex=True).to_numpy(dtype=np.bool_, na_value=False)
            if bad.any():
                self.fault(column, rule, fix, where=bad)

    def _printable(self, column: str, index: Codes, names: Sequence[str]) -> None:
        texts = pd.Series(names, dtype="str")
        for pattern, rule, fix in NAME_RULES:
            bad = np.append(texts.str.contains(pattern, regex=True).to_numpy(dtype=np.bool_), False)
            if bad.any():
                self.fault(column, rule, fix, where=bad[index])

    def number(self, column: str, *, missing: Mask | None = None) -> Floats:
        """Column as float64; nan only where `missing` allows it (all rows: None forbids it everywhere)."""
        series = self.frame[column]
        if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype):
            values = series.to_numpy(dtype=np.float64)
            if np.isfinite(values).all():
                return values
            empty = np.isnan(values)
        else:
            empty = series.isna().to_numpy()
            values = pd.to_numeric(series.astype("str"), errors="coerce").to_numpy(dtype=np.float64)
            words = np.isnan(values) & ~empty
            self.fault(column, "text where a number is needed", "Give a plain number (1234.5).", where=words)
            if not words.any() and not empty.all():
                self.note(f"{column} holds its numbers as text; they were read as numbers")
        self.fault(column, "not a finite number", "Give a plain number.", where=np.isinf(values))
        wrong = empty if missing is None else empty & ~missing
        self.fault(column, "missing value (NaN)", "Fill it in; nothing is filled for you.", where=wrong)
        return values

    def quantity(self, column: str, unit: str, to: str, *, key: str, missing: Mask | None = None) -> Floats:
        """Column of numbers in `unit`, converted to the unit `to`; `key` is where study.toml says `unit`."""
        values = self.number(column, missing=missing)
        return self.converted(values, key, lambda: convert(values, unit, to))

    def converted(self, values: Floats, key: str, conversion: Callable[[], Floats]) -> Floats:
        """Result of a conversion, or the values as they are and a fault if the unit is wrong."""
        try:
            return conversion()
        except UnitError as error:
            self.faults.found.append(
                Fault("study.toml", key, "wrong unit", f"{str(error)[:1].upper()}{str(error)[1:]}.")
            )
            return values

    def unique(self, column: str, *, what: str) -> None:
        """Add a fault where a value occurs more than once."""
        series = self.frame[column]
        twice = series.duplicated(keep=False).to_numpy() & series.notna().to_numpy()
        self.fault(column, f"duplicate {what}", "Give every row its own.", where=twice)


def open_sheet(
    path: Path,
    columns: Sequence[str],
    faults: Faults,
    *,
    layer: str | None = None,
    encoding: str = "auto",
    named: Sequence[str] = (),
) -> Sheet | None:
    """Read the columns asked for; each one missing is a fault, and so is a table without rows.

    Columns in `named` are for `Sheet.names`. Returns None where the file cannot be read at all.
    """
    with faults.caught():
        names = column_names(path, layer=layer, encoding=encoding)
        wanted = list(dict.fromkeys(columns))
        faults.found += [missing_column(path.name, name, names) for name in wanted if name not in names]
        present = [name for name in wanted if name in names]
        coded = [name for name in named if name in present]
        frame = read_table(path, layer=layer, encoding=encoding, columns=present, coded=coded)
        faults.notes += frame.attrs["notes"]
        first = 2 if path.suffix.lower() in {".csv", ".tsv", ".txt"} else 1
        sheet = Sheet(path.name, frame, first, faults)
        if not len(frame):
            sheet.fault("", "no rows", "Give at least one record.")
        return sheet
    return None


def match_ids(ids: pd.Index, values: pd.Series) -> NDArray[np.int64]:
    """Position of each value among the parcel ids, -1 where it is none of them; 7 and "7" are the same id.

    Examples
    --------
    >>> match_ids(pd.Index(["7", "8"]), pd.Series([8, 9])).tolist()
    [1, -1]
    """
    if pd.api.types.is_integer_dtype(ids.dtype) and pd.api.types.is_integer_dtype(values.dtype):
        return ids.get_indexer(pd.Index(values))
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(ids.astype("str"), type=pa.string(), from_pandas=True)
    asked = pa.array(values.astype("str"), type=pa.string(), from_pandas=True)
    found = pc.fill_null(pc.index_in(asked, value_set=known), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def _whole(series: pd.Series) -> bool:
    filled = series.dropna()
    return len(filled) > 0 and bool(((filled == filled.round()) & (filled.abs() <= EXACT)).all())


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value
