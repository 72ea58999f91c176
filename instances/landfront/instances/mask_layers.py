"""Masks that are layers of polygons, laid over the parcels: red lines, farmland, urban growth boundaries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from landfront.instances.faults import Fault, InputError
from landfront.instances.masks import flagged
from landfront.instances.overlay import (
    Floats,
    Shapes,
    covered_shares,
    mended,
    polygons_of,
    reprojected,
)
from landfront.instances.paths import inside
from landfront.instances.readers import has_geometry, read_shapes
from landfront.instances.schema import some
from landfront.instances.sheet import Faults, Sheet
from landfront.instances.study import Study
from landfront.instances.study_land import Mask

if TYPE_CHECKING:
    import geopandas as gpd

Flags = NDArray[np.bool_]
POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
NOISE = 1e-9
"""Shares are known this well: half is half whatever the last digit says, and less than this is no overlap."""
DEGREES, FARTHEST = np.array([360.0, 90.0]), 1e9
"""Largest coordinates that a place on Earth has, in degrees and in any unit of length."""


@dataclass(frozen=True)
class Ground:
    """Shapes of the parcels in the order of their table, each valid and with an area.

    Attributes
    ----------
    shapes
        Shape (n,).
    crs
        Their coordinate reference system (pyproj).
    table
        The file, for messages.
    """

    shapes: Shapes
    crs: Any
    table: str


def read_mask_layers(sheet: Sheet, study: Study, area: Floats | None) -> dict[str, Flags]:
    """Masks with a source by name, True where they apply; without those that have a fault.

    `area` is that of the parcels in ha, for the notes.
    """
    masks: dict[str, Flags] = {}
    ground: Ground | None = None
    with sheet.faults.caught():
        ground = _read_ground(sheet, study)
    for number, mask in enumerate(study.masks):
        if mask.source is None:
            continue
        with sheet.faults.caught():
            path = inside(study, mask.source, f"masks.{number}.source")
            polygons, crs = _read_polygons(mask, number, path, sheet.faults)
            if ground is not None:
                shares = covered_shares(ground.shapes, _in_plane(polygons, crs, ground, path), ground.crs)
                masks[mask.name] = shares >= mask.share - NOISE if mask.share else shares > NOISE
                _tell(sheet, mask, masks[mask.name], shares, area)
    return masks


def _tell(sheet: Sheet, mask: Mask, here: Flags, shares: Floats, area: Floats | None) -> None:
    """Say how much a mask covers, and that its place may be wrong where it covers nothing."""
    if not (shares > NOISE).any():
        sheet.note(
            f"mask {mask.name!r} applies to no parcel: {mask.source} overlaps none; is its place right?"
        )
        return
    size = "" if area is None else f" with {float(area[here].sum()):,.6g} ha"
    rule = f"at least {100 * mask.share:g} % of each lies" if mask.share else "each lies at least in part"
    sheet.note(
        f"mask {mask.name!r} applies to {int(here.sum()):,} parcels{size} ({rule} under {mask.source}; "
        f"{int((shares > NOISE).sum()):,} parcels overlap it)"
    )


def _read_ground(sheet: Sheet, study: Study) -> Ground | None:
    """The shapes of the parcels, or None where some have none that a mask can be laid over."""
    parcels, wanted = study.parcels, ", ".join(mask.name for mask in study.masks if mask.source)
    path = inside(study, parcels.source, "parcels.source")
    why = f"but masks are laid over it: {wanted}"
    if parcels.geometry is False:
        fix = "Set it to true, or give these masks by a column."
        raise InputError([Fault("study.toml", "parcels.geometry", f"is false, {why}", fix)])
    if not has_geometry(path, layer=parcels.layer):
        fix = "Name a layer of polygons under parcels.source, or give these masks by a column."
        raise InputError([Fault(path.name, "", f"holds no geometry, {why}", fix)])
    # The same file is read in the same order as for the sheet.
    frame = read_shapes(path, layer=parcels.layer, encoding=parcels.encoding, columns=[parcels.id])
    refuse_unplaced(frame, path, why)
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    invalid = int((~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)).sum())
    flat = ~np.isin(shapely.get_type_id(shapes), POLYGONS)
    kinds = some(sorted({str(shape.geom_type) for shape in shapes[flat] if shape is not None}))
    shapes = shapes if flat.any() else mended(shapes)
    where = flat | ~(shapely.area(shapes) > 0)
    rule = f"has no polygon with an area{f' but {kinds}' if kinds else ''}, as masks need: {wanted}"
    sheet.fault(parcels.id, rule, "Mend its shape, or give these masks by a column.", where=where)
    if invalid and not where.any():
        sheet.note(f"{invalid} shapes were invalid and mended for the masks {wanted}")
    return None if where.any() else Ground(shapes, frame.crs, path.name)


def _read_polygons(mask: Mask, number: int, path: Path, faults: Faults) -> tuple[Shapes, Any]:
    """The polygons of a mask's layer that it wants, each valid, and their reference system."""
    columns = [] if mask.where is None else [mask.where.column]
    frame = read_shapes(path, layer=mask.layer, encoding=mask.encoding, columns=columns)
    faults.notes += frame.attrs["notes"]
    if mask.where is not None:
        frame = _chosen(frame, mask, number)
    refuse_unplaced(frame, path, f"which mask {mask.name!r} needs")
    shapes = frame.geometry.dropna().to_numpy()
    polygons = polygons_of(shapes)
    if not len(polygons):
        kinds = some(sorted({str(shape.geom_type) for shape in shapes}))
        rule = f"{path.name} holds no polygon with an area ({kinds or 'no shapes'})"
        fix = "Name a layer of polygons, or give the mask by a column of flags."
        raise InputError([Fault("study.toml", f"masks.{number}.source", rule, fix)])
    _tell_layer(mask, path, shapes, faults, features=len(frame))
    return polygons, frame.crs


