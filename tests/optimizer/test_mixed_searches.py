"""Searches of mixed fronts that stop, go on, run in parallel or meet a failing solver."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from landfront.optimizer import scalarize, task
from landfront.optimizer.checker import check_front
from landfront.optimizer.engine import Answer, Basis, Infeasible, SolverError
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import driver, solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.segments import distance
from tests.optimizer.faulty import Faulty, says_infeasible
from tests.optimizer.mixed import (
    EXACT,
    along,
    assert_exact,
    enumerate_slices,
    mixed_program,
    returned,
)
from tests.optimizer.test_failures import FAILURES


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
    for module in (driver, scalarize, task):
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
