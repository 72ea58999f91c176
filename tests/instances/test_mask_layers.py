"""Masks that are layers of polygons, and locks: files, notes, and every way in which they can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from landfront.instances.faults import InputError
from landfront.instances.landscape import Landscape
from landfront.instances.load import input_files, load_inputs, load_landscape
from landfront.instances.study import Study, study_from

Make = Callable[..., Study]
Said = Callable[[str], dict[str, Any]]
WEST, SOUTH = 38_500_000.0, 3_000_000.0
PLANE = "EPSG:4526"


def square(west: float, south: float, east: float, north: float) -> Any:
    """A rectangle in units of 100 m from the corner of the first parcel."""
    return shapely.box(WEST + 100 * west, SOUTH + 100 * south, WEST + 100 * east, SOUTH + 100 * north)


@pytest.fixture
def ground(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """The six parcels as squares of 100 m in a row."""
    return gpd.GeoDataFrame(table, geometry=[square(i, 0, i + 1, 1) for i in range(6)], crs=PLANE)


@pytest.fixture
def redline() -> gpd.GeoDataFrame:
    """All of parcel 0, half of 1, a quarter of 2 (by two that overlap); 5 is urban."""
    shapes = [square(0, 0, 1.5, 1), square(2, 0, 2.25, 1), square(2, 0, 2.25, 0.5), square(5, -3, 9, 9)]
    kinds = ["生态保护红线", "生态保护红线", "生态保护红线", "城镇开发边界"]
    return gpd.GeoDataFrame({"类型": kinds, "NO": [1, 2, 3, 4]}, geometry=shapes, crs=PLANE)


@pytest.fixture
def build(tmp_path: Path, ground: gpd.GeoDataFrame, said: Said) -> Make:
    """Write the parcels as a GeoPackage, and give a study with the masks given."""

    def study(*masks: dict[str, Any], parcels: gpd.GeoDataFrame | None = None, **sections: Any) -> Study:
        (ground if parcels is None else parcels).to_file(tmp_path / "parcels.gpkg")
        data = said("parcels.gpkg") | sections
        data["masks"] = [{"name": "red", "forbid": ["bamboo"]} | mask for mask in masks]
        return study_from(data, tmp_path / "study.toml")

    return study


def save(frame: gpd.GeoDataFrame, path: Path) -> str:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".shp":  # as survey offices hand it over
        frame.to_file(path, encoding="GBK")
        path.with_suffix(".cpg").unlink()
    else:
        frame.to_file(path)
    return path.name


def faults(study: Study) -> str:
    with pytest.raises(InputError) as error:
        load_landscape(study)
    return str(error.value)


@pytest.mark.parametrize(
    ("share", "masked"),
    [(0.5, [0, 1]), (0, [0, 1, 2]), (0.25, [0, 1, 2]), (0.26, [0, 1]), (1, [0])],
)
def test_a_share_of_the_area_decides(
    build: Make, redline: gpd.GeoDataFrame, tmp_path: Path, share: float, masked: list[int]
) -> None:
    mask = {"source": save(redline.head(3), tmp_path / "red.gpkg"), "share": share}
    assert np.flatnonzero(load_landscape(build(mask)).masks["red"]).tolist() == masked


@pytest.mark.parametrize("name", ["red.shp", "red.geojson", "red.fgb", "red.parquet"])
def test_any_layer_will_do(build: Make, redline: gpd.GeoDataFrame, tmp_path: Path, name: str) -> None:
    """GeoJSON is in degrees by its standard, where half a parcel is half to some digits."""
    frame = redline.head(3).to_crs("EPSG:4326") if name.endswith("geojson") else redline.head(3)
    found = load_landscape(build({"source": save(frame, tmp_path / name), "share": 0.4999})).masks["red"]
    assert np.flatnonzero(found).tolist() == [0, 1]


def test_three_zones_and_three_lines_are_masks(
    build: Make, redline: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    farmland = gpd.GeoDataFrame(geometry=[square(4, 0, 5, 0.8)], crs=PLANE).to_crs("EPSG:4490")
    lines = save(redline, tmp_path / "三线.shp")
    save(farmland, tmp_path / "农田.gpkg")

    def line(name: str, forbid: list[str]) -> dict[str, Any]:
        kept = {"column": "类型", "in": [name]}
        return {"name": name, "source": lines, "where": kept, "forbid": forbid, "owner": "自然资源局"}

    study = build(
        line("生态保护红线", ["mono_plantation"]),
        {"name": "永久基本农田", "source": "农田.gpkg", "forbid": ["conversions"]},
        line("城镇开发边界", ["*"]),
    )
    landscape = load_landscape(study)
    covered = {name: np.flatnonzero(mask).tolist() for name, mask in landscape.masks.items()}
    assert covered == {"生态保护红线": [0, 1], "永久基本农田": [4], "城镇开发边界": [5]}
    text = "\n".join(landscape.notes)
    assert "三线.shp: not valid UTF-8, read as GB18030" in text
    assert (
        "mask '生态保护红线' applies to 2 parcels with 17 ha (at least 50 % of each lies under 三线.shp; "
        "3 parcels overlap it)" in text
    )
    assert "mask '永久基本农田' applies to 1 parcels with 6.6666 ha" in text
    assert {"三线.shp", "三线.dbf", "三线.prj", "农田.gpkg"} <= set(input_files(study))


def test_invalid_polygons_and_other_shapes_are_counted(build: Make, tmp_path: Path) -> None:
    x, y = WEST, SOUTH
    bowtie = shapely.Polygon([(x, y), (x + 100, y + 100), (x + 100, y), (x, y + 100)])  # half of parcel 0
    shapes = [bowtie, shapely.Point(x + 250, y + 50), square(3, 0, 4, 1), None]
    name = save(gpd.GeoDataFrame(geometry=shapes, crs=PLANE), tmp_path / "odd.gpkg")
    landscape = load_landscape(build({"source": name}))
    assert np.flatnonzero(landscape.masks["red"]).tolist() == [0, 3]
    assert "odd.gpkg: 1 invalid shapes were mended (mask 'red')" in landscape.notes
    assert "odd.gpkg: 2 features without a polygon count nothing (mask 'red')" in landscape.notes


def test_invalid_parcels_are_mended(build: Make, ground: gpd.GeoDataFrame, tmp_path: Path) -> None:
    x, y = WEST, SOUTH
    ground.loc[0, "geometry"] = shapely.Polygon([(x, y), (x + 100, y + 100), (x + 100, y), (x, y + 100)])
    right = gpd.GeoDataFrame(geometry=[square(0.5, 0, 1, 1)], crs=PLANE)
    landscape = load_landscape(build({"source": save(right, tmp_path / "r.gpkg")}, parcels=ground))
    assert landscape.masks["red"].tolist() == [True, *[False] * 5]
    assert "parcels.gpkg: 1 shapes were invalid and mended for the masks red" in landscape.notes


def test_parcels_in_degrees(
    build: Make, ground: gpd.GeoDataFrame, redline: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    name = save(redline.head(3), tmp_path / "red.gpkg")
    degrees = build({"source": name, "share": 0.4999}, parcels=ground.to_crs("EPSG:4490"))
    assert np.flatnonzero(load_landscape(degrees).masks["red"]).tolist() == [0, 1]


def test_a_layer_beside_the_parcels_is_a_note(build: Make, tmp_path: Path) -> None:
    name = save(gpd.GeoDataFrame(geometry=[square(0, 50, 9, 60)], crs=PLANE), tmp_path / "far.gpkg")
    notes = load_landscape(build({"source": name})).notes
    assert any(
        "mask 'red' applies to no parcel: far.gpkg overlaps none; is its place right?" in n for n in notes
    )


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ({"source": "nowhere.gpkg"}, "nowhere.gpkg: no such file"),
        (
            {"source": "../red.gpkg"},
            "study.toml: masks.0.source: '../red.gpkg' lies outside the study folder",
        ),
        ({"source": "red.dwg"}, "files that end in '.dwg' are not read"),
        ({"source": "table.csv"}, "table.csv: holds no geometry. Give a layer with shapes"),
        ({"source": "broken.gpkg"}, "broken.gpkg: cannot be read as a layer"),
        ({"source": "red.gpkg", "layer": "rot"}, "red.gpkg: layer: no layer 'rot'"),
        (
            {"source": "red.gpkg", "where": {"column": "类形", "in": ["x"]}},
            "red.gpkg: 类形: no such column. Its columns are 类型, NO.",
        ),
        (
            {"source": "red.gpkg", "where": {"column": "类型", "in": ["红线"]}},
            "masks.0.where: keeps no feature: 类型 holds 生态保护红线, 城镇开发边界, and none of '红线'",
        ),
        (
            {"source": "points.gpkg"},
            "study.toml: masks.0.source: points.gpkg holds no polygon with an area (Point)",
        ),
        ({"source": "empty.gpkg"}, "empty.gpkg holds no polygon with an area (no shapes)"),
        ({"source": "nocrs.gpkg"}, "nocrs.gpkg: says no coordinate reference system, which mask 'red' needs"),
        (
            {"source": "wrong.gpkg"},
            "wrong.gpkg: has coordinates that cannot be in its reference system (China Geodetic",
        ),
        ({"source": "nan.parquet"}, "nan.parquet: has coordinates that cannot be in its reference system"),
        (
            {"source": "all.gpkg", "forbid": ["*"]},
            "masks exclude every intervention on every parcel: red (all.gpkg) (6 rows: row 1: 1101010800000",
        ),
    ],
)
def test_layers_that_cannot_be_a_mask(
    build: Make, redline: gpd.GeoDataFrame, tmp_path: Path, mask: dict[str, Any], message: str
) -> None:
    save(redline, tmp_path / "red.gpkg")
    save(gpd.GeoDataFrame(geometry=[shapely.Point(WEST, SOUTH)], crs=PLANE), tmp_path / "points.gpkg")
    save(redline.set_crs("EPSG:4490", allow_override=True), tmp_path / "wrong.gpkg")
    save(gpd.GeoDataFrame(geometry=[square(-1, -1, 9, 9)], crs=PLANE), tmp_path / "all.gpkg")
    corners = shapely.get_coordinates(square(0, 0, 1, 1))
    corners[2] = np.nan
    with np.errstate(invalid="ignore"):
        hole = shapely.Polygon(corners)
    save(gpd.GeoDataFrame(geometry=[hole], crs=PLANE), tmp_path / "nan.parquet")
    save(redline.head(0), tmp_path / "empty.gpkg")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "red.dwg").write_bytes(b"AC1032")
    (tmp_path / "broken.gpkg").write_bytes(b"not a database")
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        save(gpd.GeoDataFrame(geometry=[square(0, 0, 1, 1)]), tmp_path / "nocrs.gpkg")
    assert message in faults(build(mask))


def test_parcels_that_no_mask_can_be_laid_over(
    make: Make, build: Make, ground: gpd.GeoDataFrame, redline: gpd.GeoDataFrame, tmp_path: Path, said: Said
) -> None:
    mask = {"name": "red", "source": save(redline, tmp_path / "red.gpkg"), "forbid": ["bamboo"]}
    text = faults(make(change=lambda data: data.update(masks=[mask])))
    assert "parcels.csv: holds no geometry, but masks are laid over it: red" in text
    build(mask)
    declined = said("parcels.gpkg") | {"masks": [mask]}
    declined["parcels"]["geometry"] = False
    text = faults(study_from(declined, tmp_path / "study.toml"))
    assert "parcels.geometry: is false, but masks are laid over it: red" in text
    points = ground.set_geometry(ground.geometry.centroid)
    assert (
        "parcels.gpkg: BSM: has no polygon with an area but Point, as masks need: red (6 rows: row 1: 1101"
        in faults(build(mask, parcels=points))
    )
    ground.loc[4, "geometry"] = None
    assert "has no polygon with an area, as masks need: red (1 row: row 5: 1101" in faults(
        build(mask, parcels=ground)
    )


def test_parcels_without_a_reference_system(
    build: Make, ground: gpd.GeoDataFrame, redline: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    mask = {"source": save(redline, tmp_path / "red.gpkg")}
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        study = build(mask, parcels=ground.set_crs(None, allow_override=True))
    assert "parcels.gpkg: says no coordinate reference system, but masks are laid over it: red" in faults(
        study
    )


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ({}, "masks.red: a mask needs either column or source, and not both"),
        ({"column": "LINE", "source": "a.gpkg"}, "a mask needs either column or source, and not both"),
        ({"column": "LINE", "share": 0.3}, "share belongs to a mask with source"),
        ({"source": "a.gpkg", "when": [1]}, "when belongs to a mask with column"),
        ({"source": "a.gpkg", "share": 1.5}, "masks.red.share: must be less than or equal to 1, found 1.5"),
        ({"source": "a.gpkg", "share": "half"}, "masks.red.share: must be a number, found 'half'"),
        ({"source": "a.gpkg", "where": {"column": "a"}}, "masks.red.where.in: missing"),
        ({"source": "a.gpkg", "where": {"column": "a", "in": []}}, "masks.red.where.in"),
        ({"source": "a.gpkg", "name": "red line"}, "must be a name of letters of any script"),
    ],
)
def test_masks_that_say_too_much_or_too_little(said: Said, mask: dict[str, Any], message: str) -> None:
    data = said("parcels.csv") | {"masks": [{"name": "red", "forbid": ["*"]} | mask]}
    with pytest.raises(InputError) as error:
        study_from(data, Path("study.toml"))
    assert message in str(error.value)
    assert str(error.value).startswith("1 fault")


def test_what_a_study_says_reads_back(build: Make, redline: gpd.GeoDataFrame, tmp_path: Path) -> None:
    """A run stores the study as it was resolved; the keys in it are those of the file."""
    mask = {
        "source": save(redline, tmp_path / "red.gpkg"),
        "where": {"column": "类型", "in": ["生态保护红线"]},
    }
    study = build(mask, {"name": "flag", "column": "LINE"}, locks=[{"name": "given", "from": "PLAN"}])
    data = study.model_dump(mode="json", exclude_none=True, by_alias=True)
    assert study_from(data, tmp_path / "study.toml").digest == study.digest


def settled(landscape: Landscape, name: str) -> list[str]:
    locked = landscape.locks[name]
    return [*np.array([*locked.interventions, ""], dtype=object)[locked.kind]]


def test_locks_by_flags_and_by_a_column(make: Make, table: pd.DataFrame) -> None:
    table["PLAN"] = ["", "keep", " bamboo ", "", "keep", ""]
    locks = [
        {"name": "contract", "column": "CONSENT", "when": [0], "intervention": "improved_forest_mgmt"},
        {"name": "given", "from": "PLAN"},
        {"name": "part", "from": "PLAN", "column": "LINE"},
    ]
    landscape = load_landscape(make(table, lambda data: data.update(locks=locks)))
    assert settled(landscape, "contract") == ["", "", "", "improved_forest_mgmt", "", ""]
    assert settled(landscape, "given") == ["", "keep", "bamboo", "", "keep", ""]
    assert settled(landscape, "part") == ["", "keep", "", "", "", ""]
    assert "parcels.csv: lock 'given' settles 3 parcels with 11.6666 ha" in landscape.notes


@pytest.mark.parametrize(
    ("locks", "message"),
    [
        (
            [{"name": "a", "column": "LINE", "intervention": "bambo"}],
            "locks.0.intervention: unknown intervention 'bambo'. Did you mean 'bamboo'? Known: keep",
        ),
        ([{"name": "a", "column": "LIEN", "intervention": "keep"}], "parcels.csv: LIEN: no such column."),
        ([{"name": "a", "from": "PLAM"}], "parcels.csv: PLAM: no such column. Did you mean 'PLAN'?"),
        (
            [{"name": "a", "from": "COUNTY"}],
            "parcels.csv: COUNTY: lock 'a' names unknown interventions 甲县, 乙县 (6 rows: row 2: '甲县'",
        ),
        (
            [{"name": "a", "from": "PLAN"}, {"name": "b", "column": "LINE", "intervention": "bamboo"}],
            "BSM: lock 'b' and one before it give a parcel different interventions (1 row: row 3: 1101",
        ),
        (
            [{"name": "a", "from": "PLAN"}, {"name": "a", "from": "PLAN"}],
            "study.toml: locks.1.name: the name 'a' is taken",
        ),
    ],
)
def test_locks_at_fault(make: Make, table: pd.DataFrame, locks: list[dict[str, Any]], message: str) -> None:
    table["PLAN"] = ["", "keep", "bamboo", "", "", ""]
    study = make(table, lambda data: data.update(locks=locks))
    with pytest.raises(InputError) as error:
        load_inputs(study)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("lock", "message"),
    [
        ({}, "locks.a: a lock needs either intervention or from, and not both"),
        ({"column": "F", "intervention": "keep", "from": "P"}, "either intervention or from, and not both"),
        ({"intervention": "keep"}, "a lock with intervention or when needs the column of flags"),
        ({"from": "P", "when": [2]}, "a lock with intervention or when needs the column of flags"),
        ({"given": "P"}, "locks.a.given: unknown key"),
    ],
)
def test_locks_that_say_too_much_or_too_little(said: Said, lock: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        study_from(said("parcels.csv") | {"locks": [{"name": "a"} | lock]}, Path("study.toml"))
    assert message in str(error.value)
