"""The structured engine on thousands of groups: optima, ties, threads, limits that clash, time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from time import monotonic
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from landfront.optimizer import certify
from landfront.optimizer.checker import check_front
from landfront.optimizer.core import whole_part
from landfront.optimizer.engine import Answer, Infeasible, Part, choose_engine
from landfront.optimizer.front import Fact, Floats
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.program import Csr, Factored, Program, Stack
from landfront.optimizer.scalarize import Scalarizer, failure
from landfront.optimizer.structured import ascent, exact, passes
from landfront.optimizer.structured import engine as engine_module
from landfront.optimizer.structured.compact import compact
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.task import Task
from tests.optimizer import national
from tests.optimizer.moo import assemble

FREE = np.full(2, inf)


def some(parcels: int = 4000, features: int = 20, *, whole: bool = False) -> Program:
    """Carbon and food of a national program."""
    return national.national(parcels, features, whole=whole).select([0, 1])


def bound_of(program: Program, weights: Floats, answer_prices: Floats, caps: Floats | None = None) -> float:
    none = np.zeros(len(weights))
    fact = Fact(weights, np.full(len(weights), inf), -inf, "recomputed", answer_prices, none)
    return certify.lagrangian_bound(program, fact)


@pytest.mark.parametrize("weights", [[1.0, 0.0], [0.0, 1.0], [1e-4, 1.0], [1.0, 2.0]])
def test_the_optimum_is_that_of_highs_and_its_prices_prove_it(weights: list[float]) -> None:
    program, w = some(), np.array(weights)
    answer = StructuredEngine(program).relax(w, FREE, seconds=inf)
    truth = HighsEngine(program).relax(w, FREE, seconds=inf)
    size = float(np.abs(w) @ program.objective_span)
    assert answer.reason == "optimal"
    assert answer.bound == pytest.approx(truth.bound, abs=1e-9 * size)
    assert answer.x is not None
    assert certify.faults(program, answer.x) == []
    y = program.senses * program.values(answer.x)
    assert float(w @ y) == pytest.approx(truth.bound, abs=1e-8 * size)
    assert bound_of(program, w, answer.row_prices) == pytest.approx(truth.bound, abs=1e-8 * size)


@pytest.mark.parametrize("weights", [[1.0, 0.0], [0.0, 1.0], [1e-4, 1.0]])
def test_groups_near_a_tie_stand_for_all(weights: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ascent, "MANY", 0)
    monkeypatch.setattr(ascent, "FEW", 4)
    taken: list[int] = []
    whole = passes.Passes.active

    def active(self: Any, *arguments: Any, **how: Any) -> passes.Active:
        found = whole(self, *arguments, **how)
        taken.append(len(found.groups))
        return found

    monkeypatch.setattr(passes.Passes, "active", active)
    program, w = some(), np.array(weights)
    answer = StructuredEngine(program).relax(w, FREE, seconds=inf)
    truth = HighsEngine(program).relax(w, FREE, seconds=inf)
    assert 0 < min(taken) < ascent.MOST_ACTIVE * program.groups
    assert answer.bound == pytest.approx(truth.bound, abs=1e-9 * float(np.abs(w) @ program.objective_span))


def test_groups_by_themselves_are_those_of_the_whole() -> None:
    program = some()
    every = passes.Passes(compact(program))
    rng = np.random.default_rng(1)
    price = np.concatenate([np.zeros(every.rows - 2), [1.0, 0.3]]) - 1e-3 * rng.normal(size=every.rows)
    found = every.active(price, 0.05, noise=1e-3)
    assert 0 < len(found.groups) < every.groups
    local = found.passes.choose(price, noise=1e-3)
    _total, best, usage, _ = every.choose(price, noise=1e-3)
    assert np.array_equal(found.reference, best)
    assert np.array_equal(found.columns[local[1]], best[found.groups])
    assert np.allclose(found.used + local[2], usage, rtol=1e-12, atol=1e-9)
    others = np.setdiff1d(np.arange(every.groups), found.groups)
    columns, _ = every.within(price, 0.05, best, noise=1e-3)
    assert not np.isin(every.group_of(columns), others).any()


@pytest.mark.parametrize("kept", [False, True])
def test_whole_classes_that_are_tied_at_the_best_prices(kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All groups of a class gain the same per unit of budget, so that only the price tells who is tied."""
    monkeypatch.setattr(ascent, "FEW", 4)
    if kept:  # what breaks ties stays in costs, as with very many groups
        monkeypatch.setattr(exact, "POLISHED", 0)
    noises: list[float] = []
    plain = exact.Exact.nearest

    def nearest(self: Any, scalar: Any, *arguments: Any) -> exact.Core:
        noises.append(scalar.noise)
        return plain(self, scalar, *arguments)

    monkeypatch.setattr(exact.Exact, "nearest", nearest)
    rng = np.random.default_rng(5)
    groups, classes = 4000, 6
    area, gain = rng.uniform(0.5, 2, groups), rng.uniform(1, 3, classes)[rng.integers(0, classes, groups)]
    spent = np.column_stack([np.zeros(groups), area]).ravel()
    program = assemble(
        np.array([np.column_stack([np.zeros(groups), -gain * area]).ravel(), spent]),
        spent[None],
        [-inf],
        [0.45 * area.sum()],
        senses=[1, 1],
        lower=np.zeros(2 * groups),
        upper=np.ones(2 * groups),
        integer=np.zeros(2 * groups, dtype=bool),
        starts=np.arange(0, 2 * groups + 1, 2),
        offsets=np.zeros(2),
    )
    weights = np.array([1.0, 0.0])
    answer = StructuredEngine(program).relax(weights, FREE, seconds=60)
    truth = HighsEngine(program).relax(weights, FREE, seconds=60)
    assert max(noises) > 0
    assert answer.reason == "optimal"
    assert answer.x is not None
    assert certify.faults(program, answer.x) == []
    value = float(weights @ program.values(answer.x))
    assert answer.bound <= truth.bound + 1e-9 * abs(truth.bound)
    assert bound_of(program, weights, answer.row_prices) <= truth.bound + 1e-9 * abs(truth.bound)
    assert value == pytest.approx(truth.bound, rel=1e-6 if kept else 1e-9)
    assert answer.bound == pytest.approx(truth.bound, rel=1e-3 if kept else 1e-9)


