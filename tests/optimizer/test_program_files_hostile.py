"""Program files that are broken, cut short, damaged or something else are refused in words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from landfront.optimizer.blocks import Wider
from landfront.optimizer.files import read_model, write_program
from landfront.optimizer.files.columns import read_columns, write_columns
from landfront.optimizer.files.draft import FileFault
from landfront.optimizer.program import Csr, Program, Stack
from tests.optimizer.national import national


def example() -> Program:
    """One block of each form, small enough to break by hand."""
    program = national(60, 3, regions=5)
    plain = Csr(sp.csr_array(np.eye(2, program.columns, k=3)))
    cost, amounts = program.rows.blocks
    return dataclasses.replace(
        program,
        rows=Stack((cost, amounts, Wider(Csr(sp.csr_array(plain.matrix[:, 1:]))), plain), program.columns),
        row_lower=np.append(program.row_lower, np.zeros(4)),
        row_upper=np.append(program.row_upper, np.ones(4)),
        row_names=(*program.row_names, "a", "b", "c", "d"),
    )


def broken(folder: Path, change: Callable[[dict[str, Any], dict[str, NDArray[Any]]], None]) -> Path:
    """A file of the example with its text and arrays changed."""
    write_program(example(), folder / "good.arrow")
    text, arrays = read_columns(folder / "good.arrow")
    parsed, copies = json.loads(text), {name: array.copy() for name, array in arrays.items()}
    change(parsed, copies)
    path = folder / "bad.arrow"
    write_columns(path, json.dumps(parsed), copies)
    return path


def put(name: str, at: int, value: float) -> Callable[[Any, Any], None]:
    def change(_: Any, arrays: dict[str, NDArray[Any]]) -> None:
        arrays[name][at] = value

    return change


def cast(name: str, kind: Any) -> Callable[[Any, Any], None]:
    def change(_: Any, arrays: dict[str, NDArray[Any]]) -> None:
        arrays[name] = arrays[name].astype(kind)

    return change


def cut(name: str) -> Callable[[Any, Any], None]:
    def change(_: Any, arrays: dict[str, NDArray[Any]]) -> None:
        arrays[name] = arrays[name][:-1]

    return change


def say(value: Any, *keys: Any) -> Callable[[Any, Any], None]:
    def change(text: Any, _: Any) -> None:
        for key in keys[:-1]:
            text = text[key]
        text[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("objectives.0.indices", 3, 10**6), r"objectives\.0\.indices: it holds 0 to 1000000 where 0 to"),
        (put("objectives.0.indices", 3, -1), r"objectives\.0\.indices: it holds -1 to"),
        (put("objectives.0.indices", 3, 2), "the columns of a row are not in order"),
        (put("objectives.0.indptr", 0, -7), r"objectives\.0\.indptr: it must rise, or stay, from 0 to"),
        (put("objectives.0.indptr", 1, 10**6), "must rise, or stay, from 0 to"),
        (put("rows.1.amount.indptr", 5, 10**6), "must rise, or stay, from 0 to"),
        (put("rows.1.amount.indptr", 5, -1), "must rise, or stay, from 0 to"),
        (put("rows.1.amount.indices", 0, 1000), "amount.indices: it holds"),
        (put("rows.1.amount.data", 2, np.nan), r"rows\.1\.amount\.data: a number is NaN or infinite"),
        (put("rows.1.table", 2, -inf), r"rows\.1\.table: a number is NaN or infinite"),
        (put("rows.1.row", 2, 99), r"rows\.1\.row: it holds"),
        (put("objectives.1.group", 2, 60), r"objectives\.1\.group: it holds 0 to 60 where 0 to 59"),
        (put("objectives.1.kind", 2, -1), r"objectives\.1\.kind: it holds -1 to"),
        (put("starts", 1, 0), "starts: it must rise"),
        (put("starts", 0, 1), "starts: it must rise"),
        (put("senses", 0, 0), "senses: a sense is neither"),
        (put("lower", 0, np.nan), "lower: a number is NaN"),
        (put("row_upper", 1, np.nan), "row_upper: a number is NaN"),
        (put("integer", 0, 2), "integer: a truth value is neither 0 nor 1"),
        (cast("objectives.0.data", np.int64), "numbers of the kind int64 are not expected"),
        (cast("objectives.0.indptr", np.int64), "int64 and int32 do not make a matrix"),
        (cast("objectives.1.group", np.float64), "numbers of the kind float64 are not expected"),
        (cast("integer", np.int8), "integer: numbers of the kind int8"),
        (cut("objectives.0.data"), r"objectives\.0\.data: it has \d+ entries where \d+ are expected"),
        (cut("objectives.0.indices"), "must rise, or stay, from 0 to"),
        (cut("objectives.0.indptr"), "must rise, or stay, from 0 to"),
        (cut("objectives.1.kind"), r"kind: it has \d+ entries"),
        (cut("rows.1.table"), r"table: it has \d+ entries"),
        (cut("lower"), r"lower: it has 0 entries where \d+ are expected, or one"),
        (cut("starts"), None),
        (cut("senses"), "senses: it has 2 entries where 3"),
        (say(2, "version"), "version 2 of program files is not read, 1 is"),
        (say(10**400, "columns"), "is no number of columns"),
        (say(10**17, "columns"), "objectives.0.indices|group: it has"),
        (say(-1, "columns"), "is no number of columns"),
        (say(True, "columns"), "is no number of columns"),
        (say(7, "columns"), "where"),
        (say("stack", "rows"), "not a program's file: TypeError"),
        (say("csr", "rows", "form"), "not a program's file: KeyError 'matrix'"),
        (say("heap", "rows", "blocks", 0, "form"), "rows of the form 'heap' are not known"),
        (say("gone", "rows", "blocks", 0, "matrix", "data"), "not a program's file: KeyError 'gone'"),
        (say([], "rows", "blocks", 0, "matrix", "data"), "not a program's file: TypeError"),
        (say(10**9, "rows", "blocks", 1, "rows"), "where 1000000"),
        (say(40_000, "rows", "blocks", 1, "kinds"), "kinds: there are 40000, at most 32767"),
        (say([1, 2, 3], "objective_names"), "objective_names: these are no names"),
        (say("abc", "objective_names"), "objective_names: these are no names"),
        (say({}, "arrays"), "not a program's file: KeyError 'senses'"),
        (say({"form": "factored"}, "rows"), "not a program's file: KeyError"),
    ],
)
def test_changed_files_are_refused(
    tmp_path: Path, change: Callable[[Any, Any], None], words: str | None
) -> None:
    path = broken(tmp_path, change)
    if words is None:
        read_model(path)
        return
    with pytest.raises(ValueError, match=words) as caught:
        read_model(path)
    assert str(caught.value).startswith(str(path))


def test_other_texts_are_refused(tmp_path: Path) -> None:
    for text in ("[" * 100_000, '{"version": 1', "{}", "[]", "1"):
        write_columns(tmp_path / "p.arrow", text, {"a": np.zeros(1)})
        with pytest.raises(ValueError, match=r"p\.arrow: this is not a program's file"):
            read_model(tmp_path / "p.arrow")


def test_rows_too_deep_inside_each_other_are_refused(tmp_path: Path) -> None:
    write_program(example(), tmp_path / "p.arrow")
    text, arrays = read_columns(tmp_path / "p.arrow")
    rows, depth = json.dumps(json.loads(text)["rows"]), 700
    deep = '{"form": "stack", "blocks": [' * depth + rows + "]}" * depth
    write_columns(tmp_path / "bad.arrow", text.decode().replace(rows, deep), arrays)
    with pytest.raises(ValueError, match="not a program's file: RecursionError"):
        read_model(tmp_path / "bad.arrow")


def table(path: Path, columns: Any, metadata: Any = None) -> None:
    batch = pa.RecordBatch.from_pydict(columns).replace_schema_metadata(metadata)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as file:
        file.write_batch(batch)


def test_other_arrow_files_are_refused(tmp_path: Path) -> None:
    path, ours = tmp_path / "t.arrow", {"landfront.program": "{}"}
    table(path, {"parcel": [1, 2]})
    with pytest.raises(ValueError, match=r"t\.arrow: this Arrow file holds no program"):
        read_model(path)
    table(path, {"parcel": [1, 2]}, ours)
    with pytest.raises(ValueError, match="it has 2 rows where 1 is expected"):
        read_model(path)
    table(path, {"parcel": [1]}, ours)
    with pytest.raises(ValueError, match="parcel: a column of int64 is not known"):
        read_model(path)
    for missing in ([[1.0, None]], [None]):
        table(path, {"parcel": pa.array(missing, pa.large_list(pa.float64()))}, ours)
        with pytest.raises(ValueError, match="parcel: a value is missing"):
            read_model(path)
    table(path, {"parcel": pa.array([["a"]], pa.large_list(pa.string()))}, ours)
    with pytest.raises(ValueError, match=r"parcel: a column of large_list<.*string> is not known"):
        read_model(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"t\.arrow: this is not a readable Arrow file"):
        read_model(path)
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "none.arrow")
    with pytest.raises(ValueError, match="unpack it first"):
        read_model(tmp_path / "t.arrow.gz")


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.arrow"
    write_program(example(), path)
    data = path.read_bytes()
    for length in {*range(0, len(data), 199), *range(len(data) - 40, len(data))}:
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"p\.arrow: this is not a readable Arrow file"):
            read_model(path)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_do_no_harm(tmp_path: Path, data: st.DataObject) -> None:
    """A damaged file is refused, or is some other program, over whose rows compiled code can pass."""
    good = tmp_path / "good.arrow"
    if not good.exists():
        write_program(example(), good)
    damaged = bytearray(good.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        # Offsets and types stand at the end, a batch's buffers in what precedes them.
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "p.arrow"
    path.unlink(missing_ok=True)
    path.write_bytes(damaged)
    with suppress(FileFault):
        program = read_model(path)
        for stack in (program.objectives, program.rows):
            stack.dot(np.ones(program.columns))
            stack.to_csr()
