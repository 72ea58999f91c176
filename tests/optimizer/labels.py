"""Exact fronts of 0/1 knapsacks with one capacity, by a dynamic programme over capacities: no solver at all.

The label recursion of C. Bazgan, H. Hugot, D. Vanderpooten, Solving efficiently the 0-1 multi-objective
knapsack problem, Computers & Operations Research 36, 2009, without its bounds: the nondominated profits
within capacity c using the first i items are those of the first i - 1 within c, and those within c - w_i
plus item i.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.front import Floats
from landfront.optimizer.program import Program

ROOM = 6000
"""Most points that a capacity may have; the largest published instance here needs 5,465."""


F = TypeVar("F", bound=Callable[..., Any])


def _compiled(function: F) -> F:
    """`numba.njit`, with the function's own type."""
    return cast(F, numba.njit(cache=True)(function))


def knapsack_front(program: Program) -> Floats:
    """The front in own senses, sorted, shape (s, p).

    Raises
    ------
    ValueError
        If the program is not a maximum of whole profits over 0/1 items in one row of whole weights, or a
        capacity has more than `ROOM` points.
    """
    profits, weights = program.objective_matrix, program.row_matrix.toarray()
    if len(weights) != 1 or np.any(program.senses > 0) or program.groups:
        raise ValueError("the program is not a knapsack with one capacity")
    whole = np.all(profits == np.rint(profits)) and np.all(weights == np.rint(weights))
    if not whole or np.any(profits < 0) or np.any(weights < 1) or profits.sum(axis=1).max() > 2**31:
        raise ValueError("profits and weights must be whole numbers of ordinary size")
    capacity = int(np.floor(program.row_upper[0]))
    # Two objectives get a third one that is always 0, so that one sweep serves all.
    padded = np.vstack([profits, np.zeros((max(0, 3 - len(profits)), program.columns))]).astype(np.int32)
    values, count = _recursion(padded, weights[0].astype(np.int64), capacity, ROOM)
    if count > ROOM:
        raise ValueError(f"a capacity has more than {ROOM} points")
    front = values[:count, : len(profits)].astype(np.float64)
    return np.asarray(np.unique(front, axis=0)) + program.offsets


@_compiled
def _recursion(
    profits: NDArray[np.int32], weights: NDArray[np.int64], capacity: int, room: int
) -> tuple[Any, int]:
    """Labels of the full capacity, and how many; more than `room` when they did not fit."""
    p = profits.shape[0]
    labels = np.zeros((capacity + 1, room, p), np.int32)
    count = np.ones(capacity + 1, np.int64)
    added = np.zeros((room, p), np.int32)
    merged, kept = np.zeros((2 * room, p), np.int32), np.zeros((2 * room, p), np.int32)
    best = np.full(profits[1].sum() + 2, -1, np.int32)
    left = weights.sum()
    for item in range(len(weights)):
        left -= weights[item]
        # With less than the capacity minus all later items, room is left at the end: more is no worse.
        for c in range(capacity, max(weights[item], capacity - left) - 1, -1):
            below = c - weights[item]
            for at in range(count[below]):
                for axis in range(p):
                    added[at, axis] = labels[below, at, axis] + profits[axis, item]
            total = _merge(labels[c], count[c], added, count[below], merged)
            count[c] = _nondominated(merged, total, kept, best)
            if count[c] > room:
                return labels[0], count[c]
            labels[c, : count[c]] = kept[: count[c]]
    return labels[capacity], count[capacity]


@_compiled
def _merge(one: Any, ones: int, two: Any, twos: int, into: Any) -> int:
    """Merge two lists sorted from the lexicographically largest down."""
    a = b = 0
    while a < ones or b < twos:
        if b == twos or (a < ones and _at_least(one[a], two[b])):
            into[a + b] = one[a]
            a += 1
        else:
            into[a + b] = two[b]
            b += 1
    return a + b


@_compiled
def _at_least(one: Any, two: Any) -> bool:
    for axis in range(len(one)):
        if one[axis] != two[axis]:
            return bool(one[axis] > two[axis])
    return True


@_compiled
def _nondominated(labels: Any, total: int, into: Any, best: Any) -> int:
    """Keep what no earlier, hence lexicographically larger, label is at least as good as.

    A Fenwick tree `best` tells the largest third value among those kept whose second value is no smaller: it
    decides up to three objectives, and with more it tells most of what is to be kept.
    """
    count, p = 0, labels.shape[1]
    for at in range(total):
        if _largest(best, labels[at, 1]) >= labels[at, 2] and (p == 3 or _beaten(labels[at], into, count)):
            continue
        into[count] = labels[at]
        count += 1
        _enter(best, labels[at, 1], labels[at, 2])
    for at in range(count):
        _enter(best, into[at, 1], -1)
    return count


@_compiled
def _beaten(label: Any, kept: Any, count: int) -> bool:
    for other in range(count - 1, -1, -1):
        axis = 1
        while axis < len(label) and kept[other, axis] >= label[axis]:
            axis += 1
        if axis == len(label):
            return True
    return False


@_compiled
def _largest(best: Any, second: int) -> int:
    """Largest third value entered with at least this second value, -1 where there is none."""
    found, at = -1, len(best) - 1 - second
    while at > 0:
        found = max(found, best[at])
        at -= at & -at
    return found


@_compiled
def _enter(best: Any, second: int, third: int) -> None:
    """Enter a pair; a third value of -1 clears what stands there."""
    at = len(best) - 1 - second
    while at < len(best):
        best[at] = max(best[at], third) if third >= 0 else -1
        at += at & -at
