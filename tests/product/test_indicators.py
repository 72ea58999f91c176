"""Indicators of a study's own: what people care about beside carbon, as criteria and limits that bind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import landfront.api as lf
from landfront.instances.faults import InputError
from landfront.instances.schema import rows
from landfront.report.tables import coefficients_table

from .village import best, choice, done, limit, parcels, study, village


def indicator(name: str, unit: str, per_ha: dict[str, float], **more: Any) -> dict[str, Any]:
    return {"name": name, "unit": unit, "per_ha": per_ha, "source": "example", **more}


def wanting(*entries: dict[str, Any], sense: str = "max") -> dict[str, Any]:
    """Sections that make criteria of indicators."""
    return {"indicators": [*entries], "criteria": {entry["name"]: {"sense": sense} for entry in entries}}


def test_disaster_control_and_social_development_stand_next_to_carbon(tmp_path: Path) -> None:
    floods = indicator(
        "floods", "points", {"wetland_restoration": 5, "natural_forest_restoration": 3}, weight="people"
    )
    growth = indicator("development", "points", {"sown_pasture": 4, "bamboo": 6, "agroforestry": 5})
    sections = wanting(floods, growth)
    plans = {name: best(village(tmp_path, **sections), name) for name in ("carbon", "floods", "development")}
    assert len({tuple(choice(plan).values()) for plan in plans.values()}) == 3
    for name, plan in plans.items():
        assert plan.values[name] == max(other.values[name] for other in plans.values())
    front = lf.front(study(tmp_path, study={"decision": "share"}, **sections), ["carbon", "floods"], points=4)
    assert len(front) >= 3
    assert front.criteria == ("carbon", "floods")


def test_pollution_and_carbon_are_cut_together(tmp_path: Path) -> None:
    """Nitrogen surplus, pesticides and nitrous oxide fall by limits of their own, at a price in carbon."""
    surplus = indicator(
        "surplus", "t N", {"nutrient_mgmt": -25, "fallow": -33}, baseline="yield", relative=True
    )
    n2o = indicator(
        "n2o", "t CO2e", {"nutrient_mgmt": -25, "fallow": -33}, baseline="quality", relative=True, gas="N2O"
    )
    spray = indicator("pesticide", "kg", {"nutrient_mgmt": -1, "fallow": -3, "cropland_to_forest": -9})
    use = ("nutrient_mgmt", "fallow", "conservation_tillage", "organic_cover", "cropland_to_forest")
    rules = [limit("surplus", "surplus", max={"share": 0.8}), limit("n2o", "n2o", max={"share": 0.8})]
    sections: dict[str, Any] = {"indicators": [surplus, n2o, spray]}
    free = best(village(tmp_path, use, **sections))
    told = best(village(tmp_path, use, limits=rules, **sections))
    assert not done(free, "nutrient_mgmt") | done(free, "fallow")
    assert done(told, "nutrient_mgmt") | done(told, "fallow")
    assert told.values["carbon"] < free.values["carbon"]
    least = best(village(tmp_path, use, **wanting(spray, sense="min")), "pesticide")
    assert done(least, "cropland_to_forest") == {"p01", "p02"}


def test_income_chooses_rice_with_crayfish(tmp_path: Path) -> None:
    income = indicator(
        "income",
        "10k CNY",
        {"rice_coculture": 2.4, "rice_water": 0.1, "organic_cover": -0.05},
        each_year=True,
    )
    use = ("rice_coculture", "rice_water", "organic_cover")
    assert choice(best(village(tmp_path, use, **wanting(income))))["p03"] == "rice_water"
    rich = best(village(tmp_path, use, **wanting(income)), "income")
    assert choice(rich)["p03"] == "rice_coculture"
    assert rich.values["income"] == pytest.approx(30 * 2.4 * 35)


def test_a_cap_on_side_effects_changes_the_species(tmp_path: Path) -> None:
    """Volatile compounds of town trees make ozone: a cap takes the planting of the strong emitter away."""
    bvoc = indicator(
        "bvoc", "kg", {"mono_plantation": 90, "mixed_plantation": 30, "natural_forest_restoration": 8}
    )
    use = tuple(bvoc["per_ha"])
    cap = limit("ozone", "bvoc", by="county", max=300.0)
    free, capped = (best(village(tmp_path, use, indicators=[bvoc], limits=limits)) for limits in ([], [cap]))
    assert set(choice(free).values()) == {"keep", "mixed_plantation"}
    assert "natural_forest_restoration" in choice(capped).values()
    assert (capped.limits()["value"] <= 300).all()


def test_erosion_that_is_held_back_depends_on_the_slope(tmp_path: Path) -> None:
    held = indicator(
        "soil_kept", "t", {"cropland_to_forest": 1.0, "agroforestry": 0.5, "*": 0.1}, weight="slope"
    )
    plan = best(village(tmp_path, limits=[limit("budget", "cost", max=5e5)], **wanting(held)), "soil_kept")
    frame = plan.to_frame().set_index("parcel")
    assert frame.loc["p01", "soil_kept"] == pytest.approx(10 * 30)
    assert done(plan, "cropland_to_forest") == {"p01"}, "the steepest field, as far as the money goes"


def test_tourism_pays_where_people_come(tmp_path: Path) -> None:
    """Income of eco-farming and tourism per parcel, by how many people live near."""
    visits = indicator(
        "visits",
        "10k CNY",
        {"wetland_agriculture": 3.0, "mangrove": 1.0, "agroforestry": 0.5},
        weight="people",
    )
    use = ("wetland_agriculture", "mangrove", "agroforestry")
    plan = best(village(tmp_path, use, **wanting(visits)), "visits")
    frame: Any = plan.to_frame().set_index("parcel")
    assert frame.loc["p12", "intervention"] == "wetland_agriculture"
    assert frame.loc["p12", "visits"] == pytest.approx(18.0)
    assert choice(best(village(tmp_path, use, **wanting(visits))))["p12"] == "mangrove"


def test_water_land_energy_and_carbon_are_rows_of_each_measure(tmp_path: Path) -> None:
    energy = indicator("energy", "GJ", {"farmland_upgrade": 12, "conservation_tillage": -1, "*": 2})
    sections = wanting(energy, sense="min")
    sections["criteria"]["water"] = {"sense": "max"}
    rule = limit("energy", "energy", max=100.0)
    use = ("farmland_upgrade", "conservation_tillage", "mixed_plantation")
    free, saved = (best(village(tmp_path, use, limits=rules, **sections), "food") for rules in ([], [rule]))
    table = free.totals().set_index("intervention")
    assert {"area_ha", "water", "energy", "carbon"} <= set(table.columns)
    upgraded = table.loc["farmland_upgrade"]
    assert upgraded["energy"] == pytest.approx(12 * upgraded["area_ha"])
    assert saved.values["energy"] <= 100 < free.values["energy"]


def test_jobs_and_health_are_goals(tmp_path: Path) -> None:
    jobs = indicator(
        "jobs", "jobs", {"bamboo": 0.3, "mixed_plantation": 0.05, "natural_forest_restoration": 0.01}
    )
    air = indicator("health", "points", {"natural_forest_restoration": 2, "mixed_plantation": 1})
    floors = [limit("jobs", "jobs", min=1.5), limit("health", "health", min=60.0)]
    use = tuple(jobs["per_ha"])
    money = limit("budget", "cost", max=1.6e6)
    free = best(village(tmp_path, use, limits=[money], indicators=[jobs, air]), "cost")
    told = best(village(tmp_path, use, limits=[money, *floors], indicators=[jobs, air]), "cost")
    assert set(choice(free).values()) == {"keep"}
    assert told.limits()["holds"].all()
    assert done(told, "mixed_plantation")


def test_each_group_keeps_income_and_food(tmp_path: Path) -> None:
    income = indicator("income", "10k CNY", {"sown_pasture": 0.4, "bamboo": 0.9, "cropland_to_forest": -0.2})
    use = (*income["per_ha"], "mixed_plantation")
    floors = [
        limit("income", "income", by="tenure", regions=["collective"], min=3.0),
        limit("food", "food", by="tenure", regions=["state", "contract"], min={"share": 0.95}),
    ]
    free, fair = (best(village(tmp_path, use, indicators=[income], limits=limits)) for limits in ([], floors))
    assert {"p01", "p02"} <= done(free, "cropland_to_forest")
    assert "p02" not in done(fair, "cropland_to_forest"), "the state's only field"
    assert done(fair, "sown_pasture") & set(parcels().query("tenure == 'collective'").index)


def test_payments_differ_by_parcel(tmp_path: Path) -> None:
    """A payment per ha that the parcel's belt multiplies is income of its holder, told parcel by parcel."""
    paid = indicator(
        "payment",
        "CNY",
        {"natural_forest_restoration": 300, "grazing_exclusion": 115},
        weight="belt",
        each_year=True,
    )
    use = tuple(paid["per_ha"])
    fund = limit("fund", "payment", max=4e5)
    sections = wanting(paid)
    free, frugal = (
        best(village(tmp_path, use, limits=limits, **sections), "payment") for limits in ([], [fund])
    )
    frame = free.to_frame().set_index("parcel").query("payment > 0")
    rate = frame["intervention"].map(paid["per_ha"])
    assert frame["payment"].tolist() == pytest.approx(
        (frame["area_ha"] * rate * parcels().belt[frame.index] * 35).tolist()
    )
    assert frame["payment"].nunique() > 3
    assert 0 < frugal.values["payment"] <= 4e5 < free.values["payment"]


