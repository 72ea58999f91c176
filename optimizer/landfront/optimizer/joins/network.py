"""The graph of nodes that hang together as a network, and the node cuts that a solution misses.

Cuts between nodes and their source for connected sets of nodes: E. Álvarez-Miranda, I. Ljubić and P. Mutzel,
The maximum weight connected subgraph problem, in: Facets of combinatorial optimization (2013); M. Fischetti
et al., Thinning out Steiner trees, Mathematical Programming Computation 9 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from landfront.optimizer.joined import Joined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SCALE = float(2**30)
"""Whole numbers per unit: shares are known to the solver's 1e-7."""

EASED = 32
"""Added to what each node lets through: of equal cuts the one with fewest nodes is found."""

MISSED = 1e-4
"""A cut that is missed by less, as a share of one, is left: what it gives is less than the solver's noise."""


@dataclass(frozen=True)
class NodeCuts:
    """Cuts: what a target asks for is at most what the cut's nodes let through, and what comes in beyond.

    Attributes
    ----------
    target
        Shape (k,).
    nodes, far
        The nodes of each cut, and those beyond it where units may come in, as 0 or 1, shape (k, V).
    """

    target: Ints
    nodes: sp.csr_array
    far: sp.csr_array

    def __len__(self) -> int:
        """How many."""
        return len(self.target)


@dataclass(frozen=True)
class Network:
    """The nodes of a `Joined`, each in two halves."""

    net: Joined

    @cached_property
    def _arcs(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Starts, heads, twins, places of arcs between nodes and of those through them."""
        n, net = len(self.net.group), self.net
        tail = np.concatenate([np.arange(n), n + net.tail])
        head = np.concatenate([n + np.arange(n), net.head])
        count = len(tail)
        both, ends = np.concatenate([tail, head]), np.concatenate([head, tail])
        order = np.argsort(both, kind="stable")
        place = np.empty(2 * count, dtype=np.int64)
        place[order] = np.arange(2 * count)
        starts = np.concatenate([[0], np.cumsum(np.bincount(both, minlength=2 * n))])
        twin = place[(order + count) % (2 * count)]
        return starts, ends[order].astype(np.int64), twin, place[n:count], place[:n]

    def missed(self, passed: Floats, entry: Floats, asked: Floats) -> NodeCuts:
        """Cuts that are missed.

        Parameters
        ----------
        passed, entry, asked
            What each node lets through, what comes in there, both infinite where free, and what it asks for,
            shape (V,).
        """
        from landfront.optimizer.joins import kernels

        n = len(passed)
        whole = [
            np.where(np.isinf(part), kernels.ENDLESS, np.rint(np.where(np.isinf(part), 0.0, part) * SCALE))
            for part in (passed, entry, asked)
        ]
        room, comes, wanted = (part.astype(np.int64) for part in whole)
        room = np.where(np.isinf(passed), room, np.maximum(room, 0) + EASED)
        order = np.flatnonzero(asked > MISSED)
        # Equal ones at random: neighbours would give nearly the same cut.
        mixed = np.random.default_rng(0).permutation(len(order))
        order = order[mixed][np.argsort(-asked[order][mixed], kind="stable")]
        slack = int(MISSED * SCALE)
        target, nodes, ends, far, far_ends = kernels.missed(
            *self._arcs, room, np.maximum(comes, 0), np.maximum(wanted, 0), order, slack
        )
        shape = (len(target), n)
        return NodeCuts(
            target,
            sp.csr_array((np.ones(len(nodes)), nodes, ends), shape=shape),
            sp.csr_array((np.ones(len(far)), far, far_ends), shape=shape),
        )
