"""The graph of a program's groups, and the minimum cut of it for values of the groups and costs of edges.

Formula, for a value d_p of choosing group p inside instead of outside, and costs k_e >= 0 of edges:

    min over t in {0, 1}^n of    sum of d_p t_p + sum over e = (a, b) of k_e |t_a - t_b|
    = max over flows |f_e| <= k_e of    sum over p of min(0, d_p - (out of p) + (into p))

Whatever the flow, the right side is a bound; the flow stands in for the multipliers of the edges' rows, so
that proofs are recomputed from it like from any others (`certify.lagrangian_bound`), and that numbers are
rounded to whole ones for the search of the flow costs tightness only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from landfront.optimizer.cuts.flow import SINK, SOURCE, cancel, laden, unladen
from landfront.optimizer.edges import Edges

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

DIGITS = 2.0**40
"""Largest whole number that a value becomes: sums over the edges of a node stay far below 2 ** 63."""


@dataclass(frozen=True)
class Cut:
    """A minimum cut.

    Attributes
    ----------
    few, many
        The least and the largest set of groups inside that are optimal, shape (n,).
    flow
        Along each edge from a to b, shape (E,).
    """

    few: Flags
    many: Flags
    flow: Floats


@dataclass(frozen=True)
class Network:
    """Edges as arcs in both directions.

    Attributes
    ----------
    nodes
        Number of groups.
    edges
        The edges.
    """

    nodes: int
    edges: Edges

    @cached_property
    def _arcs(self) -> tuple[NDArray[np.int32], ...]:
        """Where the arcs of each node start, where they lead, the arc back, and the place of each edge's."""
        edges = len(self.edges)
        tail = np.concatenate([self.edges.a, self.edges.b])
        order = np.argsort(tail, kind="stable")
        place = np.empty(2 * edges, dtype=np.int32)
        place[order] = np.arange(2 * edges, dtype=np.int32)
        starts = np.zeros(self.nodes + 1, dtype=np.int32)
        np.cumsum(np.bincount(tail, minlength=self.nodes), out=starts[1:])
        head = np.concatenate([self.edges.b, self.edges.a])[order].astype(np.int32)
        twin = np.empty(2 * edges, dtype=np.int32)
        twin[place[:edges]], twin[place[edges:]] = place[edges:], place[:edges]
        return starts, head, twin, place

    @cached_property
    def adjacency(self) -> tuple[NDArray[np.int32], ...]:
        """Where the arcs of each node start, where they lead, and the edge of each."""
        starts, head, _, place = self._arcs
        edge = np.empty(len(place), dtype=np.int32)
        edge[place] = np.tile(np.arange(len(self.edges), dtype=np.int32), 2)
        return starts, head, edge

    def _finite(self, value: Floats, cost: Floats) -> Floats:
        """Values in which a group without a choice has more than its edges can outweigh."""
        forced = np.isinf(value)
        if not forced.any():
            return value
        size = np.bincount(self.edges.a, weights=cost, minlength=self.nodes)
        size += np.bincount(self.edges.b, weights=cost, minlength=self.nodes)
        return np.where(forced, np.copysign(2 * size, value), value)

    def cut(self, value: Floats, cost: Floats, flow: Floats | None = None) -> Cut:
        """The minimum cut, from a flow of another one on.

        Parameters
        ----------
        value
            d of each group, shape (n,); infinite where it has no choice.
        cost
            k of each edge, shape (E,).
        flow
            Any, shape (E,).
        """
        starts, head, twin, place = self._arcs
        finite = self._finite(value, cost)
        top = max(
            -float(finite.min(initial=0.0)), float(finite.max(initial=0.0)), float(cost.max(initial=0.0))
        )
        scale = DIGITS / top if top > 0 else 1.0
        flow = np.zeros(len(self.edges)) if flow is None else flow
        left, rest = laden(self.edges.a, self.edges.b, place, cost, flow, finite, scale)
        tree = cancel(starts, head, twin, left, rest)
        found = unladen(place, cost, left, scale)
        return Cut((tree == SINK) | (value == -np.inf), (tree != SOURCE) & (value != np.inf), found)
