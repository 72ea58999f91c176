"""Plans: totals, limits, files, and plans that somebody already has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from landfront.instances.faults import InputError
from landfront.instances.landscape import Geometry
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan, plan_from_frame
from landfront.report.search import find_front, find_plan, request
from tests.models import builders as b

LIMITS = [
    {"name": "grain", "criterion": "food", "min": {"share": 0.95}, "by": "county"},
    {"name": "budget", "criterion": "cost", "max": 200_000},
    {"name": "thirst", "criterion": "water", "of": "change", "min": -12_000},
]
CHOICE = {
    "f1": "conservation_tillage",
    "f2": "keep",
    "f3": "conservation_tillage",
    "g1": "natural_forest_restoration",
    "g2": "keep",
}


@pytest.fixture
def found() -> Formulation:
    return b.formulation(["carbon", "food", "cost"], limits=LIMITS)


def choose(found: Formulation, choice: dict[str, str] | None = None) -> Plan:
    frame = pd.DataFrame(list((choice or CHOICE).items()), columns=["parcel", "intervention"])
    return plan_from_frame(found, frame)


def test_values_changes_and_baseline(found: Formulation) -> None:
    plan = choose(found)
    assert plan.baseline == {"carbon": 0, "food": pytest.approx(280), "cost": 0}
    assert plan.changes == {
        "carbon": pytest.approx(6000),
        "food": pytest.approx(10),
        "cost": pytest.approx(240_000),
    }
    assert plan.values["food"] == pytest.approx(290)
    assert list(plan.values.values()) == pytest.approx(found.program.values(plan.x.astype(float)).tolist())


def test_limits_say_which_hold_and_by_how_much(found: Formulation) -> None:
    limits = choose(found).limits().set_index("name")
    assert limits["holds"].to_dict() == {
        "grain[north]": True,
        "grain[south]": True,
        "budget": False,
        "thirst": False,
    }
    assert limits["margin"].tolist() == pytest.approx([6.0, 18.0, -40_000, -8_000])
    assert limits["value"].tolist() == pytest.approx([101, 189, 240_000, -20_000])
    assert limits.loc["grain[south]", "region"] == "south"


def test_a_solver_s_rounding_breaks_no_limit() -> None:
    limits = [{"name": "cap", "criterion": "cost", "max": 15_000}]
    found = b.formulation(["carbon"], limits=limits, about={"decision": "share"})
    x = np.zeros(len(found.menu))
    x[found.menu.starts[:-1]] = 1.0
    for part, holds in ((1e-8, True), (1e-3, False)):
        x[[0, 2, 3, 4]] = [0.0, 1.0, 1.0 - part, part]
        assert Plan(found, x).limits()["holds"].tolist() == [holds]


def test_totals_by_region_and_intervention(found: Formulation) -> None:
    totals = choose(found).totals("county").set_index(["region", "intervention"])
    assert totals["area_ha"].to_dict() == {
        ("north", "keep"): 20, ("north", "conservation_tillage"): 10, ("south", "keep"): 50,
        ("south", "natural_forest_restoration"): 40, ("south", "conservation_tillage"): 30,
    }  # fmt: skip
    assert totals.loc[("south", "natural_forest_restoration"), "area_mu"] == 600
    assert totals["water"].sum() == pytest.approx(-20_000)
    assert choose(found).totals()["area_ha"].sum() == 150
    with pytest.raises(ValueError, match="unknown region level 'planet'"):
        choose(found).totals("planet")


def test_options_and_frame(found: Formulation) -> None:
    plan = choose(found)
    assert plan.options["conservation_tillage"] == {"parcels": 2, "area_ha": 40.0}
    frame = plan.to_frame()
    assert list(frame.columns) == ["parcel", "intervention", "share", "area_ha", "carbon", "food", "cost"]
    assert frame.set_index("parcel")["intervention"].to_dict() == CHOICE
    assert frame[["carbon", "food", "cost"]].sum().to_dict() == plan.changes


def test_shares(found: Formulation) -> None:
    shared = b.formulation(["carbon", "food"], about={"decision": "share"})
    x = np.zeros(len(shared.menu))
    x[shared.menu.starts[:-1]] = 1.0
    x[[0, 1, 2]] = [0.25, 0.5, 0.25]
    plan = Plan(shared, x)
    assert plan.values == {"carbon": pytest.approx(700), "food": pytest.approx(280 - 10 + 0.25)}
    assert plan.options["keep"] == {"parcels": 5, "area_ha": pytest.approx(142.5)}
    again = plan_from_frame(shared, plan.to_frame())
    np.testing.assert_allclose(again.x, x)


def test_it_prints_readably(found: Formulation) -> None:
    text, page = str(choose(found)), choose(found)._repr_html_()
    for words in (
        "Five parcels",
        "290",
        "t CO2e",
        "natural_forest_restoration",
        "limit budget is broken by 40,000 CNY",
    ):
        assert words in text
    assert "<td>natural_forest_restoration</td>" in page
    assert "all 4 limits hold" in str(choose(found, dict.fromkeys(b.IDS, "keep")))


def test_a_plan_from_a_solver_says_what_is_proven(found: Formulation) -> None:
    best = find_plan(found, next(iter(found.study.criteria)))
    plan = best.plan
    assert plan.point is best.point
    assert plan.point.gap <= 1e-4
    assert "of the best that is possible (ended: optimal)" in str(plan)
    assert "of the best that is possible (ended: optimal)" in plan._repr_html_()
    assert str(best).count("ended: optimal") == 1
    lost = replace(plan, point=replace(plan.point, gap=np.inf, termination="time limit"))
    assert "nothing is proven of it (ended: time limit)" in str(lost)
    assert "ended" not in str(replace(plan, point=None))
    front = find_front(found, request(found.study, points=2))
    assert front[0].plan.point is front[0]


def test_titles_are_escaped_in_html() -> None:
    found = b.formulation(about={"title": "<script>"})
    assert "<script>" not in choose(found)._repr_html_()


class TestSomebodysPlan:
    """`plan_from_frame`."""

    def test_options_off_the_menu_are_kept_and_counted(self, found: Formulation) -> None:
        plan = choose(found, {**CHOICE, "f2": "cropland_to_forest", "g2": "natural_forest_restoration"})
        assert {(v.parcel, v.intervention, v.area) for v in plan.violations} == {
            ("f2", "cropland_to_forest", 20.0), ("g2", "natural_forest_restoration", 50.0),
        }  # fmt: skip
        assert plan.values["food"] == pytest.approx(290 - 80)
        assert plan.values["carbon"] == pytest.approx(6000 + 2600 + 6500)
        limits = plan.limits().set_index("name")
        assert limits.loc["grain[north]", "value"] == pytest.approx(21)
        assert limits.loc["thirst", "value"] == pytest.approx(-20_000 - 20_000 - 30_000)
        assert "cropland_to_forest on parcel f2 is not on the menu" in str(plan)
        assert "keep" not in plan.options
        assert plan.to_frame()["parcel"].tolist() == list(b.IDS)

    def test_plans_on_the_menu_have_no_violations(self, found: Formulation) -> None:
        assert choose(found).violations == ()

    def test_off_the_menu_of_an_effect_table_is_a_fault(self) -> None:
        with pytest.raises(InputError, match="effect table does not have"):
            choose(b.table_formulation(), {**CHOICE, "f1": "pond", "f3": "pond"})

    def test_every_fault_is_listed(self, found: Formulation) -> None:
        frame = pd.DataFrame({"parcel": ["f1", "zz"], "intervention": ["magic", "keep"]})
        with pytest.raises(InputError) as caught:
            plan_from_frame(found, frame)
        assert [fault.rule for fault in caught.value.faults] == ["unknown parcel", "unknown intervention"]

    def test_missing_parcels_are_listed_not_kept_silently(self, found: Formulation) -> None:
        with pytest.raises(InputError, match="parcels without a row") as caught:
            choose(found, {"f1": "keep", "f2": "keep", "f3": "keep"})
        assert caught.value.faults[0].count == 2
        assert [row[0] for row in caught.value.faults[0].rows] == ["g1", "g2"]

    @pytest.mark.parametrize(
        ("extra", "match"),
        [
            ({"parcel": ["f1"], "intervention": ["conservation_tillage"]}, "occur twice"),
            ({"parcel": ["f1"], "intervention": ["keep"]}, "do not sum to 1"),
        ],
    )
    def test_parcels_with_two_rows(self, found: Formulation, extra: dict[str, Any], match: str) -> None:
        frame = pd.DataFrame(list(CHOICE.items()), columns=["parcel", "intervention"])
        with pytest.raises(InputError, match=match):
            plan_from_frame(found, pd.concat([frame, pd.DataFrame(extra)]))

    def test_shares_in_a_study_of_whole_parcels(self, found: Formulation) -> None:
        frame = pd.DataFrame(list(CHOICE.items()), columns=["parcel", "intervention"]).assign(share=0.5)
        with pytest.raises(InputError, match="the study decides whole ones"):
            plan_from_frame(found, frame)

    def test_shares_out_of_range(self, found: Formulation) -> None:
        frame = pd.DataFrame(list(CHOICE.items()), columns=["parcel", "intervention"]).assign(
            share=["x", 2, 1, 1, -1]
        )
        with pytest.raises(InputError, match="not between 0 and 1") as caught:
            plan_from_frame(found, frame)
        assert caught.value.faults[0].count == 3

    @pytest.mark.parametrize("columns", [["id", "what"], ["a", "intervention"]])
    def test_missing_columns(self, found: Formulation, columns: list[str]) -> None:
        with pytest.raises(InputError, match="missing"):
            plan_from_frame(found, pd.DataFrame([["f1", "keep"]], columns=columns))

    def test_the_id_column_of_the_study_and_numbers_as_ids_work(self) -> None:
        found = b.formulation(land=b.landscape(ids=pd.Index(["1", "2", "3", "4", "5"])))
        frame = pd.DataFrame({"id": [5, 4, 3, 2, 1], "intervention": "keep"})
        assert plan_from_frame(found, frame).violations == ()


class TestFiles:
    """`Plan.to_file`."""

    def with_geometry(self, folder: Path) -> Formulation:
        shapes = [shapely.box(i, 0, i + 1, 1) for i in range(5)]
        layer = gpd.GeoDataFrame({"id": b.IDS}, geometry=shapes, crs="EPSG:4490")
        layer.to_file(folder / "parcels.gpkg", layer="parcels")
        geometry = Geometry(folder / "parcels.gpkg", "parcels", "utf-8", "id")
        return b.formulation(["carbon", "food", "biodiversity"], land=b.landscape(geometry=geometry))

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_tables_come_back_as_the_same_plan(self, found: Formulation, tmp_path: Path, suffix: str) -> None:
        plan = choose(found)
        path = plan.to_file(tmp_path / f"plan{suffix}")
        frame = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
        assert (plan_from_frame(found, frame).x == plan.x).all()
        assert [entry.name for entry in tmp_path.iterdir()] == [path.name]

    @pytest.mark.parametrize("suffix", [".gpkg", ".shp"])
    def test_layers_carry_the_shape_of_each_parcel(self, tmp_path: Path, suffix: str) -> None:
        found = self.with_geometry(tmp_path)
        layer = gpd.read_file(choose(found).to_file(tmp_path / f"plan{suffix}"))
        assert layer.crs == "EPSG:4490"
        assert layer.geometry.bounds["minx"].tolist() == [0, 1, 2, 3, 4]
        names = layer.columns[:7].tolist()
        assert layer[names[1]].tolist() == list(CHOICE.values())
        assert names[1] == ("intervention" if suffix == ".gpkg" else "interventi")

    def test_layers_need_geometry(self, found: Formulation, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no geometry"):
            choose(found).to_file(tmp_path / "plan.gpkg")
        assert list(tmp_path.iterdir()) == []

    def test_unknown_suffix(self, found: Formulation, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"cannot write \.xlsx"):
            choose(found).to_file(tmp_path / "plan.xlsx")

    def test_spreadsheets_run_no_formulas(self, tmp_path: Path) -> None:
        ids = ["=1+1", "+2", "-3", "@x", "ok"]
        found = b.formulation(land=b.landscape(ids=pd.Index(ids)))
        plan = choose(found, dict.fromkeys(ids, "keep"))
        frame = pd.read_csv(plan.to_file(tmp_path / "plan.csv"))
        assert frame["parcel"].tolist() == ["'=1+1", "'+2", "'-3", "'@x", "ok"]
        assert (plan_from_frame(found, frame).x == plan.x).all()

    def test_a_failed_write_leaves_nothing(
        self, found: Formulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*args: object, **kwargs: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(pd.DataFrame, "to_csv", full)
        with pytest.raises(OSError, match="No space"):
            choose(found).to_file(tmp_path / "plan.csv")
        assert list(tmp_path.iterdir()) == []
