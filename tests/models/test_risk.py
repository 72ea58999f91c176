"""Criteria over scenarios of coefficients: values by definition, optima by brute force, both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from landfront.api import mac, named_fronts, nested
from landfront.instances.faults import InputError
from landfront.instances.scenarios import Scenarios
from landfront.models import widening
from landfront.models.formulate import Formulation, Tables
from landfront.models.measure import Measure
from landfront.models.plan import Plan
from landfront.models.pyomo_view import to_pyomo
from landfront.optimizer.checker import check_front
from landfront.optimizer.fronts import solve_front
from landfront.optimizer.highs import HighsEngine
from landfront.optimizer.pyomo_io import from_pyomo
from landfront.optimizer.scalarize import Scalarizer, solve_single
from landfront.optimizer.structured.engine import StructuredEngine
from landfront.optimizer.task import Task
from landfront.report.result import front_program
from tests.models import builders as b
from tests.models.brute import best_plan
from tests.models.test_measures import feasible

RISKS: dict[str, dict[str, Any]] = {
    "expected": {"measure": "expected", "effect": "carbon", "sense": "max"},
    "conservative": {"measure": "conservative", "effect": "carbon", "sense": "max", "level": 0.8},
    "careful_water": {"measure": "conservative", "effect": "water", "sense": "max", "level": 0.7},
    "worst_case": {"measure": "worst_case", "effect": "carbon", "sense": "max", "regions": ["south"]},
    "cvar": {"measure": "cvar", "effect": "carbon", "sense": "max", "level": 0.75},
    "dear": {"measure": "cvar", "effect": "cost", "sense": "min", "level": 0.6},
    "quantile": {"measure": "quantile", "effect": "carbon", "sense": "max", "level": 0.6},
    "quantile_cost": {"measure": "quantile", "effect": "cost", "sense": "min", "level": 0.7},
    "reliability": {"measure": "reliability", "effect": "carbon", "sense": "max", "target": 2500},
    "affordable": {
        "measure": "reliability", "effect": "cost", "sense": "max", "better": "less", "target": 1.5e5,
    },
    "regret": {"measure": "regret", "effect": "carbon", "sense": "min"},
    "thirst": {"measure": "cvar", "effect": "water", "sense": "max", "level": 0.5, "of": "change"},
}  # fmt: skip
BUDGET = [{"name": "budget", "criterion": "cost", "max": 3e5}]
RISK = {"source": "scenarios.csv", "by": "county"}
COUNTY = np.array([name == "south" for name in b.COUNTY], dtype=np.int64)
SETTINGS = {"gap": 1e-9}


def scenarios(seed: int = 0, count: int = 6) -> Scenarios:
    """Random factors of three effects, some of them the same in all counties, with unequal probabilities."""
    rng = np.random.default_rng(seed)
    shape = (count, len(b.INTERVENTIONS), 2)
    factors = {
        name: rng.choice([0.0, 0.5, 0.8, 1.0, 1.3, 2.0], shape) for name in ("carbon", "cost", "water")
    }
    factors["cost"][:, :, 1] = factors["cost"][:, :, 0]
    for table in factors.values():
        table[:, 0] = 1.0
    weights = rng.integers(1, 5, count).astype(np.float64)
    names = tuple(f"s{place}" for place in range(count))
    return Scenarios(names, weights / weights.sum(), "county", ("north", "south"), factors)


def formulation(criteria: Any, seed: int = 0, count: int = 6, **sections: Any) -> Formulation:
    tables = Tables(feature_change=b.FEATURE_CHANGE, baselines={}, scenarios=scenarios(seed, count))
    return b.formulation(criteria, tables=tables, risk=RISK, front=SETTINGS, **sections)


def totals(name: str, found: Formulation, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Total of each scenario by its definition, option by option."""
    menu, entry, known = found.menu, found.study.criteria[name], found.scenarios
    assert known is not None
    table = known.factors[entry.effect or name]
    members = [[k.split("@")[0]] if k == "keep" else k.split("@")[0].split("+") for k in menu.interventions]
    place = [[b.INTERVENTIONS.index(one) for one in each] for each in members]
    inside = np.isin(COUNTY, [b.COUNTY.index("south") and 1] if entry.regions else [0, 1])
    base = float(found.effects[name].baseline[inside].sum()) if entry.of == "total" else 0.0
    sums = np.full(len(known), base)
    for value, share, parcel, kind in zip(
        found.effects[name].values(menu), x[: len(menu)], menu.parcel, menu.kind, strict=True
    ):
        if inside[parcel] and share:
            sums += value * share * table[:, place[kind], COUNTY[parcel]].mean(axis=1)
    return sums


