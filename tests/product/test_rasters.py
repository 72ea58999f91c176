"""Plans as rasters, where parcels are the cells of a grid: cells, place, colours, and what is no grid."""

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely

import landfront.api as lf
from landfront.report.rasters import grid_of
from landfront.report.stored import plan_at
from landfront.report.style import colours


def boxes(x: np.ndarray, y: np.ndarray, width: float = 30.0, height: float = 30.0) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapely.box(x, y, x + width, y + height), crs="EPSG:32650")


def test_each_named_plan_has_its_cells_in_place_and_colour(squares_run: Path) -> None:
    files = sorted(path.name for path in (squares_run / "rasters").iterdir())
    assert "knee.tif" in files
    assert "knee.qml" in files
    shapes = gpd.read_file(squares_run / "plans.gpkg", layer="parcels")
    for path in (squares_run / "rasters").glob("*.tif"):
        with rasterio.open(path) as file:
            assert (file.shape, file.crs.to_epsg(), file.res) == ((6, 6), 32650, (100.0, 100.0))
            plan, _ = plan_at(squares_run, int(file.tags()["point"]))
            names = plan.formulation.menu.interventions
            main = plan.to_frame().sort_values("share", kind="stable").drop_duplicates("parcel", keep="last")
            by = dict(zip(main["parcel"], main["intervention"], strict=True))
            values = [value[0] for value in file.sample([(p.x, p.y) for p in shapes.geometry.centroid])]
            assert [names[value] for value in values] == [by[parcel] for parcel in shapes["parcel"]]
            palette = {f"#{r:02X}{g:02X}{b:02X}" for r, g, b, a in file.colormap(1).values() if a}
            assert set(colours(names).values()) <= palette
    assert lf.verify(squares_run).holds


def test_a_changed_cell_is_found(copied: Path) -> None:
    path = copied / "rasters" / "knee.tif"
    with rasterio.open(path, "r+") as file:
        cells = file.read(1)
        cells[0, 0] = (cells[0, 0] + 1) % 2
        file.write(cells, 1)
    found = lf.verify(copied)
    assert not found.holds
    assert any("knee.tif: has other cells" in str(line) for line in found.lines)
    path.write_bytes(b"no picture")
    assert any("knee.tif: cannot be read" in str(line) for line in lf.verify(copied).lines)


def test_a_resumed_run_has_rasters_of_its_new_front(copied: Path) -> None:
    shutil.copy(copied / "rasters" / "knee.tif", copied / "rasters" / "old.tif")
    lf.resume(copied, points=9)
    assert not (copied / "rasters" / "old.tif").exists()
    assert lf.verify(copied).holds


@pytest.mark.parametrize(
    ("shapes", "why"),
    [
        (boxes(np.array([0.0, 30.0, 60.0]), np.zeros(3), width=29.0), "gaps between cells"),
        (boxes(np.array([0.0, 30.0, 75.0]), np.zeros(3)), "off the grid"),
        (boxes(np.array([0.0, 30.0, 30.0]), np.zeros(3)), "two in one place"),
        (boxes(np.array([0.0, 30.0 * 1e6]), np.zeros(2)), "too far apart"),
        (gpd.GeoSeries(shapely.points([0.0, 30.0], [0.0, 0.0])), "points"),
        (gpd.GeoSeries(shapely.buffer(shapely.points([0.0, 30.0], [0.0, 0.0]), 15.0)), "circles"),
        (boxes(np.array([0.0, 30.0]), np.zeros(2)).iloc[:0], "nothing"),
    ],
)
def test_what_is_no_grid(shapes: gpd.GeoSeries, why: str) -> None:
    assert grid_of(shapes) is None, why


def test_a_grid_with_holes_and_cells_that_are_not_square() -> None:
    x, y = np.array([0.0, 90.0, 30.0]), np.array([0.0, 20.0, 40.0])
    found = grid_of(boxes(x + 5e5, y + 3e6, height=20.0))
    assert found is not None
    assert found.row.tolist() == [2, 1, 0]
    assert found.column.tolist() == [0, 3, 1]
    assert (found.left, found.top, found.width, found.height) == (5e5, 3e6 + 60, 30.0, 20.0)
