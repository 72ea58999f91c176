"""Compares what a run states with what is computed again, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

RELATIVE = 1e-9
# Sums of many terms that cancel are known only against the size of their column.
ABSOLUTE = 1e-12
SHOWN = 3


def compare_tables(stated: pd.DataFrame, again: pd.DataFrame) -> Iterator[str]:
    """What differs between a table as it stands and as it is computed again; the stated one may be text."""
    if list(stated.columns) != list(again.columns):
        found, wanted = (", ".join(map(str, frame.columns)) for frame in (stated, again))
        yield f"its columns are {found}, not {wanted}"
        return
    if len(stated) != len(again):
        yield f"it has {len(stated)} rows, not {len(again)}"
        return
    for name in again.columns:
        yield from _column(str(name), stated[name], again[name])


def _column(name: str, stated: pd.Series, again: pd.Series) -> Iterator[str]:
    if pd.api.types.is_numeric_dtype(again) and not pd.api.types.is_bool_dtype(again):
        wrong = _numbers_differ(pd.to_numeric(stated, errors="coerce"), again, stated)
    else:
        wrong = np.asarray(_text(stated) != _text(again))
    places = np.flatnonzero(wrong)
    for place in places[:SHOWN]:
        yield f"row {place + 1}, {name}: stated {stated.iloc[place]}, computed {again.iloc[place]}"
    if len(places) > SHOWN:
        yield f"{name}: {len(places) - SHOWN} more rows differ"


def _numbers_differ(
    stated: pd.Series, again: pd.Series, raw: pd.Series
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    one, two = stated.to_numpy(np.float64), again.to_numpy(np.float64)
    finite = two[np.isfinite(two)]
    size = float(np.abs(finite).max(initial=0.0))
    same = np.isclose(one, two, rtol=RELATIVE, atol=ABSOLUTE * size, equal_nan=True)
    # A cell that is not a number only agrees with a nan when it is empty.
    garbled = stated.isna().to_numpy()
    if garbled.any():
        garbled = garbled & ~_text(raw).str.lower().isin(["", "nan"]).to_numpy()
    return np.asarray(~same | garbled)


def _text(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.categories.dtype == "str":
        column = column.astype("str")
    if column.dtype == "str":  # a million of them are compared as they lie
        return column.fillna("").reset_index(drop=True)
    return column.astype(object).where(column.notna(), "").map(str).reset_index(drop=True)


def compare_records(stated: Any, again: Any, place: str = "") -> Iterator[str]:
    """What differs between two nested records."""
    if isinstance(again, Mapping):
        found = stated if isinstance(stated, Mapping) else {}
        for name in {**again, **found}:
            yield from compare_records(
                found.get(name), again.get(name), f"{place}.{name}" if place else str(name)
            )
    elif isinstance(again, list | tuple):
        found_list = list(stated) if isinstance(stated, list | tuple) else []
        if len(found_list) != len(again):
            yield f"{place} has {len(found_list)} entries, not {len(again)}"
            return
        for number, (one, two) in enumerate(zip(found_list, again, strict=True)):
            yield from compare_records(one, two, f"{place}[{number}]")
    elif not _same(stated, again):
        yield f"{place} is {stated!r}, computed {again!r}"


def _same(stated: Any, again: Any) -> bool:
    if isinstance(again, float) and isinstance(stated, int | float):
        if math.isnan(again) or math.isnan(stated):
            return math.isnan(again) and math.isnan(stated)
        return math.isclose(stated, again, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(stated == again)
