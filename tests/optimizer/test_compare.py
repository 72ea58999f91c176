"""Comparing fronts and points: indicators against their definitions, refusals, and what is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from landfront.optimizer.compare import compare, distance
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from tests.optimizer.test_quality import bare

Make = Callable[..., Program]
GOOD = np.array([[0, 10], [2, 4], [5, 2], [10, 0.0]])
WORSE = np.array([[1, 10], [3, 6], [10, 0.0]])


def test_indicators_follow_their_definitions() -> None:
    found = compare(bare(GOOD + 1), bare(WORSE + 1))
    # Both ends of the worse front are matched or beaten; the good front has two points that it lacks.
    assert found.points == (4, 3)
    assert found.covered == (1.0, 0.25)
    assert found.epsilon == pytest.approx((0.0, 0.4))
    assert found.factor == pytest.approx((1.0, 2.0))
    missing = [0.1, np.hypot(0.1, 0.2), 0.4, 0]
    assert found.igd_plus == pytest.approx((0, np.mean(missing)))
    box = 11 * 11
    good = (2 - 0) * 1 + (5 - 2) * 7 + (10 - 5) * 9 + 1 * 11
    worse = (3 - 1) * 1 + (10 - 3) * 5 + 1 * 11
    assert found.hypervolume == pytest.approx((good / box, worse / box))
    assert found.reference.tolist() == [12, 12]


def test_senses_and_units_do_not_change_the_indicators() -> None:
    one, two = bare(GOOD + 1), bare(WORSE + 1)
    flipped = [bare((values + 1) * [-1000, 1e-3], senses=(-1, 1)) for values in (GOOD, WORSE)]
    plain, other = compare(one, two), compare(*flipped)
    for name in ("covered", "epsilon", "igd_plus", "hypervolume"):
        assert getattr(plain, name) == pytest.approx(getattr(other, name))
    assert other.reference == pytest.approx([-12_000, 0.012])
    # A maximised objective counts by how many times more of it the other has.
    gains = [bare(1 / (values + 1), senses=(-1, -1)) for values in (GOOD, WORSE)]
    assert compare(*gains).factor == pytest.approx(plain.factor)


def test_values_that_are_not_positive_have_no_factor() -> None:
    assert np.isnan(compare(bare(GOOD), bare(WORSE)).factor).all()


def test_a_front_equals_itself() -> None:
    front = bare(GOOD)
    same = compare(front, front)
    assert same.covered == (1, 1)
    assert same.epsilon == (0, 0)
    assert same.igd_plus == (0, 0)
    assert same.hypervolume[0] == same.hypervolume[1] > 0


def test_fronts_of_one_point() -> None:
    found = compare(bare([[3, 4.0]]), bare([[3, 5.0]]))
    assert found.covered == (1, 0)
    assert found.epsilon == pytest.approx((0, 1))
    assert np.isfinite(found.hypervolume).all()


@given(
    arrays(np.int64, (7, 3), elements=st.integers(0, 9)), arrays(np.int64, (4, 3), elements=st.integers(0, 9))
)
def test_better_sets_are_never_called_worse(one: Floats, two: Floats) -> None:
    both = np.concatenate([one, two])
    found = compare(bare(both), bare(two))
    assert found.covered[0] == 1
    assert found.epsilon[0] <= 0
    assert found.epsilon[1] >= 0
    assert found.igd_plus[0] == 0
    assert found.hypervolume[0] >= found.hypervolume[1] - 1e-12
    assert 0 <= found.hypervolume[1] <= found.hypervolume[0] <= 1 + 1e-12


def test_other_fronts_are_refused() -> None:
    front = bare(GOOD)
    with pytest.raises(ValueError, match="other criteria"):
        compare(front, replace(front, criteria=("b", "a")))
    with pytest.raises(ValueError, match="other senses"):
        compare(front, bare(GOOD, senses=(1, -1)))
    with pytest.raises(ValueError, match="other units"):
        compare(replace(front, units=("t", "ha")), replace(front, units=("kg", "ha")))
    with pytest.raises(ValueError, match="empty"):
        compare(front, bare(np.zeros((0, 2))))
    assert compare(replace(front, units=("t", "ha")), front).covered == (1, 1)


def test_a_comparison_reads_as_a_table() -> None:
    lines = str(compare(bare(GOOD + 1), bare(WORSE + 1))).splitlines()
    assert lines[0].split() == ["a,", "b", "first", "second"]
    assert lines[2].endswith("100 %    25 %")
    assert len({len(line) for line in lines}) == 1


def test_distance_in_criteria_and_choices(build: Make) -> None:
    objectives = np.array([[0, 1, 0, 1, 0, 1], [3, 0, 5, 0, 9, 0.0]])
    program = build(objectives, np.zeros((0, 6)), [], [], starts=[0, 2, 4, 6])
    front = solve_front(program, points="all")
    assert front.values.tolist() == [[0, 17], [1, 8], [2, 3], [3, 0]]
    found = distance(front[0], front[2], front=front, program=program)
    assert found.values.tolist() == [2, -14]
    assert found.ranges == pytest.approx([2 / 3, -14 / 17])
    assert found.groups == pytest.approx(2 / 3)
    assert found.columns == pytest.approx(4 / 6)
    assert "66.7 %" in str(found)
    alone = distance(front[0], front[2])
    assert np.isnan(alone.ranges).all()
    assert np.isnan(alone.groups)
    assert distance(front[1], front[1], front=front, program=program).columns == 0


def test_shares_count_by_how_much_they_change(build: Make) -> None:
    program = build(np.eye(4)[:2], np.zeros((0, 4)), [], [], starts=[0, 2, 4], whole=False)
    front = bare([[0, 1], [1, 0]])
    one = replace(front[0], x=np.array([1, 0, 0.5, 0.5]))
    two = replace(front[1], x=np.array([0.75, 0.25, 0.5, 0.5]))
    found = distance(one, two, program=program)
    assert found.groups == pytest.approx(0.125)
    assert found.columns == 0.5


def test_points_of_other_programs_have_no_distance() -> None:
    front = bare([[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="different programs"):
        distance(front[0], replace(front[1], x=np.zeros(3)))
