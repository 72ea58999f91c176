"""Measures that count only where a study names them: where each is admissible, what it does, its marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.study import study_from
from landfront.models.formulate import formulate

from .village import best, choice, done, limit, village

# Measure, parcels of the village on which it is admissible, and t CO2e per ha from 2025 to 2060.
MEASURES = {
    "fire_pest_prevention": ({"p08"}, 35 * 0.89),
    "harvest_replant": ({"p08"}, 35 * -0.6),
    "forest_reserve": ({"p08"}, 35 * 0.6),
    "broadleaf_conversion": ({"p08"}, 35 * 0.6),
    "shrub_greening": ({"p06", "p14"}, 30 * 1.8),
    "seasonal_rest": ({"p05", "p06", "p07"}, 20 * 0.45),
    "livestock_breeding": ({"p05", "p06", "p07"}, 35 * 0.1),
    "invasive_control": ({"p05", "p06", "p07", "p11"}, 0.0),
    "green_manure": ({"p01", "p02", "p03", "p04"}, 20 * 1.17),
    "shelterbelt_network": ({"p01", "p02", "p03", "p04"}, 20 * 0.85),
    "crop_rotation": ({"p01", "p02", "p03", "p04"}, 20 * 0.6),
    "fallow": ({"p01", "p02", "p04"}, 20 * 0.6),
    "farmland_upgrade": ({"p01", "p02", "p03", "p04"}, -5 + 20 * 0.5),
    "low_carbon_consolidation": ({"p01", "p02", "p03", "p04"}, -2 + 20 * 0.5),
    "rice_coculture": ({"p03"}, 35 * 0.6),
    "controlled_release_urea": ({"p01", "p02", "p03", "p04"}, 35 * 0.3),
    "high_carbon_crop": ({"p01", "p02", "p04"}, 20 * 0.8),
    "wetland_pollution_control": ({"p11", "p12"}, 0.0),
    "wetland_agriculture": ({"p12"}, 0.0),
    "mine_restoration": ({"p13"}, 30 * 2.3),
    "sand_control": ({"p14"}, 30 * 1.0),
    "protection": ({"p05", "p06", "p07", "p08", "p11"}, 35 * 0.2),
    "construction": ({"p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "p15"}, -180.0),
}


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_counts_where_it_is_named(tmp_path: Path, name: str) -> None:
    """It is on the menu of its own land only, with the carbon that its numbers say, and never by default."""
    places, carbon = MEASURES[name]
    assert name not in village(tmp_path).menu.interventions
    found = village(tmp_path, (name,))
    menu, landscape = found.menu, found.landscape
    ours = menu.kind == 1
    assert {str(landscape.ids[p]) for p in menu.parcel[ours]} == places
    per_ha = found.effects["carbon"].values(menu)[ours] / landscape.area[menu.parcel[ours]]
    assert per_ha == pytest.approx([carbon] * len(places))
    marks = lf.catalogue().query("intervention == @name").set_index("parameter")
    assert (marks["source"] != "").all()
    assert marks.loc["establishment", "verified"] == "assumed"


def test_the_three_parts_of_climate_smart_forestry_add_up(tmp_path: Path) -> None:
    """Reserves, fire prevention and broadleaved trees on one forest, at the cost and gain of each."""
    parts = ("forest_reserve", "fire_pest_prevention", "broadleaf_conversion")
    together = {"groups": [list(parts)], "most": 3}
    plan = best(village(tmp_path, parts, combinations=together))
    assert choice(plan)["p08"] == "+".join(parts)
    assert plan.values["carbon"] == pytest.approx(60 * 35 * (0.6 + 0.89 + 0.6))
    assert plan.values["cost"] == pytest.approx(60 * (100 + 300 + 3600 + 35 * (80 + 60 + 150)))


def test_fire_prevention_lowers_what_is_lost(tmp_path: Path) -> None:
    """With losses counted, a store that is protected keeps more of its gain than one that is only tended."""
    use = ("improved_forest_mgmt", "fire_pest_prevention")
    kept = {}
    for name in use:
        plain, lossy = (best(village(tmp_path, (name,), carbon={"reversal": on})) for on in (False, True))
        kept[name] = lossy.values["carbon"] / plain.values["carbon"]
    assert kept["fire_pest_prevention"] > kept["improved_forest_mgmt"]


def test_species_match_the_site(tmp_path: Path) -> None:
    """Trees from 480 mm of rain on, shrubs between 250 and 480 mm: the same wish, another plant."""
    plan = best(village(tmp_path, ("mixed_plantation", "shrub_greening")))
    assert done(plan, "shrub_greening") == {"p06", "p14"}
    assert done(plan, "mixed_plantation") == {"p05", "p09", "p10", "p15"}


def test_grazing_has_a_ban_a_rest_a_balance_and_better_breeds(tmp_path: Path) -> None:
    """Only a ban takes all animals off, and gives up the grass with them."""
    use = ("grazing_exclusion", "seasonal_rest", "grazing_balance", "livestock_breeding")
    columns = {
        "forage_yield": {"column": "belt", "unit": "t/ha"},
        "livestock": {"column": "people", "unit": "sheep unit/ha"},
    }
    found = village(tmp_path, use, parcels=columns, limits=[limit("forage", "forage", min=0.0)])
    assert found.limits[0].baseline > 0
    change = {}
    for name in use:
        kind = found.menu.interventions.index(name)
        ours = (found.menu.kind == kind) & (found.menu.parcel == 4)
        change[name] = float(found.effects["forage"].values(found.menu)[ours].sum())
    assert change["seasonal_rest"] > 0
    assert change["livestock_breeding"] > 0
    assert change["grazing_exclusion"] < 0, "hay and animals are both given up"


def test_upgraded_fields_make_up_for_fields_given_back(tmp_path: Path) -> None:
    floor = [limit("food", "food", min={"share": 1.0})]
    use = ("cropland_to_forest", "farmland_upgrade")
    alone = best(village(tmp_path, use[:1], limits=floor))
    both = best(village(tmp_path, use, limits=floor))
    assert set(choice(alone).values()) == {"keep"}
    assert done(both, "cropland_to_forest")
    assert done(both, "farmland_upgrade") & {"p03", "p04"}


def test_low_carbon_works_give_off_less(tmp_path: Path) -> None:
    floor = [limit("food", "food", min={"share": 1.05})]
    use = ("farmland_upgrade", "low_carbon_consolidation")
    plan = best(village(tmp_path, use, limits=floor))
    assert done(plan, "low_carbon_consolidation") == {"p01", "p02", "p03", "p04"}
    first = best(village(tmp_path, use, limits=floor, study={"milestones": [2026]}), "carbon")
    assert first.values["carbon"] < 0, "works come before gains"


def test_incentives_choose_the_crop(tmp_path: Path) -> None:
    """A carbon price on the crop that leaves more carbon pays for its cost, from some price on."""
    use = ("high_carbon_crop",)
    sections: dict[str, Any] = {"criteria": {"net_cost": {"sense": "min"}}}
    chosen = {}
    for price in (100.0, 900.0):
        scheme = {
            "scheme": "crops",
            "methodology": "voluntary",
            "interventions": ["*"],
            "price": price,
            "period": 20,
        }
        chosen[price] = done(best(village(tmp_path, use, credits=[scheme], **sections), "net_cost"), use[0])
    assert chosen == {100.0: set(), 900.0: {"p01", "p02", "p04"}}


def test_wetlands_are_cleaned_or_farmed(tmp_path: Path) -> None:
    cleaned = {
        "name": "nitrogen_removed",
        "unit": "t N",
        "per_ha": {"wetland_pollution_control": 0.3},
        "source": "example",
    }
    income = {
        "name": "income",
        "unit": "10k CNY",
        "per_ha": {"wetland_agriculture": 3.0, "wetland_pollution_control": -0.2},
        "source": "example",
    }
    use = ("wetland_pollution_control", "wetland_agriculture")
    criteria = {"nitrogen_removed": {"sense": "max"}, "income": {"sense": "max"}}
    sections: dict[str, Any] = {"indicators": [cleaned, income], "criteria": criteria}
    clean = best(village(tmp_path, use, **sections), "nitrogen_removed")
    rich = best(village(tmp_path, use, **sections), "income")
    assert done(clean, "wetland_pollution_control") == {"p11", "p12"}
    assert done(rich, "wetland_agriculture") == {"p12"}
    assert clean.values["income"] < 0 < rich.values["income"]


def test_peat_beats_marsh_and_woodland_per_hectare(tmp_path: Path) -> None:
    """The trio of the United Kingdom: peat has most per ha, marsh has little land that it fits."""
    flux = (
        lf.catalogue().query("parameter == 'flux_1' and set == 'default'").set_index("intervention")["value"]
    )
    assert flux["peat_rewetting"] > flux["saltmarsh"] > flux["natural_forest_restoration"]
    use = ("peat_rewetting", "saltmarsh", "natural_forest_restoration")
    plan = best(village(tmp_path, use))
    assert done(plan, "saltmarsh") == {"p12"}
    assert choice(plan)["p11"] == "peat_rewetting"


def test_a_study_that_counts_carbon_alone_is_told_so(tmp_path: Path) -> None:
    text = "carbon stands alone: no criterion or limit on biodiversity, cost, food"
    said = village(tmp_path)
    assert not any("stands alone" in note for note in said.notes)
    data = said.study.model_dump(mode="json", by_alias=True, exclude_none=True)
    data["criteria"] = {"carbon": {"sense": "max"}}
    assert text in formulate(study_from(data, tmp_path / "study.toml")).notes


def test_the_sink_is_told_per_year_and_in_sum_and_area_is_a_by_product(tmp_path: Path) -> None:
    """The sink has a yearly rate and a sum; area is told beside it and is no criterion."""
    rate: dict[str, Any] = {"criteria": {"carbon_rate": {"sense": "max"}}}
    plan = best(village(tmp_path, **rate))
    early: dict[str, Any] = {
        "criteria": {
            "carbon_rate": {"sense": "max", "milestone": 2030},
            "carbon": {"sense": "max", "milestone": 2030},
        }
    }
    soon = best(village(tmp_path, **early))
    assert soon.values["carbon"] == pytest.approx(5 * soon.values["carbon_rate"]), "rates are even at first"
    assert 0 < plan.values["carbon_rate"] < plan.values["carbon"] / 35, "stores fill up"
    assert "area" not in plan.values
    assert plan.totals()["area_ha"].sum() == pytest.approx(360.0)


def test_subsidy_and_regulation_change_what_a_measure_costs(tmp_path: Path) -> None:
    """A subsidy of 90 % for plantations, and a rule that makes regrowth dearer, turn the choice."""
    use = ("mixed_plantation", "natural_forest_restoration")
    money = [limit("budget", "cost", max=6e5)]
    plain = best(village(tmp_path, use, limits=money))
    factors = {
        "interventions": {"cost_factors": {"mixed_plantation": 0.1, "natural_forest_restoration": 1.5}}
    }
    changed = best(village(tmp_path, use, limits=money, **factors))
    assert not done(plain, "mixed_plantation") >= {"p05", "p09", "p10", "p15"}
    assert done(changed, "mixed_plantation") == {"p05", "p09", "p10", "p15"}
    assert changed.values["cost"] == pytest.approx(0.1 * 60 * (5500 + 35 * 600))
    notes = changed.formulation.catalogue.evidence.query("intervention == 'mixed_plantation'")["note"]
    assert notes.str.contains("times 0.1").sum() == 3
    with pytest.raises(lf.InputError, match="no intervention 'bamboo' in use"):
        village(tmp_path, use, interventions={"cost_factors": {"bamboo": 0.5}})


def test_mangroves_have_their_own_rules_and_guidance(tmp_path: Path) -> None:
    """Ponds that were mangrove are planted again, others are not; the handbook is named with the measure."""
    use = ("mangrove", "saltmarsh")
    never = {"name": "no_former_mangrove", "column": "degraded", "when": [1], "forbid": ["mangrove"]}
    assert done(best(village(tmp_path, use)), "mangrove") == {"p12"}
    assert done(best(village(tmp_path, use, masks=[never])), "mangrove") == set()
    rules = lf.catalogue().query("intervention == 'mangrove' and parameter == 'elevation_max'")
    assert len(rules) == 1
    for name, words in (
        ("mangrove", "Mangrove ecological restoration handbook"),
        ("mine_restoration", "guideline (trial)"),
    ):
        shown = CliRunner().invoke(app, ["catalogue", name])
        assert shown.exit_code == 0
        assert words in shown.stdout
