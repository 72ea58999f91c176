"""Triggers with their thresholds, and observations held against a plan, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.models.plan import Plan
from landfront.report.search import find_plan
from landfront.report.triggers import triggers as of_plan
from tests.models import builders as b

from .conftest import renewed

FOREST, TILLAGE = "natural_forest_restoration", "conservation_tillage"


def forest_plan() -> Plan:
    found = b.formulation(
        ["carbon", "food"], limits=[{"name": "grain", "criterion": "food", "min": 250.0, "owner": "bureau"}],
        about={"milestones": [2030, 2060]},
    )  # fmt: skip
    x = np.zeros(len(found.menu))
    names = ("keep", TILLAGE, "keep", FOREST, "keep")
    kinds = np.array([found.menu.interventions.index(name) for name in names])
    x[found.menu.find(np.arange(5), kinds)] = 1
    return Plan(found, x)


def observe(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "observed.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_expected_values_by_year_and_scope_are_those_of_the_formula(tmp_path: Path) -> None:
    plan = forest_plan()
    rows = [
        {"criterion": "carbon", "year": 2027, "parcel": "g1", "level": "", "region": "", "observed": 160.0},
        {"criterion": "carbon", "year": 2030, "parcel": "", "level": "county", "region": "north",
         "observed": 100.0},
        {"criterion": "carbon", "year": 2030, "parcel": "", "level": "", "region": "", "observed": 910.0},
        {"criterion": "food", "year": 2030, "parcel": "f2", "level": "", "region": "", "observed": 84.0},
    ]  # fmt: skip
    found = lf.monitor(plan, observe(tmp_path, rows))
    # 40 ha of forest at 4 t for two years; 20 ha of tillage at 1 t for five; both by 2030; 5 % of 80 t.
    assert found.rows["expected"].tolist() == pytest.approx([320, 100, 900, 84])
    assert found.rows["baseline"].tolist() == pytest.approx([0, 0, 0, 80])
    assert found.rows["short"].tolist() == pytest.approx([0.5, 0, -10 / 900, 0])
    assert found.rows["warns"].tolist() == [True, False, False, False]
    assert found.warnings["parcel"].tolist() == ["g1"]
    factors = found.calibration().set_index(["criterion", "intervention"])["factor"]
    assert factors["carbon", FOREST] == pytest.approx(0.5)
    assert factors["food", TILLAGE] == pytest.approx(1.0)
    assert "4 observations, 1 warn" in str(found)
    assert "carbon on 1 parcels is 0.5 of what was expected" in str(found)


def test_sources_that_disagree_are_listed(tmp_path: Path) -> None:
    rows = [
        {"criterion": "carbon", "year": 2030, "parcel": "g1", "source": source, "observed": value}
        for source, value in (("field", 800.0), ("satellite", 500.0))
    ]
    found = lf.monitor(forest_plan(), observe(tmp_path, rows))
    apart = found.disagreements()
    assert apart[["least", "most"]].to_numpy().tolist() == [[500.0, 800.0]]
    assert "Sources disagree on carbon of g1 in 2030" in str(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"criterion": "wool"}, "is no criterion of the plan"),
        ({"parcel": "x9"}, "unknown parcel"),
        ({"year": 2020}, "is no year from 2025 on"),
        ({"observed": "much"}, "text where a number is needed"),
        ({"parcel": "", "level": "county", "region": "east"}, "unknown region of county"),
        ({"parcel": "", "level": "town", "region": "east"}, "unknown region level"),
        ({"parcel": "", "level": "county"}, "level without region"),
        ({"level": "county", "region": "north"}, "stands beside a parcel"),
    ],
)
def test_observations_at_fault_are_refused(tmp_path: Path, change: dict[str, object], words: str) -> None:
    row = {"criterion": "carbon", "year": 2030, "parcel": "g1", "level": "", "region": "", "observed": 1.0}
    path = observe(tmp_path, [row, {**row, **change}])
    with pytest.raises(lf.InputError, match=words) as refused:
        lf.monitor(forest_plan(), path)
    assert len(refused.value.faults) == 1
    assert "observed.csv" in str(refused.value)


def test_triggers_of_limits_and_of_the_study() -> None:
    entry = {
        "name": "low",
        "criterion": "carbon",
        "below": 0.9,
        "of_expected": True,
        "action": "look",
        "kind": "act",
    }
    north = {"name": "north", "criterion": "food", "by": "county", "region": "north", "below": 200.0,
             "action": "meet", "owner": "county", "review": 2028}  # fmt: skip
    found = b.formulation(
        ["carbon", "food"], limits=[{"name": "grain", "criterion": "food", "min": 250.0, "owner": "bureau"}],
        triggers=[entry, north],
    )  # fmt: skip
    plan = find_plan(found, "carbon").plan
    told = {entry.name: entry for entry in lf.triggers(plan).entries}
    food = plan.values["food"]
    assert told["grain"].threshold == 250
    assert told["grain"].review_at == pytest.approx((food + 250) / 2)
    assert not told["grain"].fired
    assert told["low"].threshold == pytest.approx(0.9 * plan.values["carbon"])
    assert told["north"].fired
    assert told["north"].value == pytest.approx(
        plan.balance("county").set_index("region")["food"]["north"] + 100
    )
    assert told["north"].review == 2028
    assert "SET OFF" in str(lf.triggers(plan))
    assert len(lf.triggers(plan).to_frame()) == 3


@pytest.mark.parametrize(
    ("expected", "side", "share", "fired"),
    [
        (8500.0, "below", 0.9, True), (8000.0, "below", 0.9, False),
        (-9000.0, "below", 0.9, False), (6500.0, "above", 1.1, True), (7000.0, "above", 1.1, False),
    ],
)  # fmt: skip
def test_new_data_set_off_a_share_of_what_was_expected(
    expected: float, side: str, share: float, *, fired: bool
) -> None:
    entry = {"name": "low", "criterion": "carbon", side: share, "of_expected": True, "action": "look"}
    plan = find_plan(b.formulation(["carbon"], triggers=[entry]), "carbon").plan
    assert plan.values["carbon"] == pytest.approx(7500)
    told = of_plan(plan, {"carbon": expected}).entries[0]
    assert told.fired == fired
    assert told.threshold == pytest.approx(expected + (share - 1) * abs(expected))


def test_a_total_below_zero_sets_off_nothing_by_itself() -> None:
    entry = {"name": "low", "criterion": "carbon", "below": 0.9, "of_expected": True, "action": "look"}
    losing = b.catalogue(flux_1=(0, -4, -5, -1), flux_2=(0, 0, 0, 0))
    found = b.formulation(["carbon"], interventions=losing, triggers=[entry])
    x = np.zeros(len(found.menu))
    x[found.menu.starts[1:] - 1] = 1
    plan = Plan(found, x)
    told = lf.triggers(plan).entries[0]
    assert told.value < 0
    assert told.threshold == pytest.approx(1.1 * told.value)
    assert not told.fired
    assert of_plan(plan, {"carbon": told.value / 2}).entries[0].fired


def test_what_is_not_known_of_the_plan_before_is_said(old_run: Path, tmp_path: Path) -> None:
    text = """
