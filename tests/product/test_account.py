"""The account of a plan: land before and after, inventory categories, pools, tags, gaps, ratios and roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.faults import InputError
from landfront.instances.schema import by_key, rows
from landfront.models.plan import Plan
from landfront.report.land_account import flows

from .village import best, choice, done, limit, parcels, study, village


def account_of(plan: Plan | str, **asked: Any) -> Any:
    """The account, whose cells are compared as plain numbers."""
    return lf.account(plan, **asked)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Most carbon, with the soil's share of it and all that is done on each class."""
    return best(village(tmp_path))


@pytest.fixture
def told(plan: Plan) -> Any:
    return account_of(plan)


def test_land_that_changes_its_class_is_counted_once(plan: Plan, told: Any) -> None:
    table = told.tables["transitions"]
    land = parcels()
    assert table["area_ha"].sum() == pytest.approx(land.ha.sum())
    assert table["area_mu"].sum() == pytest.approx(15 * land.ha.sum())
    assert table["carbon_t_co2e"].sum() == pytest.approx(plan.values["carbon"])
    cells = table.set_index(["before", "after"])["area_ha"]
    assert cells["cropland", "forest"] == 30, "p01 and p02 are given back"
    assert cells["water", "forest"] == 10, "the pond is a mangrove again"
    assert cells["built", "built"] == 20


def test_flows_between_uses_are_a_graph(plan: Plan, told: Any, tmp_path: Path) -> None:
    """What flows into a class less what flows out of it is how its area changes."""
    told.write(tmp_path / "out")
    graph: Any = nx.read_graphml(tmp_path / "out" / "flows.graphml")
    assert nx.utils.graphs_equal(nx.DiGraph(graph.edges), nx.DiGraph(flows(plan).edges))
    for name, node in graph.nodes(data=True):
        gained = graph.in_degree(name, weight="area_ha") - graph.out_degree(name, weight="area_ha")
        assert gained == pytest.approx(node["after_ha"] - node["before_ha"])
    carbon = sum(data["carbon_t_co2e"] for _, _, data in graph.edges(data=True))
    assert carbon == pytest.approx(plan.values["carbon"])


def test_inventories_have_their_categories_and_their_sign(plan: Plan, told: Any) -> None:
    table = told.tables["inventory"].set_index("ipcc")
    assert table["area_ha"].sum() == pytest.approx(parcels().ha.sum())
    assert table["gg_co2e_2060"].sum() == pytest.approx(-plan.values["carbon"] / 1000), (
        "a removal is negative"
    )
    assert table.loc["Forest Land from Cropland", "eu_2018_841"] == "afforested land"
    assert table.loc["Cropland remaining Cropland", "eu_2018_841"] == "managed cropland"
    assert (table["gg_co2e_2030"].abs() <= table["gg_co2e_2060"].abs() + 1e-9).all()


def test_forest_that_is_built_on_is_deforested_land(tmp_path: Path) -> None:
    wanted = [limit("homes", "class:built", of="change", min=190)]
    keep = [limit("food", "food", min={"share": 1.0}), *wanted]
    plan = best(village(tmp_path, ("construction",), limits=keep), "food")
    table = account_of(plan).tables["inventory"].set_index("ipcc")
    lost = table.loc["Settlements from Forest Land"]
    assert lost["eu_2018_841"] == "deforested land"
    assert lost["gg_co2e_2030"] == pytest.approx(lost["area_ha"] * 0.18), "3 years of 60 t, now an emission"


