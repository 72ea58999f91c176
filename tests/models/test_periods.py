"""Start periods: when an option starts decides what it brings by a milestone and costs within a period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_value
from tests.models.test_components import effect

PERIODS = {"starts": [2025, 2030, 2040]}


def formulation(criteria: Any = ("carbon",), **sections: Any) -> Formulation:
    return b.formulation(criteria, periods=PERIODS, about={"milestones": [2030, 2060]}, **sections)


def test_every_intervention_may_start_in_every_period_and_keep_once() -> None:
    found = formulation()
    here = found.menu.kind[found.menu.starts[3] : found.menu.starts[4]]  # g1
    assert [found.menu.interventions[k] for k in here] == [
        "keep", *(f"natural_forest_restoration@{year}" for year in (2025, 2030, 2040)),
    ]  # fmt: skip


def test_periods_may_be_fewer_for_some_interventions() -> None:
    only = {"conservation_tillage": [2030]}
    found = b.formulation(["carbon"], periods={**PERIODS, "only": only})
    names = [name for name in found.menu.interventions if name.startswith("conservation")]
    assert names == ["conservation_tillage@2030"]


def test_carbon_grows_from_the_start_of_the_option() -> None:
    criteria = {"late": {"effect": "carbon", "sense": "max"},
                "soon": {"effect": "carbon", "sense": "max", "milestone": 2030}}  # fmt: skip
    found = formulation(criteria)
    name = "natural_forest_restoration"
    late, soon = effect(found, "late"), effect(found, "soon")
    assert late["g1", f"{name}@2025"] == 40 * (4 * 30 + 2 * 5)
    assert late["g1", f"{name}@2030"] == 40 * 4 * 30
    assert late["g1", f"{name}@2040"] == 40 * 4 * 20
    assert soon["g1", f"{name}@2025"] == 40 * 4 * 5
    assert ("g1", f"{name}@2030") not in soon  # starts in 2030: nothing by then


def test_states_count_from_the_milestone_after_the_start() -> None:
    criteria = {"food_2030": {"effect": "food", "sense": "max", "milestone": 2030}, "food": {"sense": "max"}}
    found = formulation(criteria)
    soon, late = effect(found, "food_2030"), effect(found, "food")
    assert soon["f1", "cropland_to_forest@2025"] == -20
    assert ("f1", "cropland_to_forest@2030") not in soon
    assert late["f1", "cropland_to_forest@2040"] == -20


def test_costs_are_discounted_from_the_start_of_the_option() -> None:
    found = formulation(["cost"])
    plain = effect(found, "cost")
    assert plain["g1", "natural_forest_restoration@2040"] == 40 * (1000 + 100 * 20)
    about = {"milestones": [2030, 2060], "discount_rate": 0.05}
    dear = effect(b.formulation(["cost"], periods=PERIODS, about=about), "cost")
    yearly = sum(1.05**-t for t in range(16, 36))
    assert dear["g1", "natural_forest_restoration@2040"] == 40 * (1000 * 1.05**-15 + 100 * yearly)


BUDGETS = {"name": "budget", "criterion": "cost", "period": "each", "max": 50000}


def test_a_budget_of_each_period_is_a_row_of_its_own() -> None:
    found = formulation(limits=[BUDGETS])
    assert found.program.row_names == ("budget[2025-2029]", "budget[2030-2039]", "budget[2040-2059]")
    rows = found.program.row_matrix.toarray()
    g1 = found.menu.find(np.array([3, 3, 3]), np.array([1, 2, 3]))
    # Establishment in the first period, then 100 a year and ha in each.
    assert rows[:, g1[0]].tolist() == [40 * (1000 + 500), 40 * 1000, 40 * 2000]
    assert rows[:, g1[1]].tolist() == [0, 40 * (1000 + 1000), 40 * 2000]
    assert rows[:, g1[2]].tolist() == [0, 0, 40 * (1000 + 2000)]


def test_flows_of_all_periods_sum_to_the_whole() -> None:
    for name in ("carbon", "cost", "area"):
        limits = [{"name": "each", "criterion": name, "period": "each", "min": 0}]
        found = formulation([name], limits=limits)
        total = found.program.row_matrix.toarray().sum(axis=0)
        np.testing.assert_allclose(total, found.program.objectives.to_csr().toarray()[0], atol=1e-9)


def test_the_best_plan_under_budgets_of_periods_is_that_of_brute_force() -> None:
    limits = [{**BUDGETS, "max": 45000}, {"name": "now", "criterion": "area", "period": 2025, "max": 30}]
    found = formulation(limits=limits)
    point = solve_single(found.program, 0, gap=1e-9)
    assert Plan(found, point.x).values["carbon"] == pytest.approx(best_value(found.program))
    assert Plan(found, point.x).limits()["holds"].all()


@pytest.mark.parametrize(
    ("periods", "match"),
    [
        ({"starts": [2030, 2025]}, "must rise"),
        ({"starts": [2025, 2025]}, "must rise"),
        ({"starts": [2020, 2030]}, "must lie from 2025"),
        ({"starts": [2025, 2060]}, "before 2060"),
        ({"starts": [2025, 2030], "end": 2030}, "must lie after the last start"),
        ({"starts": [2025], "end": 2070}, "after the last milestone"),
        ({"starts": [2025], "only": {"conservation_tillage": [2031]}}, "must be some of the starts"),
        ({"starts": [2025], "only": {"dreaming": [2025]}}, "unknown intervention 'dreaming'"),
        ({"starts": []}, "starts"),
    ],
)
def test_periods_that_make_no_sense(periods: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        b.formulation(["carbon"], periods=periods)


@pytest.mark.parametrize(
    ("limit", "match"),
    [
        ({"criterion": "food", "period": 2025, "min": 0}, "has no amount per period"),
        ({"criterion": "cost", "period": 2031, "max": 1}, "no period begins in 2031"),
        ({"criterion": "cost", "period": 2025, "milestone": 2030, "max": 1}, "leave out milestone"),
        ({"criterion": "cost", "period": "every", "max": 1}, "each"),
    ],
)
def test_limits_of_periods_that_make_no_sense(limit: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        formulation(limits=[{"name": "x", **limit}])


def test_a_table_of_effects_has_no_periods() -> None:
    with pytest.raises(InputError, match="effects of a table have no years"):
        b.table_formulation(periods=PERIODS)