def by_hand(name: str, found: Formulation, x: NDArray[np.float64], best: NDArray[np.float64]) -> float:
    """The measure by its definition, from totals of scenarios."""
    entry, known = found.study.criteria[name], found.scenarios
    assert known is not None
    p = known.probability
    q = totals(name, found, x)
    sign = 1.0 if (entry.better or ("more" if entry.sense == "max" else "less")) == "more" else -1.0
    kind, level = entry.measure, entry.level or 0.0
    if kind == "expected":
        return float(p @ q)
    if kind == "worst_case":
        return float((sign * q).min() * sign)
    if kind == "regret":
        return float((best - q).max())
    if kind == "reliability":
        assert isinstance(entry.target, float)
        goal = sign * entry.target
        return float(p[sign * q >= goal - 1e-6].sum())
    reach = [v for v in q if p[sign * q >= sign * v].sum() >= level - 1e-9]
    at = sign * max(sign * v for v in reach)
    if kind == "quantile":
        return float(at)
    assert kind == "cvar"
    candidates = [v - sign * (p @ np.maximum(sign * (v - q), 0)) / (1 - level) for v in q]
    return float(sign * max(sign * value for value in candidates))


def best_of_scenarios(name: str, found: Formulation) -> NDArray[np.float64]:
    every = np.array([totals(name, found, x) for x in feasible(found)])
    return np.asarray(every.max(axis=0))


PLAIN = [name for name in RISKS if RISKS[name]["measure"] != "conservative"]


@pytest.mark.parametrize("decision", ["whole", "share"])
@pytest.mark.parametrize("name", PLAIN)
def test_the_best_value_is_that_of_brute_force(name: str, decision: str) -> None:
    found = formulation({name: RISKS[name]}, limits=BUDGET, about={"decision": decision})
    assert found.program.integer[: len(found.menu)].all() == (decision == "whole")
    point = solve_single(found.program, 0, gap=1e-9)
    whole = formulation({name: RISKS[name]}, limits=BUDGET)
    best = best_of_scenarios(name, whole)
    if RISKS[name]["measure"] == "regret" and decision == "share":
        best = _best_shared(found)
    plan = Plan(found, point.x)
    assert plan.values[name] == pytest.approx(by_hand(name, found, point.x, best), rel=1e-7, abs=1e-6)
    assert plan.values[name] == pytest.approx(float(point.values[0]), rel=1e-7, abs=1e-6)
    assert plan.limits()["holds"].all()
    sense = -1 if RISKS[name]["sense"] == "max" else 1
    brute = min(sense * by_hand(name, found, x, best) for x in feasible(whole))
    if decision == "whole":
        assert sense * plan.values[name] == pytest.approx(brute, rel=1e-7, abs=1e-6)
    else:
        assert sense * plan.values[name] <= brute + 1e-6


