"""A run directory holds what DESIGN 7 says, is whole or absent, and follows from the study."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import landfront.api as lf
from landfront.instances.study import read_study, study_from
from landfront.report.folder import disk_full, new_folder

from .conftest import copy_tiny, write_squares

FILES = {
    "balance.csv", "coefficients.csv", "figures", "front.csv", "funds.csv", "limits.csv", "menu.csv", "plans",
    "run.sqlite", "run.toml", "summary.txt", "totals.csv",
}  # fmt: skip


def test_it_holds_these_files_and_no_others(tiny_run: Path, squares_run: Path) -> None:
    assert {entry.name for entry in tiny_run.iterdir()} == FILES
    assert {entry.name for entry in squares_run.iterdir()} == FILES | {"plans.gpkg", "rasters"}


def test_front_csv_has_every_criterion_in_file_order(tiny: Path, tiny_run: Path) -> None:
    frame = pd.read_csv(tiny_run / "front.csv")
    assert list(frame.columns) == ["point", *read_study(tiny).criteria, "bound", "gap", "termination"]
    assert frame["point"].tolist() == list(range(len(frame)))
    assert frame["carbon"].is_monotonic_increasing
    assert (frame["bound"] >= frame["carbon"] * (1 - 1e-9)).all()
    size = np.maximum(frame["carbon"].abs(), 1e-9)
    np.testing.assert_allclose(frame["gap"], (frame["bound"] - frame["carbon"]).abs() / size, atol=1e-12)


def test_each_point_has_its_plan(tiny_run: Path) -> None:
    record = tomllib.loads((tiny_run / "run.toml").read_text(encoding="utf-8"))
    front = pd.read_csv(tiny_run / "front.csv")
    keys = {entry.stem for entry in (tiny_run / "plans").iterdir()}
    assert {entry["key"] for entry in record["plans"]} <= keys
    assert len(keys) >= len(front)
    plan = pd.read_parquet(next((tiny_run / "plans").iterdir()))
    assert list(plan.columns) == ["parcel", "intervention", "share", "area_ha"]
    assert plan["area_ha"].sum() == pytest.approx(160)


def test_totals_add_up_at_every_level(tiny_run: Path) -> None:
    totals = pd.read_csv(tiny_run / "totals.csv", keep_default_na=False)
    front = pd.read_csv(tiny_run / "front.csv")
    sums = totals.groupby(["point", "level"])[["area_ha", "area_mu", "carbon", "cost"]].sum()
    assert set(totals["level"]) == {"all", "county", "town"}
    np.testing.assert_allclose(sums["area_ha"], 160)
    np.testing.assert_allclose(sums["area_mu"], 2400)
    for level in ("all", "county", "town"):
        np.testing.assert_allclose(sums.xs(level, level="level")["carbon"], front["carbon"])
        np.testing.assert_allclose(sums.xs(level, level="level")["cost"], front["cost"])


def test_limits_say_value_bound_margin_price_owner_and_reason(tiny_run: Path) -> None:
    limits = pd.read_csv(tiny_run / "limits.csv", keep_default_na=False)
    assert {
        "plan",
        "name",
        "region",
        "value",
        "lower",
        "upper",
        "margin",
        "shadow_price",
        "owner",
        "reason",
    } <= set(limits.columns)
    assert set(limits["plan"]) >= {"max_carbon", "max_food", "min_cost"}
    assert (limits["holds"].astype(str) == "True").all()
    assert "finance bureau" in set(limits["owner"])


LEAST = 'least = { effect = "carbon", sense = "max", measure = "smallest" }\n'


@pytest.mark.parametrize("more", ["", LEAST], ids=["sums", "measure"])
def test_the_price_of_a_hectare_is_what_one_more_brings(tmp_path: Path, more: str) -> None:
    study = write_squares(tmp_path / "study", budget=5e5)
    text = (study / "study.toml").read_text(encoding="utf-8").replace("[criteria]\n", f"[criteria]\n{more}")
    cap = (
        '[[limits]]\nname = "plantable"\ncriterion = "area"\ninterventions = ["mixed_plantation"]\nmax = {}\n'
    )
    carbon = {}
    for hectares in (9.7, 9.71):
        (study / "study.toml").write_text(
            text.replace("[front]", cap.format(hectares) + "\n[front]"), "utf-8"
        )
        carbon[hectares] = lf.plan(lf.read(study), maximise="carbon", gap=1e-9).values["carbon"]
    lf.run(study, tmp_path / "run", points=4)
    limits = pd.read_csv(tmp_path / "run" / "limits.csv").set_index(["plan", "name"])
    price = float(limits["shadow_price"].to_dict()["max_carbon", "plantable"])
    assert price > 0
    assert (carbon[9.71] - carbon[9.7]) / 0.01 == pytest.approx(price, rel=1e-4)


def test_a_run_says_what_made_it_and_comes_out_the_same_again(
    tiny: Path, tiny_run: Path, tmp_path: Path
) -> None:
    record = tomllib.loads((tiny_run / "run.toml").read_text(encoding="utf-8"))
    assert {"python", "landfront", "highspy", "numpy"} <= set(record["versions"])
    assert record["seed"] == 0
    lf.run(tiny, tmp_path / "again")
    for file in ("front.csv", "totals.csv", "limits.csv"):
        assert (tmp_path / "again" / file).read_bytes() == (tiny_run / file).read_bytes()


def test_the_study_in_run_toml_is_the_study(tiny: Path, tiny_run: Path) -> None:
    record = tomllib.loads((tiny_run / "run.toml").read_text(encoding="utf-8"))
    assert study_from(record["study"], tiny / "study.toml") == read_study(tiny)
    assert record["study_path"] == "../study"
    assert set(record["units"]) == set(read_study(tiny).criteria)
    assert record["certificate"]["complete"] is True
    assert all(len(text) == 64 for text in record["inputs"].values())
    assert "study.toml" in record["inputs"]


def test_the_summary_has_units_mu_and_proof(tiny_run: Path) -> None:
    text = (tiny_run / "summary.txt").read_text(encoding="utf-8")
    for words in (
        "t CO2e",
        " mu)",
        "given up brings",
        "gets the same choice",
        "bind",
        "front is complete",
        "assumed",
    ):
        assert words in text


@pytest.mark.parametrize("held", ["run.toml", "notes.txt"])
def test_a_folder_that_holds_anything_is_refused_and_left_alone(
    tiny: Path, tmp_path: Path, held: str
) -> None:
    (tmp_path / held).write_text("mine", encoding="utf-8")
    with pytest.raises(lf.InputError, match=r"already holds a run|is not empty"):
        lf.run(tiny, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [held]


def test_an_infeasible_study_leaves_nothing(tmp_path: Path) -> None:
    study = copy_tiny(tmp_path / "study")
    text = (study / "study.toml").read_text(encoding="utf-8")
    clash = '[[limits]]\nname = "sink"\ncriterion = "carbon"\nmin = 1.8e4\n\n[front]'
    changed = text.replace("max = 1.5e6", "max = 1e5").replace("[front]", clash)
    (study / "study.toml").write_text(changed, encoding="utf-8")
    with pytest.raises(lf.InfeasibleError) as caught:
        lf.run(study, tmp_path / "deep" / "run")
    assert {clash.limit.name for clash in caught.value.clashes} == {"budget", "sink"}
    assert "finance bureau" in str(caught.value)
    assert "alone it can reach 0 CNY to" in str(caught.value)
    assert not (tmp_path / "deep").exists()


def fail_inside(place: Path) -> None:
    with new_folder(place) as folder:
        (folder / "figures").mkdir()
        (folder / "figures" / "a.png").write_bytes(b"1")
        raise RuntimeError("inside")


def test_a_run_in_an_empty_folder_that_fails_leaves_it_empty(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        fail_inside(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_error_that_is_not_about_room_is_not_called_a_full_disk(tmp_path: Path) -> None:
    assert not disk_full(ValueError("x"), tmp_path)
    assert not disk_full(PermissionError(13, "denied"), tmp_path)
    caused = RuntimeError("GDAL failed")
    caused.__cause__ = OSError(28, "No space left on device")
    assert disk_full(caused, tmp_path)


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from landfront.cli import main
sys.argv = ["landfront", *sys.argv[2:]]
main()
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 kB; skipped where mounting is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here; the capped file size stands for it")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full_is_cleaned_up(squares: Path, small_disk: Path) -> None:
    with pytest.raises(lf.InputError, match="the disk is full"):
        lf.run(squares, small_disk / "run")
    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("room", [6_000, 45_000, 90_000])
def test_a_full_disk_is_one_clear_message_and_leaves_nothing(
    squares: Path, tmp_path: Path, room: int
) -> None:
    """A cap on file size stands for the full disk: mounting a small one needs rights that a tester may lack.

    The three sizes stop the store, the layers and the figures.
    """
    run = tmp_path / "run"
    command = [sys.executable, "-c", LIMITED, str(room), "front", str(squares), "-o", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2, done.stderr
    assert "the disk is full or fails, so nothing was kept" in done.stderr
    assert "Traceback" not in done.stderr
    assert not run.exists()


@pytest.mark.parametrize("decision", ["share", "whole"])
def test_the_front_of_shares_is_at_least_as_good_as_that_of_whole_parcels(
    tmp_path: Path, decision: str
) -> None:
    study = write_squares(tmp_path / "study", decision=decision, side=4, budget=1e5)
    front = lf.front(study, points=4)
    assert len(front) >= 2
    x = np.asarray(front[0].x, dtype=np.float64)
    assert np.isin(x, (0, 1)).all() == (decision == "whole") or decision == "share"
    assert all(front[i].plan.limits()["holds"].all() for i in range(len(front)))


MEASURED = """
worst = { effect = "carbon", measure = "smallest", by = "county", per = "area", sense = "max" }
"""
FUNDS = """
[[funds]]
name = "central"
amount = 1e6
earmarks = [{ share = 0.2, regions = ["North"] }]

