"""Cropland taken and made: harvest, area and quality of new fields, and the balance by region."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from landfront.instances.catalogue import Catalogue, load_catalogue
from landfront.models.formulate import Formulation, Tables
from landfront.models.plan import Plan
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_value
from tests.models.test_components import effect

FOREST, MAKE = "cropland_to_forest", "reclamation"


def catalogue(**changes: Any) -> Catalogue:
    """The usual interventions, and one that makes fields of pieces of grassland."""
    usual = b.catalogue()
    own = {"flux_1": -1.0, "years_1": 10.0, "establishment": 60000.0, "annual": 500.0, "msa_after": 0.1,
           "makes_cropland": 1.0, "yield_after": 0.7}  # fmt: skip
    names = (*usual.interventions, MAKE)
    keys = (*usual.coefficients, "makes_cropland", "yield_after")
    count = len(usual.interventions)
    table = {
        key: np.append(usual.coefficients.get(key, np.zeros(count)), {**own, **changes}.get(key, np.nan))
        for key in keys
    }
    for key in ("food_effect", "water_yield", "msa_gain", "takes_cropland"):
        table[key][-1] = 0.0
    codes = (*usual.codes, frozenset({"0404"}))
    return Catalogue(names, {"en": names}, table, codes, usual.curves, pd.DataFrame())


def made(criteria: Any, **more: Any) -> Formulation:
    tables = Tables(feature_change=None, baselines={})
    land = more.pop("land", b.landscape())
    return b.formulation(criteria, land=land, interventions=catalogue(), tables=tables, **more)


def test_a_new_field_yields_a_share_of_the_mean_of_its_region() -> None:
    # All cropland of the county south is f3 with 6 t/ha; g1 has 40 ha.
    found = effect(made(["food"]), "food")
    assert found["g1", MAKE] == 40 * 0.7 * 6
    assert found["f1", FOREST] == -20


def test_where_the_region_has_no_cropland_the_mean_of_all_counts() -> None:
    regions = np.array([[0], [0], [0], [1], [1]], dtype=np.int32)
    found = effect(made(["food"], land=b.landscape(regions=regions)), "food")
    assert found["g1", MAKE] == pytest.approx(40 * 0.7 * 280 / 60)
    bare = b.landscape(levels=(), regions=np.zeros((5, 0), np.int32), region_names=())
    without = effect(made(["food"], land=bare), "food")
    assert without["g1", MAKE] == pytest.approx(40 * 0.7 * 280 / 60)


def test_area_and_quality_of_new_fields() -> None:
    found = made(["cropland", "cropland_quality"])
    area, quality = effect(found, "cropland"), effect(found, "cropland_quality")
    assert area["g1", MAKE] == 40
    assert area["f1", FOREST] == -10
    # Quality is the yield relative to the mean of 280/60 t/ha; south has 6 t/ha.
    assert quality["g1", MAKE] == 40 * 0.7 * 6 / (280 / 60)
    assert quality["f1", FOREST] == -10 * 2 / (280 / 60)
    assert found.program.offsets.tolist() == pytest.approx([60, 60])


def test_new_fields_count_from_their_start() -> None:
    soon = {"effect": "cropland", "sense": "max", "milestone": 2030}
    criteria = {"early": soon, "cropland": {"sense": "max"}}
    found = made(criteria, periods={"starts": [2025, 2040]}, about={"milestones": [2030, 2060]})
    early, late = effect(found, "early"), effect(found, "cropland")
    assert early["g1", f"{MAKE}@2025"] == 40
    assert ("g1", f"{MAKE}@2040") not in early
    assert late["g1", f"{MAKE}@2040"] == 40


def test_calories_of_new_fields_are_those_of_grain() -> None:
    crops = np.array([12.0, 14.0, 15.0, np.nan, np.nan])
    land = b.landscape(covariates={**b.landscape().covariates, "crop_energy": crops})
    found = effect(made(["calories"], land=land), "calories")
    assert found["g1", MAKE] == pytest.approx(40 * 0.7 * 6 * 13.8072)


def test_nothing_is_forgone_where_a_field_is_made() -> None:
    found = effect(made(["opportunity"], prices={"grain": 1000.0}), "opportunity")
    assert set(found) == {("f1", FOREST)}


def balance(criterion: str) -> dict[str, Any]:
    return {"name": criterion, "criterion": criterion, "of": "change", "min": 0}


@pytest.mark.parametrize("criterion", ["cropland", "cropland_quality"])
def test_the_balance_makes_a_taken_field_up_with_a_new_one(criterion: str) -> None:
    free = made(["carbon"])
    held = made(["carbon"], limits=[balance(criterion)])
    point = solve_single(held.program, 0, gap=1e-9)
    plan = Plan(held, point.x)
    assert plan.values["carbon"] == pytest.approx(best_value(held.program))
    assert plan.values["carbon"] < best_value(free.program)
    assert plan.limits()["holds"].all()


def test_the_balance_by_county_lets_no_county_pay_for_another() -> None:
    # Fields can be made in the south only, so no field of the north may be given up.
    held = made({"carbon": {"sense": "max"}}, limits=[{**balance("cropland"), "by": "county"}])
    plan = Plan(held, solve_single(held.program, 0, gap=1e-9).x)
    assert FOREST not in plan.options
    assert [row.name for row in held.limits] == ["cropland[north]", "cropland[south]"]


def test_the_packaged_reclamation_is_used_only_where_it_is_named() -> None:
    name = "cropland_reclamation"
    assert name not in load_catalogue(b.study()).interventions
    found = load_catalogue(b.study(interventions={"use": [name, "bamboo"]}))
    assert found.interventions == ("keep", name, "bamboo")
    assert found.coefficients["makes_cropland"].tolist() == [0, 1, 0]
    assert found.coefficients["yield_after"].tolist() == [0, 0.7, 0]
    assert found.codes[1] == {"0201K", "0202K", "0203K", "0204K", "0307K", "1104K", "1204"}
    rows = found.evidence[found.evidence["parameter"] == "yield_after"]
    assert rows["intervention"].tolist() == [name]
    assert set(found.evidence[found.evidence["intervention"] == name]["verified"]) <= {
        "assumed", "recalled", "verified",
    }  # fmt: skip
