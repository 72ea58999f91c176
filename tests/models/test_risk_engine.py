"""The engine for tails over very many parcels: small studies, on which HiGHS says what is right."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.generate import generate_county
from landfront.instances.study import study_from
from landfront.models.formulate import formulate
from landfront.optimizer.certify import fact_holds, value_noise
from landfront.optimizer.checker import check_front
from landfront.optimizer.engine import Engine, choose_engine
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.points import settled
from landfront.optimizer.program import Program
from landfront.optimizer.scalarize import Scalarizer
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.structured.projected import ProjectedEngine
from landfront.optimizer.structured.valued import Block, blocks_of
from landfront.optimizer.task import Solve, Task
from landfront.report.result import front_program
from tests.models.test_risk import BUDGET, RISKS, formulation

inf = np.inf
PROJECTED = ("cvar", "worst_case", "dear", "regret", "thirst", "conservative")


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine take measures of few scenarios."""
    monkeypatch.setattr("landfront.optimizer.structured.valued.MANY_ROWS", 1)


def engine_of(program: Program) -> Engine:
    """The engine that very many parcels have."""
    blocks = blocks_of(program)
    return ProjectedEngine(program, blocks) if blocks else StructuredEngine(program)


def asked(program: Program, engine: Engine, task: Task) -> Solve:
    return Scalarizer(program, engine).solve(task)


def agrees_with_highs(program: Program, task: Task) -> None:
    """What is found and proven of a task is what HiGHS finds on the whole matrix, with proofs that hold."""
    one, two = (asked(program, engine, task) for engine in (engine_of(program), HighsEngine(program)))
    assert one.reason == two.reason
    if two.reason == "infeasible":
        return
    assert one.relaxed is not None
    assert two.relaxed is not None
    size = 1.0 + float(np.abs(task.weights * two.relaxed).sum())
    assert float(task.weights @ one.relaxed) == pytest.approx(
        float(task.weights @ two.relaxed), abs=1e-6 * size
    )
    assert one.facts
    for fact in one.facts:
        assert fact_holds(program, fact)
    assert one.facts[0].beta == pytest.approx(float(task.weights @ two.relaxed), abs=1e-6 * size)
    if task.relaxed:
        return
    assert one.y is not None
    assert two.y is not None
    assert float(task.weights @ one.y) == pytest.approx(float(task.weights @ two.y), abs=1e-6 * size)
    assert one.beta <= float(task.weights @ one.y) + 1e-9 * size
    assert np.all(one.y <= task.upper + 1e-6 * size)


def free(*weights: float) -> Task:
    return Task(np.array(weights), np.full(len(weights), inf), share=1e-9)


@pytest.mark.parametrize("decision", ["whole", "share"])
@pytest.mark.parametrize("name", PROJECTED)
def test_prices_from_cuts_lead_to_the_same_plan(name: str, decision: str) -> None:
    criteria = {name: RISKS[name], "carbon": {"sense": "max"}, "cost": {"sense": "min"}}
    program = formulation(criteria, 3, limits=BUDGET, about={"decision": decision}).program
    assert any(block.valued for block in blocks_of(program))
    for weights in ((1.0, 0.0, 0.0), (0.5, 0.5, 1e-4), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        agrees_with_highs(program, free(*weights))


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.sampled_from([*PROJECTED, "expected"]), min_size=1, max_size=3, unique=True),
    seed=st.integers(0, 99),
    count=st.integers(2, 12),
    cap=st.floats(0.1, 0.9),
    relaxed=st.booleans(),
)
def test_sums_of_tails_under_caps_agree(
    names: list[str], seed: int, count: int, cap: float, relaxed: bool
) -> None:
    """Several measures at once, weighed and capped, beside a plain sum."""
    rng = np.random.default_rng(seed)
    criteria = {**{name: RISKS[name] for name in names}, "income": {"effect": "cost", "sense": "min"}}
    program = formulation(criteria, seed, count, limits=BUDGET).program
    p, highs = len(criteria), HighsEngine(program)
    ends = []
    for i in range(p):
        found = asked(program, highs, Task(np.eye(p)[i], np.full(p, inf), relaxed=True)).relaxed
        assert found is not None
        ends.append(found)
    weights = rng.random(p) / (1.0 + np.abs(np.array(ends)).max(axis=0))
    agrees_with_highs(program, Task(weights, np.full(p, inf), share=1e-9, relaxed=relaxed))
    # A capped objective counts for nothing else, like one that a front moves along.
    i = int(rng.integers(p))
    upper = np.full(p, inf)
    column = np.array(ends)[:, i]
    upper[i] = column.min() + cap * (column.max() - column.min())
    weights[i] = 0.0
    if p > 1:
        agrees_with_highs(program, Task(weights, upper, share=1e-9, relaxed=relaxed, main=(i + 1) % p))


@pytest.mark.parametrize(("name", "share"), [("cvar", 0.9), ("worst_case", 0.5), ("dear", 0.2)])
def test_a_tail_that_only_a_limit_names_has_cuts_too(name: str, share: float) -> None:
    criteria = {name: RISKS[name], "cost": {"sense": "min"}, "carbon": {"sense": "max"}}
    easy = formulation(criteria, 3, limits=BUDGET).program
    best = asked(easy, HighsEngine(easy), free(1.0, 0.0, 0.0)).y
    idle = asked(easy, HighsEngine(easy), free(0.0, 1.0, 0.0)).y
    assert best is not None
    assert idle is not None
    bound = float(easy.senses[0] * (idle[0] + share * (best[0] - idle[0])))
    side = "min" if RISKS[name]["sense"] == "max" else "max"
    found = formulation(criteria, 3, limits=[{"name": "safe", "criterion": name, side: bound}, *BUDGET])
    for asked_of in (("cost",), ("carbon",), ("cost", "carbon"), tuple(criteria)):
        program = front_program(found, asked_of)
        (block,) = blocks_of(program)
        assert block.valued
        assert program.row_names.index("safe") not in block.rows
        agrees_with_highs(program, free(*np.linspace(1.0, 1e-3, len(asked_of))))


