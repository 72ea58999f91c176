"""What requests about parcels cost: the interval holds the cost that brute force finds; the log is kept."""

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
from landfront.instances.landscape import Past
from landfront.instances.study import read_study
from landfront.models.formulate import Formulation, formulate
from landfront.report.parcel_requests import Pricing
from landfront.report.request_costs import ParcelRequest
from landfront.report.search import find_plan
from tests.models import builders as b
from tests.models.brute import plans

from .conftest import renewed

TILLAGE, FOREST = "conservation_tillage", "natural_forest_restoration"


def best(found: Formulation, shut: np.ndarray) -> float:
    """Most carbon under the limits without some options; -inf where no plan is left."""
    x = plans(found.program)
    activity = (found.program.row_matrix @ x.T).T
    lower, upper = found.program.row_lower - 1e-9, found.program.row_upper + 1e-9
    feasible = ((activity >= lower) & (activity <= upper)).all(axis=1) & ~(x[:, shut] > 0).any(axis=1)
    values = found.program.objectives.to_csr()[[0]] @ x[feasible].T
    return float(values.max()) if feasible.any() else -np.inf


ASKED = (
    ParcelRequest("f1", "lock", "keep"), ParcelRequest("g1", "reject"),
    ParcelRequest("f2", "reject", TILLAGE), ParcelRequest("f3", "lock", TILLAGE),
    ParcelRequest("g1", "lock", FOREST),
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    budget=st.floats(1e4, 3e5), floor=st.floats(0.5, 1.0),
    places=st.sets(st.integers(0, 3), min_size=1, max_size=3), whole=st.just(True),
)  # fmt: skip
def test_the_interval_holds_the_cost_of_brute_force(
    budget: float, floor: float, places: set[int], whole: bool
) -> None:
    limits = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}, "by": "county"},
    ]
    found = b.formulation(["carbon", "food", "cost"], limits=limits)
    plan = find_plan(found, "carbon", gap=1e-9).plan
    pricing = Pricing.of(plan, ("carbon",), (1e-9, None))
    asked = [ASKED[place] for place in sorted(places)]
    costs = pricing.costs(asked, solve=True)
    at_once = pricing.costs(asked, solve=False)
    shut = pricing._shut(asked)
    base = best(found, np.zeros(len(found.menu), dtype=bool))
    cases = [*zip(costs.answers, at_once.answers, shut, strict=True),
             (costs.together, at_once.together, np.logical_or.reduce(shut))]  # fmt: skip
    for solved, early, here in cases:
        cost = base - best(found, here)
        if np.isinf(cost):
            assert np.isinf(solved.least)
            continue
        assert solved.least <= cost + 1e-6 * max(base, 1)
        assert solved.most >= cost - 1e-6 * max(base, 1)
        assert solved.most - solved.least <= 1e-5 * max(base, 1)
        assert early.at_once <= cost + 1e-6 * max(base, 1)
        assert np.isnan(early.most)


def test_a_request_that_the_plan_grants_costs_nothing() -> None:
    found = b.formulation(["carbon"])
    pricing = Pricing.of(find_plan(found, "carbon", gap=1e-9).plan, ("carbon",), (1e-9, None))
    costs = pricing.costs([ParcelRequest("g1", "lock", FOREST)], solve=True)
    assert costs.together.most == pytest.approx(0.0, abs=1e-6)
    assert costs.together.changed == 0
    assert "g1 gets natural_forest_restoration" in str(costs)


def begun(share: float, year: int = 2026, **sections: Any) -> Formulation:
    """Shared parcels, a share of f1 in conservation tillage already."""
    one = np.array([0])
    past = Past(one, one, np.array([year]), np.array([share]), (TILLAGE,), 2028)
    return b.formulation(
        ["carbon"], land=b.landscape(past=past), about={"decision": "share"},
        history={"source": "history.csv", "year": 2028}, **sections,
    )  # fmt: skip


@pytest.mark.parametrize(
    "asked", [ParcelRequest("f1", "reject", "cropland_to_forest"), ParcelRequest("f1", "lock", TILLAGE)]
)
@pytest.mark.parametrize("share", [0.6, 0.25])
def test_only_what_is_not_done_yet_counts_for_a_request(asked: ParcelRequest, share: float) -> None:
    found = begun(share)
    pricing = Pricing.of(find_plan(found, "carbon", gap=1e-9).plan, ("carbon",), (1e-9, None))
    cost = 1100 * (1 - share)  # 1,300 t with the forest, 200 t with tillage
    for solve in (False, True):
        answer = pricing.costs([asked], solve=solve).answers[0]
        assert answer.at_once == pytest.approx(cost, rel=1e-6)
    assert answer.least == pytest.approx(cost, rel=1e-6)
    assert answer.most == pytest.approx(cost, rel=1e-6)


