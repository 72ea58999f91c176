"""Solvers that fail, time out, lie or are interrupted at solve k: never "complete", nothing invalid."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import inf
from time import monotonic
from typing import Any

import numpy as np
import pytest

from landfront.optimizer import certify
from landfront.optimizer.engine import Answer, Infeasible, SolverError, Unbounded, choose_engine
from landfront.optimizer.front import Fact
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer, solve_single
from landfront.optimizer.task import Task
from tests.optimizer.contract import assert_contract, assert_sound, gap_for, known
from tests.optimizer.faulty import (
    HONEST_FAILURES,
    Failing,
    Faulty,
    bad_multipliers,
    crash,
    interrupt,
    not_a_number,
    raises,
    says_infeasible,
    slightly_infeasible,
    time_out,
)
from tests.strategies import Kind

Make = Callable[..., Program]

FAILURES = [crash, time_out, says_infeasible, slightly_infeasible, not_a_number, interrupt, raises]


@pytest.fixture
def conflict(build: Make) -> Callable[..., Program]:
    """Eight groups of three with a real front of many points."""

    def make(*, whole: bool) -> Program:
        rng = np.random.default_rng(5)
        first = rng.integers(1, 40, 24)
        objectives = np.array([first, 45 - first + rng.integers(0, 9, 24)])
        rows = rng.integers(0, 9, (2, 24))
        upper = rows.sum(axis=1) / 3 * 1.1
        return build(objectives, rows, [-np.inf] * 2, upper, starts=np.arange(0, 25, 3), whole=whole)

    return make


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("spoil", FAILURES)
@pytest.mark.parametrize("at", [5, 8, 13])
def test_failure_at_a_solve_leaves_a_sound_unfinished_front(
    conflict: Make, at: int, spoil: Callable[[Answer], Answer], whole: bool
) -> None:
    program = conflict(whole=whole)
    truth = solve_front(program, points="all")
    assert truth.complete
    front = solve_front(program, points="all", engine=Faulty(program, at, spoil))
    assert not front.complete
    assert front.reason not in ("optimal", "points reached")
    assert front.detail
    assert all(certify.check_point(program, point) == [] for point in front)
    for fact in front.facts:
        values = truth.values[np.all(truth.values <= fact.upper + 1e-9, axis=1)]
        assert np.all(values @ fact.weights >= fact.beta - 1e-7)


METHOD_CASES: list[tuple[str, int, Kind, Any]] = [
    ("sandwich", 2, "linear", "all"),
    ("boxes", 2, "whole", "all"),
    ("boxes", 2, "mixed", 6),
    ("segments", 2, "mixed", "all"),
    ("facets", 3, "linear", "all"),
    ("zones", 3, "whole", "all"),
    ("zones", 3, "mixed", "all"),
    ("spread", 3, "whole", 8),
]


ONE_PER_METHOD = list({case[0]: case for case in METHOD_CASES[::-1]}.values())

EARLY = (0, 4, 11)
"""Calls at which a failure is tried in any case: the first, and those at which some points are known."""


def fail_after(calls: int, failure: str, case: tuple[str, int, Kind, Any]) -> None:
    """Nothing false is stated, no point is lost, and only what is complete is called so."""
    method, p, kind, points = case
    program, found = known(p, kind, True)
    gap, seen = gap_for(program, method), []
    failing = Failing(calls, HONEST_FAILURES[failure])
    try:
        front = solve_front(
            program,
            points=points,
            method=method,
            gap=gap,
            engine=failing,
            on_point=lambda point, facts: seen.append(point.values * program.senses),
        )
    except (SolverError, Unbounded, Infeasible):
        assert not seen, "points were lost"
        return
    # A search that ends by its own word is held to more than one that stops.
    ended = front.reason in ("optimal", "points reached")
    check = partial(assert_contract, points=points) if ended else assert_sound
    check(program, front, found, gap=gap)
    # Multipliers may prove that nothing is missing although a solve failed: complete is what is proven.
    assert front.complete or front.reason != "optimal"
    y = front.values * front.senses
    assert all(np.any(np.all(y <= values + 1e-9 * found.span, axis=1)) for values in seen)


@pytest.mark.parametrize("case", METHOD_CASES, ids=lambda case: "-".join(map(str, case)))
@pytest.mark.parametrize("failure", HONEST_FAILURES)
@pytest.mark.parametrize("calls", EARLY)
def test_a_solver_that_stops_being_good(calls: int, failure: str, case: tuple[str, int, Kind, Any]) -> None:
    fail_after(calls, failure, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", ONE_PER_METHOD, ids=lambda case: "-".join(map(str, case)))
@pytest.mark.parametrize("failure", list(HONEST_FAILURES)[:5])
def test_a_solver_that_stops_being_good_at_any_call(failure: str, case: tuple[str, int, Kind, Any]) -> None:
    for calls in set(range(21)) - set(EARLY):
        fail_after(calls, failure, case)


@pytest.mark.parametrize("whole", [True, False])
def test_wrong_multipliers_only_weaken_the_proof(conflict: Make, whole: bool) -> None:
    program = conflict(whole=whole)
    truth = solve_front(program, points="all")
    front = solve_front(program, points=8, engine=Faulty(program, 6, bad_multipliers))
    for fact in front.facts:
        values = truth.values[np.all(truth.values <= fact.upper + 1e-9, axis=1)]
        assert np.all(values @ fact.weights >= fact.beta - 1e-7)


def test_a_gap_left_by_the_solver_is_carried(conflict: Make) -> None:
    program = conflict(whole=True)

    def loose(answer: Answer) -> Answer:
        return replace(answer, bound=answer.bound - 3.0)

    truth = solve_front(program, points="all")
    front = solve_front(program, points="all", engine=Faulty(program, 0, loose), time_limit=5)
    assert not front.complete
    for point in front:
        best = truth.values[truth.values[:, 1] <= point.values[1], 0].min()
        assert point.bound <= best + 1e-6


def test_a_bound_raised_by_hand_is_caught_by_recomputation(conflict: Make) -> None:
    program = conflict(whole=False)
    front = solve_front(program, points=6)
    recomputed = [fact for fact in front.facts if fact.proof == "recomputed"]
    assert recomputed
    for fact in recomputed:
        assert certify.fact_holds(program, fact)
        assert not certify.fact_holds(program, replace(fact, beta=fact.beta + 1e-6 * abs(fact.beta)))


def test_a_point_changed_by_hand_is_caught(conflict: Make) -> None:
    program = conflict(whole=True)
    point = solve_front(program, points=4)[1]
    moved = point.x.copy()
    moved[:3] = np.roll(moved[:3], 1)
    assert certify.check_point(program, replace(point, values=point.values + np.eye(2)[0]))
    assert certify.check_point(program, replace(point, x=moved))
    assert certify.check_point(program, replace(point, x=point.x[:-1]))


def test_bound_holds_for_any_multipliers(rand: Make, brute: Callable[..., Any]) -> None:
    rng = np.random.default_rng(1)
    for seed in range(30):
        program = rand(seed)
        values = brute(program).values
        upper = np.where(rng.random(2) < 0.5, np.inf, np.quantile(values, 0.7, axis=0))
        prices = rng.normal(0, 3, len(program.row_lower))
        fact = Fact(rng.random(2), upper, 0.0, "recomputed", prices, rng.normal(0, 1, 2))
        inside = values[np.all(values <= upper, axis=1)]
        assert np.all(inside @ fact.weights >= certify.lagrangian_bound(program, fact))


def test_time_limit_returns_what_was_found(big: Make) -> None:
    front = solve_front(big(800), points=200, time_limit=1.5)
    assert front.reason == "time limit"
    assert not front.complete
    assert front.seconds < 6


def test_the_time_of_earlier_solves_does_not_count(big: Make) -> None:
    engine = choose_engine(big(3000))[0]
    free = np.full(2, inf)
    began = monotonic()
    first = engine.relax(np.array([1.0, 0.0]), free, seconds=60)
    assert first.reason == "optimal"
    spent = monotonic() - began
    for step in range(1, 8):
        # Each solve after the first takes a small part of its time, all together about as much.
        near = engine.relax(np.array([1.0, step / 100]), free, seconds=spent, start=first.basis)
        assert near.reason == "optimal"
    last = engine.relax(np.array([1.0, 0.08]), free, seconds=spent / 2, start=first.basis)
    assert last.reason == "optimal"


def test_no_time_at_all_is_an_empty_unfinished_front(conflict: Make) -> None:
    front = solve_front(conflict(whole=True), time_limit=0.0)
    assert len(front) == 0
    assert front.reason == "time limit"
    assert not front.complete
    assert "0 points" in str(front)


def test_unbounded_objective_is_refused(build: Make) -> None:
    program = build(np.array([[-1, 0], [0, 1.0]]), np.zeros((0, 2)), [], [], whole=False, upper=np.inf)
    with pytest.raises(Unbounded):
        solve_front(program)


def test_an_error_without_solution_is_said(conflict: Make) -> None:
    program = conflict(whole=True)
    solve = Scalarizer(program, Faulty(program, 0, crash)).solve(Task(np.eye(2)[0], np.full(2, np.inf)))
    assert solve.x is None
    assert solve.reason == "error"
    assert solve.facts == ()


def test_single_objective(conflict: Make, brute: Callable[..., Any]) -> None:
    program = conflict(whole=True)
    point = solve_single(program, 1, gap=1e-9)
    assert point.values[1] == brute(program).values[:, 1].min() == point.bound
    with pytest.raises(SolverError, match="time limit"):
        solve_single(program, 0, time_limit=0.0)


def test_importing_the_optimizer_loads_no_solver() -> None:
    code = (
        "import sys, landfront.optimizer.fronts, landfront.optimizer.scalarize, landfront.optimizer.highs, "
        "landfront.optimizer.certify, landfront.optimizer.quality, landfront.optimizer.pyomo_io\n"
        "heavy = ('highspy', 'pyomo', 'pandas', 'moocore', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_interrupt_from_the_keyboard_ends_a_solve_promptly() -> None:
    code = """
import os, signal, threading, time, sys
sys.path.insert(0, sys.argv[1])
from conftest import synthetic
from landfront.optimizer.fronts import solve_front
program = synthetic(4000)
threading.Timer(3.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
front = solve_front(program, points="all", gap=1e-7)
print(front.reason, front.complete, time.monotonic() - began < 8)
"""
    here = __file__.rsplit("/", 1)[0]
    done = subprocess.run([sys.executable, "-c", code, here], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["interrupted", "False", "True"], done.stderr
