"""Why each parcel has its option: prices that add up, second choices, words in two languages."""

from __future__ import annotations

import json
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
from landfront.instances.landscape import Locked, Past
from landfront.models.plan import Plan
from landfront.models.reasons import reasons_of
from landfront.report.search import find_plan
from tests.models import builders as b
from tests.models.test_measures import MEASURES

LIMITS = [
    {"name": "budget", "criterion": "cost", "max": 1e5},
    {"name": "grain", "criterion": "food", "min": {"share": 0.8}, "by": "county"},
]


@settings(max_examples=25, deadline=None)
@given(budget=st.floats(1e4, 4e5), floor=st.floats(0.5, 1.0), whole=st.booleans())
def test_worth_is_the_sum_of_its_parts_and_decides(budget: float, floor: float, whole: bool) -> None:
    limits = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}, "by": "county"},
    ]
    decision = "whole" if whole else "share"
    found = b.formulation(["carbon", "food", "cost"], limits=limits, about={"decision": decision})
    plan = find_plan(found, "carbon", gap=1e-9).plan
    told = lf.explain(plan)
    parts = sum(one for one, _ in told.parts.values())
    assert np.allclose(parts, told.worth[told.chosen], atol=1e-6 * np.abs(told.worth).max(initial=1))
    menu = found.menu
    best = np.maximum.reduceat(told.worth, menu.starts[:-1])
    if not whole:  # complementary slackness: only what is worth most has a share
        assert told.loss == pytest.approx(0.0, abs=1e-5 * max(np.abs(told.worth).max(), 1))
    # Weak duality: no plan is further from the bound than its options from those worth most.
    assert told.loss <= told.distance + 1e-6 * max(np.abs(told.worth).max(), 1)
    second = [
        max((told.worth[o] for o in range(a, z) if o != c), default=np.nan)
        for a, z, c in zip(menu.starts[:-1], menu.starts[1:], told.chosen, strict=True)
    ]
    margin = told.worth[told.chosen] - second
    assert np.allclose(told.margin, margin, equal_nan=True)
    assert (told.worth[told.chosen] <= best + 1e-9).all()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("main", [0, 1])
def test_measures_have_their_part_in_what_options_are_worth(measure: str, main: int) -> None:
    criteria = {"carbon": {"sense": "max"}, measure: MEASURES[measure], "cost": {"sense": "min"}}
    limits = [{"name": "budget", "criterion": "cost", "max": 2e5}]
    name = list(criteria)[main]
    told = lf.explain(find_plan(b.formulation(criteria, limits=limits), name, gap=1e-9).plan, [name])
    size = max(float(np.abs(told.worth).max()), 1.0)
    parts = sum((one for one, _ in told.parts.values()), np.zeros(5))
    assert np.allclose(parts, told.worth[told.chosen], atol=1e-6 * size)
    assert told.loss <= told.distance + 1e-6 * size
    assert told.sheet("f1").startswith("Parcel f1")


@settings(max_examples=15, deadline=None)
@given(share=st.floats(0.1, 0.9), budget=st.floats(1e5, 4e5))
def test_what_is_done_in_part_is_no_loss(share: float, budget: float) -> None:
    one = np.array([0])
    past = Past(one, one, np.array([2026]), np.array([share]), ("conservation_tillage",), 2028)
    found = b.formulation(
        ["carbon", "cost"], land=b.landscape(past=past), about={"decision": "share"},
        limits=[{"name": "budget", "criterion": "cost", "max": budget}],
        history={"source": "history.csv", "year": 2028},
    )  # fmt: skip
    told = lf.explain(find_plan(found, "carbon", gap=1e-9).plan)
    size = max(float(np.abs(told.worth).max()), 1.0)
    assert -1e-6 * size <= told.loss <= told.distance + 1e-6 * size


@pytest.mark.parametrize("main", ["edge", "carbon"])
@pytest.mark.parametrize("locked", [False, True])
def test_what_an_option_adds_to_a_criterion_of_place_is_a_part(main: str, locked: bool) -> None:
    more: dict[str, Any] = {}
    if locked:
        more = {"locks": [{"name": "park", "from": "PARK"}]}
    locks = {"park": Locked(np.array([-1, 0, -1, -1, -1], np.int16), ("keep",))} if locked else {}
    criteria = {"carbon": {"sense": "max"}, "edge": {"sense": "min", "measure": "boundary"}}
    found = b.formulation(criteria, land=b.landscape(neighbours=b.neighbours(), locks=locks), **more)
    x = np.zeros(found.program.columns)
    kinds = [
        found.menu.interventions.index(name)
        for name in (
            "conservation_tillage",
            "keep",
            "conservation_tillage",
            "natural_forest_restoration",
            "keep",
        )
    ]
    x[found.menu.find(np.arange(5), np.array(kinds))] = 1
    told = lf.explain(Plan(found, found.completed(x)), [main, *(name for name in criteria if name != main)])
    size = max(float(np.abs(told.worth).max()), 1.0)
    for place, options in enumerate((told.chosen, told.second)):
        here = options >= 0
        parts = sum((part[place] for part in told.parts.values()), np.zeros(5))
        assert np.allclose(parts[here], told.worth[options[here]], atol=1e-9 * size)
    assert main == "carbon" or "edge" in told.parts  # as a cap it may be worth nothing
    assert "edge" not in told.amounts  # its open edges belong to no parcel


