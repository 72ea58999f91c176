"""Pyomo models read as programs, and readable fronts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyomo.environ as pyo
import pytest

from landfront.optimizer.fronts import solve_front
from landfront.optimizer.program import Program
from landfront.optimizer.pyomo_io import from_pyomo


@pytest.fixture
def model() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4))
    model.y = pyo.Var(domain=pyo.Binary)
    model.z = pyo.Var(domain=pyo.Integers, bounds=(-2, None))
    model.w = pyo.Var([1, 2], domain=pyo.NonNegativeReals)
    model.gain = pyo.Objective(expr=3 * model.x + model.y + 5, sense=pyo.maximize)
    model.loss = pyo.Objective(expr=model.z - model.x + model.w[1] - 2)
    model.loss.deactivate()
    model.between = pyo.Constraint(expr=(1, model.x + model.y + 1, 6))
    model.equal = pyo.Constraint(expr=model.z + model.w[2] == 3)
    model.least = pyo.Constraint(expr=model.x - model.z >= -7 + model.y)
    model.most = pyo.Constraint([1, 2], rule=lambda m, i: m.w[i] <= 9)
    return model


def test_senses_constants_ranges_bounds_and_integers(model: pyo.ConcreteModel) -> None:
    program = from_pyomo(model)
    assert program.objective_names == ("gain", "loss")
    assert program.senses.tolist() == [-1, 1]
    assert program.offsets.tolist() == [5, -2]
    assert program.objective_matrix.tolist() == [[3, 1, 0, 0, 0], [-1, 0, 1, 1, 0]]
    assert program.integer.tolist() == [False, True, True, False, False]
    assert program.lower.tolist() == [0, 0, -2, 0, 0]
    assert program.upper.tolist() == [4, 1, np.inf, np.inf, np.inf]
    assert program.row_names == ("between", "equal", "least", "most[1]", "most[2]")
    assert program.groups == 0
    x = np.array([2.0, 1.0, 3.0, 0.5, 0.0])
    used = program.rows.dot(x)
    holds = (used >= program.row_lower) & (used <= program.row_upper)
    assert holds.tolist() == [True] * 5
    assert program.row_upper[0] - program.row_lower[0] == 5


def test_reading_leaves_the_model_as_it_was(model: pyo.ConcreteModel) -> None:
    from_pyomo(model)
    assert model.gain.active
    assert not model.loss.active


def test_nonlinear_and_empty_models_are_refused(model: pyo.ConcreteModel) -> None:
    with pytest.raises(ValueError, match="no Objective"):
        from_pyomo(pyo.ConcreteModel())
    model.bad = pyo.Constraint(expr=model.x * model.w[1] <= 3)
    with pytest.raises(ValueError, match=r"constraint bad is quadratic"):
        from_pyomo(model)


def test_front_of_a_mixed_model() -> None:
    model = pyo.ConcreteModel()
    model.n = pyo.Var(bounds=(0, 5), domain=pyo.Integers)
    model.first = pyo.Objective(expr=model.n, sense=pyo.maximize)
    model.second = pyo.Objective(expr=model.n**1 * 2 + 1)
    front = solve_front(from_pyomo(model), points="all")
    assert front.complete
    assert front.values.tolist() == [[n, 2 * n + 1] for n in range(6)]


def test_front_and_point_print_as_tables(build: Callable[..., Program]) -> None:
    objectives = np.array([[0, 1, 4], [5, 2, 0.0]])
    front = solve_front(build(objectives, np.zeros((0, 3)), [], [], starts=[0, 3]), points="all")
    words = str(front)
    assert "Front of 3 points: min a, min b" in words
    assert "complete (optimal" in words
    assert front._repr_html_().count("<tr>") == 4
    assert "optimal" in str(front[0])
    assert "recomputed" in str(front.certificate)
    assert front.certificate.complete
    assert front.certificate.solver.startswith("HiGHS 1.")
