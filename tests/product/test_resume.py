"""A run goes on from wherever it was stopped, and ends with the front of an uninterrupted one."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import landfront.api as lf
from landfront.cli import app
from landfront.optimizer.store import Store
from landfront.optimizer.task import Solve
from landfront.report.folder import CLAIM, alone
from landfront.report.stored import read_run

from .conftest import write_squares

POINTS = 12
CRITERIA = ("carbon", "food", "cost")


class Killed(BaseException):
    """Stands for a signal that no code survives."""


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module", autouse=True)
def _no_figures(tiny_run: Path, squares_run: Path) -> Iterator[None]:
    """Figures take longer than everything else here, and are tested elsewhere.

    The runs that all modules share are made before, with their figures.
    """
    with pytest.MonkeyPatch.context() as patch:
        # Whoever imports the stub by name while it stands would keep it.
        importlib.import_module("landfront.report.outputs")
        patch.setattr("landfront.report.figures.write_figures", lambda result, folder: [])
        yield


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("resume") / "study", decision="whole", side=5, budget=3e5)


@pytest.fixture(scope="module")
def whole(study: Path) -> Path:
    """An uninterrupted run of three criteria."""
    lf.run(study, study.parent / "whole", CRITERIA, POINTS)
    return study.parent / "whole"


@pytest.fixture
def cut(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Path]:
    """Makes a run that was killed after so many answers."""

    def make(answers: int) -> Path:
        kept, left = Store.add, [answers]

        def add(store: Store, solve: Solve, *others: object) -> None:
            if not left[0]:
                raise Killed
            left[0] -= 1
            kept(store, solve, *others)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(Store, "add", add)
            # Nothing tidies up after a kill.
            patch.setattr("landfront.report.folder._remove", lambda folder, made: None)
            with pytest.raises(Killed):
                lf.run(study, tmp_path / "run", CRITERIA, POINTS)
        return tmp_path / "run"

    return make


def same_front(run: Path, other: Path) -> bool:
    return (run / "front.csv").read_bytes() == (other / "front.csv").read_bytes()


@pytest.mark.parametrize("answers", [0, 1, 7, 16])
def test_killed_after_any_answer_it_ends_as_if_it_had_not_been(
    cut: Callable[[int], Path], whole: Path, answers: int
) -> None:
    run = cut(answers)
    done = cli("resume", run)
    assert done.exit_code == 0, done.stderr
    assert same_front(run, whole)
    assert cli("verify", run).exit_code == 0
    one, two = (tomllib.loads((folder / "run.toml").read_text("utf-8")) for folder in (run, whole))
    assert one["certificate"]["solves"] == two["certificate"]["solves"]
    assert one["reference"] == two["reference"]
    assert {entry.name for entry in run.iterdir()} == {entry.name for entry in whole.iterdir()}


def test_killed_by_the_system_it_goes_on(study: Path, tmp_path: Path, whole: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "landfront.cli", "front", str(study), "-o", str(run)]
    command += ["--criteria", ",".join(CRITERIA), "--points", str(POINTS)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        for _ in range(2400):
            if len(list((run / "plans").glob("*.parquet"))) >= 5 or child.poll() is not None:
                break
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    for command_of_run in ("verify", "figures"):
        done = cli(command_of_run, run)
        assert done.exit_code == 2
        assert f"landfront resume {run}" in done.stderr
    done = cli("front", study, "-o", run)
    assert done.exit_code == 2
    assert "not finished" in done.stderr
    assert "landfront resume" in done.stderr
    done = cli("resume", run)
    assert done.exit_code == 0, done.stderr
    assert same_front(run, whole)


def test_points_are_added_as_if_they_had_been_asked_for_at_once(
    study: Path, tmp_path: Path, whole: Path
) -> None:
    run = tmp_path / "run"
    lf.run(study, run, CRITERIA, 5)
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    done = cli("resume", run)
    assert done.exit_code == 0
    assert "Nothing to do: the run has 5 points; more are added with --points N." in done.stdout
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before
    few = read_run(run).record["certificate"]
    result = lf.resume(run, POINTS)
    assert len(result.front) == POINTS
    assert same_front(run, whole)
    assert cli("verify", run).exit_code == 0
    many = read_run(run).record["certificate"]
    assert many["seconds"] > few["seconds"]
    assert not list(run.glob(".*"))
    assert "Nothing to do" in cli("resume", run, "--points", "4").stdout


def test_a_killed_addition_leaves_the_finished_run_as_it_was(
    study: Path, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    lf.run(study, run, CRITERIA, 5)
    front = (run / "front.csv").read_bytes()
    kept = Store.add

    def add(store: Store, solve: Solve, *others: object) -> None:
        kept(store, solve, *others)  # type: ignore[arg-type]
        if len(store._known) > 14:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add", add)
        with pytest.raises(Killed):
            lf.resume(run, POINTS)
    assert (run / "front.csv").read_bytes() == front
    assert cli("verify", run).exit_code == 0
    # What was asked last is what it goes on to.
    assert cli("resume", run).exit_code == 0
    assert same_front(run, whole)


def test_a_time_limit_and_a_number_of_solves_are_gone_on_from(
    study: Path, tmp_path: Path, whole: Path
) -> None:
    run = tmp_path / "run"
    options = ("--criteria", ",".join(CRITERIA), "--points", POINTS)
    done = cli("front", study, "-o", run, *options, "--max-solves", 9)
    assert done.exit_code == 0, done.stderr
    assert read_run(run).record["certificate"]["solves"] == 9
    assert "its 9 solves; allow more with --max-solves" in cli("resume", run).stdout
    done = cli("resume", run, "--max-solves", 500, "--time-limit", 0.01)
    assert done.exit_code == 4, done.output
    assert "Stopped early: the time limit was reached" in done.stderr
    assert cli("verify", run).exit_code == 0
    done = cli("resume", run)
    assert done.exit_code == 0, done.stderr
    assert same_front(run, whole)


def test_ctrl_c_is_gone_on_from(
    study: Path, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, kept = tmp_path / "run", Store.add

    def add(store: Store, solve: Solve, *others: object) -> None:
        kept(store, solve, *others)  # type: ignore[arg-type]
        if len(store._known) == 12:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add", add)
        done = cli("front", study, "-o", run, "--criteria", ",".join(CRITERIA), "--points", POINTS)
    assert done.exit_code == 4
    assert read_run(run).record["certificate"]["reason"] == "interrupted"
    assert cli("resume", run, "--json").exit_code == 0
    assert same_front(run, whole)


def test_a_second_ctrl_c_keeps_what_was_found(
    study: Path, tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("landfront.report.run.write_outputs", stop)
        done = cli("front", study, "-o", run, "--criteria", ",".join(CRITERIA), "--points", POINTS)
    assert done.exit_code == 4
    assert f"Go on with: landfront resume {run}" in done.stderr
    assert cli("resume", run).exit_code == 0
    assert same_front(run, whole)


def test_a_front_of_two_criteria_goes_on_too(tmp_path: Path) -> None:
    for decision in ("share", "whole"):
        study = write_squares(tmp_path / decision, decision=decision, side=5, budget=3e5)
        lf.run(study, tmp_path / f"{decision}-at-once", points=9)
        run = tmp_path / f"{decision}-run"
        lf.run(study, run, points=4)
        lf.resume(run, 9)
        assert same_front(run, tmp_path / f"{decision}-at-once")
        assert lf.verify(run).holds


def test_a_complete_front_has_nothing_to_add(tiny_run: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_run.parent, tmp_path / "copy")
    done = cli("resume", tmp_path / "copy" / "run", "--points", "500")
    assert done.exit_code == 0
    assert "is complete" in done.stdout
    assert not (tmp_path / "copy" / "run" / CLAIM).exists()


def test_changed_input_is_refused_in_words(copied: Path) -> None:
    table = copied.parent / "study" / "effects.csv"
    original = table.read_bytes()
    table.write_bytes(original.replace(b"1", b"2", 1))
    done = cli("resume", copied, "--points", 9)
    assert done.exit_code == 2
    assert "effects.csv: has changed since the run began" in done.stderr
    assert "make a new run" in done.stderr
    table.unlink()
    done = cli("resume", copied, "--points", 9)
    assert done.exit_code == 2
    assert "effects.csv" in done.stderr
    table.write_bytes(original)
    assert cli("resume", copied, "--points", 9).exit_code == 0


def test_a_study_that_moved_is_found_where_it_is_said_to_be(copied: Path) -> None:
    shutil.move(copied.parent / "study", copied.parent / "elsewhere")
    done = cli("resume", copied, "--points", 9)
    assert done.exit_code == 2
    assert "--study" in done.stderr
    done = cli("resume", copied, "--points", 9, "--study", copied.parent / "elsewhere")
    assert done.exit_code == 0, done.stderr


def test_a_damaged_journal_is_refused(copied: Path) -> None:
    plans = sorted((copied / "plans").iterdir())
    content = plans[0].read_bytes()
    frame = pd.read_parquet(plans[0])
    frame.assign(share=frame["share"] * 0.5).to_parquet(plans[0])
    done = cli("resume", copied, "--points", 9)
    assert done.exit_code == 2
    assert "is not the plan that was found" in done.stderr
    plans[0].unlink()
    assert cli("resume", copied, "--points", 9).exit_code == 2
    plans[0].write_bytes(content)
    with closing(Store.reopen(copied / "run.sqlite")) as store:
        store._connection.execute("UPDATE solves SET answer_y = NULL WHERE id = 3")
    done = cli("resume", copied, "--points", 9)
    assert done.exit_code == 2
    assert "solve 3 is not as it was written" in done.stderr


def test_one_process_at_a_time(copied: Path) -> None:
    with alone(copied):
        done = cli("resume", copied, "--points", 9)
        assert done.exit_code == 2
        assert "is being written by another process" in done.stderr
    assert cli("resume", copied, "--points", 9).exit_code == 0


def test_a_full_disk_keeps_what_was_found(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    front = (copied / "front.csv").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("landfront.report.run.write_outputs", full)
        done = cli("resume", copied, "--points", 9)
    assert done.exit_code == 2
    assert "what was found is kept" in done.stderr
    assert (copied / "front.csv").read_bytes() == front
    assert cli("verify", copied).exit_code == 0


@pytest.mark.parametrize("what", ["nothing", "empty", "other"])
def test_what_is_no_run_is_bad_input(tmp_path: Path, what: str) -> None:
    if what != "nothing":
        (tmp_path / "run").mkdir()
    if what == "other":
        (tmp_path / "run" / "run.sqlite").write_text("no store", "utf-8")
    done = cli("resume", tmp_path / "run")
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr


def test_a_wish_that_cannot_be_is_refused(copied: Path) -> None:
    for option in (("--points", 1), ("--points", "many"), ("--workers", 0), ("--time-limit", -1)):
        assert cli("resume", copied, *option).exit_code == 2