[[funds]]
name = "county"
amount = 4e5
regions = ["South"]

[front]
criteria = ["carbon", "worst"]
"""


def test_a_run_with_measures_and_funds_is_written_resumed_and_verified(tmp_path: Path) -> None:
    study = copy_tiny(tmp_path / "study")
    text = (study / "study.toml").read_text(encoding="utf-8")
    text = text.replace("[[limits]]", MEASURED + "\n[[limits]]", 1)
    text = text[: text.index("[front]")] + FUNDS + 'points = "all"\n'
    text = text.replace("[criteria]", "[periods]\nstarts = [2025, 2040]\n\n[criteria]", 1)
    (study / "study.toml").write_text(text, encoding="utf-8")
    result = lf.run(study, tmp_path / "run")
    assert result.front.complete
    assert lf.verify(tmp_path / "run").holds
    balance = pd.read_csv(tmp_path / "run" / "balance.csv", keep_default_na=False)
    totals = pd.read_csv(tmp_path / "run" / "totals.csv", keep_default_na=False)
    named = result.named[0]
    own = balance[(balance["plan"] == named.name) & (balance["level"] == "county")]
    whole = totals[(totals["point"] == named.point) & (totals["level"] == "all")]
    assert own["carbon"].sum() == pytest.approx(whole["carbon"].sum())
    assert min(own["carbon"] / own["area_ha"]) == pytest.approx(result.total(named.point, "worst"))
    funds = pd.read_csv(tmp_path / "run" / "funds.csv", keep_default_na=False)
    assert set(funds["fund"]) == {"central", "county"}
    assert (funds["left"].astype(float) >= -1e-6).all()
    assert "periods" in (tmp_path / "run" / "run.toml").read_text(encoding="utf-8")
    again = lf.front(study, ["carbon", "worst"], points="all", resume=result.front)
    assert again.values.tolist() == result.front.values.tolist()


def test_groups_of_people_have_floors_and_a_balance_of_their_own(tmp_path: Path) -> None:
    study = copy_tiny(tmp_path / "study")
    frame = pd.read_csv(study / "parcels.csv", dtype={"cover": str})
    frame["household"] = ["small", "large", "small"] * 4  # crosses towns and counties
    frame.to_csv(study / "parcels.csv", index=False)
    text = (study / "study.toml").read_text(encoding="utf-8")
    text = text.replace(
        'regions = ["county", "town"]', 'regions = ["county", "town"]\ngroups = ["household"]'
    )
    floor = '[[limits]]\nname = "bread"\ncriterion = "food"\nby = "household"\nmin = { share = 0.95 }\n\n'
    (study / "study.toml").write_text(text.replace("[[limits]]", floor + "[[limits]]", 1), encoding="utf-8")
    plan = lf.plan(study, maximise="carbon")
    balance = plan.balance("household").set_index("region")
    assert set(balance.index) == {"small", "large"}
    assert (balance["food_share"] >= -0.05 - 1e-9).all()
    loose = lf.plan(lf.read(copy_tiny(tmp_path / "loose")), maximise="carbon")
    assert plan.values["carbon"] < loose.values["carbon"]
    assert "county (2) > town" in str(lf.check(study))
