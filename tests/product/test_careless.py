"""What careless users do to commands: wrong numbers, closed folders, two runs at once, Ctrl-C anywhere."""

import errno
import os
import sys
import time
from pathlib import Path

import pytest

import landfront.api as lf
from landfront import cli
from landfront.optimizer.engine import SolverError
from landfront.report import outputs, search
from landfront.report.folder import CLAIM, check_new, new_folder
from landfront.report.search import NothingFoundError

from .test_cli import faulty, run


@pytest.mark.parametrize(
    ("option", "value"), [("--gap", "0"), ("--gap", "-1"), ("--gap", "nan"), ("--time-limit", "-1")]
)
def test_plan_refuses_numbers_that_mean_nothing(tiny: Path, option: str, value: str) -> None:
    done = run("plan", tiny, option, value)
    assert done.exit_code == 2
    assert "must" in done.stderr


def test_plan_lists_all_that_is_wrong_with_the_request(tiny: Path) -> None:
    done = run("plan", tiny, "--maximise", "gold", "--gap", "2", "--time-limit", "0")
    assert done.exit_code == 2
    assert done.stderr.startswith("3 faults")
    assert run("plan", tiny, "--maximise", "").exit_code == 2


def test_a_plan_that_time_did_not_allow(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*arguments: object, **options: object) -> None:
        raise SolverError("no solution was found: time limit")

    monkeypatch.setattr(search, "solve_single", late)
    assert run("plan", tiny).exit_code == 4
    with pytest.raises(NothingFoundError, match="time limit"):
        lf.plan(tiny)


def test_the_bound_of_a_plan_never_looks_beaten(tiny: Path) -> None:
    done = run("plan", tiny)
    total = next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("carbon "))
    bound = done.stdout.split("cannot be better than ")[1].split(" t CO2e")[0]
    assert float(bound.replace(",", "")) >= float(total.replace(",", "")) - 0.5


def test_a_negative_seed(tiny: Path, tmp_path: Path) -> None:
    done = run("front", tiny, "-o", tmp_path / "run", "--seed", "-1")
    assert done.exit_code == 2
    assert not (tmp_path / "run").exists()


def test_one_limit_alone_does_not_clash(tmp_path: Path) -> None:
    study = faulty(tmp_path / "study", "max = 1.5e6", "min = 1e12")
    done = run("plan", study)
    assert done.exit_code == 3
    assert "No plan meets this limit" in done.stderr


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    with new_folder(tmp_path / "run") as folder:
        (folder / "front.csv").write_text("mine")
        with pytest.raises(lf.InputError, match="not finished"), new_folder(folder):
            raise AssertionError("a second run must not get in")
        assert (folder / "front.csv").read_text() == "mine"
    assert not (tmp_path / "run" / CLAIM).exists()


def test_the_later_of_two_runs_that_saw_an_empty_folder_keeps_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / CLAIM).touch()
    monkeypatch.setattr("landfront.report.folder.check_new", lambda folder: None)
    with pytest.raises(lf.InputError, match="not finished"), new_folder(tmp_path):
        raise AssertionError("the folder is taken")
    assert (tmp_path / CLAIM).exists()


def test_the_folder_of_a_killed_run(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").touch()
    with pytest.raises(lf.InputError, match="was killed"):
        check_new(tmp_path)


def test_a_full_disk_leaves_the_figures_as_they_were(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {file.name: file.read_bytes() for file in (copied / "figures").iterdir()}

    def full(result: object, folder: Path) -> list[str]:
        (folder / "front.png").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(outputs, "write_figures", full)
    done = run("figures", copied)
    assert done.exit_code == 2
    assert "disk is full" in done.stderr
    assert {file.name: file.read_bytes() for file in (copied / "figures").iterdir()} == before
    assert not list(copied.glob(".figures-*"))


def test_no_permission_is_bad_input(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(plan: object, path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr("landfront.models.plan.Plan.to_file", closed)
    done = run("plan", tiny, "-o", tmp_path / "plan.csv")
    assert done.exit_code == 2
    assert "permission denied" in done.stderr


def test_ctrl_c_that_fell_into_deaf_code_is_raised_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def app() -> None:
        class Deaf:
            def __del__(self) -> None:
                raise KeyboardInterrupt

        Deaf()
        time.sleep(5)

    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130


def test_a_plan_in_a_shapefile_can_be_scored(squares: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.shp"
    assert run("plan", squares, "-o", file).exit_code == 0
    assert lf.score(squares, file).broken.empty


def test_catalogue_numbers_have_no_exponent() -> None:
    assert "1,512,000" in run("catalogue", "mangrove").stdout


def test_check_says_what_a_criterion_counts(tiny: Path, tmp_path: Path) -> None:
    lines = run("check", tiny).stdout
    assert "yearly harvest of grain" in lines
    assert "summed from the start year to 2030" in lines
    assert "only the change counts" not in lines
    assert "the first (grain[North])" in lines
    dry = faulty(tmp_path / "dry", 'runoff = { column = "runoff_mm", unit = "mm" }\n', "")
    assert "only the change counts" in run("check", dry).stdout


def test_a_model_takes_its_objectives_in_either_place() -> None:
    import pyomo.environ as pyo

    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), domain=pyo.Binary)
    model.first = pyo.Objective(expr=sum(i * model.x[i] for i in range(3)), sense=pyo.maximize)
    model.second = pyo.Objective(expr=sum(model.x[i] for i in range(3)))
    model.third = pyo.Objective(expr=model.x[0] + 0)
    front = lf.front(model, ["first", "second"])
    assert front.criteria == ("first", "second")
    assert front.values.tolist() == [[0.0, 0.0], [2.0, 1.0], [3.0, 2.0]]
    with pytest.raises(ValueError, match="once"):
        lf.front(model, ["first", "second"], objectives=["first", "third"])


def test_what_every_plan_has_alike_is_not_talked_about(squares_run: Path) -> None:
    from landfront.models.formulate import formulate
    from landfront.report.stored import read_run, result_of
    from landfront.report.summary import summary

    stored = read_run(squares_run)
    result = result_of(stored, formulate(stored.study(None)))
    assert "Least cost on this front" in summary(result) or "least cost on this front" in summary(result)
    object.__setattr__(result, "constant", lambda name: name == "cost")
    assert "east cost on this front" not in summary(result)