def test_a_worth_by_hand() -> None:
    """Under a budget for half of the forest a tonne costs 180,000 / 5,200 CNY: tillage is too dear."""
    found = b.formulation(
        ["carbon", "cost"], limits=[{"name": "budget", "criterion": "cost", "max": 9e4}],
        about={"decision": "share"},
    )  # fmt: skip
    told = lf.explain(find_plan(found, "carbon").plan)
    row = told.to_frame().set_index("parcel").loc["f3"]
    assert row["intervention"] == "keep"
    assert row["second"] == "conservation_tillage"
    assert row["margin"] == pytest.approx(45_000 * 5200 / 180_000 - 600)
    assert row["driver"] == "limit:budget"
    assert row["against"] == "carbon"
    assert row["carbon_if"] == pytest.approx(600)
    assert row["limit:budget_if"] == pytest.approx(45_000)


def test_sheets_say_it_in_english_and_chinese() -> None:
    found = b.formulation(["carbon", "cost", "food"], limits=LIMITS, about={"decision": "share"})
    told = lf.explain(find_plan(found, "carbon").plan)
    english = told.sheet("f2")
    assert "Parcel f2: 20 ha (300 mu)" in english
    assert "Second choice: " in english
    assert "limit budget" in english
    assert "cropland_to_forest (the slope is outside its range)" in english
    chinese = told.sheet("f2", "zh")
    assert "地块 f2：20 公顷（300 亩）" in chinese
    assert "碳汇增量" in chinese
    assert "坡度不在适宜范围" in chinese
    with pytest.raises(lf.InputError, match="no parcel 'x9'"):
        told.sheet("x9")


def test_reasons_are_those_that_the_menu_counts() -> None:
    masks = {"core": np.array([False, False, True, False, False])}
    past = Past(np.array([1]), np.array([0]), np.array([2026]), np.ones(1), ("conservation_tillage",), 2028)
    locked = Locked(np.array([-1, -1, -1, 0, -1], np.int16), ("keep",))
    found = b.formulation(
        land=b.landscape(masks=masks, past=past, locks={"park": locked}),
        masks=[{"name": "core", "column": "core", "forbid": ["conservation_tillage"]}],
        locks=[{"name": "park", "from": "PARK"}],
        history={"source": "history.csv", "year": 2028},
    )
    reasons = reasons_of(found)
    for entry in found.menu.excluded:
        kind = reasons.interventions.index(entry.intervention)
        assert (reasons.code[kind] == reasons.rules.index(entry.reason)).sum() == entry.parcels
    on = np.zeros(reasons.code.shape, dtype=bool)
    on[found.menu.kind, found.menu.parcel] = True
    assert ((reasons.code == 0) == on).all()
    words = lf.explain(find_plan(found, "carbon").plan).sheet("f3")
    assert "conservation_tillage (protected by core)" in words


def test_options_that_a_table_lacks_are_said(tiny: Path) -> None:
    found = b.table_formulation()
    assert set(reasons_of(found).of(2).values()) == {"effects"}


def test_a_plan_of_ones_own_is_explained_too() -> None:
    found = b.formulation(["carbon", "cost"])
    x = np.zeros(len(found.menu))
    x[found.menu.starts[:-1]] = 1
    told = lf.explain(Plan(found, x))
    assert "would be worth" in told.sheet("g1")
    assert told.loss == pytest.approx(1300 + 400 + 600 + 5200)
    assert "on 4 it would be worth more" in str(told)


def test_the_command_explains_every_parcel_of_a_point(squares_run: Path, tmp_path: Path) -> None:
    table = tmp_path / "parcels.csv"
    arguments = ["explain", str(squares_run), "--point", "2", "--parcel", "p003", "-o", str(table)]
    done = CliRunner().invoke(app, [*arguments, "--language", "zh"])
    assert done.exit_code == 0, done.stderr
    assert "地块 p003" in done.stdout
    frame = pd.read_csv(table)
    assert len(frame) == 36
    assert {"worth", "second", "margin", "driver", "carbon_if", "limit:budget_if"} <= set(frame.columns)
    whole = CliRunner().invoke(app, ["explain", str(squares_run)])
    assert "What speaks most for the option of each parcel" in whole.stdout
    told = CliRunner().invoke(app, ["explain", str(squares_run), "--parcel", "p001", "--json"])
    assert json.loads(told.stdout)[0]["parcel"] == "p001"
    for wrong, words in ((["--parcel", "p999"], "no parcel 'p999'"), (["--point", "99"], "no point 99")):
        done = CliRunner().invoke(app, ["explain", str(squares_run), *wrong])
        assert done.exit_code == 2
        assert words in done.stderr
