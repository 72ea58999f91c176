"""What each limit costs: by brute force, in words, as files."""

from __future__ import annotations

import json
from dataclasses import replace
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
from landfront.instances.study import read_study
from landfront.report import safeguards
from landfront.report.safeguards import find_safeguards
from tests.models import builders as b
from tests.models.brute import best_plan
from tests.product.page import write_files

CRITERIA = ["carbon", "cost", "food"]


@settings(max_examples=20, deadline=None)
@given(budget=st.floats(2e4, 4e5), floor=st.floats(0.6, 1.0), place=st.integers(0, 2))
def test_prices_are_those_of_brute_force(budget: float, floor: float, place: int) -> None:
    limits: list[dict[str, Any]] = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}, "by": "county"},
        {"name": "trees", "criterion": "area", "max": {"share": 0.4, "of": "land"}},
    ]
    found = b.formulation(CRITERIA, limits=limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(safeguards, "formulate", lambda study: found)
        name = CRITERIA[place]
        side: dict[str, Any] = {"minimise" if name == "cost" else "maximise": name}
        prices = find_safeguards(found.study, gap=1e-9, **side)
    sign = -float(found.program.senses[place])
    best = best_plan(found, place)
    assert {price.limit: len(price.rows) for price in prices.prices} == {"budget": 1, "grain": 2, "trees": 1}
    for price in prices.prices:
        free = b.formulation(CRITERIA, limits=[limit for limit in limits if limit["name"] != price.limit])
        truth = sign * (best_plan(free, place) - best)
        noise = 1e-6 * (1 + abs(best))
        assert price.least - noise <= truth <= price.most + noise
        assert price.most - price.least <= 10 * noise
    assert [price.least for price in prices.prices] == sorted((p.least for p in prices.prices), reverse=True)


@pytest.fixture
def food(tmp_path: Path) -> Path:
    return write_files("food.md", tmp_path / "food")


def test_the_table_and_the_words_say_the_same(food: Path, tmp_path: Path) -> None:
    out = tmp_path / "prices.csv"
    done = CliRunner().invoke(app, ["safeguards", str(food), "--maximise", "carbon", "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert "grain     2  7,550 t CO2e" in done.stdout
    frame = pd.read_csv(out)
    assert frame["limit"].tolist() == ["grain", "grass_and_livestock"]
    assert frame["value"].tolist() == pytest.approx([10_120, 2570])
    assert frame["price_least"].tolist() == pytest.approx([7550, 0], abs=1e-3)
    again = CliRunner().invoke(app, ["safeguards", str(food), "-o", str(out)])
    assert again.exit_code == 2
    assert "already there" in again.stderr


def test_json_has_what_the_table_has(food: Path) -> None:
    done = CliRunner().invoke(app, ["safeguards", str(food), "--maximise", "carbon", "--json"])
    said = json.loads(done.stdout)
    assert said["value"] == pytest.approx(2570)
    assert said["limits"][0]["price_most"] == pytest.approx(7550)


def test_a_wide_gap_gives_an_interval_and_words_for_it(food: Path) -> None:
    found = lf.safeguards(food, maximise="carbon")
    wide = replace(found.prices[0], least=7000.0, most=8000.0)
    unknown = replace(found.prices[1], plan=None, least=np.nan, most=np.nan, termination="time limit")
    text = str(replace(found, prices=(wide, unknown)))
    assert "7,000 t CO2e to 8,000 t CO2e" in text
    assert "unknown (time limit)" in text
    assert replace(found, prices=(unknown,)).to_json()["limits"][0]["value"] is None


def test_a_study_without_limits_has_no_prices(food: Path) -> None:
    study = food / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text[: text.index("[[limits]]")], encoding="utf-8")
    assert "The study has no limits." in str(lf.safeguards(read_study(food), maximise="carbon"))


def test_no_time_is_said(food: Path) -> None:
    done = CliRunner().invoke(app, ["safeguards", str(food), "--maximise", "carbon", "--time-limit", "1e-9"])
    assert done.exit_code == 4
    assert "before it found a plan" in done.stderr


def test_a_plan_that_is_not_proven_is_called_so(food: Path) -> None:
    found = lf.safeguards(food, maximise="carbon")
    assert found.proven
    assert found.plan.point is not None
    point = replace(found.plan.point, termination="time limit")
    late = replace(found, plan=replace(found.plan, point=point))
    assert not late.proven
    assert "the best plan that was found (time limit) has 2,570 t" in str(late)
    assert late.to_json()["termination"] == "time limit"
