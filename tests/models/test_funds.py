"""Funds: who may pay for what, amounts per period, earmarks, and plans that no fund can pay for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_plan

FOREST = {"name": "forest", "amount": 2e5, "interventions": ["natural_forest_restoration"]}
COUNTY = {"name": "county", "amount": 9e4}


def best(found: Formulation) -> Plan:
    return Plan(found, (point := solve_single(found.program, 0, gap=1e-9)).x, point=point)


def test_each_fund_pays_for_what_it_is_meant_for() -> None:
    plan = best(b.formulation(["carbon"], funds=[FOREST, COUNTY]))
    # Regrowth on g1 costs 40 * 4,500, tillage 45,000 on f3, 30,000 on f2 and 15,000 on f1.
    assert plan.values["carbon"] == pytest.approx(5200 + 200 + 400 + 600)
    paid = plan.funds().set_index("fund")["paid"]
    assert paid.sum() == pytest.approx(180000 + 90000)
    assert paid["forest"] <= 2e5
    assert paid["county"] <= 9e4


def test_what_no_fund_may_pay_for_is_not_done() -> None:
    plan = best(b.formulation(["carbon"], funds=[FOREST]))
    assert plan.options.keys() == {"keep", "natural_forest_restoration"}


def test_an_earmark_holds_back_what_is_not_spent_on_it() -> None:
    mark = {"share": 0.5, "regions": ["north"]}
    plan = best(b.formulation(["carbon"], funds=[{**COUNTY, "earmarks": [mark]}]))
    # North can be paid 15,000 + 30,000 for tillage, so that south gets as much: f3's tillage at 45,000.
    assert plan.values["carbon"] == pytest.approx(200 + 400 + 600)
    assert plan.balance("county").set_index("region")["carbon"].to_dict() == {"north": 600, "south": 600}


def test_funds_of_regions() -> None:
    funds = [
        {"name": name, "amount": amount, "regions": [name]}
        for name, amount in (("north", 2e4), ("south", 1e5))
    ]
    plan = best(b.formulation(["carbon"], funds=funds))
    assert plan.options["conservation_tillage"]["parcels"] == 2  # f1 in the north, f3 in the south
    assert plan.funds()["paid"].tolist() == pytest.approx([15000, 45000])


def test_an_amount_of_each_period_is_for_what_is_paid_in_it() -> None:
    found = b.formulation(
        ["carbon"],
        periods={"starts": [2025, 2045]},
        funds=[{"name": "yearly", "amount": 45000, "period": "each"}],
    )
    plan = best(found)
    frame = plan.funds()
    assert frame["period"].tolist() == ["2025-2044", "2045-2059"]
    assert (frame["paid"] <= 45000 + 1e-6).all()
    assert plan.values["carbon"] == pytest.approx(best_plan(found))


@settings(max_examples=30, deadline=None)
@given(
    amounts=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    share=st.sampled_from([0.0, 0.25, 0.5]),
    uses=st.sampled_from([("conservation_tillage",), ("conservation_tillage", "cropland_to_forest"), ()]),
)
def test_the_best_plan_is_that_of_brute_force(
    amounts: tuple[int, int], share: float, uses: tuple[str, ...]
) -> None:
    mark = [{"share": share, "regions": ["south"]}] if share else []
    funds = [
        {"name": "a", "amount": amounts[0] * 1e4, "interventions": list(uses), "earmarks": mark},
        {"name": "b", "amount": amounts[1] * 1e4, "regions": ["south"]},
    ]
    found = b.formulation(["carbon"], funds=funds)
    assert best(found).values["carbon"] == pytest.approx(best_plan(found))


def test_a_plan_that_nobody_can_pay_for_says_how_much_is_missing() -> None:
    found = b.formulation(["carbon"], funds=[COUNTY])
    x = np.zeros(len(found.menu))
    x[found.menu.starts[:-1]] = 1
    x[found.menu.starts[3]], x[found.menu.starts[3] + 1] = 0, 1
    frame = Plan(found, x).funds().set_index("fund")
    assert frame.loc["unpaid", "paid"] == pytest.approx(180000 - 90000)
    assert "no fund pays 90,000 CNY" in str(Plan(found, x))


@pytest.mark.parametrize(
    ("funds", "match"),
    [
        ([{"name": "x", "amount": -1}], "amount"),
        ([COUNTY, COUNTY], "two funds have this name"),
        ([{"name": "x", "amount": 1, "interventions": ["flying"]}], "unknown intervention flying"),
        ([{"name": "x", "amount": 1, "regions": ["west"]}], "unknown region west"),
        ([{"name": "x", "amount": 1, "interventions": ["cropland_to_forest"], "regions": ["south"]}],
         "has no eligible use"),
        ([{"name": "x", "amount": 1, "unit": "t"}], "funds.x.unit"),
        ([{"name": "x", "amount": 1, "period": 2031}], "no period begins in 2031"),
        ([{"name": "x", "amount": 1, "earmarks": [{"share": 0.5}]}], "an earmark names"),
        ([{"name": "x", "amount": 1, "earmarks": [{"share": 1.5, "regions": ["north"]}]}], "share"),
        ([{"name": "x", "amount": 1, "earmarks": [
            {"share": 0.6, "interventions": ["cropland_to_forest"]},
            {"share": 0.6, "interventions": ["conservation_tillage"]}]}], "more than the whole fund"),
    ],
)  # fmt: skip
def test_funds_that_make_no_sense(funds: list[dict[str, Any]], match: str) -> None:
    with pytest.raises(InputError, match=match):
        b.formulation(["carbon"], funds=funds)


def test_winners_and_losers_are_told_by_region() -> None:
    found = b.formulation(["carbon", "food", "cost"])
    x = np.zeros(len(found.menu))
    x[found.menu.starts[:-1]] = 1
    x[0], x[1] = 0, 1  # f1 to forest
    frame = Plan(found, x).balance("county")
    north, south = frame[frame["region"] == "north"], frame[frame["region"] == "south"]
    assert north["food"].tolist() == [-20]
    assert north["food_share"].tolist() == pytest.approx([-20 / 100])
    assert north["treated_ha"].tolist() == [10]
    assert south[["carbon", "food", "treated_ha"]].to_numpy().tolist() == [[0, 0, 0]]
    assert north["cost_share"].isna().all()


def test_funds_pay_what_a_table_says_that_options_cost() -> None:
    free = best(b.table_formulation(["carbon", "cost"]))
    half = free.values["cost"] / 2
    found = b.table_formulation(["carbon", "cost"], funds=[{"name": "all", "amount": half}])
    plan = best(found)
    assert plan.values["carbon"] == pytest.approx(best_plan(found))
    assert plan.funds()["paid"].sum() == pytest.approx(plan.values["cost"])
    assert plan.values["carbon"] < free.values["carbon"]


def test_a_table_says_nothing_of_when_it_is_paid() -> None:
    with pytest.raises(InputError, match=r"funds\.all\.period.*nothing of when they are paid"):
        b.table_formulation(funds=[{"name": "all", "amount": 1e5, "period": "each"}])
