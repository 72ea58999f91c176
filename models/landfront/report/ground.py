"""The geometry of a study as maps need it, read once: rings to fill, a raster, regions, true distances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.report.bars import MOST_REGIONS, level_of
from landfront.report.layers import layer_of, parcel_geometry
from landfront.report.raster import Raster, rasterise
from landfront.report.result import Result

if TYPE_CHECKING:
    from matplotlib.path import Path

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
RASTER_FROM = 50_000
MOVE, LINE, CLOSE = 1, 2, 79


@dataclass(frozen=True)
class Ground:
    """The geometry of a study, read once for all its maps.

    Attributes
    ----------
    layer
        GeoDataFrame of the parcels in the landscape's order.
    regions
        Region of each parcel at the level that fits a page, shape (n,); -1 where it has none.
    names
        Names of these regions; empty where the study has one region or too many to draw.
    """

    layer: Any
    regions: Ints
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: Result) -> Ground:
        """The geometry of a study that has one."""
        return cls.over(result.formulation, layer_of(result))

    @classmethod
    def over(cls, formulation: Formulation, layer: Any) -> Ground:
        """The geometry of a study, of the layer of its parcels."""
        landscape = formulation.landscape
        level = level_of(landscape)
        if level is None:
            return cls(layer, np.full(len(layer), -1))
        place = landscape.levels.index(level)
        names = tuple(map(str, landscape.region_names[place]))
        return cls(layer, landscape.regions[:, place], names if len(names) <= MOST_REGIONS else ())

    @cached_property
    def centres(self) -> Floats:
        """Centroid of each parcel, shape (n, 2)."""
        import shapely

        return np.asarray(shapely.get_coordinates(shapely.centroid(self.layer.geometry.to_numpy())))

    @cached_property
    def raster(self) -> Raster:
        """Grid on which large studies are drawn."""
        return rasterise(self.centres)

    @property
    def large(self) -> bool:
        """True when the parcels are too many to draw one by one."""
        return len(self.layer) > RASTER_FROM

    @cached_property
    def points(self) -> bool:
        """True when parcels are points."""
        return bool(self.layer.geom_type.isin(["Point", "MultiPoint"]).any())

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, south, east, north = self.layer.total_bounds
        return float(west), float(south), float(east), float(north)

    @cached_property
    def aspect(self) -> float:
        """Height of a unit of latitude over the width of a unit of longitude; 1 for projected coordinates."""
        if self.layer.crs is None or not self.layer.crs.is_geographic:
            return 1.0
        _, south, _, north = self.bounds
        return float(1 / np.cos(np.radians((south + north) / 2)))

    @cached_property
    def metres(self) -> float | None:
        """Metres on the ground of one unit to the east, at the middle of the study.

        Measured on the ellipsoid, since a unit of many projections, such as Web Mercator, is no metre.
        """
        from pyproj import Transformer
        from pyproj.exceptions import ProjError

        crs = self.layer.crs
        if crs is None:
            return None
        west, south, east, north = self.bounds
        middle = (south + north) / 2
        try:
            to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
            (start, end), (low, high) = to_degrees.transform([west, east], [middle, middle])
            length = float(crs.get_geod().inv(start, low, end, high)[2])
        except (ProjError, AttributeError):
            return float(crs.axis_info[0].unit_conversion_factor) if crs.axis_info else None
        return length / (east - west) if east > west and np.isfinite(length) else None

    @cached_property
    def _rings(self) -> tuple[Floats, NDArray[np.uint8], Ints]:
        """Vertices (v, 2), drawing codes (v,) and the number of vertices of each parcel (n,)."""
        import shapely

        # A normal form turns holes the other way than their shells, so that they stay empty when filled.
        shapes = shapely.normalize(shapely.force_2d(self.layer.geometry.to_numpy()))
        _, vertices, offsets = shapely.to_ragged_array(shapes)
        rings = np.asarray(offsets[0], dtype=np.int64)
        codes = np.full(len(vertices), LINE, dtype=np.uint8)
        full = rings[:-1] < rings[1:]
        codes[rings[:-1][full]] = MOVE
        codes[rings[1:][full] - 1] = CLOSE
        first = rings
        for outer in offsets[1:]:
            first = first[np.asarray(outer, dtype=np.int64)]
        return vertices, codes, np.diff(first)

    @property
    def vertices(self) -> int:
        """Number of vertices of all polygons."""
        return len(self._rings[0])

    def filled(self, chosen: NDArray[np.bool_]) -> Path:
        """One path of all chosen parcels: to fill one path is far faster than to fill thousands."""
        from matplotlib.path import Path

        vertices, codes, counts = self._rings
        mask = np.repeat(chosen, counts)
        return Path(vertices[mask], codes[mask])

    @cached_property
    def borders(self) -> list[Floats]:
        """Lines around the regions, each of shape (k, 2)."""
        if not self.names or self.points:
            return []
        if self.large:
            return self.raster.borders(self.regions)
        import shapely

        rings = shapely.get_exterior_ring(shapely.get_parts(self._region_shapes))
        return [shapely.get_coordinates(ring) for ring in rings]

    @cached_property
    def places(self) -> Floats:
        """Where the name of each region is written, shape (regions, 2)."""
        import shapely

        if not self.large and not self.points:
            return np.asarray(shapely.get_coordinates(shapely.point_on_surface(self._region_shapes)))
        known = self.regions >= 0
        count = np.maximum(np.bincount(self.regions[known], minlength=len(self.names)), 1)
        sums = [np.bincount(self.regions[known], weights=axis[known]) for axis in self.centres.T]
        return np.column_stack(sums) / count[:, None]

    @cached_property
    def _region_shapes(self) -> NDArray[Any]:
        import shapely

        shapes = shapely.force_2d(self.layer.geometry.to_numpy())
        valid = np.where(shapely.is_valid(shapes), shapes, shapely.make_valid(shapes))
        found = [shapely.union_all(valid[self.regions == region]) for region in range(len(self.names))]
        return np.array(found, dtype=object)


def ground_of(formulation: Formulation) -> Ground:
    """The geometry of a study, read now.

    Raises
    ------
    ValueError
        If the study has no geometry.
    """
    return Ground.over(formulation, parcel_geometry(formulation.landscape))
