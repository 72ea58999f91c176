"""What would mend a study that no plan can meet: by hand, by brute force, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from landfront.optimizer.engine import Infeasible
from landfront.optimizer.scalarize import solve_single
from landfront.report import infeasible
from landfront.report.infeasible import InfeasibleError, explain
from landfront.report.repairs import DIGITS, Repair, repairs_of, safe
from tests.models import builders as b
from tests.models.brute import best_plan, plans
from tests.models.test_locks import FOREST, LOCK, land

CRITERIA = ["carbon", "cost", "food"]


def refused(*limits: dict[str, Any]) -> tuple[Formulation, InfeasibleError]:
    found = b.formulation(CRITERIA, limits=limits)
    with pytest.raises(Infeasible) as raised:
        solve_single(found.program, 0)
    return found, explain(found, raised.value)


def loosened(limits: list[dict[str, Any]], repair: Repair, by: float = 0.0) -> Formulation:
    key, bound = ("min", repair.bound + by) if repair.lower else ("max", repair.bound - by)
    changed = [{**limit, key: bound} if limit["name"] == repair.limit.limit else limit for limit in limits]
    return b.formulation(CRITERIA, limits=changed)


def test_repairs_by_hand() -> None:
    """Tillage brings 200, 400 and 600 t for 15,000, 30,000 and 45,000 CNY."""
    limits = [
        {"name": "sink", "criterion": "carbon", "min": 900.0},
        {"name": "budget", "criterion": "cost", "max": 20_000.0},
    ]
    _, error = refused(*limits)
    repairs = {repair.limit.name: repair for repair in error.repairs}
    assert repairs["sink"].bound == pytest.approx(200)  # tillage on f1 is all that 20,000 pays
    assert repairs["budget"].bound == pytest.approx(75_000)  # on f2 and f3
    assert [repair.share for repair in error.repairs] == sorted(repair.share for repair in error.repairs)
    assert "Each of these alone is enough, if all else stays:\n  - sink: lower 900 t CO2e to" in str(error)


@settings(max_examples=25, deadline=None)
@given(
    carbon=st.floats(300, 9000),
    budget=st.floats(1e4, 4e5),
    floor=st.floats(0.6, 1.0),
)
def test_a_repair_is_enough_and_nothing_less_is(carbon: float, budget: float, floor: float) -> None:
    limits: list[dict[str, Any]] = [
        {"name": "sink", "criterion": "carbon", "min": carbon},
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}},
    ]
    found = b.formulation(CRITERIA, limits=limits)
    try:
        solve_single(found.program, 0)
    except Infeasible as error:
        for repair in explain(found, error).repairs:
            best_plan(loosened(limits, repair))  # raises where no plan is left
            size = 2 * 10.0 ** (1 - DIGITS) * abs(repair.bound) + 1e-6
            with pytest.raises(ValueError, match="no plan is feasible"):
                best_plan(loosened(limits, repair, by=size))


def test_where_two_limits_must_give_way_they_are_named_together() -> None:
    limits = [
        {"name": "sink", "criterion": "carbon", "min": 1e6},
        {"name": "grain", "criterion": "food", "min": 1e6, "by": "county"},
        {"name": "budget", "criterion": "cost", "max": 1e9},
    ]
    _, error = refused(*limits)
    assert error.repairs == ()
    assert {repair.limit.limit for repair in error.together} == {"sink", "grain"}
    assert "\nEnough, all together:\n  - " in str(error)
    new = {repair.limit.region: repair.bound for repair in error.together}
    mended = b.formulation(
        CRITERIA,
        limits=[
            {"name": "sink", "criterion": "carbon", "min": new[""]},
            *(
                {"name": name, "criterion": "food", "min": new[name], "by": "county", "regions": [name]}
                for name in ("north", "south")
            ),
        ],
    )
    assert best_plan(mended) >= new[""]
    total = sum(repair.share for repair in error.together)
    # No plan lacks less: by brute force over the sum of shares that are lacking.
    found = b.formulation(CRITERIA, limits=limits)
    lacking = [_lacking(found, x) for x in plans(found.program)]
    assert total == pytest.approx(min(lacking), abs=2e-3)


def _lacking(found: Formulation, x: Any) -> float:
    margin = Plan(found, x).limits()["margin"].to_numpy(np.float64)
    return float(np.maximum(-margin, 0.0).sum() / 1e6)


def test_repairs_of_measures_and_funds_hold() -> None:
    worst = {"effect": "carbon", "measure": "smallest", "by": "county", "per": "attainable", "sense": "max"}
    limits = [{"name": "even", "criterion": "worst", "min": 0.8}]
    funds = [{"name": "all", "amount": 1e5}]
    criteria = {"carbon": {"sense": "max"}, "worst": worst}
    found = b.formulation(criteria, limits=limits, funds=funds)
    with pytest.raises(Infeasible) as raised:
        solve_single(found.program, 0)
    (repair,) = explain(found, raised.value).repairs
    best = best_plan(b.formulation(criteria, funds=funds), 1)
    assert repair.bound == pytest.approx(best, rel=1e-3)


def test_without_time_the_clash_is_told_all_the_same() -> None:
    found = b.formulation(["carbon"], limits=[{"name": "sink", "criterion": "carbon", "min": 1e6}])
    assert repairs_of(found, [0], seconds=0.0) == ()


def test_changes_are_counted_as_the_limit_counts() -> None:
    found, error = refused({"name": "more", "criterion": "food", "of": "change", "min": 1000.0})
    most = best_plan(b.formulation(CRITERIA), 2) - found.baseline[2]
    (repair,) = error.repairs
    assert repair.bound == pytest.approx(most, rel=1e-3, abs=1e-9)
    assert "This is enough, if all else stays:\n  - more: lower 1,000 t to " in str(error)


@given(st.floats(-1e12, 1e12, allow_subnormal=False), st.booleans())
def test_safe_figures_never_cross_the_value(value: float, up: bool) -> None:
    found = safe(value, up=up)
    noise = 1e-8 * abs(value)
    assert found >= value - noise if up else found <= value + noise
    assert abs(found - value) <= 2 * 10.0 ** (1 - DIGITS) * abs(value)


def test_funds_in_a_clash_are_named() -> None:
    found = b.formulation(
        ["carbon", "cost"],
        land=land({"f1": FOREST}),
        locks=[LOCK],
        funds=[{"name": "all", "amount": 10.0}],
    )
    with pytest.raises(Infeasible) as raised:
        solve_single(found.program, 0)
    text = str(explain(found, raised.value))
    assert "funds: " in text
    assert "No plan meets this limit:" in text


def test_what_a_fund_leaves_undone_is_not_blamed_on_a_limit_alone() -> None:
    worst = {"effect": "carbon", "measure": "smallest", "by": "county", "per": "attainable", "sense": "max"}
    found = b.formulation(
        {"carbon": {"sense": "max"}, "worst": worst},
        limits=[{"name": "even", "criterion": "worst", "min": 0.9}],
        funds=[{"name": "all", "amount": 1e4}],
    )
    with pytest.raises(Infeasible) as raised:
        solve_single(found.program, 0)
    text = str(explain(found, raised.value))
    assert "These clash:" in text
    assert "  - even: " in text
    assert "  - funds: " in text


def test_without_time_nothing_is_said_of_single_limits() -> None:
    found = b.formulation(["carbon"], limits=[{"name": "sink", "criterion": "carbon", "min": 1e6}])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(infeasible, "repairs_of", lambda *_: ())
        error = explain(found, Infeasible((0,), ("sink",)))
    assert "This is enough, if all else stays:\n  - sink: lower" in str(error)
    assert "Enough, all together" not in str(error)
