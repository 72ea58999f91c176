"""The data dictionary: tables/*.csv say what every column, coefficient, effect, unit and land code is."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Row = dict[str, str]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """Rows of ``tables/<name>.csv`` as text, in file order."""
    path = files("landfront.instances").joinpath("tables", f"{name}.csv")
    with path.open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


@cache
def by_key(name: str) -> Mapping[str, Row]:
    """Rows of ``tables/<name>.csv`` by their first column."""
    return MappingProxyType({next(iter(row.values())): row for row in rows(name)})


def dictionary(name: str) -> pd.DataFrame:
    """Read ``tables/<name>.csv``; numbers as numbers, codes as text, empty text where nothing stands.

    Examples
    --------
    >>> dictionary("effects").loc[0, ["effect", "unit"]].tolist()
    ['carbon', 't CO2e']
    """
    import pandas as pd

    frame = pd.DataFrame(rows(name), dtype=object)
    for column in frame.columns:
        filled = frame[column] != ""
        if column not in _TEXT and filled.any():
            numbers = pd.to_numeric(frame[column].where(filled), errors="coerce")
            if numbers[filled].notna().all():
                frame[column] = numbers
    return frame


_TEXT = frozenset({"code", "cover", "factor", "unit"})


def near(name: str, known: Iterable[str]) -> str:
    """Return a hint such as ``Did you mean 'TBMJ'?`` for a name that is not known, or nothing."""
    by_fold = {str(one).casefold(): str(one) for one in known}
    found = difflib.get_close_matches(name.casefold(), by_fold, n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(by_fold[one]) for one in found)}?" if found else ""


def some(names: Iterable[object], most: int = 12) -> str:
    """Names in one line, shortened where there are many."""
    listed = [str(name) for name in names]
    more = f", ... ({len(listed)} in all)" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
