"""Rules of policy as a study says them with masks, limits, groups, locks, funds and credits: each one binds.

Every test takes the best plan without the rule, shows that it breaks the rule, and what the rule makes of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import landfront.api as lf
from landfront.instances.schema import rows
from landfront.models.formulate import formulate

from .village import best, choice, done, limit, parcels, study, village

STEEP = "cropland_to_forest"
PLANTED = ("mixed_plantation", "mono_plantation", "natural_forest_restoration")


def test_only_marginal_fields_are_given_up(tmp_path: Path) -> None:
    poor = {"name": "good_land", "column": "poor", "when": [0], "forbid": ["conversions"]}
    assert {"p01", "p02"} <= done(best(village(tmp_path, (STEEP,))), STEEP)
    assert done(best(village(tmp_path, (STEEP,), masks=[poor])), STEEP) == {"p01"}


def test_fields_on_contaminated_soil_grow_no_food(tmp_path: Path) -> None:
    """A ceiling of 0 on the harvest of contaminated land leaves trees only, though food is what is wanted."""
    rule = limit("clean_food", "food", by="foul", regions=["1"], max=0.0)
    assert choice(best(village(tmp_path, (STEEP,)), "food"))["p02"] == "keep"
    found = best(village(tmp_path, (STEEP,), limits=[rule]), "food")
    assert done(found, STEEP) == {"p02"}
    assert found.limits()["value"].item() == pytest.approx(0.0, abs=1e-6)


def test_fields_take_uses_that_can_be_undone(tmp_path: Path) -> None:
    hard = [row["intervention"] for row in rows("intervention_tags") if row["reversible"] != "yes"]
    use = (STEEP, "agroforestry", "conservation_tillage", "mixed_plantation")
    rule = limit(
        "plough_layer", "area", by="ecosystem", regions=["cropland"], max=0.0,
        interventions=[name for name in use if name in hard],
    )  # fmt: skip
    free, held = (choice(best(village(tmp_path, use, limits=limits))) for limits in ([], [rule]))
    assert [free[field] for field in ("p01", "p02", "p04")] == [STEEP, STEEP, "agroforestry"]
    assert [held[field] for field in ("p01", "p02", "p04")] == ["keep", "keep", "conservation_tillage"]
    assert held["p09"] == "mixed_plantation", "the rule is about fields only"


def test_key_function_areas_come_first_and_are_not_planted(tmp_path: Path) -> None:
    key = {"name": "key_area", "column": "key", "forbid": [*PLANTED, "sown_pasture"]}
    first = limit("priority", "area", by="key", regions=["1"], min={"share": 0.9, "of": "land"})
    budget = limit("budget", "cost", max=6e5)
    free = best(village(tmp_path, masks=[key], limits=[budget]))
    told = best(village(tmp_path, masks=[key], limits=[budget, first]))
    inside = parcels().query("key == 1").index
    assert sum(choice(free)[p] == "keep" for p in inside) > sum(choice(told)[p] == "keep" for p in inside)
    assert told.values["carbon"] < free.values["carbon"]
    assert not {choice(told)[p] for p in inside} & {*PLANTED}


@pytest.mark.parametrize(
    ("column", "reason"), [("key", "prohibited development"), ("poor", "protected area")]
)
def test_nothing_is_built_where_building_is_prohibited(tmp_path: Path, column: str, reason: str) -> None:
    """Homes on 150 ha are wanted at the least loss of harvest; the closed layer takes no part of it."""
    wanted = [limit("homes", "class:built", of="change", min=150.0)]
    mask = {"name": "no_building", "column": column, "forbid": ["construction"], "reason": reason}
    closed = set(parcels().query(f"{column} == 1").index)
    free = best(village(tmp_path, ("construction",), limits=wanted), "food")
    kept = best(village(tmp_path, ("construction",), limits=wanted, masks=[mask]), "food")
    assert done(free, "construction") & closed
    assert not done(kept, "construction") & closed
    assert parcels().ha[sorted(done(kept, "construction"))].sum() >= 150
    assert kept.values["food"] < free.values["food"]
    assert {entry.reason for entry in kept.formulation.menu.excluded} >= {"mask:no_building"}


@pytest.mark.parametrize(("ecosystem", "most"), [("forest", 0.0), ("grassland", 10.0)])
def test_building_on_forest_or_grassland_is_capped(tmp_path: Path, ecosystem: str, most: float) -> None:
    """Without the cap, food makes homes stand on forest and grassland only."""
    rule = limit(
        "cap", "area", by="ecosystem", regions=[ecosystem], interventions=["construction"], max=most
    )  # fmt: skip
    wanted = limit("homes", "class:built", of="change", min=150.0)
    free, capped = (
        best(village(tmp_path, ("construction",), limits=[wanted, *more]), "food") for more in ([], [rule])
    )  # fmt: skip
    area = parcels().ha[parcels().ecosystem == ecosystem]
    assert area[area.index.isin(done(free, "construction"))].sum() > most
    assert area[area.index.isin(done(capped, "construction"))].sum() <= most
    assert capped.values["food"] < free.values["food"], "fields are built on instead"


def test_built_land_is_capped_and_ecological_land_kept(tmp_path: Path) -> None:
    """Development intensity is the share of built land; what may be taken of ecological land is capped."""
    intensity = limit("intensity", "class:built", by="county", max={"share": 0.2, "of": "land"})
    gain = {"name": "homes", "unit": "homes", "per_ha": {"construction": 40}, "source": "example"}
    wanted = {"criteria": {"homes": {"sense": "max"}}, "indicators": [gain]}
    free = best(village(tmp_path, ("construction",), **wanted), "homes")
    capped = best(village(tmp_path, ("construction",), limits=[intensity], **wanted), "homes")
    assert free.values["homes"] > capped.values["homes"] > 0
    ecological = [limit(f"keep_{c}", f"class:{c}", min={"share": 0.9}) for c in ("forest", "grassland")]
    kept = best(village(tmp_path, ("construction",), limits=ecological, **wanted), "homes")
    assert kept.values["homes"] < free.values["homes"]
    taken = parcels().ha[sorted(done(kept, "construction"))]
    assert taken[parcels().ecosystem[taken.index] == "forest"].sum() <= 11
    assert taken[parcels().ecosystem[taken.index] == "grassland"].sum() <= 9


def test_capacity_and_suitability_rule_what_may_be_done(tmp_path: Path) -> None:
    """Layers of the double evaluation are columns, and so is carbon intensity, which joins them."""
    masks = [
        {"name": "capacity", "column": "dry", "when": [1], "forbid": [*PLANTED]},
        {"name": "suitability", "column": "slope", "when": [20, 25], "forbid": ["mixed_plantation"]},
        {"name": "carbon_intensity", "column": "degraded", "when": [0], "forbid": ["improved_forest_mgmt"]},
    ]
    free, ruled = choice(best(village(tmp_path))), choice(best(village(tmp_path, masks=masks)))
    assert (free["p05"], free["p09"]) == ("mixed_plantation", "mixed_plantation")
    assert ruled["p05"] not in PLANTED
    assert ruled["p09"] not in ("mixed_plantation", "keep")


def test_dry_soil_limits_species_and_their_area(tmp_path: Path) -> None:
    dry = {"name": "soil_moisture", "column": "dry", "forbid": [*PLANTED]}
    area = limit(
        "drought", "area", by="county", interventions=list(PLANTED), max={"share": 0.1, "of": "land"}
    )
    use = (*PLANTED, "shrub_greening", "degraded_grass_restoration")
    free = choice(best(village(tmp_path, use)))
    ruled = best(village(tmp_path, use, masks=[dry], limits=[area]))
    assert free["p05"] in PLANTED
    assert choice(ruled)["p05"] not in PLANTED
    planted = parcels().loc[[p for p, name in choice(ruled).items() if name in PLANTED]]
    free_planted = parcels().loc[[p for p, name in free.items() if name in PLANTED]]
    room = 0.1 * parcels().groupby("county").ha.sum()
    assert (planted.groupby("county").ha.sum().reindex(room.index, fill_value=0.0) <= room + 1e-9).all()
    assert planted.ha.sum() < free_planted.ha.sum()


def test_imports_loosen_the_floor_by_their_share(tmp_path: Path) -> None:
    floor = [limit("food", "food", min={"share": 1.0}, demand=True)]
    home = best(village(tmp_path, limits=floor, food={"imports": 0.0}))
    trade = best(village(tmp_path, limits=floor, food={"imports": 0.15}))
    assert home.values["food"] >= 580 > trade.values["food"] >= 0.85 * 580
    assert trade.values["carbon"] > home.values["carbon"]


def test_rice_rises_while_its_methane_falls(tmp_path: Path) -> None:
    """Water saving alone cuts methane, green manure alone raises the harvest: only both together do both."""
    methane = {
        "name": "methane", "unit": "t CO2e", "gas": "CH4", "baseline": "people", "relative": True,
        "per_ha": {"rice_water": -40.0}, "source": "example",
    }  # fmt: skip
    together = {"groups": [["rice_water", "green_manure"]]}
    rules = [
        limit("rice", "food", by="crop", regions=["rice"], min={"share": 1.02}),
        limit("gas", "methane", by="crop", regions=["rice"], max={"share": 0.7}),
    ]
    use = ("rice_water", "green_manure")
    free = choice(best(village(tmp_path, use, indicators=[methane], combinations=together), "cost"))
    plan = best(village(tmp_path, use, indicators=[methane], combinations=together, limits=rules), "cost")
    assert free["p03"] == "keep"
    assert choice(plan)["p03"] == "rice_water+green_manure"
    with pytest.raises(lf.InfeasibleError):
        best(village(tmp_path, use, indicators=[methane], limits=rules), "cost")


def test_each_ecosystem_keeps_its_intactness(tmp_path: Path) -> None:
    """A floor on the sum lets gains of one ecosystem pay for losses of another; a floor for each does not."""
    use = ("mono_plantation", "cropland_to_forest", "bamboo")
    total = limit("net", "biodiversity", min={"share": 1.0})
    each = limit("each", "biodiversity", by="ecosystem", min={"share": 1.0})
    joint, apart = (best(village(tmp_path, use, limits=[rule])) for rule in (total, each))
    by = joint.balance("ecosystem").set_index("region")["biodiversity"]
    assert by["cropland"] > 0 > by["grassland"]
    assert (apart.balance("ecosystem")["biodiversity"] >= -1e-6).all()
    assert apart.values["carbon"] < joint.values["carbon"]
    assert best(village(tmp_path, limits=[each]), "biodiversity").changes["biodiversity"] > 0


@pytest.mark.parametrize(
    ("tenure", "ecosystem", "use", "most"),
    [
        ("collective", "forest", ("mixed_plantation", "avoided_forest_conv"), 20.0),
        ("contract", "grassland", ("degraded_grass_restoration", "grazing_balance"), 40.0),
    ],
)
def test_tenure_bounds_what_is_done(
    tmp_path: Path, tenure: str, ecosystem: str, use: tuple[str, ...], most: float
) -> None:
    """Tenure is a group like any other: collective forest, or contracted grassland, takes only so much."""
    rule = limit("tenure", "area", by="tenure", regions=[tenure], max=most)
    free, held = (best(village(tmp_path, use, limits=limits)) for limits in ([], [rule]))
    before, after = (plan.balance("tenure").set_index("region")["treated_ha"] for plan in (free, held))
    assert before[tenure] > most >= after[tenure] > 0
    others = [name for name in before.index if name != tenure]
    assert after[others].tolist() == before[others].tolist()
    assert ecosystem in set(parcels().ecosystem[parcels().tenure == tenure])


def test_credits_go_to_those_who_hold_the_rights(tmp_path: Path) -> None:
    """Owner, user and operator are a column; a scheme that credits one of them leaves the others out."""
    scheme = {"scheme": "market", "methodology": "voluntary", "price": 60.0, "period": 20}
    money: dict[str, Any] = {"criteria": {"revenue": {"sense": "max"}}}
    everyone = best(village(tmp_path, credits=[{**scheme}], **money), "revenue")
    state = {**scheme, "column": "tenure", "when": ["contract"]}
    some = best(village(tmp_path, credits=[state], **money), "revenue")
    paid = some.balance("tenure").set_index("region")["revenue"]
    assert paid["contract"] > 0
    assert paid["state"] == paid["collective"] == 0
    assert everyone.values["revenue"] > some.values["revenue"]


def test_a_buyer_of_credits_has_only_so_much_money(tmp_path: Path) -> None:
    """A voluntary buyer pays for certified tonnes until its fund is used up."""
    scheme = {"scheme": "buyer", "methodology": "voluntary", "price": 60.0, "period": 20}
    sections: dict[str, Any] = {"credits": [scheme], "criteria": {"revenue": {"sense": "max"}}}
    sections["study"] = {"decision": "share"}
    free = best(village(tmp_path, **sections), "revenue")
    fund = limit("fund_of_the_buyer", "revenue", max=5e5)
    capped = best(village(tmp_path, limits=[fund], **sections), "revenue")
    assert capped.values["revenue"] == pytest.approx(5e5)
    assert free.values["revenue"] > 5e5


def test_trading_forest_quotas_lowers_the_cost(tmp_path: Path) -> None:
    """Each county keeps its own quota, or both together keep the sum of them: one may plant for the other."""
    use = ("mixed_plantation", "cropland_to_forest", "natural_forest_restoration", "shrub_greening")
    own = limit("quota", "class:forest", by="county", of="change", min=20.0)
    traded = limit("quota", "class:forest", of="change", min=40.0)
    alone, together = (best(village(tmp_path, use, limits=[rule]), "cost") for rule in (own, traded))
    gained = [plan.balance("county").set_index("region")["treated_ha"] for plan in (alone, together)]
    assert gained[0].tolist() != gained[1].tolist(), "one county plants for the other"
    assert together.values["cost"] < alone.values["cost"]


def test_the_front_of_carbon_and_cost_is_a_sweep_of_budgets(tmp_path: Path) -> None:
    said = study(tmp_path, study={"decision": "share"})
    front = lf.front(said, ["carbon", "cost"], points=5)
    frame = front.to_frame()
    assert frame["carbon"].is_monotonic_increasing == frame["cost"].is_monotonic_increasing
    middle = frame.iloc[2]
    budget = [limit("budget", "cost", max=float(middle["cost"]))]
    found = best(village(tmp_path, study={"decision": "share"}, limits=budget))
    assert found.values["carbon"] == pytest.approx(middle["carbon"], rel=2e-4)


def test_a_basin_that_crosses_counties_is_one_scope(tmp_path: Path) -> None:
    """Counties decide together: water of the basin may not fall, whatever a county does."""
    rule = limit("basin_water", "water", by="basin", of="change", min=-5000.0)
    crossing = parcels().groupby("basin").county.nunique()
    assert (crossing > 1).all()
    free, kept = best(village(tmp_path)), best(village(tmp_path, limits=[rule]))
    assert kept.limits()["name"].tolist() == ["basin_water[east]", "basin_water[west]"]
    assert (kept.limits()["value"] >= -5000).all()
    assert kept.values["carbon"] < free.values["carbon"]


def test_belts_weigh_regions(tmp_path: Path) -> None:
    """Carbon weighted by the belt of the parcel puts the money where the weights are."""
    weighted = {
        "name": "belt_carbon", "unit": "points", "weight": "belt", "source": "example",
        "per_ha": {
            "mixed_plantation": 349.5, "degraded_grass_restoration": 54.5, "avoided_forest_conv": 94.0,
        },
    }  # fmt: skip
    use = tuple(weighted["per_ha"])
    money = [limit("budget", "cost", max=4.5e5)]
    sections: dict[str, Any] = {
        "indicators": [weighted],
        "criteria": {"belt_carbon": {"sense": "max"}},
        "limits": money,
    }
    plain = best(village(tmp_path, use, **sections))
    heavy = best(village(tmp_path, use, **sections), "belt_carbon")

    def belts(plan: Any) -> float:
        frame = plan.to_frame().set_index("parcel").query("intervention != 'keep'")
        return float((parcels().belt[frame.index] * frame["area_ha"]).sum() / frame["area_ha"].sum())

    assert choice(heavy) != choice(plain)
    assert belts(heavy) > belts(plain)


def test_foodscapes_are_strata_with_rules_of_their_own(tmp_path: Path) -> None:
    """Classes of land and management are a group: each crop keeps nine tenths of its harvest, not the sum."""
    total = limit("sum", "food", min={"share": 0.9})
    strata = limit("strata", "food", by="crop", regions=["maize", "wheat", "rice"], min={"share": 0.9})
    joint, each = best(village(tmp_path, limits=[total])), best(village(tmp_path, limits=[strata]))
    assert sorted(each.limits()["region"]) == ["maize", "rice", "wheat"]
    assert joint.balance("crop").set_index("region")["food_share"].min() < -0.5
    assert each.balance("crop").set_index("region")["food_share"].min() >= -0.1 - 1e-9


def test_only_degraded_grassland_is_in_the_pool(tmp_path: Path) -> None:
    sound = {"name": "sound", "column": "degraded", "when": [0], "forbid": ["degraded_grass_restoration"]}
    use = ("degraded_grass_restoration",)
    assert done(best(village(tmp_path, use)), use[0]) == {"p05", "p06", "p07"}
    assert done(best(village(tmp_path, use, masks=[sound])), use[0]) == {"p05", "p07"}


def test_a_county_that_depends_on_coal_is_asked_for_less_and_paid(tmp_path: Path) -> None:
    """The hill county is asked for less than its half, and transfers leave neither county worse off."""
    (tmp_path / "targets.csv").write_text("region,min\nhill,5000\nplain,35000\n", encoding="utf-8")
    (tmp_path / "even.csv").write_text("region,min\nhill,20000\nplain,20000\n", encoding="utf-8")
    costs = {}
    for table in ("even", "targets"):
        rule = limit("sink", "carbon", by="county", bounds=f"{table}.csv")
        plan = best(village(tmp_path, limits=[rule]), "cost")
        costs[table] = plan.balance("county").set_index("region")["cost"]
    assert costs["targets"]["hill"] < costs["even"]["hill"]
    paid = lf.compensate(plan, "county", {"carbon": 150.0}, share="equal")
    assert (paid.after >= paid.floor - 1e-6).all()
    assert paid.transfer.sum() == pytest.approx(0.0, abs=1e-6)
    assert paid.moved > 0


def test_a_county_that_must_not_develop_is_compensated(tmp_path: Path) -> None:
    """Poor land of the hills is closed to plantations; the hills have an equal share of the surplus."""
    closed = {"name": "closed", "column": "poor", "forbid": ["mixed_plantation", "mono_plantation"]}
    plan = best(village(tmp_path, masks=[closed]))
    paid = lf.compensate(plan, "county", {"carbon": 150.0, "food": 3000.0}, share="equal")
    (transfer,) = paid.transfers_frame().to_dict("records")
    assert (transfer["payer"], transfer["receiver"]) == ("plain", "hill")
    free = lf.compensate(best(village(tmp_path)), "county", {"carbon": 150.0, "food": 3000.0}, share="equal")
    assert paid.moved > free.moved, "what the hills may not do is made up for"


def test_five_levels_nest_and_categories_of_plans_do_not(tmp_path: Path) -> None:
    """Nation, province, city, county and township nest; master, detailed and special plans are a group."""
    text = "id,code,ha,n,p,c,k,t,plan\n" + "\n".join(
        f"x{i},0307,10,N,P{i // 8},C{i // 4},K{i // 2},T{i},{('master', 'detailed', 'special')[i % 3]}"
        for i in range(16)
    )
    (tmp_path / "five.csv").write_text(text, encoding="utf-8")
    said = lf.read(_five(tmp_path))
    found = best(formulate(said))
    assert found.formulation.landscape.nested == ("n", "p", "c", "k", "t")
    sums = {level: found.balance(level)["carbon"].sum() for level in ("n", "p", "c", "k", "t", "plan")}
    assert len({round(value, 6) for value in sums.values()}) == 1
    special = found.balance("plan").set_index("region")["treated_ha"]
    assert special["special"] <= 20 + 1e-9
    assert special["master"] > 20


def _five(folder: Path) -> Path:
    (folder / "study.toml").write_text(
        """