@pytest.mark.slow
def test_the_known_optimum_of_100_000_groups() -> None:
    if not (national.FOLDER / "gen.py").is_file():
        pytest.skip(national.ABSENT)
    program = national.prototype(100_000, 100).relaxed()
    weights = np.array([1.0, 0.0, 0.0])
    answer = StructuredEngine(program).relax(weights, np.full(3, inf), seconds=inf)
    assert -answer.bound == pytest.approx(national.OPTIMUM, rel=1e-9)
    assert -bound_of(program, weights, answer.row_prices) == pytest.approx(national.OPTIMUM, rel=1e-9)


def test_any_multipliers_prove_a_bound() -> None:
    program, weights = some(), np.array([1.0, 0.0])
    answer = StructuredEngine(program).relax(weights, FREE, seconds=inf)
    rng = np.random.default_rng(0)
    for spread in (1e-6, 1e-2, 1.0, 1e3):
        wrong = answer.row_prices + rng.normal(0, spread, len(answer.row_prices))
        assert bound_of(program, weights, wrong) <= answer.bound + 1e-9 * abs(answer.bound)


@contextmanager
def workers(count: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadPoolExecutor(count) as pool, monkeypatch.context() as patch:
        patch.setattr(passes, "threads", lambda: pool)
        patch.setattr(passes, "PART", 256)
        yield


def test_answers_do_not_depend_on_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    program, weights = some(), np.array([1.0, 0.3])
    answers = []
    for count in (1, 2, 5):
        with workers(count, monkeypatch):
            answers.append(StructuredEngine(program).relax(weights, FREE, seconds=inf))
    for other in answers[1:]:
        assert other.bound == answers[0].bound
        assert np.array_equal(other.row_prices, answers[0].row_prices)
        assert np.array_equal(np.asarray(other.x), np.asarray(answers[0].x))


def optimum(program: Program) -> float:
    """For a process of its own."""
    return StructuredEngine(program).relax(np.array([1.0, 0.0]), FREE, seconds=inf).bound


def test_a_forked_process_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "PART", 256)
    program = some(2000, 5)
    here = optimum(program)
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(optimum, program).result(timeout=60) == here


