"""Overlay: shares of parcels under polygons, against areas that are known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from landfront.instances.overlay import CORNERS, covered_shares, polygons_of, reprojected

PLANE, DEGREES = CRS("EPSG:4526"), CRS("EPSG:4490")
SIZE, PARCELS = 4, 5
EDGES = np.arange(SIZE * PARCELS + 1)
Floats = Any

sides = st.tuples(st.integers(-3, 22), st.integers(-3, 22), st.integers(1, 15), st.integers(1, 15))
rectangles = st.lists(sides, min_size=1, max_size=8)


def parcels(scale: float, corner: tuple[float, float]) -> Any:
    """25 squares of 4 by 4 cells, row by row from the south."""
    y, x = np.divmod(np.arange(PARCELS**2), PARCELS)
    x, y = corner[0] + scale * SIZE * x, corner[1] + scale * SIZE * y
    return shapely.box(x, y, x + scale * SIZE, y + scale * SIZE)


def boxes(sides: list[tuple[int, int, int, int]], scale: float, corner: tuple[float, float]) -> Any:
    west, south, width, height = np.array(sides).T
    x, y = corner[0] + scale * west, corner[1] + scale * south
    return shapely.box(x, y, x + scale * width, y + scale * height)


def exact(sides: list[tuple[int, int, int, int]], heights: Floats) -> Floats:
    """Shares by counting cells; `heights` is the weight of each row of cells."""
    covered = np.zeros((SIZE * PARCELS, SIZE * PARCELS), dtype=bool)
    for west, south, width, height in sides:
        covered[max(south, 0) : max(south + height, 0), max(west, 0) : max(west + width, 0)] = True
    weights = np.broadcast_to(heights[:, None], covered.shape)

    def sums(values: Any) -> Floats:
        blocks = values.reshape(PARCELS, SIZE, PARCELS, SIZE)
        return np.asarray(blocks.sum(axis=(1, 3), dtype=float).ravel())

    return sums(covered * weights) / sums(weights)


def below(latitude: Floats) -> Floats:
    """Area of the ellipsoid from the equator to a latitude, up to a factor (Snyder 1987, 3-12)."""
    e = np.sqrt(1 - (DEGREES.ellipsoid.semi_minor_metre / DEGREES.ellipsoid.semi_major_metre) ** 2)
    s = np.sin(np.radians(latitude))
    return np.asarray(s / (1 - (e * s) ** 2) - np.log((1 - e * s) / (1 + e * s)) / (2 * e))


@settings(max_examples=80, deadline=None)
@given(sides=rectangles)
def test_rectangles_cover_their_exact_share(sides: list[tuple[int, int, int, int]]) -> None:
    corner = (38_500_000.0, 3_000_000.0)
    found = covered_shares(parcels(25.0, corner), boxes(sides, 25.0, corner), PLANE)
    np.testing.assert_allclose(found, exact(sides, np.ones(SIZE * PARCELS)), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(sides=rectangles, south=st.sampled_from([-40.0, 0.0, 30.0, 60.0]))
def test_degrees_are_measured_on_the_ellipsoid(sides: list[tuple[int, int, int, int]], south: float) -> None:
    """Half a degree a cell: a parcel spans two degrees, whose northern half is smaller than the southern."""
    found = covered_shares(parcels(0.5, (100.0, south)), boxes(sides, 0.5, (100.0, south)), DEGREES)
    np.testing.assert_allclose(found, exact(sides, np.diff(below(south + 0.5 * EDGES))), atol=1e-9)


def test_the_northern_half_of_a_parcel_in_degrees_is_less_than_half() -> None:
    share = covered_shares(
        parcels(1.0, (100.0, 50.0))[:1], boxes([(0, 2, 4, 2)], 1.0, (100.0, 50.0)), DEGREES
    )
    assert 0.48 < share[0] < 0.495


def star(corners: int) -> Any:
    """A polygon of many corners whose border runs through most parcels."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = 8 + 2 * np.sin(7 * angle)
    return shapely.Polygon(np.column_stack([10 + radius * np.cos(angle), 10 + radius * np.sin(angle)]))


