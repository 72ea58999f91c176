"""Every component has a golden LP that a person can check, and builds exactly that."""

from __future__ import annotations

import importlib
import pkgutil

import highspy
import pytest

import landfront.models as models
from landfront.models.formulate import Formulation
from landfront.models.registry import COMPONENTS
from tests.models.brute import best_plan
from tests.models.goldens import FOLDER, GOLDENS
from tests.models.lp import lp_text

# What is no component of the formulation: types, helpers of components, plans, renderings.
NOT_COMPONENTS = {
    "appended", "component", "effects", "registry", "blocks", "bounds", "bounds_table", "given", "reasons",
    "scopes", "widening", "measure", "cells", "regret", "plan",
    "plan_read", "plan_text", "plan_write", "pyomo_view",
}  # fmt: skip


def test_every_component_has_a_golden() -> None:
    modules = {module.name for module in pkgutil.iter_modules(models.__path__)} - NOT_COMPONENTS
    assert modules | set(COMPONENTS) <= set(GOLDENS)


def test_every_component_says_its_formula_and_symbols() -> None:
    for module in pkgutil.iter_modules(models.__path__):
        if module.name not in NOT_COMPONENTS:
            text = importlib.import_module(f"landfront.models.{module.name}").__doc__ or ""
            assert "Formula" in text, module.name
            assert "|---|" in text, module.name


def test_no_golden_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.lp")} == set(GOLDENS)


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str) -> None:
    """If the change is meant, run ``python -m tests.models.goldens`` and read the diff."""
    assert lp_text(GOLDENS[name]()) == (FOLDER / f"{name}.lp").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GOLDENS)
def test_golden_solves_to_the_brute_force_optimum(name: str) -> None:
    formulation: Formulation = GOLDENS[name]()
    solver = highspy.Highs()
    solver.silent()
    assert solver.readModel(str(FOLDER / f"{name}.lp")) == highspy.HighsStatus.kOk
    solver.run()
    assert solver.getObjectiveValue() == pytest.approx(best_plan(formulation), rel=1e-6)