def test_a_request_for_what_can_no_longer_start_has_no_plan_at_once() -> None:
    found = begun(0.6, periods={"starts": [2025, 2030]})
    pricing = Pricing.of(find_plan(found, "carbon", gap=1e-9).plan, ("carbon",), (1e-9, None))
    asked = [ParcelRequest("f1", "lock", f"{TILLAGE}@2025")]
    for solve in (False, True):
        assert np.isinf(pricing.costs(asked, solve=solve).answers[0].at_once)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([ParcelRequest("x9", "reject")], "there is no such parcel"),
        ([ParcelRequest("f1", "lock", "pond")], "unknown intervention 'pond'"),
        ([ParcelRequest("f2", "lock", "cropland_to_forest")], r"is not possible there \(rule slope\)"),
        (
            [ParcelRequest("f1", "lock", "keep"), ParcelRequest("f1", "lock", TILLAGE)],
            "requests contradict each other",
        ),
        ([ParcelRequest("g2", "reject", "keep")], "cannot be taken away"),
    ],
)
def test_requests_that_cannot_be_are_refused(asked: list[ParcelRequest], words: str) -> None:
    found = b.formulation(["carbon"])
    pricing = Pricing.of(find_plan(found, "carbon").plan, ("carbon",), (1e-4, None))
    with pytest.raises(lf.InputError, match=words) as refused:
        pricing.costs(asked, solve=False)
    assert len(refused.value.faults) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing is asked for"),
        (["--lock", "p001"], "Write it as PARCEL=INTERVENTION"),
        (["--reject", "p001="], "Write it as PARCEL or PARCEL=INTERVENTION"),
        (["--reject", "p001", "--criterion", "wool"], "there is no criterion 'wool'"),
        (["--reject", "p001", "--log", "log.txt"], "is not a log's kind"),
    ],
)
def test_a_command_that_cannot_be_is_refused(squares: Path, arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(app, ["request", str(squares), *arguments])
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_foreign_table_is_never_taken_for_a_log(squares: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "mine.csv"
    foreign.write_text("a,b\n1,2\n")
    done = CliRunner().invoke(app, ["request", str(squares), "--reject", "p001", "--log", str(foreign)])
    assert done.exit_code == 2
    assert "is no log of requests" in done.stderr
    assert foreign.read_text() == "a,b\n1,2\n"


def test_granted_requests_of_the_log_are_kept_by_the_replan(
    old_run: Path,
    tmp_path: Path,
) -> None:
    log = tmp_path / "log.csv"
    wish = ["--lock", "p030=keep", "--reject", "p031"]
    granted = ["request", str(old_run), *wish, "--log", str(log), "--who", "Zhang", "--answer", "granted"]
    done = CliRunner().invoke(app, granted)
    assert done.exit_code == 0, done.stderr
    refused = [
        "request",
        str(old_run),
        "--lock",
        "p032=keep",
        "--log",
        str(log),
        "--answer",
        "refused",
        "--json",
    ]
    done = CliRunner().invoke(app, refused)
    assert json.loads(done.stdout)["requests"][0]["possible"]
    frame = pd.read_csv(log)
    assert frame["parcel"].tolist() == ["p030", "p031", "p032"]
    assert frame["answer"].tolist() == ["granted", "granted", "refused"]
    assert (frame["cost_least"] <= frame["cost_most"] + 1e-9).all()
    study = renewed(old_run, tmp_path / "new")
    found = lf.replan(old_run, study, tmp_path / "out", requests=log)
    now = found.plan.to_frame().set_index("parcel")["intervention"]
    assert now["p030"] == "keep"
    assert now["p031"] == "keep"
    assert lf.verify(tmp_path / "out").holds
    edited = log.read_text().replace("p030", "p999")
    log.write_text(edited)
    again = CliRunner().invoke(
        app, ["replan", str(old_run), str(study), "-o", str(tmp_path / "no"), "--requests", str(log)]
    )
    assert again.exit_code == 2
    assert "unknown parcel" in again.stderr
    assert not (tmp_path / "no").exists()


STUDY = """
[study]
title = "Two fields"
milestones = [2045]
decision = "whole"
[parcels]
source = "parcels.csv"
id = "id"
area = { column = "ha", unit = "ha" }
cover = { column = "code", code_system = "TD/T 1055" }
[interventions]
use = ["conservation_tillage", "organic_cover"]
[periods]
starts = [2030, 2040]
[combinations]
most = 2
groups = [["conservation_tillage", "organic_cover"]]
[criteria]
carbon = { sense = "max" }
"""


@pytest.mark.parametrize("asked", [["--reject", "f1={both}@2030"], ["--lock", "f1={tillage}@2030"]])
def test_joined_and_dated_options_go_from_the_log_into_the_plan(tmp_path: Path, asked: list[str]) -> None:
    names = {"tillage": TILLAGE, "both": f"{TILLAGE}+organic_cover"}
    asked = [part.format(**names) for part in asked]
    (tmp_path / "parcels.csv").write_text("id,code,ha\nf1,0103,10\nf2,0103,20\n", encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    log = tmp_path / "log.csv"
    arguments = ["request", str(tmp_path), *asked, "--log", str(log), "--answer", "granted"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    priced = pd.read_csv(log)
    free = find_plan(formulate(read_study(tmp_path)), "carbon", gap=1e-9).plan
    with (tmp_path / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[requests]\nsource = "log.csv"\n')
    kept = find_plan(formulate(read_study(tmp_path)), "carbon", gap=1e-9).plan
    lost = free.values["carbon"] - kept.values["carbon"]
    assert lost > 0
    assert priced["cost_least"][0] - 1e-6 <= lost <= priced["cost_most"][0] + 1e-6
