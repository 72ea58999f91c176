"""Maximum flow between two growing trees, from any flow on, on whole numbers.

Y. Boykov and V. Kolmogorov, An experimental comparison of min-cut/max-flow algorithms for energy minimization
in vision, IEEE Transactions on Pattern Analysis and Machine Intelligence 26 (2004). Departures: there are no
arcs to terminals, but a rest at each node, positive (a source) or negative (a sink), which is what is left of
its own value after the flow; and capacities are what a flow that is known leaves, so that a search of prices
goes on from the last flow (P. Kohli and P. Torr, Dynamic graph cuts, ibid. 29, 2007).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.kernels import compiled

Array = NDArray[Any]

NONE, ROOT, ORPHAN = -1, -2, -3
"""No parent; its own rest; a parent that was lost."""

FREE, SOURCE, SINK = 0, 1, 2
"""Trees of nodes."""


@compiled
def laden(
    a: Array, b: Array, place: Array, cost: Array, flow: Array, value: Array, scale: float
) -> tuple[Array, Array]:
    """What a flow leaves of the edges' costs along both arcs, and of the nodes' values, as whole numbers."""
    edges = len(a)
    left, rest = np.empty(2 * edges, np.int64), np.empty(len(value), np.int64)
    for i in range(len(value)):
        rest[i] = np.int64(np.rint(value[i] * scale))
    for e in range(edges):
        most = np.int64(np.floor(cost[e] * scale))
        sent = min(max(np.int64(np.rint(flow[e] * scale)), -most), most)
        left[place[e]], left[place[edges + e]] = most - sent, most + sent
        rest[a[e]] -= sent
        rest[b[e]] += sent
    return left, rest


@compiled
def unladen(place: Array, cost: Array, left: Array, scale: float) -> Array:
    """The flow along each edge of what is left of both arcs."""
    edges = len(cost)
    flow = np.empty(edges)
    for e in range(edges):
        flow[e] = (left[place[edges + e]] - np.int64(np.floor(cost[e] * scale))) / scale
    return flow


@compiled
def cancel(starts: Array, head: Array, twin: Array, left: Array, rest: Array) -> Array:
    """Send as much as can go from nodes with a positive rest to nodes with a negative one.

    Parameters
    ----------
    starts, head
        Arcs of node i are ``starts[i]:starts[i + 1]``, and lead to `head`.
    twin
        The arc back.
    left
        What can still go along each arc, int64; changed in place.
    rest
        Rest of each node, int64; changed in place.

    Returns
    -------
    The tree of each node: SOURCE where a positive rest can still reach it, SINK where it can reach a negative
    one, FREE elsewhere.
    """
    n = len(rest)
    tree, parent = np.zeros(n, np.int8), np.full(n, NONE, np.int32)
    stamp, depth = np.zeros(n, np.int32), np.zeros(n, np.int32)
    queue, queued, orphans = np.empty(n, np.int32), np.zeros(n, np.bool_), np.empty(n, np.int32)
    first, waiting, now = 0, 0, 0
    for i in range(n):
        if rest[i] != 0:
            tree[i] = SOURCE if rest[i] > 0 else SINK
            parent[i], depth[i] = ROOT, 1
            queue[waiting] = i
            queued[i] = True
            waiting += 1
    while waiting > 0:
        i = queue[first]
        first = first + 1 if first + 1 < n else 0
        waiting -= 1
        queued[i] = False
        while tree[i] != FREE:
            arc = NONE
            for a in range(starts[i], starts[i + 1]):
                if (left[a] if tree[i] == SOURCE else left[twin[a]]) <= 0:
                    continue
                j = head[a]
                if tree[j] == FREE:
                    tree[j], parent[j] = tree[i], twin[a]
                    stamp[j], depth[j] = stamp[i], depth[i] + 1
                    if not queued[j]:
                        at = first + waiting
                        queue[at if at < n else at - n] = j
                        queued[j] = True
                        waiting += 1
                elif tree[j] != tree[i]:
                    arc = a
                    break
                elif stamp[j] <= stamp[i] and depth[j] > depth[i]:
                    parent[j], stamp[j], depth[j] = twin[a], stamp[i], depth[i] + 1
            if arc == NONE:
                break
            now += 1
            middle = arc if tree[i] == SOURCE else twin[arc]
            lost = _augment(head, twin, left, rest, parent, orphans, middle)
            while lost > 0:
                lost -= 1
                i_lost = orphans[lost]
                best = _adopted(starts, head, twin, left, tree, parent, stamp, depth, i_lost, now)
                if best != NONE:
                    parent[i_lost] = best
                    continue
                source = tree[i_lost] == SOURCE
                for a in range(starts[i_lost], starts[i_lost + 1]):
                    j = head[a]
                    if tree[j] != tree[i_lost] or parent[j] == NONE:
                        continue
                    if (left[twin[a]] if source else left[a]) > 0 and not queued[j]:
                        at = first + waiting
                        queue[at if at < n else at - n] = j
                        queued[j] = True
                        waiting += 1
                    if parent[j] >= 0 and head[parent[j]] == i_lost:
                        parent[j] = ORPHAN
                        orphans[lost] = j
                        lost += 1
                tree[i_lost], parent[i_lost] = FREE, NONE
    return tree


@compiled
def _augment(
    head: Array, twin: Array, left: Array, rest: Array, parent: Array, orphans: Array, middle: int
) -> int:
    """Send what fits along the path through `middle` from source to sink; how many nodes lost a parent."""
    most = left[middle]
    i = head[twin[middle]]
    while parent[i] != ROOT:
        most = min(most, left[twin[parent[i]]])
        i = head[parent[i]]
    most = min(most, rest[i])
    i = head[middle]
    while parent[i] != ROOT:
        most = min(most, left[parent[i]])
        i = head[parent[i]]
    most = min(most, -rest[i])
    left[middle] -= most
    left[twin[middle]] += most
    lost = 0
    i = head[twin[middle]]
    while parent[i] != ROOT:
        a = parent[i]
        up = head[a]
        left[a] += most
        left[twin[a]] -= most
        if left[twin[a]] == 0:
            parent[i] = ORPHAN
            orphans[lost] = i
            lost += 1
        i = up
    rest[i] -= most
    if rest[i] == 0:
        parent[i] = ORPHAN
        orphans[lost] = i
        lost += 1
    i = head[middle]
    while parent[i] != ROOT:
        a = parent[i]
        up = head[a]
        left[a] -= most
        left[twin[a]] += most
        if left[a] == 0:
            parent[i] = ORPHAN
            orphans[lost] = i
            lost += 1
        i = up
    rest[i] += most
    if rest[i] == 0:
        parent[i] = ORPHAN
        orphans[lost] = i
        lost += 1
    return lost


@compiled
def _adopted(
    starts: Array, head: Array, twin: Array, left: Array, tree: Array, parent: Array, stamp: Array,
    depth: Array, i: int, now: int,
) -> int:  # fmt: skip
    """The arc to the nearest parent of the same tree that still has a root, or NONE."""
    source, best, nearest = tree[i] == SOURCE, NONE, 0
    for a in range(starts[i], starts[i + 1]):
        j = head[a]
        if tree[j] != tree[i] or parent[j] == NONE or (left[twin[a]] if source else left[a]) <= 0:
            continue
        steps, k, rooted = 0, j, False
        while True:
            if stamp[k] == now:
                steps += depth[k]
                rooted = True
                break
            up = parent[k]
            steps += 1
            if up == ROOT:
                stamp[k], depth[k] = now, 1
                rooted = True
                break
            if up < 0:
                break
            k = head[up]
        if not rooted:
            continue
        if best == NONE or steps < nearest:
            best, nearest = a, steps
        k = j
        while stamp[k] != now:
            stamp[k], depth[k] = now, steps
            steps -= 1
            k = head[parent[k]]
    if best != NONE:
        stamp[i], depth[i] = now, nearest + 1
    return best
