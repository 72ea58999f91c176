"""Forced columns: intervals hold what brute force and exact solves give, on all pairs of capabilities."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer.certify import faults
from landfront.optimizer.engine import Infeasible, SolverError
from landfront.optimizer.forcing import Best, force, resolved, solve_best, solve_forced
from landfront.optimizer.front import Fact
from landfront.optimizer.program import Program
from landfront.optimizer.reduced import reduced
from tests.models import builders as b
from tests.models.brute import plans
from tests.models.test_pairs import PARTS, small, together
from tests.models.test_past import FOREST, TILLAGE, done

NOISE = 1e-6
"""Share of a value by which a solver's own tolerance may move it."""

PAIRS = list(combinations(PARTS, 2))


def truth(program: Program, column: int) -> float:
    """The best value with a column, in minimisation form; infinite where there is none."""
    solve = solve_forced(program, column, share=1e-9)
    return np.inf if solve is None or solve.y is None else float(solve.y[0])


def contained(low: float, value: float, high: float) -> bool:
    if np.isinf(value):
        return bool(np.isinf(high))
    noise = NOISE * (1 + abs(value))
    return low <= value + noise and value - noise <= high


@pytest.mark.slow
@pytest.mark.parametrize("decision", ["whole", "share"])
@pytest.mark.parametrize(("one", "two"), PAIRS[::3])
def test_intervals_hold_exact_solves(one: str, two: str, decision: str) -> None:
    criteria, sections = together(PARTS[one], PARTS[two])
    found = small(criteria, {**sections, "about": {"decision": decision}}, 3)
    program = found.program.select([0])
    try:
        best = solve_best(program, share=1e-9)
    except Infeasible:
        return
    every = np.arange(program.starts[-1])
    forced = force(best, targets=every)
    again = resolved(forced, every, share=1e-9, seconds=60.0)
    for column in every.tolist():
        value = truth(program, column)
        assert contained(forced.low[column], value, forced.high[column])
        assert contained(again.low[column], value, again.high[column])
        if np.isfinite(value):
            cost = value - truth_of(best)
            assert again.least[column] - NOISE * (1 + abs(value)) <= cost
            assert cost <= again.most[column] + NOISE * (1 + abs(value))
            assert again.most[column] - again.least[column] <= 10 * NOISE * (1 + abs(value))


def truth_of(best: Best) -> float:
    assert best.gap <= NOISE * (1 + abs(best.value))
    return best.value


@settings(max_examples=40, deadline=None)
@given(
    budget=st.floats(2e4, 4e5), floor=st.floats(0.6, 1.0), loose=st.sampled_from([1e-9, 0.05, 0.3]),
)  # fmt: skip
def test_intervals_hold_brute_force_whatever_the_gap(budget: float, floor: float, loose: float) -> None:
    limits = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}, "by": "county"},
    ]
    program = b.formulation(("carbon",), limits=limits).program
    best = solve_best(program, share=loose)
    every = np.arange(program.columns)
    forced = force(best, targets=every)
    x = plans(program)
    activity = (program.row_matrix @ x.T).T
    feasible = ((activity >= program.row_lower - 1e-9) & (activity <= program.row_upper + 1e-9)).all(axis=1)
    values = program.senses[0] * (program.objectives.to_csr() @ x.T)[0] + program.minimised_offsets[0]
    best_value = values[feasible].min()
    for column in every.tolist():
        held = feasible & (x[:, column] == 1)
        value = values[held].min() if held.any() else np.inf
        assert contained(forced.low[column], value, forced.high[column])
        if held.any():
            noise = NOISE * (1 + abs(value))
            assert forced.least[column] <= value - best_value + noise
            assert value - best_value - noise <= forced.most[column]


@pytest.mark.parametrize("seed", range(5))
def test_repaired_plans_are_feasible_and_cost_what_is_said(seed: int) -> None:
    criteria, sections = together(PARTS["floor"], PARTS["budget"])
    program = small(criteria, sections, seed).program.select([0])
    best = solve_best(program, share=1e-9)
    forced = force(best, targets=np.arange(program.columns))
    assert forced.repairs is not None
    found = np.flatnonzero(np.isfinite(forced.repairs.cost))
    assert len(found) > program.groups
    for place in found.tolist():
        x = forced.repairs.solution(program, best.x, place)
        assert faults(program, x) == []
        assert x[forced.repairs.targets[place]] == 1
        value = float((program.senses * program.values(x))[0])
        assert value == pytest.approx(best.value + forced.repairs.cost[place], rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(prices=st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_losses_hold_at_any_prices(prices: list[float]) -> None:
    limits = [
        {"name": "budget", "criterion": "cost", "max": 2e5},
        {"name": "grain", "criterion": "food", "min": {"share": 0.9}, "by": "county"},
    ]
    program = b.formulation(("carbon",), limits=limits).program
    none = np.zeros(1)
    fact = Fact(np.ones(1), np.full(1, np.inf), -np.inf, "recomputed", np.array(prices), none)
    found = reduced(program, fact)
    for column in range(program.columns):
        assert found.bound + found.loss[column] <= truth(program, column)


def test_prices_below_caps_are_refused() -> None:
    program = b.formulation(("carbon",)).program
    none = np.zeros(0)
    with pytest.raises(ValueError, match="make the caps rows"):
        reduced(program, Fact(np.ones(1), np.ones(1), 0.0, "recomputed", none, np.zeros(1)))


@pytest.mark.parametrize(
    ("budget", "share", "over", "prices"),
    [(2e5, 0.4, False, None), (4e5, 0.7, True, None), (3e5, 0.2, False, [-0.02, 3.0, -4.0])],
)
def test_parcels_that_are_done_in_part_have_true_intervals(
    budget: float, share: float, over: bool, prices: list[float] | None
) -> None:
    """Of what is done a part stays, or, with a start that is over, a part and no more."""
    rows = (("f2", TILLAGE, 2026, share), ("g1", FOREST, 2026, 0.3))
    periods = {"periods": {"starts": [2025, 2030]}} if over else {}
    limits = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": 0.8}, "by": "county"},
    ]
    found = done(*rows, about={"decision": "share"}, limits=limits, **periods)
    program = found.program.select([0])
    assert not program.is_plain
    try:
        best = solve_best(program, share=1e-9)
    except Infeasible:
        return
    every = np.arange(program.starts[-1])
    forced = resolved(force(best, targets=every), every, share=1e-9, seconds=60.0)
    fact = best.fact if prices is None else replace(best.fact, row_prices=np.array(prices))
    told = reduced(program, fact)
    for column in every.tolist():
        value = truth(program, column)
        assert contained(forced.low[column], value, forced.high[column])
        # What is proven of half the parcel, too, whatever the prices.
        lower = program.lower.copy()
        lower[column] = max(lower[column], 0.5)
        try:
            half = solve_best(replace(program, lower=lower), share=1e-9).value
        except (Infeasible, SolverError):
            continue
        assert told.bound + 0.5 * told.loss[column] <= half + NOISE * (1 + abs(half))
    part = found.menu.parcel == b.IDS.index("f2")
    stays = program.lower[: len(found.menu)] > 0
    assert np.isinf(forced.low[part & ~stays]).all()
    assert not over or np.isinf(forced.low[part & stays]).all()