def test_certified_products_and_natural_assets_are_lines_of_value(tmp_path: Path) -> None:
    """Revenue of certified bamboo and wood, and the value of natural assets today and after the plan."""
    wood = indicator("certified", "10k CNY", {"sown_pasture": 0.2, "mixed_plantation": 0.8}, each_year=True)
    assets = indicator(
        "assets", "10k CNY", {"mixed_plantation": 1, "natural_forest_restoration": 3}, baseline="stock"
    )
    use = ("sown_pasture", "mixed_plantation", "natural_forest_restoration")
    sections = wanting(wood, assets)
    sold = best(village(tmp_path, use, **sections), "certified")
    kept = best(village(tmp_path, use, **sections), "assets")
    assert done(sold, "mixed_plantation")
    today = float((parcels().stock * parcels().ha).sum())
    assert kept.baseline["assets"] == pytest.approx(today)
    assert kept.values["assets"] == pytest.approx(
        today + 3 * kept.options["natural_forest_restoration"]["area_ha"]
    )
    assert kept.values["certified"] < sold.values["certified"]


def test_what_residents_see_weighs_where(tmp_path: Path) -> None:
    """Scores of residents, a column of the parcels, put restoration where they want it."""
    liked = indicator("liked", "points", {"natural_forest_restoration": 1.0}, weight="people")
    use = ("natural_forest_restoration",)
    money = [limit("budget", "cost", max=1.5e5)]
    wanted = best(village(tmp_path, use, limits=money, **wanting(liked)), "liked")
    score = parcels().people
    chosen, others = done(wanted, use[0]), {"p05", "p09", "p10", "p15"} - done(wanted, use[0])
    assert chosen
    assert others
    assert (
        wanted.values["liked"] >= best(village(tmp_path, use, limits=money, **wanting(liked))).values["liked"]
    )
    assert score[sorted(chosen)].max() >= score[sorted(others)].max()