def test_a_limit_on_a_tail_that_no_plan_meets_is_told() -> None:
    limit = {"name": "safe", "criterion": "cvar", "min": 1e9}
    criteria = {"cvar": RISKS["cvar"], "cost": {"sense": "min"}}
    program = formulation(criteria, 3, limits=[limit, *BUDGET]).program
    engine = engine_of(program)
    assert asked(program, engine, free(0.0, 1.0)).reason == "infeasible"
    assert [program.row_names[row] for row in engine.clash(seconds=10.0)][:1] == ["safe"]


def test_a_tail_that_nothing_asks_for_changes_nothing() -> None:
    found = formulation({"cvar": RISKS["cvar"], "cost": {"sense": "min"}, "carbon": {"sense": "max"}}, 3,
                        limits=BUDGET)  # fmt: skip
    program = front_program(found, ("cost", "carbon"))
    (block,) = blocks_of(program)
    assert not block.valued
    agrees_with_highs(program, free(1e-3, 1.0))


def test_a_start_and_a_level_that_moves_give_the_same_bound() -> None:
    """From the prices of another task, and with a slope, as fronts ask."""
    criteria = {"cvar": RISKS["cvar"], "cost": {"sense": "min"}}
    program = formulation(criteria, 5, limits=BUDGET).program
    engines = engine_of(program), HighsEngine(program)
    first = engines[0].relax(np.array([1.0, 1e-3]), np.full(2, inf), seconds=inf)
    assert first.basis is not None
    start = engines[0].relax(np.array([1.0, 2e-3]), np.full(2, inf), seconds=inf, start=first.basis)
    cold = engines[1].relax(np.array([1.0, 2e-3]), np.full(2, inf), seconds=inf)
    assert start.bound == pytest.approx(cold.bound, rel=1e-7)
    slope, upper = np.array([1000.0, 1e5]), np.array([-1000.0, 1e5])
    for weights in (np.zeros(2), np.array([1e-6, 1e-6])):
        one, two, plain = (
            engine.relax(weights, upper, seconds=inf, slope=slope)
            for engine in (*engines, StructuredEngine(program))
        )
        for answer in (one, plain):
            assert answer.bound == pytest.approx(two.bound, abs=1e-6)
            assert answer.stretch == pytest.approx(two.stretch, abs=1e-6)
            assert float(answer.cap_prices @ slope) == pytest.approx(1.0)


def prices_of(block: Block, use: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    best = block.best(use)
    assert best is not None
    return best[1]


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(["cvar", "worst_case", "dear", "thirst"]), seed=st.integers(0, 99))
def test_a_cut_is_tight_where_it_was_made_and_below_everywhere(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = formulation({name: RISKS[name]}, seed, limits=BUDGET)
    program, grouped = found.program, int(found.program.starts[-1])
    (block,) = blocks_of(program)
    plans = np.zeros((4, program.columns))
    for x in plans:
        x[program.starts[:-1] + (rng.random(program.groups) * np.diff(program.starts)).astype(int)] = 1.0
    uses = [program.rows.dot(x)[block.rows] for x in plans]
    values = [float(program.senses[0] * found.values(x[:grouped])[0] - program.minimised_offsets[0])
              for x in plans]  # fmt: skip
    for use, value in zip(uses, values, strict=True):
        prices = prices_of(block, use)
        level, size = block.level(prices), 1e-7 * (1.0 + np.abs(values).max())
        assert level - prices @ use == pytest.approx(value, abs=size)
        for other, worth in zip(uses, values, strict=True):
            assert level - prices @ other <= worth + size


def test_a_small_gap_of_a_tail_is_stated() -> None:
    """Columns of what scenarios lack have wide bounds, which say nothing of how exactly a tail is known."""
    program = formulation({"cvar": RISKS["cvar"], "cost": {"sense": "min"}}, limits=BUDGET).program
    value = -1.0
    noise = 1e-9 + float(value_noise(program)[0])
    for short in (2 * noise, 1e-3):
        assert settled(program, value - short, value, objective=0) == value - short
    for close in (-0.5 * noise, 0.0, 0.5 * noise):
        assert settled(program, value + close, value, objective=0) == value


@pytest.mark.slow
def test_twenty_thousand_parcels_have_a_proven_front_of_tail_and_cost(tmp_path: Path) -> None:
    """The engine that is chosen for very many parcels, in whole: relaxations, whole plans and proofs."""
    generate_county(tmp_path, 20_000, 3, layer="parquet")
    data = tomllib.loads((tmp_path / "study.toml").read_text(encoding="utf-8"))
    data["criteria"]["tail"] = {"effect": "carbon", "sense": "max", "measure": "cvar", "level": 0.9}
    data["risk"] = {"by": "TOWNSHIP", "draw": {"count": 100, "seed": 1}}
    program = front_program(formulate(study_from(data, tmp_path / "study.toml")), ("tail", "cost"))
    engine, _ = choose_engine(program, "structured")
    assert isinstance(engine, ProjectedEngine)
    front = solve_front(program, points=4, gap=5e-4, engine=engine)
    assert len(front) == 4
    assert front.gap <= 5e-4
    assert not check_front(program, front)
