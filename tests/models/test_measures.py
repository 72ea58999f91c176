"""Criteria that are no plain sums: values by their formula, optima by brute force, what makes no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from landfront.models.measure import Measure
from landfront.models.plan import Plan
from landfront.optimizer.engine import Infeasible, choose_engine
from landfront.optimizer.scalarize import Scalarizer, solve_single
from landfront.optimizer.task import Task
from landfront.report.check import Check
from landfront.report.infeasible import explain
from tests.models import builders as b
from tests.models.brute import best_plan, plans

BY = {"by": "county"}
MEASURES: dict[str, dict[str, Any]] = {
    "smallest": {"measure": "smallest", "effect": "carbon", "sense": "max", "per": "attainable", **BY},
    "largest": {"measure": "largest", "effect": "cost", "sense": "min", "per": "area", **BY},
    "shortfall": {"measure": "shortfall", "effect": "feature:*", "sense": "min", "target": {"share": 1.2}},
    "worst": {
        "measure": "largest_shortfall", "effect": "feature:*", "sense": "min", "per": "target",
        "target": {"share": 1.4},
    },
    "reached": {"measure": "reached", "effect": "feature:*", "sense": "max", "target": {"share": 1.1}},
    "deviation": {"measure": "mean_deviation", "effect": "cost", "sense": "min", "per": "area", **BY},
    "difference": {"measure": "mean_difference", "effect": "food", "sense": "min", "of": "change", **BY},
}  # fmt: skip
COUNTY = np.array([name == "south" for name in b.COUNTY])


def by_hand(name: str, found: Formulation, x: NDArray[np.float64]) -> float:
    """The measure by its definition, from effects and nothing else, for the five parcels."""
    menu, entry = found.menu, found.study.criteria[name]

    def amounts(effect: str) -> NDArray[np.float64]:
        values = found.effects[effect].values(menu) * x[: len(menu)]
        per_parcel = np.bincount(menu.parcel, weights=values, minlength=5).astype(np.float64)
        if entry.of == "total":
            per_parcel = per_parcel + found.effects[effect].baseline
        return np.bincount(COUNTY, weights=per_parcel).astype(np.float64)

    def features() -> NDArray[np.float64]:
        found_now = []
        for feature in ("feature:crane", "feature:orchid"):
            effect = found.effects[feature]
            found_now.append(float(effect.baseline.sum() + effect.values(menu) @ x[: len(menu)]))
        return np.array(found_now)

    area = np.bincount(COUNTY, weights=np.array(b.AREA))
    if name == "smallest":
        best = np.maximum.reduceat(found.effects[name].values(menu), menu.starts[:-1])
        return float((amounts(name) / np.bincount(COUNTY, weights=best)).min())
    if name == "largest":
        return float((amounts(name) / area).max())
    base = np.array([10.0, 10.0])
    if name == "shortfall":
        return float(np.maximum(1.2 * base - features(), 0).sum())
    if name == "worst":
        return float(np.maximum(1 - features() / (1.4 * base), 0).max())
    if name == "reached":
        return float((features() >= 1.1 * base - 1e-9).sum())
    if name == "deviation":
        each = amounts(name) / area
        return float(np.abs(each - each.mean()).mean())
    each = amounts(name)
    return float(np.abs(each[:, None] - each).mean())


def feasible(found: Formulation) -> NDArray[np.float64]:
    """Every plan that meets the limits, as options."""
    count = len(found.limits)
    program = found.program
    x = plans(program)
    activity = (program.row_matrix[:count] @ x.T).T
    good = (activity >= program.row_lower[:count] - 1e-9) & (activity <= program.row_upper[:count] + 1e-9)
    return x[good.all(axis=1)][:, : len(found.menu)]


LIMITS = [
    {"name": "budget", "criterion": "cost", "max": 3e5},
    {"name": "sink", "criterion": "carbon", "min": 900},
]


@pytest.mark.parametrize("decision", ["whole", "share"])
@pytest.mark.parametrize("name", MEASURES)
def test_the_best_value_is_that_of_brute_force(name: str, decision: str) -> None:
    found = b.formulation({name: MEASURES[name]}, limits=LIMITS, about={"decision": decision})
    point = solve_single(found.program, 0, gap=1e-9)
    plan = Plan(found, point.x)
    value = plan.values[name]
    assert value == pytest.approx(by_hand(name, found, point.x), abs=1e-9)
    assert value == pytest.approx(float(point.values[0]), abs=1e-6)
    assert plan.limits()["holds"].all()
    sense = -1 if found.study.criteria[name].sense == "max" else 1
    best = min(sense * by_hand(name, found, x) for x in feasible(found))
    if decision == "whole":
        assert sense * value == pytest.approx(best, abs=1e-6)
    else:
        assert sense * value <= best + 1e-6


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.sampled_from(list(MEASURES)), min_size=2, max_size=3, unique=True),
    seed=st.integers(0, 99),
)
def test_sums_of_measures_agree_with_brute_force(names: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = b.formulation({name: MEASURES[name] for name in names}, limits=LIMITS)
    weights = rng.random(len(names)) + 0.1
    weights /= np.abs(np.array([found.values(x) for x in feasible(found)])).max(axis=0) + 1.0
    engine = choose_engine(found.program)[0]
    solve = Scalarizer(found.program, engine).solve(Task(weights, np.full(len(names), np.inf)))
    by_brute = min(float(weights * found.program.senses @ found.values(x)) for x in feasible(found))
    assert solve.y is not None
    assert float(weights @ solve.y) == pytest.approx(by_brute, abs=1e-6)


def test_values_of_any_plan_are_those_by_hand() -> None:
    found = b.formulation(MEASURES)
    rng = np.random.default_rng(3)
    for x in rng.permutation(feasible(found))[:20]:
        values = dict(zip(MEASURES, found.values(x), strict=True))
        assert values == {name: pytest.approx(by_hand(name, found, x), abs=1e-9) for name in MEASURES}
        full = found.completed(x)
        activity = found.program.row_matrix @ full
        assert (activity >= found.program.row_lower - 1e-7).all()
        assert (activity <= found.program.row_upper + 1e-7).all()
        assert (full >= found.program.lower - 1e-9).all()
        assert (full <= found.program.upper + 1e-9).all()


def test_what_is_kept_has_the_baseline_value() -> None:
    found = b.formulation({"deviation": {**MEASURES["difference"], "of": "total"}})
    keep = np.zeros(len(found.menu))
    keep[found.menu.starts[:-1]] = 1
    assert found.baseline == pytest.approx(found.values(keep))
    assert found.baseline[0] == pytest.approx(abs(100 - 180) / 2)
    assert Plan(found, keep).changes["deviation"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        ({"measure": "smallest", "effect": "food", "sense": "min", **BY}, "is for sense = 'max'"),
        ({"measure": "shortfall", "effect": "feature:*", "sense": "min"}, "needs a target"),
        ({"measure": "smallest", "effect": "food", "sense": "max", "target": 3, **BY}, "has no target"),
        ({"effect": "food", "sense": "max", **BY}, "only with a measure"),
        ({"measure": "smallest", "effect": "food", "sense": "max", "by": "galaxy"}, "unknown region level"),
        ({"measure": "smallest", "effect": "joy", "sense": "max", **BY}, "unknown criterion or effect 'joy'"),
        (
            {"measure": "smallest", "effect": "carbon", "sense": "max", "per": "baseline", **BY},
            "zero everywhere",
        ),
        ({"measure": "smallest", "effect": "food", "sense": "max", "per": "target", **BY}, "needs it"),
        ({"measure": "median", "effect": "food", "sense": "max", **BY}, "measure"),
    ],
)
def test_measures_that_make_no_sense(entry: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        b.formulation({"m": entry})


@pytest.mark.parametrize("name", MEASURES)
def test_a_limit_on_a_measure_holds_and_costs_what_brute_force_says(name: str) -> None:
    free = b.formulation({name: MEASURES[name], "carbon": {"sense": "max"}}, limits=LIMITS)
    values = np.array([free.values(x) for x in feasible(free)])
    side = "min" if MEASURES[name]["sense"] == "max" else "max"
    for share in (0.2, 0.6, 0.95):
        bound = float(np.quantile(values[:, 0], share if side == "min" else 1 - share))
        limit = {"name": "even", "criterion": name, side: bound, "owner": "all"}
        found = b.formulation({name: MEASURES[name], "carbon": {"sense": "max"}}, limits=[limit, *LIMITS])
        plan = Plan(found, solve_single(found.program, 1, gap=1e-9).x)
        good = values[:, 0] >= bound - 1e-9 if side == "min" else values[:, 0] <= bound + 1e-9
        assert plan.values["carbon"] == pytest.approx(values[good, 1].max(), abs=1e-6)
        row = plan.limits().set_index("name").loc["even"]
        assert row["value"] == pytest.approx(plan.values[name])
        assert row["holds"]
        assert found.limits[-1].owner == "all"
        assert best_plan(found, 1) == pytest.approx(plan.values["carbon"], abs=1e-6)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"max": 1.0}, "can be bounded by min only"),
        ({"equal": 1.0}, "can be bounded by min only"),
        ({"min": {"share": 0.5}}, "takes a number"),
        ({"min": 0.5, "by": "county"}, "limits.even.by.*Leave it out"),
        ({"min": 0.5, "milestone": 2030}, "limits.even.milestone"),
        ({"min": 0.5, "unit": "t"}, "limits.even.unit"),
    ],
)
def test_a_limit_on_a_measure_says_what_it_cannot_have(keys: dict[str, Any], words: str) -> None:
    limit = {"name": "even", "criterion": "smallest", **keys}
    with pytest.raises(InputError, match=words):
        b.formulation({"smallest": MEASURES["smallest"]}, limits=[limit])


def test_a_limit_on_a_measure_that_nothing_meets_is_named() -> None:
    limit = {"name": "even", "criterion": "smallest", "min": 2.0}
    found = b.formulation({"smallest": MEASURES["smallest"]}, limits=[limit])
    with pytest.raises(Infeasible) as raised:
        solve_single(found.program, 0)
    assert str(explain(found, raised.value)).count("even: smallest at least 2 share") == 1


def test_regions_without_anything_to_count_per_are_left_out_and_said() -> None:
    entry = {"measure": "smallest", "effect": "feature:crane", "sense": "max", "per": "baseline", **BY}
    land = b.landscape(features=sp.csr_array(np.array([[0, 0], [0, 0], [0, 0], [8.0, 4.0], [0, 6.0]])))
    found = b.formulation({"cranes": entry}, land=land)
    measure = found.measures["cranes"]
    assert isinstance(measure, Measure)
    assert measure.amounts.labels == ("south",)
    assert [note for note in found.notes if note.startswith("cranes")] == [
        "cranes: no amount for north, where what it is counted per is 0"
    ]


def test_a_shortfall_that_cannot_be_avoided_is_known_beforehand() -> None:
    short = {"measure": "shortfall", "effect": "carbon", "sense": "min", "target": 1e5, **BY}
    limit = {"name": "even", "criterion": "short", "max": 100.0}
    for kind in ("shortfall", "largest_shortfall"):
        found = b.formulation({"short": {**short, "measure": kind}}, limits=[limit])
        (clash,) = Check(found).impossible
        free = b.formulation({"short": {**short, "measure": kind}})
        assert clash.least == pytest.approx(best_plan(free))
