"""Reader of CSV, Parquet and Arrow files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv

from landfront.instances.faults import Fault, InputError
from landfront.instances.readers.columnar import is_arrow, is_columnar, read_columns, read_head
from landfront.instances.readers.encoding import Encoding, file_chunks, find_encoding
from landfront.instances.readers.frame import to_frame, typed

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def column_names(path: Path, *, layer: str | None, encoding: str) -> list[str]:
    """Names of the columns; geometry is left out."""
    if is_columnar(path):
        names, about = read_head(path)
        _refuse_twins(path, names)
        return [name for name in names if name not in about.get("columns", ())]
    with path.open("rb") as file:
        head = file.readline()
    found = find_encoding(path.name, encoding, partial(file_chunks, path))
    if not head.strip():
        raise InputError(
            [Fault(path.name, "", "the file is empty", "Give a header line and one row per record.")]
        )
    header = _parse(path, head.decode(found.name).encode())
    _refuse_separator(path, header.column_names)
    _refuse_twins(path, header.column_names)
    return list(header.column_names)


def read(
    path: Path,
    *,
    layer: str | None,
    encoding: str,
    columns: Sequence[str] | None,
    coded: Sequence[str],
) -> pd.DataFrame:
    """Read the columns asked for, or all."""
    if is_columnar(path):
        names = column_names(path, layer=layer, encoding=encoding) if columns is None else list(columns)
        frame, found = to_frame(read_columns(path, names, coded), coded), Encoding("utf-8")
    else:
        found = find_encoding(path.name, encoding, partial(file_chunks, path))
        table = _parse(path, _utf8(path, found.name), columns)
        cells = pa.table({name: typed(table.column(name)) for name in table.column_names})
        frame = to_frame(cells, coded)
    frame.attrs = {"encoding": found.name, "notes": (found.note,) if found.note else ()}
    return frame


def has_geometry(path: Path, *, layer: str | None) -> bool:
    """Tell whether a file is a GeoParquet, or an Arrow file of the same kind."""
    return is_columnar(path) and bool(read_head(path)[1].get("columns"))


def read_shapes(path: Path, *, layer: str | None, encoding: str, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Read the shapes and some of the columns."""
    import geopandas as gpd
    from shapely.errors import ShapelyError

    wanted = [*columns, read_head(path)[1]["primary_column"]]
    read = gpd.read_feather if is_arrow(path) else gpd.read_parquet
    try:
        frame = read(path, columns=wanted)
    except (pa.ArrowException, OSError, ValueError, ShapelyError) as error:
        text = (str(error).splitlines() or [""])[0]
        rule = f"its shapes cannot be read ({text})"
        raise InputError([Fault(path.name, "", rule, "Write it anew; it may be damaged.")]) from error
    frame.attrs = {"notes": ()}
    return frame


def _parse(path: Path, data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """Parse UTF-8 bytes as CSV, every column as text."""
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        header = _header(data, separator)
        return pa_csv.read_csv(
            pa.BufferReader(data),
            parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                include_columns=list(columns or ()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise InputError([_not_csv(path, error)]) from error


def _header(data: bytes, separator: str) -> list[str]:
    first = data[: data.find(b"\n") + 1] or data
    text = io.StringIO(first.decode("utf-8-sig"))
    return next(csv.reader(text, delimiter=separator), [])


def _utf8(path: Path, encoding: str) -> bytes:
    data = path.read_bytes()
    return data if encoding == "utf-8" else data.decode(encoding).encode()


def _not_csv(path: Path, error: Exception) -> Fault:
    return Fault(
        path.name, "", f"is not a readable CSV ({error})", "Give every row as many cells as the header."
    )


def _refuse_separator(path: Path, names: Sequence[str]) -> None:
    """A header that is one cell with other separators inside is told once, not as many missing columns."""
    found = [word for mark, word in SEPARATORS.items() if len(names) == 1 and mark in names[0]]
    if found:
        rule = f"the header is one column with {found[0]} inside"
        fix = "Save it with commas between the columns and a point in decimals (or as .tsv with tabs)."
        raise InputError([Fault(path.name, "", rule, fix)])


def _refuse_twins(path: Path, names: Sequence[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise InputError(
            [Fault(path.name, name, "two columns have this name", "Rename one.") for name in twins]
        )
