"""`import landfront.api as lf`: the public names, quick to import, with clear refusals."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import landfront.api as lf
from landfront.models.plan import Plan
from landfront.report.result import Result

NAMES = [
    "Account",
    "Alternatives",
    "Cascade",
    "Check",
    "Compensation",
    "Diff",
    "Explanation",
    "Front",
    "Importance",
    "InfeasibleError",
    "InputError",
    "Mac",
    "Monitored",
    "Mrv",
    "Nested",
    "NoRegret",
    "Plan",
    "Point",
    "Prices",
    "Replan",
    "RequestCosts",
    "Result",
    "Robust",
    "Safeguards",
    "Score",
    "Stability",
    "Study",
    "Triggers",
    "Verification",
    "Versions",
    "account",
    "alternatives",
    "cascade",
    "catalogue",
    "check",
    "compensate",
    "cost_of_requests",
    "criterion6",
    "demo",
    "diff",
    "draft",
    "explain",
    "explore",
    "front",
    "generate",
    "importance",
    "mac",
    "monitor",
    "mrv",
    "named_fronts",
    "nested",
    "no_regret",
    "plan",
    "prices",
    "read",
    "replan",
    "report",
    "resume",
    "robust",
    "run",
    "safeguards",
    "score",
    "to_pyomo",
    "triggers",
    "verify",
    "versions",
    "workbook",
]


def test_the_public_names_are_these() -> None:
    assert lf.__all__ == NAMES
    assert dir(lf) == NAMES
    assert all(getattr(lf, name) is not None for name in NAMES)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lf.nothing


def test_importing_it_is_quick_and_loads_nothing_heavy() -> None:
    script = (
        "import sys, time; began = time.perf_counter(); import landfront.api\n"
        "took, heavy = time.perf_counter() - began, {'pandas', 'highspy', 'matplotlib', 'pyomo'}\n"
        "print(took, bool(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    took, heavy = done.stdout.split()
    assert float(took) < 1.0
    assert heavy == "False"


def test_a_study_gives_plans_fronts_and_files(squares: Path, tmp_path: Path) -> None:
    study = lf.read(squares / "study.toml")
    assert lf.read(squares) == study
    cheapest = lf.plan(study, minimise="cost")
    assert isinstance(cheapest, Plan)
    assert cheapest.values["cost"] == pytest.approx(0)
    front = lf.front(study, ["carbon", "food"], points=5)
    assert front.values.shape == (len(front), 2)
    assert front.criteria == ("carbon", "food")
    assert front.gap <= 1e-4
    assert list(front.to_frame().columns) == ["point", "carbon", "food", "bound", "gap", "termination"]
    front.knee().plan.to_file(tmp_path / "plan.gpkg")
    assert (tmp_path / "plan.gpkg").exists()
    best = lf.plan(study, maximise="carbon")
    assert front[len(front) - 1].plan.values["carbon"] == pytest.approx(best.values["carbon"], rel=1e-6)
    assert front.values[:, 0].max() <= best.values["carbon"] * (1 + 1e-6)


def test_what_is_not_said_comes_from_the_study(squares: Path) -> None:
    assert len(lf.front(squares)) == 6


def test_what_is_asked_wrongly_is_refused_in_words(squares: Path) -> None:
    with pytest.raises(ValueError, match="objectives are for models"):
        lf.front(squares, objectives=["carbon", "food"])
    with pytest.raises(TypeError, match=r"not builtins\.int"):
        lf.check(3)  # type: ignore[arg-type]
    with pytest.raises(lf.InputError, match="two different criteria or more"):
        lf.front(squares, ["carbon"])
    with pytest.raises(lf.InputError, match="workers"):
        lf.front(squares, workers=0)


def test_a_study_is_solved_by_several_processes_and_by_any_executor(squares: Path) -> None:
    alone = lf.front(squares, points=6)
    for options in ({"workers": 2}, {"executor": ThreadPoolExecutor(2)}):
        front = lf.front(squares, points=6, **options)
        assert front.complete == alone.complete
        assert front.coverage <= alone.coverage + 0.1
        # What was under way when the last point was found counts too.
        assert len(alone) <= len(front) <= len(alone) + 1


def test_a_pyomo_model_gives_its_complete_front() -> None:
    import pyomo.environ as pyo

    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), domain=pyo.Binary)
    model.one = pyo.Constraint(expr=sum(model.x[i] for i in range(3)) == 1)
    model.gain = pyo.Objective(expr=3 * model.x[0] + 2 * model.x[1] + model.x[2], sense=pyo.maximize)
    model.price = pyo.Objective(expr=5 * model.x[0] + 4 * model.x[1] + 4 * model.x[2])
    model.other = pyo.Objective(expr=model.x[0])
    front = lf.front(model, objectives=["gain", "price"])
    np.testing.assert_allclose(front.values, [[2, 4], [3, 5]])
    assert front.complete
    with pytest.raises(ValueError, match="bare program"):
        _ = front[0].plan
    assert lf.front(model).values.tolist() == [[2, 4, 0], [3, 5, 1]]
    with pytest.raises(ValueError, match="no objective profit"):
        lf.front(model, objectives=["gain", "profit"])


def test_a_program_file_gives_the_front_of_its_study(tiny: Path, tmp_path: Path) -> None:
    from landfront.models.formulate import formulate
    from landfront.optimizer.files import write_program

    study = lf.read(tiny)
    path = tmp_path / "program.arrow"
    write_program(formulate(study).program, path)
    names = study.front.criteria
    one, two = lf.front(study, points=4), lf.front(path, names, points=4)
    np.testing.assert_array_equal(one.values, two.values)


def test_check_and_run_and_verify_print_readably(squares: Path, squares_run: Path) -> None:
    assert "36 parcels" in str(lf.check(squares))
    assert "as its input says" in str(lf.verify(squares_run))
    assert str(lf.read(squares)).startswith("Study: ")


def test_a_generated_county_can_be_run(tmp_path: Path) -> None:
    study = lf.generate(tmp_path / "county", 1000, 2, layer="parquet")
    began = time.monotonic()
    result = lf.run(study, tmp_path / "run", points=3, gap=0.05, time_limit=20)
    assert isinstance(result, Result)
    assert time.monotonic() - began < 60
    totals = pd.read_csv(tmp_path / "run" / "totals.csv")
    whole = totals[(totals["level"] == "all") & (totals["point"] == 0)]
    assert whole["area_ha"].sum() == pytest.approx(float(result.formulation.landscape.area.sum()))


def test_pyomo_gives_the_same_program(tiny: Path) -> None:
    model = lf.to_pyomo(tiny)
    assert model.name
    assert isinstance(lf.catalogue(), pd.DataFrame)
    assert np.isin(["mangrove", "bamboo"], lf.catalogue()["intervention"]).all()