@pytest.mark.parametrize(
    ("report", "methane", "laughing_gas"), [("AR4", 25, 298), ("AR5", 28, 265), ("AR6", 27, 273)]
)
def test_gases_count_by_the_report_that_is_named(
    tmp_path: Path, report: str, methane: float, laughing_gas: float
) -> None:
    """Rice gives off methane and nitrous oxide: they stand apart, each in t CO2e as carbon is."""
    gases = [
        indicator(
            "ch4", "t CO2e", {"rice_water": -50}, gas="CH4", gwp=report, baseline="belt", relative=True
        ),
        indicator("n2o", "t CO2e", {"rice_water": 0.01}, gas="N2O", gwp=report),
    ]
    sections = wanting(*gases, sense="min")
    plan = best(village(tmp_path, ("rice_water",), **sections), "ch4")
    assert plan.changes["ch4"] == pytest.approx(-30 * 0.5 * methane)
    assert plan.changes["n2o"] == pytest.approx(30 * 0.01 * laughing_gas)
    table = coefficients_table(plan.formulation)
    assert set(table.loc[table["set"] == "study", "parameter"]) == {"ch4", "n2o"}


def test_laughing_gas_is_some_300_times_as_warming_in_every_report() -> None:
    table = [row for row in rows("warming_potentials") if row["gas"] == "N2O"]
    assert {row["report"] for row in table} == {"AR4", "AR5", "AR6"}
    assert all(260 <= float(row["gwp"]) <= 300 and row["mark"] and row["source"] for row in table)


