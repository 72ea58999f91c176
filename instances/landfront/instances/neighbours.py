"""Neighbours of parcels and the boundary that they share: from shapes, from a grid, or from a table.

Formula, for parcels p and q:

    shared(p, q) = length of the lines that the boundaries of p and q have in common, in m
    outer(p)     = perimeter(p) - sum over q of shared(p, q), in m

Lengths of shapes in degrees are geodesic, on the ellipsoid of their reference system (C. F. F. Karney,
Algorithms for geodesics, Journal of Geodesy 87, 2013, as in PROJ); degrees are never taken for a plane.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray

from landfront.instances.faults import Fault, InputError
from landfront.instances.mask_layers import refuse_unplaced
from landfront.instances.paths import inside
from landfront.instances.readers import has_geometry, read_shapes
from landfront.instances.schema import some
from landfront.instances.sheet import Faults, Sheet, match_ids, open_sheet
from landfront.instances.study import Study
from landfront.instances.study_space import METRES, Edges, Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME = 1e-6
"""Two lengths of one edge that differ by no more than this share are the same, written with few digits."""

ROUNDING = 1e-9
"""Share of a perimeter below which what is not shared is rounding, not a boundary with the outside."""


@dataclass(frozen=True)
class Neighbours:
    """Which parcels are neighbours.

    Attributes
    ----------
    shared
        Length of the shared boundary in m, symmetric, shape (n, n); an entry of 0 is a neighbour that only
        touches.
    outer
        Length of the boundary with what is no parcel, in m, shape (n,).
    cells
        Row and column of each parcel, shape (n,) each, where parcels are cells of a grid.
    """

    shared: sp.csr_array
    outer: Floats
    cells: tuple[Ints, Ints] | None = None

    @property
    def edges(self) -> tuple[Ints, Ints, Floats]:
        """Each pair of neighbours once, the lower index first, and the length that they share."""
        entries = sp.coo_array(self.shared)
        a, b = (at.astype(np.int64) for at in entries.coords)
        once = a < b
        return a[once], b[once], np.asarray(entries.data[once], dtype=np.float64)


def neighbours_of(n: int, edges: tuple[Ints, Ints, Floats], outer: Floats) -> Neighbours:
    """Neighbours from each edge once; equal pairs must not occur twice.

    >>> found = neighbours_of(3, (np.array([0, 1]), np.array([1, 2]), np.array([10.0, 0.0])), np.zeros(3))
    >>> found.shared.indices.tolist(), found.shared.data.tolist()
    ([1, 0, 2, 1], [10.0, 10.0, 0.0, 0.0])
    """
    a, b, length = edges
    both = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((both[1], both[0]))
    starts = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(both[0], minlength=n), out=starts[1:])
    data = np.concatenate([length, length])[order]
    matrix = sp.csr_array((data, both[1][order].astype(np.int32), starts.astype(np.int32)), shape=(n, n))
    return Neighbours(matrix, outer)


def read_neighbours(sheet: Sheet, study: Study, ids: pd.Index | None) -> Neighbours | None:
    """Neighbours as ``[space]`` says, or None where it says nothing or its data are at fault."""
    space = study.space
    if space is None or ids is None:
        return None
    found: Neighbours | None = None
    with sheet.faults.caught():
        if space.grid is not None:
            found = _of_grid(sheet, space.grid, corners=space.corners)
        elif space.edges is not None:
            found = _of_table(study, space.edges, ids, sheet.faults)
        else:
            found = _of_shapes(sheet, study, corners=space.corners)
    if found is not None and not space.outer:
        return replace(found, outer=np.zeros(len(ids)))
    return found


def _of_grid(sheet: Sheet, grid: Grid, *, corners: bool) -> Neighbours | None:
    """Neighbours of square cells."""
    if not sheet.has(grid.row) or not sheet.has(grid.column):
        return None
    before = len(sheet.faults.found)
    place = [sheet.number(name) for name in (grid.row, grid.column)]
    for name, values in zip((grid.row, grid.column), place, strict=True):
        broken = ~(np.rint(values) == values)
        sheet.fault(name, "not a whole number", "Give rows and columns of cells.", where=broken)
    if len(sheet.faults.found) > before:
        return None
    row, column = (values.astype(np.int64) for values in place)
    twice = pd.DataFrame({"row": row, "column": column}).duplicated(keep=False).to_numpy()
    sheet.fault(grid.row, "two parcels in the same cell", "Give each its own row and column.", where=twice)
    return None if twice.any() else grid_neighbours(row, column, grid.cell, corners=corners)


def grid_neighbours(row: Ints, column: Ints, cell: float, *, corners: bool = False) -> Neighbours:
    """Neighbours of square cells at whole rows and columns, no two at one place.

    Parameters
    ----------
    row, column
        Shape (n,).
    cell
        Width of a cell in m.
    corners
        Whether cells that touch in a corner are neighbours too.

    Examples
    --------
    >>> found = grid_neighbours(np.array([0, 0, 1]), np.array([0, 1, 1]), 30.0)
    >>> found.edges[2].tolist(), found.outer.tolist()
    ([30.0, 30.0], [90.0, 60.0, 90.0])
    """
    row, column = row - row.min(), column - column.min()
    width = int(column.max()) + 3  # a gap on both sides, so that no step leads into another row
    code = row * width + column
    order = np.argsort(code)
    ordered = code[order]
    steps = [(1, cell), (width, cell)] + ([(width + 1, 0.0), (width - 1, 0.0)] if corners else [])
    parts = []
    for step, length in steps:
        at = np.minimum(np.searchsorted(ordered, code + step), len(code) - 1)
        here = np.flatnonzero(ordered[at] == code + step)
        parts.append((here, order[at[here]], np.full(len(here), length)))
    a, b, shared = (np.concatenate([part[k] for part in parts]) for k in range(3))
    inner = np.bincount(a, weights=shared, minlength=len(code))
    inner += np.bincount(b, weights=shared, minlength=len(code))
    outer = np.asarray(4 * cell - inner, dtype=np.float64)
    found = neighbours_of(len(code), (np.minimum(a, b), np.maximum(a, b), shared), outer)
    return replace(found, cells=(row, column))


def _of_table(study: Study, said: Edges, ids: pd.Index, faults: Faults) -> Neighbours | None:
    """Neighbours that a table lists, each edge once or in both directions."""
    before = len(faults.found)
    columns = [said.parcel, said.neighbour, said.length]
    path = inside(study, said.source, "space.edges.source")
    sheet = open_sheet(path, columns, faults, encoding=said.encoding)
    if sheet is None or not all(sheet.has(name) for name in columns):
        return None
    length = np.asarray(sheet.number(said.length) * METRES[said.unit], dtype=np.float64)
    sheet.fault(said.length, "negative length", "Give a length of 0 or more.", where=length < 0)
    ends = [match_ids(ids, sheet.frame[name]) for name in (said.parcel, said.neighbour)]
    for name, found in zip((said.parcel, said.neighbour), ends, strict=True):
        fix = f"Give an id of {study.parcels.source}."
        sheet.fault(name, "no such parcel", fix, where=found < 0)
    a, b = np.minimum(*ends), np.maximum(*ends)
    own = (a == b) & (a >= 0)
    if said.itself == "refuse":
        fix = 'Leave it out, or say self = "outer" where it is the boundary with the outside.'
        sheet.fault(said.parcel, "a parcel that is its own neighbour", fix, where=own)
    _disagreeing(sheet, said, (a, b, length))
    if len(faults.found) > before:
        return None
    edges = pd.DataFrame({"a": a, "b": b, "length": length}).drop_duplicates(["a", "b"])
    ends_of = edges["a"].to_numpy(), edges["b"].to_numpy()
    inner = ends_of[0] != ends_of[1]
    outer = np.zeros(len(ids))
    outer[ends_of[0][~inner]] = edges["length"].to_numpy()[~inner]
    kept = edges["length"].to_numpy()[inner]
    return neighbours_of(len(ids), (ends_of[0][inner], ends_of[1][inner], kept), outer)


def _disagreeing(sheet: Sheet, said: Edges, edges: tuple[Ints, Ints, Floats]) -> None:
    """Add a fault where an edge stands twice with different lengths."""
    a, b, length = edges
    pairs = pd.DataFrame({"a": a, "b": b, "length": length}).groupby(["a", "b"])["length"]
    apart = (pairs.transform("max") - pairs.transform("min")).to_numpy()
    where = (apart > SAME * np.abs(length)) & (a >= 0)
    rule = "the same pair of parcels with different lengths"
    sheet.fault(said.length, rule, "Give each pair one length.", where=where)


def _of_shapes(sheet: Sheet, study: Study, *, corners: bool) -> Neighbours | None:
    """Neighbours by the parcels' own shapes."""
    parcels, why = study.parcels, "but [space] needs it for neighbours"
    path = inside(study, parcels.source, "parcels.source")
    fix = "Give a layer of polygons, or neighbours by space.grid or space.edges."
    if parcels.geometry is False:
        raise InputError([Fault("study.toml", "parcels.geometry", f"is false, {why}", fix)])
    if not has_geometry(path, layer=parcels.layer):
        raise InputError([Fault(path.name, "", f"holds no geometry, {why}", fix)])
    # The same file is read in the same order as for the sheet.
    frame = read_shapes(path, layer=parcels.layer, encoding=parcels.encoding, columns=[parcels.id])
    refuse_unplaced(frame, path, "which [space] needs")
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    flat = ~(shapely.get_dimensions(shapes) == 2) | ~(shapely.area(shapes) > 0)
    kinds = some(sorted({str(shape.geom_type) for shape in shapes[flat] if shape is not None}))
    rule = f"has no polygon with an area{f' but {kinds}' if kinds else ''}, as [space] needs"
    sheet.fault(parcels.id, rule, "Mend its shape, or give neighbours by space.edges.", where=flat)
    if flat.any():
        return None
    invalid = ~shapely.is_valid(shapes)
    if invalid.any():
        shapes = shapes.copy()
        shapes[invalid] = _polygons(shapely.make_valid(shapes[invalid]))
        sheet.note(f"{int(invalid.sum())} shapes were invalid and mended for [space]")
    return shape_neighbours(shapes, frame.crs, corners=corners)


