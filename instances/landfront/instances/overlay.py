"""Overlay: the share of each parcel's area that lies under the polygons of a layer.

Formula, for parcel p and the union U of the polygons:

    share(p) = area(p within U) / area(p)

Shapes are cut in the parcels' own coordinates, so that lines that coincide stay together. Areas are measured
in that plane where the coordinates are projected, and in an equal-area projection where they are degrees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertCylindricalEqualAreaConversion
from pyproj.exceptions import ProjError

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

CORNERS = 256
"""Polygons with more corners are halved before they are cut, since each cut looks at all corners."""
HALVINGS = 40
"""At most so often; corners that lie closer than that stay together."""
STEP_DEGREES, STEP_METRES = 0.01, 1000.0
"""Longest piece of a straight line that is straight in another projection too, within centimetres."""
MARGIN = 0.01
"""Share of the parcels' extent by which polygons may reach beyond it when they are reprojected."""


def covered_shares(parcels: Shapes, polygons: Shapes, crs: CRS) -> Floats:
    """Share of each parcel's area under the union of the polygons, shape (n,).

    Parameters
    ----------
    parcels
        Valid shapes with an area, shape (n,).
    polygons
        Valid polygons (`polygons_of`) in the same coordinates; they may overlap.
    crs
        The reference system of both.

    Examples
    --------
    >>> polygons = np.array([shapely.box(0, 0, 3, 2), shapely.box(2, 0, 3, 4)])
    >>> covered_shares(np.array([shapely.box(0, 0, 4, 4)]), polygons, CRS("EPSG:4526")).tolist()
    [0.5]
    """
    shares = np.zeros(len(parcels))
    tree = shapely.STRtree(parcels)
    _, whole = tree.query(polygons, predicate="covers")
    shares[whole] = 1.0
    small = _halved(polygons)
    polygon, parcel = tree.query(small, predicate="intersects")
    partly = shares[parcel] == 0
    polygon, parcel = polygon[partly], parcel[partly]
    pieces = shapely.intersection(small[polygon], parcels[parcel])
    at, pieces = _one_each(parcel, pieces)
    measure = _measure(crs, parcels)
    shares[at] = np.minimum(measure(pieces) / measure(parcels[at]), 1.0)
    return shares


def polygons_of(shapes: Shapes) -> Shapes:
    """The polygons that shapes consist of, each valid; lines, points and empty parts are left out.

    Parts of one shape may overlap: each is mended by itself, so that an overlap is no hole.

    Examples
    --------
    >>> bowtie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> shapely.area(polygons_of(np.array([bowtie, shapely.Point(5, 5)]))).tolist()
    [1.0, 1.0]
    """
    parts = shapely.get_parts(shapely.get_parts(shapely.force_2d(shapes)))
    parts = shapely.get_parts(mended(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]))
    return np.asarray(parts[shapely.area(parts) > 0])


def mended(shapes: Shapes) -> Shapes:
    """Shapes with the invalid ones made valid; what has no area is dropped from those."""
    shapes = shapes.copy()
    bad = ~shapely.is_valid(shapes)
    shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    return shapes


def reprojected(polygons: Shapes, *, source: CRS, target: CRS, extent: Floats) -> Shapes:
    """Polygons from one reference system in another, as far as they may touch `extent`.

    Long straight lines get more corners first, so that they bend as the other projection wants.

    Parameters
    ----------
    extent
        West, south, east and north of what matters, in the target system.

    Raises
    ------
    pyproj.exceptions.ProjError
        If there is no way from one system to the other for this extent.
    """
    there = Transformer.from_crs(source, target, always_xy=True)
    margin = MARGIN * max(extent[2] - extent[0], extent[3] - extent[1])
    wide = extent + margin * np.array([-1.0, -1.0, 1.0, 1.0])
    window = np.array(there.transform_bounds(*wide, direction="INVERSE"))
    if not np.isfinite(window).all():
        raise ProjError("the extent of the parcels has no place there")
    if window[0] < window[2]:  # it does not span the date line
        polygons = _within(polygons, shapely.box(*window))
    step = STEP_DEGREES if source.is_geographic else STEP_METRES / source.axis_info[0].unit_conversion_factor
    moved = _moved(shapely.segmentize(polygons, step), there)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise ProjError("some of its corners have no place there")
    return polygons_of(moved)


def _within(polygons: Shapes, window: Any) -> Shapes:
    """What of the polygons lies in a window; those that lie in it as a whole stay as they are."""
    shapely.prepare(window)
    near = polygons[shapely.intersects(window, polygons)]
    across = ~shapely.covers(window, near)
    return np.concatenate([near[~across], polygons_of(shapely.intersection(near[across], window))])


def _halved(polygons: Shapes) -> Shapes:
    """Polygons of few corners that together are the same."""
    done = []
    for _ in range(HALVINGS):
        large = shapely.get_num_coordinates(polygons) > CORNERS
        done.append(polygons[~large])
        polygons = polygons[large]
        if not len(polygons):
            break
        first, second = _halves(shapely.bounds(polygons))
        pieces = [shapely.intersection(polygons, half) for half in (first, second)]
        polygons = polygons_of(np.concatenate(pieces))
    return np.concatenate([*done, polygons])


def _halves(bounds: Floats) -> tuple[Shapes, Shapes]:
    """The two halves of boxes, cut across the longer side."""
    west, south, east, north = bounds.T
    wide = east - west >= north - south
    x, y = (west + east) / 2, (south + north) / 2
    first = shapely.box(west, south, np.where(wide, x, east), np.where(wide, north, y))
    return first, shapely.box(np.where(wide, x, west), np.where(wide, south, y), east, north)


def _one_each(parcel: NDArray[np.int64], pieces: Shapes) -> tuple[NDArray[np.int64], Shapes]:
    """Parcels that have pieces, and one shape for each: the union where there are several."""
    real = shapely.area(pieces) > 0
    order = np.argsort(parcel[real], kind="stable")
    parcel, pieces = parcel[real][order], pieces[real][order]
    at, place, count = np.unique(parcel, return_inverse=True, return_counts=True)
    shapes = np.empty(len(at), dtype=object)
    single = count[place] == 1
    shapes[place[single]] = pieces[single]
    if not single.all():
        several = np.cumsum(count > 1)[place[~single]] - 1
        piles = shapely.geometrycollections(pieces[~single], indices=several)
        shapes[count > 1] = shapely.union_all(piles[:, None], axis=1)
    return at, shapes


def _measure(crs: CRS, parcels: Shapes) -> Any:
    """A function that gives the areas of shapes, in the plane or in an equal-area projection."""
    if not crs.is_geographic:
        return shapely.area
    west, _, east, _ = shapely.total_bounds(parcels)
    plane = LambertCylindricalEqualAreaConversion(0.0, float((west + east) / 2))
    flat = ProjectedCRS(plane, geodetic_crs=crs.to_2d())
    there = Transformer.from_crs(crs.to_2d(), flat, always_xy=True)
    return lambda shapes: shapely.area(_moved(shapes, there))


def _moved(shapes: Shapes, transformer: Transformer) -> Shapes:
    def move(corners: Floats) -> Floats:
        return np.column_stack(transformer.transform(corners[:, 0], corners[:, 1]))

    return np.asarray(shapely.transform(shapes, move))
