"""Plane geometry of segments by sampling: what is nondominated, how far, how much, what facts leave open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer.excluded import Excluded
from landfront.optimizer.front import Floats
from landfront.optimizer.open_parts import open_bracket, open_parts
from landfront.optimizer.segments import Segment, distance, dominated_area, minimised, nondominated
from tests.optimizer.mixed import (
    along,
)

NOISE = np.full(2, 1e-9)


def ends(*pairs: tuple[tuple[float, float], ...]) -> Floats:
    return np.array(pairs, dtype=float).reshape(-1, 2, 2)


End = tuple[float, float]
CASES: dict[str, tuple[Floats, list[tuple[End, End, bool, bool]]]] = {
    "the same twice": (
        ends(((0, 10), (10, 0)), ((0, 10), (10, 0))),
        [((0, 10), (10, 0), True, True)],
    ),
    "one below the middle": (
        ends(((0, 10), (10, 0)), ((2, 4), (4, 2))),
        [((0, 10), (2, 8), True, False), ((2, 4), (4, 2), True, True), ((8, 2), (10, 0), False, True)],
    ),
    "crossing": (
        ends(((0, 10), (6, 0)), ((0, 6), (10, 0))),
        [((0, 6), (3.75, 3.75), True, True), ((3.75, 3.75), (6, 0), True, True)],
    ),
    "touching chain and a drop": (
        ends(((0, 10), (2, 4)), ((2, 4), (6, 0)), ((6, -3), (7, -4))),
        [((0, 10), (2, 4), True, True), ((2, 4), (6, 0), True, False), ((6, -3), (7, -4), True, True)],
    ),
    "level with the end before": (
        ends(((0, 10), (2, 4)), ((4, 4), (6, 0))),
        [((0, 10), (2, 4), True, True), ((4, 4), (6, 0), False, True)],
    ),
    "a point below and one on the segment": (
        ends(((0, 10), (10, 0)), ((3, 3), (3, 3)), ((5, 5), (5, 5)), ((1, 9), (1, 9))),
        [((0, 10), (3, 7), True, False), ((3, 3), (3, 3), True, True), ((7, 3), (10, 0), False, True)],
    ),
    "equal points and one that is level": (
        ends(((1, 1), (1, 1)), ((1, 1), (1, 1)), ((2, 1), (2, 1))),
        [((1, 1), (1, 1), True, True)],
    ),
    "on one line": (
        ends(((0, 10), (4, 6)), ((2, 8), (6, 4)), ((8, 2), (10, 0))),
        [((0, 10), (4, 6), True, True), ((4, 6), (6, 4), True, True), ((8, 2), (10, 0), True, True)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nondominated_parts_have_open_and_closed_ends(name: str) -> None:
    given_, wanted = CASES[name]
    stairs = nondominated(given_, NOISE)
    assert len(stairs) == len(wanted)
    for part, (left, right, from_closed, to_closed) in enumerate(wanted):
        assert np.allclose(stairs.ends[part], [left, right], atol=1e-8)
        assert stairs.closed[part].tolist() == [from_closed, to_closed]


def lowest(pieces: Floats, first: Floats) -> Floats:
    """Least second value of a point of the pieces whose first value is at most this, one by one."""
    least = np.full(len(first), np.inf)
    for (a, b), (c, d) in pieces.tolist():
        least = np.minimum(
            least, np.interp(first, [a, c], [b, d], left=np.inf) if c > a else np.where(first >= a, d, np.inf)
        )
    return least


pieces_of = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 6), st.integers(0, 6)),
    min_size=1,
    max_size=9,
)


@settings(max_examples=150, deadline=None)
@given(pieces_of)
def test_nondominated_parts_by_sampling(drawn: list[tuple[int, int, int, int]]) -> None:
    falling = [((a, b + d), (a + c, b)) for a, b, c, d in drawn]
    # A segment falls; one that is level or upright is its better end.
    falling = [(p, q) if p[0] < q[0] and p[1] > q[1] else ((p[0], q[1]),) * 2 for p, q in falling]
    pieces = ends(*falling)
    stairs = nondominated(pieces, NOISE)
    everything = along(pieces, 61)
    best = lowest(pieces, everything[:, 0] + 1e-9)
    beaten = (best < everything[:, 1] - 1e-6) | (
        lowest(pieces, everything[:, 0] - 1e-6) <= everything[:, 1] + 1e-12
    )
    assert np.all(distance(everything[~beaten], stairs.ends, np.ones(2)) < 1e-5)
    inside = along(stairs.ends[stairs.proper], 17, inside=0.03)
    assert np.all(lowest(pieces, inside[:, 0]) >= inside[:, 1] - 1e-7)
    assert np.all(stairs.ends[1:, 0, 0] >= stairs.ends[:-1, 1, 0] - 1e-7)
    assert np.all(stairs.ends[1:, 0, 1] <= stairs.ends[:-1, 1, 1] + 1e-7)
    for part, closed in zip(stairs.ends, stairs.closed, strict=True):
        for end, shut in zip(part, closed, strict=True):
            # An open end is the same in one value as something that is better in the other.
            level = lowest(pieces, end[:1] + 1e-7)[0] < end[1] - 1e-6
            upright = lowest(pieces, end[:1] - 1e-6)[0] <= end[1] + 1e-7
            assert shut == (not level and not upright)


def test_distance_is_that_of_the_nearest_mix() -> None:
    rng = np.random.default_rng(3)
    pieces = ends(((0, 4), (3, 1)), ((5, 0), (9, -6)), ((2, 2), (2, 2)))
    points, scale = rng.normal(2, 4, (60, 2)), np.array([2.0, 5.0])
    near = np.abs(points[:, None] - along(pieces, 4001)[None]) / scale
    assert np.allclose(distance(points, pieces, scale), near.max(axis=2).min(axis=1), atol=2e-3)


def test_dominated_area_by_a_grid() -> None:
    rng = np.random.default_rng(5)
    grid = (np.arange(400) + 0.5) / 400
    for _ in range(20):
        left = rng.uniform(-0.2, 0.9, (5, 2))
        size = rng.uniform(0.0, 0.6, (5, 2)) * (rng.random((5, 1)) < 0.7)
        pieces = np.stack([left + [0, 1] * size, left + [1, 0] * size], axis=1)
        stairs = nondominated(pieces, NOISE)
        height = np.clip(1.0 - np.maximum(lowest(pieces, grid), 0.0), 0.0, 1.0)
        assert dominated_area(stairs.ends) == pytest.approx(height.mean(), abs=5e-3)


def test_open_parts_bound_every_value_that_facts_leave() -> None:
    rng = np.random.default_rng(8)
    for _ in range(20):
        left, size = rng.uniform(0, 8, (4, 2)), rng.uniform(0, 4, (4, 2))
        stairs = nondominated(np.stack([left + [0, 1] * size, left + [1, 0] * size], axis=1), NOISE)
        f = int(rng.integers(1, 9))
        weights = rng.uniform(0, 1, (f, 2)) * (rng.random((f, 2)) < 0.8)
        weights[~weights.any(axis=1)] = 1.0
        upper = np.where(rng.random((f, 2)) < 0.5, np.inf, rng.uniform(0, 9, (f, 2)))
        beta = np.where(rng.random(f) < 0.1, np.inf, rng.uniform(-2, 6, f))
        known = Excluded(np.where(np.isinf(beta)[:, None], 0.0, weights), upper, beta, np.full(2, 14.0))
        scale = np.array([1.0, 2.0])
        parts = open_parts(stairs, known, scale)
        y = rng.uniform(-6, 14, (1500, 2))
        out = np.all(y[:, None] <= upper, axis=2) & (np.isinf(beta) | (y @ known.weights.T < beta))
        y = y[~out.any(axis=1)]
        shifts = along(stairs.ends, 150)
        away = ((shifts[None] - y[:, None]) / scale).max(axis=2).min(axis=1)
        # Samples of a segment of length 4 stand this far apart.
        assert away.max(initial=0.0) <= parts.coverage + 4 / 149
        ideal, nadir = shifts.min(axis=0), shifts.max(axis=0)
        if np.all(nadir > ideal) and parts.coverage < np.inf:
            inner, outer = open_bracket(stairs, parts, ideal, nadir)
            assert 0 <= inner <= outer <= 1 + 1e-12


def test_a_segment_gives_its_mixes() -> None:
    segment = Segment(np.array([[0.0, 4.0], [2.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 1.0]]), (True, False))
    x, values = segment.mix(0.25)
    assert x.tolist() == [0.25, 1.0]
    assert values.tolist() == [0.5, 3.0]
    assert segment.rate == -2.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        segment.mix(1.5)
    turned = minimised((segment,), np.array([-1, 1], dtype=np.int8))
    assert turned.tolist() == [[[-2.0, 0.0], [0.0, 4.0]]]
