"""Near-optimal plans that differ, and what is in all, none or some of them: by brute force, in words."""

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
from landfront.instances.faults import InputError
from landfront.models.formulate import Formulation
from landfront.optimizer.forcing import solve_best
from landfront.report import alternatives as module
from landfront.report.choices import ALL, NONE, SOME, UNDECIDED
from landfront.report.standing import Standing
from tests.models import builders as b
from tests.models.brute import plans

from .conftest import write_squares

CRITERIA = ["carbon", "cost", "food"]


def near_optimal(found: Formulation, least: float) -> np.ndarray:
    """Every plan that meets the limits and is near-optimal in the first criterion, shape (plans, options)."""
    program, x = found.program, plans(found.program)
    activity = (program.row_matrix @ x.T).T
    holds = ((activity >= program.row_lower - 1e-9) & (activity <= program.row_upper + 1e-9)).all(axis=1)
    values = (program.objectives.to_csr() @ x.T)[0] + program.offsets[0]
    return np.asarray(x[holds & (values >= least - 1e-9 * abs(least))])


def study_of(budget: float, floor: float) -> Formulation:
    limits: list[dict[str, Any]] = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}, "by": "county"},
    ]
    return b.formulation(CRITERIA, limits=limits)


def asked(found: Formulation, **options: Any) -> module.Alternatives:
    """Alternatives of a study that has no files."""
    standing = Standing(found, "carbon", solve_best(found.program.select([0]), share=1e-9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "standing_of", lambda question: standing)
        return module.alternatives(found.study, gap=1e-9, **options)


@settings(max_examples=8, deadline=None)
@given(
    budget=st.floats(2e4, 4e5), floor=st.floats(0.6, 1.0), loss=st.integers(0, 60),
    differ=st.sampled_from(["1parcels", "2parcels", "45ha"]), mode=st.sampled_from(["best", "far"]),
)  # fmt: skip
def test_plans_and_classes_are_those_of_brute_force(
    budget: float, floor: float, loss: int, differ: str, mode: str
) -> None:
    found = study_of(budget, floor)
    told = asked(found, loss=f"{loss}%", differ=differ, plans=50, mode=mode)
    near = near_optimal(found, told.least)
    chosen = near.mean(axis=0)
    expected = np.where(chosen == 1, ALL, np.where(chosen == 0, NONE, SOME))
    assert told.choices.kind.tolist() == expected.tolist()
    assert told.ended == "none"
    weights = found.landscape.area[found.menu.parcel] if told.unit == "ha" else np.ones(len(found.menu))
    known = [told.standing.best.x]
    values = (found.program.objectives.to_csr() @ near.T)[0] + found.program.offsets[0]
    for plan in told.plans:
        away = np.array([((weights * (x == 0)) @ near.T) for x in known])
        allowed = (away >= told.differ - 1e-9).all(axis=0)
        assert plan.differs == pytest.approx([float(weights @ ((x == 0) * plan.x)) for x in known])
        assert min(plan.differs) >= told.differ - 1e-9
        best = values[allowed].max() if mode == "best" else away.sum(axis=0)[allowed].max()
        reached = plan.value if mode == "best" else sum(plan.differs)
        assert reached == pytest.approx(best, rel=1e-6)
        assert plan.bound == pytest.approx(best, rel=1e-6)
        known.append(plan.x)
    away = np.array([((weights * (x == 0)) @ near.T) for x in known])
    assert not (away >= told.differ - 1e-9).all(axis=0).any()


@pytest.mark.parametrize("sections", [
    {"periods": {"starts": [2025, 2040]}},
    {"funds": [{"name": "one", "amount": 1e5, "earmarks": [{"share": 0.3, "regions": ["north"]}]}]},
])  # fmt: skip
def test_periods_and_funds(sections: dict[str, Any]) -> None:
    found = b.formulation(("carbon", "cost"), **sections)
    told = asked(found, loss="70%", differ="2parcels", plans=2)
    assert told.plans
    for place, plan in enumerate(told.plans, start=1):
        assert told.plan(place).limits()["holds"].all()
        assert "unpaid" not in set(told.plan(place).funds()["fund"])
        assert plan.value >= told.least - 1e-6 * abs(told.least)
        assert min(plan.differs) >= 2 - 1e-9
    assert (told.choices.kind != UNDECIDED).mean() > 0.9


@settings(max_examples=8, deadline=None)
@given(budget=st.floats(2e4, 4e5), loss=st.integers(1, 40))
def test_classes_of_shares_hold_for_sampled_plans(budget: float, loss: int) -> None:
    limits = [{"name": "budget", "criterion": "cost", "max": budget}]
    found = b.formulation(CRITERIA, limits=limits, about={"decision": "share"})
    told = asked(found, loss=f"{loss}%", differ="45ha", plans=5, mode="far")
    whole = b.formulation(CRITERIA, limits=limits)
    near = [told.standing.best.x, *(plan.x for plan in told.plans), *near_optimal(whole, told.least)]
    # Mixes of near-optimal plans are near-optimal, too.
    x = np.array(near)[:, : len(found.menu)]
    rng = np.random.default_rng(0)
    x = np.concatenate([x, rng.dirichlet(np.full(len(x), 0.3), 50) @ x])
    kind = told.choices.kind
    assert (x[:, kind == NONE] < 0.5 + 1e-9).all()
    assert (x[:, kind == ALL] >= 0.5 - 1e-9).all()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_squares(tmp_path_factory.mktemp("alternatives") / "study", decision="whole")


def test_the_folder_has_plans_table_words_and_map(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["alternatives", str(whole), "--loss", "1%", "--differ", "5ha", "--plans", "2", "-o", str(out)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "As many plans as were asked for" in done.stdout
    names = {path.name for path in out.iterdir()}
    tables = {"alternatives.csv", "choices.parquet", "plan_0.csv", "plan_1.csv", "plan_2.csv", "summary.txt"}
    assert names == tables | {"choices.png", "choices.svg"}
    frame = pd.read_csv(out / "alternatives.csv")
    assert frame["value"].is_monotonic_decreasing
    plan = [pd.read_csv(out / f"plan_{place}.csv") for place in (0, 1)]
    both = plan[0].merge(plan[1], on="parcel")
    assert (both["intervention_x"] != both["intervention_y"]).sum() >= 5
    assert score_holds(whole, out / "plan_1.csv")
    assert CliRunner().invoke(app, words).exit_code == 2


def score_holds(study: Path, plan: Path) -> bool:
    return bool(lf.score(study, plan).plan.limits()["holds"].all())


def test_json_and_a_proof_that_there_is_none(whole: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    words = ["alternatives", str(whole), "--loss", "0.01%", "--differ", "30parcels", "-o", out, "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert said["ended"] == "none"
    assert len(said["plans"]) == 1


def test_no_time_is_said(whole: Path) -> None:
    told = lf.alternatives(whole, loss="1%", differ="5ha", seconds=0.0, settle=0.0)
    assert not told.settled
    assert "without a proof" in str(told)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "much"}, "is no share in %"),
        ({"loss": "-1%"}, "is no share in %"),
        ({"differ": "5"}, "is no positive number of ha or parcels"),
        ({"differ": "0ha"}, "is no positive number of ha or parcels"),
        ({"plans": 0}, "must be 1 or more"),
        ({"mode": "near"}, "must be 'best' or 'far'"),
    ],
)
def test_wrong_questions_are_refused(whole: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        lf.alternatives(whole, **{"loss": "1%", "differ": "5ha", **options})
