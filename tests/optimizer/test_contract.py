"""Every front method on every engine keeps the contract: what it states is true, and complete is complete."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from landfront.optimizer.front import Front
from landfront.optimizer.fronts import CLASSIC, METHODS, solve_front, solve_method
from landfront.optimizer.fronts.driver import make_engine
from landfront.optimizer.fronts.pool import MakeEngine
from landfront.optimizer.program import Program
from landfront.optimizer.structured.engine import StructuredEngine
from tests.optimizer.contract import (
    EXACT_GAP,
    KINDS,
    assert_all_found,
    assert_contract,
    assert_same_run,
    assert_sound,
    fit_methods,
    gap_for,
    known,
)
from tests.strategies import Everything, Kind

ENGINES: dict[str, tuple[MakeEngine, tuple[int, ...]]] = {
    "highs": (partial(make_engine, solver="highs"), (2, 3, 4)),
    "scip": (partial(make_engine, solver="scip"), (2, 3)),
    "structured": (StructuredEngine, (2, 3, 4)),
}
"""Each engine with the numbers of objectives that it is tried on: a further engine takes one line."""

Case = tuple[str, int, Kind, bool, str]

SHAPES = [(p, kind, grouped) for p in (2, 3, 4) for kind in KINDS for grouped in (False, True)]


def cases(points: Any) -> list[Case]:
    """Engine, number of objectives, kind, whether in groups, and method."""
    return [
        (engine, p, kind, grouped, method)
        for engine, (_, counts) in ENGINES.items()
        for p, kind, grouped in SHAPES
        # One shape is enough for engines that differ in how they search whole numbers alone.
        if p in counts and (engine == "highs" or grouped)
        for method in fit_methods(known(p, kind, grouped)[0], points)
    ]


def engine_of(name: str, program: Program) -> MakeEngine:
    """What makes the engine, where it is installed."""
    make = ENGINES[name][0]
    try:
        make(program)
    except ValueError as error:
        pytest.skip(str(error))
    return make


def given(case: Case) -> tuple[Program, Everything, float]:
    _, p, kind, grouped, method = case
    program, found = known(p, kind, grouped)
    return program, found, gap_for(program, method)


def test_every_method_is_held_to_the_contract() -> None:
    assert {case[-1] for case in cases("all")} == set(METHODS)
    assert {case[0] for case in cases(5)} == set(ENGINES)


@pytest.mark.parametrize("case", cases("all"), ids=lambda case: "-".join(map(str, case)))
def test_a_complete_front_has_everything(case: Case) -> None:
    program, found, gap = given(case)
    front = solve_front(program, points="all", method=case[-1], gap=gap, engine=engine_of(case[0], program))
    assert_contract(program, front, found, gap=gap, points="all")
    assert front.complete, front.detail
    assert front.reason == "optimal"
    if case[2] == "whole":
        assert_all_found(front, found)


@pytest.mark.parametrize("case", cases(5), ids=lambda case: "-".join(map(str, case)))
def test_few_points_say_what_they_leave_out(case: Case) -> None:
    program, found, gap = given(case)
    front = solve_front(program, points=5, method=case[-1], gap=gap, engine=engine_of(case[0], program))
    assert_contract(program, front, found, gap=gap, points=5)
    assert front.complete or front.reason == "points reached"


LONG = "spread-4"
"""Spread asks for many points of four objectives before it finds all of them."""

SERIAL = [case for case in cases("all") if case[0] == "highs" and case[3] and f"{case[-1]}-{case[1]}" != LONG]
"""Resuming and executors do not depend on the engine."""


@pytest.mark.parametrize("case", SERIAL, ids=lambda case: "-".join(map(str, case)))
def test_a_run_cut_by_solves_and_resumed_is_one_run(case: Case) -> None:
    program, found, gap = given(case)
    solve = partial(solve_front, program, points="all", method=case[-1], gap=gap)
    whole = solve()
    first, second = max(whole.solves // 3, 3), max(whole.solves // 2, 4)
    cut = solve(max_solves=first)
    assert cut.solves <= first
    assert_sound(program, cut, found, gap=gap)
    longer = solve(max_solves=second, resume=cut)
    assert_sound(program, longer, found, gap=gap)
    assert_same_run(solve(resume=longer), whole)


@pytest.mark.parametrize("case", SERIAL, ids=lambda case: "-".join(map(str, case)))
def test_points_added_to_a_front_are_those_of_one_run(case: Case) -> None:
    program, _, gap = given(case)
    _, _, _, _, method = case
    if method not in fit_methods(program, 6):
        pytest.skip("takes all points only")
    solve = partial(solve_front, program, method=method, gap=gap)
    assert_same_run(solve(points=6, resume=solve(points=3)), solve(points=6))


def assert_equal_sets(one: Front, other: Front, program: Program, gap: float) -> None:
    """The same values where nothing may be missing; both complete in any case."""
    assert one.complete
    assert other.complete
    if program.integer.all():
        np.testing.assert_allclose(one.values, other.values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("case", SERIAL, ids=lambda case: "-".join(map(str, case)))
def test_threads_find_the_same_front(case: Case) -> None:
    program, found, gap = given(case)
    solve = partial(solve_front, program, points="all", method=case[-1], gap=gap)
    with ThreadPoolExecutor(2) as executor:
        front = solve(executor=executor)
    assert_contract(program, front, found, gap=gap, points="all")
    assert_equal_sets(front, solve(), program, gap)


@pytest.fixture(scope="module")
def processes() -> Any:
    # Forked workers would inherit the threads of the solver.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


PROCESS_CASES = [case for case in SERIAL if case[1] == 3]


@pytest.mark.slow
@pytest.mark.parametrize("case", PROCESS_CASES, ids=lambda case: "-".join(map(str, case)))
def test_processes_find_the_same_front(case: Case, processes: Executor) -> None:
    program, found, gap = given(case)
    solve = partial(solve_front, program, points="all", method=case[-1], gap=gap)
    front = solve(executor=processes, engine=partial(make_engine, solver="highs"))
    assert_contract(program, front, found, gap=gap, points="all")
    assert_equal_sets(front, solve(), program, gap)


def options_of(method: str, program: Program) -> dict[str, Any]:
    """A preference that each classic method answers."""
    names = program.objective_names
    if method == "weighted":
        return {"weights": [dict.fromkeys(names, 1.0), {names[0]: 1.0}, {names[-1]: 1.0, names[0]: 0.2}]}
    if method == "reference":
        return {"aspiration": dict(zip(names, program.offsets.tolist(), strict=True))}
    return {"order": list(names[::-1])}


@pytest.mark.parametrize("method", CLASSIC)
@pytest.mark.parametrize(("p", "kind", "grouped"), SHAPES)
def test_classic_methods_state_what_is_true(p: int, kind: Kind, grouped: bool, method: str) -> None:
    program, found = known(p, kind, grouped)
    engine = engine_of("highs", program)
    front = solve_method(program, method, gap=EXACT_GAP, engine=engine, **options_of(method, program))
    assert_sound(program, front, found, gap=EXACT_GAP)
    assert len(front) >= 1
