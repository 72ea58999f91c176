"""Parquet and Arrow tables: the same types and faults, only what is asked for, and hostile files refused."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.readers import read_table

COLUMNAR = ["parquet", "arrow", "feather"]
NAMED = ["b", "a", None, "b", " ", "a"]


def save(table: pa.Table, path: Path, *, rows: int | None = None) -> Path:
    """A table of columns by the suffix of its path, in pieces of so many rows."""
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=rows)
    else:
        options = pa.ipc.IpcWriteOptions(compression="zstd" if path.suffix == ".feather" else None)
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as file:
            file.write_table(table, max_chunksize=rows)
    return path


@pytest.mark.parametrize("kind", COLUMNAR)
def test_coded_text_of_several_pieces(tmp_path: Path, kind: str) -> None:
    path = save(pa.table({"name": NAMED}), tmp_path / f"t.{kind}", rows=2)
    names = read_table(path, coded=["name"])["name"]
    assert names.astype("str").fillna("-").tolist() == ["b", "a", "-", "b", "-", "a"]


@pytest.mark.parametrize("kind", COLUMNAR)
def test_two_columns_of_one_name(tmp_path: Path, kind: str) -> None:
    twins = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InputError, match="a: two columns have this name"):
        read_table(save(twins, tmp_path / f"t.{kind}"), columns=["a"])


@pytest.mark.parametrize("kind", COLUMNAR)
def test_types_of_columns(tmp_path: Path, kind: str) -> None:
    table = pa.table(
        {
            "small": pa.array([1, 2, 3], pa.int16()),
            "gap": [1, None, 3],
            "long": [110101080000000001, None, 110101080000000003],
            "single": pa.array([0.5, None, 2], pa.float32()),
            "flag": [True, False, True],
            "code": pa.DictionaryArray.from_arrays(pa.array([1, 0, None]), pa.array([7, 8])),
            "word": pa.array(["a", " ", None], pa.large_string()),
            "none": pa.nulls(3),
        }
    )
    read = read_table(save(table, tmp_path / f"t.{kind}"))
    assert read["small"].dtype == np.int64
    np.testing.assert_array_equal(read["gap"], [1, np.nan, 3])
    assert read["long"].tolist()[::2] == ["110101080000000001", "110101080000000003"]
    np.testing.assert_array_equal(read["single"], [0.5, np.nan, 2])
    assert read["flag"].dtype == bool
    np.testing.assert_array_equal(read["code"], [8, 7, np.nan])
    assert read["word"].fillna("-").tolist() == ["a", "-", "-"]
    assert read["none"].isna().all()


@pytest.mark.parametrize(
    "values",
    [
        pa.array(NAMED, pa.string_view()),
        pa.DictionaryArray.from_arrays(
            pa.array([0, 1, None, 0, 2, 1]), pa.array(["b", "a", " "], pa.string_view())
        ),
        pa.RunEndEncodedArray.from_arrays(pa.array([1, 2, 3, 4, 5, 6]), pa.array(NAMED)),
    ],
    ids=["views", "dictionary of views", "runs"],
)
def test_newer_types_of_text(tmp_path: Path, values: Any) -> None:
    path = save(pa.table({"name": values}), tmp_path / "t.arrow")
    expected = ["b", "a", "-", "b", "-", "a"]
    assert read_table(path)["name"].fillna("-").tolist() == expected
    coded = read_table(path, coded=["name"])["name"]
    assert coded.astype("str").fillna("-").tolist() == expected


@pytest.mark.parametrize("kind", COLUMNAR)
def test_missing_column(tmp_path: Path, kind: str) -> None:
    path = save(pa.table({"BSM": [1], "area": [2.0]}), tmp_path / f"t.{kind}")
    with pytest.raises(
        InputError, match=r"bsm: no such column\. Did you mean 'BSM'\? Its columns are BSM, area"
    ):
        read_table(path, columns=["bsm"])


def test_numbers_of_an_arrow_file_stay_in_its_map(tmp_path: Path) -> None:
    count = 300_000
    table = pa.table({"id": np.arange(count), "area": np.full(count, 0.5), "name": ["x"] * count})
    path = save(table, tmp_path / "t.arrow")
    before = pa.total_allocated_bytes()
    read = read_table(path, columns=["area", "id"])
    assert pa.total_allocated_bytes() - before < 10_000
    assert not read["id"].to_numpy().flags.writeable
    assert not read["id"].to_numpy().flags.owndata
    assert (read["id"].sum(), read["area"].sum()) == (count * (count - 1) // 2, count / 2)


@pytest.mark.parametrize("kind", COLUMNAR)
def test_columns_not_asked_for_are_not_read(tmp_path: Path, kind: str) -> None:
    text = "".join(chr(0x4E00 + i) for i in range(2000))
    path = save(pa.table({"a": np.arange(3), "junk": [text, "b", text]}), tmp_path / f"t.{kind}")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle - 300 : middle + 300] = b"\xff" * 600
    path.write_bytes(data)
    assert read_table(path, columns=["a"])["a"].tolist() == [0, 1, 2]
    with pytest.raises(InputError, match=rf"t\.{kind}: is not a readable"):
        read_table(path)


def test_arrow_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.feather"
    path.write_bytes(b"FEA1" + bytes(60))
    with pytest.raises(
        InputError, match=r"t\.feather: is a Feather file of version 1\. Write it as version 2"
    ):
        read_table(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"t\.feather: is not a readable Arrow file"):
        read_table(path)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, pa.schema({"a": pa.int64()})):
        pass
    with pytest.raises(InputError, match="is not a readable Arrow file"):
        read_table(path)


def test_text_that_points_beyond_its_end(tmp_path: Path) -> None:
    path = save(pa.table({"name": ["ab", "cd", "ef"]}), tmp_path / "t.arrow")
    data = path.read_bytes()
    ends = np.array([0, 2, 4, 6], np.int32).tobytes()
    assert data.count(ends) == 1
    path.write_bytes(data.replace(ends, np.array([0, 2, 2**30, 6], np.int32).tobytes()))
    with pytest.raises(InputError, match=r"t\.arrow: is not a readable Arrow file"):
        read_table(path)
    path.write_bytes(data.replace(b"abcdef", b"ab\xff\xffef"))
    with pytest.raises(InputError, match=r"t\.arrow: is not a readable Arrow file"):
        read_table(path)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_arrow_files(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """They are refused or read as what they say, and never take the process down."""
    table = pa.table(
        {"name": NAMED, "n": range(6), "code": pa.array(["u", "v", "u", "u", "v", None]).dictionary_encode()}
    )
    path = save(table, tmp_path_factory.mktemp("arrow") / "t.arrow", rows=4)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.unlink()
    path.write_bytes(damaged)
    with suppress(InputError):
        read_table(path, coded=["code"])
