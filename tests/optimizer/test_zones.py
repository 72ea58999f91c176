from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfront.optimizer import zones as zn
from landfront.optimizer.front import Floats

Corner = tuple[float, ...]

INF = np.inf


@st.composite
def grids(draw: st.DrawFn, most: int = 7, high: int = 4) -> Floats:
    """Points on a small integer grid, so that ties, repeats and dominated points abound."""
    p = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(st.integers(0, high), min_size=p, max_size=p), max_size=most))
    return np.array(rows, dtype=float).reshape(-1, p)


def brute_corners(points: list[list[float]], upper0: list[float]) -> set[Corner]:
    """Maximal u <= upper0, from the coordinates at hand, that lie strictly above no point."""
    axes = range(len(upper0))
    levels = [sorted({upper0[k], *(n[k] for n in points if n[k] < upper0[k])}) for k in axes]
    free = [u for u in product(*levels) if not any(all(n[k] < u[k] for k in axes) for n in points)]
    return {u for u in free if not any(u != v and all(v[k] >= u[k] for k in axes) for v in free)}


def corners(zones: zn.Zones) -> set[Corner]:
    rows = [tuple(row) for row in zones.upper.tolist()]
    assert len(set(rows)) == len(rows)
    return set(rows)


def nondominated(points: Floats) -> list[int]:
    """Rows that no other row dominates, the first of equal ones."""
    rows = range(len(points))

    def beats(j: int, i: int) -> bool:
        return bool((points[j] <= points[i]).all() and (j < i or (points[j] < points[i]).any()))

    return [i for i in rows if not any(beats(j, i) for j in rows if j != i)]


@given(grids(), st.sampled_from([3.0, 5.0, INF]))
def test_zones_are_the_maximal_boxes_without_a_point(points: Floats, top: float) -> None:
    upper0 = np.full(points.shape[1], top)
    assert corners(zn.rebuild(points, upper0)) == brute_corners(points.tolist(), upper0.tolist())


@given(grids(), st.randoms(use_true_random=False))
def test_order_repeats_and_dominated_points_do_not_matter(points: Floats, random: Random) -> None:
    upper0 = np.full(points.shape[1], 5.0)
    order = list(range(len(points))) * 2
    random.shuffle(order)
    expected = corners(zn.rebuild(points[nondominated(points)], upper0))
    assert corners(zn.rebuild(points[order], upper0)) == expected


@given(grids())
def test_defining_points_are_all_nondominated_points_on_a_face(points: Floats) -> None:
    upper0 = np.full(points.shape[1], 4.0)
    zones = zn.rebuild(points, upper0)
    front = nondominated(points)
    for row, u in enumerate(zones.upper):
        for k in range(zones.axes):
            found = zones.defining_all(row, k).tolist()
            others = np.arange(zones.axes) != k
            faces = [i for i in front if points[i, k] == u[k] and (points[i] < u)[others].all()]
            assert found == (faces if u[k] < upper0[k] else [])
            assert zones.defining[row, k] == (min(found) if found else zn.NONE)


@given(grids())
def test_a_value_is_in_a_zone_unless_weakly_dominated(points: Floats) -> None:
    p = points.shape[1]
    zones = zn.rebuild(points, np.full(p, 5.0))
    for y in product(range(5), repeat=p):
        dominated = bool((points <= np.array(y)).all(axis=1).any())
        assert zn.containing(zones.upper, np.array(y)).any() == (not dominated)


@given(grids(), st.data())
def test_parent_contains_its_children_and_select_goes_on_alone(points: Floats, data: st.DataObject) -> None:
    zones = zn.start(np.full(points.shape[1], 5.0))
    for index, point in enumerate(points):
        before = zones
        zones = zn.insert(before, point, index)
        assert (zones.upper <= before.upper[zones.parent]).all()
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(zones), max_size=len(zones))), dtype=bool)
    point = np.array(data.draw(st.lists(st.integers(0, 4), min_size=zones.axes, max_size=zones.axes)))
    all_after = zn.insert(zones, point, len(points))
    some_after = zn.insert(zn.select(zones, keep), point, len(points))
    kept = keep[all_after.parent]
    assert corners(some_after) == {tuple(row) for row in all_after.upper[kept].tolist()}


