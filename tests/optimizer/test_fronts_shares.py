"""Fronts of programs without integers: against weighted sums, and what must not change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from landfront.optimizer import certify
from landfront.optimizer.front import Front
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.quality import knee

Make = Callable[..., Program]
quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
seeds = st.integers(0, 400)


def weighted_sum(program: Program, weights: np.ndarray) -> float:
    """The least weighted sum, by another library."""
    groups = np.zeros((program.groups, program.columns))
    for group in range(program.groups):
        groups[group, program.starts[group] : program.starts[group + 1]] = 1
    rows = program.row_matrix.toarray()
    above, below = np.isfinite(program.row_upper), np.isfinite(program.row_lower)
    done = linprog(
        weights @ program.minimised,
        A_ub=np.vstack([rows[above], -rows[below]]),
        b_ub=np.concatenate([program.row_upper[above], -program.row_lower[below]]),
        A_eq=groups,
        b_eq=np.ones(program.groups),
        bounds=(0, 1),
    )
    assert done.fun is not None
    return float(done.fun + weights @ program.minimised_offsets)


@pytest.mark.parametrize("points", [8, "all"])
@pytest.mark.parametrize("seed", range(6))
def test_front_supports_every_weighted_sum(seed: int, points: Any, rand: Make) -> None:
    program = rand(seed, whole=False)
    front = solve_front(program, points=points)
    values = front.values * front.senses
    span = np.where(np.ptp(values, axis=0) > 0, np.ptp(values, axis=0), 1.0)
    for angle in np.linspace(0.02, np.pi / 2 - 0.02, 15):
        weights = np.array([np.cos(angle), np.sin(angle)]) / span
        best = weighted_sum(program, weights)
        found = float((values @ weights).min())
        assert best - 1e-7 <= found <= best + front.coverage * 2 + 1e-6
        for fact in front.facts:
            assert certify.fact_holds(program, fact)
    if points == "all":
        assert front.complete
        assert front.coverage <= 1e-5


def test_facts_hold_for_all_enumerated_choices(rand: Make, brute: Callable[..., Any]) -> None:
    for seed in range(8):
        program = rand(seed)
        front = solve_front(program.relaxed(), points=6)
        values = brute(program).values
        for fact in front.facts:
            inside = values[np.all(values <= fact.upper, axis=1)]
            assert np.all(inside @ fact.weights >= fact.beta - 1e-9)


def test_boxes_and_sandwich_agree_without_integers(rand: Make) -> None:
    program = rand(3, whole=False)
    chain = solve_front(program, points="all")
    boxed = solve_front(program, points=12, method="boxes")
    ys, xs = (chain.values * chain.senses).T[::-1]
    order = np.argsort(ys)
    on_chain = np.interp(boxed.values[:, 1] * boxed.senses[1], ys[order], xs[order])
    assert np.allclose(boxed.values[:, 0] * boxed.senses[0], on_chain, atol=1e-3 * (1 + np.ptp(xs)))


def test_hypervolume_bracket_closes_on_the_true_area(rand: Make) -> None:
    program = rand(3, whole=False)
    few, many = solve_front(program, points=4), solve_front(program, points="all")
    assert few.hypervolume[0] <= many.hypervolume[0] + 1e-9
    assert many.hypervolume[1] <= few.hypervolume[1] + 1e-3
    assert many.hypervolume[1] - many.hypervolume[0] < 2e-3


def test_knee_is_furthest_from_the_chord(build: Make) -> None:
    objectives = np.array([[0, 1, 4, 10], [10, 3, 2, 0.0]])
    front = solve_front(build(objectives, np.zeros((0, 4)), [], [], starts=[0, 4]), points="all")
    assert front[knee(front).index].values.tolist() == [1, 3]


def permuted(program: Program, seed: int) -> Program:
    """The same program with the columns of each group in another order."""
    rng = np.random.default_rng(seed)
    parts = [
        rng.permutation(np.arange(a, b)) for a, b in zip(program.starts[:-1], program.starts[1:], strict=True)
    ]
    order = np.concatenate(parts)
    return replace(
        program,
        objectives=Stack((Csr(sp.csr_array(program.objective_matrix[:, order])),), program.columns),
        rows=Stack((Csr(sp.csr_array(program.row_matrix.toarray()[:, order])),), program.columns),
    )


def with_dominated_option(program: Program) -> Program:
    """One more column in the last group: worse than its first in both objectives, and using the same."""
    first = int(program.starts[-2])
    worse = program.objective_matrix[:, [first]] + program.senses[:, None] * np.array([[1.5], [0.5]])
    matrix = sp.csr_array(np.hstack([program.objective_matrix, worse]))
    rows = program.row_matrix.toarray()
    starts = program.starts.copy()
    starts[-1] += 1
    return replace(
        program,
        objectives=Stack((Csr(matrix),), program.columns + 1),
        rows=Stack((Csr(sp.csr_array(np.hstack([rows, rows[:, [first]]]))),), program.columns + 1),
        lower=np.append(program.lower, 0.0),
        upper=np.append(program.upper, 1.0),
        integer=np.append(program.integer, program.integer[0]),
        starts=starts,
    )


def scaled(program: Program, factor: float) -> Program:
    matrix = sp.csr_array(program.objective_matrix * np.array([[factor], [1.0]]))
    return replace(
        program,
        objectives=Stack((Csr(matrix),), program.columns),
        offsets=program.offsets * np.array([factor, 1.0]),
    )


def same(one: Front, two: Front, scale: float = 1.0) -> bool:
    """Whether two complete fronts hold the same values, up to the resolution of real-valued ones."""
    a, b = one.values, two.values / np.array([scale, 1.0])
    reach = 2e-4 * np.maximum(np.ptp(a, axis=0), 1e-9) + 1e-6
    covers = [all(np.any(np.all(np.abs(p - q) <= reach, axis=1)) for p in x) for x, q in ((a, b), (b, a))]
    return one.complete and two.complete and all(covers)


@quick
@given(seed=seeds)
def test_order_of_columns_changes_nothing(rand: Make, seed: int) -> None:
    program = rand(seed)
    assert same(solve_front(program, points="all"), solve_front(permuted(program, seed), points="all"))


@quick
@given(seed=seeds)
def test_a_dominated_option_changes_nothing(rand: Make, seed: int) -> None:
    program = rand(seed)
    assert same(solve_front(program, points="all"), solve_front(with_dominated_option(program), points="all"))


@quick
@given(seed=seeds, factor=st.sampled_from([1e-4, 0.3, 7.0, 1e5]))
def test_units_of_an_objective_change_nothing(rand: Make, seed: int, factor: float) -> None:
    program = rand(seed)
    assert same(
        solve_front(program, points="all"), solve_front(scaled(program, factor), points="all"), factor
    )


@quick
@given(seed=seeds)
def test_tightening_a_limit_never_improves(rand: Make, seed: int) -> None:
    program = rand(seed)
    wide = replace(program, row_lower=program.row_lower - 2, row_upper=program.row_upper + 2)
    tight, loose = solve_front(program, points="all"), solve_front(wide, points="all")
    better = loose.values * loose.senses
    reach = 2e-4 * np.maximum(np.ptp(better, axis=0), 1e-9) + 1e-6
    assert all(np.any(np.all(better <= y + reach, axis=1)) for y in tight.values * tight.senses)


def test_share_bounds_other_than_zero_and_one_are_proven(build: Make) -> None:
    program = build(np.array([[0, 2, 3], [9, 4, 0.0]]), np.zeros((0, 3)), [], [], starts=[0, 3], whole=False)
    program = replace(program, lower=np.array([0.1, 0, 0]), upper=np.array([0.6, 0.5, 1]))
    front = solve_front(program, points="all")
    assert front.complete
    # Least first value: 0.6 of column 0, then 0.4 of column 1. Least second: all that may go to column 2.
    assert np.allclose(front.values[[0, -1]], [[0.8, 7.0], [2.7, 0.9]])


def test_linking_columns_are_part_of_the_bound(build: Make) -> None:
    # A fairness column z in no group: maximise z with z <= the share of each of two groups.
    objectives = np.array([[0, 1, 0, 3, 0], [0, 0, 0, 0, 1.0]])
    rows = np.array([[0, 1, 0, 0, -1], [0, 0, 0, 1, -1.0]])
    program = build(objectives, rows, [0, 0], [np.inf, np.inf], starts=[0, 2, 4], whole=False, senses=(1, -1))
    front = solve_front(program, points="all")
    assert front.complete
    assert np.allclose(front.values, [[0, 0], [4, 1]])
    assert all(fact.proof == "recomputed" for fact in front.facts)