def _polygons(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons of mended shapes: a spike becomes a line beside them, which bounds nothing."""
    parts, at = shapely.get_parts(shapes, return_index=True)
    flat = shapely.get_dimensions(parts) == 2
    return np.array([shapely.union_all(parts[flat & (at == i)]) for i in range(len(shapes))], dtype=object)


def shape_neighbours(shapes: NDArray[np.object_], crs: Any, *, corners: bool = False) -> Neighbours:
    """Neighbours of valid polygons, and the lengths of their boundaries in m.

    Parameters
    ----------
    shapes
        Shape (n,).
    crs
        Their coordinate reference system (pyproj).
    corners
        Whether polygons that touch in points alone are neighbours too.

    Examples
    --------
    >>> from pyproj import CRS
    >>> shapes = np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 5, 2)])
    >>> found = shape_neighbours(shapes, CRS("EPSG:4526"))
    >>> found.edges[2].tolist(), found.outer.tolist()
    ([2.0], [6.0, 8.0])
    """
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = a < b
    a, b = a[once].astype(np.int64), b[once].astype(np.int64)
    lines = shapely.boundary(shapes)
    shared = lengths(shapely.intersection(lines[a], lines[b]), crs)
    if not corners:
        kept = shared > 0
        a, b, shared = a[kept], b[kept], shared[kept]
    whole, n = lengths(lines, crs), len(shapes)
    inner = np.bincount(a, weights=shared, minlength=n) + np.bincount(b, weights=shared, minlength=n)
    outer = np.where(whole - inner > ROUNDING * whole, whole - inner, 0.0)
    return neighbours_of(n, (a, b, shared), outer)


def lengths(lines: NDArray[np.object_], crs: Any) -> Floats:
    """Length of each in m, shape (n,): geodesic where coordinates are degrees, in the plane elsewhere.

    Parts that are no lines have none.

    Examples
    --------
    >>> from pyproj import CRS
    >>> meridian = np.array([shapely.LineString([(110, 0), (110, 1)])])
    >>> lengths(meridian, CRS("EPSG:4490")).round(0).tolist()
    [110574.0]
    """
    if not crs.is_geographic:
        return np.asarray(shapely.length(lines) * crs.axis_info[0].unit_conversion_factor)
    parts, owner = shapely.get_parts(lines, return_index=True)
    linear = shapely.get_dimensions(parts) == 1
    parts, owner = parts[linear], owner[linear]
    at, part = shapely.get_coordinates(parts, return_index=True)
    to_degrees = np.rad2deg(crs.axis_info[0].unit_conversion_factor)
    along = np.flatnonzero(part[1:] == part[:-1])
    (west, south), (east, north) = (at[along] * to_degrees).T, (at[along + 1] * to_degrees).T
    metres = crs.get_geod().inv(west, south, east, north)[2] if len(along) else np.zeros(0)
    return np.bincount(owner[part[along]], weights=metres, minlength=len(lines)).astype(np.float64)