def _best_shared(found: Formulation) -> NDArray[np.float64]:
    """Best total of each scenario where parcels may be shared, by a linear program over the options."""
    from scipy.optimize import linprog

    menu, known = found.menu, found.scenarios
    assert known is not None
    options = len(menu)
    each = np.array([totals("regret", found, unit) for unit in np.eye(options)])
    groups = (np.arange(len(menu.starts) - 1)[:, None] == menu.parcel).astype(np.float64)
    rows = found.program.row_matrix[:1, :options].toarray()
    upper, ones = found.program.row_upper[:1], np.ones(len(groups))
    return np.array(
        [-float(linprog(-each[:, s], rows, upper, groups, ones).fun or 0.0) for s in range(len(known))]
    )


@pytest.mark.parametrize("name", ["conservative", "careful_water"])
def test_conservative_coefficients_are_quantiles_of_each(name: str) -> None:
    """Option by option: what is reached with the level's probability, or not exceeded where it harms."""
    found = formulation({name: RISKS[name]}, limits=BUDGET)
    known, entry, menu = found.scenarios, found.study.criteria[name], found.menu
    assert known is not None
    assert entry.level is not None
    table, p = known.factors[entry.effect or name], known.probability
    values = found.effects[name].values(menu)
    careful = np.zeros(len(menu))
    for j, (parcel, kind) in enumerate(zip(menu.parcel, menu.kind, strict=True)):
        effect = values[j] * table[:, kind, COUNTY[parcel]]
        careful[j] = max(v for v in effect if p[effect >= v].sum() >= entry.level - 1e-9)
    base = float(found.effects[name].baseline.sum())
    point = solve_single(found.program, 0, gap=1e-9)
    brute = max(base + careful @ x for x in feasible(found))
    assert Plan(found, point.x).values[name] == pytest.approx(brute)


def test_a_cell_that_gains_and_loses_takes_the_worse_quantile_of_its_sum() -> None:
    """Water of one intervention, gained on some parcels and lost on others, under one factor."""
    entry = {"measure": "conservative", "effect": "food", "sense": "max", "level": 0.75, "of": "change"}
    table = np.ones((4, 4, 1))
    table[:, 1:, 0] = np.array([0.5, 1.0, 1.5, 2.0])[:, None]
    known = Scenarios(("a", "b", "c", "d"), np.full(4, 0.25), "", ("",), {"food": table})
    tables = Tables(feature_change=b.FEATURE_CHANGE, baselines={}, scenarios=known)
    found = b.formulation({"food": entry}, tables=tables, risk={"source": "s.csv"})
    gain = found.effects["food"].values(found.menu)
    assert (gain < 0).any()
    assert (gain > 0).any()
    for x in feasible(found):
        sum_ = float(gain @ x)
        assert found.values(x)[0] == pytest.approx(min(1.0 * sum_, 1.5 * sum_))
    best = solve_single(found.program, 0, gap=1e-9)
    assert float(best.values[0]) == pytest.approx(best_plan(found))


