"""Runs of three criteria or more: tables, words, figures, scores, proofs and what rests on a solver."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog
from typer.testing import CliRunner, Result

import landfront.api as lf
from landfront.cli import app
from landfront.models.formulate import formulate
from landfront.optimizer.store_rows import FACT, digest
from landfront.report.beside import Beside
from landfront.report.figures import drawable_result
from landfront.report.pairs_figure import pairs_figure
from landfront.report.parallel_figure import parallel_figure, shown
from landfront.report.proof_words import statement
from landfront.report.result import Result as Found
from landfront.report.stored import read_run, result_of
from landfront.report.style import Labels
from landfront.report.summary import summary
from landfront.report.tradeoffs import tradeoff_figure
from tests.instances.sibuyan import DATA, write_sibuyan

from .conftest import write_squares
from .test_figures import overlaps, texts

CRITERIA = ("carbon", "food", "cost")
EXTRA = ("jobs", "birds")
OTHER = "scip"


def cli(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def more_criteria(study: Path, *, long: bool = False) -> Path:
    """The squares study with five criteria, all of them in its front."""
    table = pd.read_csv(study / "effects.csv")
    rng = np.random.default_rng(5)
    for name in EXTRA:
        table[name] = rng.uniform(1, 9, len(table)).round(3)
    table.to_csv(study / "effects.csv", index=False)
    text = (study / "study.toml").read_text("utf-8")
    text = text.replace('food = "food" }', 'food = "food", jobs = "jobs", birds = "birds" }')
    label = ', label = "Breeding pairs of birds that people who know them care for"' if long else ""
    criteria = f'jobs = {{ sense = "max" }}\nbirds = {{ sense = "max"{label} }}\n\n[baseline]'
    text = text.replace("[baseline]", criteria, 1)
    names = '["carbon", "food", "cost", "jobs", "birds"]'
    (study / "study.toml").write_text(text.replace('["carbon", "food"]', names), "utf-8")
    return study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whole parcels; its front of three criteria rests on a solver's word in part."""
    folder = tmp_path_factory.mktemp("many") / "study"
    return more_criteria(write_squares(folder, decision="whole", side=5, budget=3e5))