@pytest.mark.parametrize("method", ["boxes", "sandwich"])
def test_a_front_is_certified_and_passes_the_auditor(method: str) -> None:
    whole = method == "boxes"
    program, gap = some(whole=whole), 2e-3
    front = solve_front(program, points=6, gap=gap, engine=StructuredEngine)
    assert front.method.startswith(method)
    assert len(front) == 6
    assert check_front(program, front, gap=gap) == []
    for point in front:
        assert point.gap <= gap
    if whole:
        assert np.array_equal(front[2].x, np.rint(front[2].x))


def test_three_criteria_are_certified() -> None:
    program = national.national(3000, 10, whole=False)
    front = solve_front(program, points=8, gap=1e-2, engine=StructuredEngine)
    assert check_front(program, front, gap=1e-2) == []
    assert front.bulge < 0.2


def test_whole_choices_hold_exactly_where_one_limit_is_an_equation() -> None:
    program = some(2000, 5, whole=True)
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    lower[0] = upper[0] - 0.5
    program = replace(program, row_lower=lower, row_upper=upper)
    task = Task(np.array([1.0, 0.0]), FREE, share=1e-2)
    solve = Scalarizer(program, StructuredEngine(program)).solve(task)
    assert solve.reason == "optimal"
    assert solve.x is not None
    assert certify.faults(program, np.asarray(solve.x, dtype=float)) == []


def test_limits_that_clash_are_named() -> None:
    program = some()
    lower, upper = program.row_lower.copy(), program.row_upper.copy()
    upper[0] = 0.01 * upper[0]  # hardly any budget
    lower[-1] = 0.9 * float(program.rows.take([len(lower) - 1]).absolute.dot(np.ones(program.columns))[0])
    program = replace(program, row_lower=lower, row_upper=upper)
    engine = StructuredEngine(program)
    solve = Scalarizer(program, engine).solve(Task(np.array([1.0, 0.0]), FREE))
    assert solve.reason == "infeasible"
    error = failure(solve, engine, program)
    assert isinstance(error, Infeasible)
    assert program.row_names[-1] in error.names
    assert len(error.names) <= 10


def test_time_that_is_over_is_a_reason_and_leaves_a_bound() -> None:
    program, weights = some(20_000, 20), np.array([1.0, 0.0])
    engine = StructuredEngine(program)
    began = monotonic()
    answer = engine.relax(weights, FREE, seconds=0.0)
    assert answer.reason == "time limit"
    assert monotonic() - began < 30
    truth = engine.relax(weights, FREE, seconds=inf).bound
    nothing = bound_of(program, weights, np.zeros_like(answer.row_prices))
    assert nothing < bound_of(program, weights, answer.row_prices) <= truth


