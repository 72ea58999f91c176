"""The difference of two plans: transitions by hand, sums that agree, words, files and a map."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.models.formulate import Formulation
from landfront.models.plan import Plan
from tests.models import builders as b


def shared(found: Formulation, seed: int) -> Plan:
    """Random shares of every parcel's options."""
    rng, menu = np.random.default_rng(seed), found.menu
    raw = rng.integers(0, 4, len(menu)).astype(np.float64)
    raw[menu.starts[:-1]] += 1e-3
    total = np.add.reduceat(raw, menu.starts[:-1])
    return Plan(found, raw / np.repeat(total, np.diff(menu.starts)))


@settings(max_examples=30, deadline=None)
@given(one=st.integers(0, 999), two=st.integers(0, 999))
def test_rows_and_columns_sum_to_the_plans(one: int, two: int) -> None:
    found = b.formulation(["carbon", "food", "cost"], about={"decision": "share"})
    first, second = shared(found, one), shared(found, two)
    diff = lf.diff(first, second)
    for table, plan in ((diff.matrix.T, first), (diff.matrix, second)):
        sums = table.sum()
        for name, entry in plan.options.items():
            assert sums.get(name, 0.0) == pytest.approx(entry["area_ha"], rel=1e-6, abs=1e-5)
    moved = np.abs(np.asarray(first.x) - np.asarray(second.x)) * np.array(b.AREA)[found.menu.parcel] / 2
    assert diff.area == pytest.approx(moved.sum(), rel=1e-6, abs=1e-5)
    back = lf.diff(second, first)
    assert back.area == pytest.approx(diff.area, rel=1e-9, abs=1e-9)
    regions = diff.by_region("county")
    assert regions["changed_ha"].sum() == pytest.approx(diff.area)
    for name in ("carbon", "food", "cost"):
        gained = second.values[name] - first.values[name]
        assert regions[name].sum() == pytest.approx(gained, rel=1e-6, abs=1e-5)


def whole(found: Formulation, *names: str) -> Plan:
    x = np.zeros(len(found.menu))
    kinds = np.array([found.menu.interventions.index(name) for name in names])
    x[found.menu.find(np.arange(len(names)), kinds)] = 1
    return Plan(found, x)


def test_transitions_by_hand() -> None:
    found = b.formulation(
        ["carbon", "cost"], limits=[{"name": "budget", "criterion": "cost", "max": 60_000.0}]
    )
    tilled, forest = "conservation_tillage", "natural_forest_restoration"
    first = whole(found, tilled, tilled, "keep", "keep", "keep")
    second = whole(found, tilled, "keep", tilled, forest, "keep")
    diff = lf.diff(first, second)
    assert diff.transitions().to_dict("records") == [
        {"from": "keep", "to": forest, "parcels": 1, "area_ha": 40.0},
        {"from": "keep", "to": tilled, "parcels": 1, "area_ha": 30.0},
        {"from": tilled, "to": "keep", "parcels": 1, "area_ha": 20.0},
    ]
    assert diff.area == 90
    assert diff.by_parcel["county"].tolist() == ["north", "south", "south"]
    assert dict(zip(diff.criteria()["criterion"], diff.criteria()["better"], strict=True)) == {
        "carbon": 1,
        "cost": -1,
    }
    words = str(diff)
    assert "Limit budget: the second plan breaks, which the first one keeps by" in words
    assert "90 ha (1,350 mu) change, 60 % of the land" in words


def test_parcels_that_only_one_plan_has_are_told_apart() -> None:
    import scipy.sparse as sp

    old = b.formulation(["carbon"])
    land = b.landscape()
    rows = np.array([1, 2, 3, 4, 0])
    moved = b.landscape(
        ids=pd.Index(["f2", "f3", "g1", "g2", "new"]), area=land.area[rows], cover=land.cover[rows],
        regions=land.regions[rows], covariates={k: v[rows] for k, v in land.covariates.items()},
        zone_share=land.zone_share[rows], features=sp.csr_array(land.features[rows]),
    )  # fmt: skip
    new = b.formulation(["carbon"], land=moved)
    one = whole(old, "keep", "conservation_tillage", "keep", "keep", "keep")
    two = whole(new, "conservation_tillage", "keep", "keep", "keep", "keep")
    diff = lf.diff(one, two)
    assert diff.area == 0
    assert diff.only_first.to_dict() == {"f1": 10.0}
    assert diff.only_second.to_dict() == {"new": 10.0}
    assert "1 parcels (10 ha (150 mu)) are gone" in str(diff)
    assert "Every parcel has the same option in both." in str(diff)


def test_the_command_writes_tables_and_a_map(squares_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["diff", f"{squares_run}:0", f"{squares_run}:2", "-o", str(out), "--json"])
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    parcels = pd.read_parquet(out / "parcels.parquet")
    assert parcels["area_ha"].sum() == pytest.approx(told["changed_ha"])
    matrix = pd.read_csv(out / "matrix.csv", index_col=0)
    assert matrix.to_numpy().sum() == pytest.approx(36)
    assert (out / "map_change.png").stat().st_size > 5_000
    assert "From point 0 of run to point 2 of run" in (out / "diff.txt").read_text(encoding="utf-8")
    again = CliRunner().invoke(app, ["diff", f"{squares_run}:0", f"{squares_run}:1", "-o", str(out)])
    assert again.exit_code == 2


def test_tables_of_plans_need_their_study(squares_run: Path, squares: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    ids = [f"p{number:03d}" for number in range(36)]
    pd.DataFrame({"parcel": ids, "intervention": "keep"}).to_csv(file, index=False)
    done = CliRunner().invoke(app, ["diff", str(file), str(squares_run)])
    assert done.exit_code == 2
    assert "does not say to which study it belongs" in done.stderr
    diff = lf.diff(file, squares_run, study=squares)
    assert diff.names[0] == "mine"
    assert set(diff.transitions()["from"]) == {"keep"}
    missing = CliRunner().invoke(app, ["diff", str(tmp_path / "none"), str(squares_run)])
    assert missing.exit_code == 2
    assert "is missing" in missing.stderr
