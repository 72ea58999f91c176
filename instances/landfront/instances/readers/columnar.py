"""Files that hold a table by columns: Parquet, and Arrow IPC files (Feather 2) through a memory map."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from landfront.instances.faults import Fault, InputError

PARQUET = frozenset({".parquet", ".geoparquet"})
ARROW = frozenset({".arrow", ".feather"})

OLD_FEATHER = b"FEA1"
"""How files of Feather version 1 begin, which is another format."""


def is_columnar(path: Path) -> bool:
    """Tell whether a file is of these kinds, by its name."""
    return path.suffix.lower() in PARQUET | ARROW


def is_arrow(path: Path) -> bool:
    """Tell whether a file is an Arrow file, by its name."""
    return path.suffix.lower() in ARROW


def read_head(path: Path) -> tuple[list[str], dict[str, Any]]:
    """Names of all columns, and what the file says of its geometry: nothing if it has none."""
    with _readable(path):
        if is_arrow(path):
            with _arrow_file(path) as (_, file):
                schema = file.schema
        else:
            schema = pq.read_schema(path)
        return schema.names, json.loads((schema.metadata or {}).get(b"geo", b"{}"))


def read_columns(path: Path, columns: Sequence[str], coded: Sequence[str]) -> pa.Table:
    """Some columns in this order, of an Arrow file as views of its map; `coded` are text of few values."""
    names = list(columns)
    with _readable(path):
        table = _arrow_columns(path, names) if is_arrow(path) else _parquet_columns(path, names, coded)
        # An Arrow file's bytes are taken as they are, and a wrong offset in them would be followed; in both
        # kinds text may be none.
        table.validate(full=True)
        return table


def _arrow_columns(path: Path, names: list[str]) -> pa.Table:
    with _arrow_file(path) as (source, file):
        if not _is_packed(source, file):
            return file.read_all().select(names)
        fields = [file.schema.names.index(name) for name in names]
    # Asked for some columns, Arrow copies them even where it could map all.
    with _arrow_file(path, fields) as (_, file):
        return file.read_all().select(names)


def _is_packed(source: Any, file: Any) -> bool:
    """Tell whether a file is compressed: not all of its first batch is in the map. Nothing else tells."""
    if file.num_record_batches == 0:
        return False
    source.seek(0)
    whole = source.read_buffer()
    places = range(whole.address, whole.address + whole.size)
    buffers = [buffer for column in file.get_batch(0).columns for buffer in column.buffers()]
    return any(buffer and buffer.address not in places for buffer in buffers)


def _parquet_columns(path: Path, names: list[str], coded: Sequence[str]) -> pa.Table:
    with pq.ParquetFile(path, read_dictionary=list(coded)) as file:  # leaves long columns in one piece
        return file.read(names).select(names)


@contextmanager
def _arrow_file(path: Path, fields: list[int] | None = None) -> Iterator[tuple[Any, Any]]:
    """The map, and the file in it. What was read keeps the map when both are closed."""
    options = pa.ipc.IpcReadOptions(included_fields=fields)
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source, options=options) as file:
        yield source, file


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the libraries raise into a fault."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError([_unreadable(path, error)]) from error


def _unreadable(path: Path, error: Exception) -> Fault:
    if _begins_with(path, OLD_FEATHER):
        return Fault(path.name, "", "is a Feather file of version 1", "Write it as version 2.")
    kind = "Arrow" if is_arrow(path) else "Parquet"
    text = (str(error).splitlines() or [""])[0]
    return Fault(
        path.name, "", f"is not a readable {kind} file ({text})", "Write it anew; it may be cut short."
    )


def _begins_with(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(mark)) == mark
    except OSError:
        return False
