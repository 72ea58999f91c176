"""Faults of solvers that are known: what landfront does instead, and tests that tell when they are gone."""

from __future__ import annotations

import subprocess
import sys
from math import inf
from pathlib import Path

import highspy
import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.session import Limits, Model, Session, Settings, new_solver

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
MODELS = {"start_1151": 35.796772573935, "start_1160": -251.441950248284}
"""Optima of two models, as SCIP and HiGHS without presolve find them."""


def optimum(name: str, start: NDArray[np.float64]) -> tuple[float, float]:
    """What HiGHS with a start calls the optimum, and the cost of the solution that it gives."""
    solver = new_solver()
    solver.readModel(str(DATA / f"{name}.mps"))
    solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    cost = np.array(solver.getLp().col_cost_)
    return float(solver.getInfo().objective_function_value), float(cost @ solver.getSolution().col_value)


@pytest.mark.xfail(reason="HiGHS 1.16.0 calls -252.6 optimal, of a solution of -120.2", strict=True)
def test_a_start_does_not_change_the_optimum() -> None:
    name = "start_1160"
    assert optimum(name, np.loadtxt(DATA / f"{name}.txt")) == pytest.approx((MODELS[name],) * 2)


def model_of(name: str) -> Model:
    solver = new_solver()
    solver.readModel(str(DATA / f"{name}.mps"))
    lp = solver.getLp()
    shape, matrix = (lp.num_row_, lp.num_col_), lp.a_matrix_
    kind = sp.csc_array if matrix.format_ == highspy.MatrixFormat.kColwise else sp.csr_array
    return Model(
        cost=np.array(lp.col_cost_),
        lower=np.array(lp.col_lower_),
        upper=np.array(lp.col_upper_),
        integer=np.array([kind == highspy.HighsVarType.kInteger for kind in lp.integrality_]),
        matrix=sp.csr_array(kind((matrix.value_, matrix.index_, matrix.start_), shape=shape)),
        row_lower=np.array(lp.row_lower_),
        row_upper=np.array(lp.row_upper_),
    )


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("presolve", [True, False])
def test_a_known_solution_does_not_change_the_optimum(name: str, presolve: bool) -> None:
    model, known = model_of(name), np.loadtxt(DATA / f"{name}.txt")
    outcome = Session(model, Settings(presolve=presolve)).run(Limits(), known)
    assert outcome.x is not None
    assert outcome.reason == "optimal"
    assert (float(model.cost @ outcome.x), outcome.bound) == pytest.approx((MODELS[name],) * 2)


def random_model(rng: np.random.Generator) -> tuple[Model, NDArray[np.float64]]:
    """Exactly-one groups below rows of any sense, some with a column that pays for what is missed."""
    sizes = rng.integers(2, 5, rng.integers(3, 10))
    groups, m = len(sizes), int(sizes.sum())
    rows, loose = int(rng.integers(1, 7)), int(rng.integers(0, 4))
    choice = np.repeat(np.arange(groups), sizes)
    known = np.zeros(m + loose)
    known[np.cumsum(sizes) - 1 - rng.integers(0, sizes)] = 1
    scale = 10.0 ** rng.integers(0, 5, rows + loose)[:, None]
    effects = rng.integers(-20, 100, (rows + loose, m)) * (rng.random((rows + loose, m)) < 0.7) * scale
    values, slack = effects @ known[:m], np.abs(rng.normal(size=rows + loose)) * 20 * scale[:, 0]
    least = rng.random(rows + loose) < 0.5
    least[rows:] = True
    paid = np.vstack([np.zeros((rows, loose)), np.eye(loose) * rng.integers(1, 100, loose) * scale[rows:]])
    if loose:
        slack[rows:] *= -1
        known[m:] = slack[rows:] / -np.diag(paid[rows:])
    model = Model(
        cost=np.append(np.round(rng.normal(size=m) * 50, 1), np.round(rng.random(loose) * 10 + 0.1, 3)),
        lower=np.zeros(m + loose),
        upper=np.append(np.ones(m), np.full(loose, inf)),
        integer=np.arange(m + loose) < m,
        matrix=sp.csr_array(
            np.vstack([np.eye(groups)[choice].T @ np.eye(m, m + loose), np.hstack([effects, paid])])
        ),
        row_lower=np.append(np.ones(groups), np.where(least, values - slack, -inf)),
        row_upper=np.append(np.ones(groups), np.where(least, inf, values + slack)),
    )
    return model, known


@pytest.mark.parametrize("seed", range(40))
def test_what_is_known_leads_to_the_same_optimum_within_the_gap(seed: int) -> None:
    model, known = random_model(np.random.default_rng(seed))
    best = Session(model, Settings(presolve=False)).run(Limits())
    assert best.x is not None
    value, start = float(model.cost @ best.x), float(model.cost @ known)
    noise = 1e-6 * max(abs(value), abs(start), 1.0)
    for gap in (0.0, (start - value) / 2, 2 * (start - value) + 1.0):
        outcome = Session(model).run(Limits(gap=gap), known)
        assert outcome.x is not None
        assert outcome.reason == "optimal"
        assert outcome.bound <= value + noise
        assert float(model.cost @ outcome.x) <= value + gap + noise
        assert float(model.cost @ outcome.x) <= outcome.bound + gap + noise


def test_what_is_known_is_given_when_time_is_out_or_only_better_is_asked_for() -> None:
    model, known = random_model(np.random.default_rng(1))
    best = Session(model).run(Limits())
    none_left = Session(model).run(Limits(seconds=0.0), known)
    assert none_left.reason == "time limit"
    assert none_left.x is known
    below = Session(model).run(Limits(cutoff=best.bound - 1.0), known)
    assert below.x is not None
    assert below.bound <= best.bound - 1.0 + 1e-6


def test_threads_that_others_made_do_not_matter() -> None:
    words = (
        "import sys, highspy, numpy as np\n"
        "other = highspy.Highs()\n"
        "other.setOptionValue('threads', 2)\n"
        "other.readModel(sys.argv[1])\n"
        "other.run()\n"
        "from landfront.optimizer.session import Limits, Session, Settings\n"
        "from tests.optimizer.test_known_faults import random_model\n"
        "model, _ = random_model(np.random.default_rng(0))\n"
        "assert Session(model, Settings()).run(Limits()).reason == 'optimal'\n"
    )
    path = str(DATA / "start_1160.mps")
    subprocess.run([sys.executable, "-c", words, path], check=True, timeout=120, cwd=ROOT)


def test_the_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    new_solver().run()
    assert capfd.readouterr().out == ""
