from __future__ import annotations

import csv
import json
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer import zones as zn
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.fronts.zones import Known

Corner = tuple[float, ...]
MOO = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "moo"
shared = pytest.mark.skipif(not MOO.is_dir(), reason=f"known fronts are not at {MOO}")

INF = np.inf


@st.composite
def grids(draw: st.DrawFn, most: int = 7, high: int = 4) -> Floats:
    """Points on a small integer grid, so that ties, repeats and dominated points abound."""
    p = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(st.integers(0, high), min_size=p, max_size=p), max_size=most))
    return np.array(rows, dtype=float).reshape(-1, p)


def brute_corners(points: Floats, upper0: Floats) -> set[Corner]:
    """Corners on the coordinates at hand that lie strictly above no point, and would if one went further."""
    p = len(upper0)
    levels = [sorted({upper0[k], *(n for n in points[:, k].tolist() if n < upper0[k])}) for k in range(p)]
    place = np.array(list(product(*(range(len(level)) for level in levels))))
    corner = np.stack([np.array(levels[k])[place[:, k]] for k in range(p)], axis=1)
    free = ~np.any(np.all(points < corner[:, None], axis=2), axis=1)
    grid = np.pad(free.reshape([len(level) for level in levels]), [(0, 1)] * p)
    further = [grid[tuple((place + np.eye(p, dtype=int)[k]).T)] for k in range(p)]
    return {tuple(row) for row in corner[free & ~np.any(further, axis=0)].tolist()}


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


@settings(deadline=None)
@given(grids(), st.sampled_from([3.0, 5.0, INF]))
def test_zones_are_the_maximal_boxes_without_a_point(points: Floats, top: float) -> None:
    upper0 = np.full(points.shape[1], top)
    assert corners(zn.rebuild(points, upper0)) == brute_corners(points, upper0)


@settings(deadline=None)
@given(grids(), st.randoms(use_true_random=False))
def test_order_repeats_and_dominated_points_do_not_matter(points: Floats, random: Random) -> None:
    upper0 = np.full(points.shape[1], 5.0)
    order = list(range(len(points))) * 2
    random.shuffle(order)
    expected = corners(zn.rebuild(points[nondominated(points)], upper0))
    assert corners(zn.rebuild(points[order], upper0)) == expected


@settings(deadline=None)
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


@settings(deadline=None)
@given(grids())
def test_a_value_is_in_a_zone_unless_weakly_dominated(points: Floats) -> None:
    p = points.shape[1]
    zones = zn.rebuild(points, np.full(p, 5.0))
    for y in product(range(5), repeat=p):
        dominated = bool((points <= np.array(y)).all(axis=1).any())
        assert np.all(zones.upper > np.array(y), axis=1).any() == (not dominated)


@settings(deadline=None)
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


def lifted(lower: Floats, levels: Floats, *, weights: Floats, cap: Floats, beta: float) -> Floats:
    """Lower bounds of zones, shape (u, p), after a fact, by what a search knows of facts."""
    fact = Fact(weights, cap, beta, "claimed", np.zeros(0), np.zeros(len(cap)))
    known = Known(len(cap))
    known.add([fact], np.zeros(len(cap)))
    return np.maximum(lower, known.lower(levels))


@settings(deadline=None)
@given(st.data())
def test_lifted_bounds_hold_for_every_value_that_a_fact_allows(data: st.DataObject) -> None:
    p = data.draw(st.integers(2, 4))
    row = st.lists(st.integers(0, 4), min_size=p, max_size=p).map(lambda r: np.array(r, dtype=float))
    free = st.lists(st.booleans(), min_size=p, max_size=p).map(np.array)
    levels = np.where(data.draw(free), INF, data.draw(row))
    cap = np.where(data.draw(free), INF, data.draw(row))
    weights, beta = data.draw(row), float(data.draw(st.integers(0, 20)))
    lower = lifted(np.zeros((1, p)), levels[None], weights=weights, cap=cap, beta=beta)[0]
    y = np.array(list(product(range(7), repeat=p)), dtype=float)
    below = np.all(y <= np.minimum(levels, 6.0), axis=1)
    allowed = np.any(y > cap, axis=1) | (y @ weights >= beta)
    assert np.all(lower <= y[below & allowed] + 1e-9)


def test_lifted_bounds_are_as_high_as_the_fact_allows() -> None:
    levels = np.array([[2.0, 5.0, INF], [2.0, 6.0, 1.0], [2.0, 4.0, 1.0]])
    start = np.zeros((3, 3))
    slab = lifted(start, levels, weights=np.eye(3)[2], cap=np.array([2.0, 5.0, INF]), beta=3.0)
    assert slab.tolist() == [[0, 0, 3], [0, 0, 0], [0, 0, 3]]
    plane = lifted(start, levels, weights=np.array([1.0, 2.0, 1.0]), cap=np.full(3, INF), beta=15.0)
    assert plane.tolist() == [[0, 0, 3], [2, 6, 1], [6, 6, 5]]
    empty = lifted(start, levels, weights=np.eye(3)[0], cap=np.array([2.0, 5.0, 1.0]), beta=INF)
    assert np.isinf(empty[2]).any()
    assert not np.isinf(empty[:2]).any()


def test_points_outside_the_initial_box_change_nothing() -> None:
    zones = zn.start(np.array([2.0, 2.0, 2.0]))
    assert corners(zn.insert(zones, np.array([2.0, 0.0, 0.0]), 0)) == {(2.0, 2.0, 2.0)}


