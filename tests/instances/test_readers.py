"""Readers: the same table from every kind of file, nothing coerced, and hostile files refused clearly."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.instances.landscape import Geometry
from landfront.instances.readers import column_names, has_geometry, read_geometry, read_table
from landfront.instances.readers.frame import to_frame

if TYPE_CHECKING:
    import geopandas as gpd

COLUMNAR = ["parquet", "arrow", "feather"]
KINDS = ["csv", *COLUMNAR, "gpkg", "shp", "geojson"]


@pytest.fixture
def frame() -> pd.DataFrame:
    """A table with everything that readers like to spoil: long ids, leading zeros, NA as a name, gaps."""
    return pd.DataFrame(
        {
            "BSM": [110101080000000001, 110101080000000002, 110101080000000003],
            "DLBM": ["0103", "0101", "0103K"],
            "名称": ["朝阳村", "NA", None],
            "area": [1.5, 2.0, 1e-3],
            "count": [1.0, np.nan, 3.0],
        }
    )


def layer(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import shapely

    return gpd.GeoDataFrame(
        frame, geometry=[shapely.box(i, 0, i + 1, 1) for i in range(len(frame))], crs=4326
    )


def write(frame: pd.DataFrame, folder: Path, kind: str) -> Path:
    path = folder / f"parcels.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "parquet":
        layer(frame).to_parquet(path)
    elif kind in COLUMNAR:
        layer(frame).to_feather(path, compression="lz4" if kind == "feather" else "uncompressed")
    elif kind == "shp":
        layer(frame).to_file(path, encoding="GBK")
        path.with_suffix(".cpg").unlink()
    else:
        layer(frame).to_file(path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_reads_the_same(frame: pd.DataFrame, tmp_path: Path, kind: str) -> None:
    path = write(frame, tmp_path, kind)
    read = read_table(path)
    assert column_names(path) == list(frame.columns)
    assert read["BSM"].tolist() == frame["BSM"].tolist()
    assert read["BSM"].dtype == np.int64
    assert read["DLBM"].tolist() == ["0103", "0101", "0103K"]
    assert read["名称"].tolist()[:2] == ["朝阳村", "NA"]
    assert pd.isna(read["名称"].iloc[2])
    np.testing.assert_array_equal(read["area"], frame["area"])
    np.testing.assert_array_equal(read["count"], frame["count"])
    assert read_table(path, columns=["area", "BSM"]).columns.tolist() == ["area", "BSM"]


@pytest.mark.parametrize("kind", [*COLUMNAR, "gpkg", "shp", "geojson"])
def test_geometry_has_ids_and_shapes_only(frame: pd.DataFrame, tmp_path: Path, kind: str) -> None:
    path = write(frame, tmp_path, kind)
    assert has_geometry(path)
    shapes = read_geometry(Geometry(path, None, "auto", "BSM"))
    assert list(shapes.columns) == ["BSM", "geometry"]
    assert shapes["BSM"].tolist() == frame["BSM"].tolist()
    assert shapes.geometry.bounds["minx"].tolist() == [0.0, 1.0, 2.0]


def test_gbk_shapefile_without_cpg_says_what_it_did(frame: pd.DataFrame, tmp_path: Path) -> None:
    read = read_table(write(frame, tmp_path, "shp"))
    assert read["名称"].iloc[0] == "朝阳村"
    assert read.attrs["encoding"] == "GB18030"
    assert "read as GB18030" in read.attrs["notes"][0]


def test_utf8_shapefile_with_and_without_cpg(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "parcels.shp"
    layer(frame).to_file(path, encoding="UTF-8")
    assert read_table(path)["名称"].iloc[0] == "朝阳村"
    path.with_suffix(".cpg").unlink()
    read = read_table(path)
    assert read["名称"].iloc[0] == "朝阳村"
    assert read.attrs["notes"] == ()


def test_cpg_that_lies_is_a_fault(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = write(frame, tmp_path, "shp")
    path.with_suffix(".cpg").write_text("UTF-8")
    with pytest.raises(InputError, match=r"parcels.shp: encoding: the file is not in utf-8"):
        read_table(path)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030", "utf-8-sig"])
def test_csv_encoding_is_found(frame: pd.DataFrame, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "parcels.csv"
    frame.to_csv(path, index=False, encoding=encoding)
    assert column_names(path) == list(frame.columns)
    assert read_table(path)["名称"].iloc[0] == "朝阳村"


@pytest.mark.parametrize(
    ("written", "said", "rule"),
    [
        ("gbk", "utf-8", "the file is not in utf-8"),
        ("utf-8", "ascii", "the file is in UTF-8, not in ascii"),
        ("gbk", "ascii", "the file is not in ascii"),
        ("utf-8", "gb18030", "the file is in UTF-8, not in gb18030"),
        ("utf-8", "klingon", "unknown encoding 'klingon'"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "shp"])
def test_wrong_encoding_is_a_fault(tmp_path: Path, kind: str, written: str, said: str, rule: str) -> None:
    frame = pd.DataFrame({"id": [1, 2], "name": ["朝阳区三里屯街道北村", "海淀区中关村南"]})
    path = tmp_path / f"parcels.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False, encoding=written)
    else:
        layer(frame).to_file(path, encoding=written)
    with pytest.raises(InputError, match=rule) as error:
        read_table(path, encoding=said)
    assert f"parcels.{kind}: encoding" in str(error.value)
    assert "auto" in str(error.value)


def test_csv_types_are_those_of_every_cell(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "whole,real,code,word,gap,none,big\n1,1,01,NA,1,,99999999999999999999\n2,2.5,02,inf,,,1\n"
    )
    read = read_table(path)
    assert read["whole"].dtype == np.int64
    assert read["real"].dtype == np.float64
    assert read["code"].tolist() == ["01", "02"]
    assert read["word"].tolist() == ["NA", "inf"]
    assert read["gap"].iloc[0] == 1
    assert np.isnan(read["gap"].iloc[1])
    assert read["none"].isna().all()
    assert read["big"].tolist() == ["99999999999999999999", "1"]


def test_long_ids_with_a_gap_stay_exact(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,x\n110101080000000001,1\n,2\n110101080000000003,3\n")
    assert read_table(path)["id"].tolist()[::2] == ["110101080000000001", "110101080000000003"]


text = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8
)


@settings(max_examples=40, deadline=None)
@given(st.lists(text.filter(lambda t: t.strip() != ""), min_size=1, max_size=5))
def test_text_survives_a_csv(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    frame = pd.DataFrame({"word": [f"x{word}" for word in words], "n": range(len(words))})
    frame.to_csv(path, index=False, encoding="utf-8")
    assert read_table(path)["word"].tolist() == frame["word"].tolist()


@pytest.mark.parametrize("kind", ["gpkg", "shp", *COLUMNAR, "geojson"])
def test_damaged_file_is_unreadable(frame: pd.DataFrame, tmp_path: Path, kind: str) -> None:
    path = write(frame, tmp_path, kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(InputError, match=rf"parcels\.{kind}.*(cannot be read|is not a readable)"):
        read_table(path)


def test_attributes_cut_short(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = write(frame, tmp_path, "shp").with_suffix(".dbf")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(
        InputError, match=r"parcels\.dbf: cannot be read: .* bytes long where its header says"
    ):
        read_table(path.with_suffix(".shp"))


def test_shapefile_with_parts_missing(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = write(frame, tmp_path, "shp")
    path.with_suffix(".dbf").unlink()
    with pytest.raises(InputError, match=r"\.dbf file is missing\. Copy all files"):
        read_table(path)


def test_broken_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(InputError, match=r"t.csv: is not a readable CSV .*Expected 2 columns, got 3"):
        read_table(path)
    path.write_text("")
    with pytest.raises(InputError, match="the file is empty"):
        read_table(path)
    path.write_text("a,a\n1,2\n")
    with pytest.raises(InputError, match="two columns have this name"):
        read_table(path)


def test_missing_file_column_and_kind(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = write(frame, tmp_path, "csv")
    with pytest.raises(InputError, match=r"parcel.csv: no such file\. Did you mean 'parcels.csv'\?"):
        read_table(tmp_path / "parcel.csv")
    with pytest.raises(
        InputError, match=r"bsm: no such column\. Did you mean 'BSM'\? Its columns are BSM, DLBM"
    ):
        read_table(path, columns=["bsm", "area"])
    shutil.copy(path, tmp_path / "parcels.xlsx")
    with pytest.raises(InputError, match=r"files that end in '.xlsx' are not read\. Give one of"):
        read_table(tmp_path / "parcels.xlsx")
    semicolons = tmp_path / "s.csv"
    semicolons.write_text("a;b\n1;2\n")
    with pytest.raises(InputError, match="commas between the columns"):
        read_table(semicolons, columns=["a"])


def test_layers_are_named_where_there_are_several(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "parcels.gpkg"
    layer(frame).to_file(path, layer="DLTB")
    layer(frame.head(1)).to_file(path, layer="XZQ")
    with pytest.raises(InputError, match=r"holds 2 layers\. Name one with layer = in study.toml: DLTB, XZQ"):
        read_table(path)
    with pytest.raises(InputError, match=r"no layer 'dltb'\. Did you mean 'DLTB'\?"):
        read_table(path, layer="dltb")
    assert len(read_table(path, layer="XZQ")) == 1


def test_table_without_geometry(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = write(frame, tmp_path, "csv")
    assert not has_geometry(path)
    with pytest.raises(InputError, match="holds no geometry"):
        read_geometry(Geometry(path, None, "auto", "BSM"))


NAMED = ["b", "a", None, "b", " ", "a"]


@pytest.mark.parametrize("kind", ["csv", *COLUMNAR, "gpkg"])
def test_coded_text_is_the_text(tmp_path: Path, kind: str) -> None:
    path = write(pd.DataFrame({"n": range(6), "name": NAMED}), tmp_path, kind)
    coded = read_table(path, coded=["name", "n"])
    pd.testing.assert_frame_equal(coded.astype({"name": "str"}), read_table(path))
    assert sorted(coded["name"].cat.categories) == ["a", "b"]


@pytest.mark.parametrize(
    "values",
    [
        pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 1, 2, 0]), ["a", "b", " "]),
        pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, None, 1]), ["b", "a", None, "b"]),
        pa.chunked_array([pa.array(part).dictionary_encode() for part in (NAMED[:3], NAMED[3:])]),
    ],
    ids=["another order", "gaps and repeats", "two dictionaries"],
)
def test_dictionaries_as_other_programs_make_them(values: Any) -> None:
    names = to_frame(pa.table({"name": values}), ["name"])["name"]
    assert names.astype("str").fillna("-").tolist() == ["b", "a", "-", "b", "-", "a"]
    assert sorted(names.cat.categories) == ["a", "b"]
