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
    starts: Array, head: Array, twin: Array, wide: Array, own: Array, room: Array, entry: Array,
    demand: Array, order: Array, slack: int,
) -> tuple[Array, Array, Array, Array, Array]:  # fmt: skip
    """Node cuts whose nodes let through less than a target asks for.

    A target that lies beyond a cut that was found is left for the next time.

    Parameters
    ----------
    starts, head, twin
        The network: node v comes in at v and goes out at V + v; see `cuts.flow.cancel`.
    wide, own
        Places of the arcs between nodes, and of those through each node.
    room, entry, demand
        What each node lets through, what comes in there, and what it asks for, int64, shape (V,).
    order
        Targets, the first ones first.
    slack
        By how much less may come than is asked for.

    Returns
    -------
    Target of each cut, its nodes with the end of each cut's, and the nodes beyond with theirs.
    """
    n, arcs = len(own), len(head)
    base = np.zeros(arcs, np.int64)
    base[wide] = ENDLESS
    base[own] = room
    done = np.zeros(n, np.bool_)
    target, ends, far_ends = [np.int64(0) for _ in range(0)], [np.int64(0)], [np.int64(0)]
    nodes, far = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for v in order:
        if done[v] or entry[v] >= demand[v]:
            continue
        left = base.copy()
        left[own[v]] = 0
        rest = np.zeros(2 * n, np.int64)
        rest[:n] = entry
        rest[v] -= demand[v]
        tree = cancel(starts, head, twin, left, rest)
        if -rest[v] <= slack:
            continue
        for side in range(2):
            first = len(nodes)
            last = len(far)
            for q in range(n):
                # Beyond the cut nearest to the target, then beyond the one nearest to the doors.
                inner = tree[q] == SINK if side == 0 else tree[q] != SOURCE
                outer = tree[n + q] == SINK if side == 0 else tree[n + q] != SOURCE
                if outer and not inner:
                    nodes.append(q)
                if inner and entry[q] < ENDLESS:
                    far.append(q)
                if side == 0 and outer:
                    done[q] = True
            same = len(nodes) - first == first - ends[-2] if side == 1 else False
            if same:
                for k in range(first, len(nodes)):
                    same = same and nodes[k] == nodes[k - first + ends[-2]]
            if same:
                del nodes[first:]
                del far[last:]
            else:
                target.append(v)
                ends.append(len(nodes))
                far_ends.append(len(far))
    return np.array(target), np.array(nodes), np.array(ends), np.array(far), np.array(far_ends)
