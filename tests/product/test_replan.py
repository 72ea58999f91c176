"""Planning again: what is done stays, change is weighed, the price of stability is proven, lineage holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.landscape import Earlier, Past
from landfront.models.formulate import formulate
from landfront.report.carried import carry
from landfront.report.lineage import parent_of
from landfront.report.weighed import find_weighed
from tests.models import builders as b
from tests.models.brute import plans

from .conftest import renewed

TRIGGERS = """
[[triggers]]
name = "low"
criterion = "carbon"
below = 5000.0
action = "look again"
owner = "forest bureau"
"""


@pytest.fixture(scope="module")
def replanned(old_run: Path) -> lf.Replan:
    base = old_run.parent
    study = renewed(old_run, base / "new", more=TRIGGERS)
    return lf.replan(
        old_run,
        study,
        base / "second",
        stability=lf.Stability(weight=20.0),
        author="Li",
        reason="prices rose",
    )


def folder_of(old_run: Path) -> Path:
    return old_run.parent / "second"


def test_what_is_done_stays_and_the_old_plan_is_judged_by_both_data(
    replanned: lf.Replan, old_run: Path
) -> None:
    done = pd.read_csv(old_run.parent / "new" / "history.csv").set_index("parcel")["intervention"]
    for plan in (replanned.plan, replanned.before, replanned.free.plan, replanned.least.plan):
        now = plan.to_frame().set_index("parcel")["intervention"]
        assert (now[done.index] == done).all()
    point = parent_of(old_run)
    front = pd.read_csv(old_run / "front.csv").iloc[point.point]
    assert replanned.old["carbon"] == pytest.approx(front["carbon"])
    assert replanned.before.values["change"] == 0
    assert replanned.before.values["carbon"] < replanned.old["carbon"]
    broken = replanned.broken.iloc[0]
    assert broken["name"] == "budget"
    assert -broken["margin"] == pytest.approx(replanned.before.values["cost"] - 4e5)
    assert replanned.plan.limits()["holds"].all()


def test_the_price_of_stability_and_the_least_change_are_proven(replanned: lf.Replan) -> None:
    low, high = replanned.price
    lost = replanned.free.plan.values["carbon"] - replanned.plan.values["carbon"]
    assert low <= lost + 1e-9
    assert high >= lost - 1e-9
    assert replanned.least.bound <= replanned.plan.values["change"] + 1e-6
    saved = replanned.free.plan.values["change"] - replanned.plan.values["change"]
    assert saved * replanned.weight >= lost - 1e-6  # else the best plan would be better for the sum as well
    assert replanned.new.gap <= 1e-4


def test_the_words_say_it_all(replanned: lf.Replan) -> None:
    words = str(replanned)
    for part in ("Nothing starts before 2028", "before, old data", "The plan before breaks 1 of 1 limits",
                 "What this stability costs", "Trigger budget is set off", "Trigger low is set off",
                 "(forest bureau)", "From the plan before to the new plan"):  # fmt: skip
        assert part in words


def test_a_replan_is_a_run_that_is_verified_with_its_lineage(replanned: lf.Replan, old_run: Path) -> None:
    folder = folder_of(old_run)
    found = lf.verify(folder)
    assert found.holds, str(found)
    assert "2 of 2 plans of the chain" in str(found)
    names = {path.name for path in (folder / "change").iterdir()}
    assert {"replan.txt", "transitions.csv", "matrix.csv", "parcels.parquet", "map_change.png",
            "triggers.csv", "by_town.csv"} <= names  # fmt: skip
    front = pd.read_csv(folder / "front.csv")
    # The front of carbon and change: more change, more carbon.
    assert front["carbon"].is_monotonic_increasing
    assert front["change"].is_monotonic_increasing


def test_the_chain_grows_and_can_be_moved(replanned: lf.Replan, old_run: Path, tmp_path: Path) -> None:
    base = tmp_path / "moved"
    shutil.copytree(old_run.parent, base)
    third = lf.replan(base / "second", base / "new", base / "third", author="Wang", reason="yearly review")
    assert third.plan.values["carbon"] == pytest.approx(third.free.plan.values["carbon"], rel=2e-4)
    found = lf.versions(base / "third")
    assert found.holds
    frame = found.to_frame()
    assert frame["place"].tolist() == ["run", "second", "third"]
    assert frame["author"].tolist() == ["", "Li", "Wang"]
    assert frame["changed_ha"].iloc[2] == pytest.approx(third.plan.values["change"])
    assert lf.verify(base / "third").holds
    done = CliRunner().invoke(app, ["versions", str(base / "third")])
    assert done.exit_code == 0
    assert "yearly review" in done.stdout


def test_a_chain_that_was_altered_is_found(replanned: lf.Replan, old_run: Path, tmp_path: Path) -> None:
    base = tmp_path / "altered"
    shutil.copytree(old_run.parent, base)
    key = parent_of(base / "run").key
    path = base / "run" / "plans" / f"{key}.parquet"
    frame = pd.read_parquet(path)
    frame.iloc[::-1].to_parquet(path, index=False)
    found = lf.versions(base / "second")
    assert not found.holds
    assert "the plan before, in ../run, was changed since" in str(found)
    assert not lf.verify(base / "second").holds
    assert CliRunner().invoke(app, ["versions", str(base / "second")]).exit_code == 5
    shutil.rmtree(base / "run")
    gone = lf.versions(base / "second")
    assert gone.holds  # the copy of the plan is as it was noted
    assert "is not there" in str(gone)


def test_the_command_takes_a_point_a_limit_of_change_and_json(old_run: Path, tmp_path: Path) -> None:
    study = renewed(old_run, tmp_path / "new")
    out = tmp_path / "out"
    arguments = ["replan", f"{old_run}:0", str(study), "-o", str(out), "--most-change", "3", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["parent"]["point"] == 0
    assert record["plan"]["values"]["change"] <= 3 + 1e-6
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 2
    assert "already holds a run" in again.stderr


def test_points_can_be_added_to_the_front_of_a_replan(
    replanned: lf.Replan, old_run: Path, tmp_path: Path
) -> None:
    base = tmp_path / "more"
    shutil.copytree(old_run.parent, base)
    before = (base / "second" / "replan.toml").read_text(encoding="utf-8")
    lf.resume(base / "second", points=12)
    assert (base / "second" / "replan.toml").read_text(encoding="utf-8") == before
    assert lf.verify(base / "second").holds


def test_a_replan_that_is_stopped_leaves_nothing_or_goes_on(
    old_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, out = renewed(old_run, tmp_path / "new"), tmp_path / "out"

    def stop(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("landfront.report.replan.carry", stop)
        with pytest.raises(KeyboardInterrupt):
            lf.replan(old_run, study, out)
        assert not out.exists()
    with monkeypatch.context() as patched:
        patched.setattr("landfront.report.run.find_front", stop)
        with pytest.raises(KeyboardInterrupt):
            lf.replan(old_run, study, out)
    # The new plan was found: what is left is a run that is gone on with, and its lineage.
    lf.resume(out)
    assert lf.verify(out).holds
    assert [step.folder.name for step in lf.versions(out).steps] == ["out", "run"]


def test_a_table_of_a_plan_can_be_followed(old_run: Path, tmp_path: Path) -> None:
    study = renewed(old_run, tmp_path / "new")
    table = tmp_path / "plan.csv"
    pd.read_parquet(parent_of(old_run).file).to_csv(table, index=False)
    found = lf.replan(table, study, tmp_path / "out")
    assert found.old == {}
    assert "before, old data" not in str(found)
    assert lf.verify(tmp_path / "out").holds


def edit(column: str, value: Any, row: int = 0) -> Callable[[Path], None]:
    def change(study: Path) -> None:
        frame = pd.read_csv(study / "history.csv").astype(object)
        frame.loc[row, column] = value
        frame.to_csv(study / "history.csv", index=False)

    return change


def twice(study: Path) -> None:
    frame = pd.read_csv(study / "history.csv")
    pd.concat([frame, frame.head(1)]).to_csv(study / "history.csv", index=False)


def no_column(study: Path) -> None:
    pd.read_csv(study / "history.csv").drop(columns="intervention").to_csv(study / "history.csv", index=False)


def smaller(study: Path) -> None:
    import geopandas as gpd

    layer = gpd.read_file(study / "parcels.gpkg")
    first = pd.read_csv(study / "history.csv")["parcel"][0]
    layer.loc[layer["id"] == first, "area_ha"] = 0.5
    layer.to_file(study / "parcels.gpkg", layer="parcels", driver="GPKG")


def gone(study: Path) -> None:
    import geopandas as gpd

    layer = gpd.read_file(study / "parcels.gpkg")
    first = pd.read_csv(study / "history.csv")["parcel"][0]
    layer[layer["id"] != first].to_file(study / "parcels.gpkg", layer="parcels", driver="GPKG")
    effects = pd.read_csv(study / "effects.csv")
    effects[effects["id"] != first].to_csv(study / "effects.csv", index=False)


def locked(study: Path) -> None:
    text = (study / "study.toml").read_text(encoding="utf-8")
    frame = pd.read_csv(study / "history.csv")
    import geopandas as gpd

    layer = gpd.read_file(study / "parcels.gpkg")
    layer["kept"] = (layer["id"] == frame["parcel"][0]).astype(int)
    layer.to_file(study / "parcels.gpkg", layer="parcels", driver="GPKG")
    text += '\n[[locks]]\nname = "agreed"\ncolumn = "kept"\nintervention = "keep"\n'
    (study / "study.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (edit("parcel", "p999"), "unknown parcel"),
        (gone, "unknown parcel"),
        (edit("intervention", "pond"), "'pond' is not in the catalogue of the study"),
        (edit("year", 2020), "was done before the study's start, 2025"),
        (edit("year", 2028), "lies in the future: history ends before 2028"),
        (edit("year", "soon"), "text where a number is needed"),
        (twice, "two histories for one parcel"),
        (no_column, "intervention"),
        (smaller, "changed their area beyond the tolerance of 2%"),
        (locked, "lock 'agreed' gives another intervention"),
        (lambda study: (study / "history.csv").unlink(), "history.csv"),
    ],
)
def test_a_history_that_contradicts_the_data_is_one_clear_message(
    old_run: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    study = renewed(old_run, tmp_path / "new")
    spoil(study)
    done = CliRunner().invoke(app, ["replan", str(old_run), str(study), "-o", str(tmp_path / "out")])
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert done.stderr.count("\n  - ") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--point", "99"], "the front has no point 99"),
        (["--criterion", "wool"], "there is no criterion 'wool'"),
        (["--weight", "-1"], "must be 0 or more per ha"),
        (["--most-change", "0"], "no plan changes 0 ha at most"),
        (["--requests", "nothing.csv"], "is missing"),
        (["--points", "1"], "must be 'all' or a whole number of at least 2"),
    ],
)
def test_a_request_that_cannot_be_is_refused(
    old_run: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    study, out = renewed(old_run, tmp_path / "new"), tmp_path / "out"
    done = CliRunner().invoke(app, ["replan", str(old_run), str(study), "-o", str(out), *arguments])
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda run: shutil.rmtree(run / "plans"), "cannot be read"),
        (lambda run: (run / "run.toml").write_text("x = ["), "is not valid TOML"),
        (lambda run: (run / "run.sqlite").write_bytes(b"nothing"), "run.sqlite"),
        (lambda run: (run / "front.csv").unlink(), "front.csv"),
        (lambda run: shutil.rmtree(run), "is missing"),
    ],
)
def test_a_damaged_run_is_refused(
    old_run: Path, tmp_path: Path, spoil: Callable[[Path], Any], words: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(old_run, run)
    study = renewed(old_run, tmp_path / "new")
    spoil(run)
    done = CliRunner().invoke(app, ["replan", str(run), str(study), "-o", str(tmp_path / "out")])
    assert done.exit_code == 2, done.output
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_damaged_record_of_lineage_is_refused(replanned: lf.Replan, old_run: Path, tmp_path: Path) -> None:
    base = tmp_path / "damaged"
    shutil.copytree(old_run.parent, base)
    (base / "second" / "replan.toml").write_text("created = 1\n")
    for arguments in (["versions"], ["replan"]):
        more = [str(base / "new"), "-o", str(tmp_path / "out")] if arguments == ["replan"] else []
        done = CliRunner().invoke(app, [*arguments, str(base / "second"), *more])
        assert done.exit_code == 2
        assert "replan.toml: parent: is missing" in done.stderr
    assert not lf.verify(base / "second").holds


@settings(max_examples=15, deadline=None)
@given(
    kinds=st.lists(st.integers(0, 2), min_size=5, max_size=5), weight=st.floats(0.5, 200),
    budget=st.floats(2e4, 4e5),
)  # fmt: skip
def test_the_weighed_plan_is_that_of_brute_force(kinds: list[int], weight: float, budget: float) -> None:
    names = ("keep", "conservation_tillage", "natural_forest_restoration")
    land = b.landscape(earlier=Earlier(np.arange(5), np.array(kinds), np.ones(5), np.array(b.AREA), names))
    found = b.formulation(
        ["carbon", "change", "cost"], land=land,
        limits=[{"name": "budget", "criterion": "cost", "max": budget}],
    )  # fmt: skip
    x = plans(found.program)
    values = found.program.objectives.to_csr() @ x.T + found.program.offsets[:, None]
    sums = (-values[0] + weight * values[1])[values[2] <= budget + 1e-6]
    best = find_weighed(found, {"carbon": 1.0, "change": weight}, gap=1e-9)
    assert best.value == pytest.approx(sums.min(), rel=1e-6, abs=1e-6)
    assert best.bound <= best.value + 1e-9
    assert carry(found).plan.values["change"] == pytest.approx(
        sum(
            area for area, kind, own in zip(b.AREA, kinds, _carried(found), strict=True) if names[kind] != own
        )
    )


def _carried(found: Any) -> list[str]:
    frame = carry(found).plan.to_frame()
    return [str(name) for name in frame.sort_values("parcel")["intervention"]]


def test_new_parcels_and_lost_interventions_are_said() -> None:
    names = ("keep", "pond")
    land = b.landscape(
        earlier=Earlier(
            np.arange(3), np.array([0, 1, 1]), np.ones(3), np.array(b.AREA[:3]), names, ("old",), 7.0
        )
    )
    found = carry(b.formulation(["carbon", "change"], land=land))
    words = " ".join(found.notes)
    assert "2 parcels (50 ha) are no longer in the study (pond)" in words
    assert "2 parcels (90 ha) are none: these parcels are new" in words
    assert "1 parcels of the earlier plan (7 ha) are gone" in words


@pytest.mark.parametrize(("since", "start"), [(None, 2025), (2028, 2030)])
def test_a_plan_without_years_starts_in_the_first_one_that_is_left(since: int | None, start: int) -> None:
    names, none = ("keep", "conservation_tillage"), np.zeros(0, dtype=np.int64)
    past = None if since is None else Past(none, none, none, np.zeros(0), (), since)
    land = b.landscape(
        earlier=Earlier(np.arange(5), np.array([0, 1, 0, 0, 0]), np.ones(5), np.array(b.AREA), names),
        past=past,
    )
    more: dict[str, Any] = {} if since is None else {"history": {"source": "history.csv", "year": since}}
    found = carry(b.formulation(["carbon"], land=land, periods={"starts": [2025, 2030, 2040]}, **more))
    kinds = found.plan.to_frame().set_index("parcel")["intervention"]
    assert kinds["f2"] == f"conservation_tillage@{start}"
    assert len(found.notes) == 1
    assert "1 parcels (20 ha) name no year, so they start in the first one" in found.notes[0]


def test_what_was_done_as_planned_is_no_difference() -> None:
    names = ("keep", "conservation_tillage@2025")
    one = np.array([1])
    land = b.landscape(
        earlier=Earlier(np.arange(5), np.array([0, 1, 1, 0, 0]), np.ones(5), np.array(b.AREA), names),
        past=Past(one, one - 1, np.array([2026]), np.ones(1), ("conservation_tillage",), 2030),
    )
    found = b.formulation(
        ["carbon", "change"], land=land, periods={"starts": [2025, 2030]},
        history={"source": "history.csv", "year": 2030},
    )  # fmt: skip
    plan = carry(found)
    assert plan.notes == ()
    assert plan.plan.values["change"] == 0
    kinds = plan.plan.to_frame()["intervention"].tolist()
    assert kinds == ["keep", "conservation_tillage@2025", "conservation_tillage@2030", "keep", "keep"]


def test_the_least_change_is_found_by_hand() -> None:
    """A budget for all but 1 CNY of three tilled farms: the smallest, of 10 ha, must go back."""
    land = b.landscape(
        earlier=Earlier(np.arange(5), np.array([1, 1, 1, 0, 0]), np.ones(5), np.array(b.AREA),
                        ("keep", "conservation_tillage"))
    )  # fmt: skip
    limits = [{"name": "budget", "criterion": "cost", "max": 60 * 1500 - 1}]
    found = b.formulation(["carbon", "change", "cost"], land=land, limits=limits)
    least = find_weighed(found, {"change": 1.0}, gap=1e-9)
    assert least.value == pytest.approx(10.0)
    assert not carry(found).plan.limits()["holds"].all()


def test_a_study_may_name_history_and_previous_plan_itself(old_run: Path, tmp_path: Path) -> None:
    study = renewed(old_run, tmp_path / "new")
    file = parent_of(old_run).file
    with (study / "study.toml").open("a", encoding="utf-8") as toml:
        toml.write(f'\n[previous]\nsource = "{file.as_posix()}"\n')
    text = (study / "study.toml").read_text(encoding="utf-8")
    text = text.replace('cost = { sense = "min" }', 'cost = { sense = "min" }\nchange = { sense = "min" }', 1)
    (study / "study.toml").write_text(text, encoding="utf-8")
    assert formulate(lf.read(study)).effects["change"].baseline.sum() > 0
    front = lf.front(study, ["carbon", "change"], points=3)
    assert front.values[:, 1].min() >= 0


def test_what_is_done_in_part_stays_in_shared_parcels(
    squares_run: Path, squares: Path, tmp_path: Path
) -> None:
    study = tmp_path / "new"
    shutil.copytree(squares, study)
    rows = [("p000", "agroforestry", 0.25), ("p001", "mixed_plantation", 0.5), ("p001", "agroforestry", 0.5)]
    frame = pd.DataFrame(rows, columns=["parcel", "intervention", "area_ha"]).assign(year=2026)
    frame.to_csv(study / "history.csv", index=False)
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[history]\nsource = "history.csv"\nyear = 2028\n')
    found = lf.replan(squares_run, study, tmp_path / "out", stability=lf.Stability(weight=5.0))
    for plan in (found.plan, found.before, found.free.plan, found.least.plan):
        shares = plan.to_frame().set_index(["parcel", "intervention"])["share"]
        for parcel, intervention, share in rows:
            assert shares[parcel, intervention] >= share - 1e-6
    assert lf.verify(tmp_path / "out").holds
    told = lf.explain(tmp_path / "out")
    assert told.loss >= -1e-6
    wide = frame.assign(area_ha=[0.25, 0.6, 0.5])
    wide.to_csv(study / "history.csv", index=False)
    with pytest.raises(lf.InputError, match="more is done than the parcel has"):
        lf.replan(squares_run, study, tmp_path / "no")
