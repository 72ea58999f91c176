"""The optimum of a tiny program by trying every plan of whole parcels."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from landfront.models.formulate import Formulation
from landfront.models.funds import Payments
from landfront.optimizer.program import Program


def plans(program: Program) -> NDArray[np.float64]:
    """Every choice of one column per group, shape (plans, columns)."""
    groups = [range(a, b) for a, b in zip(program.starts[:-1], program.starts[1:], strict=True)]
    chosen = np.array(list(product(*groups)))
    x = np.zeros((len(chosen), program.columns))
    np.put_along_axis(x, chosen, 1.0, axis=1)
    return x


def best_value(program: Program, objective: int = 0) -> float:
    """Best value of an objective over the feasible plans, in its own sense and with its offset."""
    x = plans(program)
    activity = (program.row_matrix @ x.T).T
    feasible = ((activity >= program.row_lower - 1e-9) & (activity <= program.row_upper + 1e-9)).all(axis=1)
    values = (program.objectives.to_csr() @ x.T)[objective] + program.offsets[objective]
    sense = program.senses[objective]
    return float(sense * (sense * values[feasible]).min())


def best_plan(formulation: Formulation, criterion: int = 0) -> float:
    """Best value of a criterion over the plans that meet the limits; of measures by their definition.

    Raises
    ------
    ValueError
        If no plan meets them.
    """
    program, count = formulation.program, len(formulation.limits)
    x = plans(program)
    activity = (program.row_matrix[:count] @ x.T).T
    for place, limit in enumerate(formulation.limits):
        if limit.criterion in formulation.measures:
            named = program.objective_names.index(limit.criterion)
            values = _values(formulation, x[:, : len(formulation.menu)], named)
            activity[:, place] = values - limit.baseline
    lower, upper = program.row_lower[:count] - 1e-9, program.row_upper[:count] + 1e-9
    feasible = x[((activity >= lower) & (activity <= upper)).all(axis=1), : len(formulation.menu)]
    values = _values(formulation, feasible, criterion)
    for place in np.argsort(program.senses[criterion] * values):
        if formulation.payments is None or payable(formulation.payments, feasible[place]):
            return float(values[place])
    raise ValueError("empty: no plan is feasible")


def _values(formulation: Formulation, options: NDArray[np.float64], criterion: int) -> NDArray[np.float64]:
    """Value of a criterion for each plan, shape (plans,)."""
    program, name = formulation.program, formulation.program.objective_names[criterion]
    if name not in formulation.measures:
        row = program.objectives.to_csr()[[criterion], : options.shape[1]]
        return np.asarray((row @ options.T).ravel() + program.offsets[criterion])
    measure = formulation.measures[name]
    amounts = np.asarray((measure.amounts.rows.to_csr() @ options.T).T + measure.amounts.constant)
    return np.array([measure.value(each) for each in amounts])


def payable(payments: Payments, options: NDArray[np.float64]) -> bool:
    """Whether funds can pay for a plan."""
    return "unpaid" not in set(payments.to_frame(options)["fund"])