[study]
title = "Five levels"
[parcels]
source = "five.csv"
id = "id"
area = { column = "ha", unit = "ha" }
cover = { column = "code", code_system = "TD/T 1055" }
regions = ["n", "p", "c", "k", "t"]
groups = ["plan"]
[interventions]
use = ["mixed_plantation"]
[criteria]
carbon = { sense = "max" }
cost = { sense = "min" }
[[limits]]
name = "special_plans"
criterion = "area"
by = "plan"
regions = ["special"]
max = 20
""",
        encoding="utf-8",
    )
    return folder


def test_nuts_regions_are_levels(tmp_path: Path) -> None:
    """NUTS codes nest by their letters; a floor holds in each NUTS2 region and is told by country."""
    text = "id,code,ha,nuts0,nuts1,nuts2\n" + "\n".join(
        f"x{i},0307,{10 + i},{n[:2]},{n[:3]},{n}"
        for i, n in enumerate(("AT11", "AT12", "AT21", "DE11", "DE12", "DE21"))
    )
    (tmp_path / "five.csv").write_text(text, encoding="utf-8")
    place = _five(tmp_path) / "study.toml"
    said = place.read_text(encoding="utf-8").replace(
        '["n", "p", "c", "k", "t"]', '["nuts0", "nuts1", "nuts2"]'
    )
    said = said.replace('groups = ["plan"]', "").replace('by = "plan"', 'by = "nuts2"')
    said = said.replace('regions = ["special"]\nmax = 20', "min = 10")
    place.write_text(said, encoding="utf-8")
    found = lf.plan(tmp_path, minimise="cost")
    limits = found.limits()
    assert limits["region"].tolist() == ["AT11", "AT12", "AT21", "DE11", "DE12", "DE21"]
    assert (limits["value"] >= 10).all()
    assert found.balance("nuts0")["region"].tolist() == ["AT", "DE"]


def test_zones_change_quantities_and_where_they_lie(tmp_path: Path) -> None:
    """Zones rule what may be done where, and how much of each class there is: both change together."""
    zones = [
        {"name": "farming", "column": "belt", "when": [1], "forbid": ["conversions", "agroforestry"]},
        {
            "name": "ecological",
            "column": "belt",
            "when": [3],
            "forbid": ["mono_plantation", "mixed_plantation"],
        },
    ]
    rule = limit("forest", "class:forest", by="county", min={"share": 1.0})
    free, zoned = best(village(tmp_path)), best(village(tmp_path, masks=zones, limits=[rule]))
    tables = [
        lf.account(plan).tables["transitions"].set_index(["before", "after"])["area_ha"]
        for plan in (free, zoned)
    ]
    assert tables[0].to_dict() != tables[1].to_dict(), "quantities"
    assert done(free, STEEP) != done(zoned, STEEP), "places"
    farming = parcels().query("belt == 1").index
    assert {choice(zoned)[p] for p in farming}.isdisjoint({STEEP, "agroforestry", "peat_rewetting"})


SPECIES = """\
intervention,name_en,codes,msa_basis
oak,Oak,0301|0307,after
pine,Pine,0301|0307,after
"""


def test_species_differ_in_what_a_soil_gives_them(tmp_path: Path) -> None:
    """Oak stores half of its carbon in the soil, pine none: on a soil that is nearly full pine is better."""
    (tmp_path / "trees").mkdir()
    (tmp_path / "trees" / "interventions.csv").write_text(SPECIES, encoding="utf-8")
    numbers = {
        "oak": {"flux_1": 4, "years_1": 35, "establishment": 1, "msa_after": 0.5, "soil_share": 0.5},
        "pine": {"flux_1": 3, "years_1": 35, "establishment": 1, "msa_after": 0.5, "soil_share": 0},
    }
    units = {
        "flux_1": "t CO2e/ha/yr",
        "years_1": "yr",
        "establishment": "CNY/ha",
        "msa_after": "share",
        "soil_share": "share",
    }
    lines = [
        f"{name},{key},{value},{units[key]},example,assumed"
        for name, entry in numbers.items()
        for key, value in entry.items()
    ]
    head = "intervention,parameter,mean,unit,source,verified\n"
    (tmp_path / "trees" / "coefficients.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    sections: dict[str, Any] = {"interventions": {"catalogue": "trees"}}
    plain = choice(best(village(tmp_path, **sections)))
    assert {plain[p] for p in ("p08", "p09", "p10", "p15")} == {"oak"}
    capped = choice(best(village(tmp_path, carbon={"soil": {"technical": 0.5, "beyond": 0.25}}, **sections)))
    assert capped["p08"] == "pine"
    assert {capped[p] for p in ("p09", "p10", "p15")} == {"oak"}
