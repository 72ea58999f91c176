"""Questions beside the points of a run: answers are optimal, proven, kept, and join the front."""

import shutil
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import landfront.api as lf
from landfront.models.formulate import formulate
from landfront.report import ask
from landfront.report.ask import Asking
from landfront.report.folder import alone
from landfront.report.stored import read_run, result_of
from tests.product.conftest import write_squares


@pytest.fixture(scope="module", params=["share", "whole"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp(f"ask_{request.param}")
    write_squares(base / "study", decision=request.param)
    lf.run(base / "study", base / "run", points=4)
    return base


@pytest.fixture
def base(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def asking(base: Path, **options: Any) -> Asking:
    run = read_run(base / "run")
    return Asking(run, formulate(run.study()), **options)


def between(base: Path, criterion: str) -> float:
    """A value that no point of the front has."""
    values = np.sort(pd.read_csv(base / "run" / "front.csv")[criterion])
    return float(values[1:3].mean())


def limited(base: Path, criterion: str, least: float, *, maximise: str = "carbon") -> lf.Plan:
    """The best plan under one more limit, by the ordinary command."""
    folder = base / "limited"
    shutil.copytree(base / "study", folder)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[[limits]]\nname = "asked"\ncriterion = "{criterion}"\nmin = {least!r}\n')
    return lf.plan(folder, maximise=maximise, gap=1e-9)


def test_a_threshold_gets_the_best_plan_that_meets_it(base: Path) -> None:
    least = between(base, "food")
    found = asking(base, gap=1e-7).ask({"food": least})
    assert found.reason == "optimal"
    assert found.plan is not None
    assert found.plan.values["food"] >= least - 1e-6
    best = limited(base, "food", least).values["carbon"]
    assert found.plan.values["carbon"] == pytest.approx(best, rel=1e-6)
    assert found.gap <= 1e-6


def test_a_threshold_on_the_first_criterion_is_answered_with_the_next(base: Path) -> None:
    least = between(base, "carbon")
    found = asking(base, gap=1e-7).ask({"carbon": least})
    assert found.plan is not None
    assert found.plan.values["carbon"] >= least * (1 - 1e-9)
    assert (found.criterion, found.reason) == ("food", "optimal")
    assert found.gap <= 1e-6
    best = limited(base, "carbon", least, maximise="food").values["food"]
    assert found.plan.values["food"] == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_what_is_told_of_an_answer_holds(base: Path, share: float) -> None:
    """The gap is that of the criterion asked for: no plan within the thresholds is better by more."""
    values = pd.read_csv(base / "run" / "front.csv")["carbon"]
    least = float(values.min() + share * np.ptp(values))
    found = asking(base, gap=1e-2).ask({"carbon": least})
    assert found.plan is not None
    assert found.reason == "optimal"
    best = limited(base, "carbon", least, maximise="food").values["food"]
    got = found.plan.values["food"]
    assert best - got <= max(found.gap, 1e-6) * max(abs(got), abs(got - 1000.0)) * (1 + 1e-6)


def test_what_nothing_can_meet_is_proven(base: Path) -> None:
    found = asking(base).ask({"food": 1e9})
    assert (found.plan, found.reason, found.gap) == (None, "infeasible", inf)
    assert all(solve.facts for solve in found.solves)


def test_an_answer_joins_the_run_and_everything_verifies(base: Path) -> None:
    run = base / "run"
    before = pd.read_csv(run / "front.csv")
    told, record = asking(base), read_run(run).record
    found = told.ask({"food": between(base, "food")})
    ask.keep(run, told.formulation, found)
    result = ask.join(run)
    after = pd.read_csv(run / "front.csv")
    assert len(after) == len(result.front) == len(before) + 1
    assert found.plan is not None
    assert np.isclose(after["food"], found.plan.values["food"], rtol=1e-12).sum() == 1
    assert set(before["carbon"]) <= set(after["carbon"])
    assert read_run(run).record["request"] == record["request"]
    assert lf.verify(run).holds


def test_what_was_kept_survives_a_crash_and_later_resumes(base: Path) -> None:
    """Killed between the answer and the new tables: resuming takes it in, and so does asking for more."""
    run, told = base / "run", asking(base)
    ask.keep(run, told.formulation, told.ask({"food": between(base, "food")}))
    lf.resume(run, points=5)
    values = result_of(read_run(run), told.formulation).front.values
    assert len(values) == 6
    lf.resume(run, points=6)
    assert len(result_of(read_run(run), told.formulation).front.values) >= 6
    assert lf.verify(run).holds


def test_why_a_search_ended_stays_and_what_told_of_the_old_front_goes(base: Path) -> None:
    run = base / "run"
    lf.run(base / "study", base / "short", points=6, max_solves=5)
    before = read_run(base / "short").record["certificate"]
    for name in ("criterion6_en.docx", "tables_zh.xlsx", "report.html", "notes.docx"):
        (base / "short" / name).write_bytes(b"old")
    run, told = base / "short", Asking(read_run(base / "short"), formulate(lf.read(base / "study")))
    ask.keep(run, told.formulation, told.ask({"food": between(base, "food")}))
    ask.join(run)
    after = read_run(run).record["certificate"]
    assert after["complete"] or [after[key] for key in ("reason", "detail")] == [
        before[key] for key in ("reason", "detail")
    ]
    left = {path.name for path in run.iterdir()}
    assert "notes.docx" in left
    assert left.isdisjoint({"criterion6_en.docx", "tables_zh.xlsx", "report.html"})


def test_the_same_question_again_adds_nothing(base: Path) -> None:
    run, told, least = base / "run", asking(base), between(base, "food")
    for _ in range(2):
        ask.keep(run, told.formulation, told.ask({"food": least}))
    assert len(ask.join(run).front) == 5


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"wood": 1.0}, "'wood' is no criterion of the front. Choose among: carbon, food"),
        ({"food": float("nan")}, "nan is no number"),
        ({"food": "1"}, "'1' is no number"),
        ({"food": 10**400}, "is no number"),
    ],
)
def test_bad_questions(base: Path, thresholds: dict[str, Any], message: str) -> None:
    with pytest.raises(lf.InputError, match=message):
        asking(base).ask(thresholds)


def test_a_run_that_another_process_writes_is_left_alone(base: Path) -> None:
    told = asking(base)
    found = told.ask({"food": between(base, "food")})
    with alone(base / "run"), pytest.raises(lf.InputError, match="being written by another process"):
        ask.keep(base / "run", told.formulation, found)
