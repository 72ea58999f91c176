"""Groups that must hang together in a graph: what an engine of node cuts reads.

A unit leads over nodes from the doors to each node that is joined. The columns of these units (a flow) and
their rows stand in the program like any other; this description repeats what they say of whole choices, and
nothing that is proven of a solution rests on it: `Joined.filled` gives the flow that shows it to be feasible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import spsolve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Joined:
    """Where a program says that groups hang together.

    The sum t of a group's columns that are `inside` says whether its node may be passed. A node with a column
    s `apart` must be reached from a door unless that is 1: where one flow goes to all nodes, each with
    ``t - s = 1``, and only such nodes are passed; where each target has a flow of its own, each target with
    ``s = 0``.

    Attributes
    ----------
    group
        Group of each node, -1 where it may always be passed, shape (V,).
    apart
        Column s of each node, -1 where it need not be reached, shape (V,).
    tail, head
        Nodes at the ends of each arc, shape (A,).
    doors
        Nodes where units come in, shape (D,).
    inside
        Which columns of groups count, shape (columns of groups,).
    most
        Units that go to or through each node at most, shape (V,); empty where each target has a flow.
    root
        The first of V columns R that are 1 from one node on, where alone units come in; -1 where they come in
        at all doors.
    row, rows
        The first of the rows of the description, and how many they are.
    column, columns
        The first of the columns of flows, and how many they are.
    """

    group: Ints
    apart: Ints
    tail: Ints
    head: Ints
    doors: Ints
    inside: Flags
    most: Floats
    root: int
    row: int
    rows: int
    column: int
    columns: int

    @property
    def single(self) -> bool:
        """Whether one flow goes to all nodes."""
        return len(self.most) > 0

    @property
    def targets(self) -> Ints:
        """Nodes that must be reached unless they are apart."""
        return np.flatnonzero(self.apart >= 0)

    def open(self, x: Floats, starts: Ints) -> Flags:
        """Which nodes may be passed under whole columns, shape (V,)."""
        chosen = np.add.reduceat(np.where(self.inside, x[: starts[-1]], 0.0), starts[:-1]) > 0.5
        found = (self.group < 0) | chosen[self.group]
        if self.single:
            found &= x[self.apart] < 0.5
        return np.asarray(found)

    def filled(self, x: Floats, starts: Ints) -> Floats:
        """The columns with a flow, and a root, that go with whole columns."""
        found, free = x.copy(), self.open(x, starts)
        if self.single:
            doors = self.doors
            if self.root >= 0:
                doors = np.flatnonzero(free)[:1]
                first = doors[0] if len(doors) else len(free)
                found[self.root : self.root + len(free)] = np.arange(len(free)) >= first
            flow = np.concatenate(units(self, free, doors))
        else:
            linked = x[self.apart[self.targets]] < 0.5
            flow = (paths(self, free) * linked).T.ravel()
        found[self.column : self.column + self.columns] = flow
        return found


class Arcs(Protocol):
    """Nodes and arcs that units go along."""

    @property
    def tail(self) -> Ints:
        """Shape (A,)."""
        ...

    @property
    def head(self) -> Ints:
        """Shape (A,)."""
        ...

    @property
    def doors(self) -> Ints:
        """Nodes where units come in, shape (D,)."""
        ...


class Single(Arcs, Protocol):
    """Where one flow goes to all nodes."""

    @property
    def most(self) -> Floats:
        """Units of each node at most, shape (V,)."""
        ...


class Each(Arcs, Protocol):
    """Where each target has a flow of its own."""

    @property
    def targets(self) -> Ints:
        """Nodes, shape (targets,)."""
        ...


def units(net: Single, free: Flags, sources: Ints) -> tuple[Floats, Floats]:
    """Units through each door and arc, by shortest paths to all `free` nodes, in shares of `most`."""
    before = _before(net, free, sources)
    taken = through(before, np.append(free, False).astype(np.float64)[:, None])[:-1, 0]
    share = taken / np.maximum(net.most, 1.0)
    door = np.where(before[net.doors] == len(free), share[net.doors], 0.0)
    return door, np.where(before[net.head] == net.tail, share[net.head], 0.0)


def paths(net: Each, free: Flags) -> Floats:
    """1 for each arc on a shortest path over `free` nodes to a target, shape (A, targets)."""
    before, targets = _before(net, free, net.doors), net.targets
    ends = np.zeros((len(free) + 1, len(targets)))
    ends[targets, np.arange(len(targets))] = 1.0
    taken = through(before, ends)
    return np.where((before[net.head] == net.tail)[:, None], taken[net.head], 0.0)


def _before(net: Arcs, free: Flags, sources: Ints) -> Ints:
    """The node before each on a shortest path over free nodes; V for a source, negative where none leads."""
    hub = len(free)
    kept, starts = free[net.tail] & free[net.head], sources[free[sources]]
    tail = np.concatenate([net.tail[kept], np.full(len(starts), hub)])
    head = np.concatenate([net.head[kept], starts])
    graph: Any = sp.csr_array((np.ones(len(tail)), (tail, head)), shape=(hub + 1, hub + 1))
    return np.asarray(breadth_first_order(graph, hub)[1], dtype=np.int64)


def through(before: Ints, ends: Floats) -> Floats:
    """What goes through each node of a tree where so much ends at each, shape (nodes, k)."""
    nodes, led = len(before), np.flatnonzero(before >= 0)
    down = sp.csc_array((np.ones(len(led)), (before[led], led)), shape=(nodes, nodes))
    # Each passes on what all take that it leads to.
    rest: Any = sp.eye_array(nodes, format="csc") - down
    return np.asarray(np.rint(spsolve(rest, ends)).reshape(ends.shape))