def _chosen(frame: gpd.GeoDataFrame, mask: Mask, number: int) -> gpd.GeoDataFrame:
    """The features that a mask's ``where`` keeps; a rule that keeps none is refused."""
    assert mask.where is not None
    column = frame[mask.where.column]
    kept = flagged(column, mask.where.values)
    if not kept.any():
        asked = ", ".join(map(repr, mask.where.values))
        rule = (
            f"keeps no feature: {mask.where.column} holds {some(column.dropna().unique()[:8]) or 'nothing'}"
        )
        key = f"masks.{number}.where"
        raise InputError([Fault("study.toml", key, f"{rule}, and none of {asked}", "Mend in = [...].")])
    return frame[kept]


def _tell_layer(mask: Mask, path: Path, shapes: Shapes, faults: Faults, *, features: int) -> None:
    invalid = int((~shapely.is_valid(shapes)).sum())
    if invalid:
        faults.notes.append(f"{path.name}: {invalid} invalid shapes were mended (mask {mask.name!r})")
    areas = shapely.get_dimensions(shapes) == 2
    if other := features - int((areas & ~shapely.is_empty(shapes)).sum()):
        faults.notes.append(
            f"{path.name}: {other} features without a polygon count nothing (mask {mask.name!r})"
        )


def refuse_unplaced(frame: gpd.GeoDataFrame, path: Path, why: str) -> None:
    """Refuse shapes without a reference system, and coordinates that can be none of it."""
    if frame.crs is None:
        fix = "Assign it in a GIS; a Shapefile needs its .prj file."
        raise InputError([Fault(path.name, "", f"says no coordinate reference system, {why}", fix)])
    corners = shapely.get_coordinates(frame.geometry.to_numpy())
    most = DEGREES if frame.crs.is_geographic else FARTHEST
    if not (np.abs(corners) <= most).all():  # nan is not either
        rule = f"has coordinates that cannot be in its reference system ({frame.crs.name}), {why}"
        raise InputError([Fault(path.name, "", rule, "Assign the right one in a GIS.")])


def _in_plane(polygons: Shapes, crs: Any, ground: Ground, path: Path) -> Shapes:
    """The polygons in the coordinates of the parcels."""
    if crs == ground.crs:
        return polygons
    extent = shapely.total_bounds(ground.shapes)
    try:
        return reprojected(polygons, source=crs, target=ground.crs, extent=extent)
    except ProjError as error:
        rule = (
            f"cannot be brought from {crs.name} into {ground.crs.name}, in which {ground.table} is ({error})"
        )
        fix = "Look at both in a GIS, and mend the reference system that is wrong."
        raise InputError([Fault(path.name, "", rule, fix)]) from error
