"""Exact fronts of mixed programs: against enumerated slices, published fronts, and degenerate ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from landfront.optimizer import certify
from landfront.optimizer.checker import check_front
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.segments import distance, minimised
from tests.optimizer.mixed import (
    EXACT,
    Slices,
    along,
    assert_exact,
    enumerate_slices,
    mixed_program,
    returned,
    with_costs,
)

MOO = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "moo" / "ceyhan_momilp"
Make = Callable[..., Program]


def check(program: Program, slices: Slices) -> None:
    front = solve_front(program, points="all")
    assert front.method.startswith("segments")
    # Segments that lie closer than a few times the noise of the rows are one to a solver.
    noise = float(np.max(certify.value_noise(program) / slices.range))
    assert_exact(program, front, slices, tolerance=max(EXACT, 4 * noise))


def check_drawn(program: Program) -> None:
    slices = enumerate_slices(program)
    # Where coefficients nearly cancel, the range is too small for a solver's tolerances to tell values apart.
    assume(np.all(certify.value_noise(program) < 0.2e-4 * slices.range))
    check(program, slices)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_front_of_a_small_mixed_program_is_that_of_its_slices(seed: int) -> None:
    check_drawn(mixed_program(seed, whole_range=2))


@pytest.mark.slow
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 5))
def test_fronts_of_many_mixed_programs(seed: int, grouped: bool, whole_range: int) -> None:
    check_drawn(mixed_program(seed, grouped=grouped, whole_range=whole_range))


@pytest.mark.parametrize(("seed", "grouped", "whole_range"), [(28409, True, 3), (101348, True, 2)])
def test_fronts_of_mixed_programs_that_failed_once(seed: int, grouped: bool, whole_range: int) -> None:
    program = mixed_program(seed, grouped=grouped, whole_range=whole_range)
    check(program, enumerate_slices(program))


def published(number: int) -> tuple[Program, Floats]:
    """A published mixed program, and its stored segments without those that are level: these are beaten."""
    if not MOO.exists():
        pytest.skip(f"the shared data set {MOO} is not here")
    from landfront.optimizer.files import read_model

    stem = f"momilp_3obj_20con_10int_10bin_{number}dat"
    program = read_model(MOO / "instances" / f"{stem}.lp")
    stored = np.loadtxt(MOO / "fronts_bruteforce" / f"{stem}_segments.csv", delimiter=",", comments="#")
    stored = stored.reshape(-1, 2, 2)
    return program, stored[stored[:, 0, 1] > stored[:, 1, 1]]


@pytest.mark.parametrize(("number", "segments", "level"), [(1, 23, 0), (2, 56, 0), (3, 28, 5)])
def test_published_mixed_fronts_are_found_whole(number: int, segments: int, level: int) -> None:
    program, stored = published(number)
    assert len(stored) == segments - level
    front = solve_front(program, points="all")
    assert front.complete
    assert front.coverage <= 3e-6
    ours, span = minimised(front.segments, front.senses), np.ptp(stored.reshape(-1, 2), axis=0)
    assert len(ours) == len(stored)
    assert np.all(distance(along(stored, 50), ours, span) <= EXACT)
    assert np.all(distance(along(ours, 50), stored, span) <= EXACT)
    assert np.all(distance(front.values * front.senses, stored, span) <= EXACT)
    assert check_front(program, front) == []
    assert front.gap <= 1e-6
    whole = sum(solve.task.fixed is None for solve in front.journal)
    assert whole <= 1.3 * (len(ours) + len(front))


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3])
def test_published_mixed_fronts_against_all_their_slices(number: int) -> None:
    program, _ = published(number)
    assert_exact(program, solve_front(program, points="all"), enumerate_slices(program))


def line(
    build: Make, whole: Floats, share: Floats, rows: Floats, upper: Floats, **options: object
) -> Program:
    """Whole columns first, continuous ones after them."""
    costs = np.hstack([whole, share])
    program = build(costs, rows, np.full(len(upper), -np.inf), upper, **options)
    integer = np.arange(costs.shape[1]) < whole.shape[1]
    return replace(program, integer=integer)


def two_slices(build: Make, shift: tuple[float, float], slope: float) -> Program:
    """A binary b and a share t: y = (5 t, 5 - 5 t) for b = 0 and shifted, with another slope, for b = 1.

    The second slice has a share u of its own; rows t <= 1 - b and u <= b.
    """
    whole = np.array([[shift[0]], [shift[1] - 5.0]])
    share = np.array([[5.0, 3.0], [-5.0, -3.0 * slope]])
    program = line(build, whole, share, np.array([[1, 1, 0], [-1, 0, 1.0]]), np.array([1.0, 0.0]))
    return replace(program, offsets=np.array([0.0, 5.0]))


def test_a_slice_that_starts_below_the_end_of_another_leaves_it_open(build: Make) -> None:
    # (0, 5) to (5, 0), and from (5, -2) on: upright drop at 5.
    front = solve_front(two_slices(build, (5.0, -2.0), 1.0), points="all")
    assert [segment.closed for segment in front.segments] == [(True, False), (True, True)]
    values = np.array([segment.values for segment in front.segments])
    assert np.allclose(values, [[[0, 5], [5, 0]], [[5, -2], [8, -5]]])
    assert np.allclose(front.values, [[0, 5], [5, -2], [8, -5]])
    assert front.complete


def test_a_slice_that_starts_level_with_the_end_of_another_is_open_there(build: Make) -> None:
    front = solve_front(two_slices(build, (7.0, 0.0), 1.0), points="all")
    assert [segment.closed for segment in front.segments] == [(True, True), (False, True)]
    assert np.allclose(front.values, [[0, 5], [5, 0], [10, -3]])
    assert front.complete
    assert check_front(two_slices(build, (7.0, 0.0), 1.0), front) == []


def test_slices_that_touch_share_a_point(build: Make) -> None:
    front = solve_front(two_slices(build, (5.0, 0.0), 0.5), points="all")
    assert [segment.closed for segment in front.segments] == [(True, True)] * 2
    assert np.allclose(front.values, np.array([[0, 5], [5, 0], [8, -1.5]]))


@pytest.mark.parametrize("senses", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_segments_stand_in_own_senses_by_the_first_value(build: Make, senses: tuple[int, int]) -> None:
    program = two_slices(build, (5.0, -2.0), 1.0)
    turned = replace(
        with_costs(program, program.objective_matrix * np.array(senses)[:, None]),
        senses=np.array(senses, dtype=np.int8),
        offsets=program.offsets * senses,
    )
    front = solve_front(turned, points="all")
    assert front.complete
    firsts = [segment.values[:, 0].tolist() for segment in front.segments]
    assert firsts == sorted(sorted(pair) for pair in firsts)
    y = np.array([np.sort(segment.values * senses, axis=0)[:, 0] for segment in front.segments])
    assert np.allclose(np.sort(y, axis=0), [[0, 5], [5, 8]])
    opened = [segment for segment in front.segments if not all(segment.closed)]
    assert len(opened) == 1
    at = opened[0].closed.index(False)
    assert np.allclose(opened[0].values[at] * senses, [5, 0])
    assert check_front(turned, front) == []


def test_opposite_objectives_have_a_front_of_intervals(build: Make) -> None:
    # On the line y1 + y2 = 0: slices b cover [0, 2], [3, 5] and [4, 6].
    whole, share = np.array([[3.0, 4.0]]), np.array([[2.0]])
    program = line(
        build, np.vstack([whole, -whole]), np.vstack([share, -share]), np.array([[1, 1, 0.0]]), np.ones(1)
    )
    front = solve_front(program, points="all")
    assert front.complete
    covered = np.sort(returned(front)[:, :, 0], axis=1)
    for value, on in (
        (1.0, True),
        (2.0, True),
        (2.5, False),
        (3.0, True),
        (4.5, True),
        (6.0, True),
        (6.5, False),
    ):
        assert np.any((covered[:, 0] <= value + 1e-6) & (value <= covered[:, 1] + 1e-6)) == on
    assert check_front(program, front) == []


def test_objectives_in_proportion_have_one_point(build: Make) -> None:
    cost = np.array([[3.0, -1.0, 2.0, -4.0]])
    program = line(
        build,
        np.vstack([cost[:, :2], 2 * cost[:, :2]]),
        np.vstack([cost[:, 2:], 2 * cost[:, 2:]]),
        np.ones((1, 4)),
        np.ones(1) * 3,
    )
    front = solve_front(program, points="all", method="segments")
    assert front.values.tolist() == [[-5.0, -10.0]]
    assert front.segments == ()
    assert front.complete


def test_shares_that_rows_fix_give_points(build: Make) -> None:
    # Each share equals a binary, so that every slice is a point with values that lie on no lattice.
    rng = np.random.default_rng(2)
    whole, share = rng.normal(0, 3, (2, 4)), rng.normal(0, 3, (2, 4))
    rows = np.hstack([np.eye(4), -np.eye(4)])
    program = line(build, whole, share, rows, np.zeros(4))
    program = replace(program, row_lower=np.zeros(4))
    front = solve_front(program, points="all", method="segments")
    assert front.segments == ()
    assert_exact(program, front, enumerate_slices(program))


def test_shares_outside_an_objective_leave_the_boxes(build: Make) -> None:
    rng = np.random.default_rng(4)
    whole, share = rng.normal(0, 3, (2, 5)), np.array([[1.0, 2.0], [0.0, 0.0]])
    program = line(build, whole, share, np.ones((1, 7)), np.array([4.0]))
    front = solve_front(program, points="all")
    assert front.method.startswith("boxes")
    assert front.complete
    assert front.segments == ()
    with pytest.raises(ValueError, match="continuous ones in both objectives: use boxes"):
        solve_front(program, method="segments")


def test_whole_columns_that_bounds_fix_leave_one_slice(build: Make) -> None:
    program = line(
        build,
        np.array([[1.0], [1.0]]),
        np.array([[1.0, -4, -5], [3.0, 3, 9]]),
        np.ones((1, 4)),
        np.array([3.0]),
    )
    program = replace(program, lower=np.array([1.0, 0, 0, 0]))
    front = solve_front(program, points="all")
    assert front.method.startswith("segments")
    assert_exact(program, front, enumerate_slices(program))


def test_without_conflict_there_is_one_point(build: Make) -> None:
    program = line(
        build, np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]]), np.ones((1, 2)), np.array([3.0])
    )
    front = solve_front(program, points="all")
    assert front.values.tolist() == [[0, 0]]
    assert front.complete


@pytest.mark.parametrize("factors", [(1e-6, 1e9), (1e9, 1.0), (1e-6, 1e-6)])
def test_scaling_an_objective_changes_nothing(factors: tuple[float, float]) -> None:
    scale = np.array(factors)
    for seed in (6, 22, 29):
        program = mixed_program(seed)
        scaled = with_costs(program, program.objective_matrix * scale[:, None])
        scaled = replace(scaled, offsets=program.offsets * scale)
        one, other = solve_front(program, points="all"), solve_front(scaled, points="all")
        assert one.complete
        assert other.complete
        span = np.ptp(one.values, axis=0)
        for a, b in ((one, other), (other, one)):
            pieces = [returned(front) / (1 if front is one else scale) for front in (a, b)]
            assert np.all(distance(along(pieces[0], 9), pieces[1], span) <= 2e-6)
