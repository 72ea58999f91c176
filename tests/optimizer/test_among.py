"""Searches below one of several corners: the best of all of them, and a fact for each."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import scipy.spatial
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer.engine import choose_engine
from landfront.optimizer.front import Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.store_rows import solve_of, solve_row
from landfront.optimizer.task import Task

from .conftest import make_program


def knapsack(seed: int, *, items: int = 7, p: int = 3) -> Program:
    rng = np.random.default_rng(seed)
    profits, weights = rng.integers(1, 9, (p, items)), rng.integers(1, 9, (1, items))
    return make_program(
        profits.astype(float),
        weights.astype(float),
        np.array([-np.inf]),
        weights.sum(axis=1) / 2,
        senses=(-1,) * p,
    )


def feasible(program: Program) -> Floats:
    """Values of all solutions in minimisation form, shape (k, p)."""
    x = np.array(list(product((0.0, 1.0), repeat=program.columns)))
    fits = np.all(x @ program.row_matrix.toarray().T <= program.row_upper, axis=1)
    return np.asarray(program.senses * (x[fits] @ program.objective_matrix.T))


def corners_of(values: Floats, rng: np.random.Generator) -> Floats:
    """Corners half a step above some values, sometimes below all."""
    chosen = values[rng.integers(0, len(values), rng.integers(2, 6))]
    return np.asarray(chosen + rng.integers(-6, 3, chosen.shape) + 0.5)


@pytest.mark.parametrize("solver", ["highs", "scip"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_the_best_below_any_corner_is_found_or_all_are_empty(solver: str, seed: int) -> None:
    if solver == "scip":
        pytest.importorskip("pyscipopt")
        if seed % 5:
            return
    rng, program = np.random.default_rng(seed), knapsack(seed)
    values = feasible(program)
    corners = corners_of(values, rng)
    corners[:, rng.integers(3)] = rng.choice([np.inf, 40.5])
    weights = rng.uniform(0.1, 1.0, 3)
    task = Task(weights, corners.max(axis=0), gap=1e-6, among=corners)
    solve = Scalarizer(program, choose_engine(program, solver)[0]).solve(task)
    below = values[np.any(np.all(values[:, None] <= corners, axis=2), axis=1)]
    if len(below):
        assert solve.reason == "optimal"
        assert solve.y is not None
        assert weights @ solve.y == pytest.approx((below @ weights).min(), abs=1e-5)
    else:
        assert solve.reason == "infeasible"
        assert solve.facts
    for fact in solve.facts:
        inside = np.all(values <= fact.upper, axis=1)
        assert np.all(values[inside] @ fact.weights >= fact.beta - 1e-6)


def test_a_start_below_one_of_the_corners_is_taken() -> None:
    program = knapsack(3)
    start = np.zeros(program.columns)
    corners = np.array([[-20.5, 0.5, np.inf], [0.5, 0.5, np.inf]])
    task = Task(np.array([0.1, 0.1, 1.0]), corners.max(axis=0), gap=1e9, start=start, among=corners)
    solve = Scalarizer(program, choose_engine(program)[0]).solve(task)
    assert solve.reason == "optimal"
    assert solve.y is not None
    assert np.any(np.all(solve.y <= corners, axis=1))


def test_corners_are_part_of_the_problem_and_are_stored() -> None:
    corners = np.array([[1.5, 2.5], [2.5, np.inf]])
    task = Task(np.ones(2), np.array([2.5, np.inf]), among=corners)
    assert task.key != Task(np.ones(2), np.array([2.5, np.inf])).key
    program = knapsack(1, p=2)
    solve = Scalarizer(program, choose_engine(program)[0]).solve(task)
    places = list(range(len(solve.facts)))
    columns: dict[str, Floats] = {}
    if solve.x is not None:
        from landfront.optimizer.points import key_of

        columns[key_of(solve.x)] = solve.x
    bases = {solve.basis.key: solve.basis} if solve.basis is not None else {}
    again = solve_of(
        solve_row(solve, places), dict(zip(places, solve.facts, strict=True)), bases, columns.__getitem__
    )
    assert again.task.key == task.key
    assert again.task.among is not None
    assert np.array_equal(again.task.among, corners)


def test_fronts_with_and_without_groups_of_zones_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    from landfront.optimizer.fronts import zones

    program = knapsack(5, items=25)
    together = solve_front(program, points="all")
    monkeypatch.setattr(zones, "TOGETHER", 1)
    alone = solve_front(program, points="all")
    assert together.complete
    assert np.array_equal(together.values, alone.values)
    assert together.searches < alone.searches


def test_a_front_survives_a_hull_that_cannot_be_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise scipy.spatial.QhullError("wide merge")

    program = knapsack(5, items=12)
    whole = solve_front(program, points="all")
    monkeypatch.setattr(scipy.spatial, "HalfspaceIntersection", fail)
    found = solve_front(program, points="all")
    assert found.complete
    assert np.array_equal(found.values, whole.values)
    assert found.bulge == np.inf
    part = solve_front(program, points=5)
    assert part.hypervolume[0] <= part.hypervolume[1] <= 1
