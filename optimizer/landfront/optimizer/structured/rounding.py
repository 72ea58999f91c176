"""Whole choices near a relaxation: a local search over the columns that are nearly tied.

Each step takes the single change that lowers cost plus priced violation most, and a group that moved stays
for some steps (tabu search: F. Glover, ORSA Journal on Computing 1, 1989). Rows that stay broken get
dearer, all get cheaper once everything holds (P. Morris, The breakout method, AAAI 1993), so that the
search crosses the border of what is feasible again and again. What it finds is bettered by pairs of changes
(`pairs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from landfront.optimizer.kernels import compiled
from landfront.optimizer.program import Floats, Ints
from landfront.optimizer.structured.exact import Core
from landfront.optimizer.structured.pairs import descend

TABU = 8
"""Steps for which a group that moved stays."""

DEARER, CHEAPER = 1.2, 0.8
"""What a broken row's penalty is multiplied by where no change helps, and all penalties once everything
holds."""

STEPS = 3000
"""Most steps without a feasible choice."""

PATIENCE = 300
"""Steps without a better choice, once there is one, after which pairs of changes go on: ten times more gained
nothing that pairs did not."""

ROUNDING = 1e-12
"""Share of a row's bound by which it may be missed: sums differ by as much. The choice is checked anew."""


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
    columns = change.indptr.astype(np.int64), change.indices.astype(np.int64), change.data
    found = np.full(len(starts) - 1, -1, dtype=np.int64)
    low = lower - ROUNDING * np.where(np.isfinite(lower), np.abs(lower), 0.0)
    high = upper + ROUNDING * np.where(np.isfinite(upper), np.abs(upper), 0.0)
    best = _search(*columns, of, cost, low, high, penalty, core.used, found, target)
    if not np.isfinite(best):
        return None
    moved = found[found >= 0]
    use = core.used + np.asarray(change[:, moved].sum(axis=1)).ravel()
    if np.all((use >= low) & (use <= high)):
        best = descend(*columns, starts, cost, low, high, use, found, best, target)
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
def _holds(low: Any, high: Any, use: Any) -> bool:
    held = 0
    for row in range(len(use)):
        held += low[row] <= use[row] <= high[row]
    return held == len(use)


@compiled
def _search(
    indptr: Any,
    rows: Any,
    values: Any,
    of: Any,
    cost: Any,
    low: Any,
    high: Any,
    penalty: Any,
    use: Any,
    found: Any,
    target: float,
) -> float:
    """Steps from the references; the best feasible choice into ``found``; its cost, infinite without one."""
    groups, columns = len(found), len(cost)
    chosen = np.full(groups, -1, np.int64)
    penalty, use = penalty.copy(), use.copy()
    change, touched = np.zeros(len(use)), np.empty(2 * len(use), np.int64)
    until = np.zeros(groups, np.int64)
    total, best, last_step = 0.0, np.inf, STEPS
    for step in range(STEPS + PATIENCE):
        if step >= last_step:
            break
        if total < best and _holds(low, high, use):
            best, last_step = total, step + PATIENCE
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
                    gain = _effect(-1, out, indptr, rows, values, low, high, penalty, use, change, touched)
                    if gain - price < least:
                        least, group, column = gain - price, g, -1
            if at == out:
                continue
            gain = cost[at] - price
            gain += _effect(at, out, indptr, rows, values, low, high, penalty, use, change, touched)
            if gain < least:
                least, group, column = gain, g, at
        if group < 0:
            continue
        if least >= 0:
            broken = 0
            for row in range(len(use)):
                if _over(use[row], low[row], high[row]) > 0:
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