[[triggers]]
name = "{name}"
criterion = "carbon"
below = 0.999
of_expected = true
action = "look"
"""
    more = text.format(name="all") + text.format(name="east") + 'by = "town"\nregion = "东镇"\n'
    found = lf.replan(old_run, renewed(old_run, tmp_path / "new", more=more), tmp_path / "out", points=2)
    assert found.before.values["carbon"] < 0.999 * found.old["carbon"]
    assert "Trigger all is set off" in str(found)
    assert "Trigger east cannot be held against the plan before: the carbon in 东镇" in str(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"criterion": "wool"}, "unknown criterion 'wool'"),
        ({"by": "town", "region": "x"}, "unknown region level 'town'"),
        ({"by": "county", "region": "east"}, "unknown region 'east'"),
        ({"above": 3.0}, "needs either below or above"),
        ({"by": "county"}, "give by and region together"),
    ],
)
def test_triggers_at_fault_are_refused(change: dict[str, object], words: str) -> None:
    entry = {"name": "low", "criterion": "carbon", "below": 1.0, "action": "look", **change}
    with pytest.raises(lf.InputError, match=words):
        lf.triggers(find_plan(b.formulation(["carbon"], triggers=[entry]), "carbon").plan)


def test_commands_write_tables(squares_run: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["triggers", str(squares_run), "-o", str(tmp_path / "t.csv"), "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)[0]["owner"] == "finance bureau"
    assert pd.read_csv(tmp_path / "t.csv")["threshold"].tolist() == [4e5]
    rows = [{"criterion": "carbon", "year": 2030, "level": "town", "region": "东镇", "observed": 100.0}]
    seen = observe(tmp_path, rows)
    done = CliRunner().invoke(app, ["monitor", str(squares_run), str(seen), "-o", str(tmp_path / "m.csv")])
    assert done.exit_code == 0, done.stderr
    assert "1 observations, 1 warn" in done.stdout
    assert pd.read_csv(tmp_path / "m.csv")["warns"].tolist() == [True]
    wrong = CliRunner().invoke(app, ["monitor", str(squares_run), str(seen), "--tolerance", "2"])
    assert wrong.exit_code == 2


def test_a_replan_says_what_was_observed(old_run: Path, tmp_path: Path) -> None:
    study = renewed(old_run, tmp_path / "new", more='\n[monitoring]\nsource = "seen.csv"\ntolerance = 0.2\n')
    parcel = pd.read_csv(study / "history.csv")["parcel"][0]
    frame = pd.DataFrame([{"criterion": "carbon", "year": 2027, "parcel": parcel, "observed": 1.0}])
    frame.to_csv(study / "seen.csv", index=False)
    found = lf.replan(old_run, study, tmp_path / "out")
    assert "1 observations, 1 warn" in str(found)
    assert pd.read_csv(tmp_path / "out" / "change" / "monitoring.csv")["parcel"].tolist() == [parcel]