def test_emissions_are_bounded_in_total_and_per_income(tmp_path: Path) -> None:
    """Dual control: emissions, and what they exceed 0.8 t per unit of income by, which is linear."""
    per = {"rice_water": -1.0, "rice_coculture": 0.2, "sown_pasture": 0.5, "agroforestry": -0.5}
    earned = {"rice_water": 0.1, "rice_coculture": 2.0, "sown_pasture": 0.3, "agroforestry": 0.1}
    emitted = indicator("emitted", "t CO2e", per, baseline="people")
    income = indicator("income", "10k CNY", earned, baseline="belt")
    excess = indicator(
        "excess", "t CO2e", {name: per[name] - 0.8 * earned[name] for name in per}
    )  # fmt: skip
    sections = wanting(emitted, income, excess)
    sections["criteria"]["emitted"] = {"sense": "min"}
    total = [limit("total", "emitted", of="change", max=-20.0)]
    today = float((parcels().ha * (parcels().people - 0.8 * parcels().belt)).sum())
    both = [*total, limit("intensity", "excess", of="change", max=-today * 0.05)]
    use = tuple(per)
    free = best(village(tmp_path, use, **sections), "income")
    capped, dual = (
        best(village(tmp_path, use, limits=rules, **sections), "income") for rules in (total, both)
    )
    assert free.changes["emitted"] > -20 >= capped.changes["emitted"]
    assert capped.values["income"] < free.values["income"]
    assert dual.changes["excess"] <= -today * 0.05


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (indicator("carbon", "t", {"*": 1.0}), "there is an effect of that name"),
        (indicator("x", "t", {"tress": 1.0}), "unknown intervention 'tress'"),
        (indicator("x", "t", {"keep": 1.0}), "keep has no effect"),
        (indicator("x", "t", {"*": 1.0}, relative=True), "give baseline"),
        (indicator("x", "t", {"*": 1.0}, gas="CH4"), "give unit = 't CO2e'"),
        (indicator("x", "t", {"*": 1.0}, weight="nowhere"), "nowhere"),
        (indicator("x", "t", {"*": 1.0}, weight="crop"), "text where a number is needed"),
        ({"name": "x", "unit": "t", "per_ha": {"*": 1.0}}, "source"),
    ],
)
def test_faults(tmp_path: Path, entry: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        village(tmp_path, indicators=[entry])


def test_a_number_that_is_not_given_is_told_and_marks_are_carried(tmp_path: Path) -> None:
    jobs = indicator("jobs", "jobs", {"bamboo": 0.3}, mark="recalled")
    found = village(tmp_path, ("bamboo", "mangrove"), indicators=[jobs])
    assert "jobs: no number for mangrove, counted as 0" in found.notes
    row = coefficients_table(found).query("parameter == 'jobs'").to_dict("records")
    assert [(entry["value"], entry["unit"], entry["verified"]) for entry in row] == [
        (0.3, "jobs/ha", "recalled")
    ]


def test_water_that_soils_hold_back_is_credited_to_restored_grass(tmp_path: Path) -> None:
    """Runoff falls where trees grow; what is held back in the soil is a goal of its own."""
    held = indicator(
        "held_back", "m3", {"degraded_grass_restoration": 300, "mixed_plantation": 120}, weight="belt"
    )
    use = tuple(held["per_ha"])
    plan = best(village(tmp_path, use, **wanting(held)), "held_back")
    assert done(plan, "degraded_grass_restoration") == {"p05", "p06", "p07"}
    assert choice(best(village(tmp_path, use, **wanting(held))))["p05"] == "mixed_plantation"


def test_birds_of_farmland_have_an_index_and_a_floor(tmp_path: Path) -> None:
    """An index per ha today, which measures change in %: its mean may not fall."""
    birds = indicator(
        "birds",
        "index-ha",
        {"cropland_to_forest": -80, "crop_rotation": 15},
        baseline="quality",
        relative=True,
    )
    use = ("cropland_to_forest", "crop_rotation", "conservation_tillage")
    floor = [limit("birds", "birds", min={"share": 1.0})]
    free, kept = (best(village(tmp_path, use, indicators=[birds], limits=limits)) for limits in ([], floor))
    assert done(free, "cropland_to_forest") == {"p01", "p02"}
    assert not done(free, "crop_rotation") & {"p04"}
    assert kept.limits()["value"].item() >= float((parcels().ha * parcels().quality).sum()) - 1e-6
    assert kept.values["carbon"] < free.values["carbon"]


def test_crop_diversity_counts_the_crops_that_fields_gain(tmp_path: Path) -> None:
    """Rotation adds a crop to a field, fallow a third of one, at less harvest: an optional goal."""
    crops = indicator("crops", "crop-ha", {"crop_rotation": 1.0, "fallow": 0.33, "cropland_to_forest": -1})
    use = (*crops["per_ha"], "conservation_tillage")
    sections = wanting(crops)
    diverse = best(village(tmp_path, use, **sections), "crops")
    assert done(diverse, "crop_rotation") == {"p01", "p02", "p03", "p04"}
    floor = [limit("diversity", "crops", min=60.0)]
    free, told = (best(village(tmp_path, use, limits=limits, **sections), "food") for limits in ([], floor))
    assert told.values["crops"] >= 60 > free.values["crops"]
    assert told.values["food"] < free.values["food"]
