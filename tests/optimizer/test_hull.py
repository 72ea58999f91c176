from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from landfront.optimizer import hull
from landfront.optimizer.front import Floats
from landfront.optimizer.outer import Outer, chord_gaps

Planes = tuple[Floats, Floats]


@st.composite
def point_sets(draw: st.DrawFn) -> Floats:
    """Few points on a small grid: often equal, flat, dominated, or fewer than p + 1."""
    p = draw(st.integers(2, 4))
    row = st.lists(st.integers(0, 6), min_size=p, max_size=p)
    return np.array(draw(st.lists(row, min_size=1, max_size=8)), dtype=float)


@st.composite
def planes_below(draw: st.DrawFn, points: Floats) -> Planes:
    """Half-planes that every point meets, some with slack; an axis may be left without a bound."""
    p = points.shape[1]
    row = st.lists(st.integers(0, 4), min_size=p, max_size=p).filter(any)
    rows = np.array(draw(st.lists(row, min_size=1, max_size=8)), dtype=float)
    if draw(st.booleans()):
        rows = np.concatenate([rows, np.eye(p)])
    slack = draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    return rows, (rows @ points.T).min(axis=1) - np.array(slack, dtype=float)


def shift_into_hull(y: Floats, points: Floats, scale: Floats) -> float:
    """Least t with ``y + t * scale >= a mix`` of the points, from the definition, by an LP."""
    n = len(points)
    cost = np.append(np.zeros(n), 1.0)
    above = np.column_stack([points.T, -scale])
    mix = np.append(np.ones(n), 0.0)[None]
    bounds = [(0, None)] * n + [(None, None)]
    found = linprog(cost, A_ub=above, b_ub=y, A_eq=mix, b_eq=[1.0], bounds=bounds)
    assert found.fun is not None
    return float(found.fun)


def least(weights: Floats, planes: Planes) -> float:
    """``min w @ y`` over the half-planes by an LP, -inf when unbounded."""
    found = linprog(weights, A_ub=-planes[0], b_ub=-planes[1], bounds=(None, None))
    return -np.inf if found.fun is None else float(found.fun)


@settings(max_examples=60, deadline=None)
@given(point_sets(), st.data())
def test_facets_say_exactly_how_far_any_y_is_from_the_hull(points: Floats, data: st.DataObject) -> None:
    p = points.shape[1]
    scale = np.array(data.draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=p, max_size=p)))
    y = np.array(data.draw(st.lists(st.integers(-2, 8), min_size=p, max_size=p)), dtype=float)
    found = hull.facets(points, scale)
    assert np.max(found.offsets - found.weights @ y) == pytest.approx(
        shift_into_hull(y, points, scale), abs=1e-9
    )


