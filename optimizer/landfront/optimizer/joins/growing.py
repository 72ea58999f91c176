"""Connected choices near a relaxation: the best part of a tree of shortest paths.

Each node that must be reached is led to by a tree, whose paths are short where the relaxation, or a known
choice, has much joined. With ``z_v <= z_u`` for the node u before v in the tree every choice is connected,
and the program is nearly whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components, dijkstra

from landfront.optimizer.front import Floats
from landfront.optimizer.joins.projection import Entries, Ints, Place, Projection, matrix_of, with_rows
from landfront.optimizer.program import Program

STEP = 0.01
"""Length of a way over a node that costs nothing, as a share of the mean of those that do."""

BARRED = 1000.0
"""Length of a way over a node that cannot be passed: longer than any other way that is worth it."""


def grown(projection: Projection, x: Floats, dear: Floats) -> Program:
    """The program without flows and with a tree near the columns `x`: each whole choice is connected.

    A way over a group costs what it is `dear`, shape (groups,), and less by the share that is joined.
    """
    program = projection.program
    parts = [
        _rows(place, _tree(place, x, program.upper, dear), program.columns) for place in projection.places
    ]
    matrix = sp.csr_array(sp.vstack([rows for rows, _ in parts], format="csr"))
    lower = np.concatenate([least for _, least in parts])
    return with_rows(program, matrix, lower, np.full(len(lower), np.inf), stem="tree")


def _tree(place: Place, x: Floats, upper: Floats, dear: Floats) -> Ints:
    """The node before each; V at a door, negative where none leads."""
    net, hub = place.net, len(place.z)
    joined = np.where(place.z >= 0, np.clip(x[place.z], 0.0, 1.0), 1.0)
    unit = float(dear[dear > 0].mean()) if (dear > 0).any() else 1.0
    length = np.where(net.group >= 0, dear[net.group], 0.0) / unit * (1.0 - joined) + STEP
    length[(place.z >= 0) & (upper[place.z] < 1)] = BARRED
    doors = net.doors if place.root < 0 else _middle(place, joined)
    tail = np.concatenate([net.tail, np.full(len(doors), hub)])
    head = np.concatenate([net.head, doors])
    graph: Any = sp.csr_array((length[head], (tail, head)), shape=(hub + 1, hub + 1))
    hubs: Any = np.array([hub])  # scipy's stubs know no single number here
    before: Any = dijkstra(graph, directed=True, indices=hubs, return_predecessors=True)[1][0]
    return np.asarray(before[:hub], dtype=np.int64)


def _middle(place: Place, joined: Floats) -> Ints:
    """The most joined node of the largest set that hangs together."""
    net, n = place.net, len(joined)
    most = joined >= min(0.5, float(joined.max(initial=0.0)))
    kept = most[net.tail] & most[net.head]
    graph = sp.csr_array((np.ones(int(kept.sum())), (net.tail[kept], net.head[kept])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    largest = np.bincount(label, weights=joined).argmax()
    return np.array([np.argmax(np.where(label == largest, joined, -1.0))])


def _rows(place: Place, before: Ints, columns: int) -> tuple[sp.csr_array, Floats]:
    """What the tree says, and lower bounds."""
    entries, lower = _nodes(place, before) if place.net.single else _paths(place, before)
    return matrix_of(entries, (len(lower), columns)), lower


def _nodes(place: Place, before: Ints) -> tuple[Entries, Floats]:
    """``z_u - z_v >= 0`` for the node u before v; ``-z_v >= 0`` where none is."""
    at = np.flatnonzero(before != len(before))
    led = before[at] >= 0
    each = np.arange(len(at))
    entries = [(each, place.z[at], -1.0), (each[led], place.z[before[at[led]]], 1.0)]
    return entries, np.zeros(len(at))


def _paths(place: Place, before: Ints) -> tuple[Entries, Floats]:
    """``s_k + z_q >= 1`` for nodes q on the path to the target k, and ``s_k >= s_j`` for a target j on it."""
    hub = len(before)
    target = place.net.targets
    entries: Entries = []
    lower: list[Floats] = []
    at, count = before[target], 0

    def more(chosen: Ints, sign: float, least: float) -> None:
        nonlocal count
        each = count + np.arange(len(chosen))
        entries.append((each, place.apart[target[chosen]], 1.0))
        if sign:
            other = place.z[at[chosen]] if sign > 0 else place.apart[at[chosen]]
            entries.append((each, other, sign))
        lower.append(np.full(len(chosen), least))
        count += len(chosen)

    more(np.flatnonzero(at < 0), 0.0, 1.0)
    active = np.flatnonzero((at >= 0) & (at != hub))
    while len(active):
        node = at[active]
        more(active[place.z[node] >= 0], 1.0, 1.0)
        more(active[place.apart[node] >= 0], -1.0, 0.0)
        on = active[place.apart[node] < 0]
        at[on] = before[at[on]]
        active = on[(at[on] >= 0) & (at[on] != hub)]
    return entries, np.concatenate(lower)
