"""rasters/: each named plan as a GeoTIFF, for studies whose parcels are the cells of one regular grid.

A cell holds the number of its main intervention in ``menu`` order (``interventions`` of plans.gpkg), with the
colours of every figure in its palette, and names in a style beside it that QGIS reads by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from landfront.report.layers import LANGUAGES, layer_of
from landfront.report.result import Named, Result, labels_in
from landfront.report.shares import main_choice
from landfront.report.style import colours

FOLDER = "rasters"
NONE = 255
"""Value of cells that are no parcel; studies with as many interventions write none."""

SAME = 1e-6
"""Share of a cell by which its sides and area may differ from others' and be the same: rounding of files."""

ALIGNED = 1e-3
"""Share of a cell by which its corner may be off the grid."""

MOST_EMPTY = 100
"""Cells of the picture per parcel above which a grid is too scattered to be one."""


@dataclass(frozen=True)
class Grid:
    """A regular grid, rows from the north.

    Attributes
    ----------
    row, column
        Cell of each parcel, shape (n,).
    left, top, width, height
        North-western corner, and size of a cell, in units of the coordinate system.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    left: float
    top: float
    width: float
    height: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.row.max()) + 1, int(self.column.max()) + 1


def grid_of(shapes: Any) -> Grid | None:
    """The regular grid whose cells these shapes are, one each; None where they are none.

    Parameters
    ----------
    shapes
        A GeoSeries.
    """
    import shapely

    if not len(shapes) or not shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        return None
    bounds = shapes.bounds.to_numpy()
    wide, high = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    width, height = float(np.median(wide)), float(np.median(high))
    if not (width > 0 and height > 0):
        return None
    even = np.abs(wide / width - 1).max() <= SAME and np.abs(high / height - 1).max() <= SAME
    full = np.abs(shapely.area(shapes.to_numpy()) / (width * height) - 1).max() <= SAME
    column, row = (bounds[:, 0] - bounds[:, 0].min()) / width, (bounds[:, 3].max() - bounds[:, 3]) / height
    off = max(np.abs(column - np.rint(column)).max(), np.abs(row - np.rint(row)).max())
    if not even or not full or off > ALIGNED:
        return None
    at = np.rint(row).astype(np.int64), np.rint(column).astype(np.int64)
    found = Grid(*at, float(bounds[:, 0].min()), float(bounds[:, 3].max()), width, height)
    rows, columns = found.shape
    once = len(np.unique(at[0] * columns + at[1])) == len(shapes)
    return found if once and rows * columns <= MOST_EMPTY * len(shapes) else None


def grid_in(result: Result) -> Grid | None:
    """The grid of a study that rasters can be written for."""
    if result.formulation.landscape.geometry is None:
        return None
    if len(result.formulation.menu.interventions) > NONE:
        return None
    if "grid" not in result.kept:
        result.kept["grid"] = grid_of(layer_of(result).geometry)
    found: Grid | None = result.kept["grid"]
    return found


def write_rasters(result: Result, folder: Path) -> None:
    """Write a GeoTIFF and its style for each named plan; nothing where parcels are no grid."""
    import rasterio

    grid = grid_in(result)
    if grid is None:
        return
    folder.mkdir()
    names = result.formulation.menu.interventions
    palette = {value: _rgba(colour) for value, colour in enumerate(colours(names).values())}
    rows, columns = grid.shape
    profile = {
        "driver": "GTiff", "dtype": "uint8", "count": 1, "height": rows, "width": columns, "nodata": NONE,
        "crs": layer_of(result).crs, "compress": "deflate",
        "transform": rasterio.Affine(grid.width, 0.0, grid.left, 0.0, -grid.height, grid.top),
    }  # fmt: skip
    for named in result.named:
        with rasterio.open(folder / f"{named.name}.tif", "w", **profile) as file:
            file.write(_cells(result, named, grid), 1)
            file.write_colormap(1, palette)
            file.set_band_description(1, named.label)
            file.update_tags(interventions=json.dumps(dict(enumerate(names))), point=named.point)
        (folder / f"{named.name}.qml").write_text(_style(result), encoding="utf-8")


def check_rasters(result: Result, folder: Path) -> Iterator[str]:
    """What differs between the rasters of a run and its plans."""
    import rasterio
    from rasterio.errors import RasterioIOError

    grid = grid_in(result)
    if grid is None:
        return
    for named in result.named:
        try:
            with rasterio.open(folder / f"{named.name}.tif") as file:
                same = np.array_equal(file.read(1), _cells(result, named, grid))
        except RasterioIOError as error:
            yield f"{named.name}.tif: cannot be read ({error})"
            continue
        if not same:
            yield f"{named.name}.tif: has other cells than the plan"


def _cells(result: Result, named: Named, grid: Grid) -> NDArray[np.uint8]:
    """The picture of a plan."""
    options = len(result.formulation.menu)
    shares = np.asarray(result.front.points[named.point].x[:options], dtype=np.float64)
    found = np.full(grid.shape, NONE, dtype=np.uint8)
    found[grid.row, grid.column] = main_choice(result, shares)
    return found


def _rgba(colour: str) -> tuple[int, int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue, 255


def _style(result: Result) -> str:
    """A style of QGIS with a colour and a name for each intervention."""
    root = ET.Element("qgis", version="3.22", styleCategories="Symbology")
    pipe = ET.SubElement(root, "pipe")
    renderer = ET.SubElement(
        pipe, "rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1", nodataColor=""
    )
    entries = ET.SubElement(renderer, "colorPalette")
    languages = LANGUAGES if result.in_yuan else LANGUAGES[:1]
    labels = [labels_in(result.formulation, language) for language in languages]
    for value, (name, colour) in enumerate(colours(result.formulation.menu.interventions).items()):
        label = " / ".join(dict.fromkeys(words[name] for words in labels))
        ET.SubElement(entries, "paletteEntry", value=str(value), color=colour, label=label, alpha="255")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )
