"""Commands: exit codes, messages for people, JSON for scripts, nothing half-written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from landfront.cli import app
from landfront.report.stored import read_run

from .conftest import copy_tiny, write_squares

COMMANDS = (
    "new", "check", "plan", "front", "resume", "score", "verify", "figures", "generate", "catalogue", "demo",
    "nested", "mac", "cascade", "compensate", "report",
)  # fmt: skip


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def data(*arguments: object) -> dict[str, Any]:
    done = run(*arguments)
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout))


def faulty(folder: Path, old: str, new: str, *, file: str = "study.toml") -> Path:
    """The tiny study with one text replaced."""
    study = copy_tiny(folder)
    text = (study / file).read_text(encoding="utf-8")
    assert old in text
    (study / file).write_text(text.replace(old, new), encoding="utf-8")
    return study


def test_help_names_every_command_and_the_exit_codes() -> None:
    done = run("--help")
    assert done.exit_code == 0
    assert all(f"  {name}" in done.stdout for name in COMMANDS)
    assert "5 verify found a" in done.stdout
    assert all(run(name, "--help").exit_code == 0 for name in COMMANDS)


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys, landfront.cli\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'geopandas', 'matplotlib', 'highspy', 'pydantic', 'pyomo'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_check_says_what_is_in_a_study(tiny: Path) -> None:
    done = run("check", tiny)
    assert done.exit_code == 0
    for words in (
        "12 parcels",
        "2,400 mu",
        "mask:park",
        "13 verified",
        "finance bureau",
        "28 options",
        "Notes",
    ):
        assert words in done.stdout
    found = data("check", tiny, "--json")
    assert found["parcels"] == 12
    assert found["size"] == {"columns": 28, "rows": 7, "groups": 12}
    assert found["marks"]["verified"] == 13


def test_check_names_a_limit_that_no_plan_can_meet(tmp_path: Path) -> None:
    study = faulty(tmp_path / "s", "min = { share = 0.8", "min = { share = 9.0")
    done = run("check", study)
    assert done.exit_code == 3
    assert "CANNOT BE MET: grain" in done.stdout


def test_plan_json_has_the_agreed_shape(tiny: Path) -> None:
    found = data("plan", tiny, "--minimise", "cost", "--json")
    assert set(found) == {"criteria", "objective", "bound", "gap", "termination", "options"}
    assert found["objective"] == "cost"
    assert found["options"]["keep"].keys() == {"parcels", "area_ha"}
    first = data("plan", tiny, "--json")
    assert first["objective"] == "carbon"
    assert first["criteria"]["carbon"] > found["criteria"]["carbon"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "gpkg", "shp"])
def test_plan_writes_the_file_that_is_asked_for(squares: Path, tmp_path: Path, suffix: str) -> None:
    done = run("plan", squares, "-o", tmp_path / f"plan.{suffix}")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / f"plan.{suffix}").stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--maximise", "cost"], "Use minimise"),
        (["--minimise", "carbon"], "Use maximise"),
        (["--maximise", "carbn"], "has no criterion 'carbn'"),
        (["--maximise", "carbon", "--minimise", "cost"], "both given"),
        (["-o", "plan.doc"], "not a kind of plan file"),
        (["-o", "nowhere/plan.csv"], "its folder is missing"),
        (["-o", "plan.gpkg"], "geometry"),
    ],
)
def test_plan_refuses(tiny: Path, tmp_path: Path, arguments: list[str], words: str) -> None:
    given = [
        str(tmp_path / entry) if entry.startswith(("plan.", "nowhere")) else entry for entry in arguments
    ]
    done = run("plan", tiny, *given)
    assert done.exit_code == 2
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_front_verify_score_and_figures_work_one_after_the_other(squares: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = run("front", squares, "-o", folder, "--criteria", "carbon,cost", "--points", "4")
    assert done.exit_code == 0, done.stderr
    assert "What is possible" in done.stdout
    assert run("verify", folder).exit_code == 0
    assert data("verify", folder, "--json")["holds"] is True
    key = read_run(folder).stored.points[1].key
    frame = pd.read_parquet(folder / "plans" / f"{key}.parquet")
    frame.to_csv(tmp_path / "plan.csv", index=False)
    assert "Limits: all 1 hold" in run("score", squares, tmp_path / "plan.csv", "--run", folder).stdout
    assert (
        abs(data("score", squares, tmp_path / "plan.csv", "--run", folder, "--json")["front"]["distance"])
        < 1e-6
    )
    before = (folder / "figures" / "front.svg").read_bytes()
    (folder / "figures" / "front.svg").unlink()
    assert run("figures", folder).exit_code == 0
    assert (folder / "figures" / "front.svg").read_bytes() == before
    edited = (folder / "front.csv").read_text(encoding="utf-8").replace("1", "2", 3)
    (folder / "front.csv").write_text(edited, encoding="utf-8")
    done = run("verify", folder)
    assert done.exit_code == 5
    assert "MISMATCH  figures: front.csv" in done.stdout


def test_front_json_has_points_units_and_certificate(tiny: Path, tmp_path: Path) -> None:
    found = data("front", tiny, "-o", tmp_path / "run", "--json")
    assert found["criteria"] == ["carbon", "food"]
    assert {"point", "carbon", "cost", "bound", "gap", "termination"} <= found["front"][0].keys()
    assert found["units"]["carbon"] == "t CO2e"
    assert found["certificate"]["complete"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--criteria", "carbon"], "two different criteria"),
        (["--criteria", "carbon,carbon"], "two different criteria"),
        (["--criteria", "carbon,nothing"], "no criterion 'nothing'"),
        (["--points", "1"], "at least 2"),
        (["--points", "many"], "'all' or a whole number"),
        (["--gap", "0"], "between 0 and 1"),
        (["--time-limit", "-1"], "positive number of seconds"),
        (["--method", "magic"], "auto, sandwich, boxes"),
        (["--method", "sandwich"], "whole parcels do not allow"),
        (["--method", "lexicographic"], "in Python"),
        (["--method", "boxes", "--criteria", "carbon,food,cost"], "takes two criteria"),
        (["--max-solves", "0"], "must be 1 or more"),
        (["--workers", "0"], "must be 1 or more"),
        (["--coverage", "1"], "must be a share"),
        (["--solver", "nobody"], "not available through Pyomo"),
    ],
)
def test_front_refuses_before_it_makes_anything(
    tiny: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = run("front", tiny, "-o", tmp_path / "run", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


def test_all_faults_of_a_request_are_listed_at_once(tiny: Path, tmp_path: Path) -> None:
    done = run("front", tiny, "-o", tmp_path / "run", "--criteria", "a,b", "--points", "1", "--gap", "2")
    assert done.exit_code == 2
    assert "4 faults in the input" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "file", "words"),
    [
        ("area_ha", "area", "parcels.csv", ["parcels.csv: area_ha", "no such column"]),
        ('"area_ha", unit = "ha"', '"area_ha", unit = "acre"', "study.toml", ["acre"]),
        ('criterion = "cost"', 'criterion = "costs"', "study.toml", ["costs"]),
        ('by = "county"', 'by = "country"', "study.toml", ["country"]),
        ("[consent]", "[concent]", "study.toml", ["concent", "unknown key"]),
        ("[study]", "[study", "study.toml", ["not valid TOML"]),
    ],
)
def test_bad_input_is_told_in_plain_words(
    tmp_path: Path, old: str, new: str, file: str, words: list[str]
) -> None:
    study = faulty(tmp_path / "s", old, new, file=file)
    for command in (["check", study], ["plan", study], ["front", study, "-o", tmp_path / "run"]):
        done = run(*command)
        assert done.exit_code == 2, done.output
        assert all(word in done.stderr for word in words), done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert not (tmp_path / "run").exists()


def test_an_infeasible_study_names_the_limits_that_clash(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", side=3)
    text = (study / "study.toml").read_text(encoding="utf-8")
    clash = '[[limits]]\nname = "sink"\ncriterion = "carbon"\nmin = 1500.0\n\n[front]'
    (study / "study.toml").write_text(
        text.replace("max = 400000.0", "max = 1e4").replace("[front]", clash), encoding="utf-8"
    )
    for command in (["plan", study], ["front", study, "-o", tmp_path / "run"]):
        done = run(*command)
        assert done.exit_code == 3, done.output
        assert "budget: cost at most 10 thousand CNY; alone it can reach 0 CNY" in done.stderr
        assert "sink: carbon at least 1,500 t CO2e" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_missing_study_and_a_missing_run_are_bad_input(tmp_path: Path) -> None:
    assert run("check", tmp_path / "none").exit_code == 2
    assert run("verify", tmp_path / "none").exit_code == 2
    assert run("verify", tmp_path).exit_code == 2
    assert run("nonsense").exit_code == 2


def test_an_internal_error_is_one_line_and_exit_code_1(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(study: object) -> None:
        raise RuntimeError("broken inside")

    monkeypatch.setattr("landfront.api.check", fail)
    done = run("check", tiny)
    assert done.exit_code == 1
    assert done.stderr.startswith("Internal error: RuntimeError: broken inside")
    assert isinstance(run("--debug", "check", tiny).exception, RuntimeError)
    run("--help")


def test_catalogue_lists_names_in_both_languages_and_numbers_with_marks() -> None:
    done = run("catalogue")
    assert done.exit_code == 0
    assert "混交造林" in done.stdout
    assert "Mixed-species plantation" in done.stdout
    done = run("catalogue", "mangrove")
    assert "CNY" in done.stdout
    rows = json.loads(run("catalogue", "mangrove", "--json").stdout)
    assert {"parameter", "value", "low", "high", "unit", "source", "verified"} <= rows[0].keys()
    assert run("catalogue", "mango").exit_code == 2


def test_new_drafts_a_study_and_says_what_it_guessed(squares: Path, tmp_path: Path) -> None:
    done = run("new", squares / "parcels.gpkg", "-o", tmp_path / "draft")
    assert done.exit_code == 0, done.stderr
    assert "Guessed" in done.stdout
    assert (tmp_path / "draft" / "study.toml").is_file()
    assert run("new", squares / "parcels.gpkg", "-o", tmp_path / "draft").exit_code == 2


def test_generate_county_writes_a_study(tmp_path: Path) -> None:
    done = run(
        "generate", "county", "--parcels", "1000", "--seed", "4", "-o", tmp_path / "c", "--layer", "parquet"
    )
    assert done.exit_code == 0, done.stderr
    assert run("check", tmp_path / "c").exit_code == 0
    assert run("generate", "county", "--parcels", "5", "-o", tmp_path / "d").exit_code == 2


def test_demo_writes_the_study_beside_the_run(tmp_path: Path) -> None:
    done = run("demo", "china", "-o", tmp_path / "demo")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "demo-study" / "study.toml").is_file()
    assert not (tmp_path / "demo" / "plans.gpkg").exists()
    assert (tmp_path / "demo" / "report.html").is_file()
    assert run("verify", tmp_path / "demo").exit_code == 0
    assert run("demo", "china", "-o", tmp_path / "demo").exit_code == 2


def test_a_time_limit_ends_with_what_was_found(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", decision="whole", side=14, budget=1.2e6)
    done = run(
        "front", study, "-o", tmp_path / "run", "--points", "all", "--gap", "1e-7", "--time-limit", "2"
    )
    assert done.exit_code == 4, done.output
    assert "Stopped early" in done.stderr
    assert run("verify", tmp_path / "run").exit_code == 0


def test_ctrl_c_ends_with_what_was_found(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", decision="whole", side=14, budget=1.2e6)
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "landfront.cli", "front", str(study), "-o", str(folder)]
    command += ["--points", "all", "--gap", "1e-7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        for _ in range(600):
            if len(list((folder / "plans").glob("*.parquet"))) >= 3 or child.poll() is not None:
                break
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGINT)
        _, stderr = child.communicate(timeout=60)
    assert child.returncode == 4, stderr
    assert "interrupted" in stderr
    assert read_run(folder).record["certificate"]["reason"] == "interrupted"
    done = run("verify", folder)
    assert done.exit_code == 0, done.stdout
