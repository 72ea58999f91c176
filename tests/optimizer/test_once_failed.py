"""The smallest programs on which fronts once stated what was false, or less than they had proven."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import numpy as np
import pytest

from landfront.optimizer.checker import Sets, check_front, uncovered
from landfront.optimizer.cover import cover
from landfront.optimizer.front import Fact
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.fronts.zones import Walk
from landfront.optimizer.program import Program
from landfront.optimizer.proof import ranges
from tests.optimizer.contract import EXACT_GAP, assert_all_found, assert_contract
from tests.optimizer.moo import assemble
from tests.strategies import everything

Make = Callable[..., Program]


def test_a_zone_without_an_end_stops_at_the_last_lattice_value(build: Make) -> None:
    # The second value is at most 1.5, hence at most 1 on its lattice: where the first is 0 nothing is left.
    weights, beta = np.array([[0.0, 1], [0, -1], [2, 1]]), np.array([0.0, -1.5, 1.25])
    free, none = np.full(2, inf), np.zeros(0)
    facts = [
        Fact(w, free, float(b), "claimed", none, np.zeros(2)) for w, b in zip(weights, beta, strict=True)
    ]
    point, one = np.array([[1.0, 0.0]]), np.ones(2)
    known = cover(point, facts, scale=one, steps=one, anchor=np.zeros(2))
    assert (known.coverage, known.missing) == (0.0, 0.0)
    program = build(np.eye(2), np.zeros((0, 2)), [], [])
    sets = Sets(weights, np.tile(free, (3, 1)), beta)
    assert uncovered(np.repeat(point[:, None], 2, axis=1), sets, program, finest=one * 1e-7) is None
    loose = Sets(weights, sets.upper, np.array([0.0, -2.0, 1.25]))
    assert uncovered(np.repeat(point[:, None], 2, axis=1), loose, program, finest=one * 1e-7) is not None


def next_to_each_other() -> Program:
    """Two points whose second values differ by more than the resolution, and a resolution below the noise."""
    objectives = [
        [-17, 26, 4, 25, -13, 10, -18, -22],
        [2, 15 / 7, -25 / 7, -20 / 7, 27 / 7, -15 / 7, 23 / 7, 5 / 7],
        [10, 9, -26, 1, 15, 7, 27, -19],
    ]
    rows = [[2, -4, -1, 2, 3, 1, -3, -3], [3, 5, 8, 5, -2, -4, 3, 0], [-4, 0, 8, -4, -2, 4, 2, 4]]
    return assemble(
        objectives,
        rows,
        [-inf, 13, -inf],
        [-4, 13, 2],
        senses=-1,
        starts=[0, 2],
        offsets=[-1, -1 / 7, -5],
    )


def test_a_claim_for_the_next_level_is_no_bound_of_the_point_beside_it() -> None:
    program = next_to_each_other()
    front = solve_front(program, points="all", gap=EXACT_GAP)
    assert len(front) == 2
    # A bound is never worse than the point's own value.
    assert [point.bound for point in front] == front.values[:, 0].tolist()
    found = everything(program)
    assert_contract(program, front, found, gap=EXACT_GAP, points="all")
    assert_all_found(front, found)


@pytest.mark.parametrize("points", [2, "all"])
@pytest.mark.parametrize("method", ["zones", "spread"])
def test_values_that_rounding_tells_apart_are_no_range(method: str, points: int | str) -> None:
    # Either the first two columns or the third: 1/7 + 4/7 and 5/7 differ in the last bit.
    objectives = [[3, 0, 0], [0, 0, 2], [1 / 7, 4 / 7, 5 / 7]]
    assert 1 / 7 + 4 / 7 != 5 / 7
    program = assemble(objectives, [[1, -1, 0], [1, 0, 1]], [0, 1], [0, 1], senses=1)
    front = solve_front(program, points=points, method=method)  # type: ignore[arg-type]
    assert len(front) == 2
    assert front.complete
    assert front.coverage <= front.asked
    assert ranges(program, front.values)[2] > 0.1
    assert check_front(program, front) == []


def test_zones_closed_by_a_coarse_resolution_are_looked_into_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    values = rng.integers(0, 200, (3, 40)) / 7
    program = assemble(values, np.zeros((0, 40)), [], [], senses=1, starts=[0, 40])
    again: list[int] = []
    exact = vars(Walk)["margin"].fget
    reopened = Walk.reopened

    def note(walk: Walk) -> bool:
        again.append(len(walk.search.archive))
        return reopened(walk)

    # As if ranges had been far larger until all zones were closed for the first time.
    monkeypatch.setattr(Walk, "margin", property(lambda walk: exact(walk) * (1 if again else 10_000)))
    monkeypatch.setattr(Walk, "reopened", note)
    front = solve_front(program, points="all", gap=EXACT_GAP)
    assert front.complete
    assert_all_found(front, everything(program))
    assert again[0] < len(front)


def test_pieces_of_two_slices_on_one_line_are_there_once() -> None:
    # Rounding made a line cross itself: a stretch of it stood there twice, and could not be closed.
    numbers = [
        [1, 3, -1, -3, 3, -3, -2, -3, 1, -3, -3, 1, 2, -2],
        [3, 2, 2, -3, -1, -1, -2, 2, 1, 2, -2, -1, -3, 2],
    ]
    units = np.array([0.01 / 7, 1 / 7])
    program = assemble(
        np.array(numbers) * units[:, None],
        np.zeros((0, 14)),
        [],
        [],
        senses=1,
        lower=[0.0] * 9 + [-2, 0, 1, 1, 1],
        upper=[1.0] * 9 + [-1, 3, 3, 3, 2],
        integer=np.arange(14) < 11,
        starts=[0, 2, 5, 9],
        offsets=[3, 0] * units,
    )
    front = solve_front(program, points="all", gap=1e-3)
    assert_contract(program, front, everything(program), gap=1e-3, points="all")
    assert front.complete
    # Which slice holds which piece of the line is the solver's choice; each stretch is there once.
    ends = np.array([segment.values[:, 0] for segment in front.segments]) / units[0]
    assert np.allclose(ends[0, 0], -9)
    assert np.allclose(ends[-1, 1], 5)
    assert np.allclose(np.diff(ends, axis=1).sum(), 12)
    assert np.all(ends[1:, 0] > ends[:-1, 1] - 1e-6)


def test_a_solution_within_a_tolerance_of_another_is_no_second_point() -> None:
    # Steep: what the solver may miss a row by is worth 0.0015 of the first objective.
    quarters = [
        [-16, -9, -22, -4, 12, -4, -27, -17, 15, -22, -15, 8, 23, -4],
        [-17, 4, -6, -14, 7, 9, 5, -12, -5, 21, 27, -5, 23, 5],
    ]
    rows = [
        [-5, 6, -2, -4, -1, 1, -2, 1, -3, -3, 4, 1, 3, 1],
        [5, -5, -1, 0, -1, 2, 1, 1, 1, -5, 5, 0, 2, 2],
        [-3, 0, 0, 3, 0, 1, 4, 1, -1, 5, -2, -4, -3, 2],
    ]
    units = np.array([1e4 / 7, 10])
    program = assemble(
        np.array(quarters) * units[:, None],
        rows,
        [5, 10, -3],
        [inf, inf, -3],
        senses=-1,
        lower=np.where(np.arange(14) < 13, 0, 1),
        upper=np.where(np.arange(14) < 13, 1, 4),
        integer=np.arange(14) < 13,
        starts=[0, 3, 5, 8],
        offsets=[7, 9] * units,
    )
    front = solve_front(program, points=5, gap=1e-3)
    assert_contract(program, front, everything(program), gap=1e-3, points=5)
    assert len(front) == 1


def test_half_planes_that_nearly_agree_lose_no_front() -> None:
    numbers = [
        [0, 0, 2, 3, -3, -2, 2, 3, -2, -1],
        [3, -1, -2, 2, -2, -1, 1, 0, -3, -3],
        [3, 2, 2, 0, 2, -1, 0, 2, -3, -1],
        [-3, 0, 3, -3, -1, -1, 3, -2, 0, -2],
    ]
    units = np.array([1 / 7, 10 / 7, 1 / 7, 1e4])
    program = assemble(
        np.array(numbers) * units[:, None],
        np.zeros((0, 10)),
        [],
        [],
        senses=[1, -1, -1, 1],
        lower=[0.0] * 8 + [-1, 1],
        upper=[1.0] * 9 + [4],
        integer=np.arange(10) < 9,
        starts=[0, 3, 7],
        offsets=[-9, 5, -8, -4] * units,
    )
    front = solve_front(program, points="all", gap=0.15)
    assert_contract(program, front, everything(program), gap=0.15, points="all")
    assert front.complete