@given(grids(most=5, high=3))
def test_lower_corners_mirror_the_zones(corner_rows: Floats) -> None:
    """Each y >= lower0 outside all closed orthants below the corners is above some l, and no l is spare."""
    p = corner_rows.shape[1]
    lower = zn.lower_corners(corner_rows, np.zeros(p))
    y = np.array(list(product(np.arange(0, 4.5, 0.5 if p < 4 else 1.0), repeat=p)))[:, None]
    free = ~np.any(np.all(y <= corner_rows, axis=2), axis=1)
    assert np.all(np.any(np.all(lower <= y[free], axis=2), axis=1))
    inner = np.all(y[:, 0] > 0, axis=1)
    assert np.array_equal(free[inner], np.any(np.all(lower < y[inner], axis=2), axis=1))
    for i, j in product(range(len(lower)), repeat=2):
        assert i == j or not (lower[i] <= lower[j]).all()


def test_lower_corners_with_slabs_and_nothing_left() -> None:
    lower0 = np.zeros(2)
    assert zn.lower_corners(np.zeros((0, 2)), lower0).tolist() == [[0.0, 0.0]]
    assert zn.lower_corners(np.array([[2.0, INF]]), lower0).tolist() == [[2.0, 0.0]]
    assert zn.lower_corners(np.array([[2.0, INF], [INF, 3.0]]), lower0).tolist() == [[2.0, 3.0]]
    assert zn.lower_corners(np.array([[INF, INF]]), lower0).shape == (0, 2)
    free = zn.lower_corners(np.array([[1.0, 2.0]]), np.full(2, -INF))
    assert sorted(free.tolist()) == [[-INF, 2.0], [1.0, -INF]]


def test_points_outside_the_initial_box_change_nothing() -> None:
    zones = zn.start(np.array([2.0, 2.0, 2.0]))
    assert corners(zn.insert(zones, np.array([2.0, 0.0, 0.0]), 0)) == {(2.0, 2.0, 2.0)}


def test_bad_points_are_refused() -> None:
    zones = zn.insert(zn.start(np.full(2, 9.0)), np.array([1.0, 1.0]), 0)
    for point, index in (([1.0, np.nan], 1), ([1.0, 1.0, 1.0], 1), ([0.0, 2.0], 0), ([0.0, 2.0], -1)):
        with pytest.raises(ValueError, match=r"point|shape"):
            zn.insert(zones, np.array(point), index)


def test_slabs_close_and_raise_the_zones_within_their_cap() -> None:
    upper = np.array([[2.0, 5.0, 3.0], [2.0, 4.0, 4.0], [3.0, 1.0, 2.0]])
    cap = np.array([2.0, 5.0, np.nan])
    assert zn.closed_by(upper, 2, cap, 3.0).tolist() == [True, False, False]
    assert zn.closed_by(upper, 2, cap, INF).tolist() == [True, True, False]
    raised = zn.raised(np.zeros((3, 3)), upper, 2, cap, 3.0)
    assert raised.tolist() == [[0, 0, 3], [0, 0, 3], [0, 0, 0]]


def test_volumes_of_boxes() -> None:
    upper = np.array([[2.0, 3.0], [1.0, 1.0], [INF, 1.0]])
    lower = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 0.0]])
    assert zn.box_volumes(upper, lower).tolist() == [4.0, 0.0, INF]


@pytest.mark.parametrize(("p", "n", "most"), [(2, 500, 501), (3, 500, 1001)])
def test_general_position_has_the_known_number_of_zones(p: int, n: int, most: int) -> None:
    """Klamroth, Lacour and Vanderpooten: n + 1 zones for two objectives, 2n + 1 for three."""
    rng = np.random.default_rng(p)
    sphere = np.abs(rng.standard_normal((n, p)))
    points = 1 - sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    assert len(zn.rebuild(points, np.full(p, 2.0))) == most
