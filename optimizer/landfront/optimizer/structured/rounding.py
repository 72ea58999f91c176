"""Whole choices near a relaxation: a local search over the columns that are nearly tied.

Each step takes the single change that lowers cost plus priced violation most, and a group that moved stays
for some steps (tabu search: F. Glover, ORSA Journal on Computing 1, 1989). Rows that stay broken get
dearer, all get cheaper once everything holds (P. Morris, The breakout method, AAAI 1993), so that the
search crosses the border of what is feasible again and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from landfront.optimizer.kernels import compiled
from landfront.optimizer.program import Floats, Ints
from landfront.optimizer.structured.exact import Core

TABU = 8
"""Steps for which a group that moved stays."""

DEARER, CHEAPER = 1.2, 0.8
"""What a broken row's penalty is multiplied by where no change helps, and all penalties once everything
holds."""

STEPS = 3000
"""Steps that are always taken where the target is not met."""


@dataclass(frozen=True)
class Choice:
    """A whole choice: per group of the core that left its reference, the position of its column in the core.

    Attributes
    ----------
    moved
        Positions in `Core.columns`.
    cost
        Against the references.
    """

    moved: Ints
    cost: float


def round_core(
    core: Core,
    cost: Floats,
    lower: Floats,
    upper: Floats,
    *,
    penalty: Floats,
    target: float,
    steps: int = STEPS,
) -> Choice | None:
    """The cheapest whole choice that is found from the references, None without a feasible one.

    Parameters
    ----------
    core
        Columns that may replace their group's reference.
    cost
        Of each of them against the reference, shape (columns,).
    lower, upper
        Bounds of the rows, shape (k,).
    penalty
        First price of a violated row, shape (k,).
    target
        A cost against the references that is good enough.
    """
    starts = np.flatnonzero(np.diff(core.group, prepend=-1, append=-1))
    of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    change = core.change
    chosen = np.full(len(starts) - 1, -1, dtype=np.int64)
    found = np.empty_like(chosen)
    best = _search(
        change.indptr.astype(np.int64),
        change.indices.astype(np.int64),
        change.data,
        of,
        cost,
        lower,
        upper,
        penalty,
        core.used,
        chosen,
        found,
        target,
        steps,
    )
    if not np.isfinite(best):
        return None
    return Choice(found[found >= 0], best)


@compiled
def _over(value: float, low: float, high: float) -> float:
    if value < low:
        return low - value
    if value > high:
        return value - high
    return 0.0


@compiled
def _effect(
    at: int,
    out: int,
    indptr: Any,
    rows: Any,
    values: Any,
    lower: Any,
    upper: Any,
    penalty: Any,
    use: Any,
    change: Any,
    touched: Any,
) -> float:
    """Change of priced violation when column ``at`` comes in and ``out`` goes (-1 for the reference)."""
    count = 0
    if out >= 0:
        for q in range(indptr[out], indptr[out + 1]):
            change[rows[q]] = -values[q]
            touched[count] = rows[q]
            count += 1
    if at >= 0:
        for q in range(indptr[at], indptr[at + 1]):
            row = rows[q]
            if change[row] == 0.0:
                touched[count] = row
                count += 1
            change[row] += values[q]
    total = 0.0
    for i in range(count):
        row = touched[i]
        moved = change[row]
        change[row] = 0.0
        if moved != 0.0:
            before = _over(use[row], lower[row], upper[row])
            total += penalty[row] * (_over(use[row] + moved, lower[row], upper[row]) - before)
    return total


@compiled
def _apply(at: int, sign: float, indptr: Any, rows: Any, values: Any, use: Any) -> None:
    if at >= 0:
        for q in range(indptr[at], indptr[at + 1]):
            use[rows[q]] += sign * values[q]


@compiled
def _violated(lower: Any, upper: Any, use: Any) -> int:
    count = 0
    for row in range(len(use)):
        size = 1e-12 * (abs(lower[row]) if use[row] < lower[row] else abs(upper[row]))
        if _over(use[row], lower[row], upper[row]) > size:
            count += 1
    return count


@compiled
def _search(
    indptr: Any,
    rows: Any,
    values: Any,
    of: Any,
    cost: Any,
    lower: Any,
    upper: Any,
    penalty: Any,
    use: Any,
    chosen: Any,
    found: Any,
    target: float,
    steps: int,
) -> float:
    """Steps from ``chosen``; the best feasible choice into ``found`` and its cost, infinite without one."""
    groups, columns = len(chosen), len(cost)
    penalty, use = penalty.copy(), use.copy()
    change, touched = np.zeros(len(use)), np.empty(2 * len(use), np.int64)
    until = np.zeros(groups, np.int64)
    total, best = 0.0, np.inf
    for g in range(groups):
        if chosen[g] >= 0:
            total += cost[chosen[g]]
    for step in range(steps):
        if total < best and _violated(lower, upper, use) == 0:
            best = total
            found[:] = chosen
            if best <= target:
                return best
        least, group, column = np.inf, -1, -1
        last = -1
        for at in range(columns):
            g = of[at]
            out = chosen[g]
            if until[g] > step:
                continue
            price = cost[out] if out >= 0 else 0.0
            if g != last:
                last = g
                if out >= 0:  # back to the reference
                    gain = _effect(-1, out, indptr, rows, values, lower, upper, penalty, use, change, touched)
                    if gain - price < least:
                        least, group, column = gain - price, g, -1
            if at == out:
                continue
            gain = cost[at] - price
            gain += _effect(at, out, indptr, rows, values, lower, upper, penalty, use, change, touched)
            if gain < least:
                least, group, column = gain, g, at
        if group < 0:
            continue
        if least >= 0:
            broken = 0
            for row in range(len(use)):
                if _over(use[row], lower[row], upper[row]) > 0:
                    penalty[row] *= DEARER
                    broken += 1
            if broken == 0:
                for row in range(len(use)):
                    penalty[row] *= CHEAPER
        out = chosen[group]
        _apply(out, -1.0, indptr, rows, values, use)
        _apply(column, 1.0, indptr, rows, values, use)
        total += (cost[column] if column >= 0 else 0.0) - (cost[out] if out >= 0 else 0.0)
        chosen[group] = column
        until[group] = step + TABU
    return best
