"""The Pyomo twin: the same program as the arrays, readable, and solved to the same optimum."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pyomo.environ as pyo
import pytest

from landfront.instances.generate import generate_county
from landfront.instances.provinces import write_provinces
from landfront.instances.study import read_study
from landfront.models.formulate import Formulation, formulate
from landfront.models.pyomo_view import to_pyomo
from landfront.optimizer.pyomo_io import from_pyomo
from landfront.optimizer.scalarize import solve_single
from tests.models import builders as b
from tests.models.brute import best_plan, best_value
from tests.models.goldens import GOLDENS
from tests.models.twin import assert_same_program

LIMITS = [
    {"name": "grain", "criterion": "food", "min": {"share": 0.9}, "by": "county"},
    {
        "name": "budget",
        "criterion": "cost",
        "min": 1000,
        "max": 200_000,
        "owner": "treasury",
        "reason": "funds",
    },
    {"name": "homes", "criterion": "feature:*", "min": {"share": 0.6}, "by": "county", "regions": ["south"]},
    {
        "name": "nothing",
        "criterion": "area",
        "max": 5,
        "by": "county",
        "interventions": ["cropland_to_forest"],
    },
]


@pytest.fixture
def found() -> Formulation:
    return b.formulation(["carbon", "food", "cost"], limits=LIMITS)


WITH_COLUMNS = ("measures", "risk", "funds", "boundary", "scattered", "separate", "connected", "unlinked")
"""Goldens with linking columns, whose twins are compared by their optima."""


@pytest.mark.parametrize("name", [name for name in GOLDENS if name not in WITH_COLUMNS])
def test_twin_of_each_golden_is_the_same_program(name: str) -> None:
    assert_same_program(GOLDENS[name]())


def test_twin_with_empty_scopes_and_ranges_is_the_same_program(found: Formulation) -> None:
    assert_same_program(found)


def test_twin_of_the_tiny_study_is_the_same_program() -> None:
    assert_same_program(formulate(read_study(Path(str(files("landfront.instances") / "examples" / "tiny")))))


def test_twin_of_the_provinces_is_the_same_program(tmp_path: Path) -> None:
    assert_same_program(formulate(read_study(write_provinces(tmp_path / "china"))))


def test_twin_of_a_county_is_the_same_program(tmp_path: Path) -> None:
    assert_same_program(
        formulate(read_study(generate_county(tmp_path / "county", parcels=1000, seed=2, layer="parquet")))
    )


def test_it_reads_like_the_textbook(found: Formulation) -> None:
    model = to_pyomo(found)
    assert list(model.P) == list(b.IDS)
    assert list(model.I) == list(b.INTERVENTIONS)
    assert ("f1", "cropland_to_forest") in model.MENU
    assert model.area_ha["f2"] == 20
    assert model.effect_food["f1", "cropland_to_forest"] == -20
    assert str(model.one_option_per_parcel["f2"].expr) == "x[f2,keep] + x[f2,conservation_tillage]  ==  1"
    assert str(model.limit_grain["north"].expr).startswith("90.0  <=  100.0")
    assert model.limit_budget.doc == "cost, CNY; treasury: funds"
    assert set(model.limit_homes) == {("crane", "south"), ("orchid", "south")}
    assert model.carbon.active
    assert not model.food.active
    assert model.food.sense == pyo.maximize
    assert model.cost.doc == "total of cost, CNY"


@pytest.mark.parametrize("decision", ["whole", "share"])
def test_any_pyomo_solver_finds_the_same_optimum(decision: str) -> None:
    found = b.formulation(["carbon", "food"], limits=LIMITS[:2], about={"decision": decision})
    model = to_pyomo(found)
    solver = pyo.SolverFactory("appsi_highs")
    solver.solve(model)
    if decision == "whole":
        assert pyo.value(model.carbon) == pytest.approx(best_value(found.program))
    else:  # 200,000 buys all tillage and part of the trees on g1, the cheapest carbon
        assert pyo.value(model.carbon) == pytest.approx(5200 + 600 * 20_000 / 45_000)


def test_a_criterion_may_have_the_name_of_a_set() -> None:
    found = b.formulation(
        {"x": {"effect": "carbon", "sense": "max"}, "P": {"effect": "area", "sense": "max"}}
    )
    model = to_pyomo(found)
    assert model.criterion_x.active
    assert pyo.maximize == model.criterion_P.sense


def test_pyomo_is_loaded_only_when_it_is_asked_for() -> None:
    code = (
        "import sys, landfront.models.pyomo_view, landfront.models.formulate; print('pyomo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("place", range(4))
def test_twin_with_measures_has_the_same_optimum(place: int) -> None:
    """Its compiler orders columns by where they occur first, so matrices are not compared."""
    found = GOLDENS["measures"]()
    twin = from_pyomo(to_pyomo(found))
    assert twin.columns == found.program.columns
    best = float(solve_single(twin, place, gap=1e-9).values[place])
    assert best == pytest.approx(best_plan(found, place), abs=1e-6)


def test_twin_with_a_limit_on_a_measure_has_the_same_optimum() -> None:
    worst = {"effect": "food", "measure": "smallest", "by": "county", "per": "baseline", "sense": "max"}
    criteria = {"carbon": {"sense": "max"}, "worst": worst}
    found = b.formulation(criteria, limits=[{"name": "least", "criterion": "worst", "min": 0.9}])
    free = solve_single(b.formulation(criteria).program, 0, gap=1e-9).values[0]
    best = solve_single(from_pyomo(to_pyomo(found)), 0, gap=1e-9).values[0]
    assert best == pytest.approx(best_plan(found, 0), abs=1e-6)
    assert best < free - 1


def test_a_target_that_is_met_already_needs_no_row() -> None:
    reached = {"effect": "feature:*", "measure": "reached", "target": 0.0, "sense": "max"}
    found = b.formulation({"carbon": {"sense": "max"}, "reached": reached})
    best = solve_single(from_pyomo(to_pyomo(found)), 0, gap=1e-9).values[0]
    assert best == pytest.approx(best_plan(found, 0), abs=1e-6)