def test_carbon_is_told_by_pool(tmp_path: Path) -> None:
    """A field that becomes forest gains biomass and soil; a harvest moves carbon into products."""
    use = ("cropland_to_grass", "cropland_to_forest", "conservation_tillage", "harvest_replant")
    criteria = {"carbon_wood": {"sense": "max"}}
    plan = best(village(tmp_path, use, criteria=criteria), "carbon_wood")
    table = account_of(plan).tables["pools"].set_index("intervention")
    total = table[["biomass_t_co2e", "litter_roots_t_co2e", "soil_t_co2e"]].to_numpy().sum()
    assert total == pytest.approx(plan.values["carbon"])
    assert table["products_t_co2e"].sum() == pytest.approx(plan.values["carbon_wood"] - plan.values["carbon"])
    assert table.loc["conservation_tillage", "soil_t_co2e"] > 0
    assert table.loc["conservation_tillage", "biomass_t_co2e"] == pytest.approx(0)
    trees = table.loc["cropland_to_forest"]
    assert trees["litter_roots_t_co2e"] == pytest.approx(0.23 * trees["biomass_t_co2e"], rel=1e-2)
    assert (
        table.loc["harvest_replant", "biomass_t_co2e"] < 0 < table.loc["harvest_replant", "products_t_co2e"]
    )


def test_products_and_substitution_outweigh_the_biomass_threefold(tmp_path: Path) -> None:
    """The account is optional: carbon alone keeps the forest as it is, with products it is harvested."""
    use = ("harvest_replant", "fire_pest_prevention")
    years = {"milestones": [2035, 2075]}
    criteria = {"carbon_wood": {"sense": "max"}}
    made = village(tmp_path, ("harvest_replant",), study=years, criteria=criteria)
    harvested = best(made, "carbon_wood")
    (row,) = (
        account_of(harvested).tables["pools"].query("intervention == 'harvest_replant'").to_dict("records")
    )
    assert row["products_t_co2e"] > 3 * -row["biomass_t_co2e"]
    assert row["products_t_co2e"] < 3.3 * -row["biomass_t_co2e"]
    both = village(tmp_path, use, study=years, criteria=criteria)
    assert done(best(both), "fire_pest_prevention") >= {"p08"}
    assert done(best(both, "carbon_wood"), "harvest_replant") == {"p08"}


def test_totals_by_tag_add_up(plan: Plan, told: Any) -> None:
    table = told.tables["tags"]
    treated = sum(entry["area_ha"] for name, entry in plan.options.items() if name != "keep")
    for system in ("restoration_type", "reversible", "finance_flag"):
        part = table[table["system"] == system]
        assert part["area_ha"].sum() == pytest.approx(treated), system
        assert part["carbon_t_co2e"].sum() == pytest.approx(plan.values["carbon"]), system
    coast = table[table["tag"] == "coasts and mangroves"]
    assert coast["area_ha"].tolist() == [10.0]


def test_every_intervention_has_its_tags() -> None:
    names = {row["intervention"] for row in rows("intervention_tags")}
    assert names == set(lf.catalogue()["intervention"])
    challenges = {row["challenge"] for row in rows("challenges")}
    assert len(challenges) == 7
    for row in rows("intervention_tags"):
        assert set(filter(None, row["challenge"].split("|"))) <= challenges
        assert row["reversible"] in ("yes", "hard", "no")
        assert row["restoration_type"]
        assert row["mark"]
    assert "former mangrove" in by_key("intervention_tags")["mangrove"]["guidance"]


def test_what_finance_excludes_can_be_left_out(tmp_path: Path) -> None:
    """Money free of deforestation: measures whose flag says so are none of the plan's."""
    flagged = [
        row["intervention"] for row in rows("intervention_tags") if row["finance_flag"] == "forest conversion"
    ]
    assert flagged == ["construction"]
    wanted = [limit("homes", "class:built", of="change", min=30)]
    rule = limit("roadmap", "area", interventions=flagged, by="ecosystem", regions=["forest"], max=0)
    free, kept = (
        best(village(tmp_path, ("construction", "mixed_plantation"), limits=[*wanted, *more]), "food")
        for more in ([], [rule])
    )  # fmt: skip
    forest = set(parcels().query("ecosystem == 'forest'").index)
    assert not done(kept, "construction") & forest
    table = account_of(kept).tables["tags"].query("system == 'finance_flag'").set_index("tag")
    assert table.loc["forest conversion", "area_ha"] >= 30
    assert free.values["food"] >= kept.values["food"]


