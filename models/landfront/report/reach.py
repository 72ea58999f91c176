"""What a row of a program can be when no other row counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.program import Program


def reach(program: Program, row: int) -> tuple[float, float]:
    """Least and most that a coupling row can be when no other row counts.

    Without other rows each group is on its own, so the extreme is the sum over groups of the smallest or
    largest entry among the columns that are not locked out.
    """
    unit = np.zeros(program.rows.shape[0])
    unit[row] = 1.0
    entries = program.rows.tdot(unit)
    end = int(program.starts[-1])
    linking = entries[end:] * np.array([program.lower[end:], program.upper[end:]])
    least = _extreme(program, entries, np.minimum, np.inf) + float(linking.min(axis=0).sum())
    most = _extreme(program, entries, np.maximum, -np.inf) + float(linking.max(axis=0).sum())
    return least, most


def _extreme(program: Program, entries: NDArray[np.float64], pick: np.ufunc, closed: float) -> float:
    end = int(program.starts[-1])
    if end == 0:
        return 0.0
    admissible = np.where(program.upper[:end] > 0, entries[:end], closed)
    return float(pick.reduceat(admissible, program.starts[:-1]).sum())
