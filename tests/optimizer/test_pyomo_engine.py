"""Other solvers through Pyomo: the same answers as HiGHS directly, honest endings, no memory."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from landfront.optimizer import certify, pyomo_doors
from landfront.optimizer.engine import Answer, Engine, Part, choose_engine
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Program
from landfront.optimizer.pyomo_doors import Door, Found
from landfront.optimizer.pyomo_engine import PyomoEngine

FREE = np.full(2, inf)


def installed(solver: str) -> bool:
    try:
        Door(solver)
    except ValueError:
        return False
    return True


SOLVERS = [
    pytest.param(
        solver, marks=pytest.mark.skipif(not installed(solver), reason=f"{solver} is not installed for Pyomo")
    )
    for solver in ("highs", "scip", "gurobi", "cplex", "cbc")
]


def everything(program: Program, start: Floats | None = None) -> Part:
    return Part(np.ones(program.columns, dtype=bool), np.zeros(program.columns), start=start)


def assert_same(answer: Answer, other: Answer, program: Program) -> None:
    assert answer.reason == other.reason, (answer.detail, other.detail)
    if other.reason == "optimal":
        assert answer.bound == pytest.approx(other.bound, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", range(8))
def test_answers_are_those_of_highs(solver: str, seed: int, rand: Callable[..., Program]) -> None:
    program = rand(seed, whole=seed % 2 == 0)
    engine, highs = PyomoEngine(program, solver), HighsEngine(program)
    rng = np.random.default_rng(seed)
    for caps in (FREE, np.array([inf, rng.normal(0, 6)])):
        weights = rng.random(2) + 0.1
        answer = engine.relax(weights, caps, seconds=60)
        assert_same(answer, highs.relax(weights, caps, seconds=60), program)
        if answer.reason == "optimal":
            fact = Fact(weights, caps, -inf, "recomputed", answer.row_prices, answer.cap_prices)
            assert certify.lagrangian_bound(program, fact) == pytest.approx(answer.bound, rel=1e-6, abs=1e-6)
        found = engine.search(weights, caps, part=everything(program), seconds=60)
        assert_same(found, highs.search(weights, caps, part=everything(program), seconds=60), program)
        if found.x is None:
            continue
        assert certify.faults(program, found.x) == []
        assert np.all(program.senses * program.values(found.x) <= caps + 1e-5)
        part = Part(rng.random(program.columns) < 0.5, found.x, start=found.x)
        again = engine.search(weights, caps, part=part, seconds=60)
        assert_same(again, highs.search(weights, caps, part=part, seconds=60), program)
        assert again.x is not None
        np.testing.assert_array_equal(again.x[~part.free], found.x[~part.free])
        whole = engine.search(weights, caps, part=everything(program), seconds=60)
        assert_same(whole, found, program)


@pytest.mark.parametrize("solver", SOLVERS)
def test_slope_moves_the_caps(solver: str, rand: Callable[..., Program]) -> None:
    program = rand(3, whole=False)
    caps, slope = np.array([0.5, -1.0]), np.array([0.7, 0.4])
    answer = PyomoEngine(program, solver).relax(np.zeros(2), caps, seconds=60, slope=slope)
    other = HighsEngine(program).relax(np.zeros(2), caps, seconds=60, slope=slope)
    assert answer.stretch == pytest.approx(other.stretch, abs=1e-6)
    assert_same(answer, other, program)
    assert slope @ answer.cap_prices == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_answer_does_not_depend_on_earlier_questions(solver: str, rand: Callable[..., Program]) -> None:
    program = rand(4)
    used, fresh = PyomoEngine(program, solver), PyomoEngine(program, solver)
    for weights, cap in ((np.array([1.0, 0.2]), inf), (np.array([0.1, 1.0]), 3.0)):
        used.search(weights, np.array([inf, cap]), part=everything(program), seconds=60)
    question = np.ones(2), np.array([inf, 5.0])
    after = used.search(*question, part=everything(program), seconds=60)
    before = fresh.search(*question, part=everything(program), seconds=60)
    assert after.reason == before.reason
    assert after.bound == before.bound
    np.testing.assert_array_equal(after.x, before.x)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("whole", [True, False])
def test_infeasible_and_unbounded_are_told_apart(
    solver: str, whole: bool, build: Callable[..., Program]
) -> None:
    objectives, weights = np.array([[-1.0, 0.0], [0.0, 1.0]]), np.array([1.0, 0.5])
    endless = build(objectives, np.array([[1.0, -1.0]]), [-2], [inf], whole=whole, upper=inf)
    answers = _both(PyomoEngine(endless, solver), weights, endless)
    assert [answer.reason for answer in answers] == ["unbounded"] * 2
    assert [answer.bound for answer in answers] == [-inf] * 2
    none = build(objectives, np.array([[1.0, 1.0]]), [5], [inf], whole=whole)
    answers = _both(PyomoEngine(none, solver), weights, none)
    assert [answer.reason for answer in answers] == ["infeasible"] * 2
    assert [answer.x for answer in answers] == [None] * 2


def _both(engine: Engine, weights: Floats, program: Program) -> list[Answer]:
    return [
        engine.relax(weights, FREE, seconds=60),
        engine.search(weights, FREE, part=everything(program), seconds=60),
    ]


@pytest.mark.parametrize("solver", SOLVERS)
def test_rows_and_columns_that_stand_nowhere(solver: str, build: Callable[..., Program]) -> None:
    objectives, weights = np.array([[1.0, 0, 0], [0.0, 0, 1]]), np.array([1.0, 0.0])
    empty = build(objectives, np.zeros((1, 3)), [0], [1])
    found = PyomoEngine(empty, solver).search(weights, FREE, part=everything(empty), seconds=60)
    assert (found.reason, found.bound) == ("optimal", 0)
    assert found.x is not None
    assert certify.faults(empty, found.x) == []
    impossible = build(objectives, np.zeros((1, 3)), [1], [2])
    engine = PyomoEngine(impossible, solver)
    assert engine.search(weights, FREE, part=everything(impossible), seconds=60).reason == "infeasible"


@pytest.mark.parametrize("solver", SOLVERS)
def test_time_limits(solver: str, build: Callable[..., Program]) -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(50, 100, (8, 60)).astype(float)
    program = build(-weights[:2], weights, np.full(8, -inf), weights.sum(axis=1) / 2)
    engine = PyomoEngine(program, solver)
    none = engine.search(np.ones(2), FREE, part=everything(program), seconds=0)
    assert (none.reason, none.x, none.bound) == ("time limit", None, -inf)
    some = engine.search(np.ones(2), FREE, part=everything(program), seconds=1)
    assert some.reason in ("time limit", "optimal")
    best = HighsEngine(program).relax(np.ones(2), FREE, seconds=60).bound
    assert some.bound == -inf or some.bound >= best - 1e-6 * abs(best)
    if some.x is not None:
        assert certify.faults(program, some.x) == []
        assert program.values(some.x).sum() >= some.bound - 1e-6


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", [0, 5])
def test_fronts_are_those_of_highs(solver: str, seed: int, rand: Callable[..., Program]) -> None:
    program = rand(seed)
    engine, words = choose_engine(program, solver)
    front = solve_front(program, points="all", engine=engine)
    other = solve_front(program, points="all")
    assert front.complete == other.complete
    assert front.complete
    np.testing.assert_allclose(front.values, other.values, atol=1e-6)
    assert front.solver == engine.name
    assert words.startswith(engine.name)


def failing(monkeypatch: pytest.MonkeyPatch, *founds: Found | Exception) -> None:
    """Let the solver answer these, one after the other."""
    answers = iter(founds)

    def solve(*_: Any) -> Found:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(pyomo_doors, "_newer", solve)


def test_failures_of_a_solver_are_reasons(
    monkeypatch: pytest.MonkeyPatch, rand: Callable[..., Program]
) -> None:
    program = rand(1, whole=False)
    engine = PyomoEngine(program, "highs")
    failing(monkeypatch, RuntimeError("no licence left"))
    answer = engine.relax(np.ones(2), FREE, seconds=60)
    assert (answer.reason, answer.x, answer.bound) == ("error", None, -inf)
    assert "no licence left" in answer.detail
    unsure = Found("infeasible or unbounded")
    for plain, reason in (
        (Found("optimal"), "unbounded"),
        (Found("infeasible"), "infeasible"),
        (unsure, "error"),
    ):
        failing(monkeypatch, unsure, plain)
        assert engine.relax(np.ones(2), FREE, seconds=60).reason == reason


def test_bounds_count_only_where_a_solve_came_to_an_end(
    monkeypatch: pytest.MonkeyPatch, rand: Callable[..., Program]
) -> None:
    assert pyomo_doors._bound(3.0, "error") == -inf
    assert pyomo_doors._bound(inf, "optimal") == -inf
    assert pyomo_doors._bound(None, "optimal") == -inf
    assert pyomo_doors._bound(3.0, "time limit") == 3.0


def test_choice_of_a_solver(rand: Callable[..., Program]) -> None:
    program = rand(1)
    assert isinstance(choose_engine(program)[0], HighsEngine)
    assert isinstance(choose_engine(program, "highs")[0], HighsEngine)
    with pytest.raises(ValueError, match=r"nosuch is not available through Pyomo: choose one of cbc, cplex"):
        choose_engine(program, "nosuch")


def test_a_solver_that_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, rand: Callable[..., Program]
) -> None:
    class Absent:
        def available(self, *_: bool) -> bool:
            return False

    monkeypatch.setattr(Door, "_make", lambda _: Absent())
    with pytest.raises(ValueError, match="scip is not available through Pyomo: pip install pyscipopt"):
        choose_engine(rand(1), "scip")


@pytest.mark.skipif(not installed("scip"), reason="scip is not installed for Pyomo: pip install pyscipopt")
def test_scip_leaves_relaxations_to_highs_and_says_so(rand: Callable[..., Program]) -> None:
    engine = PyomoEngine(rand(1), "scip")
    assert engine.name.startswith("SCIP by PySCIPOpt")
    assert "relaxations by HiGHS" in engine.name


def test_rendering_is_made_once(monkeypatch: pytest.MonkeyPatch, rand: Callable[..., Program]) -> None:
    engine = PyomoEngine(rand(2), "highs")
    made = []
    build = pyo.ConcreteModel

    def count() -> Any:
        made.append(1)
        return build()

    monkeypatch.setattr(pyo, "ConcreteModel", count)
    for _ in range(3):
        engine.search(np.ones(2), FREE, part=everything(engine._program), seconds=60)
    assert len(made) == 1
