"""The optimum of a tiny program by trying every plan of whole parcels."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

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
