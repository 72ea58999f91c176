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
"""Added to what each arc lets through: of equal cuts the one with fewest arcs is found."""

MISSED = 1e-4
"""A cut that is missed by less, as a share of one, is left: what it gives is less than the solver's noise."""


@dataclass(frozen=True)
class NodeCuts:
    """Cuts: what a target asks for is at most what the cut's arcs let through, and what comes in beyond.

    Attributes
    ----------
    target
        Shape (k,).
    arcs
        The arcs of each cut, as 0 or 1: V through nodes, then those between them, shape (k, V + A).
    far
        The nodes beyond it where units may come in, as 0 or 1, shape (k, V).
    """

    target: Ints
    arcs: sp.csr_array
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
        """Starts, heads, twins, and the tail and the place of each arc; see `kernels.missed`."""
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
        return starts, ends[order].astype(np.int64), twin, tail, place[:count]

    def missed(self, passed: Floats, entry: Floats, asked: Floats) -> NodeCuts:
        """Cuts that are missed.

        Parameters
        ----------
        passed
            What each arc lets through, infinite where free, shape (V + A,).
        entry, asked
            What comes in at each node, infinite where free, and what it asks for, shape (V,).
        """
        from landfront.optimizer.joins import kernels

        n = len(entry)
        room, comes, wanted = (
            np.where(np.isinf(part), kernels.ENDLESS, np.rint(np.where(np.isinf(part), 0.0, part) * SCALE))
            .astype(np.int64)
            .clip(0)
            for part in (passed, entry, asked)
        )
        room = np.where(np.isinf(passed), room, room + EASED)
        order = np.flatnonzero(asked > MISSED)
        # Equal ones at random: neighbours would give nearly the same cut.
        mixed = np.random.default_rng(0).permutation(len(order))
        order = order[mixed][np.argsort(-asked[order][mixed], kind="stable")]
        target, crossed, ends, far, far_ends = kernels.missed(
            *self._arcs, room, comes, wanted, order, int(MISSED * SCALE)
        )
        count = len(target)
        return NodeCuts(
            target,
            sp.csr_array((np.ones(len(crossed)), crossed, ends), shape=(count, len(passed))),
            sp.csr_array((np.ones(len(far)), far, far_ends), shape=(count, n)),
        )
