"""Published targets as limits: each template binds where it can, and says why where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import landfront.api as lf
from landfront.instances.faults import InputError
from landfront.models.plan import Plan

from .village import best, choice, done, limit, parcels, study, village

INDICATORS: list[dict[str, Any]] = [
    {
        "name": "growing_stock", "unit": "m3", "baseline": "stock", "source": "example",
        "per_ha": {"improved_forest_mgmt": 40, "mixed_plantation": 60, "natural_forest_restoration": 30},
    },
    {
        "name": "grass_cover", "unit": "ha", "source": "example",
        "per_ha": {"degraded_grass_restoration": 0.8, "grazing_exclusion": 0.6},
    },
    {"name": "protected", "unit": "ha", "per_ha": {"protection": 1}, "source": "example"},
    {"name": "degraded", "unit": "ha", "baseline": "degraded", "weight": "degraded", "per_ha": {"*": -1.0},
     "source": "example"},
    {"name": "managed", "unit": "ha", "per_ha": {"*": 1.0}, "source": "example"},
]  # fmt: skip


def table_of(plan: Plan, by: str | None = None) -> Any:
    return lf.account(plan, by=by).tables["targets"].set_index("indicator")


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("forest_cover", ("mixed_plantation", "cropland_to_forest")),
        ("grass_cover", ("degraded_grass_restoration", "mixed_plantation")),
        ("protected_areas", ("protection", "mixed_plantation")),
        ("wetland_protection", ("protection", "mixed_plantation")),
    ],
)
def test_targets_of_the_14th_plan_bind(tmp_path: Path, name: str, use: tuple[str, ...]) -> None:
    """The cheapest plan does nothing and misses the target; with the template it is met, and said so."""
    asked = {"templates": ["china_14fyp"], "bind_expected": True}
    others = {"forest_cover", "grass_cover", "wetland_protection", "protected_areas"} - {name}
    asked["leave_out"] = sorted(others)
    free = best(village(tmp_path, use, indicators=_thin(), cover={"p08": "0404"}), "cost")
    assert set(choice(free).values()) == {"keep"}
    found = village(tmp_path, use, indicators=_thin(), policy=asked, cover={"p08": "0404"})
    plan = best(found, "cost")
    row = table_of(plan).loc[name]
    assert row["met"] == "yes"
    assert row["today"] < row["target"] <= row["plan"]
    assert row["kind"] == ("binding" if name == "forest_cover" else "expected")
    (bound,) = (entry for entry in found.limits if entry.limit == name)
    assert bound.owner == "National Forestry and Grassland Administration"
    assert "14th Five-Year Plan" in bound.reason


def _thin() -> list[dict[str, Any]]:
    return [entry for entry in INDICATORS if entry["name"] != "growing_stock"] + [
        {"name": "protected_wetland", "unit": "ha", "per_ha": {"protection": 1}, "source": "example"}
    ]


def test_expected_targets_are_told_and_do_not_bind(tmp_path: Path) -> None:
    said = village(tmp_path, ("protection",), indicators=_thin(), policy={"templates": ["china_14fyp"]})
    plan = best(said, "cost")
    assert set(choice(plan).values()) == {"keep"}
    row = table_of(plan).loc["protected_areas"]
    assert (row["kind"], row["met"], row["plan"]) == ("expected", "no", 0.0)
    assert any("protected_areas: expected" in note for note in said.notes)
    assert "it needs [[indicators]] growing_stock" in table_of(plan).loc["growing_stock", "met"]


def test_national_amounts_count_in_a_national_study_only(tmp_path: Path) -> None:
    """Growing stock of 19 billion m3 and 100 million mu of sandy land: the village is scaled to a nation."""
    stock = {**INDICATORS[0], "per_ha": dict.fromkeys(INDICATORS[0]["per_ha"], 400000000.0)}
    use = ("improved_forest_mgmt", "mixed_plantation", "sand_control")
    asked = {"templates": ["china_14fyp"], "bind_expected": True}
    small = village(tmp_path, use, indicators=[stock], policy=asked)
    assert {row.limit for row in small.limits} == {"forest_cover"}
    assert any("growing_stock: not looked at, it is an amount of the whole nation" in n for n in small.notes)
    asked["national"] = True
    scaled = {"area": {"column": "ha", "unit": "Mha"}}
    nation = village(tmp_path, use, indicators=[stock], policy=asked, parcels=scaled)
    plan = best(nation, "cost")
    assert done(plan, "sand_control") == {"p14"}
    assert done(plan, "improved_forest_mgmt") | done(plan, "mixed_plantation")
    table = table_of(plan)
    assert table.loc[["growing_stock", "sandy_land"], "met"].tolist() == ["yes", "yes"]
    assert table.loc["sandy_land", "target"] == pytest.approx(1e8 / 15)


def test_thirty_by_thirty(tmp_path: Path) -> None:
    use = (
        "degraded_grass_restoration",
        "mixed_plantation",
        "wetland_restoration",
        "sand_control",
        "protection",
    )
    restoring = {name: -1.0 for name in use if name != "protection"}
    degraded = {**INDICATORS[3], "per_ha": restoring}
    sections: dict[str, Any] = {"indicators": [degraded, INDICATORS[2]]}
    plan = best(village(tmp_path, use, policy={"templates": ["30x30"]}, **sections), "cost")
    row = table_of(plan).loc["degraded_land"]
    today = float((parcels().ha * parcels().degraded).sum())
    assert row["today"] == pytest.approx(today)
    assert row["plan"] <= 0.7 * today
    assert table_of(plan).loc["protected_30", "met"] == "no"
    both = {"templates": ["30x30"], "bind_expected": True}
    wide = best(village(tmp_path, use, policy=both, **sections), "cost")
    assert table_of(wide).loc["protected_30", "met"] == "yes"
    assert parcels().ha[sorted(done(wide, "protection"))].sum() >= 0.3 * parcels().ha.sum()


def test_thirty_percent_of_the_land_for_species_carbon_and_water(tmp_path: Path) -> None:
    """Under the cap each goal reaches a share of what it reaches without, as the published marks are."""
    use = (
        "mixed_plantation",
        "natural_forest_restoration",
        "wetland_restoration",
        "avoided_forest_conv",
        "mangrove",
    )
    cap = {"policy": {"templates": ["jung_30"]}, "indicators": [INDICATORS[4]]}
    capped, free = village(tmp_path, use, **cap), village(tmp_path, use)
    shares = {
        name: best(capped, name).changes[name] / best(free, name).changes[name]
        for name in ("carbon", "biodiversity")
    }
    assert all(0.3 < share <= 1.0 for share in shares.values()), shares
    row = table_of(best(capped)).loc["managed_land"]
    assert row["plan"] <= row["target"] == pytest.approx(0.3 * parcels().ha.sum())
    assert best(capped).values["carbon"] < best(free).values["carbon"]


def test_the_2030_action_plan_keeps_red_line_and_stocks_and_raises_the_sink(tmp_path: Path) -> None:
    use = (
        "cropland_to_forest",
        "mixed_plantation",
        "wetland_restoration",
        "conservation_tillage",
        "construction",
    )
    homes = [limit("homes", "class:built", of="change", min=8)]
    asked = {"templates": ["china_2030"], "bind_expected": True}
    sections: dict[str, Any] = {"limits": homes, "study": {"decision": "share"}}
    free = best(village(tmp_path, use, **sections))
    plan = best(village(tmp_path, use, policy=asked, **sections))
    assert "cropland_to_forest" in free.options
    assert "cropland_to_forest" not in plan.options
    table = table_of(plan)
    looked = table[~table["met"].str.startswith("it")]
    assert set(looked["met"]) == {"yes"}
    assert set(looked.index) == {
        "cropland_red_line",
        "forest_stock",
        "grass_stock",
        "wetland_stock",
        "sink_raised",
    }


def test_the_land_sector_is_neutral_by_2035(tmp_path: Path) -> None:
    """Emissions of land and farming today are the baseline; the cheapest plan takes up as much in 2035."""
    emitted: dict[str, Any] = {"baseline": {"carbon_rate": -1200.0}}
    free = best(village(tmp_path, **emitted), "cost")
    assert set(choice(free).values()) == {"keep"}
    plan = best(village(tmp_path, policy={"templates": ["eu_afolu_2035"]}, **emitted), "cost")
    row = table_of(plan).loc["land_neutral"]
    assert row["today"] == pytest.approx(-1200.0)
    assert row["met"] == "yes"
    assert 0 <= row["plan"] < 200, "no more than is asked for, but for whole parcels"
    assert plan.values["cost"] > 0
    late = village(tmp_path, policy={"templates": ["eu_afolu_2035"]}, study={"milestones": [2030]}, **emitted)
    assert any("needs 2035 among study.milestones" in note for note in late.notes)


def test_soil_carbon_grows_by_four_per_thousand(tmp_path: Path) -> None:
    use = (
        "conservation_tillage",
        "organic_cover",
        "crop_rotation",
        "cropland_to_grass",
        "degraded_grass_restoration",
    )
    asked = {"templates": ["four_per_1000"], "bind_expected": True}
    sections: dict[str, Any] = {"study": {"milestones": [2035]}, "interventions": {"level": "high"}}
    free = best(village(tmp_path, use, policy={**asked, "bind_expected": False}, **sections), "cost")
    assert table_of(free).loc["soil_carbon", "met"] == "no"
    plan = best(village(tmp_path, use, policy=asked, **sections), "cost")
    row = table_of(plan).loc["soil_carbon"]
    today = float((parcels().ha * parcels().soil).sum())
    assert row["today"] == pytest.approx(today)
    assert row["target"] == pytest.approx(today * 1.004**10)
    assert row["plan"] >= row["target"]
    assert plan.values["cost"] > 0


def test_two_gigatonnes_of_soil_carbon(tmp_path: Path) -> None:
    use = ("conservation_tillage", "organic_cover", "degraded_grass_restoration")
    nation = {"area": {"column": "ha", "unit": "Mha"}}
    asked = {"templates": ["china_soil"], "bind_expected": True, "national": True}
    plan = best(village(tmp_path, use, policy=asked, parcels=nation, interventions={"level": "high"}), "cost")
    row = table_of(plan).loc["soil_carbon_2gt"]
    assert (row["today"], row["target"], row["met"]) == (0.0, 2e9, "yes")
    assert 2e9 <= row["plan"] < 3e9
    assert row["unit"] == "t C"


def test_targets_are_told_by_region_and_own_limits_win(tmp_path: Path) -> None:
    own = limit("forest_cover", "class:forest", min=100.0, owner="county")
    found = village(tmp_path, policy={"templates": ["china_14fyp"]}, limits=[own])
    assert [(row.limit, row.lower, row.owner) for row in found.limits] == [("forest_cover", 100.0, "county")]
    table = table_of(best(found), "county").loc["forest_cover"]
    assert table["region"].tolist() == ["hill", "plain"]
    again = lf.read(_written(tmp_path, found.study))
    assert again.digest == found.study.digest, "what is read back has each limit once"


def _written(folder: Path, said: Any) -> Path:
    from landfront.report import toml

    text = toml.dumps(said.model_dump(mode="json", by_alias=True, exclude_none=True))
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"templates": ["china_15fyp"]}, "unknown template 'china_15fyp'. Did you mean 'china_14fyp'"),
        ({"templates": ["30x30"], "leave_out": ["moon"]}, "no target 'moon'"),
        ({"templates": []}, "templates"),
        ({"templates": "30x30"}, "templates"),
    ],
)
def test_faults(tmp_path: Path, policy: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        study(tmp_path, policy=policy)


def test_a_share_of_a_class_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    rule = limit("x", "class:forest", min={"share": 0.5, "of": "class:moon"})
    with pytest.raises(InputError, match="unknown land class 'class:moon'"):
        village(tmp_path, limits=[rule])
    with pytest.raises(InputError, match="unknown criterion or effect 'class:moon'"):
        village(tmp_path, limits=[limit("x", "class:moon", min=1.0)])