def test_polygons_of_many_corners_are_cut_without_loss() -> None:
    large, ground = star(20 * CORNERS), parcels(1.0, (0.0, 0.0))
    found = covered_shares(ground, np.array([large, shapely.box(9, 9, 11, 11)]), PLANE)
    np.testing.assert_allclose(found, shapely.area(shapely.intersection(ground, large)) / 16, atol=1e-12)


def test_touching_is_no_overlap_and_two_halves_are_a_whole() -> None:
    ground = shapely.box([0.0, 4.0], 0, [4.0, 8.0], 4)
    halves = np.array([shapely.box(0, 0, 4, 2), shapely.box(0, 2, 4, 4)])
    assert covered_shares(ground, halves, PLANE).tolist() == [1.0, 0.0]


def test_parts_that_overlap_are_no_hole() -> None:
    """A multipolygon of overlapping parts is invalid; mended as a whole, the overlap could become a hole."""
    shape = shapely.MultiPolygon([shapely.box(0, 0, 3, 4), shapely.box(1, 0, 4, 4)])
    assert not shape.is_valid
    assert covered_shares(shapely.box([0.0], 0, 4, 4), polygons_of(np.array([shape])), PLANE).tolist() == [
        1.0
    ]


def test_only_what_has_an_area_is_a_polygon() -> None:
    line = shapely.LineString([(0, 0), (1, 1)])
    spike = shapely.Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    mixed = shapely.GeometryCollection([line, shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])])
    shapes = np.array([line, spike, mixed, shapely.Polygon(), shapely.box(5, 5, 6, 7)], dtype=object)
    assert shapely.area(polygons_of(shapes)).tolist() == [1.0, 2.0]


def test_another_reference_system_gives_the_same_shares() -> None:
    """To a centimetre of the parcels' 100 m: a side of a kilometre is not quite straight in degrees."""
    corner = (38_500_000.0, 3_000_000.0)
    ground, sides = parcels(25.0, corner), [(1, 1, 5, 5), (3, 3, 9, 2), (-3, 10, 40, 3)]
    there = Transformer.from_crs(PLANE, DEGREES, always_xy=True)
    degrees = shapely.transform(
        boxes(sides, 25.0, corner), lambda xy: np.column_stack(there.transform(*xy.T))
    )
    extent = shapely.total_bounds(ground)
    back = reprojected(degrees, source=DEGREES, target=PLANE, extent=extent)
    np.testing.assert_allclose(
        covered_shares(ground, back, PLANE), exact(sides, np.ones(SIZE * PARCELS)), atol=2e-4
    )


def test_a_parallel_bends_in_the_plane_of_the_parcels() -> None:
    """A straight line in degrees over 4 degrees is 800 m off in the plane unless it gets more corners."""
    there = Transformer.from_crs(DEGREES, PLANE, always_xy=True)
    x, y = there.transform(114.0, 40.0)  # on the central meridian
    ground = shapely.box([x - 500], y - 500, x + 500, y + 500)
    north = np.array([shapely.box(112, 40, 116, 41)])
    found = covered_shares(
        ground,
        reprojected(north, source=DEGREES, target=PLANE, extent=shapely.total_bounds(ground)),
        PLANE,
    )
    assert found[0] == pytest.approx(0.5, abs=1e-4)


def test_polygons_far_from_the_parcels_are_left_out() -> None:
    ground = parcels(25.0, (38_500_000.0, 3_000_000.0))
    world = np.array([shapely.box(-180, -90, 180, 90), shapely.box(-70, -20, -60, -10)])
    back = reprojected(world, source=DEGREES, target=PLANE, extent=shapely.total_bounds(ground))
    assert len(back) == 1
    assert (covered_shares(ground, back, PLANE) == 1).all()


def test_an_extent_without_a_place_is_refused() -> None:
    with pytest.raises(ProjError):
        reprojected(
            shapely.box([0.0], 0, 1, 1),
            source=DEGREES,
            target=PLANE,
            extent=np.array([1e30, 1e30, 2e30, 2e30]),
        )
