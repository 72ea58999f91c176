"""From Arrow to pandas without loss: exact integers, text as text, an empty text is missing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

EXACT = 2**53
"""Integers up to here survive as float64."""


def to_frame(table: pa.Table, coded: Collection[str] = ()) -> pd.DataFrame:
    """Turn an Arrow table into a frame of int64, float64, bool and text; text in `coded` as categories."""
    cells = dict(zip(table.column_names, map(_usual, table.columns), strict=True))
    columns = {
        name: _coded(column) if name in coded and _is_text(column.type) else _series(_flat(column))
        for name, column in cells.items()
    }
    return pd.DataFrame(columns, copy=False)


def typed(column: Any) -> Any:
    """Read a text column as integers or floats if every filled cell is one, else leave it text."""
    column = pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), None, column)
    if column.null_count == len(column):
        return column
    for kind in (pa.int64(), pa.float64()):
        try:
            numbers = pc.cast(pc.utf8_trim_whitespace(column), kind)
        except pa.ArrowInvalid:
            continue
        return column if _is_code(column) or _is_odd(column, numbers) else numbers
    return column


def _is_code(column: Any) -> bool:
    """Tell whether cells start with a zero that a number would lose (0103)."""
    return bool(pc.any(pc.match_substring_regex(column, r"^\s*[+-]?0[0-9]")).as_py())


def _is_odd(column: Any, numbers: Any) -> bool:
    """Tell whether words such as nan and inf were read as numbers, or long ids would be rounded as floats."""
    if not pa.types.is_floating(numbers.type):
        return False
    long = pc.any(pc.match_substring_regex(column, r"^\s*[+-]?[0-9]{16,}\s*$")).as_py()
    return bool(long) or not pc.all(pc.is_finite(numbers)).as_py()


def _usual(column: Any) -> Any:
    """Columns of newer types, which not every function takes, in the usual ones."""
    kind = column.type
    if pa.types.is_run_end_encoded(kind):
        return _usual(pc.run_end_decode(column))
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    if pa.types.is_dictionary(kind) and pa.types.is_string_view(kind.value_type):
        parts = [
            pa.DictionaryArray.from_arrays(part.indices, part.dictionary.cast(pa.large_string()))
            for part in column.chunks
        ]
        return pa.chunked_array(parts, pa.dictionary(kind.index_type, pa.large_string()))
    return column


def _flat(column: Any) -> Any:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _is_text(kind: Any) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _coded(column: Any) -> pd.Series:
    """Text as categories: each text is looked at once, whatever the number of its rows."""
    ready = pa.types.is_dictionary(column.type) and all(map(_is_clean, column.chunks))
    column = column if ready else _flat(column).dictionary_encode()
    series: pd.Series = column.to_pandas()
    blank = [text for text in series.cat.categories if not text.strip()]
    return series.cat.remove_categories(blank) if blank else series


def _is_clean(chunk: Any) -> bool:
    """Tell whether a dictionary has each text once and no gaps; other programs may write one that has."""
    texts = chunk.dictionary
    return texts.null_count == 0 and len(texts.unique()) == len(texts)


def _series(column: Any) -> pd.Series:
    kind = column.type
    if _is_text(kind):
        trimmed = pc.utf8_trim_whitespace(column)
        return pd.Series(pc.if_else(pc.equal(trimmed, ""), None, column).to_pandas(), dtype="str")
    if pa.types.is_integer(kind):
        return _integers(column)
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind) or pa.types.is_float32(kind):
        column = column.cast(pa.float64())
    if pa.types.is_boolean(kind) and column.null_count:
        return pd.Series(column.cast(pa.string()).to_pandas(), dtype="str")
    series: pd.Series = column.to_pandas()
    return series


def _integers(column: Any) -> pd.Series:
    if column.null_count == 0:
        return pd.Series(column.to_numpy().astype(np.int64, copy=False), copy=False)
    largest = pc.max(pc.abs(column.cast(pa.int64()))).as_py()
    if largest is None or largest <= EXACT:
        return pd.Series(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    return pd.Series(column.cast(pa.string()).to_pandas(), dtype="str")
