"""Numeric arrays in one Arrow file: written whole and atomically, read as views of a memory map.

The file is Arrow's IPC file format (Feather 2), uncompressed: one record batch of one row, in which each
array is a list. A text of ours stands in the metadata of its schema.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from landfront.optimizer.files.draft import FileFault

Array = NDArray[Any]

NUMBERS = ("uint8", "int8", "int16", "int32", "int64", "float32", "float64")
"""Kinds of numbers that are kept."""

KEY = b"landfront.program"
"""Where the text stands in the metadata."""


def write_columns(path: Path, text: str, arrays: Mapping[str, Array]) -> None:
    """Write arrays of one dimension and a text.

    Raises
    ------
    OSError
        If the file cannot be written; it may be there in part.
    """
    lists = [_list(array) for array in arrays.values()]
    batch = pa.RecordBatch.from_arrays(lists, names=list(arrays)).replace_schema_metadata({KEY: text})
    options = pa.ipc.IpcWriteOptions(allow_64bit=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema, options=options) as file:
        file.write_batch(batch)
    # What the system still holds back may not fit on the disk: it says so here.
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside another, which takes its place at the end, or is removed if anything goes wrong.

    Who reads or has mapped the file that was there keeps it as it was.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_columns(path: Path) -> tuple[bytes, dict[str, Array]]:
    """The text, and the arrays by their names as read-only views of a memory map.

    Raises
    ------
    FileFault
        If it is no such file, or is cut short.
    OSError
        If the file cannot be read.
    """
    with pa.memory_map(str(path)) as source:
        batch, names = _batch(source)
    text = (batch.schema.metadata or {}).get(KEY)
    if text is None:
        raise FileFault("this Arrow file holds no program; a table belongs in a study")
    if batch.num_rows != 1:
        raise FileFault(f"it has {batch.num_rows} rows where 1 is expected")
    return text, {name: _array(name, column) for name, column in zip(names, batch.columns, strict=True)}


def _batch(source: Any) -> tuple[Any, list[str]]:
    try:
        with pa.ipc.open_file(source) as file:
            if file.num_record_batches != 1:
                raise FileFault(f"it has {file.num_record_batches} record batches where 1 is expected")
            batch = file.get_batch(0)
        batch.validate(full=True)
        return batch, batch.schema.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or ["no reason is given"])[0]
        raise FileFault(f"this is not a readable Arrow file ({reason}): it may be cut short") from None


def _list(array: Array) -> Any:
    return pa.LargeListArray.from_arrays(_arrow(np.array([0, len(array)])), _arrow(array))


def _arrow(array: Array) -> Any:
    """The same memory for Arrow, whose own ways from and to numpy would import pandas."""
    memory = pa.py_buffer(np.ascontiguousarray(array))
    return pa.Array.from_buffers(pa.from_numpy_dtype(array.dtype), len(array), [None, memory])


def _array(name: str, column: Any) -> Array:
    kind = column.type
    if not pa.types.is_large_list(kind) or kind.value_type not in map(pa.from_numpy_dtype, NUMBERS):
        raise FileFault(f"{name}: a column of {kind} is not known")
    values = column[0].values
    if values is None or values.null_count:
        raise FileFault(f"{name}: a value is missing")
    dtype = np.dtype(values.type.to_pandas_dtype())
    memory = values.buffers()[1] or b""
    array: Array = np.frombuffer(memory, dtype, count=len(values), offset=values.offset * dtype.itemsize)
    if not array.flags.aligned:
        raise FileFault(f"{name}: its numbers do not begin where the processor can read them")
    return array