@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(st.sampled_from(list(RISKS)), min_size=2, max_size=3, unique=True), seed=st.integers(0, 99)
)
def test_sums_of_measures_agree_with_brute_force_in_both_engines(names: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = formulation({name: RISKS[name] for name in names}, seed, limits=BUDGET)
    weights = rng.random(len(names)) + 0.1
    weights /= np.abs(np.array([found.values(x) for x in feasible(found)])).max(axis=0) + 1.0
    brute = min(float(weights * found.program.senses @ found.values(x)) for x in feasible(found))
    for engine in (HighsEngine(found.program), StructuredEngine(found.program)):
        solve = Scalarizer(found.program, engine).solve(Task(weights, np.full(len(names), np.inf)))
        assert solve.y is not None
        assert float(weights @ solve.y) == pytest.approx(brute, abs=1e-6)
        assert solve.beta <= brute + 1e-6


def test_a_mean_is_one_row_and_one_column() -> None:
    found = formulation({"expected": RISKS["expected"]}, limits=BUDGET)
    assert found.program.columns == len(found.menu) + 1
    assert found.program.row_names == ("budget", "expected: the mean of the scenarios")


def test_values_of_any_plan_are_those_by_hand_and_its_columns_fit() -> None:
    found = formulation(RISKS, limits=BUDGET)
    best = best_of_scenarios("regret", found)
    rng = np.random.default_rng(3)
    program = found.program
    for x in rng.permutation(feasible(found))[:20]:
        values = dict(zip(RISKS, found.values(x), strict=True))
        for name in PLAIN:
            assert values[name] == pytest.approx(by_hand(name, found, x, best), rel=1e-7, abs=1e-6)
        full = found.completed(x)
        activity, scale = program.row_matrix @ full, 1e-9 * program.row_scale
        assert (activity >= program.row_lower - 1e-6 - scale).all()
        assert (activity <= program.row_upper + 1e-6 + scale).all()
        assert (full >= program.lower - 1e-6).all()
        assert (full <= program.upper + 1e-6).all()
        assert program.values(full) == pytest.approx(found.values(x), rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("name", RISKS)
def test_a_limit_on_a_measure_holds_and_costs_what_brute_force_says(name: str) -> None:
    criteria = {name: RISKS[name], "carbon": {"sense": "max"}}
    free = formulation(criteria, limits=BUDGET)
    values = np.array([free.values(x) for x in feasible(free)])
    side = "min" if RISKS[name]["sense"] == "max" else "max"
    for share in (0.3, 0.9):
        bound = float(np.quantile(values[:, 0], share if side == "min" else 1 - share))
        limit = {"name": "safe", "criterion": name, side: bound, "owner": "all"}
        found = formulation(criteria, limits=[limit, *BUDGET])
        plan = Plan(found, solve_single(found.program, 1, gap=1e-9).x)
        slack = 1e-9 * max(abs(bound), 1.0)
        good = values[:, 0] >= bound - slack if side == "min" else values[:, 0] <= bound + slack
        assert plan.values["carbon"] == pytest.approx(values[good, 1].max(), abs=1e-6)
        row = plan.limits().set_index("name").loc["safe"]
        assert row["value"] == pytest.approx(plan.values[name])
        assert row["holds"]


def test_a_front_of_tail_and_mean_is_complete_and_proven() -> None:
    found = formulation({"cvar": RISKS["cvar"], "expected": RISKS["expected"]}, limits=BUDGET)
    program = front_program(found, ("cvar", "expected"))
    front = solve_front(program, points="all", gap=1e-6)
    assert front.complete
    assert not check_front(program, front)
    every = np.array([found.values(x) for x in feasible(found)])
    for value in every:
        assert (front.values >= value - 1e-4 * np.abs(value)).all(axis=1).any()


@pytest.mark.parametrize("name", RISKS)
def test_the_pyomo_twin_has_the_same_optimum(name: str) -> None:
    """Its compiler orders columns by where they occur first, so matrices are not compared."""
    found = formulation({name: RISKS[name]}, count=4, limits=BUDGET)
    twin = from_pyomo(to_pyomo(found))
    assert twin.columns == found.program.columns
    assert float(solve_single(twin, 0, gap=1e-9).values[0]) == pytest.approx(best_plan(found, 0), rel=1e-6)


def test_scenarios_that_are_all_alike_make_every_measure_the_sum() -> None:
    table = {"carbon": np.ones((3, 4, 1))}
    known = Scenarios(("a", "b", "c"), np.full(3, 1 / 3), "", ("",), table)
    tables = Tables(feature_change=b.FEATURE_CHANGE, baselines={}, scenarios=known)
    names = ("expected", "conservative", "cvar", "quantile")
    criteria = {**{name: RISKS[name] for name in names}, "carbon": {"sense": "max"}}
    found = b.formulation(criteria, tables=tables, risk={"source": "s.csv"})
    measures = [measure for measure in found.measures.values() if isinstance(measure, Measure)]
    assert [len(measure.amounts.labels) for measure in measures] == [1] * 4  # one cell is enough
    for x in feasible(found)[:10]:
        assert found.values(x) == pytest.approx(np.full(5, found.values(x)[-1]))


def test_kinds_of_several_interventions_take_the_mean_of_their_factors() -> None:
    pair = ("cropland_to_forest", "conservation_tillage")
    found = formulation(
        {"cvar": RISKS["cvar"]}, combinations={"groups": [pair]}, periods={"starts": [2025, 2040]}
    )
    assert any("+" in name for name in found.menu.interventions)
    for x in feasible(found)[::97]:
        best = np.zeros(0)
        assert found.values(x)[0] == pytest.approx(by_hand("cvar", found, x, best))


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        ({"measure": "cvar", "effect": "carbon", "sense": "max"}, "needs a level"),
        ({"measure": "cvar", "effect": "carbon", "sense": "max", "level": 1.0}, "less than 1"),
        ({"measure": "worst_case", "effect": "carbon", "sense": "max", "level": 0.5}, "has no level"),
        ({"measure": "reliability", "effect": "carbon", "sense": "max"}, "needs a target"),
        ({"measure": "reliability", "effect": "carbon", "sense": "min", "target": 1}, "is for sense = 'max'"),
        ({"measure": "regret", "effect": "carbon", "sense": "max"}, "is for sense = 'min'"),
        ({"measure": "cvar", "effect": "carbon", "sense": "max", "level": 0.5, "by": "county"}, "leave out"),
        (
            {"measure": "cvar", "effect": "carbon", "sense": "max", "level": 0.5, "better": "less"},
            "no better",
        ),
        ({"measure": "cvar", "effect": "food", "sense": "max", "level": 0.5}, "no factors of 'food'"),
        (
            {"measure": "reliability", "effect": "carbon", "sense": "max", "target": {"share": 0.5}},
            "takes a number",
        ),
        ({"measure": "expected", "effect": "carbon", "sense": "max", "regions": ["west"]}, "unknown region"),
        ({"effect": "carbon", "sense": "max", "level": 0.5}, "only with a measure"),
    ],
)
def test_criteria_that_make_no_sense(entry: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        formulation({"m": entry})


def test_a_measure_over_scenarios_needs_scenarios() -> None:
    with pytest.raises(InputError, match="needs scenarios"):
        b.formulation({"cvar": RISKS["cvar"]})


def test_the_note_of_a_regret_says_how_well_optima_are_known() -> None:
    found = formulation({"regret": RISKS["regret"]}, limits=BUDGET)
    assert any(note.startswith("regret: regrets are counted from the proven best") for note in found.notes)


def test_a_target_is_in_the_unit_that_is_said() -> None:
    plain, thousand = (
        formulation({"likely": {**RISKS["reliability"], **entry}})
        for entry in ({}, {"target": 2.5, "unit": "kt CO2e"})
    )
    for x in feasible(plain)[:20]:
        assert thousand.values(x) == pytest.approx(plain.values(x))
    with pytest.raises(InputError, match="Give the target in t CO2e"):
        formulation({"likely": {**RISKS["reliability"], "unit": "ha"}})
    with pytest.raises(InputError, match="'cvar' has none"):
        formulation({"tail": {**RISKS["cvar"], "unit": "kt CO2e"}})


def test_more_linking_columns_than_can_be_numbered_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widening, "MOST_KINDS", 10)
    with pytest.raises(InputError, match="linking columns, more than"):
        formulation({"tail": RISKS["cvar"]})


@pytest.mark.parametrize("name", ["cvar", "regret"])
def test_what_looks_at_sums_takes_no_measure_for_one(name: str) -> None:
    said = b.study({name: RISKS[name]}, risk=RISK, periods={"starts": [2025, 2040]})
    with pytest.raises(InputError, match="is a measure"):
        nested(said, name)
    with pytest.raises(InputError, match="has no criterion with effect carbon"):
        mac(said)
    with pytest.raises(InputError, match="no criterion on carbon"):
        named_fronts(said)
