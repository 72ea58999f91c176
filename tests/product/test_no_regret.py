"""No-regret parcels: against every nondominated plan of small studies, in words, as files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import landfront.api as lf
from landfront.cli import app
from landfront.instances.faults import InputError
from landfront.optimizer.certify import recomputed
from landfront.optimizer.front import Fact
from landfront.optimizer.program import Csr, Program, Stack
from landfront.report.choices import ALL, NONE, SOME, UNDECIDED
from landfront.report.no_regret import no_regret_of
from landfront.report.result import Result
from landfront.report.search import find_front, request
from tests.models import builders as b
from tests.models.brute import plans

from .conftest import write_squares


@settings(max_examples=15, deadline=None)
@given(budget=st.floats(5e4, 6e5), floor=st.floats(0.5, 1.0))
def test_what_is_proven_holds_for_every_nondominated_plan(budget: float, floor: float) -> None:
    limits = [
        {"name": "budget", "criterion": "cost", "max": budget},
        {"name": "grain", "criterion": "food", "min": {"share": floor}},
    ]
    found = b.formulation(["carbon", "water"], limits=limits)
    front = find_front(found, request(found.study, ["carbon", "water"], "all"))
    told = no_regret_of(Result(found, front))
    program, x = found.program, plans(found.program)
    activity = (program.row_matrix @ x.T).T
    feasible = ((activity >= program.row_lower - 1e-9) & (activity <= program.row_upper + 1e-9)).all(axis=1)
    x = x[feasible]
    y = program.minimised[:2] @ x.T
    worse = (y[:, :, None] <= y[:, None, :] + 1e-9).all(axis=0) & (y[:, :, None] < y[:, None, :] - 1e-6).any(
        axis=0
    )
    best = x[~worse.any(axis=0)]
    chosen = best.mean(axis=0)
    assert (chosen[told.proven == ALL] == 1).all()
    assert (chosen[told.proven == NONE] == 0).all()
    assert ((chosen > 0) & (chosen < 1))[told.proven == SOME].all()
    assert (told.found[told.proven == ALL] == ALL).all()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("no_regret")
    lf.run(write_squares(folder / "study"), folder / "run", points=40)
    return folder / "run"


def test_most_of_what_all_plans_agree_on_is_proven(run: Path) -> None:
    told = lf.no_regret(run)
    parcels = told.parcels
    assert parcels["proven"].sum() >= 8
    assert sum(flags.sum() for flags in parcels.values()) == 36
    assert (told.found[told.proven == NONE] == NONE).all()


def test_the_folder_has_table_words_and_map(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, ["no-regret", str(run), "-o", str(out)])
    assert done.exit_code == 0, done.output
    names = {path.name for path in out.iterdir()}
    assert names == {"no_regret.parquet", "summary.txt", "no_regret.png", "no_regret.svg"}
    frame = pd.read_parquet(out / "no_regret.parquet")
    assert set(frame["in_plans"].unique()) == {"all", "some", "none"}
    done = CliRunner().invoke(app, ["no-regret", str(run), "-o", str(tmp_path / "more"), "--json"])
    said = json.loads(done.stdout)
    assert said["proven"]["parcels"] + said["agreed"]["parcels"] + said["contested"]["parcels"] == 36


def test_a_front_of_three_criteria_is_refused(run: Path, tmp_path: Path) -> None:
    lf.run(run.parent / "study", tmp_path / "run", ["carbon", "food", "cost"], points=4)
    with pytest.raises(InputError, match="fronts of two criteria"):
        lf.no_regret(tmp_path / "run")


def test_a_study_is_no_run(run: Path) -> None:
    with pytest.raises(InputError, match="is not a run directory"):
        lf.no_regret(run.parent / "study")


def test_shares_count_from_half_a_parcel(run: Path) -> None:
    told = lf.no_regret(run)
    shares = np.array([point.x[: len(told.found)] for point in told.result.front.points])
    assert (shares[:, told.found == ALL] >= 0.5).all()
    assert (shares[:, told.found == NONE] < 0.5).all()


def front_result(program: Program, facts: tuple[Fact, ...], x: np.ndarray) -> Any:
    """What no-regret asks of a result, for a program by hand with points and facts that are given."""
    points = [SimpleNamespace(x=row) for row in x]
    values = np.array([program.values(row) for row in x])
    front = SimpleNamespace(points=points, values=values, senses=program.senses, facts=facts)
    formulation = SimpleNamespace(menu=range(program.starts[-1]))
    return SimpleNamespace(program=program, front=front, formulation=formulation)


def by_hand(objectives: list[list[float]], rows: list[list[float]], bound: float, **fields: Any) -> Program:
    """Two objectives to be minimised, equations, groups of shares."""
    columns = len(objectives[0])
    equal = np.full(len(rows), bound)
    return Program(
        Stack((Csr(sp.csr_array(np.array(objectives))),), columns), np.ones(2, np.int8), np.zeros(2),
        Stack((Csr(sp.csr_array(np.array(rows))),), columns), equal, equal,
        np.zeros(columns), np.ones(columns), fields["integer"], fields["starts"], ("one", "two"),
        tuple(f"row {place}" for place in range(len(rows))),
    )  # fmt: skip


def fact_of(program: Program, weights: list[float], prices: list[float]) -> Fact:
    """What prices prove."""
    free = np.full(2, np.inf)
    return recomputed(
        program, Fact(np.array(weights), free, -np.inf, "recomputed", np.array(prices), np.zeros(2))
    )


def test_two_facts_do_not_prove_that_shares_together_are_below_half() -> None:
    """Two options have 0.4 each in every plan, so that the third one never has half."""
    program = by_hand(
        [[0, 0, 0, 0, 1], [0, 0, 0, 1, 0]], [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]], 0.4,
        integer=np.zeros(5, dtype=bool), starts=np.array([0, 3, 5]),
    )  # fmt: skip
    weighings = ([1.0, 1.0], [1.0, 0.0], [0.0, 1.0])
    facts = tuple(fact_of(program, w, prices) for w in weighings for prices in ([-1.0, 0.0], [0.0, -1.0]))
    x = np.array([[0.2, 0.4, 0.4, 1, 0], [0.2, 0.4, 0.4, 0, 1]])
    told = no_regret_of(front_result(program, facts, x))
    assert told.proven[1:3].tolist() == [NONE, NONE]
    assert told.proven[0] == UNDECIDED
    # One fact that shuts out both proves it, where they have little.
    little = replace(program, row_lower=np.full(2, 0.1), row_upper=np.full(2, 0.1))
    facts = tuple(fact_of(little, w, [-1.0, -1.0]) for w in weighings)
    x[:, :3] = [0.8, 0.1, 0.1]
    assert no_regret_of(front_result(little, facts, x)).proven[:3].tolist() == [ALL, NONE, NONE]


def test_shares_beside_whole_columns_do_not_mix() -> None:
    """Above the line between its neighbours a plan is nondominated where columns beside shares are whole."""
    eye = np.eye(3)
    program = by_hand(
        [[0, 1, 0.9, 0, 0, 0], [1, 0, 0.9, 0, 0, 0]], np.hstack([eye, -eye]).tolist(), 0.0,
        integer=np.array([False] * 3 + [True] * 3), starts=np.array([0, 3]),
    )  # fmt: skip
    x = np.array([[1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]], dtype=np.float64)
    facts = (fact_of(program, [1.0, 1.0], [0.0, 0.0, 0.0]),)
    told = no_regret_of(front_result(program, facts, x))
    assert told.proven.tolist() == [SOME, SOME, UNDECIDED]
    shares = replace(program, integer=np.zeros(6, dtype=bool))
    assert no_regret_of(front_result(shares, facts, x)).proven.tolist() == [SOME, SOME, NONE]
