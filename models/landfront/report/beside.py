"""Where a plan stands beside a front: how much better its plans are, and mixes of them if those are plans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Beside:
    """The points of a front to compare with, in minimisation form.

    Attributes
    ----------
    points
        Shape (s, p).
    span
        Range of each criterion, shape (p,).
    mixes
        Whether every mix of points is a plan too.
    """

    points: Floats
    span: Floats
    mixes: bool

    def distance(self, y: Floats) -> float:
        """By which share of the ranges some plan is better than y, shape (p,), in all criteria at once."""
        gain = (y - self.points) / self.span
        if not self.mixes:
            return float(gain.min(axis=1).max())
        # With shares a of the points and the distance t: most t with t <= gain @ a in each criterion.
        count = len(gain)
        rows = np.hstack([-gain.T, np.ones((gain.shape[1], 1))])
        found = _solve(np.append(np.zeros(count), -1.0), rows, np.zeros(len(rows)), count)
        assert found is not None
        return -found

    def best(self, axis: int, y: Floats) -> float | None:
        """Best value of one criterion among plans as good as y, shape (p,), in the others; None without."""
        others = np.arange(len(y)) != axis
        if self.mixes:
            return _solve(self.points[:, axis], self.points[:, others].T, y[others], len(self.points))
        good = np.all(self.points[:, others] <= y[others], axis=1)
        return float(self.points[good, axis].min()) if good.any() else None


def _solve(costs: Floats, rows: Floats, most: Floats, shares: int) -> float | None:
    """Least cost of shares that sum to 1, and further free columns, with ``rows @ shares <= most``."""
    from scipy.optimize import linprog

    sums = np.zeros((1, len(costs)))
    sums[0, :shares] = 1.0
    bounds = [(0, None)] * shares + [(None, None)] * (len(costs) - shares)
    size = np.abs(rows).max(axis=1, initial=0.0)
    size = np.maximum(np.where(size > 0, size, 1.0), np.abs(most))
    found = linprog(
        costs,
        A_ub=rows / size[:, None],
        b_ub=most / size,
        A_eq=sums,
        b_eq=[1.0],
        bounds=bounds,
        method="highs",
    )
    return None if found.status != 0 or found.fun is None else float(found.fun)
