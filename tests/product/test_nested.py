"""One plan for all milestones: its price by hand, against brute force, and in every form of output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.models.formulate import formulate
from landfront.models.plan import Plan
from landfront.optimizer.engine import SolverError
from landfront.report.nested import find_nested
from tests.models.brute import plans

from .page import write_files

BUDGET = '[[limits]]\nname = "budget"\ncriterion = "cost"\nperiod = "each"\nmax = 36000\n'
HORIZON = "milestones = [2030, 2060]\n"


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """The three fields of docs/time.md."""
    return write_files("time.md", tmp_path)


def changed(folder: Path, *changes: tuple[str, str], more: str = "", name: str = "study.toml") -> lf.Study:
    """The study with texts replaced and more of them behind."""
    path = folder / name
    text = (folder / "study.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text + more, encoding="utf-8")
    return lf.read(path)


def test_whole_fields_by_hand(fields: Path) -> None:
    found = lf.nested(fields, "carbon")
    assert found.milestones == (2030, 2060)
    assert found.alone.tolist() == pytest.approx([60 * 20, 30 * 55 + 30 * 45])
    assert found.price.tolist() == pytest.approx([500, 1100])
    assert found.shortfall == pytest.approx(500 / 1200)
    assert 0 <= found.gap <= 1e-4
    assert found.termination == "optimal"
    assert found.plan.options.keys() == {"no_till@2025", "trees@2025"}
    assert found.plan.limits()["holds"].all()
    assert set(found.plan.values) == {"carbon", "carbon_2030", "cost"}


def test_shares_of_fields_by_hand(fields: Path) -> None:
    share = (HORIZON, f'{HORIZON}decision = "share"\n')
    found = find_nested(changed(fields, share, (BUDGET, "")), "carbon", gap=1e-7)
    # A share f of woodland at once lacks 25 f / 20 by 2030 and 35 (1 - f) / 55 by 2060: f = 28 / 83.
    assert found.alone.tolist() == pytest.approx([1200, 3300])
    assert found.share.tolist() == pytest.approx([35 / 83, 35 / 83], abs=1e-6)
    assert found.price.tolist() == pytest.approx([1200 * 35 / 83, 3300 * 35 / 83], rel=1e-5)


def test_a_criterion_that_keeps_its_plan_has_no_price(fields: Path) -> None:
    found = lf.nested(fields, "cost")
    assert found.sense == "min"
    assert found.price.tolist() == [0.0, 0.0]
    assert found.shortfall == 0.0
    assert found.plan.options.keys() == {"keep"}


def test_limits_on_later_times_leave_an_earlier_milestone_alone(fields: Path) -> None:
    limit = '\n[[limits]]\nname = "late"\ncriterion = "carbon"\nmilestone = 2060\nmin = 2500\n'
    found = find_nested(changed(fields, more=limit), "carbon")
    assert found.alone.tolist() == pytest.approx([1200, 3000])
    assert found.values[1] >= 2500 - 1e-6
    now = '\n[[limits]]\nname = "now"\ncriterion = "carbon"\nmilestone = 2030\nmax = 400\n'
    assert find_nested(changed(fields, more=now), "carbon").alone[0] == pytest.approx(20 * 20)


def by_brute_force(study: lf.Study, criterion: str) -> tuple[NDArray[np.float64], float]:
    """Best values alone, and the least largest relative shortfall, by every plan; budgets of periods only."""
    found = formulate(study)
    program = found.program
    x = plans(program)
    activity = (program.row_matrix @ x.T).T
    holds = (activity <= program.row_upper + 1e-9) & (activity >= program.row_lower - 1e-9)
    sense = 1.0 if study.criteria[criterion].sense == "max" else -1.0
    years = study.study.milestones
    columns = [
        found.effects[criterion if year == years[-1] else f"{criterion}_{year}"].values(found.menu)
        for year in years
    ]
    values = sense * np.array([x @ column for column in columns])
    begins = [2025, 2030]
    alone = [
        value[holds[:, [begin < year for begin in begins]].all(axis=1)].max()
        for value, year in zip(values, years, strict=True)
    ]
    best = np.array(alone)
    scale = np.where(best != 0, np.abs(best), np.abs(best).max() or 1.0)
    miss = ((best[:, None] - values) / scale[:, None]).max(axis=0)
    return sense * best, float(miss[holds.all(axis=1)].min())


@pytest.mark.parametrize("seed", range(6))
def test_against_brute_force(fields: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    area = rng.integers(5, 40, 4)
    rows = "".join(f"{name},{ha},40,43\n" for name, ha in zip("abcd", area, strict=True))
    (fields / "parcels.csv").write_text("id,ha,soc,soc_potential\n" + rows, encoding="utf-8")
    numbers = fields / "catalogue" / "coefficients.csv"
    text = numbers.read_text(encoding="utf-8").replace(
        "trees,flux_1,-1", f"trees,flux_1,{rng.uniform(-3, 3):.2f}"
    )
    numbers.write_text(text, encoding="utf-8")
    study = changed(fields, ("max = 36000", f"max = {int(rng.integers(15, 60)) * 1000}"))
    found = find_nested(study, "carbon", gap=1e-7)
    alone, shortfall = by_brute_force(study, "carbon")
    np.testing.assert_allclose(found.alone, alone, rtol=1e-6)
    assert found.shortfall == pytest.approx(shortfall, abs=1e-6)
    assert found.bound <= shortfall + 1e-9
    assert found.plan.limits()["holds"].all()
    again = Plan(found.plan.formulation, found.plan.x).values
    assert [again["carbon_2030"], again["carbon"]] == pytest.approx(found.values.tolist())


def test_a_milestone_at_which_nothing_can_be_gained(fields: Path) -> None:
    study = changed(
        fields,
        more='\n[[masks]]\nname = "all"\ncolumn = "id"\nwhen = ["a", "b", "c"]\nforbid = ["no_till"]\n',
    )
    found = find_nested(study, "carbon")
    # Woodland at once costs 5 t/ha by 2030, where nothing is best; in shares of what 2060 can bring.
    assert found.alone.tolist() == pytest.approx([0, 3000])
    assert found.scale.tolist() == pytest.approx([3000, 3000])
    assert found.price.tolist() == pytest.approx([150, 0])


def test_it_prints_and_writes_every_form(fields: Path, tmp_path: Path) -> None:
    out, plan = tmp_path / "nested.csv", tmp_path / "plan.csv"
    done = CliRunner().invoke(app, ["nested", str(fields), "--json", "-o", str(out), "--plan", str(plan)])
    assert done.exit_code == 0, done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    assert set(data) == {
        "criterion", "sense", "unit", "milestones", "shortfall", "bound", "gap", "termination", "options",
    }  # fmt: skip
    assert (data["criterion"], data["unit"]) == ("carbon", "t CO2e")
    assert data["milestones"][1]["price"] == pytest.approx(1100)
    table = pd.read_csv(out)
    assert table["milestone"].tolist() == [2030, 2060]
    assert table["best_alone_bound"].tolist() == pytest.approx([1200, 3000])
    assert (table["price_at_most"] >= table["price"] - 1e-9).all()
    assert set(pd.read_csv(plan)["intervention"]) == {"no_till@2025", "trees@2025"}
    html = lf.nested(fields)._repr_html_()
    assert "price of nestedness" in html


@pytest.mark.parametrize("name", ["nested.txt", "study.toml", "nowhere/nested.csv"])
def test_a_table_that_cannot_be_written_is_refused_first(fields: Path, name: str) -> None:
    (fields / "there.csv").touch()
    for file in (name, "there.csv"):
        done = CliRunner().invoke(app, ["nested", str(fields), "-o", str(fields / file)])
        assert done.exit_code == 2
        assert file in done.stderr


def test_what_is_asked_wrongly(fields: Path) -> None:
    with pytest.raises(
        lf.InputError, match=r"periods: missing, but a plan is nested .* starts = \[2025, 2030\]"
    ):
        find_nested(
            changed(fields, ("[periods]\nstarts = [2025, 2030]\n", ""), (BUDGET, ""), name="flat.toml")
        )
    with pytest.raises(lf.InputError, match="has no criterion 'happiness'"):
        lf.nested(fields, "happiness")
    with pytest.raises(lf.InputError, match="gap"):
        lf.nested(fields, gap=2.0)


def test_limits_that_clash_are_named(fields: Path) -> None:
    limit = '\n[[limits]]\nname = "dream"\ncriterion = "carbon"\nmin = 9000\n'
    changed(fields, more=limit)
    done = CliRunner().invoke(app, ["nested", str(fields)])
    assert done.exit_code == 3
    assert "dream: carbon at least 9,000 t CO2e; alone it can reach 0 t CO2e to 3,300 t CO2e" in done.stderr


def test_a_search_that_finds_nothing_is_said(fields: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise SolverError("time limit")

    monkeypatch.setattr("landfront.report.nested.solve_single", fails)
    done = CliRunner().invoke(app, ["nested", str(fields), "--time-limit", "1"])
    assert done.exit_code == 4
    assert "ended before it found a plan (time limit)" in done.stderr


def test_funds_and_measures_do_not_stand_in_the_way(fields: Path) -> None:
    fund = '[[funds]]\nname = "all"\namount = 1e9\n'
    plain, paid = lf.nested(fields, "carbon"), lf.nested(changed(fields, more=fund), "carbon")
    assert paid.values == pytest.approx(plain.values)
    least = ("[criteria]", '[criteria]\nworst = { effect = "carbon", measure = "smallest", sense = "max" }')
    assert lf.nested(changed(fields, least), "carbon").values == pytest.approx(plain.values)
