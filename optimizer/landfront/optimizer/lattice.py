"""The step between values that an objective can take, where there is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer import tolerances

DECIMALS = 3
"""Coefficients with up to this many decimals count as a lattice; finer data are real-valued."""

ROUND = 1e-12
"""A scaled coefficient this close to a whole number, as a share of it, is that number written in binary."""

SAMPLE = 1000
"""Coefficients that are looked at before all of them are."""


def lattice_step(row: NDArray[np.float64], integer: NDArray[np.bool_]) -> float:
    """Step of an objective, 0 where it is real-valued.

    An objective has a step when all its columns are integer and its coefficients are multiples of one decimal
    number that is not tiny beside the largest of them.

    Parameters
    ----------
    row
        Coefficients, shape (m,).
    integer
        True where a column is integer, shape (m,).
    """
    used = row != 0
    coefficients = row[used]
    if len(coefficients) == 0 or not integer[used].all():
        return 0.0
    if _is_fine(coefficients[:SAMPLE]):  # real-valued data show at once
        return 0.0
    for decimals in range(DECIMALS + 1):
        scaled = np.abs(coefficients) * 10.0**decimals
        whole = np.rint(scaled)
        if np.all(np.abs(scaled - whole) <= ROUND * scaled) and whole.max() < 2**53:
            step = float(np.gcd.reduce(whole.astype(np.int64))) / 10.0**decimals
            return step if np.abs(coefficients).max() <= tolerances.LATTICE_RATIO * step else 0.0
    return 0.0


def _is_fine(coefficients: NDArray[np.float64]) -> bool:
    """Whether some coefficient has more decimals than a lattice may have."""
    scaled = np.abs(coefficients) * 10.0**DECIMALS
    return bool(np.any(np.abs(scaled - np.rint(scaled)) > ROUND * scaled))
