"""Exact fronts of mixed programs: geometry by sampling, fronts by enumerating slices, degenerate ones."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from landfront.optimizer import certify, scalarize
from landfront.optimizer.checker import check_front
from landfront.optimizer.engine import Answer, Basis, Infeasible, SolverError
from landfront.optimizer.excluded import Excluded
from landfront.optimizer.front import Floats, Front
from landfront.optimizer.fronts import driver, solve_front
from landfront.optimizer.open_parts import open_bracket, open_parts
from landfront.optimizer.program import Program
from landfront.optimizer.segments import Segment, distance, dominated_area, minimised, nondominated
from tests.optimizer.mixed import Slices, enumerate_slices, mixed_program, returned, with_costs
from tests.optimizer.test_failures import FAILURES, Faulty, says_infeasible

MOO = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "moo" / "ceyhan_momilp"
NOISE = np.full(2, 1e-9)
EXACT = 1e-6
"""Share of the range within which a front must be the enumerated one."""

Make = Callable[..., Program]


def ends(*pairs: tuple[tuple[float, float], ...]) -> Floats:
    return np.array(pairs, dtype=float).reshape(-1, 2, 2)


def along(pieces: Floats, count: int, *, inside: float = 0.0) -> Floats:
    share = np.linspace(inside, 1 - inside, count)[:, None, None]
    return np.asarray(((1 - share) * pieces[None, :, 0] + share * pieces[None, :, 1]).reshape(-1, 2))


# Geometry


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


# Fronts


def assert_exact(program: Program, front: Front, slices: Slices, *, tolerance: float = EXACT) -> None:
    """The front is that of the enumerated slices, both ways, and every mix on it is a solution."""
    assert front.complete, (front.reason, front.detail)
    assert front.reason == "optimal"
    assert front.coverage <= front.asked
    pieces = returned(front)
    all_ = slices.samples(40)
    wanted = all_[~slices.beaten(all_, tolerance)]
    assert np.all(distance(wanted, pieces, slices.range) <= 2 * tolerance)
    inside = along(pieces, 25, inside=0.002)
    assert not np.any(slices.beaten(inside, 2 * tolerance))
    assert np.all(distance(inside, slices.pieces, slices.range) <= tolerance)
    assert check_front(program, front) == []
    for segment in front.segments:
        x, values = segment.mix(0.37)
        assert certify.faults(program, x) == []
        assert np.allclose(program.values(x), values, rtol=1e-9, atol=1e-9 * program.objective_span.max())


def check(program: Program) -> None:
    slices = enumerate_slices(program)
    # Where coefficients nearly cancel, the range is too small for a solver's tolerances to tell values apart.
    assume(np.all(certify.value_noise(program) < 0.2e-4 * slices.range))
    front = solve_front(program, points="all")
    assert front.method.startswith("segments")
    assert_exact(program, front, slices)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.integers(0, 10**6))
def test_front_of_a_small_mixed_program_is_that_of_its_slices(seed: int) -> None:
    check(mixed_program(seed, whole_range=2))


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 5))
def test_fronts_of_many_mixed_programs(seed: int, grouped: bool, whole_range: int) -> None:
    check(mixed_program(seed, grouped=grouped, whole_range=whole_range))


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


# Searches that stop, go on, or run in parallel


def test_slices_prove_no_fact_and_leave_a_journal() -> None:
    front = solve_front(mixed_program(22), points="all")
    on_slices = [solve for solve in front.journal if solve.task.fixed is not None]
    assert on_slices
    assert all(solve.facts == () for solve in on_slices)
    again = solve_front(mixed_program(22), points="all", resume=front)
    assert again.solves == front.solves
    assert np.array_equal(again.values, front.values)
    assert [segment.closed for segment in again.segments] == [segment.closed for segment in front.segments]


@pytest.mark.parametrize("most", [1, 3, 20])
def test_a_budget_leaves_an_open_front_that_goes_on_to_the_same_end(most: int) -> None:
    program = mixed_program(4)
    slices, whole = enumerate_slices(program), solve_front(program, points="all")
    part = solve_front(program, points="all", max_solves=most)
    assert part.reason == "points reached"
    assert not part.complete
    assert part.solves == most
    assert check_front(program, part) == []
    for y in along(returned(part), 9):
        assert slices.lowest(y[:1] + 1e-7)[0] <= y[1] + 1e-6
    rest = solve_front(program, points="all", resume=part)
    assert np.array_equal(rest.values, whole.values)
    assert np.array_equal(returned(rest), returned(whole))
    assert rest.complete


def test_an_asked_coverage_stops_the_search() -> None:
    program = mixed_program(36)
    front = solve_front(program, points="all", coverage=0.1)
    slices = enumerate_slices(program)
    assert front.reason == "points reached"
    assert 0 < front.coverage <= 0.1
    assert front.solves < solve_front(program, points="all").solves
    wanted = slices.samples(30)
    wanted = wanted[~slices.beaten(wanted, EXACT)]
    near = (along(returned(front), 60)[None] - wanted[:, None]) / np.ptp(front.values, axis=0)
    assert near.max(axis=2).min(axis=1).max() <= front.coverage + 0.02


def test_so_many_points_spread_over_the_front() -> None:
    program = mixed_program(36)
    front = solve_front(program, points=6, method="segments")
    assert len(front) == 6
    assert front.reason == "points reached"
    assert front.coverage <= 1 / 6
    assert check_front(program, front) == []
    boxes = solve_front(program, points=6)
    assert boxes.method.startswith("boxes")


def test_no_time_is_an_open_front() -> None:
    front = solve_front(mixed_program(36), points="all", time_limit=0.0)
    assert len(front) == 0
    assert front.segments == ()
    assert not front.complete


def test_threads_find_the_same_front() -> None:
    program = mixed_program(36)
    alone = solve_front(program, points="all")
    with ThreadPoolExecutor(1) as executor:
        both = solve_front(program, points="all", executor=executor, workers=3)
    assert both.complete
    span = np.ptp(alone.values, axis=0)
    for one, other in ((alone, both), (both, alone)):
        assert np.all(distance(along(returned(one), 20), returned(other), span) <= 2e-6)


class Counted(Faulty):
    """A failing engine that counts the calls of all engines together, those of slices too."""

    def __init__(
        self, program: Program, calls: list[int], at: int, spoil: Callable[[Answer], Answer]
    ) -> None:
        super().__init__(program, at, spoil)
        self.counter = calls

    def _pass(self, answer: Answer) -> Answer:
        self.counter[0] += 1
        return self.spoil(answer) if self.counter[0] > self.at else answer


@pytest.mark.parametrize("spoil", FAILURES)
@pytest.mark.parametrize("at", [*range(0, 21, 4), 33])
def test_a_failing_solver_leaves_a_sound_open_front(at: int, spoil: Callable[[Answer], Answer]) -> None:
    program = mixed_program(4)
    slices, calls = enumerate_slices(program), [0]
    try:
        front = solve_front(
            program, points="all", engine=lambda part: Counted(part, calls, at, spoil), time_limit=20
        )
    except (Infeasible, SolverError):
        assert at < 3  # nothing was found yet
        return
    assert calls[0] > at
    if spoil is not says_infeasible:
        # A slice that a solver calls empty stays the one solution that is known of it.
        assert not front.complete
    assert check_front(program, front) == []
    if front.complete:
        assert_exact(program, front, slices)
        return
    assert front.reason not in ("optimal", "points reached")
    assert front.detail
    corners = slices.pieces.reshape(-1, 2)
    for fact in front.facts:
        inside = corners[np.all(corners <= fact.upper, axis=1)]
        assert np.all(inside @ fact.weights >= fact.beta - 1e-5)
    for y in along(returned(front), 5):
        assert slices.lowest(y[:1] + 1e-5)[0] <= y[1] + 1e-5


def test_a_gap_that_searches_leave_is_counted_as_open() -> None:
    program = mixed_program(4)
    slices = enumerate_slices(program)

    def loose(answer: Answer) -> Answer:
        return replace(answer, bound=answer.bound - 0.03 * abs(answer.bound), reason="time limit")

    front = solve_front(program, points="all", engine=Loose(program, loose), time_limit=20)
    assert front.reason == "time limit"
    assert not front.complete
    assert len(front.segments) > 3
    assert check_front(program, front) == []
    wanted = slices.samples(20)
    wanted = wanted[~slices.beaten(wanted, EXACT)]
    near = (along(returned(front), 80)[None] - wanted[:, None]) / np.ptp(front.values, axis=0)
    assert near.max(axis=2).min(axis=1).max() <= front.coverage + 0.02


class Loose(Faulty):
    """An engine whose integer searches prove less than they should."""

    def __init__(self, program: Program, spoil: Callable[[Answer], Answer]) -> None:
        super().__init__(program, 0, spoil)

    def relax(
        self,
        weights: Floats,
        upper: Floats,
        *,
        seconds: float,
        start: Basis | None = None,
        slope: Floats | None = None,
    ) -> Answer:
        return self.inner.relax(weights, upper, seconds=seconds, start=start, slope=slope)


def test_a_range_below_the_tolerances_of_a_solver_is_never_complete() -> None:
    program = mixed_program(17882, grouped=False, whole_range=2)
    front = solve_front(program, points="all")
    assert not front.complete
    assert "told apart" in front.detail
    assert front.coverage < 1e-3
    assert check_front(program, front) == []


def test_a_clock_that_stops_the_search_after_the_gap_is_reached_takes_nothing_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program, clock = mixed_program(36), [0.0]
    exact = solve_front(program, points="all", gap=0.02)
    for module in (driver, scalarize):
        monkeypatch.setattr(module, "monotonic", lambda: clock[0])

    found: list[float] = []

    def note(answer: Answer) -> Answer:
        found.append(answer.bound)
        clock[0] = 100.0 if len(found) >= exact.searches - 2 else 0.0
        return answer

    front = solve_front(program, points="all", gap=0.02, engine=Loose(program, note), time_limit=50)
    assert front.searches < exact.searches
    assert front.complete
    assert front.reason == "optimal"
    assert front.coverage <= 0.02
