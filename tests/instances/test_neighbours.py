"""Neighbours from shapes, grids and tables, and every way in which they can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod

from landfront.instances.faults import InputError
from landfront.instances.load import input_files, load_landscape
from landfront.instances.neighbours import _polygons, grid_neighbours, shape_neighbours
from landfront.instances.study import Study, study_from

Said = Callable[[str], dict[str, Any]]
PLANE = "EPSG:4526"
WEST, SOUTH = 38_500_000.0, 3_000_000.0


def box(west: float, south: float, east: float, north: float) -> Any:
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def in_a_row(n: int = 6) -> list[Any]:
    """Squares of 100 m."""
    return [box(100 * i, 0, 100 * i + 100, 100) for i in range(n)]


@pytest.fixture
def build(tmp_path: Path, table: pd.DataFrame, said: Said) -> Callable[..., Study]:
    """The six parcels as a layer, or with further columns as a table, and a section ``[space]``."""

    def study(space: dict[str, Any], *, shapes: Any = None, crs: Any = PLANE, **columns: Any) -> Study:
        name = "parcels.csv" if columns else "parcels.gpkg"
        if columns:
            table.assign(**columns).to_csv(tmp_path / name, index=False)
        else:
            frame = gpd.GeoDataFrame(table, geometry=in_a_row() if shapes is None else shapes, crs=crs)
            frame.to_file(tmp_path / name)
        return study_from(said(name) | {"space": space}, tmp_path / "study.toml")

    return study


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), corners=st.booleans())
def test_cells_of_a_grid_are_as_their_shapes(seed: int, corners: bool) -> None:
    rng = np.random.default_rng(seed)
    place = rng.permutation(30)[: rng.integers(1, 30)] - 7
    row, column = place // 6, place % 6
    found = grid_neighbours(row, column, 30.0, corners=corners)
    squares = np.array(
        [box(30 * c, -30 * r, 30 * c + 30, 30 - 30 * r) for r, c in zip(row, column, strict=True)]
    )
    shapes = shape_neighbours(squares, CRS(PLANE), corners=corners)
    assert np.array_equal(found.shared.toarray(), shapes.shared.toarray())
    assert np.array_equal(found.shared.indices, shapes.shared.indices)
    assert found.outer == pytest.approx(shapes.outer)
    assert np.array_equal(found.shared.toarray(), found.shared.toarray().T)


def test_corners_of_different_lengths_and_holes() -> None:
    """A square around another, and a smaller one that meets two at half their sides."""
    ring = shapely.difference(box(0, 0, 90, 90), box(30, 30, 60, 60))
    shapes = np.array([ring, box(30, 30, 60, 60), box(90, 60, 150, 120), box(150, 120, 160, 130)])
    found = shape_neighbours(shapes, CRS(PLANE))
    a, b, length = found.edges
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 1), (0, 2)]
    assert length == pytest.approx([120.0, 30.0])
    assert found.outer == pytest.approx([360.0 - 30, 0.0, 240.0 - 30, 40.0])
    touching = shape_neighbours(shapes, CRS(PLANE), corners=True).edges
    assert (touching[0][-1], touching[1][-1], touching[2][-1]) == (2, 3, 0.0)


def test_degrees_are_geodesic_never_a_plane() -> None:
    crs = CRS("EPSG:4490")
    shapes = np.array([shapely.box(110, 60, 111, 61), shapely.box(111, 60, 112, 61)])
    found = shape_neighbours(shapes, crs)
    geod = Geod(ellps="GRS80")
    meridian = geod.inv(111, 60, 111, 61)[2]
    assert found.edges[2] == pytest.approx([meridian], rel=1e-9)
    south, north = geod.inv(110, 60, 111, 60)[2], geod.inv(110, 61, 111, 61)[2]
    assert found.outer == pytest.approx([meridian + south + north] * 2, rel=1e-9)
    assert south < 0.51 * meridian  # at 60 degrees a degree of longitude is half as long


def test_feet_become_metres() -> None:
    found = shape_neighbours(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]), CRS("EPSG:2225"))
    assert found.edges[2] == pytest.approx([1200 / 3937])


def test_a_layer_gives_its_neighbours(build: Callable[..., Study]) -> None:
    found = load_landscape(build({"geometry": True})).neighbours
    assert found is not None
    assert found.edges[2] == pytest.approx([100.0] * 5)
    assert found.outer == pytest.approx([300, 200, 200, 200, 200, 300])
    inner = load_landscape(build({"geometry": True, "outer": False})).neighbours
    assert inner is not None
    assert not inner.outer.any()


def test_rows_and_columns_give_neighbours(build: Callable[..., Study]) -> None:
    grid = {"grid": {"row": "r", "column": "c", "cell": 50}}
    found = load_landscape(build(grid, r=[0, 0, 0, 1, 1, 1], c=[0, 1, 2, 0, 1, 2])).neighbours
    assert found is not None
    assert len(found.edges[0]) == 7
    eight = load_landscape(
        build(grid | {"corners": True}, r=[0, 0, 0, 1, 1, 1], c=[0, 1, 2, 0, 1, 2])
    ).neighbours
    assert eight is not None
    assert len(eight.edges[0]) == 11
    assert eight.edges[2].sum() == 350


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"r": [0, 0, 0, 1, 1, 1], "c": [0, 1, 2, 0, 1, 1]}, "two parcels in the same cell"),
        ({"r": [0, 0, 0, 1, 1, 1.5], "c": range(6)}, "not a whole number"),
        ({"r": range(6)}, "c: no such column"),
    ],
)
def test_a_grid_that_is_none(build: Callable[..., Study], columns: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_landscape(build({"grid": {"row": "r", "column": "c", "cell": 50}}, **columns))


def edges(tmp_path: Path, text: str) -> dict[str, Any]:
    (tmp_path / "bound.csv").write_text("id1,id2,length\n" + text, encoding="utf-8")
    return {
        "edges": {
            "source": "bound.csv",
            "parcel": "id1",
            "neighbour": "id2",
            "length": "length",
            "unit": "km",
        }
    }


def test_a_table_gives_neighbours_once_or_twice(
    build: Callable[..., Study], tmp_path: Path, table: pd.DataFrame, said: Said
) -> None:
    ids = table[said("x")["parcels"]["id"]].astype(str).tolist()
    space = edges(tmp_path, f"{ids[0]},{ids[1]},0.5\n{ids[1]},{ids[0]},0.5\n{ids[2]},{ids[2]},0.7\n")
    space["edges"]["self"] = "outer"
    study = build(space)
    found = load_landscape(study).neighbours
    assert found is not None
    assert [part.tolist() for part in found.edges] == [[0], [1], [500.0]]
    assert found.outer[2] == 700.0
    assert "bound.csv" in input_files(study)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("{0},nowhere,1\n", "bound.csv: id2: no such parcel .1 row: row 2: 'nowhere'"),
        ("{0},{0},1\n", "bound.csv: id1: a parcel that is its own neighbour"),
        ("{0},{1},1\n{1},{0},2\n", "the same pair of parcels with different lengths .2 rows: row 2: 1"),
        ("{0},{1},-1\n", "negative length .1 row: row 2: -1"),
        ("{0},{1},\n", "missing value"),
        ("{0},{1},wide\n", "text where a number is needed"),
    ],
)
def test_a_table_that_fits_no_parcels(
    build: Callable[..., Study], tmp_path: Path, table: pd.DataFrame, said: Said, rows: str, words: str
) -> None:
    ids = table[said("x")["parcels"]["id"]].astype(str).tolist()
    with pytest.raises(InputError, match=words) as raised:
        load_landscape(build(edges(tmp_path, rows.format(*ids))))
    assert len(raised.value.faults) == 1


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({}, "give one of geometry = true, grid and edges, found none"),
        ({"geometry": True, "grid": {"row": "r", "column": "c", "cell": 1}}, "found geometry and grid"),
        ({"grid": {"row": "r", "column": "c", "cell": 0}}, "cell"),
        (
            {"edges": {"source": "../b.csv", "parcel": "a", "neighbour": "b", "length": "l"}},
            "outside the study",
        ),
        ({"edges": {"source": "b.csv", "parcel": "a", "neighbour": "b", "length": "l"}}, "b.csv"),
    ],
)
def test_a_section_that_asks_for_what_is_not(
    build: Callable[..., Study], space: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        load_landscape(build(space))


def test_parcels_without_geometry_are_told(build: Callable[..., Study]) -> None:
    with pytest.raises(InputError, match=r"holds no geometry, but .space. needs it for neighbours"):
        load_landscape(build({"geometry": True}, more=range(6)))
    lines = [*in_a_row()[:5], shapely.LineString([(WEST, SOUTH), (WEST + 5, SOUTH)])]
    with pytest.raises(InputError, match="has no polygon with an area but LineString"):
        load_landscape(build({"geometry": True}, shapes=lines))
    with pytest.raises(InputError, match=r"has no polygon with an area, as .space. needs .1 row"):
        load_landscape(build({"geometry": True}, shapes=[*in_a_row()[:5], None]))
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        study = build({"geometry": True}, crs=None)
    with pytest.raises(InputError, match="no coordinate reference system"):
        load_landscape(study)


def test_blocks_become_a_level(build: Callable[..., Study]) -> None:
    """Codes along the row: 0103, 0101, 0404, 0307K, 0301, 0103."""
    blocks = [{"name": "field", "cover": ["0101", "0103"]}, {"name": "piece"}]
    land = load_landscape(build({"geometry": True, "blocks": blocks}))
    assert land.levels[-2:] == ("field", "piece")
    assert land.nested == ("PROVINCE", "COUNTY")
    assert land.regions[:, 2].tolist() == [0, 0, -1, -1, -1, 1]
    assert land.region_names[2] == ("field 110101080000000001", "field 110101080000000006")
    assert land.regions[:, 3].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([{"name": "COUNTY"}], "space.blocks.0.name: 'COUNTY' is the name of another level"),
        ([{"name": "field"}, {"name": "field"}], "space.blocks.1.name"),
        ([{"name": "field", "cover": ["0102"]}], "space.blocks.0.cover: no parcel has 0102"),
    ],
)
def test_blocks_that_are_none(build: Callable[..., Study], blocks: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_landscape(build({"geometry": True, "blocks": blocks}))


@pytest.mark.parametrize("corners", [False, True])
def test_a_spike_that_is_mended_bounds_nothing(corners: bool) -> None:
    """A square with a spike is mended to the square and a line, whose boundary is no length."""
    shapes = in_a_row()
    west = WEST
    spike = [(west, SOUTH), (west + 100, SOUTH), (west + 100, SOUTH + 100), (west + 50, SOUTH + 100),
             (west + 50, SOUTH + 150), (west + 50, SOUTH + 100), (west, SOUTH + 100)]  # fmt: skip
    shapes[0] = shapely.Polygon(spike)
    assert not shapes[0].is_valid
    found = shape_neighbours(_polygons(shapely.make_valid(np.array(shapes))), CRS(PLANE), corners=corners)
    assert found.edges[2].tolist() == [100.0] * 5
    assert found.outer.tolist() == pytest.approx([300.0, 200.0, 200.0, 200.0, 200.0, 300.0])
