"""Minimum cuts under prices: cuts by brute force, relaxations and plans by HiGHS, proofs by the certifier."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.optimizer import certify
from landfront.optimizer.checker import check_front
from landfront.optimizer.cuts.engine import CutEngine
from landfront.optimizer.cuts.network import Network
from landfront.optimizer.cuts.support import FEWEST_GROUPS, unfit
from landfront.optimizer.edges import Edges
from landfront.optimizer.engine import Infeasible, choose_engine
from landfront.optimizer.files import read_model, write_program
from landfront.optimizer.front import Fact
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.names import Names
from landfront.optimizer.program import Csr, Program, Stack
from landfront.optimizer.scalarize import Scalarizer, solve_single
from landfront.optimizer.task import Task

INF = np.full(2, np.inf)


def graph(rng: np.random.Generator, n: int, share: float) -> tuple[Any, Any]:
    """Some of all pairs of n nodes."""
    a, b = np.triu_indices(n, 1)
    kept = rng.random(len(a)) < share
    return a[kept].astype(np.int64), b[kept].astype(np.int64)


def sample(seed: int, n: int = 6, *, whole: bool = True, rows: int = 1, tight: float = 0.5) -> Program:
    """Groups on a random graph: gain against boundary, with rows that bind."""
    rng = np.random.default_rng(seed)
    a, b = graph(rng, n, 0.5)
    sizes = rng.integers(1, 4, n) + 1
    starts = np.concatenate([[0], np.cumsum(sizes)])
    options, count = int(starts[-1]), len(a)
    inside = np.ones(options, dtype=bool)
    inside[starts[:-1]] = False
    edges = Edges(a, b, inside, rows, options)
    columns = options + 2 * count
    gain = np.where(inside, rng.uniform(1, 9, options), 0.0)
    length = rng.uniform(0.5, 4, count)
    objectives = np.zeros((2, columns))
    objectives[0, :options], objectives[1, options:] = gain, np.tile(length, 2)
    objectives[1, :options] = np.where(inside, rng.uniform(0, 1, options), 0.0)
    use = np.zeros((rows, columns))
    use[:, :options] = np.where(inside, rng.uniform(1, 5, (rows, options)), 0.0)
    most = np.add.reduce([use[:, s:e].max(axis=1) for s, e in pairwise(starts)])
    return Program(
        objectives=Stack((Csr(sp.csr_array(objectives)),), columns),
        senses=np.array([-1, 1], dtype=np.int8),
        offsets=np.array([5.0, 2.0]),
        rows=Stack((Csr(sp.csr_array(use)), Csr(edges.matrix(starts, columns))), columns),
        row_lower=np.concatenate([np.full(rows, -np.inf), np.zeros(count)]),
        row_upper=np.concatenate([tight * most, np.zeros(count)]),
        lower=np.zeros(columns), upper=np.ones(columns), integer=np.full(columns, whole),
        starts=starts, objective_names=("gain", "boundary"),
        row_names=Names(tuple(f"use {r}" for r in range(rows)), "edge", count), edges=edges,
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10_000), whole=st.booleans(), warm=st.booleans())
def test_a_cut_is_that_of_brute_force_and_its_flow_proves_it(seed: int, whole: bool, warm: bool) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    a, b = graph(rng, n, rng.uniform(0.2, 0.9))
    value, cost = rng.uniform(-8, 8, n), rng.uniform(0, 6, len(a))
    if whole:  # ties of all kinds
        value, cost = np.rint(value), np.rint(cost)
    forced = rng.random(n) < 0.1
    value[forced] = np.where(rng.random(int(forced.sum())) < 0.5, np.inf, -np.inf)
    flow = rng.uniform(-9, 9, len(a)) if warm else None
    found = Network(n, Edges(a, b, np.ones(n, dtype=bool), 0, n)).cut(value, cost, flow)
    every = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(float)
    every = every[((every == 1) | (value != -np.inf)).all(1) & ((every == 0) | (value != np.inf)).all(1)]
    finite = np.where(np.isfinite(value), value, 0.0)

    def worth(t: Any) -> Any:
        return t @ finite + np.abs(t[..., a] - t[..., b]) @ cost

    best = worth(every).min()
    for inside in (found.few, found.many):
        assert worth(inside.astype(float)) == pytest.approx(best, abs=1e-8)
    assert (found.few <= found.many).all()
    assert (np.abs(found.flow) <= cost + 1e-9).all()
    out = np.bincount(a, found.flow, n) - np.bincount(b, found.flow, n)
    left = finite - out
    bound = np.where(value == np.inf, 0, np.where(value == -np.inf, left, np.minimum(left, 0))).sum()
    assert bound == pytest.approx(best, abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), whole=st.booleans(), rows=st.integers(1, 3))
def test_relaxations_are_those_of_highs(seed: int, whole: bool, rows: int) -> None:
    program = sample(seed, whole=whole, rows=rows)
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0, 1, 2)
    most = HighsEngine(program).relax(np.array([1.0, 0.0]), INF, seconds=10)
    assert most.x is not None
    reach = program.senses * program.values(most.x)
    upper = np.array([np.inf, rng.choice([np.inf, 2.0 + 0.6 * (reach[1] - 2.0)])])
    ours, theirs = (engine(program).relax(weights, upper, seconds=10) for engine in (CutEngine, HighsEngine))
    assert ours.reason == theirs.reason == "optimal"
    assert ours.bound == pytest.approx(theirs.bound, rel=1e-6, abs=1e-6)
    fact = Fact(weights, upper, -np.inf, "recomputed", ours.row_prices, ours.cap_prices)
    assert certify.lagrangian_bound(program, fact) == pytest.approx(theirs.bound, rel=1e-6, abs=1e-6)
    assert ours.x is not None
    loose = certify.residuals(program.relaxed(), ours.x)
    assert (loose.rows <= certify.row_tolerance(program)).all()
    assert float(weights @ (program.senses * loose.values)) == pytest.approx(theirs.bound, rel=1e-6, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_caps_that_give_way_stop_where_highs_stops(seed: int) -> None:
    program = sample(seed)
    slope = np.array([1.0, 0.7])
    upper = np.array([-20.0, 3.0])
    answers = [
        engine(program).relax(np.array([0.01, 0.02]), upper, seconds=10, slope=slope)
        for engine in (CutEngine, HighsEngine)
    ]
    assert answers[0].bound == pytest.approx(answers[1].bound, rel=1e-5, abs=1e-5)
    assert float(slope @ answers[0].cap_prices) == pytest.approx(1.0, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), whole=st.booleans())
def test_plans_and_bounds_are_those_of_highs(seed: int, whole: bool) -> None:
    program = sample(seed, n=8, whole=whole)
    for weights in (np.array([1.0, 0.0]), np.array([1.0, 0.8]), np.array([0.0, 1.0])):
        task = Task(weights, np.array([np.inf, 9.0]), gap=1e-6)
        ours, theirs = (
            Scalarizer(program, engine(program)).solve(task) for engine in (CutEngine, HighsEngine)
        )
        assert ours.reason == theirs.reason
        if theirs.y is not None:
            assert ours.y is not None
            assert float(weights @ ours.y) == pytest.approx(float(weights @ theirs.y), abs=1e-5)


@pytest.mark.parametrize("whole", [True, False])
def test_a_front_by_cuts_is_that_by_highs(whole: bool) -> None:
    program = sample(3, n=7, whole=whole)
    fronts = [
        solve_front(program, points="all", gap=1e-6, engine=engine) for engine in (CutEngine, HighsEngine)
    ]
    assert check_front(program, fronts[0]) == []
    assert fronts[0].values[[0, -1]] == pytest.approx(fronts[1].values[[0, -1]], abs=1e-4)
    if whole:
        assert fronts[0].values == pytest.approx(fronts[1].values, abs=1e-6)
        assert fronts[0].complete


def test_many_groups_go_to_cuts_and_the_bound_needs_no_word_of_theirs() -> None:
    width = 24
    at = np.arange(width * width).reshape(width, width)
    a = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    b = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    program = grid(a, b, width * width)
    engine, reason = choose_engine(program)
    assert isinstance(engine, CutEngine)
    assert "edges between 576 groups" in reason
    point = solve_single(program, 0, gap=5e-3)
    assert point.termination == "optimal"
    theirs = HighsEngine(program).relax(np.array([1.0, 0.0]), INF, seconds=60)
    assert point.bound * -1 == pytest.approx(theirs.bound, rel=1e-6)
    forged = Fact(np.array([1.0, 0.0]), INF, -1e3, "recomputed", np.zeros(program.rows.shape[0]), np.zeros(2))
    assert not certify.fact_holds(program, forged)


def grid(a: Any, b: Any, n: int) -> Program:
    """One choice per cell, smooth gains, a budget, and a boundary that must be at most a third."""
    assert n >= FEWEST_GROUPS
    rng, count = np.random.default_rng(5), len(a)
    columns = 2 * n + 2 * count
    starts = np.arange(0, 2 * n + 1, 2)
    inside = np.arange(2 * n) % 2 == 1
    objectives = np.zeros((2, columns))
    objectives[0, 1 : 2 * n : 2] = rng.uniform(1, 5, n)
    objectives[1, 2 * n :] = 1.0
    budget, edge = np.zeros(columns), objectives[1].copy()
    budget[1 : 2 * n : 2] = rng.uniform(1, 2, n)
    edges = Edges(a, b, inside, 2, 2 * n)
    rows = Stack((Csr(sp.csr_array(np.stack([budget, edge]))), Csr(edges.matrix(starts, columns))), columns)
    return Program(
        Stack((Csr(sp.csr_array(objectives)),), columns), np.array([-1, 1], dtype=np.int8), np.zeros(2), rows,
        np.concatenate([np.full(2, -np.inf), np.zeros(count)]),
        np.concatenate([[0.4 * budget.sum(), 180.0], np.zeros(count)]),
        np.zeros(columns), np.ones(columns), np.ones(columns, dtype=bool), starts, ("gain", "boundary"),
        Names(("budget", "compact"), "edge", count), edges,
    )  # fmt: skip


def test_rows_that_no_plan_meets_are_told() -> None:
    program = sample(1)
    lower = program.row_lower.copy()
    lower[0] = 2 * program.row_upper[0] + 100
    program = replace(program, row_lower=lower, row_upper=np.full(len(lower), np.inf))
    answer = CutEngine(program).relax(np.array([1.0, 0.0]), INF, seconds=10)
    assert answer.reason == "infeasible"
    assert "rows must be missed" in answer.detail
    with pytest.raises(Infeasible):
        solve_single(program, 0)


def test_time_is_kept() -> None:
    answer = CutEngine(sample(2, n=30)).relax(np.array([1.0, 0.5]), np.array([np.inf, 4.0]), seconds=0.0)
    assert answer.reason == "time limit"
    fact = Fact(
        np.array([1.0, 0.5]), np.array([np.inf, 4.0]), 0, "recomputed", answer.row_prices, answer.cap_prices
    )
    assert np.isfinite(certify.lagrangian_bound(sample(2, n=30), fact))


def test_what_cuts_cannot_take_is_said() -> None:
    program = sample(1)
    assert unfit(program) == ""
    assert "nothing of neighbours" in unfit(replace(program, edges=None))
    with pytest.raises(ValueError, match="nothing of neighbours"):
        choose_engine(replace(program, edges=None), "cuts")
    engine, reason = choose_engine(program, "cuts")
    assert isinstance(engine, CutEngine)
    assert reason.endswith("asked for")
    assert isinstance(choose_engine(program)[0], HighsEngine)
    lower = program.lower.copy()
    lower[0] = 0.5
    assert "bounds other than 0 and 1" in unfit(replace(program, lower=lower))


def test_a_program_with_edges_survives_its_file(tmp_path: Any) -> None:
    program = sample(4)
    write_program(program, tmp_path / "edges.arrow")
    back = read_model(tmp_path / "edges.arrow")
    assert back.edges is not None
    assert program.edges is not None
    assert back.edges.row == program.edges.row
    assert np.array_equal(back.edges.inside, program.edges.inside)
    assert list(back.row_names) == list(program.row_names)
    assert solve_single(back, 0).values == pytest.approx(solve_single(program, 0).values)


def test_rows_can_be_left_out_beside_edges() -> None:
    """The description of edges moves with their rows, or goes where some of these are left out."""
    program = sample(2)
    assert program.edges is not None
    fewer = program.with_rows(np.arange(1, program.rows.shape[0]))
    assert fewer.edges is not None
    assert fewer.edges.row == program.edges.row - 1
    truth = HighsEngine(fewer).relax(np.array([1.0, 0.0]), INF, seconds=60).bound
    found = CutEngine(fewer).relax(np.array([1.0, 0.0]), INF, seconds=60)
    assert found.bound == pytest.approx(truth, rel=1e-6)
    assert program.with_rows(np.arange(program.rows.shape[0] - 1)).edges is None
