"""What each treated parcel is worth: against studies with the parcel locked, in words, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.faults import InputError
from landfront.optimizer.forcing import solve_forced
from landfront.report.importance import importance_of

from .conftest import write_squares


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("importance") / "study", decision="whole")


@pytest.fixture(scope="module")
def run(whole: Path) -> Path:
    lf.run(whole, whole.parent / "run")
    return whole.parent / "run"


def test_every_parcel_of_a_study_is_inside_its_interval(whole: Path) -> None:
    found = lf.importance(whole, seconds=0.0)
    best = found.standing.best
    assert found.proven
    assert len(found.parcels) > 10
    for place, keep in enumerate(found.keeps.tolist()):
        solve = solve_forced(best.program, keep, share=1e-9)
        assert solve is not None
        assert solve.y is not None
        cost = float(solve.y[0]) - best.value
        assert found.least[place] - 1e-3 <= cost <= found.most[place] + 1e-3
    again = importance_of(found.standing, seconds=60.0)
    assert np.all(again.most - again.least <= found.most - found.least + 1e-9)
    assert np.all(again.most - again.least <= 0.1)


def test_points_of_a_run_keep_the_other_criteria(run: Path) -> None:
    found = lf.importance(run, point=2)
    assert found.standing.beside == ("food",)
    program = found.standing.program
    assert program.row_names[-1] == "food no worse"
    assert "food no worse" in str(found)
    assert np.all(found.least > 0)


def test_the_folder_has_table_words_and_map(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["importance", str(whole), "-o", str(out)])
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir()}
    assert names == {"importance.csv", "options.parquet", "summary.txt", "importance.png", "importance.svg"}
    frame = pd.read_csv(out / "importance.csv")
    assert (frame["least"] <= frame["most"]).all()
    assert frame["least"].is_monotonic_decreasing
    options = pd.read_parquet(out / "options.parquet")
    assert len(options) == 3 * 36
    assert (options.loc[options["chosen"] == 1, "least"] == 0).all()
    again = CliRunner().invoke(app, ["importance", str(whole), "-o", str(out)])
    assert again.exit_code == 2


def test_every_option_and_json(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["importance", str(whole), "--every-option", "-o", str(out), "--json"])
    said = json.loads(done.stdout)
    assert said["criterion"] == "carbon"
    assert said["parcels"][0]["least"] >= said["parcels"][-1]["least"]
    assert np.isfinite(pd.read_parquet(out / "options.parquet")["most"]).mean() > 0.9


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"point": 99}, "the front has no point 99"),
        ({}, "no point is named"),
        ({"point": 1, "maximise": "food"}, "first criterion of its front"),
        ({"point": 1, "gap": 2.0}, "must lie between 0 and 1"),
    ],
)
def test_wrong_questions_of_a_run_are_refused(run: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        lf.importance(run, **options)


def test_a_study_has_no_points(whole: Path) -> None:
    with pytest.raises(InputError, match="which has no front"):
        lf.importance(whole, point=1)


def test_a_parcel_that_must_be_treated_is_said(tmp_path: Path) -> None:
    study = write_squares(tmp_path / "study", decision="whole", budget=1e9)
    text = (study / "study.toml").read_text(encoding="utf-8")
    floor = '[[limits]]\nname = "sink"\ncriterion = "carbon"\nmin = { share = 1.0, of = "attainable" }\n\n'
    (study / "study.toml").write_text(text.replace("[front]", f"{floor}[front]"), encoding="utf-8")
    found = lf.importance(study)
    assert np.isinf(found.least).all()
    assert "36 must be treated" in str(found)
    assert "no plan" in str(found)
