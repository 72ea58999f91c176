"""Compiled search for exchanges that mend what a forced column breaks; see `exchange`."""

from __future__ import annotations

import numpy as np

from landfront.optimizer.kernels import Array, Floats, compiled, inlined


@inlined
def _fits(low: Floats, high: Floats, change: Floats) -> bool:
    """Whether rows with this room hold after a change; the tightest rows come first."""
    fits = True
    for r in range(len(change)):
        if low[r] + change[r] < 0.0 or high[r] - change[r] < 0.0:
            fits = False
            break
    return fits


@inlined
def _missed(low: Floats, high: Floats, size: Floats) -> float:
    """By how much rows are missed in all, by their sizes."""
    total = 0.0
    for r in range(len(size)):
        total -= (min(low[r], 0.0) + min(high[r], 0.0)) / size[r]
    return total


@inlined
def _missed_after(low: Floats, high: Floats, size: Floats, change: Floats, most: float) -> float:
    """The same after a change, as soon as it passes `most`."""
    total = 0.0
    for r in range(len(size)):
        total -= (min(low[r] + change[r], 0.0) + min(high[r] - change[r], 0.0)) / size[r]
        if total >= most:
            break
    return total


@inlined
def _is_used(group: int, own: int, groups: Array, moves: Array, taken: int) -> bool:
    used = group == own
    for place in range(taken):
        used |= groups[moves[place]] == group
    return used


@compiled
def _next(
    low: Floats, high: Floats, size: Floats, groups: Array, gains: Floats, changes: Floats, moves: Array,
    taken: int, own: int, dear: float,
) -> int:  # fmt: skip
    """The exchange to make next, -1 for none.

    While rows are missed: the cheapest one after which all hold, else the one that leaves least missed, what
    it costs counted too. Else: the one that gains most and fits.
    """
    missed = _missed(low, high, size)
    best, least = -1, np.inf
    for q in range(len(gains)):
        if missed == 0.0 and gains[q] >= 0.0:
            break
        if _is_used(groups[q], own, groups, moves, taken):
            continue
        if _fits(low, high, changes[q]):
            return q
        if missed > 0.0:
            after = _missed_after(low, high, size, changes[q], missed)
            if after < missed and after * dear + gains[q] < least:
                best, least = q, after * dear + gains[q]
    return best


@compiled
def repaired(
    targets: Array, group: Array, current: Array, cost: Floats, ends: Array, row: Array, entry: Floats,
    low: Floats, high: Floats, size: Floats, groups: Array, gains: Floats, changes: Floats, dear: float,
    depth: int,
) -> tuple[Floats, Array]:  # fmt: skip
    """What each forced column costs with exchanges that keep all rows, and which these are.

    Parameters
    ----------
    targets
        Columns to force.
    group, current
        Group of each column; column that each group has now.
    cost, ends, row, entry
        Cost of each column, and its entries in the rows that can break, by column.
    low, high, size
        Room of each row down and up, and its size.
    groups, gains, changes
        Of the exchanges, by rising cost: group, cost, change of each row.
    dear
        Worth of a row that is missed by its size.
    depth
        Exchanges for each column, at most.

    Returns
    -------
    numpy.ndarray
        Cost of each, infinite where rows stay missed.
    numpy.ndarray
        Exchanges made, -1 for none, shape (targets, depth).
    """
    total, made = np.full(len(targets), np.inf), np.full((len(targets), depth), -1, np.int32)
    down, up = np.empty(len(size)), np.empty(len(size))
    for place in range(len(targets)):
        column = targets[place]
        own = group[column]
        before = current[own]
        value = cost[column] - cost[before]
        down[:], up[:] = low, high
        for sign, at in ((1.0, column), (-1.0, before)):
            if column == before:
                break
            for q in range(ends[at], ends[at + 1]):
                down[row[q]] += sign * entry[q]
                up[row[q]] -= sign * entry[q]
        for step in range(depth):
            if column == before:
                break
            move = _next(down, up, size, groups, gains, changes, made[place], step, own, dear)
            if move < 0:
                break
            made[place, step] = move
            value += gains[move]
            for r in range(len(size)):
                down[r] += changes[move, r]
                up[r] -= changes[move, r]
        if _missed(down, up, size) == 0.0:
            total[place] = value
    return total, made
