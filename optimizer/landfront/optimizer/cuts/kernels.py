"""Compiled passes of the engine of minimum cuts: the best column on each side, and single changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.kernels import RUN, compiled

STALE = 1e-9
"""Share by which a cost may differ from itself when it is summed up again."""

Array = NDArray[Any]
Floats = NDArray[np.float64]


@compiled
def sides(starts: Array, values: Array, upper: Array, inside: Array) -> tuple[Array, Array]:
    """The cheapest open column of each group outside and inside, shapes (n, 2); -1 where there is none."""
    n = len(starts) - 1
    best, least = np.full((n, 2), -1, np.int64), np.full((n, 2), np.inf)
    for g in range(n):
        for j in range(starts[g], starts[g + 1]):
            side = 1 if inside[j] else 0
            if upper[j] > 0 and values[j] < least[g, side]:
                best[g, side], least[g, side] = j, values[j]
    return best, least


@compiled
def activity(
    rows: int, ends: Array, term: Array, amount: Array, chosen: Array, inside: Array, a: Array, b: Array,
    first: int,
) -> Floats:  # fmt: skip
    """What a plan makes of each row: its columns, and those of edges whose ends differ."""
    total, part = np.zeros(rows), np.zeros(rows)
    for start in range(0, len(chosen) + len(a), RUN):
        for place in range(start, min(start + RUN, len(chosen) + len(a))):
            e = place - len(chosen)
            if e < 0:
                j = chosen[place]
            elif inside[chosen[a[e]]] == inside[chosen[b[e]]]:
                continue
            else:
                j = first + e
            for q in range(ends[j], ends[j + 1]):
                part[term[q]] += amount[q]
        total += part
        part[:] = 0.0
    return total


@compiled
def change(
    change_of: Floats, ends: Array, term: Array, amount: Array, chosen: Array, inside: Array, arcs: Array,
    head: Array, edge: Array, first: int, group: int, column: int,
) -> None:  # fmt: skip
    """What a change of a group's column adds to each of the rows, edges included, in `change_of`."""
    change_of[:] = 0.0
    old = chosen[group]
    for q in range(ends[column], ends[column + 1]):
        change_of[term[q]] += amount[q]
    for q in range(ends[old], ends[old + 1]):
        change_of[term[q]] -= amount[q]
    if inside[old] == inside[column]:
        return
    for a in range(arcs[group], arcs[group + 1]):
        sign = 1.0 if inside[chosen[head[a]]] == inside[old] else -1.0
        at = first + edge[a]
        for q in range(ends[at], ends[at + 1]):
            change_of[term[q]] += sign * amount[q]


@compiled
def crossing(
    value: Floats, chosen: Array, inside: Array, arcs: Array, head: Array, edge: Array, first: int, group: int
) -> float:
    """What a group's edges cost more once it is on the other side."""
    side, total = inside[chosen[group]], 0.0
    for a in range(arcs[group], arcs[group + 1]):
        apart = value[first + edge[a]]
        total += apart if inside[chosen[head[a]]] == side else -apart
    return total


@compiled
def dearness(
    value: Floats, chosen: Array, inside: Array, upper: Array, starts: Array, arcs: Array, head: Array,
    edge: Array, first: int,
) -> Floats:  # fmt: skip
    """What each column would cost instead of the chosen one of its group, by values of all columns."""
    found = np.full(starts[-1], np.inf)
    for g in range(len(starts) - 1):
        old = chosen[g]
        apart = crossing(value, chosen, inside, arcs, head, edge, first, g)
        for j in range(starts[g], starts[g + 1]):
            if upper[j] > 0 and j != old:
                found[j] = value[j] - value[old] + (apart if inside[j] != inside[old] else 0.0)
    return found


@compiled
def missed(activity: Floats, lower: Floats, upper: Floats, size: Floats) -> float:
    """By how much rows are missed in all, in shares of their sizes."""
    total = 0.0
    for r in range(len(activity)):
        if activity[r] < lower[r]:
            total += (lower[r] - activity[r]) / size[r]
        elif activity[r] > upper[r]:
            total += (activity[r] - upper[r]) / size[r]
    return total


@compiled
def better(
    moves: Array, owner: Array, listed: Floats, weight: Floats, value: Floats, activity: Floats,
    lower: Floats, upper: Floats, size: Floats, ends: Array, term: Array, amount: Array, chosen: Array,
    inside: Array, arcs: Array, head: Array, edge: Array, first: int,
) -> int:  # fmt: skip
    """Take moves in order: those after which rows are missed by less, or as much at less cost; how many.

    A move that eases rows is put off where it costs more by now than it was listed with, since another one
    may have become cheaper: land is peeled from its corners, not holed.
    """
    change_of, after = np.zeros(len(weight)), np.zeros(len(weight))
    now, taken = missed(activity, lower, upper, size), 0
    for place in range(len(moves)):
        j = moves[place]
        g = owner[place]
        if chosen[g] == j:
            continue
        change(change_of, ends, term, amount, chosen, inside, arcs, head, edge, first, g, j)
        cost = 0.0
        for r in range(len(weight)):
            after[r] = activity[r] + change_of[r]
            cost += weight[r] * change_of[r]
        then = missed(after, lower, upper, size)
        eases = then < now
        if eases:
            dear = value[j] - value[chosen[g]]
            if inside[j] != inside[chosen[g]]:
                dear += crossing(value, chosen, inside, arcs, head, edge, first, g)
            eases = dear <= listed[place] + STALE * abs(listed[place])
        if eases or (then == now and cost < 0.0):
            activity[:] = after
            chosen[g] = j
            now = then
            taken += 1
    return taken