def test_challenges_that_nobody_looks_at_are_told(tmp_path: Path) -> None:
    floods = {
        "name": "floods",
        "unit": "points",
        "per_ha": {"*": 1.0},
        "source": "example",
        "challenges": ["disaster"],
    }
    sections: dict[str, Any] = {"indicators": [floods], "criteria": {"floods": {"sense": "max"}}}
    rule = [limit("runoff", "water", of="change", min=-1e6)]
    table = (
        account_of(best(village(tmp_path, limits=rule, **sections))).tables["coverage"].set_index("challenge")
    )
    assert table.loc["climate", "criteria"] == "carbon"
    assert table.loc["disaster", "criteria"] == "floods"
    assert table.loc["water", ["criteria", "limits"]].tolist() == ["", "runoff"]
    assert table.loc["health", ["criteria", "limits"]].tolist() == ["", ""]
    assert table.loc["degradation", "label_zh"] == "生态退化与生物多样性丧失"


def test_eight_criteria_by_four_ecosystems(plan: Plan, told: Any) -> None:
    table = told.tables["criteria"]
    assert len(table) == 8 * 4
    cells = table.set_index(["criterion", "ecosystem"])["answer"]
    assert "food" in cells["1 societal challenges", "cropland"]
    cost = sum(
        float(cells["4 economy", e].split()[0]) for e in ("forest", "grassland", "cropland", "wetland")
    )
    assert cost == pytest.approx(plan.values["cost"], rel=1e-5)
    assert cells["5 participation", "forest"] == "no column of consent"


