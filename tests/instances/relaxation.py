"""The linear relaxation of a program, solved by scipy: it owes nothing to the solvers of landfront."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from landfront.optimizer.program import Program


def best(program: Program, objective: int, floors: dict[int, float] | None = None) -> NDArray[np.float64]:
    """Values of all objectives at the LP optimum of one, with floors on others (all maximised)."""
    senses = program.senses.astype(float)
    costs = program.objective_matrix * senses[:, None]
    starts = program.starts
    group = np.repeat(np.arange(program.groups), np.diff(starts))
    choose = sp.csr_array(
        (np.ones(starts[-1]), (group, np.arange(starts[-1]))), shape=(program.groups, program.columns)
    )
    rules = [
        LinearConstraint(program.row_matrix, program.row_lower, program.row_upper),
        LinearConstraint(choose, 1.0, 1.0),
    ]
    for other, floor in (floors or {}).items():
        rules.append(
            LinearConstraint(program.objective_matrix[other], floor - program.offsets[other], np.inf)
        )
    result = milp(costs[objective], constraints=rules, bounds=Bounds(program.lower, program.upper))
    assert result.status == 0, result.message
    return program.values(result.x)
