"""Effects: numbers that can be checked by hand, missing input, edges in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from tests.models import builders as b


def effect(found: Formulation, name: str) -> dict[tuple[str, str], Any]:
    """Effect of each option but keep, zeros left out."""
    values = found.effects[name].values(found.menu)
    return {
        (b.IDS[p], found.menu.interventions[k]): pytest.approx(v)
        for p, k, v in zip(found.menu.parcel, found.menu.kind, values.tolist(), strict=True)
        if v
    }


def test_carbon_counts_two_phases_and_then_nothing() -> None:
    years = {"2030": 5, "2045": 20, "2055": 30, "2060": 35, "2075": 50, "2200": 175}
    criteria = {f"c{y}": {"effect": "carbon", "sense": "max", "milestone": int(y)} for y in years}
    found = b.formulation(criteria, about={"milestones": [int(y) for y in years]})
    for year, T in years.items():
        expected = 40 * (4 * min(T, 30) + 2 * min(max(T - 30, 0), 30))
        assert effect(found, f"c{year}")["g1", "natural_forest_restoration"] == expected
        assert effect(found, f"c{year}")["f1", "conservation_tillage"] == 10 * min(T, 20)


def test_a_source_may_become_a_sink() -> None:
    criteria = {f"c{y}": {"effect": "carbon", "sense": "max", "milestone": y} for y in (2030, 2060)}
    wet = b.catalogue(flux_1=(0, -3, 5, 1), years_1=(0, 10, 20, 20), flux_2=(0, 2, 2, 0))
    found = b.formulation(criteria, interventions=wet)
    key = ("g1", "natural_forest_restoration")
    assert effect(found, "c2030")[key] == 40 * -3 * 5
    assert effect(found, "c2060")[key] == 40 * (-3 * 10 + 2 * 25)


def test_precipitation_curve_moves_regrowth_only() -> None:
    plain = effect(b.formulation(["carbon"]), "carbon")
    found = effect(b.formulation(["carbon"], carbon={"curve": "precipitation"}), "carbon")
    key = ("g1", "natural_forest_restoration")
    assert found[key] == 40 * np.exp(-3.994 + 0.738 * np.log(35) + 0.913 * np.log(600))
    assert {k: v for k, v in found.items() if k != key} == {
        k: v.expected for k, v in plain.items() if k != key
    }


def test_costs_are_discounted() -> None:
    found = effect(b.formulation(["cost"], about={"discount_rate": 0.05}), "cost")
    yearly = sum(1.05**-t for t in range(1, 36))
    assert found["g1", "natural_forest_restoration"] == 40 * (1000 + 100 * yearly)
    assert found["f1", "cropland_to_forest"] == 10 * (22000 + 100 * yearly)


def test_biodiversity_of_conversions_depends_on_what_was_there() -> None:
    intact = b.landscape(
        covariates={
            "intactness": np.array([0.1, 0.1, 0.1, 0.9, 0.5]),
            "slope": np.zeros(5),
            "precipitation": np.full(5, 600.0),
        }
    )
    found = effect(b.formulation(["biodiversity"], land=intact), "biodiversity")
    assert found["g1", "natural_forest_restoration"] == 40 * (0.6 - 0.9)
    assert found["f3", "conservation_tillage"] == 30 * (0.2 - 0.1)


def test_baselines() -> None:
    found = b.formulation(
        ["food", "water", "biodiversity", "cropland", "cropland_quality", "habitat", "carbon", "cost", "area"]
    )
    expected = [280, 10 * (1000 + 2000 + 6000 + 2000 + 2500), 51, 60, 60, 20, 0, 0, 0]
    assert found.program.offsets.tolist() == pytest.approx(expected)


def test_cropland_quality_prefers_the_quality_column() -> None:
    land = b.landscape()
    quality = np.array([0.5, 1.0, 1.0, np.nan, np.nan])
    found = b.formulation(
        ["cropland_quality"], land=b.landscape(covariates={**land.covariates, "quality": quality})
    )
    assert found.program.offsets.tolist() == [55.0]
    assert effect(found, "cropland_quality") == {("f1", "cropland_to_forest"): -5.0}


def test_features_one_by_one_and_summed() -> None:
    found = b.formulation(
        {"cranes": {"effect": "feature:crane", "sense": "max"}, "habitat": {"sense": "max"}}
    )
    assert effect(found, "cranes") == {("g1", "natural_forest_restoration"): 4.0}
    assert effect(found, "habitat") == {("g1", "natural_forest_restoration"): 2.0}


def test_a_baseline_of_the_study_wins() -> None:
    from landfront.models.formulate import Tables

    given = Tables(baselines={"food": np.full(5, 20.0)})
    assert b.formulation(["food"], tables=given).program.offsets.tolist() == [100.0]


@pytest.mark.parametrize(
    ("criterion", "gone", "key"),
    [
        ("food", "grain_yield", "parcels.grain_yield"),
        ("biodiversity", "intactness", "parcels.intactness"),
        ("cropland_quality", "grain_yield", "parcels.grain_yield"),
    ],
)
def test_a_missing_covariate_names_the_key_to_add(criterion: str, gone: str, key: str) -> None:
    left = {name: values for name, values in b.landscape().covariates.items() if name != gone}
    with pytest.raises(InputError) as caught:
        b.formulation([criterion], land=b.landscape(covariates=left))
    assert [fault.column for fault in caught.value.faults] == [key]


def test_precipitation_curve_without_precipitation_names_the_key() -> None:
    with pytest.raises(InputError, match=r"parcels\.precipitation"):
        b.formulation(["carbon"], land=b.landscape(covariates={}), carbon={"curve": "precipitation"})


@pytest.mark.parametrize("zones", [(), ("warm", "moon")])
def test_zone_curve_needs_known_zones(zones: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="growth_zone"):
        b.formulation(["carbon"], land=b.landscape(growth_zones=zones), carbon={"curve": "zone"})


def test_a_missing_yield_on_cropland_is_a_fault_and_off_it_is_not() -> None:
    yields = np.array([2.0, np.nan, 6.0, np.nan, np.nan])
    with pytest.raises(InputError) as caught:
        b.formulation(
            ["food"], land=b.landscape(covariates={**b.landscape().covariates, "grain_yield": yields})
        )
    assert caught.value.faults[0].count == 1
    assert caught.value.faults[0].rows[0][0] == "f2"


def test_interventions_without_a_coefficient_are_named() -> None:
    with pytest.raises(InputError, match="no coefficient for cropland_to_forest"):
        b.formulation(["carbon"], interventions=b.catalogue(flux_1=(0, 4, np.nan, 1)))


def test_faults_of_several_criteria_are_shown_together() -> None:
    with pytest.raises(InputError) as caught:
        b.formulation(["food", "happiness", "biodiversity"], land=b.landscape(covariates={}))
    assert {fault.column for fault in caught.value.faults} == {
        "parcels.grain_yield", "criteria.happiness.effect", "parcels.intactness",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("criteria", "match"),
    [
        ({"carbon": {"sense": "max", "milestone": 2047}}, "2047 is not a milestone"),
        ({"food": {"sense": "max", "milestone": 2060}}, "has no milestones"),
        ({"x": {"effect": "feature:dodo", "sense": "max"}}, "unknown criterion or effect 'feature:dodo'"),
    ],
)
def test_criteria_that_make_no_sense(criteria: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        b.formulation(criteria)


def test_table_effects_come_with_computed_ones() -> None:
    found = b.table_formulation(["carbon", "cost", "area"])
    assert effect(found, "area")["g2", "pond"] == 50.0
    assert effect(found, "carbon")["g2", "pond"] == 20.0


def test_a_computed_effect_of_an_intervention_that_only_the_table_knows_is_a_fault() -> None:
    with pytest.raises(InputError, match="no coefficient for pond"):
        b.table_formulation(["carbon", "water"])
