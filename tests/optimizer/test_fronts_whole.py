"""Fronts of whole programs against enumeration, and what they claim against everything enumerated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from landfront.optimizer import certify
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.front import Front
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "moo" / "augmecon_kp"
Make = Callable[..., Program]


def missing(front: Front, wanted: np.ndarray, *, gap: float = 1e-4) -> list[np.ndarray]:
    """Enumerated points that no returned point matches within the gap."""
    values = front.values * front.senses
    span = np.ptp(wanted, axis=0)
    reach = gap * np.where(span > 0, span, 1.0) + 1e-8
    return [y for y in wanted if not np.any(np.all(values <= y + reach, axis=1))]


def assert_sound(program: Program, front: Front, feasible: np.ndarray) -> None:
    """Every fact, bound and point holds against all feasible values (minimisation form)."""
    for fact in front.facts:
        inside = np.all(feasible <= fact.upper + 1e-9, axis=1)
        assert np.all(feasible[inside] @ fact.weights >= fact.beta - 1e-7)
        assert certify.fact_holds(program, fact)
    for point in front:
        assert certify.check_point(program, point) == []
        y = point.values * program.senses
        best = feasible[feasible[:, 1] <= y[1] + 1e-7, 0].min()
        assert point.bound * program.senses[0] <= best + 1e-6
        assert not np.any(np.all(feasible < y - 1e-6, axis=1))


@pytest.mark.parametrize("seed", range(25))
def test_complete_front_equals_enumeration(seed: int, rand: Make, brute: Callable[..., Any]) -> None:
    program = rand(seed)
    found = brute(program)
    front = solve_front(program, points="all")
    assert front.complete, front.detail
    assert front.reason == "optimal"
    assert front.gap <= 1e-4
    assert missing(front, found.front) == []
    assert len(front) <= len(found.front)
    assert_sound(program, front, found.values)
    assert np.allclose(front.ideal * program.senses, found.front.min(axis=0), atol=1e-6)


@pytest.mark.parametrize("seed", range(25, 37))
def test_some_points_are_sound_and_cover_what_they_say(
    seed: int, rand: Make, brute: Callable[..., Any]
) -> None:
    program = rand(seed)
    found = brute(program)
    front = solve_front(program, points=4)
    assert len(front) <= 4
    assert_sound(program, front, found.values)
    values, span = front.values * front.senses, np.ptp(front.values, axis=0)
    span = np.where(span > 0, span, 1.0)
    for y in found.front:
        assert np.min(np.max((values - y) / span, axis=1)) <= front.coverage + 1e-6
    assert front.complete == (missing(front, found.front) == []) or not front.complete


def test_integral_front_is_exact_with_large_values(build: Make, brute: Callable[..., Any]) -> None:
    # Values near 1e6 with steps of 1: a relative gap of 1e-4 would lose points.
    rng = np.random.default_rng(4)
    starts = np.arange(0, 16, 3)
    first = rng.integers(100_000, 400_000, 15)
    objectives = np.array([first, 500_000 - first + rng.integers(-3_000, 3_000, 15)])
    program = build(objectives, np.zeros((0, 15)), [], [], starts=starts, senses=(-1, -1))
    found = brute(program)
    front = solve_front(program, points="all")
    assert len(found.front) > 20
    assert front.complete
    assert np.array_equal(np.unique(front.values * -1, axis=0), found.front)


def test_weakly_dominated_and_tied_choices_give_one_point(build: Make) -> None:
    objectives = np.array([[0, 0, 1, 1, 2], [5, 4, 2, 2, 2.0]])
    front = solve_front(build(objectives, np.zeros((0, 5)), [], [], starts=[0, 5]), points="all")
    assert front.values.tolist() == [[0, 4], [1, 2]]
    assert front.complete


def test_one_point_when_nothing_conflicts(build: Make) -> None:
    front = solve_front(build(np.array([[3, 1], [2, 1.0]]), np.zeros((0, 2)), [], [], starts=[0, 2]))
    assert front.values.tolist() == [[1, 1]]
    assert front.complete
    assert front.ideal.tolist() == front.nadir.tolist() == [1, 1]
    assert front.hypervolume.tolist() == [1, 1]


@pytest.mark.parametrize("whole", [True, False])
def test_constant_objective_gives_one_point(build: Make, whole: bool) -> None:
    objectives = np.array([[7, 7, 7], [3, 1, 2.0]])
    front = solve_front(build(objectives, np.zeros((0, 3)), [], [], starts=[0, 3], whole=whole))
    assert np.allclose(front.values, [[7, 1]])
    assert front.complete


@pytest.mark.parametrize("whole", [True, False])
def test_infeasible_program_names_the_rows_that_clash(build: Make, whole: bool) -> None:
    rows = np.array([[1, 2], [0, 1], [3, 4.0]])
    program = build(np.eye(2), rows, [-np.inf, 0.5, 3.9], [1.2, np.inf, np.inf], starts=[0, 2], whole=whole)
    with pytest.raises(Infeasible) as caught:
        solve_front(program)
    # Row 0 asks for little of the second column; rows 1 and 2 each ask for much.
    assert caught.value.names in {("row 0", "row 1"), ("row 0", "row 2")}


def test_rows_that_only_whole_choices_break_are_named(build: Make) -> None:
    program = build(np.eye(2), np.array([[1, 0.0]]), [0.4], [0.6], starts=[0, 2])
    with pytest.raises(Infeasible) as caught:
        solve_front(program)
    assert caught.value.rows == (0,)


def knapsack(folder: Path, build: Make) -> tuple[Program, set[tuple[int, ...]]]:
    if not folder.exists():
        pytest.skip(f"the shared data set {folder} is not here")
    a, b, c, known = (
        pd.read_csv(folder / f"{name}.csv", index_col=0).to_numpy(float)
        for name in ("a", "b", "c", "pareto_sols")
    )
    program = build(c, a, np.full(len(a), -np.inf), b.ravel(), senses=(-1, -1))
    return program, {tuple(row) for row in known.astype(int).tolist()}


@pytest.mark.parametrize("name", ["2kp50", pytest.param("2kp100", marks=pytest.mark.slow)])
def test_known_knapsack_fronts_are_found_whole(name: str, build: Make) -> None:
    program, known = knapsack(SHARED / name, build)
    front = solve_front(program, points="all")
    assert front.complete
    assert front.coverage == 0
    assert {tuple(row) for row in np.rint(front.values).astype(int).tolist()} == known


def test_large_program_gets_points_within_the_gap_from_cores(big: Make) -> None:
    program = big(1500)
    front = solve_front(program, points=5, gap=1e-3, time_limit=60)
    assert len(front) == 5
    assert front.reason == "points reached"
    assert front.gap <= 1e-3
    assert all(certify.check_point(program, point) == [] for point in front)
    assert all(certify.fact_holds(program, fact) for fact in front.facts)
    assert front.hypervolume[0] <= front.hypervolume[1] <= 1
