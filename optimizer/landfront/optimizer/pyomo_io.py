"""Pyomo models in: any linear model with several objectives becomes a `Program`, and says when it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.front import Floats
from landfront.optimizer.program import Csr, Program, Stack


def from_pyomo(model: Any) -> Program:
    """Read a linear Pyomo model.

    Parameters
    ----------
    model
        A ConcreteModel with at least one Objective; all count, active or not. Constraints may be equalities,
        one-sided or ranges; variables continuous, integer or binary; fixed variables count as constants.

    Returns
    -------
    Program
        Without groups; columns in the order of the model's variables, rows named after the constraints.

    Raises
    ------
    ValueError
        If the model has no objective, or is not linear.
    """
    form, objectives = _compile(model)
    if not objectives:
        raise ValueError("the model has no Objective")
    columns = len(form.columns)
    lower, upper = _bounds(form.columns)
    row_lower, row_upper, matrix, names = _rows(form)
    return Program(
        objectives=Stack((Csr(sp.csr_array(form.c, shape=(len(objectives), columns))),), columns),
        senses=np.array([_sense(objective) for objective in objectives], dtype=np.int8),
        offsets=np.asarray(form.c_offset, dtype=np.float64),
        rows=Stack((Csr(matrix),), columns),
        row_lower=row_lower,
        row_upper=row_upper,
        lower=lower,
        upper=upper,
        integer=np.array([not variable.is_continuous() for variable in form.columns], dtype=bool),
        starts=np.zeros(1, dtype=np.int64),
        objective_names=tuple(objective.name for objective in objectives),
        row_names=names,
    )


def _sense(objective: Any) -> int:
    from pyomo.core import maximize

    return -1 if objective.sense == maximize else 1


def _compile(model: Any) -> tuple[Any, list[Any]]:
    """The model's standard form with every objective, and the model as it was."""
    from pyomo.core import Objective
    from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

    components = list(model.component_objects(Objective, descend_into=True))
    asleep = [data for component in components for data in component.values() if not data.active]
    sleeping = [component for component in components if not component.active]
    try:
        for data in asleep:
            data.activate()
        # The compiler turns every objective into a minimum unless told not to.
        form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    finally:
        for data in [*asleep, *sleeping]:
            data.deactivate()
    return form, list(form.objectives)


def _bounds(variables: list[Any]) -> tuple[Floats, Floats]:
    lower = [-np.inf if variable.lb is None else variable.lb for variable in variables]
    upper = [np.inf if variable.ub is None else variable.ub for variable in variables]
    return np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64)


def _rows(form: Any) -> tuple[Floats, Floats, sp.csr_array, tuple[str, ...]]:
    """Bounds, matrix and names; the two neighbouring rows that the compiler makes of a range become one."""
    kinds = np.array([row.bound_type for row in form.rows], dtype=np.int64)
    rhs = np.asarray(form.rhs, dtype=np.float64)
    lower = np.where(kinds <= 0, rhs, -np.inf)
    upper = np.where(kinds >= 0, rhs, np.inf)
    names = [row.constraint.name for row in form.rows]
    matrix = sp.csr_array(form.A)
    first = _first_rows(names)
    last = np.append(first, len(names))[1:] - 1
    lower = np.maximum(lower[first], lower[last])
    upper = np.minimum(upper[first], upper[last])
    return lower, upper, sp.csr_array(matrix[first]), tuple(names[row] for row in first)


def _first_rows(names: list[str]) -> NDArray[np.int64]:
    fresh = [row for row, name in enumerate(names) if row == 0 or name != names[row - 1]]
    return np.array(fresh, dtype=np.int64)