def test_bad_points_are_refused() -> None:
    zones = zn.insert(zn.start(np.full(2, 9.0)), np.array([1.0, 1.0]), 0)
    for point, index in (([1.0, np.nan], 1), ([1.0, 1.0, 1.0], 1), ([0.0, 2.0], 0), ([0.0, 2.0], -1)):
        with pytest.raises(ValueError, match=r"point|shape"):
            zn.insert(zones, np.array(point), index)


@pytest.mark.parametrize(("p", "n", "most"), [(2, 500, 501), (3, 500, 1001)])
def test_general_position_has_the_known_number_of_zones(p: int, n: int, most: int) -> None:
    """Klamroth, Lacour and Vanderpooten: n + 1 zones for two objectives, 2n + 1 for three."""
    rng = np.random.default_rng(p)
    sphere = np.abs(rng.standard_normal((n, p)))
    points = 1 - sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    assert len(zn.rebuild(points, np.full(p, 2.0))) == most


def known_front(name: str) -> Floats:
    """A published front in minimisation form."""
    small = json.loads((MOO / "small_known" / "moa_tests.json").read_text())
    if name in small:
        front = np.array(small[name]["front"], dtype=float)
        return -front if small[name]["sense"] == "max" else front
    with (MOO / "augmecon_kp" / name / "pareto_sols.csv").open() as lines:
        return -np.array([[float(value) for value in row[1:]] for row in list(csv.reader(lines))[1:]])


class Replay:
    """A search that asks the known front instead of a solver; integer values, levels half a step below."""

    def __init__(self, front: Floats) -> None:
        self.front, self.p = front, front.shape[1]
        self.scale = np.maximum(np.ptp(front, axis=0), 1.0)
        self.zones = zn.start(np.full(self.p, INF))
        self.lower = np.full((1, self.p), -INF)
        self.found: list[Floats] = []
        self.solves = 0

    def run(self, *, sums: bool, sweep: int | None = None) -> None:
        """Until no zone is left; with `sums`, facts say what the augmentation proves of the others too."""
        top = self.front.max(axis=0) + 1
        while len(self.zones):
            chosen = zn.choose(self.zones, self.lower, scale=self.scale, top=top, sweep=sweep)
            assert chosen is not None
            self.solve(self.zones.upper[chosen[0]] - 0.5, chosen[1], sums=sums)

    def solve(self, level: Floats, axis: int, *, sums: bool) -> None:
        """The least value of one objective below the levels of the others, then of their sum."""
        self.solves += 1
        level[axis] = INF
        weights = np.eye(self.p)[axis]
        allowed = self.front[np.all(self.front <= level, axis=1)]
        if len(allowed) == 0:
            self.learn(weights, level, INF)
            return
        augmented = weights + np.where(weights > 0, 0.0, 0.5 / (self.p * self.scale))
        best = allowed[np.argmin(allowed @ augmented)]
        if not any(np.array_equal(best, y) for y in self.found):
            self.follow(zn.insert(self.zones, best, len(self.found)))
            self.found.append(best)
        self.learn(weights, level, float(weights @ best))
        if sums:
            self.learn(augmented, level, float(augmented @ best))

    def learn(self, weights: Floats, cap: Floats, beta: float) -> None:
        levels = self.zones.upper - 0.5
        better = lifted(self.lower, levels, weights=weights, cap=cap, beta=beta)
        self.lower = np.ceil(better - 1e-6)
        self.follow(zn.select(self.zones, ~np.any((self.lower > levels) | (self.lower == INF), axis=1)))

    def follow(self, after: zn.Zones) -> None:
        self.lower = self.lower[after.parent]
        self.zones = after


# Solves with slabs alone, with what the augmented objective proves of the others too, and so in a sweep.
REPLAYS = [
    ("2kp50", 36, 36, 36),
    ("2kp100", 122, 122, 122),
    ("3kp40", 739, 735, 734),
    ("4kp50", 146, 146, 151),
    ("kp_p2_n17", 10, 10, 10),
    ("kp_p3_n10", 15, 15, 15),
    ("kp_p4_n10", 34, 34, 34),
    ("ap_p3_n5", 38, 38, 38),
    ("gap_p3_3x10", 74, 70, 68),
    ("kp_p3_n30_issue133", 181, 182, 181),
    ("transport_p3", 8, 8, 8),
]


@shared
@pytest.mark.parametrize(("name", "slabs", "sums", "sweep"), REPLAYS)
def test_replay_finds_every_point_and_closes_every_zone(name: str, slabs: int, sums: int, sweep: int) -> None:
    """No search that proves boxes empty needs fewer solves than the complete front has zones."""
    front = known_front(name)
    fewest = len(zn.rebuild(front, np.full(front.shape[1], INF)))
    for with_sums, axis, most in ((False, None, slabs), (True, None, sums), (True, 0, sweep)):
        replay = Replay(front)
        replay.run(sums=with_sums, sweep=axis)
        assert {tuple(y) for y in replay.found} == {tuple(y) for y in front}
        assert replay.solves <= most
        assert with_sums or fewest <= replay.solves <= 1.04 * fewest


def test_barred_pairs_are_not_chosen() -> None:
    zones = zn.rebuild(np.array([[1.0, 2.0], [2.0, 1.0]]), np.full(2, 3.0))
    lower, scale = np.zeros((3, 2)), np.ones(2)
    barred = np.zeros((3, 2), dtype=bool)
    seen = []
    while (pair := zn.choose(zones, lower, scale=scale, top=scale, barred=barred)) is not None:
        seen.append(pair)
        barred[pair] = True
    assert len(set(seen)) == len(seen) == 6
    barred[:, 1] = False
    assert zn.choose(zones, lower, scale=scale, top=scale, barred=barred, sweep=0) is None