def test_the_gap_between_source_and_sink_is_told_by_region_and_year(tmp_path: Path) -> None:
    (tmp_path / "emissions.csv").write_text(
        "region,year,emissions\nhill,2030,500\nplain,2030,3000\nhill,2060,300\nplain,2060,900\n",
        encoding="utf-8",
    )
    plan = best(village(tmp_path, criteria={"carbon_rate": {"sense": "max"}}))
    told = account_of(plan, by="county", emissions=tmp_path / "emissions.csv")
    table = told.tables["regions"].set_index(["year", "region"])
    assert set(table.index) == {(y, r) for y in (2030, 2060) for r in ("hill", "plain", "all")}
    assert (table["gap"] == table["source"] - table["sink"]).all()
    assert table.loc[(2060, "all"), "sink"] == pytest.approx(plan.values["carbon_rate"])
    assert table.loc[(2060, "all"), "sink"] == pytest.approx(
        table.loc[(2060, "hill"), "sink"] + table.loc[(2060, "plain"), "sink"]
    )
    assert table.loc[(2030, "all"), "sink"] > table.loc[(2060, "all"), "sink"], "stores fill up"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("region,year\nhill,2030\n", "no such column"),
        ("region,year,emissions\nmoon,2030,1\n", "no region of the level"),
        ("region,year,emissions\nhill,2031,1\n", "no milestone"),
        ("region,year,emissions\nhill,2030,many\n", "a number is needed"),
        ("region,year,emissions\nhill,2030,1\nhill,2030,2\n", "twice"),
        ("region,year,emissions\n", "nothing to compare"),
    ],
)
def test_emissions_that_do_not_fit_are_told(plan: Plan, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "e.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        _ = account_of(plan, by="county", emissions=tmp_path / "e.csv").tables
    with pytest.raises(InputError, match="no level is named"):
        account_of(plan, emissions=tmp_path / "e.csv")
    with pytest.raises(InputError, match="unknown region level"):
        account_of(plan, by="moon")


def test_ratios_are_those_of_totals(tmp_path: Path) -> None:
    income = {
        "name": "income",
        "unit": "10k CNY",
        "per_ha": {"agroforestry": 0.3},
        "baseline": "belt",
        "source": "example",
    }
    sections: dict[str, Any] = {
        "indicators": [income],
        "criteria": {"income": {"sense": "max"}},
        "baseline": {"carbon_rate": -9000},
    }
    plan = best(village(tmp_path, **sections))
    other = 3 * plan.values["carbon"]
    table = account_of(plan, other=other, income="income").tables["ratios"].set_index("ratio")["value"]
    assert table["cost per carbon"] == pytest.approx(plan.values["cost"] / plan.values["carbon"])
    assert table["biodiversity per cost"] == pytest.approx(plan.changes["biodiversity"] / plan.values["cost"])
    assert table["share of mitigation"] == pytest.approx(0.25)
    assert table["carbon intensity of income, today"] == pytest.approx(9000 / plan.baseline["income"])
    assert table["carbon intensity of income, plan"] < table["carbon intensity of income, today"]


def test_nature_does_not_replace_cuts_elsewhere(tmp_path: Path) -> None:
    """A cap on the part that land may have in all mitigation is a ceiling on its carbon."""
    other = 1e5
    cap = limit("part", "carbon", max=other * 0.2 / 0.8)
    free, capped = (best(village(tmp_path, limits=limits)) for limits in ([], [cap]))
    parts = [
        account_of(plan, other=other).tables["ratios"].set_index("ratio")["value"] for plan in (free, capped)
    ]
    assert parts[0]["share of mitigation"] > 0.2 >= parts[1]["share of mitigation"] > 0.19


def test_who_asks_for_what_is_a_table(tmp_path: Path) -> None:
    sections: dict[str, Any] = {
        "limits": [limit("grain", "food", min={"share": 0.5}, owner="agriculture bureau", reason="food")],
        "masks": [{"name": "key", "column": "key", "forbid": ["bamboo"], "owner": "village assembly"}],
        "funds": [{"name": "purse", "amount": 1e6, "owner": "firm"}],
        "locks": [{"name": "signed", "column": "foul", "intervention": "keep", "owner": "research station"}],
    }
    table = account_of(best(village(tmp_path, **sections))).tables["roles"].set_index("name")
    assert table["owner"].to_dict() == {
        "grain": "agriculture bureau",
        "key": "village assembly",
        "purse": "firm",
        "signed": "research station",
    }
    assert table["kind"].to_dict() == {"grain": "limit", "key": "mask", "purse": "fund", "signed": "lock"}


def test_the_command_writes_all_tables_or_none(tmp_path: Path) -> None:
    said = study(tmp_path, study={"decision": "share"})
    import tomllib

    from landfront.report import toml

    text = toml.dumps(said.model_dump(mode="json", by_alias=True, exclude_none=True))
    assert tomllib.loads(text)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    lf.run(tmp_path, tmp_path / "run", ["carbon", "food"], 3)
    done_ = CliRunner().invoke(
        app, ["account", str(tmp_path / "run"), "--point", "1", "-o", str(tmp_path / "out")]
    )
    assert done_.exit_code == 0, done_.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "tags.csv", "coverage.csv", "targets.csv", "roles.csv", "pools.csv", "ratios.csv", "transitions.csv",
        "inventory.csv", "criteria.csv", "flows.graphml", "eu_areas.csv", "barometer.csv", "published.csv",
    }  # fmt: skip
    again = CliRunner().invoke(
        app, ["account", str(tmp_path / "run"), "--point", "1", "-o", str(tmp_path / "out")]
    )
    assert again.exit_code == 2
    bad = CliRunner().invoke(
        app, ["account", str(tmp_path / "run"), "--point", "1", "--income", "x", "-o", str(tmp_path / "no")]
    )
    assert bad.exit_code == 2
    assert not (tmp_path / "no").exists()
    assert choice(account_of(str(tmp_path / "run"), point=1).plan)


def test_figures_stand_beside_what_was_published(tmp_path: Path) -> None:
    """Soils of the village's fields are those of the nation, and their potential is just below the EU's."""
    plan = best(village(tmp_path, ("conservation_tillage", "improved_forest_mgmt")))
    table = account_of(plan).tables["published"].set_index("name")
    assert table.loc["cropland_soil_china", "here"] == pytest.approx(32.7)
    assert table.loc["cropland_soil_china", "within"]
    assert table.loc["cropland_soil_eu", ["here", "within"]].tolist() == [pytest.approx(45.4), False]
    assert table.loc["cropland_deficit", "here"] == pytest.approx(45.4 - 32.7)
    assert table.loc["forest_management_rate", ["here", "low", "within"]].tolist() == [
        pytest.approx(1.8),
        1.8,
        True,
    ]
    assert table.loc["cropland_rate", "here"] == pytest.approx(1.06)
    assert "regrowth_rate" not in table.index, "nothing regrows in this plan"
    assert (table["mark"] != "").all()


