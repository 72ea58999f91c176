"""Compiled search for node cuts that a solution misses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.cuts.flow import SINK, SOURCE, cancel
from landfront.optimizer.kernels import compiled

Array = NDArray[Any]

ENDLESS = np.int64(1) << np.int64(42)
"""Of what may always be passed: more than any sum of whole numbers that stand for shares."""


@compiled
def missed(
    starts: Array, head: Array, twin: Array, tail: Array, arc: Array, room: Array, entry: Array,
    demand: Array, order: Array, slack: int,
) -> tuple[Array, Array, Array, Array, Array]:  # fmt: skip
    """Node cuts whose nodes let through less than a target asks for.

    A target that lies beyond a cut that was found is left for the next time.

    Parameters
    ----------
    starts, head, twin
        The network: node v comes in at v and goes out at V + v; see `cuts.flow.cancel`.
    tail, arc
        The half where each arc begins, and its place: V arcs through nodes, then those between them.
    room
        What each arc lets through, int64, shape (V + A,).
    entry, demand
        What comes in at each node, and what it asks for, int64, shape (V,).
    order
        Targets, the first ones first.
    slack
        By how much less may come than is asked for.

    Returns
    -------
    Target of each cut, its arcs with the end of each cut's, and the nodes beyond with theirs.
    """
    n = len(entry)
    base = np.zeros(len(head), np.int64)
    base[arc] = room
    done = np.zeros(n, np.bool_)
    target, ends, far_ends = [0 for _ in range(0)], [0], [0]
    crossed, far = [0 for _ in range(0)], [0 for _ in range(0)]
    for v in order:
        if done[v] or entry[v] >= demand[v]:
            continue
        left, rest = base.copy(), np.zeros(2 * n, np.int64)
        left[arc[v]] = 0
        rest[:n] = entry
        rest[v] -= demand[v]
        tree = cancel(starts, head, twin, left, rest)
        if -rest[v] <= slack:
            continue
        for side in range(2):
            # Beyond the cut nearest to the target, then beyond the one nearest to the doors.
            beyond = tree == SINK if side == 0 else tree != SOURCE
            if side == 1 and beyond.sum() == (tree == SINK).sum():
                continue
            for a in range(len(arc)):
                if beyond[head[arc[a]]] and not beyond[tail[a]]:
                    crossed.append(a)
            for q in range(n):
                if beyond[q] and entry[q] < ENDLESS:
                    far.append(q)
                if side == 0 and beyond[n + q]:
                    done[q] = True
            target.append(v)
            ends.append(len(crossed))
            far_ends.append(len(far))
    return np.array(target), np.array(crossed), np.array(ends), np.array(far), np.array(far_ends)