@settings(max_examples=60, deadline=None)
@given(point_sets())
def test_facets_are_spanned_by_their_points_and_axes(points: Floats) -> None:
    p = points.shape[1]
    found = hull.facets(points, np.ones(p))
    assert np.all(found.weights >= 0)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0)
    for weights, offset, rows in zip(found.weights, found.offsets, found.vertices, strict=True):
        on = rows[rows != hull.NONE]
        assert len(on) > 0
        np.testing.assert_allclose(points[on] @ weights, offset, atol=1e-9)
        every = points[points @ weights <= offset + 1e-9]
        spanned = np.concatenate([every - every[0], np.eye(p)[weights == 0]])
        assert np.linalg.matrix_rank(spanned) == p - 1
    for one, other in combinations(found.weights, 2):
        assert np.abs(one - other).max() > hull.MERGE


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_outer_gap_is_the_exact_least_value(data: st.DataObject) -> None:
    points = data.draw(point_sets())
    planes = data.draw(planes_below(points))
    found = hull.facets(points, np.ones(points.shape[1]))
    exact = [offset - least(w, planes) for w, offset in zip(found.weights, found.offsets, strict=True)]
    np.testing.assert_allclose(hull.outer_gap(found, planes), exact, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bulge_falls_as_facts_and_points_are_added(data: st.DataObject) -> None:
    points = data.draw(point_sets())
    rows, beta = data.draw(planes_below(points))
    scale = np.ones(points.shape[1])
    chain = [hull.bulge(points, (rows[:n], beta[:n]), scale) for n in range(len(rows) + 1)]
    assert chain[0] == np.inf
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(chain))
    fewer = hull.bulge(points[: (len(points) + 1) // 2], (rows, beta), scale)
    assert chain[-1] <= fewer + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_two_objectives_agree_with_the_chords(data: st.DataObject) -> None:
    """A chord's gap counts only what lies beside it; where the least lies there, both are the same."""
    ends = st.integers(1, 9)
    steps = np.array(data.draw(st.lists(st.tuples(ends, ends), min_size=1, max_size=6)), dtype=float)
    steps = steps[np.argsort(-steps[:, 1] / steps[:, 0], kind="stable")]
    chain = np.vstack([[0.0, 0.0], np.cumsum(steps * [1, -1], axis=0)])
    rows, beta = data.draw(planes_below(chain))
    rows, beta = np.concatenate([rows, np.eye(2)]), np.append(beta, [-0.5, chain[-1, 1] - 1.0])
    scale = np.ptp(chain, axis=0)
    outer = Outer(rows, beta, np.full(len(beta), np.inf), np.zeros((0, 5)))
    chords = chord_gaps(chain, outer, scale)
    found = hull.facets(chain, scale)
    gaps = hull.outer_gap(found, (rows, beta))
    for a, b, chord in zip(chain[:-1], chain[1:], chords, strict=True):
        normal = np.array([(a - b)[1], (b - a)[0]])
        place = np.argmin(np.abs(found.weights - normal / (normal @ scale)).max(axis=1))
        y = linprog(normal, A_ub=-rows, b_ub=-beta, bounds=(None, None)).x
        assert y is not None
        assert gaps[place] >= chord - 1e-9
        if b[1] <= y[1] <= a[1]:
            assert gaps[place] == pytest.approx(chord, abs=1e-9)
    assert hull.bulge(chain, (rows, beta), scale) >= chords.max() - 1e-9


def test_no_half_plane_leaves_everything_open() -> None:
    points = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert hull.bulge(points, (np.zeros((0, 2)), np.zeros(0)), np.ones(2)) == np.inf
    only_sum = (np.array([[1.0, 1.0]]), np.array([1.0]))
    found = hull.facets(points, np.ones(2))
    np.testing.assert_allclose(hull.outer_gap(found, only_sum), [np.inf, 0.0, np.inf], atol=1e-15)


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_one_point_has_the_axes_as_facets(p: int) -> None:
    point = np.arange(1.0, p + 1)
    found = hull.facets(np.repeat(point[None], 3, axis=0), np.full(p, 2.0))
    assert sorted(map(tuple, (found.weights * 2).tolist())) == sorted(map(tuple, np.eye(p).tolist()))
    np.testing.assert_allclose(found.weights @ point, found.offsets)
    assert hull.bulge(point[None], (np.eye(p), point - 1), np.full(p, 2.0)) == pytest.approx(0.5)


def test_an_objective_that_is_constant_adds_only_its_axis() -> None:
    flat = np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]])
    points = np.column_stack([flat, np.full(3, 7.0)])
    found = hull.facets(points, np.array([2.0, 2.0, 7.0]))
    inside = found.weights[np.all(found.weights[:, :2] > 0, axis=1)]
    np.testing.assert_allclose(inside, [[0.25, 0.25, 0.0]])
    assert len(found) == 4


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e9])
def test_units_and_offsets_do_not_matter(size: float) -> None:
    rng = np.random.default_rng(3)
    points, rows = rng.random((30, 3)), np.concatenate([rng.random((20, 3)), np.eye(3)])
    beta = (rows @ points.T).min(axis=1) - 0.01
    units = np.array([size, 1.0, 3.0])
    expected = hull.bulge(points, (rows, beta), np.ones(3))
    moved = points * units + 5 * units
    got = hull.bulge(moved, (rows / units, beta + rows.sum(axis=1) * 5), units)
    assert got == pytest.approx(expected, rel=1e-9)


def test_many_facets_at_once_are_exact() -> None:
    rng = np.random.default_rng(5)
    sphere = np.abs(rng.standard_normal((80, 5)))
    points = 1 - sphere / np.linalg.norm(sphere, axis=1, keepdims=True)
    rows = np.concatenate([rng.dirichlet(np.ones(5), 60), np.eye(5)])
    planes = rows, (rows @ points.T).min(axis=1)
    found = hull.facets(points, np.ones(5))
    gaps = hull.outer_gap(found, planes)
    assert len(found) > 300
    for row in range(0, len(found), 25):
        exact = found.offsets[row] - least(found.weights[row], planes)
        assert gaps[row] == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize(
    ("points", "scale"),
    [
        (np.zeros((0, 2)), np.ones(2)),
        (np.array([[0.0, np.nan]]), np.ones(2)),
        (np.zeros((1, 2)), np.array([1.0, 0.0])),
        (np.zeros((1, 2)), np.ones(3)),
    ],
)
def test_bad_input_is_refused(points: Floats, scale: Floats) -> None:
    with pytest.raises(ValueError, match="hull needs"):
        hull.facets(points, scale)
