"""The map as a picture of parcel numbers, which a browser recolours by a lookup for each plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.report.ground import Ground

Ints = NDArray[np.int32]
MOST_CELLS = 900
"""Cells along the longer side of a picture of shapes: about what half a screen shows."""
MANY_VERTICES = 60
"""Vertices of a shape, on average, above which shapes are simplified to half a cell before they are drawn."""
MOST_BORDERS = 40_000
"""Vertices of region borders that a page draws; where there are more it leaves them out."""


@dataclass(frozen=True)
class Picture:
    """Which parcel each cell of a map shows.

    Attributes
    ----------
    parcel
        Index of the parcel, -1 outside the study, shape (rows, columns), south first.
    extent
        West, east, south, north of the grid, in the layer's coordinates.
    exact
        Whether each cell shows the parcel that its middle lies in; otherwise the one whose centre is nearest.
    hidden
        How many parcels no cell shows.
    """

    parcel: Ints
    extent: tuple[float, float, float, float]
    exact: bool
    hidden: int


def picture_of(ground: Ground, most: int = MOST_CELLS) -> Picture:
    """The picture of a study's parcels, by their shapes, or by their centres where they are very many."""
    if ground.large or ground.points:
        raster = ground.raster
        return _told(np.asarray(raster.parcel[::-1], np.int32), raster.extent, ground, exact=False)
    west, south, east, north = ground.bounds
    width, height = max(east - west, 1e-12), max((north - south) * ground.aspect, 1e-12)
    cell = max(width, height) / most
    columns, rows = max(1, round(width / cell)), max(1, round(height / cell))
    x = west + (np.arange(columns) + 0.5) * (east - west) / columns
    y = south + (np.arange(rows) + 0.5) * (north - south) / rows
    shapes = _shapes(ground, (east - west) / columns / 2)
    return _told(_inside(shapes, x, y), (west, east, south, north), ground, exact=True)


def _told(parcel: Ints, extent: tuple[float, float, float, float], ground: Ground, *, exact: bool) -> Picture:
    shown = np.unique(parcel[parcel >= 0])
    return Picture(parcel, extent, exact, len(ground.layer) - len(shown))


def _shapes(ground: Ground, tolerance: float) -> NDArray[Any]:
    import shapely

    shapes = np.asarray(ground.layer.geometry.to_numpy())
    if ground.vertices > MANY_VERTICES * len(shapes):
        shapes = np.asarray(shapely.simplify(shapes, tolerance))
    return shapes


def _inside(shapes: NDArray[Any], x: NDArray[np.float64], y: NDArray[np.float64]) -> Ints:
    """The shape that each point of a grid lies in, shape (len(y), len(x)); -1 for none."""
    import shapely

    points = shapely.points(*(grid.ravel() for grid in np.meshgrid(x, y)))
    point, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
    found = np.full(len(points), -1, np.int32)
    # A point on an edge lies in two shapes; the one with the lower number is shown.
    found[point[::-1]] = shape[::-1]
    return found.reshape(len(y), len(x))


def borders_of(ground: Ground, picture: Picture) -> list[NDArray[np.float64]]:
    """Lines around the regions, no finer than the picture's cells; none where they are too many."""
    import shapely

    lines = ground.borders
    if not lines:
        return []
    cell = (picture.extent[1] - picture.extent[0]) / picture.parcel.shape[1]
    thin = shapely.simplify(shapely.linestrings(np.concatenate(lines), indices=_which(lines)), cell / 2)
    coordinates, owner = shapely.get_coordinates(thin, return_index=True)
    if len(coordinates) > MOST_BORDERS:
        return []
    return np.split(coordinates, np.flatnonzero(np.diff(owner)) + 1)


def _which(lines: list[NDArray[np.float64]]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(lines)), [len(line) for line in lines])
