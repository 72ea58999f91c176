"""The coverage of any number of objectives: never too small, and exactly what the facts leave open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer.certify import recomputed
from landfront.optimizer.cover import Cover, cover
from landfront.optimizer.excluded import excluded
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.proof import prove, ranges

from . import invented, moo
from .invented import INF, claimed, invent

Make = Callable[..., Program]

needs_data = pytest.mark.skipif(not moo.FOLDER.exists(), reason=moo.ABSENT)


def some(front: Floats, rng: np.random.Generator) -> Floats:
    """At least one of the points."""
    chosen = rng.random(len(front)) < rng.random()
    chosen[rng.integers(len(front))] = True
    return np.asarray(front[chosen])


def covered(case: invented.Invented, points: Floats) -> Cover:
    return cover(points, case.facts, scale=case.scale, steps=case.steps, anchor=np.zeros(len(case.scale)))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_no_value_is_further_from_a_point_than_stated(seed: int) -> None:
    case = invent(seed)
    points = some(case.front, np.random.default_rng(seed))
    known = covered(case, points)
    assert case.missed(points) <= known.coverage + 1e-9
    assert case.missed(points, exact=True) <= known.missing + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_no_value_lies_below_an_empty_corner(seed: int) -> None:
    case = invent(seed)
    rng = np.random.default_rng(seed)
    known = covered(case, some(case.front, rng))
    starts = case.values + rng.random(len(case.scale)) * 3
    corners = np.concatenate([known.corners(), known.below(starts)])
    assert not np.any(np.all(case.values[:, None] < corners[None] - 1e-9, axis=2))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_in_which_points_and_facts_come_does_not_matter(seed: int) -> None:
    case = invent(seed)
    rng = np.random.default_rng(seed)
    points = some(case.front, rng)
    known = covered(case, points)
    points, facts = rng.permutation(points), [case.facts[i] for i in rng.permutation(len(case.facts))]
    fed = Cover(scale=case.scale, steps=case.steps, anchor=np.zeros(len(case.scale)))
    for start in range(0, max(len(points), len(facts)), 3):
        fed.add_points(points[start : start + 3])
        fed.add_facts(facts[start : start + 3])
    order = [np.lexsort(each.zones.upper.T) for each in (known, fed)]
    assert np.array_equal(known.zones.upper[order[0]], fed.zones.upper[order[1]])
    assert np.allclose(known.size[order[0]], fed.size[order[1]], atol=1e-12)
    assert np.allclose(known.need[order[0]], fed.need[order[1]], atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_no_smaller_coverage_follows_from_the_facts(seed: int) -> None:
    """In each open zone there is a y at almost the stated distance that no fact excludes."""
    case = invent(seed)
    points = some(case.front, np.random.default_rng(seed))
    known = covered(case, points)
    sets, whole = excluded(case.facts, case.steps), case.steps > 0
    bounded = np.all(np.isfinite(known.zones.upper), axis=1) & (known.size > 1e-6)
    for corner, size in zip(known.zones.upper[bounded], known.size[bounded], strict=True):
        shorter = corner - (size - 1e-7) * case.scale
        lattice = np.where(whole, case.steps, 1.0)
        y = np.where(whole, corner - lattice * (np.floor((corner - shorter) / lattice) + 1), shorter)
        inside = np.all(y <= sets.upper + 1e-9 * whole, axis=1) & (sets.weights @ y < sets.beta - 1e-12)
        assert not inside.any()


def test_a_half_plane_counts_in_full() -> None:
    """Two points and the line one unit below their chord: the corner (4, 4) may be passed by 1 + 2."""
    points = np.array([[0.0, 4], [4, 0]])
    facts = [claimed([1, 1], [INF, INF], 3.0), claimed([1, 0], [INF, INF], 0), claimed([0, 1], [INF, INF], 0)]
    known = cover(points, facts, scale=np.array([4.0, 4]), steps=np.zeros(2), anchor=np.zeros(2))
    assert known.coverage == pytest.approx((8 - 3) / 8)


def test_empty_corners_and_largest_values_close_zones() -> None:
    points, free = np.array([[0.0, 3, 1], [2, 1, 1]]), np.full(3, INF)
    facts = [claimed(axis, free, float(points[:, i].min())) for i, axis in enumerate(np.eye(3))]
    open_ = cover(points, facts, scale=np.ones(3), steps=np.ones(3), anchor=np.zeros(3))
    assert open_.coverage == 2
    assert open_.missing == INF
    # Below (2, 3, any) nothing with a sum under 5 is left, which says nothing while the third has no end.
    slab = claimed([1, 1, 0.1], [1.5, 2.5, INF], 3.5)
    open_.add_facts([slab])
    assert open_.coverage == 2
    open_.add_facts([claimed([0, 0, -1], free, -4.0)])
    assert open_.coverage == 0
    assert open_.missing == 0
    shut = cover(
        points,
        [*facts, claimed([1, 0, 0], [1.5, 2.5, INF], INF)],
        scale=np.ones(3),
        steps=np.ones(3),
        anchor=np.zeros(3),
    )
    assert shut.coverage == 0


def test_facts_with_weights_of_both_signs_exclude_nothing() -> None:
    facts = [
        claimed([1, -1], [INF, INF], 5.0),
        claimed([1, 0], [INF, INF], -INF),
        claimed([0, 0], [INF, INF], 0),
    ]
    assert len(excluded(facts, np.zeros(2))) == 0


def test_a_recomputed_fact_says_more_than_its_cap(build: Make) -> None:
    """The price of the cap carries the fact beyond it."""
    program = build(np.array([[0, 1, 2], [4, 3, 0.0]]), np.zeros((0, 3)), [], [], starts=[0, 3])
    fact = Fact(np.array([1.0, 0]), np.array([INF, 3.0]), 0, "recomputed", np.zeros(0), np.array([0, 0.5]))
    known = excluded([recomputed(program, fact)], np.zeros(2))
    assert np.all(np.isinf(known.upper))
    assert known.weights.tolist() == [[1, 0.5]]
    assert known.beta == pytest.approx(2)


@pytest.mark.parametrize("seed", range(12))
def test_two_objectives_agree_with_the_staircase(seed: int, rand: Make) -> None:
    """The staircase of `outer` is another derivation from the same facts, never a sharper one."""
    program = rand(seed)
    front = solve_front(program, points=3, gap=1e-3)
    values = front.values * front.senses
    scale = ranges(program, values)
    steps, anchor = program.steps, program.minimised_offsets
    known = cover(values, front.facts, scale=scale, steps=steps, anchor=anchor)
    stated = prove(program, values, front.facts, 1e-3).coverage
    assert known.coverage <= stated + 1e-9


@needs_data
@pytest.mark.parametrize("name", ["2kp50", "3kp40"])
def test_known_fronts_are_complete_and_parts_of_them_exactly_as_far_as_they_are(name: str) -> None:
    case = moo.load(name)
    assert case.front is not None
    values, program = -case.front, case.program
    facts, scale = invented.sweep(values, 1.0), np.ptp(values, axis=0)
    whole = cover(values, facts, scale=scale, steps=program.steps, anchor=program.minimised_offsets)
    assert whole.coverage == whole.missing == 0
    part = values[::7]
    known = cover(part, facts, scale=scale, steps=program.steps, anchor=program.minimised_offsets)
    truth = np.maximum((part[None] - values[:, None]) / scale, 0).max(axis=2).min(axis=1).max()
    assert known.coverage == pytest.approx(truth)