@pytest.mark.parametrize("kind", ["funds and the worst region", "many rows"])
@pytest.mark.parametrize("whole", [True, False])
def test_what_there_is_when_time_is_short_is_a_plan_and_its_bound(
    kind: str, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = worst_of_regions() if kind.startswith("funds") else some(20_000, 20, whole=True)
    truth = StructuredEngine(program).relax(np.array([1.0, 0.0]), FREE, seconds=inf).bound
    program = replace(program, integer=whole & (np.arange(program.columns) < program.starts[-1]))
    # No time for prices at all, enough for what is made of those that are there.
    monkeypatch.setattr(engine_module, "SOUGHT", 0.0)
    task = Task(np.array([1.0, 0.0]), FREE, share=1e-9, deadline=monotonic() + 10)
    solve = Scalarizer(program, StructuredEngine(program)).solve(task)
    assert solve.reason == "time limit"
    assert solve.x is not None
    assert solve.y is not None
    assert certify.faults(program, np.asarray(solve.x, dtype=np.float64)) == []
    assert -inf < solve.facts[0].beta <= truth  # by prices; a search of whole choices may prove more
    assert solve.beta <= float(solve.y[0])
    assert float(solve.y[0]) >= truth - 1e-9 * abs(truth)
    assert certify.fact_holds(program, solve.facts[0])


def test_the_choice_of_engine_says_why() -> None:
    small, large = some(), national.national(50_000, 5, whole=False)
    assert isinstance(choose_engine(small)[0], HighsEngine)
    engine, why = choose_engine(large)
    assert isinstance(engine, StructuredEngine)
    assert "50,000 groups" in why
    assert isinstance(choose_engine(large, "highs")[0], HighsEngine)
    assert isinstance(choose_engine(small, "structured")[0], StructuredEngine)
    loose = replace(small, starts=np.zeros(1, dtype=np.int64))
    with pytest.raises(ValueError, match="no groups"):
        choose_engine(loose, "structured")


def mixed_groups(groups: int = 500) -> Program:
    """Groups of four columns of which half are shares, where what is best takes small shares of many."""
    rng = np.random.default_rng(3)
    m = 4 * groups
    cost = np.sort(rng.integers(0, 40, (groups, 4)), axis=1).astype(float).ravel()
    row = rng.integers(0, 9, m).astype(float)
    return assemble(
        np.array([cost, -row]),
        row[None],
        [2.3 * groups],
        [inf],
        senses=[1, 1],
        lower=np.zeros(m),
        upper=np.ones(m),
        integer=np.arange(m) % 4 < 2,
        starts=np.arange(0, m + 1, 4),
        offsets=np.zeros(2),
    )


@pytest.mark.parametrize("gap", [0.0, 1e-3])
def test_shares_beside_whole_columns_are_never_ruled_out(gap: float) -> None:
    program, weights = mixed_groups(), np.array([1.0, 0.0])
    truth = HighsEngine(program).search(weights, FREE, part=whole_part(program), seconds=60)
    assert truth.reason == "optimal"
    assert truth.x is not None
    best = float(weights @ program.values(truth.x))
    engine = StructuredEngine(program)
    answer = engine.relax(weights, FREE, seconds=inf)
    fact = certify.recomputed(
        program, Fact(weights, FREE, -inf, "recomputed", answer.row_prices, answer.cap_prices)
    )
    part = engine.rest(fact, gap)
    assert part is not None
    assert np.all(part.free[~program.integer])
    solve = Scalarizer(program, engine).solve(Task(weights, FREE, gap=gap))
    for found in solve.facts:
        assert found.beta <= best + 1e-6 * abs(best)


class Imprecise(HighsEngine):
    """Multipliers off by so little that a column without an end has a reduced cost: nothing is recomputed.

    Its cores hold nothing, so that what is left is searched from the start alone.
    """

    def core(self, fact: Fact, x: Floats, *, size: int) -> Part:
        return Part(np.zeros(len(x), dtype=bool), np.zeros(len(x)))

    def relax(self, *arguments: Any, **options: Any) -> Answer:
        answer = super().relax(*arguments, **options)
        return replace(answer, row_prices=answer.row_prices * (1 + 1e-13))


def test_a_bound_that_prices_do_not_prove_rules_out_nothing() -> None:
    """Many groups must take the dear one of two columns, which loses far more than the gap at no prices."""
    groups = 500
    rng = np.random.default_rng(5)
    m = 2 * groups + 1
    cost, need, room = np.zeros(m), np.zeros(m), np.zeros(m)
    dear = slice(1, 2 * groups, 2)
    cost[dear], need[dear], room[dear] = (rng.integers(low, 30, groups) for low in (12, 3, 1))
    cost[-1], need[-1] = 3.7, 1.0  # a column without an end
    program = assemble(
        np.array([cost, -need]),
        np.array([need, room]),
        [0.5 * need.sum(), -inf],
        [inf, 0.2 * room.sum() + 0.5],
        senses=[1, 1],
        lower=np.zeros(m),
        upper=np.append(np.ones(m - 1), inf),
        integer=np.append(np.ones(m - 1, dtype=bool), False),
        starts=np.arange(0, m, 2),
        offsets=np.zeros(2),
    )
    weights = np.array([1.0, 0.0])
    truth = HighsEngine(program).search(weights, FREE, part=whole_part(program), seconds=60)
    assert truth.x is not None
    best = float(weights @ program.values(truth.x))
    start = truth.x.copy()
    start[-1] += 0.1
    solve = Scalarizer(program, Imprecise(program)).solve(Task(weights, FREE, gap=0.0, start=start))
    assert any(fact.proof == "claimed" for fact in solve.facts)
    for fact in solve.facts:
        assert fact.beta <= best + 1e-6 * abs(best)
    assert solve.y is not None
    assert solve.y[0] == pytest.approx(best, rel=1e-6)


def test_factored_rows_of_other_groups_are_taken_as_they_are() -> None:
    """Amounts per pair of groups, though a column is chosen per group."""
    groups = 60
    rng = np.random.default_rng(1)
    kind = np.tile(np.arange(3, dtype=np.int16), groups)
    pair = np.repeat(np.arange(groups) // 2 * 2, 3).astype(np.int32)
    block = Factored(pair, kind, sp.csr_array(rng.random((groups, 1))), rng.random((1, 3)), np.array([0]), 1)
    costs = Csr(sp.csr_array(rng.integers(1, 9, (1, 3 * groups)).astype(float)))
    m = 3 * groups
    most = np.maximum.reduceat(block.tdot(np.ones(1)), np.arange(0, m, 3)).sum()
    program = Program(
        objectives=Stack((costs,), m),
        senses=np.array([1], dtype=np.int8),
        offsets=np.zeros(1),
        rows=Stack((block,), m),
        row_lower=np.array([0.6 * most]),
        row_upper=np.array([inf]),
        lower=np.zeros(m),
        upper=np.ones(m),
        integer=np.zeros(m, dtype=bool),
        starts=np.arange(0, m + 1, 3),
        objective_names=("cost",),
        row_names=("row",),
    )
    weights, free = np.ones(1), np.full(1, inf)
    one = StructuredEngine(program).relax(weights, free, seconds=inf)
    two = HighsEngine(program).relax(weights, free, seconds=inf)
    assert one.bound == pytest.approx(two.bound, rel=1e-9)


def worst_of_regions(parcels: int = 6000, regions: int = 20, *, exactly: bool = False) -> Program:
    """Few classes of parcels, a common budget that two funds pay, `exactly` or at least, and the worst
    region's carbon."""
    rng = np.random.default_rng(7)
    options, region = 3, rng.integers(0, regions, parcels)
    carbon, cost = np.zeros((parcels, options)), np.zeros((parcels, options))
    area = rng.choice([1.0, 2.0, 5.0], parcels)
    carbon[:, 1:] = area[:, None] * rng.choice([2.0, 3.0, 4.0], (5, 2))[rng.integers(0, 5, parcels)]
    cost[:, 1:] = area[:, None] * rng.choice([100.0, 150.0, 300.0], (5, 2))[rng.integers(0, 5, parcels)]
    m = parcels * options
    columns = np.arange(m)
    of_region = sp.csr_array((carbon.ravel(), (np.repeat(region, options), columns)), shape=(regions, m))
    attainable = of_region @ np.tile([0.0, 0.5, 0.5], parcels)
    # Loose columns: the worst share, and what each fund pays.
    blocks: list[list[Any]] = [
        [sp.csr_array(of_region / attainable[:, None]), -np.ones((regions, 1)), None],
        [sp.csr_array(cost.reshape(1, -1)), None, -np.ones((1, 2))],
        [None, None, np.ones((1, 2))],
    ]
    rows = sp.csr_array(sp.block_array(blocks, format="csr"))
    budget = float(cost.max(axis=1).sum()) / 4
    worst = sp.csr_array(([1.0], ([0], [m])), shape=(1, m + 3))
    return Program(
        objectives=Stack((Csr(worst), Csr(sp.csr_array(rows[[regions]]))), m + 3),
        senses=np.array([-1, 1], dtype=np.int8),
        offsets=np.zeros(2),
        rows=Stack((Csr(rows),), m + 3),
        row_lower=np.append(np.zeros(regions), [0.0 if exactly else -inf, -inf]),
        row_upper=np.append(np.full(regions, inf), [0.0, budget]),
        lower=np.zeros(m + 3),
        upper=np.append(np.ones(m), [inf, inf, 0.6 * budget]),
        integer=np.append(np.zeros(m, dtype=bool), np.zeros(3, dtype=bool)),
        starts=np.arange(0, m + 1, options),
        objective_names=("worst", "unpaid"),
        row_names=tuple(f"row {i}" for i in range(regions + 2)),
    )


def test_the_worst_of_many_tied_regions_takes_few_small_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    program, cores = worst_of_regions(), []
    solve = exact.Exact._solve

    def counted(*arguments: Any, **how: Any) -> exact.Relaxed:
        found = solve(*arguments, **how)
        cores.append(len(found.core.columns))
        return found

    monkeypatch.setattr(exact.Exact, "_solve", counted)
    weights = np.array([1.0, 0.0])
    answer = StructuredEngine(program).relax(weights, FREE, seconds=inf)
    truth = HighsEngine(program).relax(weights, FREE, seconds=inf)
    assert answer.reason == "optimal"
    assert answer.bound == pytest.approx(truth.bound, rel=1e-9)
    assert answer.x is not None
    assert certify.faults(program, answer.x) == []
    assert len(cores) <= 12
    assert max(cores) < program.groups


@pytest.mark.parametrize("exactly", [True, False])
def test_tighter_rows_lead_to_whole_choices_that_linking_columns_make_good(exactly: bool) -> None:
    program, weights = worst_of_regions(exactly=exactly), np.array([1.0, 0.0])
    program = replace(program, integer=np.arange(program.columns) < program.starts[-1])
    engine = StructuredEngine(program)
    answer = engine.relax(weights, FREE, seconds=inf)
    assert answer.x is not None
    fact = Fact(weights, FREE, answer.bound, "recomputed", answer.row_prices, answer.cap_prices)
    x = engine.round(weights, FREE, fact, answer.x, target=-inf, seconds=30, tighter=True)
    assert x is not None
    assert certify.faults(program, x) == []
    value = float(weights @ (program.senses * program.values(x)))
    assert answer.bound <= value <= answer.bound + 0.01 * abs(answer.bound)


def test_rows_of_loose_columns_have_the_size_of_what_they_link() -> None:
    loose = sp.csc_array(np.array([[-1.0, 0.0], [2.0, 1.0], [0.0, 4.0], [0.0, 0.0]]))
    sizes = ascent.linked_sizes(np.array([50.0, 0.0, 0.0, 0.0]), loose)
    assert sizes.tolist() == [50.0, 100.0, 400.0, 1.0]
