"""The step between values that an objective can take, where there is one."""

from __future__ import annotations

import numpy as np

from landfront.optimizer import tolerances
from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program

DECIMALS = 3
"""Coefficients with up to this many decimals count as a lattice; finer data are real-valued."""


def lattice_steps(program: Program) -> Floats:
    """Step of each objective, shape (p,); 0 where it is real-valued.

    An objective has a step when all its columns are integer and its coefficients are multiples of one decimal
    number that is not tiny beside the largest of them.
    """
    return np.array([_step(row[row != 0], program.integer[row != 0]) for row in program.objective_matrix])


def _step(coefficients: Floats, integer: np.ndarray) -> float:
    if len(coefficients) == 0 or not integer.all():
        return 0.0
    for decimals in range(DECIMALS + 1):
        scaled = coefficients * 10.0**decimals
        whole = np.rint(scaled)
        if np.all(np.abs(scaled - whole) <= 1e-12 * np.abs(scaled)) and np.abs(whole).max() < 2**53:
            step = float(np.gcd.reduce(np.abs(whole).astype(np.int64))) / 10.0**decimals
            return step if np.abs(coefficients).max() <= tolerances.LATTICE_RATIO * step else 0.0
    return 0.0