@pytest.fixture(scope="module")
def run(study: Path) -> Path:
    folder = study.parent / "run"
    done = cli("front", study, "-o", folder, "--criteria", ",".join(CRITERIA), "--points", 14)
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of shares with three criteria."""
    folder = tmp_path_factory.mktemp("shares")
    study = write_squares(folder / "study", side=5, budget=3e5)
    lf.run(study, folder / "run", CRITERIA, 10)
    return folder / "run"


@pytest.fixture
def changed(run: Path, tmp_path: Path) -> Path:
    shutil.copytree(run.parent, tmp_path / "copy")
    return tmp_path / "copy" / "run"


def found(run: Path) -> Found:
    stored = read_run(run)
    return result_of(stored, formulate(stored.study(None)))


def test_the_table_has_the_same_columns_as_ever(run: Path) -> None:
    frame = pd.read_csv(run / "front.csv")
    assert list(frame.columns) == ["point", "carbon", "food", "cost", *EXTRA, "bound", "gap", "termination"]
    assert frame["carbon"].is_monotonic_increasing
    assert len(frame) >= 14
    y = frame[list(CRITERIA)].to_numpy() * [-1, -1, 1]
    assert not any(np.all(y[i] <= y[j]) for i in range(len(y)) for j in range(len(y)) if i != j)


def test_what_is_read_back_is_what_was_found(run: Path) -> None:
    result = found(run)
    front = result.front
    assert front.criteria == CRITERIA
    assert np.isfinite([front.coverage, front.bulge, *front.reference]).all()
    assert front.bulge <= front.coverage
    assert {named.name for named in result.named} >= {
        "max_carbon",
        "max_food",
        "min_cost",
        "knee",
        "max_jobs",
    }
    assert set(pd.read_csv(run / "limits.csv")["plan"]) >= {"max_carbon", "knee"}
    assert {path.stem for path in (run / "figures").glob("*.png")} >= {"front", "parallel", "tradeoffs"}


def test_the_words_say_what_is_proven_and_what_is_not(run: Path, shares: Path) -> None:
    text = " ".join((run / "summary.txt").read_text("utf-8").split())
    assert "at least as good in food and cost" in text
    assert "one of those shown is worse in none of the three criteria by more than" in text
    assert "a mix of them, which need not be a plan itself, by no more than" in text
    assert "From the knee to the least cost" in text
    assert "at the price of less carbon by" in text
    text = " ".join((shares / "summary.txt").read_text("utf-8").split())
    assert "and every mix of them is a plan too" in text
    assert "a mix of those shown is worse in none of the three criteria" in text
    assert "need not be" not in text
    assert "At the knee, while the other criteria stay, each" in text


def test_open_bounds_are_not_called_proven(run: Path) -> None:
    result = found(run)
    points = list(result.front.points)
    points[0] = replace(points[0], bound=float("inf"), gap=float("inf"))
    loose = replace(result, front=replace(result.front, points=tuple(points)))
    assert "of the others this is open" in statement(loose)
    for point in range(len(points)):
        points[point] = replace(points[point], gap=float("inf"))
    unknown = replace(result.front, points=tuple(points), coverage=float("inf"))
    assert "proven best" not in statement(replace(result, front=unknown))
    assert "is not proven" in statement(replace(result, front=unknown))
    whole = replace(result, front=replace(result.front, complete=True))
    assert "no better plan was missed" in statement(whole)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_figures_of_many_criteria_run_into_nothing(tmp_path: Path, count: int) -> None:
    study = more_criteria(write_squares(tmp_path / "study", side=4, budget=1.5e5), long=True)
    names = ("cost", "carbon", "birds", "food", "jobs")[:count]
    labels = Labels.of_system()
    formulation = formulate(lf.read(study))
    result = drawable_result(Found(formulation, lf.front(study, names, 12)), labels)
    for figure in (pairs_figure(result), parallel_figure(result)):
        labels.apply(figure)
        assert overlaps(figure) == []
    assert len(shown(result)) == 5
    # Better is to the right and up, whatever the sense.
    panel = pairs_figure(result).axes[0]
    (left, right), (bottom, top) = panel.get_xlim(), panel.get_ylim()
    assert left > right
    assert top > bottom


def test_figures_say_units_corners_and_letters(run: Path) -> None:
    result = found(run)
    pairs, lines = pairs_figure(result), parallel_figure(result)
    words = "\n".join(texts(pairs))
    assert all(word in words for word in ("(t CO2e)", "ideal", "nadir", "knee", "Cost", "better"))
    words = "\n".join(texts(lines))
    assert all(word in words for word in ("(t CO2e)", "less is better", "Jobs", "Up is better"))
    assert tradeoff_figure(result).axes[0].get_ylabel().startswith("Jobs")


def test_fronts_of_one_and_of_two_plans_are_runs_too(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "one", budget=0.0, side=3)
    result = lf.run(study, tmp_path / "run", CRITERIA)
    assert len(result.front) == 1
    assert "One plan is best in carbon, food and cost at once" in statement(result)
    assert "the three criteria do not conflict" in (tmp_path / "run" / "summary.txt").read_text("utf-8")
    assert lf.verify(tmp_path / "run").holds
    some = lf.front(write_squares(tmp_path / "some", side=3, budget=1e5), CRITERIA, 5)
    formulation = formulate(lf.read(tmp_path / "some"))
    two = Found(formulation, replace(some, points=(some.points[0], some.points[-1])))
    assert two.knee is None
    assert "From point 0 to" in summary(two)
    pairs_figure(two)
    parallel_figure(two)


def test_a_plan_is_scored_beside_three_criteria(study: Path, run: Path, shares: Path, tmp_path: Path) -> None:
    ids = [f"p{number:03d}" for number in range(25)]
    plan = pd.DataFrame({"parcel": ids, "intervention": "keep"})
    plan.loc[:4, "intervention"] = "mixed_plantation"
    plan.to_csv(tmp_path / "plan.csv", index=False)
    for folder in (run, shares):
        done = cli("score", folder.parent / "study", tmp_path / "plan.csv", "--run", folder)
        assert done.exit_code == 0, done.stderr
        assert "at the same food and cost" in done.stdout or "as good in food and cost" in done.stdout
        assert "both" not in done.stdout
    result = found(run)
    best = result.front.values * result.front.senses
    span = np.abs(result.front.nadir - result.front.ideal)
    score = lf.score(study, tmp_path / "plan.csv", run=run)
    y = np.array([score.plan.values[name] for name in CRITERIA]) * result.front.senses
    assert score.comparison is not None
    assert score.comparison.distance == pytest.approx(max(min((y - point) / span) for point in best))


def test_mixes_are_found_by_their_shares() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(size=(9, 3))
    for y in rng.uniform(-0.2, 1.2, size=(20, 3)):
        mixed, alone = (Beside(points, np.ones(3), mixes=mixes) for mixes in (True, False))
        assert mixed.distance(y) >= alone.distance(y) - 1e-9
        again = linprog(
            points[:, 0], A_ub=points[:, 1:].T, b_ub=y[1:], A_eq=np.ones((1, 9)), b_eq=[1.0], bounds=(0, None)
        )
        assert mixed.best(0, y) == (pytest.approx(again.fun) if again.status == 0 else None)
        good = points[np.all(points[:, 1:] <= y[1:], axis=1), 0]
        assert alone.best(0, y) == (good.min() if len(good) else None)
    centre = points.mean(axis=0)
    assert Beside(points, np.ones(3), mixes=True).distance(centre) >= -1e-9


def claim_more(run: Path, *, by: float) -> int:
    """Raise the strongest claim that no point refutes, as if it had been written so; returns its place."""
    facts = read_run(run).stored.facts
    claimed = [place for place, fact in enumerate(facts) if fact.proof == "claimed"]
    place = next(place for place in claimed if np.isfinite(facts[place].beta))
    names = ", ".join(f'"{name}"' for name in FACT)
    with closing(sqlite3.connect(run / "run.sqlite")) as connection, connection:
        number = connection.execute("SELECT fact FROM front_facts WHERE position = ?", (place,)).fetchone()
        row = list(connection.execute(f"SELECT {names} FROM facts WHERE id = ?", number).fetchone())
        row[2] += by * abs(row[2])
        command = "UPDATE facts SET beta = ?, digest = ? WHERE id = ?"
        connection.execute(command, (row[2], digest(tuple(row)), *number))
    return place


def test_claims_are_counted_and_solved_again(changed: Path) -> None:
    honest = lf.verify(changed)
    assert honest.holds, str(honest)
    assert honest.claimed > 0, "the study must need a solver's word"
    assert "by recomputed facts alone" in str(honest)
    again = cli("verify", changed, "--replay", "--solver", "highs")
    assert again.exit_code == 0, again.output
    assert f"{honest.claimed} of {honest.claimed} claimed facts solved again" in again.stdout
    place = claim_more(changed, by=0.2)
    refuted = lf.verify(changed, replay=True, solver="highs")
    assert not refuted.holds
    wrong = [line.text for line in refuted.lines if not line.holds]
    assert any(f"fact {place} is refuted" in text for text in wrong), wrong


def test_a_claim_that_is_too_slow_to_solve_again_is_said_to_rest_on_a_word(changed: Path) -> None:
    slow = lf.verify(changed, replay=True, solver="highs", time_limit=1e-9)
    assert slow.holds
    assert "so they rest on the first solver's word" in str(slow)
    assert slow.to_json()["facts"]["replayed"]["open"] == slow.claimed
    done = cli("verify", changed, "--replay", "--solver", "nobody")
    assert done.exit_code == 2
    assert "not available" in done.stderr


def test_another_solver_confirms_the_claims(changed: Path) -> None:
    pytest.importorskip("pyscipopt", reason="SCIP is not installed")
    confirmed = lf.verify(changed, replay=True)
    assert confirmed.holds
    assert confirmed.replayed is not None
    assert confirmed.replayed.solver.startswith("SCIP")
    assert confirmed.replayed.count("confirmed") == confirmed.claimed


DAMAGES = {
    "coverage": ("run.toml", "coverage = 0.", "coverage = 0.0"),
    "bulge": ("run.toml", "bulge = 0.", "bulge = 0.0"),
    "hypervolume": ("run.toml", "hypervolume = [0.", "hypervolume = [0.9"),
    "complete": ("run.toml", "complete = false", "complete = true"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_figure_of_the_whole_that_does_not_follow_is_found(changed: Path, name: str) -> None:
    file, old, new = DAMAGES[name]
    head, certificate = (changed / file).read_text("utf-8").split("[certificate]")
    assert old in certificate
    (changed / file).write_text(f"{head}[certificate]{certificate.replace(old, new, 1)}", "utf-8")
    done = cli("verify", changed)
    assert done.exit_code == 5
    assert f"MISMATCH  figures: run.toml: certificate.{name}" in done.stdout


def test_a_fact_that_is_gone_is_missed(changed: Path) -> None:
    with closing(sqlite3.connect(changed / "run.sqlite")) as connection, connection:
        connection.execute("DELETE FROM front_facts WHERE position % 3 = 0")
    done = cli("verify", changed)
    assert done.exit_code == 5
    assert "MISMATCH  proofs" in done.stdout


def test_a_budget_ends_a_search_as_asked(study: Path, tmp_path: Path) -> None:
    done = cli(
        *("front", study, "-o", tmp_path / "run", "--criteria", ",".join(CRITERIA)),
        *("--points", 400, "--coverage", 0.4, "--workers", 2, "--method", "spread"),
    )
    assert done.exit_code == 0, done.stderr
    certificate = read_run(tmp_path / "run").record["certificate"]
    assert certificate["coverage"] <= 0.4
    assert certificate["points"] < 400
    assert "asked coverage" in certificate["detail"]
    assert cli("verify", tmp_path / "run").exit_code == 0
    assert "a coverage of" in cli("resume", tmp_path / "run").stdout


@pytest.mark.skipif(not DATA.exists(), reason="the shared data set of Sibuyan is not here")
@pytest.mark.parametrize(("decision", "names"), [("whole", 3), ("share", 4)])
def test_real_parcels_in_three_and_four_criteria(tmp_path: Path, decision: str, names: int) -> None:
    write_sibuyan(tmp_path / "study", decision=decision)
    criteria = ("carbon", "food", "biodiversity", "cost")[:names]
    result = lf.run(tmp_path / "study", tmp_path / "run", criteria, 15)
    assert len(result.front) == 15
    assert result.front.bulge < 0.3
    assert lf.verify(tmp_path / "run").holds
    assert all(np.diff(result.front.values[:, 0]) >= 0)
    more = lf.resume(tmp_path / "run", 20).front
    assert more.coverage <= result.front.coverage
    assert all(one <= two for one, two in pairwise(more.values[:, 0].tolist()))
