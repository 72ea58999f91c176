"""Descent by single changes and pairs of changes: from a feasible whole choice to one that no pair betters.

What whole choices lose against shares is mostly the slack of a few dear rows. Seldom does one change use it
up, but among the millions of pairs many do: one uses more of the row than there is, the other gives back
what is too much (2-exchange: S. Martello and P. Toth, Knapsack Problems, 1990, chapter 6).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from landfront.optimizer.kernels import compiled

FEWEST_SAVED = 1e-12
"""A change must save this share of the largest cost in the core: less is rounding."""


@compiled
def descend(
    indptr: Any,
    rows: Any,
    values: Any,
    starts: Any,
    cost: Any,
    low: Any,
    high: Any,
    use: Any,
    chosen: Any,
    total: float,
    target: float,
) -> float:
    """The best single change or pair of changes, again and again, until the target or until none helps.

    Parameters
    ----------
    indptr, rows, values
        What each column uses more than its group's reference, by columns.
    starts
        Where each group's columns begin, shape (groups + 1,).
    cost
        Of each column against the reference.
    low, high
        Bounds of the rows, shape (k,).
    use
        What the choice uses of the rows, shape (k,), changed in place.
    chosen
        Column of each group, -1 for the reference; feasible, changed in place.
    total
        Cost of the choice.

    Returns
    -------
    float
        Cost of the choice that was found.
    """
    least = FEWEST_SAVED * np.max(np.abs(cost))
    while total > target:
        group, column, saved, ends, row, change = _changes(
            indptr, rows, values, starts, cost, chosen, len(use)
        )
        one, two, best = _best(group, saved, ends, row, change, low, high, use)
        if one < 0 or best >= -least:
            break
        for i in (one, two):
            if i >= 0:
                chosen[group[i]] = column[i]
                for q in range(ends[i], ends[i + 1]):
                    use[row[q]] += change[q]
        total += best
    return total


@compiled
def _changes(
    indptr: Any, rows: Any, values: Any, starts: Any, cost: Any, chosen: Any, k: int
) -> tuple[Any, Any, Any, Any, Any, Any]:
    """All changes of one group, the cheapest first.

    Group and new column of each, what it costs more, and where its changes of rows end; rows and changes.
    """
    count = len(cost)  # per group its columns and the reference, without the one that is chosen
    column, group = np.empty(count, np.int64), np.empty(count, np.int64)
    dearer, size = np.empty(count), 0
    n = 0
    for g in range(len(chosen)):
        out = chosen[g]
        for at in range(starts[g] - 1, starts[g + 1]):
            new = at if at >= starts[g] else -1
            if new == out:
                continue
            group[n], column[n] = g, new
            dearer[n] = (cost[new] if new >= 0 else 0.0) - (cost[out] if out >= 0 else 0.0)
            for c in (new, out):
                if c >= 0:
                    size += indptr[c + 1] - indptr[c]
            n += 1
    order = np.argsort(dearer, kind="mergesort")  # stable: the same on every machine
    group, column, dearer = group[order], column[order], dearer[order]
    ends = np.zeros(count + 1, np.int64)
    row, change, moved, e = np.empty(size, np.int32), np.empty(size), np.zeros(k), 0
    for i in range(count):
        old, new = chosen[group[i]], column[i]
        if old >= 0:
            for q in range(indptr[old], indptr[old + 1]):
                moved[rows[q]] -= values[q]
        if new >= 0:
            for q in range(indptr[new], indptr[new + 1]):
                moved[rows[q]] += values[q]
        for c in (old, new):
            if c >= 0:
                for q in range(indptr[c], indptr[c + 1]):
                    if moved[rows[q]] != 0.0:
                        row[e], change[e] = rows[q], moved[rows[q]]
                        moved[rows[q]] = 0.0
                        e += 1
        ends[i + 1] = e
    return group, column, dearer, ends, row[:e], change[:e]


@compiled
def _best(
    group: Any, cost: Any, ends: Any, row: Any, change: Any, low: Any, high: Any, use: Any
) -> tuple[int, int, float]:
    """The cheapest change, or two, after which all rows hold; -1 for none, and the cost.

    Changes come sorted by cost. The first of a pair saves something and breaks rows, the second mends them
    all: it is looked for among those that mend the row that fewest do.
    """
    k = len(use)
    starts, which = _by_row(row, change, ends, k)
    one, two, best = -1, -1, 0.0
    moved, broken = np.zeros(k), np.zeros(k, np.bool_)
    for i in range(len(cost)):
        if cost[i] >= 0.0:
            break
        missed, mends = 0, -1
        for q in range(ends[i], ends[i + 1]):
            r = row[q]
            value = use[r] + change[q]
            if low[r] <= value <= high[r]:
                continue
            missed += 1
            mend = 2 * r + (1 if value < low[r] else 0)
            if mends < 0 or starts[mend + 1] - starts[mend] < starts[mends + 1] - starts[mends]:
                mends = mend
        if missed == 0:
            if cost[i] < best:
                one, two, best = i, -1, cost[i]
            continue
        for q in range(ends[i], ends[i + 1]):
            r = row[q]
            moved[r] = change[q]
            broken[r] = not low[r] <= use[r] + change[q] <= high[r]
        for at in range(starts[mends], starts[mends + 1]):
            j = which[at]
            if cost[i] + cost[j] >= best:
                break
            if group[j] != group[i] and _mends(j, ends, row, change, low, high, use, moved, broken, missed):
                one, two, best = i, j, cost[i] + cost[j]
                break
        for q in range(ends[i], ends[i + 1]):
            moved[row[q]], broken[row[q]] = 0.0, False
    return one, two, best


@compiled
def _mends(
    j: int,
    ends: Any,
    row: Any,
    change: Any,
    low: Any,
    high: Any,
    use: Any,
    moved: Any,
    broken: Any,
    missed: int,
) -> bool:
    """Whether all rows hold after a change on top of one that ``moved`` rows and broke some."""
    for q in range(ends[j], ends[j + 1]):
        r = row[q]
        if not low[r] <= use[r] + moved[r] + change[q] <= high[r]:
            return False
        missed -= broken[r]
    return missed == 0


@compiled
def _by_row(row: Any, change: Any, ends: Any, k: int) -> tuple[Any, Any]:
    """Changes that use less (2 * row) and more (2 * row + 1) of each row, in their order."""
    starts = np.zeros(2 * k + 1, np.int64)
    for q in range(len(row)):
        starts[2 * row[q] + (change[q] > 0) + 1] += 1
    starts = np.cumsum(starts)
    fill, which = starts.copy(), np.empty(len(row), np.int64)
    for i in range(len(ends) - 1):
        for q in range(ends[i], ends[i + 1]):
            mend = 2 * row[q] + (change[q] > 0)
            which[fill[mend]] = i
            fill[mend] += 1
    return starts, which