def test_the_twelve_areas_of_the_handbook_are_listed(tmp_path: Path) -> None:
    jobs = {
        "name": "jobs",
        "unit": "jobs",
        "per_ha": {"*": 1.0},
        "source": "example",
        "challenges": ["economy"],
    }
    plan = best(village(tmp_path, indicators=[jobs], criteria={"jobs": {"sense": "max"}}))
    table = account_of(plan).tables["eu_areas"].set_index("area")
    assert len(table) == 12
    assert table.loc["climate resilience", "criteria"] == "carbon"
    assert table.loc["new economic opportunities and green jobs", "criteria"] == "jobs"
    assert "mangrove" in table.loc["natural and climate hazards", "interventions"]
    assert table.loc["air quality", "criteria"] == "", "nobody looks at it, and that is said"


def test_the_barometer_has_area_carbon_species_jobs_and_money(plan: Plan, told: Any) -> None:
    table = told.tables["barometer"].set_index("ecosystem")
    assert table.loc["coasts and mangroves", "area_ha"] == 10
    assert "farmlands and mixed-use areas" not in table.index, "agroforestry is use, not restoration"
    parts = plan.to_frame().query(
        "intervention in ('mixed_plantation', 'cropland_to_forest', 'avoided_forest_conv')"
    )
    assert table.loc["forests and woodlands", "money"] == pytest.approx(parts["cost"].sum())
    assert table.loc["forests and woodlands", "carbon_t_co2e"] == pytest.approx(parts["carbon"].sum())
    assert (table["person_days"] != 0).any()


def test_three_fronts_have_names(tmp_path: Path) -> None:
    """Short and long term, ecology and economy, biodiversity and carbon: each with its own ends and proof."""
    use = ("natural_forest_restoration", "degraded_grass_restoration", "mangrove")
    budget = [limit("budget", "cost", max=1e6)]
    said = study(tmp_path, use, study={"decision": "share"}, limits=budget)
    fronts = lf.named_fronts(said, points=4)
    assert list(fronts) == ["short term and long term", "ecology and economy", "biodiversity and carbon"]
    for front in fronts.values():
        assert len(front) >= 2
        assert front.gap <= 1e-4 + 1e-12
    soon = fronts["short term and long term"]
    assert soon.criteria == ("carbon_soon", "carbon")
    assert (soon.values[:, 1] > soon.values[:, 0]).all()
    early, late = soon[0].plan.options, soon[len(soon) - 1].plan.options
    assert early != late, "what is best soon is not what is best later"
    with pytest.raises(InputError, match="one milestone is no short and long term"):
        lf.named_fronts(study(tmp_path, study={"milestones": [2060]}))


def test_carbon_of_a_table_has_no_years(tmp_path: Path) -> None:
    """One number for all time is no number by milestone, and gives no rate per year."""
    names = ("carbon", "food", "biodiversity", "cost")
    effects = f"id,intervention,{','.join(names)}\np07,grazing_exclusion,1000,0,0,0\n"
    (tmp_path / "effects.csv").write_text(effects, encoding="utf-8")
    table = {
        "source": "effects.csv", "layout": "wide", "parcel": "id", "intervention": "intervention",
        "columns": {name: name for name in names},
    }  # fmt: skip
    found = account_of(best(village(tmp_path, effects=table))).tables["inventory"]
    assert [name for name in found if name.startswith("gg_co2e")] == ["gg_co2e"]
    assert found["gg_co2e"].sum() == pytest.approx(-1.0)


def test_an_expected_target_that_cannot_be_told_holds_no_account_back(tmp_path: Path) -> None:
    asked = village(tmp_path, policy={"templates": ["four_per_1000"]}, parcels={"soil_carbon": None})
    targets = account_of(best(asked)).tables["targets"]
    assert targets["met"].str.contains("soil_carbon").any()
